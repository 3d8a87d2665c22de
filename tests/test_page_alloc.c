// SPDX-License-Identifier: MIT
/* The page allocator through its public face. */
#include <linux/highmem.h>
#include "mm/census.h"
#include "mm/reclaim.h"
#include "mm/section.h"
#include "tests/listen.h"
#include "tests/zones.h"

/* What a zone looks like when order o blocks are counted; pristine memory is brought in first. */
static void snapshot(struct zone *zone, unsigned long counts[MAX_ORDER])
{
	drain_all_pages(zone);
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		counts[order] = buddy_count(zone, order);
}

/* ---- Zones ---- */

/*
 * Takes every page that GFP_DMA can have, linked through the pages' private fields, and
 * checks that none is handed out twice; then all are back, merged as before.
 */
SELFTEST(page_alloc, dma_zone_drains_and_refills)
{
	struct zone *zone = node_zone(numa_node_id(), ZONE_DMA);
	unsigned long before[MAX_ORDER], after[MAX_ORDER], taken = 0, nr_free, flags;
	struct page *page, *chain = NULL;

	if (!zone || !zone_free_pages(zone))
		SKIP("this node has no free memory below 16 MiB");
	spin_lock_irqsave(&zone->lock, flags);
	while (section_grow(zone))
		;
	spin_unlock_irqrestore(&zone->lock, flags);
	nr_free = zone_free_pages(zone);
	snapshot(zone, before);
	while ((page = alloc_page(GFP_DMA | __GFP_MEMALLOC | __GFP_NOWARN |
				  __GFP_THISNODE))) {
		CHECK(page_zone(page) == zone);
		page->private = (unsigned long)chain;
		chain = page;
		taken++;
	}
	CHECK_EQ(taken, nr_free);
	CHECK_EQ(zone_free_pages(zone), 0);
	for (; (page = chain); __free_page(page))
		chain = (struct page *)page->private;
	snapshot(zone, after);
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		CHECK_EQ(after[order], before[order]);
}

/* ---- Flags ---- */

SELFTEST(page_alloc, plain_blocks_have_no_head)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	REQUIRE(page);
	CHECK(!PageCompound(page));
	CHECK(compound_head(page + 3) == page + 3);
	CHECK_EQ(page_private(page), 0);
	set_page_private(page, 123);
	CHECK_EQ(compound_order(page), 0);
	__free_pages(page, 2);
	page = alloc_page(GFP_KERNEL | __GFP_COMP);
	REQUIRE(page);
	CHECK(!PageCompound(page));
	__free_page(page);
}

SELFTEST(page_alloc, every_node_starts_at_the_nearest_memory)
{
	for (int nid = -1; nid < MAX_NUMNODES; nid++) {
		struct page *page = alloc_pages_node(nid, GFP_HIGHUSER, 0);
		int from = nid < 0 ? numa_node_id() : nid, other;

		REQUIRE(page);
		for_each_node_with_memory(other)
			if (zone_free_pages(&nodes[other]->zones[ZONE_NORMAL]))
				CHECK(node_distance(from, page_to_nid(page)) <=
				      node_distance(from, other));
		__free_page(page);
	}
}

/* With no whole page block left, another mobility's free pages must be found. */
SELFTEST(page_alloc, the_last_pages_serve_any_mobility)
{
	struct page *page, *chain = NULL, *first;

	NEED_ZONE(ZONE_DMA, "DMA");
	first = alloc_page(GFP_DMA | __GFP_NOWARN);
	REQUIRE(first);
	while ((page = alloc_page(GFP_DMA | __GFP_MOVABLE | __GFP_NOWARN))) {
		page->private = (unsigned long)chain;
		chain = page;
	}
	CHECK(!alloc_page(GFP_DMA | __GFP_NOWARN));
	__free_page(first);
	page = alloc_page(GFP_DMA | __GFP_MOVABLE | __GFP_NOWARN);
	CHECK(page != NULL);
	if (page)
		__free_page(page);
	for (; (page = chain); __free_page(page))
		chain = (struct page *)page->private;
}

