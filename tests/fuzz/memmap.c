/* SPDX-License-Identifier: MIT */
/*
 * Memory maps and the options that change them, compared with a definition for each page of a
 * few places. The input: how many ranges; for each its type, start and size, in forms that reach
 * the places; the rest is the command line.
 */
#include <linux/sizes.h>
#include <kernel/boot.h>
#include <kernel/memmap.h>

#include "fuzz.h"

#define LIMIT	   (1ULL << 46)
#define PLACE_SIZE SZ_1M
#define PAGES	   (PLACE_SIZE / SZ_4K)
#define NR_PLACES  4

static const u64 places[NR_PLACES] = { 0, SZ_4G - PLACE_SIZE / 2, LIMIT - PLACE_SIZE, SZ_1G };
static bool is_ram[NR_PLACES][PAGES];
static struct boot_range ranges[32];
static struct memmap_options options;

static u64 page_at(unsigned int place, unsigned int i)
{
	return places[place] + (u64)i * SZ_4K;
}

static int set_pages(phys_addr_t start, phys_addr_t size, bool ram)
{
	FUZZ_CHECK(size && IS_ALIGNED(start | size, SZ_4K) && start + size <= LIMIT);
	for (unsigned int place = 0; place < NR_PLACES; place++)
		for (unsigned int i = 0; i < PAGES; i++)
			if (page_at(place, i) - start < size)
				is_ram[place][i] = ram;
	return 0;
}

static int add(phys_addr_t start, phys_addr_t size)
{
	return set_pages(start, size, true);
}

static int remove(phys_addr_t start, phys_addr_t size)
{
	return set_pages(start, size, false);
}

static u64 end_of(u64 start, u64 size)
{
	return start + size < start ? ~0ULL : start + size;
}

/* Is all of the page at pa in the range, cut at a limit? */
static bool covers(u64 start, u64 size, u64 limit, u64 pa)
{
	return pa >= start && pa + SZ_4K <= min(end_of(start, size), limit);
}

/* Is a byte of it? */
static bool touches(u64 start, u64 size, u64 pa)
{
	return start < pa + SZ_4K && end_of(start, size) > pa && end_of(start, size) > start;
}

/* By the words of the documentation, one page at a time. */
static bool expected(u32 nr, u64 pa)
{
	u64 limit = LIMIT;
	bool ram = false;
	u32 i, first = 0;

	for (i = 0; i < options.nr; i++) {
		if (options.changes[i].kind == MEMMAP_EXACT)
			first = i + 1;
		if (options.changes[i].kind == MEMMAP_LIMIT)
			limit = min(limit, options.changes[i].start);
	}
	for (i = 0; i < (first ? 0 : nr); i++) {
		if (ranges[i].type != BOOT_RAM && touches(ranges[i].start, ranges[i].size, pa))
			return false;
		if (ranges[i].type == BOOT_RAM)
			ram |= covers(ranges[i].start, ranges[i].size, limit, pa);
	}
	for (i = first; i < options.nr; i++) {
		const struct memmap_change *change = &options.changes[i];

		if (change->kind == MEMMAP_REMOVE && touches(change->start, change->size, pa))
			return false;
		if (change->kind == MEMMAP_ADD)
			ram |= covers(change->start, change->size, LIMIT, pa);
	}
	return ram;
}

/* A number near a place, a small one, or any. */
static u64 read_number(struct fuzz_input *in)
{
	u8 form = fuzz_byte(in);

	switch (form & 7) {
	case 0:
		return fuzz_bytes(in, 3);
	case 1:
		return fuzz_bytes(in, 8);
	case 2:
		return ~fuzz_bytes(in, 3);
	default:
		return places[form % NR_PLACES] + (fuzz_bytes(in, 1) << 12);
	}
}

static u32 read_ranges(struct fuzz_input *in)
{
	u32 nr = fuzz_below(in, ARRAY_SIZE(ranges) + 1), i;

	for (i = 0; i < nr; i++) {
		u32 type = fuzz_below(in, 8);

		ranges[i] = (struct boot_range){ read_number(in), read_number(in), type };
	}
	return nr;
}

FUZZ_TARGET(memmap, false)
{
	static const struct memmap_sink sink = { add, remove };
	static char line[BOOT_CMDLINE];
	u32 nr = read_ranges(in);
	const char *before = cmdline_set(fuzz_text(in, line, sizeof(line)));

	memset(is_ram, 0, sizeof(is_ram));
	memmap_read_options(&options);
	cmdline_set(before);
	memmap_apply(ranges, nr, &options, LIMIT, &sink);
	for (unsigned int place = 0; place < NR_PLACES; place++)
		for (unsigned int i = 0; i < PAGES; i++)
			FUZZ_CHECK(is_ram[place][i] == expected(nr, page_at(place, i)));
}
