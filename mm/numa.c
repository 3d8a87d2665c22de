// SPDX-License-Identifier: MIT
/*
 * Which node is near: distances, zonelists, and the nodes of CPUs.
 *
 * A node is a set of CPUs and memory that are near each other; either may be missing. The host
 * tells distances (numa_set_distance(), before quarry_plan()), the nodes of ranges of RAM
 * (memblock_set_node()), and the nodes of CPUs (set_cpu_numa_node(), after quarry_init()).
 * Distances are as the host says, there and back each for itself: what counts for a request
 * is the way from the node where it starts.
 *
 * For each node, with memory or without, a zonelist says which zones a request that starts
 * there tries, and in which order: nearest node first; on each node from the least to the most
 * precious zone: HIGHMEM, NORMAL, DMA32, DMA. Nodes equally near come by number, counted on
 * from the node itself, so that neighbours do not all lean on node 0. There is one list for
 * each highest zone, so the first entry is the zone to try first, and none is ever skipped
 * for its kind:
 *
 *	zonelists[1].zones[ZONE_NORMAL]: Normal 1, DMA32 1, Normal 0, DMA32 0, DMA 0, NULL
 *
 * The lists of a node lie in its own memory, those of a node without memory in that of the
 * nearest. Nodes that nobody has told of are as far from all others: they share the lists of
 * the first node with memory.
 *
 * Each CPU knows its node (numa_node) and the nearest one with memory (numa_mem), per-CPU
 * variables, which are 0 until the host has told.
 *
 * Where memory can be added later the lists have room for every zone of a node with memory. A zone
 * that gets its first page is put in; it stays when the last one is gone, and has nothing to give.
 * A validator that looks at a list meanwhile says nothing: list_changes tells it.
 *
 * Locks: none. Distances are constant after the boot, and so are lists but for that. Node states
 * and the CPUs of a node change while CPUs are started, by one CPU, bit by bit; a CPU's own two
 * variables are written before it runs, CPU 0's by itself. Costs 8 bytes a zone and node, up to
 * four times.
 */
#include <linux/topology.h>
#include "internal.h"

nodemask_t node_states[NR_NODE_STATES];
unsigned int nr_node_ids = 1;
struct zonelist zonelists[QUARRY_MAX_NODES];
DEFINE_PER_CPU(int, numa_node);
DEFINE_PER_CPU(int, numa_mem);

static u8 distances[QUARRY_MAX_NODES][QUARRY_MAX_NODES]; /* 0: never told */
static struct cpumask node_cpus[QUARRY_MAX_NODES];
static bool started;
static unsigned int list_changes;	/* odd: zonelists grow at this moment */

static bool is_node(int nid)
{
	return nid >= 0 && nid < MAX_NUMNODES;
}

static void set_state(int nid, enum node_states state)
{
	node_set(nid, node_states[state]);
	node_set(nid, node_states[N_POSSIBLE]);
	if ((unsigned int)nid >= nr_node_ids)
		WRITE_ONCE(nr_node_ids, (unsigned int)nid + 1);
}

/* ---- Distances ---- */

int node_distance(int from, int to)
{
	int told = is_node(from) && is_node(to) ? distances[from][to] : 0;

	return told ? told : from == to ? LOCAL_DISTANCE : REMOTE_DISTANCE;
}

int numa_set_distance(int from, int to, int distance)
{
	if (!is_node(from) || !is_node(to) || distance < LOCAL_DISTANCE || distance > 255 ||
	    (from == to && distance != LOCAL_DISTANCE))
		return -EINVAL;
	if (started) {
		report_misuse(QUARRY_BAD_ARGUMENT, NULL,
			      "numa_set_distance(%d, %d, %d): after quarry_init()", from, to,
			      distance);
		return -EBUSY;
	}
	distances[from][to] = distance;
	set_state(from, N_POSSIBLE);
	set_state(to, N_POSSIBLE);
	return 0;
}

/* ---- Zonelists ---- */

/* Of the nodes left, the nearest; equal distances by number, counted on from the node itself. */
static int nearest_node(int from, const nodemask_t *left)
{
	int best = NUMA_NO_NODE;

	for (int i = 0; i < MAX_NUMNODES; i++) {
		int nid = (from + i) % MAX_NUMNODES;

		if (node_isset(nid, *left) &&
		    (best < 0 || node_distance(from, nid) < node_distance(from, best)))
			best = nid;
	}
	return best;
}

/* How many zones a request with that highest zone may use, or ever will if `possible`. */
static unsigned int count_zones(enum zone_type highest, bool possible)
{
	unsigned int nr = 0;
	int nid;

	for_each_node_state(nid, N_MEMORY)
		for (unsigned int type = 0; type <= highest; type++)
			nr += possible || READ_ONCE(nodes[nid]->zones[type].listed);
	return nr;
}

/* Appends the zones of a node up to `highest`; returns where the list goes on. */
static struct zone **append_zones(struct zone **slot, int nid, int highest)
{
	for (int type = highest; type >= 0; type--)
		if (nodes[nid]->zones[type].listed)
			WRITE_ONCE(*slot++, &nodes[nid]->zones[type]);
	return slot;
}

