/* SPDX-License-Identifier: MIT */
/*
 * Names of code addresses, for %pS and backtraces. The bare kernel has a table
 * (kernel/symbols.c, made by kernel/symbols.py); a hosted port asks its own linker.
 */
#ifndef KERNEL_SYMBOLS_H
#define KERNEL_SYMBOLS_H

#include <linux/types.h>

/*
 * The function that addr lies in: its name, how far into it, and its size (up to the next
 * one; 0 when not known). False, with nothing written, when there is none. Any context.
 */
bool symbol_lookup(unsigned long addr, const char **name, unsigned long *offset,
		   unsigned long *size);

#endif
