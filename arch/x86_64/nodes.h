/* SPDX-License-Identifier: MIT */
/* The NUMA nodes of this machine, as ACPI tells of them. See nodes.c. */
#ifndef ARCH_X86_64_NODES_H
#define ARCH_X86_64_NODES_H

#include <linux/types.h>

/*
 * Tells memblock and mm/ of nodes and distances, and says so on the log. Once, between
 * memory_init() and quarry_plan(). Without tables, or with numa=off, all is node 0.
 */
void nodes_init(void);
/* The CPUs are numbered: names those that no table gives to a node. */
void nodes_check_cpus(void);
/* Where the ranges end that may get memory while the machine runs; 0: there are none. */
u64 nodes_hotplug_end(void);
int nodes_of_domain(u32 domain);

#endif
