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
 * memory in the caches of CPUs: it is given back, and the zone searched once more.
 *
 * Locks: zone->lock with interrupts off, let go every CHUNK page blocks. Cost: a cache line for
 * each page block below the limit in the zone that is cut, for each turn; nothing more than
 * alloc_pages() when no zone is cut.
 */
#include "internal.h"
#include "reclaim.h"

#define CHUNK 512		/* page blocks: 1 GiB */

enum turn { OWN_BLOCKS, WHOLE_BLOCKS, ANY_BLOCK, NR_TURNS };

static bool suits(const struct pageblock *pb, enum turn turn, enum mobility mobility)
{
	bool whole = pb->place != PLACE_NONE && pb->place < PLACE_PARTIAL;

	if (turn == OWN_BLOCKS)
		return !whole && pb->mobility == mobility;
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

/* One turn over the zone's page blocks in pfns [start, end), from the top. Under its lock. */
static struct page *search(struct zone *zone, unsigned long start, unsigned long end,
			   const struct alloc_request *req, unsigned long end_pfn, enum turn turn)
{
	enum mobility mobility = gfp_mobility(req->gfp);
	unsigned long pfn = end;

	while (pfn > start) {
		struct pageblock *pb;
		struct page *page;

		pfn -= PAGEBLOCK_PAGES;
		if (!pfn_valid(pfn))
			continue;
		pb = pfn_to_block(pfn);
		if (block_zone(pb) != zone || !suits(pb, turn, mobility))
			continue;
		page = fitting_block(pb, req->order, end_pfn);
		if (page)
			return buddy_take(zone, page, req->order, mobility);
	}
	return NULL;
}

/* All three turns, in chunks. */
static struct page *search_zone(struct zone *zone, unsigned long from,
				const struct alloc_request *req, unsigned long end_pfn)
{
	unsigned long top = ALIGN(min(zone->end_pfn, end_pfn), PAGEBLOCK_PAGES), flags, end;
	struct page *page = NULL;
	enum turn turn;

	from = ALIGN_DOWN(max(from, zone->start_pfn), PAGEBLOCK_PAGES);
	for (turn = OWN_BLOCKS; turn < NR_TURNS && !page; turn++) {
		for (end = top; end > from && !page;) {
			unsigned long start = end - from > CHUNK * PAGEBLOCK_PAGES
						      ? end - CHUNK * PAGEBLOCK_PAGES : from;

			spin_lock_irqsave(&zone->lock, flags);
			page = search(zone, start, end, req, end_pfn, turn);
			spin_unlock_irqrestore(&zone->lock, flags);
			end = start;
		}
	}
	return page;
}

/* Pristine memory below the limit comes to life, piece by piece, until one will do. */
static struct page *search_pristine(struct zone *zone, const struct alloc_request *req,
				    unsigned long end_pfn)
{
	struct page *page = NULL;
	unsigned long flags, from;
	bool grown = true;

	while (!page && grown) {
		spin_lock_irqsave(&zone->lock, flags);
		from = zone->pristine_pfn;
		grown = from < end_pfn && section_grow(zone);
		spin_unlock_irqrestore(&zone->lock, flags);
		if (grown)
			page = search_zone(zone, from, req, end_pfn);
	}
	return page;
}

/* What CPUs keep in their caches goes back to the zone first. */
static struct page *search_drained(struct zone *zone, const struct alloc_request *req,
				   unsigned long end_pfn)
{
	if (gfpflags_allow_blocking(req->gfp))
		drain_all_pages(zone);
	else
		drain_local_pages(zone);
	return search_zone(zone, 0, req, end_pfn);
}

/* The type of zone that the limit cuts, or would cut. */
static enum zone_type cut_type(unsigned long end_pfn)
{
	if (end_pfn < MAX_DMA_PFN)
		return ZONE_DMA;
	return end_pfn < MAX_DMA32_PFN ? ZONE_DMA32 : ZONE_NORMAL;
}

/* From zones that the limit cuts, the request's node first. */
static struct page *alloc_from_cut_zones(const struct alloc_request *req, unsigned long end_pfn)
{
	enum zone_type type = cut_type(end_pfn);
	struct zone **slot;
	struct page *page;

	for (slot = node_zonelist(req->nid, type); *slot; slot++) {
		struct zone *zone = *slot;

		if (zone->idx != type || zone->start_pfn >= end_pfn ||
		    !request_allows(req, zone) ||
		    !zone_watermark_ok(zone, req->order, type, WMARK_MIN | alloc_rights(req->gfp)))
			continue;
		page = search_zone(zone, 0, req, end_pfn);
		if (!page)
			page = search_pristine(zone, req, end_pfn);
		if (!page)
			page = search_drained(zone, req, end_pfn);
		if (page)
			return page;
	}
	return NULL;
}

static void prepare(struct page *page, gfp_t gfp, unsigned int order)
{
	page->flags = (gfp & __GFP_COMP && order ? PG_COMP : 0) | (page->flags & PG_BROKEN);
	page->private = 0;
	atomic_set(&page->_refcount, 1);
	if (gfp & __GFP_ZERO)
		memset(phys_to_virt(page_to_phys(page)), 0, PAGE_SIZE << order);
}

unsigned long low_end_pfn(void)
{
	static unsigned long low_end;
	unsigned long end = READ_ONCE(low_end);
	struct zone *zone;

	if (end)
		return end;
	for_each_zone(zone)
		if (zone->idx != ZONE_HIGHMEM)
			end = max(end, zone->end_pfn);
	WRITE_ONCE(low_end, end);
	return end;
}

struct page *alloc_pages_below(int nid, gfp_t gfp, unsigned int order, unsigned long end_pfn)
{
	struct alloc_request req = { .order = order, .nid = nid < 0 ? numa_node_id() : nid };
	struct page *page = NULL;

	gfp &= ~(__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM);
	req.gfp = gfp;
	if (end_pfn >= low_end_pfn())
		return alloc_pages_node(nid, gfp, order);
	if (end_pfn != MAX_DMA_PFN && end_pfn != MAX_DMA32_PFN && order < MAX_ORDER &&
	    req.nid < MAX_NUMNODES)
		page = alloc_from_cut_zones(&req, end_pfn);
	if (page) {
		prepare(page, gfp, order);
		return page;
	}
	if (end_pfn >= MAX_DMA32_PFN)
		return alloc_pages_node(nid, gfp | __GFP_DMA32, order);
	if (end_pfn >= MAX_DMA_PFN)
		return alloc_pages_node(nid, gfp | __GFP_DMA, order);
	report_alloc_failure(gfp, order, NULL);
	return NULL;
}
