/* SPDX-License-Identifier: MIT */
/*
 * What mm/ asks of page tables (quarry/port.h, part 3), on the kernel's own.
 *
 * A range is worked on in runs: the entries that it has in one table, at most 512, found by one
 * walk. So a run costs a walk, and then one store an entry to map and one to unmap.
 *
 * In the areas that were prepared every table exists, and what is replaced is forgotten at once
 * on this CPU. In the vmalloc area tables are made as they are needed, and nothing is replaced:
 * an entry that was not present is cached by no CPU. There a large entry is used where address,
 * memory and size allow, unless a table of smaller ones hangs there from before: tables stay.
 *
 * Rights and types of memory in an entry's bits: the table of page attributes (cpu.c) has
 * write-back, write-through and uncached where they are after reset, and write-combining in
 * entry 4, which the PAT bit alone selects.
 *
 * Locks: none. Who maps owns the addresses; tables only come, never go.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
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
unsigned long port_vmalloc_base = VMALLOC_BASE;
unsigned long port_vmalloc_size;

/* ---- Entries ---- */

static u64 type_bits(enum port_prot prot, unsigned int shift)
{
	switch (prot & PORT_TYPES) {
	case PORT_WC:
		if (cpu.pat)
			return shift > SHIFT_4K ? PTE_PAT_LARGE : PTE_PAT;
		fallthrough;
	case PORT_UC:
		return PTE_PCD | PTE_PWT;
	case PORT_WT:
		return PTE_PWT;
	default:
		return 0;
	}
}

static enum port_prot type_of(u64 entry, unsigned int shift)
{
	if (entry & (shift > SHIFT_4K ? PTE_PAT_LARGE : PTE_PAT))
		return PORT_WC;
	if (entry & PTE_PCD)
		return PORT_UC;
	return entry & PTE_PWT ? PORT_WT : PORT_WB;
}

static u64 rights_bits(enum port_prot prot)
{
	if (prot & PORT_RX)
		return pte_code();
	return pte_data() | (prot & PORT_RW ? PTE_WRITE : 0);
}

static bool is_wx(enum port_prot prot)
{
	return (prot & PORT_RIGHTS) == (PORT_RW | PORT_RX);
}

static bool in_vmalloc(unsigned long va)
{
	return va - port_vmalloc_base < port_vmalloc_size;
}

/* ---- Walks ---- */

static bool is_leaf(u64 entry, unsigned int shift)
{
	return shift == SHIFT_4K || (shift < SHIFT_ROOT && (entry & PTE_LARGE));
}

/*
 * The entry that maps va, *shift its level; or the one on the way to it that is not present.
 */
static u64 *descend(unsigned long va, unsigned int *shift)
{
	u64 *table = pgtable_start(va, shift), *entry;

	for (;; *shift -= 9) {
		entry = &table[table_index(va, *shift)];
		if (!(READ_ONCE(*entry) & PTE_PRESENT) || is_leaf(*entry, *shift))
			return entry;
		table = table_of(*entry);
	}
}

/*
 * The entry of level `stop` for an address of the vmalloc area, if the tables on the way are
 * there; NULL if not. These tables lie in the direct map, never in the image.
 */
static __always_inline u64 *entry_at(unsigned long va, unsigned int stop)
{
	unsigned int shift;
	u64 *table = pgtable_start(va, &shift), entry;

	for (; shift > stop; shift -= 9) {
		entry = READ_ONCE(table[table_index(va, shift)]);
		if ((entry & (PTE_PRESENT | PTE_LARGE)) != PTE_PRESENT)
			return NULL;
		table = direct_map(entry & PTE_ADDRESS);
	}
	return &table[table_index(va, stop)];
}

static u64 *small_entry(unsigned long va)
{
	return entry_at(va, SHIFT_4K);
}

/* For [va, va + 2 MiB) as a whole: its large entry, or one that may become it; NULL. */
static inline u64 *whole_entry(unsigned long va, size_t size)
{
	u64 *entry = NULL;

	if (size == SZ_2M && IS_ALIGNED(va, SZ_2M) && in_vmalloc(va))
		entry = entry_at(va, SHIFT_2M);
	return entry && (!*entry || (*entry & PTE_LARGE)) ? entry : NULL;
}

/* The level of the largest entry that can begin the range. */
static unsigned int best_shift(unsigned long va, phys_addr_t pa, size_t size)
{
	unsigned long bits = va | pa;

	if (size < SZ_2M || !IS_ALIGNED(bits, SZ_2M))
		return SHIFT_4K;
	if (size >= SZ_1G && IS_ALIGNED(bits, SZ_1G) && cpu.gbpages && in_vmalloc(va))
		return SHIFT_1G;
	return SHIFT_2M;
}

