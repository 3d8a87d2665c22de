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
 * A zone that had no caches, because it was empty or small, has them once memory that is plugged
 * in makes it large enough. Their room is asked for before that memory is online, so that it does
 * not lie there and hold it back; where the kernel has too little memory for that, there is none.
 * It suffices for a zone of any size, and stays when the memory goes: the stacks hold as much as
 * the zone's size allows, or nothing. So stacks never move: a pop or push that has read its place
 * in the table, and was interrupted there, goes on with the stack that it found, which is still a
 * right one, or the one that is always empty and full.
 *
 * Locks: none; each CPU's tables are written by itself with interrupts off. Rooms are made by one
 * at a time, under memory_hotplug.c's mutex.
 */
#include <linux/smp.h>
#include "init_memory.h"
#include "page_owner.h"
#include "pcp.h"

#define PCP_SHARE 16
#define PCP_LEAST 256
#define ROOMS_SHARE 64	/* rooms of all CPUs may be one page in so many that are not HIGHMEM */
#define PCP_REMOTE 32	/* blocks of other nodes on their way */
#define PCP_REMOTE_SIZE (sizeof(struct pcp_words) + sizeof(struct cpu_stack) + \
			 PCP_REMOTE * sizeof(void *))
#define PCP_SMALL 3	/* orders of which reclaimable blocks are cached, too */

/* Blocks of each order where there is plenty, in a stack for each mobility. */
static const u16 full[PCP_ORDERS] = { 320, 320, 32, 32, 16, 8, 8, 4, 4, 8 };
/* A stack of a small order holds at most one page in so many of what the CPU may keep. */
static const u16 part[PCP_SMALL + 1] = { 8, 16, 32, 32 };

static u16 cpus_at_home[QUARRY_MAX_NODES];	/* CPUs whose nearest memory is that node's */

