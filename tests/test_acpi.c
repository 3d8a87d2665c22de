/* SPDX-License-Identifier: MIT */
/*
 * Reading ACPI tables: sound ones are found, broken ones are refused without harm. The
 * tables are made up in an array that stands for the machine's memory, and the mapping
 * function refuses whatever lies outside, so that a stray read is a failed test, or a
 * report of the address sanitizer.
 */
#include "arch/x86_64/acpi.h"
#include "arch/x86_64/console_hw.h"
#include "tests/selftest.h"

#define BASE 0x7fe0000ULL	/* where the array is in that machine */
#define SIZE 0x3000

static u8 memory[SIZE];
static unsigned int nr_outside, nr_refused, nr_mapped;
static unsigned int nr_absurd;	/* mappings that should not have been asked for */

static const void *map(u64 phys, size_t size)
{
	nr_absurd += phys >> 52 || size > 0x1000000;
	if (phys < BASE || phys > BASE + SIZE || size > BASE + SIZE - phys) {
		nr_outside++;
		return NULL;
	}
	nr_mapped++;
	return memory + (phys - BASE);
}

static void unmap(const void *data, size_t size)
{
	nr_mapped--;
}

static void refuse(u64 phys, const char *why)
{
	nr_refused++;
}

static struct acpi_tables tables = { .map = map, .unmap = unmap, .refuse = refuse };

/* Afterwards each table taken is mapped, and nothing else. */
static void collect(const struct acpi_root *root)
{
	nr_outside = nr_refused = nr_mapped = nr_absurd = 0;
	acpi_collect(&tables, root);
	CHECK_EQ(nr_mapped, tables.nr);
	CHECK_EQ(nr_absurd, 0);
}

static void put(u64 phys, const void *data, size_t size)
{
	memcpy(memory + (phys - BASE), data, size);
}

static void put32(u64 phys, u32 value)
{
	put(phys, &value, sizeof(value));
}

static void put64(u64 phys, u64 value)
{
	put(phys, &value, sizeof(value));
}

/* Makes `size` bytes at phys add up to 0 by the byte at `at`. */
static void seal(u64 phys, u32 size, u32 at)
{
	u8 *data = memory + (phys - BASE), sum = 0;

	data[at] = 0;
	for (u32 i = 0; i < size; i++)
		sum += data[i];
	data[at] = -sum;
}

/* A table of that length, its content as it lies there. */
static void make_table(u64 phys, const char *sig, u32 length)
{
	put(phys, sig, 4);
	put32(phys + 4, length);
	seal(phys, length, 9);
}

#define XSDT (BASE + 0x000)
#define FADT (BASE + 0x200)
#define DSDT (BASE + 0x400)
#define FACS (BASE + 0x500)
#define MADT (BASE + 0x600)
#define SPCR (BASE + 0x700)

/* An XSDT of three, a FADT with both forms of addresses, DSDT and FACS. */
static struct acpi_root make_machine(void)
{
	memset(memory, 0, sizeof(memory));
	make_table(DSDT, "DSDT", 100);
	put(FACS, "FACS", 4);
	put32(FACS + 4, 64);
	make_table(MADT, "APIC", 60);
	make_table(SPCR, "SPCR", 80);
	put32(FADT + 36, 1);		/* wrong, and must not be used */
	put32(FADT + 40, 1);
	put64(FADT + 132, FACS);
	put64(FADT + 140, DSDT);
	make_table(FADT, "FACP", 244);
	put64(XSDT + 36, FADT);
	put64(XSDT + 44, MADT);
	put64(XSDT + 52, SPCR);
	make_table(XSDT, "XSDT", 60);
	return (struct acpi_root){ .xsdt = XSDT, .length = 36 };
}

static u64 phys_of(const char *sig)
{
	const struct acpi_table *table = acpi_lookup(&tables, sig);

	return table ? table->phys : 0;
}

static u64 total_length(void)
{
	u64 sum = 0;

	for (unsigned int i = 0; i < tables.nr; i++)
		sum += tables.table[i].length;
	return sum;
}

