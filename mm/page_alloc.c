// SPDX-License-Identifier: MIT
/*
 * The page allocator's public face: a request is checked, served from a zone (zone_alloc.c) or,
 * when none can serve it at once, by the slow path (page_slow.c), and made ready for its owner.
 *
 * Locks: none of its own. Clearing happens outside of all.
 */
#include <linux/highmem.h>
#include "internal.h"

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

static void prepare(struct page *page, gfp_t gfp, unsigned int order)
{
	page->flags = gfp & __GFP_COMP && order ? PG_COMP : 0;
	page->private = 0;
	atomic_set(&page->_refcount, 1);
	for (unsigned long i = 0; (gfp & __GFP_ZERO) && i < 1UL << order; i++)
		clear_highpage(page + i);
}

/* A request that is in order but for its flags. */
static struct page *serve(const struct alloc_request *req)
{
	struct page *page = get_page_from_zones(req, ALLOC_WMARK_LOW);

	if (!page)
		page = alloc_pages_slow(req);
	if (page)
		prepare(page, req->gfp, req->order);
	return page;
}

struct page *__alloc_pages(gfp_t gfp, unsigned int order, int nid, const nodemask_t *mask)
{
	struct alloc_request req = { .gfp = gfp, .order = order, .nid = nid, .nodes = mask };

	check_flags(gfp, order);
	if (nid < 0)
		req.nid = numa_node_id();
	if (nid < MAX_NUMNODES && order < MAX_ORDER)
		return serve(&req);
	if (nid >= MAX_NUMNODES)
		report_misuse(QUARRY_BAD_ARGUMENT, NULL, "alloc_pages_node(nid:%d): no such node",
			      nid);
	report_alloc_failure(gfp, order, mask);
	return NULL;
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
		report_alloc_failure(gfp, get_order(min(size, SIZE_MAX / 2)), NULL);
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
