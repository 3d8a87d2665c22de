/* SPDX-License-Identifier: MIT */
/*
 * The bare kernel's table of function names, made by kernel/symbols.py from a first link of
 * the same kernel (that first link has an empty one).
 *
 * symbol_offsets[] rises, and holds each function's distance from symbol_base; one more
 * entry is the end of the last function. Entry i of symbol_names[] is where in
 * symbol_text[] its name begins. All of it is constant; a look-up is a binary search.
 */
#include <linux/types.h>
#include <kernel/symbols.h>

extern const u64 symbol_base;
extern const u32 symbol_count;
extern const u32 symbol_offsets[];	/* symbol_count + 1 */
extern const u32 symbol_names[];
extern const char symbol_text[];

bool symbol_lookup(unsigned long addr, const char **name, unsigned long *offset,
		   unsigned long *size)
{
	u32 low = 0, high = symbol_count, middle;
	u64 distance = addr - symbol_base;

	if (!high || distance >= symbol_offsets[high])
		return false;
	/* Throughout: symbol_offsets[low] <= distance < symbol_offsets[high]. */
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (symbol_offsets[middle] <= distance)
			low = middle;
		else
			high = middle;
	}
	*name = symbol_text + symbol_names[low];
	*offset = distance - symbol_offsets[low];
	*size = symbol_offsets[low + 1] - symbol_offsets[low];
	return true;
}
