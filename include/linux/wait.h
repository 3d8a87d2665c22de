/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: threads that sleep until a condition holds, and those who make it hold. See
 * kernel/wait.c. Nothing interrupts a thread's sleep here, so the _interruptible forms
 * differ from the others in the state only, and never fail.
 */
#ifndef _LINUX_WAIT_H
#define _LINUX_WAIT_H

#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

struct wait_queue_entry;
typedef int (*wait_queue_func_t)(struct wait_queue_entry *entry, unsigned int mode, int flags,
				 void *key);

struct wait_queue_entry {
	unsigned int flags;
	void *private;		/* the thread */
	wait_queue_func_t func;	/* wakes it; true if it did. Called under the queue's lock */
	struct list_head entry;
};
typedef struct wait_queue_entry wait_queue_entry_t;

#define WQ_FLAG_EXCLUSIVE 0x01	/* wake_up() ends with this one */

struct wait_queue_head {
	spinlock_t lock;	/* guards head; taken with interrupts off */
	struct list_head head;	/* exclusive entries behind the others */
};
typedef struct wait_queue_head wait_queue_head_t;

#define __WAIT_QUEUE_HEAD_INITIALIZER(name) { \
	.lock = __SPIN_LOCK_UNLOCKED(name.lock), .head = LIST_HEAD_INIT((name).head) }
#define DECLARE_WAIT_QUEUE_HEAD(name) \
	struct wait_queue_head name = __WAIT_QUEUE_HEAD_INITIALIZER(name)
#define DECLARE_WAIT_QUEUE_HEAD_ONSTACK(name) DECLARE_WAIT_QUEUE_HEAD(name)

#define DEFINE_WAIT_FUNC(name, function) \
	struct wait_queue_entry name = { .private = current, .func = function, \
		.entry = LIST_HEAD_INIT((name).entry) }
/* For prepare_to_wait() and finish_wait(). */
#define DEFINE_WAIT(name) DEFINE_WAIT_FUNC(name, autoremove_wake_function)
/* For add_wait_queue() and remove_wait_queue(). */
#define DECLARE_WAITQUEUE(name, task) \
	struct wait_queue_entry name = { .private = task, .func = default_wake_function, \
		.entry = LIST_HEAD_INIT((name).entry) }

/* A macro, so that each place that makes queues names a class of locks. */
#define init_waitqueue_head(wq) do { \
	static struct lock_class_key _key; \
	__init_waitqueue_head(wq, #wq, &_key); \
} while (0)

static inline void __init_waitqueue_head(struct wait_queue_head *wq, const char *name,
					 const void *key)
{
	__spin_lock_init(&wq->lock, name, key);
	INIT_LIST_HEAD(&wq->head);
}

/* Wakes the thread. The other also takes the entry out of its queue if it was woken. */
int default_wake_function(struct wait_queue_entry *entry, unsigned int mode, int flags, void *key);
int autoremove_wake_function(struct wait_queue_entry *entry, unsigned int mode, int flags,
			     void *key);

void add_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry);
void add_wait_queue_exclusive(struct wait_queue_head *wq, struct wait_queue_entry *entry);
void remove_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry);

/* Puts the entry into the queue unless it is in, and sets current's state. */
void prepare_to_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry,
		     unsigned int state);
void prepare_to_wait_exclusive(struct wait_queue_head *wq, struct wait_queue_entry *entry,
			       unsigned int state);
/* Takes it out if it is still in; current runs on. */
void finish_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry);
/* The same, and a wake-up that came since prepare_to_wait_exclusive() goes to the next. */
void finish_wait_exclusive(struct wait_queue_head *wq, struct wait_queue_entry *entry);

/*
 * Wakes all sleepers that are not exclusive and `nr_exclusive` that are (0: all). Any
 * context but NMIs. The _locked form is for callers that hold wq->lock.
 */
void __wake_up(struct wait_queue_head *wq, unsigned int mode, int nr_exclusive, void *key);
void __wake_up_locked(struct wait_queue_head *wq, unsigned int mode, int nr_exclusive);

#define wake_up(wq)			 __wake_up(wq, TASK_NORMAL, 1, NULL)
#define wake_up_nr(wq, nr)		 __wake_up(wq, TASK_NORMAL, nr, NULL)
#define wake_up_all(wq)			 __wake_up(wq, TASK_NORMAL, 0, NULL)
#define wake_up_interruptible(wq)	 __wake_up(wq, TASK_INTERRUPTIBLE, 1, NULL)
#define wake_up_interruptible_nr(wq, nr) __wake_up(wq, TASK_INTERRUPTIBLE, nr, NULL)
#define wake_up_interruptible_all(wq)	 __wake_up(wq, TASK_INTERRUPTIBLE, 0, NULL)
#define wake_up_locked(wq)		 __wake_up_locked(wq, TASK_NORMAL, 1)
#define wake_up_all_locked(wq)		 __wake_up_locked(wq, TASK_NORMAL, 0)
/* The waker goes on in any case: preemption is voluntary. */
#define wake_up_sync(wq)		 wake_up(wq)
#define wake_up_interruptible_sync(wq)	 wake_up_interruptible(wq)

