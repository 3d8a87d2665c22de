/* SPDX-License-Identifier: MIT */
/* Zones that a machine may lack, for tests that need one. */
#ifndef TESTS_ZONES_H
#define TESTS_ZONES_H

#include "mm/section.h"
#include "tests/selftest.h"

/* Where a request from here must be served: the first allowed zone that has a free page. */
static inline struct zone *expected_zone(enum zone_type highest)
{
	struct zone **zone = node_zonelist(numa_node_id(), highest);

	while (*zone && !zone_free_pages(*zone))
		zone++;
	return *zone;
}

/* Is it of that kind? */
static inline bool has_zone(enum zone_type type)
{
	struct zone *zone = expected_zone(type);

	return zone && zone->idx == type;
}

/* The node of a physical address of RAM; NUMA_NO_NODE when it is none. */
static inline int phys_nid(phys_addr_t pa)
{
	unsigned int i = memblock_search(&memblock_memory, pa);

	if (pfn_is_hot(PFN_DOWN(pa)))
		return section_hot_nid(pa / SECTION_SIZE);
	if (i == memblock_memory.nr || memblock_memory.regions[i].base > pa)
		return NUMA_NO_NODE;
	return memblock_nid(memblock_memory.regions[i].nid);
}

/* Does it lie in RAM that was left out after it had been made, for want of descriptors? */
static inline bool is_left_out(const void *va)
{
	return !memblock_is_memory(virt_to_phys(va)) && !pfn_valid(PFN_DOWN(virt_to_phys(va)));
}

#define NEED_ZONE(type, name) do { \
	if (!has_zone(type)) \
		SKIP("this machine has no free " name " memory"); \
} while (0)

#endif
