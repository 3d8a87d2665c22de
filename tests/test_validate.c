// SPDX-License-Identifier: MIT
/* A validator that never complains proves nothing: break each structure and see it found. */
#include <linux/highmem.h>
#include "mm/internal.h"
#include "tests/selftest.h"

/* Validates, expecting violations; they count as provoked. */
static void expect_violations(const char *what)
{
	unsigned long before = quarry_report_count(QUARRY_CORRUPTION);
	unsigned int found = quarry_validate();

	selftest_expect_reports(quarry_report_count(QUARRY_CORRUPTION) - before);
	if (!CHECK(found > 0))
		pr_info("%s went unnoticed\n", what);
}

/* Breaks one field, validates, repairs it. */
#define BREAK(field, broken) do { \
	__typeof__(field) _saved = (field); \
	(field) = (broken); \
	expect_violations(#field " = " #broken); \
	(field) = _saved; \
	CHECK_EQ(quarry_validate(), 0); \
} while (0)

/* A page whose page block has free blocks too. */
static struct page *page_beside_free_ones(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	if (!page)
		return NULL;
	split_page(page, 3);
	for (unsigned int i = 1; i < 8; i++)
		__free_page(page + i);
	drain_local_pages(NULL);
	return page;
}

SELFTEST(validate, sound_structures_pass)
{
	CHECK_EQ(quarry_validate(), 0);
}

SELFTEST(validate, finds_broken_zone_counters)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct zone *zone;

	REQUIRE(page);
	zone = page_zone(page);
	BREAK(zone->nr_free, zone->nr_free + 1);
	BREAK(zone->nr_pristine, zone->managed + 1);
	__free_page(page);
}

SELFTEST(validate, finds_broken_page_blocks)
{
	struct page *page = page_beside_free_ones();
	struct pageblock *pb;

	REQUIRE(page);
	pb = page_block(page);
	BREAK(pb->nr_free, pb->nr_free - 1);
	BREAK(pb->orders, pb->orders ^ 1);
	BREAK(pb->place, PLACE_NONE);
	BREAK(pb->head[__ffs(pb->orders)], INDEX_NONE);
	BREAK(pb->prev, 12345);
	__free_page(page);
}

SELFTEST(validate, finds_broken_large_blocks)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, PAGEBLOCK_ORDER);

	if (!page)
		SKIP("no free page block on this machine");
	BREAK(page->order, 12);
	BREAK(page->state, PAGE_FREE);
	BREAK(page_block(page)->nr_free, 1);
	__free_pages(page, PAGEBLOCK_ORDER);
}

SELFTEST(validate, finds_broken_descriptors)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	REQUIRE(page);
	BREAK(page->order, 12);
	BREAK(page->state, 77);
	BREAK(page[1].state, PAGE_USED);
	BREAK(page->state, PAGE_FREE);
	__free_pages(page, 2);
}

SELFTEST(validate, finds_broken_lists)
{
	struct page *page = page_beside_free_ones();
	struct zone *zone;
	struct pageblock *pb;
	unsigned int bucket, order;

	REQUIRE(page);
	zone = page_zone(page);
	pb = page_block(page);
	REQUIRE(pb->place >= PLACE_PARTIAL);
	bucket = (pb->place - PLACE_PARTIAL) / PAGEBLOCK_ORDER;
	order = (pb->place - PLACE_PARTIAL) % PAGEBLOCK_ORDER;
	BREAK(zone->partial[pb->mobility][bucket][order], BLOCK_NONE);
	BREAK(zone->partial_mask[pb->mobility][bucket], 0);
	__free_page(page);
}

SELFTEST(validate, finds_unmerged_buddies)
{
	struct page *page = alloc_pages(GFP_KERNEL, 1);
	struct pageblock *pb;

	REQUIRE(page);
	pb = page_block(page);
	/* Two free halves where one block should be. */
	page->order = 0;
	page->state = page[1].state = PAGE_FREE;
	page[1].order = 0;
	expect_violations("two free buddies");
	page->order = 1;
	page->state = PAGE_USED;
	page[1].state = PAGE_NONE;
	CHECK_EQ(quarry_validate(), 0);
	CHECK(pb->live);
	__free_pages(page, 1);
}

SELFTEST(validate, finds_broken_memblock)
{
	struct memblock_region *last = &memblock_memory.regions[memblock_memory.nr - 1];

	REQUIRE(memblock_memory.nr);
	BREAK(last->end, last->base);
	if (memblock_memory.nr > 1)
		BREAK(last->base, last[-1].base);
}

SELFTEST(validate, finds_a_broken_kmap)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	void *va;

	REQUIRE(page);
	if (!PageHighMem(page)) {
		__free_page(page);
		SKIP("started without HIGHMEM");
	}
	va = kmap(page);
	REQUIRE(va);
	port_unmap((unsigned long)va, PAGE_SIZE);
	expect_violations("kmap slot without a mapping");
	port_map((unsigned long)va, page_to_phys(page), PAGE_SIZE, PORT_RW);
	kunmap(page);
	__free_page(page);
}
