/* SPDX-License-Identifier: MIT */
/*
 * Slabs: blocks of pages cut into the objects of one cache.
 *
 *	pages		| colour | object 0 | object 1 | ... | object nr - 1 | rest |
 *	struct slab	| size's inverse, lists, counts | state 0 | state 1 | ... |
 *
 * What describes a slab lies elsewhere (slab_meta.c), with a state byte for each object. So a
 * free object holds nothing of the allocator's: overwriting one breaks nothing, and what a
 * constructor made of it stays. Every page of a slab says PAGE_SLAB and has the slab's address in
 * `private`, so any address leads to its object in a few steps, and a wrong one is noticed.
 *
 *	address -> slab_blocks[]: may there be a slab at all?	descriptors exist, then
 *		-> struct page: PAGE_SLAB, slab
 *		-> (address - base) / size, without remainder	an object begins there
 *		-> state[]					somebody has it
 *
 * Which slab serves. A node lists its slabs by how full they are: full, eight buckets of partial
 * ones, empty. Objects are taken from the fullest, so that the emptier ones become empty and go
 * back. Of the empty ones a node keeps one, and one more for each 16 slabs, until memory is short.
 *
 * Orders. A slab has the smallest order that wastes at most an eighth of it, so that a cache of
 * few objects holds few pages. Slabs begin at different multiples of the alignment, as far as the
 * rest allows: equal objects of different slabs then do not meet in the same lines of a CPU's
 * cache.
 *
 * Invariants: nr_free of a slab is the number of its OBJECT_FREE bytes; it is in the list that
 * this number says; no such byte stands before `first`; a node's mask has a bit for each list
 * that is not empty.
 *
 * Locks: node->lock, with interrupts off, guards lists and counts of a node's slabs, and those
 * state bytes that are OBJECT_FREE or become it. zone->lock does not nest in it: pages are got
 * and given back outside. States of objects that are cached or used belong to whoever has the
 * object. Costs: a lock for each handful of objects, some ten instructions for each of them.
 */
#include "slab.h"

#define LINE 64				/* bytes of a CPU's cache line */
#define MAX_SLAB_ORDER 6		/* unless one object needs more */
#define MAX_SLAB_OBJECTS 4096
#define EMPTY_SHARE 16

/* ---- Layout ---- */

static unsigned long waste(unsigned int order, u32 size)
{
	return (PAGE_SIZE << order) % size;
}

/* The smallest order that wastes little; where none does, the one that wastes least. */
static unsigned int choose_order(u32 size)
{
	unsigned int best = (unsigned int)get_order(size), order;

	for (order = best; order <= max_t(unsigned int, MAX_SLAB_ORDER, best); order++) {
		if (waste(order, size) <= (PAGE_SIZE << order) / 8)
			return order;
		if (waste(order, size) << best < waste(best, size) << order)
			best = order;
	}
	return best;
}

/* odd * inverse == 1 modulo 2^32: each step doubles the number of right bits, from 3. */
static u32 inverse_of(u32 odd)
{
	u32 inverse = odd;

	for (int i = 0; i < 4; i++)
		inverse *= 2 - odd * inverse;
	return inverse;
}

/* So many that the two magazines of a CPU hold some KiB, and one refill pays for its lock. */
static u16 choose_magazine(u32 size)
{
	return size <= 128 ? 49 : size <= 512 ? 27 : size <= 1024 ? 17 : size <= 4096 ? 8 :
	       size <= 16384 ? 4 : 2;
}

