// SPDX-License-Identifier: MIT
/* Backtraces that are kept: linux/stacktrace.h. */
#include <linux/kernel.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <kernel/kernel.h>

#define MAX_ENTRIES 64

noinline unsigned int stack_trace_save(unsigned long *store, unsigned int size, unsigned int skip)
{
	unsigned long all[MAX_ENTRIES];
	unsigned int nr = arch_backtrace((unsigned long)__builtin_frame_address(0), all,
					 min_t(unsigned int, size + skip + 1, MAX_ENTRIES));

	if (nr <= skip)
		return 0;
	nr = min(nr - skip, size);
	memcpy(store, all + skip, nr * sizeof(*store));
	return nr;
}

void stack_trace_print(const unsigned long *entries, unsigned int nr, int spaces)
{
	for (unsigned int i = 0; i < nr; i++)
		printk("%*s%pB\n", spaces, "", (void *)entries[i]);
}
