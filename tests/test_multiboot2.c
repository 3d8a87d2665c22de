/* SPDX-License-Identifier: MIT */
/* The multiboot2 parser on made-up information: whole, cut, and out of order. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <arch/x86_64/multiboot2.h>
#include <kernel/boot.h>
#include <tests/selftest.h>

#define ROOM 20480

static u8 info[ROOM] __aligned(8);
static u32 used;
static struct boot_info parsed, again;

static void begin(void)
{
	memset(info, 0, sizeof(info));
	used = 8;
}

static void put32(u32 at, u32 value)
{
	memcpy(info + at, &value, sizeof(value));
}

/* Appends a tag that says it is `says` bytes long, with `size` bytes of content. */
static void tag_saying(u32 type, u32 says, const void *content, u32 size)
{
	put32(used, type);
	put32(used + 4, says);
	memcpy(info + used + 8, content, size);
	used += ALIGN(8 + size, 8);
}

static void tag(u32 type, const void *content, u32 size)
{
	tag_saying(type, 8 + size, content, size);
}

static void text(u32 type, const char *string)
{
	tag(type, string, strlen(string) + 1);
}

static void module(u32 start, u32 end, const char *name)
{
	u8 content[64];

	memcpy(content, &start, 4);
	memcpy(content + 4, &end, 4);
	strscpy((char *)content + 8, name, sizeof(content) - 8);
	tag(3, content, 8 + strlen(name) + 1);
}

/* nr entries of entry_size bytes each: i MiB, 1 MiB, RAM. */
static void memory_map(u32 entry_size, u32 nr)
{
	static u32 content[2 + 700 * 8];
	u32 i, words = entry_size / 4;

	memset(content, 0xee, sizeof(content));
	content[0] = entry_size;
	content[1] = 0;
	for (i = 0; i < nr; i++) {
		u32 *entry = content + 2 + i * words;

		entry[0] = i << 20;
		entry[1] = 0;
		entry[2] = 1 << 20;
		entry[3] = 0;
		entry[4] = BOOT_RAM;
	}
	tag(6, content, 8 + nr * entry_size);
}

static void framebuffer(u8 type)
{
	static const u8 colours[6] = { 16, 8, 8, 8, 0, 8 };
	u8 content[30] = { 0 };
	u64 addr = 0x380000000;
	u32 numbers[3] = { 5120, 1280, 800 };

	memcpy(content, &addr, 8);
	memcpy(content + 8, numbers, 12);
	content[20] = 32;
	content[21] = type;
	memcpy(content + 24, colours, sizeof(colours));
	tag(8, content, sizeof(content));
}

static int parse(void)
{
	put32(0, used);
	return multiboot2_parse(info, used, &parsed);
}

static int finish(void)
{
	tag(0, "", 0);
	return parse();
}

/* One of everything; the lengths are such that tags need padding. */
static void whole(void)
{
	u8 rsdp[36] = "RSD PTR ";

	begin();
	text(1, "test=boot.* scale=2");
	text(2, "a loader 1.0");
	module(0x2000000, 0x2000123, "one");
	module(0x3000000, 0x3001000, "");
	memory_map(24, 3);
	framebuffer(1);
	tag(99, "unknown", 7);
	rsdp[15] = 2;
	tag(15, rsdp, 36);
}

SELFTEST(multiboot2, whole_information)
{
	whole();
	REQUIRE(!finish());
	CHECK_STR(parsed.protocol, "multiboot2");
	CHECK_STR(parsed.cmdline, "test=boot.* scale=2");
	CHECK_STR(parsed.loader, "a loader 1.0");
	CHECK_EQ(parsed.nr_modules, 2);
	CHECK_EQ(parsed.modules[0].start, 0x2000000);
	CHECK_EQ(parsed.modules[0].size, 0x123);
	CHECK_STR(parsed.modules[0].name, "one");
	CHECK_STR(parsed.modules[1].name, "");
	CHECK_EQ(parsed.nr_ranges, 3);
	CHECK_EQ(parsed.ranges[2].start, 2 << 20);
	CHECK_EQ(parsed.ranges[2].size, 1 << 20);
	CHECK_EQ(parsed.ranges[2].type, BOOT_RAM);
	CHECK_EQ(parsed.rsdp_copy[15], 2);
}

