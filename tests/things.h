/* SPDX-License-Identifier: MIT */
/*
 * One of each kind of allocation, for tests that mix them: a thing is made, bears its mark as long
 * as it lives, and is looked at when it ends, by whoever comes along, on whatever CPU.
 *
 * The mark is a byte that stands at both ends of what was allocated; so two owners of one place see
 * each other. A thing's fields belong to whoever makes or ends it: callers see to that.
 *
 * things_open() makes what kinds need; what cannot be made for want of memory is not made then.
 */
#ifndef TESTS_THINGS_H
#define TESTS_THINGS_H

#include <linux/atomic.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include "tests/fake_device.h"
#include "tests/selftest.h"

#define THING_PARTS  8
#define THING_EDGE   32		/* bytes at either end that are filled and looked at */
#define THING_CACHES 3
#define THING_CTOR   0x7468696e67000000ULL

struct thing {
	const struct thing_kind *kind;	/* NULL: nothing */
	void *at;
	size_t size;		/* bytes that are marked, from at */
	unsigned int choice;	/* the kind's own: an order, which cache, how it will end, … */
	dma_addr_t dma;
	void *parts[THING_PARTS];
	u8 mark;
};

struct thing_kind {
	const char *name;
	bool make_sleeps, end_sleeps;	/* only for threads */
	bool (*make)(struct thing *thing, u64 random, gfp_t gfp);
	void (*end)(struct thing *thing);
};

static struct kmem_cache *thing_caches[THING_CACHES];
static mempool_t *thing_pool, *thing_loans;
static struct dma_pool *thing_blocks;
static struct gen_pool *thing_arena;
static void *thing_arena_at;
static struct device thing_device;	/* reaches 32 bits */
static u64 thing_device_mask;
static atomic_long_t things_wrong;	/* marks that were not what they should be */

/* ---- Marks ---- */

static inline void mark_bytes(void *at, size_t size, u8 mark)
{
	size_t edge = min_t(size_t, size, THING_EDGE);

	memset(at, mark, edge);
	memset(at + size - edge, mark, edge);
}

static inline void look_at_bytes(const void *at, size_t size, u8 mark)
{
	size_t edge = min_t(size_t, size, THING_EDGE);

	if (memchr_inv(at, mark, edge) || memchr_inv(at + size - edge, mark, edge))
		atomic_long_inc(&things_wrong);
}

static inline bool mark_thing(struct thing *thing, void *at, size_t size)
{
	thing->at = at;
	thing->size = size;
	if (at)
		mark_bytes(at, size, thing->mark);
	return at;
}

static inline void look_at_thing(const struct thing *thing)
{
	look_at_bytes(thing->at, thing->size, thing->mark);
}

/* Pages may have no address of their own. */
static inline void mark_page(struct page *page, u8 mark)
{
	void *at = kmap_local_page(page);

	mark_bytes(at, PAGE_SIZE, mark);
	kunmap_local(at);
}

static inline void look_at_page(struct page *page, u8 mark)
{
	void *at = kmap_local_page(page);

	look_at_bytes(at, PAGE_SIZE, mark);
	kunmap_local(at);
}

/* Small ones most often; one in 32 up to 2^18 bytes. */
static inline size_t thing_size(u64 random)
{
	unsigned int shift = 3 + (unsigned int)(random >> 8) % (random % 32 ? 9 : 15);

	return 1 + (random >> 32) % (1UL << shift);
}

/* ---- Pages ---- */

