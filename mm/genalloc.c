// SPDX-License-Identifier: MIT
/*
 * An allocator for memory that no other allocator has.
 *
 * A pool has chunks, ranges of addresses that it was given; each has a map with a bit for every
 * 2^min_alloc_order bytes: set, in use. Allocating is finding zeroes in a row, by an algorithm that
 * can be chosen; freeing is clearing bits, all of which must be set. The memory itself is never
 * touched: it may be slow, or registers.
 *
 * Invariant: a chunk's avail is the number of its zero bits, in bytes.
 *
 * Locks: pool->lock, a leaf, interrupts off. Costs: a walk over the maps, a word at a time.
 */
#include <linux/genalloc.h>
#include <linux/device.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include "internal.h"

/* ---- Maps ---- */

/* The first nr zeroes in a row from `start` on, at a bit where (bit + skew) % align is 0. */
static unsigned long zero_area(const unsigned long *map, unsigned long size, unsigned long start,
			       unsigned long nr, unsigned long align, unsigned long skew)
{
	unsigned long at = start, end;

	for (;;) {
		at = find_next_zero_bit(map, size, at);
		at = ALIGN(at + skew, align) - skew;
		if (at >= size || nr > size - at)
			return size;
		end = find_next_bit(map, at + nr, at);
		if (end >= at + nr)
			return at;
		at = end + 1;
	}
}

/* Are all of these set, or none? */
static bool all_are(const unsigned long *map, unsigned long at, unsigned long nr, bool set)
{
	return set ? find_next_zero_bit(map, at + nr, at) >= at + nr
		   : find_next_bit(map, at + nr, at) >= at + nr;
}

static void set_all(unsigned long *map, unsigned long at, unsigned long nr, bool set)
{
	for (; nr--; at++) {
		if (set)
			__set_bit(at, map);
		else
			__clear_bit(at, map);
	}
}

static unsigned long nr_bits(const struct gen_pool *pool, size_t size)
{
	return (size >> pool->min_alloc_order) +
	       ((size & ((1UL << pool->min_alloc_order) - 1)) != 0);
}

static size_t chunk_size(const struct gen_pool_chunk *chunk)
{
	return chunk->end_addr - chunk->start_addr + 1;
}

/* Bits of a chunk: whole pieces only. */
static unsigned long chunk_bits(const struct gen_pool *pool, const struct gen_pool_chunk *chunk)
{
	return chunk_size(chunk) >> pool->min_alloc_order;
}

/* ---- Algorithms ---- */

unsigned long gen_pool_first_fit(unsigned long *map, unsigned long size, unsigned long start,
				 unsigned int nr, void *data, struct gen_pool *pool,
				 unsigned long start_addr)
{
	return zero_area(map, size, start, nr, 1, 0);
}

unsigned long gen_pool_first_fit_align(unsigned long *map, unsigned long size,
				       unsigned long start, unsigned int nr, void *data,
				       struct gen_pool *pool, unsigned long start_addr)
{
	const struct genpool_data_align *wanted = data;
	unsigned long align = max(nr_bits(pool, (size_t)wanted->align), 1UL);

	return zero_area(map, size, start, nr, align, start_addr >> pool->min_alloc_order);
}

unsigned long gen_pool_first_fit_order_align(unsigned long *map, unsigned long size,
					     unsigned long start, unsigned int nr, void *data,
					     struct gen_pool *pool, unsigned long start_addr)
{
	return zero_area(map, size, start, nr, roundup_pow_of_two(nr),
			 start_addr >> pool->min_alloc_order);
}

unsigned long gen_pool_fixed_alloc(unsigned long *map, unsigned long size, unsigned long start,
				   unsigned int nr, void *data, struct gen_pool *pool,
				   unsigned long start_addr)
{
	const struct genpool_data_fixed *wanted = data;
	unsigned long at = wanted->offset >> pool->min_alloc_order;

	if (at < start || at >= size || nr > size - at || !all_are(map, at, nr, false))
		return size;
	return at;
}

unsigned long gen_pool_best_fit(unsigned long *map, unsigned long size, unsigned long start,
				unsigned int nr, void *data, struct gen_pool *pool,
				unsigned long start_addr)
{
	unsigned long best = size, best_length = size + 1;
	unsigned long at = zero_area(map, size, start, nr, 1, 0);

	while (at < size) {
		unsigned long end = min(find_next_bit(map, size, at), size);

		if (end - at < best_length) {
			best = at;
			best_length = end - at;
		}
		at = zero_area(map, size, end, nr, 1, 0);
	}
	return best;
}

