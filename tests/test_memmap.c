/* SPDX-License-Identifier: MIT */
/* Firmware maps and memory options on a model of the first 256 pages and 4 above 4 GiB. */
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <kernel/boot.h>
#include <kernel/memmap.h>
#include <tests/selftest.h>

#define LOW_PAGES 256
#define HIGH_START SZ_4G
#define HIGH_PAGES 4
#define PAGES (LOW_PAGES + HIGH_PAGES)
#define LIMIT (HIGH_START + HIGH_PAGES * SZ_4K)

static bool is_ram[PAGES];
static bool removing;		/* no add may come after a remove */
static struct memmap_options options;

static u64 page_start(unsigned int i)
{
	return i < LOW_PAGES ? i * SZ_4K : HIGH_START + (i - LOW_PAGES) * SZ_4K;
}

static void model_set(phys_addr_t start, phys_addr_t size, bool ram)
{
	unsigned int i;

	CHECK(size && IS_ALIGNED(start | size, SZ_4K) && start + size > start);
	for (i = 0; i < PAGES; i++)
		if (page_start(i) >= start && page_start(i) < start + size)
			is_ram[i] = ram;
}

static int model_add(phys_addr_t start, phys_addr_t size)
{
	CHECK(!removing);
	CHECK(start + size <= LIMIT);
	model_set(start, size, true);
	return 0;
}

static int model_remove(phys_addr_t start, phys_addr_t size)
{
	removing = true;
	model_set(start, size, false);
	return 0;
}

static const struct memmap_sink model = { model_add, model_remove };

/* Applies ranges and a command line to the empty model. */
static u32 apply(const struct boot_range *ranges, u32 nr, const char *cmdline)
{
	const char *before = cmdline_set(cmdline);

	memset(is_ram, 0, sizeof(is_ram));
	removing = false;
	memmap_read_options(&options);
	cmdline_set(before);
	return memmap_apply(ranges, nr, &options, LIMIT, &model);
}

static unsigned int ram_pages(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < PAGES; i++)
		nr += is_ram[i];
	return nr;
}

/* Are exactly the low pages [from, to) RAM? */
static bool only(unsigned int from, unsigned int to)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		if (is_ram[i] != (i >= from && i < to))
			return false;
	return true;
}

#define K(n) ((u64)(n) << 10)
#define APPLY(cmdline, ...) ({ \
	static const struct boot_range ranges_[] = { __VA_ARGS__ }; \
	apply(ranges_, ARRAY_SIZE(ranges_), cmdline); })

SELFTEST(memmap, not_ram_wins_in_any_order)
{
	APPLY("", { K(0), K(1024), BOOT_RAM }, { K(400), K(624), BOOT_RESERVED });
	CHECK(only(0, 100));
	APPLY("", { K(400), K(624), BOOT_RESERVED }, { K(0), K(1024), BOOT_RAM });
	CHECK(only(0, 100));
	APPLY("", { K(0), K(400), BOOT_ACPI }, { K(0), K(1024), BOOT_RAM },
	      { K(800), K(100), BOOT_NVS }, { K(900), K(200), BOOT_BAD });
	CHECK(only(100, 200));
	/* A type that nobody has heard of is not RAM. */
	APPLY("", { K(0), K(1024), BOOT_RAM }, { K(4), K(1020), 77 }, { 0, K(4), 0 });
	CHECK(only(0, 0));
}

SELFTEST(memmap, pages_in_part)
{
	APPLY("", { 1, K(8), BOOT_RAM });
	CHECK(only(1, 2));
	APPLY("", { 1, K(4), BOOT_RAM });
	CHECK(only(0, 0));
	APPLY("", { 0, K(40), BOOT_RAM }, { K(16) - 1, K(24) + 1, BOOT_RESERVED });
	CHECK(only(0, 3));
	APPLY("", { 0, K(40), BOOT_RAM }, { K(16), 1, BOOT_RESERVED }, { K(20), K(20), 2 });
	CHECK(only(0, 4));
}

SELFTEST(memmap, empty_wrapping_and_far_entries)
{
	APPLY("", { K(4), 0, BOOT_RAM }, { K(8), K(4), BOOT_RAM }, { K(8), 0, BOOT_RESERVED },
	      { K(9), 0, BOOT_RESERVED });
	CHECK(only(2, 3));
	/* RAM that wraps reaches the end of what there is, and reserved memory too. */
	APPLY("", { K(1020), ~0ULL, BOOT_RAM });
	CHECK(is_ram[255] && is_ram[PAGES - 1] && ram_pages() == 1 + HIGH_PAGES);
	APPLY("", { 0, K(1024), BOOT_RAM }, { K(40), ~0ULL - 5, BOOT_RESERVED });
	CHECK(only(0, 10));
	APPLY("", { ~0ULL, ~0ULL, BOOT_RAM }, { ~0ULL - 1, 1, BOOT_RESERVED },
	      { LIMIT, SZ_4G, BOOT_RAM }, { LIMIT - K(4), SZ_4G, BOOT_RAM });
	CHECK(is_ram[PAGES - 1] && ram_pages() == 1);
}

