/* SPDX-License-Identifier: MIT */
/*
 * Magazines: objects that a CPU keeps at hand.
 *
 *	CPU		loaded | spare		arrays of slots {object, its state byte}
 *	node's depot	full, full | empty	exchanged whole, by one lock
 *	slabs		fullest first		slab.c
 *
 * An allocation takes the loaded magazine's last slot, a free adds one. With none there, loaded
 * and spare change places; if that does not help, the depot gives a full or an empty one for it;
 * if it has none, a handful of objects is fetched from slabs, or given back to them, under one
 * lock; those of a new slab are at hand at once. So objects freed by another CPU than allocated
 * them move in handfuls, too: what CPU 1 frees fills its magazines, which reach CPU 0 by way of
 * the depot.
 *
 * What was taken last and is given back first needs no looking up: the slot above the top still
 * has it, with its state byte. A slab that went back in between would make that stale, so the
 * cache counts those, and a magazine knows the count up to which its slots can be believed.
 *
 * The fast paths are restartable sequences (quarry/rseq.h): no lock, no locked instruction,
 * interrupts as they are. A slot has the address of the state byte beside that of the object, so
 * an allocation need not look up the slab to mark its object used. A free does: it is how a wrong
 * pointer is found, and the state byte is how a double free is, at the free itself.
 *
 *	object is	in its slab	in a magazine	somebody's
 *	state		OBJECT_FREE	OBJECT_CACHED	OBJECT_USED
 *
 * A CPU gets its magazines only when it has asked several times, the larger the objects the more
 * often; they begin with few slots in use and grow with the exchanges, so that a cache of little
 * use keeps little. Caches with debug flags, and all of them under init_on_alloc=1 or
 * init_on_free=1, have none: no_magazine is full and empty at once, so every call fails into the
 * slow path, and the fast one has nothing to ask.
 *
 * Interleavings that were considered:
 * 1. An interrupt within a sequence, whatever it does to the magazines: begun anew.
 * 2. An interrupt between taking a slot and marking its object used: the object is in no
 *    magazine any more, nobody else can see it.
 * 3. Two frees of one object at once on two CPUs: both may see OBJECT_USED, and it gets into two
 *    magazines. A locked instruction for each free would be the price of not missing that. It is
 *    found when the object is given back to its slab (slab.c), unless both gave it to somebody.
 * 4. slab_drain() while this CPU works: each CPU empties its own, in an interrupt.
 * 5. The thread is on another CPU after it slept in the page allocator: it looks again.
 *
 * Locks: interrupts off for whatever touches more than a slot; node->lock for the depot.
 * Costs: about 15 instructions to allocate, 40 to free, 20 for what was taken last.
 */
#include <linux/smp.h>
#include "fault.h"
#include "init_memory.h"
#include "magazine.h"

#define FIRST_SLOTS  4U			/* a magazine's first limit */
#define SMALL	     256U		/* bytes of an object that gets a magazine at once */
#define EARNED_BYTES 32U		/* of a larger one: one time of asking for it more */
#define MOST_ASKING  256U
#define EXCHANGES    16U		/* that it takes to raise it by one */

/* Full and empty at once; the slot above its top has no object. */
struct magazine no_magazine = { .slots = { { SLOT_EMPTY, &slab_no_state } } };
atomic_long_t slab_nr_magazines;

/* ---- Magazines: interrupts off ---- */

static size_t magazine_size(const struct kmem_cache *cache)
{
	return sizeof(struct magazine) + (cache->magazine_max + 1U) * SLOT;
}

static struct magazine *magazine_new(struct kmem_cache *cache)
{
	struct magazine *magazine = NULL;

	if (cache->magazine_max)
		magazine = meta_alloc(magazine_size(cache), __GFP_NOWARN);
	if (!magazine)
		return NULL;
	atomic_long_inc(&slab_nr_magazines);
	magazine->max = min_t(u32, FIRST_SLOTS, cache->magazine_max) * SLOT;
	magazine->generation = ~0UL;	/* nobody's */
	magazine_refresh(cache, magazine);
	return magazine;
}

/*
 * A CPU's first two, once it has asked often enough: what is seldom used and large is better
 * kept by nobody.
 */
static struct magazine *magazine_earned(struct kmem_cache *cache, struct cache_cpu *cpu)
{
	unsigned int asking = cache->size <= SMALL ? 0 :
			      min(cache->size / EARNED_BYTES, MOST_ASKING);

	if (cpu->exchanges++ < asking)
		return NULL;
	return magazine_new(cache);
}

