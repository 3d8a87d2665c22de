/* SPDX-License-Identifier: MIT */
/*
 * A walk over the tables that the CPU is using now, not over what paging.c meant to build:
 * is anything both writable and executable, or open to user mode? The rights of a page are
 * those of all entries on the way to it: writable and user if all say so, not executable
 * if any says so. Any time; costs a look at every entry of every table.
 */
#include <linux/kernel.h>

#include "arch.h"
#include "msr.h"
#include "pgtable.h"

#define MAX_REPORTS 16

/* Rights that an entry leaves over of those above it. */
static u64 rights_below(u64 above, u64 entry)
{
	return (above & entry & (PTE_WRITE | PTE_USER)) | ((above | entry) & PTE_NX);
}

static unsigned int check_leaf(unsigned long va, unsigned int shift, u64 rights)
{
	static unsigned int reports;
	bool wx = cpu.nx && (rights & PTE_WRITE) && !(rights & PTE_NX);

	if (!wx && !(rights & PTE_USER))
		return 0;
	if (reports++ < MAX_REPORTS)
		pr_err("%016lx, %lu KiB:%s%s\n", va, 1UL << shift >> 10,
		       wx ? " writable and executable" : "",
		       rights & PTE_USER ? " open to user mode" : "");
	return 1;
}

static unsigned int check_table(const u64 *table, unsigned int shift, unsigned long va, u64 above)
{
	unsigned int i, found = 0;

	for (i = 0; i < TABLE_ENTRIES; i++, va += 1UL << shift) {
		u64 rights = rights_below(above, table[i]);

		if (!(table[i] & PTE_PRESENT) || kasan_is_shared(table[i]))
			continue;
		if (shift == SHIFT_4K || (shift < SHIFT_ROOT && (table[i] & PTE_LARGE)))
			found += check_leaf(va, shift, rights);
		else
			found += check_table(table_of(table[i]), shift - 9, va, rights);
	}
	return found;
}

unsigned int paging_check_wx(void)
{
	const u64 *root = table_of(read_cr3());
	unsigned int i, found = 0, shift = la57_is_on() ? SHIFT_TOP : SHIFT_ROOT;

	/* The highest bit that is translated, 47 or 56, is repeated above it. */
	for (i = 0; i < TABLE_ENTRIES; i++) {
		unsigned long va = (unsigned long)((long)((unsigned long)i << 55) >> (55 - shift));

		if ((root[i] & PTE_PRESENT) && !kasan_is_shared(root[i]))
			found += check_table(table_of(root[i]), shift - 9, va,
					     rights_below(PTE_WRITE | PTE_USER, root[i]));
	}
	return found;
}
