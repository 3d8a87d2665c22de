// SPDX-License-Identifier: MIT
/* Splitting, merging and placement, seen through zone->lock's eyes. */
#include "mm/census.h"
#include "mm/section.h"
#include "tests/selftest.h"

/*
 * The zone to work in: the one with the most free memory, up to 64 MiB of what is pristine
 * brought to its lists. NULL when it has no free block of the largest order even then.
 */
static struct zone *work_zone(void)
{
	struct zone *zone, *best = NULL;
	unsigned long flags;

	drain_all_pages(NULL);
	for_each_zone(zone)
		if (!best || zone_free_pages(zone) > zone_free_pages(best))
			best = zone;
	spin_lock_irqsave(&best->lock, flags);
	for (unsigned int i = 0; i < 16; i++)
		section_grow(best);
	spin_unlock_irqrestore(&best->lock, flags);
	return best->whole[WHOLE_ORDERS - 1] == BLOCK_NONE ? NULL : best;
}

#define NEED_ZONE(zone) \
	struct zone *zone = work_zone(); \
	if (!zone) \
		SKIP("no free block of order %d on this machine", MAX_ORDER - 1)

static struct page *take(struct zone *zone, unsigned int order, enum mobility mobility)
{
	unsigned long flags;
	struct page *page;

	spin_lock_irqsave(&zone->lock, flags);
	page = buddy_alloc(zone, order, mobility);
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}

static void give(struct zone *zone, struct page *page, unsigned int order)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	buddy_free(zone, page, order);
	spin_unlock_irqrestore(&zone->lock, flags);
}

static void count_all(struct zone *zone, unsigned long counts[MAX_ORDER])
{
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		counts[order] = buddy_count(zone, order);
}

SELFTEST(buddy, blocks_are_aligned_and_sized)
{
	NEED_ZONE(zone);
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		unsigned long before = zone->nr_free;
		struct page *page = take(zone, order, UNMOVABLE);

		REQUIRE(page);
		CHECK(IS_ALIGNED(page_to_pfn(page), 1UL << order));
		CHECK_EQ(page->state, PAGE_USED);
		CHECK_EQ(page->order, order);
		CHECK_EQ(before - zone->nr_free, 1UL << order);
		give(zone, page, order);
		CHECK_EQ(zone->nr_free, before);
	}
}

SELFTEST(buddy, freeing_restores_every_count)
{
	unsigned long before[MAX_ORDER], after[MAX_ORDER];
	struct page *pages[64];

	NEED_ZONE(zone);
	count_all(zone, before);
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
		REQUIRE((pages[i] = take(zone, i % 7, i % NR_MOBILITY)));
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
		give(zone, pages[(i * 37) % 64], ((i * 37) % 64) % 7);
	count_all(zone, after);
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		CHECK_EQ(after[order], before[order]);
}

/* 512 single pages of one page block come back as one block of order 9, in any order. */
SELFTEST(buddy, a_page_block_merges_from_single_pages)
{
	struct page *block = alloc_pages(GFP_KERNEL | __GFP_NOWARN, PAGEBLOCK_ORDER);
	struct zone *zone;
	struct pageblock *pb;

	if (!block)
		SKIP("no free page block on this machine");
	zone = page_zone(block);
	pb = page_block(block);
	split_page(block, PAGEBLOCK_ORDER);
	for (unsigned long i = 0; i < PAGEBLOCK_PAGES; i++) {
		CHECK_EQ(pb->nr_free, i);
		__free_page(block + (i * 205) % PAGEBLOCK_PAGES);
		drain_local_pages(NULL);
	}
	CHECK_EQ(pb->orders, 0);
	CHECK_EQ(pb->nr_free, PAGEBLOCK_PAGES);
	CHECK(page_block_head(block)->order >= PAGEBLOCK_ORDER);
	CHECK_EQ(page_block_head(block)->state, PAGE_FREE);
	CHECK(page_zone(block) == zone);
}

