/* SPDX-License-Identifier: MIT */
/*
 * Reading ACPI tables out of memory that somebody else maps.
 *
 * The RSDP leads to the XSDT (or, on old machines, the RSDT), a list of addresses of
 * tables; one of these, the FADT, leads to two more, the DSDT and the FACS. Firmware is
 * not trusted: each address and length is bounded, each checksum is verified before a
 * table is believed, and one that is not in order is refused with a sentence while the
 * rest goes on. Nothing here follows a pointer twice or deeper than root, table, DSDT, so
 * circular tables end.
 *
 * Sections are those of the ACPI Specification 6.5; for the SPCR, Microsoft's Serial Port
 * Console Redirection Table revision 4. All numbers are little-endian and may lie anywhere,
 * so they are read byte-wise (le32, le64).
 */
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "arch/x86_64/acpi.h"
#include "arch/x86_64/console_hw.h"
#include "arch/x86_64/fields.h"

/* 5.2.5.3, Root System Description Pointer */
enum {
	RSDP_REVISION = 15, RSDP_RSDT = 16, RSDP_LENGTH = 20, RSDP_XSDT = 24,
	RSDP_SIZE_1 = 20, RSDP_SIZE_2 = 36,
};

/* 5.2.6, System Description Table Header */
enum { HEADER_LENGTH = 4, HEADER_REVISION = 8, HEADER_SIZE = 36 };

/* 5.2.9, Fixed ACPI Description Table */
enum {
	FADT_FACS = 36, FADT_DSDT = 40, FADT_X_FACS = 132, FADT_X_DSDT = 140,
	FADT_SIZE_1 = 44, FADT_SIZE_X = 148,
};

/* 5.2.10, Firmware ACPI Control Structure: no checksum, only a signature and a length */
enum { FACS_SIZE = 64 };

/* SPCR; its base address is a Generic Address Structure, 5.2.3.2 */
enum {
	SPCR_TYPE = 36, SPCR_SPACE = 40, SPCR_WIDTH = 41, SPCR_ACCESS = 43, SPCR_ADDR = 44,
	SPCR_BAUD = 58, SPCR_CLOCK = 76, SPCR_PRECISE_BAUD = 80, SPCR_SIZE = 80,
	SPACE_MEMORY = 0, SPACE_IO = 1,
	/* Interface types from revision 2 on are DBG2's serial subtypes. */
	TYPE_16550 = 0x00, TYPE_16450 = 0x01, TYPE_16550_GAS = 0x12,
};

#define MAX_TABLE	SZ_16M		/* the largest DSDTs have a few */
#define MAX_ROOT	SZ_64K
#define PHYS_LIMIT	(1ULL << 52)	/* no address on x86 is wider */

static u8 byte(const void *data, size_t offset)
{
	return ((const u8 *)data)[offset];
}

bool acpi_sum_is_zero(const void *data, size_t size)
{
	const u64 even = 0x00ff00ff00ff00ff;
	size_t i = 0, stop;
	u8 sum = 0;

	while (i + 8 <= size) {
		u64 sums = 0;	/* four, which hold 128 times two bytes */

		for (stop = min(size - 7, i + 128 * 8); i < stop; i += 8)
			sums += (le64(data, i) & even) + (le64(data, i) >> 8 & even);
		for (; sums; sums >>= 16)
			sum += (u8)sums;
	}
	for (; i < size; i++)
		sum += byte(data, i);
	return !sum;
}

bool acpi_parse_rsdp(const void *data, size_t size, struct acpi_root *root)
{
	*root = (struct acpi_root){ .length = RSDP_SIZE_1 };
	if (size < RSDP_SIZE_1 || memcmp(data, "RSD PTR ", 8) ||
	    !acpi_sum_is_zero(data, RSDP_SIZE_1))
		return false;
	root->rsdt = le32(data, RSDP_RSDT);
	if (byte(data, RSDP_REVISION) < 2 || size < RSDP_SIZE_2)
		return true;
	/* A broken second half leaves the first, which has its own checksum. */
	if (le32(data, RSDP_LENGTH) < RSDP_SIZE_2 || le32(data, RSDP_LENGTH) > size ||
	    !acpi_sum_is_zero(data, le32(data, RSDP_LENGTH)))
		return true;
	root->xsdt = le64(data, RSDP_XSDT);
	root->length = le32(data, RSDP_LENGTH);
	return true;
}

