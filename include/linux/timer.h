/* SPDX-License-Identifier: MIT */
/*
 * A function called once, in an interrupt, when jiffies reach a value. Any context may set
 * and delete a timer, the function itself too. See kernel/timer.c.
 */
#ifndef _LINUX_TIMER_H
#define _LINUX_TIMER_H

#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>

struct timer_list {
	struct hrtimer hrtimer;
	unsigned long expires;	/* jiffies; add_timer() reads it */
	void (*function)(struct timer_list *timer);
};

#define from_timer(var, timer, member) container_of(timer, __typeof__(*(var)), member)

/* `flags`: none exist. */
void timer_setup(struct timer_list *timer, void (*function)(struct timer_list *), u32 flags);
/* Sets or moves it; 1 if it was set before. The function runs on this CPU. */
int mod_timer(struct timer_list *timer, unsigned long expires);
void add_timer(struct timer_list *timer);
/* 1 if it was set. The function may still be running elsewhere; _sync waits until it is not. */
int del_timer(struct timer_list *timer);
int del_timer_sync(struct timer_list *timer);
#define timer_delete(timer)	 del_timer(timer)
#define timer_delete_sync(timer) del_timer_sync(timer)

static inline bool timer_pending(const struct timer_list *timer)
{
	return hrtimer_is_queued(&timer->hrtimer);
}

#endif
