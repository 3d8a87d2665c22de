/* SPDX-License-Identifier: MIT */
/*
 * Where ACPI says that a PC's clocks and events are (FADT, HPET). See fadt.c. Each function takes a
 * table of which `length` bytes are readable, and returns NULL and what it found, or why there is
 * nothing. Any context; they touch nothing but their arguments.
 */
#ifndef ARCH_X86_64_FADT_H
#define ARCH_X86_64_FADT_H

#include <linux/types.h>

/* The physical address of the HPET's registers. */
const char *hpet_place(const void *table, u32 length, u64 *address);
/* The PM timer's port, 4 bytes, and the bits that count. */
const char *fadt_pm_timer(const void *table, u32 length, u16 *port, u64 *mask);
/* The port of the first byte of general-purpose event status: event i is its bit i, below 8. */
const char *fadt_gpe_status(const void *table, u32 length, u16 *port);

#endif
