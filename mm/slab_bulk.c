/* SPDX-License-Identifier: MIT */
/*
 * Many objects of a cache at once.
 *
 * They are moved in runs: as many as the loaded magazine of slab_cpu.c has, or has room for, with
 * interrupts off once for the run. The common call is one run: if loaded cannot serve all of it
 * and spare can, they change places first. So what is taken together and given back together
 * goes out of one magazine and into it again, and is recalled from its slots (slab_cpu.c) without
 * being looked up. The rest of a run is looked up, in the slab of the object before it if that
 * has it. Whichever it is, each object's state is checked and set by itself, one behind the
 * other: an object that stands in the array twice is a double free.
 *
 * Runs of four are written out: what a loop takes beside its body would be a third of it.
 *
 * Interleavings: those of slab_cpu.c, with "in a sequence" read as "in a run". Between two runs
 * of a call interrupts are on, and may leave the magazines in any state.
 *
 * Locks: interrupts off for a run, at most MAX_MAGAZINE objects (slab.c). Costs: 6 instructions
 * to allocate an object, 8 to free one that is recalled, 22 for others, and 25 for the call.
 */
#include "fault.h"
#include "magazine.h"

static __always_inline struct slot *top(struct magazine *magazine)
{
	return (struct slot *)((char *)magazine->slots + magazine->nr);
}

static __always_inline size_t room_in(const struct magazine *magazine)
{
	return (magazine->max - magazine->nr) / SLOT;
}

/* ---- Allocation ---- */

static __always_inline void take(const struct slot *slot, void **object)
{
	*object = slot->object;
	WRITE_ONCE(*slot->state, OBJECT_USED);
}

/* The last `nr` objects of the magazine, which has so many. */
static __always_inline void take_run(struct magazine *magazine, size_t nr, void **objects)
{
	struct slot *slot = top(magazine);
	void **end = objects + nr;

	magazine->nr -= (u32)nr * SLOT;
	for (; end - objects >= 4; objects += 4, slot -= 4) {
		take(slot - 1, objects);
		take(slot - 2, objects + 1);
		take(slot - 3, objects + 2);
		take(slot - 4, objects + 3);
	}
	while (objects < end)
		take(--slot, objects++);
}

/* A run of at most `nr`; how many, 0 when neither magazines nor depot nor slabs have any. */
static size_t take_some(struct kmem_cache *cache, size_t nr, void **objects)
{
	unsigned long flags = port_irq_save();
	struct cache_cpu *cpu = this_cpu_ptr(cache->cpu);
	bool some = cpu->loaded->nr;

	if ((cpu->loaded->nr / SLOT < nr && cpu->spare->nr / SLOT >= nr) ||
	    (!some && cache->magazine_max && fault_is_off()))
		some = slab_reload(cache, cpu);
	if (some) {
		nr = min_t(size_t, nr, cpu->loaded->nr / SLOT);
		take_run(cpu->loaded, nr, objects);
	}
	port_irq_restore(flags);
	return some ? nr : 0;
}

static void clear_all(struct kmem_cache *cache, gfp_t gfp, size_t nr, void **objects)
{
	slab_warn_zero(cache, gfp);
	for (size_t i = 0; i < nr; i++)
		memset(objects[i], 0, cache->object_size);
}

static noinline int alloc_runs(struct kmem_cache *cache, gfp_t gfp, size_t nr, void **objects)
{
	size_t done = 0, run;

	for (; done < nr; done += run) {
		run = take_some(cache, nr - done, objects + done);
		if (run)
			continue;
		objects[done] = slab_alloc_slow(cache, gfp & ~__GFP_ZERO);
		if (!objects[done]) {
			kmem_cache_free_bulk(cache, done, objects);
			return 0;
		}
		run = 1;
	}
	if (gfp & __GFP_ZERO)
		clear_all(cache, gfp, nr, objects);
	return (int)nr;
}

int kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t gfp, size_t nr, void **objects)
{
	struct magazine *magazine;
	unsigned long flags;

	if (likely(!(gfp & __GFP_ZERO))) {
		flags = port_irq_save();
		magazine = this_cpu_ptr(cache->cpu)->loaded;
		if (likely(magazine->nr / SLOT >= nr)) {
			take_run(magazine, nr, objects);
			port_irq_restore(flags);
			return (int)nr;
		}
		port_irq_restore(flags);
	}
	return alloc_runs(cache, gfp, nr, objects);
}

