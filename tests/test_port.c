/* SPDX-License-Identifier: MIT */
/*
 * quarry/port.h, as each port keeps it: what is mapped can be touched and is the memory it
 * should be, what is not mapped cannot.
 *
 * The cases play with the last page of the kmap window, which belongs to the last CPU's
 * deepest nesting and is not in use.
 */
#include <linux/highmem.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <quarry/config.h>
#include <quarry/port.h>
#include <quarry/quarry.h>
#include <tests/probe.h>
#include <tests/selftest.h>

#define KMAP_PAGES (QUARRY_KMAP_SLOTS + (unsigned long)QUARRY_NR_CPUS * QUARRY_KMAP_LOCAL_DEPTH)

static unsigned long last_slot(void)
{
	return port_kmap_base + (KMAP_PAGES - 1) * PAGE_SIZE;
}

SELFTEST(port, mapping_shows_the_page_itself)
{
	u8 *direct = (u8 *)get_zeroed_page(GFP_KERNEL), *window = (u8 *)last_slot();
	phys_addr_t pa;
	u8 value;

	REQUIRE(direct);
	CHECK(!port_translate(last_slot(), &pa));
	CHECK_EQ(port_map(last_slot(), virt_to_phys(direct), PAGE_SIZE, PORT_RW), 0);
	CHECK(port_translate(last_slot() + 123, &pa));
	CHECK_EQ(pa, virt_to_phys(direct) + 123);
	direct[5] = 0x5a;
	CHECK(probe_read(window + 5, &value));
	CHECK_EQ(value, 0x5a);
	CHECK(probe_write(window + PAGE_SIZE - 1, 0xa5));
	CHECK_EQ(READ_ONCE(direct[PAGE_SIZE - 1]), 0xa5);
	port_unmap(last_slot(), PAGE_SIZE);
	CHECK(!port_translate(last_slot(), &pa));
	CHECK(!probe_read(window + 5, &value));
	CHECK(!probe_write(window + 5, 0));
	CHECK_EQ(READ_ONCE(direct[5]), 0x5a);
	free_page((unsigned long)direct);
}

SELFTEST(port, read_only_is_kept)
{
	u8 *direct = (u8 *)get_zeroed_page(GFP_KERNEL), *window = (u8 *)last_slot();
	u8 value;

	REQUIRE(direct);
	CHECK_EQ(port_map(last_slot(), virt_to_phys(direct), PAGE_SIZE, PORT_RO), 0);
	CHECK(probe_read(window, &value));
	CHECK_EQ(value, 0);
	CHECK(!probe_write(window, 1));
	CHECK_EQ(READ_ONCE(direct[0]), 0);
	CHECK_EQ(port_map(last_slot(), virt_to_phys(direct), PAGE_SIZE, PORT_RW), 0);
	CHECK(probe_write(window, 1));
	CHECK_EQ(READ_ONCE(direct[0]), 1);
	port_unmap(last_slot(), PAGE_SIZE);
	free_page((unsigned long)direct);
}

/* A mapping takes the place of another at once: no stale translation stays behind. */
SELFTEST(port, mapping_replaces_mapping)
{
	u8 *first = (u8 *)get_zeroed_page(GFP_KERNEL), *second = (u8 *)get_zeroed_page(GFP_KERNEL);
	volatile u8 *window = (volatile u8 *)last_slot();
	unsigned int i;

	REQUIRE(first && second);
	first[0] = 1;
	second[0] = 2;
	for (i = 0; i < 100; i++) {
		u8 *page = i % 2 ? second : first;

		CHECK_EQ(port_map(last_slot(), virt_to_phys(page), PAGE_SIZE, PORT_RW), 0);
		CHECK_EQ(*window, i % 2 ? 2 : 1);
	}
	port_unmap(last_slot(), PAGE_SIZE);
	free_page((unsigned long)first);
	free_page((unsigned long)second);
}

/* A port may round what was prepared to whole tables, 2 MiB: so the ends are taken there. */
SELFTEST(port, nothing_is_mapped_outside_prepared_areas)
{
	unsigned long end = ALIGN(last_slot() + PAGE_SIZE, SZ_2M);
	phys_addr_t pa;
	u8 value;

	CHECK_EQ(port_map(end, 0, PAGE_SIZE, PORT_RW), -EFAULT);
	CHECK_EQ(port_map(end - PAGE_SIZE, 0, 2 * PAGE_SIZE, PORT_RW), -EFAULT);
	CHECK_EQ(port_map(port_kmap_base - PAGE_SIZE, 0, PAGE_SIZE, PORT_RW), -EFAULT);
	CHECK(!port_translate(end - PAGE_SIZE, &pa));
	CHECK(!port_translate(last_slot(), &pa));
	CHECK(!probe_read((void *)last_slot(), &value));
}

/* The first and last byte of each range, and the bytes just outside. */
SELFTEST(port, direct_map_is_ram_without_highmem)
{
	phys_addr_t start, end, pa;
	unsigned int i;
	u8 value;

	for_each_direct_range(i, &start, &end) {
		CHECK(port_translate(port_direct_base + start, &pa));
		CHECK_EQ(pa, start);
		CHECK(port_translate(port_direct_base + end - 1, &pa));
		CHECK_EQ(pa, end - 1);
		CHECK(probe_read((void *)(port_direct_base + end - 1), &value));
	}
	CHECK(i > 0);
}

SELFTEST(port, highmem_cannot_be_touched)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	unsigned long va;
	phys_addr_t pa;
	u8 value;

	REQUIRE(page);
	va = port_direct_base + page_to_phys(page);
	if (PageHighMem(page)) {
		CHECK(!port_translate(va, &pa));
		CHECK(!probe_read((void *)va, &value));
		CHECK(!probe_write((void *)va, 0));
	}
	if (!PageHighMem(page))
		selftest_skip("started without HIGHMEM");
	__free_page(page);
}

SELFTEST(port, interrupts_nest)
{
	bool before = irqs_disabled();
	unsigned long outer, inner;

	local_irq_save(outer);
	CHECK(irqs_disabled());
	local_irq_save(inner);
	local_irq_restore(inner);
	CHECK(irqs_disabled());
	local_irq_restore(outer);
	CHECK_EQ(irqs_disabled(), before);
}

SELFTEST(port, areas_are_aligned_and_apart)
{
	unsigned long end = ALIGN(memblock_end_of_DRAM(), SZ_2M);
	const unsigned long areas[][2] = {
		{ port_direct_base, end },
		{ port_vmemmap_base, end / PAGE_SIZE * sizeof(struct page) },
		{ port_pageblock_base, end / SZ_2M * 64 },
		{ port_kmap_base, KMAP_PAGES * PAGE_SIZE },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(areas); i++) {
		CHECK(IS_ALIGNED(areas[i][0], SZ_2M));
		CHECK(areas[i][0] + areas[i][1] > areas[i][0]);
		for (j = 0; j < i; j++)
			CHECK(areas[i][0] + areas[i][1] <= areas[j][0] ||
			      areas[j][0] + areas[j][1] <= areas[i][0]);
	}
}