SELFTEST(memmap, ram_beyond_the_last_address_is_counted)
{
	CHECK_EQ(APPLY("", { 0, K(1024), BOOT_RAM }, { HIGH_START, LIMIT - HIGH_START, BOOT_RAM },
		       { LIMIT, 0, BOOT_RAM }, { LIMIT, SZ_1G, BOOT_RESERVED }), 0);
	CHECK_EQ(APPLY("", { LIMIT - K(4), K(5), BOOT_RAM }, { LIMIT, 1, BOOT_RAM },
		       { ~0ULL - K(4), ~0ULL, BOOT_RAM }), 3);
	CHECK_EQ(ram_pages(), 1);
	CHECK_EQ(APPLY("memmap=1G@1T,1G$2T", { 0, K(1024), BOOT_RAM }), 1);
	CHECK(only(0, 256));
	/* Nobody misses what nobody wanted; but what somebody names is wanted. */
	CHECK_EQ(APPLY("mem=1M", { 0, K(1024), BOOT_RAM }, { LIMIT, SZ_1G, BOOT_RAM }), 0);
	CHECK_EQ(APPLY("mem=1M memmap=1G@1T", { LIMIT, SZ_1G, BOOT_RAM }), 1);
	CHECK_EQ(APPLY("memmap=exactmap,4K@0", { LIMIT, SZ_1G, BOOT_RAM }), 0);
}

SELFTEST(memmap, options_limit)
{
	APPLY("mem=64K", { 0, K(1024), BOOT_RAM }, { HIGH_START, SZ_1M, BOOT_RAM });
	CHECK(only(0, 16));
	APPLY("mem=0x9fff", { 0, K(1024), BOOT_RAM });
	CHECK(only(0, 9));
	APPLY("mem=400K memmap=100K mem=1G", { 0, K(1024), BOOT_RAM });
	CHECK(only(0, 25));
	APPLY("mem=1T", { 0, K(1024), BOOT_RAM }, { HIGH_START, SZ_1M, BOOT_RAM });
	CHECK_EQ(ram_pages(), PAGES);
}

SELFTEST(memmap, options_take_memory_away)
{
	APPLY("memmap=512K$512K", { 0, K(1024), BOOT_RAM });
	CHECK(only(0, 128));
	APPLY("memmap=4K#0x1000,4K!8K memmap=1012K$12K", { 0, K(1024), BOOT_RAM });
	CHECK(only(0, 1));
	APPLY("memmap=1$0x7001", { 0, K(32), BOOT_RAM });
	CHECK(only(0, 7));
	/* Wherever the option stands, what is reserved stays reserved. */
	APPLY("memmap=16K$0 memmap=32K@0", { K(512), K(4), BOOT_RESERVED });
	CHECK(only(4, 8));
}

SELFTEST(memmap, options_add_memory)
{
	APPLY("memmap=64K@0", { K(128), K(64), BOOT_RESERVED });
	CHECK(only(0, 16));
	APPLY("memmap=256K@0", { K(128), K(896), BOOT_RESERVED });
	CHECK(only(0, 32));
	APPLY("mem=4K memmap=4K@4K", { 0, K(1024), BOOT_RAM });
	CHECK(only(0, 2));
}

SELFTEST(memmap, options_exactmap)
{
	APPLY("memmap=exactmap memmap=640K@0", { 0, K(1024), BOOT_RAM },
	      { K(64), K(64), BOOT_RESERVED });
	CHECK(only(0, 160));
	APPLY("memmap=40K@0,100K@100K,exactmap,64K@0,4K$60K", { K(128), K(512), BOOT_RAM });
	CHECK(only(0, 15));
	APPLY("memmap=exactmap", { 0, K(1024), BOOT_RAM });
	CHECK(only(0, 0));
}

#define ZEROS "000000000000000000000000000000000"