SELFTEST(multiboot2, framebuffers)
{
	whole();
	REQUIRE(!finish());
	CHECK_EQ(parsed.fb.addr, 0x380000000);
	CHECK_EQ(parsed.fb.pitch, 5120);
	CHECK_EQ(parsed.fb.width, 1280);
	CHECK_EQ(parsed.fb.height, 800);
	CHECK_EQ(parsed.fb.bpp, 32);
	CHECK(!parsed.fb.text);
	CHECK_EQ(parsed.fb.red_pos, 16);
	CHECK_EQ(parsed.fb.green_size, 8);
	CHECK_EQ(parsed.fb.blue_pos, 0);
	begin();
	framebuffer(2);
	CHECK(!finish() && parsed.fb.text && !parsed.fb.red_size);
	begin();
	framebuffer(0);
	CHECK(!finish() && !parsed.fb.text && !parsed.fb.red_size);
}

SELFTEST(multiboot2, no_information_at_all)
{
	begin();
	CHECK_EQ(multiboot2_parse(info, 0, &parsed), -EINVAL);
	CHECK_EQ(multiboot2_parse(info, 7, &parsed), -EINVAL);
	CHECK_EQ(multiboot2_parse(info, 64, &parsed), -EINVAL);	/* says 0 bytes */
	put32(0, 65);
	CHECK_EQ(multiboot2_parse(info, 64, &parsed), -EINVAL);	/* says more than is there */
	whole();
	tag(0, "", 0);
	put32(0, used);
	CHECK_EQ(multiboot2_parse(info, used - 1, &parsed), -EINVAL);
	CHECK_EQ(parsed.nr_ranges, 0);
}

SELFTEST(multiboot2, bad_tag_ends_the_list)
{
	static const u32 sizes[] = { 0, 7, ROOM, 0xfffffff8, 0xffffffff };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		begin();
		text(1, "before");
		tag_saying(2, sizes[i], "x", 1);
		text(2, "after");
		CHECK(!finish());
		CHECK_STR(parsed.cmdline, "before");
		CHECK_STR(parsed.loader, "");
	}
}

SELFTEST(multiboot2, missing_end_keeps_the_rest)
{
	whole();
	CHECK(!parse());
	CHECK_EQ(parsed.nr_ranges, 3);
	CHECK_EQ(parsed.rsdp_copy[15], 2);
	begin();
	CHECK(!parse());		/* not a single tag */
}

SELFTEST(multiboot2, entry_sizes)
{
	static const u32 absurd[] = { 0, 8, 20, 23, 25, 36, 0xfffffff9, 0xffffffff };
	u32 i, content[32] = { 0 };

	for (i = 0; i < ARRAY_SIZE(absurd); i++) {
		begin();
		content[0] = absurd[i];
		tag(6, content, sizeof(content));
		CHECK(!finish());
		CHECK_EQ(parsed.nr_ranges, 0);
	}
	begin();
	memory_map(32, 5);		/* a later version of the protocol */
	CHECK(!finish());
	CHECK_EQ(parsed.nr_ranges, 5);
	CHECK_EQ(parsed.ranges[4].start, 4 << 20);
	begin();
	content[0] = 24;
	tag(6, content, 8 + 23);	/* not a whole entry */
	CHECK(!finish());
	CHECK_EQ(parsed.nr_ranges, 0);
}

SELFTEST(multiboot2, too_many_of_everything)
{
	u32 i;

	begin();
	memory_map(24, BOOT_MAX_RANGES + 88);
	for (i = 0; i < BOOT_MAX_MODULES + 4; i++)
		module(i << 20, (i << 20) + 1, "m");
	CHECK(!finish());
	CHECK_EQ(parsed.nr_ranges, BOOT_MAX_RANGES);
	CHECK_EQ(parsed.dropped_ranges, 88);
	CHECK_EQ(parsed.nr_modules, BOOT_MAX_MODULES);
	CHECK_EQ(parsed.modules[BOOT_MAX_MODULES - 1].start, (BOOT_MAX_MODULES - 1) << 20);
}

SELFTEST(multiboot2, long_texts_are_cut)
{
	static char line[3000];

	memset(line, 'a', sizeof(line));
	begin();
	tag(1, line, sizeof(line));	/* and no zero at its end */
	tag(2, line, sizeof(line));
	CHECK(!finish());
	CHECK_STR(parsed.cmdline, "");	/* one word, of which the end is missing */
	CHECK_EQ(strlen(parsed.loader), sizeof(parsed.loader) - 1);
	memset(line, ' ', sizeof(line));
	memcpy(line + BOOT_CMDLINE - 7, "seed=12", 8);
	begin();
	text(1, line);			/* would become seed=1 */
	CHECK(!finish());
	CHECK_EQ(strlen(parsed.cmdline), BOOT_CMDLINE - 7);
	begin();
	text(1, line + 1);		/* fits exactly */
	CHECK(!finish());
	CHECK_STR(parsed.cmdline + BOOT_CMDLINE - 1 - 7, "seed=12");
	begin();
	tag(1, "abc", 3);
	CHECK(!finish());
	CHECK_STR(parsed.cmdline, "abc");
}

