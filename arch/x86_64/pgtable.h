/* SPDX-License-Identifier: MIT */
/*
 * Page table entries, and the walk that all of paging uses. A level is named by the shift of
 * what one of its entries covers: 12 (4 KiB), 21 (2 MiB), 30 (1 GiB), 39 (the root).
 */
#ifndef ARCH_PGTABLE_H
#define ARCH_PGTABLE_H

#include <linux/types.h>

#include "arch.h"

#define PTE_PRESENT	(1ULL << 0)
#define PTE_WRITE	(1ULL << 1)
#define PTE_USER	(1ULL << 2)
#define PTE_PWT		(1ULL << 3)
#define PTE_PCD		(1ULL << 4)
#define PTE_ACCESSED	(1ULL << 5)
#define PTE_DIRTY	(1ULL << 6)
#define PTE_LARGE	(1ULL << 7)	/* in entries of levels 21 and 30 */
#define PTE_PAT		(1ULL << 7)	/* in entries of level 12 */
#define PTE_GLOBAL	(1ULL << 8)
#define PTE_PAT_LARGE	(1ULL << 12)	/* in large entries */
#define PTE_NX		(1ULL << 63)
#define PTE_ADDRESS	0x000ffffffffff000ULL
#define PTE_TABLE	(PTE_PRESENT | PTE_WRITE | PTE_ACCESSED)

#define SHIFT_4K	12
#define SHIFT_2M	21
#define SHIFT_1G	30
#define SHIFT_ROOT	39		/* of kernel_root */
#define SHIFT_TOP	48		/* of the root above it, with five levels */
#define TABLE_ENTRIES	512

/*
 * The final tables: paging.c. kernel_root is what four levels know; with five, kernel_top stands
 * above it, and has it as its last entry.
 */
extern u64 kernel_root[TABLE_ENTRIES], kernel_top[TABLE_ENTRIES];

static inline unsigned int table_index(unsigned long va, unsigned int shift)
{
	return (va >> shift) & (TABLE_ENTRIES - 1);
}

/* The bits of a mapping that nothing can be executed from, or that anything can be. */
static inline u64 pte_data(void)
{
	return PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | (cpu.nx ? PTE_NX : 0);
}

static inline u64 pte_code(void)
{
	return PTE_PRESENT | PTE_ACCESSED;
}

static inline void tlb_forget(unsigned long va)
{
	__asm__ __volatile__("invlpg (%0)" :: "r"(va) : "memory");
}

/* The table that a present entry of a higher level, or CR3, refers to. */
u64 *table_of(u64 entry);

/* Where a walk to va begins among the final tables: the table, and in *shift its level. */
static inline u64 *pgtable_start(unsigned long va, unsigned int *shift)
{
	bool top = va < HALF_BASE && la57_is_on();

	*shift = top ? SHIFT_TOP : SHIFT_ROOT;
	return top ? kernel_top : kernel_root;
}

/*
 * The entry for va at level `shift`, with the tables on the way made if `make`: from memblock,
 * later from the page allocator (then it may sleep). NULL when a table is missing or could not
 * be made, or a large page is in the way.
 */
u64 *pgtable_walk(u64 *root, unsigned long va, unsigned int shift, bool make);

/*
 * Maps [va, va + size) to [pa, pa + size) by the largest pages that fit, `bits` in each
 * entry. -ENOMEM when a table could not be made. Nothing may be mapped there before.
 */
int pgtable_map(u64 *root, unsigned long va, phys_addr_t pa, size_t size, u64 bits);

/*
 * Makes a table out of a large entry of level `shift`: the same mappings in smaller pieces. For
 * whoever owns the addresses. False when there is no memory. CPUs may keep the large one cached.
 */
bool pgtable_cut(u64 *entry, unsigned int shift);

/* From here on tables come from the page allocator. */
void pgtable_pages_work(void);

/* device_map.c: what the root holds for the device window. */
u64 device_map_entry(void);

#endif