/* The more often a CPU exchanges magazines of the cache, the more they may hold. */
static void magazine_grow(struct kmem_cache *cache, struct cache_cpu *cpu,
			  struct magazine *magazine)
{
	u32 slots = FIRST_SLOTS + ++cpu->exchanges / EXCHANGES;

	magazine->max = max(magazine->max, min_t(u32, slots, cache->magazine_max) * SLOT);
}

void slab_free_magazine(struct magazine *magazine)
{
	atomic_long_dec(&slab_nr_magazines);
	meta_free(magazine);
}

static struct cache_node *local_node(const struct kmem_cache *cache)
{
	return slab_node_peek(cache, numa_mem_id());
}

/* A full magazine of the depot for an empty one, which may be no_magazine. */
static struct magazine *depot_take_full(struct cache_node *node, struct magazine *empty)
{
	struct magazine *full = node->full_magazines;

	if (!full)
		return NULL;
	node->full_magazines = full->next;
	WRITE_ONCE(node->nr_full_magazines, (u16)(node->nr_full_magazines - 1));
	if (empty->max) {
		empty->next = node->empty_magazines;
		node->empty_magazines = empty;
		WRITE_ONCE(node->nr_empty_magazines, (u16)(node->nr_empty_magazines + 1));
	}
	return full;
}

/* An empty one for a full one: the depot's or `fresh`. NULL: it has enough full ones. */
static struct magazine *depot_take_empty(struct kmem_cache *cache, struct cache_node *node,
					 struct magazine *full, struct magazine *fresh)
{
	struct magazine *empty = node->empty_magazines;

	if (node->nr_full_magazines >= cache->depot_max)
		return NULL;
	if (!empty)
		empty = fresh;
	else
		node->empty_magazines = empty->next;
	if (!empty)
		return NULL;
	if (empty != fresh)
		WRITE_ONCE(node->nr_empty_magazines, (u16)(node->nr_empty_magazines - 1));
	full->next = node->full_magazines;
	node->full_magazines = full;
	WRITE_ONCE(node->nr_full_magazines, (u16)(node->nr_full_magazines + 1));
	return empty;
}

static struct magazine *exchange_full(struct kmem_cache *cache, struct magazine *full)
{
	struct cache_node *node = local_node(cache);
	struct magazine *fresh = NULL, *empty;

	if (!node || READ_ONCE(node->nr_full_magazines) >= cache->depot_max)
		return NULL;
	if (!READ_ONCE(node->nr_empty_magazines))
		fresh = magazine_new(cache);
	spin_lock(&node->lock);
	empty = depot_take_empty(cache, node, full, fresh);
	spin_unlock(&node->lock);
	if (fresh && empty != fresh)
		slab_free_magazine(fresh);
	return empty;
}

/* Is there anything to be had? Asked without the lock: old news, but mostly right. */
static bool has_some(const struct cache_node *node)
{
	return READ_ONCE(node->nr_full_magazines) ||
	       (READ_ONCE(node->mask) & ~BIT(SLABS_FULL));
}

static void swap_magazines(struct cache_cpu *cpu)
{
	struct magazine *loaded = cpu->loaded;

	cpu->loaded = cpu->spare;
	cpu->spare = loaded;
}

/* Puts objects into the empty loaded magazine; false when neither depot nor slabs have any. */
static bool reload(struct kmem_cache *cache, struct cache_cpu *cpu)
{
	struct cache_node *node = local_node(cache);
	struct magazine *full;

	if (cpu->spare->nr) {
		swap_magazines(cpu);
		return true;
	}
	if (!node)
		return false;
	if (!cpu->loaded->max) {
		full = magazine_earned(cache, cpu);
		if (!full)
			return false;
		cpu->loaded = full;
	}
	magazine_grow(cache, cpu, cpu->loaded);
	if (!has_some(node))
		return false;
	spin_lock(&node->lock);
	full = depot_take_full(node, cpu->loaded);
	if (full)
		cpu->loaded = full;
	else
		cpu->loaded->nr = SLOT * slab_take(node, cpu->loaded->slots,
						   cpu->loaded->max / SLOT);
	spin_unlock(&node->lock);
	return cpu->loaded->nr;
}

/*
 * Makes room in the full loaded magazine; false when there can be none. spare is a magazine
 * only if loaded is.
 */
