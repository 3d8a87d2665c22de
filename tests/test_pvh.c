/* SPDX-License-Identifier: MIT */
/* The PVH parser on a made-up piece of memory: 8 KiB at physical 64 KiB. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <arch/x86_64/pvh.h>
#include <kernel/boot.h>
#include <tests/selftest.h>

#define BASE 0x10000
#define ROOM 8192
#define INFO (BASE + 0x100)
#define TEXT (BASE + 0x200)
#define MODULES (BASE + 0x400)
#define MAP (BASE + 0x1000)

static u8 memory[ROOM] __aligned(8);
static struct boot_info parsed;

static const void *map(u64 phys, size_t size)
{
	if (phys < BASE || phys > BASE + ROOM || size > BASE + ROOM - phys)
		return NULL;
	return memory + (phys - BASE);
}

static void put32(u64 at, u32 value)
{
	memcpy(memory + (at - BASE), &value, sizeof(value));
}

static void put64(u64 at, u64 value)
{
	memcpy(memory + (at - BASE), &value, sizeof(value));
}

static void put_text(u64 at, const char *text)
{
	memcpy(memory + (at - BASE), text, strlen(text) + 1);
}

/* A start structure of version 1 that leads to one module and two ranges. */
static void whole(void)
{
	memset(memory, 0, sizeof(memory));
	put32(INFO, 0x336ec578);
	put32(INFO + 4, 1);
	put32(INFO + 12, 1);
	put64(INFO + 16, MODULES);
	put64(INFO + 24, TEXT);
	put64(INFO + 32, 0xf5000);
	put64(INFO + 40, MAP);
	put32(INFO + 48, 2);
	put_text(TEXT, "highmem=0 seed=7");
	put64(MODULES, 0x7f000000);
	put64(MODULES + 8, 12345);
	put64(MODULES + 16, TEXT + 64);
	put_text(TEXT + 64, "initial");
	put64(MAP, 0);
	put64(MAP + 8, 0x9fc00);
	put32(MAP + 16, BOOT_RAM);
	put64(MAP + 24, 0x100000000);
	put64(MAP + 32, 0x40000000);
	put32(MAP + 40, BOOT_RESERVED);
}

SELFTEST(pvh, whole_information)
{
	whole();
	REQUIRE(!pvh_parse(INFO, map, &parsed));
	CHECK_STR(parsed.protocol, "pvh");
	CHECK_STR(parsed.cmdline, "highmem=0 seed=7");
	CHECK_EQ(parsed.rsdp, 0xf5000);
	CHECK_EQ(parsed.nr_modules, 1);
	CHECK_EQ(parsed.modules[0].start, 0x7f000000);
	CHECK_EQ(parsed.modules[0].size, 12345);
	CHECK_STR(parsed.modules[0].name, "initial");
	CHECK_EQ(parsed.nr_ranges, 2);
	CHECK_EQ(parsed.ranges[0].size, 0x9fc00);
	CHECK_EQ(parsed.ranges[1].start, 0x100000000);
	CHECK_EQ(parsed.ranges[1].type, BOOT_RESERVED);
}

SELFTEST(pvh, no_information_at_all)
{
	whole();
	CHECK_EQ(pvh_parse(0, map, &parsed), -EINVAL);
	CHECK_EQ(pvh_parse(BASE + ROOM - 8, map, &parsed), -EINVAL);
	CHECK_EQ(pvh_parse(~0ULL - 8, map, &parsed), -EINVAL);
	put32(INFO, 0x336ec579);
	CHECK_EQ(pvh_parse(INFO, map, &parsed), -EINVAL);
	CHECK_EQ(parsed.nr_ranges, 0);
}

SELFTEST(pvh, first_version_has_no_map)
{
	whole();
	put32(INFO + 4, 0);
	CHECK(!pvh_parse(INFO, map, &parsed));
	CHECK_EQ(parsed.nr_ranges, 0);
	CHECK_EQ(parsed.nr_modules, 1);
}

SELFTEST(pvh, unreadable_lists_are_left_out)
{
	whole();
	put64(INFO + 16, 0xdead0000);
	put64(INFO + 24, 0xdead0000);
	put64(INFO + 40, BASE + ROOM - 24);	/* room for one entry of two */
	CHECK(!pvh_parse(INFO, map, &parsed));
	CHECK_STR(parsed.cmdline, "");
	CHECK_EQ(parsed.nr_modules, 0);
	CHECK_EQ(parsed.nr_ranges, 1);
}

SELFTEST(pvh, absurd_counts)
{
	whole();
	put32(INFO + 12, 0xffffffff);
	put32(INFO + 48, 0xffffffff);
	put64(MODULES + 32 + 8, ~0ULL);		/* the second module wraps ... */
	put64(MODULES + 32, 1);
	CHECK(!pvh_parse(INFO, map, &parsed));
	CHECK_EQ(parsed.nr_modules, BOOT_MAX_MODULES - 1); /* ... and is the one left out */
	CHECK_EQ(parsed.nr_ranges, (BASE + ROOM - MAP) / 24);
	CHECK_EQ(parsed.dropped_ranges, 0xffffffff - 65536);
}

SELFTEST(pvh, texts_are_bounded)
{
	whole();
	memset(memory + 0x1800, 'x', ROOM - 0x1800);
	put64(INFO + 24, BASE + ROOM - 100);	/* runs into the end of what can be read */
	CHECK(!pvh_parse(INFO, map, &parsed));
	CHECK_EQ(strlen(parsed.cmdline), 100);
	memset(memory + 0x1000, 'x', ROOM - 0x1000);
	put64(INFO + 24, BASE + 0x1000);
	put32(INFO + 48, 0);
	CHECK(!pvh_parse(INFO, map, &parsed));
	CHECK_STR(parsed.cmdline, "");		/* one word, of which the end is missing */
}

/* A line of that many characters: " x", as often as it goes in, then "seed=12". */
static void put_line(u64 at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		memory[at - BASE + i] = " x"[i % 2];
	memcpy(memory + (at - BASE) + len - 7, "seed=12", 8);
}

SELFTEST(pvh, only_whole_words_survive_a_cut)
{
	whole();
	put32(INFO + 48, 0);
	put64(INFO + 24, MAP);
	put_line(MAP, BOOT_CMDLINE - 1);	/* fits exactly */
	CHECK(!pvh_parse(INFO, map, &parsed));
	CHECK_EQ(strlen(parsed.cmdline), BOOT_CMDLINE - 1);
	CHECK_STR(parsed.cmdline + BOOT_CMDLINE - 1 - 7, "seed=12");
	put_line(MAP, BOOT_CMDLINE);		/* would become seed=1 */
	CHECK(!pvh_parse(INFO, map, &parsed));
	CHECK_EQ(strlen(parsed.cmdline), BOOT_CMDLINE - 7);
	CHECK(!strstr(parsed.cmdline, "seed"));
}
