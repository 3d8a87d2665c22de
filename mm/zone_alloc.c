// SPDX-License-Identifier: MIT
/*
 * Which zones a request may use, and one visit to each.
 *
 * A request walks the zonelist of its node (numa.c) and skips what the flags, the nodemask or
 * __GFP_THISNODE exclude. Each zone is asked in this order:
 *
 *	1. page blocks already used for this mobility, and whole free ones   buddy_alloc()
 *	2. pristine memory, brought to life piece by piece		      section_grow()
 *	3. page blocks of another mobility				      buddy_steal()
 *
 * so that mixing mobilities comes only when a zone has nothing whole left, but before a more
 * precious zone is touched.
 *
 * Locks: zone->lock, with interrupts off, around each visit to a zone's lists. Cost: one visit
 * a request when the first zone can serve it.
 */
#include "internal.h"

/* The most precious zone a request must stay at or below. */
static enum zone_type highest_zone(gfp_t gfp)
{
	if (gfp & __GFP_DMA)
		return ZONE_DMA;
	if (gfp & __GFP_DMA32)
		return ZONE_DMA32;
	return gfp & __GFP_HIGHMEM ? ZONE_HIGHMEM : ZONE_NORMAL;
}

static struct page *alloc_from_zone(struct zone *zone, unsigned int order, enum mobility mobility)
{
	struct page *page;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	page = buddy_alloc(zone, order, mobility);
	while (!page && section_grow(zone))
		page = buddy_alloc(zone, order, mobility);
	if (!page)
		page = buddy_steal(zone, order, mobility);
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}

static bool zone_allowed(const struct zone *zone, const struct alloc_request *req)
{
	return (!req->nodes || node_isset(zone->nid, *req->nodes)) &&
	       (!(req->gfp & __GFP_THISNODE) || zone->nid == req->nid);
}

struct page *get_page_from_zones(const struct alloc_request *req)
{
	struct zone **zone = node_zonelist(req->nid, highest_zone(req->gfp));
	struct page *page = NULL;

	for (; *zone && !page; zone++)
		if (zone_allowed(*zone, req))
			page = alloc_from_zone(*zone, req->order, gfp_mobility(req->gfp));
	return page;
}
