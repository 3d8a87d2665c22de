/* SPDX-License-Identifier: MIT */
/*
 * Reading the table of processors: sound ones, and whatever firmware may come up with. Tables
 * are made up in an array exactly as long as the table says, at the end of a buffer, so
 * that a read past its end is a report of the address sanitizer.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <arch/x86_64/madt.h>
#include <tests/selftest.h>

#define HEAD 44
#define SIZE 8192

static u8 buffer[SIZE];
static u32 used;
static struct madt madt;

static void begin(u32 apic_address, u32 flags)
{
	memset(buffer, 0, sizeof(buffer));
	memcpy(buffer, "APIC", 4);
	memcpy(buffer + 36, &apic_address, 4);
	memcpy(buffer + 40, &flags, 4);
	used = HEAD;
}

static void add(const void *entry, u8 size)
{
	memcpy(buffer + used, entry, size);
	used += size;
}

static void add_cpu(u8 uid, u8 id, u8 flags)
{
	add((u8 []){ 0, 8, uid, id, flags, 0, 0, 0 }, 8);
}

static void add_x2_cpu(u32 uid, u32 id, u32 flags)
{
	u8 entry[16] = { 9, 16 };

	memcpy(entry + 4, &id, 4);
	memcpy(entry + 8, &flags, 4);
	memcpy(entry + 12, &uid, 4);
	add(entry, sizeof(entry));
}

static void add_ioapic(u8 id, u32 address, u32 gsi_base)
{
	u8 entry[12] = { 1, 12, id };

	memcpy(entry + 4, &address, 4);
	memcpy(entry + 8, &gsi_base, 4);
	add(entry, sizeof(entry));
}

static void add_override(u8 bus, u8 isa, u32 gsi, u16 flags)
{
	u8 entry[10] = { 2, 10, bus, isa };

	memcpy(entry + 4, &gsi, 4);
	memcpy(entry + 8, &flags, 2);
	add(entry, sizeof(entry));
}

/* What lies behind the table is moved away from it: reads must stop at its end. */
static bool parse(void)
{
	u8 *at = buffer + SIZE - used;

	memmove(at, buffer, used);
	return madt_parse(at, used, &madt);
}

SELFTEST(madt, typical)
{
	begin(0xfee00000, 1);
	add_cpu(0, 0, 1);
	add_cpu(1, 2, 1);
	add_ioapic(7, 0xfec00000, 0);
	add_override(0, 0, 2, 0);
	add_override(0, 9, 9, 0xd);
	add((u8 []){ 4, 6, 0xff, 0, 0, 1 }, 6);
	REQUIRE(parse());
	CHECK_EQ(madt.apic_address, 0xfee00000);
	CHECK(madt.legacy_controllers);
	CHECK_EQ(madt.nr_cpus, 2);
	CHECK_EQ(madt.cpus[1].apic_id, 2);
	CHECK_EQ(madt.cpus[1].uid, 1);
	CHECK_EQ(madt.nr_ioapics, 1);
	CHECK_EQ(madt.ioapics[0].address, 0xfec00000);
	CHECK_EQ(madt.ioapics[0].id, 7);
	CHECK_EQ(madt.nr_overrides, 2);
	CHECK_EQ(madt.overrides[0].gsi, 2);
	CHECK_EQ(madt.overrides[1].flags & MADT_TRIGGER, MADT_LEVEL);
	CHECK_EQ(madt.nr_nmis, 1);
	CHECK_EQ(madt.nmis[0].uid, MADT_EVERY_CPU);
	CHECK_EQ(madt.nmis[0].lint, 1);
	CHECK_EQ(madt.nr_bad + madt.nr_dropped + madt.nr_duplicates + madt.nr_disabled, 0);
}

