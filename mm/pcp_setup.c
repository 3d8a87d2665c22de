// SPDX-License-Identifier: MIT
/*
 * How large the per-CPU caches (pcp.c) are, and their memory.
 *
 * `full` below is what a CPU caches of a zone that has plenty: enough of the small orders for
 * some hundred blocks to be taken or given back without a visit to the zone, some megabytes of
 * the large ones. All CPUs of a node together keep at most one page in PCP_SHARE of a zone in
 * their caches, with every stack full, each CPU as much as the others. Where that is less than
 * `full` needs, the small orders come first, for they are asked for most, three quarters of it
 * at most; the large ones shrink in proportion to what is left. A zone of which a CPU may keep
 * less than PCP_LEAST pages is not cached: its blocks are better off where everybody finds them.
 * So a machine of 64 MiB has no caches, of 1 GiB each of four CPUs keeps some hundred single
 * pages and a few large blocks, and DMA is never cached.
 *
 * Memory: 8 bytes for each block that stacks can hold, at most 18 KiB a zone, in pages of the
 * CPU's home node; only for CPUs that are online when memory management starts. A CPU that
 * comes later has no caches: its tables name the stack that is always empty and full.
 *
 * Locks: none; each CPU's tables are written by itself with interrupts off.
 */
#include <linux/smp.h>
#include "init_memory.h"
#include "page_owner.h"

#define PCP_SHARE 16
#define PCP_LEAST 256
#define PCP_REMOTE 32	/* blocks of other nodes on their way */
#define PCP_REMOTE_SIZE (sizeof(struct pcp_words) + sizeof(struct cpu_stack) + \
			 PCP_REMOTE * sizeof(void *))
#define PCP_SMALL 3	/* orders of which reclaimable blocks are cached, too */

/* Blocks of each order where there is plenty, in a stack for each mobility. */
static const u16 full[PCP_ORDERS] = { 320, 320, 32, 32, 16, 8, 8, 4, 4, 8 };
/* A stack of a small order holds at most one page in so many of what the CPU may keep. */
static const u16 part[PCP_SMALL + 1] = { 8, 16, 32, 32 };

static u16 cpus_at_home[QUARRY_MAX_NODES];	/* CPUs whose nearest memory is that node's */

/* The pages of a zone that each CPU of its node may keep. */
static unsigned long share(const struct zone *zone)
{
	unsigned long cpus = max_t(unsigned long, cpus_at_home[zone->nid], 1);
	unsigned long pages = zone->managed / PCP_SHARE / cpus;

	return pages < PCP_LEAST ? 0 : pages;
}

static unsigned int small_max(unsigned long share, unsigned int order)
{
	return min_t(unsigned long, full[order], share / part[order] >> order);
}

/* Large reclaimable blocks are too rare to be kept; whole page blocks have one stack. */
static unsigned int large_stacks(unsigned int order)
{
	return order < PAGEBLOCK_ORDER ? 2 : 1;
}

/* Of a large order: `full`, or as much of it as what the small ones leave is of all of it. */
static unsigned int large_max(unsigned long share, unsigned int order)
{
	unsigned long left = share, all = 0;

	for (unsigned int o = 0; o <= PCP_SMALL; o++)
		left -= (unsigned long)small_max(share, o) * NR_MOBILITY << o;
	for (unsigned int o = PCP_SMALL + 1; o < PCP_ORDERS; o++)
		all += (unsigned long)full[o] * large_stacks(o) << o;
	return full[order] * min(left, all) / all;
}

static unsigned int stack_max(const struct zone *zone, unsigned int order, enum mobility mobility)
{
	if (order <= PCP_SMALL)
		return small_max(share(zone), order);
	return (unsigned int)mobility < large_stacks(order) ? large_max(share(zone), order) : 0;
}

/* ---- A CPU's stacks ---- */

/* Takes the place of a stack from [*free, ...); only counts where `write` is false. */
static struct cpu_stack *place_stack(char **free, unsigned int max, unsigned int order, bool write)
{
	struct pcp_words *words = (struct pcp_words *)*free;
	struct cpu_stack *stack = (struct cpu_stack *)(words + 1);

