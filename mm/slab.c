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
 * `private`, so any address leads to its object in a few steps, and a wrong one is noticed. A
 * block of several pages is compound to everybody else.
 *
 *	address -> slab_blocks[]: may there be a slab at all?	descriptors exist, then
 *		-> struct page: PAGE_SLAB, slab
 *		-> (address - base) / size, without remainder	an object begins there
 *		-> state[]					somebody has it
 *
 * Which slab serves. A node lists its slabs by how full they are: full, eight buckets of partial
 * ones, empty. Objects are taken from the fullest, so that the emptier ones become empty and go
 * back. Of the empty ones a node keeps one if the objects are small, and one more for each 1024
 * slabs, until memory is short. In which order the objects of a slab come: slab_order.c.
 *
 * Invariants: nr_free of a slab is the number of its OBJECT_FREE bytes; it is in the list that
 * this number says; no such byte stands before `first`; a node's mask has a bit for each list
 * that is not empty.
 *
 * An object that two CPUs freed in one instant is in two magazines, and is given back twice. The
 * second time its byte does not say OBJECT_CACHED: that is reported, and not counted. If the slab
 * gave it out in between the byte does say so, and one is counted that is no more free: whoever
 * looks for it meets OBJECT_NONE behind the last byte, and puts the number right.
 *
 * Locks: node->lock, with interrupts off, guards lists and counts of a node's slabs, and those
 * state bytes that are OBJECT_FREE or become it. zone->lock does not nest in it: pages are got
 * and given back outside. States of objects that are cached or used belong to whoever has the
 * object. Costs: a lock for each handful of objects, some ten instructions for each of them.
 */
#include "kasan.h"

#define EMPTY_SHARE 1024
#define EMPTY_SMALL 256			/* bytes of an object: of those a slab is many */

u8 slab_no_state = OBJECT_FREE;

/* ---- Nodes ---- */

static struct cache_node *make_node(gfp_t gfp)
{
	struct cache_node *node = meta_alloc(sizeof(*node), gfp);

	if (!node)
		return NULL;
	spin_lock_init(&node->lock);
	for (unsigned int i = 0; i < NR_SLAB_LISTS; i++)
		INIT_LIST_HEAD(&node->lists[i]);
	node->random = slab_order_begin(node);
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
	struct cache_node *node = slab_node_peek(cache, nid), **nodes;
	void *made;

	if (likely(node))
		return node;
	nodes = smp_load_acquire(&cache->nodes);
	if (!nodes) {
		made = meta_alloc(nr_node_ids * sizeof(nodes[0]), gfp);
		if (!made)
			return NULL;
		nodes = publish((void **)&cache->nodes, made);
	}
	made = make_node(gfp);
	return made ? publish((void **)&nodes[nid], made) : NULL;
}

u8 slab_place(const struct slab *slab)
{
	if (!slab->nr_free)
		return SLABS_FULL;
	if (slab->nr_free == slab->nr)
		return SLABS_EMPTY;
	return (u8)(SLABS_PARTIAL + slab->nr_free * SLAB_BUCKETS / slab->nr);
}

static void place_insert(struct cache_node *node, struct slab *slab)
{
	slab->place = slab_place(slab);
	list_add(&slab->list, &node->lists[slab->place]);
	WRITE_ONCE(node->mask, (u16)(node->mask | BIT(slab->place)));
	WRITE_ONCE(node->nr_empty, node->nr_empty + (slab->place == SLABS_EMPTY));
}

static void place_remove(struct cache_node *node, struct slab *slab)
{
	list_del(&slab->list);
	if (list_empty(&node->lists[slab->place]))
		WRITE_ONCE(node->mask, (u16)(node->mask & ~BIT(slab->place)));
	WRITE_ONCE(node->nr_empty, node->nr_empty - (slab->place == SLABS_EMPTY));
}

/* ---- Taking objects: under node->lock ---- */

/* Do eight states begin there, at a multiple of eight and not the last, of which none is 0? */
static bool eight_used(const struct slab *slab, const u8 *state)
{
	u64 word;

	if (!IS_ALIGNED((unsigned long)state, sizeof(word)) || state + 15 >= &slab->state[slab->nr])
		return false;
	word = READ_ONCE(*(const u64 *)state);
	return !((word - 0x0101010101010101) & ~word & 0x8080808080808080);
}

/* The state byte of the first free object from one on; OBJECT_NONE: there is none. */
static u8 *next_free(const struct slab *slab, u8 *state)
{
	u8 is;

	while ((is = READ_ONCE(*state)) != OBJECT_FREE && is != OBJECT_NONE)
		state += eight_used(slab, state + 1) ? 9 : 1;
	return state;
}

/* One alone, from a random place on. */
static noinline unsigned int take_one(struct cache_node *node, struct slab *slab,
				      struct slot *slot)
{
	u8 *first = &slab->state[slab->first], *state = first;