SELFTEST(madt, x2apic_entries)
{
	begin(0xfee00000, 0);
	add_x2_cpu(1000, 0x12345, 1);
	add_x2_cpu(1001, 300, 1);
	add_x2_cpu(1002, 0xffffffff, 1);	/* nobody's id */
	add((u8 []){ 10, 12, 5, 0, 0xe9, 3, 0, 0, 1, 0, 0, 0 }, 12);
	REQUIRE(parse());
	CHECK(!madt.legacy_controllers);
	CHECK_EQ(madt.nr_cpus, 2);
	CHECK_EQ(madt.cpus[0].apic_id, 0x12345);
	CHECK_EQ(madt.cpus[1].uid, 1001);
	CHECK_EQ(madt.nr_bad, 1);
	CHECK_EQ(madt.nr_nmis, 1);
	CHECK_EQ(madt.nmis[0].uid, 1001);
	CHECK_EQ(madt.nmis[0].flags, 5);
}

SELFTEST(madt, disabled_cpus_are_not_there)
{
	begin(0xfee00000, 0);
	add_cpu(0, 0, 1);
	add_cpu(1, 1, 0);
	add_cpu(2, 2, 2);			/* may be plugged in */
	add_cpu(3, 0xff, 0);			/* how firmware marks empty sockets */
	add_x2_cpu(4, 4, 2);
	add_cpu(5, 5, 3);			/* enabled: the other flag says nothing */
	REQUIRE(parse());
	CHECK_EQ(madt.nr_cpus, 2);
	CHECK_EQ(madt.cpus[1].apic_id, 5);
	CHECK_EQ(madt.nr_disabled, 4);
	CHECK_EQ(madt.nr_pluggable, 2);
	CHECK_EQ(madt.nr_bad, 0);
}

SELFTEST(madt, duplicates_count_once)
{
	begin(0xfee00000, 0);
	add_cpu(0, 0, 1);
	add_cpu(0, 0, 1);
	add_x2_cpu(0, 0, 1);
	add_ioapic(0, 0xfec00000, 0);
	add_ioapic(1, 0xfec00000, 24);
	add_ioapic(2, 0xfec01000, 0);
	add_override(0, 0, 2, 0);
	add_override(0, 0, 7, 0);
	REQUIRE(parse());
	CHECK_EQ(madt.nr_cpus, 1);
	CHECK_EQ(madt.nr_ioapics, 1);
	CHECK_EQ(madt.nr_overrides, 1);
	CHECK_EQ(madt.overrides[0].gsi, 7);
	CHECK_EQ(madt.nr_duplicates, 5);
}

SELFTEST(madt, more_cpus_than_fit)
{
	u32 i;

	begin(0xfee00000, 0);
	for (i = 0; i < NR_CPUS + 3; i++)
		add_x2_cpu(i, i, 1);
	REQUIRE(parse());
	CHECK_EQ(madt.nr_cpus, NR_CPUS);
	CHECK_EQ(madt.cpus[NR_CPUS - 1].apic_id, NR_CPUS - 1);
	CHECK_EQ(madt.nr_dropped, 3);
}

SELFTEST(madt, more_of_the_rest_than_fits)
{
	u32 i;

	begin(0xfee00000, 0);
	for (i = 0; i < MADT_MAX_IOAPICS + 1; i++)
		add_ioapic(i, 0xfec00000 + i * 0x1000, i * 24);
	for (i = 0; i < MADT_MAX_NMIS + 1; i++)
		add((u8 []){ 4, 6, i, 0, 0, 0 }, 6);
	for (i = 0; i < 16; i++)
		add_override(0, i, i, 0);
	REQUIRE(parse());
	CHECK_EQ(madt.nr_ioapics, MADT_MAX_IOAPICS);
	CHECK_EQ(madt.nr_nmis, MADT_MAX_NMIS);
	CHECK_EQ(madt.nr_overrides, 16);
	CHECK_EQ(madt.nr_dropped, 2);
}

