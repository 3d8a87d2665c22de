// SPDX-License-Identifier: MIT
/* Memory that is cleared when it is given out, or freed: init_on_alloc=1, init_on_free=1. */
#define SELFTEST_UNSAMPLED 1
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <quarry/quarry.h>
#include "mm/init_memory.h"
#include "mm/kfence.h"
#include "mm/vmap.h"
#include "tests/fake_device.h"
#include "tests/selftest.h"

#define SKIP_UNLESS(option) do { \
	if (!(option)) \
		SKIP(#option " is off"); \
} while (0)

#define TIMES	     8			/* what was freed last is likely to come again */
#define DIRT	     0xd1
#define SLAB_OBJECTS 64		/* of 64 bytes in a slab, at most */

static bool is_zero(const void *memory, size_t size)
{
	return !memchr_inv(memory, 0, size);
}

/* Gives and frees objects of all sizes some times over: each time they are zeroes. */
static bool objects_are_zero(size_t size)
{
	bool good = true;

	for (unsigned int i = 0; i < TIMES; i++) {
		u8 *object = kmalloc(size, GFP_KERNEL);
		size_t has = ksize(object);

		if (!object)
			return good;
		good &= is_zero(object, QUARRY_KASAN ? size : has);
		memset(object, DIRT, size);
		kfree(object);
	}
	return good;
}

SELFTEST(init_memory, objects_of_kmalloc_are_zero)
{
	SKIP_UNLESS(init_on_alloc);
	for (size_t size = 1; size <= 4 * KMALLOC_MAX_CACHE_SIZE; size += size / 3 + 1)
		if (!CHECK(objects_are_zero(size)))
			pr_info("size %zu\n", size);
}

SELFTEST(init_memory, objects_in_bulk_are_zero)
{
	void *objects[40];
	struct kmem_cache *cache;

	SKIP_UNLESS(init_on_alloc);
	cache = kmem_cache_create("test-init", 200, 0, 0, NULL);
	REQUIRE(cache);
	for (unsigned int turn = 0; turn < TIMES; turn++) {
		int nr = kmem_cache_alloc_bulk(cache, GFP_KERNEL, ARRAY_SIZE(objects), objects);

		for (int i = 0; i < nr; i++) {
			CHECK(is_zero(objects[i], 200));
			memset(objects[i], DIRT, 200);
		}
		kmem_cache_free_bulk(cache, (size_t)nr, objects);
	}
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(init_memory, blocks_of_pages_are_zero)
{
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_KERNEL | __GFP_COMP };

	SKIP_UNLESS(init_on_alloc);
	for (unsigned int i = 0; i < TIMES * ARRAY_SIZE(kinds); i++) {
		unsigned int order = i % 4;
		gfp_t gfp = kinds[i % ARRAY_SIZE(kinds)] | __GFP_NORETRY;
		struct page *page = alloc_pages(gfp, order);

		for (unsigned long p = 0; page && p < 1UL << order; p++) {
			void *at = kmap_local_page(page + p);

			CHECK(is_zero(at, PAGE_SIZE));
			memset(at, DIRT, PAGE_SIZE);
			kunmap_local(at);
		}
		if (page)
			__free_pages(page, order);
	}
}

SELFTEST(init_memory, areas_of_vmalloc_are_zero)
{
	SKIP_UNLESS(init_on_alloc);
	for (unsigned int i = 0; i < 4 * TIMES; i++) {
		size_t size = (1 + i % 5) * PAGE_SIZE;
		u8 *area = vmalloc(size);

		if (!area)
			continue;
		CHECK(is_zero(area, size));
		memset(area, DIRT, size);
		vfree(area);
	}
}

SELFTEST(init_memory, blocks_of_a_dma_pool_are_zero)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	struct dma_pool *pool;
	dma_addr_t handle;

	SKIP_UNLESS(init_on_alloc);
	pool = dma_pool_create("test-init", &dev, 96, 32, 0);
	REQUIRE(pool);
	for (unsigned int i = 0; i < TIMES; i++) {
		u8 *block = dma_pool_alloc(pool, GFP_KERNEL, &handle);

		if (!block)
			break;
		CHECK(is_zero(block, 96));
		memset(block, DIRT, 96);
		dma_pool_free(pool, block, handle);
	}
	dma_pool_destroy(pool);
}

SELFTEST(init_memory, sampled_objects_are_zero)
{
	unsigned long before;

	SKIP_UNLESS(init_on_alloc);
	before = quarry_kfence(1);
	for (size_t size = 8; size <= PAGE_SIZE; size *= 2)
		CHECK(objects_are_zero(size));
	quarry_kfence(before);
}

