/* SPDX-License-Identifier: MIT */
/*
 * Reading the table of nodes: sound ones, and whatever firmware may come up with. Tables are
 * made up in an array exactly as long as the table says, at the end of a buffer, so that a
 * read past its end is a report of the address sanitizer.
 */
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <arch/x86_64/srat.h>
#include <tests/selftest.h>

#define HEAD 48
#define SIZE 16384

static u8 buffer[SIZE];
static u32 used;
static struct srat srat;

static void begin(u8 revision)
{
	memset(buffer, 0, sizeof(buffer));
	memcpy(buffer, "SRAT", 4);
	buffer[8] = revision;
	buffer[36] = 1;
	used = HEAD;
}

static void add(const void *entry, u8 size)
{
	memcpy(buffer + used, entry, size);
	used += size;
}

static void add_cpu(u32 domain, u8 apic_id, u8 flags)
{
	add((u8 []){ 0, 16, domain, apic_id, flags, 0, 0, 0, 0, domain >> 8, domain >> 16,
		     domain >> 24, 0, 0, 0, 0 }, 16);
}

static void add_x2_cpu(u32 domain, u32 apic_id, u32 flags)
{
	u8 entry[24] = { 2, 24 };

	memcpy(entry + 4, &domain, 4);
	memcpy(entry + 8, &apic_id, 4);
	memcpy(entry + 12, &flags, 4);
	add(entry, sizeof(entry));
}

static void add_memory(u32 domain, u64 base, u64 length, u32 flags)
{
	u8 entry[40] = { 1, 40 };

	memcpy(entry + 2, &domain, 4);
	memcpy(entry + 8, &base, 8);
	memcpy(entry + 16, &length, 8);
	memcpy(entry + 28, &flags, 4);
	add(entry, sizeof(entry));
}

/* What lies behind the table is moved away from it: reads must stop at its end. */
static bool parse(void)
{
	u8 *at = buffer + SIZE - used;

	memmove(at, buffer, used);
	return srat_parse(at, used, &srat);
}

/* Everything that was not simply taken. */
static unsigned int nr_odd(void)
{
	return srat.nr_disabled + srat.nr_hotplug + srat.nr_folded + srat.nr_duplicates +
	       srat.nr_overlaps + srat.nr_dropped + srat.nr_bad;
}

SELFTEST(srat, typical)
{
	begin(3);
	add_cpu(0, 0, 1);
	add_cpu(1, 2, 1);
	add_x2_cpu(1, 300, 1);
	add_memory(0, 0, 0xa0000, 1);
	add_memory(0, SZ_1M, 0x7ff00000, 1);
	add_memory(1, SZ_4G, SZ_2G, 1);
	REQUIRE(parse());
	CHECK_EQ(srat.nr_cpus, 3);
	CHECK_EQ(srat.nr_memory, 3);
	CHECK_EQ(srat.nr_domains, 2);
	CHECK_EQ(srat.memory[1].start, SZ_1M);
	CHECK_EQ(srat.memory[1].end, SZ_2G);
	CHECK_EQ(srat.memory[2].end, SZ_4G + SZ_2G);
	CHECK_EQ(srat_node(&srat, srat.memory[2].domain), 1);
	CHECK_EQ(srat_cpu_node(&srat, 0), 0);
	CHECK_EQ(srat_cpu_node(&srat, 2), 1);
	CHECK_EQ(srat_cpu_node(&srat, 300), 1);
	CHECK_EQ(srat_cpu_node(&srat, 1), NUMA_NO_NODE);
	CHECK_EQ(nr_odd(), 0);
}

/* Numbers of 32 bits in any order, with gaps. */
SELFTEST(srat, sparse_domains_become_dense_nodes)
{
	begin(2);
	add_memory(0xfffffffe, SZ_4G, SZ_1G, 1);
	add_cpu(0x12345607, 0, 1);
	add_x2_cpu(3, 1, 1);			/* a node without memory */
	add_memory(0x12345607, 0, SZ_1G, 1);
	add_memory(0x100, 2 * SZ_4G, SZ_1G, 1); /* one without processors */
	REQUIRE(parse());
	CHECK_EQ(srat.nr_domains, 4);
	CHECK_EQ(srat_node(&srat, 3), 0);
	CHECK_EQ(srat_node(&srat, 0x100), 1);
	CHECK_EQ(srat_node(&srat, 0x12345607), 2);
	CHECK_EQ(srat_node(&srat, 0xfffffffe), 3);
	CHECK_EQ(srat_cpu_node(&srat, 0), 2);
	CHECK_EQ(srat_cpu_node(&srat, 1), 0);
	CHECK_EQ(nr_odd(), 0);
}

