/* SPDX-License-Identifier: MIT */
/*
 * Memory that comes and goes while the machine runs: see mm/memory_hotplug.c.
 *
 * A range is made of whole sections of 256 MiB, in which there was no RAM at the boot, below
 * quarry_options.hotplug_end. Added, it is known, and page descriptors exist; online, its pages
 * are a zone's. All of these may sleep, and wait for one another. What fails has changed nothing.
 */
#ifndef _LINUX_MEMORY_HOTPLUG_H
#define _LINUX_MEMORY_HOTPLUG_H

#include <linux/mmzone.h>
#include <linux/types.h>

struct memory_group;			/* there are none */

typedef int mhp_t;
#define MHP_NONE	      0
#define MHP_MERGE_RESOURCE    1		/* for neighbours in a list of ranges, which is not kept */
#define MHP_MEMMAP_ON_MEMORY  2		/* descriptors lie in the range itself: they always do */

/* What becomes of memory that is added. */
enum {
	MMOP_OFFLINE,
	MMOP_ONLINE,			/* as MMOP_ONLINE_KERNEL */
	MMOP_ONLINE_KERNEL,		/* to the zone that its address says, in the direct map */
	MMOP_ONLINE_MOVABLE,		/* to HIGHMEM: the kernel has no pointers into it */
};

int mhp_get_default_online_type(void);
void mhp_set_default_online_type(int online_type);
/* "offline", "online", "online_kernel", "online_movable"; -EINVAL: none of them. */
int mhp_online_type_from_str(const char *str);

/*
 * There is RAM in [start, start + size), bytes, on a node; where that has had no memory at the
 * boot, on the nearest that has. It gets online as mhp_get_default_online_type() says. 0; -EINVAL:
 * not of whole sections, no such node or flag; -E2BIG: nothing can be added there; -EEXIST: there
 * is RAM, or something that is taken; -ENOMEM: no memory for what describes or maps it.
 */
int add_memory(int nid, u64 start, u64 size, mhp_t mhp_flags);

/* The RAM goes. -EBUSY: some of it is online; -EINVAL: some of it was not added. */
int remove_memory(u64 start, u64 size);

/* The zone that memory of a node gets online to. */
struct zone *zone_for_pfn_range(int online_type, int nid, struct memory_group *group,
				unsigned long start_pfn, unsigned long nr_pages);

/*
 * Memory that was added and is offline becomes free pages of that zone (zone_for_pfn_range()'s).
 * 0; -EINVAL: not of such sections, another node's zone, or a group; -ENOMEM: for its page tables.
 */
int online_pages(unsigned long pfn, unsigned long nr_pages, struct zone *zone,
		 struct memory_group *group);

/*
 * The reverse, when all pages there are free, in caches of the page allocator or of slab, or
 * broken. 0; -EBUSY: pages are in use; -EINVAL: not of sections that are online to that zone.
 */
int offline_pages(unsigned long start_pfn, unsigned long nr_pages, struct zone *zone,
		  struct memory_group *group);

/* Both; each section may be in any zone, or offline. */
int offline_and_remove_memory(u64 start, u64 size);

#endif
