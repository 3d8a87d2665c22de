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
 * Reference counts. An allocated block has one count, in its first descriptor. Dropping it
 * to zero frees. Where somebody still holds the first page of a block that is
 * freed and not __GFP_COMP, only that page stays allocated; the rest is freed.
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
	if (gfp & __GFP_MOVABLE)
		return MOVABLE;
	return gfp & __GFP_RECLAIMABLE ? RECLAIMABLE : UNMOVABLE;
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
	return zone->idx <= highest_zone(gfp) && (!mask || node_isset(zone->nid, *mask)) &&
	       (!(gfp & __GFP_THISNODE) || zone->nid == nid);
}

static struct page *alloc_from_zonelist(gfp_t gfp, unsigned int order, int nid,
					const nodemask_t *mask)
{
	struct zone **list = zonelists[nid];
	struct page *page = NULL;

	for (unsigned int i = 0; i < nr_zones && !page; i++)
		if (zone_allowed(list[i], gfp, nid, mask))
			page = alloc_from_zone(list[i], order, gfp_mobility(gfp));
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

/* ---- Freeing ---- */

/*
 * Makes an allocated block into allocated blocks of order 0, [0, nr) of them with one
 * reference each; the first page keeps the references it has.
 */
static void break_block(struct page *page, unsigned long nr)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;

	/* A validator that walks the zone must not meet a block half broken. */
	spin_lock_irqsave(&zone->lock, flags);
	for (unsigned long i = 1; i < nr; i++) {
		page[i].order = 0;
		page[i].flags = 0;
		page[i].private = 0;
		atomic_set(&page[i]._refcount, 1);
		page[i].state = PAGE_USED;
	}
	page->order = 0;
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Frees all of a block but its first page, which someone still holds. */
static void free_tail(struct zone *zone, struct page *page, unsigned int order)
{
	page->order = 0;
	while (order-- > 0) {
		struct page *half = page + (1UL << order);

		half->state = PAGE_USED;
		half->order = order;
		buddy_free(zone, half, order);
	}
}

#define ANY_ORDER ~0U	/* put_page() does not know it */

/* What is wrong with dropping a reference to this, or NULL. Caller holds the zone's lock. */
static const char *why_not_free(const struct page *page, unsigned int order)
{
	if (page->state == PAGE_USED) {
		if (page->order != order && order != ANY_ORDER)
			return "allocated at another order";
		return page_ref_count(page) > 0 ? NULL : "no references";
	}
	page = page_block_head(page);
	if (!page)
		return "not from this allocator";
	return page->state == PAGE_FREE ? "already free" : "inside an allocated block";
}

/*
 * Drops one reference, and frees with the last. A caller who knows the order owns the block:
 * while others still hold its first page, a plain block loses all the rest here.
 */
static const char *drop(struct page *page, unsigned int order)
{
	bool plain = !(page->flags & PG_COMP);
	const char *wrong = why_not_free(page, order);

	if (wrong)
		return wrong;
	if (atomic_dec_and_test(&page->_refcount)) {
		if (order == ANY_ORDER && plain && page->order)
			wrong = "last reference to a block of several pages";
		buddy_free(page_zone(page), page, page->order);
	} else if (order != ANY_ORDER && order && plain) {
		free_tail(page_zone(page), page, order);
	}
	return wrong;
}

static void drop_locked(struct page *page, unsigned int order, const char *call)
{
	unsigned long flags;
	const char *wrong = "no such page";

	if (pfn_valid(page_to_pfn(page))) {
		spin_lock_irqsave(&page_zone(page)->lock, flags);
		wrong = drop(page, order);
		spin_unlock_irqrestore(&page_zone(page)->lock, flags);
	}
	if (wrong)
		report_misuse(QUARRY_BAD_FREE, page, "%s(page:%px pfn:%#lx, order:%d): %s", call,
			      page, page_to_pfn(page), (int)order, wrong);
}

void __free_pages(struct page *page, unsigned int order)
{
	if (page)
		drop_locked(page, min(order, ANY_ORDER - 1), "__free_pages");
}

void put_page(struct page *page)
{
	drop_locked(compound_head(page), ANY_ORDER, "put_page");
}

void get_page(struct page *page)
{
	struct page *head = compound_head(page);

	if (likely(atomic_inc_return(&head->_refcount) > 1))
		return;
	atomic_dec(&head->_refcount);
	report_misuse(QUARRY_BAD_FREE, page, "get_page(page:%px pfn:%#lx): nobody holds it", page,
		      page_to_pfn(page));
}

bool get_page_unless_zero(struct page *page)
{
	struct page *head = compound_head(page);
	int count = page_ref_count(head), seen;

	for (; count > 0; count = seen) {
		seen = atomic_cmpxchg(&head->_refcount, count, count + 1);
		if (seen == count)
			return true;
	}
	return false;
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (!addr)
		return;
	if (!PAGE_ALIGNED(addr) || !virt_addr_valid((void *)addr)) {
		report_misuse(QUARRY_BAD_FREE, (void *)addr,
			      "free_pages(%#lx, %u): not the address of a page", addr, order);
		return;
	}
	__free_pages(virt_to_page((void *)addr), order);
}

/* ---- Other shapes ---- */

void split_page(struct page *page, unsigned int order)
{
	if (page->state != PAGE_USED || page->order != order || (page->flags & PG_COMP)) {
		report_misuse(QUARRY_BAD_ARGUMENT, page,
			      "split_page(page:%px, order:%u): not such a block", page, order);
		return;
	}
	break_block(page, 1UL << order);
}

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

void free_pages_exact(void *virt, size_t size)
{
	for (unsigned long i = 0; virt && i < PFN_UP(size); i++)
		free_pages((unsigned long)virt + i * PAGE_SIZE, 0);
}
