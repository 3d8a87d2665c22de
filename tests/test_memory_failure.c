// SPDX-License-Identifier: MIT
/* Broken pages: wherever one is, nobody gets it, and all around it stays in use. */
#define SELFTEST_UNSAMPLED 1
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <kernel/kernel.h>
#include "mm/reclaim.h"
#include "mm/section.h"
#include "tests/listen.h"
#include "tests/selftest.h"
#include "tests/threads.h"

/* A page of a free block of at least that order, in the middle of it; 0: there is none. */
static unsigned long find_free(unsigned int order)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);
	unsigned long pfn = page ? page_to_pfn(page) + (1UL << order) / 2 : 0;

	__free_pages(page, order);
	return pfn;
}

static bool is_pristine(struct zone *zone, unsigned long pfn)
{
	bool pristine;

	spin_lock_irq(&zone->lock);
	pristine = !section_poison(zone, pfn);
	if (pristine)
		section_unpoison(zone, pfn);
	spin_unlock_irq(&zone->lock);
	return pristine;
}

/* The first pristine page that a zone will bring to life with `more` behind it; 0: none. */
static unsigned long find_pristine(struct zone *zone, unsigned int more)
{
	unsigned long pfn;

	for (pfn = max(zone->pristine_pfn, zone->start_pfn); pfn < zone->end_pfn; pfn++)
		if (is_pristine(zone, pfn) && is_pristine(zone, pfn + more))
			return pfn;
	return 0;
}

SELFTEST(memory_failure, a_free_page_is_taken_out_and_the_rest_stays_free)
{
	unsigned long pfn = find_free(4), free = nr_free_pages(), managed = totalram_pages();
	unsigned long known = num_poisoned_pages();

	if (!pfn)
		SKIP("no free block of order 4");
	CHECK_EQ(memory_failure(pfn, 0), 0);
	CHECK_EQ(nr_free_pages(), free - 1);
	CHECK_EQ(totalram_pages(), managed - 1);
	CHECK_EQ(num_poisoned_pages(), known + 1);
	CHECK(PageHWPoison(pfn_to_page(pfn)));
	CHECK_EQ(pfn_to_page(pfn)->state, PAGE_BAD);
	CHECK_EQ(pfn_to_page(pfn - 1)->state == PAGE_BAD, false);
	CHECK_EQ(quarry_validate(), 0);
	CHECK_EQ(unpoison_memory(pfn), 0);
	CHECK_EQ(nr_free_pages(), free);
	CHECK_EQ(totalram_pages(), managed);
	CHECK_EQ(num_poisoned_pages(), known);
	CHECK(!PageHWPoison(pfn_to_page(pfn)));
	CHECK(page_block_head(pfn_to_page(pfn))->order >= 4);
}

/* Every order: the page that is kept back costs no more than itself. */
SELFTEST(memory_failure, blocks_of_every_order_lose_one_page)
{
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);
		unsigned long free = nr_free_pages(), nr = 1UL << order, pfn;

		if (!page)
			break;
		pfn = page_to_pfn(page) + selftest_random_below(nr);
		CHECK_EQ(memory_failure(pfn, 0), 0);
		CHECK_EQ(nr_free_pages(), free);
		CHECK_EQ(memory_failure(pfn, 0), -EHWPOISON);
		__free_pages(page, order);
		CHECK_EQ(nr_free_pages(), free + nr - 1);
		CHECK_EQ(pfn_to_page(pfn)->state, PAGE_BAD);
		CHECK_EQ(quarry_validate(), 0);
		CHECK_EQ(memory_failure(pfn, 0), -EHWPOISON);
		CHECK_EQ(unpoison_memory(pfn), 0);
		CHECK_EQ(unpoison_memory(pfn), -EINVAL);
		CHECK_EQ(nr_free_pages(), free + nr);
	}
}

SELFTEST(memory_failure, several_pages_of_one_block)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_NOWARN, 5);
	static const unsigned int bad[] = { 0, 1, 7, 30, 31 };
	unsigned long free = nr_free_pages();

	if (!page)
		SKIP("no free block of order 5");
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(memory_failure(page_to_pfn(page + bad[i]), 0), 0);
	put_page(page);
	CHECK_EQ(nr_free_pages(), free + 32 - ARRAY_SIZE(bad));
	CHECK_EQ(quarry_validate(), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(unpoison_memory(page_to_pfn(page + bad[i])), 0);
	CHECK_EQ(nr_free_pages(), free + 32);
}

