/* SPDX-License-Identifier: MIT */
/* Memory pools: what comes from where, embedded pools, failures, pages, poison. */
#include <linux/highmem.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "tests/mempool_items.h"

SELFTEST(mempool, the_reserve_is_filled_up_front)
{
	mempool_t *pool;

	set_stock(10);
	atomic_set(&nr_allocs, 0);
	pool = mempool_create(4, item_alloc, item_free, NULL);
	REQUIRE(pool);
	CHECK_EQ(atomic_read(&nr_allocs), 4);
	CHECK_EQ(items_out(), 4);
	CHECK_EQ(pool->curr_nr, 4);
	CHECK(mempool_is_saturated(pool));
	destroy(pool);
}

SELFTEST(mempool, the_allocator_comes_first_and_the_reserve_second)
{
	mempool_t *pool = dry_pool(2);
	void *first, *second, *third;

	set_stock(1);
	first = mempool_alloc(pool, GFP_KERNEL);
	CHECK_EQ(pool->curr_nr, 2);
	second = mempool_alloc(pool, GFP_ATOMIC);
	CHECK_EQ(pool->curr_nr, 1);
	third = mempool_alloc(pool, GFP_KERNEL);
	CHECK_EQ(pool->curr_nr, 0);
	CHECK(first && second && third && first != second && second != third && first != third);
	CHECK(!mempool_alloc(pool, GFP_ATOMIC));
	CHECK(!mempool_alloc(pool, GFP_NOWAIT));
	CHECK(!mempool_alloc(pool, 0));
	mempool_free(first, pool);		/* whichever comes back fills the reserve */
	CHECK_EQ(pool->curr_nr, 1);
	mempool_free(second, pool);
	CHECK_EQ(pool->curr_nr, 2);
	CHECK_EQ(items_out(), 3);
	mempool_free(third, pool);		/* it is full: to the allocator */
	CHECK_EQ(pool->curr_nr, 2);
	CHECK_EQ(items_out(), 2);
	mempool_free(NULL, pool);
	destroy(pool);
}

SELFTEST(mempool, the_allocator_is_asked_not_to_try_hard)
{
	mempool_t *pool = dry_pool(1);
	void *element;
	gfp_t always = __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN;

	set_stock(1);
	element = mempool_alloc(pool, GFP_KERNEL);
	CHECK_EQ(last_gfp, (GFP_KERNEL & ~(__GFP_DIRECT_RECLAIM | __GFP_IO)) | always);
	mempool_free(element, pool);
	set_stock(0);
	element = mempool_alloc(pool, GFP_ATOMIC | __GFP_NOFAIL);
	CHECK_EQ(last_gfp, GFP_ATOMIC | always);
	mempool_free(element, pool);
	destroy(pool);
}

SELFTEST(mempool, preallocated_takes_from_the_reserve_alone)
{
	mempool_t *pool = dry_pool(1);
	void *element;

	set_stock(5);
	element = mempool_alloc_preallocated(pool);
	CHECK(element);
	CHECK_EQ(pool->curr_nr, 0);
	CHECK(!mempool_alloc_preallocated(pool));
	mempool_free(element, pool);
	destroy(pool);
}

/* ---- Changing, embedding, failing ---- */

SELFTEST(mempool, resizing_frees_and_fills)
{
	mempool_t *pool = dry_pool(4);
	void *element;

	CHECK_EQ(mempool_resize(pool, 2), 0);
	CHECK_EQ(pool->curr_nr, 2);
	CHECK_EQ(items_out(), 2);
	CHECK_EQ(mempool_resize(pool, 8), 0);	/* the allocator has two more */
	CHECK_EQ(pool->min_nr, 8);
	CHECK_EQ(pool->curr_nr, 4);
	set_stock(20);
	element = mempool_alloc(pool, GFP_KERNEL);
	mempool_free(element, pool);		/* it fills the reserve */
	CHECK_EQ(pool->curr_nr, 5);
	CHECK_EQ(mempool_resize(pool, 8), 0);
	CHECK_EQ(pool->curr_nr, 8);
	selftest_expect_reports(2);
	CHECK_EQ(mempool_resize(pool, 0), -EINVAL);
	CHECK_EQ(mempool_resize(pool, -1), -EINVAL);
	CHECK_EQ(pool->min_nr, 8);
	destroy(pool);
}

SELFTEST(mempool, embedded_pools_come_and_go)
{
	mempool_t pool = { 0 };
	void *element;

	CHECK(!mempool_initialized(&pool));
	mempool_exit(&pool);			/* all zeroes: nothing to do */
	set_stock(3);
	CHECK_EQ(mempool_init(&pool, 3, item_alloc, item_free, NULL), 0);
	CHECK(mempool_initialized(&pool));
	element = mempool_alloc(&pool, GFP_KERNEL);
	mempool_free(element, &pool);
	CHECK_EQ(mempool_validate(&pool), 0);
	mempool_exit(&pool);
	mempool_exit(&pool);
	CHECK_EQ(items_out(), 0);
}

