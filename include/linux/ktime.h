/* SPDX-License-Identifier: MIT */
/* Points in time and durations: nanoseconds, signed. */
#ifndef _LINUX_KTIME_H
#define _LINUX_KTIME_H

#include <linux/types.h>

#define NSEC_PER_USEC 1000L
#define NSEC_PER_MSEC 1000000L
#define NSEC_PER_SEC  1000000000L
#define USEC_PER_MSEC 1000L
#define USEC_PER_SEC  1000000L
#define MSEC_PER_SEC  1000L

typedef s64 ktime_t;

#define KTIME_MAX ((s64)(~0ULL >> 1))

static inline ktime_t ktime_set(s64 secs, unsigned long nsecs)
{
	return secs >= KTIME_MAX / NSEC_PER_SEC ? KTIME_MAX : secs * NSEC_PER_SEC + (s64)nsecs;
}

static inline ktime_t ns_to_ktime(u64 ns) { return (ktime_t)ns; }
static inline ktime_t us_to_ktime(u64 us) { return (ktime_t)(us * NSEC_PER_USEC); }
static inline ktime_t ms_to_ktime(u64 ms) { return (ktime_t)(ms * NSEC_PER_MSEC); }
static inline s64 ktime_to_ns(ktime_t t) { return t; }
static inline s64 ktime_to_us(ktime_t t) { return t / NSEC_PER_USEC; }
static inline s64 ktime_to_ms(ktime_t t) { return t / NSEC_PER_MSEC; }
#define ktime_add(a, b)	     ((a) + (b))
#define ktime_sub(a, b)	     ((a) - (b))
#define ktime_add_ns(t, ns)  ((t) + (s64)(ns))
#define ktime_add_us(t, us)  ((t) + (s64)(us) * NSEC_PER_USEC)
#define ktime_add_ms(t, ms)  ((t) + (s64)(ms) * NSEC_PER_MSEC)
#define ktime_sub_ns(t, ns)  ((t) - (s64)(ns))
#define ktime_sub_us(t, us)  ((t) - (s64)(us) * NSEC_PER_USEC)
#define ktime_sub_ms(t, ms)  ((t) - (s64)(ms) * NSEC_PER_MSEC)
#define ktime_divns(t, n)    ((t) / (s64)(n))
#define ktime_us_delta(a, b) ktime_to_us(ktime_sub(a, b))
#define ktime_ms_delta(a, b) ktime_to_ms(ktime_sub(a, b))
static inline int ktime_compare(ktime_t a, ktime_t b) { return (a > b) - (a < b); }
static inline bool ktime_after(ktime_t a, ktime_t b) { return a > b; }
static inline bool ktime_before(ktime_t a, ktime_t b) { return a < b; }

#include <linux/timekeeping.h>

#endif