SELFTEST(memory_failure, a_split_block_keeps_its_broken_page_marked)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 3);
	unsigned long free = nr_free_pages();

	if (!page)
		SKIP("no free block of order 3");
	CHECK_EQ(memory_failure(page_to_pfn(page + 5), 0), 0);
	split_page(page, 3);
	for (unsigned int i = 0; i < 8; i++) {
		CHECK_EQ(PageHWPoison(page + i), i == 5);
		__free_page(page + i);
	}
	CHECK_EQ(nr_free_pages(), free + 7);
	CHECK_EQ(page[5].state, PAGE_BAD);
	CHECK_EQ(unpoison_memory(page_to_pfn(page + 5)), 0);
}

SELFTEST(memory_failure, a_page_full_of_objects_is_kept_back_when_they_are_freed)
{
	struct kmem_cache *cache = kmem_cache_create("bad-page", 1024, 0, 0, NULL);
	unsigned long pfn, bad = quarry_bad_pages();
	void *object;

	REQUIRE(cache);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	REQUIRE(object);
	pfn = virt_to_pfn((unsigned long)object);
	CHECK_EQ(memory_failure(pfn, 0), 0);
	CHECK(PageHWPoison(pfn_to_page(pfn)));
	CHECK_EQ(quarry_bad_pages(), bad);
	kmem_cache_free(cache, object);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
	CHECK_EQ(pfn_to_page(pfn)->state, PAGE_BAD);
	CHECK_EQ(quarry_bad_pages(), bad + 1);
	CHECK_EQ(unpoison_memory(pfn), 0);
}

/* Has one of many areas of one page that page? All live at once, so no pool hides it. */
static bool is_mapped_again(unsigned long pfn)
{
	static void *areas[80];	/* more than wait for a flush */
	bool found = false;

	for (unsigned int i = 0; i < ARRAY_SIZE(areas); i++) {
		areas[i] = vmalloc(PAGE_SIZE);
		found |= vmalloc_to_pfn(areas[i]) == pfn;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(areas); i++)
		vfree(areas[i]);
	return found;
}

/* An area's page stays with its range for the next one: found broken in use, and while it waits. */
SELFTEST(memory_failure, a_page_of_an_area_is_kept_back_when_that_is_freed)
{
	for (unsigned int in_use = 0; in_use < 2; in_use++) {
		unsigned long pfn;
		void *va;

		va = vmalloc(PAGE_SIZE);
		REQUIRE(va);
		pfn = vmalloc_to_pfn(va);
		if (in_use)
			CHECK_EQ(memory_failure(pfn, 0), 0);
		vfree(va);
		if (!in_use) {
			is_mapped_again(pfn);		/* so it waits, most likely */
			CHECK_EQ(memory_failure(pfn, 0), 0);
		}
		CHECK(!is_mapped_again(pfn) && !is_mapped_again(pfn));
		vm_unmap_aliases();
		CHECK_EQ(pfn_to_page(pfn)->state, PAGE_BAD);
		CHECK_EQ(unpoison_memory(pfn), 0);
	}
}

SELFTEST(memory_failure, a_large_block_of_kmalloc_loses_one_page)
{
	for (unsigned int at = 0; at < 2; at++) {
		unsigned long size = 2 * KMALLOC_MAX_CACHE_SIZE, free, pfn;
		void *object = kmalloc(size, GFP_KERNEL | __GFP_NOWARN);

		if (!object)
			SKIP("no %lu bytes in one piece", size);
		free = nr_free_pages();
		pfn = virt_to_pfn((unsigned long)object) + at * 5;
		CHECK_EQ(memory_failure(pfn, 0), 0);
		CHECK_EQ(ksize(object), size);
		kfree(object);
		CHECK_EQ(pfn_to_page(pfn)->state, PAGE_BAD);
		CHECK_EQ(nr_free_pages(), free + size / PAGE_SIZE - 1);
		CHECK_EQ(unpoison_memory(pfn), 0);
	}
}

