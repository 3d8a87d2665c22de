/* SPDX-License-Identifier: MIT */
/* For tests of memory pools: an allocator that gives as much as the test says. */
#ifndef TESTS_MEMPOOL_ITEMS_H
#define TESTS_MEMPOOL_ITEMS_H

#include <linux/mempool.h>
#include "mm/mempool.h"
#include "tests/threads.h"

#define NR_ITEMS 64

/* What the allocator below hands out. */
struct item {
	atomic_t owners;	/* 1 from alloc to free */
	atomic_t users;		/* who of the pool's users has it */
};

static struct item items[NR_ITEMS];
static atomic_t stock;		/* how many more it gives */
static atomic_t nr_allocs;	/* that succeeded */
static gfp_t last_gfp;

static inline void *item_alloc(gfp_t gfp, void *data)
{
	WRITE_ONCE(last_gfp, gfp);
	if (atomic_dec_return(&stock) < 0) {
		atomic_inc(&stock);
		return NULL;
	}
	for (unsigned int i = 0; i < NR_ITEMS; i++)
		if (!atomic_cmpxchg(&items[i].owners, 0, 1)) {
			atomic_inc(&nr_allocs);
			return &items[i];
		}
	return NULL;
}

static inline void item_free(void *element, void *data)
{
	struct item *item = element;

	CHECK(item >= items && item < items + NR_ITEMS);
	CHECK_EQ(atomic_dec_return(&item->owners), 0);
	atomic_inc(&stock);
}

static inline void set_stock(int nr)
{
	atomic_set(&stock, nr);
}

static inline int items_out(void)
{
	int out = 0;

	for (unsigned int i = 0; i < NR_ITEMS; i++)
		out += atomic_read(&items[i].owners);
	return out;
}

/* A pool whose allocator is empty once the reserve is full. */
static inline mempool_t *dry_pool(int min_nr)
{
	mempool_t *pool;

	set_stock(min_nr);
	atomic_set(&nr_allocs, 0);
	pool = mempool_create(min_nr, item_alloc, item_free, NULL);
	CHECK(pool);
	return pool;
}

static inline void destroy(mempool_t *pool)
{
	CHECK_EQ(mempool_validate(pool), 0);
	CHECK_EQ(mempool_nr_waiting(pool), 0);
	mempool_destroy(pool);
	CHECK_EQ(items_out(), 0);
}

#endif
