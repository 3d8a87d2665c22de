/* SPDX-License-Identifier: MIT */
/*
 * Nodes of the running machine: which there are, what is on them, where a request that starts on
 * one is served. Trivial on most machines; numa-* and tests/hosted/numa*.hosted are made for it.
 */
#include <linux/smp.h>
#include <linux/topology.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>
#include "mm/section.h"
#include "tests/selftest.h"
#include "tests/threads.h"
#include "tests/zones.h"

/* ---- Masks and states ---- */

SELFTEST(numa, masks_agree_with_a_model)
{
	unsigned long n = selftest_scaled(200);

	while (n--) {
		u64 wa = selftest_random() & NODE_MASK_WORD;
		u64 wb = selftest_random() & NODE_MASK_WORD;
		nodemask_t a = { { wa } }, b = { { wb } }, c;
		int nid = (int)selftest_random_below(MAX_NUMNODES), other, nr = 0;

		for_each_node_mask(other, a)
			nr += !!(wa & BIT_ULL(other));
		CHECK_EQ(nr, nodes_weight(a));
		CHECK_EQ(nr, (int)hweight64(wa));
		nodes_and(c, a, b);
		CHECK_EQ(c.bits[0], wa & wb);
		nodes_or(c, a, b);
		CHECK_EQ(c.bits[0], wa | wb);
		nodes_xor(c, a, b);
		CHECK_EQ(c.bits[0], wa ^ wb);
		nodes_andnot(c, a, b);
		CHECK_EQ(c.bits[0], wa & ~wb);
		CHECK_EQ(nodes_subset(c, a), true);
		CHECK_EQ(nodes_intersects(c, b), false);
		nodes_complement(c, a);
		CHECK_EQ(c.bits[0], ~wa & NODE_MASK_WORD);
		CHECK_EQ(node_test_and_set(nid, a), !!(wa & BIT_ULL(nid)));
		CHECK(node_isset(nid, a));
		node_clear(nid, a);
		CHECK_EQ(a.bits[0], wa & ~BIT_ULL(nid));
	}
}

SELFTEST(numa, masks_end_where_nodes_end)
{
	nodemask_t mask;

	nodes_clear(mask);
	CHECK(nodes_empty(mask));
	CHECK_EQ(first_node(mask), MAX_NUMNODES);
	CHECK_EQ(next_node_in(0, mask), MAX_NUMNODES);
	node_set(MAX_NUMNODES - 1, mask);
	CHECK_EQ(first_node(mask), MAX_NUMNODES - 1);
	CHECK_EQ(next_node(MAX_NUMNODES - 1, mask), MAX_NUMNODES);
	CHECK_EQ(next_node_in(MAX_NUMNODES - 1, mask), MAX_NUMNODES - 1);
	nodes_setall(mask);
	CHECK(nodes_full(mask) && nodes_equal(mask, NODE_MASK_ALL));
	CHECK_EQ(nodes_weight(mask), MAX_NUMNODES);
	mask = nodemask_of_node(0);
	CHECK_EQ(first_node(mask), 0);
	CHECK(!node_state(-1, N_POSSIBLE) && !node_state(MAX_NUMNODES, N_POSSIBLE));
}

SELFTEST(numa, states_say_what_is_there)
{
	for (int nid = 0; nid < MAX_NUMNODES; nid++) {
		bool memory = nodes[nid], has_cpu = !cpumask_empty(cpumask_of_node(nid));

		CHECK_EQ(node_state(nid, N_MEMORY), memory);
		CHECK_EQ(node_state(nid, N_NORMAL_MEMORY), node_zone(nid, ZONE_DMA) ||
			 node_zone(nid, ZONE_DMA32) || node_zone(nid, ZONE_NORMAL));
		CHECK_EQ(node_state(nid, N_CPU), has_cpu);
		CHECK_EQ(node_online(nid), memory || has_cpu);
		if (node_online(nid))
			CHECK(node_possible(nid));
		if (node_possible(nid))
			CHECK(nid < (int)nr_node_ids);
	}
	CHECK(nr_node_ids <= MAX_NUMNODES);
	CHECK(num_online_nodes() >= 1);
	printk("nodes: %d possible, %d online, %d with memory, %d with CPUs\n",
	       num_possible_nodes(), num_online_nodes(), num_node_state(N_MEMORY),
	       num_node_state(N_CPU));
}

/* ---- Distances and zonelists ---- */

