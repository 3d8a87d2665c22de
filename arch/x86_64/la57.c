/* SPDX-License-Identifier: MIT */
/*
 * Five levels of page tables, where the CPU has them and the option no5lvl does not forbid it.
 *
 * Everything that four levels map lies in the uppermost 1/512 of the larger address space, at the
 * same addresses, under the last entry of the new root. So the tables of both are the same, but
 * for one more root above; and only the vmalloc area moves out, to where five levels are needed.
 */
#include <linux/kernel.h>
#include <kernel/boot.h>

#include "arch.h"
#include "pgtable.h"

void la57_switch(u64 root, u64 image_zero);
extern u64 boot_pml4[TABLE_ENTRIES];

/* While booting; further CPUs begin on it too. The final one is paging.c's. */
static u64 boot_pml5[TABLE_ENTRIES] __aligned(PAGE_BYTES);
static bool five_levels;

void la57_init(void)
{
	/* The shadow of KASAN is that of what four levels map. */
	if (!cpu.la57 || cmdline_flag("no5lvl") || QUARRY_KASAN)
		return;
	boot_pml5[0] = boot_pml5[TABLE_ENTRIES - 1] = image_phys(boot_pml4) | PTE_TABLE;
	la57_switch(image_phys(boot_pml5), image_phys((const void *)KERNEL_BASE));
	five_levels = true;
}

bool la57_is_on(void)
{
	return five_levels;
}

u64 la57_boot_root(void)
{
	return image_phys(five_levels ? boot_pml5 : boot_pml4);
}
