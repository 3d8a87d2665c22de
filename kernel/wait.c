/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: lists of threads that sleep until somebody wakes them.
 *
 * Waiting is always the loop that ___wait_event() in linux/wait.h makes:
 *
 *	prepare_to_wait()	in the queue; state set, full barrier
 *	condition?		then leave
 *	schedule()		returns when woken, or at once if it was woken meanwhile
 *	again
 *
 * and waking is: make the condition true, then wake_up(). The interleavings:
 *
 * 1. The waker's look at the queue comes before the sleeper is in it. Both take the queue's
 *    lock, so the sleeper comes in after the waker let the lock go, and its look at the
 *    condition comes after the waker made it true: it does not sleep. A waker that avoids the
 *    lock with waitqueue_active() has no such order: it needs wq_has_sleeper(), whose barrier
 *    stands between its condition and its look, as ours between our entry and our look.
 * 2. The waker finds the entry before the sleeper calls schedule(): wake_up_state() sets the
 *    state back to TASK_RUNNING, and schedule() returns at once. (sched.c, 1.)
 * 3. The waker finds the entry of a sleeper that runs already: autoremove_wake_function()
 *    takes out only those it really woke, and counts only these as exclusive.
 * 4. An exclusive wake-up reaches a sleeper that has just found its condition true by another
 *    cause, and would not have slept. Others still sleep and might be meant: who leaves and
 *    finds its entry taken out since it last put it in, passes the wake-up on.
 * 5. finish_wait() looks without the lock whether its entry is still linked. It may trust
 *    that it is not only when the waker is done with it: unlink_last_prev() writes `prev`
 *    last, so finding both reset means that the waker touches it no more.
 * 6. A sleeper whose timeout and whose wake-up come together was woken, for all the waker
 *    knows: the loop looks at the condition once more before it believes in the timeout.
 *
 * Exclusive entries stand behind all others, in the order they came; so wake_up() wakes all
 * others and then so many of these.
 *
 * Locks: the queue's, interrupts off; a run queue's lock nests inside.
 */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/wait.h>

/* 1. Entries */

int default_wake_function(struct wait_queue_entry *entry, unsigned int mode, int flags, void *key)
{
	return wake_up_state(entry->private, mode);
}

/* In the order that finish_wait() relies on. */
static void unlink_last_prev(struct wait_queue_entry *entry)
{
	struct list_head *node = &entry->entry;

	list_unlink(node);
	WRITE_ONCE(node->next, node);
	__atomic_store_n(&node->prev, node, __ATOMIC_RELEASE);
}

int autoremove_wake_function(struct wait_queue_entry *entry, unsigned int mode, int flags,
			     void *key)
{
	int woken = default_wake_function(entry, mode, flags, key);

	if (woken)
		unlink_last_prev(entry);
	return woken;
}

void add_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	unsigned long flags;

	spin_lock_irqsave(&wq->lock, flags);
	entry->flags &= ~WQ_FLAG_EXCLUSIVE;
	list_add(&entry->entry, &wq->head);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void add_wait_queue_exclusive(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	unsigned long flags;

	spin_lock_irqsave(&wq->lock, flags);
	entry->flags |= WQ_FLAG_EXCLUSIVE;
	list_add_tail(&entry->entry, &wq->head);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void remove_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	unsigned long flags;

	spin_lock_irqsave(&wq->lock, flags);
	list_del(&entry->entry);
	spin_unlock_irqrestore(&wq->lock, flags);
}

/* 2. Waiting */

void prepare_to_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry,
		     unsigned int state)
{
	unsigned long flags;

	spin_lock_irqsave(&wq->lock, flags);
	entry->flags &= ~WQ_FLAG_EXCLUSIVE;
	if (list_empty(&entry->entry))
		list_add(&entry->entry, &wq->head);
	set_current_state(state);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void prepare_to_wait_exclusive(struct wait_queue_head *wq, struct wait_queue_entry *entry,
			       unsigned int state)
{
	unsigned long flags;

	spin_lock_irqsave(&wq->lock, flags);
	entry->flags |= WQ_FLAG_EXCLUSIVE;
	if (list_empty(&entry->entry))
		list_add_tail(&entry->entry, &wq->head);
	set_current_state(state);
	spin_unlock_irqrestore(&wq->lock, flags);
}

/* Is nobody else going to touch the entry? Pairs with unlink_last_prev(). */
static bool is_unlinked(const struct wait_queue_entry *entry)
{
	const struct list_head *node = &entry->entry;

	return __atomic_load_n(&node->prev, __ATOMIC_ACQUIRE) == node &&
	       READ_ONCE(node->next) == node;
}

void finish_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	unsigned long flags;

	__set_current_state(TASK_RUNNING);
	if (is_unlinked(entry))
		return;
	spin_lock_irqsave(&wq->lock, flags);
	list_del_init(&entry->entry);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void finish_wait_exclusive(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	unsigned long flags;

	__set_current_state(TASK_RUNNING);
	spin_lock_irqsave(&wq->lock, flags);
	if (list_empty(&entry->entry))
		__wake_up_locked(wq, TASK_NORMAL, 1);
	else
		list_del_init(&entry->entry);
	spin_unlock_irqrestore(&wq->lock, flags);
}

/* 3. Waking */

static void wake_up_common(struct wait_queue_head *wq, unsigned int mode, int nr_exclusive,
			   void *key)
{
	struct wait_queue_entry *entry, *next;

	list_for_each_entry_safe(entry, next, &wq->head, entry) {
		bool exclusive = entry->flags & WQ_FLAG_EXCLUSIVE;

		if (entry->func(entry, mode, 0, key) && exclusive && !--nr_exclusive)
			break;
	}
}

void __wake_up(struct wait_queue_head *wq, unsigned int mode, int nr_exclusive, void *key)
{
	unsigned long flags;

	spin_lock_irqsave(&wq->lock, flags);
	wake_up_common(wq, mode, nr_exclusive, key);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void __wake_up_locked(struct wait_queue_head *wq, unsigned int mode, int nr_exclusive)
{
	wake_up_common(wq, mode, nr_exclusive, NULL);
}
