// SPDX-License-Identifier: MIT
/*
 * The page allocator's policy: what GFP flags mean, on top of the buddy lists.
 *
 * A request walks the zonelist of its node (mmzone.c) and skips what the flags, the nodemask
 * or __GFP_THISNODE exclude. Each zone is asked in this order:
 *
 *	1. page blocks already used for this mobility, and whole free ones   buddy_alloc()
 *	2. pristine memory, brought to life piece by piece		      section_grow()
 *	3. page blocks of another mobility				      buddy_steal()
 *
 * so that mixing mobilities comes only when a zone has nothing whole left, but before a more
 * precious zone is touched.
 *
 * Locks: zone->lock, with interrupts off, around each visit to a zone's lists. Clearing
 * happens outside. Cost: one visit a request when the first zone can serve it.
 */
#include <linux/highmem.h>
#include "internal.h"

/* ---- Flags ---- */

/* The most precious zone a request must stay at or below. */
static enum zone_type highest_zone(gfp_t gfp)
{
	if (gfp & __GFP_DMA)
		return ZONE_DMA;
	if (gfp & __GFP_DMA32)
		return ZONE_DMA32;
	return gfp & __GFP_HIGHMEM ? ZONE_HIGHMEM : ZONE_NORMAL;
}

static enum mobility gfp_mobility(gfp_t gfp)
{
	BUILD_BUG_ON(__GFP_MOVABLE >> GFP_MOBILITY_SHIFT != MOVABLE ||
		     __GFP_RECLAIMABLE >> GFP_MOBILITY_SHIFT != RECLAIMABLE);
	gfp = gfp >> GFP_MOBILITY_SHIFT & 3;
	return gfp < NR_MOBILITY ? (enum mobility)gfp : MOVABLE;
}

static bool more_than_one(gfp_t bits)
{
	return bits & (bits - 1);
}

/* Flags that contradict each other: reported, and the narrower meaning taken. */
static void check_flags(gfp_t gfp, unsigned int order)
{
	if (unlikely(more_than_one(gfp & (__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM)) ||
		     more_than_one(gfp & (__GFP_MOVABLE | __GFP_RECLAIMABLE)) ||
		     (gfp & ~__GFP_BITS_MASK)))
		report_misuse(QUARRY_BAD_ARGUMENT, NULL,
			      "alloc_pages(gfp:%#x, order:%u): flags contradict each other", gfp,
			      order);
}

