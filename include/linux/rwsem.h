/* SPDX-License-Identifier: MIT */
/*
 * Many readers or one writer; waiters sleep. Fair: who comes after a waiter waits behind it,
 * readers too. Not in interrupts. See kernel/rwsem.c.
 */
#ifndef _LINUX_RWSEM_H
#define _LINUX_RWSEM_H

#include <linux/list.h>
#include <linux/spinlock.h>

struct task_struct;

struct rw_semaphore {
	int count;			/* readers inside, or -1: a writer */
	struct task_struct *owner;	/* the writer */
	spinlock_t wait_lock;		/* guards everything here */
	struct list_head wait_list;	/* of struct rwsem_waiter, the longest waiting first */
	struct lockdep_map dep_map;
};

#define __RWSEM_INITIALIZER(name) { \
	0, NULL, __SPIN_LOCK_UNLOCKED((name).wait_lock), LIST_HEAD_INIT((name).wait_list), \
	LOCKDEP_MAP_INIT(name) }
#define DECLARE_RWSEM(name) struct rw_semaphore name = __RWSEM_INITIALIZER(name)

/* A macro, so that each place that makes semaphores names a class of its own. */
#define init_rwsem(sem) do { \
	static struct lock_class_key _key; \
	__init_rwsem(sem, #sem, &_key); \
} while (0)

void __init_rwsem(struct rw_semaphore *sem, const char *name, const void *key);
void down_read(struct rw_semaphore *sem);	/* may sleep */
void down_write(struct rw_semaphore *sem);	/* may sleep */
int down_read_trylock(struct rw_semaphore *sem); /* 1: taken, 0: not. Never sleeps */
int down_write_trylock(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);
/* The writer becomes a reader; readers that wait foremost come in. */
void downgrade_write(struct rw_semaphore *sem);
int rwsem_is_locked(struct rw_semaphore *sem);
int rwsem_is_contended(struct rw_semaphore *sem);

/* Nothing interrupts a sleep here: they never fail. */
static inline int __must_check down_read_interruptible(struct rw_semaphore *sem)
{
	down_read(sem);
	return 0;
}

static inline int __must_check down_read_killable(struct rw_semaphore *sem)
{
	down_read(sem);
	return 0;
}

static inline int __must_check down_write_killable(struct rw_semaphore *sem)
{
	down_write(sem);
	return 0;
}

#endif