/* The entry to map va with: large if the range allows and no table hangs there. */
static u64 *entry_to_map(unsigned long va, phys_addr_t pa, size_t size, unsigned int *shift)
{
	bool make = in_vmalloc(va);
	u64 *entry;

	for (*shift = best_shift(va, pa, size); *shift > SHIFT_4K; *shift -= 9) {
		entry = pgtable_walk(kernel_root, va, *shift, make);
		if (entry && (!*entry || (*entry & PTE_LARGE)))
			return entry;
	}
	return pgtable_walk(kernel_root, va, SHIFT_4K, make);
}

/* How many entries of its table a range takes up from va on. */
static unsigned long run_length(unsigned long va, size_t size)
{
	return min_t(unsigned long, size >> SHIFT_4K,
		     TABLE_ENTRIES - table_index(va, SHIFT_4K));
}

/* ---- Mapping ---- */

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

static bool is_prepared(unsigned long va, phys_addr_t pa, size_t size)
{
	unsigned int shift;
	size_t done, step;

	for (done = 0; done < size; done += step) {
		if (!entry_to_map(va + done, pa + done, size - done, &shift))
			return false;
		step = shift > SHIFT_4K ? 1UL << shift : run_length(va + done, size - done) * SZ_4K;
	}
	return true;
}

/* Eight at a time: this loop and the next are most of what a large area costs. */
static void fill(u64 *entry, unsigned long nr, u64 value)
{
	for (; nr >= 8; nr -= 8, entry += 8, value += 8 * SZ_4K) {
		WRITE_ONCE(entry[0], value);
		WRITE_ONCE(entry[1], value + 1 * SZ_4K);
		WRITE_ONCE(entry[2], value + 2 * SZ_4K);
		WRITE_ONCE(entry[3], value + 3 * SZ_4K);
		WRITE_ONCE(entry[4], value + 4 * SZ_4K);
		WRITE_ONCE(entry[5], value + 5 * SZ_4K);
		WRITE_ONCE(entry[6], value + 6 * SZ_4K);
		WRITE_ONCE(entry[7], value + 7 * SZ_4K);
	}
	for (; nr; nr--, value += SZ_4K)
		WRITE_ONCE(*entry++, value);
}

static void clear(u64 *entry, unsigned long nr)
{
	for (; nr >= 8; nr -= 8, entry += 8) {
		WRITE_ONCE(entry[0], 0);
		WRITE_ONCE(entry[1], 0);
		WRITE_ONCE(entry[2], 0);
		WRITE_ONCE(entry[3], 0);
		WRITE_ONCE(entry[4], 0);
		WRITE_ONCE(entry[5], 0);
		WRITE_ONCE(entry[6], 0);
		WRITE_ONCE(entry[7], 0);
	}
	for (; nr; nr--)
		WRITE_ONCE(*entry++, 0);
}

static void forget_run(unsigned long va, unsigned long nr)
{
	for (; nr; nr--, va += SZ_4K)
		tlb_forget(va);
}

/* Is it a run of small entries of the vmalloc area? Its first one, or NULL. */
static inline u64 *small_run(unsigned long va, size_t size)
{
	return in_vmalloc(va) && run_length(va, size) == size >> SHIFT_4K && size < SZ_2M ?
	       small_entry(va) : NULL;
}

int port_map(unsigned long va, phys_addr_t pa, size_t size, enum port_prot prot)
{
	bool fresh = in_vmalloc(va);
	u64 bits = rights_bits(prot) | PTE_GLOBAL, *entry = small_run(va, size);
	unsigned long nr, step;
	unsigned int shift;

	if (is_wx(prot))
		return -EINVAL;
	if (likely(entry)) {
		fill(entry, size >> SHIFT_4K, pa | bits | type_bits(prot, SHIFT_4K));
		return 0;
	}
	entry = IS_ALIGNED(pa, SZ_2M) ? whole_entry(va, size) : NULL;
	if (entry) {
		WRITE_ONCE(*entry, pa | bits | type_bits(prot, SHIFT_2M) | PTE_LARGE);
		return 0;
	}
	if (!fresh && !is_prepared(va, pa, size))
		return -EFAULT;
	for (; size; va += step, pa += step, size -= step) {
		entry = entry_to_map(va, pa, size, &shift);
		if (!entry)
			return -ENOMEM;
		nr = shift > SHIFT_4K ? 1 : run_length(va, size);
		step = nr << shift;
		fill(entry, nr, pa | bits | type_bits(prot, shift) |
			    (shift > SHIFT_4K ? PTE_LARGE : 0));
		if (!fresh)
			forget_run(va, nr);
	}
	return 0;
}

