/* SPDX-License-Identifier: MIT */
/*
 * Letting time pass, at least as much as is named. The first three keep the CPU busy, in any
 * context; the others sleep.
 */
#ifndef _LINUX_DELAY_H
#define _LINUX_DELAY_H

#include <linux/types.h>

void ndelay(unsigned long ns);
void udelay(unsigned long us);
void mdelay(unsigned long ms);

void msleep(unsigned int ms);
/* Returns the milliseconds that were left when something woke it; 0 when time was up. */
unsigned long msleep_interruptible(unsigned int ms);
/* Wakes between min and max microseconds from now, as far as the CPU is free then. */
void usleep_range(unsigned long min, unsigned long max);
static inline void ssleep(unsigned int seconds) { msleep(seconds * 1000); }
/* Whichever of them suits the length. */
void fsleep(unsigned long us);

#endif
