/* SPDX-License-Identifier: MIT */
/*
 * No wake-up is lost: one thread sleeps in a wait queue, another by its state alone, and a third
 * makes both conditions true and wakes them. And who has left a queue is left alone.
 *
 * plant: include/linux/sched.h: __atomic_exchange_n(&current->__state, (state), __ATOMIC_SEQ_CST)
 *	-> __atomic_store_n(&current->__state, (state), __ATOMIC_RELAXED)
 * plant: include/linux/wait.h: smp_mb(); -> barrier();
 * plant: kernel/wait.c: if (is_unlinked(entry)) return; spin_lock_irqsave(&wq->lock, flags);
 *	list_del_init -> if (READ_ONCE(entry->entry.next) == &entry->entry) return;
 *	spin_lock_irqsave(&wq->lock, flags); list_del_init
 */
#include <kernel/spinlock.c>
#include <kernel/wait.c>
#include "model.h"

#define MARK ((void *)0x5a5a)

static DECLARE_WAIT_QUEUE_HEAD(queue);
static struct wait_queue_entry entry;
static struct task_struct *second;
static int come, come_too;

static void in_a_queue(void)
{
	entry = (struct wait_queue_entry){
		.private = current, .func = autoremove_wake_function,
		.entry = LIST_HEAD_INIT(entry.entry),
	};
	for (;;) {
		prepare_to_wait(&queue, &entry, TASK_UNINTERRUPTIBLE);
		if (READ_ONCE(come))
			break;
		schedule();
	}
	finish_wait(&queue, &entry);
	entry.entry.prev = MARK;	/* its memory is used for something else from here on */
}

static void by_its_state(void)
{
	WRITE_ONCE(second, current);
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (READ_ONCE(come_too))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

static void waker(void)
{
	struct task_struct *task;

	WRITE_ONCE(come, 1);
	if (wq_has_sleeper(&queue))
		wake_up(&queue);
	while (!(task = READ_ONCE(second)))
		cpu_relax();
	WRITE_ONCE(come_too, 1);
	wake_up_process(task);
}

static void nobody_touched_it(void)
{
	MODEL_CHECK(entry.entry.prev == MARK);
	MODEL_CHECK(list_empty(&queue.head));
}

const struct model model = {
	.preemptions = 2, .delays = 1,
	.threads = { in_a_queue, by_its_state, waker }, .end = nobody_touched_it,
};