SELFTEST(madt, senseless_entries_are_left_out)
{
	begin(0xfee00000, 0);
	add_cpu(0, 0xff, 1);
	add_ioapic(0, 0, 0);
	add_ioapic(0, 0xfec00001, 0);
	add_override(1, 0, 2, 0);		/* not ISA */
	add_override(0, 16, 2, 0);
	add((u8 []){ 4, 6, 0, 0, 0, 2 }, 6);	/* there is no third input */
	add((u8 []){ 0, 7, 1, 1, 1, 0, 0 }, 7);	/* too short for its type */
	add_cpu(2, 2, 1);
	REQUIRE(parse());
	CHECK_EQ(madt.nr_bad, 7);
	CHECK_EQ(madt.nr_cpus, 1);
	CHECK_EQ(madt.nr_ioapics + madt.nr_overrides + madt.nr_nmis, 0);
}

SELFTEST(madt, apic_address)
{
	u8 entry[12] = { 5, 12 };
	u64 address = 0x812340000, odd = 0x1234, high = 1ULL << 60;

	begin(0xfee00000, 0);
	memcpy(entry + 4, &address, 8);
	add(entry, sizeof(entry));
	memcpy(entry + 4, &odd, 8);
	add(entry, sizeof(entry));
	memcpy(entry + 4, &high, 8);
	add(entry, sizeof(entry));
	REQUIRE(parse());
	CHECK_EQ(madt.apic_address, address);
	CHECK_EQ(madt.nr_bad, 2);
}

/* Types that nobody knows, of any length from 2, also between those that are known. */
SELFTEST(madt, unknown_types_are_stepped_over)
{
	u8 entry[255] = { 0 };
	unsigned int type;

	begin(0xfee00000, 0);
	for (type = 11; type < 40; type++) {
		entry[0] = type;
		entry[1] = 2 + type;
		add(entry, entry[1]);
	}
	entry[0] = 3;				/* known, but nothing to us */
	entry[1] = 8;
	add(entry, 8);
	add_cpu(1, 1, 1);
	REQUIRE(parse());
	CHECK_EQ(madt.nr_cpus, 1);
	CHECK_EQ(madt.nr_bad, 0);
}

/* Lengths that never end, or end behind the table. */
SELFTEST(madt, broken_lengths_end_the_list)
{
	static const u8 lengths[] = { 0, 1, 9, 255 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		begin(0xfee00000, 0);
		add_cpu(0, 0, 1);
		add((u8 []){ 0, lengths[i], 1, 1, 1, 0, 0, 0 }, 8);
		CHECK(parse());
		CHECK_EQ(madt.nr_cpus, 1);
		CHECK_EQ(madt.nr_bad, 1);
	}
}

SELFTEST(madt, every_truncation)
{
	u8 whole[128];
	u32 length, full;

	begin(0xfee00000, 1);
	add_cpu(0, 0, 1);
	add_x2_cpu(1, 1, 1);
	add_ioapic(0, 0xfec00000, 0);
	add_override(0, 0, 2, 0);
	full = used;
	memcpy(whole, buffer, full);
	for (length = 0; length < full; length++) {
		memcpy(buffer, whole, length);
		used = length;
		CHECK_EQ(parse(), length >= HEAD);
		CHECK(madt.nr_cpus <= 2 && madt.nr_ioapics <= 1 && madt.nr_overrides == 0);
	}
}

SELFTEST(madt, random_bytes_do_no_harm)
{
	unsigned long i, n = selftest_scaled(200);
	u32 k;

	while (n--) {
		begin(0xfee00000, 0);
		used += selftest_random_below(200);
		for (i = HEAD; i < used; i++)
			buffer[i] = selftest_random_below(4) ? selftest_random_below(17) :
							       selftest_random();
		CHECK(parse());
		CHECK(madt.nr_cpus <= NR_CPUS && madt.nr_overrides <= 16);
		for (k = 0; k < madt.nr_nmis; k++)
			CHECK(madt.nmis[k].lint <= 1);
	}
}
