/* SPDX-License-Identifier: MIT */
/*
 * Completions: a count of how many waiters may pass, and a wait queue whose lock guards it.
 *
 * Count and queue change under one lock, so nothing is lost between them. A waiter that was
 * woken takes its share from the count under the lock; one that was quicker may have taken
 * it, then it sleeps on. Who comes while others wait, waits behind them: a thread that gives a
 * share and takes the next at once would keep them out for ever. So where there are shares and
 * waiters, one of these is awake: who takes a share wakes another for the next.
 *
 * complete() lets go of the lock as its last touch of the structure, so a waiter, who takes the
 * lock before it leaves, may then free it.
 *
 * Locks: wait.lock, interrupts off; a run queue's lock nests inside.
 */
#include <linux/completion.h>
#include <linux/kernel.h>

#define EVERYBODY (~0U)

void complete(struct completion *x)
{
	unsigned long flags;

	spin_lock_irqsave(&x->wait.lock, flags);
	if (x->done != EVERYBODY)
		x->done++;
	__wake_up_locked(&x->wait, TASK_NORMAL, 1);
	spin_unlock_irqrestore(&x->wait.lock, flags);
}

void complete_all(struct completion *x)
{
	unsigned long flags;

	spin_lock_irqsave(&x->wait.lock, flags);
	x->done = EVERYBODY;
	__wake_up_locked(&x->wait, TASK_NORMAL, 0);
	spin_unlock_irqrestore(&x->wait.lock, flags);
}

/* Under the lock: takes a share if there is one. */
static bool take(struct completion *x)
{
	if (!x->done)
		return false;
	if (x->done != EVERYBODY)
		x->done--;
	return true;
}

/* Under the lock: is there a share for one that comes now, or time for none? */
static bool need_not_wait(const struct completion *x, long timeout)
{
	return !timeout || x->done == EVERYBODY || (x->done && list_empty(&x->wait.head));
}

/* Under the lock, which it lets go meanwhile. Returns the jiffies left; 0: time was up. */
static long sleep_until_done(struct completion *x, long timeout, unsigned int state)
{
	DECLARE_WAITQUEUE(wait, current);

	wait.flags = WQ_FLAG_EXCLUSIVE;
	list_add_tail(&wait.entry, &x->wait.head);
	do {
		__set_current_state(state);	/* the lock orders it */
		spin_unlock_irq(&x->wait.lock);
		timeout = schedule_timeout(timeout);
		spin_lock_irq(&x->wait.lock);
	} while (!x->done && timeout);
	list_del(&wait.entry);
	return timeout;
}

static long wait_for(struct completion *x, long timeout, unsigned int state)
{
	might_sleep();
	spin_lock_irq(&x->wait.lock);
	if (!need_not_wait(x, timeout))
		timeout = sleep_until_done(x, timeout, state);
	timeout = take(x) ? max(timeout, 1L) : 0;
	if (x->done)
		__wake_up_locked(&x->wait, TASK_NORMAL, 1);
	spin_unlock_irq(&x->wait.lock);
	return timeout;
}

void wait_for_completion(struct completion *x)
{
	wait_for(x, MAX_SCHEDULE_TIMEOUT, TASK_UNINTERRUPTIBLE);
}

static long clamp_timeout(unsigned long timeout)
{
	return (long)min(timeout, (unsigned long)MAX_SCHEDULE_TIMEOUT);
}

unsigned long wait_for_completion_timeout(struct completion *x, unsigned long timeout)
{
	return (unsigned long)wait_for(x, clamp_timeout(timeout), TASK_UNINTERRUPTIBLE);
}

int wait_for_completion_interruptible(struct completion *x)
{
	wait_for(x, MAX_SCHEDULE_TIMEOUT, TASK_INTERRUPTIBLE);
	return 0;
}

long wait_for_completion_interruptible_timeout(struct completion *x, unsigned long timeout)
{
	return wait_for(x, clamp_timeout(timeout), TASK_INTERRUPTIBLE);
}

bool try_wait_for_completion(struct completion *x)
{
	unsigned long flags;
	bool taken;

	spin_lock_irqsave(&x->wait.lock, flags);
	taken = take(x);
	spin_unlock_irqrestore(&x->wait.lock, flags);
	return taken;
}

bool completion_done(struct completion *x)
{
	unsigned long flags;
	bool done;

	/* Under the lock: a caller that hears "yes" may free x, and complete() is done with it. */
	spin_lock_irqsave(&x->wait.lock, flags);
	done = x->done;
	spin_unlock_irqrestore(&x->wait.lock, flags);
	return done;
}
