/* SPDX-License-Identifier: MIT */
/*
 * Get-free-pages flags and the page allocator's calls. Values as in Linux 6.
 *
 * Which zones serve a request, best first (on each node, nodes by distance):
 *
 *	__GFP_DMA		DMA
 *	__GFP_DMA32		DMA32, DMA
 *	neither			NORMAL, DMA32, DMA
 *	__GFP_HIGHMEM		HIGHMEM, NORMAL, DMA32, DMA
 */
#ifndef _LINUX_GFP_H
#define _LINUX_GFP_H

#include <linux/mm_types.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/pfn.h>
#include <linux/topology.h>
#include <linux/types.h>

#define __GFP_DMA		((gfp_t)0x000001)
#define __GFP_HIGHMEM		((gfp_t)0x000002)
#define __GFP_DMA32		((gfp_t)0x000004)
#define __GFP_MOVABLE		((gfp_t)0x000008)
#define __GFP_RECLAIMABLE	((gfp_t)0x000010)
#define __GFP_HIGH		((gfp_t)0x000020)
#define __GFP_IO		((gfp_t)0x000040)
#define __GFP_FS		((gfp_t)0x000080)
#define __GFP_ZERO		((gfp_t)0x000100)
#define __GFP_DIRECT_RECLAIM	((gfp_t)0x000400)
#define __GFP_KSWAPD_RECLAIM	((gfp_t)0x000800)
#define __GFP_WRITE		((gfp_t)0x001000)
#define __GFP_NOWARN		((gfp_t)0x002000)
#define __GFP_RETRY_MAYFAIL	((gfp_t)0x004000)
#define __GFP_NOFAIL		((gfp_t)0x008000)
#define __GFP_NORETRY		((gfp_t)0x010000)
#define __GFP_MEMALLOC		((gfp_t)0x020000)
#define __GFP_COMP		((gfp_t)0x040000)
#define __GFP_NOMEMALLOC	((gfp_t)0x080000)
#define __GFP_HARDWALL		((gfp_t)0x100000)
#define __GFP_THISNODE		((gfp_t)0x200000)
#define __GFP_ACCOUNT		((gfp_t)0x400000)
#define __GFP_COLD		((gfp_t)0x800000)
#define __GFP_BITS_SHIFT	24
#define __GFP_BITS_MASK		((gfp_t)0xffffff)

#define GFP_ZONEMASK	(__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32 | __GFP_MOVABLE)
#define __GFP_RECLAIM	(__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)
#define __GFP_WAIT	__GFP_DIRECT_RECLAIM	/* the name up to Linux 4.3 */
#define __GFP_REPEAT	__GFP_RETRY_MAYFAIL	/* the name up to Linux 4.12 */

#define GFP_ATOMIC	(__GFP_HIGH | __GFP_KSWAPD_RECLAIM)
#define GFP_KERNEL	(__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_KERNEL_ACCOUNT (GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_NOWAIT	__GFP_KSWAPD_RECLAIM
#define GFP_NOIO	__GFP_RECLAIM
#define GFP_NOFS	(__GFP_RECLAIM | __GFP_IO)
#define GFP_USER	(GFP_KERNEL | __GFP_HARDWALL)
#define GFP_DMA		__GFP_DMA
#define GFP_DMA32	__GFP_DMA32
#define GFP_HIGHUSER	(GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE (GFP_HIGHUSER | __GFP_MOVABLE)

/* Names that Linux had once. */
#define __GFP_ATOMIC	__GFP_HIGH
#define __GFP_NOTRACK	((gfp_t)0)
#define __GFP_OTHER_NODE ((gfp_t)0)
#define GFP_TEMPORARY	(GFP_KERNEL | __GFP_RECLAIMABLE)
#define GFP_IOFS	(__GFP_IO | __GFP_FS)
#define GFP_THISNODE	(__GFP_THISNODE | __GFP_NORETRY | __GFP_NOWARN)

