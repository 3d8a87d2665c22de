/* SPDX-License-Identifier: MIT */
/*
 * What happens when memory runs short: the private header of watermark.c, reclaim_walk.c,
 * reclaim.c, kswapd.c and oom.c.
 */
#ifndef MM_RECLAIM_H
#define MM_RECLAIM_H

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/shrinker.h>
#include "internal.h"

/* ---- watermark.c ---- */

/*
 * How deep a request may reach into a zone: one of the marks (enum zone_watermarks, in the low
 * bits), and rights to go below it.
 */
#define ALLOC_WMARK_MASK    0x3
#define ALLOC_NO_WATERMARKS 0x4		/* to the last page */
#define ALLOC_NON_BLOCK	    0x10	/* cannot sleep: with MIN_RESERVE a quarter more */
#define ALLOC_MIN_RESERVE   0x20	/* half of the mark */

/* Sets every zone's marks; 0: by the size of memory. After section_init(). */
void watermark_init(unsigned long kbytes);
/* Memory was added or removed: the same again. One at a time. */
void watermark_update(void);
unsigned long default_min_free_kbytes(unsigned long lowmem_kbytes);
/* The pages that must stay under a mark of `min` pages, with those rights. */
unsigned long reserve_floor(unsigned long min, unsigned int alloc_flags);
/*
 * May 2^order pages be taken from the zone, for a request whose highest zone is that one? Says
 * nothing about whether there is a block so large. Exact with zone->lock held, else a hint.
 */
bool zone_watermark_ok(const struct zone *zone, unsigned int order, enum zone_type highest,
		       unsigned int alloc_flags);

/* The same if everything in the zone were free. */
bool zone_could_serve(const struct zone *zone, unsigned int order, enum zone_type highest,
		      unsigned int alloc_flags);

/* Free pages that the zone itself has: in its lists, and pristine. */
static inline unsigned long zone_listed_pages(const struct zone *zone)
{
	unsigned long pristine = READ_ONCE(zone->nr_pristine);

	/* Pairs with section_grow(): what was not pristine any more is free. */
	smp_rmb();
	return pristine + READ_ONCE(zone->nr_free);
}

/* Pages were taken out of its lists for a request, or a CPU's cache. Caller holds its lock. */
static inline void zone_count_taken(struct zone *zone, unsigned long nr)
{
	WRITE_ONCE(zone->nr_taken, zone->nr_taken + nr);
}

/* ---- A request that was not served at once ---- */

static inline bool request_allows(const struct alloc_request *request, const struct zone *zone)
{
	return (!request->nodes || node_isset(zone->nid, *request->nodes)) &&
	       (!(request->gfp & __GFP_THISNODE) || zone->nid == request->nid);
}

/* Every zone it may use, best first; `slot` is a struct zone **. */
#define for_each_request_zone(slot, request) \
	for (slot = node_zonelist((request)->nid, gfp_zone((request)->gfp)); *slot; slot++) \
		if (!request_allows(request, *slot)) {} else

/* ---- zone_alloc.c ---- */

/* Could the request be served now? A hint: nothing is locked. */
bool request_fits(const struct alloc_request *request, unsigned int alloc_flags);
/* Is there a zone that could serve it if everything in there were free? */
bool request_is_possible(const struct alloc_request *request, unsigned int alloc_flags);

/* ---- page_wait.c ---- */

/* One that waits for a block, on its own stack; see page_wait.c. */
struct page_waiter {
	struct list_head entry;
	const struct alloc_request *req;
	unsigned int alloc_flags;
	struct task_struct *task;
	struct page *page;		/* handed over: PAGE_USED, no longer in the queue */
};

extern unsigned int nr_page_waiters;

/* A block into the zone's lists, past caches, which keep none with a broken page. Any context. */
void zone_give(struct page *page);
/* A block out of the zone's lists; PAGE_USED. Caller holds zone->lock. */
struct page *zone_take(struct zone *zone, unsigned int order, enum mobility mobility);
/* Queues current, and looks at its zones once. Caches of CPUs are closed. */
void page_wait_begin(struct page_waiter *waiter, const struct alloc_request *req,
		     unsigned int alloc_flags);