SELFTEST(mempool, a_pool_that_cannot_be_filled_is_none)
{
	mempool_t pool;

	set_stock(3);
	CHECK(!mempool_create(4, item_alloc, item_free, NULL));
	CHECK_EQ(mempool_init(&pool, 4, item_alloc, item_free, NULL), -ENOMEM);
	CHECK_EQ(items_out(), 0);
	selftest_expect_reports(3);
	CHECK(!mempool_create(-1, item_alloc, item_free, NULL));
	CHECK(!mempool_create(1, NULL, item_free, NULL));
	CHECK_EQ(mempool_init(&pool, 1, item_alloc, NULL, NULL), -EINVAL);
}

SELFTEST(mempool, zeroed_elements_are_not_promised)
{
	mempool_t *pool = dry_pool(1);

	selftest_expect_reports(1);
	mempool_free(mempool_alloc(pool, GFP_KERNEL | __GFP_ZERO), pool);
	destroy(pool);
}

SELFTEST(mempool, destroying_nothing)
{
	mempool_destroy(NULL);
}

/* ---- Pages, poison ---- */

SELFTEST(mempool, pages_of_any_kind)
{
	mempool_t *pool = mempool_create_page_pool(2, 1);
	struct page *low, *high, *kept;

	REQUIRE(pool);
	low = mempool_alloc(pool, GFP_KERNEL);
	high = mempool_alloc(pool, GFP_HIGHUSER);
	kept = mempool_alloc_preallocated(pool);
	CHECK(low && high && kept && low != high && low != kept && high != kept);
	clear_highpage(low + 1);
	clear_highpage(high + 1);
	mempool_free(high, pool);		/* the reserve may hold any page that it is given */
	mempool_free(low, pool);
	mempool_free(kept, pool);
	CHECK_EQ(mempool_validate(pool), 0);
	mempool_destroy(pool);
}

SELFTEST(mempool, a_write_into_the_reserve_is_reported)
{
	bool before = mempool_set_poison(true);
	mempool_t *pool = mempool_create_page_pool(2, 0);
	struct page *page;
	u8 *data;

	mempool_set_poison(before);
	REQUIRE(pool);
	page = mempool_alloc_preallocated(pool);
	mempool_free(page, pool);
	data = kmap_local_page(page);
	CHECK_EQ(data[0], 0x6b);
	CHECK_EQ(data[PAGE_SIZE - 1], 0xa5);
	data[100]++;				/* it is not ours any more */
	kunmap_local(data);
	selftest_expect_reports(1);
	CHECK(mempool_alloc_preallocated(pool) == page);
	data = kmap_local_page(page);
	CHECK_EQ(data[0], 0x5a);		/* and nobody may rely on what was there */
	kunmap_local(data);
	mempool_free(page, pool);
	mempool_destroy(pool);
}

static void construct(void *object)
{
	*(u64 *)object = 0x1234;
}

/* Over caches and kmalloc(): the reserve and the allocator give the same kind of thing. */
SELFTEST(mempool, objects_of_caches_and_of_kmalloc)
{
	bool before = mempool_set_poison(true);
	struct kmem_cache *cache = kmem_cache_create("mempool-test", 192, 0, 0, construct);
	mempool_t *slab_pool, *kmalloc_pool;
	u64 *object, *block;

	REQUIRE(cache);
	slab_pool = mempool_create_slab_pool(2, cache);
	kmalloc_pool = mempool_create_kmalloc_pool(2, 100);
	mempool_set_poison(before);
	REQUIRE(slab_pool && kmalloc_pool);
	object = mempool_alloc(slab_pool, GFP_KERNEL);
	CHECK_EQ(*object, 0x1234);
	mempool_free(object, slab_pool);
	object = mempool_alloc_preallocated(slab_pool);
	mempool_free(object, slab_pool);
	CHECK_EQ(*object, 0x1234);		/* as constructed, in the reserve too */
	block = mempool_alloc_preallocated(kmalloc_pool);
	CHECK(ksize(block) >= 100);
	memset(block, 0, 100);
	mempool_free(block, kmalloc_pool);
	CHECK_EQ((u8)*block, 0x6b);
	((u8 *)block)[99] = 0;			/* the last byte counts */
	selftest_expect_reports(1);
	CHECK(mempool_alloc_preallocated(kmalloc_pool) == block);
	mempool_free(block, kmalloc_pool);
	mempool_destroy(slab_pool);
	mempool_destroy(kmalloc_pool);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}