void slab_layout(struct kmem_cache *cache)
{
	u32 align = cache->align;

	if (cache->flags & SLAB_HWCACHE_ALIGN) {
		u32 line = LINE;

		while (cache->object_size <= line / 2 && line > 8)
			line /= 2;
		align = max(align, line);
	}
	align = max_t(u32, align, ARCH_SLAB_MINALIGN);
	cache->align = align;
	cache->size = ALIGN(cache->object_size, align);
	cache->order = (u8)max(choose_order(cache->size),
			       (unsigned int)get_order(align));
	cache->nr = (u16)min_t(unsigned long, (PAGE_SIZE << cache->order) / cache->size,
			       MAX_SLAB_OBJECTS);
	cache->shift = (u8)__builtin_ctz(cache->size);
	cache->inverse = inverse_of(cache->size >> cache->shift);
	cache->nr_colours = (u16)(1 + min(waste(cache->order, cache->size) /
					  max_t(u32, align, LINE), 64UL));
	cache->magazine_max = choose_magazine(cache->size);
	cache->depot_max = 2;
	if (cache->flags & SLAB_CACHE_DMA)
		cache->gfp |= __GFP_DMA;
	if (cache->flags & SLAB_CACHE_DMA32)
		cache->gfp |= __GFP_DMA32;
	if (cache->flags & SLAB_RECLAIM_ACCOUNT)
		cache->gfp |= __GFP_RECLAIMABLE;
}

/* ---- Nodes ---- */

struct cache_node *slab_node_peek(const struct kmem_cache *cache, int nid)
{
	struct cache_node **nodes = smp_load_acquire(&cache->nodes);

	return nodes ? smp_load_acquire(&nodes[nid]) : NULL;
}

static struct cache_node *make_node(gfp_t gfp)
{
	struct cache_node *node = meta_alloc(sizeof(*node), gfp);

	if (!node)
		return NULL;
	spin_lock_init(&node->lock);
	for (unsigned int i = 0; i < NR_SLAB_LISTS; i++)
		INIT_LIST_HEAD(&node->lists[i]);
	return node;
}