	if (!max)
		return &pcp_no_stack;
	*free = (char *)(stack->slot + max);
	if (write) {
		words->cached = pcp_word(order);
		words->used = PAGE_WORD(PAGE_USED, order, 0, 1);
		stack->nr = 0;
		stack->max = max;
	}
	return stack;
}

/* Names all stacks in by_kind, one behind the other from `memory` on; returns their size. */
static size_t lay_out(struct pcp *cache, int nid, char *memory, bool write)
{
	struct cpu_stack *stack;
	char *free = memory;

	for (unsigned int row = 0; row < KINDS_OF_NODE; row++) {
		struct zone *zone = &nodes[nid]->zones[row / KIND_MOBILITIES];
		enum mobility mobility = row % KIND_MOBILITIES;

		if (mobility >= NR_MOBILITY)
			continue;
		for (unsigned int order = 0; order < PCP_ORDERS; order++) {
			stack = place_stack(&free, stack_max(zone, order, mobility), order, write);
			/* Whole page blocks belong to no mobility. */
			if (order >= PAGEBLOCK_ORDER && mobility && write)
				stack = cache->by_kind[row - mobility][order];
			if (write)
				cache->by_kind[row][order] = stack;
		}
	}
	stack = place_stack(&free, PCP_REMOTE, 0, write);
	if (write)
		cache->remote = stack;
	return (size_t)(free - memory);
}

static bool is_zone_choice(gfp_t gfp)
{
	gfp &= __GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM;
	return !(gfp & (gfp - 1));
}

/* Requests at home with these flags find the stacks of the first zone that they try. */
static void name_by_gfp(struct pcp *cache, int nid)
{
	for (gfp_t gfp = 0; gfp < GFP_KINDS; gfp++) {
		const struct zone *zone = *node_zonelist(nid, gfp_zone(gfp));
		unsigned int row;

		/* Flags at odds are reported by the slow path: it must see them each time. */
		if (!zone || !is_zone_choice(gfp) || (gfp >> GFP_MOBILITY_SHIFT & 3) == 3)
			continue;
		row = block_kind(zone->nid, zone->idx, gfp_mobility(gfp)) - cache->home;
		if (row < KINDS_OF_NODE)
			memcpy(cache->by_gfp[gfp], cache->by_kind[row], sizeof(cache->by_gfp[gfp]));
	}
}

/* On the CPU itself. */
static void install(void *memory)
{
	struct pcp *cache = this_cpu_ptr(&pcp);
	int home = cpu_to_mem((int)smp_processor_id());
	unsigned long flags;

	local_irq_save(flags);
	cache->home = block_kind((unsigned int)home, 0, 0);
	lay_out(cache, home, memory, true);
	if (!page_owner_on && !init_memory_on()) {	/* these are hooked into the slow paths */
		name_by_gfp(cache, numa_node_id());
		cache->free_home = cache->home;
	}
	WRITE_ONCE(cache->memory, memory);
	local_irq_restore(flags);
}

static void start_cpu(unsigned int cpu)
{
	int home = cpu_to_mem((int)cpu);
	/* Counts only: any place does, but none is no place to count from. */
	size_t size = lay_out(NULL, home, (char *)&pcp, false);
	unsigned int order = (unsigned int)get_order(size);
	struct page *page;

	if (size == PCP_REMOTE_SIZE)
		return;		/* its zones are all too small */
	page = alloc_pages_node(home, GFP_KERNEL | __GFP_NOWARN, order);
	if (!page)
		return;
	split_page(page, order);
	for (unsigned long i = PFN_UP(size); i < 1UL << order; i++)
		__free_page(page + i);
	smp_call_function_single((int)cpu, install, page_address(page), 1);
}

void pcp_start(void)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		cpus_at_home[cpu_to_mem((int)cpu)]++;
	for_each_online_cpu(cpu)
		start_cpu(cpu);
}