static void copy_sig(char to[5], const void *from)
{
	for (unsigned int i = 0; i < 4; i++) {
		u8 ch = byte(from, i);

		to[i] = ch > ' ' && ch < 0x7f ? ch : '?';
	}
	to[4] = 0;
}

/*
 * Maps the table at phys, whose length stands at offset 4, as it does in all of them, into
 * the first free entry. NULL, or what is wrong with it.
 */
static const char *map_whole(struct acpi_tables *tables, u64 phys, u32 min, u32 max)
{
	struct acpi_table *table = &tables->table[tables->nr];
	const void *head;

	table->phys = phys;
	table->data = NULL;
	if (phys > PHYS_LIMIT - MAX_TABLE)
		return "its address is impossible";
	head = tables->map(phys, min);
	if (!head)
		return "it cannot be mapped";
	table->length = le32(head, HEADER_LENGTH);
	tables->unmap(head, min);
	if (table->length < min || table->length > max)
		return "its length is impossible";
	table->data = tables->map(phys, table->length);
	if (!table->data)
		return "it cannot be mapped";
	copy_sig(table->sig, table->data);
	return NULL;
}

/* Is there a table at phys that has no entry yet, and room for one? */
static bool wanted(const struct acpi_tables *tables, u64 phys)
{
	for (unsigned int i = 0; i < tables->nr; i++)
		if (tables->table[i].phys == phys)
			return false;
	if (phys && tables->nr == ACPI_MAX_TABLES)
		tables->refuse(phys, "there are too many");
	return phys && tables->nr < ACPI_MAX_TABLES;
}

/* Keeps what map_whole() mapped, or says what is wrong with it and lets it go. */
static bool keep(struct acpi_tables *tables, const char *why)
{
	const struct acpi_table *table = &tables->table[tables->nr];

	if (!why) {
		tables->nr++;
		return true;
	}
	tables->refuse(table->phys, why);
	if (table->data)
		tables->unmap(table->data, table->length);
	return false;
}

/* Takes in the table at phys: the entry made, or NULL when there is nothing new or good. */
static const struct acpi_table *take(struct acpi_tables *tables, u64 phys, u32 max)
{
	const struct acpi_table *table = &tables->table[tables->nr];
	const char *why;

	if (!wanted(tables, phys))
		return NULL;
	why = map_whole(tables, phys, HEADER_SIZE, max);
	if (!why && !acpi_sum_is_zero(table->data, table->length))
		why = "its checksum is wrong";
	return keep(tables, why) ? table : NULL;
}

static void take_facs(struct acpi_tables *tables, u64 phys)
{
	const char *why;

	if (!wanted(tables, phys))
		return;
	why = map_whole(tables, phys, FACS_SIZE, SZ_4K);
	if (!why && strcmp(tables->table[tables->nr].sig, "FACS"))
		why = "it should be the FACS";
	keep(tables, why);
}

/* Of the two places for one address, the 64-bit one counts when it is there and not 0. */
static u64 fadt_address(const struct acpi_table *fadt, size_t narrow, size_t wide)
{
	u64 addr = fadt->length >= FADT_SIZE_X ? le64(fadt->data, wide) : 0;

	return addr ? addr : le32(fadt->data, narrow);
}

static void take_entry(struct acpi_tables *tables, u64 phys)
{
	const struct acpi_table *table = take(tables, phys, MAX_TABLE);

	if (!table || strcmp(table->sig, "FACP"))
		return;
	if (table->length < FADT_SIZE_1) {
		tables->refuse(phys, "it is the FADT, and too short to lead to a DSDT");
		return;
	}
	take(tables, fadt_address(table, FADT_DSDT, FADT_X_DSDT), MAX_TABLE);
	take_facs(tables, fadt_address(table, FADT_FACS, FADT_X_FACS));
}

