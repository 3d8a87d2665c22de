/* SPDX-License-Identifier: MIT */
/* Free blocks, counted. See show_mem.c. */
#ifndef MM_CENSUS_H
#define MM_CENSUS_H

#include "internal.h"

#define CENSUS_NONE   NR_MOBILITY	/* the row of whole page blocks, and of pristine memory */
#define NR_CENSUS_ROWS (NR_MOBILITY + 1)

struct census {
	unsigned long free[NR_CENSUS_ROWS][MAX_ORDER]; /* free blocks, by mobility and order */
	unsigned long blocks[NR_CENSUS_ROWS];	       /* page blocks, by mobility */
};

/* Counts a zone's free blocks. Takes zone->lock, again and again. */
void take_census(struct zone *zone, struct census *census);
/* Free blocks of an order, counted by walking. Caller holds zone->lock. */
unsigned long buddy_count(struct zone *zone, unsigned int order);
/* The same, out of a census. */
unsigned long census_of_order(const struct census *census, unsigned int order);

#endif
