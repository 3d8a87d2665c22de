/* SPDX-License-Identifier: MIT */
/*
 * A number of places: down() takes one, and sleeps while there is none; up() gives one, to the
 * thread that waits longest, from any context but NMIs, whoever took it. It is a completion
 * that begins with so many done.
 */
#ifndef _LINUX_SEMAPHORE_H
#define _LINUX_SEMAPHORE_H

#include <linux/completion.h>
#include <linux/errno.h>

struct semaphore {
	struct completion places;
};

#define __SEMAPHORE_INITIALIZER(name, n) \
	{ { (n), __WAIT_QUEUE_HEAD_INITIALIZER((name).places.wait) } }
/* DEFINE_SEMAPHORE(name, n), or up to Linux 6.3 DEFINE_SEMAPHORE(name): one place. */
#define __DEFINE_SEMAPHORE(name, n, ...) struct semaphore name = __SEMAPHORE_INITIALIZER(name, n)
#define DEFINE_SEMAPHORE(...) __DEFINE_SEMAPHORE(__VA_ARGS__, 1, )

#define sema_init(sem, n) do { \
	struct semaphore *_sem = (sem); \
	init_completion(&_sem->places); \
	_sem->places.done = (unsigned int)(n); \
} while (0)

static inline void down(struct semaphore *sem)
{
	wait_for_completion(&sem->places);
}

/* Nothing interrupts a sleep here: they never fail. */
static inline int __must_check down_interruptible(struct semaphore *sem)
{
	down(sem);
	return 0;
}

static inline int __must_check down_killable(struct semaphore *sem)
{
	down(sem);
	return 0;
}

/* 0: taken; 1: there is none. The other way round than with locks. Any context but NMIs. */
static inline int __must_check down_trylock(struct semaphore *sem)
{
	return !try_wait_for_completion(&sem->places);
}

/* `timeout` in jiffies; -ETIME when it was up. */
static inline int __must_check down_timeout(struct semaphore *sem, long timeout)
{
	return wait_for_completion_timeout(&sem->places, (unsigned long)timeout) ? 0 : -ETIME;
}

static inline void up(struct semaphore *sem)
{
	complete(&sem->places);
}

#endif
