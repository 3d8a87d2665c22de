/* SPDX-License-Identifier: MIT */
/* Who called: return addresses, to be kept and printed later. */
#ifndef _LINUX_STACKTRACE_H
#define _LINUX_STACKTRACE_H

#include <linux/types.h>

/*
 * The return addresses of the calls that led here, the nearest first, without the caller's own
 * and `skip` more; how many were stored. Any context.
 */
unsigned int stack_trace_save(unsigned long *store, unsigned int size, unsigned int skip);
/* One line for each, indented. */
void stack_trace_print(const unsigned long *entries, unsigned int nr, int spaces);

#endif
