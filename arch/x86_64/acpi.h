/* SPDX-License-Identifier: MIT */
/*
 * ACPI tables, as far as a memory manager needs them: found, checked, kept mapped.
 * acpi_tables.c is the part that only reads bytes and runs in any process; acpi.c finds
 * the root on this machine.
 */
#ifndef ARCH_X86_64_ACPI_H
#define ARCH_X86_64_ACPI_H

#include <linux/types.h>

struct uart_place;

/* acpi.c */

/*
 * Collects the tables that boot_info or a BIOS leads to. Needs arch_map_device(). A table
 * that is not in order is refused with a sentence. Calls after the first do nothing.
 */
void acpi_init(void);
/* The first sound table of that signature, mapped for good, its length; or NULL. */
const void *acpi_find(const char sig[4], u32 *length);
/*
 * Calls fn for all that lies in memory and must not be reused: the tables, with the RSDP
 * ("RSDP", when its address is known), the XSDT or RSDT, the DSDT and the FACS.
 */
void acpi_for_each_table(void (*fn)(u64 phys, u32 length, const char *sig));

/* acpi_tables.c */

#define ACPI_MAX_TABLES 128

struct acpi_table {
	char sig[5];
	u64 phys;
	u32 length;
	const void *data;
};

struct acpi_tables {
	/* Set by the owner. `size` readable bytes at `phys`, or NULL when they cannot be had: */
	const void *(*map)(u64 phys, size_t size);
	/* takes that address and size back: */
	void (*unmap)(const void *data, size_t size);
	/* is told of each table that is not taken, and why: */
	void (*refuse)(u64 phys, const char *why);
	unsigned int nr;
	struct acpi_table table[ACPI_MAX_TABLES];
};

struct acpi_root {
	u64 xsdt, rsdt;			/* physical, 0 when there is none */
	u32 length;			/* of the RSDP */
};

/* Do the bytes add up to 0? */
bool acpi_sum_is_zero(const void *data, size_t size);
/* Reads an RSDP of which `size` bytes are readable; false when there is none, or a broken one. */
bool acpi_parse_rsdp(const void *data, size_t size, struct acpi_root *root);
/* Fills *tables with the root table and all sound tables it leads to. */
void acpi_collect(struct acpi_tables *tables, const struct acpi_root *root);
const struct acpi_table *acpi_lookup(const struct acpi_tables *tables, const char sig[4]);
/* The serial port that an SPCR names: false when it names none that is an 8250. */
bool acpi_parse_spcr(const void *table, u32 length, struct uart_place *place);

#endif