void gen_pool_set_algo(struct gen_pool *pool, genpool_algo_t algo, void *data)
{
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	pool->algo = algo ? algo : gen_pool_first_fit;
	pool->data = algo ? data : NULL;
	spin_unlock_irqrestore(&pool->lock, flags);
}

/* ---- Pools and chunks ---- */

struct gen_pool *gen_pool_create(int min_alloc_order, int nid)
{
	struct gen_pool *pool;

	if (min_alloc_order < 0 || min_alloc_order >= 63) {
		pr_err("gen_pool_create(order:%d): no such order\n", min_alloc_order);
		return NULL;
	}
	pool = kzalloc_node(sizeof(*pool), GFP_KERNEL, nid);
	if (!pool)
		return NULL;
	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->chunks);
	pool->min_alloc_order = min_alloc_order;
	pool->algo = gen_pool_first_fit;
	return pool;
}

/* The chunk that has an address, or NULL. Under the lock. */
static struct gen_pool_chunk *find_chunk(const struct gen_pool *pool, unsigned long addr)
{
	struct gen_pool_chunk *chunk;

	list_for_each_entry(chunk, &pool->chunks, next_chunk)
		if (addr >= chunk->start_addr && addr <= chunk->end_addr)
			return chunk;
	return NULL;
}

static bool overlaps(const struct gen_pool *pool, unsigned long start, unsigned long end)
{
	struct gen_pool_chunk *chunk;

	list_for_each_entry(chunk, &pool->chunks, next_chunk)
		if (start <= chunk->end_addr && end >= chunk->start_addr)
			return true;
	return false;
}

int gen_pool_add_virt(struct gen_pool *pool, unsigned long virt, phys_addr_t phys, size_t size,
		      int nid)
{
	unsigned long bits = size >> pool->min_alloc_order, flags;
	struct gen_pool_chunk *chunk;
	bool twice;

	if (!bits || virt + size - 1 < virt)
		return -EINVAL;
	chunk = kzalloc_node(sizeof(*chunk) + DIV_ROUND_UP(bits, 64) * sizeof(long), GFP_KERNEL,
			     nid);
	if (!chunk)
		return -ENOMEM;
	chunk->phys_addr = phys;
	chunk->start_addr = virt;
	chunk->end_addr = virt + size - 1;
	chunk->avail = bits << pool->min_alloc_order;
	spin_lock_irqsave(&pool->lock, flags);
	twice = overlaps(pool, virt, chunk->end_addr);
	if (!twice)
		list_add_tail(&chunk->next_chunk, &pool->chunks);
	spin_unlock_irqrestore(&pool->lock, flags);
	if (twice)
		kfree(chunk);
	return twice ? -EINVAL : 0;
}

/* Bytes of all chunks; `free`: that are not in use. */
static size_t sum_chunks(struct gen_pool *pool, bool free)
{
	struct gen_pool_chunk *chunk;
	unsigned long flags;
	size_t sum = 0;

	spin_lock_irqsave(&pool->lock, flags);
	list_for_each_entry(chunk, &pool->chunks, next_chunk)
		sum += free ? chunk->avail : chunk_size(chunk);
	spin_unlock_irqrestore(&pool->lock, flags);
	return sum;
}

size_t gen_pool_avail(struct gen_pool *pool)
{
	return sum_chunks(pool, true);
}

size_t gen_pool_size(struct gen_pool *pool)
{
	return sum_chunks(pool, false);
}

void gen_pool_for_each_chunk(struct gen_pool *pool,
			     void (*fn)(struct gen_pool *pool, struct gen_pool_chunk *chunk,
					void *data), void *data)
{
	struct gen_pool_chunk *chunk;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	list_for_each_entry(chunk, &pool->chunks, next_chunk)
		fn(pool, chunk, data);
	spin_unlock_irqrestore(&pool->lock, flags);
}

static unsigned long nr_used_bits(struct gen_pool *pool)
{
	struct gen_pool_chunk *chunk;
	unsigned long used = 0;

	list_for_each_entry(chunk, &pool->chunks, next_chunk)
		used += chunk_bits(pool, chunk) - (chunk->avail >> pool->min_alloc_order);
	return used;
}

void gen_pool_destroy(struct gen_pool *pool)
{
	struct gen_pool_chunk *chunk, *next;
	unsigned long used;

	if (!pool)
		return;
	used = nr_used_bits(pool);
	if (used) {
		report_misuse(QUARRY_BAD_FREE, pool, "gen_pool_destroy(%px): %lu bytes are in use",
			      pool, used << pool->min_alloc_order);
		return;
	}
	list_for_each_entry_safe(chunk, next, &pool->chunks, next_chunk)
		kfree(chunk);
	kfree(pool);
}

