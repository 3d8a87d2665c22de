/* SPDX-License-Identifier: MIT */
/*
 * Caches: made, destroyed, shrunk, listed.
 *
 * All caches are in one list, in the order in which they were made; those of kmalloc() are
 * static and come first. A destroyed cache's objects were all freed, so only its magazines and
 * empty slabs are left; with RCU its slabs, or the thread that frees its last object, may still be
 * on their way, and are waited for.
 *
 * When memory is short a shrinker has every CPU give back its magazines, and gives back what
 * slabs are empty then.
 *
 * Locks: slab_mutex keeps caches from being made and destroyed while somebody who sleeps walks
 * the list; no memory is allocated under it. slab_list_lock, with interrupts off, is for who
 * does not sleep. The list changes under both.
 *
 * The shrinker waits for slab_mutex: to be told that another has it would make a request fail
 * while that one is giving back just what is wanted. What another gave back meanwhile counts as
 * this one's. It cannot wait for itself, nor in a circle: destructors are all that runs under
 * slab_mutex and is not ours, and who runs them has PF_MEMALLOC, so that what they allocate does
 * not reclaim. As everything that reclaim calls, they must not wait for a lock under which
 * somebody allocates.
 */
#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/shrinker.h>
#include <linux/smp.h>
#include "kfence.h"
#include "reclaim.h"

#define MAX_NAME   255
#define MAX_LISTED 8			/* objects that kmem_cache_destroy() names */

LIST_HEAD(slab_caches);
DEFINE_MUTEX(slab_mutex);
DEFINE_SPINLOCK(slab_list_lock);

/* ---- Making ---- */

static bool name_taken(const char *name)
{
	struct kmem_cache *cache;

	list_for_each_entry(cache, &slab_caches, list)
		if (!strcmp(cache->name, name))
			return true;
	return false;
}

static const char *why_not(const char *name, size_t size, size_t align)
{
	if (!name || !*name || strlen(name) > MAX_NAME)
		return "impossible name";
	if (!size || size > SLAB_MAX_OBJECT)
		return "impossible size";
	if (align & (align - 1) || align > SLAB_MAX_OBJECT)
		return "impossible alignment";
	return NULL;
}

void slab_cache_add(struct kmem_cache *cache)
{
	cache->gfp = (cache->flags & SLAB_CACHE_DMA ? __GFP_DMA : 0) |
		     (cache->flags & SLAB_CACHE_DMA32 ? __GFP_DMA32 : 0) |
		     (cache->flags & SLAB_RECLAIM_ACCOUNT ? __GFP_RECLAIMABLE : 0);
	list_add_tail(&cache->list, &slab_caches);
}

static void enlist(struct kmem_cache *cache)
{
	unsigned long flags;
	unsigned int cpu;

	slab_layout(cache);
	for_each_possible_cpu(cpu)
		slab_cpu_init(cache, cpu);
	spin_lock_irqsave(&slab_list_lock, flags);
	slab_cache_add(cache);
	spin_unlock_irqrestore(&slab_list_lock, flags);
}

void slab_add_cpu(unsigned int cpu)
{
	struct kmem_cache *cache;

	mutex_lock(&slab_mutex);
	list_for_each_entry(cache, &slab_caches, list)
		slab_cpu_init(cache, cpu);
	mutex_unlock(&slab_mutex);
}

static void forget(struct kmem_cache *cache)
{
	for (unsigned int nid = 0; cache->nodes && nid < nr_node_ids; nid++)
		if (cache->nodes[nid])
			meta_free(cache->nodes[nid]);
	if (cache->nodes)
		meta_free(cache->nodes);
	free_percpu(cache->cpu);
	if (cache->name)
		meta_free((void *)cache->name);
	meta_free(cache);
}

static struct kmem_cache *make(const char *name, size_t size, size_t align, slab_flags_t flags)
{
	struct kmem_cache *cache = meta_alloc(sizeof(*cache), GFP_KERNEL);

	if (!cache)
		return NULL;
	cache->cpu = alloc_percpu(struct cache_cpu);
	cache->name = meta_alloc(strlen(name) + 1, GFP_KERNEL);
	if (!cache->cpu || !cache->name) {
		forget(cache);
		return NULL;
	}
	strscpy((char *)cache->name, name, strlen(name) + 1);
	cache->object_size = (u32)size;
	cache->align = (u32)align;
	cache->flags = slab_debug_flags(name, flags);
	return cache;
}

static struct kmem_cache *create(const char *name, size_t size, size_t align, slab_flags_t flags)
{
	const char *wrong = why_not(name, size, align);
	struct kmem_cache *cache = NULL;

