// SPDX-License-Identifier: MIT
/*
 * Reports on request: what Linux shows in /proc, line by line in Linux's columns, on the log.
 *
 *	meminfo		totals, in kB
 *	buddyinfo	free blocks of each zone by order
 *	zoneinfo	each zone: its pages, marks, borders, and what CPUs keep of it
 *	slabinfo	caches: objects in use, slabs (slab_info.c)
 *	vmstat		what was taken and given back, and how often memory ran short
 *	pagetypeinfo	free blocks by mobility and order, page blocks by mobility
 *	vmallocinfo	each area of vmalloc(): see vmalloc_info.c
 *
 * What reads these on Linux reads them here, once the log's margin is cut off. Lines for what
 * Quarry does not have (a page cache, swap, user memory) are left out, so none says 0 for ever.
 * Where Quarry has something more, it stands behind Linux's columns or in rows of its own: page
 * blocks that are free as a whole have no mobility here, nor has pristine memory, which counts
 * as the blocks that it will make. Both are the type `None`.
 *
 * Hardly anything is counted on behalf of a report, and nothing on a fast path: the figures are
 * read off the structures when somebody asks. No locks of its own; what is called takes each
 * zone's lock in turn. Any context but NMIs.
 */
#include <linux/vmalloc.h>
#include "badmem.h"
#include "census.h"
#include "owners.h"
#include "reclaim.h"
#include "slab.h"

#define KB(pages) ((pages) * (PAGE_SIZE / 1024))

static const char *const mobility_names[NR_CENSUS_ROWS] = {
	[UNMOVABLE] = "Unmovable", [MOVABLE] = "Movable", [RECLAIMABLE] = "Reclaimable",
	[CENSUS_NONE] = "None",
};

/* ---- meminfo ---- */

static void meminfo_line(const char *name, unsigned long kb)
{
	char label[24];

	snprintf(label, sizeof(label), "%s:", name);
	pr_info("%-15s %8lu kB\n", label, kb);
}

/* Free pages that ordinary requests may have: what is above all marks and not kept for others. */
static long free_above_marks(void)
{
	long available = (long)nr_free_pages();
	struct zone *zone;

	for_each_zone(zone) {
		unsigned long most = 0;

		for (unsigned int idx = zone->idx; idx < MAX_NR_ZONES; idx++)
			most = max(most, zone->lowmem_reserve[idx]);
		available -= min(most + zone->watermark[WMARK_HIGH], zone->managed);
	}
	return max(available, 0L);
}

/* Of what caches could give back, half will be in use, or as much as reclaim starts at. */
long si_mem_available(void)
{
	unsigned long reclaimable = quarry_slab_reclaimable_pages(), low = 0;
	struct zone *zone;

	for_each_zone(zone)
		low += zone->watermark[WMARK_LOW];
	return free_above_marks() + (long)(reclaimable - min(reclaimable / 2, low));
}

static void show_meminfo(void)
{
	unsigned long total = totalram_pages(), free = nr_free_pages();
	unsigned long high = totalhigh_pages(), free_high = nr_free_highpages(), bad;
	/* In this order what becomes a slab in between is one. What is freed in between is less. */
	unsigned long reclaimable = quarry_slab_reclaimable_pages(), slab = quarry_slab_pages();

	meminfo_line("MemTotal", KB(total));
	meminfo_line("MemFree", KB(free));
	meminfo_line("MemAvailable", KB((unsigned long)si_mem_available()));
	meminfo_line("HighTotal", KB(high));
	meminfo_line("HighFree", KB(free_high));
	meminfo_line("LowTotal", KB(total - high));
	meminfo_line("LowFree", KB(free - min(free, free_high)));
	meminfo_line("Slab", KB(slab));
	meminfo_line("SReclaimable", KB(reclaimable));
	meminfo_line("SUnreclaim", KB(slab - min(slab, reclaimable)));
	meminfo_line("VmallocTotal", VMALLOC_TOTAL / 1024);
	meminfo_line("VmallocUsed", KB(vmalloc_nr_pages()));
	meminfo_line("Percpu", KB(quarry_percpu_pages()));
	if (memtest_was_run(&bad))
		meminfo_line("EarlyMemtestBad", KB(bad));
	meminfo_line("HardwareCorrupted", KB(num_poisoned_pages()));
}

/* ---- vmstat ---- */

/*
 * Pages that CPUs took out of zones' lists and gave back, also in batches into their caches and
 * out of them: what goes round in a cache is counted by nobody. What was given back is what is
 * in the lists now, and what was taken from them, less what they were given when memory came
 * to life.
 */
static void show_vmstat(void)
{
	static const char *const names[] = { "dma", "dma32", "normal", "high" };
	unsigned long taken[MAX_NR_ZONES] = { 0 }, given = 0, runs = 0;
	struct zone *zone;
	unsigned long flags;

	for_each_zone(zone) {
		spin_lock_irqsave(&zone->lock, flags);
		taken[zone->idx] += zone->nr_taken;
		given += zone->nr_taken + zone_listed_pages(zone) - zone->managed;
		spin_unlock_irqrestore(&zone->lock, flags);
	}
	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		runs += nodes[nid] ? READ_ONCE(nodes[nid]->kswapd_runs) : 0;
	pr_info("nr_free_pages %lu\n", nr_free_pages());
	for (unsigned int idx = 0; idx < MAX_NR_ZONES; idx++)
		pr_info("pgalloc_%s %lu\n", names[idx], taken[idx]);
	pr_info("pgfree %lu\n", given);
	pr_info("slabs_scanned %ld\n", atomic_long_read(&nr_objects_scanned));
	pr_info("pageoutrun %lu\n", runs);
	pr_info("allocstall %ld\n", atomic_long_read(&nr_direct_reclaims));
}

