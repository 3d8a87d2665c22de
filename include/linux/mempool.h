/* SPDX-License-Identifier: MIT */
/*
 * Memory pools: an allocator of any kind, and a reserve of elements beside it that was filled
 * in advance, so that whoever may sleep gets one always. See mm/mempool.c.
 */
#ifndef _LINUX_MEMPOOL_H
#define _LINUX_MEMPOOL_H

#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/* An element, or NULL. May be called in any context that gfp allows. */
typedef void *mempool_alloc_t(gfp_t gfp, void *pool_data);
/* Any context. */
typedef void mempool_free_t(void *element, void *pool_data);

typedef struct mempool {
	spinlock_t lock;	/* guards all below but the constants */
	int min_nr;		/* how many the reserve should hold */
	int curr_nr;		/* and does */
	int low;		/* frees come here while it holds fewer: min_nr, at least 1 */
	int capacity;		/* of elements[] */
	bool poisoned;		/* constant: what lies in the reserve is filled with a pattern */
	void **elements;	/* [0, curr_nr): the reserve */
	void *pool_data;	/* constant, for alloc and free */
	mempool_alloc_t *alloc;	/* constant */
	mempool_free_t *free;	/* constant */
	struct list_head waiters; /* who sleeps for an element, the longest waiting first */
} mempool_t;

/*
 * A pool with min_nr elements (1 or more; 0 gives no guarantee) in its reserve. NULL when
 * they, or the pool itself, cannot be had. May sleep.
 */
mempool_t *mempool_create(int min_nr, mempool_alloc_t *alloc_fn, mempool_free_t *free_fn,
			  void *pool_data);
mempool_t *mempool_create_node(int min_nr, mempool_alloc_t *alloc_fn, mempool_free_t *free_fn,
			       void *pool_data, gfp_t gfp, int nid);
/* Frees the reserve and the pool. Everything is back, nobody waits. NULL does nothing. */
void mempool_destroy(mempool_t *pool);

/* The same in memory of the caller; 0 or -ENOMEM. mempool_exit() may be called twice, and on
 * a pool that is all zeroes. */
int mempool_init(mempool_t *pool, int min_nr, mempool_alloc_t *alloc_fn,
		 mempool_free_t *free_fn, void *pool_data);
int mempool_init_node(mempool_t *pool, int min_nr, mempool_alloc_t *alloc_fn,
		      mempool_free_t *free_fn, void *pool_data, gfp_t gfp, int nid);
void mempool_exit(mempool_t *pool);

static inline bool mempool_initialized(const mempool_t *pool)
{
	return pool->elements != NULL;
}

/* Does the reserve hold what it should? Old news as soon as it is told. */
static inline bool mempool_is_saturated(const mempool_t *pool)
{
	return READ_ONCE(pool->curr_nr) >= READ_ONCE(pool->min_nr);
}

/*
 * Changes min_nr, to 1 or more, while the pool is in use. Less: what is too much in the
 * reserve is freed. More: it is filled up as far as the allocator gives; the rest comes with
 * the next frees. 0, -EINVAL, or -ENOMEM with min_nr as it was. May sleep.
 */
int mempool_resize(mempool_t *pool, int new_min_nr);
/* Up to Linux 4.0 with flags, which are not needed. */
#define mempool_resize(pool, new_min_nr, ...) mempool_resize(pool, new_min_nr)

/*
 * An element: the allocator's; else one of the reserve; else, if gfp allows to sleep, the
 * next that is freed, in the order of asking. Never NULL if it may sleep. Not cleared: what
 * comes from the reserve holds what was left in it, so __GFP_ZERO is reported.
 */
void *mempool_alloc(mempool_t *pool, gfp_t gfp);
/* One of the reserve or NULL. Never sleeps; any context. */
void *mempool_alloc_preallocated(mempool_t *pool);
/* To who waits longest, to the reserve, or to the allocator. Any context. NULL does nothing. */
void mempool_free(void *element, mempool_t *pool);

/* Blocks of pages; pool_data is the order. Elements are struct page *. */
void *mempool_alloc_pages(gfp_t gfp, void *pool_data);
void mempool_free_pages(void *element, void *pool_data);

#define mempool_init_page_pool(pool, min_nr, order) \
	mempool_init(pool, min_nr, mempool_alloc_pages, mempool_free_pages, \
		     (void *)(unsigned long)(order))
#define mempool_create_page_pool(min_nr, order) \
	mempool_create(min_nr, mempool_alloc_pages, mempool_free_pages, \
		       (void *)(unsigned long)(order))

/* Objects of a cache, which is pool_data; blocks of kmalloc(), pool_data is their size. */
void *mempool_alloc_slab(gfp_t gfp, void *pool_data);
void mempool_free_slab(void *element, void *pool_data);
void *mempool_kmalloc(gfp_t gfp, void *pool_data);
void mempool_kfree(void *element, void *pool_data);

#define mempool_init_slab_pool(pool, min_nr, cache) \
	mempool_init(pool, min_nr, mempool_alloc_slab, mempool_free_slab, (void *)(cache))
#define mempool_create_slab_pool(min_nr, cache) \
	mempool_create(min_nr, mempool_alloc_slab, mempool_free_slab, (void *)(cache))
#define mempool_init_kmalloc_pool(pool, min_nr, size) \
	mempool_init(pool, min_nr, mempool_kmalloc, mempool_kfree, (void *)(unsigned long)(size))
#define mempool_create_kmalloc_pool(min_nr, size) \
	mempool_create(min_nr, mempool_kmalloc, mempool_kfree, (void *)(unsigned long)(size))

#endif