SELFTEST(acpi, all_tables_are_found)
{
	struct acpi_root root = make_machine();

	collect(&root);
	CHECK_EQ(tables.nr, 6);
	CHECK_EQ(phys_of("XSDT"), XSDT);
	CHECK_EQ(phys_of("FACP"), FADT);
	CHECK_EQ(phys_of("DSDT"), DSDT);
	CHECK_EQ(phys_of("FACS"), FACS);
	CHECK_EQ(phys_of("APIC"), MADT);
	CHECK_EQ(phys_of("SPCR"), SPCR);
	CHECK_EQ(phys_of("HPET"), 0);
	CHECK_EQ(total_length(), 60 + 244 + 100 + 64 + 60 + 80);
	CHECK_EQ(nr_outside, 0);
	CHECK_EQ(nr_refused, 0);
}

SELFTEST(acpi, old_machine_with_rsdt)
{
	struct acpi_root root = make_machine();

	put32(FADT + 36, FACS);
	put32(FADT + 40, DSDT);
	put64(FADT + 132, MADT);	/* behind its end */
	put64(FADT + 140, MADT);
	make_table(FADT, "FACP", 116);
	memset(memory, 0, 60);
	put32(XSDT + 36, FADT);
	put32(XSDT + 40, MADT);
	make_table(XSDT, "RSDT", 44);
	root = (struct acpi_root){ .rsdt = XSDT };
	collect(&root);
	CHECK_EQ(tables.nr, 5);
	CHECK_EQ(phys_of("DSDT"), DSDT);
	CHECK_EQ(phys_of("FACS"), FACS);
	CHECK_EQ(phys_of("APIC"), MADT);
}

SELFTEST(acpi, broken_xsdt_falls_back_to_rsdt)
{
	struct acpi_root root = make_machine();
	u64 rsdt = BASE + 0x900;

	put32(rsdt + 36, MADT);
	make_table(rsdt, "RSDT", 40);
	memory[20] ^= 1;
	root.rsdt = rsdt;
	collect(&root);
	CHECK_EQ(tables.nr, 2);
	CHECK_EQ(phys_of("APIC"), MADT);
	make_machine();
	make_table(XSDT, "SSDT", 60);
	put32(rsdt + 36, MADT);
	make_table(rsdt, "RSDT", 40);
	collect(&root);
	CHECK_EQ(tables.nr, 2);
	CHECK_EQ(phys_of("APIC"), MADT);
}

SELFTEST(acpi, one_bad_checksum_costs_one_table)
{
	struct acpi_root root = make_machine();

	memory[MADT - BASE + 50]++;
	collect(&root);
	CHECK_EQ(tables.nr, 5);
	CHECK_EQ(phys_of("APIC"), 0);
	CHECK_EQ(phys_of("SPCR"), SPCR);
	CHECK_EQ(nr_refused, 1);
}

/* One entry of the XSDT leads to nowhere: the others must be found all the same. */
static void check_bad_entry(u64 entry, unsigned int refusals)
{
	struct acpi_root root = make_machine();

	put64(XSDT + 44, entry);
	seal(XSDT, 60, 9);
	collect(&root);
	CHECK_EQ(tables.nr, 5);
	CHECK_EQ(phys_of("SPCR"), SPCR);
	CHECK_EQ(nr_refused, refusals);
}

SELFTEST(acpi, bad_addresses_are_refused)
{
	check_bad_entry(0, 0);		/* empty entries are usual */
	check_bad_entry(1, 1);
	check_bad_entry(BASE + SIZE - 8, 1);
	check_bad_entry(~0ULL, 1);
	check_bad_entry(~0ULL - 35, 1);
	check_bad_entry(1ULL << 52, 1);
	check_bad_entry(XSDT, 0);	/* a circle */
	check_bad_entry(FADT, 0);	/* the same twice */
}

static void check_bad_length(u64 phys, u32 length, unsigned int left)
{
	struct acpi_root root = make_machine();

	put32(phys + 4, length);
	collect(&root);
	CHECK_EQ(tables.nr, left);
	CHECK_EQ(nr_refused, 1);
	CHECK(total_length() <= SIZE);
}

