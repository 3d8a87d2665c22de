/* SPDX-License-Identifier: MIT */
/*
 * Shrinkers: how a cache gives memory back when it runs short. See mm/reclaim.c.
 *
 *	static unsigned long count(struct shrinker *s, struct shrink_control *sc)
 *	{
 *		return cache.nr_unused;			// SHRINK_EMPTY: none, and soon none
 *	}
 *
 *	static unsigned long scan(struct shrinker *s, struct shrink_control *sc)
 *	{
 *		return cache_free(sc->nr_to_scan);	// how many it freed; or SHRINK_STOP
 *	}
 *
 *	s = shrinker_alloc(SHRINKER_NEEDS_IO, "mine");
 *	s->count_objects = count;
 *	s->scan_objects = scan;
 *	shrinker_register(s);
 */
#ifndef _LINUX_SHRINKER_H
#define _LINUX_SHRINKER_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/types.h>
#include <quarry/config.h>

struct mem_cgroup;

/* What a shrinker is called with. */
struct shrink_control {
	gfp_t gfp_mask;		/* of the request that runs short: IO, FS allowed or not */
	int nid;		/* for SHRINKER_NUMA_AWARE: whose objects; else 0 */
	unsigned long nr_to_scan; /* scan: how many to look at */
	unsigned long nr_scanned; /* scan: how many it did look at, if not nr_to_scan */
	struct mem_cgroup *memcg; /* NULL */
};

#define SHRINK_STOP  (~0UL)	/* scan: cannot go on now, say for a lock */
#define SHRINK_EMPTY (~0UL - 1)	/* count: there is nothing at all */

/*
 * Both functions may be called in any thread that allocates with flags that allow sleeping, in
 * kswapd, and on several CPUs at once. They may sleep and may allocate (from the reserves; such
 * a request does not reclaim again), but must not wait for a lock under which somebody allocates.
 */
struct shrinker {
	/* How many objects could be freed. Quick: it may be called often. */
	unsigned long (*count_objects)(struct shrinker *shrinker, struct shrink_control *sc);
	/* Tries to free sc->nr_to_scan of them; returns how many it freed. */
	unsigned long (*scan_objects)(struct shrinker *shrinker, struct shrink_control *sc);
	long batch;		/* nr_to_scan at a time; 0: SHRINK_BATCH */
	int seeks;		/* what an object costs to make again; 0: nothing */
	unsigned int flags;	/* SHRINKER_* */
	void *private_data;

	/* mm/reclaim.c */
	struct list_head list;
	unsigned int users;	/* callers inside, under the list's lock */
	atomic_long_t nr_deferred[QUARRY_MAX_NODES]; /* asked for, not done yet */
};

#define SHRINK_BATCH  128
#define DEFAULT_SEEKS 2

#define SHRINKER_REGISTERED  0x01
#define SHRINKER_ALLOCATED   0x02	/* by shrinker_alloc() */
#define SHRINKER_NUMA_AWARE  0x04	/* called for each node, sc->nid */
#define SHRINKER_MEMCG_AWARE 0x08	/* accepted; there are no groups */
/* Not Linux's, where a shrinker looks at sc->gfp_mask itself (which works here too): */
#define SHRINKER_NEEDS_IO    0x10	/* not called under GFP_NOIO */
#define SHRINKER_NEEDS_FS    0x20	/* not called under GFP_NOIO and GFP_NOFS */

/*
 * A shrinker, cleared but for seeks; NULL when there is no memory. The name (printf-like) is
 * accepted.
 * shrinker_free() gives it back, registered or not: waits until nobody is in it. May sleep; not
 * from a shrinker.
 */
struct shrinker *shrinker_alloc(unsigned int flags, const char *fmt, ...) __printf(2, 3);
void shrinker_register(struct shrinker *shrinker);
void shrinker_free(struct shrinker *shrinker);

/* The older way, up to Linux 6.6: with the caller's memory; with a name since 6.0. 0. */
int __register_shrinker(struct shrinker *shrinker, ...);
#define register_shrinker(shrinker, args...) __register_shrinker(shrinker, ##args)
void unregister_shrinker(struct shrinker *shrinker);

#endif