/* Sleeps until a block was handed over, or `timeout` jiffies: NULL, it still is in the queue. */
struct page *page_wait_sleep(struct page_waiter *waiter, long timeout);
void __page_wait_serve(struct zone *zone);

/* Something was freed into the zone, whose lock is still held: who waits for it gets it. */
static inline void page_wait_serve(struct zone *zone)
{
	if (unlikely(READ_ONCE(nr_page_waiters)))
		__page_wait_serve(zone);
}

/* ---- page_slow.c ---- */

/* How far below a mark a request with these flags, in this context, may go. */
unsigned int alloc_rights(gfp_t gfp);
/* May it sleep? Where flags say so wrongly that is reported elsewhere, and it may not. */
bool alloc_may_reclaim(gfp_t gfp);

/* ---- alloc_report.c ---- */

#define REPORT_INTERVAL (5 * HZ)
#define REPORT_BURST	10

struct report_limit {
	unsigned long begin;		/* jiffies */
	unsigned int printed, missed;	/* since then */
};

/* May another one be printed? *missed: how many could not since the last that was. */
bool report_limit_allows(struct report_limit *limit, unsigned long now, unsigned int *missed);
/* For tests: as if no failure had been reported for long. */
void alloc_report_reset(void);

/* ---- reclaim_walk.c: may sleep ---- */

/* One that asks shrinkers, on its own stack. */
struct reclaim_walk {
	struct list_head entry;
	unsigned long number;		/* in the order of beginning */
};

void reclaim_walk_begin(struct reclaim_walk *walk);
/* What was freed is in the zones then. */
void reclaim_walk_end(struct reclaim_walk *walk);

/* How far everybody was, when a request began a round. */
struct reclaim_mark {
	unsigned long freed;		/* objects, by all who reclaim */
	unsigned long taken;		/* pages, from the zones of the request */
};

enum reclaim_verdict { RECLAIM_IDLE, RECLAIM_TRIED, RECLAIM_LOST };

void reclaim_mark(struct reclaim_mark *mark, const struct alloc_request *request);
/* Waits for the walks under way, until the request fits or anything was freed since the mark. */
void reclaim_wait(const struct reclaim_mark *mark, const struct alloc_request *request,
		  unsigned int alloc_flags);
/* What is to be thought of a round that got nothing: see reclaim_walk.c. */
enum reclaim_verdict reclaim_judge(const struct reclaim_mark *mark,
				   const struct alloc_request *request);

extern atomic_long_t nr_objects_freed;	/* by shrinkers, ever */

/* ---- reclaim.c: may sleep ---- */

#define DEF_PRIORITY 12		/* the first pass asks for a 4096th */

/*
 * One pass over the shrinkers, with that priority, for the nodes of the request; what they free
 * is in the zones. Returns how many objects went.
 */
unsigned long reclaim_pass(const struct alloc_request *request, int priority);
/*
 * Has caches freed for the request, until it fits, or something worth a try is free, or they
 * have given all. Returns how many objects went.
 */
unsigned long try_to_free_pages(const struct alloc_request *request, unsigned int alloc_flags);
/*
 * One pass over the shrinkers for a node; those that know no nodes are called if `first`. What
 * they free is in the zones. Returns how many objects went. The caller has PF_MEMALLOC set.
 */
unsigned long shrink_node(int nid, bool first, gfp_t gfp, int priority);

/* Statistics: requests that had to reclaim, objects that shrinkers were asked for. */
extern atomic_long_t nr_direct_reclaims, nr_objects_scanned;

/* Something could be freed: threads of kswapd.c that gave up try again. Any context. */
void kswapd_take_heart(void);

/* ---- kswapd.c ---- */

/* Makes the threads, as far as there is memory for them. Once, in a thread. */
void kswapd_start(void);
/* Wakes the threads of the request's nodes, those that are short of memory. Any context. */
void wakeup_kswapd(const struct alloc_request *request);

/* ---- oom.c: may sleep ---- */

/*
 * Calls the notifiers unless the request fits by now, or they were called for another while this
 * one waited. Returns 0 when nothing was won.
 */
unsigned long out_of_memory(const struct alloc_request *request, unsigned int alloc_flags);

#endif