SELFTEST(numa, distances_are_bounded_and_final)
{
	CHECK_EQ(node_distance(MAX_NUMNODES - 1, MAX_NUMNODES - 1), LOCAL_DISTANCE);
	CHECK_EQ(node_distance(0, MAX_NUMNODES), REMOTE_DISTANCE);
	CHECK_EQ(node_distance(-1, 0), REMOTE_DISTANCE);
	CHECK_EQ(numa_set_distance(0, MAX_NUMNODES, 20), (unsigned long long)-EINVAL);
	CHECK_EQ(numa_set_distance(-1, 0, 20), (unsigned long long)-EINVAL);
	CHECK_EQ(numa_set_distance(0, 1, 9), (unsigned long long)-EINVAL);
	CHECK_EQ(numa_set_distance(0, 1, 256), (unsigned long long)-EINVAL);
	CHECK_EQ(numa_set_distance(1, 1, 11), (unsigned long long)-EINVAL);
	selftest_expect_reports(1);
	CHECK_EQ(numa_set_distance(0, 1, 33), (unsigned long long)-EBUSY);
}

/* Option distance=FROM:TO:DISTANCE,… of the hosted port. */
SELFTEST(numa, distances_are_as_told)
{
	static char text[BOOT_CMDLINE];
	char *at = text;

	if (!cmdline_value("distance", text, sizeof(text)) || cmdline_has("numa"))
		SKIP("nobody has told of distances here");
	while (*at) {
		int from = (int)memparse(at, &at), to = (int)memparse(at + 1, &at);

		CHECK_EQ(node_distance(from, to), memparse(at + 1, &at));
		at += *at == ',';
	}
}

/* All zones up to the highest, each once, the nearest first. */
SELFTEST(numa, zonelists_go_by_distance_then_zone)
{
	for (int nid = 0; nid < MAX_NUMNODES; nid++) {
		for (unsigned int highest = 0; highest < MAX_NR_ZONES; highest++) {
			struct zone **list = node_zonelist(nid, highest), *zone;
			unsigned int nr = 0, there = 0, empty = 0;

			for (; list[nr]; nr++) {
				CHECK(list[nr]->idx <= highest);
				empty += !list[nr]->present;	/* it came and went */
				CHECK(!nr || node_distance(nid, list[nr - 1]->nid) <=
					     node_distance(nid, list[nr]->nid));
				if (nr && list[nr - 1]->nid == list[nr]->nid)
					CHECK(list[nr - 1]->idx > list[nr]->idx);
			}
			for_each_zone(zone) {
				unsigned int i = 0;

				there += zone->idx <= highest;
				while (i < nr && list[i] != zone)
					i++;
				CHECK_EQ(i < nr, zone->idx <= highest);
			}
			CHECK_EQ(nr - empty, there);
		}
		if (node_has_memory(nid))
			CHECK_EQ(node_zonelist(nid, ZONE_HIGHMEM)[0]->nid, nid);
	}
}

SELFTEST(numa, nearest_memory_is_near)
{
	int nid, other;

	for (nid = 0; nid < MAX_NUMNODES; nid++) {
		int near = local_memory_node(nid);

		CHECK(node_has_memory(near));
		for_each_node_state(other, N_MEMORY)
			CHECK(node_distance(nid, near) <= node_distance(nid, other));
		if (node_has_memory(nid))
			CHECK_EQ(near, nid);
	}
}

SELFTEST(numa, validator_finds_a_broken_zonelist)
{
	int nid = first_memory_node;
	struct zone **list = node_zonelist(nid, ZONE_HIGHMEM), *first = list[0], *second = list[1];

	if (!second)
		SKIP("one zone has one order");
	list[0] = second;
	list[1] = first;
	selftest_expect_reports(1);
	CHECK(numa_validate() > 0);
	list[0] = first;
	list[1] = second;
	CHECK_EQ(numa_validate(), 0);
}

/* ---- What lies where ---- */

SELFTEST(numa, structures_of_a_node_live_on_it)
{
	int nid;

	for_each_node(nid) {
		int home = local_memory_node(nid);

		if (nodes[nid])
			CHECK(phys_nid(virt_to_phys(nodes[nid])) == nid || is_left_out(nodes[nid]));
		for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
			CHECK(phys_nid(virt_to_phys(node_zonelist(nid, type))) == home ||
			      is_left_out(node_zonelist(nid, type)));
	}
}

static int mapped_nid(const void *va)
{
	phys_addr_t pa;

	return port_translate((unsigned long)va & PAGE_MASK, &pa) ? phys_nid(pa) : NUMA_NO_NODE;
}

