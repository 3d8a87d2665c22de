/* SPDX-License-Identifier: MIT */
/* Pages below an address: never above it, and from where they are least scarce. */
#include <linux/kernel.h>
#include <linux/mm.h>
#include "mm/guard.h"
#include "mm/page_owner.h"
#include "tests/shortage.h"

#define QUIET (GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)

/* Free pages that end at or below a page and are no HIGHMEM: as many as the zones say at most. */
static unsigned long could_be_free(unsigned long end_pfn)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_zone(zone)
		if (zone->idx != ZONE_HIGHMEM && zone->start_pfn < end_pfn)
			pages += min(zone->nr_free + zone->nr_pristine, end_pfn - zone->start_pfn);
	return pages;
}

static unsigned long end_of(const struct page *page, unsigned int order)
{
	return page_to_pfn(page) + (1UL << order);
}

SELFTEST(contig, no_block_lies_above_its_limit)
{
	unsigned int bits, order, got = 0;

	for (bits = 16; bits <= 46; bits++) {
		unsigned long end_pfn = 1UL << (bits - PAGE_SHIFT);

		for (order = 0; order < MAX_ORDER; order++) {
			struct page *page = alloc_pages_below(NUMA_NO_NODE, QUIET, order, end_pfn);

			if (!page)
				continue;
			got++;
			CHECK(end_of(page, order) <= end_pfn);
			CHECK(!PageHighMem(page));
			CHECK_EQ(page_to_pfn(page) % (1UL << order), 0);
			CHECK_EQ(page_count(page), 1);
			__free_pages(page, order);
		}
	}
	CHECK(got > 0);
}

SELFTEST(contig, limits_of_any_number)
{
	unsigned long n = selftest_scaled(300);

	while (n--) {
		unsigned long end_pfn = selftest_random_below(2 * max_pfn);
		unsigned int order = selftest_random_below(4);
		struct page *page = alloc_pages_below(NUMA_NO_NODE, QUIET, order, end_pfn);

		if (!page)
			continue;
		CHECK(end_of(page, order) <= end_pfn);
		__free_pages(page, order);
	}
}

/* Takes all that there is below a limit, single pages, linked through their descriptors. */
static unsigned long take_all(gfp_t gfp, unsigned long end_pfn, unsigned long at_most,
			      struct list_head *taken)
{
	unsigned long nr = 0;
	struct page *page;

	INIT_LIST_HEAD(taken);
	while (nr < at_most && (page = alloc_pages_below(NUMA_NO_NODE, gfp, 0, end_pfn))) {
		CHECK(page_to_pfn(page) < end_pfn);
		list_add(&page->lru, taken);
		nr++;
	}
	return nr;
}

static void give_all(struct list_head *taken)
{
	while (!list_empty(taken)) {
		struct page *page = list_first_entry(taken, struct page, lru);

		list_del(&page->lru);
		__free_page(page);
	}
}

/* A limit that cuts a zone, with at most some thousand pages below it. */
static unsigned long find_cut(void)
{
	unsigned int bits;

	for (bits = 22; bits <= 34; bits++) {
		unsigned long end_pfn = 3UL << (bits - PAGE_SHIFT - 1);

		if (could_be_free(end_pfn) > 64)
			return end_pfn;
	}
	return 0;
}

SELFTEST(contig, an_exhausted_limit_gives_null_and_nothing_above)
{
	unsigned long end_pfn = find_cut(), nr;
	struct list_head taken;
	struct page *page;

	if (!end_pfn)
		SKIP("no memory so low");
	/* kswapd might free something there between the last page and the next. */
	nr = take_all(QUIET & ~__GFP_KSWAPD_RECLAIM, end_pfn, 20000, &taken);
	CHECK(nr > 16);
	if (nr < 20000) {
		page = alloc_pages_below(NUMA_NO_NODE, QUIET & ~__GFP_RECLAIM, 0, end_pfn);
		if (!CHECK(!page))
			__free_page(page);
		page = alloc_page(GFP_KERNEL);	/* there is more elsewhere */
		if (page)
			__free_page(page);
	}
	give_all(&taken);
	page = alloc_pages_below(NUMA_NO_NODE, QUIET, 0, end_pfn);
	CHECK(page);
	if (page)
		__free_page(page);
}

