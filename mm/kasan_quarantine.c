/* SPDX-License-Identifier: MIT */
/*
 * The quarantine of KASAN: freed objects wait, so that a use after the free still finds them free.
 *
 * Each CPU has a ring. An object that is freed takes the oldest one's place, and that goes back to
 * its slab. What of a cache waits is let go when its magazines would be (slab_drain_cpu()).
 *
 * Locks: interrupts off; a CPU touches only its own ring. Costs: 24 bytes a place for each CPU.
 */
#include <linux/percpu.h>
#include "kasan.h"

#define PLACES 256

struct waiting {
	struct kmem_cache *cache;	/* NULL: nobody */
	struct slot slot;
};

struct ring {
	unsigned int next, nr;
	struct waiting places[PLACES];
};

static DEFINE_PER_CPU(struct ring, ring);

bool kasan_quarantine(struct kmem_cache **cache, struct slot *slot)
{
	struct ring *mine = this_cpu_ptr(&ring);
	struct waiting *place = &mine->places[mine->next], oldest = *place;

	if (!kasan_hides(*cache))
		return true;
	*place = (struct waiting){ *cache, *slot };
	mine->next = (mine->next + 1) % PLACES;
	if (!oldest.cache) {
		mine->nr++;
		return false;
	}
	*cache = oldest.cache;
	*slot = oldest.slot;
	return true;
}

void kasan_quarantine_drain(struct kmem_cache *cache)
{
	struct ring *mine = this_cpu_ptr(&ring);

	for (unsigned int i = 0; mine->nr && i < PLACES; i++) {
		struct waiting *place = &mine->places[i];

		if (place->cache != cache)
			continue;
		place->cache = NULL;
		mine->nr--;
		slab_give(cache, &place->slot, 1);
	}
}
