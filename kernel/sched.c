/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: which thread runs on which CPU.
 *
 * Each CPU has a queue of threads that wait for it, first come, first served, and one idle
 * thread, which runs when the queue is empty and is never in it. The thread that runs is not
 * in the queue either. Preemption is voluntary: an interrupt only ever sets need_resched,
 * and the thread gives up the CPU when it sleeps, yields or calls cond_resched(). So a
 * thread's per-CPU data is its own until it does one of these.
 *
 * Where a thread goes when it is woken: to the CPU it ran on last if that is idle, else to
 * any idle CPU, else to the last one; for the first time, to the shortest queue. A CPU that
 * has nothing to do takes a thread from another one's queue, then halts. cpus_mask limits all
 * of this. So while a CPU idles, no thread that may run there waits behind another.
 *
 * A thread's life, in (state, on_rq):
 *
 *	made		(UNINTERRUPTIBLE, no)
 *	woken		(RUNNING, yes)		running, queued, or between two queues
 *	will sleep	(not RUNNING, yes)	until schedule(), which may find RUNNING again
 *	sleeps		(not RUNNING, no)
 *	ended		(DEAD, no)
 *
 * Locks: a queue's lock guards the queue and the state of the threads whose ->cpu is its CPU.
 * It is taken with interrupts off. No two of them are held at once, and only a port's own
 * leaf locks are taken under one. ->cpu changes under the lock of the CPU that it names; who
 * wants the lock of a thread takes the one that ->cpu names and looks again. A thread between
 * two queues has (on_rq, new ->cpu) and belongs to whoever carries it.
 *
 * A queue's lock is held across arch_switch(): the thread that comes to run lets it go. So
 * whoever holds the lock finds no thread halfway off its CPU, and that is all there is to
 * the interleavings that other schedulers need a flag for:
 *
 * 1. Waking against going to sleep. The sleeper writes its state, then reads the condition;
 *    the waker writes the condition, then reads the state; both with a full barrier between.
 *    So at least one sees the other's write. If the sleeper sees the condition, it does not
 *    sleep, and its state goes back to RUNNING, by whichever of the two. If the waker sees
 *    the state, it takes the lock: before schedule() has (on_rq), it writes RUNNING, and
 *    schedule() keeps the thread; after, the thread is off its CPU, and is queued.
 * 2. Waking a thread that is still on its CPU, on its way off: the waker waits for the lock,
 *    which comes free when the other thread's stack is in use. Then it may go anywhere.
 * 3. Two wakers: the first one under the lock writes RUNNING, the second finds that.
 * 4. Waking a thread that is being carried: on_rq, so only its state is written.
 * 5. Waking against halting: the idle thread looks at its queue with interrupts off, and
 *    arch_cpu_idle() lets them in and halts in one. A waker that queues a thread later finds
 *    the idle thread running, and sends an interrupt.
 * 6. Queueing against idling elsewhere. A CPU that runs out of work puts itself into idle_cpus,
 *    then looks at all queues; who queues a thread behind another does so, then looks at
 *    idle_cpus; both with a full barrier between. So the idle CPU finds the thread, or is told.
 * 7. Ending: a dead thread's stack is in use until the switch is done. Whoever runs next on
 *    that CPU frees it (thread_reap()) then. DEAD is written under the lock, so that a waker
 *    who saw the thread about to sleep does not write RUNNING over it.
 *
 * Costs: a wake-up is two atomic operations and, for an idle CPU, one interrupt.
 */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <kernel/cpu.h>
#include <kernel/kernel.h>
#include <kernel/sched.h>
#include <kernel/watchdog.h>

struct rq {
	spinlock_t lock;
	unsigned int cpu;
	unsigned int nr_queued, nr_movable;	/* all; those that may run elsewhere */
	struct list_head queue;
	struct task_struct *curr, *idle;
	struct task_struct *last;		/* during a switch: who ran before */
	struct task_struct *leaving;		/* and whether that goes to another CPU */
};

static DEFINE_PER_CPU(struct rq, runqueue);
DEFINE_PER_CPU(bool, need_resched_var);

