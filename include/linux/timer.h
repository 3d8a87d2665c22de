/* SPDX-License-Identifier: MIT */
/*
 * A function called once, in an interrupt, when jiffies reach a value. Any context may set
 * and delete a timer, the function itself too. See kernel/timer.c.
 *
 * Linux calls it in a soft interrupt, which local_bh_disable() and the _bh forms of locks keep
 * away: so it is here. It begins with interrupts off, and may let them in (spin_unlock_irq()).
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
	unsigned long data;	/* for a function of before Linux 4.15, which gets it instead */
	u32 flags;
};

#define TIMER_GETS_DATA	 0x1	/* the function is one of those */
#define TIMER_DEFERRABLE 0	/* timers are exact: there is nothing to choose */
#define TIMER_PINNED	 0	/* and never move */
#define TIMER_IRQSAFE	 0	/* functions begin with interrupts off anyway */

/* What timers made by the compiler begin as. */
enum hrtimer_restart __timer_list_run(struct hrtimer *hrtimer);
extern struct timer_base __timer_base_of_cpu_0;
#define __TIMER_LIST(fn, time, arg, how) { \
	.hrtimer = { .function = __timer_list_run, .base = &__timer_base_of_cpu_0 }, \
	.expires = (time), .function = (fn), \
	.data = (arg), .flags = (how) }

/* DEFINE_TIMER(name, function), or up to Linux 4.14 (name, function, expires, data). */
#define __DEFINE_TIMER_2(name, fn) \
	struct timer_list name = __TIMER_LIST(fn, 0, 0, 0)
#define __DEFINE_TIMER_4(name, fn, time, arg) \
	struct timer_list name = __TIMER_LIST((void *)(fn), time, arg, TIMER_GETS_DATA)
#define __DEFINE_TIMER_N(a, b, c, d, form, ...) form
#define DEFINE_TIMER(...) __DEFINE_TIMER_N(__VA_ARGS__, __DEFINE_TIMER_4, , \
					   __DEFINE_TIMER_2)(__VA_ARGS__)

#define from_timer(var, timer, member) container_of(timer, __typeof__(*(var)), member)
#define timer_container_of(var, timer, member) from_timer(var, timer, member)

void timer_setup(struct timer_list *timer, void (*function)(struct timer_list *), u32 flags);
#define timer_setup_on_stack(timer, function, flags) timer_setup(timer, function, flags)
#define destroy_timer_on_stack(timer)		     do { (void)(timer); } while (0)

/* The form of before Linux 4.15: then the owner sets function (which gets data), data, expires. */
static inline void init_timer(struct timer_list *timer)
{
	timer_setup(timer, NULL, TIMER_GETS_DATA);
}

#define setup_timer(timer, fn, arg) do { \
	struct timer_list *_t = (timer); \
	timer_setup(_t, (void *)(fn), TIMER_GETS_DATA); \
	_t->data = (arg); \
} while (0)

/*
 * Sets or moves it; 1 if it was set before. The function runs on this CPU. A time that has
 * passed is now.
 */
int mod_timer(struct timer_list *timer, unsigned long expires);
void add_timer(struct timer_list *timer);
/* 1 if it was set. The function may still be running elsewhere; _sync waits until it is not. */
int del_timer(struct timer_list *timer);
int del_timer_sync(struct timer_list *timer);
/* As these, and whoever sets it from now on sets nothing, until timer_setup(). */
int timer_shutdown(struct timer_list *timer);
int timer_shutdown_sync(struct timer_list *timer);
/* -1 where it runs, and then changes nothing. */
int try_to_del_timer_sync(struct timer_list *timer);
#define timer_delete(timer)	      del_timer(timer)
#define timer_delete_sync(timer)      del_timer_sync(timer)
#define del_singleshot_timer_sync(timer) del_timer_sync(timer)

static inline bool timer_pending(const struct timer_list *timer)
{
	return hrtimer_is_queued(&timer->hrtimer);
}

#endif
