/* SPDX-License-Identifier: MIT */
/*
 * The manager: the thread that makes workers for queues that have none idle.
 *
 * A worker that takes an item does not make its successor itself: making a thread waits for
 * memory, and the item would wait with it. In a queue for freeing memory (WQ_MEM_RECLAIM) that
 * could be for ever. So it only marks its queue as `wanting`, and the manager makes one more
 * when it gets there, if by then still nobody is idle, and max_active is not reached. What has
 * not enough memory is tried again, a few ticks later, as long as it is wanted.
 *
 * The manager reclaims nothing (PF_MEMALLOC_NORECLAIM): a shrinker may wait for an item that
 * waits for a worker. It has kswapd woken, and asks again.
 *
 * A queue that ends is not given workers: when all of its workers are idle, and none is being
 * made, its mark is taken away (by who waits for that), and only a function's start sets it
 * again. The manager holds on to no queue: what it makes is counted among the queue's workers
 * from before to after, and so waited for; then it looks at the list anew.
 *
 * Locks: work_lock, not held while a thread is made.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <kernel/workqueue.h>

#define AGAIN (HZ / 50 + 1)	/* jiffies */

static struct task_struct *manager;

bool work_make_worker(struct workqueue_struct *wq)
{
	struct task_struct *task = kthread_run(work_main, wq, "kworker/%s", wq->name);
	unsigned long flags;

	if (!IS_ERR(task))
		return true;
	spin_lock_irqsave(&work_lock, flags);
	wq->nr_workers--;
	wq->wanting = true;
	spin_unlock_irqrestore(&work_lock, flags);
	return false;
}

void work_want_worker(struct workqueue_struct *wq)
{
	if (wq->nr_idle || wq->nr_workers >= wq->max_active)
		return;
	wq->wanting = true;
	wake_up_process(manager);
}

static struct workqueue_struct *next_wanting(void)
{
	struct workqueue_struct *wq;

	list_for_each_entry(wq, &work_queues, node) {
		bool wants = wq->wanting && !wq->nr_idle;

		wq->wanting = false;
		if (wants && wq->nr_workers < wq->max_active)
			return wq;
	}
	return NULL;
}

static int manage(void *unused)
{
	struct workqueue_struct *wq;

	current->flags |= PF_MEMALLOC_NORECLAIM;
	for (;;) {
		spin_lock_irq(&work_lock);
		wq = next_wanting();
		if (wq)
			wq->nr_workers++;
		else
			__set_current_state(TASK_IDLE);	/* the lock orders it */
		spin_unlock_irq(&work_lock);
		if (!wq)
			schedule();
		else if (!work_make_worker(wq))
			schedule_timeout_uninterruptible(AGAIN);
	}
	return 0;
}

bool work_manager_init(void)
{
	struct task_struct *task = kthread_create(manage, NULL, "kworker/manager");

	if (IS_ERR(task))
		return false;
	manager = task;
	wake_up_process(task);
	return true;
}
