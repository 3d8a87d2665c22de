// SPDX-License-Identifier: MIT
/*
 * Memory that comes and goes while the machine runs.
 *
 * What can be added is whole sections (256 MiB) that had no RAM at the boot, up to
 * max_possible_pfn, for which the tables that are indexed by pages were made. section_hot.c
 * keeps what such a section is; here is what it means for nodes, zones and the direct map:
 *
 *	add_memory()	 descriptors are mapped; max_pfn goes up
 *	online_pages()	 the direct map gets it, unless the zone is HIGHMEM; the zone reaches
 *			 so far, and is in the zonelists; the pages are free; new marks
 *	offline_pages()	 every page is taken out, or all are put back and that was that; the
 *			 zone has fewer; new marks; the direct map forgets it
 *	remove_memory()	 descriptors are unmapped
 *
 * Each step is done for a whole range or not at all. What can fail comes first: tables, then
 * mappings; what hands out pages cannot. The page tables of descriptors were made at the boot.
 *
 * Which zone: memory that the kernel uses for itself cannot be moved, so some of it in a section
 * keeps the section here for good. Who wants it back asks for MMOP_ONLINE_MOVABLE: HIGHMEM holds
 * what the kernel has no pointers into. Zones may lie between one another in any way; which is
 * a page's its page block says.
 *
 * Going offline. Caches of CPUs are closed, so what comes free is in the lists at once. Then three
 * turns: free pages are isolated, so that they come no more into use; what caches keep goes back.
 * If pages are in use then, they stay in use. Others allocate and free all the while, from and to
 * what is not isolated. They may find less memory than there will be if it fails, as if somebody
 * else had it for a moment.
 *
 * Interleavings:
 *  - Somebody looks for a zone in a zonelist that is growing: numa.c.
 *  - A zone reaches further before its first new page is free, so who searches zones for pages
 *    below a limit (contig.c, dma.c) never meets one above what low_end_pfn() says.
 *  - memory_failure() and unpoison_memory() of a page in a section that goes: failure_mutex is
 *    held from the first look at the section to the last, so they come before all of that, or
 *    after it, when there is no such page. In between, a broken page that was not busy would
 *    come free again; and who had found its zone before would work on what is another zone's by
 *    then. Memory that comes needs no such care: a page block is its zone's once it is live.
 *  - A validator during all that: pages are counted where they are, zone by zone, under the lock.
 *  - kswapd and reclaim see fewer free pages, and new marks; nothing of theirs is kept.
 *
 * A zone that had no memory, or too little, has per-CPU caches from the first time on that it has
 * enough (pcp_setup.c).
 *
 * Locks: hotplug_mutex around each call; inside it failure_mutex while memory goes, and inside
 * both that of pcp_close(), mutexes of caches, and zone->lock. Costs: a call for the log, 2 MiB
 * cleared and 64 visits to the zone a section.
 */
#include <linux/kasan.h>
#include <linux/memory_hotplug.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include "badmem.h"
#include "pcp.h"
#include "reclaim.h"
#include "section.h"
#include "slab.h"

#define TURNS 3

static DEFINE_MUTEX(hotplug_mutex);
static int default_online_type = MMOP_ONLINE;

/* Sections [first, end). */
struct range {
	unsigned long first, end;
};

#define for_each_section(s, range) \
	for (unsigned long s = (range)->first; s < (range)->end; s++)

static bool make_range(u64 start, u64 size, struct range *range)
{
	range->first = start / SECTION_SIZE;
	range->end = (start + size) / SECTION_SIZE;
	return size && start + size > start && IS_ALIGNED(start | size, SECTION_SIZE);
}

static bool make_pfn_range(unsigned long pfn, unsigned long nr_pages, struct range *range)
{
	return pfn < max_possible_pfn && nr_pages <= max_possible_pfn - pfn &&
	       make_range(PFN_PHYS(pfn), PFN_PHYS(nr_pages), range);
}

static bool is_hot(unsigned long section)
{
	return pfn_is_hot(section * PAGES_PER_SECTION);
}

static bool is_online(unsigned long section)
{
	return is_hot(section) && (section_state[section] & SECTION_ONLINE);
}

/* The zone of a section that is online. */
static struct zone *zone_of(unsigned long section)
{
	return block_zone(pfn_to_block(section * PAGES_PER_SECTION + PAGEBLOCK_PAGES));
}

static void *direct(unsigned long section)
{
	return phys_to_virt(section * SECTION_SIZE);
}

static void print(const struct range *range, const char *what, int nid, const char *zone)
{
	pr_info("memory_hotplug: [%#llx, %#llx) %s, node %d%s%s\n",
		(u64)(range->first * SECTION_SIZE), (u64)(range->end * SECTION_SIZE), what, nid,
		zone ? ", " : "", zone ? zone : "");
}

/* ---- The zone that gets it ---- */

int mhp_get_default_online_type(void)
{
	return READ_ONCE(default_online_type);
}