SELFTEST(multiboot2, modules_out_of_order)
{
	begin();
	module(0x2000, 0x1000, "backwards");
	module(0x2000, 0x2000, "empty");
	module(0xfffff000, 0xffffffff, "last");
	CHECK(!finish());
	CHECK_EQ(parsed.nr_modules, 2);
	CHECK_EQ(parsed.modules[0].size, 0);
	CHECK_EQ(parsed.modules[1].start, 0xfffff000);
	CHECK_EQ(parsed.modules[1].size, 0xfff);
}

SELFTEST(multiboot2, short_tags_are_ignored)
{
	static const u32 types[] = { 3, 4, 6, 8, 14, 15 };
	static const u8 content[32] = { 24 };
	u32 i;

	begin();
	for (i = 0; i < ARRAY_SIZE(types); i++)
		tag(types[i], content, 7);
	text(1, "still read");
	CHECK(!finish());
	CHECK_EQ(parsed.nr_modules + parsed.nr_ranges + parsed.rsdp_copy[0], 0);
	CHECK_EQ(parsed.fb.addr, 0);
	CHECK_STR(parsed.cmdline, "still read");
}

SELFTEST(multiboot2, newer_acpi_copy_wins)
{
	u8 old[20] = "RSD PTR old", new[36] = "RSD PTR new";
	u32 new_first;

	for (new_first = 0; new_first < 2; new_first++) {
		begin();
		if (new_first)
			tag(15, new, sizeof(new));
		tag(14, old, sizeof(old));
		if (!new_first)
			tag(15, new, sizeof(new));
		CHECK(!finish());
		CHECK(!memcmp(parsed.rsdp_copy, new, sizeof(new)));
	}
	begin();
	tag(14, old, sizeof(old));
	CHECK(!finish());
	CHECK(!memcmp(parsed.rsdp_copy, old, sizeof(old)));
}

SELFTEST(multiboot2, size_alone_serves_without_a_map)
{
	static const u32 basic[2] = { 640, 31744 };

	begin();
	tag(4, basic, sizeof(basic));
	CHECK(!finish());
	CHECK_EQ(parsed.nr_ranges, 2);
	CHECK_EQ(parsed.ranges[0].size, 640 << 10);
	CHECK_EQ(parsed.ranges[1].start, 1 << 20);
	CHECK_EQ(parsed.ranges[1].size, 31744 << 10);
	begin();
	tag(4, basic, sizeof(basic));
	memory_map(24, 3);
	CHECK(!finish());
	CHECK_EQ(parsed.nr_ranges, 3);
}

/* What lies behind the information must not matter, wherever it is cut. */
SELFTEST(multiboot2, nothing_is_read_past_the_end)
{
	u32 cut, end;

	whole();
	tag(0, "", 0);
	end = used;
	for (cut = 8; cut <= end; cut += 5) {
		put32(0, cut);
		memset(info + cut, 0x00, end - cut);
		CHECK(!multiboot2_parse(info, cut, &parsed));
		memset(info + cut, 0xff, end - cut);
		CHECK(!multiboot2_parse(info, cut, &again));
		CHECK(!memcmp(&parsed, &again, sizeof(parsed)));
		whole();
		tag(0, "", 0);
	}
}

SELFTEST(multiboot2, random_damage_is_survived)
{
	unsigned long round, rounds = selftest_scaled(60), i;

	for (round = 0; round < rounds; round++) {
		whole();
		tag(0, "", 0);
		put32(0, used);
		for (i = 0; i < 4; i++)
			info[8 + selftest_random_below(used - 8)] = selftest_random();
		CHECK(!multiboot2_parse(info, used, &parsed));
		CHECK(parsed.nr_ranges <= BOOT_MAX_RANGES);
		CHECK(parsed.nr_modules <= BOOT_MAX_MODULES);
		CHECK(strnlen(parsed.cmdline, BOOT_CMDLINE) < BOOT_CMDLINE);
		CHECK(strnlen(parsed.loader, sizeof(parsed.loader)) < sizeof(parsed.loader));
	}
}