static void unmap(unsigned long va, size_t size, bool forget)
{
	unsigned long end = va + size, nr, step;
	u64 *entry = small_run(va, size);
	unsigned int shift;

	if (likely(entry)) {
		clear(entry, size >> SHIFT_4K);
		if (forget)
			forget_run(va, size >> SHIFT_4K);
		return;
	}
	for (; va < end; va = ALIGN_DOWN(va, 1UL << shift) + step) {
		entry = whole_entry(va, min(end - va, SZ_2M));
		shift = SHIFT_2M;
		if (!entry)
			entry = descend(va, &shift);
		nr = shift > SHIFT_4K ? 1 : run_length(va, end - va);
		step = nr << shift;
		if (shift > SHIFT_4K && !*entry)
			continue;		/* nothing in all of the entry's span */
		clear(entry, nr);
		if (forget)
			forget_run(va, nr);
	}
}

void port_unmap(unsigned long va, size_t size)
{
	unmap(va, size, true);
}

void port_unmap_lazy(unsigned long va, size_t size)
{
	unmap(va, size, false);
}

/* A window is the first entry, if all of them are in one table. */
void *port_window(unsigned long va, size_t size)
{
	if (!in_vmalloc(va) || run_length(va, size) != size >> SHIFT_4K)
		return NULL;
	pgtable_walk(kernel_root, va, SHIFT_4K, true);
	return small_entry(va);
}

void port_window_map(void *window, phys_addr_t pa, unsigned long nr)
{
	fill(window, nr, pa | pte_data() | PTE_WRITE | PTE_GLOBAL);
}

void port_window_unmap(void *window, unsigned long nr)
{
	clear(window, nr);
}

void port_flush(unsigned long va, size_t size)
{
	tlb_forget_everywhere(va, va + size);
}

/* ---- Questions and changes ---- */

bool port_query(unsigned long va, struct port_mapping *mapping)
{
	unsigned int shift;
	u64 entry = *descend(va, &shift);

	if (!(entry & PTE_PRESENT))
		return false;
	mapping->size = 1UL << shift;
	mapping->pa = (entry & PTE_ADDRESS & ~(mapping->size - 1)) | (va & (mapping->size - 1));
	mapping->prot = type_of(entry, shift);
	if (entry & PTE_WRITE)
		mapping->prot |= PORT_RW;
	else if (cpu.nx && !(entry & PTE_NX))
		mapping->prot |= PORT_RX;
	return true;
}

bool port_translate(unsigned long va, phys_addr_t *pa)
{
	struct port_mapping mapping;

	if (!port_query(va, &mapping))
		return false;
	*pa = mapping.pa;
	return true;
}

/* All of the range is mapped, and no large entry reaches beyond it. */
static int cut_edges(unsigned long va, unsigned long end)
{
	unsigned int shift;
	unsigned long start;
	u64 *entry;

	while (va < end) {
		entry = descend(va, &shift);
		if (!(*entry & PTE_PRESENT))
			return -EFAULT;
		start = ALIGN_DOWN(va, 1UL << shift);
		if (start >= va && start + (1UL << shift) <= end)
			va = start + (1UL << shift);
		else if (!pgtable_cut(entry, shift))
			return -ENOMEM;
	}
	return 0;
}

int port_protect(unsigned long va, size_t size, enum port_prot rights)
{
	const u64 changed = PTE_WRITE | PTE_NX | PTE_DIRTY;
	unsigned long end = va + size;
	unsigned int shift;
	int error;
	u64 *entry;

	if (is_wx(rights))
		return -EINVAL;
	if (!in_vmalloc(va) || !in_vmalloc(end - 1) || end < va)
		return -EFAULT;
	error = cut_edges(va, end);
	for (; va < end && !error; va += 1UL << shift) {
		entry = descend(va, &shift);
		WRITE_ONCE(*entry, (*entry & ~changed) | rights_bits(rights));
	}
	return error;
}

/* ---- The direct map of memory that comes and goes ---- */

int port_direct_map(unsigned long va, size_t size)
{
	int error = pgtable_map(kernel_root, va, va - port_direct_base, size,
				pte_data() | PTE_WRITE | PTE_GLOBAL);

	if (error)
		unmap(va, size, false);
	return error;
}

void port_direct_unmap(unsigned long va, size_t size)
{
	unmap(va, size, false);
}

/* ---- Single pages of the direct map ---- */

int port_direct_cut(unsigned long va, size_t size)
{
	unsigned long at = va;
	unsigned int shift;
	u64 *entry;

	while (at < va + size) {
		entry = descend(at, &shift);
		if (!(*entry & PTE_PRESENT))
			return -EFAULT;
		if (shift == SHIFT_4K)
			at += PAGE_BYTES;
		else if (!pgtable_cut(entry, shift))
			return -ENOMEM;
	}
	port_flush(va, size);
	return 0;
}

void port_direct_show(unsigned long va, bool shown)
{
	u64 bits = pte_data() | PTE_WRITE | PTE_GLOBAL;
	unsigned int shift;

	WRITE_ONCE(*descend(va, &shift), shown ? (va - port_direct_base) | bits : 0);
	tlb_forget(va);
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
