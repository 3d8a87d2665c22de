// SPDX-License-Identifier: MIT
/* The order in which objects of a slab come out. */
#define SELFTEST_UNSAMPLED 1
#include <linux/gfp.h>
#include <linux/slab.h>
#include <kernel/boot.h>
#include "mm/slab.h"
#include "tests/selftest.h"

#define SLAB_OBJECTS 64		/* at most, of 64 bytes each */
#define TURNS	     7

static u8 orders[2][SLAB_ORDERS];

static bool is_permutation(const u8 *order, unsigned int n)
{
	u64 seen = 0;

	for (unsigned int i = 0; i < n; i++)
		seen |= BIT(order[i]);
	return seen == BIT(n) - 1;
}

SELFTEST(slab_order, each_slot_is_filled_once_wherever_an_order_begins)
{
	for (unsigned int n = 1; n <= SLAB_RUN_MAX; n++)
		for (unsigned int from = 0; from < n; from++)
			CHECK(is_permutation(slab_orders + n * (n - 1) + from, n));
}

/* How many of all slots are the same in both. */
static unsigned int nr_same(const u8 *one, const u8 *two)
{
	unsigned int same = 0;

	for (unsigned int i = 0; i < SLAB_ORDERS; i++)
		same += one[i] == two[i];
	return same;
}

/* Of the orders of n slots by chance one slot is the same: 47 of 1128 in all, and each twice. */
SELFTEST(slab_order, other_secrets_give_other_orders)
{
	for (unsigned int i = 0; i < 16; i++) {
		slab_order_fill(orders[0], selftest_random() | 1);
		slab_order_fill(orders[1], selftest_random() | 1);
		CHECK(nr_same(orders[0], orders[1]) < SLAB_ORDERS / 8);
	}
	slab_order_fill(orders[0], 77);
	slab_order_fill(orders[1], 77);
	CHECK_EQ(nr_same(orders[0], orders[1]), SLAB_ORDERS);
}

/* Nobody who read the source knows the order. */
SELFTEST(slab_order, the_orders_are_those_of_the_secret_of_this_boot)
{
	slab_order_fill(orders[0], slab_secret);
	CHECK_EQ(nr_same(orders[0], slab_orders), SLAB_ORDERS);
	slab_order_fill(orders[1], slab_secret + 1);
	CHECK(nr_same(orders[1], slab_orders) < SLAB_ORDERS);
}

/* Two caches that were used alike, and a node with another secret: each begins somewhere else. */
SELFTEST(slab_order, no_two_nodes_begin_with_the_same)
{
	static const char *const names[] = { "test-begin", "test-begin-too" };
	struct kmem_cache *caches[2];
	struct cache_node *nodes[2] = { NULL, NULL };
	u64 begin, secret = slab_secret;

	if (!secret)
		SKIP("there is no secret");
	for (unsigned int i = 0; i < 2; i++) {
		caches[i] = kmem_cache_create(names[i], 64, 0, SLAB_NO_MERGE, NULL);
		if (CHECK(caches[i]))
			nodes[i] = slab_node(caches[i], numa_mem_id(), GFP_KERNEL);
	}
	if (CHECK(nodes[0] && nodes[1])) {
		begin = slab_order_begin(nodes[0]);
		CHECK_EQ(nodes[0]->random, begin);
		CHECK(begin != slab_order_begin(nodes[1]));
		CHECK(nodes[0]->random != nodes[1]->random);
		WRITE_ONCE(slab_secret, secret + PAGE_SIZE);
		CHECK(begin != slab_order_begin(nodes[0]));
		WRITE_ONCE(slab_secret, secret);
	}
	for (unsigned int i = 0; i < 2; i++)
		CHECK_EQ(kmem_cache_destroy(caches[i]), 0);
}

SELFTEST(slab_order, without_a_secret_objects_come_by_address)
{
	slab_order_fill(orders[0], 0);
	for (unsigned int n = 1; n <= SLAB_RUN_MAX; n++)
		for (unsigned int i = 0; i < n; i++)
			CHECK_EQ(orders[0][n * (n - 1) + i], i);
}

/* Takes all objects of `slab`, in runs of `run`, and gives them back: by number, as they came. */
static unsigned int read_slab(struct slab *slab, unsigned int run, u8 *numbers)
{
	struct cache_node *node = slab_home(slab);
	struct slot slots[SLAB_OBJECTS];
	unsigned long flags;
	unsigned int n = 0;

	spin_lock_irqsave(&node->lock, flags);
	while (n < slab->nr && slab->nr_free)
		n += slab_take(node, slots + n, min(run, (unsigned int)slab->nr_free));
	spin_unlock_irqrestore(&node->lock, flags);
	for (unsigned int i = 0; i < n; i++)
		numbers[i] = (u8)slab_index(slab, slots[i].object);
	slab_give(slab->cache, slots, n);
	return n;
}

/* Neighbours that came one after the other. */
static unsigned int nr_neighbours(const u8 *numbers, unsigned int n)
{
	unsigned int neighbours = 0;

	for (unsigned int i = 1; i < n; i++)
		neighbours += numbers[i] == numbers[i - 1] + 1 || numbers[i] == numbers[i - 1] - 1;
	return neighbours;
}

/* Takes and gives back all of the slab some times over, in runs of `run`: how often as at first. */
static unsigned int nr_like_first(struct slab *slab, unsigned int run, u8 *first)
{
	u8 next[SLAB_OBJECTS];
	unsigned int same = 0;

	for (unsigned int turn = 0; turn <= TURNS; turn++) {
		u8 *numbers = turn ? next : first;
		unsigned int n = read_slab(slab, run, numbers);
		u64 seen = 0;

		for (unsigned int i = 0; i < n; i++)
			seen |= BIT(numbers[i]);
		CHECK_EQ(hweight64(seen), slab->nr - 1U);
		same += turn && !memcmp(first, next, n);
	}
	return same;
}

/*
 * Of n objects in a random order, one after the other are neighbours about twice, and most of them
 * in no boot of a life; the same order twice in turn has a chance of one in some hundred.
 */
static void check_runs(struct slab *slab, unsigned int run)
{
	u8 numbers[SLAB_OBJECTS];
	unsigned int same = nr_like_first(slab, run, numbers), n = slab->nr - 1U;

	if (slab_secret) {
		CHECK(same < TURNS);
		CHECK(nr_neighbours(numbers, n) < n * 2 / 3);
	} else {
		CHECK_EQ(same, TURNS);
		CHECK(nr_neighbours(numbers, n) + 2 >= n);	/* beside the one in use */
	}
}

static void with_slab(unsigned int run)
{
	struct kmem_cache *cache = kmem_cache_create("test-order", 64, 0, SLAB_NO_MERGE, NULL);
	void *kept;

	REQUIRE(cache);
	REQUIRE(cache->nr <= SLAB_OBJECTS);
	kept = kmem_cache_alloc(cache, GFP_KERNEL);
	if (CHECK(kept)) {
		slab_drain(cache);
		check_runs(slab_of(kept), run);
	}
	kmem_cache_free(cache, kept);
	CHECK_EQ(slab_validate(), 0);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(slab_order, each_object_of_a_run_comes_once_and_far_from_the_last)
{
	with_slab(SLAB_RUN_MAX);
}

SELFTEST(slab_order, single_objects_come_from_anywhere_in_their_slab)
{
	with_slab(1);
}

SELFTEST(slab_order, this_boot_has_a_secret_unless_forbidden)
{
	CHECK_EQ(!slab_secret, cmdline_flag("nokaslr"));
}
