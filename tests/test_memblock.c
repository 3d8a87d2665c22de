// SPDX-License-Identifier: MIT
/* memblock on made-up maps: private lists, compared with what a plain reader would draw. */
#include <linux/string.h>
#include "mm/internal.h"
#include "tests/selftest.h"

static struct memblock_type ram, taken;

static void reset(void)
{
	ram.nr = taken.nr = 0;
}

static int add(phys_addr_t base, phys_addr_t size)
{
	return memblock_apply(&ram, base, size, MEMBLOCK_ADD, 0);
}

static int drop(phys_addr_t base, phys_addr_t size)
{
	return memblock_apply(&ram, base, size, MEMBLOCK_REMOVE, 0);
}

static bool is_region(unsigned int i, phys_addr_t base, phys_addr_t end)
{
	return i < ram.nr && ram.regions[i].base == base && ram.regions[i].end == end;
}

SELFTEST(memblock, unsorted_ranges_are_sorted)
{
	reset();
	add(0x5000, 0x1000);
	add(0x1000, 0x1000);
	add(0x3000, 0x1000);
	CHECK_EQ(ram.nr, 3);
	CHECK(is_region(0, 0x1000, 0x2000));
	CHECK(is_region(1, 0x3000, 0x4000));
	CHECK(is_region(2, 0x5000, 0x6000));
}

SELFTEST(memblock, overlapping_ranges_become_one)
{
	reset();
	add(0x2000, 0x3000);
	add(0x1000, 0x2000);
	add(0x4000, 0x2000);
	add(0x2800, 0x100);
	CHECK_EQ(ram.nr, 1);
	CHECK(is_region(0, 0x1000, 0x6000));
}

SELFTEST(memblock, bordering_ranges_become_one)
{
	reset();
	add(0x3000, 0x1000);
	add(0x1000, 0x1000);
	add(0x2000, 0x1000);
	CHECK_EQ(ram.nr, 1);
	CHECK(is_region(0, 0x1000, 0x4000));
}

SELFTEST(memblock, one_range_swallows_many)
{
	reset();
	for (phys_addr_t base = 0x1000; base < 0x20000; base += 0x2000)
		add(base, 0x1000);
	add(0, 0x20000);
	CHECK_EQ(ram.nr, 1);
	CHECK(is_region(0, 0, 0x20000));
}

SELFTEST(memblock, empty_ranges_do_nothing)
{
	reset();
	CHECK_EQ(add(0x1000, 0), 0);
	CHECK_EQ(ram.nr, 0);
	add(0x1000, 0x1000);
	add(0x1800, 0);
	drop(0x1800, 0);
	CHECK_EQ(ram.nr, 1);
	CHECK(is_region(0, 0x1000, 0x2000));
}

SELFTEST(memblock, wrapping_ranges_are_cut)
{
	reset();
	add(~0ULL - 0xfff, 0x5000);
	CHECK_EQ(ram.nr, 1);
	CHECK(is_region(0, ~0ULL - 0xfff, ~0ULL));
	drop(0x1000, ~0ULL);
	CHECK_EQ(ram.nr, 0);
}

SELFTEST(memblock, remove_cuts_holes)
{
	reset();
	add(0x1000, 0x9000);
	drop(0x3000, 0x1000);
	drop(0x9000, 0x8000);
	drop(0, 0x1800);
	CHECK_EQ(ram.nr, 2);
	CHECK(is_region(0, 0x1800, 0x3000));
	CHECK(is_region(1, 0x4000, 0x9000));
}

SELFTEST(memblock, nodes_keep_ranges_apart)
{
	reset();
	add(0, 0x8000);
	memblock_apply(&ram, 0x2000, 0x2000, MEMBLOCK_SET_NID, 1);
	CHECK_EQ(ram.nr, 3);
	CHECK_EQ(ram.regions[1].nid, 1);
	add(0x1000, 0x8000);		/* what is known keeps its node */
	CHECK_EQ(ram.nr, 3);
	CHECK_EQ(ram.regions[1].nid, 1);
	CHECK(is_region(2, 0x4000, 0x9000));
	memblock_apply(&ram, 0, 0x9000, MEMBLOCK_SET_NID, 1);
	CHECK_EQ(ram.nr, 1);
}