	might_sleep();
	if (wrong)
		report_misuse(QUARRY_BAD_ARGUMENT, NULL,
			      "kmem_cache_create(%s, size:%zu, align:%zu, flags:%#x): %s",
			      name ? name : "NULL", size, align, flags, wrong);
	else
		cache = make(name, size, align, flags);
	if (!cache && (flags & SLAB_PANIC))
		panic("kmem_cache_create(%s, size:%zu): cannot be made", name, size);
	return cache;
}

/* A name that another cache has warns; nothing else depends on names. */
static void publish(struct kmem_cache *cache)
{
	bool taken;

	mutex_lock(&slab_mutex);
	taken = name_taken(cache->name);
	enlist(cache);
	mutex_unlock(&slab_mutex);
	if (taken)
		report_misuse(QUARRY_BAD_ARGUMENT, cache,
			      "kmem_cache_create(%s): there is a cache of that name", cache->name);
}

struct kmem_cache *__kmem_cache_create1(const char *name, size_t size, size_t align,
					slab_flags_t flags, void (*ctor)(void *object))
{
	struct kmem_cache *cache = create(name, size, align, flags);

	if (cache) {
		cache->ctor = ctor;
		publish(cache);
	}
	return cache;
}

struct kmem_cache *__kmem_cache_create2(const char *name, size_t size, size_t align,
	slab_flags_t flags,
	void (*ctor)(void *object, struct kmem_cache *cache, unsigned long flags),
	void (*dtor)(void *object, struct kmem_cache *cache, unsigned long flags))
{
	struct kmem_cache *cache = create(name, size, align, flags);

	if (cache) {
		cache->ctor3 = ctor;
		cache->dtor3 = dtor;
		publish(cache);
	}
	return cache;
}

unsigned int kmem_cache_size(struct kmem_cache *cache)
{
	return cache->object_size;
}

/* ---- Shrinking, destroying ---- */

static unsigned int count_slabs(const struct kmem_cache *cache)
{
	unsigned int nr = 0;

	for (unsigned int nid = 0; nid < nr_node_ids; nid++) {
		struct cache_node *node = slab_node_peek(cache, (int)nid);

		if (node)
			nr += smp_load_acquire(&node->nr_slabs);
	}
	return nr;
}

/* One who gives memory back: so he does not reclaim, and requests that run short wait for him. */
struct giver {
	struct reclaim_walk walk;
	unsigned int added;
};

static void giver_begin(struct giver *giver)
{
	giver->added = memalloc_noreclaim_save();
	reclaim_walk_begin(&giver->walk);
	mutex_lock(&slab_mutex);
}

static void giver_end(struct giver *giver)
{
	mutex_unlock(&slab_mutex);
	reclaim_walk_end(&giver->walk);
	memalloc_noreclaim_restore(giver->added);
}

/* Under slab_mutex: what another takes out of the depots at this moment would not be seen. */
static bool shrink(struct kmem_cache *cache)
{
	slab_drain(cache);
	slab_shrink(cache);
	return count_slabs(cache) != 0;
}

int kmem_cache_shrink(struct kmem_cache *cache)
{
	struct giver giver;
	bool left;

	giver_begin(&giver);
	left = shrink(cache);
	giver_end(&giver);
	return left;
}

/* Objects in use; the first of them go to `list`. */
static unsigned int find_used(const struct slab *slab, void **list, unsigned int nr)
{
	for (unsigned int i = 0; i < slab->nr; i++) {
		if (READ_ONCE(slab->state[i]) != OBJECT_USED)
			continue;
		if (nr < MAX_LISTED)
			list[nr] = slab_object(slab, i);
		nr++;
	}
	return nr;
}

static unsigned int find_left(const struct kmem_cache *cache, void **list)
{
	unsigned int nr = 0;

	for (unsigned int nid = 0; nid < nr_node_ids; nid++) {
		struct cache_node *node = slab_node_peek(cache, (int)nid);
		unsigned long flags;
		struct slab *slab;

		if (!node)
			continue;
		spin_lock_irqsave(&node->lock, flags);
		for (unsigned int i = 0; i < NR_SLAB_LISTS; i++)
			list_for_each_entry(slab, &node->lists[i], list)
				nr = find_used(slab, list, nr);
		spin_unlock_irqrestore(&node->lock, flags);
	}
	return kfence_find_used(cache, list, nr, MAX_LISTED);
}

