/* SPDX-License-Identifier: MIT */
/*
 * What a loader hands over: as multiboot2 information (fuzz=multiboot2) or as PVH's (fuzz=pvh),
 * where the input is all the memory there is. Whatever it says, what comes out is bounded, and
 * fit for the command line's readers.
 */
#include <kernel/boot.h>
#include <kernel/memmap.h>
#include <arch/x86_64/multiboot2.h>
#include <arch/x86_64/pvh.h>

#include "fuzz.h"

#define PVH_BASE 0x100000ULL

static struct boot_info info;
static const u8 *memory;
static size_t memory_size;

static int count_range(phys_addr_t start, phys_addr_t size)
{
	FUZZ_CHECK(size && start + size > start);
	return 0;
}

static void check_info(void)
{
	static const struct memmap_sink sink = { count_range, count_range };
	static struct memmap_options options;
	const char *before;

	FUZZ_CHECK(info.nr_ranges <= BOOT_MAX_RANGES && info.nr_modules <= BOOT_MAX_MODULES);
	FUZZ_CHECK(strnlen(info.cmdline, BOOT_CMDLINE) < BOOT_CMDLINE);
	FUZZ_CHECK(strnlen(info.loader, sizeof(info.loader)) < sizeof(info.loader));
	for (u32 i = 0; i < info.nr_modules; i++)
		FUZZ_CHECK(strnlen(info.modules[i].name, sizeof(info.modules[i].name)) <
			   sizeof(info.modules[i].name));
	memmap_print(info.ranges, info.nr_ranges);
	before = cmdline_set(info.cmdline);
	cmdline_check(NULL);
	memmap_read_options(&options);
	cmdline_set(before);
	memmap_apply(info.ranges, info.nr_ranges, &options, 1ULL << 46, &sink);
}

FUZZ_TARGET(multiboot2, false)
{
	if (!multiboot2_parse(in->data, in->size, &info))
		check_info();
}

static const void *map(u64 phys, size_t size)
{
	if (phys < PVH_BASE || phys - PVH_BASE > memory_size ||
	    size > memory_size - (phys - PVH_BASE))
		return NULL;
	return memory + (phys - PVH_BASE);
}

FUZZ_TARGET(pvh, false)
{
	memory = in->data;
	memory_size = in->size;
	if (!pvh_parse(PVH_BASE, map, &info))
		check_info();
}
