// SPDX-License-Identifier: MIT
/*
 * The buddy system inside one zone: split on allocation, merge on free. No policy.
 *
 * A block of order o is 2^o pages that begin at a multiple of 2^o; its buddy is the block
 * whose number differs in bit o alone. A free block is never next to a free buddy of the
 * same order: the two are merged at once, up to order 10.
 *
 * Two levels. Below order 9 a buddy always lies in the same page block (2 MiB, order 9), so
 * each page block keeps its own small buddy system: a list of free blocks for each order 0
 * to 8, linked by 16-bit indices through the first descriptors of the blocks. Above, a zone
 * lists whole free page blocks (order 9) and pairs of them (order 10).
 *
 *	zone -- whole[0]:  page block <-> page block		order 9, free
 *	     |- whole[1]:  page block <-> ...			order 10, free, first of a pair
 *	     `- partial[mobility][fullness][largest order]:  page block <-> ...
 *			   |
 *			   `- head[0..8]:  block <-> block	free blocks inside it
 *
 * A small request takes from the fullest page block that can serve it (eight buckets; within
 * one, whose largest free block is smallest). Nearly empty ones so come free as a whole: memory
 * used in small pieces is to be had as large ones again. Whole page blocks belong to no mobility:
 * the first small allocation gives one its own.
 *
 * State. Only the first descriptor of a block says anything: PAGE_FREE or PAGE_USED, and
 * the order. All other descriptors are PAGE_NONE and are not touched, whatever the order.
 *
 * Invariants, for each live page block (checked by validate.c):
 *   nr_free is the number of pages in free blocks;
 *   bit o of `orders` is set exactly when head[o] begins a list;
 *   each free block is in one of those lists, or a guard, kept back from everybody (guard.c);
 *   `place` is what buddy_place() computes, and the page block is in just that list;
 *   zone->nr_free is the sum of nr_free over its page blocks.
 *
 * Locks: zone->lock, held by the caller. Costs: allocation finds its page block in at most
 * eight steps and splits at most nine times; a free merges at most ten times.
 */
#include "buddy_lists.h"
#include "guard.h"

/* ---- Lists of page blocks in the zone ---- */

u8 buddy_place(const struct pageblock *pb)
{
	if (!pb->orders)
		return PLACE_NONE;
	return partial_place((pb->nr_free - 1) / (PAGEBLOCK_PAGES / NR_BUCKETS), __fls(pb->orders));
}

static void set_mobility(struct pageblock *pb, enum mobility mobility)
{
	pb->mobility = mobility;
	/* Frees on other CPUs look at it without the lock (pcp.c): before or after is the same. */
	WRITE_ONCE(block_kinds[pb - pageblock_table()], block_kind(pb->nid, pb->zone, mobility));
}

/* After the page block's counts changed: moves it to where it belongs now. */
static void relist_block(struct zone *zone, struct pageblock *pb)
{
	u8 place = buddy_place(pb);

	if (place == pb->place)
		return;
	unlist_block(zone, pb);
	list_block(zone, pb, place);
}

/* ---- Free blocks inside a page block: orders 0 to 8 ---- */

/* All of it at once: who frees wrongly, or a block beside this one, looks without the lock. */
static void set_word(struct page *page, enum page_state state, unsigned int order)
{
	WRITE_ONCE(page->word, PAGE_WORD(state, order, 0, 0));
}

static struct page *block_page(const struct pageblock *pb, unsigned int index)
{
	return pfn_to_page(block_to_pfn(pb) + index);
}

static void push(struct pageblock *pb, unsigned int index, unsigned int order)
{
	struct page *page = block_page(pb, index);

	set_word(page, PAGE_FREE, order);
	page->buddy.prev = INDEX_NONE;
	page->buddy.next = pb->head[order];
	if (page->buddy.next != INDEX_NONE)
		block_page(pb, page->buddy.next)->buddy.prev = index;
	pb->head[order] = index;
	pb->orders |= BIT(order);
}

