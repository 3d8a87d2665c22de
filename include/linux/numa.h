/* SPDX-License-Identifier: MIT */
/* How many NUMA nodes there can be. Their numbers are 0 to MAX_NUMNODES - 1. */
#ifndef _LINUX_NUMA_H
#define _LINUX_NUMA_H

#include <quarry/config.h>

#define MAX_NUMNODES QUARRY_MAX_NODES
#define NUMA_NO_NODE (-1)

#endif
