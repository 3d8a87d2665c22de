// SPDX-License-Identifier: MIT
/* The marks of zones, and who may go below them. */
#include <kernel/boot.h>
#include "tests/shortage.h"

SELFTEST(watermark, min_free_grows_with_the_root_of_memory)
{
	CHECK_EQ(default_min_free_kbytes(64 << 10), 1024);
	CHECK_EQ(default_min_free_kbytes(1 << 20), 4096);
	CHECK_EQ(default_min_free_kbytes(1 << 30), 128 << 10);
	CHECK_EQ(default_min_free_kbytes(1UL << 36), 256 << 10);
	CHECK_EQ(default_min_free_kbytes(640), 20);
	CHECK_EQ(default_min_free_kbytes(0), 0);
}

SELFTEST(watermark, boot_option_is_obeyed)
{
	unsigned long lowmem = (totalram_pages() - totalhigh_pages()) * (PAGE_SIZE / 1024);
	unsigned long wanted = min_free_wanted();

	if (wanted)
		CHECK_EQ(min_free_kbytes, min(wanted, lowmem / 4));
	else
		CHECK_EQ(min_free_kbytes, default_min_free_kbytes(lowmem));
}

SELFTEST(watermark, marks_rise_and_mins_add_up)
{
	unsigned long sum = 0, lowmem = totalram_pages() - totalhigh_pages();
	unsigned long pages = min_free_kbytes / (PAGE_SIZE / 1024);
	unsigned int nr_zones = 0;
	struct zone *zone;

	for_each_zone(zone) {
		unsigned long *mark = zone->watermark;

		CHECK(mark[WMARK_LOW] >= mark[WMARK_MIN] + mark[WMARK_MIN] / 4);
		CHECK_EQ(mark[WMARK_HIGH] - mark[WMARK_LOW], mark[WMARK_LOW] - mark[WMARK_MIN]);
		nr_zones++;
		if (zone->idx == ZONE_HIGHMEM) {
			CHECK(mark[WMARK_MIN] <= 128);
			continue;
		}
		CHECK_EQ(mark[WMARK_MIN], pages * zone->managed / lowmem);
		sum += mark[WMARK_MIN];
	}
	CHECK(sum <= pages && sum + nr_zones >= pages);
}

SELFTEST(watermark, lower_zones_are_kept_by_the_size_of_higher_ones)
{
	struct zone *zone;

	for_each_zone(zone) {
		unsigned long above = 0, ratio = zone->idx == ZONE_NORMAL ? 32 : 256;

		for (unsigned int idx = 0; idx <= zone->idx; idx++)
			CHECK_EQ(zone->lowmem_reserve[idx], 0);
		for (unsigned int idx = zone->idx + 1; idx < MAX_NR_ZONES; idx++) {
			above += nodes[zone->nid]->zones[idx].managed;
			CHECK_EQ(zone->lowmem_reserve[idx], above / ratio);
		}
	}
}

/* A request that could have used higher zones leaves more of the lowest one than its own do. */
SELFTEST(watermark, requests_for_higher_zones_leave_lower_ones)
{
	struct shortage s;
	unsigned long kept;
	enum zone_type higher;

	if (!shortage_begin(&s, SHORT_MIN + 5))
		SKIP("no zone is large enough");
	higher = s.zone->idx + 1;
	if (higher < MAX_NR_ZONES) {
		kept = s.zone->lowmem_reserve[higher];
		s.zone->lowmem_reserve[higher] = 5;
		CHECK(zone_watermark_ok(s.zone, 0, s.zone->idx, WMARK_MIN));
		CHECK(!zone_watermark_ok(s.zone, 0, higher, WMARK_MIN));
		s.zone->lowmem_reserve[higher] = 4;
		CHECK(zone_watermark_ok(s.zone, 0, higher, WMARK_MIN));
		s.zone->lowmem_reserve[higher] = kept;
	}
	shortage_end(&s);
}

SELFTEST(watermark, shares_of_the_reserve)
{
	CHECK_EQ(reserve_floor(32, 0), 32);
	CHECK_EQ(reserve_floor(32, ALLOC_NON_BLOCK), 32);
	CHECK_EQ(reserve_floor(32, ALLOC_MIN_RESERVE), 16);
	CHECK_EQ(reserve_floor(32, ALLOC_MIN_RESERVE | ALLOC_NON_BLOCK), 12);
	CHECK_EQ(reserve_floor(0, ALLOC_MIN_RESERVE | ALLOC_NON_BLOCK), 0);
}

/* One page above the mark is one page, and a block of two does not fit. */
SELFTEST(watermark, marks_are_exact)
{
	struct shortage s;

	if (!shortage_begin(&s, SHORT_MIN + 1))
		SKIP("no zone is large enough");
	CHECK(zone_watermark_ok(s.zone, 0, s.zone->idx, WMARK_MIN));
	CHECK(!zone_watermark_ok(s.zone, 1, s.zone->idx, WMARK_MIN));
	CHECK(!zone_watermark_ok(s.zone, 0, s.zone->idx, WMARK_LOW));
	CHECK(zone_watermark_ok(s.zone, 5, s.zone->idx, ALLOC_NO_WATERMARKS));
	CHECK_EQ(shortage_count(&s, GFP_NOWAIT & ~__GFP_RECLAIM), 1);
	shortage_end(&s);
}

SELFTEST(watermark, si_meminfo_agrees_with_the_zones)
{
	struct sysinfo info;

	si_meminfo(&info);
	CHECK_EQ(info.totalram, totalram_pages());
	CHECK_EQ(info.totalhigh, totalhigh_pages());
	CHECK_EQ(info.freeram, nr_free_pages());
	CHECK_EQ(info.freehigh, nr_free_highpages());
	CHECK_EQ(info.mem_unit, PAGE_SIZE);
	CHECK(si_mem_available() >= 0);
	CHECK(si_mem_available() <= (long)(nr_free_pages() + quarry_slab_reclaimable_pages()));
}
