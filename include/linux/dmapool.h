/* SPDX-License-Identifier: MIT */
/* Small blocks of coherent memory, of one size, for one device. See mm/dmapool.c. */
#ifndef _LINUX_DMAPOOL_H
#define _LINUX_DMAPOOL_H

#include <linux/gfp.h>
#include <linux/types.h>

struct device;
struct dma_pool;

/*
 * Blocks of `size` bytes, aligned to `align` (a power of two, 0 or 1: any), none of which crosses
 * a multiple of `boundary` (a power of two not below size; 0: no such border). NULL, after a line
 * that says why, when that makes no sense or there is no memory. May sleep.
 */
struct dma_pool *dma_pool_create(const char *name, struct device *dev, size_t size, size_t align,
				 size_t boundary);
/*
 * All blocks are back and nobody uses the pool. Otherwise it is reported, and the pool stays as it
 * is. NULL does nothing. May sleep.
 */
void dma_pool_destroy(struct dma_pool *pool);

/*
 * A block, and its address for the device; NULL when there is no memory. Not cleared but with
 * __GFP_ZERO. Any context that gfp allows.
 */
void *dma_pool_alloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *handle);
#define dma_pool_zalloc(pool, gfp, handle) dma_pool_alloc(pool, (gfp) | __GFP_ZERO, handle)
/*
 * Any context. What is not a block of this pool in use, or has another address for the device, is
 * reported and left alone.
 */
void dma_pool_free(struct dma_pool *pool, void *virt, dma_addr_t handle);

/* The device it was made for. */
struct device *dma_pool_device(const struct dma_pool *pool);

/* A pool that ends with the device's driver (linux/device.h). */
struct dma_pool *dmam_pool_create(const char *name, struct device *dev, size_t size, size_t align,
				  size_t boundary);
void dmam_pool_destroy(struct dma_pool *pool);

#endif
