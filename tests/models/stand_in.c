/* SPDX-License-Identifier: MIT */
/*
 * What the sources under test need of the rest of the kernel, as short as it can be: threads
 * that are CPUs of their own, so that to sleep is to wait for one's own state to change.
 */
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include "model.h"

__weak DEFINE_PER_CPU(unsigned long, this_cpu_offset);
__weak DEFINE_PER_CPU(unsigned int, cpu_number);
__weak DEFINE_PER_CPU(unsigned int, preempt_count_var);
__weak DEFINE_PER_CPU(unsigned long, port_irqs_off);
__weak DEFINE_PER_CPU(struct task_struct *, current_task);
__weak DEFINE_PER_CPU(bool, need_resched_var);
static DEFINE_PER_CPU(struct task_struct, task);

__weak unsigned long per_cpu_offset[NR_CPUS];
__weak struct cpumask __cpu_online_mask;
__weak unsigned int nr_cpu_ids = MODEL_THREADS;

/* Called with nothing else running; `offset` is where the CPU's variables are. */
void model_cpu_init(unsigned int cpu, unsigned long offset)
{
	per_cpu_offset[cpu] = offset;
	per_cpu(this_cpu_offset, cpu) = offset;
	per_cpu(cpu_number, cpu) = cpu;
	per_cpu(current_task, cpu) = per_cpu_ptr(&task, cpu);
	__cpu_online_mask.bits[0] |= 1UL << cpu;
}

int model_irqs_off(void)
{
	return irqs_disabled();
}

void model_irq_enter(void)
{
	this_cpu_write(port_irqs_off, 1UL);
	preempt_count_add(HARDIRQ_ONE);
}

void model_irq_exit(void)
{
	preempt_count_sub(HARDIRQ_ONE);
	this_cpu_write(port_irqs_off, 0UL);
}

/* Threads. */

/* The explorer's own look: not one of the accesses that it orders. */
static __attribute__((no_sanitize("thread"))) int runs(void *task)
{
	return ((struct task_struct *)task)->__state == TASK_RUNNING;
}

__weak void schedule(void)
{
	model_await(runs, current);
}

/* Nobody's time is ever up: a wake-up that is lost is seen as such. */
__weak long schedule_timeout(long timeout)
{
	schedule();
	return timeout;
}

/* For who only looks again later. */
long schedule_timeout_uninterruptible(long timeout)
{
	model_relax();
	return 0;
}

int __cond_resched(void)
{
	return 0;
}

int wake_up_state(struct task_struct *task, unsigned int states)
{
	smp_mb();	/* as in kernel/sched.c */
	if (!(READ_ONCE(task->__state) & states))
		return 0;
	WRITE_ONCE(task->__state, TASK_RUNNING);
	return 1;
}

int wake_up_process(struct task_struct *task)
{
	return wake_up_state(task, TASK_NORMAL);
}

/* Calls. */

__weak void smp_call_function_many(const struct cpumask *mask, smp_call_func_t func, void *info,
			    bool wait)
{
	int pending = 0;
	unsigned int cpu;

	for_each_cpu(cpu, mask) {
		if (cpu == smp_processor_id())
			continue;
		__atomic_fetch_add(&pending, 1, __ATOMIC_SEQ_CST);
		model_interrupt(cpu, func, info, &pending);
	}
	while (READ_ONCE(pending))
		model_relax();
	smp_mb();
}

void __might_sleep(const char *file, int line)
{
	MODEL_CHECK(!in_atomic());
}

__weak u64 arch_ktime_ns(void)
{
	return 0;
}
