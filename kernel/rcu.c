/* SPDX-License-Identifier: MIT */
/*
 * Read-copy update: when has every reader looked away?
 *
 * A reader cannot be switched away: rcu_read_lock() raises the preemption count, and so does
 * all else that makes a reader, or interrupts are off. So a CPU on which an interrupt finds the
 * count at zero has no reader: those that were there have ended, and later ones find what the
 * writer has left. A grace period asks every other CPU by such an interrupt; the ones that it
 * caught in a reader are asked again a tick later. The CPU that asks is in a thread that may
 * sleep, which is as good.
 *
 *	writer: unlink; synchronize_rcu() ------- asks ------> CPU: count 0? looked away
 *	                                  <- all have answered
 *	        free
 *
 * Callbacks wait in a list for each CPU. The thread "rcu" takes all lists, lets one grace
 * period pass for all of them, and calls them. rcu_barrier() queues one callback behind the
 * others on each CPU.
 *
 * Interleavings that were considered:
 * 1. A reader begins on a CPU after it answered: it began after the writer's unlinking, which
 *    the interrupt, a full barrier between the two CPUs, has made visible there.
 * 2. A reader in an interrupt: interrupts do not nest, so when the question comes, it is over.
 * 3. A CPU with interrupts off answers later. One that waits with interrupts off for calls of
 *    its own makes ours without an interrupt, amid whatever it is doing: it answers "not yet".
 * 4. call_rcu() in an interrupt amid call_rcu() of the thread: interrupts are off in there.
 * 5. A callback that is queued while the thread takes the lists: it is in the part that was
 *    taken, and the grace period begins after that; or in the next.
 * 6. The thread goes to sleep while a callback is queued: wait_event() against wake_up(), with
 *    nr_pending as the condition, counted before the wake-up.
 * 7. A CPU comes online amid a grace period: it has no reader that saw the old state, since it
 *    starts after the unlinking; whether it is asked does not matter.
 *
 * Locks: a list's lock, interrupts off, leaf. barrier_mutex outside.
 * Costs: a reader one addition and one subtraction. A grace period one interrupt for each CPU.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/wait.h>
#include <kernel/cpu.h>

#define STALL_TIMEOUT (10 * NSEC_PER_SEC)
#define MANY 10000	/* callbacks: from here on call_rcu() makes callers wait who may */

struct callbacks {
	spinlock_t lock;	/* guards both; interrupts off */
	struct rcu_head *first, **end;
};

static DEFINE_PER_CPU(struct callbacks, callbacks) = {
	.lock = __SPIN_LOCK_UNLOCKED(callbacks.lock),
};
static DECLARE_WAIT_QUEUE_HEAD(rcu_wait);
static atomic_long_t nr_pending;
static struct task_struct *rcu_thread;

static DEFINE_MUTEX(barrier_mutex);	/* one barrier at a time: guards the three below */
static DEFINE_PER_CPU(struct rcu_head, barrier_head);
static struct completion barrier_done;
static atomic_t barrier_left;

/* ---- Grace periods ---- */

/* On each CPU that is asked: has no reader, and says so. */
static void answer(void *mask)
{
	if (in_hardirq() && !(preempt_count() & ~HARDIRQ_MASK))
		cpumask_clear_cpu(smp_processor_id(), mask);
}

static void report_stall(const struct cpumask *mask)
{
	unsigned int cpu;

	for_each_cpu(cpu, mask)
		pr_err("rcu: INFO: a reader on CPU %u does not end\n", cpu);
}

void synchronize_rcu(void)
{
	u64 asked = arch_ktime_ns();
	struct cpumask mask;

	might_sleep();
	smp_mb();	/* what the caller unlinked is so before anyone is asked */
	cpumask_copy(&mask, cpu_online_mask);
	for (;;) {
		cpumask_clear_cpu(get_cpu(), &mask);
		smp_call_function_many(&mask, answer, &mask, true);
		put_cpu();
		if (cpumask_empty(&mask))
			break;
		if (arch_ktime_ns() - asked > STALL_TIMEOUT) {
			report_stall(&mask);
			asked = arch_ktime_ns();
		}
		schedule_timeout_uninterruptible(1);
	}
	smp_mb();	/* and all answered before anything is freed */
}

/* ---- Callbacks ---- */

static void queue(struct callbacks *list, struct rcu_head *head, rcu_callback_t func)
{
	unsigned long flags;

	head->func = func;
	head->next = NULL;
	spin_lock_irqsave(&list->lock, flags);
	if (!list->first)
		list->end = &list->first;
	*list->end = head;
	list->end = &head->next;
	spin_unlock_irqrestore(&list->lock, flags);
	if (atomic_long_inc_return(&nr_pending) == 1)
		wake_up(&rcu_wait);
}

/* May the caller be made to wait, though it did not ask to? */
static bool may_wait(void)
{
	return preemptible() && get_current_state() == TASK_RUNNING && rcu_thread &&
	       current != rcu_thread && !is_idle_task(current);
}

void call_rcu(struct rcu_head *head, rcu_callback_t func)
{
	queue(this_cpu_ptr(&callbacks), head, func);
	if (unlikely(atomic_long_read(&nr_pending) > MANY) && may_wait())
		schedule_timeout_uninterruptible(1);
}

unsigned long rcu_pending(void)
{
	return (unsigned long)atomic_long_read(&nr_pending);
}

/* Takes all that wait on one CPU, behind what *end ends; returns where that ends. */
static struct rcu_head **take_list(struct callbacks *list, struct rcu_head **end)
{
	unsigned long flags;

	spin_lock_irqsave(&list->lock, flags);
	if (list->first) {
		*end = list->first;
		end = list->end;
		list->first = NULL;
	}
	spin_unlock_irqrestore(&list->lock, flags);
	return end;
}

static void call_all(struct rcu_head *head)
{
	while (head) {
		struct rcu_head *next = head->next;

		head->func(head);	/* frees it */
		atomic_long_dec(&nr_pending);
		head = next;
		cond_resched();
	}
}

static int rcu_main(void *unused)
{
	for (;;) {
		struct rcu_head *all = NULL, **end = &all;
		unsigned int cpu;

		wait_event(rcu_wait, atomic_long_read(&nr_pending));
		for_each_online_cpu(cpu)
			end = take_list(per_cpu_ptr(&callbacks, cpu), end);
		synchronize_rcu();
		call_all(all);
	}
	return 0;
}

/* ---- The barrier ---- */

static void barrier_reached(struct rcu_head *head)
{
	if (atomic_dec_and_test(&barrier_left))
		complete(&barrier_done);
}

void rcu_barrier(void)
{
	unsigned int cpu;

	might_sleep();
	mutex_lock(&barrier_mutex);
	init_completion(&barrier_done);
	atomic_set(&barrier_left, 1);	/* ours, until all are queued */
	for_each_online_cpu(cpu) {
		atomic_inc(&barrier_left);
		queue(per_cpu_ptr(&callbacks, cpu), per_cpu_ptr(&barrier_head, cpu),
		      barrier_reached);
	}
	barrier_reached(NULL);
	wait_for_completion(&barrier_done);
	mutex_unlock(&barrier_mutex);
}

int rcu_init(void)
{
	struct task_struct *task = kthread_run(rcu_main, NULL, "rcu");

	if (IS_ERR(task))
		return -ENOMEM;
	rcu_thread = task;
	return 0;
}
