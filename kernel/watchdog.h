/* SPDX-License-Identifier: MIT */
/* The watchdog over CPUs that stopped: see kernel/watchdog.c. */
#ifndef KERNEL_WATCHDOG_H
#define KERNEL_WATCHDOG_H

#include <linux/percpu.h>
#include <linux/types.h>

enum watchdog_report {
	WATCHDOG_SOFT,		/* runs one thread and nothing else */
	WATCHDOG_HARD,		/* takes no interrupts */
	WATCHDOG_NR_REPORTS,
};

DECLARE_PER_CPU(unsigned long, watchdog_beats);

/* This CPU gets on with its work: another thread's turn, or nothing to do. Any context. */
static inline void watchdog_touch(void)
{
	this_cpu_inc(watchdog_beats);
}

/* All CPUs stood still on purpose, and go on now. Called while they do, interrupts off. */
void watchdog_touch_all(void);

/* Begins to watch the online CPUs, after watchdog_thresh=. In a thread, interrupts on. */
void watchdog_init(void);
/* watchdog_thresh= in seconds, or the default. */
u64 watchdog_thresh_wanted(void);
/* For tests: another threshold, in ns (0: no watching); returns the one before. */
u64 watchdog_set_thresh(u64 ns);
/* How many reports named that CPU. */
unsigned long watchdog_count(unsigned int cpu, enum watchdog_report kind);
/* When that CPU was last known to take interrupts: arch_ktime_ns(). */
u64 watchdog_noted(unsigned int cpu);

#endif