/* The pages of a zone with so many that each CPU of its node may keep. */
static unsigned long share_of(const struct zone *zone, unsigned long managed)
{
	unsigned long cpus = max_t(unsigned long, cpus_at_home[zone->nid], 1);
	unsigned long pages = managed / PCP_SHARE / cpus;

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

static unsigned int stack_max(unsigned long share, unsigned int order, enum mobility mobility)
{
	if (order <= PCP_SMALL)
		return small_max(share, order);
	return (unsigned int)mobility < large_stacks(order) ? large_max(share, order) : 0;
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

/* Names a zone's stacks in its rows of by_kind, one behind the other from *free on. */
static void lay_out_zone(struct pcp *cache, enum zone_type type, unsigned long share, char **free,
			 bool write)
{
	for (unsigned int mobility = 0; mobility < NR_MOBILITY; mobility++) {
		unsigned int row = type * KIND_MOBILITIES + mobility;

		for (unsigned int order = 0; order < PCP_ORDERS; order++) {
			unsigned int max = stack_max(share, order, mobility);
			struct cpu_stack *stack = place_stack(free, max, order, write);

			/* Whole page blocks belong to no mobility. */
			if (order >= PAGEBLOCK_ORDER && mobility && write)
				stack = cache->by_kind[row - mobility][order];
			if (write)
				cache->by_kind[row][order] = stack;
		}
	}
}

/* All zones' stacks, from `memory` on; returns their size. */
static size_t lay_out(struct pcp *cache, int nid, char *memory, bool write)
{
	struct cpu_stack *stack;
	char *free = memory;

	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		struct zone *zone = &nodes[nid]->zones[type];

		lay_out_zone(cache, type, share_of(zone, zone->managed), &free, write);
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

/* The first zone that such a request tries in earnest: one that has pages. */
static const struct zone *first_zone(int nid, gfp_t gfp)
{
	struct zone **list = node_zonelist(nid, gfp_zone(gfp));

	while (*list && !(*list)->managed)
		list++;
	return *list;
}

/* Requests at home with these flags find that zone's stacks. */
static void name_by_gfp(struct pcp *cache, int nid)
{
	for (gfp_t gfp = 0; gfp < GFP_KINDS; gfp++) {
		const struct zone *zone = first_zone(nid, gfp);
		unsigned int row;

		/* Flags at odds are reported by the slow path: it must see them each time. */
		if (!zone || !is_zone_choice(gfp) || (gfp >> GFP_MOBILITY_SHIFT & 3) == 3)
			continue;
		row = block_kind(zone->nid, zone->idx, gfp_mobility(gfp)) - cache->home;
		if (row < KINDS_OF_NODE)
			memcpy(cache->by_gfp[gfp], cache->by_kind[row], sizeof(cache->by_gfp[gfp]));
	}
}

/* The tables name what was laid out: requests and frees find it. On the CPU, interrupts off. */
static void use_stacks(struct pcp *cache)
{
	if (!page_owner_on && !init_memory_on()) {	/* these are hooked into the slow paths */
		name_by_gfp(cache, numa_node_id());
		cache->free_home = cache->home;
	}
	pcp_close_changed();
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
	use_stacks(cache);
	WRITE_ONCE(cache->memory, memory);
	local_irq_restore(flags);
}

/* Whole pages of a node for so many bytes, and no more; NULL without. */
static void *get_room(int nid, size_t size)
{
	unsigned int order = (unsigned int)get_order(size);
	struct page *page = alloc_pages_node(nid, GFP_KERNEL | __GFP_NOWARN, order);

	if (!page)
		return NULL;
	split_page(page, order);
	for (unsigned long i = PFN_UP(size); i < 1UL << order; i++)
		__free_page(page + i);
	return page_address(page);
}

static void start_cpu(unsigned int cpu)
{
	int home = cpu_to_mem((int)cpu);
	/* Counts only: any place does, but none is no place to count from. */
	size_t size = lay_out(NULL, home, (char *)&pcp, false);
	void *room;

	if (size == PCP_REMOTE_SIZE)
		return;		/* its zones are all too small */
	room = get_room(home, size);
	if (room)
		smp_call_function_single((int)cpu, install, room, 1);
}

void pcp_start(void)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		cpus_at_home[cpu_to_mem((int)cpu)]++;
	for_each_online_cpu(cpu)
		start_cpu(cpu);
}

/* ---- Zones that grow, and shrink again ---- */

static void *rooms[NR_CPUS];		/* for a CPU's stacks of the zone that is about to grow */
static unsigned long late_pages;	/* in use since */
/* The home node's zones, a bit for each, whose stacks this CPU has had made so. */
static DEFINE_PER_CPU(unsigned int, late_zones);

unsigned long pcp_late_pages(void)
{
	return READ_ONCE(late_pages);
}

/* Has the CPU no stacks of that zone, which is one of its home? */
static bool lacks_stacks(unsigned int cpu, const struct zone *zone)
{
	unsigned int row = zone->idx * KIND_MOBILITIES;

	return cpu_to_mem((int)cpu) == (int)zone->nid &&
	       per_cpu(pcp, cpu).by_kind[row][0] == &pcp_no_stack;
}

/* What the stacks of a zone with plenty need, and the one for other nodes' pages. */
static size_t room_size(void)
{
	char *free = (char *)&pcp;

	lay_out_zone(NULL, 0, ~0UL, &free, false);
	return (size_t)(free - (char *)&pcp) + PCP_REMOTE_SIZE;
}

/* Can the kernel's memory bear that so many CPUs have such rooms? */
static bool is_affordable(unsigned int cpus)
{
	return cpus * PFN_UP(room_size()) <= (totalram_pages() - totalhigh_pages()) / ROOMS_SHARE;
}

void pcp_make_rooms(const struct zone *zone, unsigned long pages)
{
	unsigned int cpu, lacking = 0;

	for_each_online_cpu(cpu)
		lacking += lacks_stacks(cpu, zone);
	if (!share_of(zone, zone->managed + pages) || !is_affordable(lacking))
		return;
	for_each_online_cpu(cpu)
		if (lacks_stacks(cpu, zone))
			rooms[cpu] = get_room((int)zone->nid, room_size());
}

/* The CPU had nothing at all: it begins with what every CPU has. */
static void begin(struct pcp *cache, const struct zone *zone, char **free)
{
	void *room = *free;

	cache->home = block_kind(zone->nid, 0, 0);
	cache->remote = place_stack(free, PCP_REMOTE, 0, true);
	WRITE_ONCE(cache->memory, room);
}

/* They are open, and empty. */
static void set_max(struct pcp *cache, const struct zone *zone)
{
	unsigned long share = share_of(zone, zone->managed);

	for (unsigned int order = 0; order < PCP_ORDERS; order++)
		for (unsigned int m = 0; m < (order < PAGEBLOCK_ORDER ? NR_MOBILITY : 1); m++) {
			unsigned int row = zone->idx * KIND_MOBILITIES + m;

			if (cache->by_kind[row][order] != &pcp_no_stack)
				cache->by_kind[row][order]->max = stack_max(share, order, m);
		}
}

/* On the CPU itself. */
static void fit(void *arg)
{
	struct zone *zone = arg;
	struct pcp *cache = this_cpu_ptr(&pcp);
	char *free = rooms[smp_processor_id()];
	unsigned long flags;

	local_irq_save(flags);
	if (free && !cache->memory)
		begin(cache, zone, &free);
	if (free)
		lay_out_zone(cache, zone->idx, ~0UL, &free, true);
	this_cpu_or(late_zones, 1U << zone->idx);
	drain_local_pages(zone);
	pcp_open_to_change();
	set_max(cache, zone);
	use_stacks(cache);
	local_irq_restore(flags);
}

static void keep_room(unsigned int cpu)
{
	for (unsigned long i = 0; i < PFN_UP(room_size()); i++)
		page_owner_keep(virt_to_page(rooms[cpu] + i * PAGE_SIZE), false);
	WRITE_ONCE(late_pages, late_pages + PFN_UP(room_size()));
	rooms[cpu] = NULL;
}

void pcp_fit(struct zone *zone)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		bool late = cpu_to_mem((int)cpu) == (int)zone->nid &&
			    (per_cpu(late_zones, cpu) & 1U << zone->idx);

		if (late || rooms[cpu])
			smp_call_function_single((int)cpu, fit, zone, 1);
		if (rooms[cpu])
			keep_room(cpu);
	}
}
