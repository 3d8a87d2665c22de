/* SPDX-License-Identifier: MIT */
/*
 * What there is of caches: the report `slabinfo` in Linux's columns, and the validator.
 *
 * Both walk all slabs of all caches, node by node, under the lock of that list of slabs. Objects
 * are counted by their state bytes; those in magazines are free. What lies in the magazines of
 * CPUs cannot be looked at while these work, what lies in depots can.
 *
 * Locks: slab_list_lock for the whole walk, node->lock inside. Costs: a look at each object's
 * state byte, with interrupts off.
 */
#include "slab.h"

/* Pages of large objects. */
atomic_long_t kmalloc_large_pages;

static unsigned long cache_pages(const struct kmem_cache *cache)
{
	unsigned long slabs = 0;

	for (unsigned int nid = 0; slab_has_nodes(cache) && nid < nr_node_ids; nid++) {
		struct cache_node *node = slab_node_peek(cache, (int)nid);

		slabs += node ? READ_ONCE(node->nr_slabs) : 0;
	}
	return slabs * cache->pages;
}

/* Of the caches that have all those flags. */
static unsigned long pages_with(slab_flags_t wanted)
{
	unsigned long pages = 0, flags;
	struct kmem_cache *cache;

	spin_lock_irqsave(&slab_list_lock, flags);
	list_for_each_entry(cache, &slab_caches, list)
		pages += (cache->flags & wanted) == wanted ? cache_pages(cache) : 0;
	spin_unlock_irqrestore(&slab_list_lock, flags);
	return pages;
}

unsigned long quarry_slab_pages(void)
{
	return (unsigned long)atomic_long_read(&kmalloc_large_pages) + pages_with(0);
}

unsigned long quarry_slab_reclaimable_pages(void)
{
	return pages_with(SLAB_RECLAIM_ACCOUNT);
}

/* ---- slabinfo ---- */

struct tally {
	unsigned long used, objects, slabs, active_slabs;
};

static void count_slab(const struct slab *slab, void *arg)
{
	struct tally *tally = arg;
	unsigned int used = 0;

	for (unsigned int i = 0; i < slab->nr; i++)
		used += READ_ONCE(slab->state[i]) == OBJECT_USED;
	tally->used += used;
	tally->objects += slab->nr;
	tally->slabs++;
	tally->active_slabs += used != 0;
}

/* Calls fn for each slab of the cache, with its node's lock. */
static void each_slab(const struct kmem_cache *cache,
		      void (*fn)(const struct slab *slab, void *arg), void *arg)
{
	unsigned long flags;
	struct slab *slab;

	for (unsigned int nid = 0; slab_has_nodes(cache) && nid < nr_node_ids; nid++) {
		struct cache_node *node = slab_node_peek(cache, (int)nid);

		if (!node)
			continue;
		spin_lock_irqsave(&node->lock, flags);
		for (unsigned int i = 0; i < NR_SLAB_LISTS; i++)
			list_for_each_entry(slab, &node->lists[i], list)
				fn(slab, arg);
		spin_unlock_irqrestore(&node->lock, flags);
	}
}

static struct tally count_cache(const struct kmem_cache *cache)
{
	struct tally tally = { 0 };

	each_slab(cache, count_slab, &tally);
	return tally;
}

/* What a cache that was used once keeps: its nodes, and the table of them. */
static unsigned long nr_kept(struct kmem_cache *cache)
{
	unsigned long nr = smp_load_acquire(&cache->nodes) != NULL;

	for (unsigned int nid = 0; nid < nr_node_ids; nid++)
		nr += slab_node_peek(cache, (int)nid) != NULL;
	return nr;
}

/* What describes a slab comes and goes with it, wherever objects lie; magazines are kept or not. */
unsigned long quarry_slab_objects(void)
{
	unsigned long objects = meta_chunks() - (unsigned long)atomic_long_read(&slab_nr_magazines);
	struct kmem_cache *cache;
	unsigned long flags;

	spin_lock_irqsave(&slab_list_lock, flags);
	list_for_each_entry(cache, &slab_caches, list) {
		struct tally tally = count_cache(cache);

		objects += tally.used - tally.slabs - nr_kept(cache);
	}
	spin_unlock_irqrestore(&slab_list_lock, flags);
	return objects;
}

struct visit {
	void (*fn)(const struct slab *slab, unsigned int index, void *arg);
	void *arg;
};

static void visit_slab(const struct slab *slab, void *arg)
{
	const struct visit *visit = arg;

	for (unsigned int i = 0; i < slab->nr; i++)
		if (READ_ONCE(slab->state[i]) == OBJECT_USED)
			visit->fn(slab, i, visit->arg);
}

void slab_for_each_object(void (*fn)(const struct slab *slab, unsigned int index, void *arg),
			  void *arg)
{
	struct visit visit = { fn, arg };
	struct kmem_cache *cache;
	unsigned long flags;

	spin_lock_irqsave(&slab_list_lock, flags);
	list_for_each_entry(cache, &slab_caches, list)
		each_slab(cache, visit_slab, &visit);
	spin_unlock_irqrestore(&slab_list_lock, flags);
}

