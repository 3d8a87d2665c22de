// SPDX-License-Identifier: MIT
/*
 * Per-CPU caches of free blocks, orders 0 to 9: most requests and most frees end here, without
 * a lock and without a locked instruction.
 *
 * Each CPU has, for each zone of its home node (the nearest one with memory), each mobility and
 * each order, a stack of pointers to free blocks (quarry/cpu_stack.h). Order 9 is a whole page
 * block, which belongs to no mobility: one stack serves all. The top is hot: freed last, handed
 * out first. The bottom is cold: it goes back to the zone first, and to who says __GFP_COLD.
 *
 *	alloc_pages(gfp, order)     pcp.by_gfp[gfp & 31][order] ----> stack
 *	__free_pages(page, order)   pcp.by_kind[its page block's kind][order] --^
 *
 * A stack that is empty is refilled from the zone, and one that is full gives back to it, a
 * batch under one lock (zone_alloc.c, drain() here). How many a stack holds is decided from the
 * zone's size when the caches are set up (pcp_setup.c); zones too small for it have none: their
 * places in the tables name a stack that is always empty and always full.
 *
 * Blocks of other nodes, up to order 3, wait on one stack for a batch of them and go to the
 * lists of their own zones, one lock a zone and batch; larger ones go there at once. So what a
 * CPU hands out is always near it.
 *
 * The descriptor is the authority, a stack's entry a hint. page->word of a cached block is
 * PAGE_CACHED, its order, this CPU's number, no references; only who turns that word into
 * another one has the block. So a block is never handed out twice, whatever callers do wrong:
 *
 *  - Freed again while it is cached, here or elsewhere: its word is not that of an allocated
 *    block; reported, nothing changed.
 *  - Freed on two CPUs at the same moment: both may see it allocated, both mark it and keep an
 *    entry; the word is the later one's. The other CPU finds a word that is not its own when it
 *    takes its entry out, reports it, and forgets the entry.
 *  - The same, and the block was handed out, freed and cached again meanwhile: there may be two
 *    entries here for one cached block. The first that is taken makes the word PAGE_USED; the
 *    second finds that, and is reported.
 *
 * Interleavings with interrupts of this CPU (threads do not change CPUs in here: they do only
 * when they sleep):
 *
 *  - Within a pop, a push, or a change of the word: these are restartable sequences; each
 *    begins anew and sees what the interrupt left.
 *  - Between the pop and the change of the word: the block is in no stack, still marked. Nobody
 *    else takes it but by a second entry (above), and then this one finds the word changed.
 *  - Between the change of the word and the push, when freeing: marked, in no stack. A free of
 *    it in the interrupt is reported. The push may find the stack filled by the interrupt: then
 *    the slow way gives a batch back first.
 *  - A refill, a drain, a look below the top: with interrupts off. An interrupted sequence that
 *    such an interrupt's drain ran into begins anew.
 *  - NMIs do not allocate.
 *
 * Interleavings with other CPUs: a stack is touched by its CPU alone; another CPU's request to
 * drain is a call that this CPU makes. Others read `nr` to count, as a hint. The word of an
 * allocated block is changed without a lock, see page_free.c; that of a cached one by its CPU.
 * Pages change hands between CPUs through the zone's lock, which orders what was done to them.
 *
 * Invariants (pcp_validate_here()): nr <= max; each entry is a block of the stack's order and,
 * but for `remote`, of its zone, whose word says that this CPU caches it.
 *
 * Cached blocks count as free: zone_free_pages() looks at every CPU's stacks.
 *
 * Locks: zone->lock inside of interrupts off. Costs: see pcp_setup.c for memory; a hit is some
 * twenty instructions each way.
 */
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include "internal.h"
#include "reclaim.h"

#define REMOTE_MAX_ORDER 3	/* larger blocks of other nodes do not wait */
#define BATCH_MAX 32		/* blocks under one lock: bounds the time with interrupts off */

struct pcp_none pcp_none = { .words = { .cached = ~0ULL, .used = ~0ULL } };

DEFINE_PER_CPU(struct pcp, pcp) = {
	.by_gfp = { [0 ... GFP_KINDS - 1] = { [0 ... PCP_COLUMNS - 1] = &pcp_no_stack } },
	.by_kind = { [0 ... KINDS_OF_NODE - 1] = { [0 ... PCP_COLUMNS - 1] = &pcp_no_stack } },
	.remote = &pcp_no_stack,
	.home = KIND_NO_HOME, .free_home = KIND_NO_HOME,
};

void pcp_report_stray(struct page *page)
{
	report_misuse(QUARRY_BAD_FREE, page,
		      "__free_pages(page:%px pfn:%#lx): freed on two CPUs at once", page,
		      page_to_pfn(page));
}

static bool is_cached_here(const struct page *page, unsigned int order)
{
	return READ_ONCE(page->word) == pcp_word(order);
}

/* ---- Out of a stack ---- */

