/* SPDX-License-Identifier: MIT */
/* So often and no more: at most `burst` times in `interval` jiffies. Any context. */
#ifndef _LINUX_RATELIMIT_H
#define _LINUX_RATELIMIT_H

#include <linux/jiffies.h>
#include <linux/types.h>

#define DEFAULT_RATELIMIT_INTERVAL (5 * HZ)
#define DEFAULT_RATELIMIT_BURST	   10

struct ratelimit_state {
	int interval, burst;	/* in jiffies; how often. Constant */
	unsigned long begin;	/* of the interval that is counted; 0: none yet */
	int count, missed;	/* in it */
};

#define RATELIMIT_STATE_INIT(name, time, nr) { .interval = (time), .burst = (nr) }
#define DEFINE_RATELIMIT_STATE(name, time, nr) \
	struct ratelimit_state name = RATELIMIT_STATE_INIT(name, time, nr)

static inline void ratelimit_state_init(struct ratelimit_state *rs, int interval, int burst)
{
	*rs = (struct ratelimit_state)RATELIMIT_STATE_INIT(*rs, interval, burst);
}

/* 1: go on; 0: too often. Says how many were left out when the next interval begins. */
int ___ratelimit(struct ratelimit_state *rs, const char *who);
#define __ratelimit(rs) ___ratelimit(rs, __func__)

#endif
