/* SPDX-License-Identifier: MIT */
/*
 * The final page tables: what is mapped, and with which rights.
 *
 *	image text	read, execute		4 KiB pages, or 2 MiB where they fit
 *	image rodata	read
 *	image data	read, write		but for the guard pages of the stacks: nothing
 *	direct map	read, write		RAM without HIGHMEM, by the largest pages
 *	  image's text and rodata there: read, so that no second address can change them
 *	device window	as each user asks	device_map.c
 *
 * Nothing is both writable and executable, nothing is open to user mode, and nothing lies
 * below the higher half. Everything is global where the CPU knows global pages: there is
 * one address space. Built once, on one CPU, from memblock memory below 4 GiB.
 *
 * Costs: with 1 GiB pages 4 KiB a range of 512 GiB; with 2 MiB pages 4 KiB for each GiB.
 */
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/sizes.h>
#include <quarry/port.h>
#include <quarry/quarry.h>

#include "arch.h"
#include "msr.h"
#include "pgtable.h"

#define MIN_VMALLOC (64ULL * SZ_1G)

u64 kernel_root[TABLE_ENTRIES] __aligned(PAGE_BYTES);
u64 kernel_top[TABLE_ENTRIES] __aligned(PAGE_BYTES);

static void map(unsigned long va, phys_addr_t start, phys_addr_t end, u64 bits)
{
	if (start < end && pgtable_map(kernel_root, va, start, end - start, bits | PTE_GLOBAL))
		panic("not enough memory below 4 GiB for the page tables");
}

static void map_direct(phys_addr_t start, phys_addr_t end, u64 bits)
{
	map(port_direct_base + start, start, end, bits);
}

/* One range of RAM, in three parts: below, within and above what of the image is fixed. */
static void map_direct_range(phys_addr_t start, phys_addr_t end)
{
	phys_addr_t fixed = clamp(image_phys(image_start), start, end);
	phys_addr_t fixed_end = clamp(image_phys(rodata_end), start, end);

	map_direct(start, fixed, pte_data() | PTE_WRITE);
	map_direct(fixed, fixed_end, pte_data());
	map_direct(fixed_end, end, pte_data() | PTE_WRITE);
}

static void map_image_part(const char *start, const char *end, u64 bits)
{
	map((unsigned long)start, image_phys(start), image_phys(end), bits);
}

static void map_image(void)
{
	const char *from = rodata_end, *guard;
	unsigned int i;

	map_image_part(image_start, text_end, pte_code());
	map_image_part(text_end, rodata_end, pte_data());
	for (i = 0; i <= NR_STACKS; i++) {
		guard = (const char *)stack_guard(i);
		map_image_part(from, guard, pte_data() | PTE_WRITE);
		from = guard + PAGE_BYTES;
	}
	map_image_part(from, image_end, pte_data() | PTE_WRITE);
}

u64 paging_root(void)
{
	return image_phys(la57_is_on() ? kernel_top : kernel_root);
}

/* Four times as much address space as RAM: what is free of it lies in pieces. */
static void place_vmalloc(void)
{
	u64 window = la57_is_on() ? VMALLOC_SIZE_5 : VMALLOC_SIZE;

	port_vmalloc_size = clamp_t(u64, ALIGN(4 * memblock_phys_mem_size(), SZ_1G), MIN_VMALLOC,
				    window);
	port_vmalloc_base = (la57_is_on() ? VMALLOC_BASE_5 : VMALLOC_BASE) +
			    kaslr_offset((window - port_vmalloc_size) / SZ_1G);
}

void paging_init(void)
{
	phys_addr_t start, end;
	unsigned int i;

	place_vmalloc();
	pr_info("paging: %u levels\n", la57_is_on() ? 5 : 4);

	for_each_direct_range(i, &start, &end)
		map_direct_range(start, end);
	map_image();
	kernel_root[table_index(DEVICE_BASE, SHIFT_ROOT)] = device_map_entry();
	kasan_map_shadow();

	kernel_top[TABLE_ENTRIES - 1] = image_phys(kernel_root) | PTE_TABLE;
	write_cr3(paging_root());
	if (cpu.pge)
		write_cr4(read_cr4() | CR4_PGE);
	memblock_set_current_limit(MEMBLOCK_ALLOC_ANYWHERE);
	kasan_init();
}
