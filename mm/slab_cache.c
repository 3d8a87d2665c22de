/* SPDX-License-Identifier: MIT */
/*
 * Caches: made, destroyed, shrunk, listed.
 *
 * All caches are in one list, in the order in which they were made; those of kmalloc() are
 * static and come first. A destroyed cache's objects were all freed, so only its magazines and
 * empty slabs are left; with RCU its slabs may still be on their way, and are waited for.
 *
 * Locks: slab_mutex guards the list, and keeps caches from being destroyed while somebody walks
 * it. It is taken by who may sleep.
 */
#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include "slab.h"

#define MAX_OBJECT (PAGE_SIZE << (MAX_ORDER - 1))
#define MAX_LISTED 8			/* objects that kmem_cache_destroy() names */

LIST_HEAD(slab_caches);
DEFINE_MUTEX(slab_mutex);

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
	if (!name || !*name)
		return "no name";
	if (!size || size > MAX_OBJECT)
		return "impossible size";
	if (align & (align - 1) || align > MAX_OBJECT)
		return "impossible alignment";
	return NULL;
}

static void enlist(struct kmem_cache *cache)
{
	unsigned int cpu;

	slab_layout(cache);
	for_each_possible_cpu(cpu)
		slab_cpu_init(cache, cpu);
	list_add_tail(&cache->list, &slab_caches);
}

void slab_cache_add(struct kmem_cache *cache, const char *name, u32 size, gfp_t gfp)
{
	cache->name = name;
	cache->object_size = size;
	cache->gfp = gfp;
	enlist(cache);
}

void slab_add_cpu(unsigned int cpu)
{
	struct kmem_cache *cache;

	mutex_lock(&slab_mutex);
	list_for_each_entry(cache, &slab_caches, list)
		slab_cpu_init(cache, cpu);
	mutex_unlock(&slab_mutex);
}

static struct kmem_cache *make(const char *name, size_t size, size_t align, slab_flags_t flags)
{
	struct kmem_cache *cache = meta_alloc(sizeof(*cache), GFP_KERNEL);

	if (!cache)
		return NULL;
	cache->cpu = alloc_percpu(struct cache_cpu);
	if (!cache->cpu) {
		meta_free(cache);
		return NULL;
	}
	cache->name = name;
	cache->object_size = (u32)size;
	cache->align = (u32)align;
	cache->flags = flags;
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
			nr += READ_ONCE(node->nr_slabs);
	}
	return nr;
}

int kmem_cache_shrink(struct kmem_cache *cache)
{
	slab_drain(cache);
	slab_shrink(cache);
	return count_slabs(cache) != 0;
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
	return nr;
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

static void forget(struct kmem_cache *cache)
{
	for (unsigned int nid = 0; cache->nodes && nid < nr_node_ids; nid++)
		if (cache->nodes[nid])
			meta_free(cache->nodes[nid]);
	if (cache->nodes)
		meta_free(cache->nodes);
	free_percpu(cache->cpu);
	meta_free(cache);
}

/* Takes the cache off the list if no object is in use. */
static bool retire(struct kmem_cache *cache)
{
	bool empty;

	mutex_lock(&slab_mutex);
	empty = !kmem_cache_shrink(cache);
	if (empty)
		list_del(&cache->list);
	mutex_unlock(&slab_mutex);
	return empty;
}

int kmem_cache_destroy(struct kmem_cache *cache)
{
	bool empty;

	if (!cache)
		return 0;
	might_sleep();
	empty = retire(cache);
	if (!empty || (cache->flags & SLAB_TYPESAFE_BY_RCU))
		rcu_barrier();		/* slabs, or objects of kfree_rcu(), on their way */
	if (!empty && !retire(cache)) {
		report_left(cache);
		return -EBUSY;
	}
	forget(cache);
	return 0;
}

/* ---- All of them ---- */

static bool may_reap(const struct kmem_cache *cache, bool all)
{
	return cache->nodes && (all || !(cache->flags & SLAB_NO_REAP));
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

unsigned long quarry_reap(bool all)
{
	struct kmem_cache *cache;
	unsigned long pages = 0;

	mutex_lock(&slab_mutex);
	if (atomic_long_read(&slab_nr_magazines))
		on_each_cpu(drain_all, &all, 1);
	list_for_each_entry(cache, &slab_caches, list) {
		if (!may_reap(cache, all))
			continue;
		slab_drain_depots(cache);
		pages += slab_shrink(cache);
	}
	mutex_unlock(&slab_mutex);
	return pages;
}