static inline bool make_pages(struct thing *t, u64 random, gfp_t gfp)
{
	static const gfp_t places[] = {
		0, __GFP_HIGHMEM, __GFP_HIGHMEM | __GFP_MOVABLE, __GFP_HIGHMEM | __GFP_MOVABLE,
		__GFP_DMA32, __GFP_DMA, __GFP_RECLAIMABLE, __GFP_COMP,
	};
	unsigned int order = random % 16 ? random % 4 : random >> 4 & 7;
	int nid = NUMA_NO_NODE;

	if (random >> 40 & 1)
		nid = next_node_in((int)(random >> 41 & 7), node_states[N_MEMORY]);
	t->choice = order;
	t->at = alloc_pages_node(nid, gfp | places[random >> 16 & 7], order);
	if (!t->at)
		return false;
	mark_page(t->at, t->mark);
	mark_page((struct page *)t->at + (1UL << order) - 1, t->mark);
	return true;
}

static inline void end_pages(struct thing *t)
{
	look_at_page(t->at, t->mark);
	look_at_page((struct page *)t->at + (1UL << t->choice) - 1, t->mark);
	__free_pages(t->at, t->choice);
}

static inline bool make_exact(struct thing *t, u64 random, gfp_t gfp)
{
	size_t size = 1 + (random >> 32) % (5 * PAGE_SIZE);

	return mark_thing(t, alloc_pages_exact(size, gfp), size);
}

static inline void end_exact(struct thing *t)
{
	look_at_thing(t);
	free_pages_exact(t->at, t->size);
}

static inline bool make_many_pages(struct thing *t, u64 random, gfp_t gfp)
{
	memset(t->parts, 0, sizeof(t->parts));
	t->choice = (unsigned int)alloc_pages_bulk_array(gfp, THING_PARTS,
							 (struct page **)t->parts);
	for (unsigned int i = 0; i < t->choice; i++)
		mark_page(t->parts[i], t->mark);
	return t->choice;
}

static inline void end_many_pages(struct thing *t)
{
	for (unsigned int i = 0; i < t->choice; i++) {
		look_at_page(t->parts[i], t->mark);
		__free_page(t->parts[i]);
	}
}

/* ---- Objects ---- */

enum { END_PLAIN, END_CLEARED, END_LATER, END_RESIZED, NR_ENDS };

static inline bool make_object(struct thing *t, u64 random, gfp_t gfp)
{
	size_t size = thing_size(random);

	t->choice = random >> 60 < NR_ENDS ? (unsigned int)(random >> 60) : END_PLAIN;
	return mark_thing(t, kmalloc(size, gfp), size);
}

static inline void end_object(struct thing *t)
{
	size_t more = t->size + t->size / 2;
	void *moved;

	look_at_thing(t);
	if (t->choice == END_LATER && t->size >= sizeof(struct rcu_head)) {
		struct { struct rcu_head rcu; } *object = t->at;

		kfree_rcu(object, rcu);
		return;
	}
	if (t->choice == END_CLEARED) {
		kfree_sensitive(t->at);
		return;
	}
	if (t->choice == END_RESIZED) {
		moved = krealloc(t->at, more, GFP_ATOMIC | __GFP_NOWARN);
		if (moved) {
			look_at_bytes(moved, t->size, t->mark);
			t->at = moved;
		}
	}
	kfree(t->at);
}

static inline void thing_ctor(void *object)
{
	*(u64 *)object = THING_CTOR;
}

static inline bool make_of_cache(struct thing *t, u64 random, gfp_t gfp)
{
	struct kmem_cache *cache = thing_caches[random % THING_CACHES];
	void *object;

	t->choice = random % THING_CACHES;
	object = cache ? kmem_cache_alloc(cache, gfp) : NULL;
	if (!object)
		return false;
	if (*(u64 *)object != THING_CTOR)
		atomic_long_inc(&things_wrong);
	return mark_thing(t, object + sizeof(u64), kmem_cache_size(cache) - sizeof(u64));
}

static inline void end_of_cache(struct thing *t)
{
	look_at_thing(t);
	kmem_cache_free(thing_caches[t->choice], t->at - sizeof(u64));
}

