// SPDX-License-Identifier: MIT
/*
 * RCU: a grace period waits for the readers that were there, for nobody else, and callbacks
 * come once each, after one.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/rculist.h>
#include <linux/smp.h>
#include "tests/threads.h"

#define CALLBACKS 2000

static unsigned int reader_state;	/* 0: not there yet, 1: reads, 2: asked to end, 3: ended */

static void long_reader(void *unused)
{
	rcu_read_lock();
	WRITE_ONCE(reader_state, 1);
	while (READ_ONCE(reader_state) == 1)
		port_relax();
	smp_store_release(&reader_state, 3);
	rcu_read_unlock();
}

static void wait_for_grace_period(void *seen)
{
	synchronize_rcu();
	*(unsigned int *)seen = smp_load_acquire(&reader_state);
}

SELFTEST(rcu, a_grace_period_waits_for_readers)
{
	struct test_thread reader, writer;
	unsigned int seen = ~0U;

	if (num_online_cpus() < 2)
		SKIP("one CPU");
	reader_state = 0;
	test_thread_start(&reader, test_cpu(1), long_reader, NULL);
	WAIT_UNTIL(READ_ONCE(reader_state) == 1);
	test_thread_start(&writer, test_cpu(0), wait_for_grace_period, &seen);
	msleep(20);
	CHECK_EQ(READ_ONCE(seen), ~0U);
	WRITE_ONCE(reader_state, 2);
	test_thread_join(&writer);
	test_thread_join(&reader);
	CHECK_EQ(seen, 3);
}

SELFTEST(rcu, a_spin_lock_and_interrupts_off_are_readers_too)
{
	static DEFINE_SPINLOCK(lock);

	CHECK(!rcu_read_lock_held());
	spin_lock(&lock);
	CHECK(rcu_read_lock_held());
	spin_unlock(&lock);
	rcu_read_lock();
	CHECK(rcu_read_lock_held());
	rcu_read_unlock();
	CHECK(!rcu_read_lock_held());
}

/* ---- Readers and a writer who frees ---- */

#define GOOD 0x600dUL
#define BAD  0xbadUL

static unsigned long *shared;
static bool storm_over;

static void check_shared(void *wrong)
{
	while (!READ_ONCE(storm_over)) {
		for (unsigned int i = 0; i < 50; i++) {
			unsigned long *page;

			rcu_read_lock();
			page = rcu_dereference(shared);
			*(unsigned long *)wrong += READ_ONCE(*page) != GOOD;
			rcu_read_unlock();
		}
		cond_resched();
	}
}

static unsigned long *new_page(void)
{
	unsigned long *page = (unsigned long *)__get_free_page(GFP_KERNEL);

	if (page)
		*page = GOOD;
	return page;
}

SELFTEST(rcu, what_is_freed_after_a_grace_period_is_not_read)
{
	static struct test_thread readers[NR_CPUS];
	static unsigned long wrong[NR_CPUS];
	unsigned long *old;
	unsigned int cpu;

	storm_over = false;
	rcu_assign_pointer(shared, new_page());
	REQUIRE(shared);
	for_each_online_cpu(cpu) {
		wrong[cpu] = 0;
		test_thread_start(&readers[cpu], (int)cpu, check_shared, &wrong[cpu]);
	}
	for (unsigned long i = 0; i < selftest_scaled(50); i++) {
		unsigned long *page = new_page();

		if (!CHECK(page))
			break;
		old = rcu_replace_pointer(shared, page, true);
		synchronize_rcu();
		WRITE_ONCE(*old, BAD);
		free_page((unsigned long)old);
	}
	WRITE_ONCE(storm_over, true);
	for_each_online_cpu(cpu) {
		test_thread_join(&readers[cpu]);
		CHECK_EQ(wrong[cpu], 0);
	}
	free_page((unsigned long)shared);
}

/* ---- Callbacks ---- */

static atomic_t called;

static void count_call(struct rcu_head *head)
{
	head->func = NULL;
	atomic_inc(&called);
}

struct heads {
	struct rcu_head *head;
	unsigned int nr;
};

static void queue_heads(void *arg)
{
	struct heads *heads = arg;

	for (unsigned int i = 0; i < heads->nr; i++)
		call_rcu(&heads->head[i], count_call);
}

SELFTEST(rcu, a_barrier_waits_for_callbacks_of_threads_and_interrupts)
{
	static struct rcu_head head[CALLBACKS];
	struct heads half = { head, CALLBACKS / 2 }, other = { head + half.nr, half.nr };
	unsigned int uncalled = 0;

	atomic_set(&called, 0);
	queue_heads(&half);
	smp_call_function_single(test_cpu(num_online_cpus() - 1), queue_heads, &other, true);
	rcu_barrier();
	CHECK_EQ(atomic_read(&called), CALLBACKS);
	for (unsigned int i = 0; i < CALLBACKS; i++)
		uncalled += head[i].func != NULL;
	CHECK_EQ(uncalled, 0);
}

SELFTEST(rcu, callbacks_wait_for_readers)
{
	static struct rcu_head head;
	struct test_thread reader;

	if (num_online_cpus() < 2)
		SKIP("one CPU");
	reader_state = 0;
	atomic_set(&called, 0);
	test_thread_start(&reader, test_cpu(1), long_reader, NULL);
	WAIT_UNTIL(READ_ONCE(reader_state) == 1);
	call_rcu(&head, count_call);
	msleep(20);
	CHECK_EQ(atomic_read(&called), 0);
	WRITE_ONCE(reader_state, 2);
	test_thread_join(&reader);
	rcu_barrier();
	CHECK_EQ(atomic_read(&called), 1);
}

/* Twice as many as call_rcu() lets queue up: the caller is made to wait for them. */
SELFTEST(rcu, a_caller_who_may_wait_does_not_run_ahead)
{
	const unsigned int order = 7, nr = (PAGE_SIZE << order) / sizeof(struct rcu_head);
	struct rcu_head *head = (void *)__get_free_pages(GFP_KERNEL | __GFP_NOWARN, order);
	unsigned long most = 0, start;

	if (!head)
		SKIP("no block of order %u", order);
	atomic_set(&called, 0);
	start = jiffies;
	for (unsigned int i = 0; i < nr; i++) {
		call_rcu(&head[i], count_call);
		most = max(most, rcu_pending());
	}
	/* Each one above 10,000 has cost a tick, however long the grace period took. */
	CHECK(most <= 10001 + (jiffies - start));
	rcu_barrier();
	CHECK_EQ(atomic_read(&called), nr);
	free_pages((unsigned long)head, order);
}

/* ---- Lists ---- */

struct item {
	struct list_head node;
	int value;
};

SELFTEST(rcu, a_list_keeps_its_order_and_lets_readers_pass_what_is_gone)
{
	struct item items[4] = { { .value = 0 }, { .value = 1 }, { .value = 2 }, { .value = 9 } };
	LIST_HEAD(list);
	struct item *item;
	int next = 0;

	list_add_rcu(&items[1].node, &list);
	list_add_rcu(&items[0].node, &list);
	list_add_tail_rcu(&items[3].node, &list);
	list_replace_rcu(&items[3].node, &items[2].node);
	CHECK(items[3].node.next == &list);	/* who is there finds the way out */
	list_for_each_entry_rcu(item, &list, node)
		CHECK_EQ(item->value, next++);
	CHECK_EQ(next, 3);
	list_del_rcu(&items[1].node);
	CHECK(items[1].node.next == &items[2].node);
	next = 0;
	list_for_each_entry_rcu(item, &list, node)
		next += item->value;
	CHECK_EQ(next, 2);
}