void mhp_set_default_online_type(int online_type)
{
	WRITE_ONCE(default_online_type, online_type);
}

int mhp_online_type_from_str(const char *str)
{
	static const char *const names[] = {
		[MMOP_OFFLINE] = "offline", [MMOP_ONLINE] = "online",
		[MMOP_ONLINE_KERNEL] = "online_kernel",
		[MMOP_ONLINE_MOVABLE] = "online_movable",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], str))
			return (int)i;
	return -EINVAL;
}

/* The node itself, or the nearest with memory: where there is none there are no zones. */
static int home_of(int nid)
{
	return nid < 0 || nid >= MAX_NUMNODES ? NUMA_NO_NODE : local_memory_node(nid);
}

struct zone *zone_for_pfn_range(int online_type, int nid, struct memory_group *group,
				unsigned long start_pfn, unsigned long nr_pages)
{
	int home = home_of(nid);

	if (home < 0)
		return NULL;
	if (online_type == MMOP_ONLINE_MOVABLE)
		return &nodes[home]->zones[ZONE_HIGHMEM];
	/* A section has all of DMA in it, or nothing. */
	return &nodes[home]->zones[start_pfn < MAX_DMA32_PFN ? ZONE_DMA32 : ZONE_NORMAL];
}

/* The zone reaches from its first to its last page; it never reaches less far again. */
static void extend(struct zone *zone, const struct range *range)
{
	unsigned long start = range->first * PAGES_PER_SECTION;
	unsigned long end = range->end * PAGES_PER_SECTION, flags;

	spin_lock_irqsave(&zone->lock, flags);
	if (!zone->end_pfn || start < zone->start_pfn)
		WRITE_ONCE(zone->start_pfn, start);
	WRITE_ONCE(zone->end_pfn, max(zone->end_pfn, end));
	WRITE_ONCE(zone->present, zone->present + end - start);
	spin_unlock_irqrestore(&zone->lock, flags);
	low_end_update();
	if (!zone->listed)
		numa_add_zone(zone);
}

static void shorten(struct zone *zone)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	WRITE_ONCE(zone->present, zone->present - PAGES_PER_SECTION);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* ---- The direct map ---- */

static void unmap_direct(const struct range *range)
{
	for_each_section(s, range)
		port_direct_unmap((unsigned long)direct(s), SECTION_SIZE);
	port_flush((unsigned long)direct(range->first), (range->end - range->first) * SECTION_SIZE);
}

static int map_direct(const struct range *range)
{
	int err = 0;

	for_each_section(s, range) {
		struct range done = { range->first, s };

		err = port_direct_map((unsigned long)direct(s), SECTION_SIZE);
		if (!err && QUARRY_KASAN) {
			done.end = s + 1;
			err = port_shadow_map((unsigned long)direct(s), SECTION_SIZE);
		}
		if (err && done.end > done.first)
			unmap_direct(&done);
		if (err)
			break;
	}
	return err ? -ENOMEM : 0;
}

/* ---- Online ---- */

/* Caller holds the mutex; the sections are there, and offline. */
static int online(const struct range *range, struct zone *zone)
{
	int err = zone->idx == ZONE_HIGHMEM ? 0 : map_direct(range);

	if (err)
		return err;
	pcp_make_rooms(zone, (range->end - range->first) * HOT_PAGES);
	extend(zone, range);
	for_each_section(s, range)
		section_hot_online(s, zone);
	pcp_fit(zone);
	watermark_update();
	print(range, "online", zone->nid, zone_name(zone));
	return 0;
}

/* Is the zone one that these may get online to? */
static bool zone_suits(const struct zone *zone, const struct range *range)
{
	unsigned long pfn = range->first * PAGES_PER_SECTION;

	for_each_section(s, range) {
		int nid = is_hot(s) && !is_online(s) ? section_hot_nid(s) : NUMA_NO_NODE;

		if (nid < 0 ||
		    (zone != zone_for_pfn_range(MMOP_ONLINE_KERNEL, nid, NULL, pfn, 0) &&
		     zone != zone_for_pfn_range(MMOP_ONLINE_MOVABLE, nid, NULL, pfn, 0)))
			return false;
	}
	return true;
}

int online_pages(unsigned long pfn, unsigned long nr_pages, struct zone *zone,
		 struct memory_group *group)
{
	struct range range;
	int err = -EINVAL;

	might_sleep();
	if (!zone || group || !make_pfn_range(pfn, nr_pages, &range))
		return -EINVAL;
	mutex_lock(&hotplug_mutex);
	if (zone_suits(zone, &range))
		err = online(&range, zone);
	mutex_unlock(&hotplug_mutex);
	return err;
}

/* ---- Offline ---- */

static unsigned long isolate(const struct range *range)
{
	unsigned long busy = 0;

	for_each_section(s, range)
		busy += is_online(s) ? section_hot_isolate(s, zone_of(s)) : 0;
	return busy;
}

static void restore(const struct range *range)
{
	for_each_section(s, range)
		if (is_online(s))
			section_hot_restore(s, zone_of(s));
}

