/* SPDX-License-Identifier: MIT */
/* What mm/dmapool.c offers to white-box tests. */
#ifndef MM_DMAPOOL_H
#define MM_DMAPOOL_H

#include <linux/dmapool.h>

/* Checks a pool that nobody uses meanwhile; the number of violations, each reported. */
unsigned int dma_pool_validate(struct dma_pool *pool);
/* Blocks that are out, of a pool that nobody uses meanwhile; pages it has. */
unsigned long dma_pool_nr_used(struct dma_pool *pool);
unsigned long dma_pool_nr_chunks(struct dma_pool *pool);

#endif
