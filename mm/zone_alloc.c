// SPDX-License-Identifier: MIT
/*
 * Which zones a request may use, and one visit to each.
 *
 * A request walks the zonelist of its node (numa.c) and skips what the flags, the nodemask or
 * __GFP_THISNODE exclude. Each zone is asked in this order:
 *
 *	0. what this CPU has in its cache of it				      pcp_pop()
 *	1. page blocks already used for this mobility, and whole free ones   buddy_alloc()
 *	2. pristine memory, brought to life piece by piece		      section_grow()
 *	3. page blocks of another mobility				      buddy_steal()
 *
 * so that mixing mobilities comes only when a zone has nothing whole left, but before a more
 * precious zone is touched. With a block from a zone's lists a CPU takes a batch of others of
 * the same kind into its cache, unless the zone is running out, or each has a guard (guard.c).
 *
 * Locks: zone->lock, with interrupts off, around each visit to a zone's lists. Cost: one visit
 * a request when the first zone can serve it.
 */
#include "guard.h"
#include "reclaim.h"
#include "section.h"

#define PLENTY_SHARE 16		/* a zone with less than this part free gives no batches */

/* How many blocks a CPU may take at once, into an empty stack: what the zone has to spare. */
static unsigned int spare_blocks(const struct zone *zone, const struct cpu_stack *stack,
				 unsigned int order)
{
	unsigned long free = zone_listed_pages(zone);
	unsigned long kept = max(zone->managed / PLENTY_SHARE, zone->watermark[WMARK_HIGH]);

	return free <= kept ? 0 : min_t(unsigned long, pcp_batch(stack), (free - kept) >> order);
}

/*
 * Fills this CPU's empty stack with a batch, only such blocks as belong to the mobility, and
 * takes one of them. Caller holds zone->lock.
 */
static struct page *refill(struct zone *zone, struct cpu_stack *stack, unsigned int order,
			   enum mobility mobility)
{
	unsigned int nr = buddy_alloc_several(zone, order, mobility, (struct page **)stack->slot,
					      spare_blocks(zone, stack, order));

	for (unsigned int i = 0; i < nr; i++) {
		struct page *page = stack->slot[i];

		WRITE_ONCE(page->word, pcp_words(stack)->cached);
	}
	WRITE_ONCE(stack->nr, nr);
	zone_count_taken(zone, (unsigned long)nr << order);
	return pcp_pop(stack, order, false);
}

static struct page *alloc_from_lists(struct zone *zone, struct cpu_stack *stack,
				     const struct alloc_request *req, unsigned int alloc_flags)
{
	enum mobility mobility = gfp_mobility(req->gfp);
	struct page *page = NULL;

	spin_lock(&zone->lock);
	if (zone_watermark_ok(zone, req->order, gfp_zone(req->gfp), alloc_flags)) {
		/* It holds some where the marks did not allow them when they were asked before. */
		if (stack->max && !stack->nr && req->order >= READ_ONCE(guard_orders))
			page = refill(zone, stack, req->order, mobility);
		if (!page)
			page = zone_take(zone, req->order, mobility);
	}
	spin_unlock(&zone->lock);
	return page;
}

/*
 * What a CPU has taken out of a zone was above the marks then, and is handed out without a look
 * at them now, but not to a request that should leave some of this zone to others.
 */
static bool may_use_cache(const struct zone *zone, const struct alloc_request *req,
			  unsigned int alloc_flags)
{
	enum zone_type highest = gfp_zone(req->gfp);

	return !READ_ONCE(zone->lowmem_reserve[highest]) ||
	       zone_watermark_ok(zone, req->order, highest, alloc_flags);
}

static struct page *alloc_from_zone(struct zone *zone, const struct alloc_request *req,
				    unsigned int alloc_flags)
{
	struct cpu_stack *stack;
	struct page *page = NULL;
	unsigned long flags;

	local_irq_save(flags);
	stack = pcp_stack(zone, req->order, gfp_mobility(req->gfp));
	if (may_use_cache(zone, req, alloc_flags) && !kasan_pages_wait(stack))
		page = pcp_pop(stack, req->order, QUARRY_KASAN || req->gfp & __GFP_COLD);
	if (!page)
		page = alloc_from_lists(zone, stack, req, alloc_flags);
	local_irq_restore(flags);
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

/* ---- Would it be served? ---- */

static bool zone_fits(const struct zone *zone, unsigned int order, enum zone_type highest,
		      unsigned int alloc_flags)
{
	return zone_watermark_ok(zone, order, highest, alloc_flags) && buddy_has(zone, order);
}

/* Is that true of one of the zones that the request may use? */
static bool any_zone(const struct alloc_request *request, unsigned int alloc_flags,
		     bool (*serves)(const struct zone *zone, unsigned int order,
				    enum zone_type highest, unsigned int alloc_flags))
{
	struct zone **zone;

	for_each_request_zone(zone, request)
		if (serves(*zone, request->order, gfp_zone(request->gfp), alloc_flags))
			return true;
	return false;
}

bool request_fits(const struct alloc_request *request, unsigned int alloc_flags)
{
	return any_zone(request, alloc_flags, zone_fits);
}

bool request_is_possible(const struct alloc_request *request, unsigned int alloc_flags)
{
	return any_zone(request, alloc_flags, zone_could_serve);
}