static void destroy_action(void *pool)
{
	gen_pool_destroy(pool);
}

struct gen_pool *devm_gen_pool_create(struct device *dev, int min_alloc_order, int nid,
				      const char *name)
{
	struct gen_pool *pool = gen_pool_create(min_alloc_order, nid);

	if (!pool || devm_add_action_or_reset(dev, destroy_action, pool))
		return ERR_PTR(-ENOMEM);
	return pool;
}

/* ---- Pieces ---- */

unsigned long gen_pool_alloc_algo(struct gen_pool *pool, size_t size, genpool_algo_t algo,
				  void *data)
{
	unsigned long nr = nr_bits(pool, size), addr = 0, flags;
	struct gen_pool_chunk *chunk;

	if (!size || nr > ~0U)
		return 0;
	spin_lock_irqsave(&pool->lock, flags);
	list_for_each_entry(chunk, &pool->chunks, next_chunk) {
		unsigned long bits = chunk_bits(pool, chunk), at = bits;

		if (chunk->avail >> pool->min_alloc_order >= nr)
			at = algo(chunk->bits, bits, 0, (unsigned int)nr, data, pool,
				  chunk->start_addr);
		if (at >= bits)
			continue;
		set_all(chunk->bits, at, nr, true);
		chunk->avail -= nr << pool->min_alloc_order;
		addr = chunk->start_addr + (at << pool->min_alloc_order);
		break;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	return addr;
}

unsigned long gen_pool_alloc(struct gen_pool *pool, size_t size)
{
	return gen_pool_alloc_algo(pool, size, READ_ONCE(pool->algo), READ_ONCE(pool->data));
}

void *gen_pool_dma_alloc(struct gen_pool *pool, size_t size, dma_addr_t *dma)
{
	unsigned long virt = gen_pool_alloc(pool, size);

	if (virt && dma)
		*dma = gen_pool_virt_to_phys(pool, virt);
	return (void *)virt;
}

void *gen_pool_dma_zalloc(struct gen_pool *pool, size_t size, dma_addr_t *dma)
{
	void *virt = gen_pool_dma_alloc(pool, size, dma);

	return virt ? memset(virt, 0, size) : NULL;
}

/* Is [addr, addr + size) allocated memory of the chunk? Under the lock. */
static bool is_allocated(const struct gen_pool *pool, const struct gen_pool_chunk *chunk,
			 unsigned long addr, size_t size)
{
	unsigned long offset = addr - chunk->start_addr, nr = nr_bits(pool, size);
	unsigned long at = offset >> pool->min_alloc_order;

	return size && !(offset & ((1UL << pool->min_alloc_order) - 1)) &&
	       nr <= chunk_bits(pool, chunk) - at && all_are(chunk->bits, at, nr, true);
}

void gen_pool_free(struct gen_pool *pool, unsigned long addr, size_t size)
{
	unsigned long nr = nr_bits(pool, size), flags;
	struct gen_pool_chunk *chunk;
	bool right;

	spin_lock_irqsave(&pool->lock, flags);
	chunk = find_chunk(pool, addr);
	right = chunk && is_allocated(pool, chunk, addr, size);
	if (right) {
		set_all(chunk->bits, (addr - chunk->start_addr) >> pool->min_alloc_order, nr,
			false);
		chunk->avail += nr << pool->min_alloc_order;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	if (!right)
		report_misuse(QUARRY_BAD_FREE, (void *)addr,
			      "gen_pool_free(%px, %#lx, size:%zu): not allocated", pool, addr,
			      size);
}

phys_addr_t gen_pool_virt_to_phys(struct gen_pool *pool, unsigned long addr)
{
	phys_addr_t phys = (phys_addr_t)-1;
	struct gen_pool_chunk *chunk;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	chunk = find_chunk(pool, addr);
	if (chunk && chunk->phys_addr != (phys_addr_t)-1)
		phys = chunk->phys_addr + (addr - chunk->start_addr);
	spin_unlock_irqrestore(&pool->lock, flags);
	return phys;
}

bool gen_pool_has_addr(struct gen_pool *pool, unsigned long addr, size_t size)
{
	struct gen_pool_chunk *chunk;
	unsigned long flags;
	bool has;

	spin_lock_irqsave(&pool->lock, flags);
	chunk = find_chunk(pool, addr);
	has = chunk && (!size || size - 1 <= chunk->end_addr - addr);
	spin_unlock_irqrestore(&pool->lock, flags);
	return has;
}