struct cpu_stack *pcp_stack(const struct zone *zone, unsigned int order, enum mobility mobility)
{
	unsigned int row = block_kind(zone->nid, zone->idx, mobility) - this_cpu_read(pcp.home);

	if (row >= KINDS_OF_NODE || order >= PCP_ORDERS)
		return &pcp_no_stack;
	return this_cpu_read(pcp.by_kind[row][order]);
}

static struct page *take_top(struct cpu_stack *stack)
{
	WRITE_ONCE(stack->nr, stack->nr - 1);
	return stack->slot[stack->nr];
}

/* Takes out the lowest entries, which were looked at. */
static void cut_bottom(struct cpu_stack *stack, unsigned int nr)
{
	memmove(stack->slot, stack->slot + nr, (stack->nr - nr) * sizeof(stack->slot[0]));
	WRITE_ONCE(stack->nr, stack->nr - nr);
}

static struct page *take_bottom(struct cpu_stack *stack)
{
	struct page *page = stack->slot[0];

	cut_bottom(stack, 1);
	return page;
}

struct page *pcp_pop(struct cpu_stack *stack, unsigned int order, bool cold)
{
	while (stack->nr) {
		struct page *page = cold ? take_bottom(stack) : take_top(stack);

		if (is_cached_here(page, order)) {
			WRITE_ONCE(page->word, PAGE_WORD(PAGE_USED, order, 0, 0));
			return page;
		}
		pcp_report_stray(page);
	}
	return NULL;
}

unsigned int pcp_batch(const struct cpu_stack *stack)
{
	return clamp(stack->max / 2, 1u, (unsigned int)BATCH_MAX);
}

/* ---- Back to the zones ---- */

/* Blocks went to its lists: who waits for one is served before anybody else comes. */
static void unlock_freed(struct zone *zone)
{
	if (!zone)
		return;
	page_wait_serve(zone);
	spin_unlock(&zone->lock);
}

/* Where a drain is: the zone whose lock is held, the page block that is not settled. */
struct drain {
	struct zone *zone;
	struct pageblock *block;
};

static void drain_to(struct drain *at, struct pageblock *block)
{
	struct zone *zone = block ? block_zone(block) : NULL;

	if (at->block)
		buddy_settle(at->zone, at->block);
	at->block = block;
	if (zone == at->zone)
		return;
	unlock_freed(at->zone);
	at->zone = zone;
	if (zone)
		spin_lock(&zone->lock);
}

/* The lowest entries go to their zones' lists. Interrupts are off. */
static void drain(struct cpu_stack *stack, unsigned int nr)
{
	struct drain at = { NULL, NULL };

	if (!nr)
		return;		/* perhaps the stack that all CPUs have in common */
	for (unsigned int i = 0; i < nr; i++) {
		struct page *page = stack->slot[i];
		unsigned int order = READ_ONCE(page->order);

		if (!is_cached_here(page, order)) {
			pcp_report_stray(page);
			continue;
		}
		if (page_block(page) != at.block)
			drain_to(&at, page_block(page));
		buddy_free_unsettled(at.zone, page, order);
	}
	drain_to(&at, NULL);
	cut_bottom(stack, nr);
}

/* Where a block that is freed here goes, if it fits. */
static struct cpu_stack *stack_of(const struct page *page, unsigned int order)
{
	unsigned int row = page_kind(page) - this_cpu_read(pcp.home);

	if (row < KINDS_OF_NODE)
		return order < PCP_ORDERS ? this_cpu_read(pcp.by_kind[row][order]) : &pcp_no_stack;
	return order <= REMOTE_MAX_ORDER ? this_cpu_read(pcp.remote) : &pcp_no_stack;
}

static void free_to_zone(struct page *page, unsigned int order)
{
	struct zone *zone = page_zone(page);
	bool mine;

	spin_lock(&zone->lock);
	mine = is_cached_here(page, order);	/* not so: freed elsewhere at the same moment */
	if (mine)
		buddy_free(zone, page, order);
	unlock_freed(zone);
	if (!mine)
		pcp_report_stray(page);
}

void pcp_free(struct page *page, unsigned int order)
{
	unsigned long flags;
	struct cpu_stack *stack;

	local_irq_save(flags);
	stack = stack_of(page, order);
	if (stack->max) {
		if (stack->nr == stack->max)
			drain(stack, pcp_batch(stack));
		stack->slot[stack->nr] = page;
		WRITE_ONCE(stack->nr, stack->nr + 1);
	} else {
		free_to_zone(page, order);
	}
	local_irq_restore(flags);
}

/* ---- Draining ---- */

static void drain_here(void *only)
{
	struct pcp *mine = this_cpu_ptr(&pcp);
	unsigned long flags;

	local_irq_save(flags);
	for (unsigned int row = 0; row < KINDS_OF_NODE; row++) {
		const struct zone *zone = mine->memory ? pcp_row_zone(mine, row) : NULL;

		for (unsigned int order = 0; zone && order < PCP_ORDERS; order++)
			if (!only || zone == only)
				drain(mine->by_kind[row][order], mine->by_kind[row][order]->nr);
	}
	drain(mine->remote, mine->remote->nr);
	local_irq_restore(flags);
}