/* Runs on CPU 0 from the first instruction on. */
struct task_struct boot_task = {
	.comm = "boot", .pid = 1,
	.on_rq = true, .placed = true,
	.nr_cpus_allowed = 1, .cpus_mask = { { 1 } },
	.usage = ATOMIC_INIT(1),
};
DEFINE_PER_CPU(struct task_struct *, current_task) = &boot_task;
/* CPUs that wait for work. A hint: who takes a CPU out gives it some. */
static struct cpumask idle_cpus;

#define this_rq() this_cpu_ptr(&runqueue)
#define cpu_rq(cpu) per_cpu_ptr(&runqueue, cpu)

/* 1. Queues */

static bool is_movable(const struct task_struct *task)
{
	return task->nr_cpus_allowed > 1;
}

static bool may_run_on(const struct task_struct *task, unsigned int cpu)
{
	return cpumask_test_cpu(cpu, &task->cpus_mask) && cpu_online(cpu);
}

static void queue_add(struct rq *rq, struct task_struct *task)
{
	list_add_tail(&task->run_node, &rq->queue);
	WRITE_ONCE(rq->nr_queued, rq->nr_queued + 1);
	WRITE_ONCE(rq->nr_movable, rq->nr_movable + is_movable(task));
}

static void queue_del(struct rq *rq, struct task_struct *task)
{
	list_del(&task->run_node);
	WRITE_ONCE(rq->nr_queued, rq->nr_queued - 1);
	WRITE_ONCE(rq->nr_movable, rq->nr_movable - is_movable(task));
}

unsigned int sched_nr_queued(unsigned int cpu)
{
	return READ_ONCE(cpu_rq(cpu)->nr_queued);
}

/* The thread cannot end while its queue is locked, and was made before it got there. */
bool sched_who_runs(unsigned int cpu, char *comm, int *pid)
{
	struct rq *rq = cpu_rq(cpu);
	unsigned long flags;

	if (!spin_trylock_irqsave(&rq->lock, flags))
		return false;
	strscpy(comm, rq->curr->comm, TASK_COMM_LEN);
	*pid = rq->curr->pid;
	spin_unlock_irqrestore(&rq->lock, flags);
	return true;
}

/* The queue of the thread's CPU, locked. Interrupts are off. */
static struct rq *lock_rq_of(struct task_struct *task)
{
	for (;;) {
		unsigned int cpu = READ_ONCE(task->cpu);
		struct rq *rq = cpu_rq(cpu);

		spin_lock(&rq->lock);
		if (likely(READ_ONCE(task->cpu) == cpu))
			return rq;
		spin_unlock(&rq->lock);
	}
}

/* 2. Choosing a CPU */

static unsigned int shortest_queue(const struct task_struct *task)
{
	unsigned int cpu, best = NR_CPUS, length = ~0U;

	for_each_online_cpu(cpu) {
		struct rq *rq = cpu_rq(cpu);
		unsigned int n = READ_ONCE(rq->nr_queued) + (READ_ONCE(rq->curr) != rq->idle);

		if (n >= length || !may_run_on(task, cpu))
			continue;
		best = cpu;
		length = n;
	}
	return best;
}

/* Where a thread that becomes runnable goes. Its mask has an online CPU. */
static unsigned int choose_cpu(struct task_struct *task)
{
	unsigned int cpu = task->cpu;

	if (!is_movable(task)) {
		cpu = cpumask_first(&task->cpus_mask);
		cpumask_clear_cpu(cpu, &idle_cpus);
		return cpu;
	}
	if (may_run_on(task, cpu) && cpumask_test_and_clear_cpu(cpu, &idle_cpus))
		return cpu;
	/* Each round takes a CPU out of the set, or somebody else has. */
	while ((cpu = cpumask_any_and(&idle_cpus, &task->cpus_mask)) < NR_CPUS)
		if (cpumask_test_and_clear_cpu(cpu, &idle_cpus))
			return cpu;
	cpu = task->cpu;
	if (task->placed && may_run_on(task, cpu))
		return cpu;
	return shortest_queue(task);
}

/* Makes a CPU look at its queue, whose lock is held. */
static void kick(struct rq *rq)
{
	per_cpu(need_resched_var, rq->cpu) = true;
	if (rq->curr == rq->idle && rq->cpu != smp_processor_id())
		arch_send_ipi(rq->cpu, IPI_RESCHEDULE);
}

