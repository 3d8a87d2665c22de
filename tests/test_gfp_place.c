// SPDX-License-Identifier: MIT
/*
 * What each GFP flag means, continued: those that say where a page is to come from and what it
 * is to be like. How hard a request tries, and how far it may go, is in test_gfp.c.
 */
#include <linux/highmem.h>
#include "mm/reclaim.h"
#include "tests/listen.h"
#include "tests/zones.h"

/* ---- Where from ---- */

SELFTEST(gfp, kernel_prefers_normal)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	CHECK(!PageHighMem(page));
	CHECK(page_zone(page) == expected_zone(ZONE_NORMAL));
	__free_page(page);
}

SELFTEST(gfp, dma_is_below_16_mib)
{
	NEED_ZONE(ZONE_DMA, "DMA");
	for (unsigned int order = 0; order < 4; order++) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_DMA | __GFP_NOWARN, order);

		if (!CHECK(page || order))
			continue;
		if (!page)
			SKIP("no free block of order %u in the DMA zone", order);
		CHECK(page_to_phys(page) + (PAGE_SIZE << order) <= SZ_16M);
		CHECK_EQ(page_zonenum(page), ZONE_DMA);
		__free_pages(page, order);
	}
}

/* An exhausted zone is followed by the next lower one; never by a higher one. */
SELFTEST(gfp, dma_never_leaves_its_zone)
{
	struct page *page, *chain = NULL;

	while ((page = alloc_pages(GFP_DMA | __GFP_NOWARN, 2))) {
		CHECK_EQ(page_zonenum(page), ZONE_DMA);
		page->private = (unsigned long)chain;
		chain = page;
	}
	for (; (page = chain); __free_pages(page, 2))
		chain = (struct page *)page->private;
}

SELFTEST(gfp, dma32_is_below_4_gib)
{
	struct page *page;

	NEED_ZONE(ZONE_DMA32, "DMA32");
	page = alloc_page(GFP_KERNEL | __GFP_DMA32);
	REQUIRE(page);
	CHECK(page_to_phys(page) < SZ_4G);
	CHECK_EQ(page_zonenum(page), ZONE_DMA32);
	__free_page(page);
}

SELFTEST(gfp, highuser_prefers_highmem)
{
	struct page *page;

	NEED_ZONE(ZONE_HIGHMEM, "HIGHMEM");
	page = alloc_page(GFP_HIGHUSER);
	REQUIRE(page);
	CHECK(PageHighMem(page));
	CHECK_EQ(zone_idx(page_zone(page)), ZONE_HIGHMEM);
	__free_page(page);
}

/* A zone smaller than some page blocks may have to share them between mobilities. */
static void check_mobility(gfp_t gfp, enum mobility mobility)
{
	struct page *page = alloc_page(gfp);

	REQUIRE(page);
	if (zone_managed_pages(page_zone(page)) > 4 * PAGEBLOCK_PAGES)
		CHECK_EQ(page_block(page)->mobility, mobility);
	__free_page(page);
}

SELFTEST(gfp, highuser_movable_prefers_highmem_and_is_movable)
{
	bool high = has_zone(ZONE_HIGHMEM);
	struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE);

	REQUIRE(page);
	if (high)
		CHECK(PageHighMem(page));
	__free_page(page);
	check_mobility(GFP_HIGHUSER_MOVABLE, MOVABLE);
}

SELFTEST(gfp, movable_pages_keep_together)
{
	check_mobility(GFP_KERNEL | __GFP_MOVABLE, MOVABLE);
	check_mobility(GFP_KERNEL, UNMOVABLE);
}

SELFTEST(gfp, reclaimable_pages_keep_together)
{
	check_mobility(GFP_KERNEL | __GFP_RECLAIMABLE, RECLAIMABLE);
}

SELFTEST(gfp, highmem_falls_back_on_lower_zones)
{
	struct zone *high = node_zone(numa_node_id(), ZONE_HIGHMEM);
	struct page *page, *chain = NULL;

	if (!high)
		SKIP("this node has no HIGHMEM");
	if (zone_managed_pages(high) > SZ_256M >> PAGE_SHIFT)
		SKIP("HIGHMEM is too large to drain here");
	do {
		page = alloc_pages_node(high->nid, GFP_HIGHUSER | __GFP_THISNODE, 0);
		REQUIRE(page);
		page->private = (unsigned long)chain;
		chain = page;
	} while (page_zone(page) == high);
	CHECK(page_zonenum(page) < ZONE_HIGHMEM);
	/* As long as a lower zone has plenty, what this one keeps back stays. */
	CHECK_EQ(zone_free_pages(high), high->watermark[WMARK_LOW]);
	for (; (page = chain); __free_page(page))
		chain = (struct page *)page->private;
}

