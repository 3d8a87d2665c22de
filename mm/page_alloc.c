// SPDX-License-Identifier: MIT
/*
 * The page allocator's public face: a request is checked, served from a zone (zone_alloc.c) or,
 * when none can serve it at once, by the slow path (page_slow.c), and made ready for its owner.
 * alloc_pages() first looks whether this CPU has such a block in its cache (pcp.c): then that
 * is all there is to do.
 *
 * Locks: none of its own. Clearing happens outside of all.
 */
#include <linux/highmem.h>
#include <linux/sched/mm.h>
#include "fault.h"
#include "init_memory.h"
#include "internal.h"
#include "kasan.h"
#include "page_owner.h"

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

static unsigned int page_flags(gfp_t gfp, unsigned int order)
{
	return (gfp & __GFP_COMP && order ? PG_COMP : 0) |
	       (gfp & (__GFP_MOVABLE | __GFP_HARDWALL) ? PG_SHARED : 0);
}

static void clear_block(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++)
		clear_highpage(page + i);
}

void prepare_block(struct page *page, gfp_t gfp, unsigned int order)
{
	/* It may have been found broken since it left the lists: page_wait.c can take long. */
	u16 broken;

	page->private = 0;
	kasan_alloc_pages(page, order);	/* takes long, too */
	broken = READ_ONCE(page->flags) & PG_BROKEN;
	WRITE_ONCE(page->word, PAGE_WORD(PAGE_USED, order, page_flags(gfp, order) | broken, 1));
	if ((gfp & __GFP_ZERO) || init_on_alloc)
		clear_block(page, order);
	set_page_owner(page, order, gfp);
}

/* A request that is in order but for its flags. */
static struct page *serve(const struct alloc_request *req)
{
	struct page *page;

	if (fault_hits(FAULT_PAGES, req->gfp))
		return NULL;
	page = get_page_from_zones(req, ALLOC_WMARK_LOW);
	if (!page)
		page = alloc_pages_slow(req);
	if (page)
		prepare_block(page, req->gfp, req->order);
	return page;
}

static noinline struct page *alloc_checked(gfp_t gfp, unsigned int order, int nid,
					   const nodemask_t *mask)
{
	struct alloc_request req = { .gfp = gfp, .order = order, .nid = nid, .nodes = mask };

	might_alloc(gfp);
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

/* ---- The common paths ---- */

/* Flags that are not just a matter of the right stack, or that do not exist. */
#define GFP_NOT_CACHED (~__GFP_BITS_MASK | __GFP_COLD | __GFP_THISNODE)
/* Flags that want the block made ready in some way. */
#define GFP_PREPARED   (__GFP_ZERO | __GFP_COMP | __GFP_HARDWALL | __GFP_MOVABLE)

/* The first entry was not this CPU's page, but there may be others. */
static noinline struct page *alloc_past_stray(struct page *stray, gfp_t gfp, unsigned int order)
{
	pcp_report_stray(stray);
	return alloc_checked(gfp, order, NUMA_NO_NODE, NULL);
}

/* A block of this CPU's cache, made ready as the flags say; NULL when there is none. */
static __rseq struct page *alloc_prepared(gfp_t gfp, unsigned int order)
{
	struct cpu_stack *stack;
	struct page *page;

	if (unlikely(order >= PCP_ORDERS || (gfp & GFP_NOT_CACHED)))
		return NULL;
	stack = pcp_entry(by_gfp, gfp % GFP_KINDS, order);
	page = cpu_stack_pop(stack);
	if (unlikely(!page))
		return NULL;
	if (unlikely(!cpu_word_change(&page->word, pcp_words(stack)->cached,
				      pcp_words(stack)->used |
				      PAGE_WORD(0, 0, page_flags(gfp, order), 0)))) {
		pcp_report_stray(page);
		return NULL;
	}
	page->private = 0;
	kasan_alloc_pages(page, order);
	if (gfp & __GFP_ZERO)
		clear_block(page, order);
	return page;
}

struct page *__alloc_pages(gfp_t gfp, unsigned int order, int nid, const nodemask_t *mask)
{
	struct page *page = NULL;

	if (!mask && (nid < 0 || nid == numa_node_id()))
		page = alloc_prepared(gfp, order);
	return likely(page) ? page : alloc_checked(gfp, order, nid, mask);
}

/* Out of line, so that alloc_pages() needs no stack. */
static noinline struct page *alloc_uncommon(gfp_t gfp, unsigned int order)
{
	return __alloc_pages(gfp, order, NUMA_NO_NODE, NULL);
}

__rseq struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	struct cpu_stack *stack;
	struct page *page;

	if (unlikely(order >= PCP_ORDERS || (gfp & (GFP_NOT_CACHED | GFP_PREPARED))))
		return alloc_uncommon(gfp, order);
	stack = pcp_entry(by_gfp, gfp % GFP_KINDS, order);
	page = cpu_stack_pop(stack);
	if (unlikely(!page))
		return alloc_checked(gfp, order, NUMA_NO_NODE, NULL);
	if (unlikely(!cpu_word_change(&page->word, pcp_words(stack)->cached,
				      pcp_words(stack)->used)))
		return alloc_past_stray(page, gfp, order);
	page->private = 0;
	kasan_alloc_pages(page, order);
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

unsigned long alloc_pages_bulk_array_node(gfp_t gfp, int nid, unsigned long nr_pages,
					  struct page **pages)
{
	gfp_t rest = (gfp & ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL)) | __GFP_NOWARN;
	unsigned long i;

	for (i = 0; i < nr_pages; i++) {
		if (pages[i])
			continue;
		pages[i] = nid < 0 ? alloc_pages(gfp, 0) : alloc_pages_node(nid, gfp, 0);
		if (!pages[i])
			break;
		gfp = rest;
	}
	return i;
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
