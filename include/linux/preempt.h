/* SPDX-License-Identifier: MIT */
/*
 * What this CPU is doing, in one number of its own:
 *
 *	bits  0 to 7	preempt_disable() depth: the thread must not be switched away
 *	bits  8 to 15	spin locks held (each also forbids switching)
 *	bits 16 to 19	nested hardware interrupts
 *	bit  20		in an NMI
 *	bit  21		in the function of a timer_list timer: what Linux calls a soft interrupt
 *	bits 22 to 29	local_bh_disable() depth: no such function may run here
 *
 * Threads switch only when it is 0 (preemption is voluntary), so it needs no saving.
 */
#ifndef _LINUX_PREEMPT_H
#define _LINUX_PREEMPT_H

#include <linux/lockdep.h>
#include <linux/percpu.h>

#define PREEMPT_ONE  0x1
#define LOCK_ONE     0x100
#define HARDIRQ_ONE  0x10000
#define NMI_ONE	     0x100000
#define SOFTIRQ_ONE  0x200000
#define SOFTIRQ_DISABLE_ONE 0x400000
#define PREEMPT_MASK 0xff
#define LOCK_MASK    0xff00
#define HARDIRQ_MASK 0xf0000
#define NMI_MASK     0x100000
#define SOFTIRQ_MASK 0x3fe00000

DECLARE_PER_CPU(unsigned int, preempt_count_var);

static inline unsigned int preempt_count(void) { return this_cpu_read(preempt_count_var); }
static inline void preempt_count_add(unsigned int n) { this_cpu_add(preempt_count_var, n); }
static inline void preempt_count_sub(unsigned int n) { this_cpu_sub(preempt_count_var, n); }

static __always_inline void preempt_disable(void)
{
	lockdep_preempt_off();
	preempt_count_add(PREEMPT_ONE);
	barrier();
}

static inline void preempt_enable(void)
{
	barrier();
	preempt_count_sub(PREEMPT_ONE);
}

#define in_nmi()       ((preempt_count() & NMI_MASK) != 0)
#define in_hardirq()   ((preempt_count() & HARDIRQ_MASK) != 0)
/* In such a function, or where none may run: who asks does not learn which. */
#define softirq_count() (preempt_count() & SOFTIRQ_MASK)
#define in_softirq()   (softirq_count() != 0)
#define in_serving_softirq() ((preempt_count() & SOFTIRQ_ONE) != 0)
#define in_interrupt() ((preempt_count() & (HARDIRQ_MASK | NMI_MASK | SOFTIRQ_MASK)) != 0)
#define in_irq()       in_hardirq()
/* A thread, whatever it has disabled. */
#define in_task()      ((preempt_count() & (HARDIRQ_MASK | NMI_MASK | SOFTIRQ_ONE)) == 0)
#define in_atomic()    (preempt_count() != 0)
#define preemptible()  (preempt_count() == 0 && !irqs_disabled())

#endif