/* Then the other three bytes are reserved, and may hold anything. */
SELFTEST(srat, revision_1_has_domains_of_8_bits)
{
	begin(1);
	add_cpu(0xabcdef02, 0, 1);
	add_memory(0xabcdef01, 0, SZ_1G, 1);
	REQUIRE(parse());
	CHECK_EQ(srat.cpus[0].domain, 2);
	CHECK_EQ(srat.memory[0].domain, 1);
}

SELFTEST(srat, disabled_entries_mean_nothing)
{
	begin(2);
	add_cpu(7, 0, 0);
	add_x2_cpu(8, 1, 0);
	add_memory(9, 0, SZ_1G, 0);
	add_memory(9, 0, 0, 2);
	add_cpu(1, 0xff, 0);
	add_cpu(1, 5, 1);
	REQUIRE(parse());
	CHECK_EQ(srat.nr_disabled, 5);
	CHECK_EQ(srat.nr_domains, 1);
	CHECK_EQ(srat.nr_cpus, 1);
	CHECK_EQ(srat.nr_memory, 0);
	CHECK_EQ(srat.nr_bad, 0);
}

SELFTEST(srat, hot_pluggable_ranges_are_ranges)
{
	begin(2);
	add_memory(0, 0, SZ_1G, 1);
	add_memory(1, SZ_4G, SZ_4G, 3);
	add_memory(1, 3 * SZ_4G, SZ_4G, 7);	/* and not volatile */
	REQUIRE(parse());
	CHECK_EQ(srat.nr_memory, 3);
	CHECK_EQ(srat.nr_hotplug, 2);
	CHECK_EQ(srat.hotplug_end, 4 * SZ_4G);
	CHECK_EQ(srat.nr_domains, 2);
}

SELFTEST(srat, overlapping_ranges_are_refused)
{
	begin(2);
	add_memory(0, SZ_1G, SZ_1G, 1);
	add_memory(1, SZ_2G - SZ_4K, SZ_1G, 1);	/* its first page */
	add_memory(1, 0, SZ_1G + SZ_4K, 1);	/* its last */
	add_memory(1, SZ_1G + SZ_1M, SZ_1M, 1);	/* inside */
	add_memory(1, 0, SZ_4G, 1);		/* around */
	add_memory(1, 0, SZ_1G, 1);		/* they touch: fine */
	add_memory(1, SZ_2G, SZ_1G, 1);
	add_memory(0, SZ_1G, SZ_1M, 1);		/* its own domain: no contradiction */
	REQUIRE(parse());
	CHECK_EQ(srat.nr_overlaps, 4);
	CHECK_EQ(srat.nr_memory, 4);
	CHECK_EQ(srat.nr_bad, 0);
}

SELFTEST(srat, senseless_entries_are_left_out)
{
	begin(2);
	add_memory(1, SZ_1G, 0, 1);
	add_memory(1, ~0ULL - 0xfff, SZ_2M, 1);	/* wraps */
	add_memory(1, SZ_1G, ~0ULL - 0xfff, 1);
	add_memory(1, 1ULL << 52, SZ_2M, 1);	/* no address */
	add_memory(1, 0x800, SZ_2M, 1);		/* not in whole pages */
	add_memory(1, 0, SZ_2M + 1, 1);
	add_cpu(1, 0xff, 1);			/* nobody's ids */
	add_x2_cpu(1, 0xffffffff, 1);
	add((u8 [15]){ 0, 15, 1, 1, 1 }, 15);	/* too short for their types */
	add((u8 [39]){ 1, 39, 1 }, 39);
	add((u8 [23]){ 2, 23 }, 23);
	add_memory(5, (1ULL << 52) - SZ_2M, SZ_2M, 1);
	REQUIRE(parse());
	CHECK_EQ(srat.nr_bad, 11);
	CHECK_EQ(srat.nr_cpus, 0);
	CHECK_EQ(srat.nr_memory, 1);
	CHECK_EQ(srat.nr_domains, 1);
	CHECK_EQ(srat.domains[0], 5);
}

SELFTEST(srat, a_cpu_is_where_it_was_first)
{
	begin(2);
	add_cpu(1, 4, 1);
	add_cpu(2, 4, 1);
	add_x2_cpu(1, 4, 1);
	REQUIRE(parse());
	CHECK_EQ(srat.nr_duplicates, 2);
	CHECK_EQ(srat.nr_cpus, 1);
	CHECK_EQ(srat.nr_domains, 1);
	CHECK_EQ(srat_cpu_node(&srat, 4), 0);
}