/*
 * What a cache holds below the limit, and nothing else does, is had by who may reclaim. kswapd is
 * not woken, but may be awake: its scans do not have __GFP_NOWARN.
 */
SELFTEST(contig, below_the_limit_is_reclaimed_if_the_flags_allow)
{
	const gfp_t reclaims = __GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_FS | __GFP_NOWARN;
	unsigned long end_pfn = find_cut(), nr;
	static struct larder cache;
	struct list_head taken;
	struct page *page;

	if (!end_pfn)
		SKIP("no memory so low");
	larder_open(&cache, 0);
	nr = take_all(reclaims, end_pfn, 20000, &taken);
	for (unsigned int i = 0; i < 3 && i < nr; i++) {
		page = list_first_entry(&taken, struct page, lru);
		list_del(&page->lru);
		larder_put(&cache, page);
	}
	cache.seen = 0;
	if (nr > 16 && nr < 20000) {
		/* Somebody may have freed a page just now, but it was not done for us. */
		page = alloc_pages_below(NUMA_NO_NODE, __GFP_NOWARN, 0, end_pfn);
		__free_pages(page, 0);
		CHECK(!(cache.seen & __GFP_NOWARN));
		page = alloc_pages_below(NUMA_NO_NODE, reclaims, 0, end_pfn);
		CHECK(page && page_to_pfn(page) < end_pfn);
		CHECK(cache.scans > 0);
		__free_pages(page, 0);
	}
	larder_close(&cache);
	give_all(&taken);
}

/* A limit just below the end of a zone that has no more than its reserve. */
SELFTEST(contig, a_zone_that_is_cut_keeps_its_reserve)
{
	const gfp_t here = __GFP_THISNODE | __GFP_NOWARN;
	struct shortage s;
	struct page *page;

	if (!shortage_begin(&s, SHORT_MIN))
		SKIP("no zone is large enough");
	if (s.zone->idx != ZONE_HIGHMEM) {
		page = alloc_pages_below(s.zone->nid, here, 0, s.zone->end_pfn - 1);
		CHECK(!page);
		page = alloc_pages_below(s.zone->nid, here | __GFP_MEMALLOC, 0,
					 s.zone->end_pfn - 1);
		CHECK(page && page_zone(page) == s.zone);
		__free_pages(page, 0);
	}
	shortage_end(&s);
}

/* 28 bits: no border of a zone. What is lower is kept for who cannot do without. */
SELFTEST(contig, a_limit_between_zones_spares_the_lower_zone)
{
	unsigned long end_pfn = 1UL << (28 - PAGE_SHIFT);
	struct zone *dma32 = node_zone(0, ZONE_DMA32);
	struct page *page;

	if (!dma32 || dma32->start_pfn + 4096 > end_pfn || dma32->end_pfn <= end_pfn)
		SKIP("the zone DMA32 of node 0 is not cut");
	page = alloc_pages_below(0, GFP_KERNEL, 0, end_pfn);
	REQUIRE(page);
	CHECK(page_zone(page) == dma32);
	CHECK(page_to_pfn(page) < end_pfn);
	__free_page(page);
	page = alloc_pages_below(0, GFP_KERNEL, 0, MAX_DMA_PFN);
	if (page) {
		CHECK_EQ(page_zonenum(page), ZONE_DMA);
		__free_page(page);
	}
}

SELFTEST(contig, a_request_that_may_sleep_says_so_under_a_limit)
{
	unsigned long end_pfn = find_cut();
	struct page *page;

	if (!end_pfn || end_pfn >= low_end_pfn())
		SKIP("no memory so low, or no limit");
	selftest_expect_warnings(1);
	preempt_disable();
	page = alloc_pages_below(NUMA_NO_NODE, GFP_KERNEL, 0, end_pfn);
	preempt_enable();
	REQUIRE(page);
	__free_page(page);
}

