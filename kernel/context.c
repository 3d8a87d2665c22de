/* SPDX-License-Identifier: MIT */
/*
 * Contexts: where interrupts begin and end on a CPU, and the reports of code that may sleep
 * called where it must not, or that sleeps there, and of functions that change the context of
 * the interrupt they were called in: what this CPU does next would suffer, far from the cause.
 *
 * preempt_count() is all the state there is; see linux/preempt.h. Until the scheduler runs, a
 * CPU is not online, and its interrupts are off: might_sleep() says nothing then.
 */
#include <linux/hardirq.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <kernel/cpu.h>
#include <kernel/kernel.h>
#include <kernel/sched.h>

void irq_enter(void)
{
	preempt_count_add(HARDIRQ_ONE);
}

void irq_exit(void)
{
	preempt_count_sub(HARDIRQ_ONE);
}

void nmi_enter(void)
{
	preempt_count_add(NMI_ONE);
}

void nmi_exit(void)
{
	preempt_count_sub(NMI_ONE);
}

void interrupt_check(unsigned int count, const void *function)
{
	if (likely(preempt_count() == count && irqs_disabled()))
		return;
	warn_counted();
	printk(KERN_ERR "BUG: %pS, called in an interrupt, left preempt_count 0x%08x, not 0x%08x, "
	       "and interrupts %s\n", function, preempt_count(), count,
	       irqs_disabled() ? "off" : "on");
	lockdep_print_culprit();
	local_irq_disable();
	this_cpu_write(preempt_count_var, count);
}

static noinline __cold void report_sleep(const char *file, int line)
{
	struct task_struct *task = current;

	if (!cpu_online(smp_processor_id()))
		return;
	warn_counted();
	printk(KERN_ERR "BUG: sleeping function called from invalid context at %s:%d\n", file,
	       line);
	printk(KERN_ERR "in_atomic(): %d, irqs_disabled(): %d, pid: %d, name: %s\n", in_atomic(),
	       irqs_disabled(), task->pid, task->comm);
	lockdep_print_culprit();
	dump_stack();
}

/* In the common case nothing but the two questions: it is on the way of every allocation. */
void __might_sleep(const char *file, int line)
{
	if (unlikely(in_atomic() || irqs_disabled()))
		report_sleep(file, line);
}

void report_schedule_in_atomic(void)
{
	warn_counted();
	printk(KERN_ERR "BUG: scheduling while atomic: %s/%d/0x%08x\n", current->comm,
	       current->pid, preempt_count());
	lockdep_print_culprit();
	dump_stack();
	if (!in_task())
		panic("an interrupt handler slept");
}