/* Of two CPUs that make the same at once, the second throws its own away. */
static void *publish(void **where, void *made)
{
	void *none = NULL;

	if (__atomic_compare_exchange_n(where, &none, made, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return made;
	meta_free(made);
	return none;
}

struct cache_node *slab_node(struct kmem_cache *cache, int nid, gfp_t gfp)
{
	struct cache_node *node = slab_node_peek(cache, nid);
	void *made;

	if (likely(node))
		return node;
	if (!smp_load_acquire(&cache->nodes)) {
		made = meta_alloc(nr_node_ids * sizeof(cache->nodes[0]), gfp);
		if (!made)
			return NULL;
		publish((void **)&cache->nodes, made);
	}
	made = make_node(gfp);
	return made ? publish((void **)&cache->nodes[nid], made) : NULL;
}

/* The list that a slab with so many free objects belongs to. */
static u8 place_of(const struct slab *slab)
{
	if (!slab->nr_free)
		return SLABS_FULL;
	if (slab->nr_free == slab->nr)
		return SLABS_EMPTY;
	return (u8)(SLABS_PARTIAL + slab->nr_free * SLAB_BUCKETS / slab->nr);
}

static void place_insert(struct cache_node *node, struct slab *slab)
{
	slab->place = place_of(slab);
	list_add(&slab->list, &node->lists[slab->place]);
	node->mask |= (u16)BIT(slab->place);
	node->nr_empty += slab->place == SLABS_EMPTY;
}

static void place_remove(struct cache_node *node, struct slab *slab)
{
	list_del(&slab->list);
	if (list_empty(&node->lists[slab->place]))
		node->mask &= (u16)~BIT(slab->place);
	node->nr_empty -= slab->place == SLABS_EMPTY;
}

/* ---- Taking objects: under node->lock ---- */

/* Has none of the eight bytes the value 0? */
static bool all_set(const u8 *bytes)
{
	u64 word;

	__builtin_memcpy(&word, bytes, sizeof(word));
	return !((word - 0x0101010101010101) & ~word & 0x8080808080808080);
}

static unsigned int take_from(struct slab *slab, struct slot *slots, unsigned int max)
{
	char *object = slab_object(slab, slab->first);
	unsigned int i = slab->first, n = 0, size = slab->cache->size;
	unsigned int want = min_t(unsigned int, max, slab->nr_free);

	for (; n < want; i++, object += size) {
		if (slab->state[i] != OBJECT_FREE) {
			while (i + 16 < slab->nr && all_set(&slab->state[i + 1])) {
				i += 8;
				object += 8 * size;
			}
			continue;
		}
		slab->state[i] = OBJECT_CACHED;
		slots[n++] = (struct slot){ object, &slab->state[i] };
	}
	slab->first = (u16)i;
	slab->nr_free = (u16)(slab->nr_free - n);
	return n;
}

unsigned int slab_take(struct cache_node *node, struct slot *slots, unsigned int max)
{
	unsigned int n = 0;

	while (n < max && (node->mask & ~BIT(SLABS_FULL))) {
		unsigned int place = __ffs(node->mask & ~BIT(SLABS_FULL));
		struct slab *slab = list_first_entry(&node->lists[place], struct slab, list);

		n += take_from(slab, slots + n, max - n);
		if (place_of(slab) == slab->place)
			continue;
		place_remove(node, slab);
		place_insert(node, slab);
	}
	return n;
}

unsigned int slab_add(struct slab *slab, struct slot *slots, unsigned int max, gfp_t gfp)
{
	struct cache_node *node = slab_home(slab);
	unsigned long flags;
	unsigned int n;

	spin_lock_irqsave(&node->lock, flags);
	n = take_from(slab, slots, max);
	place_insert(node, slab);
	node->nr_slabs++;
	spin_unlock_irqrestore(&node->lock, flags);
	return n;
}

/* ---- Pages ---- */

/* The pages' descriptors say whose they are, or no longer do. */
static void mark_pages(struct page *page, unsigned int order, struct slab *slab)
{
	unsigned long block = page_to_pfn(page) >> PAGEBLOCK_ORDER;

	for (unsigned long i = 0; slab && i <= (1UL << order) >> PAGEBLOCK_ORDER; i++)
		if (block + i < slab_nr_blocks && !READ_ONCE(slab_blocks[block + i]))
			WRITE_ONCE(slab_blocks[block + i], 1);
	for (unsigned long i = 0; i < 1UL << order; i++) {
		page[i].private = (unsigned long)slab;
		if (i)
			page[i].flags = slab ? PG_TAIL : 0;
		page[i].state = slab ? PAGE_SLAB : i ? PAGE_NONE : PAGE_USED;
	}
}

static void construct(struct slab *slab)
{
	struct kmem_cache *cache = slab->cache;

	for (unsigned int i = 0; i < slab->nr; i++) {
		if (cache->ctor)
			cache->ctor(slab_object(slab, i));
		if (cache->ctor3)
			cache->ctor3(slab_object(slab, i), cache, SLAB_CTOR_CONSTRUCTOR);
	}
}

static void destruct(struct slab *slab)
{
	for (unsigned int i = 0; slab->cache->dtor3 && i < slab->nr; i++)
		slab->cache->dtor3(slab_object(slab, i), slab->cache, 0);
}

static void fill_in(struct slab *slab, struct kmem_cache *cache, struct page *page)
{
	u32 step = max_t(u32, cache->align, LINE), colour;

	slab->cache = cache;
	slab->cpu = cache->cpu;
	slab->page = page;
	slab->inverse = cache->inverse;
	slab->shift = cache->shift;
	slab->nr = slab->nr_free = cache->nr;
	colour = READ_ONCE(cache->colour);
	WRITE_ONCE(cache->colour, (u16)(colour + 1 < cache->nr_colours ? colour + 1 : 0));
	slab->base = (u32)(unsigned long)page_address(page) + colour * step;
}

struct slab *slab_create(struct kmem_cache *cache, gfp_t gfp, int nid)
{
	struct slab *slab = meta_alloc(sizeof(*slab) + cache->nr, gfp);
	struct page *page;

	if (!slab)
		return NULL;
	gfp &= ~(__GFP_ZERO | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_RECLAIMABLE);
	gfp |= cache->gfp | (cache->order ? __GFP_COMP : 0);
	page = alloc_pages_node(nid, gfp, cache->order);
	if (!page || !slab_node(cache, page_to_nid(page), gfp)) {
		__free_pages(page, cache->order);
		meta_free(slab);
		return NULL;
	}
	fill_in(slab, cache, page);
	mark_pages(page, cache->order, slab);
	if (cache->ctor || cache->ctor3)
		construct(slab);
	return slab;
}

static void release(struct slab *slab)
{
	struct page *page = slab->page;
	unsigned int order = slab->cache->order;

	destruct(slab);
	mark_pages(page, order, NULL);
	meta_free(slab);
	__free_pages(page, order);
}

static void release_later(struct rcu_head *rcu)
{
	release(container_of(rcu, struct slab, rcu));
}

/* Slabs in no list, chained; no lock is held. Returns the number of pages. */
static unsigned long release_all(struct list_head *slabs)
{
	unsigned long pages = 0;
	struct slab *slab, *next;

	list_for_each_entry_safe(slab, next, slabs, list) {
		pages += 1UL << slab->cache->order;
		if (slab->cache->flags & SLAB_TYPESAFE_BY_RCU)
			call_rcu(&slab->rcu, release_later);
		else
			release(slab);
	}
	return pages;
}

/* ---- Giving back ---- */

/* Moves empty slabs that are more than `keep` to `out`. Caller holds node->lock. */
static void collect_empty(struct cache_node *node, unsigned int keep, struct list_head *out)
{
	while (node->nr_empty > keep) {
		struct slab *slab = list_first_entry(&node->lists[SLABS_EMPTY], struct slab, list);

		place_remove(node, slab);
		node->nr_slabs--;
		list_add(&slab->list, out);
	}
}

/* One object. Caller holds node->lock, of the slab's node. */
static void put_object(struct cache_node *node, struct slab *slab, u8 *state)
{
	unsigned int index = (unsigned int)(state - slab->state);

	*state = OBJECT_FREE;
	slab->nr_free++;
	slab->first = min(slab->first, (u16)index);
	if (place_of(slab) == slab->place)
		return;
	place_remove(node, slab);
	place_insert(node, slab);
}

void slab_give(struct kmem_cache *cache, const struct slot *slots, unsigned int nr)
{
	struct cache_node *node = NULL;
	unsigned long flags = 0;
	LIST_HEAD(empty);

	for (unsigned int i = 0; i < nr; i++) {
		struct slab *slab = slab_of(slots[i].object);
		struct cache_node *home = slab_home(slab);

		if (home != node) {
			if (node)
				spin_unlock_irqrestore(&node->lock, flags);
			node = home;
			spin_lock_irqsave(&node->lock, flags);
		}
		put_object(node, slab, slots[i].state);
		if (node->nr_empty > 1 + node->nr_slabs / EMPTY_SHARE)
			collect_empty(node, 1 + node->nr_slabs / EMPTY_SHARE, &empty);
	}
	if (node)
		spin_unlock_irqrestore(&node->lock, flags);
	if (!list_empty(&empty))
		release_all(&empty);
}

unsigned long slab_shrink(struct kmem_cache *cache)
{
	unsigned long flags;
	LIST_HEAD(empty);

	for (unsigned int nid = 0; nid < nr_node_ids; nid++) {
		struct cache_node *node = slab_node_peek(cache, (int)nid);

		if (!node)
			continue;
		spin_lock_irqsave(&node->lock, flags);
		collect_empty(node, 0, &empty);
		spin_unlock_irqrestore(&node->lock, flags);
	}
	return release_all(&empty);
}
