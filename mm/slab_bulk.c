/* SPDX-License-Identifier: MIT */
/*
 * Many objects of a cache at once.
 *
 * The magazines of slab_cpu.c, emptied and filled by the handful with interrupts off, which
 * costs less than a restartable sequence for each object. What was taken together and is given
 * back together is recalled from the slots (slab_cpu.c); of other objects the slab is looked up,
 * unless it is that of the object before. All else is checked for each object.
 *
 * Locks: interrupts off for a whole array of objects. Costs: about 8 instructions to allocate an
 * object, 10 to free one that is recalled, 30 for others.
 */
#include "magazine.h"

/* What magazines, depot and slabs give at once. */
static size_t take_many(struct kmem_cache *cache, void **objects, size_t nr)
{
	unsigned long flags = port_irq_save();
	struct cache_cpu *cpu = this_cpu_ptr(cache->cpu);
	size_t done = 0;

	magazine_refresh(cache, cpu->loaded);
	while (done < nr && (cpu->loaded->nr || (cache->magazine_max && slab_reload(cache, cpu)))) {
		struct magazine *magazine = cpu->loaded;
		u32 take = (u32)min_t(size_t, nr - done, magazine->nr / SLOT);
		struct slot *slot;

		slot = &magazine->slots[magazine->nr / SLOT];
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

/*
 * The last of `nr` objects, as far as the slots above the top still remember them, from the last
 * on: how many are left.
 */
static __always_inline size_t put_recalled(const struct kmem_cache *cache,
					   struct magazine *magazine, size_t nr, void **objects)
{
	struct slot *slot = (struct slot *)((char *)magazine->slots + magazine->nr);
	struct slot *end = (struct slot *)((char *)magazine->slots + magazine->max);

	if (magazine->generation != READ_ONCE(cache->generation))
		return nr;
	while (nr && slot < end && slot->object == objects[nr - 1] &&
	       *slot->state == OBJECT_USED) {
		WRITE_ONCE(*slot->state, OBJECT_CACHED);
		slot++;
		nr--;
	}
	magazine->nr = (u32)((char *)slot - (char *)magazine->slots);
	return nr;
}

/* One that has to be looked up, unless it lies in the same block as the one before. */
static __always_inline bool put_looked_up(const struct kmem_cache *cache,
					  struct magazine *magazine, struct slab **slab,
					  void *object, void *before)
{
	u32 index;

	/* Slabs lie at multiples of their size. */
	if (((unsigned long)object ^ (unsigned long)before) >= PAGE_SIZE << cache->order || !*slab)
		*slab = slab_of(object);
	if (!*slab || (*slab)->cache != cache)
		return false;
	index = slab_index(*slab, object);
	if (index >= (*slab)->nr || (*slab)->state[index] != OBJECT_USED)
		return false;
	put(magazine, object, &(*slab)->state[index]);
	return true;
}

/* Frees from the last on, until one is wrong; how many are left. Interrupts off. */
static size_t put_many(struct kmem_cache *cache, size_t nr, void **objects)
{
	struct cache_cpu *cpu = this_cpu_ptr(cache->cpu);
	struct slab *slab = NULL;
	void *before = NULL;

	while (nr) {
		if (cpu->loaded->nr >= cpu->loaded->max &&
		    (!cache->magazine_max || !slab_unload(cache, cpu)))
			break;
		nr = put_recalled(cache, cpu->loaded, nr, objects);
		if (!nr || cpu->loaded->nr >= cpu->loaded->max)
			continue;
		if (!put_looked_up(cache, cpu->loaded, &slab, objects[nr - 1], before))
			break;
		before = objects[--nr];
	}
	return nr;
}

/* What was taken last goes first: as long as nobody else comes, it is recalled. */
void kmem_cache_free_bulk(struct kmem_cache *cache, size_t nr, void **objects)
{
	unsigned long flags;

	while (nr) {
		flags = port_irq_save();
		nr = put_many(cache, nr, objects);
		port_irq_restore(flags);
		if (nr)
			kmem_cache_free(cache, objects[--nr]);
	}
}
