/* SPDX-License-Identifier: MIT */
/*
 * ACPI tables, as a firmware lays them out in memory and as our readers find them. The input
 * makes up memory: a byte of flags, then tables: which one, its length (two bytes), its content
 * behind the header. The header, the checksum and the way to the table from the RSDP are made
 * here, or nothing would ever get past them; now and then one of them is wrong.
 *
 * Each table lies alone in what ASan guards: a read past its end is found.
 */
#include <linux/slab.h>
#include <arch/x86_64/acpi.h>
#include <arch/x86_64/console_hw.h>
#include <arch/x86_64/fadt.h>
#include <arch/x86_64/madt.h>
#include <arch/x86_64/pci.h>
#include <arch/x86_64/srat.h>

#include "fuzz.h"
#include "host_fuzz.h"

#define BASE	   0x7fe0000ULL
#define APART	   0x10000ULL		/* from table to table */
#define MAX_TABLES 24
#define MAX_LENGTH 2048
#define HEADER	   36
#define RSDP_SIZE  36

enum { FLAG_RSDT = 1, FLAG_BAD_RSDP = 2 };
enum { TABLE_BAD_SUM = 0x40, TABLE_BAD_LENGTH = 0x80 };

static struct made_table {
	u8 *data;
	u32 length;
} made[MAX_TABLES + 1];			/* the first is the root */
static unsigned int nr_made, nr_mapped;
static struct acpi_tables tables;

static const void *map(u64 phys, size_t size)
{
	u64 index = (phys - BASE) / APART, offset = (phys - BASE) % APART;

	if (phys < BASE || index >= nr_made || offset > made[index].length ||
	    size > made[index].length - offset)
		return NULL;
	nr_mapped++;
	return made[index].data + offset;
}

static void unmap(const void *data, size_t size)
{
	nr_mapped--;
}

static void refuse(u64 phys, const char *why)
{
	FUZZ_CHECK(why);
}

static void seal(u8 *data, u32 length, u32 at)
{
	u8 sum = 0;

	data[at] = 0;
	for (u32 i = 0; i < length; i++)
		sum += data[i];
	data[at] = -sum;
}

static u8 *make(const char *sig, u32 length)
{
	struct made_table *table = &made[nr_made++];

	table->data = host_fuzz_alloc(length);
	table->length = length;
	memset(table->data, 0, length);
	memcpy(table->data, sig, min(length, 4U));
	if (length >= 8)
		memcpy(table->data + 4, &length, 4);
	return table->data;
}

static void read_table(struct fuzz_input *in)
{
	static const char sigs[][5] = {
		"APIC", "SRAT", "SLIT", "SPCR", "MCFG", "FACP", "DSDT", "FACS", "HPET", "SSDT",
	};
	u8 kind = fuzz_byte(in);
	u32 length = HEADER + fuzz_below(in, MAX_LENGTH), i;
	u8 *data = make(sigs[(kind & 0x3f) % ARRAY_SIZE(sigs)], length);

	data[8] = fuzz_byte(in);		/* the revision */
	for (i = HEADER; i < length && in->size; i++)
		data[i] = fuzz_byte(in);
	if (kind & TABLE_BAD_LENGTH)
		data[4 + kind % 4] ^= 1 << kind % 8;
	seal(data, length, 9);
	if (kind & TABLE_BAD_SUM)
		data[9]++;
}

/* The root leads to every table, to each address once more for good measure. */
static void make_root(u8 flags)
{
	u32 width = flags & FLAG_RSDT ? 4 : 8, i;
	u8 *data = made[0].data;

	memcpy(data, flags & FLAG_RSDT ? "RSDT" : "XSDT", 4);
	for (i = 0; i < MAX_TABLES; i++) {
		u64 phys = BASE + (1 + i % (nr_made > 1 ? nr_made - 1 : 1)) * APART;

		memcpy(data + HEADER + i * width, &phys, width);
	}
	seal(data, made[0].length, 9);
}

