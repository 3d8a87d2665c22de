/* SPDX-License-Identifier: MIT */
/*
 * A function called once, or again and again, in an interrupt, at a time in nanoseconds. Any
 * context may start and cancel a timer, the function itself too. See kernel/timer.c.
 */
#ifndef _LINUX_HRTIMER_H
#define _LINUX_HRTIMER_H

#include <linux/compiler.h>
#include <linux/ktime.h>
#include <linux/types.h>

enum hrtimer_restart { HRTIMER_NORESTART, HRTIMER_RESTART };
enum hrtimer_mode { HRTIMER_MODE_ABS, HRTIMER_MODE_REL };

#define CLOCK_MONOTONIC 1

/* A place in a heap of timers: see kernel/timer_heap.h. */
struct timer_node {
	u64 expires;		/* ns since the boot */
	struct timer_node *child, *next, *prev;
};

struct timer_base;

struct hrtimer {
	struct timer_node node;
	enum hrtimer_restart (*function)(struct hrtimer *timer);
	struct timer_base *base; /* of the CPU it was started on last; its lock guards this */
	bool queued;
	bool deferred;		/* queued, and due, but what runs there keeps it away */
	bool shut_down;		/* and so never queued again */
};

/* The caller sets timer->function afterwards. `clock` is CLOCK_MONOTONIC. */
void hrtimer_init(struct hrtimer *timer, int clock, enum hrtimer_mode mode);
/* Starts it, or starts it anew, on this CPU. */
void hrtimer_start(struct hrtimer *timer, ktime_t time, enum hrtimer_mode mode);
/* 1: it was queued, and is not; 0: it was not; -1: its function is running. Any context. */
int hrtimer_try_to_cancel(struct hrtimer *timer);
/* Waits for the function to end; not from within it, nor under a lock that it takes. */
int hrtimer_cancel(struct hrtimer *timer);
/* Moves the time by as many intervals as bring it behind now; returns how many. Not queued. */
u64 hrtimer_forward_now(struct hrtimer *timer, ktime_t interval);

static inline bool hrtimer_is_queued(const struct hrtimer *timer)
{
	return READ_ONCE(timer->queued);
}

#endif
