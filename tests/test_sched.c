// SPDX-License-Identifier: MIT
/* Run queues: switching, waking, choosing CPUs, idling. */
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <quarry/port.h>
#include "tests/threads.h"

SELFTEST(sched, this_is_the_boot_thread)
{
	CHECK_STR(current->comm, "boot");
	CHECK_EQ(current->pid, 1);
	CHECK_EQ(smp_processor_id(), 0);
	CHECK_EQ(task_cpu(current), 0);
	CHECK_EQ(get_current_state(), TASK_RUNNING);
	CHECK_EQ(preempt_count(), 0);
	CHECK(!irqs_disabled());
}

struct turns {
	unsigned int order[8], nr;
};

static void take_turns(void *arg)
{
	struct turns *turns = arg;
	unsigned int me = turns->nr;

	for (int i = 0; i < 2; i++) {
		turns->order[turns->nr++] = me;
		yield();
	}
}

/* On one CPU threads run in the order in which they were woken, and a yield goes behind all. */
SELFTEST(sched, first_come_first_served)
{
	static const unsigned int expected[8] = { 0, 1, 2, 3, 0, 1, 2, 3 };
	struct turns turns = { .nr = 0 };
	struct test_thread threads[4];

	for (int i = 0; i < 4; i++)
		test_thread_start(&threads[i], 0, take_turns, &turns);
	CHECK_EQ(turns.nr, 0);
	for (int i = 0; i < 4; i++)
		test_thread_join(&threads[i]);
	CHECK_EQ(turns.nr, 8);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(turns.order[i], expected[i]);
}

static void count(void *arg)
{
	++*(int *)arg;
}

SELFTEST(sched, cond_resched_gives_way_to_who_waits)
{
	struct test_thread thread;
	int ran = 0;

	test_thread_start(&thread, 0, count, &ran);
	CHECK(need_resched());
	CHECK(!ran);
	CHECK_EQ(cond_resched(), 1);
	CHECK(ran);
	test_thread_join(&thread);
}

/* Whatever state it has set, cond_resched() does not put a thread to sleep. */
SELFTEST(sched, cond_resched_does_not_sleep)
{
	struct test_thread thread;
	int ran = 0;

	test_thread_start(&thread, 0, count, &ran);
	set_current_state(TASK_UNINTERRUPTIBLE);
	CHECK_EQ(__cond_resched(), 1);
	CHECK_EQ(get_current_state(), TASK_UNINTERRUPTIBLE);
	__set_current_state(TASK_RUNNING);
	CHECK(ran);
	test_thread_join(&thread);
}

SELFTEST(sched, woken_before_it_sleeps_it_does_not_sleep)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	CHECK(wake_up_process(current));
	CHECK_EQ(get_current_state(), TASK_RUNNING);
	schedule();
	CHECK(!wake_up_process(current));
}

SELFTEST(sched, only_the_states_asked_for_are_woken)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	CHECK(!wake_up_state(current, TASK_INTERRUPTIBLE));
	CHECK_EQ(get_current_state(), TASK_UNINTERRUPTIBLE);
	CHECK(wake_up_state(current, TASK_NORMAL));
}

static void note_cpu(void *arg)
{
	*(unsigned int *)arg = smp_processor_id();
	CHECK_EQ(task_cpu(current), smp_processor_id());
	CHECK_EQ(preempt_count(), 0);
	CHECK(!irqs_disabled());
}

SELFTEST(sched, a_pinned_thread_runs_where_it_must)
{
	struct test_thread thread;
	unsigned int cpu, ran_on;

	for_each_online_cpu(cpu) {
		ran_on = NR_CPUS;
		test_thread_start(&thread, (int)cpu, note_cpu, &ran_on);
		test_thread_join(&thread);
		CHECK_EQ(ran_on, cpu);
	}
}

SELFTEST(sched, a_mask_without_online_cpus_is_refused)
{
	struct cpumask none = { { 0 } };

	CHECK_EQ(set_cpus_allowed_ptr(current, &none), -EINVAL);
	CHECK_EQ(smp_processor_id(), 0);
}

static void hop(void *arg)
{
	struct cpumask mask;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		cpumask_clear(&mask);
		cpumask_set_cpu(cpu, &mask);
		CHECK_EQ(set_cpus_allowed_ptr(current, &mask), 0);
		CHECK_EQ(smp_processor_id(), cpu);
		++*(unsigned int *)arg;
	}
}

SELFTEST(sched, a_running_thread_moves_to_every_cpu)
{
	struct test_thread thread;
	unsigned int visited = 0;

	test_thread_start(&thread, ANY_CPU, hop, &visited);
	test_thread_join(&thread);
	CHECK_EQ(visited, num_online_cpus());
}

static void meet(void *arg)
{
	atomic_t *there = arg;
	u64 start = get_jiffies_64();

	atomic_inc(there);
	while (atomic_read(there) < (int)num_online_cpus() && get_jiffies_64() - start < 20 * HZ)
		port_relax();
}