static bool unload(struct kmem_cache *cache, struct cache_cpu *cpu)
{
	struct magazine *empty;
	u32 nr;

	if (!cpu->spare->max) {
		empty = magazine_earned(cache, cpu);
		if (!empty)
			return false;
		cpu->spare = empty;
	}
	if (cpu->spare->nr < cpu->spare->max) {
		swap_magazines(cpu);
		return true;
	}
	magazine_grow(cache, cpu, cpu->loaded);
	if (cpu->loaded->nr < cpu->loaded->max)
		return true;
	empty = exchange_full(cache, cpu->loaded);
	if (empty) {
		cpu->loaded = empty;
		return true;
	}
	nr = cpu->loaded->nr / SLOT;
	cpu->loaded->nr = 0;
	slab_give(cache, cpu->loaded->slots, nr);
	return true;
}

bool slab_reload(struct kmem_cache *cache, struct cache_cpu *cpu)
{
	bool loaded = reload(cache, cpu);

	magazine_refresh(cache, cpu->loaded);
	return loaded;
}

bool slab_unload(struct kmem_cache *cache, struct cache_cpu *cpu)
{
	bool room = unload(cache, cpu);

	magazine_refresh(cache, cpu->loaded);
	return room;
}

/* ---- Allocation ---- */

/* One object by way of this CPU's magazines, or directly where there can be none. */
static bool take_local(struct kmem_cache *cache, struct slot *slot)
{
	struct cache_node *node = local_node(cache);
	unsigned long flags = port_irq_save();
	struct cache_cpu *cpu = this_cpu_ptr(cache->cpu);
	bool taken = false;

	if (cpu->loaded->nr || (cache->magazine_max && fault_is_off() && slab_reload(cache, cpu))) {
		cpu->loaded->nr -= SLOT;
		*slot = cpu->loaded->slots[cpu->loaded->nr / SLOT];
		taken = true;
	} else if (node && !cpu->loaded->max) {
		spin_lock(&node->lock);
		taken = slab_take(node, slot, 1);
		spin_unlock(&node->lock);
	}
	port_irq_restore(flags);
	return taken;
}

/* One object from slabs of a node that are there. */
static bool take_from_node(struct kmem_cache *cache, struct slot *slot, int nid)
{
	struct cache_node *node = slab_node_peek(cache, nid);
	unsigned long flags;
	bool taken;

	if (!node)
		return false;
	spin_lock_irqsave(&node->lock, flags);
	taken = slab_take(node, slot, 1);
	spin_unlock_irqrestore(&node->lock, flags);
	return taken;
}

static bool take_from_any(struct kmem_cache *cache, struct slot *slot)
{
	for (unsigned int nid = 0; nid < nr_node_ids; nid++)
		if (take_from_node(cache, slot, (int)nid))
			return true;
	return false;
}

/* One object of a slab just made; if it is of this CPU's node, its others may be the next ones. */
static bool take_new(struct kmem_cache *cache, struct slot *slot, gfp_t gfp, int nid)
{
	struct slab *slab = slab_create(cache, gfp, nid);
	struct magazine *loaded;
	unsigned long flags;

	if (!slab)
		return false;
	flags = port_irq_save();
	loaded = this_cpu_ptr(cache->cpu)->loaded;
	if (!loaded->nr && loaded->max && nid == numa_mem_id()) {
		loaded->nr = SLOT * (slab_add(slab, loaded->slots, loaded->max / SLOT) - 1);
		*slot = loaded->slots[loaded->nr / SLOT];
	} else {
		slab_add(slab, slot, 1);
	}
	port_irq_restore(flags);
	return true;
}

/*
 * A slab more. With several nodes: of the node itself; then what other nodes have in slabs;
 * a new slab elsewhere comes last, or each handful of objects would cost one.
 */
static bool take_grown(struct kmem_cache *cache, struct slot *slot, gfp_t gfp, int nid)
{
	gfp_t here = (gfp & ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL)) | __GFP_THISNODE | __GFP_NOWARN;

	if (nr_node_ids > 1 && !(gfp & __GFP_THISNODE)) {
		if (take_new(cache, slot, here, nid) || take_from_any(cache, slot))
			return true;
	}
	return take_new(cache, slot, gfp, nid);
}

void slab_warn_zero(struct kmem_cache *cache, gfp_t gfp)
{
	if ((!cache->ctor && !cache->ctor3) || READ_ONCE(cache->zero_reported))
		return;
	WRITE_ONCE(cache->zero_reported, true);
	report_misuse(QUARRY_BAD_ARGUMENT, cache, "kmem_cache_alloc(%s, gfp:%#x): __GFP_ZERO "
		      "undoes what the constructor did", cache->name, gfp);
}

