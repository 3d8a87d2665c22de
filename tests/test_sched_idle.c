/* SPDX-License-Identifier: MIT */
/* Nobody waits behind a thread that stays while a CPU idles. */
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <quarry/port.h>
#include "tests/threads.h"

#define PATIENCE (2 * NSEC_PER_SEC)

/* Stays on its CPU until it is told to go. */
struct stayer {
	bool there, go;
};

static void stay(void *arg)
{
	struct stayer *stayer = arg;
	u64 start = ktime_get_ns();

	WRITE_ONCE(stayer->there, true);
	while (!READ_ONCE(stayer->go) && ktime_get_ns() - start < 5 * PATIENCE)
		port_relax();
}

static void count(void *arg)
{
	++*(int *)arg;
}

static void note(void *ran)
{
	WRITE_ONCE(*(bool *)ran, true);
}

static bool becomes_true_within(const bool *flag, u64 ns)
{
	u64 start = ktime_get_ns();

	while (!READ_ONCE(*flag) && ktime_get_ns() - start < ns)
		port_relax();
	return READ_ONCE(*flag);
}

static bool becomes_true(const bool *flag)
{
	return becomes_true_within(flag, 2 * PATIENCE);
}

static struct cpumask mask_of(int a, int b)
{
	struct cpumask mask = { { 0 } };

	cpumask_set_cpu((unsigned int)a, &mask);
	cpumask_set_cpu((unsigned int)b, &mask);
	return mask;
}

/* The same as test_thread_start(), for two CPUs. */
static void start_on(struct test_thread *t, int a, int b, void (*fn)(void *), void *arg)
{
	struct cpumask mask = mask_of(a, b);

	t->fn = fn;
	t->arg = arg;
	init_completion(&t->done);
	t->task = kthread_create(test_thread_main, t, "test/%d+%d", a, b);
	if (!CHECK(!IS_ERR(t->task))) {
		t->task = NULL;
		return;
	}
	CHECK_EQ(set_cpus_allowed_ptr(t->task, &mask), 0);
	get_task_struct(t->task);
	wake_up_process(t->task);
}

/*
 * CPU a has the longest queue, of threads that b may not run; c has one that b may. When b
 * runs out of work, it finds that one.
 */
SELFTEST(sched_idle, an_idle_cpu_looks_beyond_the_longest_queue)
{
	struct stayer on_b = { false, false }, on_c = { false, false };
	bool ran[3] = { false, false, false };
	struct test_thread stayers[2], fillers[6], waiters[3];
	int a = test_cpu(0), b = test_cpu(1), c = test_cpu(2), none = 0;

	if (num_online_cpus() < 3)
		SKIP("fewer than three CPUs");
	test_thread_start(&stayers[0], b, stay, &on_b);
	test_thread_start(&stayers[1], c, stay, &on_c);
	CHECK(becomes_true(&on_b.there) && becomes_true(&on_c.there));
	for (int i = 0; i < 6; i++)
		test_thread_start(&fillers[i], b, count, &none);
	start_on(&waiters[0], b, c, note, &ran[0]);
	start_on(&waiters[1], a, c, note, &ran[1]);
	start_on(&waiters[2], a, c, note, &ran[2]);
	WRITE_ONCE(on_b.go, true);
	CHECK(becomes_true(&ran[0]));
	WRITE_ONCE(on_c.go, true);
	for (int i = 0; i < 6; i++)
		test_thread_join(&fillers[i]);
	for (int i = 0; i < 3; i++)
		test_thread_join(&waiters[i]);
	for (int i = 0; i < 2; i++)
		test_thread_join(&stayers[i]);
}

struct deference {
	int here, elsewhere;
	struct task_struct *stayer;
	unsigned int came_back_on;
	u64 away;		/* ns */
	struct completion came_back;
};