/*
 * Linux's version 2.1. Caches that no object was ever taken from are left out: they have not a
 * page. The tunables are how many objects a magazine holds, and how many full ones a depot.
 */
void slab_show(void)
{
	struct kmem_cache *cache;
	unsigned long flags;

	pr_info("slabinfo - version: 2.1\n");
	pr_info("# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> "
		": tunables <limit> <batchcount> <sharedfactor> "
		": slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	spin_lock_irqsave(&slab_list_lock, flags);
	list_for_each_entry(cache, &slab_caches, list) {
		struct tally tally;

		if (!slab_has_nodes(cache))
			continue;
		tally = count_cache(cache);
		pr_info("%-17s %6lu %6lu %6u %4u %4d : tunables %4u %4u %4u "
			": slabdata %6lu %6lu %6lu\n", cache->name, tally.used, tally.objects,
			cache->size, cache->nr, cache->pages, cache->magazine_max,
			cache->magazine_max, cache->depot_max, tally.active_slabs, tally.slabs,
			0UL);
	}
	spin_unlock_irqrestore(&slab_list_lock, flags);
}

/* ---- Validator ---- */

#define VIOLATION(what, fmt, args...) \
	(report_misuse(QUARRY_CORRUPTION, what, fmt, ##args), 1u)

static const char *list_fault(const struct slab *slab, const struct kmem_cache *cache,
			      unsigned int place)
{
	unsigned int nr_free = 0;

	if (slab->cache != cache)
		return "of another cache";
	for (unsigned int i = 0; i < slab->nr; i++) {
		u8 state = READ_ONCE(slab->state[i]);

		if (state > OBJECT_USED)
			return "state of an object";
		nr_free += state == OBJECT_FREE;
		if (state == OBJECT_FREE && i < slab->first)
			return "first free object";
	}
	if (nr_free != slab->nr_free)
		return "number of free objects";
	if (slab->place != place || slab_place(slab) != place)
		return "in the wrong list";
	return slab_fault(slab);
}

static unsigned int check_magazines(const struct kmem_cache *cache, const struct magazine *magazine,
				    unsigned int nr)
{
	for (; magazine; magazine = magazine->next, nr--) {
		if (magazine->nr > magazine->max ||
		    magazine->max > cache->magazine_max * sizeof(struct slot))
			return VIOLATION(magazine, "cache %s: magazine of %u, at most %u bytes",
					 cache->name, magazine->nr, magazine->max);
		for (u32 i = 0; i < magazine->nr / sizeof(struct slot); i++) {
			const struct slot *slot = &magazine->slots[i];
			struct slab *slab = slab_of(slot->object);

			if (!slab || slab->cache != cache || *slot->state != OBJECT_CACHED ||
			    slot->state != &slab->state[slab_index(slab, slot->object)])
				return VIOLATION(slot->object, "cache %s: %px in a depot",
						 cache->name, slot->object);
		}
	}
	return nr ? VIOLATION(cache, "cache %s: %d magazines more than listed", cache->name,
			      (int)nr) : 0;
}

/* Caller holds node->lock. */
static unsigned int check_node(const struct kmem_cache *cache, const struct cache_node *node)
{
	unsigned int slabs = 0, empty = 0, bad = 0;
	struct slab *slab;

	for (unsigned int place = 0; place < NR_SLAB_LISTS; place++) {
		const struct list_head *list = &node->lists[place];

		if (list_empty(list) != !(node->mask & BIT(place)))
			bad += VIOLATION(node, "cache %s: mask %#x, list %u", cache->name,
					 node->mask, place);
		list_for_each_entry(slab, list, list) {
			const char *fault = list_fault(slab, cache, place);

			if (fault)
				bad += VIOLATION(slab, "cache %s, slab %px: %s", cache->name,
						 slab, fault);
			slabs++;
			empty += place == SLABS_EMPTY;
		}
	}
	if (slabs != node->nr_slabs || empty != node->nr_empty)
		bad += VIOLATION(node, "cache %s: %u slabs listed of %u, %u empty of %u",
				 cache->name, slabs, node->nr_slabs, empty, node->nr_empty);
	bad += check_magazines(cache, node->full_magazines, node->nr_full_magazines);
	return bad + check_magazines(cache, node->empty_magazines, node->nr_empty_magazines);
}

unsigned int slab_validate(void)
{
	unsigned long outer, flags;
	struct kmem_cache *cache;
	unsigned int bad = meta_validate();

	spin_lock_irqsave(&slab_list_lock, outer);
	list_for_each_entry(cache, &slab_caches, list) {
		for (unsigned int nid = 0; slab_has_nodes(cache) && nid < nr_node_ids; nid++) {
			struct cache_node *node = slab_node_peek(cache, (int)nid);

			if (!node)
				continue;
			spin_lock_irqsave(&node->lock, flags);
			bad += check_node(cache, node);
			spin_unlock_irqrestore(&node->lock, flags);
		}
	}
	spin_unlock_irqrestore(&slab_list_lock, outer);
	if (no_magazine.nr || no_magazine.max)
		bad += VIOLATION(&no_magazine, "no_magazine holds something");
	return bad;
}