/* A thread was queued behind another: an idle CPU may have it. */
static void offer(const struct task_struct *task)
{
	unsigned int cpu;

	if (!is_movable(task))
		return;
	smp_mb();	/* pairs with cpumask_set_cpu() in sched_idle() */
	cpu = cpumask_any_and(&idle_cpus, &task->cpus_mask);
	if (cpu < NR_CPUS)
		arch_send_ipi(cpu, IPI_RESCHEDULE);
}

/* A thread that nobody but the caller can queue arrives where its ->cpu says. */
static void arrive(struct task_struct *task)
{
	struct rq *rq = cpu_rq(task->cpu);

	spin_lock(&rq->lock);
	queue_add(rq, task);
	kick(rq);
	if (rq->curr != rq->idle || rq->nr_queued > 1)
		offer(task);
	spin_unlock(&rq->lock);
}

/* 3. Waking */

int wake_up_state(struct task_struct *task, unsigned int states)
{
	unsigned long flags;
	bool carry = false, woken;
	struct rq *rq;

	smp_mb();	/* pairs with the one in set_current_state() */
	if (!(READ_ONCE(task->__state) & states))
		return 0;
	local_irq_save(flags);
	rq = lock_rq_of(task);
	woken = READ_ONCE(task->__state) & states;
	if (woken) {
		carry = !task->on_rq;
		WRITE_ONCE(task->__state, TASK_RUNNING);
	}
	if (carry) {
		task->on_rq = true;
		WRITE_ONCE(task->cpu, choose_cpu(task));
		task->placed = true;
	}
	spin_unlock(&rq->lock);
	if (carry)
		arrive(task);
	local_irq_restore(flags);
	return woken;
}

int wake_up_process(struct task_struct *task)
{
	return wake_up_state(task, TASK_NORMAL);
}

/* 4. Switching */

/* What becomes of the thread that gives up the CPU. */
static void put_aside(struct rq *rq, struct task_struct *task, bool may_sleep)
{
	if (task == rq->idle)
		return;
	if (may_sleep && READ_ONCE(task->__state) != TASK_RUNNING) {
		task->on_rq = false;
	} else if (!may_run_on(task, rq->cpu)) {
		rq->leaving = task;
	} else {
		queue_add(rq, task);
		if (rq->nr_queued > 1)
			offer(task);
	}
}

static struct task_struct *take_next(struct rq *rq)
{
	struct task_struct *task = list_first_entry_or_null(&rq->queue, struct task_struct,
							    run_node);

	if (!task)
		return rq->idle;
	queue_del(rq, task);
	return task;
}

/* The switch is done: this is the other thread, perhaps on another CPU than it was. */
static void finish_switch(void)
{
	struct rq *rq = this_rq();
	struct task_struct *leaving = rq->leaving, *dead = NULL;

	if (rq->last && READ_ONCE(rq->last->__state) == TASK_DEAD)
		dead = rq->last;
	rq->last = rq->leaving = NULL;
	if (leaving)
		WRITE_ONCE(leaving->cpu, choose_cpu(leaving));
	spin_unlock(&rq->lock);
	if (leaving)
		arrive(leaving);
	if (dead)
		thread_reap(dead);
}

/*
 * Lets the next thread run; `may_sleep`: heeds the state of this one. Interrupts are off.
 * A thread that (wrongly) sleeps with preempt_count() raised takes it along.
 */
static void switch_thread(bool may_sleep)
{
	struct rq *rq = this_rq();
	struct task_struct *prev = rq->curr, *next;

	watchdog_touch();
	spin_lock(&rq->lock);
	put_aside(rq, prev, may_sleep);
	next = take_next(rq);
	this_cpu_write(need_resched_var, false);
	if (next != prev) {
		prev->preempt_count = preempt_count();
		rq->last = prev;
		WRITE_ONCE(rq->curr, next);
		this_cpu_write(current_task, next);
		arch_switch(prev, next);
		this_cpu_write(preempt_count_var, current->preempt_count);
	}
	finish_switch();
}

void sched_first_switch(void)
{
	this_cpu_write(preempt_count_var, LOCK_ONE);
	finish_switch();
}

void schedule(void)
{
	unsigned long flags;

	if (unlikely(in_atomic()))
		report_schedule_in_atomic();
	local_irq_save(flags);
	switch_thread(true);
	local_irq_restore(flags);
}

