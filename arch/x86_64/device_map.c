/* SPDX-License-Identifier: MIT */
/*
 * The device window: mappings of what is not the kernel's memory - firmware tables,
 * registers, the framebuffer, boot modules - from before the first allocation.
 *
 * All its tables are part of the image, and both the boot tables and the final ones refer
 * to them, so a mapping made early stays. The window is 1 GiB, one page directory:
 *
 *	entries 0 to 7	   small tables, 4096 pages in a row: mappings below 2 MiB
 *	entries 8 to 511   mappings from 2 MiB: a large page each, but for the first and last
 *			   2 MiB where they are not whole: those take an edge table of 16
 *
 * A zero entry is free; one that is not present but not zero either is about to be; there is
 * no other bookkeeping. An edge table in use has a directory
 * entry that refers to it. window_lock guards them all; it is a leaf. Costs 104 KiB of .bss,
 * a search of up to 4096 entries a mapping, and an interrupt on each other CPU to take one
 * back: entries become free only when no CPU remembers what was there.
 */
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "arch.h"
#include "pgtable.h"

#define SMALL_TABLES 8
#define SMALL_PAGES  (SMALL_TABLES * TABLE_ENTRIES)
#define EDGE_TABLES  16
#define WINDOW_LARGE (DEVICE_BASE + SMALL_TABLES * SZ_2M)
#define WINDOW_END   (DEVICE_BASE + SZ_1G)

extern u64 boot_pml4[TABLE_ENTRIES];

static u64 window_pdpt[TABLE_ENTRIES] __aligned(PAGE_BYTES);
static u64 window_pd[TABLE_ENTRIES] __aligned(PAGE_BYTES);
static u64 small_pages[SMALL_PAGES] __aligned(PAGE_BYTES);
static u64 edge_tables[EDGE_TABLES][TABLE_ENTRIES] __aligned(PAGE_BYTES);
static DEFINE_SPINLOCK(window_lock);

u64 device_map_entry(void)
{
	return image_phys(window_pdpt) | PTE_TABLE;
}

void device_map_init(void)
{
	unsigned int i;

	for (i = 0; i < SMALL_TABLES; i++)
		window_pd[i] = image_phys(&small_pages[i * TABLE_ENTRIES]) | PTE_TABLE;
	window_pdpt[0] = image_phys(window_pd) | PTE_TABLE;
	boot_pml4[table_index(DEVICE_BASE, SHIFT_ROOT)] = device_map_entry();
}

static u64 mode_bits(enum arch_map mode, bool large)
{
	u64 bits = pte_data() | (large ? PTE_LARGE : 0);

	if (mode == ARCH_MAP_RO)
		return bits;
	if (mode == ARCH_MAP_WC && cpu.pat)
		return bits | PTE_WRITE | (large ? PTE_PAT_LARGE : PTE_PAT);
	return bits | PTE_WRITE | PTE_PCD | PTE_PWT;
}

/* Index of the first of nr zero entries in a row among table[from] to table[end - 1], or -1. */
static int find_free(const u64 *table, unsigned int from, unsigned int end, unsigned int nr)
{
	unsigned int i, run = 0;

	for (i = from; i < end; i++) {
		run = table[i] ? 0 : run + 1;
		if (run == nr)
			return i - nr + 1;
	}
	return -1;
}

static void *map_small(phys_addr_t start, phys_addr_t end, enum arch_map mode)
{
	int i, first = find_free(small_pages, 0, SMALL_PAGES, (end - start) / SZ_4K);

	if (first < 0)
		return NULL;
	for (i = first; start < end; i++, start += SZ_4K)
		small_pages[i] = start | mode_bits(mode, false);
	return (void *)(DEVICE_BASE + first * SZ_4K);
}

/* An edge table that no directory entry refers to. */
static u64 *edge_table_find(void)
{
	unsigned int i, entry;

	for (i = 0; i < EDGE_TABLES; i++) {
		u64 refers = image_phys(edge_tables[i]) | PTE_TABLE;

		for (entry = SMALL_TABLES; entry < TABLE_ENTRIES; entry++)
			if ((window_pd[entry] | PTE_PRESENT) == refers)
				break;
		if (entry == TABLE_ENTRIES)
			return edge_tables[i];
	}
	return NULL;
}