/* ---- The failure report ---- */

/* What the log says while 2^order pages are asked for; they cannot be had. */
static const char *log_of_failure(gfp_t gfp, unsigned int order)
{
	listen_start();
	CHECK(!alloc_pages(gfp, order));
	return listen_stop();
}

SELFTEST(page_alloc, failure_is_reported_once)
{
	const char *log;
	char mode[32];

	alloc_report_reset();
	log = log_of_failure(GFP_KERNEL | __GFP_COMP, MAX_ORDER);

	snprintf(mode, sizeof(mode), "mode:%#x(GFP_KERNEL|__GFP_COMP)", GFP_KERNEL | __GFP_COMP);
	CHECK(strstr(log, "boot: page allocation failure: order:11, ") != NULL);
	CHECK(strstr(log, mode) != NULL);
	CHECK(strstr(log, "nodemask=(null)") != NULL);
	CHECK(strstr(log, "Call Trace:") != NULL);
	CHECK(strstr(log, "Node ") != NULL);
	log = log_of_failure(GFP_HIGHUSER_MOVABLE | __GFP_ZERO, MAX_ORDER);
	CHECK(strstr(log, "(GFP_HIGHUSER_MOVABLE|__GFP_ZERO)") != NULL);
	log = log_of_failure(0, MAX_ORDER);
	CHECK(strstr(log, "mode:0x0(0)") != NULL);
}

SELFTEST(page_alloc, failures_are_reported_ten_at_a_time)
{
	struct report_limit limit = { 0 };
	unsigned long now = -2UL;	/* jiffies wrap */
	unsigned int missed;

	for (unsigned int i = 0; i < REPORT_BURST + 3; i++)
		CHECK_EQ(report_limit_allows(&limit, now + i, &missed), i < REPORT_BURST);
	CHECK(!report_limit_allows(&limit, now + REPORT_INTERVAL - 1, &missed));
	CHECK(report_limit_allows(&limit, now + REPORT_INTERVAL, &missed));
	CHECK_EQ(missed, 4);
	CHECK(report_limit_allows(&limit, now + REPORT_INTERVAL, &missed));
	CHECK_EQ(missed, 0);
}

/* ---- Sizes ---- */

SELFTEST(page_alloc, orders_are_aligned_and_bounded)
{
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);

		if (!page)
			continue;
		CHECK(IS_ALIGNED(page_to_pfn(page), 1UL << order));
		CHECK_EQ(page_count(page), 1);
		__free_pages(page, order);
	}
	CHECK(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER));
	CHECK(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, 63));
	CHECK(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, ~0U));
}

SELFTEST(page_alloc, addresses_and_pages_agree)
{
	unsigned long virt = __get_free_page(GFP_KERNEL);

	REQUIRE(virt);
	CHECK(PAGE_ALIGNED(virt));
	CHECK_EQ((unsigned long)page_address(virt_to_page((void *)virt)), virt);
	free_page(virt);
	virt = get_zeroed_page(GFP_KERNEL);
	REQUIRE(virt);
	CHECK(!memchr_inv((void *)virt, 0, PAGE_SIZE));
	free_page(virt);
	virt = get_free_pages(GFP_KERNEL, 1);
	REQUIRE(virt);
	free_pages(virt, 1);
}

SELFTEST(page_alloc, get_dma_pages)
{
	unsigned long virt;

	NEED_ZONE(ZONE_DMA, "DMA");
	for (unsigned int order = 0; order < 2; order++) {
		virt = __get_dma_pages(GFP_KERNEL | __GFP_NOWARN, order);
		if (!virt) {
			CHECK(zone_managed_pages(expected_zone(ZONE_DMA)) < 1UL << order);
			continue;
		}
		CHECK(virt_to_phys((void *)virt) + (PAGE_SIZE << order) <= SZ_16M);
		free_pages(virt, order);
	}
}

