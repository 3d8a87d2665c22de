/* SPDX-License-Identifier: MIT */
/* Sets of NUMA nodes. */
#ifndef _LINUX_NODEMASK_H
#define _LINUX_NODEMASK_H

#include <linux/types.h>
#include <quarry/config.h>

#define MAX_NUMNODES QUARRY_MAX_NODES
#define NUMA_NO_NODE (-1)

typedef struct { unsigned long bits[1]; } nodemask_t;

#define NODE_MASK_NONE ((nodemask_t){ { 0 } })
#define NODE_MASK_ALL  ((nodemask_t){ { ~0UL } })
#define node_set(nid, mask)    ((mask).bits[0] |= 1UL << (nid))
#define node_clear(nid, mask)  ((mask).bits[0] &= ~(1UL << (nid)))
#define node_isset(nid, mask)  (((mask).bits[0] >> (nid)) & 1)
#define nodemask_of_node(nid)  ((nodemask_t){ { 1UL << (nid) } })

/* The node of this CPU. */
int numa_node_id(void);
/* Has the node memory? False for numbers out of range. */
bool node_has_memory(int nid);
/* 10 for a node itself, more for others. */
int node_distance(int from, int to);
/* Before quarry_plan() only; -EINVAL for nodes out of range or a distance below 10. */
int numa_set_distance(int from, int to, int distance);

#define for_each_node_with_memory(nid) \
	for (nid = 0; nid < MAX_NUMNODES; nid++) if (node_has_memory(nid))

#endif
