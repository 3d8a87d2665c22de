/* SPDX-License-Identifier: MIT */
/*
 * Page tables of any root: the walk, building, and mm's port_map() family in the kernel's.
 *
 * Tables made here come from memblock, or from the page allocator once that works, and are
 * reached through the direct map; those that are part of the image (the roots, the device
 * window's) through the image, because the image need not lie in memory that the direct map
 * covers. A table is never given back, and a present entry of a higher level never changes,
 * so walks need no lock: of two CPUs that make the same table at once, the second throws its
 * own away. Who writes a mapping's entry owns its address range.
 *
 * A walk costs one load a level. port_map() writes one entry for each 4 KiB, or for each
 * 2 MiB where no small table was prepared.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <kernel/cpu.h>
#include <quarry/port.h>

#include "pgtable.h"

unsigned long port_direct_base = DIRECT_BASE;
unsigned long port_vmemmap_base = VMEMMAP_BASE;
unsigned long port_pageblock_base = PAGEBLOCK_BASE;
unsigned long port_kmap_base = KMAP_BASE;
unsigned long port_percpu_base = PERCPU_BASE;

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
}

unsigned long pgtable_pages(void)
{
	return atomic_long_read(&nr_pages);
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
	phys_addr_t pa = (unsigned long)table - DIRECT_BASE;

	if (!table)
		return 0;
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
	unsigned int level;

	for (level = SHIFT_ROOT; level > shift; level -= 9) {
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

int pgtable_map(u64 *root, unsigned long va, phys_addr_t pa, size_t size, u64 bits)
{
	unsigned int shift;
	u64 *entry;

	while (size) {
		shift = cpu.gbpages && page_fits(va, pa, size, SHIFT_1G) ? SHIFT_1G :
			page_fits(va, pa, size, SHIFT_2M) ? SHIFT_2M : SHIFT_4K;
		entry = pgtable_walk(root, va, shift, true);
		if (!entry)
			return -ENOMEM;
		*entry = pa | bits | (shift > SHIFT_4K ? PTE_LARGE : 0);
		va += 1UL << shift;
		pa += 1UL << shift;
		size -= 1UL << shift;
	}
	return 0;
}

int port_map_prepare(unsigned long va, size_t size, size_t step)
{
	unsigned int shift = step == SZ_2M ? SHIFT_2M : SHIFT_4K;
	unsigned long span = (unsigned long)TABLE_ENTRIES << shift;
	unsigned long at;

	for (at = ALIGN_DOWN(va, span); at < va + size; at += span)
		if (!pgtable_walk(kernel_root, at, shift, true))
			return -ENOMEM;
	return 0;
}

/* The entry that is to map va: large if the rest of the range allows and no table is there. */
static u64 *port_entry(unsigned long va, phys_addr_t pa, size_t size, unsigned int *shift)
{
	u64 *entry;

	if (page_fits(va, pa, size, SHIFT_2M)) {
		*shift = SHIFT_2M;
		entry = pgtable_walk(kernel_root, va, SHIFT_2M, false);
		if (entry && (!*entry || (*entry & PTE_LARGE)))
			return entry;
	}
	*shift = SHIFT_4K;
	return pgtable_walk(kernel_root, va, SHIFT_4K, false);
}

static bool port_prepared(unsigned long va, phys_addr_t pa, size_t size)
{
	unsigned int shift;
	size_t done;

	for (done = 0; done < size; done += 1UL << shift)
		if (!port_entry(va + done, pa + done, size - done, &shift))
			return false;
	return true;
}

int port_map(unsigned long va, phys_addr_t pa, size_t size, enum port_prot prot)
{
	u64 bits = pte_data() | PTE_GLOBAL | (prot == PORT_RW ? PTE_WRITE : 0);
	unsigned int shift;
	size_t done;
	u64 *entry;

	if (!port_prepared(va, pa, size))
		return -EFAULT;
	for (done = 0; done < size; done += 1UL << shift) {
		entry = port_entry(va + done, pa + done, size - done, &shift);
		WRITE_ONCE(*entry, (pa + done) | bits | (shift == SHIFT_2M ? PTE_LARGE : 0));
		tlb_forget(va + done);
	}
	return 0;
}

/* The entry that maps va, at whatever level; NULL when nothing does. */
static u64 *leaf(unsigned long va, unsigned int *shift)
{
	u64 *entry;

	for (*shift = SHIFT_1G; *shift >= SHIFT_4K; *shift -= 9) {
		entry = pgtable_walk(kernel_root, va, *shift, false);
		if (!entry || !(*entry & PTE_PRESENT))
			return NULL;
		if (*shift == SHIFT_4K || (*entry & PTE_LARGE))
			return entry;
	}
	return NULL;
}

void port_unmap(unsigned long va, size_t size)
{
	unsigned long end = va + size;
	unsigned int shift;
	u64 *entry;

	while (va < end) {
		entry = leaf(va, &shift);
		if (!entry) {
			va += SZ_4K;
			continue;
		}
		WRITE_ONCE(*entry, 0);
		tlb_forget(va);
		va += 1UL << shift;
	}
}

void port_flush(unsigned long va, size_t size)
{
	tlb_forget_everywhere(va, va + size);
}

bool port_translate(unsigned long va, phys_addr_t *pa)
{
	unsigned long inside;
	unsigned int shift;
	u64 *entry = leaf(va, &shift);

	if (!entry)
		return false;
	inside = va & ((1UL << shift) - 1);
	*pa = ((*entry & PTE_ADDRESS) & ~((1ULL << shift) - 1)) | inside;
	return true;
}

/* ---- Per-CPU data: 1 GiB of addresses a CPU, of which the image's is the last ---- */

unsigned long arch_percpu_distance(unsigned int cpu)
{
	return -(unsigned long)cpu * PERCPU_STRIDE;
}

int port_percpu_map(unsigned long va, phys_addr_t pa)
{
	return pgtable_map(kernel_root, va, pa, PAGE_BYTES, pte_data() | PTE_GLOBAL | PTE_WRITE);
}
