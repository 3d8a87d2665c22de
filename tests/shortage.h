/* SPDX-License-Identifier: MIT */
/*
 * A zone that runs short, for tests of what happens then: one small zone that is the lowest of
 * its node, so that requests can be made that nothing else serves; pages taken out of it until
 * so many are left; and a cache with a shrinker that holds pages of it. Meanwhile the caches of
 * CPUs are closed, so that the numbers are exact.
 */
#ifndef TESTS_SHORTAGE_H
#define TESTS_SHORTAGE_H

#include <linux/shrinker.h>
#include "mm/pcp.h"
#include "mm/reclaim.h"
#include "tests/selftest.h"

#define SHORT_MIN 32UL		/* pages: the marks of the zone while it is short */

struct shortage {
	struct zone *zone;
	gfp_t only;		/* flags: this zone and no other, no report */
	struct page *taken;	/* linked by private */
	unsigned long marks[NR_WMARK];
};

/* Is there other memory, for all that the kernel needs meanwhile? */
static inline bool shortage_is_bearable(const struct zone *without)
{
	struct zone *zone;

	for_each_zone(zone)
		if (zone != without && zone->idx <= ZONE_NORMAL &&
		    zone_listed_pages(zone) > zone->watermark[WMARK_HIGH] + 256)
			return true;
	return false;
}

/* The smallest of the zones that are the lowest of their node. */
static inline struct zone *shortage_zone(void)
{
	struct zone *zone, *best = NULL;
	int nid = NUMA_NO_NODE;

	for_each_zone(zone) {
		if (zone->nid != nid && zone_listed_pages(zone) > 8 * SHORT_MIN &&
		    (!best || zone->managed < best->managed) && shortage_is_bearable(zone))
			best = zone;
		nid = zone->nid;
	}
	return best;
}

static inline struct page *shortage_alloc(const struct shortage *s, gfp_t gfp, unsigned int order)
{
	return alloc_pages_node(s->zone->nid, s->only | gfp, order);
}

static inline void shortage_take(struct shortage *s, struct page *page)
{
	set_page_private(page, (unsigned long)s->taken);
	s->taken = page;
}

/* Takes pages until `leave` are free. */
static inline void shortage_leave(struct shortage *s, unsigned long leave)
{
	for (unsigned int order = MAX_ORDER; order-- > 0;) {
		while (zone_listed_pages(s->zone) >= leave + (1UL << order)) {
			struct page *page = shortage_alloc(s, __GFP_MEMALLOC, order);

			if (!page)
				break;
			shortage_take(s, page);
		}
	}
	CHECK_EQ(zone_listed_pages(s->zone), leave);
}

static inline void shortage_set_marks(struct shortage *s, const unsigned long marks[NR_WMARK])
{
	unsigned long flags;

	spin_lock_irqsave(&s->zone->lock, flags);
	for (unsigned int mark = 0; mark < NR_WMARK; mark++)
		WRITE_ONCE(s->zone->watermark[mark], marks[mark]);
	spin_unlock_irqrestore(&s->zone->lock, flags);
}

/* Such a zone with marks at SHORT_MIN, twice and three times that; false if there is none. */
static inline bool shortage_begin(struct shortage *s, unsigned long leave)
{
	static const gfp_t kinds[] = { __GFP_DMA, __GFP_DMA32, 0, __GFP_HIGHMEM };
	static const unsigned long marks[] = { SHORT_MIN, 2 * SHORT_MIN, 3 * SHORT_MIN };

	s->taken = NULL;
	s->zone = shortage_zone();
	if (!s->zone)
		return false;
	s->only = kinds[s->zone->idx] | __GFP_THISNODE | __GFP_NOWARN;
	memcpy(s->marks, s->zone->watermark, sizeof(s->marks));
	pcp_close();
	shortage_set_marks(s, marks);
	shortage_leave(s, leave);
	return true;
}

static inline void shortage_end(struct shortage *s)
{
	for (struct page *page; (page = s->taken); __free_pages(page, page->order))
		s->taken = (struct page *)page_private(page);
	shortage_set_marks(s, s->marks);
	pcp_open();
}

/* How many pages requests with these flags get; they are given back. */
static inline unsigned long shortage_count(const struct shortage *s, gfp_t gfp)
{
	struct page *page, *chain = NULL;
	unsigned long nr = 0;

	for (; (page = shortage_alloc(s, gfp, 0)); nr++) {
		set_page_private(page, (unsigned long)chain);
		chain = page;
	}
	for (; (page = chain); __free_page(page))
		chain = (struct page *)page_private(page);
	return nr;
}

/* ---- A cache ---- */

struct larder {
	struct shrinker shrinker;
	spinlock_t lock;	/* guards all below */
	struct page *pages;
	unsigned long nr;
	unsigned long counts, scans;	/* calls */
	gfp_t seen;		/* flags of the last scan */
};

static inline unsigned long larder_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct larder *l = container_of(shrinker, struct larder, shrinker);
	unsigned long nr;

	spin_lock(&l->lock);
	l->counts++;
	nr = l->nr;
	spin_unlock(&l->lock);
	return nr;
}

static inline unsigned long larder_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct larder *l = container_of(shrinker, struct larder, shrinker);
	unsigned long freed = 0;
	struct page *page;

	spin_lock(&l->lock);
	l->scans++;
	l->seen = sc->gfp_mask;
	for (; freed < sc->nr_to_scan && (page = l->pages); freed++) {
		l->pages = (struct page *)page_private(page);
		l->nr--;
		__free_page(page);
	}
	spin_unlock(&l->lock);
	return freed;
}

/* Registers an empty one. */
static inline void larder_open(struct larder *l, unsigned int flags)
{
	memset(l, 0, sizeof(*l));
	spin_lock_init(&l->lock);
	l->shrinker.count_objects = larder_count;
	l->shrinker.scan_objects = larder_scan;
	l->shrinker.seeks = DEFAULT_SEEKS;
	l->shrinker.flags = flags;
	register_shrinker(&l->shrinker, "larder");
}

static inline void larder_put(struct larder *l, struct page *page)
{
	spin_lock(&l->lock);
	set_page_private(page, (unsigned long)l->pages);
	l->pages = page;
	l->nr++;
	spin_unlock(&l->lock);
}

/* Puts in so many pages of the zone. */
static inline void larder_fill(struct larder *l, struct shortage *s, unsigned long nr)
{
	while (nr-- > 0) {
		struct page *page = shortage_alloc(s, __GFP_MEMALLOC, 0);

		REQUIRE(page);
		larder_put(l, page);
	}
}

static inline void larder_close(struct larder *l)
{
	struct shrink_control sc = { .nr_to_scan = ~0UL };

	unregister_shrinker(&l->shrinker);
	larder_scan(&l->shrinker, &sc);
}

#endif
