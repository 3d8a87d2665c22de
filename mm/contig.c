// SPDX-License-Identifier: MIT
/*
 * Pages below an address, for devices that reach no further.
 *
 * The limit, a page number, cuts memory. Zones that lie below it serve as always; one that lies
 * above never does; one that it cuts is searched, page block by page block:
 *
 *	0      16 MiB     256 MiB (28 bits)	 4 GiB
 *	| DMA  |    DMA32 :		 DMA32	 |	NORMAL ...
 *	whole	 searched		nothing	  nothing
 *
 * The zone that is cut comes first: what lies lower is scarcer. The search goes from the limit
 * downwards, for the same reason, and takes three turns over the zone:
 *
 *	1. page blocks already used for this mobility
 *	2. whole free page blocks
 *	3. any
 *
 * Pristine memory below the limit is brought to life when that finds nothing; it comes from the
 * bottom up, so each further piece is looked at as soon as it is there. What is left then is free
 * memory in the caches of CPUs: it is given back, and the zone searched once more. In a last turn
 * page blocks that have guards (guard.c) give them up, one after the other, until one serves.
 *
 * When no zone that is cut has anything, the lower ones are asked for what they can spare at once.
 * Then a request that may reclaim does so for the zone that is cut: what comes free may lie above
 * the limit, so it is searched after each pass, and one round of passes is all. At last the lower
 * ones are asked again, with all that the flags allow.
 *
 * Locks: zone->lock with interrupts off, let go every CHUNK page blocks; the zone's mark is looked
 * at with it held. Cost: a cache line for each page block below the limit in the zone that is cut,
 * for each turn; nothing more than alloc_pages() when no zone is cut.
 */
#include "fault.h"
#include "guard.h"
#include "reclaim.h"
#include "section.h"

#define CHUNK	    512		/* page blocks: 1 GiB */
#define GUARD_CHUNK 8		/* of these each descriptor may have to be looked at */
#define GFP_ZONES (__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM)

/* What is asked for of zones that are cut. */
struct cut {
	struct alloc_request req;	/* with the flag of such zones */
	unsigned long end_pfn;
	unsigned int alloc_flags;
};

enum turn { OWN_BLOCKS, WHOLE_BLOCKS, ANY_BLOCK, GUARDED_BLOCKS };

static bool suits(const struct pageblock *pb, enum turn turn, enum mobility mobility)
{
	bool whole = pb->place != PLACE_NONE && pb->place < PLACE_PARTIAL;

	if (turn == OWN_BLOCKS)
		return !whole && pb->mobility == mobility;
	if (turn == GUARDED_BLOCKS)
		return pb->nr_guards > 0;
	return turn == ANY_BLOCK || whole;
}

/* A free block in a page block whose first 2^order pages end at or below end_pfn, or NULL. */
static struct page *fitting_block(const struct pageblock *pb, unsigned int order,
				  unsigned long end_pfn)
{
	unsigned long first = block_to_pfn(pb);
	unsigned int have;

	if (pb->place == PLACE_NONE)
		return NULL;
	if (pb->place < PLACE_PARTIAL)
		return pfn_to_page(first)->order >= order && first + (1UL << order) <= end_pfn
			       ? pfn_to_page(first) : NULL;
	for (have = order; have < PAGEBLOCK_ORDER; have++) {
		u16 index = pb->orders & BIT(have) ? pb->head[have] : INDEX_NONE;

		while (index != INDEX_NONE && first + index + (1UL << order) > end_pfn)
			index = pfn_to_page(first + index)->buddy.next;
		if (index != INDEX_NONE)
			return pfn_to_page(first + index);
	}
	return NULL;
}

static bool has_room(const struct zone *zone, const struct cut *cut)
{
	return zone_watermark_ok(zone, cut->req.order, zone->idx, cut->alloc_flags);
}

