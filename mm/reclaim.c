// SPDX-License-Identifier: MIT
/*
 * Reclaim: caches are asked to give back what can be made again.
 *
 * Quarry has no pages of its own that could be written out: what can be freed belongs to
 * caches, and only they know how. Each has a shrinker: count_objects() says how many objects
 * could go, scan_objects() tries to free so many. Two come here: a request that may sleep and
 * finds too little (direct reclaim), and kswapd, one thread a node, before it comes to that.
 *
 * Pressure. A pass has a priority, 12 down to 0: each shrinker is asked for a part of what it
 * has, count >> priority, times 4 / seeks, the price of making an object anew. So all caches
 * shrink in proportion, cheap ones more, and the first passes hardly hurt. At 0 it is all of
 * them. Objects of no price (seeks 0) are asked for by halves. What is asked for comes in
 * batches; what is left of one, too little for a batch, or not freed because the shrinker
 * stopped (SHRINK_STOP) or may not be called, is remembered for each node (nr_deferred) and
 * asked for next time, at most twice of what there is. That a pass freed nothing may be because
 * another CPU is at it: reclaim_walk.c.
 *
 * IO and FS. A request under GFP_NOIO or GFP_NOFS is made where I/O, or a file system, waits for
 * it: calling in there would wait for oneself. A shrinker that needs them says so
 * (SHRINKER_NEEDS_*) and is skipped; kswapd, which may do both, makes up for it.
 *
 * Recursion. A shrinker may allocate. Its thread has PF_MEMALLOC set meanwhile, so such a
 * request may take the reserves to the end, and does not come here again.
 *
 * Locks: shrinker_lock guards the list and each shrinker's count of callers inside; it is not
 * held while one is called. Who walks the list counts himself into the shrinker he stands on,
 * so that stays linked. Unregistering takes the mark REGISTERED away, so that nobody comes in
 * anew, waits until the callers are out, and only then unlinks. Interleavings: a walker that
 * stands on an unmarked one still finds its next; the last one out wakes whoever waits, by a
 * queue that does not lie in the shrinker.
 */
#include <linux/sched.h>
#include <linux/wait.h>
#include "internal.h"
#include "reclaim.h"

#define CLUSTER	     32UL	/* objects freed that are worth another try to allocate */

static LIST_HEAD(shrinkers);
static DEFINE_SPINLOCK(shrinker_lock);
static DECLARE_WAIT_QUEUE_HEAD(shrinker_left);
atomic_long_t nr_direct_reclaims, nr_objects_scanned;

/* ---- The list ---- */

void kswapd_take_heart(void)
{
	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		if (nodes[nid] && READ_ONCE(nodes[nid]->kswapd_failures))
			WRITE_ONCE(nodes[nid]->kswapd_failures, 0);
}

void shrinker_register(struct shrinker *shrinker)
{
	spin_lock(&shrinker_lock);
	shrinker->users = 0;
	shrinker->flags |= SHRINKER_REGISTERED;
	list_add_tail(&shrinker->list, &shrinkers);
	spin_unlock(&shrinker_lock);
	kswapd_take_heart();
}

int __register_shrinker(struct shrinker *shrinker, ...)
{
	for (unsigned int nid = 0; nid < QUARRY_MAX_NODES; nid++)
		atomic_long_set(&shrinker->nr_deferred[nid], 0);
	shrinker->flags &= ~(SHRINKER_REGISTERED | SHRINKER_ALLOCATED);
	shrinker_register(shrinker);
	return 0;
}

static bool nobody_inside(const struct shrinker *shrinker)
{
	bool nobody;

	spin_lock(&shrinker_lock);
	nobody = !shrinker->users;
	spin_unlock(&shrinker_lock);
	return nobody;
}

void unregister_shrinker(struct shrinker *shrinker)
{
	bool in;

	might_sleep();
	spin_lock(&shrinker_lock);
	in = shrinker->flags & SHRINKER_REGISTERED;
	/* The other bits are constant, and read without the lock. */
	WRITE_ONCE(shrinker->flags, shrinker->flags & ~SHRINKER_REGISTERED);
	spin_unlock(&shrinker_lock);
	if (!in)
		return;
	wait_event(shrinker_left, nobody_inside(shrinker));
	spin_lock(&shrinker_lock);
	list_del(&shrinker->list);
	spin_unlock(&shrinker_lock);
}

/* The next one that is registered, counted in; `last`, if there is one, counted out. */
static struct shrinker *next_shrinker(struct shrinker *last)
{
	struct list_head *node = last ? &last->list : &shrinkers;
	struct shrinker *next = NULL;
	bool wake = false;

