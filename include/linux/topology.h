/* SPDX-License-Identifier: MIT */
/* Which CPU is on which NUMA node, and how far nodes are from each other. See mm/numa.c. */
#ifndef _LINUX_TOPOLOGY_H
#define _LINUX_TOPOLOGY_H

#include <linux/cpumask.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>

#define LOCAL_DISTANCE	10	/* of a node from itself */
#define REMOTE_DISTANCE 20	/* of any two others, unless the host knows better */

DECLARE_PER_CPU(int, numa_node);	/* this CPU's node */
DECLARE_PER_CPU(int, numa_mem);		/* the nearest node to that which has memory */

/* The node of this CPU; it may have no memory. One instruction; any context. */
static inline int numa_node_id(void)
{
	return this_cpu_read(numa_node);
}

/* The node that this CPU's memory comes from as long as it has some. */
static inline int numa_mem_id(void)
{
	return this_cpu_read(numa_mem);
}

/* The same for any CPU of cpu_possible_mask. */
static inline int cpu_to_node(int cpu)
{
	return per_cpu(numa_node, cpu);
}

static inline int cpu_to_mem(int cpu)
{
	return per_cpu(numa_mem, cpu);
}

/*
 * A host tells where a CPU is, once: after quarry_init(), when the CPU's copy of the per-CPU
 * variables exists, and before it runs (CPU 0: as soon as it is known). Until then, and for a
 * number that is no node, it is on node 0. Not from two CPUs at a time.
 */
void set_cpu_numa_node(int cpu, int nid);

/* The node with memory that is nearest to a node: itself if it has some. */
int local_memory_node(int nid);

/* The CPUs of cpu_possible_mask that are on the node; none for numbers out of range. */
const struct cpumask *cpumask_of_node(int nid);
#define nr_cpus_node(nid) cpumask_weight(cpumask_of_node(nid))

#define for_each_node_with_cpus(nid) for_each_node_state(nid, N_CPU)

/*
 * From node to node: LOCAL_DISTANCE for a node itself, at most 255, REMOTE_DISTANCE between
 * nodes of which nothing was told and for numbers out of range. There and back may differ.
 */
int node_distance(int from, int to);
/*
 * Before quarry_plan() only: tells a distance, and that there are these nodes. -EINVAL for
 * nodes or distances out of range, and for a distance to itself that is not LOCAL_DISTANCE.
 */
int numa_set_distance(int from, int to, int distance);

#endif
