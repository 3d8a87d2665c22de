/* SPDX-License-Identifier: MIT */
/* What the files of the hosted port that see Quarry's headers offer each other. */
#ifndef HOSTED_HOSTED_H
#define HOSTED_HOSTED_H

#include <linux/types.h>

/* Physical addresses end here; a multiple of 4 KiB. */
#define HOSTED_PHYS_LIMIT (1ULL << 44)

/*
 * Sets the port_*_base variables to address space that is large enough for RAM that ends
 * at `end`, and makes that RAM. 0, or -ENOMEM.
 */
int hosted_create_memory(phys_addr_t end);

/*
 * Maps RAM [start, end), multiples of 4 KiB, into the direct map: 0, -ENOSPC after too many
 * ranges, or -ENOMEM.
 */
int hosted_map_direct(phys_addr_t start, phys_addr_t end);

/* Registers standard output as a console; fatal signals and the time limit report there. */
void hosted_catch_faults(unsigned int seconds);
void hosted_open_console(void);

/* topology.c: options add=, node= and distance= into memblock; panics on nonsense. */
void hosted_add_topology(void);

#endif
