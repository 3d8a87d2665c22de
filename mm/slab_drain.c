/* SPDX-License-Identifier: MIT */
/*
 * Magazines and depots give back what they hold: before a cache is destroyed, when memory is
 * short, and when allocations are to fail on purpose.
 *
 * Each CPU empties its own magazines, in an interrupt, so that its fast paths need no lock. A
 * depot's are taken out under its lock, and emptied behind it.
 */
#include <linux/smp.h>
#include "magazine.h"

static void drain_magazine(struct kmem_cache *cache, struct magazine **magazine)
{
	struct magazine *mine = *magazine;

	if (!mine->max)
		return;
	*magazine = &no_magazine;
	slab_give(cache, mine->slots, mine->nr / SLOT);
	slab_free_magazine(mine);
}

void slab_drain_cpu(struct kmem_cache *cache)
{
	struct cache_cpu *cpu = this_cpu_ptr(cache->cpu);

	drain_magazine(cache, &cpu->loaded);
	drain_magazine(cache, &cpu->spare);
	kasan_quarantine_drain(cache);
	cpu->exchanges = 0;
}

/* On each CPU, with interrupts off. */
static void drain_one(void *arg)
{
	slab_drain_cpu(arg);
}

static void drain_chain(struct kmem_cache *cache, struct magazine *magazine)
{
	while (magazine) {
		struct magazine *next = magazine->next;

		drain_magazine(cache, &magazine);
		magazine = next;
	}
}

static void drain_depot(struct kmem_cache *cache, struct cache_node *node)
{
	struct magazine *full, *empty;
	unsigned long flags;

	spin_lock_irqsave(&node->lock, flags);
	full = node->full_magazines;
	empty = node->empty_magazines;
	node->full_magazines = node->empty_magazines = NULL;
	WRITE_ONCE(node->nr_full_magazines, 0);
	WRITE_ONCE(node->nr_empty_magazines, 0);
	spin_unlock_irqrestore(&node->lock, flags);
	drain_chain(cache, full);
	drain_chain(cache, empty);
}

void slab_drain_depots(struct kmem_cache *cache)
{
	for (unsigned int nid = 0; nid < nr_node_ids; nid++)
		if (slab_node_peek(cache, (int)nid))
			drain_depot(cache, slab_node_peek(cache, (int)nid));
}

void slab_drain(struct kmem_cache *cache)
{
	on_each_cpu(drain_one, cache, 1);
	slab_drain_depots(cache);
}
