/* SPDX-License-Identifier: MIT */
/*
 * Work queues: lists of functions to call, and the threads that call them.
 *
 * A queue has its list of pending work, oldest first, and workers of its own. A worker takes
 * the first item whose function does not run just now, calls it, and looks for the next. Before
 * the call it sees to it that somebody is left to take what comes: with no idle worker, and
 * fewer than max_active, it has one more made (work_manager.c). So a function that sleeps, even
 * until another of its queue has run, holds up nobody, up to that bound. A queue for freeing
 * memory (WQ_MEM_RECLAIM) goes on where no memory is for one more: it has two from the start.
 *
 *			queue_work()		   a worker takes it
 *	WORK_IDLE ----------------------> WORK_QUEUED -----------> WORK_IDLE, its function runs
 *	    |  queue_delayed_work()		^ the timer
 *	    +----------> WORK_DELAYED ----------+
 *
 * Each queueing has a number, counted over all queues. To flush is to wait until a number (or
 * all up to it) is neither pending nor running; work that comes later is not waited for. The
 * worker notes item and number of what it runs, and only ever compares the item: its function
 * may have freed it. Where an item is running, it is skipped, so it never runs twice at once,
 * on whichever queue; the worker that ends it wakes the queues that have skipped something.
 * A worker that leaves items behind has not looked at all of them: it wakes another for these.
 *
 * A timer's function that is on its way has the item's address: who wants to withdraw the item
 * lets it put that into its queue first, for afterwards the item may be freed.
 *
 * Waiting and cancelling are in work_flush.c.
 *
 * Workers that stay idle for IDLE_TIME end, but for one a queue. Work for a certain CPU is run
 * by a worker that moves there for it.
 *
 * Locks: work_lock, interrupts off, guards all of it: items, queues, workers. Run queue and
 * timer base locks nest inside, and those of RCU's callbacks. Who looks at all queues without it
 * counts as a visitor of the one that he is at; a queue with visitors is not destroyed. Costs: a
 * few dozen instructions to queue, and a switch of threads; a look at each running worker to take
 * one.
 */
#include <linux/kernel.h>
#include <linux/kmemleak.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <kernel/kernel.h>
#include <kernel/workqueue.h>

#define IDLE_TIME	(10 * HZ)
#define RECLAIM_WORKERS 2U

static struct workqueue_struct system_queue = {
	.name = "events", .max_active = WQ_DFL_ACTIVE,
	.works = LIST_HEAD_INIT(system_queue.works), .idle = LIST_HEAD_INIT(system_queue.idle),
};
struct workqueue_struct *system_wq = &system_queue;

DEFINE_SPINLOCK(work_lock);
LIST_HEAD(work_running);
u64 work_last_number;
DECLARE_WAIT_QUEUE_HEAD(work_done);
LIST_HEAD(work_queues);

/* 1. Under work_lock */

struct worker *work_runner(const struct work_struct *work)
{
	struct worker *worker;

	list_for_each_entry(worker, &work_running, entry)
		if (worker->work == work)
			return worker;
	return NULL;
}

static void wake_idle(struct workqueue_struct *wq)
{
	struct worker *worker = list_first_entry_or_null(&wq->idle, struct worker, entry);

	if (!worker)
		return;
	list_del_init(&worker->entry);
	wq->nr_idle--;
	wake_up_process(worker->task);
}

void work_enqueue(struct workqueue_struct *wq, struct work_struct *work)
{
	WRITE_ONCE(work->state, WORK_QUEUED);
	work->wq = wq;
	work->number = ++work_last_number;
	list_add_tail(&work->entry, &wq->works);
	wake_idle(wq);
}

bool work_withdraw(struct work_struct *work)
{
	bool pending = work->state != WORK_IDLE;

	if (work->state == WORK_AWAITS_RCU)
		return false;
	if (pending)
		list_del_init(&work->entry);	/* what is delayed is in no list */
	WRITE_ONCE(work->state, WORK_IDLE);
	return pending;
}

