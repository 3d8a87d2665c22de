// SPDX-License-Identifier: MIT
/* The page allocator through its public face. */
#include <linux/highmem.h>
#include "mm/internal.h"
#include "tests/selftest.h"

static bool has_zone(enum zone_type type)
{
	struct zone *zone;

	for_each_zone(zone)
		if (zone->idx == type && zone_free_pages(zone))
			return true;
	return false;
}

/* What a zone looks like when order o blocks are counted; pristine memory is brought in first. */
static void snapshot(struct zone *zone, unsigned long counts[MAX_ORDER])
{
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		counts[order] = buddy_count(zone, order);
}

/* ---- Which zone ---- */

SELFTEST(page_alloc, gfp_dma_is_below_16_mib)
{
	for (unsigned int order = 0; order < 4; order++) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_DMA, order);

		REQUIRE(page);
		CHECK(page_to_phys(page) + (PAGE_SIZE << order) <= SZ_16M);
		CHECK_EQ(page_zonenum(page), ZONE_DMA);
		__free_pages(page, order);
	}
}

SELFTEST(page_alloc, gfp_dma32_is_below_4_gib)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_DMA32);

	REQUIRE(page);
	CHECK(page_to_phys(page) < SZ_4G);
	CHECK(page_zonenum(page) <= ZONE_DMA32);
	if (has_zone(ZONE_DMA32))
		CHECK_EQ(page_zonenum(page), ZONE_DMA32);
	__free_page(page);
}

SELFTEST(page_alloc, gfp_kernel_prefers_normal)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	CHECK(!PageHighMem(page));
	CHECK_EQ(page_zonenum(page), has_zone(ZONE_NORMAL)  ? ZONE_NORMAL
				     : has_zone(ZONE_DMA32) ? ZONE_DMA32
							    : ZONE_DMA);
	__free_page(page);
}

SELFTEST(page_alloc, gfp_highuser_prefers_highmem)
{
	struct page *page;

	if (!has_zone(ZONE_HIGHMEM))
		SKIP("started without HIGHMEM");
	page = alloc_page(GFP_HIGHUSER);
	REQUIRE(page);
	CHECK(PageHighMem(page));
	CHECK_EQ(zone_idx(page_zone(page)), ZONE_HIGHMEM);
	__free_page(page);
	page = alloc_page(GFP_HIGHUSER_MOVABLE);
	REQUIRE(page);
	CHECK(PageHighMem(page));
	CHECK_EQ(page_block(page)->mobility, MOVABLE);
	__free_page(page);
}

/*
 * Takes every page that GFP_DMA can have, linked through the pages' private fields, and
 * checks that none is handed out twice; then all are back, merged as before.
 */
SELFTEST(page_alloc, dma_zone_drains_and_refills)
{
	struct zone *zone = node_zone(numa_node_id(), ZONE_DMA);
	unsigned long before[MAX_ORDER], after[MAX_ORDER], taken = 0, nr_free;
	struct page *page, *chain = NULL;

	if (!zone)
		SKIP("this node has no memory below 16 MiB");
	page = alloc_page(GFP_DMA | __GFP_NOWARN);
	REQUIRE(page);
	__free_page(page);
	while (section_grow(zone))
		;
	nr_free = zone_free_pages(zone);
	snapshot(zone, before);
	while ((page = alloc_page(GFP_DMA | __GFP_NOWARN | __GFP_THISNODE))) {
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

/* An exhausted zone is followed by the next lower one; never by a higher one. */
SELFTEST(page_alloc, gfp_dma_never_leaves_its_zone)
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

SELFTEST(page_alloc, lower_zones_serve_when_higher_are_empty)
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
	CHECK_EQ(zone_free_pages(high), 0);
	for (; (page = chain); __free_page(page))
		chain = (struct page *)page->private;
}

/* ---- Flags ---- */

SELFTEST(page_alloc, gfp_zero_clears_all_pages)
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

SELFTEST(page_alloc, gfp_zero_clears_highmem)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	void *va;

	if (!has_zone(ZONE_HIGHMEM))
		SKIP("started without HIGHMEM");
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

SELFTEST(page_alloc, gfp_comp_makes_tails_find_their_head)
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

SELFTEST(page_alloc, plain_blocks_have_no_head)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	REQUIRE(page);
	CHECK(!PageCompound(page));
	CHECK(compound_head(page + 3) == page + 3);
	CHECK_EQ(compound_order(page), 0);
	__free_pages(page, 2);
}