void drain_local_pages(struct zone *zone)
{
	drain_here(zone);
}

/* Has this CPU anything to drain? A hint. */
static bool holds_some(const struct pcp *theirs)
{
	unsigned int nr = READ_ONCE(theirs->remote->nr);

	for (unsigned int row = 0; row < KINDS_OF_NODE; row++)
		for (unsigned int order = 0; order < PCP_ORDERS; order++)
			nr |= READ_ONCE(theirs->by_kind[row][order]->nr);
	return nr;
}

void drain_all_pages(struct zone *zone)
{
	struct cpumask others = { 0 };
	unsigned int cpu;

	drain_here(zone);
	if (irqs_disabled())
		return;
	for_each_online_cpu(cpu)
		if (cpu != smp_processor_id() && holds_some(per_cpu_ptr(&pcp, cpu)))
			cpumask_set_cpu(cpu, &others);
	if (!cpumask_empty(&others))
		on_each_cpu_mask(&others, drain_here, zone, true);
}

/* ---- Counting ---- */

static unsigned long count_remote(const struct cpu_stack *stack, const struct zone *zone)
{
	unsigned long pages = 0;

	for (unsigned int i = 0; i < READ_ONCE(stack->nr); i++) {
		const struct page *page = READ_ONCE(stack->slot[i]);

		if (page && page_zone(page) == zone)
			pages += 1UL << READ_ONCE(page->order);
	}
	return pages;
}

static unsigned long count_home(const struct pcp *theirs, const struct zone *zone)
{
	unsigned int row = block_kind(zone->nid, zone->idx, 0) - theirs->home;
	unsigned long pages = 0;

	for (unsigned int order = 0; row < KINDS_OF_NODE && order < PCP_ORDERS; order++)
		for (unsigned int m = 0; m < (order < PAGEBLOCK_ORDER ? NR_MOBILITY : 1); m++)
			pages += (unsigned long)READ_ONCE(theirs->by_kind[row + m][order]->nr)
				 << order;
	return pages;
}

void pcp_count_cpu(unsigned int cpu, const struct zone *zone, unsigned long *count,
		   unsigned long *high, unsigned long *batch)
{
	const struct pcp *theirs = per_cpu_ptr(&pcp, cpu);
	u16 row = block_kind(zone->nid, zone->idx, 0) - theirs->home;

	*count = *high = *batch = 0;
	if (!READ_ONCE(theirs->memory) || row >= KINDS_OF_NODE)
		return;
	*count = count_home(theirs, zone);
	for (unsigned int order = 0; order < PCP_ORDERS; order++)
		*high += (unsigned long)theirs->by_kind[row][order]->max << order;
	*batch = pcp_batch(theirs->by_kind[row][0]);
}

unsigned long pcp_count(const struct zone *zone)
{
	unsigned long pages = 0;
	unsigned int cpu;

	rcu_read_lock();	/* an entry may be old: its page's descriptor must not go away */
	for_each_online_cpu(cpu) {
		const struct pcp *theirs = per_cpu_ptr(&pcp, cpu);

		if (READ_ONCE(theirs->memory))
			pages += count_home(theirs, zone) + count_remote(theirs->remote, zone);
	}
	rcu_read_unlock();
	return pages;
}

unsigned long zone_free_pages(const struct zone *zone)
{
	return zone_listed_pages(zone) + pcp_count(zone);
}

unsigned long nr_free_pages(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_zone(zone)
		pages += zone_free_pages(zone);
	return pages;
}

unsigned long nr_free_highpages(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_zone(zone)
		pages += zone->idx == ZONE_HIGHMEM ? zone_free_pages(zone) : 0;
	return pages;
}

/* ---- For the validators ---- */

static unsigned int check_stack(const struct cpu_stack *stack, const struct zone *zone,
				unsigned int order)
{
	unsigned int wrong = stack->nr > stack->max;

	for (unsigned int i = 0; i < min(stack->nr, stack->max); i++) {
		struct page *page = stack->slot[i];

		if (!page || !pfn_valid(page_to_pfn(page)) || (zone && page_zone(page) != zone) ||
		    !is_cached_here(page, zone ? order : page->order))
			wrong++;
	}
	if (wrong)
		report_misuse(QUARRY_CORRUPTION, stack, "pcp of CPU %u: order %u, %u of %u blocks, "
			      "%u wrong", smp_processor_id(), order, stack->nr, stack->max, wrong);
	return wrong;
}

unsigned int pcp_validate_here(void)
{
	const struct pcp *mine = this_cpu_ptr(&pcp);
	unsigned int wrong = 0;

	for (unsigned int row = 0; mine->memory && row < KINDS_OF_NODE; row++)
		for (unsigned int order = 0; order < PCP_ORDERS; order++)
			wrong += check_stack(mine->by_kind[row][order], pcp_row_zone(mine, row),
					     order);
	return wrong + check_stack(mine->remote, NULL, 0);
}