/* ---- buddyinfo ---- */

/* `%6lu ` for each order, as in all of Linux's reports of free blocks. */
static void print_orders(char *buf, size_t size, const unsigned long nr[MAX_ORDER])
{
	int len = 0;

	for (unsigned int order = 0; order < MAX_ORDER; order++)
		len += scnprintf(buf + len, size - len, "%6lu ", nr[order]);
}

static void show_buddyinfo(void)
{
	unsigned long nr[MAX_ORDER];
	struct census census;
	struct zone *zone;
	char line[MAX_ORDER * 21 + 1];

	for_each_zone(zone) {
		take_census(zone, &census);
		for (unsigned int order = 0; order < MAX_ORDER; order++)
			nr[order] = census_of_order(&census, order);
		print_orders(line, sizeof(line), nr);
		pr_info("Node %d, zone %8s %s\n", zone->nid, zone_name(zone), line);
	}
}

/* ---- zoneinfo ---- */

/* The caches of those CPUs that keep something of the zone. */
static void show_pagesets(const struct zone *zone)
{
	unsigned long count, high, batch;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		pcp_count_cpu(cpu, zone, &count, &high, &batch);
		if (count)
			pr_info("    cpu: %u\n              count:    %lu\n              "
				"high:     %lu\n              batch:    %lu\n", cpu, count, high,
				batch);
	}
}

/* `(0, 0, 120, 250)`: what is kept from requests that could be served by a higher zone. */
static void print_protection(char *buf, size_t size, const struct zone *zone)
{
	int len = 0;

	for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
		len += scnprintf(buf + len, size - len, "%s%lu", type ? ", " : "",
				 zone->lowmem_reserve[type]);
}

static void show_zone(struct zone *zone)
{
	char protection[100];

	print_protection(protection, sizeof(protection), zone);
	pr_info("Node %d, zone %8s\n", zone->nid, zone_name(zone));
	pr_info("  pages free     %lu\n", zone_free_pages(zone));
	pr_info("        min      %lu\n", zone->watermark[WMARK_MIN]);
	pr_info("        low      %lu\n", zone->watermark[WMARK_LOW]);
	pr_info("        high     %lu\n", zone->watermark[WMARK_HIGH]);
	pr_info("        spanned  %lu\n", zone->end_pfn - zone->start_pfn);
	pr_info("        present  %lu\n", zone->present);
	pr_info("        managed  %lu\n", zone->managed);
	pr_info("        pristine %lu\n", READ_ONCE(zone->nr_pristine));
	pr_info("        protection: (%s)\n", protection);
	pr_info("  pagesets\n");
	show_pagesets(zone);
	pr_info("  start_pfn:           %lu\n", zone->start_pfn);
}

static void show_zoneinfo(void)
{
	struct zone *zone;

	for_each_zone(zone)
		show_zone(zone);
}

/* ---- pagetypeinfo ---- */

static void show_free_types(void)
{
	char line[MAX_ORDER * 21 + 1];
	struct census census;
	struct zone *zone;
	int len = 0;

	for (unsigned int order = 0; order < MAX_ORDER; order++)
		len += scnprintf(line + len, sizeof(line) - len, "%6u ", order);
	pr_info("%-43s %s\n", "Free pages count per migrate type at order", line);
	for_each_zone(zone) {
		take_census(zone, &census);
		for (unsigned int row = 0; row < NR_CENSUS_ROWS; row++) {
			print_orders(line, sizeof(line), census.free[row]);
			pr_info("Node %4d, zone %8s, type %12s %s\n", zone->nid, zone_name(zone),
				mobility_names[row], line);
		}
	}
}

static void show_block_types(void)
{
	struct census census;
	struct zone *zone;
	char line[128];
	int len = 0;

	for (unsigned int row = 0; row < NR_CENSUS_ROWS; row++)
		len += scnprintf(line + len, sizeof(line) - len, "%12s ", mobility_names[row]);
	pr_info("%-23s%s\n", "Number of blocks type", line);
	for_each_zone(zone) {
		take_census(zone, &census);
		len = 0;
		for (unsigned int row = 0; row < NR_CENSUS_ROWS; row++)
			len += scnprintf(line + len, sizeof(line) - len, "%12lu ",
					 census.blocks[row]);
		pr_info("Node %d, zone %8s %s\n", zone->nid, zone_name(zone), line);
	}
}

static void show_pagetypeinfo(void)
{
	pr_info("Page block order: %d\n", PAGEBLOCK_ORDER);
	pr_info("Pages per block:  %lu\n", PAGEBLOCK_PAGES);
	pr_info("\n");
	show_free_types();
	pr_info("\n");
	show_block_types();
}

/* ---- By name ---- */

static const struct {
	const char *name;
	void (*show)(void);
} reports[] = {
	{ "meminfo", show_meminfo }, { "buddyinfo", show_buddyinfo },
	{ "zoneinfo", show_zoneinfo }, { "pagetypeinfo", show_pagetypeinfo },
	{ "page_owner", show_page_owner }, { "alloc_traces", show_alloc_traces },
	{ "slabinfo", slab_show }, { "vmallocinfo", show_vmallocinfo }, { "vmstat", show_vmstat },
};

bool quarry_show(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(reports); i++) {
		if (strcmp(reports[i].name, name))
			continue;
		reports[i].show();
		return true;
	}
	return false;
}
