/* SPDX-License-Identifier: MIT */
/* What time it is: since the boot, the same on all CPUs, never backwards. Any context. */
#ifndef _LINUX_TIMEKEEPING_H
#define _LINUX_TIMEKEEPING_H

#include <linux/ktime.h>

u64 ktime_get_ns(void);
static inline u64 ktime_get_boottime_ns(void) { return ktime_get_ns(); }
static inline u64 ktime_get_raw_ns(void) { return ktime_get_ns(); }
static inline u64 ktime_get_mono_fast_ns(void) { return ktime_get_ns(); }
static inline s64 ktime_get_seconds(void) { return (s64)(ktime_get_ns() / NSEC_PER_SEC); }
static inline ktime_t ktime_get_boottime(void) { return (ktime_t)ktime_get_ns(); }
static inline ktime_t ktime_get_raw(void) { return (ktime_t)ktime_get_ns(); }
static inline ktime_t ktime_get_coarse(void) { return (ktime_t)ktime_get_ns(); }
static inline ktime_t ktime_get(void) { return (ktime_t)ktime_get_ns(); }

#endif
