// SPDX-License-Identifier: MIT
/*
 * Watermarks: how much of each zone is kept back, and from whom.
 *
 * Those who free memory need some to do it with, and those who cannot sleep cannot wait for it.
 * So no zone is ever given out whole. Three marks, in pages of the zone that are free:
 *
 *	    all  +
 *		 |   requests are served at once
 *	   high -+-  kswapd sleeps again
 *		 |
 *	    low -+-  below: kswapd is woken
 *		 |   requests still are served
 *	    min -+-  below: a request that may sleep frees memory itself before it goes on
 *		 |   __GFP_HIGH (and __GFP_NOFAIL that waits)
 *	  min/2 -+-  GFP_ATOMIC: __GFP_HIGH of one who cannot sleep
 *	3/8 min -+-  __GFP_MEMALLOC, and whoever is freeing memory (PF_MEMALLOC)
 *	      0  +
 *
 * __GFP_NOMEMALLOC takes all of these rights away: min is the end for such a request.
 *
 * The sum of the mins below HIGHMEM is min_free_kbytes: 4 * sqrt(memory in kB), so 1 MiB on a
 * machine of 64 MiB, 4 MiB on one of 1 GiB: what is under way at once grows with a machine,
 * but more slowly than its memory. At most a 32nd of memory; the boot option min_free_kbytes=
 * may say up to a quarter. Each zone has a part in proportion to its size. HIGHMEM, which no
 * reserve needs, keeps 1/1024 of itself, 32 to 128 pages. From min to low, and from low to
 * high, is a quarter of min, or a thousandth of the zone if that is more.
 *
 * Lower zones are precious: a device may need just that memory. So a request that could have
 * been served from higher zones leaves in a lower one also a part of the higher ones' size, for
 * it is by their size that such requests come: lowmem_reserve[highest zone of the request] is
 * the pages of the zones above, up to the highest, on the same node, divided by LOWMEM_RATIO.
 *
 * Marks change with zone->lock held: when memory is added or removed (memory_hotplug.c), and by
 * tests. A check is made with zone->lock held, so what it allows is there. Pages in a CPU's cache
 * have left the zone: they do not count here.
 */
#include "internal.h"
#include "reclaim.h"

#define MIN_SHARE     32	/* of low memory, at most one part in this many is kept */
#define MIN_SHARE_MAX 4		/* ... and when the boot option says so */
#define KB_MAX	      (256 * 1024UL)
#define HIGHMEM_SHARE 1024
#define HIGHMEM_MIN   32UL	/* pages */
#define HIGHMEM_MAX   128UL
#define SCALE	      1000	/* the least distance of marks, as a part of the zone */

/* One page of a zone is kept for so many pages above it. 0: none is kept. */
static const unsigned int lowmem_ratio[MAX_NR_ZONES] = {
	[ZONE_DMA] = 256, [ZONE_DMA32] = 256, [ZONE_NORMAL] = 32,
};

static unsigned long square_root(unsigned long n)
{
	unsigned long root = 0;

	for (unsigned long bit = 1UL << 31; bit; bit >>= 1)
		if ((root + bit) * (root + bit) <= n)
			root += bit;
	return root;
}

unsigned long default_min_free_kbytes(unsigned long lowmem_kbytes)
{
	return min3(square_root(lowmem_kbytes * 16), lowmem_kbytes / MIN_SHARE, KB_MAX);
}

static unsigned long zone_min(const struct zone *zone, unsigned long pages, unsigned long lowmem)
{
	if (zone->idx != ZONE_HIGHMEM)
		return pages * zone->managed / max(lowmem, 1UL);
	return min(clamp(zone->managed / HIGHMEM_SHARE, HIGHMEM_MIN, HIGHMEM_MAX),
		   zone->managed / MIN_SHARE);
}

static void set_marks(struct zone *zone, unsigned long min)
{
	unsigned long step = max(min / 4, zone->managed / SCALE);

	for (unsigned int mark = WMARK_MIN; mark < NR_WMARK; mark++)
		WRITE_ONCE(zone->watermark[mark], min + (mark - WMARK_MIN) * step);
}

static void protect_from_higher(struct zone *zone)
{
	unsigned long above = 0;

	for (unsigned int idx = zone->idx + 1; idx < MAX_NR_ZONES; idx++) {
		above += READ_ONCE(nodes[zone->nid]->zones[idx].managed);
		if (lowmem_ratio[zone->idx])
			WRITE_ONCE(zone->lowmem_reserve[idx], above / lowmem_ratio[zone->idx]);
	}
}

static unsigned long wanted_kbytes;	/* 0: as many as the size of memory says */

void watermark_update(void)
{
	const unsigned int kb_shift = PAGE_SHIFT - 10;
	unsigned long lowmem = totalram_pages() - totalhigh_pages(), flags;
	unsigned long limit = (lowmem << kb_shift) / MIN_SHARE_MAX;
	struct zone *zone;

	min_free_kbytes = wanted_kbytes ? min(wanted_kbytes, limit)
					: default_min_free_kbytes(lowmem << kb_shift);
	for_each_zone(zone) {
		spin_lock_irqsave(&zone->lock, flags);
		set_marks(zone, zone_min(zone, min_free_kbytes >> kb_shift, lowmem));
		protect_from_higher(zone);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
}

void watermark_init(unsigned long kbytes)
{
	wanted_kbytes = kbytes;
	watermark_update();
}

unsigned long reserve_floor(unsigned long min, unsigned int alloc_flags)
{
	if (alloc_flags & ALLOC_MIN_RESERVE) {
		min -= min / 2;
		if (alloc_flags & ALLOC_NON_BLOCK)
			min -= min / 4;
	}
	return min;
}

/* Would the mark be kept if of so many free pages 2^order were taken? */
static bool keeps_mark(const struct zone *zone, unsigned long free, unsigned int order,
		       enum zone_type highest, unsigned int alloc_flags)
{
	unsigned long mark = READ_ONCE(zone->watermark[alloc_flags & ALLOC_WMARK_MASK]);
	unsigned long floor = reserve_floor(mark, alloc_flags);

	if (alloc_flags & ALLOC_NO_WATERMARKS)
		return true;
	return free >= floor + READ_ONCE(zone->lowmem_reserve[highest]) + (1UL << order);
}

bool zone_watermark_ok(const struct zone *zone, unsigned int order, enum zone_type highest,
		       unsigned int alloc_flags)
{
	return keeps_mark(zone, zone_listed_pages(zone), order, highest, alloc_flags);
}

bool zone_could_serve(const struct zone *zone, unsigned int order, enum zone_type highest,
		      unsigned int alloc_flags)
{
	unsigned long managed = READ_ONCE(zone->managed);

	return managed >> order && keeps_mark(zone, managed, order, highest, alloc_flags);
}