static void take(struct pageblock *pb, struct page *page, unsigned int order)
{
	u16 next = page->buddy.next, prev = page->buddy.prev;

	if (unlikely(page->flags & PG_GUARD)) {
		guard_clear(pb, page, order);
		return;
	}
	if (next != INDEX_NONE)
		block_page(pb, next)->buddy.prev = prev;
	if (prev != INDEX_NONE)
		block_page(pb, prev)->buddy.next = next;
	else
		pb->head[order] = next;
	if (pb->head[order] == INDEX_NONE)
		pb->orders &= ~BIT(order);
	set_word(page, PAGE_NONE, 0);
}

/* Cuts the block at index from order `from` down to `to`; the upper halves become free. */
static struct page *split(struct pageblock *pb, unsigned int index, unsigned int from,
			  unsigned int to)
{
	struct page *page = block_page(pb, index);

	while (from > to) {
		from--;
		push(pb, index + (1u << from), from);
	}
	set_word(page, PAGE_USED, to);
	return page;
}

static struct page *alloc_at(struct zone *zone, struct pageblock *pb, unsigned int index,
			     unsigned int have, unsigned int order)
{
	struct page *page;

	take(pb, block_page(pb, index), have);
	page = split(pb, index, have, order);
	pb->nr_free -= 1u << order;
	WRITE_ONCE(zone->nr_free, zone->nr_free - (1u << order));
	relist_block(zone, pb);
	return page;
}

static struct page *alloc_in_block(struct zone *zone, struct pageblock *pb, unsigned int order)
{
	unsigned int have = order + __ffs(pb->orders >> order);

	return alloc_at(zone, pb, pb->head[have], have, order);
}

/* ---- Whole page blocks: orders 9 and 10 ---- */

static void push_whole(struct zone *zone, struct pageblock *pb, unsigned int order)
{
	struct page *page = block_page(pb, 0);

	set_word(page, PAGE_FREE, order);
	for (unsigned int i = 0; i < 1u << (order - PAGEBLOCK_ORDER); i++)
		pb[i].nr_free = PAGEBLOCK_PAGES;
	list_block(zone, pb, PLACE_WHOLE + order - PAGEBLOCK_ORDER);
}

static void take_whole(struct zone *zone, struct pageblock *pb)
{
	unlist_block(zone, pb);
	set_word(block_page(pb, 0), PAGE_NONE, 0);
}

/* Takes a whole block of order `have` off its list, cut to `order`, 9 or more. */
static void cut_whole(struct zone *zone, struct pageblock *pb, unsigned int have,
		      unsigned int order)
{
	take_whole(zone, pb);
	while (have-- > order)
		push_whole(zone, pb + (1u << (have - PAGEBLOCK_ORDER)), have);
}

/* A wholly free block of order 9 or 10, off its list, cut to `order`; or NULL. */
static struct pageblock *alloc_whole(struct zone *zone, unsigned int order)
{
	for (unsigned int have = order; have < MAX_ORDER; have++) {
		u32 number = zone->whole[have - PAGEBLOCK_ORDER];
		struct pageblock *pb = pageblock_table() + number;

		if (number == BLOCK_NONE)
			continue;
		cut_whole(zone, pb, have, order);
		return pb;
	}
	return NULL;
}

/* Page blocks that are wholly free and in no list become one allocated block. */
static struct page *use_whole(struct zone *zone, struct pageblock *pb, unsigned int order)
{
	struct page *page;

	for (unsigned int i = 0; i < 1u << (order - PAGEBLOCK_ORDER); i++)
		pb[i].nr_free = 0;
	WRITE_ONCE(zone->nr_free, zone->nr_free - (1u << order));
	page = block_page(pb, 0);
	set_word(page, PAGE_USED, order);
	return page;
}

/* One page block that is wholly free and in no list gives its first, smaller block. */
static struct page *open_whole(struct zone *zone, struct pageblock *pb, unsigned int order,
			       enum mobility mobility)
{
	set_mobility(pb, mobility);
	pb->nr_free -= 1u << order;
	WRITE_ONCE(zone->nr_free, zone->nr_free - (1u << order));
	split(pb, 0, PAGEBLOCK_ORDER, order);
	relist_block(zone, pb);
	return block_page(pb, 0);
}

