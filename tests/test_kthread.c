// SPDX-License-Identifier: MIT
/* Threads: made, stopped, ended. */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include "kernel/cpu.h"
#include "tests/threads.h"

static int until_stopped(void *data)
{
	atomic_inc(data);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 42;
}

SELFTEST(kthread, stop_returns_what_the_thread_did)
{
	atomic_t started = ATOMIC_INIT(0);
	struct task_struct *task = kthread_run(until_stopped, &started, "stop%d", 7);

	REQUIRE(!IS_ERR(task));
	CHECK_STR(task->comm, "stop7");
	CHECK(task->pid > 1);
	CHECK(kthread_data(task) == &started);
	WAIT_UNTIL(atomic_read(&started));
	CHECK_EQ(kthread_stop(task), 42);
}

SELFTEST(kthread, a_long_name_is_cut)
{
	atomic_t started = ATOMIC_INIT(0);
	struct task_struct *task = kthread_create(until_stopped, &started, "%s",
						  "a name of many characters");

	REQUIRE(!IS_ERR(task));
	CHECK_STR(task->comm, "a name of many ");
	kthread_stop(task);
}

SELFTEST(kthread, stopped_before_it_ran_it_never_runs)
{
	atomic_t started = ATOMIC_INIT(0);
	struct task_struct *task = kthread_create(until_stopped, &started, "never");

	REQUIRE(!IS_ERR(task));
	CHECK_EQ(kthread_stop(task), -EINTR);
	CHECK_EQ(atomic_read(&started), 0);
}

static int at_once(void *data)
{
	return (int)(long)data;
}

SELFTEST(kthread, stop_after_it_has_ended)
{
	struct task_struct *task = kthread_create(at_once, (void *)5L, "early");

	REQUIRE(!IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	WAIT_UNTIL(READ_ONCE(task->__state) == TASK_DEAD);
	CHECK_EQ(kthread_stop(task), 5);
	put_task_struct(task);
}

static int exits(void *data)
{
	kthread_exit((long)data);
}

SELFTEST(kthread, exit_is_like_returning)
{
	struct task_struct *task = kthread_create(exits, (void *)9L, "exit");

	REQUIRE(!IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	WAIT_UNTIL(READ_ONCE(task->__state) == TASK_DEAD);
	CHECK_EQ(kthread_stop(task), 9);
	put_task_struct(task);
}

static int counts(void *data)
{
	atomic_inc(data);
	return 0;
}

static unsigned long free_pages_and_stacks(void)
{
	return nr_free_pages() + arch_stack_pool_pages();
}

/* Threads that end by themselves, unwatched, are cleared away. */
SELFTEST(kthread, nobody_needs_to_wait_for_a_thread)
{
	unsigned long before = free_pages_and_stacks();
	atomic_t ended = ATOMIC_INIT(0);
	int started = 0;

	for (int i = 0; i < 50; i++) {
		struct task_struct *task = kthread_run(counts, &ended, "alone");

		started += !IS_ERR(task);
	}
	CHECK_EQ(started, 50);
	WAIT_UNTIL(atomic_read(&ended) == started);
	WAIT_UNTIL(free_pages_and_stacks() >= before);
}

/* Stopping a thread at any point of its way to sleep: it ends, and everything is free. */
SELFTEST(kthread, stop_races_with_going_to_sleep)
{
	unsigned long rounds = selftest_scaled(200), late = 0;
	atomic_t started = ATOMIC_INIT(0);

	for (unsigned long i = 0; i < rounds; i++) {
		struct task_struct *task = kthread_run(until_stopped, &started, "race");
		unsigned long free;
		int result;

		REQUIRE(!IS_ERR(task));
		udelay(selftest_random_below(20));
		free = nr_free_pages();
		result = kthread_stop(task);
		CHECK(result == 42 || result == -EINTR);
		late += nr_free_pages() <= free;
	}
	CHECK(late <= rounds / 10);	/* others may take a page meanwhile, but not each time */
}

static void ends_by_itself(void *arg)
{
	udelay((unsigned long)arg);
}

/* A thread that ends by itself while somebody stops it. */
SELFTEST(kthread, stop_races_with_the_end)
{
	struct test_thread thread;

	for (unsigned long i = 0; i < selftest_scaled(200); i++) {
		test_thread_start(&thread, ANY_CPU, ends_by_itself,
				  (void *)selftest_random_below(10));
		test_thread_join(&thread);
	}
}

SELFTEST(kthread, bound_to_a_cpu_that_is_not_there)
{
	struct task_struct *task = kthread_create(at_once, NULL, "x");

	CHECK_EQ(PTR_ERR(kthread_create_on_cpu(at_once, NULL, NR_CPUS, "x/%u")), -EINVAL);
	REQUIRE(!IS_ERR(task));
	selftest_expect_warnings(2);
	kthread_bind(task, NR_CPUS);
	kthread_bind(task, 100 * NR_CPUS);
	kthread_stop(task);
}

SELFTEST(kthread, who_cannot_be_stopped)
{
	selftest_expect_warnings(1);
	CHECK_EQ(kthread_stop(current), -EINVAL);	/* the boot thread, which is no kthread */
}

SELFTEST(kthread, should_stop_is_false_elsewhere)
{
	CHECK(!kthread_should_stop());
}

/* ---- Trees of threads ---- */

struct nursery {
	atomic_t born;
	unsigned int depth;
};

static void breed(void *arg)
{
	struct nursery *parent = arg;
	struct nursery mine = { .depth = parent->depth - 1 };
	struct test_thread children[2];

	if (parent->depth) {
		for (int i = 0; i < 2; i++)
			test_thread_start(&children[i], ANY_CPU, breed, &mine);
		for (int i = 0; i < 2; i++)
			test_thread_join(&children[i]);
	}
	atomic_add(1 + atomic_read(&mine.born), &parent->born);
}

SELFTEST(kthread, threads_make_threads)
{
	struct nursery root = { .depth = 5 };

	breed(&root);
	CHECK_EQ(atomic_read(&root.born), 63);
}
