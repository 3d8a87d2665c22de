/* SPDX-License-Identifier: MIT */
/*
 * The fast paths of caches and kmalloc(), shared by both: slab_cpu.c has the theory. Functions
 * that call these are marked __rseq. `gfp` of the fast path may only ask for __GFP_ZERO; what
 * flags mean besides counts in the slow one.
 */
#ifndef MM_MAGAZINE_H
#define MM_MAGAZINE_H

#include <linux/percpu.h>
#include <quarry/rseq.h>
#include "kasan.h"
#include "kfence.h"

#define SLOT	     ((u32)sizeof(struct slot))
#define SLOTS_OFFSET 24

_Static_assert(offsetof(struct magazine, slots) == SLOTS_OFFSET &&
	       offsetof(struct magazine, generation) == 8, "the sequences know it");

/* slab_cpu.c: when the magazine is empty; when it is full, the object being OBJECT_CACHED. */
void *slab_alloc_slow(struct kmem_cache *cache, gfp_t gfp);
void slab_free_slow(struct kmem_cache *cache, void *object, u8 *state);
/* Somebody wants objects cleared: reported once for a cache that has a constructor. */
void slab_warn_zero(struct kmem_cache *cache, gfp_t gfp);
/*
 * Puts objects into the empty loaded magazine; false when neither depot nor slabs have any.
 * Makes room in a full one; false when there can be none. Interrupts off.
 */
bool slab_reload(struct kmem_cache *cache, struct cache_cpu *cpu);
bool slab_unload(struct kmem_cache *cache, struct cache_cpu *cpu);
/* An empty one, in no place any more. */
void slab_free_magazine(struct magazine *magazine);

#ifdef PORT_RSEQ

static __always_inline bool magazine_pop(struct cache_cpu *cpu, struct slot *slot)
{
	unsigned long nr;
	struct magazine *magazine;
	bool empty;

	__asm__ __volatile__(RSEQ_BEGIN
			     "mov %%gs:(%[cpu]), %[magazine]\n"
			     "mov (%[magazine]), %k[nr]\n"
			     "sub $16, %k[nr]\n"
			     "jc 773f\n"
			     "mov 24(%[magazine],%[nr]), %[object]\n"
			     "mov 32(%[magazine],%[nr]), %[state]\n"
			     "mov %k[nr], (%[magazine])\n"
			     RSEQ_END
			     "773:\n"
			     : [nr] "=&r"(nr), [magazine] "=&r"(magazine),
			       [object] "=&r"(slot->object), [state] "=&r"(slot->state),
			       "=@ccc"(empty)
			     : [cpu] "r"(cpu)
			     : "memory");
	return !empty;
}

static __always_inline bool magazine_push(struct cache_cpu *cpu, const void *object, u8 *state)
{
	__asm__ __volatile__ goto(RSEQ_BEGIN
				  "mov %%gs:(%[cpu]), %%rdx\n"
				  "mov (%%rdx), %%eax\n"
				  "cmp 4(%%rdx), %%eax\n"
				  "jae %l[full]\n"
				  "mov %[object], 24(%%rdx,%%rax)\n"
				  "mov %[state], 32(%%rdx,%%rax)\n"
				  "add $16, %%eax\n"
				  "mov %%eax, (%%rdx)\n"
				  RSEQ_END
				  :: [cpu] "r"(cpu), [object] "r"(object), [state] "r"(state)
				  : "rax", "rdx", "cc", "memory" : full);
	return true;
full:
	return false;
}

/* The slot above the top, if it still has the object: its state byte, and the generation. */
static __always_inline bool magazine_peek(struct cache_cpu *cpu, const void *object, u8 **state,
					  unsigned long *generation)
{
	struct magazine *magazine;
	unsigned long nr;
	bool same;

	__asm__ __volatile__(RSEQ_BEGIN
			     "mov %%gs:(%[cpu]), %[magazine]\n"
			     "mov (%[magazine]), %k[nr]\n"
			     "mov 8(%[magazine]), %[generation]\n"
			     "mov 32(%[magazine],%[nr]), %[state]\n"
			     "cmp %[object], 24(%[magazine],%[nr])\n"
			     RSEQ_END
			     : [nr] "=&r"(nr), [magazine] "=&r"(magazine),
			       [generation] "=&r"(*generation), [state] "=&r"(*state),
			       "=@ccz"(same)
			     : [cpu] "r"(cpu), [object] "r"(object)
			     : "memory");
	return same;
}