/* The wait is for a function that wants nothing but work_lock. */
unsigned long work_lock_settled(struct work_struct *work)
{
	unsigned long flags;

	for (;; port_relax()) {
		spin_lock_irqsave(&work_lock, flags);
		if (work->state != WORK_DELAYED || del_timer(&to_delayed_work(work)->timer))
			return flags;
		spin_unlock_irqrestore(&work_lock, flags);
	}
}

void work_unlock_and_tell(unsigned long flags)
{
	/* They are in the queue before they look under the lock, so none is missed. */
	bool wake = waitqueue_active(&work_done);

	spin_unlock_irqrestore(&work_lock, flags);
	if (wake)
		wake_up_all(&work_done);
}

/* 2. Workers */

static struct work_struct *next_work(struct workqueue_struct *wq)
{
	struct work_struct *work;

	list_for_each_entry(work, &wq->works, entry) {
		if (!work_runner(work))
			return work;
		WRITE_ONCE(wq->skipped, true);
	}
	return NULL;
}

/* Waits for work. False when the worker is to end, and is not counted any more. */
static bool idle(struct worker *self)
{
	struct workqueue_struct *wq = self->wq;
	long left = wq->nr_idle ? IDLE_TIME : MAX_SCHEDULE_TIMEOUT;
	bool in_vain = false;

	list_add(&self->entry, &wq->idle);
	wq->nr_idle++;
	__set_current_state(TASK_IDLE);		/* the lock orders it */
	spin_unlock_irq(&work_lock);
	left = schedule_timeout(left);
	spin_lock_irq(&work_lock);
	if (!list_empty(&self->entry)) {	/* nobody woke it for work */
		list_del_init(&self->entry);
		wq->nr_idle--;
		in_vain = !left && wq->nr_idle;
	}
	if (!self->stop && !in_vain)
		return true;
	wq->nr_workers--;
	/* A function that began while this one was ending counted on nobody more being allowed. */
	if (wq->nr_workers && !list_empty(&wq->works))
		work_want_worker(wq);
	return false;
}

static void move_to(const struct cpumask *mask)
{
	WARN_ON(set_cpus_allowed_ptr(current, mask));
}

static void call(struct work_struct *work, work_func_t func, int cpu)
{
	bool moves = cpu >= 0 && cpu_online((unsigned int)cpu);
	struct cpumask mask = { { 0 } };

	if (moves) {
		cpumask_set_cpu((unsigned int)cpu, &mask);
		move_to(&mask);
	}
	func(work);
	if (in_atomic() || irqs_disabled()) {
		warn_counted();
		pr_err("BUG: workqueue leaked atomic context: 0x%08x, interrupts %s, %pS\n",
		       preempt_count(), irqs_disabled() ? "off" : "on", (void *)func);
		lockdep_print_culprit();
		this_cpu_write(preempt_count_var, 0U);
		local_irq_enable();
	}
	if (moves) {
		cpumask_setall(&mask);
		move_to(&mask);
	}
}

/* Takes the work, lets go of work_lock, and does it. */
static void run_work(struct worker *self, struct work_struct *work)
{
	struct workqueue_struct *wq = self->wq;
	work_func_t func = work->func;
	unsigned long flags;
	int cpu = work->cpu;

	work_want_worker(wq);
	work_withdraw(work);
	if (!list_empty(&wq->works))
		wake_idle(wq);
	self->work = work;
	self->number = work->number;
	list_add(&self->entry, &work_running);
	spin_unlock_irq(&work_lock);
	call(work, func, cpu);
	spin_lock_irqsave(&work_lock, flags);
	self->work = NULL;
	list_del_init(&self->entry);
	list_for_each_entry(wq, &work_queues, node) {
		if (wq->skipped && !list_empty(&wq->works))	/* in one that ends all idle */
			wake_idle(wq);
		WRITE_ONCE(wq->skipped, false);
	}
	work_unlock_and_tell(flags);
}