/* Frees a block of order 9 or 10 whose page blocks are in no list. */
static void free_whole(struct zone *zone, struct pageblock *pb, unsigned int order)
{
	while (order < MAX_ORDER - 1) {
		u32 number = pb - pageblock_table();
		u32 size = 1u << (order - PAGEBLOCK_ORDER);
		struct pageblock *buddy = pageblock_table() + (number ^ size);

		/* Another zone's page block is not ours to look at: its lock is not held. */
		if (!buddy->live || block_zone(buddy) != zone ||
		    buddy->place != PLACE_WHOLE + order - PAGEBLOCK_ORDER)
			break;
		take_whole(zone, buddy);
		pb = pageblock_table() + (number & ~size);
		order++;
	}
	push_whole(zone, pb, order);
}

/* ---- Public ---- */

/* The fullest page block of that mobility with a free block of the order, or NULL. */
static struct pageblock *fullest(struct zone *zone, unsigned int order, enum mobility mobility)
{
	for (unsigned int bucket = 0; bucket < NR_BUCKETS; bucket++) {
		unsigned int fit = zone->partial_mask[mobility][bucket] >> order;

		if (fit)
			return pageblock_table() +
			       zone->partial[mobility][bucket][order + __ffs(fit)];
	}
	return NULL;
}

static struct pageblock *emptiest(struct zone *zone, unsigned int order, enum mobility mobility)
{
	for (unsigned int bucket = NR_BUCKETS; bucket-- > 0;) {
		unsigned int fit = zone->partial_mask[mobility][bucket] >> order;

		if (fit)
			return pageblock_table() +
			       zone->partial[mobility][bucket][order + __fls(fit)];
	}
	return NULL;
}

struct page *buddy_alloc(struct zone *zone, unsigned int order, enum mobility mobility)
{
	struct pageblock *pb;

	if (order >= PAGEBLOCK_ORDER) {
		pb = alloc_whole(zone, order);
		return pb ? use_whole(zone, pb, order) : NULL;
	}
	pb = fullest(zone, order, mobility);
	if (pb)
		return alloc_in_block(zone, pb, order);
	pb = alloc_whole(zone, PAGEBLOCK_ORDER);
	return pb ? open_whole(zone, pb, order, mobility) : NULL;
}

/* Out of one page block, the lowest of those side by side last; it is not relisted. */
static unsigned int take_several(struct zone *zone, struct pageblock *pb, unsigned int order,
				 struct page **pages, unsigned int nr)
{
	unsigned int got = 0, have, index, all;
	struct page *page;

	while (got < nr && pb->orders >> order) {
		have = order + __ffs(pb->orders >> order);
		all = min_t(unsigned int, have, order + __fls(nr - got));
		index = pb->head[have];
		take(pb, block_page(pb, index), have);
		page = split(pb, index, have, all);
		for (unsigned int i = 1u << (all - order); i-- > 0; page += 1UL << order)
			pages[got + i] = page;
		got += 1u << (all - order);
	}
	pb->nr_free -= got << order;
	WRITE_ONCE(zone->nr_free, zone->nr_free - (got << order));
	return got;
}

unsigned int buddy_alloc_several(struct zone *zone, unsigned int order, enum mobility mobility,
				 struct page **pages, unsigned int nr)
{
	unsigned int got = 0;

	while (got < nr) {
		struct pageblock *pb = order < PAGEBLOCK_ORDER ? fullest(zone, order, mobility)
							       : NULL;

		if (pb) {
			got += take_several(zone, pb, order, pages + got, nr - got);
			relist_block(zone, pb);
			continue;
		}
		pages[got] = buddy_alloc(zone, order, mobility);
		if (!pages[got++])
			return got - 1;
	}
	return got;
}

struct page *buddy_take(struct zone *zone, struct page *page, unsigned int order,
			enum mobility mobility)
{
	unsigned int have = page->order, whole = max_t(unsigned int, order, PAGEBLOCK_ORDER);
	struct pageblock *pb = page_block(page);

	if (have < PAGEBLOCK_ORDER)
		return alloc_at(zone, pb, page_to_pfn(page) % PAGEBLOCK_PAGES, have, order);
	cut_whole(zone, pb, have, whole);
	return order >= PAGEBLOCK_ORDER ? use_whole(zone, pb, order)
					: open_whole(zone, pb, order, mobility);
}

struct page *buddy_steal(struct zone *zone, unsigned int order, enum mobility mobility)
{
	struct pageblock *pb = NULL;