#else

static inline bool magazine_pop(struct cache_cpu *cpu, struct slot *slot)
{
	unsigned long flags = port_irq_save();
	struct magazine *magazine = this_cpu_ptr(cpu)->loaded;
	bool some = magazine->nr;

	if (some) {
		magazine->nr -= SLOT;
		*slot = magazine->slots[magazine->nr / SLOT];
	}
	port_irq_restore(flags);
	return some;
}

static inline bool magazine_push(struct cache_cpu *cpu, const void *object, u8 *state)
{
	unsigned long flags = port_irq_save();
	struct magazine *magazine = this_cpu_ptr(cpu)->loaded;
	bool fits = magazine->nr < magazine->max;

	if (fits) {
		magazine->slots[magazine->nr / SLOT] = (struct slot){ (void *)object, state };
		magazine->nr += SLOT;
	}
	port_irq_restore(flags);
	return fits;
}

static inline bool magazine_peek(struct cache_cpu *cpu, const void *object, u8 **state,
				 unsigned long *generation)
{
	unsigned long flags = port_irq_save();
	struct magazine *magazine = this_cpu_ptr(cpu)->loaded;
	struct slot *slot = &magazine->slots[magazine->nr / SLOT];
	bool same = slot->object == object;

	*state = slot->state;
	*generation = magazine->generation;
	port_irq_restore(flags);
	return same;
}

#endif

static __always_inline void *slab_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	struct slot slot;

	if (unlikely(!magazine_pop(cache->cpu, &slot)))
		return slab_alloc_slow(cache, gfp);
	WRITE_ONCE(*slot.state, OBJECT_USED);
	if (unlikely(gfp & __GFP_ZERO))
		return memset(slot.object, 0, cache->object_size);
	return slot.object;
}

/*
 * Before it is used anew: what slots above the top remember counts from now on, or, if slabs went
 * back since they were looked after, no more. Slots below the top are of slabs that are there.
 * Interrupts off.
 */
static inline void magazine_refresh(struct kmem_cache *cache, struct magazine *magazine)
{
	unsigned long generation = READ_ONCE(cache->generation);

	if (!magazine->max || magazine->generation == generation)
		return;
	magazine->generation = generation;
	for (u32 i = magazine->nr / SLOT; i <= cache->magazine_max; i++)
		magazine->slots[i] = (struct slot){ SLOT_EMPTY, &slab_no_state };
}

/*
 * The state byte of an object that this CPU took last and gives back first: the slot that it was
 * in still has it. That holds as long as no slab of the cache went back since, so a state byte
 * that is remembered exists, and is that of this object. NULL: it must be looked up.
 */
static __always_inline u8 *slab_recall(struct kmem_cache *cache, const void *object)
{
	unsigned long generation;
	u8 *state;

	return magazine_peek(cache->cpu, object, &state, &generation) &&
	       generation == READ_ONCE(cache->generation) ? state : NULL;
}

/* false: no object that somebody has begins there. `slab` is what the address lies in. */
static __always_inline bool slab_free(struct slab *slab, const void *object)
{
	u32 index = slab_index(slab, object);
	u8 *state = &slab->state[index];

	if (unlikely(index >= slab->nr || *state != OBJECT_USED))
		return false;
	if (QUARRY_DEBUG_LOCKS)
		debug_check_no_locks_freed(object, slab->cache->object_size);
	WRITE_ONCE(*state, OBJECT_CACHED);
	if (unlikely(!magazine_push(slab->cpu, object, state)))
		slab_free_slow(slab->cache, (void *)object, state);
	return true;
}

#endif
