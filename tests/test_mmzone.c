// SPDX-License-Identifier: MIT
/* Nodes and zones of the running machine. */
#include "kernel/boot.h"
#include "mm/internal.h"
#include "tests/selftest.h"

SELFTEST(mmzone, zones_keep_their_borders)
{
	struct zone *zone;

	for_each_zone(zone) {
		CHECK(zone->start_pfn < zone->end_pfn);
		CHECK(zone->present <= zone->end_pfn - zone->start_pfn);
		CHECK(zone->managed <= zone->present);
		if (zone_idx(zone) == ZONE_DMA)
			CHECK(zone->end_pfn <= SZ_16M >> PAGE_SHIFT);
		if (zone_idx(zone) == ZONE_DMA32)
			CHECK(zone->end_pfn <= SZ_4G >> PAGE_SHIFT);
		if (zone_idx(zone) == ZONE_NORMAL)
			CHECK(zone->start_pfn >= SZ_4G >> PAGE_SHIFT);
	}
}

/* RAM in [start, end) that the direct map covers, in whole pages. */
static unsigned long direct_pages(phys_addr_t start, phys_addr_t end)
{
	unsigned long pages = 0;
	phys_addr_t lo, hi;
	unsigned int i;

	for_each_direct_range(i, &lo, &hi)
		if (max(lo, start) < min(hi, end))
			pages += (min(hi, end) - max(lo, start)) >> PAGE_SHIFT;
	return pages;
}

/* Each kind of memory that the map has makes a zone, and the zone has pages to give. */
SELFTEST(mmzone, every_zone_holds_pages)
{
	unsigned long ram[MAX_NR_ZONES] = { direct_pages(0, SZ_16M), direct_pages(SZ_16M, SZ_4G),
					    direct_pages(SZ_4G, ~0ULL) };
	unsigned long present[MAX_NR_ZONES] = { 0 }, managed[MAX_NR_ZONES] = { 0 };
	struct zone *zone;

	for_each_zone(zone) {
		present[zone->idx] += zone->present;
		managed[zone->idx] += zone->managed;
	}
	for (unsigned int type = 0; type < ZONE_HIGHMEM; type++) {
		CHECK_EQ(present[type], ram[type]);
		/* Reservations take less than 2 MiB of what the machine's own zones have. */
		if (ram[type] > 4 * PAGEBLOCK_PAGES)
			CHECK(managed[type] > 0);
	}
	CHECK(present[ZONE_HIGHMEM] == 0 || managed[ZONE_HIGHMEM] > 0);
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
		if (!managed[type])
			SKIP("no memory for zone %u here; the others hold pages", type);
}

SELFTEST(mmzone, present_is_all_ram)
{
	unsigned long present = 0, pages = 0;
	phys_addr_t start, end;
	struct zone *zone;
	unsigned int i;

	for_each_zone(zone)
		present += zone->present;
	for_each_mem_range(i, &start, &end)
		if (PFN_DOWN(end) > PFN_UP(start))
			pages += PFN_DOWN(end) - PFN_UP(start);
	CHECK_EQ(present, pages);
}

SELFTEST(mmzone, highmem_is_the_top_of_its_node)
{
	struct zone *zone;

	if (!totalhigh_pages())
		SKIP("started without HIGHMEM");
	for_each_zone(zone) {
		struct zone *high = node_zone(zone->nid, ZONE_HIGHMEM);

		if (high && zone != high)
			CHECK(zone->pristine_end <= high->start_pfn);	/* of the boot */
		if (zone == high)
			CHECK(IS_ALIGNED(high->start_pfn, PAGEBLOCK_PAGES) ||
			      !memblock_is_memory(PFN_PHYS(high->start_pfn - 1)));
	}
}

/* As much HIGHMEM as was asked for, to within a page block a node and range. */
SELFTEST(mmzone, highmem_is_as_large_as_asked_for)
{
	unsigned long all = memblock_phys_mem_size() >> PAGE_SHIFT, high = 0, slack, want;
	struct zone *zone;
	u64 bytes;

	for_each_zone(zone)
		high += zone->idx == ZONE_HIGHMEM ? zone->present : 0;
	want = all / QUARRY_HIGHMEM_SHARE;
	if (cmdline_size("highmem", &bytes))
		want = bytes >> PAGE_SHIFT;
	slack = (2 + memblock_memory.nr) * PAGEBLOCK_PAGES;
	CHECK(high <= all / 2 + slack);
	CHECK(high <= want + slack);
	if (all < (SZ_64M + SZ_16M) >> PAGE_SHIFT)
		SKIP("so little RAM that the image may limit HIGHMEM");
	CHECK(high + slack >= min(want, all / 2));
}

