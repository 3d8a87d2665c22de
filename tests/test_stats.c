// SPDX-License-Identifier: MIT
/* The reports, read off the log as a program would. */
#define SELFTEST_UNSAMPLED 1
#include <linux/highmem.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <kernel/boot.h>
#include <kernel/kernel.h>
#include "mm/census.h"
#include "mm/section.h"
#define LISTEN_SIZE 65536
#include "tests/listen.h"
#include "tests/shortage.h"

static const char *hear_report(const char *name)
{
	bool found;

	listen_start();
	found = quarry_show(name);
	CHECK(found);
	return listen_stop();
}

/* The number behind the text; ~0 when the text is not in the report. */
static unsigned long number_behind(const char *report, const char *text)
{
	const char *at = strstr(report, text);
	unsigned long number = 0;

	if (!at)
		return ~0UL;
	for (at += strlen(text); *at == ' '; at++)
		;
	for (; *at >= '0' && *at <= '9'; at++)
		number = number * 10 + *at - '0';
	return number;
}

/* The numbers of the line that begins so: the sum of nr[i] << i, as of blocks by order. */
static unsigned long pages_of_line(const char *report, const char *begin)
{
	const char *at = strstr(report, begin);
	unsigned long pages = 0;
	char so_far[512];

	if (!at)
		return ~0UL;
	strscpy(so_far, begin, sizeof(so_far));
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		unsigned long nr = number_behind(report, so_far);
		size_t len = strlen(so_far);

		pages += nr << order;
		snprintf(so_far + len, sizeof(so_far) - len, "%6lu ", nr);
	}
	return pages;
}

static unsigned long pages_in_lists(struct zone *zone)
{
	return zone->nr_free + zone->nr_pristine;
}

static unsigned long buddyinfo_pages(const struct zone *zone)
{
	char begin[64];

	snprintf(begin, sizeof(begin), "Node %d, zone %8s ", zone->nid, zone_name(zone));
	return pages_of_line(hear_report("buddyinfo"), begin);
}

SELFTEST(stats, meminfo_has_the_totals)
{
	const char *report = hear_report("meminfo");

	CHECK_EQ(number_behind(report, "MemTotal:"), totalram_pages() * 4);
	CHECK_EQ(number_behind(report, "MemFree:"), nr_free_pages() * 4);
	CHECK_EQ(number_behind(report, "HighTotal:"), totalhigh_pages() * 4);
	CHECK_EQ(number_behind(report, "HighFree:"), nr_free_highpages() * 4);
	CHECK_EQ(number_behind(report, "LowTotal:"), (totalram_pages() - totalhigh_pages()) * 4);
	CHECK_EQ(number_behind(report, "LowFree:"), (nr_free_pages() - nr_free_highpages()) * 4);
}

SELFTEST(stats, meminfo_follows_an_allocation)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 3);
	unsigned long used = number_behind(hear_report("meminfo"), "MemFree:");

	if (!page)
		SKIP("no free block of order 3");
	__free_pages(page, 3);
	CHECK_EQ(number_behind(hear_report("meminfo"), "MemFree:"), used + 8 * 4);
}

SELFTEST(stats, meminfo_knows_who_has_what)
{
	void *object = kmalloc(SZ_1M, GFP_KERNEL | __GFP_NOWARN);
	void *area = vmalloc(64 * PAGE_SIZE);
	unsigned long slab, used;
	const char *report;

	report = hear_report("meminfo");
	slab = number_behind(report, " Slab:");
	used = number_behind(report, "VmallocUsed:");
	vfree(area);
	kfree(object);
	if (!object || !area)
		SKIP("too little memory");
	report = hear_report("meminfo");
	CHECK_EQ(number_behind(report, "VmallocUsed:") + 64 * 4, used);
	CHECK_EQ(number_behind(report, " Slab:") + 1024, slab);
}

#define RECLAIMABLE 64U

/* What a cache may give back counts as reclaimable, and for the most part as available. */
SELFTEST(stats, meminfo_tells_what_could_be_reclaimed)
{
	struct kmem_cache *cache = kmem_cache_create("test-reclaimable", 1024, 0,
						     SLAB_RECLAIM_ACCOUNT, NULL);
	void *objects[RECLAIMABLE];
	unsigned long before, now;
	unsigned int nr = 0;
	const char *report;

	REQUIRE(cache);
	quarry_reap(true);	/* else other caches' empty slabs may go meanwhile */
	before = number_behind(hear_report("meminfo"), "SReclaimable:");
	while (nr < RECLAIMABLE && (objects[nr] = kmem_cache_alloc(cache, GFP_KERNEL)))
		nr++;
	report = hear_report("meminfo");
	now = number_behind(report, "SReclaimable:");
	CHECK(now >= before + nr);
	CHECK_EQ(now + number_behind(report, "SUnreclaim:"), number_behind(report, " Slab:"));
	CHECK(number_behind(report, "MemAvailable:") <= number_behind(report, "MemFree:") + now);
	while (nr > 0)
		kmem_cache_free(cache, objects[--nr]);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
	CHECK(number_behind(hear_report("meminfo"), "SReclaimable:") <= before);
}

