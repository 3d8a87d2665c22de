/* SPDX-License-Identifier: MIT */
/*
 * Time in units of 1/HZ seconds since the boot. `jiffies` is read off the clock, so it goes
 * on in any context, interrupts off or not, and never wraps.
 */
#ifndef _LINUX_JIFFIES_H
#define _LINUX_JIFFIES_H

#include <linux/types.h>

#define HZ 250
#define NSEC_PER_JIFFY	 (1000000000UL / HZ)
#define MAX_JIFFY_OFFSET ((~0UL >> 1) - 1)

u64 get_jiffies_64(void);
#define jiffies ((unsigned long)get_jiffies_64())

/* Rounded up, and at most MAX_JIFFY_OFFSET, so that a timeout is never too short. */
static inline unsigned long msecs_to_jiffies(unsigned int ms)
{
	return (ms + 1000UL / HZ - 1) / (1000 / HZ);
}

static inline unsigned long usecs_to_jiffies(unsigned int us)
{
	return (us + 1000000UL / HZ - 1) / (1000000 / HZ);
}

/* Rounded down. */
static inline unsigned long nsecs_to_jiffies(u64 ns) { return ns / NSEC_PER_JIFFY; }

static inline unsigned int jiffies_to_msecs(unsigned long j)
{
	return (unsigned int)(j * (1000 / HZ));
}

static inline unsigned int jiffies_to_usecs(unsigned long j)
{
	return (unsigned int)(j * (1000000 / HZ));
}

static inline u64 jiffies_to_nsecs(unsigned long j) { return j * NSEC_PER_JIFFY; }

#define time_after(a, b)	((long)((unsigned long)(b) - (unsigned long)(a)) < 0)
#define time_before(a, b)	time_after(b, a)
#define time_after_eq(a, b)	((long)((unsigned long)(a) - (unsigned long)(b)) >= 0)
#define time_before_eq(a, b)	time_after_eq(b, a)
#define time_in_range(a, b, c)	(time_after_eq(a, b) && time_before_eq(a, c))
#define time_is_before_jiffies(a) time_after(jiffies, a)
#define time_is_after_jiffies(a)  time_before(jiffies, a)

#endif