SELFTEST(page_alloc, exact_sizes_give_back_the_rest)
{
	static const size_t sizes[] = { 1, PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE, 5 * PAGE_SIZE,
					100 * PAGE_SIZE + 7, SZ_1M };

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned long before = nr_free_pages();
		void *virt;

		if (PFN_UP(sizes[i]) > before / 4)
			continue;	/* a machine this small need not have so much in a row */
		virt = alloc_pages_exact(sizes[i], GFP_KERNEL | __GFP_ZERO);
		REQUIRE(virt);
		CHECK_EQ(before - nr_free_pages(), PFN_UP(sizes[i]));
		CHECK(!memchr_inv(virt, 0, sizes[i]));
		memset(virt, 0xee, PFN_UP(sizes[i]) * PAGE_SIZE);
		free_pages_exact(virt, sizes[i]);
		CHECK_EQ(nr_free_pages(), before);
	}
	CHECK(!alloc_pages_exact(0, GFP_KERNEL));
	CHECK(!alloc_pages_exact((PAGE_SIZE << (MAX_ORDER - 1)) + 1, GFP_KERNEL | __GFP_NOWARN));
	CHECK(!alloc_pages_exact(SIZE_MAX, GFP_KERNEL | __GFP_NOWARN));
	CHECK(!alloc_pages_exact(SIZE_MAX - PAGE_SIZE + 2, GFP_KERNEL | __GFP_NOWARN));
	free_pages_exact(NULL, PAGE_SIZE);
}

SELFTEST(page_alloc, split_pages_are_freed_one_by_one)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	REQUIRE(page);
	split_page(page, 3);
	for (unsigned int i = 0; i < 8; i++) {
		CHECK_EQ(page_count(page + i), 1);
		__free_page(page + i);
	}
}

SELFTEST(page_alloc, bulk_fills_the_empty_places)
{
	struct page *pages[40] = { NULL }, *mine[2];

	mine[0] = pages[0] = alloc_page(GFP_KERNEL);
	mine[1] = pages[7] = alloc_page(GFP_KERNEL);
	REQUIRE(mine[0] && mine[1]);
	CHECK_EQ(alloc_pages_bulk_array(GFP_KERNEL, 20, pages), 20);
	CHECK(pages[0] == mine[0] && pages[7] == mine[1]);
	CHECK(!pages[20]);
	CHECK_EQ(alloc_pages_bulk_array(GFP_KERNEL, 20, pages), 20);
	CHECK_EQ(alloc_pages_bulk_array(GFP_KERNEL, 0, pages), 0);
	for (unsigned int i = 0; i < 20; i++) {
		CHECK_EQ(page_count(pages[i]), 1);
		for (unsigned int k = 0; k < i; k++)
			CHECK(pages[i] != pages[k]);
		__free_page(pages[i]);
	}
}

/* One that fails says so once, for the first page; what it got before stays. */
SELFTEST(page_alloc, bulk_stops_where_memory_ends)
{
	struct page *page, *chain = NULL, *pages[8] = { NULL };
	unsigned long nr, given = 0;

	NEED_ZONE(ZONE_DMA, "DMA");
	while ((page = alloc_page(GFP_DMA | __GFP_MEMALLOC | __GFP_NOWARN))) {
		page->private = (unsigned long)chain;
		chain = page;
	}
	for (; given < 3 && chain; given++) {
		page = chain;
		chain = (struct page *)page->private;
		__free_page(page);
	}
	nr = alloc_pages_bulk_array(GFP_DMA | __GFP_MEMALLOC | __GFP_NOWARN, 8, pages);
	CHECK_EQ(nr, given);
	CHECK(nr > 0 && !pages[nr]);
	while (nr--)
		__free_page(pages[nr]);
	for (; (page = chain); __free_page(page))
		chain = (struct page *)page->private;
}
