/* SPDX-License-Identifier: MIT */
/* What time it is: since the boot, the same on all CPUs, never backwards. Any context. */
#ifndef _LINUX_TIMEKEEPING_H
#define _LINUX_TIMEKEEPING_H

#include <linux/ktime.h>

u64 ktime_get_ns(void);
static inline ktime_t ktime_get(void) { return (ktime_t)ktime_get_ns(); }

#endif
