// SPDX-License-Identifier: MIT
/* Many objects at once: runs of every length, given back in every order, right and wrong. */
#define SELFTEST_UNSAMPLED 1
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include "mm/fault.h"
#include "mm/slab.h"
#include "tests/selftest.h"

#define MOST 120

static void *objects[MOST], *others[MOST];

static void shuffle(void **array, size_t nr)
{
	for (size_t i = nr; i > 1; i--) {
		size_t other = selftest_random_below(i);

		swap(array[i - 1], array[other]);
	}
}

static void reverse(void **array, size_t nr)
{
	for (size_t i = 0; i < nr / 2; i++)
		swap(array[i], array[nr - 1 - i]);
}

/* All are in use, none is there twice, and each keeps what is written into it. */
static void check_used(const struct kmem_cache *cache, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		*(size_t *)objects[i] = i;
	for (size_t i = 0; i < nr; i++) {
		struct slab *slab = slab_of(objects[i]);

		CHECK_EQ(*(size_t *)objects[i], i);
		CHECK(slab && slab->cache == cache &&
		      slab->state[slab_index(slab, objects[i])] == OBJECT_USED);
	}
}

/* As many as there are, of lengths that have remainders, single frees and allocations between. */
SELFTEST(slab_bulk, runs_of_every_length_in_every_order)
{
	struct kmem_cache *cache = kmem_cache_create("test-runs", 64, 0, 0, NULL);
	unsigned long rounds = selftest_scaled(300);
	void *single = NULL;

	REQUIRE(cache);
	for (unsigned long i = 0; i < rounds; i++) {
		size_t nr = 1 + selftest_random_below(selftest_random_below(4) ? 20 : MOST);
		unsigned long order = selftest_random_below(3);

		if (!CHECK_EQ(kmem_cache_alloc_bulk(cache, GFP_KERNEL, nr, objects), nr))
			break;
		if (!selftest_random_below(4)) {
			kmem_cache_free(cache, single);
			single = kmem_cache_alloc(cache, GFP_KERNEL);
		}
		check_used(cache, nr);
		if (order == 1)
			reverse(objects, nr);
		else if (order == 2)
			shuffle(objects, nr);
		kmem_cache_free_bulk(cache, nr, objects);
		if (i % 64 == 0)
			CHECK_EQ(slab_validate(), 0);
	}
	kmem_cache_free(cache, single);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(slab_bulk, no_objects_are_no_objects)
{
	struct kmem_cache *cache = kmem_cache_create("test-nothing", 64, 0, 0, NULL);

	REQUIRE(cache);
	objects[0] = NULL;
	CHECK_EQ(kmem_cache_alloc_bulk(cache, GFP_KERNEL, 0, objects), 0);
	CHECK(!objects[0]);
	kmem_cache_free_bulk(cache, 0, objects);
	kmem_cache_free_bulk(cache, 1, objects);	/* NULL is fine */
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/*
 * Slots above a magazine's top may remember one object twice, so a run that is recalled is where
 * the second free of an object in one array could be missed.
 */
SELFTEST(slab_bulk, an_object_twice_in_the_array_is_found)
{
	struct kmem_cache *cache = kmem_cache_create("test-twice", 64, 0, 0, NULL);
	unsigned int rounds = (unsigned int)selftest_scaled(20);

	REQUIRE(cache);
	selftest_expect_reports(2 * rounds);
	for (unsigned int i = 0; i < rounds; i++) {
		size_t nr = 2 + selftest_random_below(18), at = selftest_random_below(nr);

		if (!CHECK_EQ(kmem_cache_alloc_bulk(cache, GFP_KERNEL, nr, objects), nr))
			break;
		/* The same object leaves and comes back one place further down. */
		kmem_cache_free(cache, objects[nr - 2]);
		objects[nr - 2] = kmem_cache_alloc(cache, GFP_KERNEL);
		check_used(cache, nr);
		others[0] = objects[at];
		objects[nr] = objects[i % 2 ? at : nr - 1];
		kmem_cache_free_bulk(cache, nr + 1, objects);
		kmem_cache_free_bulk(cache, 1, others);
	}
	CHECK_EQ(slab_validate(), 0);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* What is wrong stays as it is, all others are freed. */
SELFTEST(slab_bulk, a_wrong_one_does_not_hold_up_the_others)
{
	struct kmem_cache *cache = kmem_cache_create("test-bulk-64", 64, 0, 0, NULL);
	struct kmem_cache *other = kmem_cache_create("test-bulk-other", 64, 0, 0, NULL);
	void *stranger;

	REQUIRE(cache && other);
	stranger = kmem_cache_alloc(other, GFP_KERNEL);
	REQUIRE(stranger);
	memset(stranger, 7, 64);
	selftest_expect_reports(3 * 12);
	for (size_t at = 0; at < 12; at++) {
		REQUIRE(kmem_cache_alloc_bulk(cache, GFP_KERNEL, 12, objects) == 12);
		memmove(objects + at + 3, objects + at, (12 - at) * sizeof(objects[0]));
		objects[at] = stranger;
		objects[at + 1] = (u8 *)objects[at + 3] + 8;
		objects[at + 2] = &cache;
		kmem_cache_free_bulk(cache, 15, objects);
	}
	CHECK(!memchr_inv(stranger, 7, 64));
	kmem_cache_free(other, stranger);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
	CHECK_EQ(kmem_cache_destroy(other), 0);
}

/* Each object is a request that may fail, and then none is left. */
SELFTEST(slab_bulk, a_failure_on_purpose_comes_through)
{
	struct fault_setup setup = { .sources = FAULT_SLAB, .nth = 10, .task = current };
	unsigned long seen, failed;
	struct kmem_cache *cache;

	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	cache = kmem_cache_create("test-bulk-fails", 64, 0, 0, NULL);
	REQUIRE(cache);
	kmem_cache_free(cache, kmem_cache_alloc(cache, GFP_KERNEL));
	fault_begin(&setup);
	CHECK_EQ(kmem_cache_alloc_bulk(cache, GFP_KERNEL | __GFP_NOWARN, 16, objects), 0);
	fault_end(&seen, &failed);
	CHECK_EQ(seen, 10);
	CHECK_EQ(failed, 1);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

static struct kmem_cache *shared;

static void interrupt_in_bulk(void *arg)
{
	void *mine[5];

	if (kmem_cache_alloc_bulk(shared, GFP_ATOMIC | __GFP_NOWARN, 5, mine))
		kmem_cache_free_bulk(shared, 5, mine);
}

/* Interrupts come between runs, from elsewhere in the midst of them, and take objects too. */
SELFTEST(slab_bulk, interrupts_in_bulk)
{
	unsigned long rounds = selftest_scaled(100);

	shared = kmem_cache_create("test-bulk-irq", 64, 0, 0, NULL);
	REQUIRE(shared);
	for (unsigned long i = 0; i < rounds; i++) {
		size_t nr = 1 + selftest_random_below(40);

		smp_call_function(interrupt_in_bulk, NULL, 0);
		if (!CHECK_EQ(kmem_cache_alloc_bulk(shared, GFP_KERNEL, nr, objects), nr))
			break;
		on_each_cpu(interrupt_in_bulk, NULL, 1);
		check_used(shared, nr);
		kmem_cache_free_bulk(shared, nr, objects);
	}
	CHECK_EQ(slab_validate(), 0);
	CHECK_EQ(kmem_cache_destroy(shared), 0);
}