	if (slab->nr_free > 1)
		state += slab_random_below(&node->random, slab->nr - slab->first);
	state = next_free(slab, state);
	if (READ_ONCE(*state) == OBJECT_NONE)
		state = first = next_free(slab, first);
	if (unlikely(READ_ONCE(*state) == OBJECT_NONE)) {
		slab->nr_free = 0;			/* freed twice at once */
		return 0;
	}
	WRITE_ONCE(*state, OBJECT_CACHED);
	*slot = (struct slot){ slab_object(slab, (unsigned int)(state - slab->state)), state };
	slab->first = (u16)(first - slab->state + (state == first));
	slab->nr_free--;
	return 1;
}

/* The objects for the rest of the order are not there: the others move together. */
static noinline void close_up(struct slot *slots, unsigned int want, const u8 *rest,
			      const u8 *end)
{
	unsigned int to = 0;

	while (rest < end)
		slots[*rest++] = (struct slot){ SLOT_EMPTY, &slab_no_state };
	for (unsigned int i = 0; i < want; i++)
		if (slots[i].object != SLOT_EMPTY)
			slots[to++] = slots[i];
}

/* A run, shuffled. */
static unsigned int take_from(struct cache_node *node, struct slab *slab, struct slot *slots,
			      unsigned int max)
{
	unsigned int want = min3(max, (unsigned int)slab->nr_free, SLAB_RUN_MAX), n;
	const u8 *order = slab_order(node, want), *end = order + want;
	u8 *state = &slab->state[slab->first];
	char *object = slab_object(slab, slab->first);
	unsigned int size = slab->cache->size;

	if (max == 1)
		return take_one(node, slab, slots);
	for (; order < end; state++, object += size) {
		if (unlikely(READ_ONCE(*state) != OBJECT_FREE)) {
			if (unlikely(READ_ONCE(*state) == OBJECT_NONE)) { /* freed twice at once */
				slab->nr_free = (u16)(want - (end - order));
				close_up(slots, want, order, end);
				break;
			}
			for (; eight_used(slab, state + 1); state += 8)
				object += 8 * size;
			continue;
		}
		WRITE_ONCE(*state, OBJECT_CACHED);
		slots[*order++] = (struct slot){ object, state };
	}
	n = want - (unsigned int)(end - order);
	slab->first = (u16)(state - slab->state);
	slab->nr_free = (u16)(slab->nr_free - n);
	return n;
}

unsigned int slab_take(struct cache_node *node, struct slot *slots, unsigned int max)
{
	unsigned int n = 0;

	while (n < max && (node->mask & ~BIT(SLABS_FULL))) {
		unsigned int place = __ffs(node->mask & ~BIT(SLABS_FULL));
		struct slab *slab = list_first_entry(&node->lists[place], struct slab, list);

		n += take_from(node, slab, slots + n, max - n);
		if (slab_place(slab) == slab->place)
			continue;
		place_remove(node, slab);
		place_insert(node, slab);
	}
	return n;
}

unsigned int slab_add(struct slab *slab, struct slot *slots, unsigned int max)
{
	struct cache_node *node = slab_home(slab);
	unsigned int n;

	spin_lock(&node->lock);
	n = take_from(node, slab, slots, max);
	place_insert(node, slab);
	WRITE_ONCE(node->nr_slabs, node->nr_slabs + 1);
	spin_unlock(&node->lock);
	return n;
}

/* ---- Pages ---- */

static bool is_whole_block(const struct kmem_cache *cache)
{
	return cache->pages == 1U << cache->order;
}

/* The pages' descriptors say whose they are. */
static void mark_pages(struct page *page, struct slab *slab)
{
	bool whole = is_whole_block(slab->cache);

	slab_mark_blocks(page, slab->cache->pages);
	for (unsigned long i = 0; i < slab->cache->pages; i++) {
		page[i].private = (unsigned long)slab;
		WRITE_ONCE(page[i].flags, (!whole ? 0 : i ? PG_TAIL : PG_COMP) |
					  (page[i].flags & PG_BROKEN));
		WRITE_ONCE(page[i].state, PAGE_SLAB);
	}
}

/*
 * And no longer do: as alloc_pages() gave them, or single pages. A tail is none of a slab's before
 * it is no tail, or searchers and validators would take it for a block.
 */
static void unmark_pages(struct page *page, const struct kmem_cache *cache)
{
	bool whole = is_whole_block(cache);

	for (unsigned long i = 0; i < cache->pages; i++) {
		page[i].private = 0;
		WRITE_ONCE(page[i].state, i && whole ? PAGE_NONE : PAGE_USED);
		WRITE_ONCE(page[i].flags, page[i].flags & PG_BROKEN);
	}
}

static struct page *get_pages(struct kmem_cache *cache, gfp_t gfp, int nid)
{
	bool whole = is_whole_block(cache);
	struct page *page;

	/* Where its slabs lie is the cache's to say. */
	gfp &= ~(__GFP_ZERO | __GFP_COMP | GFP_ZONEMASK | __GFP_RECLAIMABLE);
	page = slab_get_block(gfp | cache->gfp, cache->order, nid);
	if (!page || whole)
		return page;
	split_page(page, cache->order);
	for (unsigned long i = cache->pages; i < 1UL << cache->order; i++)
		__free_page(page + i);
	return page;
}