/*
 * Is anybody in the queue? Without the lock: true or false may be old news. A waker that
 * asks before it calls wake_up() needs wq_has_sleeper(), whose barrier pairs with that of
 * set_current_state().
 */
static inline bool waitqueue_active(const struct wait_queue_head *wq)
{
	return READ_ONCE(wq->head.next) != &wq->head;
}

static inline bool wq_has_sleeper(const struct wait_queue_head *wq)
{
	smp_mb();
	return waitqueue_active(wq);
}

/* Sleeps until `cond` holds, by way of `sleep`; gives the last value of `left`. */
#define ___wait_event(wq, cond, state, exclusive, left, sleep) ({ \
	long __left = (left); \
	DEFINE_WAIT(__wait); \
	for (;;) { \
		if (exclusive) \
			prepare_to_wait_exclusive(&(wq), &__wait, state); \
		else \
			prepare_to_wait(&(wq), &__wait, state); \
		if (cond) \
			break; \
		if (!__left) \
			break; \
		sleep; \
	} \
	if (exclusive) \
		finish_wait_exclusive(&(wq), &__wait); \
	else \
		finish_wait(&(wq), &__wait); \
	__left; })

#define __wait_event(wq, cond, state, exclusive) do { \
	might_sleep(); \
	if (!(cond)) \
		(void)___wait_event(wq, cond, state, exclusive, 1, schedule()); \
} while (0)

/* `timeout` in jiffies. 0: time was up and `cond` does not hold; else what was left, at least 1. */
#define __wait_event_timeout(wq, cond, timeout, state) ({ \
	long __ret = (timeout); \
	might_sleep(); \
	if (!(cond)) { \
		bool __held = false; \
		__ret = ___wait_event(wq, (__held = !!(cond)), state, false, __ret, \
				      __left = schedule_timeout(__left)); \
		if (!__ret && __held) \
			__ret = 1; \
	} else if (!__ret) { \
		__ret = 1; \
	} \
	__ret; })

#define wait_event(wq, cond) __wait_event(wq, cond, TASK_UNINTERRUPTIBLE, false)
#define wait_event_interruptible(wq, cond) \
	({ __wait_event(wq, cond, TASK_INTERRUPTIBLE, false); 0; })
#define wait_event_interruptible_exclusive(wq, cond) \
	({ __wait_event(wq, cond, TASK_INTERRUPTIBLE, true); 0; })
#define wait_event_killable(wq, cond) wait_event_interruptible(wq, cond)
#define wait_event_idle(wq, cond) wait_event(wq, cond)
#define wait_event_idle_exclusive(wq, cond) __wait_event(wq, cond, TASK_IDLE, true)
#define wait_event_timeout(wq, cond, timeout) \
	__wait_event_timeout(wq, cond, timeout, TASK_UNINTERRUPTIBLE)
#define wait_event_idle_timeout(wq, cond, timeout) wait_event_timeout(wq, cond, timeout)
#define wait_event_killable_timeout(wq, cond, timeout) \
	wait_event_interruptible_timeout(wq, cond, timeout)
#define wait_event_interruptible_timeout(wq, cond, timeout) \
	__wait_event_timeout(wq, cond, timeout, TASK_INTERRUPTIBLE)

/* Around each sleep: `before` and `after`, statements. */
#define __wait_event_cmd(wq, cond, state, before, after) do { \
	if (!(cond)) \
		(void)___wait_event(wq, cond, state, false, 1, before; schedule(); after); \
} while (0)
#define wait_event_cmd(wq, cond, before, after) \
	__wait_event_cmd(wq, cond, TASK_UNINTERRUPTIBLE, before, after)
/* The caller holds `lock`, by spin_lock_irq(), which is let go for each sleep. */
#define wait_event_lock_irq(wq, cond, lock) \
	__wait_event_cmd(wq, cond, TASK_UNINTERRUPTIBLE, spin_unlock_irq(&(lock)), \
			 spin_lock_irq(&(lock)))
#define wait_event_interruptible_lock_irq(wq, cond, lock) ({ \
	__wait_event_cmd(wq, cond, TASK_INTERRUPTIBLE, spin_unlock_irq(&(lock)), \
			 spin_lock_irq(&(lock))); \
	0; })

#endif