SELFTEST(memblock, full_list_refuses_and_changes_nothing)
{
	reset();
	for (unsigned int i = 0; i < QUARRY_MEMBLOCK_REGIONS; i++)
		CHECK_EQ(add(i * 0x2000ULL, 0x1000), 0);
	CHECK_EQ(add(QUARRY_MEMBLOCK_REGIONS * 0x2000ULL, 0x1000), (unsigned long long)-ENOSPC);
	CHECK_EQ(ram.nr, QUARRY_MEMBLOCK_REGIONS);
	CHECK(is_region(QUARRY_MEMBLOCK_REGIONS - 1, (QUARRY_MEMBLOCK_REGIONS - 1) * 0x2000ULL,
			(QUARRY_MEMBLOCK_REGIONS - 1) * 0x2000ULL + 0x1000));
	CHECK_EQ(add(0x1000, 0x1000), 0);	/* joins two: there is room for that */
	CHECK_EQ(ram.nr, QUARRY_MEMBLOCK_REGIONS - 1);
}

#define MODEL_UNITS 200

/* The same with one bool a unit; regions and free ranges are compared unit by unit. */
static void check_model(const bool *is_ram, const bool *is_taken)
{
	bool seen[MODEL_UNITS] = { false };
	phys_addr_t start, end, pos = 0;

	while (memblock_next_free_in(&ram, &taken, pos, &start, &end, NULL)) {
		CHECK(start < end && start >= pos);
		for (phys_addr_t u = start; u < end && u < MODEL_UNITS; u++)
			seen[u] = true;
		pos = end;
	}
	for (unsigned int u = 0; u < MODEL_UNITS; u++)
		if (seen[u] != (is_ram[u] && !is_taken[u])) {
			CHECK_EQ(seen[u], is_ram[u] && !is_taken[u]);
			return;
		}
	for (unsigned int i = 1; i < ram.nr; i++)
		CHECK(ram.regions[i - 1].end < ram.regions[i].base);
}

SELFTEST(memblock, random_maps_agree_with_a_model)
{
	bool is_ram[MODEL_UNITS] = { false }, is_taken[MODEL_UNITS] = { false };
	unsigned long steps = selftest_scaled(2000);

	reset();
	for (unsigned long step = 0; step < steps; step++) {
		unsigned long base = selftest_random_below(MODEL_UNITS);
		unsigned long size = selftest_random_below(MODEL_UNITS - base + 1);
		bool to_ram = selftest_random_below(2), adding = selftest_random_below(5) < 3;

		size = min(size, 1 + selftest_random_below(30));
		memblock_apply(to_ram ? &ram : &taken, base, size,
			       adding ? MEMBLOCK_ADD : MEMBLOCK_REMOVE, 0);
		for (unsigned long u = base; u < base + size; u++)
			*(to_ram ? &is_ram[u] : &is_taken[u]) = adding;
		if (step % 8 == 0)
			check_model(is_ram, is_taken);
	}
}

SELFTEST(memblock, live_lists_describe_this_machine)
{
	phys_addr_t start, end;
	unsigned int i, nr = 0;

	for_each_mem_range(i, &start, &end) {
		CHECK(start < end);
		CHECK(memblock_is_memory(start) && memblock_is_memory(end - 1));
		nr++;
	}
	CHECK(nr > 0);
	CHECK(memblock_reserved_size() > 0);
	CHECK(!memblock_is_memory(memblock_end_of_DRAM()));
	CHECK(memblock_is_memory(memblock_start_of_DRAM()));
}

SELFTEST(memblock, is_closed_after_the_boot)
{
	phys_addr_t size = memblock_phys_mem_size(), reserved = memblock_reserved_size();
	phys_addr_t at = memblock_start_of_DRAM();

	selftest_expect_reports(7);
	CHECK_EQ(memblock_reserve(at, PAGE_SIZE), (unsigned long long)-EBUSY);
	CHECK_EQ(memblock_phys_free(at, PAGE_SIZE), (unsigned long long)-EBUSY);
	CHECK_EQ(memblock_remove(at, PAGE_SIZE), (unsigned long long)-EBUSY);
	CHECK_EQ(memblock_add(memblock_end_of_DRAM(), PAGE_SIZE), (unsigned long long)-EBUSY);
	CHECK_EQ(memblock_set_node(at, PAGE_SIZE, 0), (unsigned long long)-EBUSY);
	CHECK(!memblock_alloc(PAGE_SIZE, PAGE_SIZE));
	CHECK(!memblock_phys_alloc_range(PAGE_SIZE, PAGE_SIZE, 0, MEMBLOCK_ALLOC_ANYWHERE));
	CHECK_EQ(memblock_phys_mem_size(), size);
	CHECK_EQ(memblock_reserved_size(), reserved);
}
