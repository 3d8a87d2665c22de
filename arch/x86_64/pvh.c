/* SPDX-License-Identifier: MIT */
/*
 * The PVH start information: one structure with physical addresses of the command line, a
 * list of modules, the ACPI root pointer and, from version 1 on, a memory map. (Xen's
 * "x86/HVM direct boot ABI".) Everything is copied; nothing is read but through map().
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <kernel/boot.h>

#include "pvh.h"

#define PVH_MAGIC	0x336ec578
#define MAX_MAP_ENTRIES 65536	/* more is nonsense, and would be read for long */

struct pvh_start {
	u32 magic, version, flags, nr_modules;
	u64 modules, cmdline, rsdp;
	u64 map;		/* from version 1 */
	u32 map_entries, reserved;
};

#define PVH_SIZE_V0 offsetof(struct pvh_start, map)

struct pvh_module {
	u64 start, size, cmdline, reserved;
};

struct pvh_range {
	u64 start, size;
	u32 type, reserved;
};

/* Copies, because what the loader left need not be aligned. */
static bool read_at(u64 phys, void *to, size_t size, pvh_map_fn map)
{
	const void *from = map(phys, size);

	if (from)
		memcpy(to, from, size);
	return from;
}

/* A string may end anywhere, so it is mapped a byte at a time. False when it had to be cut. */
static bool copy_text(char *to, size_t size, u64 phys, pvh_map_fn map)
{
	const char *byte;
	size_t i;

	for (i = 0; phys; i++) {
		byte = map(phys + i, 1);
		if (!byte || !*byte)
			break;
		if (i + 1 == size) {
			to[i] = '\0';
			pr_warn("pvh: a text is cut to %zu bytes\n", i);
			return false;
		}
		to[i] = *byte;
	}
	to[i] = '\0';
	return true;
}

static void parse_modules(const struct pvh_start *start, pvh_map_fn map, struct boot_info *out)
{
	u32 i, nr = min_t(u32, start->nr_modules, BOOT_MAX_MODULES);
	struct pvh_module from;
	struct boot_module *to;

	if (nr < start->nr_modules)
		pr_warn("pvh: %u modules, of which %u are used\n", start->nr_modules, nr);
	for (i = 0; i < nr; i++) {
		if (!read_at(start->modules + i * sizeof(from), &from, sizeof(from), map) ||
		    from.start + from.size < from.start) {
			pr_warn("pvh: module %u makes no sense; ignored\n", i);
			continue;
		}
		to = &out->modules[out->nr_modules++];
		to->start = from.start;
		to->size = from.size;
		copy_text(to->name, sizeof(to->name), from.cmdline, map);
	}
}

static void parse_map(const struct pvh_start *start, pvh_map_fn map, struct boot_info *out)
{
	u32 i, nr = min_t(u32, start->map_entries, MAX_MAP_ENTRIES);
	struct pvh_range from;

	out->dropped_ranges = start->map_entries - nr;
	for (i = 0; i < nr; i++) {
		if (!read_at(start->map + i * sizeof(from), &from, sizeof(from), map)) {
			pr_warn("pvh: the memory map cannot be read from entry %u on\n", i);
			return;
		}
		boot_add_range(out, from.start, from.size, from.type);
	}
}

int pvh_parse(u64 info, pvh_map_fn map, struct boot_info *out)
{
	struct pvh_start start = { 0 };

	memset(out, 0, sizeof(*out));
	out->protocol = "pvh";
	if (!read_at(info, &start, PVH_SIZE_V0, map) || start.magic != PVH_MAGIC)
		return -EINVAL;
	if (start.version >= 1 && !read_at(info, &start, sizeof(start), map))
		return -EINVAL;
	out->rsdp = start.rsdp;
	if (!copy_text(out->cmdline, sizeof(out->cmdline), start.cmdline, map))
		cmdline_drop_last(out->cmdline);
	parse_modules(&start, map, out);
	parse_map(&start, map, out);
	return 0;
}