/* pgalloc_… of the zone, after a blank or the margin: `pgalloc_dma` is not `pgalloc_dma32`. */
static unsigned long pages_taken(const char *report, const struct zone *zone)
{
	static const char *const lines[] = { "pgalloc_dma ", "pgalloc_dma32 ", "pgalloc_normal ",
					     "pgalloc_high " };

	return number_behind(report, lines[zone->idx]);
}

SELFTEST(stats, vmstat_counts_what_is_taken_and_given_back)
{
	unsigned long taken[2], given[2];
	struct page *pages[5];
	struct zone *zone;
	unsigned int nr = 0;

	pcp_close();		/* else caches serve, of which nobody counts */
	pages[0] = alloc_page(GFP_KERNEL);
	zone = pages[0] ? page_zone(pages[0]) : NULL;
	taken[0] = zone ? pages_taken(hear_report("vmstat"), zone) : 0;
	given[0] = number_behind(hear_report("vmstat"), "pgfree ");
	for (nr = 1; nr < ARRAY_SIZE(pages); nr++)
		pages[nr] = alloc_pages_node(zone ? zone->nid : 0, GFP_KERNEL, 0);
	while (nr-- > 0)
		__free_pages(pages[nr], 0);
	taken[1] = zone ? pages_taken(hear_report("vmstat"), zone) : 0;
	given[1] = number_behind(hear_report("vmstat"), "pgfree ");
	pcp_open();
	REQUIRE(zone);
	CHECK(taken[0] >= 1 && taken[1] >= taken[0] + ARRAY_SIZE(pages) - 1);
	CHECK(given[1] >= given[0] + ARRAY_SIZE(pages));
	CHECK(given[1] < 1UL << 48);
	CHECK(number_behind(hear_report("vmstat"), "allocstall ") != ~0UL);
}

/* Both go up when a request has to reclaim. */
SELFTEST(stats, vmstat_counts_reclaim)
{
	unsigned long stalls = number_behind(hear_report("vmstat"), "allocstall ");
	unsigned long scanned = number_behind(hear_report("vmstat"), "slabs_scanned ");
	static struct larder cache;
	struct shortage s;

	if (!shortage_begin(&s, SHORT_MIN + 3))
		SKIP("no zone is large enough");
	larder_open(&cache, 0);
	larder_fill(&cache, &s, 3);
	CHECK_EQ(shortage_count(&s, __GFP_DIRECT_RECLAIM), 3);
	larder_close(&cache);
	shortage_end(&s);
	CHECK(number_behind(hear_report("vmstat"), "allocstall ") > stalls);
	CHECK(number_behind(hear_report("vmstat"), "slabs_scanned ") >= scanned + 3);
}

SELFTEST(stats, buddyinfo_adds_up_to_the_free_pages)
{
	struct zone *zone;

	for_each_zone(zone)
		CHECK_EQ(buddyinfo_pages(zone), pages_in_lists(zone));
}

/* Before and after memory comes to life: what was pristine becomes the blocks it was said to. */
SELFTEST(stats, pristine_memory_makes_the_blocks_that_were_counted)
{
	unsigned long flags, pages[2], largest[2];
	struct census census;
	struct zone *zone;

	for_each_zone(zone) {
		for (unsigned int i = 0; i < 2; i++) {
			take_census(zone, &census);
			largest[i] = census_of_order(&census, MAX_ORDER - 1);
			pages[i] = 0;
			for (unsigned int order = 0; order < MAX_ORDER; order++)
				pages[i] += census_of_order(&census, order) << order;
			spin_lock_irqsave(&zone->lock, flags);
			section_grow(zone);
			section_grow(zone);
			spin_unlock_irqrestore(&zone->lock, flags);
		}
		CHECK_EQ(pages[0], pages[1]);
		CHECK(largest[1] >= largest[0]);
	}
}

/* Past the caches of CPUs: what leaves the lists leaves the report, and comes back. */
SELFTEST(stats, buddyinfo_follows_a_block)
{
	unsigned long flags, before;
	struct page *page = NULL;
	struct zone *zone;

	for_each_zone(zone) {
		before = buddyinfo_pages(zone);
		spin_lock_irqsave(&zone->lock, flags);
		page = buddy_alloc(zone, 4, UNMOVABLE);
		spin_unlock_irqrestore(&zone->lock, flags);
		if (!page)
			continue;
		CHECK_EQ(buddyinfo_pages(zone), before - (1 << 4));
		spin_lock_irqsave(&zone->lock, flags);
		buddy_free(zone, page, 4);
		spin_unlock_irqrestore(&zone->lock, flags);
		CHECK_EQ(buddyinfo_pages(zone), before);
	}
}