SELFTEST(contig, a_limit_above_everything_is_no_limit)
{
	struct page *page = alloc_pages_below(NUMA_NO_NODE, GFP_KERNEL | __GFP_ZERO, 2, ~0UL);

	REQUIRE(page);
	CHECK(!memchr_inv(phys_to_virt(page_to_phys(page)), 0, 4 * PAGE_SIZE));
	__free_pages(page, 2);
	CHECK(!alloc_pages_below(NUMA_NO_NODE, QUIET, 0, 0));
	CHECK(!alloc_pages_below(NUMA_NO_NODE, QUIET, MAX_ORDER, ~0UL));
}

SELFTEST(contig, what_it_gives_is_cleared_where_it_was_soiled)
{
	unsigned long end_pfn = find_cut();
	struct page *page;

	if (!end_pfn)
		SKIP("no memory so low");
	page = alloc_pages_below(NUMA_NO_NODE, GFP_KERNEL, 0, end_pfn);
	REQUIRE(page);
	memset(phys_to_virt(page_to_phys(page)), 0x5a, PAGE_SIZE);
	__free_page(page);
	page = alloc_pages_below(NUMA_NO_NODE, GFP_KERNEL | __GFP_ZERO, 0, end_pfn);
	REQUIRE(page);
	CHECK(!memchr_inv(phys_to_virt(page_to_phys(page)), 0, PAGE_SIZE));
	__free_page(page);
}

/* ---- Guards ---- */

/* Of a block of two pages the second becomes a guard, as if the option were on. */
static void make_guard(struct page *page)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	guard_cut(zone, page, 0);
	WRITE_ONCE(page->word, PAGE_WORD(PAGE_USED, 0, 0, 1));
	spin_unlock_irqrestore(&zone->lock, flags);
	split_page_owner(page, 1);
}

/* A page below the limit with a guard behind it; NULL: there is none. */
static struct page *guarded_page(gfp_t gfp, unsigned long end_pfn)
{
	struct page *page = alloc_pages_below(NUMA_NO_NODE, gfp, 1, end_pfn);

	if (page)
		make_guard(page);
	return page;
}

/* All that is below the limit is taken: is what lies behind this page among it? */
static void check_given_up(unsigned long end_pfn, const struct page *page)
{
	const struct zone *zone = page_zone(page);
	struct list_head taken;
	unsigned long nr;

	nr = take_all(QUIET & ~__GFP_RECLAIM, end_pfn, 20000, &taken);
	if (nr < 20000 && zone_listed_pages(zone) > zone->watermark[WMARK_MIN] + 64)
		CHECK(!is_guard(READ_ONCE(page[1].word)));
	give_all(&taken);
}

SELFTEST(contig, guards_below_the_limit_are_given_up_and_others_stay)
{
	unsigned long end_pfn = find_cut();
	struct page *below, *above = NULL;
	bool posed;

	if (!end_pfn || end_pfn >= low_end_pfn())
		SKIP("no memory so low, or no limit");
	below = guarded_page(QUIET, end_pfn);
	if (below)	/* in another page block: those of its mobility come first */
		above = guarded_page(QUIET | __GFP_MOVABLE, page_zone(below)->end_pfn - 1);
	posed = above && page_zone(above) == page_zone(below) && page_to_pfn(above) >= end_pfn;
	if (posed) {
		check_given_up(end_pfn, below);
		CHECK(is_guard(READ_ONCE(above[1].word)));
	}
	__free_pages(above, 0);
	__free_pages(below, 0);
	if (!posed)
		SKIP("no zone has memory on both sides of a limit");
}

/* It would not be served by them. */
SELFTEST(contig, guards_stay_while_a_zone_has_only_its_reserve)
{
	struct page *page, *got;
	struct shortage s;

	if (!shortage_begin(&s, SHORT_MIN + 64))
		SKIP("no zone is large enough");
	page = s.zone->idx == ZONE_HIGHMEM ? NULL : shortage_alloc(&s, __GFP_MEMALLOC, 1);
	if (page) {
		make_guard(page);
		shortage_leave(&s, SHORT_MIN);
		got = alloc_pages_below(s.zone->nid, __GFP_THISNODE | __GFP_NOWARN, 0,
					s.zone->end_pfn - 1);
		CHECK(!got);
		CHECK(is_guard(READ_ONCE(page[1].word)));
		__free_page(page);
	}
	shortage_end(&s);
	if (!page)
		SKIP("no two pages side by side");
}