/* One turn over the zone's page blocks in pfns [start, end), from the top. Under its lock. */
static struct page *search(struct zone *zone, unsigned long start, unsigned long end,
			   const struct cut *cut, enum turn turn)
{
	enum mobility mobility = gfp_mobility(cut->req.gfp);
	unsigned long pfn = has_room(zone, cut) ? end : start;

	while (pfn > start) {
		struct pageblock *pb;
		struct page *page;

		pfn -= PAGEBLOCK_PAGES;
		if (!pfn_valid(pfn))
			continue;
		pb = pfn_to_block(pfn);
		if (block_zone(pb) != zone || !suits(pb, turn, mobility))
			continue;
		if (turn == GUARDED_BLOCKS)
			guard_release_block(zone, pb, cut->req.order);
		page = fitting_block(pb, cut->req.order, cut->end_pfn);
		if (!page)
			continue;
		zone_count_taken(zone, 1UL << cut->req.order);
		return buddy_take(zone, page, cut->req.order, mobility);
	}
	return NULL;
}

/* One turn over all of the zone from a page on, in chunks. */
static struct page *search_turn(struct zone *zone, unsigned long from, const struct cut *cut,
				enum turn turn)
{
	unsigned long chunk = (turn == GUARDED_BLOCKS ? GUARD_CHUNK : CHUNK) * PAGEBLOCK_PAGES;
	unsigned long zone_end = READ_ONCE(zone->end_pfn), flags, start;
	unsigned long end = ALIGN(min(zone_end, cut->end_pfn), PAGEBLOCK_PAGES);
	struct page *page = NULL;

	from = ALIGN_DOWN(max(from, READ_ONCE(zone->start_pfn)), PAGEBLOCK_PAGES);
	for (; end > from && !page; end = start) {
		start = end - from > chunk ? end - chunk : from;
		spin_lock_irqsave(&zone->lock, flags);
		page = search(zone, start, end, cut, turn);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
	return page;
}

/* All three turns. */
static struct page *search_zone(struct zone *zone, unsigned long from, const struct cut *cut)
{
	struct page *page = NULL;
	enum turn turn;

	for (turn = OWN_BLOCKS; turn < GUARDED_BLOCKS && !page; turn++)
		page = search_turn(zone, from, cut, turn);
	return page;
}

/* Pristine memory below the limit comes to life, piece by piece, until one will do. */
static struct page *search_pristine(struct zone *zone, const struct cut *cut)
{
	struct page *page = NULL;
	unsigned long flags, from;
	bool grown = true;

	while (!page && grown) {
		spin_lock_irqsave(&zone->lock, flags);
		from = zone->pristine_pfn;
		grown = from < cut->end_pfn && section_grow(zone);
		spin_unlock_irqrestore(&zone->lock, flags);
		if (grown)
			page = search_zone(zone, from, cut);
	}
	return page;
}

/* What CPUs keep in their caches goes back to the zone first. */
static struct page *search_drained(struct zone *zone, const struct cut *cut)
{
	if (alloc_may_reclaim(cut->req.gfp))
		drain_all_pages(zone);
	else
		drain_local_pages(zone);
	return search_zone(zone, 0, cut);
}

/* At last what is behind what others have: below the limit, and no more of it than serves. */
static struct page *search_guards(struct zone *zone, const struct cut *cut)
{
	return guard_has(zone, cut->req.order) ? search_turn(zone, 0, cut, GUARDED_BLOCKS) : NULL;
}

static struct page *alloc_from_cut_zone(struct zone *zone, const struct cut *cut)
{
	struct page *page = NULL;

	if (has_room(zone, cut)) {
		page = search_zone(zone, 0, cut);
		if (!page)
			page = search_pristine(zone, cut);
	}
	if (!page)
		page = search_drained(zone, cut);
	return page ? page : search_guards(zone, cut);
}

/* From zones that the limit cuts, the request's node first. */
static struct page *alloc_from_cut_zones(const struct cut *cut)
{
	enum zone_type type = gfp_zone(cut->req.gfp);
	struct page *page = NULL;
	struct zone **slot;