/* The table's part of a section that two nodes share may be the other's. */
SELFTEST(numa, descriptors_of_a_node_live_on_it)
{
	struct zone *zone;
	int nid;

	for_each_node_state(nid, N_MEMORY) {
		unsigned long own = 0, foreign = 0, tables = 0;
		struct pageblock *pb;

		for_each_zone(zone) {
			if (zone->nid != nid)
				continue;
			for_each_block(zone, pb) {
				bool here = mapped_nid(pfn_to_page(block_to_pfn(pb))) == nid;

				own += here;
				foreign += !here;
				tables += mapped_nid(pb) == nid;
			}
		}
		printk("node %d: descriptors of %lu page blocks on it, of %lu elsewhere; entries "
		       "of %lu on it\n", nid, own, foreign, tables);
		CHECK_EQ(foreign, 0);
	}
}

SELFTEST(numa, ram_of_each_node_is_counted_once)
{
	unsigned long pages[MAX_NUMNODES] = { 0 };
	const struct memblock_region *r = memblock_memory.regions;
	struct zone *zone;
	int nid;

	for (; r < memblock_memory.regions + memblock_memory.nr; r++)
		if (PFN_DOWN(r->end) > PFN_UP(r->base))
			pages[memblock_nid(r->nid)] += PFN_DOWN(r->end) - PFN_UP(r->base);
	for (unsigned long s = 0; s < max_possible_pfn / PAGES_PER_SECTION; s++)
		if (pfn_is_hot(s * PAGES_PER_SECTION))
			pages[section_hot_nid(s)] += PAGES_PER_SECTION;
	for_each_zone(zone)
		pages[zone->nid] -= zone->present;
	for (nid = 0; nid < MAX_NUMNODES; nid++)
		CHECK_EQ(pages[nid], 0);
}

/* ---- CPUs ---- */

struct seen {
	int node, mem;
};

static void look(void *info)
{
	struct seen *seen = info;

	seen->node = numa_node_id();
	seen->mem = numa_mem_id();
}

SELFTEST(numa, every_cpu_knows_its_node)
{
	unsigned int cpu, in_masks = 0;

	for_each_online_cpu(cpu) {
		struct seen seen = { -1, -1 };
		int nid = arch_cpu_to_node(cpu);

		CHECK_EQ(smp_call_function_single((int)cpu, look, &seen, 1), 0);
		CHECK_EQ(seen.node, nid);
		CHECK_EQ(seen.mem, local_memory_node(nid));
		CHECK_EQ(cpu_to_node((int)cpu), nid);
		CHECK_EQ(cpu_to_mem((int)cpu), seen.mem);
		CHECK(cpumask_test_cpu(cpu, cpumask_of_node(nid)));
	}
	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		in_masks += nr_cpus_node(nid);
	CHECK_EQ(in_masks, num_possible_cpus());
	CHECK(cpumask_empty(cpumask_of_node(-1)) && cpumask_empty(cpumask_of_node(MAX_NUMNODES)));
}

SELFTEST(numa, per_cpu_data_is_on_the_cpus_node)
{
	unsigned int cpu;
	phys_addr_t pa;

	for_each_possible_cpu(cpu) {
		if (!cpu)
			continue;
		REQUIRE(port_translate((unsigned long)per_cpu_ptr(&numa_node, cpu), &pa));
		CHECK_EQ(page_to_nid(pfn_to_page(PFN_DOWN(pa))), cpu_to_mem((int)cpu));
	}
}

/* ---- Placement ---- */

#define PLACED	    64		/* blocks that each CPU allocates */
#define PLACE_ORDERS 4

static unsigned long placed[MAX_NUMNODES][MAX_NUMNODES]; /* pages by the CPU's node, and theirs */

/* Free pages that GFP_KERNEL could have on the node. */
static unsigned long free_on(int nid)
{
	unsigned long pages = 0;

	for (unsigned int type = 0; type <= ZONE_NORMAL; type++)
		if (node_zone(nid, type))
			pages += zone_free_pages(node_zone(nid, type));
	return pages;
}

static void place_pages(void *arg)
{
	static struct page *blocks[PLACED];
	int nid = numa_node_id();

	for (unsigned int i = 0; i < PLACED; i++) {
		blocks[i] = alloc_pages(GFP_KERNEL, i % PLACE_ORDERS);
		if (CHECK(blocks[i]))
			placed[nid][page_to_nid(blocks[i])] += 1UL << (i % PLACE_ORDERS);
	}
	for (unsigned int i = 0; i < PLACED; i++)
		__free_pages(blocks[i], i % PLACE_ORDERS);
}

