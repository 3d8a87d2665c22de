// SPDX-License-Identifier: MIT
/* Completions. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include "tests/threads.h"

SELFTEST(completion, what_came_first_is_not_waited_for)
{
	DECLARE_COMPLETION_ONSTACK(x);

	CHECK(!completion_done(&x));
	CHECK(!try_wait_for_completion(&x));
	complete(&x);
	complete(&x);
	CHECK(completion_done(&x));
	wait_for_completion(&x);
	CHECK(try_wait_for_completion(&x));
	CHECK(!try_wait_for_completion(&x));
}

SELFTEST(completion, complete_all_lets_everybody_pass)
{
	struct completion x;

	init_completion(&x);
	complete_all(&x);
	for (int i = 0; i < 5; i++) {
		wait_for_completion(&x);
		CHECK_EQ(wait_for_completion_interruptible(&x), 0);
		CHECK(try_wait_for_completion(&x));
		CHECK_EQ(wait_for_completion_killable(&x), 0);
		CHECK(wait_for_completion_killable_timeout(&x, 1));
		wait_for_completion_io(&x);
		CHECK(wait_for_completion_io_timeout(&x, 1));
	}
	complete(&x);
	CHECK(completion_done(&x));
	reinit_completion(&x);
	CHECK(!completion_done(&x));
	complete_all(&x);
	complete_all(&x);
	CHECK(completion_done(&x));
}

SELFTEST(completion, timeouts)
{
	DECLARE_COMPLETION_ONSTACK(x);

	CHECK_EQ(wait_for_completion_timeout(&x, 0), 0);
	CHECK_EQ(wait_for_completion_timeout(&x, 1), 0);
	CHECK_EQ(wait_for_completion_interruptible_timeout(&x, 1), 0);
	complete(&x);
	CHECK_EQ(wait_for_completion_timeout(&x, 9), 9);
	complete(&x);
	CHECK_EQ(wait_for_completion_timeout(&x, 0), 1);
	complete(&x);
	CHECK(wait_for_completion_timeout(&x, ~0UL) > 0);
	CHECK(!completion_done(&x));
}

struct relay {
	struct completion from, to;
	unsigned long rounds;
};

static void pass_on(void *arg)
{
	struct relay *relay = arg;

	for (unsigned long i = 0; i < relay->rounds; i++) {
		wait_for_completion(&relay->from);
		complete(&relay->to);
	}
}

SELFTEST(completion, to_and_fro)
{
	struct relay relay = { .rounds = selftest_scaled(300) };
	struct test_thread thread;

	init_completion(&relay.from);
	init_completion(&relay.to);
	test_thread_start(&thread, ANY_CPU, pass_on, &relay);
	for (unsigned long i = 0; thread.task && i < relay.rounds; i++) {
		complete(&relay.from);
		CHECK(wait_for_completion_timeout(&relay.to, 30 * HZ));
	}
	test_thread_join(&thread);
}

static void wait_once(void *arg)
{
	wait_for_completion(arg);
}

SELFTEST(completion, each_complete_lets_one_pass)
{
	DECLARE_COMPLETION_ONSTACK(x);
	struct test_thread threads[4];

	for (int i = 0; i < 4; i++)
		test_thread_start(&threads[i], ANY_CPU, wait_once, &x);
	for (int i = 0; i < 4; i++)
		complete(&x);
	for (int i = 0; i < 4; i++)
		test_thread_join(&threads[i]);
	CHECK(!completion_done(&x));
	for (int i = 0; i < 4; i++)
		test_thread_start(&threads[i], ANY_CPU, wait_once, &x);
	complete_all(&x);
	for (int i = 0; i < 4; i++)
		test_thread_join(&threads[i]);
	CHECK(completion_done(&x));
}

static enum hrtimer_restart complete_it(struct hrtimer *timer)
{
	struct { struct hrtimer timer; struct completion x; } *both = (void *)timer;

	complete(&both->x);
	return HRTIMER_NORESTART;
}

/* A completion on the stack, gone as soon as the waiter passes: complete() is done with it. */
SELFTEST(completion, may_go_away_once_it_was_waited_for)
{
	for (unsigned long i = 0; i < selftest_scaled(100); i++) {
		struct { struct hrtimer timer; struct completion x; } both;

		init_completion(&both.x);
		hrtimer_init(&both.timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
		both.timer.function = complete_it;
		hrtimer_start(&both.timer, (ktime_t)(i * 200), HRTIMER_MODE_REL);
		wait_for_completion(&both.x);
		hrtimer_cancel(&both.timer);
		memset(&both, 0x5a, sizeof(both));
	}
}
