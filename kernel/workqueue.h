/* SPDX-License-Identifier: MIT */
/* What workqueue.c, work_manager.c and work_flush.c share; the theory stands in the first. */
#ifndef KERNEL_WORKQUEUE_H
#define KERNEL_WORKQUEUE_H

#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct workqueue_struct {
	char name[24];
	unsigned int flags, max_active;
	unsigned int nr_workers, nr_idle; /* of all, also those that are being made */
	bool skipped;			/* an item was left because it runs already */
	bool wanting;			/* one more worker is to be made, if none is idle */
	struct list_head works;		/* pending, by number */
	struct list_head idle;		/* workers that wait, the last to come first */
	struct list_head node;		/* in work_queues */
	unsigned int visitors;		/* who keeps it there, without being its owner */
};

/* On the stack of its thread. */
struct worker {
	struct list_head entry;		/* in its queue's `idle`, or in work_running */
	struct workqueue_struct *wq;
	struct task_struct *task;
	const struct work_struct *work;	/* whose function it runs */
	u64 number;
	bool stop;			/* out of `idle`, and to end */
};

extern spinlock_t work_lock;		/* guards all of this; interrupts off */
extern struct list_head work_queues;	/* all of them */
extern struct list_head work_running;	/* workers in a function */
extern u64 work_last_number;
extern struct wait_queue_head work_done; /* who waits for the end of some work */

/* Under work_lock. */

/* Who runs its function? NULL: nobody. */
struct worker *work_runner(const struct work_struct *work);
/* Puts idle work into a queue. */
void work_enqueue(struct workqueue_struct *wq, struct work_struct *work);
/* It is not pending any more; was it? What awaits RCU stays. Who waits for it is to be told: */
bool work_withdraw(struct work_struct *work);
/* Takes the lock when the item, if it is delayed, has no timer any more. It is to be withdrawn. */
unsigned long work_lock_settled(struct work_struct *work);
/* An item is about to be run: sees to it that somebody is left to take the next. */
void work_want_worker(struct workqueue_struct *wq);
/* Lets go of the lock, and wakes who waits for the end of work. */
void work_unlock_and_tell(unsigned long flags);

/* Without it: is one of these numbers pending or running in the queue, if there is one still? */
bool work_is_busy(const struct workqueue_struct *wq, u64 first, u64 last);

/* One more, counted already, which a failure takes back. May sleep. */
bool work_make_worker(struct workqueue_struct *wq);
/* A worker's thread; `data` is its queue. */
int work_main(void *data);
bool work_manager_init(void);

#endif
