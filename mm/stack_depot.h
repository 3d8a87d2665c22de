/* SPDX-License-Identifier: MIT */
/* Backtraces, each kept once and told by a number. See stack_depot.c. */
#ifndef MM_STACK_DEPOT_H
#define MM_STACK_DEPOT_H

#include "internal.h"

#define STACK_DEPOT_DEPTH 14	/* addresses of a backtrace that are kept */

typedef u32 depot_stack_handle_t;	/* 0: no backtrace */

/* Its table, from memblock. 0 or -ENOMEM. */
int stack_depot_init(void);
/* The number of that backtrace; 0 without memory. Any context but NMIs. */
depot_stack_handle_t stack_depot_save(const unsigned long *entries, unsigned int nr);
/* The number of the place here, less the caller's own frame and `skip` more. */
depot_stack_handle_t stack_depot_save_here(unsigned int skip);
/* Its addresses, constant, in *entries; how many. */
unsigned int stack_depot_fetch(depot_stack_handle_t handle, const unsigned long **entries);
void stack_depot_print(depot_stack_handle_t handle);

/*
 * A cleared block of pages for what is known of other pages: it has no owner itself, and comes
 * from what zones have plenty of. It stays. NULL; any context but NMIs.
 */
void *depot_pages(unsigned int order);
/* It was not needed after all. */
void depot_pages_unused(void *pages, unsigned int order);
/* How many pages those are. */
unsigned long depot_nr_pages(void);

#endif
