/* SPDX-License-Identifier: MIT */
/*
 * The early allocator: physical ranges, before and beneath the page allocator.
 * One CPU, no interrupts, until quarry_init() has returned.
 */
#ifndef _LINUX_MEMBLOCK_H
#define _LINUX_MEMBLOCK_H

#include <linux/nodemask.h>
#include <linux/types.h>

#define MEMBLOCK_ALLOC_ANYWHERE (~(phys_addr_t)0)

/*
 * Tells of RAM, of RAM to forget, and of RAM that is taken. Bytes, in any order and
 * alignment; ranges may overlap or repeat; an empty one does nothing and one that would
 * wrap is cut at the end of the address space. With nothing changed: -ENOSPC when
 * QUARRY_MEMBLOCK_REGIONS separate ranges are reached; -EBUSY, reported, after quarry_init().
 */
int memblock_add(phys_addr_t base, phys_addr_t size);
int memblock_remove(phys_addr_t base, phys_addr_t size);
int memblock_reserve(phys_addr_t base, phys_addr_t size);
/* Gives a reservation back: early only; later, memory goes back through the page allocator. */
int memblock_phys_free(phys_addr_t base, phys_addr_t size);
/* Gives the RAM in [base, base + size) to a node. */
int memblock_set_node(phys_addr_t base, phys_addr_t size, int nid);

/* memblock_alloc() stays below it: how far the direct map reaches at this time. */
void memblock_set_current_limit(phys_addr_t limit);

/*
 * Memory, cleared, at its direct-map address; align is a power of two (0: a cache line);
 * the highest that fits below the current limit. NULL when there is none. Never given back.
 */
void *memblock_alloc(phys_addr_t size, phys_addr_t align);
/* The same from the node's memory as long as there is some, then from any. */
void *memblock_alloc_node(phys_addr_t size, phys_addr_t align, int nid);
/* The same in a range, as a physical address, HIGHMEM too, not cleared; 0: there is none. */
phys_addr_t memblock_phys_alloc_range(phys_addr_t size, phys_addr_t align,
				      phys_addr_t start, phys_addr_t end);
/* The same from the node's memory in the range, or else, unless exact_nid, from any there. */
phys_addr_t memblock_alloc_range_nid(phys_addr_t size, phys_addr_t align, phys_addr_t start,
				     phys_addr_t end, int nid, bool exact_nid);

phys_addr_t memblock_phys_mem_size(void);	/* bytes of RAM */
phys_addr_t memblock_reserved_size(void);	/* bytes reserved */
phys_addr_t memblock_start_of_DRAM(void);
phys_addr_t memblock_end_of_DRAM(void);
bool memblock_is_memory(phys_addr_t addr);
bool memblock_is_reserved(phys_addr_t addr);

/* The i-th range of RAM: [*start, *end), and its node; false past the last. */
bool memblock_memory_range(unsigned int i, phys_addr_t *start, phys_addr_t *end, int *nid);
/*
 * The first free range (RAM, not reserved) that ends above `from`, cut to begin at or
 * above it; false when there is none.
 */
bool memblock_next_free(phys_addr_t from, phys_addr_t *start, phys_addr_t *end, int *nid);

#define for_each_mem_range(i, p_start, p_end) \
	for (i = 0; memblock_memory_range(i, p_start, p_end, NULL); i++)
#define for_each_free_mem_range(pos, p_start, p_end) \
	for (pos = 0; memblock_next_free(pos, p_start, p_end, NULL); pos = *(p_end))

#endif