static const struct { gfp_t bits; const char *name; } gfp_names[] = {
	{ GFP_HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE" }, { GFP_HIGHUSER, "GFP_HIGHUSER" },
	{ GFP_USER, "GFP_USER" }, { GFP_KERNEL, "GFP_KERNEL" }, { GFP_NOFS, "GFP_NOFS" },
	{ GFP_ATOMIC, "GFP_ATOMIC" }, { GFP_NOIO, "GFP_NOIO" },
	{ __GFP_DIRECT_RECLAIM, "__GFP_DIRECT_RECLAIM" }, { GFP_NOWAIT, "GFP_NOWAIT" },
	{ __GFP_DMA, "GFP_DMA" }, { __GFP_HIGHMEM, "__GFP_HIGHMEM" }, { __GFP_DMA32, "GFP_DMA32" },
	{ __GFP_MOVABLE, "__GFP_MOVABLE" }, { __GFP_RECLAIMABLE, "__GFP_RECLAIMABLE" },
	{ __GFP_HIGH, "__GFP_HIGH" }, { __GFP_IO, "__GFP_IO" }, { __GFP_FS, "__GFP_FS" },
	{ __GFP_ZERO, "__GFP_ZERO" }, { __GFP_WRITE, "__GFP_WRITE" },
	{ __GFP_NOWARN, "__GFP_NOWARN" }, { __GFP_RETRY_MAYFAIL, "__GFP_RETRY_MAYFAIL" },
	{ __GFP_NOFAIL, "__GFP_NOFAIL" }, { __GFP_NORETRY, "__GFP_NORETRY" },
	{ __GFP_MEMALLOC, "__GFP_MEMALLOC" }, { __GFP_COMP, "__GFP_COMP" },
	{ __GFP_NOMEMALLOC, "__GFP_NOMEMALLOC" }, { __GFP_HARDWALL, "__GFP_HARDWALL" },
	{ __GFP_THISNODE, "__GFP_THISNODE" }, { __GFP_ACCOUNT, "__GFP_ACCOUNT" },
	{ __GFP_COLD, "__GFP_COLD" },
};

/* Names of the flags, largest combinations first, joined by `|`. */
static void print_flags(gfp_t gfp, char *buf, size_t size)
{
	int len = scnprintf(buf, size, gfp ? "" : "0");

	for (unsigned int i = 0; i < ARRAY_SIZE(gfp_names); i++) {
		if ((gfp & gfp_names[i].bits) != gfp_names[i].bits)
			continue;
		len += scnprintf(buf + len, size - len, "%s%s", len ? "|" : "", gfp_names[i].name);
		gfp &= ~gfp_names[i].bits;
	}
}

static void report_failure(gfp_t gfp, unsigned int order, const nodemask_t *mask)
{
	char flags[160], where[24] = "(null)";

	if (gfp & __GFP_NOWARN)
		return;
	print_flags(gfp, flags, sizeof(flags));
	if (mask)
		snprintf(where, sizeof(where), "%#lx", mask->bits[0]);
	pr_warn("page allocation failure: order:%u, mode:%#x(%s), nodemask=%s\n", order, gfp,
		flags, where);
	dump_stack();
	show_mem();
}

/* ---- Allocation ---- */

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

static bool zone_allowed(const struct zone *zone, gfp_t gfp, int nid, const nodemask_t *mask)
{
	return (!mask || node_isset(zone->nid, *mask)) &&
	       (!(gfp & __GFP_THISNODE) || zone->nid == nid);
}

static struct page *alloc_from_zonelist(gfp_t gfp, unsigned int order, int nid,
					const nodemask_t *mask)
{
	struct zone **zone = node_zonelist(nid, highest_zone(gfp));
	struct page *page = NULL;

	for (; *zone && !page; zone++)
		if (zone_allowed(*zone, gfp, nid, mask))
			page = alloc_from_zone(*zone, order, gfp_mobility(gfp));
	return page;
}

static void prepare(struct page *page, gfp_t gfp, unsigned int order)
{
	page->flags = gfp & __GFP_COMP && order ? PG_COMP : 0;
	page->private = 0;
	atomic_set(&page->_refcount, 1);
	for (unsigned long i = 0; (gfp & __GFP_ZERO) && i < 1UL << order; i++)
		clear_highpage(page + i);
}

struct page *__alloc_pages(gfp_t gfp, unsigned int order, int nid, const nodemask_t *mask)
{
	struct page *page = NULL;

	check_flags(gfp, order);
	if (nid < 0)
		nid = numa_node_id();
	if (nid >= MAX_NUMNODES)
		report_misuse(QUARRY_BAD_ARGUMENT, NULL, "alloc_pages_node(nid:%d): no such node",
			      nid);
	else if (order < MAX_ORDER)
		page = alloc_from_zonelist(gfp, order, nid, mask);
	if (!page)
		report_failure(gfp, order, mask);
	else
		prepare(page, gfp, order);
	return page;
}

unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	struct page *page;

	if (gfp & __GFP_HIGHMEM)
		report_misuse(QUARRY_BAD_ARGUMENT, NULL,
			      "__get_free_pages(gfp:%#x, order:%u): HIGHMEM has no address", gfp,
			      order);
	page = alloc_pages(gfp & ~__GFP_HIGHMEM, order);
	return page ? (unsigned long)phys_to_virt(page_to_phys(page)) : 0;
}

unsigned long get_zeroed_page(gfp_t gfp)
{
	return __get_free_pages(gfp | __GFP_ZERO, 0);
}

/* ---- Other sizes ---- */

void *alloc_pages_exact(size_t size, gfp_t gfp)
{
	unsigned long nr = PFN_UP(size);
	unsigned int order;
	struct page *page;
	void *virt;

	if (!size)
		return NULL;
	if (size > PAGE_SIZE << (MAX_ORDER - 1)) {
		report_failure(gfp, get_order(min(size, SIZE_MAX / 2)), NULL);
		return NULL;
	}
	order = get_order(size);
	virt = (void *)__get_free_pages(gfp & ~__GFP_COMP, order);
	if (!virt)
		return NULL;
	page = virt_to_page(virt);
	break_block(page, 1UL << order);
	for (unsigned long i = nr; i < 1UL << order; i++)
		__free_pages(page + i, 0);
	return virt;
}
