// SPDX-License-Identifier: MIT
/* The clock, jiffies, delays and sleep. */
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/smp.h>
#include "tests/threads.h"

SELFTEST(time, never_goes_backwards)
{
	u64 last = ktime_get_ns(), now;

	for (int i = 0; i < 10000; i++, last = now) {
		now = ktime_get_ns();
		if (!CHECK(now >= last))
			break;
	}
}

static void note_time(void *arg)
{
	*(u64 *)arg = ktime_get_ns();
}

SELFTEST(time, is_the_same_on_all_cpus)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		u64 before = ktime_get_ns(), there = 0, after;

		CHECK_EQ(smp_call_function_single((int)cpu, note_time, &there, true), 0);
		after = ktime_get_ns();
		CHECK(there >= before);
		CHECK(there <= after);
	}
}

SELFTEST(time, jiffies_are_the_clock)
{
	unsigned long flags, start = jiffies;

	CHECK(start <= ktime_get_ns() / NSEC_PER_JIFFY);
	local_irq_save(flags);
	mdelay(9);		/* no interrupt counts them up */
	CHECK(time_after_eq(jiffies, start + 2));
	local_irq_restore(flags);
	CHECK(time_is_before_jiffies(start));
	CHECK(time_is_after_jiffies(jiffies + 1000));
}

SELFTEST(time, comparisons_survive_a_wrap)
{
	CHECK(time_after(5UL, ~0UL - 5));
	CHECK(time_before(~0UL - 5, 5UL));
	CHECK(time_after_eq(5UL, 5UL));
	CHECK(time_before_eq(5UL, 5UL));
	CHECK(!time_after(5UL, 5UL));
	CHECK(time_in_range(1UL, ~0UL, 2UL));
	CHECK(!time_in_range(3UL, ~0UL, 2UL));
}

SELFTEST(time, conversions_round_timeouts_up)
{
	CHECK_EQ(msecs_to_jiffies(0), 0);
	CHECK_EQ(msecs_to_jiffies(1), 1);
	CHECK_EQ(msecs_to_jiffies(4), 1);
	CHECK_EQ(msecs_to_jiffies(5), 2);
	CHECK_EQ(msecs_to_jiffies(~0U), 1073741824);
	CHECK_EQ(usecs_to_jiffies(1), 1);
	CHECK_EQ(usecs_to_jiffies(4001), 2);
	CHECK_EQ(nsecs_to_jiffies(7999999), 1);
	CHECK_EQ(jiffies_to_msecs(250), 1000);
	CHECK_EQ(jiffies_to_usecs(1), 4000);
	CHECK_EQ(jiffies_to_nsecs(2), 8000000);
	CHECK_EQ(ktime_set(2, 5), 2000000005);
	CHECK_EQ(ktime_set(KTIME_MAX, 0), KTIME_MAX);
	CHECK_EQ(ktime_us_delta(5000, 2000), 3);
	CHECK_EQ(ktime_to_ms(ktime_add_ms(0, 7)), 7);
	CHECK(ktime_before(1, 2) && ktime_after(2, 1) && ktime_compare(3, 3) == 0);
}

/* At least as long as named. How much longer depends on who else wants the host's CPUs. */
#define AT_LEAST(ns, call) do { \
	u64 _start = ktime_get_ns(); \
	call; \
	CHECK(ktime_get_ns() - _start >= (ns)); \
} while (0)

SELFTEST(time, delays_are_long_enough)
{
	AT_LEAST(700, ndelay(700));
	AT_LEAST(50000, udelay(50));
	AT_LEAST(2000000, mdelay(2));
	ndelay(0);
	udelay(0);
	preempt_disable();
	AT_LEAST(50000, udelay(50));
	preempt_enable();
}

SELFTEST(time, sleeps_are_long_enough)
{
	AT_LEAST(1000000, msleep(1));
	AT_LEAST(6000000, msleep(6));
	AT_LEAST(30000, usleep_range(30, 60));
	AT_LEAST(5000, fsleep(5));
	AT_LEAST(50000, fsleep(50));
	AT_LEAST(3000000, CHECK_EQ(msleep_interruptible(3), 0));
	AT_LEAST(NSEC_PER_JIFFY, CHECK_EQ(schedule_timeout_uninterruptible(1), 0));
	AT_LEAST(2 * NSEC_PER_JIFFY, CHECK_EQ(schedule_timeout_interruptible(2), 0));
	CHECK_EQ(schedule_timeout_uninterruptible(0), 0);
	msleep(0);
}

/* The clock that the test reads and the one that the timer counts agree within a factor of 2. */
SELFTEST(time, sleeps_end)
{
	u64 best = ~0ULL;

	for (int i = 0; i < 5; i++) {
		u64 start = ktime_get_ns();

		msleep(4);
		best = min(best, ktime_get_ns() - start);
	}
	CHECK(best < 400000000);
	printk("msleep(4) took %llu ns at best\n", best);
}

static void wake_soon(void *task)
{
	WAIT_UNTIL(READ_ONCE(((struct task_struct *)task)->__state) != TASK_RUNNING);
	wake_up_process(task);
}

SELFTEST(time, who_is_woken_early_hears_how_much_is_left)
{
	struct test_thread thread;
	long left;

	set_current_state(TASK_INTERRUPTIBLE);
	wake_up_process(current);
	CHECK(schedule_timeout(1000) > 0);
	test_thread_start(&thread, ANY_CPU, wake_soon, current);
	left = schedule_timeout_interruptible(10000);
	CHECK(left > 0 && left <= 10000);
	test_thread_join(&thread);
	test_thread_start(&thread, ANY_CPU, wake_soon, current);
	CHECK(msleep_interruptible(100000) > 0);
	test_thread_join(&thread);
}

SELFTEST(time, without_end_it_waits_for_a_wake_up)
{
	struct test_thread thread;

	test_thread_start(&thread, ANY_CPU, wake_soon, current);
	set_current_state(TASK_UNINTERRUPTIBLE);
	CHECK_EQ(schedule_timeout(MAX_SCHEDULE_TIMEOUT), MAX_SCHEDULE_TIMEOUT);
	test_thread_join(&thread);
	test_thread_start(&thread, ANY_CPU, wake_soon, current);
	CHECK(schedule_timeout_uninterruptible(MAX_SCHEDULE_TIMEOUT - 1) > 1L << 40);
	test_thread_join(&thread);
}

SELFTEST(time, a_negative_timeout_is_reported)
{
	selftest_expect_warnings(1);
	set_current_state(TASK_INTERRUPTIBLE);
	CHECK_EQ(schedule_timeout(-1), 0);
	CHECK_EQ(get_current_state(), TASK_RUNNING);
}

static void sleep_long(void *unused)
{
	msleep(100);
}

/* Many sleepers at once take as long as one. */
SELFTEST(time, sleepers_do_not_wait_for_one_another)
{
	struct test_thread threads[20];
	u64 start = ktime_get_ns();

	for (int i = 0; i < 20; i++)
		test_thread_start(&threads[i], 0, sleep_long, NULL);
	for (int i = 0; i < 20; i++)
		test_thread_join(&threads[i]);
	CHECK(ktime_get_ns() - start < 1900 * NSEC_PER_MSEC);
}
