// SPDX-License-Identifier: MIT
/* Read-write semaphores. */
#include <linux/delay.h>
#include <linux/rwsem.h>
#include "tests/threads.h"

static DECLARE_RWSEM(sem);

SELFTEST(rwsem, who_may_be_inside_with_whom)
{
	down_read(&sem);
	CHECK(rwsem_is_locked(&sem));
	CHECK(!down_write_trylock(&sem));
	up_read(&sem);
	CHECK(!rwsem_is_locked(&sem));
	CHECK(down_write_trylock(&sem));
	CHECK(!down_read_trylock(&sem));
	CHECK(!down_write_trylock(&sem));
	downgrade_write(&sem);
	CHECK(!down_write_trylock(&sem));
	up_read(&sem);
	CHECK(down_read_trylock(&sem));
	up_read(&sem);
	down_write(&sem);
	up_write(&sem);
	CHECK_EQ(down_write_killable(&sem), 0);
	up_write(&sem);
	CHECK_EQ(down_read_killable(&sem), 0);
	up_read(&sem);
	CHECK_EQ(down_read_interruptible(&sem), 0);
	up_read(&sem);
	CHECK(!rwsem_is_locked(&sem));
}

static unsigned long one, other;
static atomic_t readers;

static void read_both(void *rounds)
{
	for (unsigned long i = 0; i < (unsigned long)rounds; i++) {
		down_read(&sem);
		atomic_inc(&readers);
		CHECK_EQ(one, other);
		if (i % 4 == 0)
			yield();
		CHECK_EQ(one, other);
		atomic_dec(&readers);
		up_read(&sem);
	}
}

static void change_both(void *rounds)
{
	for (unsigned long i = 0; i < (unsigned long)rounds; i++) {
		down_write(&sem);
		CHECK_EQ(atomic_read(&readers), 0);
		one++;
		if (i % 4 == 0)
			yield();
		other++;
		if (i % 2) {
			downgrade_write(&sem);
			CHECK_EQ(one, other);
			up_read(&sem);
		} else {
			up_write(&sem);
		}
	}
}

SELFTEST(rwsem, readers_and_writers)
{
	unsigned long rounds = selftest_scaled(200);
	struct test_thread threads[8];

	one = other = 0;
	for (int i = 0; i < 8; i++)
		test_thread_start(&threads[i], ANY_CPU, i % 4 ? read_both : change_both,
				  (void *)rounds);
	for (int i = 0; i < 8; i++)
		test_thread_join(&threads[i]);
	CHECK_EQ(one, 2 * rounds);
	CHECK_EQ(other, 2 * rounds);
	CHECK(!rwsem_is_locked(&sem));
}

/* ---- Fairness ---- */

#define NR_IN_LINE 6

static atomic_t inside;
static DECLARE_COMPLETION(leave);

static void read_and_stay(void *unused)
{
	down_read(&sem);
	atomic_inc(&inside);
	wait_for_completion(&leave);
	up_read(&sem);
}

static void write_and_stay(void *unused)
{
	down_write(&sem);
	atomic_add(100, &inside);
	wait_for_completion(&leave);
	up_write(&sem);
}

static unsigned int line_length(void)
{
	struct list_head *node;
	unsigned int n = 0;

	spin_lock(&sem.wait_lock);
	list_for_each(node, &sem.wait_list)
		n++;
	spin_unlock(&sem.wait_lock);
	return n;
}

SELFTEST(rwsem, readers_are_inside_together)
{
	struct test_thread threads[3];

	atomic_set(&inside, 0);
	reinit_completion(&leave);
	for (int i = 0; i < 3; i++)
		test_thread_start(&threads[i], ANY_CPU, read_and_stay, NULL);
	WAIT_UNTIL(atomic_read(&inside) == 3);
	complete_all(&leave);
	for (int i = 0; i < 3; i++)
		test_thread_join(&threads[i]);
}

/* Behind a reader: writer, reader, reader, writer, reader, reader. */
SELFTEST(rwsem, in_the_order_they_came)
{
	struct test_thread line[NR_IN_LINE];

	atomic_set(&inside, 0);
	reinit_completion(&leave);
	down_read(&sem);
	for (unsigned int i = 0; i < NR_IN_LINE; i++) {
		test_thread_start(&line[i], ANY_CPU, i % 3 ? read_and_stay : write_and_stay, NULL);
		WAIT_UNTIL(line_length() == i + 1);
	}
	CHECK(rwsem_is_contended(&sem));
	CHECK(!down_read_trylock(&sem));	/* a writer waits */
	up_read(&sem);
	WAIT_UNTIL(atomic_read(&inside) == 100);
	CHECK_EQ(line_length(), 5);
	complete(&leave);
	WAIT_UNTIL(atomic_read(&inside) == 102);
	CHECK_EQ(line_length(), 3);
	complete(&leave);
	complete(&leave);
	WAIT_UNTIL(atomic_read(&inside) == 202);
	CHECK_EQ(line_length(), 2);
	complete_all(&leave);
	for (unsigned int i = 0; i < NR_IN_LINE; i++)
		test_thread_join(&line[i]);
	CHECK_EQ(atomic_read(&inside), 204);
	CHECK(!rwsem_is_locked(&sem));
}

SELFTEST(rwsem, a_downgrade_lets_readers_in)
{
	struct test_thread line[2];

	atomic_set(&inside, 0);
	reinit_completion(&leave);
	down_write(&sem);
	test_thread_start(&line[0], ANY_CPU, read_and_stay, NULL);
	WAIT_UNTIL(line_length() == 1);
	test_thread_start(&line[1], ANY_CPU, write_and_stay, NULL);
	WAIT_UNTIL(line_length() == 2);
	downgrade_write(&sem);
	WAIT_UNTIL(atomic_read(&inside) == 1);
	CHECK_EQ(line_length(), 1);
	complete_all(&leave);
	up_read(&sem);
	for (int i = 0; i < 2; i++)
		test_thread_join(&line[i]);
	CHECK_EQ(atomic_read(&inside), 101);
}

SELFTEST(rwsem, letting_go_of_what_is_not_held_is_reported)
{
	struct rw_semaphore own;

	init_rwsem(&own);
	selftest_expect_warnings(3);
	up_read(&own);
	up_write(&own);
	downgrade_write(&own);
	CHECK(!rwsem_is_locked(&own));
}
