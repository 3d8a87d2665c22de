// SPDX-License-Identifier: MIT
/*
 * debug_guardpage_minorder=N: behind each block that is allocated at an order below N lies a free
 * block of the same size that nobody gets.
 *
 *	order 1 of the lists	|       |	.  free
 *	N=0, order 0		|   A   |	and other people's pages right behind
 *	N=1, order 0		| A | G |
 *
 * What runs over the end of A then damages nobody's memory, and KASAN sees the first byte of it:
 * to it a guard is a red zone. What runs backwards out of the block behind it meets G as well.
 *
 * A request of such an order is served by a block of the next one, of which the lower half is
 * handed out. So a guard is the buddy of what it guards: the free of that finds it and merges both,
 * as any free buddy. Until then it is PAGE_FREE with PG_GUARD, in no list of its page block. It
 * counts as free in the page block, the zone and all reports, for free it is: when a zone has
 * nothing else for a request, it gives its guards up, page block by page block, so nobody fails or
 * reclaims for their sake. (Linux, whose option this is, does not count them and keeps them to the
 * end; and there N = 2 also keeps two pages of four behind a single one and its guard: here it is
 * one half, whatever N is.)
 *
 *	zone->guarded:  page block <-> page block	those with nr_guards > 0
 *	zone->nr_guards[order]				sums over them
 *
 * Not guarded are pieces of a block that was split (split_page(), alloc_pages_exact()), blocks of
 * order N and up, what alloc_pages_below() finds in a zone that its limit cuts, and any block when
 * there was no larger one. A block that goes round in the cache of a CPU keeps its guard; no batch
 * of such orders is taken into a cache.
 *
 * Locks: zone->lock. Costs: when off a comparison for each visit to a zone's lists, and a test for
 * each block that leaves a list. When on a visit for each block that a CPU's cache has not, as much
 * memory again for small blocks, and 512 descriptors looked at for each page block that gives its
 * guards up.
 */
#include "guard.h"

void guard_cut(struct zone *zone, struct page *page, unsigned int order)
{
	struct page *guard = page + (1UL << order);
	struct pageblock *pb = page_block(page);

	WRITE_ONCE(page->word, PAGE_WORD(PAGE_USED, order, 0, 0));
	WRITE_ONCE(guard->word, PAGE_WORD(PAGE_FREE, order, PG_GUARD, 0));
	kasan_guard_pages(guard, order);
	pb->nr_free += 1u << order;
	WRITE_ONCE(zone->nr_free, zone->nr_free + (1UL << order));
	WRITE_ONCE(zone->nr_guards[order], zone->nr_guards[order] + 1);
	if (!pb->nr_guards++) {
		pb->guard_prev = BLOCK_NONE;
		pb->guard_next = zone->guarded;
		zone->guarded = pb - pageblock_table();
		if (pb->guard_next != BLOCK_NONE)
			pageblock_table()[pb->guard_next].guard_prev = zone->guarded;
	}
	buddy_settle(zone, pb);
}

bool guard_has(const struct zone *zone, unsigned int order)
{
	for (; order < GUARD_ORDERS_MAX; order++)
		if (READ_ONCE(zone->nr_guards[order]))
			return true;
	return false;
}

/* The first one at or behind the page with this index; NULL: there is none. */
static struct page *next_guard(const struct pageblock *pb, unsigned int index)
{
	struct page *first = pfn_to_page(block_to_pfn(pb));

	for (; pb->nr_guards && index < PAGEBLOCK_PAGES; index++)
		if (is_guard(READ_ONCE(first[index].word)))
			return first + index;
	return NULL;
}

#define for_each_guard(pb, page) \
	for (page = next_guard(pb, 0); page; \
	     page = next_guard(pb, page_to_pfn(page) % PAGEBLOCK_PAGES + 1))

void guard_release_block(struct zone *zone, const struct pageblock *pb, unsigned int order)
{
	struct page *page;

	for_each_guard(pb, page) {
		unsigned int size = page->order;

		if (size >= order)
			buddy_free(zone, buddy_take(zone, page, size, UNMOVABLE), size);
	}
}

bool guard_release(struct zone *zone, unsigned int order)
{
	if (!guard_has(zone, order))
		return false;
	guard_release_block(zone, pageblock_table() + zone->guarded, 0);
	return true;
}

void guard_count(const struct pageblock *pb, unsigned long nr[PAGEBLOCK_ORDER])
{
	const struct page *page;

	for_each_guard(pb, page)
		nr[page->order]++;
}

/* ---- For the validators ---- */

#define VIOLATION(address, fmt, ...) \
	({ report_misuse(QUARRY_CORRUPTION, address, fmt, ##__VA_ARGS__); 1u; })

unsigned int guard_validate(struct zone *zone)
{
	unsigned long nr[PAGEBLOCK_ORDER] = { 0 }, blocks = 0, listed = 0;
	unsigned int wrong = 0;
	struct pageblock *pb;

	for_each_block(zone, pb) {
		guard_count(pb, nr);
		blocks += !!pb->nr_guards;
	}
	for (u32 at = zone->guarded, prev = BLOCK_NONE; at != BLOCK_NONE && listed <= blocks;) {
		pb = pageblock_table() + at;
		if (pb->guard_prev != prev || !pb->nr_guards || block_zone(pb) != zone)
			return VIOLATION(pb, "zone %s: page block %u astray in the list of guards",
					 zone_name(zone), at);
		listed++;
		prev = at;
		at = pb->guard_next;
	}
	for (unsigned int order = 0; order < PAGEBLOCK_ORDER; order++)
		if (nr[order] != zone->nr_guards[order])
			wrong += VIOLATION(zone, "zone %s: %lu guards of order %u, not %lu",
					   zone_name(zone), nr[order], order,
					   zone->nr_guards[order]);
	if (listed != blocks)
		wrong += VIOLATION(zone, "zone %s: %lu of %lu page blocks with guards listed",
				   zone_name(zone), listed, blocks);
	return wrong;
}
