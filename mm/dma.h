/* SPDX-License-Identifier: MIT */
/* What the files of mm/ about DMA offer each other: dma.c, dma_bounce.c, dma_debug.c. */
#ifndef MM_DMA_H
#define MM_DMA_H

#include <linux/dma-mapping.h>
#include "internal.h"

/* ---- dma.c ---- */

/* Before the first mapping, once pages can be allocated. */
void dma_start(void);

/* ---- dma_bounce.c ---- */

/* Sets `size` bytes aside, rounded up to a block, for mappings that find no others. */
void bounce_init(u64 size);
/*
 * A buffer that ends at or below `limit`, an address, for `size` bytes at `phys`: a copy of them.
 * DMA_MAPPING_ERROR when there is none.
 */
dma_addr_t bounce_map(struct device *dev, phys_addr_t phys, size_t size, u64 limit);
/* Is the address in such a buffer? */
bool is_bounced(dma_addr_t addr);
/* False, with nothing done: there is no such mapping of that size. */
bool bounce_unmap(dma_addr_t addr, size_t size, enum dma_data_direction dir, bool copy);
/* Copies part of a buffer to or from what it stands for. */
void bounce_sync(dma_addr_t addr, size_t size, enum dma_data_direction dir, bool for_device);
/* The longest mapping that can bounce, wherever in a page it begins. */
#define BOUNCE_MAX ((PAGE_SIZE << (MAX_ORDER - 1)) - PAGE_SIZE)

struct bounce_stats {
	unsigned long pages;		/* in use now */
	unsigned long maps;		/* in all */
	unsigned long from_reserve;	/* of these: from what was set aside */
	unsigned long reserve_pages, reserve_used;
	phys_addr_t reserve;		/* where they are */
};

void bounce_get_stats(struct bounce_stats *stats);
/* For tests: buffers come from the reserve alone, or not; returns what was before. */
bool bounce_reserve_only(bool on);
unsigned int bounce_validate(void);

/* ---- dma_debug.c ---- */

enum dma_debug_type { DMA_DEBUG_SINGLE, DMA_DEBUG_SG, DMA_DEBUG_COHERENT };

extern bool dma_debug_on;

/* Each call of a driver, when dma_debug_on. `caller` is who called the API. */
void dma_debug_map(struct device *dev, dma_addr_t addr, size_t size,
		   enum dma_data_direction dir, enum dma_debug_type type, int nents,
		   unsigned long caller);
void dma_debug_unmap(struct device *dev, dma_addr_t addr, size_t size,
		     enum dma_data_direction dir, enum dma_debug_type type, int nents);
void dma_debug_sync(struct device *dev, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir, bool for_device);
void dma_debug_asked(struct device *dev, dma_addr_t addr);
/* Switches the checks on or off: -ENOMEM when there is no memory for the table. May sleep. */
int dma_debug_set(bool on);
/* Mappings that are known. */
unsigned int dma_debug_entries(void);

#endif