static void leave(unsigned long section)
{
	const struct range range = { section, section + 1 };
	struct zone *zone = zone_of(section);

	section_hot_offline(section, zone);
	memory_failure_forget(section * PAGES_PER_SECTION + PAGEBLOCK_PAGES, HOT_PAGES);
	slab_clear_blocks(section * PAGES_PER_SECTION, PAGES_PER_SECTION);
	shorten(zone);
	pcp_fit(zone);
	if (zone->idx != ZONE_HIGHMEM)
		unmap_direct(&range);
	print(&range, "offline", zone->nid, zone_name(zone));
}

/* Those of the range that are online. Caller holds both mutexes. */
static int offline_locked(const struct range *range)
{
	unsigned long busy;

	pcp_close();
	busy = isolate(range);
	for (unsigned int turn = 0; turn < TURNS && busy; turn++) {
		quarry_settle();
		busy = isolate(range);
	}
	if (busy)
		restore(range);
	pcp_open();
	if (busy)
		return -EBUSY;
	for_each_section(s, range)
		if (is_online(s))
			leave(s);
	watermark_update();
	return 0;
}

/* Caller holds the mutex. */
static int offline(const struct range *range)
{
	int err;

	mutex_lock(&failure_mutex);
	err = offline_locked(range);
	mutex_unlock(&failure_mutex);
	return err;
}

int offline_pages(unsigned long start_pfn, unsigned long nr_pages, struct zone *zone,
		  struct memory_group *group)
{
	struct range range;
	int err = 0;

	might_sleep();
	if (!zone || group || !make_pfn_range(start_pfn, nr_pages, &range))
		return -EINVAL;
	mutex_lock(&hotplug_mutex);
	for_each_section(s, &range)
		if (!is_online(s) || zone_of(s) != zone)
			err = -EINVAL;
	if (!err)
		err = offline(&range);
	mutex_unlock(&hotplug_mutex);
	return err;
}

/* ---- There, and not ---- */

static void remove(const struct range *range)
{
	int nid = section_hot_nid(range->first);

	section_hot_remove(range->first, range->end - range->first);
	print(range, "removed", nid, NULL);
}

static bool is_taken(const struct range *range)
{
	phys_addr_t start = range->first * SECTION_SIZE, end = range->end * SECTION_SIZE;
	unsigned int r = memblock_search(&memblock_reserved, start);

	for_each_section(s, range)
		if (section_state[s] & SECTION_PRESENT)
			return true;
	return r < memblock_reserved.nr && memblock_reserved.regions[r].base < end;
}

/* Caller holds the mutex. */
static int add(const struct range *range, int nid)
{
	struct range done = { range->first, range->first };
	unsigned long end = range->end * PAGES_PER_SECTION;
	int online_type = mhp_get_default_online_type(), err = 0;

	for (; done.end < range->end && !err; done.end += !err)
		err = section_hot_add(done.end, nid);
	if (!err)
		WRITE_ONCE(max_pfn, max(max_pfn, end));
	if (!err)
		print(range, "added", nid, NULL);
	if (!err && online_type != MMOP_OFFLINE)
		err = online(range, zone_for_pfn_range(online_type, nid, NULL,
						       range->first * PAGES_PER_SECTION, 0));
	if (err && done.end > done.first)
		remove(&done);
	return err;
}

int add_memory(int nid, u64 start, u64 size, mhp_t mhp_flags)
{
	struct range range;
	int home = home_of(nid), err;

	might_sleep();
	if (home < 0 || !make_range(start, size, &range) ||
	    (mhp_flags & ~(MHP_MERGE_RESOURCE | MHP_MEMMAP_ON_MEMORY)))
		return -EINVAL;
	if (!memory_may_grow || range.end > max_possible_pfn / PAGES_PER_SECTION)
		return -E2BIG;
	mutex_lock(&hotplug_mutex);
	err = is_taken(&range) ? -EEXIST : add(&range, home);
	mutex_unlock(&hotplug_mutex);
	return err;
}

/* Caller holds the mutex. */
static int check_removable(const struct range *range, bool may_be_online)
{
	for_each_section(s, range)
		if (!is_hot(s))
			return -EINVAL;
	for_each_section(s, range)
		if (is_online(s) && !may_be_online)
			return -EBUSY;
	return 0;
}

static int offline_and_remove(u64 start, u64 size, bool may_offline)
{
	struct range range;
	int err;

	might_sleep();
	if (!make_range(start, size, &range))
		return -EINVAL;
	mutex_lock(&hotplug_mutex);
	err = check_removable(&range, may_offline);
	if (!err && may_offline)
		err = offline(&range);
	if (!err)
		remove(&range);
	mutex_unlock(&hotplug_mutex);
	return err;
}

int remove_memory(u64 start, u64 size)
{
	return offline_and_remove(start, size, false);
}

int offline_and_remove_memory(u64 start, u64 size)
{
	return offline_and_remove(start, size, true);
}