/* What a cache without magazines has to do: debug flags, init_on_alloc=1, init_on_free=1. */
static noinline void before_use(struct kmem_cache *cache, void *object)
{
	if (slab_is_debugged(cache))
		slab_debug_alloc(object);
	init_object_alloc(cache, object);
}

static noinline void after_use(struct kmem_cache *cache, void *object)
{
	if (slab_is_debugged(cache))
		slab_debug_free(object);
	init_object_free(cache, object);
}

static void *finish(struct kmem_cache *cache, const struct slot *slot, gfp_t gfp)
{
	if (!cache->magazine_max)
		before_use(cache, slot->object);
	WRITE_ONCE(*slot->state, OBJECT_USED);
	if (gfp & __GFP_ZERO)
		memset(slot->object, 0, cache->object_size);
	return slot->object;
}

noinline void *slab_alloc_slow(struct kmem_cache *cache, gfp_t gfp)
{
	struct slot slot = { NULL, NULL };

	might_sleep_if(gfpflags_allow_blocking(gfp));
	if (gfp & __GFP_ZERO)
		slab_warn_zero(cache, gfp);
	if (kfence_is_due() && fault_is_off() && (slot.object = kfence_alloc(cache, gfp)))
		return slot.object;
	if (fault_hits_object(cache->name, gfp) ||
	    (!take_local(cache, &slot) && !take_grown(cache, &slot, gfp, numa_mem_id())))
		return NULL;
	return finish(cache, &slot, gfp);
}

__rseq void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	return slab_alloc(cache, gfp);
}

void *kmem_cache_alloc_node(struct kmem_cache *cache, gfp_t gfp, int nid)
{
	struct slot slot;

	/* A CPU's magazines hold what it has freed, of any node. */
	if (nid < 0 || (!nid && nr_node_ids == 1))
		return kmem_cache_alloc(cache, gfp);
	might_sleep_if(gfpflags_allow_blocking(gfp));
	if (gfp & __GFP_ZERO)
		slab_warn_zero(cache, gfp);
	if (nid >= MAX_NUMNODES) {
		report_misuse(QUARRY_BAD_ARGUMENT, cache,
			      "kmem_cache_alloc_node(%s, %#x, %d): no such node", cache->name, gfp,
			      nid);
		return NULL;
	}
	if (fault_hits_object(cache->name, gfp) ||
	    ((nid >= (int)nr_node_ids || !take_from_node(cache, &slot, nid)) &&
	     !take_grown(cache, &slot, gfp, nid)))
		return NULL;
	return finish(cache, &slot, gfp);
}

/* ---- Freeing ---- */

/* The object is marked OBJECT_CACHED. */
noinline void slab_free_slow(struct kmem_cache *cache, void *object, u8 *state)
{
	struct slot slot = { object, state };
	struct cache_cpu *cpu;
	unsigned long flags;
	bool room, give;

	if (!cache->magazine_max)
		after_use(cache, object);
	flags = port_irq_save();
	cpu = this_cpu_ptr(cache->cpu);
	room = cache->magazine_max && fault_is_off() && slab_unload(cache, cpu);
	if (room) {
		cpu->loaded->slots[cpu->loaded->nr / SLOT] = slot;
		cpu->loaded->nr += SLOT;
	}
	give = !room && kasan_quarantine(&cache, &slot);
	if (give)		/* with interrupts off: what waited may be of a cache that ends */
		slab_give(cache, &slot, 1);
	port_irq_restore(flags);
}

static noinline void free_wrong(struct kmem_cache *cache, const void *object)
{
	if (object && !kfence_free("kmem_cache_free", cache, object))
		slab_report_free("kmem_cache_free", cache, object);
}

/* The slow half of the look-up: a call of its own, so that the other half saves no registers. */
static noinline __section("rseq_text") void free_looked_up(struct kmem_cache *cache, void *object)
{
	struct slab *slab = slab_of(object);

	if (unlikely(!slab || slab->cache != cache || !slab_free(slab, object)))
		free_wrong(cache, object);
}

__rseq void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	u8 *state = slab_recall(cache, object);

	if (unlikely(!state || *state != OBJECT_USED)) {
		free_looked_up(cache, object);
		return;
	}
	WRITE_ONCE(*state, OBJECT_CACHED);
	if (unlikely(!magazine_push(cache->cpu, object, state)))
		slab_free_slow(cache, object, state);
}

void slab_cpu_init(struct kmem_cache *cache, unsigned int cpu)
{
	struct cache_cpu *part = per_cpu_ptr(cache->cpu, cpu);

	part->loaded = part->spare = &no_magazine;
	part->exchanges = 0;
}
