/* SPDX-License-Identifier: MIT */
/*
 * Memory pools that are empty: who is served when, that nobody waits for ever, and many threads,
 * interrupts and resizes at once.
 */
#include <linux/hrtimer.h>
#include "mm/fault.h"
#include "tests/mempool_items.h"

/* ---- Sleeping ---- */

struct sleeper {
	struct test_thread thread;
	mempool_t *pool;
	void *element;
	int turn;		/* which one it was to be served */
};

static atomic_t turns;

static void sleep_for_one(void *arg)
{
	struct sleeper *sleeper = arg;

	sleeper->element = mempool_alloc(sleeper->pool, GFP_KERNEL);
	sleeper->turn = atomic_inc_return(&turns);
}

/* With one element only: a wake-up that is lost has no second chance. */
SELFTEST(mempool_wait, a_free_wakes_the_sleeper_of_a_pool_of_one)
{
	struct sleeper sleeper = { .pool = dry_pool(1) };
	void *element = mempool_alloc(sleeper.pool, GFP_KERNEL);
	long retry = mempool_set_retry(MAX_SCHEDULE_TIMEOUT);

	test_thread_start(&sleeper.thread, ANY_CPU, sleep_for_one, &sleeper);
	WAIT_UNTIL(mempool_nr_waiting(sleeper.pool) == 1);
	CHECK(!sleeper.element);
	mempool_free(element, sleeper.pool);
	test_thread_join(&sleeper.thread);
	mempool_set_retry(retry);
	CHECK(sleeper.element == element);
	mempool_free(sleeper.element, sleeper.pool);
	CHECK_EQ(sleeper.pool->curr_nr, 1);
	destroy(sleeper.pool);
}

static void sleep_without_memory(void *arg)
{
	struct fault_setup none = { .sources = FAULT_KMALLOC, .one_in = 1, .task = current };
	unsigned long seen, failed;

	fault_begin(&none);
	sleep_for_one(arg);
	fault_end(&seen, &failed);
}

/* What is handed over was in nobody's hands, as what is taken from the reserve. */
SELFTEST(mempool_wait, who_is_served_sees_no_old_data)
{
	struct sleeper sleeper = { };
	bool before;
	long retry;
	u8 *element;

	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	before = mempool_set_poison(true);
	retry = mempool_set_retry(MAX_SCHEDULE_TIMEOUT);
	sleeper.pool = mempool_create_kmalloc_pool(1, 64);
	mempool_set_poison(before);
	REQUIRE(sleeper.pool);
	element = mempool_alloc_preallocated(sleeper.pool);
	test_thread_start(&sleeper.thread, ANY_CPU, sleep_without_memory, &sleeper);
	WAIT_UNTIL(mempool_nr_waiting(sleeper.pool) == 1);
	mempool_free(element, sleeper.pool);
	test_thread_join(&sleeper.thread);
	mempool_set_retry(retry);
	CHECK(sleeper.element == element);
	CHECK_EQ(element[0], 0x5a);
	CHECK(!memchr_inv(element, 0x5a, 64));
	mempool_free(element, sleeper.pool);
	mempool_destroy(sleeper.pool);
}

#define NR_SLEEPERS 5

SELFTEST(mempool_wait, sleepers_are_served_in_the_order_of_asking)
{
	static struct sleeper sleepers[NR_SLEEPERS];
	mempool_t *pool = dry_pool(1);
	void *element = mempool_alloc(pool, GFP_KERNEL);

	atomic_set(&turns, 0);
	for (unsigned int i = 0; i < NR_SLEEPERS; i++) {
		sleepers[i] = (struct sleeper){ .pool = pool };
		test_thread_start(&sleepers[i].thread, ANY_CPU, sleep_for_one, &sleepers[i]);
		WAIT_UNTIL(mempool_nr_waiting(pool) == i + 1);
	}
	for (unsigned int i = 0; i < NR_SLEEPERS; i++) {
		mempool_free(element, pool);
		CHECK(!mempool_alloc(pool, GFP_ATOMIC)); /* it is not to be snatched */
		test_thread_join(&sleepers[i].thread);
		CHECK_EQ(sleepers[i].turn, (int)i + 1);
		CHECK(sleepers[i].element == element);
	}
	mempool_free(element, pool);
	destroy(pool);
}

/* An allocator that has one again, at the very moment at which another one is given back. */
static mempool_t *both_pool;
static void *both_element;

static void *alloc_while_given(gfp_t gfp, void *data)
{
	void *element = item_alloc(gfp, data);

	if (element && both_element && both_pool && mempool_nr_waiting(both_pool)) {
		mempool_free(both_element, both_pool);
		both_element = NULL;
	}
	return element;
}