/* The most precious zone a request must stay at or below. */
static inline enum zone_type gfp_zone(gfp_t gfp)
{
	if (gfp & __GFP_DMA)
		return ZONE_DMA;
	if (gfp & __GFP_DMA32)
		return ZONE_DMA32;
	return gfp & __GFP_HIGHMEM ? ZONE_HIGHMEM : ZONE_NORMAL;
}

static inline bool gfpflags_allow_blocking(gfp_t gfp)
{
	return gfp & __GFP_DIRECT_RECLAIM;
}

/*
 * 2^order contiguous pages, aligned to their size, from node `nid` (below 0: this CPU's)
 * or, without __GFP_THISNODE, the next one by distance; `nodes`, if given, limits which.
 * The first page carries one reference. Cleared with __GFP_ZERO. Interrupts: only with
 * flags that do not allow blocking. NULL when there are none, after a report unless
 * __GFP_NOWARN; NULL without a report when order >= MAX_ORDER under __GFP_NOWARN.
 */
struct page *__alloc_pages(gfp_t gfp, unsigned int order, int nid, const nodemask_t *nodes);

struct page *alloc_pages(gfp_t gfp, unsigned int order);

static inline struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	return nid < 0 ? alloc_pages(gfp, order) : __alloc_pages(gfp, order, nid, NULL);
}

#define __alloc_pages_node(nid, gfp, order) alloc_pages_node(nid, gfp, order)

#define alloc_page(gfp) alloc_pages(gfp, 0)

/* The same as an address in the direct map, 0 for none. __GFP_HIGHMEM is reported and ignored. */
unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
unsigned long get_zeroed_page(gfp_t gfp);
#define get_free_pages(gfp, order)  __get_free_pages(gfp, order)
#define __get_free_page(gfp)	    __get_free_pages(gfp, 0)
#define __get_dma_pages(gfp, order) __get_free_pages((gfp) | __GFP_DMA, order)

/*
 * Fills the empty places (NULL) of an array with single pages. Returns how many places from
 * the first on have a page now, which may be less than nr_pages: only the first page that is
 * missing is tried for as hard as the flags say.
 */
unsigned long alloc_pages_bulk_array_node(gfp_t gfp, int nid, unsigned long nr_pages,
					  struct page **pages);

static inline unsigned long alloc_pages_bulk_array(gfp_t gfp, unsigned long nr_pages,
						   struct page **pages)
{
	return alloc_pages_bulk_array_node(gfp, NUMA_NO_NODE, nr_pages, pages);
}

#define alloc_pages_bulk(gfp, nr_pages, pages) alloc_pages_bulk_array(gfp, nr_pages, pages)
#define alloc_pages_bulk_node(gfp, nid, nr_pages, pages) \
	alloc_pages_bulk_array_node(gfp, nid, nr_pages, pages)

/*
 * Drops one reference; the last one frees. `order` must be that of the allocation. Any
 * context. Address 0 and a NULL page are ignored. A page that is not allocated, or was at
 * another order, is reported (QUARRY_BAD_FREE) and left alone.
 */
void __free_pages(struct page *page, unsigned int order);
void free_pages(unsigned long addr, unsigned int order);
#define __free_page(page) __free_pages(page, 0)
#define free_page(addr)   free_pages(addr, 0)

/*
 * `size` bytes rounded up to whole pages instead of a power of two; at most
 * PAGE_SIZE << (MAX_ORDER - 1). Free with free_pages_exact() and the same size.
 */
void *alloc_pages_exact(size_t size, gfp_t gfp);
void free_pages_exact(void *virt, size_t size);

/*
 * Free pages that CPUs keep in their caches go to the zones' lists, where they merge. Of one
 * zone, or of all for NULL. The first: this CPU's. The second: every CPU's; interrupts on, no
 * spin lock held (with interrupts off it does as the first).
 */
void drain_local_pages(struct zone *zone);
void drain_all_pages(struct zone *zone);

#endif