static void report_left(const struct kmem_cache *cache)
{
	void *left[MAX_LISTED];
	unsigned int nr = find_left(cache, left);

	report_misuse(QUARRY_BAD_FREE, cache, "kmem_cache_destroy(%s): %u objects are in use",
		      cache->name, nr);
	for (unsigned int i = 0; i < nr && i < MAX_LISTED; i++)
		slab_describe(left[i]);
}

/*
 * Is no slab left, nor on its way back? A slab that leaves its list is counted as leaving first,
 * and by the last thing that anybody does with it as back: so none is missed, whoever frees its
 * last object meanwhile.
 */
static bool all_back(struct kmem_cache *cache)
{
	return !shrink(cache) &&
	       smp_load_acquire(&cache->nr_back) == READ_ONCE(cache->generation);
}

/* Takes the cache off the list if no object is in use. */
static bool retire(struct kmem_cache *cache)
{
	struct giver giver;
	unsigned long flags;
	bool empty;

	giver_begin(&giver);
	empty = all_back(cache) && !kfence_find_used(cache, NULL, 0, 0);
	if (empty) {
		spin_lock_irqsave(&slab_list_lock, flags);
		list_del(&cache->list);
		spin_unlock_irqrestore(&slab_list_lock, flags);
	}
	giver_end(&giver);
	return empty;
}

int kmem_cache_destroy(struct kmem_cache *cache)
{
	bool empty;

	if (!cache)
		return 0;
	might_sleep();
	empty = retire(cache);
	/* Objects of kfree_rcu(); then what they left to RCU: slabs, or objects with guards. */
	for (int turn = 0; !empty && turn < 2; turn++) {
		rcu_barrier();
		empty = retire(cache);
	}
	if (!empty) {
		report_left(cache);
		return -EBUSY;
	}
	kfence_forget(cache);
	forget(cache);
	return 0;
}

/* ---- All of them ---- */

static bool may_reap(const struct kmem_cache *cache, bool all)
{
	return slab_has_nodes(cache) && (all || !(cache->flags & SLAB_NO_REAP));
}

/* On each CPU, with interrupts off; who asked for it holds slab_mutex. */
static void drain_all(void *arg)
{
	const bool *all = arg;
	struct kmem_cache *cache;

	list_for_each_entry(cache, &slab_caches, list)
		if (may_reap(cache, *all))
			slab_drain_cpu(cache);
}

static unsigned long nr_reaped;		/* pages, ever; written under slab_mutex */

/* Caller holds slab_mutex. */
static unsigned long reap(bool all)
{
	struct kmem_cache *cache;
	unsigned long pages = 0;

	if (QUARRY_KASAN || atomic_long_read(&slab_nr_magazines))
		on_each_cpu(drain_all, &all, 1);
	list_for_each_entry(cache, &slab_caches, list) {
		if (!may_reap(cache, all))
			continue;
		slab_drain_depots(cache);
		pages += slab_shrink(cache);
	}
	WRITE_ONCE(nr_reaped, nr_reaped + pages);
	return pages;
}

unsigned long quarry_reap(bool all)
{
	struct giver giver;
	unsigned long pages;

	giver_begin(&giver);
	pages = reap(all);
	giver_end(&giver);
	return pages;
}

/* ---- When memory is short ---- */

static unsigned long empty_pages(const struct kmem_cache *cache)
{
	unsigned long pages = 0;

	for (unsigned int nid = 0; nid < nr_node_ids; nid++) {
		struct cache_node *node = slab_node_peek(cache, (int)nid);

		if (node)
			pages += (unsigned long)READ_ONCE(node->nr_empty) * cache->pages;
	}
	return pages;
}

/* Pages; what the magazines pin is a guess, one page for each. */
static unsigned long count_reapable(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long pages = (unsigned long)atomic_long_read(&slab_nr_magazines), flags;
	struct kmem_cache *cache;

	spin_lock_irqsave(&slab_list_lock, flags);
	list_for_each_entry(cache, &slab_caches, list)
		if (may_reap(cache, false))
			pages += empty_pages(cache);
	spin_unlock_irqrestore(&slab_list_lock, flags);
	return pages ? pages : SHRINK_EMPTY;
}

static unsigned long scan_reapable(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long before = READ_ONCE(nr_reaped), pages;

	mutex_lock(&slab_mutex);
	pages = nr_reaped - before;
	if (!pages)
		pages = reap(false);
	mutex_unlock(&slab_mutex);
	return pages ? pages : SHRINK_STOP;
}

static struct shrinker slab_shrinker = {
	.count_objects = count_reapable, .scan_objects = scan_reapable, .batch = 1,
};

int slab_reclaim_start(void)
{
	return register_shrinker(&slab_shrinker, "slab");
}
