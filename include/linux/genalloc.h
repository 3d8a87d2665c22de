/* SPDX-License-Identifier: MIT */
/*
 * An allocator for memory that no allocator has: a device's, on-chip RAM, a range put aside. It
 * never touches what it hands out. See mm/genalloc.c.
 */
#ifndef _LINUX_GENALLOC_H
#define _LINUX_GENALLOC_H

#include <linux/list.h>
#include <linux/numa.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct device;
struct gen_pool;

/*
 * Where in a chunk's map of `size` bits, from `start` on, are `nr` zeroes in a row? size or more:
 * nowhere. `start_addr` is the address of bit 0. Called under the pool's lock.
 */
typedef unsigned long (*genpool_algo_t)(unsigned long *map, unsigned long size,
					unsigned long start, unsigned int nr, void *data,
					struct gen_pool *pool, unsigned long start_addr);

struct gen_pool {
	spinlock_t lock;		/* guards all below but min_alloc_order */
	struct list_head chunks;
	int min_alloc_order;		/* constant: a bit stands for 2^this bytes */
	genpool_algo_t algo;
	void *data;			/* for algo */
};

struct gen_pool_chunk {
	struct list_head next_chunk;
	unsigned long avail;		/* bytes that are free */
	phys_addr_t phys_addr;		/* of start_addr, as gen_pool_add_virt() was told */
	unsigned long start_addr, end_addr; /* both inclusive */
	unsigned long bits[];		/* set: in use */
};

struct genpool_data_align {
	int align;			/* bytes, a power of two */
};

struct genpool_data_fixed {
	unsigned long offset;		/* from the chunk's start, bytes */
};

/* A pool without memory, whose pieces are multiples of 2^min_alloc_order bytes. May sleep. */
struct gen_pool *gen_pool_create(int min_alloc_order, int nid);
/* The same for a device, with which it goes. ERR_PTR(-ENOMEM), not NULL, when it fails. */
struct gen_pool *devm_gen_pool_create(struct device *dev, int min_alloc_order, int nid,
				      const char *name);
/* Everything is back; else it is reported, and the pool stays. NULL does nothing. */
void gen_pool_destroy(struct gen_pool *pool);

/* Adds `size` bytes: 0, -EINVAL for none or for some that the pool has, -ENOMEM. May sleep. */
int gen_pool_add_virt(struct gen_pool *pool, unsigned long virt, phys_addr_t phys, size_t size,
		      int nid);

static inline int gen_pool_add(struct gen_pool *pool, unsigned long addr, size_t size, int nid)
{
	return gen_pool_add_virt(pool, addr, (phys_addr_t)-1, size, nid);
}

/* `size` bytes, 0 when there are none. Any context but NMIs. */
unsigned long gen_pool_alloc_algo(struct gen_pool *pool, size_t size, genpool_algo_t algo,
				  void *data);
unsigned long gen_pool_alloc(struct gen_pool *pool, size_t size);
/* The same with the physical address; the second form clears it. */
void *gen_pool_dma_alloc(struct gen_pool *pool, size_t size, dma_addr_t *dma);
void *gen_pool_dma_zalloc(struct gen_pool *pool, size_t size, dma_addr_t *dma);
/* With the size of the allocation. What is not allocated so is reported and left alone. */
void gen_pool_free(struct gen_pool *pool, unsigned long addr, size_t size);

/* -1 for addresses that are not the pool's. */
phys_addr_t gen_pool_virt_to_phys(struct gen_pool *pool, unsigned long addr);
bool gen_pool_has_addr(struct gen_pool *pool, unsigned long addr, size_t size);
size_t gen_pool_avail(struct gen_pool *pool);
size_t gen_pool_size(struct gen_pool *pool);
/* fn may not use the pool. */
void gen_pool_for_each_chunk(struct gen_pool *pool,
			     void (*fn)(struct gen_pool *pool, struct gen_pool_chunk *chunk,
					void *data), void *data);

/* How gen_pool_alloc() looks from now on; gen_pool_first_fit() is the default. */
void gen_pool_set_algo(struct gen_pool *pool, genpool_algo_t algo, void *data);
unsigned long gen_pool_first_fit(unsigned long *map, unsigned long size, unsigned long start,
				 unsigned int nr, void *data, struct gen_pool *pool,
				 unsigned long start_addr);
unsigned long gen_pool_best_fit(unsigned long *map, unsigned long size, unsigned long start,
				unsigned int nr, void *data, struct gen_pool *pool,
				unsigned long start_addr);
/* data: struct genpool_data_align. */
unsigned long gen_pool_first_fit_align(unsigned long *map, unsigned long size,
				       unsigned long start, unsigned int nr, void *data,
				       struct gen_pool *pool, unsigned long start_addr);
/* Aligned to the size's power of two. */
unsigned long gen_pool_first_fit_order_align(unsigned long *map, unsigned long size,
					     unsigned long start, unsigned int nr, void *data,
					     struct gen_pool *pool, unsigned long start_addr);
/* data: struct genpool_data_fixed. */
unsigned long gen_pool_fixed_alloc(unsigned long *map, unsigned long size, unsigned long start,
				   unsigned int nr, void *data, struct gen_pool *pool,
				   unsigned long start_addr);

#define addr_in_gen_pool(pool, addr, size) gen_pool_has_addr(pool, addr, size)

#endif