SELFTEST(mmzone, no_page_block_has_two_nodes)
{
	for (unsigned int i = 1; i < memblock_memory.nr; i++) {
		const struct memblock_region *r = &memblock_memory.regions[i];

		if (memblock_nid(r->nid) != memblock_nid(r[-1].nid))
			CHECK(PFN_DOWN(r[-1].end - 1) / PAGEBLOCK_PAGES <
			      PFN_DOWN(r->base) / PAGEBLOCK_PAGES);
	}
}

SELFTEST(mmzone, pristine_memory_has_no_descriptors_yet)
{
	SKIP_WITH_KASAN();
	struct zone *zone;

	for_each_zone(zone) {
		phys_addr_t start, end, from = PFN_PHYS(zone->end_pfn) - SZ_64M;

		if (zone->nr_pristine < 2 * SZ_64M >> PAGE_SHIFT)
			continue;
		if (!memblock_next_free(from, &start, &end, NULL) || end - start < SZ_16M ||
		    PFN_DOWN(start + SZ_4M) < zone->pristine_pfn)
			continue;
		CHECK(!pfn_valid(PFN_DOWN(start + SZ_4M)));
		return;
	}
	SKIP("no zone has 128 MiB that were never used");
}

SELFTEST(mmzone, totals_add_up)
{
	unsigned long managed = 0, high = 0, nr_free = 0, free_high = 0;
	struct zone *zone;

	for_each_zone(zone) {
		managed += zone_managed_pages(zone);
		nr_free += zone_free_pages(zone);
		if (zone_idx(zone) == ZONE_HIGHMEM) {
			high += zone_managed_pages(zone);
			free_high += zone_free_pages(zone);
		}
	}
	CHECK_EQ(totalram_pages(), managed);
	CHECK_EQ(totalhigh_pages(), high);
	CHECK_EQ(nr_free_pages(), nr_free);
	CHECK_EQ(nr_free_highpages(), free_high);
}

SELFTEST(mmzone, pfn_valid_knows_holes_and_the_end)
{
	phys_addr_t start, end, last = 0;
	unsigned int i, holes = 0;

	CHECK(!pfn_valid(ALIGN(max_pfn, PAGEBLOCK_PAGES)));	/* the last block may have a hole */
	CHECK(!pfn_valid(~0UL));
	CHECK(!pfn_valid(~0UL >> PAGE_SHIFT));
	for_each_mem_range(i, &start, &end) {
		/* The middle of a hole that is wider than two page blocks has no descriptor. */
		if (start > last + 2 * SZ_2M * 2) {
			CHECK(!pfn_valid((last + (start - last) / 2) >> PAGE_SHIFT));
			holes++;
		}
		last = end;
	}
	if (!holes)
		SKIP("no hole here is wider than 8 MiB; the end is known");
}

SELFTEST(mmzone, conversions_are_inverse)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *virt;

	REQUIRE(page);
	CHECK_EQ(zone_to_nid(page_zone(page)), page_to_nid(page));
	virt = page_address(page);
	CHECK(pfn_valid(page_to_pfn(page)));
	CHECK(pfn_to_page(page_to_pfn(page)) == page);
	CHECK(virt_to_page(virt) == page);
	CHECK(phys_to_virt(page_to_phys(page)) == virt);
	CHECK_EQ(virt_to_phys(virt), page_to_phys(page));
	CHECK(virt_addr_valid(virt));
	CHECK(!virt_addr_valid(NULL));
	CHECK(phys_to_page(page_to_phys(page) + 123) == page);
	__free_page(page);
}

SELFTEST(mmzone, reserved_memory_has_descriptors)
{
	phys_addr_t size = memblock_reserved_size();
	unsigned int seen = 0;

	CHECK(size > 0);
	for (unsigned int i = 0; i < memblock_reserved.nr; i++) {
		unsigned long pfn = PFN_DOWN(memblock_reserved.regions[i].base);

		if (!memblock_is_memory(PFN_PHYS(pfn)) ||
		    !memblock_is_memory(PFN_PHYS(pfn + 1) - 1))
			continue;
		CHECK(pfn_valid(pfn));
		CHECK(PageReserved(pfn_to_page(pfn)));
		seen++;
	}
	if (!seen)
		SKIP("all that is reserved lies in RAM that nothing could describe");
}

SELFTEST(mmzone, get_order)
{
	CHECK_EQ(get_order(1), 0);
	CHECK_EQ(get_order(PAGE_SIZE), 0);
	CHECK_EQ(get_order(PAGE_SIZE + 1), 1);
	CHECK_EQ(get_order(2 * PAGE_SIZE), 1);
	CHECK_EQ(get_order(SZ_4M), 10);
	CHECK_EQ(get_order(SZ_4M + 1), 11);
}
