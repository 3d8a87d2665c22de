/* SPDX-License-Identifier: MIT */
/* A function called in an interrupt of this CPU. */
#ifndef TESTS_INTERRUPTION_H
#define TESTS_INTERRUPTION_H

#include <linux/hrtimer.h>
#include <linux/kernel.h>

struct interruption {
	struct hrtimer timer;
	void (*fn)(void *arg);
	void *arg;
	unsigned int done;
};

static inline enum hrtimer_restart interruption_run(struct hrtimer *timer)
{
	struct interruption *in = container_of(timer, struct interruption, timer);

	in->fn(in->arg);
	__atomic_store_n(&in->done, 1, __ATOMIC_RELEASE);
	return HRTIMER_NORESTART;
}

/* Calls fn(arg) there, and waits for it, without sleeping. Interrupts are on. */
static inline void in_an_interrupt(void (*fn)(void *), void *arg)
{
	struct interruption in = { .fn = fn, .arg = arg };

	hrtimer_init(&in.timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	in.timer.function = interruption_run;
	hrtimer_start(&in.timer, 1000, HRTIMER_MODE_REL);
	while (!__atomic_load_n(&in.done, __ATOMIC_ACQUIRE))
		port_relax();
	hrtimer_cancel(&in.timer);
}

#endif
