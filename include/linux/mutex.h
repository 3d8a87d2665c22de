/* SPDX-License-Identifier: MIT */
/*
 * A lock whose waiters sleep, first come, first served. Held by a thread, which alone may
 * unlock it, and may sleep meanwhile. Not in interrupts. See kernel/mutex.c.
 */
#ifndef _LINUX_MUTEX_H
#define _LINUX_MUTEX_H

#include <linux/list.h>
#include <linux/spinlock.h>

struct task_struct;

struct mutex {
	struct task_struct *owner;	/* NULL: free, and then nobody waits */
	spinlock_t wait_lock;		/* guards everything here */
	struct list_head wait_list;	/* of struct mutex_waiter, the longest waiting first */
	struct lockdep_map dep_map;
};

#define __MUTEX_INITIALIZER(name) { \
	NULL, __SPIN_LOCK_UNLOCKED((name).wait_lock), LIST_HEAD_INIT((name).wait_list), \
	LOCKDEP_MAP_INIT(name) }
#define DEFINE_MUTEX(name) struct mutex name = __MUTEX_INITIALIZER(name)

/* A macro, so that each place that makes mutexes names a class of its own. */
#define mutex_init(lock) do { \
	static struct lock_class_key _key; \
	__mutex_init(lock, #lock, &_key); \
} while (0)

void __mutex_init(struct mutex *lock, const char *name, const void *key);
void mutex_lock_nested(struct mutex *lock, unsigned int subclass); /* may sleep */
#define mutex_lock(lock) mutex_lock_nested(lock, 0)
int mutex_trylock(struct mutex *lock);		/* 1: taken, 0: not. Never sleeps */
void mutex_unlock(struct mutex *lock);
bool mutex_is_locked(struct mutex *lock);
static inline void mutex_destroy(struct mutex *lock) { }
/* Nothing interrupts a sleep here: they never fail. */
static inline int __must_check mutex_lock_interruptible(struct mutex *lock)
{
	mutex_lock(lock);
	return 0;
}

static inline int __must_check mutex_lock_killable(struct mutex *lock)
{
	mutex_lock(lock);
	return 0;
}

#endif