int work_main(void *data)
{
	struct worker self = { .wq = data, .task = current };
	struct work_struct *work;

	INIT_LIST_HEAD(&self.entry);
	kmemleak_not_leak(current);	/* one ends, another is made in its stead, elsewhere */
	spin_lock_irq(&work_lock);
	for (;;) {
		work = next_work(self.wq);
		if (work) {
			run_work(&self, work);
			cond_resched();		/* others, too, where work never ends */
			spin_lock_irq(&work_lock);
		} else if (!idle(&self)) {
			break;
		}
	}
	spin_unlock_irq(&work_lock);
	return 0;
}

/*
 * May an idle one end? Where some are kept nobody may be in a function, or on the way to one: that
 * may wait for an item, which is for who is idle.
 */
static bool is_spare(const struct workqueue_struct *wq, unsigned int keep)
{
	return wq->nr_workers > keep && (!keep || wq->nr_idle == wq->nr_workers);
}

/* Ends idle workers until `keep` are left of all. Sleeps; for 0 nothing may be queued meanwhile. */
static void stop_workers(struct workqueue_struct *wq, unsigned int keep)
{
	struct worker *worker;
	struct task_struct *task;

	for (;;) {
		spin_lock_irq(&work_lock);
		worker = is_spare(wq, keep) ?
			 list_first_entry_or_null(&wq->idle, struct worker, entry) : NULL;
		task = worker ? worker->task : NULL;
		if (worker) {
			list_del_init(&worker->entry);
			wq->nr_idle--;
			worker->stop = true;
			get_task_struct(task);
		}
		spin_unlock_irq(&work_lock);
		if (!worker)
			break;
		kthread_stop(task);
		put_task_struct(task);
	}
}

static bool all_idle(struct workqueue_struct *wq)
{
	bool all;

	spin_lock_irq(&work_lock);
	all = wq->nr_idle == wq->nr_workers;
	if (all)
		wq->wanting = false;	/* see work_manager.c */
	spin_unlock_irq(&work_lock);
	return all;
}

/* Until no worker is on its way to `idle`. */
static void wait_until_idle(struct workqueue_struct *wq)
{
	while (!all_idle(wq))
		schedule_timeout_uninterruptible(1);
}

void workqueue_trim(void)
{
	struct workqueue_struct *wq;

	if (in_atomic() || irqs_disabled())
		return;
	spin_lock_irq(&work_lock);
	list_for_each_entry(wq, &work_queues, node) {
		wq->visitors++;		/* it stays in the list */
		spin_unlock_irq(&work_lock);
		flush_workqueue(wq);
		wait_until_idle(wq);
		stop_workers(wq, wq->flags & WQ_MEM_RECLAIM ? RECLAIM_WORKERS : 1);
		spin_lock_irq(&work_lock);
		wq->visitors--;
	}
	spin_unlock_irq(&work_lock);
}

/* 3. Queues */

/* Puts it among the queues, with the workers it must have. */
static bool start_queue(struct workqueue_struct *wq)
{
	unsigned int wanted = wq->flags & WQ_MEM_RECLAIM ?
			      min(wq->max_active, RECLAIM_WORKERS) : 1;
	bool good = true;

	wq->nr_workers = wanted;
	spin_lock_irq(&work_lock);
	list_add_tail(&wq->node, &work_queues);
	spin_unlock_irq(&work_lock);
	while (wanted-- > 0)
		good &= work_make_worker(wq);
	return good;
}

struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags, int max_active, ...)
{
	struct workqueue_struct *wq = kzalloc(sizeof(*wq), GFP_KERNEL);
	__builtin_va_list args;

	if (!wq)
		return NULL;
	__builtin_va_start(args, max_active);
	vsnprintf(wq->name, sizeof(wq->name), fmt, args);
	__builtin_va_end(args);
	wq->flags = flags;
	wq->max_active = (unsigned int)clamp(max_active ? max_active : WQ_DFL_ACTIVE, 1,
					     WQ_MAX_ACTIVE);
	if (flags & __WQ_ORDERED)
		wq->max_active = 1;
	INIT_LIST_HEAD(&wq->works);
	INIT_LIST_HEAD(&wq->idle);
	if (start_queue(wq))
		return wq;
	destroy_workqueue(wq);
	return NULL;
}

