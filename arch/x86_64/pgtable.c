/* SPDX-License-Identifier: MIT */
/*
 * Page tables of any root: the walk, and building. What mm/ asks for is in port_map.c.
 *
 * Tables made here come from memblock, or from the page allocator once that works, and are
 * reached through the direct map; those that are part of the image (the roots, the device
 * window's) through the image, because the image need not lie in memory that the direct map
 * covers. A table is never given back, and a present entry of a higher level never changes,
 * so walks need no lock: of two CPUs that make the same table at once, the second throws its
 * own away. Who writes a mapping's entry owns its address range.
 *
 * A walk costs one load a level; mapping costs one a table, and a store an entry.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/kmemleak.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <quarry/port.h>

#include "pgtable.h"

u64 *table_of(u64 entry)
{
	phys_addr_t pa = entry & PTE_ADDRESS;

	if (pa >= image_phys(image_start) && pa < image_phys(image_end))
		return (u64 *)(pa - image_delta + KERNEL_BASE);
	return direct_map(pa);
}

static bool pages_work;			/* the page allocator is there */
static atomic_long_t nr_pages;		/* tables that came from it */

void pgtable_pages_work(void)
{
	pages_work = true;
	kasan_pages_work();
}

unsigned long port_table_pages(void)
{
	return (unsigned long)atomic_long_read(&nr_pages) + kasan_shadow_pages();
}

/*
 * Where there is no memory writes vanish, and a table there would end the machine without
 * a word. Both ends of the cleared page are tried.
 */
static bool table_keeps(volatile u64 *table, u64 pattern)
{
	volatile u64 *last = &table[TABLE_ENTRIES - 1];
	bool kept;

	table[0] = pattern;
	*last = ~pattern;
	kept = table[0] == pattern && *last == ~pattern;
	table[0] = *last = 0;
	return kept;
}

/* Page tables lie in the direct map from the start: a table's address tells where it is. */
static u64 table_new(void)
{
	void *table = pages_work ? (void *)get_zeroed_page(GFP_KERNEL) :
				   memblock_alloc(PAGE_BYTES, PAGE_BYTES);
	phys_addr_t pa = (unsigned long)table - port_direct_base;

	if (!table)
		return 0;
	kmemleak_not_leak(table);
	kmemleak_no_scan(table);
	if (!table_keeps(table, 0x5aa5f00f12345678))
		panic("memory at %#llx keeps nothing: is the memory map, or memmap=, right?", pa);
	return pa | PTE_TABLE;
}

/* A new table for an entry that has none; nothing happens when there is no memory. */
static void table_make(u64 *entry)
{
	u64 table = table_new(), none = 0;

	if (!table)
		return;
	if (__atomic_compare_exchange_n(entry, &none, table, false, __ATOMIC_SEQ_CST,
					__ATOMIC_RELAXED))
		atomic_long_add(pages_work, &nr_pages);
	else
		free_page((unsigned long)direct_map(table & PTE_ADDRESS));
}

u64 *pgtable_walk(u64 *root, unsigned long va, unsigned int shift, bool make)
{
	u64 *table = root, *entry;
	unsigned int level = SHIFT_ROOT;

	if (root == kernel_root)
		table = pgtable_start(va, &level);
	for (; level > shift; level -= 9) {
		entry = &table[table_index(va, level)];
		if (!READ_ONCE(*entry) && make)
			table_make(entry);
		if (!(*entry & PTE_PRESENT) || (level < SHIFT_ROOT && (*entry & PTE_LARGE)))
			return NULL;
		table = table_of(*entry);
	}
	return &table[table_index(va, shift)];
}

static bool page_fits(unsigned long va, phys_addr_t pa, size_t size, unsigned int shift)
{
	return IS_ALIGNED(va | pa, 1UL << shift) && size >= 1UL << shift;
}

/* The level of the largest entry that can begin the range. */
static unsigned int largest_shift(unsigned long va, phys_addr_t pa, size_t size)
{
	if (cpu.gbpages && page_fits(va, pa, size, SHIFT_1G))
		return SHIFT_1G;
	return page_fits(va, pa, size, SHIFT_2M) ? SHIFT_2M : SHIFT_4K;
}

/*
 * In runs: the entries of one level that the range has in one table, found by one walk. No entry
 * behind the first of a run could be larger: that begins where a table of this level begins.
 */
int pgtable_map(u64 *root, unsigned long va, phys_addr_t pa, size_t size, u64 bits)
{
	while (size) {
		unsigned int shift = largest_shift(va, pa, size);
		u64 *entry = pgtable_walk(root, va, shift, true);
		size_t nr = min_t(size_t, size >> shift, TABLE_ENTRIES - table_index(va, shift));
		u64 first = pa | bits | (shift > SHIFT_4K ? PTE_LARGE : 0);

		if (!entry)
			return -ENOMEM;
		for (size_t i = 0; i < nr; i++)
			entry[i] = first + (i << shift);
		va += nr << shift;
		pa += nr << shift;
		size -= nr << shift;
	}
	return 0;
}

bool pgtable_cut(u64 *entry, unsigned int shift)
{
	u64 table = table_new(), large = *entry, small = large, *entries;
	unsigned int i;

	if (!table)
		return false;
	if (shift == SHIFT_2M) {
		small &= ~(PTE_LARGE | PTE_PAT_LARGE);
		small |= large & PTE_PAT_LARGE ? PTE_PAT : 0;
	}
	entries = table_of(table);
	for (i = 0; i < TABLE_ENTRIES; i++)
		entries[i] = small + ((u64)i << (shift - 9));
	smp_store_release(entry, table);
	atomic_long_add(pages_work, &nr_pages);
	return true;
}