	spin_lock(&shrinker_lock);
	for (node = node->next; node != &shrinkers && !next; node = node->next) {
		next = list_entry(node, struct shrinker, list);
		if (!(next->flags & SHRINKER_REGISTERED))
			next = NULL;
	}
	if (next)
		next->users++;
	if (last)
		wake = !--last->users && !(last->flags & SHRINKER_REGISTERED);
	spin_unlock(&shrinker_lock);
	if (wake)
		wake_up_all(&shrinker_left);
	return next;
}

/* ---- One shrinker ---- */

static bool may_call(const struct shrinker *shrinker, gfp_t gfp)
{
	unsigned int flags = READ_ONCE(shrinker->flags);

	if (flags & SHRINKER_NEEDS_FS && !(gfp & __GFP_FS))
		return false;
	return !(flags & SHRINKER_NEEDS_IO) || (gfp & __GFP_IO);
}

/* How many of `count` objects a pass of that priority asks for. */
static unsigned long share(const struct shrinker *shrinker, unsigned long count, int priority)
{
	if (!shrinker->seeks)
		return count / 2 + (count & 1);
	if (!priority)
		return 2 * count;	/* all, also what is left of the last batch */
	return (count >> priority) * 4 / (unsigned int)shrinker->seeks;
}

/* Asks in batches for `todo` objects of `count`. Returns how many were freed. */
static unsigned long scan_batches(struct shrinker *shrinker, struct shrink_control *sc,
				  unsigned long count, unsigned long *todo)
{
	unsigned long batch = shrinker->batch > 0 ? (unsigned long)shrinker->batch : SHRINK_BATCH;
	unsigned long freed = 0, got;

	/* Less than a batch is not worth a call, but when it is all there is. */
	while (*todo && (*todo >= batch || *todo >= count)) {
		sc->nr_to_scan = min(batch, *todo);
		sc->nr_scanned = sc->nr_to_scan;
		got = shrinker->scan_objects(shrinker, sc);
		if (got == SHRINK_STOP)
			break;
		freed += got;
		atomic_long_add((long)got, &nr_objects_freed);
		atomic_long_add((long)sc->nr_scanned, &nr_objects_scanned);
		*todo -= min(max(sc->nr_scanned, 1UL), *todo);
		cond_resched();
	}
	return freed;
}

static unsigned long shrink_one(struct shrinker *shrinker, struct shrink_control *sc, int priority)
{
	atomic_long_t *deferred = &shrinker->nr_deferred[sc->nid];
	unsigned long count = shrinker->count_objects(shrinker, sc);
	unsigned long owed, todo, freed = 0;

	if (!count || count == SHRINK_EMPTY)
		return 0;
	owed = (unsigned long)atomic_long_xchg(deferred, 0);
	todo = min(owed + share(shrinker, count, priority), 2 * count);
	if (may_call(shrinker, sc->gfp_mask))
		freed = scan_batches(shrinker, sc, count, &todo);
	if (todo)
		atomic_long_add((long)todo, deferred);
	return freed;
}

unsigned long shrink_node(int nid, bool first, gfp_t gfp, int priority)
{
	struct shrinker *shrinker = NULL;
	struct reclaim_walk walk;
	unsigned long freed = 0;

	reclaim_walk_begin(&walk);
	while ((shrinker = next_shrinker(shrinker))) {
		bool aware = READ_ONCE(shrinker->flags) & SHRINKER_NUMA_AWARE;
		struct shrink_control sc = { .gfp_mask = gfp, .nid = aware ? nid : 0 };

		if (aware || first)
			freed += shrink_one(shrinker, &sc, priority);
	}
	reclaim_walk_end(&walk);
	return freed;
}

/* ---- Direct reclaim ---- */

/* One pass over the nodes that could serve the request, nearest first. */
static unsigned long shrink_nodes(const struct alloc_request *request, int priority)
{
	nodemask_t done = NODE_MASK_NONE;
	unsigned long freed = 0;
	struct zone **zone;

	for_each_request_zone(zone, request) {
		int nid = (*zone)->nid;

		if (node_isset(nid, done))
			continue;
		freed += shrink_node(nid, nodes_empty(done), request->gfp, priority);
		node_set(nid, done);
	}
	return freed;
}

unsigned long reclaim_pass(const struct alloc_request *request, int priority)
{
	unsigned int added = memalloc_noreclaim_save();
	unsigned long freed = shrink_nodes(request, priority);

	memalloc_noreclaim_restore(added);
	if (freed)
		kswapd_take_heart();
	return freed;
}

unsigned long try_to_free_pages(const struct alloc_request *request, unsigned int alloc_flags)
{
	unsigned long enough = max(CLUSTER, 2UL << request->order), freed = 0;

	atomic_long_inc(&nr_direct_reclaims);
	for (int priority = DEF_PRIORITY; priority >= 0 && freed < enough; priority--) {
		freed += reclaim_pass(request, priority);
		if (request_fits(request, alloc_flags))
			break;
	}
	return freed;
}
