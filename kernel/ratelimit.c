/* SPDX-License-Identifier: MIT */
/*
 * Limits on how often something is done. An interval begins with the first call after the one
 * before has ended, so bursts are counted from where they begin.
 *
 * Locks: none: fields are changed by single atomic operations. Where two CPUs begin an interval
 * at once, one of them does, and the other counts in it; a count may be off by the calls that
 * come at that very moment.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/ratelimit.h>

static bool begin_interval(struct ratelimit_state *rs, unsigned long now, int *missed)
{
	unsigned long begin = READ_ONCE(rs->begin);

	if (begin && now - begin < (unsigned long)rs->interval)
		return false;
	/* 0 stands for none: so jiffies 0 counts as 1. */
	if (!__atomic_compare_exchange_n(&rs->begin, &begin, now ? now : 1, false,
					 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return false;
	__atomic_store_n(&rs->count, 0, __ATOMIC_RELAXED);
	*missed = __atomic_exchange_n(&rs->missed, 0, __ATOMIC_RELAXED);
	return true;
}

int ___ratelimit(struct ratelimit_state *rs, const char *who)
{
	int missed = 0;

	if (!rs->interval)
		return 1;
	begin_interval(rs, jiffies, &missed);
	if (missed)
		pr_warn("%s: %d calls suppressed\n", who, missed);
	if (__atomic_fetch_add(&rs->count, 1, __ATOMIC_RELAXED) < rs->burst)
		return 1;
	__atomic_fetch_add(&rs->missed, 1, __ATOMIC_RELAXED);
	return 0;
}