/* As many busy threads as CPUs meet, without giving up the CPU: each has one of its own. */
SELFTEST(sched, threads_spread_over_idle_cpus)
{
	static struct test_thread threads[NR_CPUS];
	unsigned int i, nr = num_online_cpus();
	atomic_t there = ATOMIC_INIT(0);

	for (i = 0; i < nr; i++)
		test_thread_start(&threads[i], ANY_CPU, meet, &there);
	for (i = 0; i < nr; i++)
		test_thread_join(&threads[i]);
	CHECK_EQ(atomic_read(&there), nr);
}

static void spin_a_while(void *arg)
{
	atomic_t *seen = arg;

	mdelay(2);
	atomic_or((int)(1U << (smp_processor_id() % 31)), seen);
}

/* A queue that is longer than the others is shared out by those who run out of work. */
SELFTEST(sched, idle_cpus_take_from_long_queues)
{
	struct test_thread threads[12];
	atomic_t seen = ATOMIC_INIT(0);

	if (num_online_cpus() < 2)
		SKIP("one CPU");
	for (int i = 0; i < 12; i++)
		test_thread_start(&threads[i], ANY_CPU, spin_a_while, &seen);
	for (int i = 0; i < 12; i++)
		test_thread_join(&threads[i]);
	CHECK(hweight32((u32)atomic_read(&seen)) > 1);
}

/* ---- Waking against sleeping ---- */

struct ping {
	struct task_struct *peer;
	atomic_t ball;		/* whose turn: 0 or 1 */
	unsigned long rounds;
};

static void wait_for_ball(struct ping *p, int mine)
{
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (atomic_read(&p->ball) == mine)
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

static void pong(void *arg)
{
	struct ping *p = arg;

	for (unsigned long i = 0; i < p->rounds; i++) {
		wait_for_ball(p, 1);
		atomic_set(&p->ball, 0);
		wake_up_process(p->peer);
	}
}

/* A ball thrown to and fro: one wake-up lost, and both sleep for ever. */
static void play(int cpu, unsigned long rounds)
{
	struct ping p = { .peer = current, .ball = ATOMIC_INIT(0), .rounds = rounds };
	struct test_thread thread;

	test_thread_start(&thread, cpu, pong, &p);
	for (unsigned long i = 0; thread.task && i < rounds; i++) {
		atomic_set(&p.ball, 1);
		wake_up_process(thread.task);
		wait_for_ball(&p, 0);
	}
	test_thread_join(&thread);
}

SELFTEST(sched, no_wake_up_is_lost_on_one_cpu)
{
	play(0, selftest_scaled(1000));
}

SELFTEST(sched, no_wake_up_is_lost_between_cpus)
{
	unsigned int last = 0, cpu;

	if (num_online_cpus() < 2)
		SKIP("one CPU");
	for_each_online_cpu(cpu)
		last = cpu;
	play((int)last, selftest_scaled(300));
	play(ANY_CPU, selftest_scaled(300));
}

/* Many wakers of one thread, which sleeps, runs and moves meanwhile. */
struct crowd {
	struct task_struct *sleeper;
	atomic_t posted, taken;
	unsigned int each;
};

static void post(void *arg)
{
	struct crowd *c = arg;

	for (unsigned int i = 0; i < c->each; i++) {
		atomic_inc(&c->posted);
		wake_up_process(c->sleeper);
		if (i % 16 == 0)
			cond_resched();
	}
}

SELFTEST(sched, many_wakers_of_one_thread)
{
	struct crowd c = { .sleeper = current, .each = (unsigned int)selftest_scaled(500) };
	struct test_thread wakers[4];
	int total = (int)c.each * 4;

	for (int i = 0; i < 4; i++)
		test_thread_start(&wakers[i], ANY_CPU, post, &c);
	while (atomic_read(&c.taken) < total) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (atomic_read(&c.posted) == atomic_read(&c.taken))
			schedule();
		__set_current_state(TASK_RUNNING);
		atomic_set(&c.taken, atomic_read(&c.posted));
	}
	for (int i = 0; i < 4; i++)
		test_thread_join(&wakers[i]);
	CHECK_EQ(atomic_read(&c.posted), total);
}

/* ---- In the wrong place ---- */

SELFTEST(sched, to_sleep_in_atomic_context_is_reported)
{
	selftest_expect_warnings(1);
	preempt_disable();
	schedule();
	CHECK_EQ(preempt_count(), PREEMPT_ONE);
	preempt_enable();
}

SELFTEST(sched, cond_resched_stays_in_atomic_context)
{
	struct test_thread thread;
	int ran = 0;

	test_thread_start(&thread, 0, count, &ran);
	preempt_disable();
	CHECK_EQ(__cond_resched(), 0);
	preempt_enable();
	CHECK(!ran);
	test_thread_join(&thread);
}