SELFTEST(page_alloc, gfp_thisnode_and_nodemask_are_obeyed)
{
	nodemask_t none = NODE_MASK_NONE;
	int nid;

	CHECK(!__alloc_pages(GFP_KERNEL | __GFP_NOWARN, 0, NUMA_NO_NODE, &none));
	for_each_node_with_memory(nid) {
		nodemask_t only = nodemask_of_node(nid);
		struct page *page = alloc_pages_node(nid, GFP_HIGHUSER | __GFP_THISNODE, 0);

		REQUIRE(page);
		CHECK_EQ(page_to_nid(page), nid);
		__free_page(page);
		page = __alloc_pages(GFP_HIGHUSER, 0, NUMA_NO_NODE, &only);
		REQUIRE(page);
		CHECK_EQ(page_to_nid(page), nid);
		__free_page(page);
	}
	for (nid = 0; nid < MAX_NUMNODES; nid++)
		if (!node_has_memory(nid))
			CHECK(!alloc_pages_node(nid, GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN, 0));
}

SELFTEST(page_alloc, a_node_without_memory_uses_the_nearest)
{
	struct page *page = alloc_pages_node(MAX_NUMNODES - 1, GFP_KERNEL, 0);

	REQUIRE(page);
	__free_page(page);
	page = alloc_pages_node(-1, GFP_KERNEL, 0);
	REQUIRE(page);
	CHECK_EQ(page_to_nid(page), numa_node_id());
	__free_page(page);
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
	virt = __get_dma_pages(GFP_KERNEL, 1);
	REQUIRE(virt);
	CHECK(virt_to_phys((void *)virt) + 2 * PAGE_SIZE <= SZ_16M);
	free_pages(virt, 1);
	virt = get_free_pages(GFP_KERNEL, 1);
	REQUIRE(virt);
	free_pages(virt, 1);
}

SELFTEST(page_alloc, exact_sizes_give_back_the_rest)
{
	static const size_t sizes[] = { 1, PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE, 5 * PAGE_SIZE,
					100 * PAGE_SIZE + 7, SZ_1M };

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned long before = nr_free_pages();
		void *virt = alloc_pages_exact(sizes[i], GFP_KERNEL | __GFP_ZERO);

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

/* ---- References ---- */

SELFTEST(page_alloc, the_last_reference_frees)
{
	unsigned long before = nr_free_pages();
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	get_page(page);
	CHECK_EQ(page_count(page), 2);
	__free_page(page);
	CHECK_EQ(page_count(page), 1);
	CHECK_EQ(nr_free_pages(), before - 1);
	put_page(page);
	CHECK_EQ(nr_free_pages(), before);
}

SELFTEST(page_alloc, compound_references_count_in_the_head)
{
	unsigned long before = nr_free_pages();
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 3);

	REQUIRE(page);
	get_page(page + 5);
	CHECK_EQ(page_count(page), 2);
	CHECK_EQ(page_count(page + 7), 2);
	__free_pages(page, 3);
	CHECK_EQ(nr_free_pages(), before - 8);
	put_page(page + 2);
	CHECK_EQ(nr_free_pages(), before);
}

/* Somebody took a reference to the first page of a plain block just before it was freed. */
SELFTEST(page_alloc, freeing_a_held_block_keeps_only_its_first_page)
{
	unsigned long before = nr_free_pages();
	struct page *page = alloc_pages(GFP_KERNEL, 4);

	REQUIRE(page);
	get_page(page);
	__free_pages(page, 4);
	CHECK_EQ(nr_free_pages(), before - 1);
	CHECK_EQ(page_count(page), 1);
	put_page(page);
	CHECK_EQ(nr_free_pages(), before);
}

/* ---- Misuse: reported, counted, and nothing changed ---- */

static unsigned long bad_frees(void)
{
	return quarry_report_count(QUARRY_BAD_FREE);
}

SELFTEST(page_alloc, double_free_is_reported)
{
	unsigned long before = bad_frees(), nr_free;
	struct page *page = alloc_pages(GFP_KERNEL, 1);

	selftest_expect_reports(2);
	REQUIRE(page);
	__free_pages(page, 1);
	nr_free = nr_free_pages();
	__free_pages(page, 1);
	__free_pages(page + 1, 0);
	CHECK_EQ(bad_frees(), before + 2);
	CHECK_EQ(nr_free_pages(), nr_free);
}

SELFTEST(page_alloc, free_at_another_order_is_reported)
{
	unsigned long before = bad_frees();
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	selftest_expect_reports(3);
	REQUIRE(page);
	__free_pages(page, 1);
	__free_pages(page, 3);
	__free_pages(page, MAX_ORDER + 50);
	CHECK_EQ(bad_frees(), before + 3);
	__free_pages(page, 2);
	CHECK_EQ(bad_frees(), before + 3);
}