SELFTEST(memmap, malformed_options_are_ignored)
{
	static const char *const bad[] = {
		"", "K", "x", "12x", "4K@", "4K@x", "4K@8Kx", "4K%8K", "0@4K", "@4K", "4K@8K@12K",
		"exactmapx", "-4K", "4K$$8K", " 4K", "99999999999999999999@0",
		"4K@99999999999999999999",
	};
	struct memmap_change change;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (!CHECK(!memmap_parse(bad[i], &change)))
			printk("taken: %s\n", bad[i]);
	/* The word of 70 characters would make sense if it were cut short. */
	APPLY("mem=lots memmap=4K@,512K$512K,junk memmap mem memmap=4K$"
	      ZEROS ZEROS "1", { 0, K(1024), BOOT_RAM });
	CHECK(only(0, 128));
	CHECK_EQ(options.nr, 1);
}

SELFTEST(memmap, too_many_options)
{
	static char line[BOOT_CMDLINE];
	unsigned int i, at;

	at = scnprintf(line, sizeof(line), "memmap=4K$0");
	for (i = 1; i < MEMMAP_MAX_CHANGES + 10; i++)
		at += scnprintf(line + at, sizeof(line) - at, ",4K$%uK", i * 4);
	APPLY(line, { 0, K(1024), BOOT_RAM });
	CHECK_EQ(options.nr, MEMMAP_MAX_CHANGES);
	CHECK(only(MEMMAP_MAX_CHANGES, LOW_PAGES));
}

/* A page is RAM if one entry of RAM holds all of it and no other entry any of it. */
static bool model_page(const struct boot_range *ranges, unsigned int nr, unsigned int page)
{
	u64 start = page_start(page), end = start + SZ_4K;
	bool ram = false;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		u64 range_end = ranges[i].start + ranges[i].size;

		if (ranges[i].type != BOOT_RAM) {
			if (ranges[i].size && ranges[i].start < end && range_end > start)
				return false;
		} else if (ranges[i].start <= start && range_end >= end) {
			ram = true;
		}
	}
	return ram;
}

SELFTEST(memmap, random_maps_agree_with_a_model)
{
	struct boot_range ranges[12];
	unsigned long round, rounds = selftest_scaled(100);
	unsigned int i, wrong;

	for (round = 0; round < rounds; round++) {
		for (i = 0; i < ARRAY_SIZE(ranges); i++) {
			ranges[i].start = selftest_random_below(K(1024));
			ranges[i].size = selftest_random_below(K(300));
			ranges[i].type = selftest_random_below(3) ? BOOT_RAM : BOOT_RESERVED;
			if (selftest_random_below(2)) {
				ranges[i].start &= ~0xfffULL;
				ranges[i].size &= ~0xfffULL;
			}
		}
		apply(ranges, ARRAY_SIZE(ranges), "");
		for (i = wrong = 0; i < LOW_PAGES; i++)
			wrong += is_ram[i] != model_page(ranges, ARRAY_SIZE(ranges), i);
		CHECK_EQ(wrong, 0);
	}
}

/* Of too many ranges RAM is lost first: a hole that is lost would be used. */
SELFTEST(memmap, too_many_ranges_cost_ram_only)
{
	static struct boot_info info;
	u32 i;

	memset(&info, 0, sizeof(info));
	for (i = 0; i < BOOT_MAX_RANGES; i++)
		boot_add_range(&info, (u64)i << 20, SZ_1M, i < 3 ? BOOT_RAM : BOOT_NVS);
	CHECK_EQ(info.nr_ranges, BOOT_MAX_RANGES);
	CHECK_EQ(info.dropped_ranges, 0);
	boot_add_range(&info, SZ_4G, SZ_1M, BOOT_RAM);
	CHECK_EQ(info.dropped_ranges, 1);
	for (i = 0; i < 4; i++)
		boot_add_range(&info, i, SZ_4K, BOOT_RESERVED);
	CHECK_EQ(info.nr_ranges, BOOT_MAX_RANGES);
	CHECK_EQ(info.dropped_ranges, 5);
	for (i = 0; i < 3; i++) {		/* the last RAM went first */
		CHECK_EQ(info.ranges[i].start, 2 - i);
		CHECK_EQ(info.ranges[i].type, BOOT_RESERVED);
	}
	CHECK_EQ(info.ranges[3].start, 3 << 20);
	CHECK_EQ(info.ranges[BOOT_MAX_RANGES - 1].type, BOOT_NVS);
}

SELFTEST(memmap, numa_is_off_or_not)
{
	const char *before = cmdline_set("mem=1G");

	CHECK(!memmap_numa_off());
	cmdline_set("numa=off");
	CHECK(memmap_numa_off());
	cmdline_set("numa=on");			/* named on the log */
	CHECK(!memmap_numa_off());
	cmdline_set("numa=offoffoff");
	CHECK(!memmap_numa_off());
	cmdline_set(before);
}