SELFTEST(mempool_wait, of_two_elements_at_once_none_is_lost)
{
	struct sleeper sleeper;
	void *element;

	set_stock(1);
	both_element = NULL;
	both_pool = mempool_create(1, alloc_while_given, item_free, NULL);
	REQUIRE(both_pool);
	sleeper = (struct sleeper){ .pool = both_pool };
	element = mempool_alloc(both_pool, GFP_KERNEL);
	test_thread_start(&sleeper.thread, ANY_CPU, sleep_for_one, &sleeper);
	WAIT_UNTIL(mempool_nr_waiting(both_pool) == 1);
	both_element = element;
	set_stock(1);
	test_thread_join(&sleeper.thread);
	CHECK(sleeper.element == element);
	mempool_free(sleeper.element, both_pool);
	destroy(both_pool);
}

SELFTEST(mempool_wait, a_sleeper_finds_memory_that_others_gave_back)
{
	struct sleeper sleeper = { .pool = dry_pool(1) };
	void *element = mempool_alloc(sleeper.pool, GFP_KERNEL);

	test_thread_start(&sleeper.thread, ANY_CPU, sleep_for_one, &sleeper);
	WAIT_UNTIL(mempool_nr_waiting(sleeper.pool) == 1);
	set_stock(1);				/* nobody tells the pool */
	test_thread_join(&sleeper.thread);
	CHECK(sleeper.element && sleeper.element != element);
	mempool_free(element, sleeper.pool);
	mempool_free(sleeper.element, sleeper.pool);
	destroy(sleeper.pool);
}

SELFTEST(mempool_wait, a_pool_without_a_reserve_serves_sleepers_too)
{
	struct sleeper sleeper = { .pool = dry_pool(0) };
	void *element;

	set_stock(1);
	element = mempool_alloc(sleeper.pool, GFP_KERNEL);
	CHECK(element);
	CHECK(!mempool_alloc(sleeper.pool, GFP_ATOMIC));
	test_thread_start(&sleeper.thread, ANY_CPU, sleep_for_one, &sleeper);
	WAIT_UNTIL(mempool_nr_waiting(sleeper.pool) == 1);
	mempool_free(element, sleeper.pool);
	test_thread_join(&sleeper.thread);
	CHECK(sleeper.element);
	mempool_free(sleeper.element, sleeper.pool);
	destroy(sleeper.pool);
}

/* ---- Many at once ---- */

#define NR_USERS 8

struct user {
	struct test_thread thread;
	mempool_t *pool;
	unsigned long operations;
	unsigned int two_owners;
};

/* Takes one at a time: with two, four elements for eight threads could all be halves. */
static void use_pool(void *arg)
{
	struct user *user = arg;

	for (unsigned long i = 0; i < user->operations; i++) {
		struct item *item = mempool_alloc(user->pool, GFP_KERNEL);

		user->two_owners += !item || atomic_inc_return(&item->users) != 1;
		if (i % 4 == 0)
			yield();	/* so that others find the pool empty */
		atomic_dec(&item->users);
		mempool_free(item, user->pool);
	}
}

static void run_users(mempool_t *pool, unsigned long operations, void (*meanwhile)(mempool_t *))
{
	static struct user users[NR_USERS];
	/* A wake-up that is lost makes this hang, until the limit of the run ends it. */
	long retry = mempool_set_retry(MAX_SCHEDULE_TIMEOUT);

	for (unsigned int i = 0; i < NR_USERS; i++) {
		users[i] = (struct user){ .pool = pool, .operations = operations / NR_USERS };
		test_thread_start(&users[i].thread, test_cpu(i % num_online_cpus()), use_pool,
				  &users[i]);
	}
	if (meanwhile)
		meanwhile(pool);
	for (unsigned int i = 0; i < NR_USERS; i++) {
		test_thread_join(&users[i].thread);
		CHECK_EQ(users[i].two_owners, 0);
	}
	mempool_set_retry(retry);
}

SELFTEST(mempool_wait, eight_threads_live_on_four_elements)
{
	mempool_t *pool = dry_pool(4);

	run_users(pool, selftest_scaled(8000), NULL);
	CHECK_EQ(pool->curr_nr, 4);
	destroy(pool);
}

SELFTEST(mempool_wait, eight_threads_live_on_one_element)
{
	mempool_t *pool = dry_pool(1);

	run_users(pool, selftest_scaled(2000), NULL);
	CHECK_EQ(pool->curr_nr, 1);
	destroy(pool);
}