/* ---- What was freed ---- */

/* Nobody else does what makes these be given out anew: one look at them right after the free. */
SELFTEST(init_memory, freed_objects_are_cleared)
{
	struct kmem_cache *cache;
	const u8 *kept;
	u8 *object;

	SKIP_WITH_KASAN();
	SKIP_UNLESS(init_on_free);
	cache = kmem_cache_create("test-init", 200, 0, SLAB_NO_MERGE, NULL);
	REQUIRE(cache);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	kept = kmem_cache_alloc(cache, GFP_KERNEL);	/* so that the slab stays */
	if (object && kept && !(cache->flags & SLAB_POISON)) {
		memset(object, DIRT, 200);
		kmem_cache_free(cache, object);
		CHECK(is_zero(object, 200));
		object = NULL;
	}
	kmem_cache_free(cache, object);
	kmem_cache_free(cache, (void *)kept);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* If that page is what this CPU gets next, it is cleared. */
static bool comes_cleared(const struct page *page)
{
	struct page *again[TIMES] = { };
	bool good = true;

	for (unsigned int i = 0; i < TIMES; i++) {
		again[i] = alloc_pages(GFP_KERNEL, 0);
		if (again[i] == page)
			good = is_zero(page_address(page), PAGE_SIZE);
	}
	for (unsigned int i = 0; i < TIMES; i++)
		if (again[i])
			__free_page(again[i]);
	return good;
}

/* Its tail is freed when its owner lets go of it, the first page with the last reference. */
SELFTEST(init_memory, the_rest_of_a_block_that_somebody_holds_is_cleared)
{
	struct page *page;

	SKIP_WITH_KASAN();
	SKIP_UNLESS(init_on_free);
	page = alloc_pages(GFP_KERNEL, 1);
	if (!page)
		SKIP("no two pages");
	memset(page_address(page), DIRT, 2 * PAGE_SIZE);
	get_page(page);
	__free_pages(page, 1);
	CHECK_EQ(*(u8 *)page_address(page), DIRT);
	CHECK(comes_cleared(page + 1));
	put_page(page);
	CHECK(comes_cleared(page));
}

/* The block's memory again, from where it is: what it had is gone. */
static bool page_comes_cleared(struct page *page, unsigned int order)
{
	struct page *again[TIMES] = { };
	bool good = true;
	u8 *at = page_address(page);

	memset(at, DIRT, PAGE_SIZE << order);
	__free_pages(page, order);
	for (unsigned int i = 0; i < TIMES; i++) {
		again[i] = alloc_pages(GFP_KERNEL, order);
		if (again[i] == page)
			good = is_zero(at, PAGE_SIZE << order);
	}
	for (unsigned int i = 0; i < TIMES; i++)
		if (again[i])
			__free_pages(again[i], order);
	return good;
}

SELFTEST(init_memory, freed_pages_come_again_cleared)
{
	SKIP_UNLESS(init_on_free);
	for (unsigned int i = 0; i < 4 * TIMES; i++) {
		struct page *page = alloc_pages(GFP_KERNEL, i % 4);

		if (page)
			CHECK(page_comes_cleared(page, i % 4));
	}
}

SELFTEST(init_memory, freed_areas_do_not_wait_with_their_content)
{
	u8 *area;

	SKIP_UNLESS(init_on_free);
	CHECK_EQ(vmap_limits.held, 0);
	area = vmalloc(3 * PAGE_SIZE);
	if (!area)
		SKIP("no memory");
	memset(area, DIRT, 3 * PAGE_SIZE);
	vfree(area);
	area = vmalloc(3 * PAGE_SIZE);
	if (area)
		CHECK(is_zero(area, 3 * PAGE_SIZE));
	vfree(area);
}

/* One of KFENCE's, of this cache; NULL: they cannot be had here. */
static u8 *sampled_object(struct kmem_cache *cache)
{
	unsigned long before = quarry_kfence(1);
	u8 *object = NULL;

	for (unsigned int i = 0; i < TIMES && !object; i++) {
		object = kmem_cache_alloc(cache, GFP_KERNEL);
		if (is_kfence_address(object))
			break;
		kmem_cache_free(cache, object);
		object = NULL;
	}
	quarry_kfence(before);
	return object;
}

/* Whoever looks at it is reported, once, and is shown the page. */
SELFTEST(init_memory, freed_objects_between_guard_pages_are_cleared)
{
	struct kmem_cache *cache;
	u8 *object;

	SKIP_UNLESS(init_on_free);
	cache = kmem_cache_create("test-init", 200, 0, SLAB_NO_MERGE, NULL);
	REQUIRE(cache);
	object = sampled_object(cache);
	if (object) {
		memset(object, DIRT, 200);
		kmem_cache_free(cache, object);
		selftest_expect_reports(1);
		CHECK(is_zero(object, 200));
	}
	CHECK_EQ(kmem_cache_destroy(cache), 0);
	if (!object)
		SKIP("no guarded objects here");
}

/* A pool keeps its memory: one look at the block right after the free. */
SELFTEST(init_memory, freed_blocks_of_a_dma_pool_are_cleared)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	struct dma_pool *pool;
	dma_addr_t handle;
	u8 *block;

	SKIP_UNLESS(init_on_free);
	pool = dma_pool_create("test-init", &dev, 96, 32, 0);
	REQUIRE(pool);
	block = dma_pool_alloc(pool, GFP_KERNEL, &handle);
	if (block) {
		memset(block, DIRT, 96);
		dma_pool_free(pool, block, handle);
		CHECK(is_zero(block, 96));
	}
	dma_pool_destroy(pool);
	if (!block)
		SKIP("no memory");
}

