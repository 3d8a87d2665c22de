/* SPDX-License-Identifier: MIT */
/*
 * Keeping the functions of timer_list timers away from this CPU. Interrupts stay on.
 *
 * Such a function runs in the timer's interrupt; Linux has it run after the interrupt, in a soft
 * one. What matters to its authors is the same: between local_bh_disable() and local_bh_enable(),
 * which nest, none runs on this CPU, so a lock that it takes with spin_lock() is taken by
 * threads with spin_lock_bh(). What comes due meanwhile runs right after the outermost
 * local_bh_enable(): see kernel/timer.c. Device handlers and hrtimers are not kept away.
 *
 * Who is in between may not sleep. From threads, and from timer_list functions; where interrupts
 * are off it is allowed, and does nothing more.
 */
#ifndef _LINUX_BOTTOM_HALF_H
#define _LINUX_BOTTOM_HALF_H

#include <linux/percpu.h>
#include <linux/preempt.h>

/* Timers came due on this CPU that had to wait. */
DECLARE_PER_CPU(bool, timers_deferred);
void __deferred_timers_resume(void);

static __always_inline void local_bh_disable(void)
{
	preempt_count_add(SOFTIRQ_DISABLE_ONE);
	barrier();
}

static inline void local_bh_enable(void)
{
	barrier();
	preempt_count_sub(SOFTIRQ_DISABLE_ONE);
	/* An interrupt that comes before this line left a mark; one that comes later ran them. */
	if (unlikely(this_cpu_read(timers_deferred)) && !in_softirq())
		__deferred_timers_resume();
}

#endif