static void put_pages(struct page *page, const struct kmem_cache *cache)
{
	if (is_whole_block(cache)) {
		__free_pages(page, cache->order);
		return;
	}
	for (unsigned long i = 0; i < cache->pages; i++)
		__free_page(page + i);
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
	u32 step = max_t(u32, cache->align, SLAB_LINE), colour;

	slab->cache = cache;
	slab->cpu = cache->cpu;
	slab->page = page;
	slab->nid = (u16)page_to_nid(page);
	slab->inverse = cache->inverse;
	slab->shift = cache->shift;
	slab->nr = slab->nr_free = cache->nr;
	slab->state[cache->nr] = OBJECT_NONE;
	colour = READ_ONCE(cache->colour);
	WRITE_ONCE(cache->colour, (u16)(colour + 1 < cache->nr_colours ? colour + 1 : 0));
	slab->base = (u32)(unsigned long)slab_address(page) + colour * step + cache->left;
}

static size_t slab_meta_size(const struct kmem_cache *cache)
{
	return sizeof(struct slab) + cache->nr + 1U + slab_track_room(cache);
}

struct slab *slab_create(struct kmem_cache *cache, gfp_t gfp, int nid)
{
	struct slab *slab = meta_alloc(slab_meta_size(cache), gfp);
	struct page *page;

	if (!slab)
		return NULL;
	page = get_pages(cache, gfp, nid);
	if (!page) {
		meta_free(slab);
		return NULL;
	}
	fill_in(slab, cache, page);
	if (!slab_node(cache, slab->nid, gfp) || !slab_track_init(slab, gfp)) {
		put_pages(page, cache);
		meta_free(slab);
		return NULL;
	}
	mark_pages(page, slab);
	if (slab_is_debugged(cache))
		slab_debug_new(slab);
	if (cache->ctor || cache->ctor3)
		construct(slab);
	kasan_slab_new(slab);
	return slab;
}

static void release(struct slab *slab)
{
	struct kmem_cache *cache = slab->cache;
	struct page *page = slab->page;

	destruct(slab);
	slab_track_exit(slab);
	unmark_pages(page, cache);
	meta_free(slab);
	put_pages(page, cache);
	/* Pairs with all_back(): the cache may be destroyed now. */
	__atomic_add_fetch(&cache->nr_back, 1, __ATOMIC_RELEASE);
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
		pages += slab->cache->pages;
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
		/* What magazines remember of it is old from now on. */
		__atomic_add_fetch(&slab->cache->generation, 1, __ATOMIC_RELEASE);
		smp_store_release(&node->nr_slabs, node->nr_slabs - 1);	/* all_back() */
		list_add(&slab->list, out);
	}
}

/*
 * The first of these objects, as many as are the slab's; returns the next one. What was taken
 * together lies together, mostly. `slot` itself: that was given back before. Caller holds
 * node->lock, of the slab's node.
 */
static const struct slot *put_run(struct cache_node *node, struct slab *slab,
				  const struct slot *slot, const struct slot *end)
{
	const struct slot *run = slot;
	unsigned long first = slab->first;

	do {
		unsigned long index = (unsigned long)slot->state - (unsigned long)slab->state;

		if (index >= slab->nr || slab->state[index] != OBJECT_CACHED)
			break;
		WRITE_ONCE(slab->state[index], OBJECT_FREE);
		first = min(first, index);
	} while (++slot < end);
	slab->nr_free = (u16)(slab->nr_free + (slot - run));
	slab->first = (u16)first;
	if (slab_place(slab) != slab->place) {
		place_remove(node, slab);
		place_insert(node, slab);
	}
	return slot;
}

/* Lets go of one node's lock, takes that of another; NULL: none. */
static void switch_node(struct cache_node **held, struct cache_node *node, unsigned long *flags)
{
	if (*held)
		spin_unlock_irqrestore(&(*held)->lock, *flags);
	*held = node;
	if (node)
		spin_lock_irqsave(&node->lock, *flags);
}

void slab_give(struct kmem_cache *cache, const struct slot *slots, unsigned int nr)
{
	const struct slot *end = slots + nr, *next;
	struct cache_node *node = NULL;
	unsigned long flags = 0;
	LIST_HEAD(empty);

	for (; slots < end; slots = next) {
		/* Of one that was given back before it may be gone, or lie elsewhere. */
		struct slab *slab = slab_of(slots->object);

		if (slab && slab_home(slab) != node)
			switch_node(&node, slab_home(slab), &flags);
		next = slab ? put_run(node, slab, slots, end) : slots;
		if (unlikely(next == slots)) {
			switch_node(&node, NULL, &flags);
			slab_report_twice(cache, (next++)->object);
		} else if (slab->place == SLABS_EMPTY) {
			collect_empty(node, (cache->size <= EMPTY_SMALL) +
				      node->nr_slabs / EMPTY_SHARE, &empty);
		}
	}
	switch_node(&node, NULL, &flags);
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