	for (unsigned int other = 0; other < NR_MOBILITY && order < PAGEBLOCK_ORDER; other++) {
		struct pageblock *candidate = emptiest(zone, order, other);

		if (candidate && other != mobility && (!pb || candidate->nr_free > pb->nr_free))
			pb = candidate;
	}
	if (!pb)
		return NULL;
	if (pb->nr_free >= PAGEBLOCK_PAGES / 2) {
		unlist_block(zone, pb);
		set_mobility(pb, mobility);
		list_block(zone, pb, buddy_place(pb));
	}
	return alloc_in_block(zone, pb, order);
}

/* A page that is in no block. */
static void take_out_bad(struct zone *zone, struct page *page)
{
	page->word = 0;
	page->flags = PG_HWPOISON;
	page->state = PAGE_BAD;
	WRITE_ONCE(zone->managed, zone->managed - 1);
	WRITE_ONCE(zone->nr_bad, zone->nr_bad + 1);
}

/* What is left of a block between broken pages, in the largest blocks that it makes. */
static void free_around_bad(struct zone *zone, struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), end = pfn + (1UL << order);
	unsigned long bad;

	page->state = PAGE_NONE;
	page->flags &= ~PG_HAS_HWPOISONED;
	for (; pfn < end; pfn = bad + 1) {
		for (bad = pfn; bad < end && !(pfn_to_page(bad)->flags & PG_HWPOISON); bad++)
			;
		buddy_add(zone, pfn, bad);
		if (bad < end)
			take_out_bad(zone, pfn_to_page(bad));
	}
}

void buddy_free_unsettled(struct zone *zone, struct page *page, unsigned int order)
{
	struct pageblock *pb = page_block(page);
	unsigned int index = page_to_pfn(page) % PAGEBLOCK_PAGES;

	if (unlikely(page->flags & PG_HAS_HWPOISONED)) {
		free_around_bad(zone, page, order);
		return;
	}
	WRITE_ONCE(zone->nr_free, zone->nr_free + (1u << order));
	set_word(page, PAGE_NONE, 0);
	if (order >= PAGEBLOCK_ORDER) {
		free_whole(zone, pb, order);
		return;
	}
	pb->nr_free += 1u << order;
	for (; order < PAGEBLOCK_ORDER; order++) {
		struct page *buddy = block_page(pb, index ^ (1u << order));

		if (READ_ONCE(buddy->state) != PAGE_FREE || buddy->order != order)
			break;
		take(pb, buddy, order);
		index &= ~(1u << order);
	}
	if (order < PAGEBLOCK_ORDER) {
		push(pb, index, order);
		return;
	}
	unlist_block(zone, pb);
	free_whole(zone, pb, PAGEBLOCK_ORDER);
}

void buddy_settle(struct zone *zone, struct pageblock *pb)
{
	if (pb->orders)		/* else it is wholly free, and listed as such */
		relist_block(zone, pb);
}

void buddy_free(struct zone *zone, struct page *page, unsigned int order)
{
	buddy_free_unsettled(zone, page, order);
	buddy_settle(zone, page_block(page));
}

void buddy_init(struct zone *zone)
{
	memset(zone->whole, 0xff, sizeof(zone->whole));
	memset(zone->partial, 0xff, sizeof(zone->partial));
	zone->guarded = BLOCK_NONE;
	BUILD_BUG_ON(BLOCK_NONE != 0xffffffff || INDEX_NONE != 0xffff);
}

void buddy_init_block(struct zone *zone, struct pageblock *pb)
{
	memset(pb->head, 0xff, sizeof(pb->head));	/* INDEX_NONE */
	pb->nid = zone->nid;
	pb->zone = zone->idx;
	set_mobility(pb, UNMOVABLE);
	/* Descriptors, node and zone first: pfn_valid() looks without the lock. */
	smp_store_release(&pb->live, true);
}

void buddy_add(struct zone *zone, unsigned long start_pfn, unsigned long end_pfn)
{
	for (unsigned long pfn = start_pfn; pfn < end_pfn;) {
		unsigned int order = buddy_order_at(pfn, end_pfn);

		set_word(pfn_to_page(pfn), PAGE_USED, order);
		buddy_free(zone, pfn_to_page(pfn), order);
		pfn += 1UL << order;
	}
}
