/* SPDX-License-Identifier: MIT */
/* The CPU's own counter of time, where reading a clock would cost too much. */
#ifndef _LINUX_TIMEX_H
#define _LINUX_TIMEX_H

#include <linux/types.h>

typedef u64 cycles_t;

/* Counts up at a constant rate; CPUs may differ. Any context. */
static inline cycles_t get_cycles(void)
{
	return __builtin_ia32_rdtsc();
}

#endif