SELFTEST(acpi, bad_lengths_are_refused)
{
	static const u32 lengths[] = { 0, 1, 35, SIZE, 0x1000000, 0x1000001, 0x80000000, ~0U };

	for (unsigned int i = 0; i < ARRAY_SIZE(lengths); i++) {
		check_bad_length(MADT, lengths[i], 5);
		check_bad_length(DSDT, lengths[i], 5);
		check_bad_length(FACS, lengths[i], 5);
		check_bad_length(FADT, lengths[i], 3);
		check_bad_length(XSDT, lengths[i], 0);
	}
}

SELFTEST(acpi, short_tables)
{
	struct acpi_root root = make_machine();

	make_table(XSDT, "XSDT", 36 + 8 + 7);	/* one entry and a part of another */
	make_table(FADT, "FACP", 40);		/* ends before its addresses */
	collect(&root);
	CHECK_EQ(tables.nr, 2);
	CHECK_EQ(phys_of("FACP"), FADT);
	CHECK_EQ(nr_refused, 1);
	make_table(XSDT, "XSDT", 36);
	collect(&root);
	CHECK_EQ(tables.nr, 1);
}

SELFTEST(acpi, facs_of_another_name)
{
	struct acpi_root root = make_machine();

	put(FACS, "FACT", 4);
	collect(&root);
	CHECK_EQ(tables.nr, 5);
	CHECK_EQ(nr_refused, 1);
}

SELFTEST(acpi, too_many_tables)
{
	struct acpi_root root = { .xsdt = BASE };
	unsigned int nr = ACPI_MAX_TABLES + 20;
	u64 first = BASE + 0x800;

	memset(memory, 0, sizeof(memory));
	for (unsigned int i = 0; i < nr; i++) {
		put64(BASE + 36 + 8 * i, first + 36 * i);
		make_table(first + 36 * i, "SSDT", 36);
	}
	make_table(BASE, "XSDT", 36 + 8 * nr);
	collect(&root);
	CHECK_EQ(tables.nr, ACPI_MAX_TABLES);
	CHECK_EQ(nr_refused, nr - (ACPI_MAX_TABLES - 1));
	CHECK_EQ(nr_outside, 0);
}

static void make_rsdp(u8 *rsdp, u8 revision)
{
	memset(memory, 0, 64);
	put(BASE, "RSD PTR ", 8);
	memory[15] = revision;
	put32(BASE + 16, 0x1234);
	put32(BASE + 20, 36);
	put64(BASE + 24, 0x56789abcdULL);
	seal(BASE, 20, 8);
	seal(BASE, 36, 32);
	memcpy(rsdp, memory, 36);
}

SELFTEST(acpi, rsdp)
{
	struct acpi_root root;
	u8 rsdp[36];

	make_rsdp(rsdp, 2);
	CHECK(acpi_parse_rsdp(rsdp, 36, &root));
	CHECK_EQ(root.xsdt, 0x56789abcdULL);
	CHECK_EQ(root.rsdt, 0x1234);
	CHECK_EQ(root.length, 36);
	CHECK(acpi_parse_rsdp(rsdp, 20, &root));
	CHECK_EQ(root.xsdt, 0);
	CHECK(!acpi_parse_rsdp(rsdp, 19, &root));
	rsdp[33]++;			/* the second checksum fails: the first half stays good */
	CHECK(acpi_parse_rsdp(rsdp, 36, &root));
	CHECK_EQ(root.xsdt, 0);
	CHECK_EQ(root.rsdt, 0x1234);
	make_rsdp(rsdp, 0);
	CHECK(acpi_parse_rsdp(rsdp, 36, &root));
	CHECK_EQ(root.xsdt, 0);
	CHECK_EQ(root.length, 20);
	rsdp[16]++;
	CHECK(!acpi_parse_rsdp(rsdp, 36, &root));
	make_rsdp(rsdp, 2);
	rsdp[0] = 'r', rsdp[1] -= 32;	/* the sum is right, the name is not */
	CHECK(!acpi_parse_rsdp(rsdp, 36, &root));
}

/* A COM1 as PCs describe it. */
static void make_spcr(u8 *spcr)
{
	memset(spcr, 0, 88);
	memcpy(spcr, "SPCR", 4);
	spcr[8] = 2;			/* revision */
	spcr[40] = 1, spcr[41] = 8;	/* I/O space, 8 bits */
	spcr[44] = 0xf8, spcr[45] = 0x03;
	spcr[58] = 7;
}

