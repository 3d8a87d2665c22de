/* SPDX-License-Identifier: MIT */
/* A clock that may be read anywhere: the one there is. */
#ifndef _LINUX_SCHED_CLOCK_H
#define _LINUX_SCHED_CLOCK_H

#include <linux/timekeeping.h>

static inline u64 sched_clock(void) { return ktime_get_ns(); }
static inline u64 local_clock(void) { return ktime_get_ns(); }

#endif