SELFTEST(buddy, pairs_of_page_blocks_merge_to_order_10)
{
	struct page *block = alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER - 1);
	struct zone *zone;
	unsigned long pairs;

	if (!block)
		SKIP("no free block of order %d", MAX_ORDER - 1);
	zone = page_zone(block);
	drain_all_pages(zone);
	pairs = buddy_count(zone, MAX_ORDER - 1);
	split_page(block, MAX_ORDER - 1);
	for (unsigned long i = 0; i < 1UL << (MAX_ORDER - 1); i++)
		__free_page(block + i);
	drain_local_pages(zone);
	CHECK_EQ(buddy_count(zone, MAX_ORDER - 1), pairs + 1);
}

/* An allocated block becomes so many allocated pages. */
static void cut_up(struct page *block, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++) {
		block[i].state = PAGE_USED;
		block[i].order = 0;
	}
}

/*
 * The last pages of a page block and the first ones of the next, in its other half of a pair, are
 * freed: always as many, so they make blocks of one size side by side, which are no buddies.
 */
SELFTEST(buddy, what_meets_at_a_page_blocks_border_is_not_merged)
{
	unsigned int apart = 0;
	struct page *pair, *right;
	unsigned long flags;

	NEED_ZONE(zone);
	pair = take(zone, MAX_ORDER - 1, UNMOVABLE);
	REQUIRE(pair);
	right = pair + PAGEBLOCK_PAGES;
	cut_up(pair, MAX_ORDER - 1);
	spin_lock_irqsave(&zone->lock, flags);
	for (unsigned int order = 0; order < PAGEBLOCK_ORDER; order++) {
		struct page *left = right - (1UL << order);

		for (unsigned long i = order ? 1UL << (order - 1) : 0; i < 1UL << order; i++) {
			buddy_free(zone, right - 1 - i, 0);
			buddy_free(zone, right + i, 0);
		}
		apart += left->state == PAGE_FREE && left->order == order &&
			 right->state == PAGE_FREE && right->order == order;
	}
	for (unsigned long i = PAGEBLOCK_PAGES / 2; i < PAGEBLOCK_PAGES; i++) {
		buddy_free(zone, right - 1 - i, 0);
		buddy_free(zone, right + i, 0);
	}
	CHECK_EQ(pair->state, PAGE_FREE);
	CHECK_EQ(pair->order, MAX_ORDER - 1);
	spin_unlock_irqrestore(&zone->lock, flags);
	CHECK_EQ(apart, PAGEBLOCK_ORDER);
}

/* Frees both page blocks of a pair, the second of which is the other zone's; do they stay two? */
static bool stay_apart(struct zone *zone, struct zone *other, struct page *pair, bool second_first)
{
	struct page *second = pair + PAGEBLOCK_PAGES;

	if (second_first)
		buddy_free(other, second, PAGEBLOCK_ORDER);
	buddy_free(zone, pair, PAGEBLOCK_ORDER);
	if (!second_first)
		buddy_free(other, second, PAGEBLOCK_ORDER);
	if (pair->state != PAGE_FREE || pair->order != PAGEBLOCK_ORDER ||
	    second->state != PAGE_FREE || second->order != PAGEBLOCK_ORDER)
		return false;
	buddy_take(zone, pair, PAGEBLOCK_ORDER, UNMOVABLE);
	buddy_take(other, second, PAGEBLOCK_ORDER, UNMOVABLE);
	return true;
}

static struct zone *any_other(const struct zone *zone)
{
	struct zone *other;

	for_each_zone(other)
		if (other != zone)
			return other;
	return NULL;
}

