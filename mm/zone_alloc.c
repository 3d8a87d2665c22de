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
#include "reclaim.h"

static struct page *alloc_from_zone(struct zone *zone, const struct alloc_request *req,
				    unsigned int alloc_flags)
{
	enum mobility mobility = gfp_mobility(req->gfp);
	unsigned int order = req->order;
	struct page *page = NULL;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	if (!zone_watermark_ok(zone, order, gfp_zone(req->gfp), alloc_flags))
		goto out;
	page = buddy_alloc(zone, order, mobility);
	while (!page && section_grow(zone))
		page = buddy_alloc(zone, order, mobility);
	if (!page)
		page = buddy_steal(zone, order, mobility);
out:
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}

struct page *get_page_from_zones(const struct alloc_request *req, unsigned int alloc_flags)
{
	struct zone **zone;

	for_each_request_zone(zone, req) {
		struct page *page = alloc_from_zone(*zone, req, alloc_flags);

		if (page)
			return page;
	}
	return NULL;
}