static void give_way_to_stayer(void *arg)
{
	struct deference *d = arg;
	struct cpumask here = mask_of(d->here, d->here), both = mask_of(d->here, d->elsewhere);

	CHECK_EQ(set_cpus_allowed_ptr(current, &here), 0);
	CHECK_EQ(set_cpus_allowed_ptr(current, &both), 0);
	mdelay(20);	/* the other CPU has no tick any more */
	wake_up_process(d->stayer);
	d->away = ktime_get_ns();
	yield();
	d->away = ktime_get_ns() - d->away;
	d->came_back_on = smp_processor_id();
	complete(&d->came_back);
}

static int stay_main(void *stayer)
{
	stay(stayer);
	return 0;
}

/* A thread gives way to one that stays; a CPU that idles, and is not stirred, takes it over. */
SELFTEST(sched_idle, who_gives_way_is_taken_over)
{
	struct deference d = { .here = test_cpu(1), .elsewhere = test_cpu(0) };
	struct stayer stayer = { false, false };
	struct test_thread thread;

	if (num_online_cpus() < 2)
		SKIP("one CPU");
	d.stayer = kthread_create_on_cpu(stay_main, &stayer, (unsigned int)d.here, "stay/%u");
	REQUIRE(!IS_ERR(d.stayer));
	get_task_struct(d.stayer);
	init_completion(&d.came_back);
	test_thread_start(&thread, ANY_CPU, give_way_to_stayer, &d);
	CHECK(wait_for_completion_timeout(&d.came_back, 2 * HZ));
	WRITE_ONCE(stayer.go, true);
	test_thread_join(&thread);
	CHECK_EQ(d.came_back_on, d.elsewhere);
	CHECK(d.away < PATIENCE * 3 / 4);
	kthread_stop(d.stayer);
	put_task_struct(d.stayer);
}

struct hasty {
	int here, elsewhere;
	struct test_thread thread;
	bool rests, ran;
};

static void run_when_woken(void *arg)
{
	struct hasty *h = arg;
	struct cpumask here = mask_of(h->here, h->here), both = mask_of(h->here, h->elsewhere);

	CHECK_EQ(set_cpus_allowed_ptr(current, &here), 0);
	CHECK_EQ(set_cpus_allowed_ptr(current, &both), 0);
	set_current_state(TASK_UNINTERRUPTIBLE);
	WRITE_ONCE(h->rests, true);
	schedule();
	WRITE_ONCE(h->ran, true);
}

/* Two are woken for an idle CPU at once, and the first stays: another idle CPU has the other. */
static bool second_need_not_wait(int here, int elsewhere)
{
	static struct stayer stayer;
	static struct hasty second;
	struct task_struct *first;
	unsigned long flags;
	bool good;

	stayer = (struct stayer){ false, false };
	second = (struct hasty){ .here = here, .elsewhere = elsewhere };
	first = kthread_create_on_cpu(stay_main, &stayer, (unsigned int)here, "stay/%u");
	if (!CHECK(!IS_ERR(first)))
		return false;
	get_task_struct(first);
	test_thread_start(&second.thread, ANY_CPU, run_when_woken, &second);
	CHECK(becomes_true(&second.rests));
	mdelay(20);	/* both halt, without a tick */
	local_irq_save(flags);
	wake_up_process(first);
	wake_up_process(second.thread.task);
	local_irq_restore(flags);
	good = becomes_true_within(&second.ran, NSEC_PER_SEC);
	WRITE_ONCE(stayer.go, true);
	test_thread_join(&second.thread);
	kthread_stop(first);
	put_task_struct(first);
	return good;
}

SELFTEST(sched_idle, two_that_are_woken_at_once_do_not_share_a_cpu)
{
	unsigned int good = 0;

	if (num_online_cpus() < 3)
		SKIP("fewer than three CPUs");
	for (int i = 0; i < 5; i++)
		good += second_need_not_wait(test_cpu(1), test_cpu(2));
	CHECK(good > 2);	/* a busy host may stop a CPU for a second, but not each time */
}
