/* SPDX-License-Identifier: MIT */
/* Threads of a test: started, and waited for until nothing of them is left. */
#ifndef TESTS_THREADS_H
#define TESTS_THREADS_H

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include "tests/selftest.h"

#define ANY_CPU (-1)

/* The i-th CPU of those that are online: their numbers may have gaps. */
static inline int test_cpu(unsigned int i)
{
	unsigned int cpu = cpumask_first(cpu_online_mask);

	while (i-- && cpu < NR_CPUS)
		cpu = cpumask_next((int)cpu, cpu_online_mask);
	return (int)cpu;
}

struct test_thread {
	struct task_struct *task;	/* NULL when it could not be made */
	void (*fn)(void *arg);
	void *arg;
	struct completion done;
};

static inline int test_thread_main(void *data)
{
	struct test_thread *t = data;

	t->fn(t->arg);
	complete(&t->done);
	return 0;
}

/* Runs fn(arg) in a new thread, on that CPU or ANY_CPU. */
static inline void test_thread_start(struct test_thread *t, int cpu, void (*fn)(void *), void *arg)
{
	t->fn = fn;
	t->arg = arg;
	init_completion(&t->done);
	/*
	 * Others wait for it: where each call site fails once (fault=sites), it comes later, and
	 * where memory is short for a moment, too.
	 */
	for (unsigned int i = 0; i < 220; i++) {
		if (i >= 20)
			msleep(1);
		if (cpu == ANY_CPU)
			t->task = kthread_create(test_thread_main, t, "test");
		else
			t->task = kthread_create_on_cpu(test_thread_main, t, (unsigned int)cpu,
							"test/%u");
		if (!IS_ERR(t->task))
			break;
	}
	if (!CHECK(!IS_ERR(t->task))) {
		t->task = NULL;
		return;
	}
	get_task_struct(t->task);
	wake_up_process(t->task);
}

/* Until fn has returned and the thread is gone. */
static inline void test_thread_join(struct test_thread *t)
{
	if (!t->task)
		return;
	wait_for_completion(&t->done);
	kthread_stop(t->task);
	put_task_struct(t->task);
}

/* Sleeps until `cond` holds, 10 s at most. */
#define WAIT_UNTIL(cond) ({ \
	unsigned int _turn; \
	for (_turn = 0; _turn < 10000 && !(cond); _turn++) \
		msleep(1); \
	CHECK(cond); })

#endif