SELFTEST(gfp, thisnode_and_nodemask_are_obeyed)
{
	nodemask_t none = NODE_MASK_NONE;
	int nid;

	CHECK(!__alloc_pages(GFP_KERNEL | __GFP_NOWARN, 0, NUMA_NO_NODE, &none));
	for_each_node_with_memory(nid) {
		nodemask_t only = nodemask_of_node(nid);
		struct page *page = alloc_pages_node(nid, GFP_HIGHUSER | __GFP_THISNODE |
						     __GFP_NOWARN, 0);

		if (!page)
			continue;	/* all that this node has is reserved */
		CHECK_EQ(page_to_nid(page), nid);
		__free_page(page);
		page = __alloc_pages(GFP_HIGHUSER, 0, NUMA_NO_NODE, &only);
		REQUIRE(page);
		CHECK_EQ(page_to_nid(page), nid);
		__free_page(page);
	}
	for (nid = 0; nid < MAX_NUMNODES; nid++)
		if (!node_has_memory(nid))
			CHECK(!alloc_pages_node(nid, GFP_NOWAIT | __GFP_THISNODE | __GFP_NOWARN,
						0));
}

/* The cold end of this CPU's cache is where that comes from which was freed longest ago. */
SELFTEST(gfp, cold_takes_from_the_cold_end)
{
	struct cpu_stack *stack = this_cpu_read(pcp.by_gfp[GFP_KERNEL % GFP_KINDS][0]);
	struct page *a, *b, *cold, *coldest;

	if (!stack->max)
		SKIP("this machine's memory is too small for caches of single pages");
	a = alloc_page(GFP_KERNEL);
	b = alloc_page(GFP_KERNEL);
	REQUIRE(a && b);
	__free_page(a);
	__free_page(b);
	REQUIRE(stack->nr >= 2);
	coldest = stack->slot[0];
	cold = alloc_page(GFP_KERNEL | __GFP_COLD);
	CHECK(cold == coldest);
	CHECK(cold != b);
	CHECK(alloc_page(GFP_KERNEL) == b);
	__free_page(b);
	__free_page(cold);
}

/* ---- What like ---- */

SELFTEST(gfp, zero_clears_all_pages)
{
	for (unsigned int order = 0; order < 4; order++) {
		unsigned long virt = __get_free_pages(GFP_KERNEL, order);

		REQUIRE(virt);
		memset((void *)virt, 0xa5, PAGE_SIZE << order);
		free_pages(virt, order);
		virt = __get_free_pages(GFP_KERNEL | __GFP_ZERO, order);
		REQUIRE(virt);
		CHECK(!memchr_inv((void *)virt, 0, PAGE_SIZE << order));
		free_pages(virt, order);
	}
}

SELFTEST(gfp, zero_clears_highmem)
{
	struct page *page;
	void *va;

	NEED_ZONE(ZONE_HIGHMEM, "HIGHMEM");
	page = alloc_page(GFP_HIGHUSER);
	REQUIRE(page);
	va = kmap_local_page(page);
	memset(va, 0x5a, PAGE_SIZE);
	kunmap_local(va);
	__free_page(page);
	page = alloc_page(GFP_HIGHUSER | __GFP_ZERO);
	REQUIRE(page);
	va = kmap_local_page(page);
	CHECK(!memchr_inv(va, 0, PAGE_SIZE));
	kunmap_local(va);
	__free_page(page);
}

SELFTEST(gfp, comp_makes_tails_find_their_head)
{
	for (unsigned int order = 1; order < MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_NOWARN, order);

		if (!page)
			continue;
		CHECK_EQ(compound_order(page), order);
		CHECK(PageCompound(page + 1));
		CHECK(compound_head(page) == page);
		CHECK(compound_head(page + 1) == page);
		CHECK(compound_head(page + (1UL << order) - 1) == page);
		__free_pages(page, order);
		CHECK(!PageCompound(page));
	}
}

SELFTEST(gfp, nowarn_is_silent)
{
	alloc_report_reset();
	listen_start();
	CHECK(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER));
	CHECK_STR(listen_stop(), "");
	listen_start();
	CHECK(!alloc_pages(GFP_KERNEL, MAX_ORDER));
	CHECK(strstr(listen_stop(), "page allocation failure") != NULL);
}

/* Pages for users may be looked for by others than who holds them: page_free.c. */
SELFTEST(gfp, hardwall_is_accepted_and_pages_may_be_looked_for)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_HARDWALL | __GFP_WRITE);

	REQUIRE(page);
	CHECK(get_page_unless_zero(page));
	CHECK(READ_ONCE(page->flags) & PG_SHARED);
	put_page(page);
	__free_page(page);
}

SELFTEST(gfp, account_is_accepted)
{
	struct page *page = alloc_page(GFP_KERNEL_ACCOUNT);

	CHECK_EQ(GFP_KERNEL_ACCOUNT, GFP_KERNEL | __GFP_ACCOUNT);
	REQUIRE(page);
	__free_page(page);
}