SELFTEST(stats, zoneinfo_has_every_zone)
{
	const char *report = hear_report("zoneinfo"), *at;
	struct zone *zone;
	char line[64];

	for_each_zone(zone) {
		snprintf(line, sizeof(line), "Node %d, zone %8s\n", zone->nid, zone_name(zone));
		at = strstr(report, line);
		REQUIRE(at);
		CHECK_EQ(number_behind(at, "pages free "), zone_free_pages(zone));
		CHECK_EQ(number_behind(at, "  present "), zone->present);
		CHECK_EQ(number_behind(at, "  managed "), zone->managed);
		CHECK_EQ(number_behind(at, "  min "), zone->watermark[WMARK_MIN]);
		CHECK_EQ(number_behind(at, "  high "), zone->watermark[WMARK_HIGH]);
		CHECK_EQ(number_behind(at, "protection: ("), zone->lowmem_reserve[0]);
		CHECK_EQ(number_behind(at, "  spanned "), zone->end_pfn - zone->start_pfn);
		CHECK_EQ(number_behind(at, "start_pfn:"), zone->start_pfn);
	}
}

SELFTEST(stats, pagetypeinfo_tells_mobilities_apart)
{
	static const gfp_t gfp[] = { 0, __GFP_MOVABLE, __GFP_RECLAIMABLE };
	static const char *const names[] = { "Unmovable", "Movable", "Reclaimable" };
	struct page *pages[3];
	struct census census;
	const char *report;
	char begin[80];

	/* Whole page blocks for each, so that none is borrowed from another mobility. */
	if (nr_free_pages() < 16 * PAGEBLOCK_PAGES)
		SKIP("too little memory for a page block of each mobility");
	for (unsigned int i = 0; i < 3; i++)
		REQUIRE((pages[i] = alloc_page(GFP_KERNEL | gfp[i])));
	report = hear_report("pagetypeinfo");
	CHECK_EQ(number_behind(report, "Page block order:"), PAGEBLOCK_ORDER);
	CHECK_EQ(number_behind(report, "Pages per block:"), PAGEBLOCK_PAGES);
	for (unsigned int i = 0; i < 3; i++) {
		struct zone *zone = page_zone(pages[i]);
		unsigned long want = 0;

		take_census(zone, &census);
		for (unsigned int order = 0; order < MAX_ORDER; order++)
			want += census.free[page_block(pages[i])->mobility][order] << order;
		snprintf(begin, sizeof(begin), "Node %4d, zone %8s, type %12s ", zone->nid,
			 zone_name(zone), names[page_block(pages[i])->mobility]);
		CHECK_EQ(pages_of_line(report, begin), want);
		CHECK(census.blocks[page_block(pages[i])->mobility] > 0);
	}
	for (unsigned int i = 0; i < 3; i++)
		__free_page(pages[i]);
}

SELFTEST(stats, show_mem_names_free_blocks_and_mobilities)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_MOVABLE);
	const char *log;
	char begin[64];

	REQUIRE(page);
	listen_start();
	show_mem();
	log = listen_stop();
	snprintf(begin, sizeof(begin), "Node %d %s:", page_to_nid(page),
		 zone_name(page_zone(page)));
	CHECK(strstr(log, "Mem-Info:") != NULL);
	CHECK(strstr(log, begin) != NULL);
	CHECK(strstr(log, "kB (") != NULL);
	__free_page(page);
}

SELFTEST(stats, unknown_reports_are_refused)
{
	CHECK(!quarry_show("meminf"));
	CHECK(!quarry_show(""));
	CHECK(!quarry_show("meminfo2"));
}

SELFTEST(stats, the_option_prints_what_it_names)
{
	const char *before = cmdline_set("report=buddyinfo,nothing,meminfo"), *log;

	listen_start();
	reports_print("now");
	cmdline_set("report=");
	reports_print("never");
	cmdline_set("");
	reports_print("never");
	cmdline_set(before);
	log = listen_stop();
	CHECK(strstr(log, "buddyinfo, now:") != NULL);
	CHECK(strstr(log, ", zone ") != NULL);
	CHECK(strstr(log, "report=nothing: there is no such report") != NULL);
	CHECK(strstr(log, "meminfo, now:") != NULL);
	CHECK(strstr(log, "MemTotal:") != NULL);
	CHECK(strstr(log, "meminfo, never:") == NULL);
}