/* As if a zone's border lay in the middle of a pair of page blocks, which is rare. */
SELFTEST(buddy, what_meets_at_a_zones_border_is_not_merged)
{
	struct zone *other;
	struct pageblock *half;
	struct page *pair;
	unsigned long flags;
	bool apart;

	NEED_ZONE(zone);
	other = any_other(zone);
	if (!other)
		SKIP("there is only one zone");
	pair = take(zone, MAX_ORDER - 1, UNMOVABLE);
	REQUIRE(pair);
	half = page_block(pair) + 1;
	pair->order = PAGEBLOCK_ORDER;
	pair[PAGEBLOCK_PAGES].word = pair->word;
	spin_lock_irqsave(&zone->lock, flags);
	spin_lock_nested(&other->lock, SINGLE_DEPTH_NESTING);
	half->nid = other->nid;
	half->zone = other->idx;
	apart = stay_apart(zone, other, pair, false) && stay_apart(zone, other, pair, true);
	half->nid = zone->nid;
	half->zone = zone->idx;
	spin_unlock(&other->lock);
	spin_unlock_irqrestore(&zone->lock, flags);
	REQUIRE(apart);
	give(zone, pair, PAGEBLOCK_ORDER);
	give(zone, pair + PAGEBLOCK_PAGES, PAGEBLOCK_ORDER);
}

/*
 * The free block that has this page is taken and freed page by page: does that make the same block
 * again? Counts those that were there to be tried.
 */
