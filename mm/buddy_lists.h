/* SPDX-License-Identifier: MIT */
/*
 * The lists of page blocks in a zone, doubly linked by numbers of page blocks: buddy.c has their
 * order. Callers hold zone->lock.
 */
#ifndef MM_BUDDY_LISTS_H
#define MM_BUDDY_LISTS_H

#include "internal.h"

static inline enum place partial_place(unsigned int bucket, unsigned int order)
{
	return PLACE_PARTIAL + bucket * PAGEBLOCK_ORDER + order;
}

static inline u32 *place_head(struct zone *zone, const struct pageblock *pb, u8 place)
{
	u32 *partial = &zone->partial[pb->mobility][0][0];

	return place >= PLACE_PARTIAL ? &partial[place - PLACE_PARTIAL]
				      : &zone->whole[place - PLACE_WHOLE];
}

static inline void mark_partial(struct zone *zone, const struct pageblock *pb, u8 place,
				bool filled)
{
	unsigned int bucket = (place - PLACE_PARTIAL) / PAGEBLOCK_ORDER;
	unsigned int order = (place - PLACE_PARTIAL) % PAGEBLOCK_ORDER;
	u16 *mask = &zone->partial_mask[pb->mobility][bucket];

	WRITE_ONCE(*mask, (u16)(filled ? *mask | BIT(order) : *mask & ~BIT(order)));
}

static inline void list_block(struct zone *zone, struct pageblock *pb, u8 place)
{
	u32 number = pb - pageblock_table();
	u32 *head;

	pb->place = place;
	if (place == PLACE_NONE)
		return;
	head = place_head(zone, pb, place);
	pb->prev = BLOCK_NONE;
	pb->next = *head;
	if (pb->next != BLOCK_NONE)
		pageblock_table()[pb->next].prev = number;
	else if (place >= PLACE_PARTIAL)
		mark_partial(zone, pb, place, true);
	WRITE_ONCE(*head, number);
}

static inline void unlist_block(struct zone *zone, struct pageblock *pb)
{
	u32 *head;

	if (pb->place == PLACE_NONE)
		return;
	head = place_head(zone, pb, pb->place);
	if (pb->next != BLOCK_NONE)
		pageblock_table()[pb->next].prev = pb->prev;
	if (pb->prev != BLOCK_NONE)
		pageblock_table()[pb->prev].next = pb->next;
	else
		WRITE_ONCE(*head, pb->next);
	if (pb->place >= PLACE_PARTIAL && *head == BLOCK_NONE)
		mark_partial(zone, pb, pb->place, false);
	pb->place = PLACE_NONE;
}

#endif
