/* SPDX-License-Identifier: MIT */
/*
 * Where the kernel's data areas begin is not the same in each boot: who can write one address of
 * his choice does not know which. Chosen by 1 GiB:
 *
 *	direct map	anywhere in its 64 TiB that leaves room for the RAM there is
 *	descriptors, page-block table, kmap window
 *			in the first 256 GiB of the 1 TiB that each has to itself
 *	vmalloc area	anywhere in its window, which is larger than the area	(paging.c)
 *
 * The image, the device window and the stacks stay where layout.h has them. nokaslr leaves all at
 * the start of their windows.
 *
 * This comes before anyone has an address in the direct map that he keeps: right after the
 * loader's words were copied. The boot tables, which mapped the first 4 GiB at the window's
 * start, map them at the new place from then on, through a table of their own.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <kernel/boot.h>
#include <quarry/port.h>

#include "arch.h"
#include "msr.h"
#include "pgtable.h"

#define AREA_CHOICES 256	/* GiB that the start of a 1 TiB window varies in */
#define BOOT_GIBS    (BOOT_MAP_SIZE / SZ_1G)

extern u64 boot_pml4[TABLE_ENTRIES];

static u64 boot_pdpt_moved[TABLE_ENTRIES] __aligned(PAGE_BYTES);
static bool off;

/* Whole GiB up to the end of RAM, as the firmware tells it. */
static u64 ram_gibs(void)
{
	const u64 most = DIRECT_SIZE;
	u64 end = BOOT_MAP_SIZE;
	u32 i;

	for (i = 0; i < boot_info.nr_ranges; i++)
		if (boot_info.ranges[i].type == BOOT_RAM)
			end = max(end, min(boot_info.ranges[i].start, most) +
				       min(boot_info.ranges[i].size, most));
	return end / SZ_1G + 1;
}

u64 kaslr_offset(u64 choices)
{
	return off || !choices ? 0 : arch_entropy() % choices * SZ_1G;
}

/* The first 4 GiB appear at the new start of the direct map, and no more at the old one. */
static void move_boot_map(unsigned long base)
{
	const u64 *low = table_of(boot_pml4[0]);
	unsigned int i, first = table_index(base, SHIFT_1G);

	for (i = 0; i < BOOT_GIBS; i++)
		boot_pdpt_moved[first + i] = low[i];
	boot_pml4[table_index(DIRECT_BASE, SHIFT_ROOT)] = 0;
	boot_pml4[table_index(base, SHIFT_ROOT)] = image_phys(boot_pdpt_moved) | PTE_TABLE;
	write_cr3(read_cr3());
	port_direct_base = base;
}

void kaslr_init(void)
{
	u64 gibs = DIRECT_SIZE / SZ_1G, used = ram_gibs(), offset;

	off = cmdline_flag("nokaslr");
	if (off)
		return;
	offset = used < gibs ? kaslr_offset(gibs - used) : 0;
	/* The 4 GiB of the boot tables must lie in one table. */
	if (offset / SZ_1G % TABLE_ENTRIES > TABLE_ENTRIES - BOOT_GIBS)
		offset = ALIGN_DOWN(offset, (u64)TABLE_ENTRIES * SZ_1G);
	if (offset)
		move_boot_map(DIRECT_BASE + offset);
	port_vmemmap_base += kaslr_offset(AREA_CHOICES);
	port_pageblock_base += kaslr_offset(AREA_CHOICES);
	port_kmap_base += kaslr_offset(AREA_CHOICES);
}