/* ---- Freeing ---- */

/* If the slot, above the top, still has the object: somebody's until now. */
static __always_inline bool recall(const struct slot *slot, const void *object)
{
	u8 *state = slot->state;

	if (slot->object != object || *state != OBJECT_USED)
		return false;
	WRITE_ONCE(*state, OBJECT_CACHED);
	return true;
}

/* How many of the four before `end`, from the last on. */
static __always_inline unsigned int recall_four(const struct slot *slot, void **end)
{
	return !recall(slot, end[-1]) ? 0 : !recall(slot + 1, end[-2]) ? 1 :
	       !recall(slot + 2, end[-3]) ? 2 : !recall(slot + 3, end[-4]) ? 3 : 4;
}

/*
 * The last of `nr` objects, for which there is room, from the last on, as far as the slots above
 * the top remember them: how many are left.
 */
static __always_inline size_t recall_run(const struct kmem_cache *cache, struct magazine *magazine,
					 size_t nr, void **objects)
{
	struct slot *slot = top(magazine);
	unsigned int same = 4;

	if (unlikely(magazine->generation != READ_ONCE(cache->generation)))
		return nr;
	for (; nr >= 4 && likely(same == 4); slot += same, nr -= same)
		same = recall_four(slot, objects + nr);
	for (; same == 4 && nr && recall(slot, objects[nr - 1]); slot++)
		nr--;
	magazine->nr = (u32)((char *)slot - (char *)magazine->slots);
	return nr;
}

/* The same for objects that are looked up, until one is wrong. */
static size_t look_up_run(const struct kmem_cache *cache, struct magazine *magazine, size_t nr,
			  void **objects)
{
	unsigned long block = PAGE_SIZE << cache->order;	/* slabs lie at multiples of it */
	struct slab *slab = NULL;
	void *before = NULL;

	for (; nr && magazine->nr < magazine->max; nr--) {
		void *object = objects[nr - 1];
		u32 index;

		if (!slab || ((unsigned long)object ^ (unsigned long)before) >= block)
			slab = slab_of(object);
		if (!slab || slab->cache != cache)
			break;
		index = slab_index(slab, object);
		if (index >= slab->nr || slab->state[index] != OBJECT_USED)
			break;
		WRITE_ONCE(slab->state[index], OBJECT_CACHED);
		*top(magazine) = (struct slot){ object, &slab->state[index] };
		magazine->nr += SLOT;
		before = object;
	}
	return nr;
}

/* A run, from the last on; how many are left: all, when the last is wrong or has no room. */
static size_t put_some(struct kmem_cache *cache, size_t nr, void **objects)
{
	unsigned long flags = port_irq_save();
	struct cache_cpu *cpu = this_cpu_ptr(cache->cpu);
	bool room = room_in(cpu->loaded);
	size_t rest;

	if ((room_in(cpu->loaded) < nr && room_in(cpu->spare) >= nr) ||
	    (!room && cache->magazine_max && fault_is_off()))
		room = slab_unload(cache, cpu);
	if (room) {
		rest = nr - min(nr, room_in(cpu->loaded));
		nr = rest + recall_run(cache, cpu->loaded, nr - rest, objects + rest);
		nr = look_up_run(cache, cpu->loaded, nr, objects);
	}
	port_irq_restore(flags);
	return nr;
}

static noinline void free_runs(struct kmem_cache *cache, size_t nr, void **objects)
{
	while (nr) {
		size_t left = put_some(cache, nr, objects);

		if (left == nr)
			kmem_cache_free(cache, objects[--left]);
		nr = left;
	}
}

/* What was taken last goes first: as long as nobody else comes, it is recalled. */
void kmem_cache_free_bulk(struct kmem_cache *cache, size_t nr, void **objects)
{
	unsigned long flags = port_irq_save();
	struct magazine *magazine = this_cpu_ptr(cache->cpu)->loaded;

	if (likely(room_in(magazine) >= nr))
		nr = recall_run(cache, magazine, nr, objects);
	port_irq_restore(flags);
	if (unlikely(nr))
		free_runs(cache, nr, objects);
}