/* ---- Interrupts ---- */

struct in_interrupt {
	struct hrtimer timer;
	mempool_t *pool;
	atomic_t served, refused, wrong;
	void *held;
	unsigned int left;
};

static enum hrtimer_restart take_in_interrupt(struct hrtimer *timer)
{
	struct in_interrupt *in = container_of(timer, struct in_interrupt, timer);
	ktime_t late;

	if (in->held) {
		mempool_free(in->held, in->pool);
		in->held = NULL;
	} else {
		in->held = mempool_alloc(in->pool, GFP_ATOMIC);
		atomic_inc(in->held ? &in->served : &in->refused);
	}
	if (!in_hardirq())
		atomic_inc(&in->wrong);
	if (!in->left-- && !in->held)
		return HRTIMER_NORESTART;
	/* Where instructions take long, threads shall have the most of the time all the same. */
	late = ktime_get() - (ktime_t)timer->node.expires;
	hrtimer_forward_now(timer, max_t(ktime_t, 100000, 32 * late));
	return HRTIMER_RESTART;
}

static void interrupts_start(struct in_interrupt *in, mempool_t *pool, unsigned int times)
{
	*in = (struct in_interrupt){ .pool = pool, .left = times };
	hrtimer_init(&in->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	in->timer.function = take_in_interrupt;
	hrtimer_start(&in->timer, 100000, HRTIMER_MODE_REL);
}

static void interrupts_end(struct in_interrupt *in)
{
	hrtimer_cancel(&in->timer);
	mempool_free(in->held, in->pool);
	CHECK_EQ(atomic_read(&in->wrong), 0);
}

SELFTEST(mempool_wait, interrupts_are_refused_by_an_empty_pool)
{
	static struct in_interrupt in;
	mempool_t *pool = dry_pool(1);
	void *element = mempool_alloc(pool, GFP_KERNEL);

	interrupts_start(&in, pool, 1000000);
	WAIT_UNTIL(atomic_read(&in.refused) >= 5);
	CHECK_EQ(atomic_read(&in.served), 0);
	mempool_free(element, pool);
	WAIT_UNTIL(atomic_read(&in.served) >= 5);
	interrupts_end(&in);
	destroy(pool);
}

SELFTEST(mempool_wait, interrupts_and_threads_share_a_pool)
{
	static struct in_interrupt in;
	mempool_t *pool = dry_pool(3);

	interrupts_start(&in, pool, 1000000);
	run_users(pool, selftest_scaled(4000), NULL);
	interrupts_end(&in);
	CHECK_EQ(pool->curr_nr, 3);
	destroy(pool);
}

/* ---- Resizing ---- */

static void resize_often(mempool_t *pool)
{
	for (unsigned long i = selftest_scaled(100); i; i--) {
		CHECK_EQ(mempool_resize(pool, 1 + (int)selftest_random_below(12)), 0);
		yield();
	}
	CHECK_EQ(mempool_validate(pool), 0);
}

static void resize_beside(void *pool)
{
	for (unsigned long i = selftest_scaled(100); i; i--) {
		CHECK_EQ(mempool_resize(pool, 1 + (int)(i % 700)), 0);
		yield();
	}
}

SELFTEST(mempool_wait, resizing_while_in_use)
{
	mempool_t *pool = dry_pool(4);
	struct test_thread second;

	set_stock(8);
	test_thread_start(&second, ANY_CPU, resize_beside, pool);
	run_users(pool, selftest_scaled(4000), resize_often);
	test_thread_join(&second);
	CHECK_EQ(mempool_resize(pool, 3), 0);
	CHECK_EQ(pool->curr_nr, 3);
	destroy(pool);
}

SELFTEST(mempool_wait, growing_serves_who_sleeps)
{
	struct sleeper sleeper = { .pool = dry_pool(1) };
	void *element = mempool_alloc(sleeper.pool, GFP_KERNEL);

	test_thread_start(&sleeper.thread, ANY_CPU, sleep_for_one, &sleeper);
	WAIT_UNTIL(mempool_nr_waiting(sleeper.pool) == 1);
	set_stock(1);
	CHECK_EQ(mempool_resize(sleeper.pool, 2), 0);
	test_thread_join(&sleeper.thread);
	CHECK(sleeper.element && sleeper.element != element);
	mempool_free(element, sleeper.pool);
	mempool_free(sleeper.element, sleeper.pool);
	CHECK_EQ(sleeper.pool->curr_nr, 2);
	destroy(sleeper.pool);
}
