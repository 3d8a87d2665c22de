// SPDX-License-Identifier: MIT
/*
 * Options that tell what a firmware would say about nodes, and that add RAM which no boot code
 * has trimmed to whole pages. Each may be repeated. Read once, before quarry_plan().
 */
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/topology.h>

#include "hosted.h"
#include "kernel/boot.h"
#include "kernel/cpu.h"
#include "kernel/memmap.h"

static u8 cpu_nodes[NR_CPUS];

/* Reads one number and the character after it, which must be `after`. */
static u64 number(const char **text, const char *option, char after)
{
	char *end;
	u64 value = memparse(*text, &end);

	if (end == *text || (after ? *end != after : *end && *end != ','))
		panic("%s= makes no sense at %s", option, *text);
	*text = after || *end ? end + 1 : end;
	return value;
}

int arch_cpu_to_node(unsigned int cpu)
{
	return cpu_nodes[cpu];
}

/* That there is such a node. */
static void tell_node(const char *option, u64 nid)
{
	if (nid >= MAX_NUMNODES || numa_set_distance((int)nid, (int)nid, LOCAL_DISTANCE))
		panic("%s=: there is no node %llu", option, nid);
}

static void read_cpus(const char *text, void *unused)
{
	while (*text) {
		u64 nid = number(&text, "nodecpus", ':');
		u64 first = number(&text, "nodecpus", '-');
		u64 last = number(&text, "nodecpus", 0);

		tell_node("nodecpus", nid);
		if (last >= NR_CPUS)
			panic("nodecpus=: there is no CPU %llu", last);
		for (; first <= last; first++)
			cpu_nodes[first] = (u8)nid;
	}
}

static void read_nodes(const char *text, void *unused)
{
	u64 nid, size;

	while (*text) {
		nid = number(&text, "node", ':');
		size = number(&text, "node", '@');
		tell_node("node", nid);
		if (memblock_set_node(number(&text, "node", 0), size, (int)nid))
			panic("node=: too many ranges");
	}
}

static void read_distances(const char *text, void *unused)
{
	u64 from, to, distance;

	while (*text) {
		from = number(&text, "distance", ':');
		to = number(&text, "distance", ':');
		distance = number(&text, "distance", 0);
		if (from >= MAX_NUMNODES || to >= MAX_NUMNODES || distance > 255 ||
		    numa_set_distance((int)from, (int)to, (int)distance))
			panic("distance=: %llu to %llu makes no sense", from, to);
	}
}

static void read_ram(const char *text, void *unused)
{
	while (*text) {
		u64 size = number(&text, "add", '@');

		memblock_add(number(&text, "add", 0), size);
	}
}

void hosted_add_topology(void)
{
	cmdline_each("add", read_ram, NULL);
	if (memmap_numa_off())
		return;
	cmdline_each("node", read_nodes, NULL);
	cmdline_each("nodecpus", read_cpus, NULL);
	cmdline_each("distance", read_distances, NULL);
}