/* False while somebody looks at it. */
static bool leave_queues(struct workqueue_struct *wq)
{
	bool may;

	spin_lock_irq(&work_lock);
	may = !wq->visitors;
	if (may)
		list_del(&wq->node);
	spin_unlock_irq(&work_lock);
	return may;
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	drain_workqueue(wq);
	wait_until_idle(wq);
	stop_workers(wq, 0);
	while (!leave_queues(wq))
		schedule_timeout_uninterruptible(1);
	kfree(wq);
}

void workqueue_init(void)
{
	if (!work_manager_init() || !start_queue(&system_queue))
		panic("not enough memory for the threads of system_wq");
}

/* 4. Queueing */

bool queue_work_on(int cpu, struct workqueue_struct *wq, struct work_struct *work)
{
	unsigned long flags;
	bool may;

	spin_lock_irqsave(&work_lock, flags);
	may = work->state == WORK_IDLE && !work->disabled;
	if (may) {
		work->cpu = cpu;
		work_enqueue(wq, work);
	}
	spin_unlock_irqrestore(&work_lock, flags);
	return may;
}

void delayed_work_timer_fn(struct timer_list *timer)
{
	struct delayed_work *dwork = from_timer(dwork, timer, timer);
	unsigned long flags;

	spin_lock_irqsave(&work_lock, flags);
	if (dwork->work.state == WORK_DELAYED)
		work_enqueue(dwork->work.wq, &dwork->work);
	spin_unlock_irqrestore(&work_lock, flags);
}

/* Under work_lock; the work is idle. */
static void delay_work(int cpu, struct workqueue_struct *wq, struct delayed_work *dwork,
		       unsigned long delay)
{
	dwork->work.cpu = cpu;
	if (!delay) {
		work_enqueue(wq, &dwork->work);
		return;
	}
	WRITE_ONCE(dwork->work.state, WORK_DELAYED);
	dwork->work.wq = wq;
	mod_timer(&dwork->timer, jiffies + min(delay, MAX_JIFFY_OFFSET));
}

bool queue_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *dwork,
			   unsigned long delay)
{
	unsigned long flags;
	bool may;

	spin_lock_irqsave(&work_lock, flags);
	may = dwork->work.state == WORK_IDLE && !dwork->work.disabled;
	if (may)
		delay_work(cpu, wq, dwork, delay);
	spin_unlock_irqrestore(&work_lock, flags);
	return may;
}

bool mod_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *dwork,
			 unsigned long delay)
{
	unsigned long flags = work_lock_settled(&dwork->work);
	bool was = work_withdraw(&dwork->work);

	if (!dwork->work.disabled)
		delay_work(cpu, wq, dwork, delay);
	work_unlock_and_tell(flags);
	return was;
}

static void rcu_work_ready(struct rcu_head *head)
{
	struct rcu_work *rwork = container_of(head, struct rcu_work, rcu);
	unsigned long flags;

	spin_lock_irqsave(&work_lock, flags);
	if (rwork->work.disabled)		/* who disabled it waits for this */
		WRITE_ONCE(rwork->work.state, WORK_IDLE);
	else
		work_enqueue(rwork->work.wq, &rwork->work);
	spin_unlock_irqrestore(&work_lock, flags);
}

bool queue_rcu_work(struct workqueue_struct *wq, struct rcu_work *rwork)
{
	unsigned long flags;
	bool may;

	spin_lock_irqsave(&work_lock, flags);
	may = rwork->work.state == WORK_IDLE && !rwork->work.disabled;
	if (may) {
		WRITE_ONCE(rwork->work.state, WORK_AWAITS_RCU);
		rwork->work.wq = wq;
		call_rcu(&rwork->rcu, rcu_work_ready);	/* so who sees the state can wait for it */
	}
	spin_unlock_irqrestore(&work_lock, flags);
	return may;
}
