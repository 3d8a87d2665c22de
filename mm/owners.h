/* SPDX-License-Identifier: MIT */
/* What is allocated, by who did it. See owners.c. */
#ifndef MM_OWNERS_H
#define MM_OWNERS_H

#include "stack_depot.h"

struct owner_site {
	char what[24];			/* of: "pages", "vmalloc", or a cache's name */
	unsigned long frames[STACK_DEPOT_DEPTH];
	u32 nr;				/* frames: 0 where nobody remembers who */
	u32 hash;
	unsigned long count, bytes;	/* of what is allocated there, now; 0: no site */
};

struct owners {
	unsigned int max, nr;
	unsigned int order;		/* of its pages */
	unsigned long missed;		/* did not fit */
	struct owner_site sites[];	/* by hash, open addressing */
};

enum owner_source { OWNERS_PAGES = 1, OWNERS_OBJECTS = 2, OWNERS_AREAS = 4, OWNERS_ALL = 7 };

/* Counts what is allocated now. NULL: no memory to count in. Any context but NMIs. */
struct owners *owners_take(unsigned int sources);
/* One more of `bytes` bytes. */
void owners_add(struct owners *owners, const char *what, const unsigned long *frames,
		unsigned int nr, size_t bytes);
/* The largest ones on the log, up to `max` of them. */
void owners_print(const struct owners *owners, unsigned int max);
/* The reports page_owner and alloc_traces. */
void show_page_owner(void);
void show_alloc_traces(void);

#endif