/* Writes the list of node `from`; returns how many entries it has. */
static unsigned int fill_list(struct zone **list, int from, enum zone_type highest)
{
	nodemask_t left = node_states[N_MEMORY];
	struct zone **end = list;

	while (!nodes_empty(left)) {
		int nid = nearest_node(from, &left);

		end = append_zones(end, nid, (int)highest);
		node_clear(nid, left);
	}
	return (unsigned int)(end - list);
}

static int make_zonelist(int from)
{
	nodemask_t left = node_states[N_MEMORY];
	int home = nearest_node(from, &left);
	unsigned int highest, entries = 0;
	struct zone **room;

	for (highest = 0; highest < MAX_NR_ZONES; highest++)
		entries += count_zones(highest, memory_may_grow) + 1;
	room = memblock_alloc_node(entries * sizeof(*room), 64, home);
	if (!room)
		return -ENOMEM;
	for (highest = 0; highest < MAX_NR_ZONES; highest++) {
		zonelists[from].zones[highest] = room;
		fill_list(room, from, highest);
		room += count_zones(highest, memory_may_grow) + 1;
	}
	return 0;
}

/*
 * Others are on their way through the list, or sleep in the midst of it. Entries move up from the
 * end on: who looks meanwhile meets a zone twice, but misses none.
 */
static void grow_list(int from, enum zone_type highest)
{
	static struct zone *wanted[QUARRY_MAX_NODES * MAX_NR_ZONES];
	struct zone **list = node_zonelist(from, highest);
	unsigned int nr = fill_list(wanted, from, highest);

	while (nr-- > 0)
		smp_store_release(&list[nr], wanted[nr]);
}

void numa_add_zone(struct zone *zone)
{
	int nid;

	WRITE_ONCE(list_changes, list_changes + 1);
	smp_wmb();
	WRITE_ONCE(zone->listed, true);
	for_each_node(nid)
		for (unsigned int highest = zone->idx; highest < MAX_NR_ZONES; highest++)
			grow_list(nid, highest);
	smp_store_release(&list_changes, list_changes + 1);
	if (zone->idx != ZONE_HIGHMEM)
		node_set(zone->nid, node_states[N_NORMAL_MEMORY]);
}

int numa_init(void)
{
	struct zone *zone;
	int nid, err = 0;

	started = true;
	for_each_zone(zone) {
		set_state(zone->nid, N_ONLINE);
		set_state(zone->nid, N_MEMORY);
		if (zone->idx != ZONE_HIGHMEM)
			set_state(zone->nid, N_NORMAL_MEMORY);
	}
	for_each_node(nid)
		err = err ? err : make_zonelist(nid);
	if (err)
		return err;
	for (nid = 0; nid < MAX_NUMNODES; nid++)
		if (!node_possible(nid))
			zonelists[nid] = zonelists[first_memory_node];
	per_cpu(numa_mem, 0) = local_memory_node(0);
	return 0;
}

int local_memory_node(int nid)
{
	struct zone **zone = node_zonelist(is_node(nid) ? nid : 0, ZONE_HIGHMEM);

	return (*zone)->nid;
}

/* ---- CPUs ---- */

void set_cpu_numa_node(int cpu, int nid)
{
	/* Tables are as long as nr_node_ids was when mm/ began: a node is told of before. */
	if (!is_node(nid) || (started && (unsigned int)nid >= nr_node_ids))
		nid = 0;
	cpumask_set_cpu((unsigned int)cpu, &node_cpus[nid]);
	per_cpu(numa_node, cpu) = nid;
	per_cpu(numa_mem, cpu) = local_memory_node(nid);
	set_state(nid, N_CPU);
	set_state(nid, N_ONLINE);
}

const struct cpumask *cpumask_of_node(int nid)
{
	static const struct cpumask none;

	return is_node(nid) ? &node_cpus[nid] : &none;
}

/* ---- For the validators ---- */

static unsigned int check_list(int nid, enum zone_type highest)
{
	unsigned int before = smp_load_acquire(&list_changes);
	unsigned int i, wrong = 0, nr = count_zones(highest, false);
	struct zone **list = node_zonelist(nid, highest);
	const struct zone *a, *b;

	for (i = 0; (b = READ_ONCE(list[i])) && i <= nr; i++, a = b) {
		a = i ? a : b;
		wrong += b->idx > highest;
		wrong += node_distance(nid, a->nid) > node_distance(nid, b->nid);
		wrong += i && a->nid == b->nid && a->idx <= b->idx;
	}
	wrong += i != nr;
	smp_rmb();
	if ((before & 1) || READ_ONCE(list_changes) != before)
		return 0;
	if (wrong)
		report_misuse(QUARRY_CORRUPTION, list, "zonelist of node %d, up to zone %d: %u "
			      "entries, %u wrong", nid, highest, i, wrong);
	return wrong;
}

unsigned int numa_validate(void)
{
	unsigned int wrong = 0;
	int nid;

	for_each_node(nid)
		for (unsigned int highest = 0; highest < MAX_NR_ZONES; highest++)
			wrong += check_list(nid, highest);
	return wrong;
}
