/* SPDX-License-Identifier: MIT */
/*
 * Many objects of a cache at once.
 *
 * The magazines of slab_cpu.c, emptied and filled by the handful with interrupts off, which
 * costs less than a restartable sequence for each object. A free looks up the slab only when an
 * object does not lie in the same slab as the one before; all else is checked for each object.
 *
 * Locks: interrupts off for a whole array of objects. Costs: about 8 instructions to allocate an
 * object, 20 to free one.
 */
#include "magazine.h"

/* What magazines, depot and slabs give at once. */
static size_t take_many(struct kmem_cache *cache, void **objects, size_t nr)
{
	unsigned long flags = port_irq_save();
	struct cache_cpu *cpu = this_cpu_ptr(cache->cpu);
	size_t done = 0;

	while (done < nr && (cpu->loaded->nr || (cache->magazine_max && slab_reload(cache, cpu)))) {
		struct magazine *magazine = cpu->loaded;
		u32 take = (u32)min_t(size_t, nr - done, magazine->nr / SLOT);
		struct slot *slot = &magazine->slots[magazine->nr / SLOT];

		magazine->nr -= take * SLOT;
		for (u32 i = 0; i < take; i++) {
			slot--;
			objects[done++] = slot->object;
			WRITE_ONCE(*slot->state, OBJECT_USED);
		}
	}
	port_irq_restore(flags);
	return done;
}

int kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t gfp, size_t nr, void **objects)
{
	size_t done = take_many(cache, objects, nr);

	while (done < nr) {
		objects[done] = slab_alloc_slow(cache, gfp & ~__GFP_ZERO);
		if (!objects[done]) {
			kmem_cache_free_bulk(cache, done, objects);
			return 0;
		}
		done++;
		done += take_many(cache, objects + done, nr - done);
	}
	for (size_t i = 0; (gfp & __GFP_ZERO) && i < nr; i++)
		memset(objects[i], 0, cache->object_size);
	return (int)nr;
}

/* One object into the loaded magazine, which has room. */
static __always_inline void put(struct magazine *magazine, void *object, u8 *state)
{
	struct slot *slot = (struct slot *)((char *)magazine->slots + magazine->nr);

	WRITE_ONCE(*state, OBJECT_CACHED);
	slot->object = object;
	slot->state = state;
	magazine->nr += SLOT;
}

/* Frees objects until one is wrong; how many that were. Interrupts off. */
static size_t put_many(struct kmem_cache *cache, size_t nr, void **objects)
{
	struct cache_cpu *cpu = this_cpu_ptr(cache->cpu);
	unsigned long block = PAGE_SIZE << cache->order;
	struct slab *slab = NULL;
	void *before = NULL;
	size_t i;

	for (i = 0; i < nr; i++) {
		struct magazine *magazine = cpu->loaded;
		void *object = objects[i];
		u32 index;

		/* Slabs lie at multiples of their size. */
		if (((unsigned long)object ^ (unsigned long)before) >= block || !slab) {
			slab = slab_of(object);
			if (!slab || slab->cache != cache)
				break;
		}
		before = object;
		index = slab_index(slab, object);
		if (index >= slab->nr || slab->state[index] != OBJECT_USED)
			break;
		if (magazine->nr >= magazine->max) {
			if (!cache->magazine_max || !slab_unload(cache, cpu))
				break;
			magazine = cpu->loaded;
		}
		put(magazine, object, &slab->state[index]);
	}
	return i;
}

void kmem_cache_free_bulk(struct kmem_cache *cache, size_t nr, void **objects)
{
	unsigned long flags;
	size_t done = 0;

	while (done < nr) {
		flags = port_irq_save();
		done += put_many(cache, nr - done, objects + done);
		port_irq_restore(flags);
		if (done < nr)
			kmem_cache_free(cache, objects[done++]);
	}
}