static void free_piecemeal(unsigned long pfn, unsigned int *tried)
{
	struct page *page, *head;
	unsigned long flags;
	struct zone *zone;
	unsigned int order;

	if (!pfn_valid(pfn))
		return;
	page = pfn_to_page(pfn);
	zone = page_zone(page);
	spin_lock_irqsave(&zone->lock, flags);
	head = page_block_head(page);
	if (head && head->state == PAGE_FREE) {
		order = head->order;
		buddy_take(zone, head, order, page_block(head)->mobility);
		cut_up(head, order);
		for (unsigned long i = 0; i < 1UL << order; i++)
			buddy_free(zone, head + (i * 205) % (1UL << order), 0);
		CHECK(page_block_head(page) == head);
		CHECK(head->state == PAGE_FREE && head->order == order);
		++*tried;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* So that what lies on both sides of a small zone's borders could merge. */
static void bring_small_zones_to_life(void)
{
	unsigned long flags;
	struct zone *zone;

	for_each_zone(zone) {
		spin_lock_irqsave(&zone->lock, flags);
		while (zone->managed <= SZ_64M >> PAGE_SHIFT && section_grow(zone))
			;
		spin_unlock_irqrestore(&zone->lock, flags);
	}
}

/* No free block may reach across a zone's border or into a hole. */
SELFTEST(buddy, free_blocks_stay_inside_their_zone)
{
	struct zone *zone;
	struct pageblock *pb;

	bring_small_zones_to_life();
	for_each_zone(zone) {
		for_each_block(zone, pb) {
			unsigned long pfn = block_to_pfn(pb), nr = PAGEBLOCK_PAGES;

			if (pb->place == PLACE_NONE || pb->place >= PLACE_PARTIAL)
				continue;
			nr <<= pb->place - PLACE_WHOLE;
			CHECK(pfn >= zone->start_pfn && pfn + nr <= zone->end_pfn);
			CHECK(page_zone(pfn_to_page(pfn + nr - 1)) == zone);
			CHECK(memblock_is_memory(PFN_PHYS(pfn)));
			CHECK(memblock_is_memory(PFN_PHYS(pfn + nr) - 1));
		}
	}
}

/* What lies at the ends of zones, ranges of RAM and sections is freed: it grows no further. */
SELFTEST(buddy, what_is_freed_at_a_border_or_hole_stays_inside)
{
	unsigned int tried = 0;
	phys_addr_t start, end;
	struct zone *zone;

	bring_small_zones_to_life();
	drain_all_pages(NULL);
	for_each_zone(zone) {
		free_piecemeal(zone->start_pfn, &tried);
		free_piecemeal(zone->end_pfn - 1, &tried);
	}
	for (unsigned int i = 0; i < min_t(unsigned int, memblock_memory.nr, 64); i++) {
		start = memblock_memory.regions[i].base;
		end = memblock_memory.regions[i].end;
		free_piecemeal(PFN_UP(start), &tried);
		if (end >= PAGE_SIZE)
			free_piecemeal(PFN_DOWN(end) - 1, &tried);
	}
	for (unsigned long pfn = PAGES_PER_SECTION; pfn < max_pfn && tried < 64;
	     pfn += PAGES_PER_SECTION) {
		free_piecemeal(pfn - 1, &tried);
		free_piecemeal(pfn, &tried);
	}
	if (!tried)
		SKIP("what lies at a border is in use, or was never used");
}

SELFTEST(buddy, allocated_blocks_of_every_order_are_sound)
{
	struct page *pages[MAX_ORDER];

	for (unsigned int order = 0; order < MAX_ORDER; order++)
		pages[order] = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);
	CHECK_EQ(quarry_validate(), 0);
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		__free_pages(pages[order], order);
}

/* Has the zone a page block of that mobility, not full, with fewer free pages than that? */
static bool has_fuller(struct zone *zone, enum mobility mobility, unsigned int nr_free)
{
	struct pageblock *pb;
	unsigned long flags;
	bool has = false;

	spin_lock_irqsave(&zone->lock, flags);
	for_each_block(zone, pb)
		has |= pb->mobility == mobility && pb->orders && pb->nr_free < nr_free;
	spin_unlock_irqrestore(&zone->lock, flags);
	return has;
}

SELFTEST(buddy, small_requests_fill_the_fullest_page_block)
{
	struct page *fuller, *emptier, *page;
	unsigned int kept = 400;

	NEED_ZONE(zone);
	if (has_fuller(zone, MOVABLE, PAGEBLOCK_PAGES - 64))	/* one of few pages, perhaps */
		SKIP("another page block is fuller");
	fuller = take(zone, PAGEBLOCK_ORDER, UNMOVABLE);
	emptier = take(zone, PAGEBLOCK_ORDER, UNMOVABLE);
	REQUIRE(fuller && emptier);
	/* MOVABLE page blocks: nothing else in the test list leaves any half used. */
	page_block(fuller)->mobility = page_block(emptier)->mobility = MOVABLE;
	fuller->order = emptier->order = 0;
	for (unsigned long i = 1; i < PAGEBLOCK_PAGES; i++) {
		fuller[i].state = emptier[i].state = PAGE_USED;
		fuller[i].order = emptier[i].order = 0;
	}
	give(zone, emptier, 0);
	for (unsigned long i = kept; i < PAGEBLOCK_PAGES; i++)
		give(zone, fuller + i, 0);
	for (unsigned long i = 1; i < PAGEBLOCK_PAGES - 50; i++)
		give(zone, emptier + i, 0);

	for (unsigned long i = kept; i < PAGEBLOCK_PAGES; i++) {
		page = take(zone, 0, MOVABLE);
		REQUIRE(page);
		CHECK(page_block(page) == page_block(fuller));
	}
	page = take(zone, 0, MOVABLE);
	REQUIRE(page);
	CHECK(page_block(page) == page_block(emptier));
	give(zone, page, 0);
	for (unsigned long i = 0; i < PAGEBLOCK_PAGES; i++)
		give(zone, fuller + i, 0);
	for (unsigned long i = PAGEBLOCK_PAGES - 50; i < PAGEBLOCK_PAGES; i++)
		give(zone, emptier + i, 0);
}

SELFTEST(buddy, mobilities_use_page_blocks_of_their_own)
{
	struct page *pages[NR_MOBILITY];

	NEED_ZONE(zone);
	for (unsigned int m = 0; m < NR_MOBILITY; m++)
		REQUIRE((pages[m] = take(zone, 0, m)));
	for (unsigned int m = 0; m < NR_MOBILITY; m++) {
		CHECK_EQ(page_block(pages[m])->mobility, m);
		CHECK(page_block(pages[m]) != page_block(pages[(m + 1) % NR_MOBILITY]));
	}
	for (unsigned int m = 0; m < NR_MOBILITY; m++)
		give(zone, pages[m], 0);
}

SELFTEST(buddy, steal_takes_over_a_page_block_that_is_mostly_free)
{
	struct page *owner, *thief;
	unsigned long flags;

	NEED_ZONE(zone);
	owner = take(zone, 0, MOVABLE);
	REQUIRE(owner);
	spin_lock_irqsave(&zone->lock, flags);
	thief = buddy_steal(zone, 0, RECLAIMABLE);
	spin_unlock_irqrestore(&zone->lock, flags);
	REQUIRE(thief);
	CHECK_EQ(page_block(thief)->mobility, RECLAIMABLE);
	give(zone, thief, 0);
	give(zone, owner, 0);
}

/* In one page block with holes of several sizes, a request takes the smallest that will do. */
SELFTEST(buddy, the_smallest_sufficient_block_is_split)
{
	struct page *block, *page;
	struct pageblock *pb;

	NEED_ZONE(zone);
	block = take(zone, PAGEBLOCK_ORDER, UNMOVABLE);
	REQUIRE(block);
	pb = page_block(block);
	pb->mobility = RECLAIMABLE;
	for (unsigned long i = 0; i < PAGEBLOCK_PAGES; i++) {
		block[i].state = PAGE_USED;
		block[i].order = 0;
	}
	for (unsigned long i = 64; i < 128; i++)	/* a hole of order 6 */
		give(zone, block + i, 0);
	give(zone, block + 3, 0);			/* one of order 0 */
	page = take(zone, 0, RECLAIMABLE);
	CHECK(page == block + 3);
	page = take(zone, 0, RECLAIMABLE);
	CHECK(page_block(page) == pb);
	CHECK_EQ(page - block, 64);
	give(zone, page, 0);
	for (unsigned long i = 0; i < PAGEBLOCK_PAGES; i++)
		if (i < 64 || i >= 128)
			give(zone, block + i, 0);
}

SELFTEST(buddy, steal_leaves_a_page_block_that_is_mostly_used)
{
	struct page *owners[2 * 300], *thief;
	unsigned int nr = 0;
	unsigned long flags;

	NEED_ZONE(zone);
	/* Fill page blocks of RECLAIMABLE until the last has less than half free, others none. */
	do {
		REQUIRE(nr < ARRAY_SIZE(owners));
		REQUIRE((owners[nr] = take(zone, 0, RECLAIMABLE)));
	} while (page_block(owners[nr++])->nr_free >= PAGEBLOCK_PAGES / 2);
	spin_lock_irqsave(&zone->lock, flags);
	thief = buddy_steal(zone, 0, MOVABLE);
	spin_unlock_irqrestore(&zone->lock, flags);
	if (CHECK(thief != NULL)) {
		if (page_block(thief)->nr_free < PAGEBLOCK_PAGES / 2 - 1)
			CHECK(page_block(thief)->mobility != MOVABLE);
		give(zone, thief, 0);
	}
	while (nr-- > 0)
		give(zone, owners[nr], 0);
}

SELFTEST(buddy, no_tail_descriptor_is_written)
{
	struct page *block = alloc_pages(GFP_KERNEL | __GFP_NOWARN, PAGEBLOCK_ORDER);
	unsigned long kept = 0;

	if (!block)
		SKIP("no free page block on this machine");
	for (unsigned long i = 1; i < PAGEBLOCK_PAGES; i++)
		block[i].private = 0x5eed0000 + i;
	__free_pages(block, PAGEBLOCK_ORDER);
	for (unsigned long i = 1; i < PAGEBLOCK_PAGES; i++) {
		kept += block[i].private == 0x5eed0000 + i;
		block[i].private = 0;
	}
	CHECK_EQ(kept, PAGEBLOCK_PAGES - 1);
}
