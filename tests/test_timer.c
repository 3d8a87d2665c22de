// SPDX-License-Identifier: MIT
/* Timers, in nanoseconds and in jiffies, and the tick. */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/irqflags.h>
#include <linux/timer.h>
#include <quarry/port.h>
#include "kernel/kernel.h"
#include "tests/threads.h"

#define NR_TIMERS 8

struct probe {
	struct hrtimer timer;
	u64 due, ran;		/* ns */
	atomic_t calls;
	unsigned int cpu;
	int again;
};

static enum hrtimer_restart note(struct hrtimer *timer)
{
	struct probe *p = container_of(timer, struct probe, timer);

	CHECK(in_hardirq());
	CHECK(irqs_disabled());
	p->ran = ktime_get_ns();
	p->cpu = smp_processor_id();
	atomic_inc_return(&p->calls);
	if (!p->again)
		return HRTIMER_NORESTART;
	p->again--;
	CHECK(hrtimer_forward_now(timer, 100000) >= 1);
	return HRTIMER_RESTART;
}

static void probe_start(struct probe *p, u64 from_now)
{
	hrtimer_init(&p->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	p->timer.function = note;
	p->due = ktime_get_ns() + from_now;
	hrtimer_start(&p->timer, (ktime_t)p->due, HRTIMER_MODE_ABS);
}

SELFTEST(timer, not_before_its_time)
{
	static struct probe probes[NR_TIMERS];

	memset(probes, 0, sizeof(probes));
	for (int i = 0; i < NR_TIMERS; i++)
		probe_start(&probes[i], 100000 + (u64)(i * 5 % NR_TIMERS) * 300000);
	for (int i = 0; i < NR_TIMERS; i++) {
		WAIT_UNTIL(atomic_read(&probes[i].calls));
		CHECK(!hrtimer_is_queued(&probes[i].timer));
		CHECK_EQ(hrtimer_cancel(&probes[i].timer), 0);
		CHECK(probes[i].ran >= probes[i].due);
		CHECK_EQ(atomic_read(&probes[i].calls), 1);
	}
}

SELFTEST(timer, what_is_past_runs_at_once)
{
	struct probe p = { .again = 0 };

	hrtimer_init(&p.timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	p.timer.function = note;
	hrtimer_start(&p.timer, -5, HRTIMER_MODE_ABS);
	WAIT_UNTIL(atomic_read(&p.calls) == 1);
	hrtimer_start(&p.timer, 0, HRTIMER_MODE_REL);
	WAIT_UNTIL(atomic_read(&p.calls) == 2);
	hrtimer_cancel(&p.timer);
}

SELFTEST(timer, cancelled_it_does_not_run)
{
	struct probe p = { .again = 0 };
	unsigned long flags;

	/* Interrupts are off, so that it cannot run before it is cancelled. */
	local_irq_save(flags);
	probe_start(&p, NSEC_PER_MSEC);
	CHECK(hrtimer_is_queued(&p.timer));
	CHECK_EQ(hrtimer_try_to_cancel(&p.timer), 1);
	CHECK_EQ(hrtimer_try_to_cancel(&p.timer), 0);
	CHECK_EQ(hrtimer_cancel(&p.timer), 0);
	probe_start(&p, NSEC_PER_MSEC);
	hrtimer_start(&p.timer, 1000 * NSEC_PER_SEC, HRTIMER_MODE_REL);	/* later than before */
	local_irq_restore(flags);
	msleep(3);
	CHECK_EQ(atomic_read(&p.calls), 0);
	CHECK_EQ(hrtimer_cancel(&p.timer), 1);
}

SELFTEST(timer, goes_on_by_itself)
{
	struct probe p = { .again = 4 };

	probe_start(&p, 1000);
	WAIT_UNTIL(atomic_read(&p.calls) == 5);
	CHECK_EQ(hrtimer_cancel(&p.timer), 0);
}

SELFTEST(timer, forward_lands_behind_now)
{
	struct hrtimer timer;
	u64 now = ktime_get_ns();

	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	timer.node.expires = now - 1000;
	CHECK(hrtimer_forward_now(&timer, 300) >= 4);
	CHECK(timer.node.expires > now);
	CHECK_EQ((timer.node.expires - (now - 1000)) % 300, 0);
	timer.node.expires = now + NSEC_PER_SEC * 100;
	CHECK_EQ(hrtimer_forward_now(&timer, 300), 0);
}

static void start_here(void *arg)
{
	probe_start(arg, 200000);
	WAIT_UNTIL(atomic_read(&((struct probe *)arg)->calls));
	CHECK_EQ(((struct probe *)arg)->cpu, smp_processor_id());
	hrtimer_cancel(&((struct probe *)arg)->timer);
}

SELFTEST(timer, runs_on_the_cpu_that_started_it)
{
	struct test_thread thread;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		struct probe p = { .cpu = NR_CPUS };

		test_thread_start(&thread, (int)cpu, start_here, &p);
		test_thread_join(&thread);
	}
}

/* ---- Starting and cancelling from everywhere ---- */

static struct probe shared;

static void meddle(void *rounds)
{
	u64 state = (u64)(unsigned long)&rounds | 1;

	for (unsigned long i = 0; i < (unsigned long)rounds; i++) {
		u64 random = selftest_random_step(&state);

		if (random % 4 == 0)
			hrtimer_cancel(&shared.timer);
		else
			hrtimer_start(&shared.timer, (ktime_t)(random % 50000), HRTIMER_MODE_REL);
		if (random % 32 == 0)
			usleep_range(20, 40);
	}
}

SELFTEST(timer, one_timer_for_all_cpus)
{
	static struct test_thread threads[NR_CPUS];
	unsigned long rounds = selftest_scaled(2000 / num_online_cpus());
	unsigned int cpu;
	int calls;

	memset(&shared, 0, sizeof(shared));
	hrtimer_init(&shared.timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	shared.timer.function = note;
	for_each_online_cpu(cpu)
		test_thread_start(&threads[cpu], (int)cpu, meddle, (void *)rounds);
	for_each_online_cpu(cpu)
		test_thread_join(&threads[cpu]);
	hrtimer_cancel(&shared.timer);
	calls = atomic_read(&shared.calls);
	msleep(1);
	CHECK_EQ(atomic_read(&shared.calls), calls);
	CHECK(!hrtimer_is_queued(&shared.timer));
}

static enum hrtimer_restart too_eager(struct hrtimer *timer)
{
	struct probe *p = container_of(timer, struct probe, timer);

	/* Restarted for a time that has passed: due again at once. */
	return atomic_inc_return(&p->calls) < 2500 ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

SELFTEST(timer, one_that_is_always_due_does_not_stop_the_cpu)
{
	struct probe p = { .again = 0 };

	hrtimer_init(&p.timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	p.timer.function = too_eager;
	hrtimer_start(&p.timer, 0, HRTIMER_MODE_ABS);
	WAIT_UNTIL(atomic_read(&p.calls) == 2500);
	hrtimer_cancel(&p.timer);
}

static enum hrtimer_restart cancels_itself(struct hrtimer *timer)
{
	hrtimer_cancel(timer);
	atomic_inc(&container_of(timer, struct probe, timer)->calls);
	return HRTIMER_NORESTART;
}

SELFTEST(timer, waiting_for_itself_is_reported)
{
	struct probe p = { .again = 0 };

	selftest_expect_warnings(1);
	hrtimer_init(&p.timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	p.timer.function = cancels_itself;
	hrtimer_start(&p.timer, 1000, HRTIMER_MODE_REL);
	WAIT_UNTIL(atomic_read(&p.calls) == 1);
	hrtimer_cancel(&p.timer);
}

/* ---- In jiffies ---- */

struct jiffy_probe {
	struct timer_list timer;
	atomic_t calls;
	u64 ran;
	int again;
};

static void note_jiffies(struct timer_list *timer)
{
	struct jiffy_probe *p = from_timer(p, timer, timer);

	CHECK(in_interrupt());
	p->ran = ktime_get_ns();
	if (p->again-- > 0)
		mod_timer(timer, jiffies + 1);
	atomic_inc_return(&p->calls);
}

SELFTEST(timer, in_jiffies)
{
	struct jiffy_probe p = { .again = 2 };
	unsigned long due = jiffies + 1;

	timer_setup(&p.timer, note_jiffies, 0);
	CHECK(!timer_pending(&p.timer));
	CHECK_EQ(mod_timer(&p.timer, due), 0);
	CHECK(timer_pending(&p.timer));
	WAIT_UNTIL(atomic_read(&p.calls) == 3);
	CHECK(p.ran >= (due + 2) * NSEC_PER_JIFFY);
	CHECK_EQ(del_timer_sync(&p.timer), 0);
	p.timer.expires = jiffies + 1000;
	add_timer(&p.timer);
	CHECK_EQ(mod_timer(&p.timer, jiffies + 2000), 1);
	CHECK_EQ(del_timer(&p.timer), 1);
	CHECK_EQ(del_timer(&p.timer), 0);
	CHECK_EQ(mod_timer(&p.timer, jiffies + MAX_JIFFY_OFFSET), 0);
	CHECK_EQ(del_timer_sync(&p.timer), 1);
}

/* So that what its function set going can be waited for, and then the timer freed. */
SELFTEST(timer, shut_down_it_is_not_set_again)
{
	struct jiffy_probe p = { .again = 0 };

	timer_setup(&p.timer, note_jiffies, 0);
	CHECK_EQ(timer_shutdown_sync(&p.timer), 0);
	timer_setup(&p.timer, note_jiffies, 0);
	mod_timer(&p.timer, jiffies + 1000 * HZ);
	CHECK_EQ(timer_shutdown(&p.timer), 1);
	CHECK_EQ(mod_timer(&p.timer, jiffies), 0);
	CHECK(!timer_pending(&p.timer));
	p.timer.expires = jiffies;
	add_timer(&p.timer);
	msleep(3);
	CHECK_EQ(atomic_read(&p.calls), 0);
	CHECK_EQ(del_timer_sync(&p.timer), 0);
	timer_setup(&p.timer, note_jiffies, 0);
	mod_timer(&p.timer, jiffies);
	WAIT_UNTIL(atomic_read(&p.calls) == 1);
	del_timer_sync(&p.timer);
}

SELFTEST(timer, one_that_sets_itself_is_shut_down)
{
	struct jiffy_probe p = { .again = 1000000 };
	int calls;

	timer_setup(&p.timer, note_jiffies, 0);
	mod_timer(&p.timer, jiffies);
	WAIT_UNTIL(atomic_read(&p.calls) >= 2);
	timer_shutdown_sync(&p.timer);
	calls = atomic_read(&p.calls);
	CHECK(!timer_pending(&p.timer));
	msleep(3);
	CHECK_EQ(atomic_read(&p.calls), calls);
}

static atomic_t past_runs;

static void count_past(struct timer_list *timer)
{
	atomic_inc(&past_runs);
}

/* Also before the boot, where jiffies would be below 0. */
SELFTEST(timer, a_time_that_has_passed_is_now)
{
	struct timer_list timer;

	atomic_set(&past_runs, 0);
	timer_setup(&timer, count_past, 0);
	mod_timer(&timer, jiffies - 1);
	WAIT_UNTIL(atomic_read(&past_runs) == 1);
	mod_timer(&timer, -100UL);
	WAIT_UNTIL(atomic_read(&past_runs) == 2);
	mod_timer(&timer, jiffies - (1UL << 62));
	WAIT_UNTIL(atomic_read(&past_runs) == 3);
	CHECK_EQ(try_to_del_timer_sync(&timer), 0);
}

/* As drivers up to Linux 4.14 have it: the function gets a number. */
static unsigned long data_seen;

static void see_data(unsigned long data)
{
	WRITE_ONCE(data_seen, data);
}

static DEFINE_TIMER(new_static, count_past);
static DEFINE_TIMER(old_static, see_data, 0, 17);

SELFTEST(timer, old_and_new_forms)
{
	struct timer_list timer;

	atomic_set(&past_runs, 0);
	mod_timer(&new_static, jiffies + 1);
	WAIT_UNTIL(atomic_read(&past_runs) == 1);
	mod_timer(&old_static, jiffies);
	WAIT_UNTIL(READ_ONCE(data_seen) == 17);
	setup_timer(&timer, see_data, 18);
	mod_timer(&timer, jiffies);
	WAIT_UNTIL(READ_ONCE(data_seen) == 18);
	del_timer_sync(&timer);
	init_timer(&timer);
	timer.function = (void *)see_data;
	timer.data = 19;
	timer.expires = jiffies + 1;
	add_timer(&timer);
	WAIT_UNTIL(READ_ONCE(data_seen) == 19);
	CHECK_EQ(timer_delete_sync(&timer) + timer_delete_sync(&new_static) +
		 timer_delete_sync(&old_static), 0);
}

/* The tick asks a thread that keeps the CPU to give way to those that wait. */
static void nothing(void *unused) { }

SELFTEST(timer, the_tick_asks_to_give_way)
{
	struct test_thread threads[2];
	u64 start;

	test_thread_start(&threads[0], 0, nothing, NULL);
	test_thread_start(&threads[1], 0, nothing, NULL);
	this_cpu_write(need_resched_var, false);
	start = ktime_get_ns();
	while (!need_resched() && ktime_get_ns() - start < 10 * NSEC_PER_SEC)
		port_relax();
	CHECK(need_resched());
	for (int i = 0; i < 2; i++)
		test_thread_join(&threads[i]);
}
