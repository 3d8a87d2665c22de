// SPDX-License-Identifier: MIT
/*
 * White-box validators: each walks one structure from scratch and compares what it finds with
 * the invariants that the structure's file states at its top. They share no code with the
 * operations they check, beyond the accessors.
 *
 * What is allocated belongs to its owner, lock or not: its descriptor's word may change while it is
 * looked at, between states that are all sound, so it is read once.
 *
 * A violation is reported as QUARRY_CORRUPTION and counted; nothing is repaired. Cost: in
 * proportion to the memory in use, with the zone's lock held; tests call them after each case.
 */
#include <linux/smp.h>
#include "badmem.h"
#include "guard.h"
#include "section.h"
#include "slab.h"
#include "vmap.h"

#define VIOLATION(address, fmt, ...) \
	({ report_misuse(QUARRY_CORRUPTION, address, fmt, ##__VA_ARGS__); 1u; })

static unsigned int check_ranges(const char *name, const struct memblock_type *type)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < type->nr; i++) {
		const struct memblock_region *r = &type->regions[i];

		if (r->base >= r->end)
			wrong += VIOLATION(r, "memblock %s[%u]: empty range", name, i);
		if (i && r[-1].end > r->base)
			wrong += VIOLATION(r, "memblock %s[%u]: overlaps the one before", name, i);
		if (i && r[-1].end == r->base && r[-1].nid == r->nid && r[-1].nomap == r->nomap)
			wrong += VIOLATION(r, "memblock %s[%u]: not merged", name, i);
	}
	return wrong;
}

/* ---- One page block ---- */

struct block_walk {
	unsigned int nr_free;		/* pages in free blocks */
	unsigned int count[PAGEBLOCK_ORDER]; /* free blocks by order, without guards */
	unsigned int guards;
	unsigned int wrong;
};

/* A free block of order below 9 must have no free buddy: it would have been merged. */
static void check_free_block(struct block_walk *walk, struct page *first, unsigned int index)
{
	struct page *page = first + index;
	u64 buddy = READ_ONCE(first[index ^ (1u << page->order)].word);

	walk->nr_free += 1u << page->order;
	if (page->flags & PG_GUARD)
		walk->guards++;
	else
		walk->count[page->order]++;
	if (word_state(buddy) == PAGE_FREE && word_order(buddy) == page->order)
		walk->wrong += VIOLATION(page, "page block at pfn %#lx: free buddies %u and %u",
					 page_to_pfn(first), index, index ^ (1u << page->order));
}

/* Every page of a slab says so; one that is just made or goes back does in part. */
static bool is_slab_tail(u64 head, u64 word)
{
	return word_state(word) == PAGE_SLAB && (word_flags(word) & PG_TAIL) &&
	       (word_state(head) == PAGE_SLAB || word_state(head) == PAGE_USED);
}

/* As they were when they were looked at? If not, their owner gives them back at this moment. */
static bool stands(const struct page *head, u64 head_word, const struct page *page, u64 word)
{
	return READ_ONCE(head->word) == head_word && READ_ONCE(page->word) == word;
}

/* Those behind the first page of a block: in no block of their own. */
static unsigned int check_tails(const struct page *head, u64 head_word, unsigned int order)
{
	unsigned int wrong = 0;

	for (unsigned int i = 1; i < 1u << order; i++) {
		u64 word = READ_ONCE(head[i].word);

		if (word_state(word) != PAGE_NONE && !is_slab_tail(head_word, word) &&
		    stands(head, head_word, head + i, word))
			wrong += VIOLATION(head + i, "pfn %#lx: state %u in a block",
					   page_to_pfn(head + i), word_state(word));
	}
	return wrong;
}

/* Goes from block to block by their orders; what is in none is reserved, page by page. */
static void walk_pages(struct block_walk *walk, const struct pageblock *pb)
{
	struct page *first = pfn_to_page(block_to_pfn(pb));
	unsigned int index = 0;

	while (index < PAGEBLOCK_PAGES) {
		struct page *page = first + index;
		u64 word = READ_ONCE(page->word);
		enum page_state state = word_state(word);
		unsigned int order = state == PAGE_NONE ? 0 : word_order(word);

		if (state > PAGE_BAD || order >= PAGEBLOCK_ORDER ||
		    !IS_ALIGNED(index, 1u << order)) {
			walk->wrong += VIOLATION(page, "pfn %#lx: state %u, order %u",
						 page_to_pfn(page), state, word_order(word));
			return;
		}
		if (state == PAGE_FREE)
			check_free_block(walk, first, index);
		walk->wrong += check_tails(page, word, order);
		index += 1u << order;
	}
}

static void check_lists(struct block_walk *walk, const struct pageblock *pb)
{
	struct page *first = pfn_to_page(block_to_pfn(pb));

	for (unsigned int order = 0; order < PAGEBLOCK_ORDER; order++) {
		unsigned int listed = 0;
		u16 prev = INDEX_NONE;

		for (u16 i = pb->head[order]; i < PAGEBLOCK_PAGES && listed <= walk->count[order];
		     prev = i, i = first[i].buddy.next) {
			listed++;
			if (first[i].state != PAGE_FREE || first[i].order != order ||
			    first[i].flags & PG_GUARD || first[i].buddy.prev != prev)
				walk->wrong += VIOLATION(first + i, "pfn %#lx: astray in list %u",
							 page_to_pfn(first + i), order);
		}
		if (listed != walk->count[order] || !(pb->orders & BIT(order)) != !listed)
			walk->wrong += VIOLATION(pb, "page block at pfn %#lx: order %u, %u of %u "
						 "listed", page_to_pfn(first), order, listed,
						 walk->count[order]);
	}
}

/* A page block whose first page begins a block of order 9 or 10, or lies inside one. */
static bool is_large(const struct pageblock *pb, const struct page **head)
{
	*head = page_block_head(pfn_to_page(block_to_pfn(pb)));
	return *head && READ_ONCE((*head)->order) >= PAGEBLOCK_ORDER;
}

static unsigned int check_large(const struct pageblock *pb, const struct page *head)
{
	u64 word = READ_ONCE(head->word);
	unsigned int order = word_order(word);
	bool first = page_to_pfn(head) == block_to_pfn(pb), is_free = word_state(word) == PAGE_FREE;
	u8 place = first && is_free ? PLACE_WHOLE + order - PAGEBLOCK_ORDER : PLACE_NONE;

	if (order >= MAX_ORDER || !IS_ALIGNED(page_to_pfn(head), 1UL << order))
		return VIOLATION(head, "pfn %#lx: begins a block of order %u", page_to_pfn(head),
				 order);
	if (pb->orders || pb->place != place || pb->nr_free != (is_free ? PAGEBLOCK_PAGES : 0) ||
	    pb->nr_guards)
		return VIOLATION(pb, "page block at pfn %#lx: large, orders %#x, place %u, free %u",
				 block_to_pfn(pb), pb->orders, pb->place, pb->nr_free);
	return 0;
}

static unsigned int check_block(const struct pageblock *pb)
{
	struct block_walk walk = { 0 };
	const struct page *head;

	if (is_large(pb, &head))
		return check_large(pb, head);
	walk_pages(&walk, pb);
	if (walk.wrong)
		return walk.wrong;
	check_lists(&walk, pb);
	if (walk.nr_free != pb->nr_free || pb->place != buddy_place(pb))
		walk.wrong += VIOLATION(pb, "page block at pfn %#lx: %u free of %u, place %u",
					block_to_pfn(pb), walk.nr_free, pb->nr_free, pb->place);
	if (walk.guards != pb->nr_guards)
		walk.wrong += VIOLATION(pb, "page block at pfn %#lx: %u guards of %u",
					block_to_pfn(pb), walk.guards, pb->nr_guards);
	return walk.wrong;
}

/* ---- One zone ---- */

/* Every page block in the list is where it says it is. Returns how many there are. */
static unsigned long walk_list(const struct zone *zone, u32 number, u8 place, unsigned int *wrong)
{
	unsigned long listed = 0;

	for (u32 prev = BLOCK_NONE; number != BLOCK_NONE && listed < max_pfn;) {
		const struct pageblock *pb = pageblock_table() + number;

		listed++;
		if (!pfn_valid(block_to_pfn(pb)) || pb->place != place || pb->prev != prev ||
		    block_zone(pb) != zone) {
			*wrong += VIOLATION(pb, "zone %s: page block %u astray in list %u",
					    zone_name(zone), number, place);
			break;
		}
		prev = number;
		number = pb->next;
	}
	return listed;
}

static unsigned long walk_lists(const struct zone *zone, unsigned int *wrong)
{
	unsigned long listed = 0;

	for (unsigned int i = 0; i < WHOLE_ORDERS; i++)
		listed += walk_list(zone, zone->whole[i], PLACE_WHOLE + i, wrong);
	for (unsigned int m = 0; m < NR_MOBILITY; m++) {
		const u32 *heads = &zone->partial[m][0][0];

		for (unsigned int i = 0; i < NR_BUCKETS * PAGEBLOCK_ORDER; i++) {
			u16 mask = zone->partial_mask[m][i / PAGEBLOCK_ORDER];

			listed += walk_list(zone, heads[i], PLACE_PARTIAL + i, wrong);
			if (!(mask & BIT(i % PAGEBLOCK_ORDER)) != (heads[i] == BLOCK_NONE))
				*wrong += VIOLATION(zone, "zone %s: mask of list %u",
						    zone_name(zone), i);
		}
	}
	return listed;
}

static unsigned int check_zone(struct zone *zone)
{
	unsigned long nr_free = 0, placed = 0, listed, flags;
	unsigned int wrong = 0;
	struct pageblock *pb;

	spin_lock_irqsave(&zone->lock, flags);
	for_each_block(zone, pb) {
		wrong += check_block(pb);
		nr_free += pb->nr_free;
		placed += pb->place != PLACE_NONE;
	}
	listed = walk_lists(zone, &wrong);
	wrong += guard_validate(zone);
	if (listed != placed || nr_free != zone->nr_free)
		wrong += VIOLATION(zone, "zone %s: %lu of %lu page blocks listed, %lu free of %lu",
				   zone_name(zone), listed, placed, nr_free, zone->nr_free);
	if (zone->nr_pristine != section_count_pristine(zone))
		wrong += VIOLATION(zone, "zone %s: %lu pages pristine, not %lu", zone_name(zone),
				   section_count_pristine(zone), zone->nr_pristine);
	if (zone_free_pages(zone) > zone->managed)
		wrong += VIOLATION(zone, "zone %s: %lu free of %lu", zone_name(zone),
				   zone_free_pages(zone), zone->managed);
	spin_unlock_irqrestore(&zone->lock, flags);
	return wrong;
}

/* ---- Caches of CPUs ---- */

static void check_pcp(void *wrong)
{
	atomic_add((int)pcp_validate_here(), wrong);
}

/* With interrupts off, or while preemption is, only this CPU's. */
static unsigned int check_pcps(void)
{
	atomic_t wrong = ATOMIC_INIT(0);
	unsigned long flags;

	if (preemptible()) {
		on_each_cpu(check_pcp, &wrong, true);
	} else {
		local_irq_save(flags);
		check_pcp(&wrong);
		local_irq_restore(flags);
	}
	return (unsigned int)atomic_read(&wrong);
}

unsigned int quarry_validate(void)
{
	unsigned int wrong = check_ranges("memory", &memblock_memory) +
			     check_ranges("reserved", &memblock_reserved) + numa_validate() +
			     highmem_validate() + check_pcps() + percpu_validate() +
			     vmap_validate() + slab_validate() + memory_failure_validate();
	struct zone *zone;

	for_each_zone(zone)
		wrong += check_zone(zone);
	return wrong;
}