static inline bool make_bulk(struct thing *t, u64 random, gfp_t gfp)
{
	struct kmem_cache *cache = thing_caches[random % THING_CACHES];

	t->choice = random % THING_CACHES;
	return cache && kmem_cache_alloc_bulk(cache, gfp, THING_PARTS, t->parts);
}

static inline void end_bulk(struct thing *t)
{
	for (unsigned int i = 0; i < THING_PARTS; i++)
		if (*(u64 *)t->parts[i] != THING_CTOR)
			atomic_long_inc(&things_wrong);
	kmem_cache_free_bulk(thing_caches[t->choice], THING_PARTS, t->parts);
}

/* ---- Areas ---- */

static inline bool make_area(struct thing *t, u64 random, gfp_t gfp)
{
	size_t size = 1 + (random >> 32) % (random & 15 ? 4 * PAGE_SIZE : 512 * PAGE_SIZE);

	return mark_thing(t, __vmalloc(size, gfp | (random & 16 ? __GFP_HIGHMEM : 0)), size);
}

static inline void end_area(struct thing *t)
{
	look_at_thing(t);
	vfree(t->at);
}

static inline bool make_either(struct thing *t, u64 random, gfp_t gfp)
{
	size_t size = thing_size(random) * 4;

	return mark_thing(t, kvmalloc_node(size, gfp, NUMA_NO_NODE), size);
}

static inline void end_either(struct thing *t)
{
	look_at_thing(t);
	kvfree(t->at);
}

static inline bool make_mapped_pages(struct thing *t, u64 random, gfp_t gfp)
{
	void *at = NULL;

	if (!make_many_pages(t, random, gfp | __GFP_HIGHMEM))
		return false;
	at = vmap((struct page **)t->parts, t->choice, VM_MAP, PAGE_KERNEL);
	if (!at)
		end_many_pages(t);
	return mark_thing(t, at, t->choice * PAGE_SIZE);
}

static inline void end_mapped_pages(struct thing *t)
{
	look_at_thing(t);
	vunmap(t->at);
	end_many_pages(t);
}

/* ---- Of devices ---- */

static inline bool make_coherent(struct thing *t, u64 random, gfp_t gfp)
{
	size_t size = 1 + (random >> 32) % (4 * PAGE_SIZE);

	return mark_thing(t, dma_alloc_coherent(&thing_device, size, &t->dma, gfp), size);
}

static inline void end_coherent(struct thing *t)
{
	look_at_thing(t);
	dma_free_coherent(&thing_device, t->size, t->at, t->dma);
}

static inline bool make_block(struct thing *t, u64 random, gfp_t gfp)
{
	return thing_blocks && mark_thing(t, dma_pool_alloc(thing_blocks, gfp, &t->dma), 64);
}

static inline void end_block(struct thing *t)
{
	look_at_thing(t);
	dma_pool_free(thing_blocks, t->at, t->dma);
}

static inline bool make_lent(struct thing *t, u64 random, gfp_t gfp)
{
	size_t size = 1 + (random >> 32) % 2048;

	if (!mark_thing(t, kmalloc(size, gfp), size))
		return false;
	t->dma = dma_map_single_attrs(&thing_device, t->at, size, DMA_BIDIRECTIONAL,
				      DMA_ATTR_NO_WARN);
	if (!dma_mapping_error(&thing_device, t->dma))
		return true;
	kfree(t->at);
	return false;
}

static inline void end_lent(struct thing *t)
{
	dma_unmap_single(&thing_device, t->dma, t->size, DMA_BIDIRECTIONAL);
	look_at_thing(t);
	kfree(t->at);
}

/* ---- Others ---- */

static inline bool make_percpu(struct thing *t, u64 random, gfp_t gfp)
{
	unsigned int cpu;

	t->size = 8 + (random >> 32) % 64;
	t->at = __alloc_percpu_gfp(t->size, 8, gfp);
	if (t->at)
		for_each_possible_cpu(cpu)
			mark_bytes(per_cpu_ptr(t->at, cpu), t->size, t->mark);
	return t->at;
}