SELFTEST(numa, allocations_land_on_the_cpus_node)
{
	unsigned int cpu;
	int from, to;

	if (nr_free_pages() < 2 << MAX_ORDER)
		SKIP("so little memory that a CPU takes it where it is");
	memset(placed, 0, sizeof(placed));
	for_each_online_cpu(cpu) {
		struct test_thread thread;

		test_thread_start(&thread, (int)cpu, place_pages, NULL);
		test_thread_join(&thread);
	}
	for_each_node_with_cpus(from) {
		unsigned long pages = 0;

		for_each_node_state(to, N_MEMORY) {
			pages += placed[from][to];
			if (placed[from][to])
				printk("from node %d on node %d: %lu pages\n", from, to,
				       placed[from][to]);
		}
		if (free_on(local_memory_node(from)) > 4 << MAX_ORDER)
			CHECK_EQ(placed[from][local_memory_node(from)], pages);
	}
}

SELFTEST(numa, thisnode_means_this_node)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN;

	for (int nid = 0; nid < MAX_NUMNODES; nid++) {
		struct page *page = alloc_pages_node(nid, gfp, 0);

		if (!node_has_memory(nid))
			CHECK(!page);
		else if (free_on(nid) > 4 << MAX_ORDER)
			CHECK(page);
		if (page)
			CHECK_EQ(page_to_nid(page), nid);
		__free_pages(page, 0);
	}
}

static void take_here_only(void *arg)
{
	struct page *page = alloc_pages_node(NUMA_NO_NODE, GFP_KERNEL | __GFP_THISNODE |
					     __GFP_NOWARN, 0);
	int nid = numa_node_id();

	if (!node_has_memory(nid))
		CHECK(!page);
	if (page)
		CHECK_EQ(page_to_nid(page), nid);
	__free_pages(page, 0);
}

/* Below 0 stands for the node of the caller, also one without memory. */
SELFTEST(numa, no_node_is_the_callers)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		struct test_thread thread;

		test_thread_start(&thread, (int)cpu, take_here_only, NULL);
		test_thread_join(&thread);
	}
}

/* A nodemask without the nearest node: the nearest of those in it. */
SELFTEST(numa, a_nodemask_leaves_out_the_nearest)
{
	int from, other, tried = 0;

	for_each_online_node(from) {
		nodemask_t mask = node_states[N_MEMORY];
		struct page *page;

		node_clear(local_memory_node(from), mask);
		for_each_node_state(other, N_MEMORY)
			if (free_on(other) < 4 << MAX_ORDER)
				node_clear(other, mask);
		if (nodes_empty(mask))
			continue;
		page = __alloc_pages(GFP_KERNEL, 0, from, &mask);
		REQUIRE(page);
		CHECK(node_isset(page_to_nid(page), mask));
		for_each_node_mask(other, mask)
			CHECK(node_distance(from, page_to_nid(page)) <= node_distance(from, other));
		__free_page(page);
		tried++;
	}
	if (!tried)
		SKIP("only one node has memory to spare");
}

#define DRAIN_LIMIT (SZ_256M >> PAGE_SHIFT)

/* All that a node gives, chained by page->private; the order is kept in the lowest bits. */
static unsigned long drain(int nid, gfp_t gfp)
{
	unsigned long chain = 0;
	struct page *page;

	for (int order = MAX_ORDER - 1; order >= 0; order--) {
		while ((page = alloc_pages_node(nid, gfp | __GFP_THISNODE, (unsigned int)order))) {
			CHECK_EQ(page_to_nid(page), nid);
			page->private = chain;
			chain = (unsigned long)page | (unsigned long)order;
		}
	}
	return chain;
}

static void refill(unsigned long chain)
{
	while (chain) {
		struct page *page = (struct page *)(chain & ~15UL);
		unsigned int order = chain & 15;

		chain = page->private;
		__free_pages(page, order);
	}
}

SELFTEST(numa, a_full_node_leans_on_the_next)
{
	const gfp_t gfp = GFP_NOWAIT | __GFP_HIGHMEM | __GFP_NOWARN;
	int nid, other, tried = 0;

	for_each_node_state(nid, N_MEMORY) {
		unsigned long chain, present = 0;
		struct page *page;

		for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
			present += node_zone(nid, type) ? node_zone(nid, type)->present : 0;
		if (num_node_state(N_MEMORY) == 1 || present > DRAIN_LIMIT)
			continue;
		chain = drain(nid, gfp);
		page = alloc_pages_node(nid, gfp, 0);
		if (CHECK(page) && CHECK(page_to_nid(page) != nid)) {
			for_each_node_state(other, N_MEMORY)
				if (other != nid && free_on(other) > 4 << MAX_ORDER)
					CHECK(node_distance(nid, page_to_nid(page)) <=
					      node_distance(nid, other));
		}
		__free_pages(page, 0);
		refill(chain);
		tried++;
	}
	if (!tried)
		SKIP("no node that is small enough, beside others");
}