/* Part of the 2 MiB at `block`: those pages of [start, end) that lie there. */
static u64 map_edge(phys_addr_t block, phys_addr_t start, phys_addr_t end, enum arch_map mode)
{
	u64 *table = edge_table_find();
	unsigned int i;

	if (!table)
		return 0;
	for (i = 0; i < TABLE_ENTRIES; i++) {
		phys_addr_t pa = block + i * SZ_4K;

		table[i] = pa >= start && pa < end ? pa | mode_bits(mode, false) : 0;
	}
	return image_phys(table) | PTE_TABLE;
}

static void *map_large(phys_addr_t start, phys_addr_t end, enum arch_map mode)
{
	phys_addr_t block = ALIGN_DOWN(start, SZ_2M);
	phys_addr_t nr = DIV_ROUND_UP(end - block, SZ_2M);
	int i, first = -1;

	if (nr < TABLE_ENTRIES)
		first = find_free(window_pd, SMALL_TABLES, TABLE_ENTRIES, nr);
	if (first < 0)
		return NULL;
	for (i = first; block < end; i++, block += SZ_2M) {
		if (block >= start && end - block >= SZ_2M)
			window_pd[i] = block | mode_bits(mode, true);
		else
			window_pd[i] = map_edge(block, start, end, mode);
		if (!window_pd[i]) {
			/* Nobody has been told of these yet, so no CPU remembers any. */
			memset(&window_pd[first], 0, (i - first) * sizeof(*window_pd));
			return NULL;
		}
	}
	return (void *)(DEVICE_BASE + first * SZ_2M + (start & (SZ_2M - 1)));
}

void *arch_map_device(phys_addr_t pa, size_t size, enum arch_map mode)
{
	phys_addr_t limit = 1ULL << cpu.phys_bits;
	phys_addr_t start = ALIGN_DOWN(pa, SZ_4K), end;
	char *mapped;

	if (!size || pa >= limit || size > limit - pa) {
		pr_warn("Cannot map %#llx, %zu bytes: no such addresses\n", pa, size);
		return NULL;
	}
	end = ALIGN(pa + size, SZ_4K);
	spin_lock(&window_lock);
	mapped = end - start < SZ_2M ? map_small(start, end, mode) : map_large(start, end, mode);
	spin_unlock(&window_lock);
	if (!mapped) {
		pr_warn("Cannot map %#llx, %zu bytes: the device window is full\n", pa, size);
		return NULL;
	}
	return mapped + (pa - start);
}

/* The nr entries for [start, end): taken away, forgotten by all CPUs, and then free. */
static void take_back(u64 *entry, unsigned int nr, unsigned long start, unsigned long end)
{
	unsigned int i;

	spin_lock(&window_lock);
	for (i = 0; i < nr; i++)
		entry[i] &= ~PTE_PRESENT;
	spin_unlock(&window_lock);
	tlb_forget_everywhere(start, end);
	spin_lock(&window_lock);
	memset(entry, 0, nr * sizeof(*entry));
	spin_unlock(&window_lock);
}

void arch_unmap_device(const void *address, size_t size)
{
	unsigned long start = ALIGN_DOWN((unsigned long)address, SZ_4K);
	unsigned long end = ALIGN((unsigned long)address + size, SZ_4K);

	if (!address)
		return;
	if (start < DEVICE_BASE || end > WINDOW_END || start >= end) {
		WARN_ON(true);
		return;
	}
	if (start < WINDOW_LARGE) {
		take_back(&small_pages[(start - DEVICE_BASE) / SZ_4K], (end - start) / SZ_4K,
			  start, end);
		return;
	}
	start = ALIGN_DOWN(start, SZ_2M);
	end = ALIGN(end, SZ_2M);
	take_back(&window_pd[(start - DEVICE_BASE) / SZ_2M], (end - start) / SZ_2M, start, end);
}
