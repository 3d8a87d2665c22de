/* SPDX-License-Identifier: MIT */
/* Free blocks behind allocated ones that nobody gets. See guard.c. Callers hold zone->lock. */
#ifndef MM_GUARD_H
#define MM_GUARD_H

#include "kasan.h"

#define GUARD_ORDERS_MAX (PAGEBLOCK_ORDER - 1)	/* with its guard a block stays in a page block */

extern unsigned int guard_orders;	/* blocks of orders below it get one; from quarry_plan() */

static inline bool is_guard(u64 word)
{
	return word_state(word) == PAGE_FREE && word_flags(word) & PG_GUARD;
}

/* Of an allocated block the upper half becomes free, and a guard; the lower is of this order. */
void guard_cut(struct zone *zone, struct page *page, unsigned int order);

/* A guard is none any more, and about to be taken or merged: its counts are as before. */
static inline void guard_clear(struct pageblock *pb, struct page *page, unsigned int order)
{
	struct zone *zone = block_zone(pb);

	kasan_free_pages(page, order);
	WRITE_ONCE(page->word, PAGE_WORD(PAGE_NONE, 0, 0, 0));
	WRITE_ONCE(zone->nr_guards[order], zone->nr_guards[order] - 1);
	if (--pb->nr_guards)
		return;
	if (pb->guard_next != BLOCK_NONE)
		pageblock_table()[pb->guard_next].guard_prev = pb->guard_prev;
	if (pb->guard_prev != BLOCK_NONE)
		pageblock_table()[pb->guard_prev].guard_next = pb->guard_next;
	else
		zone->guarded = pb->guard_next;
}

/* Those of a page block that serve a request of that order become free blocks as any other. */
void guard_release_block(struct zone *zone, const struct pageblock *pb, unsigned int order);
/*
 * Those of one page block become free blocks as any other; false: there are none in the zone that
 * would serve a request of that order.
 */
bool guard_release(struct zone *zone, unsigned int order);

/* Has the zone any that would serve a request of that order? A hint without the lock. */
bool guard_has(const struct zone *zone, unsigned int order);
/* Adds, by order, how many a page block has. */
void guard_count(const struct pageblock *pb, unsigned long nr[PAGEBLOCK_ORDER]);
/* Is what the zone and its page blocks count and list what there is? How often not. */
unsigned int guard_validate(struct zone *zone);

#endif
