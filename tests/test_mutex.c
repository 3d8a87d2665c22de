// SPDX-License-Identifier: MIT
/* Mutexes. */
#include <linux/delay.h>
#include <linux/mutex.h>
#include "tests/threads.h"

static DEFINE_MUTEX(mutex);

SELFTEST(mutex, held_and_free)
{
	CHECK(!mutex_is_locked(&mutex));
	mutex_lock(&mutex);
	CHECK(mutex_is_locked(&mutex));
	CHECK(!mutex_trylock(&mutex));
	mutex_unlock(&mutex);
	CHECK(!mutex_is_locked(&mutex));
	CHECK(mutex_trylock(&mutex));
	mutex_unlock(&mutex);
	CHECK_EQ(mutex_lock_interruptible(&mutex), 0);
	mutex_unlock(&mutex);
	CHECK_EQ(mutex_lock_killable(&mutex), 0);
	mutex_unlock(&mutex);
}

SELFTEST(mutex, one_made_at_run_time)
{
	struct mutex own;

	mutex_init(&own);
	mutex_lock(&own);
	CHECK(!mutex_is_locked(&mutex));
	mutex_unlock(&own);
	mutex_destroy(&own);
}

/* Two words that are equal whenever nobody holds the mutex. */
static unsigned long one, other;

static void change_both(void *rounds)
{
	for (unsigned long i = 0; i < (unsigned long)rounds; i++) {
		mutex_lock(&mutex);
		CHECK_EQ(one, other);
		one++;
		if (i % 8 == 0)
			yield();
		other++;
		mutex_unlock(&mutex);
	}
}

SELFTEST(mutex, keeps_others_out)
{
	unsigned long rounds = selftest_scaled(500);
	struct test_thread threads[6];

	one = other = 0;
	for (int i = 0; i < 6; i++)
		test_thread_start(&threads[i], ANY_CPU, change_both, (void *)rounds);
	for (int i = 0; i < 6; i++)
		test_thread_join(&threads[i]);
	CHECK_EQ(one, 6 * rounds);
	CHECK_EQ(other, 6 * rounds);
}

#define NR_IN_LINE 5

static unsigned int order[NR_IN_LINE], nr_served;

static void stand_in_line(void *number)
{
	mutex_lock(&mutex);
	order[nr_served++] = (unsigned int)(unsigned long)number;
	mutex_unlock(&mutex);
}

static unsigned int line_length(void)
{
	struct list_head *node;
	unsigned int n = 0;

	spin_lock(&mutex.wait_lock);
	list_for_each(node, &mutex.wait_list)
		n++;
	spin_unlock(&mutex.wait_lock);
	return n;
}

SELFTEST(mutex, first_come_first_served)
{
	struct test_thread threads[NR_IN_LINE];

	nr_served = 0;
	mutex_lock(&mutex);
	for (unsigned long i = 0; i < NR_IN_LINE; i++) {
		test_thread_start(&threads[i], ANY_CPU, stand_in_line, (void *)i);
		WAIT_UNTIL(line_length() == i + 1);
	}
	mutex_unlock(&mutex);
	for (unsigned int i = 0; i < NR_IN_LINE; i++) {
		test_thread_join(&threads[i]);
		CHECK_EQ(order[i], i);
	}
	CHECK(!mutex_is_locked(&mutex));
}

/* Unlocking hands it over at once: who unlocks and locks again comes behind who waited. */
SELFTEST(mutex, nobody_starves)
{
	struct test_thread thread;

	nr_served = 0;
	mutex_lock(&mutex);
	test_thread_start(&thread, ANY_CPU, stand_in_line, NULL);
	WAIT_UNTIL(line_length() == 1);
	mutex_unlock(&mutex);
	mutex_lock(&mutex);
	CHECK_EQ(nr_served, 1);
	mutex_unlock(&mutex);
	test_thread_join(&thread);
}