SELFTEST(page_alloc, free_of_a_tail_page_is_reported)
{
	unsigned long before = bad_frees();
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	selftest_expect_reports(2);
	REQUIRE(page);
	__free_pages(page + 1, 0);
	__free_pages(page + 2, 1);
	CHECK_EQ(bad_frees(), before + 2);
	__free_pages(page, 2);
}

SELFTEST(page_alloc, free_of_foreign_memory_is_reported)
{
	unsigned long before = bad_frees(), virt;
	int on_stack;

	selftest_expect_reports(5);
	virt = __get_free_page(GFP_KERNEL);
	REQUIRE(virt);
	free_pages(virt + 8, 0);			/* not a page's address */
	free_pages((unsigned long)&on_stack & PAGE_MASK, 0); /* not in the direct map */
	free_pages(PAGE_SIZE, 0);
	__free_pages(pfn_to_page(max_pfn + PAGES_PER_SECTION), 0);
	__free_pages(pfn_to_page(PFN_DOWN(memblock_reserved.regions[0].base)), 0);
	CHECK_EQ(bad_frees(), before + 5);
	free_page(virt);
	free_page(0);
	__free_pages(NULL, 0);
	CHECK_EQ(bad_frees(), before + 5);
}

SELFTEST(page_alloc, contradicting_flags_are_reported)
{
	unsigned long before = quarry_report_count(QUARRY_BAD_ARGUMENT), virt;
	struct page *page;

	selftest_expect_reports(5);
	page = alloc_page(GFP_KERNEL | __GFP_DMA | __GFP_HIGHMEM);
	REQUIRE(page);
	CHECK_EQ(page_zonenum(page), ZONE_DMA);
	__free_page(page);
	page = alloc_page(GFP_KERNEL | __GFP_MOVABLE | __GFP_RECLAIMABLE);
	REQUIRE(page);
	__free_page(page);
	virt = __get_free_page(GFP_HIGHUSER);
	REQUIRE(virt);
	CHECK(!PageHighMem(virt_to_page((void *)virt)));
	free_page(virt);
	CHECK(!alloc_pages_node(MAX_NUMNODES, GFP_KERNEL | __GFP_NOWARN, 0));
	page = alloc_page(GFP_KERNEL | 0x80000000u);
	REQUIRE(page);
	__free_page(page);
	CHECK_EQ(quarry_report_count(QUARRY_BAD_ARGUMENT), before + 5);
}

SELFTEST(page_alloc, split_of_the_wrong_block_is_reported)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);

	selftest_expect_reports(2);
	REQUIRE(page);
	split_page(page, 2);
	split_page(page + 1, 0);
	CHECK_EQ(compound_order(page), 2);
	__free_pages(page, 2);
}

/* ---- Many at once ---- */

#define STORM_SLOTS 256

struct storm_slot {
	struct page *page;
	unsigned int order;
	u64 mark;
};

static void storm_fill(struct storm_slot *slot)
{
	for (unsigned long i = 0; i < 1UL << slot->order; i++) {
		u64 *va = kmap_local_page(slot->page + i);

		va[0] = va[511] = slot->mark + i;
		kunmap_local(va);
	}
}

static void storm_check(const struct storm_slot *slot)
{
	unsigned long wrong = 0;

	for (unsigned long i = 0; i < 1UL << slot->order; i++) {
		const u64 *va = kmap_local_page(slot->page + i);

		wrong += va[0] != slot->mark + i || va[511] != slot->mark + i;
		kunmap_local(va);
	}
	CHECK_EQ(wrong, 0);
}

/* Random blocks of all kinds live side by side; each keeps what its owner wrote into it. */
SELFTEST(page_alloc, random_blocks_keep_their_content)
{
	static struct storm_slot slots[STORM_SLOTS];
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_ATOMIC,
				       GFP_KERNEL | __GFP_RECLAIMABLE, GFP_KERNEL | __GFP_DMA32,
				       GFP_KERNEL | __GFP_COMP };
	unsigned long steps = selftest_scaled(20000), served = 0;

	for (unsigned long step = 0; step < steps; step++) {
		struct storm_slot *slot = &slots[selftest_random_below(STORM_SLOTS)];

		if (slot->page) {
			storm_check(slot);
			__free_pages(slot->page, slot->order);
			slot->page = NULL;
			continue;
		}
		slot->order = __ffs(selftest_random() | 0x40);
		slot->mark = selftest_random();
		slot->page = alloc_pages(kinds[selftest_random_below(ARRAY_SIZE(kinds))] |
					 __GFP_NOWARN, slot->order);
		if (!slot->page)
			continue;
		storm_fill(slot);
		served++;
	}
	CHECK(served > steps / 4);
	for (unsigned int i = 0; i < STORM_SLOTS; i++) {
		if (slots[i].page)
			__free_pages(slots[i].page, slots[i].order);
		slots[i].page = NULL;
	}
}