static void make_rsdp(u8 *rsdp, u8 flags)
{
	u64 root = BASE;
	u32 size = RSDP_SIZE;

	memset(rsdp, 0, RSDP_SIZE);
	memcpy(rsdp, "RSD PTR ", 8);
	rsdp[15] = flags & FLAG_RSDT ? 0 : 2;
	memcpy(rsdp + 16, &root, 4);
	memcpy(rsdp + 20, &size, 4);
	memcpy(rsdp + 24, &root, 8);
	seal(rsdp, 20, 8);
	seal(rsdp, RSDP_SIZE, 32);
	if (flags & FLAG_BAD_RSDP)
		rsdp[flags % RSDP_SIZE] ^= flags;
}

static void read_srat(const struct acpi_table *table)
{
	static struct srat srat;

	if (!srat_parse(table->data, table->length, &srat))
		return;
	FUZZ_CHECK(srat.nr_memory <= SRAT_MAX_RANGES && srat.nr_cpus <= NR_CPUS);
	for (unsigned int i = 0; i < srat.nr_memory; i++) {
		FUZZ_CHECK(srat.memory[i].start < srat.memory[i].end);
		FUZZ_CHECK(srat_node(&srat, srat.memory[i].domain) < MAX_NUMNODES);
	}
	for (unsigned int i = 0; i < srat.nr_cpus; i++)
		FUZZ_CHECK(srat_cpu_node(&srat, srat.cpus[i].apic_id) < MAX_NUMNODES);
}

static void read_madt(const struct acpi_table *table)
{
	static struct madt madt;

	if (!madt_parse(table->data, table->length, &madt))
		return;
	FUZZ_CHECK(madt.nr_cpus <= NR_CPUS && madt.nr_ioapics <= MADT_MAX_IOAPICS);
	FUZZ_CHECK(madt.nr_overrides <= MADT_MAX_OVERRIDES && madt.nr_nmis <= MADT_MAX_NMIS);
}

static void read_slit(const struct acpi_table *table)
{
	if (slit_refusal(table->data, table->length))
		return;
	for (u32 from = 0; from < 20; from++) {
		int there = slit_distance(table->data, from, 19 - from);

		FUZZ_CHECK(there >= 0 && there <= 255);
	}
}

static void read_fadt(const struct acpi_table *table)
{
	u16 port = 0;
	u64 mask = 0;

	if (!fadt_pm_timer(table->data, table->length, &port, &mask))
		FUZZ_CHECK(port && port <= 0xfffc && (mask == 0xffffff || mask == 0xffffffff));
	if (!fadt_gpe_status(table->data, table->length, &port))
		FUZZ_CHECK(port);
}

static void read_hpet(const struct acpi_table *table)
{
	u64 address = 0;

	if (!hpet_place(table->data, table->length, &address))
		FUZZ_CHECK(address && address < 1ULL << 52);
}

static void read_tables(void)
{
	struct mcfg_window window;
	struct uart_place place;

	for (unsigned int i = 0; i < tables.nr; i++) {
		const struct acpi_table *table = &tables.table[i];

		FUZZ_CHECK(acpi_lookup(&tables, table->sig));
		if (!strcmp(table->sig, "SRAT"))
			read_srat(table);
		else if (!strcmp(table->sig, "APIC"))
			read_madt(table);
		else if (!strcmp(table->sig, "SLIT"))
			read_slit(table);
		else if (!strcmp(table->sig, "FACP"))
			read_fadt(table);
		else if (!strcmp(table->sig, "HPET"))
			read_hpet(table);
		else if (!strcmp(table->sig, "MCFG"))
			mcfg_find(table->data, table->length, &window);
		else if (!strcmp(table->sig, "SPCR"))
			acpi_parse_spcr(table->data, table->length, &place);
	}
}

FUZZ_TARGET(acpi, false)
{
	u8 rsdp[RSDP_SIZE], flags = fuzz_byte(in);
	struct acpi_root root;

	tables = (struct acpi_tables){ .map = map, .unmap = unmap, .refuse = refuse };
	nr_made = nr_mapped = 0;
	make("XSDT", HEADER + MAX_TABLES * (flags & FLAG_RSDT ? 4 : 8));
	while (in->size && nr_made <= MAX_TABLES)
		read_table(in);
	make_root(flags);
	make_rsdp(rsdp, flags);
	if (acpi_parse_rsdp(rsdp, sizeof(rsdp), &root)) {
		acpi_collect(&tables, &root);
		FUZZ_CHECK(nr_mapped == tables.nr);
		read_tables();
	}
	while (nr_made)
		host_fuzz_free(made[--nr_made].data);
}
