// SPDX-License-Identifier: MIT
/* Descriptors on first use. */
#include "kernel/boot.h"
#include "mm/internal.h"
#include "mm/section.h"
#include "tests/selftest.h"

SELFTEST(section, growing_moves_pages_and_makes_none)
{
	struct zone *zone;
	unsigned int grown = 0;

	for_each_zone(zone) {
		unsigned long before = zone_free_pages(zone), pristine = zone->nr_pristine, flags;
		bool grew;

		spin_lock_irqsave(&zone->lock, flags);
		grew = section_grow(zone);
		spin_unlock_irqrestore(&zone->lock, flags);
		CHECK_EQ(zone_free_pages(zone), before);
		CHECK_EQ(grew, pristine > 0);
		if (grew) {
			CHECK(zone->nr_pristine < pristine);
			CHECK(pristine - zone->nr_pristine <= 1UL << (MAX_ORDER - 1));
			grown++;
		}
	}
	if (!grown)
		SKIP("all memory has been in use before");
}

/* All of a zone through the lists: nothing merges over its borders. */
SELFTEST(section, whole_zones_come_to_life)
{
	struct zone *zone;
	unsigned long flags;

	for_each_zone(zone) {
		if (zone->managed > SZ_1G >> PAGE_SHIFT)
			continue;
		spin_lock_irqsave(&zone->lock, flags);
		while (section_grow(zone))
			;
		CHECK_EQ(zone->nr_pristine, 0);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
	CHECK_EQ(quarry_validate(), 0);
}

static unsigned long pages_of(const unsigned long nr[MAX_ORDER])
{
	unsigned long pages = 0;

	for (unsigned int order = 0; order < MAX_ORDER; order++)
		pages += nr[order] << order;
	return pages;
}

/* A report counts so many pieces before it lets go of the lock: the sum is that of all at once. */
SELFTEST(section, pristine_memory_is_counted_piece_by_piece)
{
	struct zone *zone;

	for_each_zone(zone) {
		unsigned long by_piece[MAX_ORDER] = { 0 }, at_once[MAX_ORDER] = { 0 };
		unsigned long from = 0, to = 0, flags, before;
		bool more = true;

		spin_lock_irqsave(&zone->lock, flags);
		CHECK(!section_count_blocks(zone, &to, ~0U, at_once));
		while (more) {
			before = pages_of(by_piece);
			more = section_count_blocks(zone, &from, 1, by_piece);
			CHECK_EQ(more, pages_of(by_piece) > before);
			CHECK(pages_of(by_piece) - before <= PAGES_PER_SECTION);
		}
		CHECK_EQ(from, to);
		CHECK_EQ(pages_of(at_once), zone->nr_pristine);
		spin_unlock_irqrestore(&zone->lock, flags);
		for (unsigned int order = 0; order < MAX_ORDER; order++)
			CHECK_EQ(by_piece[order], at_once[order]);
	}
}

/* Boot cost must not grow with memory: most of a large machine is still pristine. */
SELFTEST(section, large_memory_stays_pristine)
{
	unsigned long pristine = 0;
	struct zone *zone;

	for_each_zone(zone)
		pristine += zone->nr_pristine;
	if (totalram_pages() < (4UL << 30) >> PAGE_SHIFT)
		SKIP("less than 4 GiB");
	CHECK(pristine > totalram_pages() / 2);
}

SELFTEST(section, fresh_descriptors_are_clean)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, PAGEBLOCK_ORDER);
	unsigned long dirty = 0;

	if (!page)
		SKIP("no free page block on this machine");
	for (unsigned long i = 1; i < PAGEBLOCK_PAGES; i++)
		dirty += page[i].state != PAGE_NONE;
	CHECK_EQ(dirty, 0);
	__free_pages(page, PAGEBLOCK_ORDER);
}

/* The memory that stores descriptors is nobody's: it is never handed out. */
SELFTEST(section, descriptor_storage_is_not_allocatable)
{
	struct zone *zone;
	struct pageblock *pb;
	phys_addr_t pa;

	for_each_zone(zone) {
		for_each_block(zone, pb) {
			unsigned long va = (unsigned long)pfn_to_page(block_to_pfn(pb));
			unsigned long pfn;

			REQUIRE(port_translate(va, &pa));
			pfn = PFN_DOWN(pa);
			if (pfn_valid(pfn))
				CHECK(PageReserved(pfn_to_page(pfn)));
			REQUIRE(port_translate((unsigned long)pb & PAGE_MASK, &pa));
			pfn = PFN_DOWN(pa);
			if (pfn_valid(pfn))
				CHECK(PageReserved(pfn_to_page(pfn)));
		}
	}
}

/* An island so small that its own descriptors do not fit, where nobody else has room for them. */
SELFTEST(section, ram_that_nothing_can_describe_is_left_out)
{
	const struct boot_range *range = boot_info.ranges;
	unsigned int nr_left_out = 0;

	if (cmdline_has("mem") || cmdline_has("memmap"))
		SKIP("the command line says which RAM counts");
	for (; range < boot_info.ranges + boot_info.nr_ranges; range++) {
		if (range->type != BOOT_RAM || range->size < SZ_4K ||
		    memblock_is_memory(ALIGN(range->start, SZ_4K)))
			continue;
		nr_left_out++;
		CHECK(!pfn_valid(PFN_UP(range->start)));
		CHECK(!memblock_is_memory(range->start + range->size - 1));
	}
	if (!nr_left_out)
		SKIP("all RAM has descriptors");
}