SELFTEST(srat, more_domains_than_nodes_are_folded)
{
	u32 i;

	begin(2);
	for (i = 0; i < MAX_NUMNODES + 5; i++)
		add_memory(1000 - i, (u64)i * SZ_1G, SZ_1G, 1);
	REQUIRE(parse());
	CHECK_EQ(srat.nr_memory, MAX_NUMNODES + 5);
	CHECK_EQ(srat.nr_domains, MAX_NUMNODES);
	CHECK_EQ(srat.nr_folded, 5);
	for (i = 0; i < srat.nr_memory; i++) {
		int nid = srat_node(&srat, srat.memory[i].domain);

		CHECK(nid >= 0 && nid < MAX_NUMNODES);
		if (i < MAX_NUMNODES)
			CHECK_EQ(nid, MAX_NUMNODES - 1 - i);
	}
}

SELFTEST(srat, more_entries_than_fit)
{
	u32 i;

	begin(2);
	for (i = 0; i < NR_CPUS + 3; i++)
		add_x2_cpu(0, i, 1);
	REQUIRE(parse());
	CHECK_EQ(srat.nr_cpus, NR_CPUS);
	CHECK_EQ(srat.nr_dropped, 3);
	begin(2);
	for (i = 0; i < SRAT_MAX_RANGES + 2; i++)
		add_memory(i % 3, (u64)i * SZ_1M, SZ_1M, 1);
	REQUIRE(parse());
	CHECK_EQ(srat.nr_memory, SRAT_MAX_RANGES);
	CHECK_EQ(srat.nr_dropped, 2);
}

/* Other processors, devices, and what is yet to be thought of, between those that are known. */
SELFTEST(srat, unknown_types_are_stepped_over)
{
	u8 entry[64] = { 0 };
	unsigned int type;

	begin(3);
	for (type = 3; type < 40; type++) {
		entry[0] = type;
		entry[1] = 2 + type;
		add(entry, entry[1]);
	}
	add_cpu(0, 1, 1);
	REQUIRE(parse());
	CHECK_EQ(srat.nr_cpus, 1);
	CHECK_EQ(srat.nr_bad, 0);
}

/* Lengths that never end, or end behind the table. */
SELFTEST(srat, broken_lengths_end_the_list)
{
	static const u8 lengths[] = { 0, 1, 17, 255 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		begin(2);
		add_cpu(0, 0, 1);
		add_cpu(0, 1, 1);
		buffer[used - 15] = lengths[i];
		CHECK(parse());
		CHECK_EQ(srat.nr_cpus, 1);
		CHECK_EQ(srat.nr_bad, 1);
	}
}

SELFTEST(srat, every_truncation)
{
	u8 whole[256];
	u32 length, full;

	begin(2);
	add_cpu(0, 0, 1);
	add_x2_cpu(1, 1, 1);
	add_memory(0, 0, SZ_1G, 1);
	add_memory(1, SZ_4G, SZ_1G, 1);
	full = used;
	memcpy(whole, buffer, full);
	for (length = 0; length < full; length++) {
		memcpy(buffer, whole, length);
		used = length;
		CHECK_EQ(parse(), length >= HEAD);
		CHECK(srat.nr_cpus <= 2 && srat.nr_memory <= 1 && srat.nr_domains <= 2);
		CHECK(srat.nr_bad <= 1);
	}
}

SELFTEST(srat, random_bytes_do_no_harm)
{
	unsigned long i, n = selftest_scaled(200);
	u32 k;

	while (n--) {
		begin(selftest_random_below(4));
		for (k = 0; k < 40; k++) {
			add_cpu(selftest_random_below(100), selftest_random(), 1);
			add_x2_cpu(selftest_random(), selftest_random_below(300), 1);
			add_memory(selftest_random_below(9), selftest_random_below(64) * SZ_1M,
				   selftest_random_below(9) * SZ_1M, 1);
		}
		used -= selftest_random_below(40);
		for (i = HEAD; i < used; i++)
			if (!selftest_random_below(50))
				buffer[i] = selftest_random();
		CHECK(parse());
		CHECK(srat.nr_cpus <= NR_CPUS && srat.nr_memory <= SRAT_MAX_RANGES);
		for (k = 1; k < srat.nr_domains; k++)
			CHECK(srat.domains[k - 1] < srat.domains[k]);
		for (k = 0; k < srat.nr_memory; k++)
			CHECK(srat.memory[k].start < srat.memory[k].end);
	}
}