/* 5.2.7 and 5.2.8: after the header a list of addresses, 4 or 8 bytes each. */
static bool take_root(struct acpi_tables *tables, u64 phys, const char *sig, size_t width)
{
	const struct acpi_table *root = take(tables, phys, MAX_ROOT);

	if (!root)
		return false;
	if (strcmp(root->sig, sig)) {
		tables->nr--;
		return keep(tables, "it should be the root of the others");
	}
	for (size_t at = HEADER_SIZE; at + width <= root->length; at += width)
		take_entry(tables, width == 8 ? le64(root->data, at) : le32(root->data, at));
	return true;
}

void acpi_collect(struct acpi_tables *tables, const struct acpi_root *root)
{
	tables->nr = 0;
	if (!take_root(tables, root->xsdt, "XSDT", 8))
		take_root(tables, root->rsdt, "RSDT", 4);
}

const struct acpi_table *acpi_lookup(const struct acpi_tables *tables, const char sig[4])
{
	for (unsigned int i = 0; i < tables->nr; i++)
		if (!memcmp(tables->table[i].sig, sig, 4))
			return &tables->table[i];
	return NULL;
}

/* 0, "as it is", and rates nobody has heard of leave the port as the firmware set it. */
static u32 spcr_baud(const void *table, u32 length)
{
	if (byte(table, HEADER_REVISION) >= 4 && length >= SPCR_PRECISE_BAUD + 4 &&
	    le32(table, SPCR_PRECISE_BAUD))
		return le32(table, SPCR_PRECISE_BAUD);
	switch (byte(table, SPCR_BAUD)) {
	case 3:
		return 9600;
	case 4:
		return 19200;
	case 6:
		return 57600;
	case 7:
		return 115200;
	default:
		return 0;
	}
}

/*
 * The divider's clock. A port in memory may have any, and says so from revision 3 on; when
 * it does not, its rate is better left alone.
 */
static void spcr_rate(const void *table, u32 length, struct uart_place *place)
{
	u32 clock = byte(table, HEADER_REVISION) >= 3 ? le32(table, SPCR_CLOCK) : 0;

	place->clock = clock ? clock : UART_CLOCK;
	place->baud = place->mmio && !clock ? 0 : spcr_baud(table, length);
}

static bool spcr_type_is_8250(const void *table)
{
	u8 type = byte(table, SPCR_TYPE);

	if (byte(table, HEADER_REVISION) >= 2 && type == TYPE_16550_GAS)
		return true;
	return type == TYPE_16550 || type == TYPE_16450;
}

/*
 * Registers in memory. The width of one is the step to the next, though some firmware has
 * 0 there. Access sizes are 1 byte, 2 word, 3 dword; 0 leaves it to the width.
 */
static bool spcr_memory(const void *table, struct uart_place *place)
{
	u8 bits = byte(table, SPCR_WIDTH), access = byte(table, SPCR_ACCESS);

	if (access > 3 || (bits && bits != 8 && bits != 16 && bits != 32 && bits != 64))
		return false;
	place->mmio = true;
	if (access)
		place->access = 1 << (access - 1);
	else if (bits == 16 || bits == 32)
		place->access = bits / 8;
	place->stride = max_t(u8, bits / 8, place->access);
	return place->addr <= PHYS_LIMIT - SZ_4K && place->addr % place->access == 0;
}

bool acpi_parse_spcr(const void *table, u32 length, struct uart_place *place)
{
	if (length < SPCR_SIZE || !le64(table, SPCR_ADDR) || !spcr_type_is_8250(table))
		return false;
	*place = (struct uart_place){ .addr = le64(table, SPCR_ADDR), .stride = 1, .access = 1 };
	if (byte(table, SPCR_SPACE) == SPACE_MEMORY) {
		if (!spcr_memory(table, place))
			return false;
	} else if (byte(table, SPCR_SPACE) != SPACE_IO || place->addr > 0x10000 - 8) {
		return false;
	}
	spcr_rate(table, length, place);
	return true;
}