int __cond_resched(void)
{
	unsigned long flags;

	if (in_atomic() || irqs_disabled())
		return 0;
	local_irq_save(flags);
	switch_thread(false);
	local_irq_restore(flags);
	return 1;
}

void yield(void)
{
	__set_current_state(TASK_RUNNING);
	schedule();
}

void sched_exit(void)
{
	debug_check_no_locks_held();
	local_irq_disable();
	if (in_atomic()) {
		warn_counted();
		pr_err("%s[%d] ended with preempt_count 0x%08x\n", current->comm, current->pid,
		       preempt_count());
	}
	spin_lock(&this_rq()->lock);
	__set_current_state(TASK_DEAD);
	spin_unlock(&this_rq()->lock);
	switch_thread(true);
	panic("a thread runs that has ended");
}

int set_cpus_allowed_ptr(struct task_struct *task, const struct cpumask *mask)
{
	if (cpumask_any_and(mask, cpu_online_mask) == NR_CPUS)
		return -EINVAL;
	if (WARN_ON(task != current && task->placed))
		return -EINVAL;
	cpumask_copy(&task->cpus_mask, mask);
	task->nr_cpus_allowed = cpumask_weight(mask);
	if (task == current && !may_run_on(task, smp_processor_id()))
		yield();
	return 0;
}

/* 5. Idling */

/* Takes a thread that may run on this CPU from that queue into this one. */
static bool take_from(struct rq *rq, struct rq *own)
{
	struct task_struct *task, *found = NULL;

	spin_lock(&rq->lock);
	list_for_each_entry(task, &rq->queue, run_node) {
		if (!may_run_on(task, own->cpu))
			continue;
		found = task;
		queue_del(rq, found);
		WRITE_ONCE(found->cpu, own->cpu);
		break;
	}
	spin_unlock(&rq->lock);
	if (found)
		arrive(found);
	return found;
}

/* From the next CPU, by number, that has one. Interrupts are off. */
static bool take_from_others(struct rq *own)
{
	for (unsigned int i = 1; i < nr_cpu_ids; i++) {
		unsigned int cpu = (own->cpu + i) % nr_cpu_ids;

		if (cpu_online(cpu) && READ_ONCE(cpu_rq(cpu)->nr_movable) &&
		    take_from(cpu_rq(cpu), own))
			return true;
	}
	return false;
}

bool sched_is_idle(void)
{
	return current == this_rq()->idle;
}

void sched_tick(void)
{
	if (READ_ONCE(this_rq()->nr_queued))
		this_cpu_write(need_resched_var, true);
}

void sched_idle(void)
{
	struct rq *rq = this_rq();

	for (;;) {
		local_irq_disable();
		/* In the set first: who queues a thread elsewhere from now on knows of us. */
		cpumask_set_cpu(rq->cpu, &idle_cpus);
		if (READ_ONCE(rq->nr_queued) || take_from_others(rq)) {
			cpumask_clear_cpu(rq->cpu, &idle_cpus);
			tick_resume();
			switch_thread(false);
		} else {
			watchdog_touch();
			jitter_idle();
		}
	}
}

/* 6. Boot */

void sched_cpu_init(unsigned int cpu, struct task_struct *idle)
{
	struct rq *rq = cpu_rq(cpu);

	spin_lock_init(&rq->lock);
	INIT_LIST_HEAD(&rq->queue);
	rq->cpu = cpu;
	rq->idle = rq->curr = idle;
	per_cpu(current_task, cpu) = idle;
	idle->cpu = cpu;
	idle->on_rq = true;
	idle->flags = PF_IDLE;
	idle->pid = 0;
	WRITE_ONCE(idle->__state, TASK_RUNNING);
	cpumask_clear(&idle->cpus_mask);
	cpumask_set_cpu(cpu, &idle->cpus_mask);
	idle->nr_cpus_allowed = 1;
}

static void idle_entry(void)
{
	sched_first_switch();
	sched_idle();
}

void sched_init(void)
{
	struct task_struct *idle = thread_make(idle_entry, "idle/0");

	if (!idle)
		panic("no memory for the first idle thread");
	smp_set_online(0);
	sched_cpu_init(0, idle);
	this_rq()->curr = &boot_task;
	this_cpu_write(current_task, &boot_task);
	tick_resume();
}
