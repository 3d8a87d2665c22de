/* SPDX-License-Identifier: MIT */
/* Zones that a machine may lack, for tests that need one. */
#ifndef TESTS_ZONES_H
#define TESTS_ZONES_H

#include "mm/internal.h"
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

#define NEED_ZONE(type, name) do { \
	if (!has_zone(type)) \
		SKIP("this machine has no free " name " memory"); \
} while (0)

#endif