	for_each_request_zone(slot, &cut->req) {
		if ((*slot)->idx == type && READ_ONCE((*slot)->start_pfn) < cut->end_pfn)
			page = alloc_from_cut_zone(*slot, cut);
		if (page)
			break;
	}
	return page;
}

/* One round, if the flags allow it. */
static struct page *reclaim_from_cut_zones(const struct cut *cut)
{
	int priority = alloc_may_reclaim(cut->req.gfp) ? DEF_PRIORITY : -1;
	struct page *page = NULL;

	for (; priority >= 0 && !page; priority--)
		if (reclaim_pass(&cut->req, priority))
			page = alloc_from_cut_zones(cut);
	return page;
}

/* The flag of the zones that the limit cuts, or would cut. */
static gfp_t cut_flag(unsigned long end_pfn)
{
	if (end_pfn < MAX_DMA_PFN)
		return __GFP_DMA;
	return end_pfn < MAX_DMA32_PFN ? __GFP_DMA32 : 0;
}

/* From the zones below those that are cut. */
static struct page *alloc_from_lower_zones(int nid, gfp_t gfp, unsigned int order,
					   unsigned long end_pfn)
{
	if (end_pfn >= MAX_DMA32_PFN)
		return alloc_pages_node(nid, gfp | __GFP_DMA32, order);
	if (end_pfn >= MAX_DMA_PFN)
		return alloc_pages_node(nid, gfp | __GFP_DMA, order);
	report_alloc_failure(gfp, order, NULL);
	return NULL;
}

unsigned long low_end;

void low_end_update(void)
{
	unsigned long end = low_end;
	struct zone *zone;

	for_each_zone(zone)
		if (zone->idx != ZONE_HIGHMEM)
			end = max(end, zone->end_pfn);
	WRITE_ONCE(low_end, end);
}

/* A limit between two zones' borders. */
static struct page *alloc_below_cut(const struct cut *cut)
{
	const struct alloc_request *req = &cut->req;
	gfp_t at_once = (req->gfp & ~(GFP_ZONES | __GFP_RECLAIM | __GFP_NOFAIL)) | __GFP_NOWARN;
	struct page *page;

	page = alloc_from_cut_zones(cut);
	if (!page) {
		if (req->gfp & __GFP_KSWAPD_RECLAIM)
			wakeup_kswapd(req);
		page = alloc_from_lower_zones(req->nid, at_once, req->order, cut->end_pfn);
		if (page)
			return page;	/* made ready there */
		page = reclaim_from_cut_zones(cut);
	}
	if (page)
		prepare_block(page, req->gfp, req->order);
	return page;
}

struct page *alloc_pages_below(int nid, gfp_t gfp, unsigned int order, unsigned long end_pfn)
{
	struct cut cut = { .end_pfn = end_pfn };
	struct page *page;

	gfp &= ~GFP_ZONES;
	if (end_pfn >= low_end_pfn())
		return alloc_pages_node(nid, gfp, order);
	cut.req.gfp = current_gfp_context(gfp) | cut_flag(end_pfn);
	cut.req.order = order;
	cut.req.nid = nid < 0 ? numa_node_id() : nid;
	cut.alloc_flags = WMARK_MIN | alloc_rights(cut.req.gfp);
	if (end_pfn == MAX_DMA_PFN || end_pfn == MAX_DMA32_PFN || order >= MAX_ORDER ||
	    cut.req.nid >= MAX_NUMNODES)
		return alloc_from_lower_zones(nid, gfp, order, end_pfn);
	might_alloc(gfp);
	if (fault_hits(FAULT_PAGES, gfp))
		return NULL;
	page = alloc_below_cut(&cut);
	return page ? page : alloc_from_lower_zones(nid, gfp, order, end_pfn);
}
