/* SPDX-License-Identifier: MIT */
/*
 * The stacks: one to boot and run on, and one each for the traps that must not rely on it.
 * layout.h has their arrangement. Constant after linking; any context.
 */
#include <linux/kernel.h>

#include "arch.h"

extern char stacks[];

static const char *const stack_names[NR_STACKS] = {
	[STACK_BOOT] = "boot", [STACK_NMI] = "NMI", [STACK_DOUBLE] = "double-fault",
	[STACK_MACHINE] = "machine-check",
};

unsigned long stack_guard(unsigned int i)
{
	return (unsigned long)stacks + (unsigned long)i * STACK_STRIDE;
}

unsigned long stack_top(unsigned int i)
{
	return stack_guard(i) + STACK_STRIDE;
}

const char *stack_find(unsigned long address, unsigned long *low, unsigned long *high)
{
	unsigned int i;

	for (i = 0; i < NR_STACKS; i++) {
		*low = stack_guard(i) + PAGE_BYTES;
		*high = stack_top(i);
		if (address >= *low && address < *high)
			return stack_names[i];
	}
	return NULL;
}

const char *stack_overflowed(unsigned long address)
{
	unsigned int i;

	for (i = 0; i < NR_STACKS; i++)
		if (address - stack_guard(i) < PAGE_BYTES)
			return stack_names[i];
	return NULL;
}