/* The first page is still held, so the rest is freed alone: with the broken one in it. */
SELFTEST(memory_failure, a_tail_freed_without_its_head_keeps_it_back)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 3);
	unsigned long free = nr_free_pages();

	if (!page)
		SKIP("no free block of order 3");
	CHECK_EQ(memory_failure(page_to_pfn(page + 4), 0), 0);
	CHECK_EQ(memory_failure(page_to_pfn(page + 6), 0), 0);
	get_page(page);
	__free_pages(page, 3);
	CHECK_EQ(nr_free_pages(), free + 5);
	CHECK_EQ(page[4].state, PAGE_BAD);
	CHECK_EQ(page[6].state, PAGE_BAD);
	put_page(page);
	CHECK_EQ(nr_free_pages(), free + 6);
	CHECK_EQ(unpoison_memory(page_to_pfn(page + 4)), 0);
	CHECK_EQ(unpoison_memory(page_to_pfn(page + 6)), 0);
}

SELFTEST(memory_failure, a_false_alarm_in_use_changes_nothing)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 2);
	unsigned long free = nr_free_pages(), known = num_poisoned_pages();

	if (!page)
		SKIP("no free block of order 2");
	CHECK_EQ(memory_failure(page_to_pfn(page + 1), 0), 0);
	CHECK_EQ(unpoison_memory(page_to_pfn(page + 1)), 0);
	CHECK_EQ(num_poisoned_pages(), known);
	__free_pages(page, 2);
	CHECK_EQ(nr_free_pages(), free + 4);
}

SELFTEST(memory_failure, memory_never_used_is_left_out_when_it_comes_to_life)
{
	unsigned int zones = 0;
	struct zone *zone;

	for_each_zone(zone) {
		unsigned long pfn = find_pristine(zone, 2), free = zone_free_pages(zone);
		unsigned long managed = zone->managed;

		if (!pfn)
			continue;
		zones++;
		/* Two, so that pieces begin, end and lie between broken pages. */
		CHECK_EQ(memory_failure(pfn + 2, 0), 0);
		CHECK_EQ(memory_failure(pfn + 2, 0), -EHWPOISON);
		CHECK_EQ(memory_failure(pfn, 0), 0);
		CHECK_EQ(zone_free_pages(zone), free - 2);
		CHECK_EQ(zone->managed, managed - 2);
		CHECK_EQ(quarry_validate(), 0);
		spin_lock_irq(&zone->lock);
		for (unsigned int i = 0; i < 4; i++)
			section_grow(zone);
		spin_unlock_irq(&zone->lock);
		CHECK(pfn_valid(pfn + 1));
		CHECK(page_block_head(pfn_to_page(pfn + 1)) != NULL);
		CHECK(page_block_head(pfn_to_page(pfn + 2)) == NULL);
		CHECK_EQ(zone_free_pages(zone), free - 2);
		CHECK_EQ(quarry_validate(), 0);
		CHECK_EQ(memory_failure(pfn, 0), -EHWPOISON);
		CHECK_EQ(unpoison_memory(pfn), 0);
		CHECK_EQ(unpoison_memory(pfn + 2), 0);
		CHECK_EQ(zone_free_pages(zone), free);
		CHECK_EQ(zone->managed, managed);
	}
	if (!zones)
		SKIP("all memory was used before");
}

SELFTEST(memory_failure, a_false_alarm_in_pristine_memory_is_pristine_again)
{
	struct zone *zone;

	for_each_zone(zone) {
		unsigned long pfn = find_pristine(zone, 0), pristine = zone->nr_pristine;

		if (!pfn)
			continue;
		CHECK_EQ(memory_failure(pfn, 0), 0);
		CHECK_EQ(zone->nr_pristine, pristine - 1);
		CHECK_EQ(unpoison_memory(pfn), 0);
		CHECK_EQ(zone->nr_pristine, pristine);
	}
}

static nodemask_t allowed;	/* where the waiter looks */

/* One that the zone may serve: of what is left for lower ones a higher request gets nothing. */
static void wait_for_a_page(void *zone)
{
	static const gfp_t kinds[] = { __GFP_DMA, __GFP_DMA32, 0, __GFP_HIGHMEM };
	gfp_t gfp = GFP_KERNEL | __GFP_NOFAIL | kinds[((struct zone *)zone)->idx];
	struct page *page = __alloc_pages(gfp, 0, NUMA_NO_NODE, &allowed);

	if (CHECK(page))
		__free_page(page);
}

