// SPDX-License-Identifier: MIT
/* Slab caches. */
#define SELFTEST_UNSAMPLED 1
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "mm/fault.h"
#include "mm/slab.h"
#include "tests/threads.h"

#define TRY (GFP_KERNEL | __GFP_NOWARN)

/* At most `nr`, fewer on a machine that has not room for them. */
static unsigned int affordable(unsigned int nr, size_t size)
{
	return (unsigned int)min_t(unsigned long, nr, nr_free_pages() * (PAGE_SIZE / 4) / size);
}

/* ---- Allocating and freeing ---- */

static void *objects[1024];

static unsigned int fill(struct kmem_cache *cache, unsigned int nr)
{
	unsigned int made;

	for (made = 0; made < nr; made++) {
		objects[made] = kmem_cache_alloc(cache, TRY);
		if (!objects[made])
			break;
		memset(objects[made], (int)made, cache->object_size);
	}
	return made;
}

static void check_and_free(struct kmem_cache *cache, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (memchr_inv(objects[i], (int)(u8)i, cache->object_size))
			CHECK_EQ(i, nr);
		kmem_cache_free(cache, objects[i]);
	}
}

/* From 8 bytes to several pages, at all alignments up to two pages. */
SELFTEST(slab, sizes_and_alignments)
{
	static const struct { u32 size, align; } kinds[] = {
		{ 1, 0 }, { 8, 8 }, { 24, 0 }, { 100, 4 }, { 192, 64 }, { 700, 0 }, { 1000, 512 },
		{ 4096, 4096 }, { 3000, 0 }, { 5000, 64 }, { 9000, 8192 }, { 20000, 0 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct kmem_cache *cache = kmem_cache_create("test-sizes", kinds[i].size,
							     kinds[i].align, 0, NULL);
		unsigned int nr;

		REQUIRE(cache);
		CHECK_EQ(kmem_cache_size(cache), kinds[i].size);
		for (int round = 0; round < 2; round++) {
			nr = fill(cache, affordable(200, kinds[i].size));
			for (unsigned int j = 0; j < nr; j++)
				CHECK(IS_ALIGNED((unsigned long)objects[j],
						 max(kinds[i].align, 8u)));
			check_and_free(cache, nr);
		}
		CHECK_EQ(kmem_cache_destroy(cache), 0);
	}
}

SELFTEST(slab, a_thousand_live_objects_keep_their_content)
{
	struct kmem_cache *cache = kmem_cache_create("test-192", 192, 0, 0, NULL);

	REQUIRE(cache);
	for (int round = 0; round < 3; round++)
		check_and_free(cache, fill(cache, affordable(1024, 192)));
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

struct sample {
	u64 number;
	u8 bytes[40];
};

SELFTEST(slab, a_cache_of_a_structure)
{
	struct kmem_cache *cache = KMEM_CACHE(sample, SLAB_HWCACHE_ALIGN);
	struct sample *object;

	REQUIRE(cache);
	CHECK_EQ(kmem_cache_size(cache), sizeof(struct sample));
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	REQUIRE(object);
	memset(object, 0xff, sizeof(*object));
	kmem_cache_free(cache, object);
	object = kmem_cache_zalloc(cache, GFP_KERNEL);
	REQUIRE(object);
	CHECK(!memchr_inv(object, 0, sizeof(*object)));
	CHECK(IS_ALIGNED((unsigned long)object, 64));
	kfree(object);			/* takes objects of any cache */
	kmem_cache_free(cache, NULL);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
	CHECK_EQ(kmem_cache_destroy(NULL), 0);
}

SELFTEST(slab, flags_choose_the_memory)
{
	struct kmem_cache *dma = kmem_cache_create("test-dma", 64, 0, SLAB_CACHE_DMA, NULL);
	struct kmem_cache *low = kmem_cache_create("test-dma32", 64, 0, SLAB_CACHE_DMA32, NULL);
	struct kmem_cache *all = kmem_cache_create("test-flags", 64, 0, SLAB_RECLAIM_ACCOUNT |
			SLAB_ACCOUNT | SLAB_NO_MERGE | SLAB_NO_REAP |
			(fault_is_off() ? SLAB_PANIC : 0), NULL);
	void *object;

	REQUIRE(dma && low && all);
	object = kmem_cache_alloc(dma, TRY);
	if (object)
		CHECK(virt_to_phys(object) < 0x1000000);
	kmem_cache_free(dma, object);
	object = kmem_cache_alloc(low, TRY);
	if (object)
		CHECK(virt_to_phys(object) < 0x100000000);
	kmem_cache_free(low, object);
	object = kmem_cache_alloc(all, GFP_KERNEL);
	CHECK(object);
	kmem_cache_free(all, object);
	CHECK_EQ(kmem_cache_destroy(dma), 0);
	CHECK_EQ(kmem_cache_destroy(low), 0);
	CHECK_EQ(kmem_cache_destroy(all), 0);
}

SELFTEST(slab, nodes_are_obeyed)
{
	struct kmem_cache *cache = kmem_cache_create("test-nodes", 64, 0, 0, NULL);

	REQUIRE(cache);
	for (int nid = 0; nid < (int)nr_node_ids; nid++) {
		void *object = NULL;

		if (node_state(nid, N_MEMORY))
			object = kmem_cache_alloc_node(cache, TRY | __GFP_THISNODE, nid);
		if (object)
			CHECK_EQ(page_to_nid(virt_to_page(object)), nid);
		kmem_cache_free(cache, object);
	}
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(slab, bulk_gives_all_or_none)
{
	struct kmem_cache *cache = kmem_cache_create("test-bulk", 96, 0, 0, NULL);
	unsigned int nr = affordable(500, 96);

	REQUIRE(cache);
	for (int round = 0; round < 3; round++) {
		if (!CHECK(kmem_cache_alloc_bulk(cache, GFP_KERNEL | __GFP_ZERO, nr, objects)))
			break;
		for (unsigned int i = 0; i < nr; i++) {
			CHECK(!memchr_inv(objects[i], 0, 96));
			memset(objects[i], (int)i, 96);
		}
		for (unsigned int i = 0; i < nr; i++)
			CHECK(!memchr_inv(objects[i], (int)(u8)i, 96));
		kmem_cache_free_bulk(cache, nr, objects);
	}
	if (CHECK_EQ(kmem_cache_alloc_bulk(cache, GFP_KERNEL, 3, objects), 3)) {
		selftest_expect_reports(2);
		objects[3] = objects[0];
		objects[4] = (u8 *)objects[1] + 8;
		kmem_cache_free_bulk(cache, 5, objects);	/* the good ones are freed */
	}
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* What was freed first serves last, on one CPU: memory that is in its cache comes first. */
SELFTEST(slab, what_was_freed_last_comes_first)
{
	SKIP_WITH_KASAN();
	struct kmem_cache *cache = kmem_cache_create("test-lifo", 64, 0, 0, NULL);
	void *a, *b;

	REQUIRE(cache);
	if (!cache->magazine_max || !fault_is_off()) {
		kmem_cache_destroy(cache);
		SKIP("objects do not stay in magazines");
	}
	a = kmem_cache_alloc(cache, GFP_KERNEL);
	b = kmem_cache_alloc(cache, GFP_KERNEL);
	kmem_cache_free(cache, a);
	kmem_cache_free(cache, b);
	CHECK(kmem_cache_alloc(cache, GFP_KERNEL) == b);
	CHECK(kmem_cache_alloc(cache, GFP_KERNEL) == a);
	kmem_cache_free(cache, a);
	kmem_cache_free(cache, b);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* ---- Constructors ---- */

#define MARK 0x5eedc0de

static atomic_t nr_constructed, nr_destroyed;

static void construct1(void *object)
{
	*(u32 *)object = MARK;
	atomic_inc(&nr_constructed);
}

static void construct3(void *object, struct kmem_cache *cache, unsigned long flags)
{
	CHECK(flags & SLAB_CTOR_CONSTRUCTOR);
	CHECK_EQ(kmem_cache_size(cache), 80);
	construct1(object);
}

static void destroy3(void *object, struct kmem_cache *cache, unsigned long flags)
{
	CHECK_EQ(*(u32 *)object, MARK);
	atomic_inc(&nr_destroyed);
}

/* Once for each object; what it made is there at each allocation, free or not in between. */
SELFTEST(slab, constructed_state_survives_free_and_alloc)
{
	struct kmem_cache *cache = kmem_cache_create("test-ctor", 80, 0, 0, construct1);
	unsigned int nr = affordable(300, 80);
	int constructed;

	REQUIRE(cache);
	atomic_set(&nr_constructed, 0);
	for (int round = 0; round < 3; round++) {
		constructed = atomic_read(&nr_constructed);
		if (!CHECK_EQ(kmem_cache_alloc_bulk(cache, GFP_KERNEL, nr, objects), nr))
			break;
		for (unsigned int i = 0; i < nr; i++) {
			CHECK_EQ(*(u32 *)objects[i], MARK);
			memset((u8 *)objects[i] + 4, (int)i, 76);
		}
		for (unsigned int i = 0; i < nr; i++)
			kmem_cache_free(cache, objects[i]);
	}
	CHECK(atomic_read(&nr_constructed) - constructed < (int)nr);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

static unsigned int fill_keeping_mark(struct kmem_cache *cache, unsigned int nr)
{
	unsigned int made;

	for (made = 0; made < nr; made++) {
		objects[made] = kmem_cache_alloc(cache, TRY);
		if (!objects[made])
			break;
		CHECK_EQ(*(u32 *)objects[made], MARK);
	}
	return made;
}

/* Both forms compile by their number of arguments; counts add up, however often it shrinks. */
/* Clearing would undo the constructor's work: one report for a cache. */
SELFTEST(slab, clearing_what_is_constructed_is_reported_once)
{
	for (unsigned int bulk = 0; bulk < 2; bulk++) {
		struct kmem_cache *cache = kmem_cache_create("test-zero", 64, 0, 0, construct1);
		void *object[2] = { };

		REQUIRE(cache);
		selftest_expect_reports(1);
		for (unsigned int i = 0; i < ARRAY_SIZE(object); i++) {
			if (bulk)
				kmem_cache_alloc_bulk(cache, GFP_KERNEL | __GFP_ZERO, 1,
						      &object[i]);
			else
				object[i] = kmem_cache_zalloc(cache, GFP_KERNEL);
			CHECK(object[i] && !memchr_inv(object[i], 0, 64));
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(object); i++)
			kmem_cache_free(cache, object[i]);
		CHECK_EQ(kmem_cache_destroy(cache), 0);
	}
}

SELFTEST(slab, destructors_and_constructors_add_up)
{
	struct kmem_cache *cache = kmem_cache_create("test-dtor", 80, 0, 0, construct3, destroy3);
	unsigned int nr = affordable(256, 80);

	REQUIRE(cache);
	atomic_set(&nr_constructed, 0);
	atomic_set(&nr_destroyed, 0);
	for (unsigned long round = 0; round < selftest_scaled(30); round++) {
		unsigned int made = fill_keeping_mark(cache, nr);

		for (unsigned int i = 0; i < made; i++) {
			kmem_cache_free(cache, objects[i]);
			if (!selftest_random_below(nr / 2 + 1))
				kmem_cache_shrink(cache);
		}
	}
	CHECK_EQ(kmem_cache_shrink(cache), 0);
	CHECK(atomic_read(&nr_constructed) > 0);
	CHECK_EQ(atomic_read(&nr_destroyed), atomic_read(&nr_constructed));
	CHECK_EQ(kmem_cache_destroy(cache), 0);
	CHECK_EQ(atomic_read(&nr_destroyed), atomic_read(&nr_constructed));
}

/* ---- Memory ---- */

/* The caches' own choice: no slab wastes more than an eighth, none has a page too many. */
SELFTEST(slab, slabs_waste_an_eighth_at_most)
{
	for (u32 size = 8; size <= 16384; size += 8) {
		struct kmem_cache cache = { .object_size = size };
		unsigned long bytes;

		slab_layout(&cache);
		bytes = cache.pages * PAGE_SIZE;
		if (bytes - cache.nr * size > bytes / 8)
			CHECK_EQ(bytes - cache.nr * size, bytes / 8);
		CHECK(cache.pages <= 1U << cache.order);
		bytes -= PAGE_SIZE;
		if (bytes >= max(size, size < 1024 ? 1U : 2 * (u32)PAGE_SIZE))
			CHECK(bytes % size > bytes / 8);
	}
}

SELFTEST(slab, shrinking_gives_back_what_is_free)
{
	struct kmem_cache *cache = kmem_cache_create("test-shrink", 512, 0, 0, NULL);
	unsigned int nr = affordable(400, 512);
	unsigned long before;

	REQUIRE(cache);
	CHECK_EQ(kmem_cache_shrink(cache), 0);
	before = nr_free_pages() + quarry_slab_meta_pages();
	check_and_free(cache, fill(cache, nr));
	CHECK_EQ(kmem_cache_shrink(cache), 0);
	CHECK(nr_free_pages() + quarry_slab_meta_pages() + 1 >= before);
	objects[0] = kmem_cache_alloc(cache, GFP_KERNEL);
	CHECK_EQ(kmem_cache_shrink(cache), 1);
	kmem_cache_free(cache, objects[0]);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* Free one object in two, then all but one slab's worth: the fullest slabs serve first. */
SELFTEST(slab, the_fullest_slabs_serve_first)
{
	struct kmem_cache *cache = kmem_cache_create("test-fullest", 256, 0, 0, NULL);
	unsigned int nr = affordable(16 * 32, 256) / 16 * 16, left = 0;
	struct slab *emptiest;

	REQUIRE(cache);
	if (nr < 16 * 4 || fill(cache, nr) != nr)
		SKIP("not enough memory");
	emptiest = slab_of(objects[nr - 1]);
	for (unsigned int i = 0; i < nr; i++) {
		bool keep = slab_of(objects[i]) == emptiest ? left++ == 0 : i % 8 != 0;

		if (keep)
			continue;
		kmem_cache_free(cache, objects[i]);
		objects[i] = NULL;
	}
	slab_drain(cache);
	for (unsigned int i = 0; i < nr / 32; i++) {
		void *object = kmem_cache_alloc(cache, GFP_KERNEL);

		CHECK(slab_of(object) != emptiest);
		for (unsigned int j = 0; j < nr; j++)
			if (!objects[j]) {
				objects[j] = object;
				break;
			}
	}
	for (unsigned int i = 0; i < nr; i++)
		kmem_cache_free(cache, objects[i]);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* Equal places of different slabs do not all lie in the same lines of a CPU's cache. */
SELFTEST(slab, slabs_begin_at_different_lines)
{
	struct kmem_cache *cache = kmem_cache_create("test-colour", 700, 0, 0, NULL);
	unsigned long seen = 0;
	unsigned int nr;

	REQUIRE(cache);
	nr = fill(cache, affordable(200, 700));
	for (unsigned int i = 0; i < nr; i++)
		seen |= BIT(((unsigned long)slab_start(slab_of(objects[i])) / 64) % 64);
	CHECK(nr < 50 || hweight64(seen) >= 4);
	check_and_free(cache, nr);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* The same memory is the same kind of object as long as a reader looks. */
SELFTEST(slab, typesafe_memory_outlives_readers)
{
	struct kmem_cache *cache = kmem_cache_create("test-rcu", 80, 0, SLAB_TYPESAFE_BY_RCU,
						     construct1);
	u32 *object;

	REQUIRE(cache);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	REQUIRE(object);
	rcu_read_lock();
	kmem_cache_free(cache, object);
	slab_shrink(cache);		/* its slab leaves the cache once magazines are drained */
	CHECK_EQ(READ_ONCE(*object), MARK);
	CHECK(slab_of(object) && slab_of(object)->cache == cache);
	rcu_read_unlock();
	kmem_cache_shrink(cache);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
	CHECK(!slab_of(object) || slab_of(object)->cache != cache);
}

/* ---- Misuse ---- */

SELFTEST(slab, a_wrong_free_is_reported_and_left)
{
	struct kmem_cache *cache = kmem_cache_create("test-64", 64, 0, 0, NULL);
	struct kmem_cache *other = kmem_cache_create("test-other", 64, 0, 0, NULL);
	void *empty_slot = ERR_PTR(-1);		/* what empty slots of magazines hold */
	u8 *object, *stranger;

	REQUIRE(cache && other);
	selftest_expect_reports(5);
	kmem_cache_free_bulk(cache, 1, &empty_slot);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	stranger = kmem_cache_alloc(other, GFP_KERNEL);
	REQUIRE(object && stranger);
	memset(object, 1, 64);
	memset(stranger, 2, 64);
	kmem_cache_free(cache, stranger);
	kmem_cache_free(cache, object + 8);
	kmem_cache_free(cache, &cache);
	CHECK(!memchr_inv(object, 1, 64) && !memchr_inv(stranger, 2, 64));
	kmem_cache_free(cache, object);
	kmem_cache_free(cache, object);
	kmem_cache_free(other, stranger);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
	CHECK_EQ(kmem_cache_destroy(other), 0);
}

SELFTEST(slab, a_cache_in_use_is_not_destroyed)
{
	struct kmem_cache *cache = kmem_cache_create("test-busy", 64, 0, 0, NULL);
	u8 *object, *second;

	REQUIRE(cache);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	REQUIRE(object);
	memset(object, 7, 64);
	selftest_expect_reports(1);
	CHECK_EQ(kmem_cache_destroy(cache), -EBUSY);
	CHECK(!memchr_inv(object, 7, 64));
	second = kmem_cache_alloc(cache, GFP_KERNEL);	/* it stays usable */
	CHECK(second && second != object);
	kmem_cache_free(cache, second);
	kmem_cache_free(cache, object);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

struct with_head {
	struct rcu_head rcu;
	u64 value;
};

SELFTEST(slab, destroying_waits_for_kfree_rcu)
{
	struct kmem_cache *cache = kmem_cache_create("test-pending", sizeof(struct with_head), 0,
						     0, NULL);

	REQUIRE(cache);
	for (int i = 0; i < 50; i++) {
		struct with_head *object = kmem_cache_alloc(cache, GFP_KERNEL);

		kfree_rcu(object, rcu);
	}
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(slab, caches_that_cannot_be_are_refused)
{
	struct kmem_cache *one, *two;

	selftest_expect_reports(6);
	CHECK(!kmem_cache_create("test-none", 0, 0, 0, NULL));
	CHECK(!kmem_cache_create("test-huge", SIZE_MAX, 0, 0, NULL));
	CHECK(!kmem_cache_create("test-huge", 0x400001, 0, 0, NULL));
	CHECK(!kmem_cache_create("test-align", 64, 24, 0, NULL));
	CHECK(!kmem_cache_create("", 64, 0, 0, NULL));
	one = kmem_cache_create("test-twin", 64, 0, 0, NULL);
	two = kmem_cache_create("test-twin", 64, 0, 0, NULL);	/* warns */
	CHECK(one && two && one != two);
	kmem_cache_destroy(one);
	kmem_cache_destroy(two);
}
