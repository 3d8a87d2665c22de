/* SPDX-License-Identifier: MIT */
/*
 * Time: reading it, waiting for it, sleeping through it.
 *
 * The one clock is the port's arch_ktime_ns(). jiffies are that clock in other units: nothing
 * counts them up, so they are right on every CPU, with interrupts off or with no tick.
 *
 * A sleeper is an hrtimer on its thread's stack, whose function wakes the thread. It is
 * started after the thread's state was set, so a timer that goes off at once is a wake-up
 * before schedule(), which then returns; and cancelled, which waits for the function, before
 * the stack goes on to be used for other things.
 */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <quarry/port.h>
#include <kernel/cpu.h>

#define NEVER (~0ULL)

u64 ktime_get_ns(void)
{
	return arch_ktime_ns();
}

u64 get_jiffies_64(void)
{
	return arch_ktime_ns() / NSEC_PER_JIFFY;
}

/* 1. Keeping busy */

static void delay(u64 ns)
{
	u64 start = arch_ktime_ns(), turns;

	/* A turn takes more than a nanosecond; so should the clock stand still, this ends. */
	for (turns = 0; turns < ns && arch_ktime_ns() - start < ns; turns++)
		port_relax();
}

void ndelay(unsigned long ns)
{
	delay(ns);
}

void udelay(unsigned long us)
{
	delay(us * NSEC_PER_USEC);
}

void mdelay(unsigned long ms)
{
	delay(ms * NSEC_PER_MSEC);
}

/* 2. Sleeping */

struct sleeper {
	struct hrtimer timer;
	struct task_struct *task;
};

static enum hrtimer_restart wake_sleeper(struct hrtimer *timer)
{
	struct sleeper *sleeper = container_of(timer, struct sleeper, timer);

	wake_up_process(sleeper->task);
	return HRTIMER_NORESTART;
}

/* Until that time, or until somebody wakes it, in the state that was set. */
static void sleep_until(u64 time)
{
	struct sleeper sleeper = { .task = current };

	hrtimer_init(&sleeper.timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	sleeper.timer.function = wake_sleeper;
	hrtimer_start(&sleeper.timer, (ktime_t)min_t(u64, time, KTIME_MAX), HRTIMER_MODE_ABS);
	schedule();
	hrtimer_cancel(&sleeper.timer);
}

/* A duration from now, or NEVER when there are no numbers for it. */
static u64 time_from_now(unsigned long n, u64 unit)
{
	u64 ns, end;

	if (__builtin_mul_overflow(n, unit, &ns) ||
	    __builtin_add_overflow(ns, arch_ktime_ns(), &end))
		return NEVER;
	return end;
}

long schedule_timeout(long timeout)
{
	u64 end, now;

	if (timeout == MAX_SCHEDULE_TIMEOUT) {
		schedule();
		return timeout;
	}
	if (WARN_ON(timeout < 0)) {
		__set_current_state(TASK_RUNNING);
		return 0;
	}
	end = time_from_now((unsigned long)timeout, NSEC_PER_JIFFY);
	sleep_until(end);
	now = arch_ktime_ns();
	/* In ticks of the clock: rounded up, a loop that is woken more often would never end. */
	return now >= end ? 0 : (long)(end / NSEC_PER_JIFFY - now / NSEC_PER_JIFFY);
}

long schedule_timeout_interruptible(long timeout)
{
	__set_current_state(TASK_INTERRUPTIBLE);
	return schedule_timeout(timeout);
}

long schedule_timeout_uninterruptible(long timeout)
{
	__set_current_state(TASK_UNINTERRUPTIBLE);
	return schedule_timeout(timeout);
}

static void sleep_through(u64 end)
{
	might_sleep();
	while (arch_ktime_ns() < end) {
		__set_current_state(TASK_UNINTERRUPTIBLE);
		sleep_until(end);
	}
}

void msleep(unsigned int ms)
{
	sleep_through(time_from_now(ms, NSEC_PER_MSEC));
}

unsigned long msleep_interruptible(unsigned int ms)
{
	u64 end = time_from_now(ms, NSEC_PER_MSEC), now;

	might_sleep();
	__set_current_state(TASK_INTERRUPTIBLE);
	sleep_until(end);
	now = arch_ktime_ns();
	return now >= end ? 0 : DIV_ROUND_UP(end - now, NSEC_PER_MSEC);
}

void usleep_range(unsigned long min, unsigned long max)
{
	sleep_through(time_from_now(min, NSEC_PER_USEC));
}

void fsleep(unsigned long us)
{
	if (us <= 10)
		udelay(us);
	else
		usleep_range(us, 2 * us);
}