SELFTEST(acpi, spcr_io)
{
	struct uart_place place;
	u8 spcr[88];

	make_spcr(spcr);
	REQUIRE(acpi_parse_spcr(spcr, 80, &place));
	CHECK(!place.mmio);
	CHECK_EQ(place.addr, 0x3f8);
	CHECK_EQ(place.stride, 1);
	CHECK_EQ(place.baud, 115200);
	CHECK_EQ(place.clock, UART_CLOCK);
	for (unsigned int code = 0; code < 256; code++) {
		spcr[58] = code;
		REQUIRE(acpi_parse_spcr(spcr, 80, &place));
		CHECK_EQ(place.baud, code == 3 ? 9600 : code == 4 ? 19200 : code == 6 ? 57600 :
				     code == 7 ? 115200 : 0);
	}
}

static void check_memory(u8 width, u8 access, u8 want_stride, u8 want_access)
{
	struct uart_place place = { 0 };
	u8 spcr[88];

	make_spcr(spcr);
	spcr[40] = 0, spcr[41] = width, spcr[43] = access;
	memcpy(spcr + 44, (u8[]){ 0x00, 0x40, 0x03, 0xfe, 0x01, 0, 0, 0 }, 8);
	CHECK_EQ(acpi_parse_spcr(spcr, 80, &place), want_stride != 0);
	if (!want_stride)
		return;
	CHECK(place.mmio);
	CHECK_EQ(place.addr, 0x1fe034000ULL);
	CHECK_EQ(place.stride, want_stride);
	CHECK_EQ(place.access, want_access);
	CHECK_EQ(place.baud, 0);	/* its clock is not known */
}

SELFTEST(acpi, spcr_memory)
{
	check_memory(8, 1, 1, 1);
	check_memory(8, 0, 1, 1);
	check_memory(32, 3, 4, 4);
	check_memory(32, 1, 4, 1);
	check_memory(32, 0, 4, 4);
	check_memory(16, 2, 2, 2);
	check_memory(0, 3, 4, 4);
	check_memory(0, 0, 1, 1);
	check_memory(64, 3, 8, 4);
	check_memory(8, 4, 0, 0);
	check_memory(24, 1, 0, 0);
	check_memory(255, 1, 0, 0);
}

SELFTEST(acpi, spcr_newer_revisions)
{
	struct uart_place place;
	u8 spcr[88];

	make_spcr(spcr);
	spcr[8] = 4, spcr[40] = 0, spcr[36] = 0x12;
	memcpy(spcr + 76, (u8[]){ 0x00, 0xd8, 0xb8, 0x05 }, 4);	/* 96 MHz */
	memcpy(spcr + 80, (u8[]){ 0xc0, 0xc6, 0x2d, 0x00 }, 4);	/* 3 Mbaud */
	REQUIRE(acpi_parse_spcr(spcr, 84, &place));
	CHECK_EQ(place.clock, 96000000);
	CHECK_EQ(place.baud, 3000000);
	REQUIRE(acpi_parse_spcr(spcr, 80, &place));
	CHECK_EQ(place.baud, 115200);
}

SELFTEST(acpi, spcr_refused)
{
	struct uart_place place;
	u8 spcr[88];

	make_spcr(spcr);
	CHECK(!acpi_parse_spcr(spcr, 79, &place));
	CHECK(!acpi_parse_spcr(spcr, 0, &place));
	spcr[44] = spcr[45] = 0;	/* redirection is off */
	CHECK(!acpi_parse_spcr(spcr, 80, &place));
	make_spcr(spcr);
	spcr[36] = 3;			/* a PL011 */
	CHECK(!acpi_parse_spcr(spcr, 80, &place));
	make_spcr(spcr);
	spcr[40] = 2;			/* PCI configuration space */
	CHECK(!acpi_parse_spcr(spcr, 80, &place));
	make_spcr(spcr);
	spcr[46] = 1;			/* beyond the last port */
	CHECK(!acpi_parse_spcr(spcr, 80, &place));
	make_spcr(spcr);
	spcr[40] = 0, spcr[41] = 32, spcr[43] = 3, spcr[44] = 2;	/* not aligned */
	CHECK(!acpi_parse_spcr(spcr, 80, &place));
}
