/* SPDX-License-Identifier: MIT */
/*
 * Waiting for work, and cancelling it. Who waits names numbers of queueings (see workqueue.c),
 * not items: when the wait ends an item may be gone, or may have been queued again.
 *
 * Each end of a function, and each withdrawal, wakes all who wait; they look again. To cancel
 * for good: the item is disabled first, so that neither its function nor anybody else queues it
 * meanwhile, then withdrawn, then waited for. What awaits RCU cannot be withdrawn, since RCU has
 * it: RCU's callback finds it disabled and leaves it idle, and is waited for.
 *
 * Locks: work_lock.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <kernel/workqueue.h>

/* 1. Waiting */

static bool in_range(u64 number, u64 first, u64 last)
{
	return number >= first && number <= last;
}

/* Under work_lock. */
static bool is_queue(const struct workqueue_struct *wq)
{
	const struct workqueue_struct *other;

	list_for_each_entry(other, &work_queues, node)
		if (other == wq)
			return true;
	return false;
}

bool work_is_busy(const struct workqueue_struct *wq, u64 first, u64 last)
{
	const struct work_struct *work;
	const struct worker *worker;
	bool busy = false;

	spin_lock_irq(&work_lock);
	if (!is_queue(wq)) {			/* its owner has ended it, and all its work */
		spin_unlock_irq(&work_lock);
		return false;
	}
	list_for_each_entry(work, &wq->works, entry)
		busy |= in_range(work->number, first, last);
	list_for_each_entry(worker, &work_running, entry)
		busy |= worker->wq == wq && in_range(worker->number, first, last);
	spin_unlock_irq(&work_lock);
	return busy;
}

static bool runs_here(const struct work_struct *work)
{
	const struct worker *worker;
	bool here;

	spin_lock_irq(&work_lock);
	worker = work_runner(work);
	here = worker && worker->task == current;
	spin_unlock_irq(&work_lock);
	return here;
}

static bool is_running(const struct work_struct *work)
{
	bool is;

	spin_lock_irq(&work_lock);
	is = work_runner(work);
	spin_unlock_irq(&work_lock);
	return is;
}

bool flush_work(struct work_struct *work)
{
	const struct workqueue_struct *wq = NULL;
	const struct worker *worker;
	u64 number = 0;

	might_sleep();
	if (WARN_ON(runs_here(work)))		/* it would wait for itself */
		return false;
	spin_lock_irq(&work_lock);
	worker = work_runner(work);
	if (work->state == WORK_QUEUED) {
		wq = work->wq;
		number = work->number;
	} else if (worker) {
		wq = worker->wq;
		number = worker->number;
	}
	spin_unlock_irq(&work_lock);
	if (wq)
		wait_event(work_done, !work_is_busy(wq, number, number));
	return wq;
}

bool flush_delayed_work(struct delayed_work *dwork)
{
	unsigned long flags = work_lock_settled(&dwork->work);
	bool delayed = dwork->work.state == WORK_DELAYED;

	if (delayed) {
		work_withdraw(&dwork->work);
		work_enqueue(dwork->work.wq, &dwork->work);
	}
	spin_unlock_irqrestore(&work_lock, flags);
	return flush_work(&dwork->work) || delayed;
}

bool flush_rcu_work(struct rcu_work *rwork)
{
	if (READ_ONCE(rwork->work.state) != WORK_AWAITS_RCU)
		return flush_work(&rwork->work);
	rcu_barrier();
	flush_work(&rwork->work);
	return true;
}

void flush_workqueue(struct workqueue_struct *wq)
{
	u64 last;

	might_sleep();
	spin_lock_irq(&work_lock);
	last = work_last_number;
	spin_unlock_irq(&work_lock);
	wait_event(work_done, !work_is_busy(wq, 0, last));
}

void drain_workqueue(struct workqueue_struct *wq)
{
	do
		flush_workqueue(wq);
	while (work_is_busy(wq, 0, ~0ULL));
}

/* 2. Cancelling */

bool cancel_work(struct work_struct *work)
{
	unsigned long flags = work_lock_settled(work);
	bool was = work_withdraw(work);

	work_unlock_and_tell(flags);
	return was;
}

bool cancel_delayed_work(struct delayed_work *dwork)
{
	return cancel_work(&dwork->work);
}

static bool disable(struct work_struct *work)
{
	unsigned long flags = work_lock_settled(work);
	bool awaits_rcu = work->state == WORK_AWAITS_RCU, was;

	work->disabled++;
	was = work_withdraw(work) || awaits_rcu;
	work_unlock_and_tell(flags);
	if (awaits_rcu)
		rcu_barrier();
	return was;
}

static void wait_until_ended(struct work_struct *work)
{
	might_sleep();
	if (!WARN_ON(runs_here(work)))		/* it would wait for itself */
		wait_event(work_done, !is_running(work));
}

bool disable_work_sync(struct work_struct *work)
{
	bool was = disable(work);

	wait_until_ended(work);
	return was;
}

bool enable_work(struct work_struct *work)
{
	unsigned long flags;
	bool enabled;

	spin_lock_irqsave(&work_lock, flags);
	if (!WARN_ON(!work->disabled))
		work->disabled--;
	enabled = !work->disabled;
	spin_unlock_irqrestore(&work_lock, flags);
	return enabled;
}

bool cancel_work_sync(struct work_struct *work)
{
	bool was = disable_work_sync(work);

	enable_work(work);
	return was;
}

bool cancel_delayed_work_sync(struct delayed_work *dwork)
{
	bool was = disable(&dwork->work);

	del_timer_sync(&dwork->timer);
	wait_until_ended(&dwork->work);
	enable_work(&dwork->work);
	return was;
}

/* 3. Other questions */

unsigned int work_busy(struct work_struct *work)
{
	unsigned long flags;
	unsigned int busy;

	spin_lock_irqsave(&work_lock, flags);
	busy = work->state != WORK_IDLE ? WORK_BUSY_PENDING : 0;
	busy |= work_runner(work) ? WORK_BUSY_RUNNING : 0;
	spin_unlock_irqrestore(&work_lock, flags);
	return busy;
}

struct work_struct *current_work(void)
{
	const struct worker *worker;
	const struct work_struct *work = NULL;
	unsigned long flags;

	spin_lock_irqsave(&work_lock, flags);
	list_for_each_entry(worker, &work_running, entry)
		if (worker->task == current)
			work = worker->work;
	spin_unlock_irqrestore(&work_lock, flags);
	return (struct work_struct *)work;
}

int schedule_on_each_cpu(work_func_t func)
{
	static DEFINE_PER_CPU(struct work_struct, each_work);
	static DEFINE_MUTEX(each_mutex);
	unsigned int cpu;

	mutex_lock(&each_mutex);
	for_each_online_cpu(cpu) {
		INIT_WORK(&per_cpu(each_work, cpu), func);
		schedule_work_on((int)cpu, &per_cpu(each_work, cpu));
	}
	for_each_online_cpu(cpu)
		flush_work(&per_cpu(each_work, cpu));
	mutex_unlock(&each_mutex);
	return 0;
}