/* ---- What is left alone ---- */

static void construct(void *object)
{
	memset(object, 0xc0, 64);
}

static void destruct(void *object, struct kmem_cache *cache, unsigned long flags)
{
}

static bool has_content(const u8 *object)
{
	bool has;

	kasan_pause();		/* it may be free */
	has = !memchr_inv(object, 0xc0, 64);
	kasan_resume();
	return has;
}

/* Takes objects until this one comes again: is its content still there? They are given back. */
static bool comes_unchanged(struct kmem_cache *cache, const void *object)
{
	void *again[SLAB_OBJECTS];
	unsigned int nr = 0;
	bool good = true;

	while (nr < SLAB_OBJECTS && (again[nr] = kmem_cache_alloc(cache, GFP_KERNEL)))
		if (again[nr++] == object)
			good = has_content(object);
	while (nr-- > 0)
		kmem_cache_free(cache, again[nr]);
	return good;
}

/* Does an object of the cache, which then goes? */
static bool keeps_content(struct kmem_cache *cache)
{
	void *kept, *object;
	bool good = true;

	if (!CHECK(cache))
		return false;
	kept = kmem_cache_alloc(cache, GFP_KERNEL);	/* so that the slab stays */
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	if (kept && object) {
		memset(object, 0xc0, 64);
		kmem_cache_free(cache, object);
		good = has_content(object) && comes_unchanged(cache, object);
		object = NULL;
	}
	kmem_cache_free(cache, object);
	kmem_cache_free(cache, kept);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
	return good;
}

SELFTEST(init_memory, what_is_constructed_or_has_readers_stays)
{
	if (!init_memory_on())
		SKIP("both options are off");
	CHECK(keeps_content(kmem_cache_create("test-init", 64, 0, 0, construct)));
	CHECK(keeps_content(kmem_cache_create("test-init", 64, 0, 0, NULL, destruct)));
	CHECK(keeps_content(kmem_cache_create("test-init", 64, 0, SLAB_TYPESAFE_BY_RCU, NULL)));
	rcu_barrier();
}

/* Who touches it might be told once more that it is broken. */
SELFTEST(init_memory, a_broken_page_is_not_touched_when_its_block_is_freed)
{
	struct page *page;

	SKIP_UNLESS(init_on_free);
	page = alloc_pages(GFP_KERNEL, 1);
	if (!page)
		SKIP("no two pages");
	memset(page_address(page), DIRT, 2 * PAGE_SIZE);
	CHECK_EQ(memory_failure(page_to_pfn(page + 1), 0), 0);
	__free_pages(page, 1);
	kasan_pause();
	CHECK(!memchr_inv(page_address(page + 1), DIRT, PAGE_SIZE));
	kasan_resume();
	CHECK_EQ(unpoison_memory(page_to_pfn(page + 1)), 0);
}

/* ---- The options ---- */

SELFTEST(init_memory, nothing_is_kept_at_hand_or_all_is_as_ever)
{
	struct kmem_cache *cache = kmem_cache_create("test-init", 64, 0, 0, NULL);

	REQUIRE(cache);
	if (init_memory_on()) {
		CHECK_EQ(cache->magazine_max, 0);
		CHECK_EQ(this_cpu_read(pcp.by_gfp[GFP_KERNEL % GFP_KINDS][0])->max, 0);
		CHECK_EQ(vmap_limits.held, 0);
	} else if (!(cache->flags & SLAB_DEBUG_FLAGS)) {
		CHECK(cache->magazine_max > 0);
	}
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}