/* A page comes back after all: who waits for one is served then and there. */
SELFTEST(memory_failure, a_false_alarm_helps_who_waits)
{
	struct zone *zone = NULL, *z;
	struct test_thread thread;
	unsigned long pfn = 0;

	for_each_zone(z)
		if (!pfn && (pfn = find_pristine(z, 0)))
			zone = z;
	if (!zone)
		SKIP("all memory was used before");
	selftest_expect_reports(1);	/* as long as it may look nowhere */
	CHECK_EQ(memory_failure(pfn, 0), 0);
	allowed = NODE_MASK_NONE;
	test_thread_start(&thread, ANY_CPU, wait_for_a_page, zone);
	WAIT_UNTIL(READ_ONCE(nr_page_waiters) == 1);
	node_set(zone->nid, allowed);
	CHECK_EQ(unpoison_memory(pfn), 0);
	CHECK_EQ(READ_ONCE(nr_page_waiters), 0);
	__free_page(alloc_page(GFP_KERNEL));
	test_thread_join(&thread);
}

/* As many as the table holds; one more is refused, and nothing is lost. */
SELFTEST(memory_failure, the_table_of_pristine_pages_is_bounded)
{
	unsigned long first, pages = 0, free = nr_free_pages();
	struct zone *zone, *best = NULL;
	int err = 0;

	for_each_zone(zone)
		if (!best || zone->nr_pristine > best->nr_pristine)
			best = zone;
	first = find_pristine(best, 0);
	if (!first || best->nr_pristine < 4 * QUARRY_BAD_PRISTINE)
		SKIP("too little memory that was never used");
	for (; pages <= QUARRY_BAD_PRISTINE && !err; pages++)
		err = memory_failure(first + pages, 0);
	CHECK_EQ(err, -ENOSPC);
	CHECK_EQ(nr_free_pages(), free - QUARRY_BAD_PRISTINE);
	for (unsigned long i = 0; i + 1 < pages; i++)
		CHECK_EQ(unpoison_memory(first + i), 0);
	CHECK_EQ(nr_free_pages(), free);
}

#define NO_PAGE ~0UL

/* A page of RAM that the boot has taken; NO_PAGE: there is none. */
static unsigned long find_reserved(void)
{
	for (unsigned int i = 0; i < memblock_reserved.nr; i++) {
		unsigned long pfn = PFN_DOWN(memblock_reserved.regions[i].base);

		if (memblock_is_memory(PFN_PHYS(pfn)))
			return pfn;
	}
	return NO_PAGE;
}

SELFTEST(memory_failure, the_kernel_itself_is_refused)
{
	unsigned long reserved = find_reserved(), known = num_poisoned_pages();
	const char *log;

	if (reserved == NO_PAGE)
		SKIP("the boot has taken no RAM");
	listen_start();
	CHECK_EQ(memory_failure(reserved, 0), -EBUSY);
	CHECK_EQ(memory_failure(max_pfn + 1000, 0), -ENXIO);
	CHECK_EQ(memory_failure(~0UL, 0), -ENXIO);
	log = listen_stop();
	CHECK(strstr(log, "reserved kernel page: Ignored") != NULL);
	CHECK(strstr(log, "memory outside kernel control") != NULL);
	CHECK_EQ(unpoison_memory(reserved), -EINVAL);
	CHECK_EQ(unpoison_memory(~0UL), -EINVAL);
	CHECK_EQ(num_poisoned_pages(), known);
}

SELFTEST(memory_failure, freeing_what_was_taken_out_is_reported)
{
	unsigned long pfn = find_free(0);
	const char *log;

	REQUIRE(pfn);
	selftest_expect_reports(1);
	CHECK_EQ(memory_failure(pfn, 0), 0);
	listen_start();
	__free_page(pfn_to_page(pfn));
	log = listen_stop();
	CHECK(strstr(log, "taken out as broken") != NULL);
	CHECK(!get_page_unless_zero(pfn_to_page(pfn)));
	CHECK_EQ(unpoison_memory(pfn), 0);
}

SELFTEST(memory_failure, validators_find_a_page_that_got_away)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long pfn = find_free(0);

	REQUIRE(page && pfn);
	CHECK_EQ(memory_failure(pfn, 0), 0);	/* from now on they look for marks */
	selftest_expect_reports(2);
	page->flags |= PG_HWPOISON;
	CHECK_EQ(quarry_validate(), 1);
	page->flags &= ~PG_HWPOISON;
	page_zone(page)->nr_bad++;
	CHECK_EQ(quarry_validate(), 1);
	page_zone(page)->nr_bad--;
	CHECK_EQ(unpoison_memory(pfn), 0);
	__free_page(page);
}