static inline void end_percpu(struct thing *t)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		look_at_bytes(per_cpu_ptr(t->at, cpu), t->size, t->mark);
	free_percpu(t->at);
}

static inline bool make_element(struct thing *t, u64 random, gfp_t gfp)
{
	return thing_pool && mark_thing(t, mempool_alloc(thing_pool, GFP_NOWAIT | __GFP_NOWARN),
					256);
}

static inline void end_element(struct thing *t)
{
	look_at_thing(t);
	mempool_free(t->at, thing_pool);
}

static inline bool make_piece(struct thing *t, u64 random, gfp_t gfp)
{
	size_t size = 1 + (random >> 32) % 512;

	return thing_arena && mark_thing(t, (void *)gen_pool_alloc(thing_arena, size), size);
}

static inline void end_piece(struct thing *t)
{
	look_at_thing(t);
	gen_pool_free(thing_arena, (unsigned long)t->at, t->size);
}

static const struct thing_kind thing_kinds[] = {
	{ "pages", false, false, make_pages, end_pages },
	{ "exact pages", false, false, make_exact, end_exact },
	{ "pages in bulk", false, false, make_many_pages, end_many_pages },
	{ "kmalloc", false, false, make_object, end_object },
	{ "caches", false, false, make_of_cache, end_of_cache },
	{ "caches in bulk", false, false, make_bulk, end_bulk },
	{ "vmalloc", true, false, make_area, end_area },
	{ "kvmalloc", true, false, make_either, end_either },
	{ "vmap", true, true, make_mapped_pages, end_mapped_pages },
	{ "coherent", false, false, make_coherent, end_coherent },
	{ "DMA pool", false, false, make_block, end_block },
	{ "DMA mappings", false, false, make_lent, end_lent },
	{ "per-CPU", false, false, make_percpu, end_percpu },
	{ "mempool", false, false, make_element, end_element },
	{ "genalloc", false, false, make_piece, end_piece },
};

#define NR_THING_KINDS ((unsigned int)ARRAY_SIZE(thing_kinds))

/* ---- All of it ---- */

static inline void things_open(void)
{
	static const struct { const char *name; size_t size; slab_flags_t flags; } shapes[] = {
		{ "thing-48", 48, 0 }, { "thing-200", 200, SLAB_HWCACHE_ALIGN },
		{ "thing-1500", 1500, SLAB_TYPESAFE_BY_RCU },
	};

	atomic_long_set(&things_wrong, 0);
	fake_device_init(&thing_device, &thing_device_mask, DMA_BIT_MASK(32));
	for (unsigned int i = 0; i < THING_CACHES; i++)
		thing_caches[i] = kmem_cache_create(shapes[i].name, shapes[i].size, 8,
						    shapes[i].flags, thing_ctor);
	thing_pool = mempool_create_kmalloc_pool(4, 256);
	thing_loans = mempool_create_kmalloc_pool(2, 128);
	thing_blocks = dma_pool_create("thing", &thing_device, 64, 64, 0);
	thing_arena_at = kmalloc(SZ_16K, GFP_KERNEL | __GFP_NOWARN);
	thing_arena = gen_pool_create(4, NUMA_NO_NODE);
	if (thing_arena && thing_arena_at)
		CHECK_EQ(gen_pool_add(thing_arena, (unsigned long)thing_arena_at, SZ_16K,
				      NUMA_NO_NODE), 0);
}

/* When the last has ended. */
static inline void things_close(void)
{
	for (unsigned int i = 0; i < THING_CACHES; i++)
		CHECK_EQ(kmem_cache_destroy(thing_caches[i]), 0);
	mempool_destroy(thing_pool);
	mempool_destroy(thing_loans);
	dma_pool_destroy(thing_blocks);
	gen_pool_destroy(thing_arena);
	kfree(thing_arena_at);
	rcu_barrier();
}

#endif
