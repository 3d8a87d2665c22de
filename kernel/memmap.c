/* SPDX-License-Identifier: MIT */
/*
 * Which memory is RAM: what the firmware says, changed by the boot options.
 *
 *	mem=SIZE		firmware's RAM at and above SIZE is not used
 *	memmap=SIZE		the same
 *	memmap=SIZE@START	RAM
 *	memmap=SIZE$START	reserved
 *	memmap=SIZE#START	ACPI data
 *	memmap=SIZE!START	protected memory
 *	memmap=exactmap		forget the firmware's map, and the options before this one
 *	numa=off		all of it is near to every CPU
 *	memtest=N		what is free is tested with N patterns (mm/memtest.c)
 *	memtest_plant=ADDRESS	and a fault planted there, for it to find
 *	memhp_default_state=	what becomes of memory that is plugged in, as Linux has it
 *
 * The last three kinds mean the same here: not RAM. Words are joined by commas, and the
 * option may be repeated. Numbers take K, M, G, T and 0x. The smallest limit counts.
 *
 * Firmware maps overlap, wrap, come unsorted and contain empty entries. The rule that makes
 * them safe: what anyone calls not RAM is not RAM. So all RAM is added first, rounded
 * inward to pages, and then all the rest is removed, rounded outward. The order of entries
 * does not matter; only exactmap has an order, against the other options.
 *
 * No state of its own: runs once while booting, and in tests.
 */
#include <linux/kernel.h>
#include <linux/memory_hotplug.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <kernel/boot.h>
#include <kernel/memmap.h>
#include <quarry/config.h>
#include <quarry/quarry.h>

#define MEMTEST_MOST 1000	/* passes */

/* The last range that is RAM; NULL when there is none. */
static struct boot_range *last_ram(struct boot_info *info)
{
	u32 i;

	for (i = info->nr_ranges; i > 0; i--)
		if (info->ranges[i - 1].type == BOOT_RAM)
			return &info->ranges[i - 1];
	return NULL;
}

void boot_add_range(struct boot_info *info, u64 start, u64 size, u32 type)
{
	struct boot_range *to = NULL;

	if (info->nr_ranges < BOOT_MAX_RANGES) {
		to = &info->ranges[info->nr_ranges++];
	} else {
		info->dropped_ranges++;
		if (type != BOOT_RAM)
			to = last_ram(info);
	}
	if (to)
		*to = (struct boot_range){ start, size, type };
}

bool memmap_parse(const char *text, struct memmap_change *change)
{
	char *end, *from;
	u64 size, start;
	char kind;

	if (!strcmp(text, "exactmap")) {
		*change = (struct memmap_change){ MEMMAP_EXACT, 0, 0 };
		return true;
	}
	size = memparse(text, &end);
	if (end == text || !size || size == ~0ULL)
		return false;
	if (!*end) {
		*change = (struct memmap_change){ MEMMAP_LIMIT, size, 0 };
		return true;
	}
	kind = *end;
	from = end + 1;
	start = memparse(from, &end);
	if (!strchr("@$#!", kind) || end == from || *end || start == ~0ULL)
		return false;
	*change = (struct memmap_change){ kind == '@' ? MEMMAP_ADD : MEMMAP_REMOVE, start, size };
	return true;
}

struct reader {
	const char *name;
	struct memmap_options *options;
};

static void read_word(const char *word, const struct reader *reader)
{
	struct memmap_options *options = reader->options;
	struct memmap_change change;

	if (!memmap_parse(word, &change))
		pr_warn("%s=%s makes no sense; ignored\n", reader->name, word);
	else if (options->nr == MEMMAP_MAX_CHANGES)
		pr_warn("%s=%s is one too many; ignored\n", reader->name, word);
	else
		options->changes[options->nr++] = change;
}

/* One value: words joined by commas. */
static void read_value(const char *value, void *arg)
{
	const char *end;
	char word[64];
	size_t len;

	for (;; value = end + 1) {
		end = strchr(value, ',');
		len = end ? (size_t)(end - value) : strlen(value);
		/* Cut short, a word could still make sense, and another one at that. */
		if (len < sizeof(word)) {
			memcpy(word, value, len);
			word[len] = '\0';
			read_word(word, arg);
		} else {
			pr_warn("memmap= has a word of %zu characters; ignored\n", len);
		}
		if (!end)
			return;
	}
}

void memmap_read_options(struct memmap_options *options)
{
	struct reader reader = { "mem", options };

	options->nr = 0;
	cmdline_each("mem", read_value, &reader);
	reader.name = "memmap";
	cmdline_each("memmap", read_value, &reader);
}

bool memmap_numa_off(void)
{
	char text[8];

	if (!cmdline_has("numa"))
		return false;
	if (cmdline_value("numa", text, sizeof(text)) && !strcmp(text, "off"))
		return true;
	pr_warn("numa= makes no sense, only numa=off does; ignored\n");
	return false;
}

/* The end of a range, at the top of the address space where it would wrap. */
static u64 range_end(u64 start, u64 size)
{
	return start + size < start ? ~0ULL : start + size;
}

static void warn_full(int error)
{
	if (error)
		pr_warn("The memory map has too many pieces; one is left out\n");
}

/* Does some of it lie at or above the limit? */
static bool add_ram(const struct memmap_sink *sink, u64 start, u64 size, u64 limit)
{
	u64 whole = range_end(start, size), end = ALIGN_DOWN(min(whole, limit), SZ_4K);

	if (start <= end && ALIGN(start, SZ_4K) < end)
		warn_full(sink->add(ALIGN(start, SZ_4K), end - ALIGN(start, SZ_4K)));
	return size && whole > limit;
}

static void remove_rest(const struct memmap_sink *sink, u64 start, u64 size, u64 limit)
{
	u64 end = min(range_end(start, size), limit);

	if (start >= end)
		return;
	start = ALIGN_DOWN(start, SZ_4K);
	if (sink->remove(start, ALIGN(end, SZ_4K) - start))
		panic("the memory map has too many pieces: reserved memory would be used");
}

/* Where the options that count begin, behind the last exactmap; 0 when there is none. */
static unsigned int behind_exactmap(const struct memmap_options *options)
{
	unsigned int i;

	for (i = options->nr; i > 0; i--)
		if (options->changes[i - 1].kind == MEMMAP_EXACT)
			return i;
	return 0;
}

static u64 smallest_limit(const struct memmap_options *options, u64 limit)
{
	unsigned int i;

	for (i = 0; i < options->nr; i++)
		if (options->changes[i].kind == MEMMAP_LIMIT)
			limit = min(limit, options->changes[i].start);
	return limit;
}

u32 memmap_apply(const struct boot_range *ranges, u32 nr, const struct memmap_options *options,
		 u64 phys_limit, const struct memmap_sink *sink)
{
	unsigned int first = behind_exactmap(options), beyond = 0, i;
	u64 ram_limit = smallest_limit(options, phys_limit);
	const struct memmap_change *change;

	if (first)
		nr = 0;
	for (i = 0; i < nr; i++)
		if (ranges[i].type == BOOT_RAM)
			beyond += add_ram(sink, ranges[i].start, ranges[i].size, ram_limit);
	if (ram_limit < phys_limit)
		beyond = 0;	/* it is not wanted either */
	for (i = first; i < options->nr; i++) {
		change = &options->changes[i];
		if (change->kind == MEMMAP_ADD)
			beyond += add_ram(sink, change->start, change->size, phys_limit);
	}
	for (i = 0; i < nr; i++)
		if (ranges[i].type != BOOT_RAM)
			remove_rest(sink, ranges[i].start, ranges[i].size, phys_limit);
	for (i = first; i < options->nr; i++) {
		change = &options->changes[i];
		if (change->kind == MEMMAP_REMOVE)
			remove_rest(sink, change->start, change->size, phys_limit);
	}
	return beyond;
}

static const char *type_name(u32 type)
{
	static const char *const names[] = {
		[BOOT_RAM] = "RAM", [BOOT_RESERVED] = "reserved", [BOOT_ACPI] = "ACPI data",
		[BOOT_NVS] = "ACPI NVS", [BOOT_BAD] = "bad RAM",
	};

	return type < ARRAY_SIZE(names) && names[type] ? names[type] : "reserved";
}

void memmap_print(const struct boot_range *ranges, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		u64 start = ranges[i].start, end = range_end(start, ranges[i].size);

		pr_info("  %016llx-%016llx %12llu KiB  %s (%u)\n", start, end,
			ranges[i].size >> 10, type_name(ranges[i].type), ranges[i].type);
	}
}

u64 swiotlb_wanted(void)
{
	u64 bytes = QUARRY_SWIOTLB_DEFAULT;

	cmdline_size("swiotlb", &bytes);
	return bytes;
}

unsigned long min_free_wanted(void)
{
	u64 kbytes = 0;

	cmdline_number("min_free_kbytes", &kbytes);
	return kbytes;
}

const char *slab_debug_wanted(void)
{
	static char text[256];

	if (!cmdline_has("slab_debug"))
		return NULL;
	if (cmdline_value("slab_debug", text, sizeof(text)))
		return text;
	pr_err("slab_debug= is too long, ignored\n");
	return NULL;
}

unsigned int guard_orders_wanted(void)
{
	u64 orders = QUARRY_GUARD_ORDERS;

	cmdline_number("debug_guardpage_minorder", &orders);
	return min_t(u64, orders, UINT_MAX);
}

/* A switch in Linux's words: 1, 0, on, off, y, n. */
static bool switch_asked(const char *name)
{
	char word[8];
	bool on = false;

	if (!cmdline_has(name))
		return false;
	if (!cmdline_value(name, word, sizeof(word)) || kstrtobool(word, &on))
		pr_warn("%s= is neither 0, off, n nor 1, on, y; ignored\n", name);
	return on;
}

bool page_owner_asked(void)
{
	return switch_asked("page_owner");
}

bool kmemleak_asked(void)
{
	return switch_asked("kmemleak");
}

bool init_on_alloc_asked(void)
{
	return switch_asked("init_on_alloc");
}

bool init_on_free_asked(void)
{
	return switch_asked("init_on_free");
}

void kfence_read_options(void)
{
	u64 interval;

	if (cmdline_number("kfence.sample_interval", &interval))
		quarry_kfence(min_t(u64, interval, INT_MAX));
}

void memhp_read_option(void)
{
	char text[16];
	int type;

	if (!cmdline_value("memhp_default_state", text, sizeof(text)))
		return;
	type = mhp_online_type_from_str(text);
	if (type < 0)
		pr_warn("memhp_default_state=%s: no such state\n", text);
	else
		mhp_set_default_online_type(type);
}

static void plant(const char *value, void *unused)
{
	u64 phys;

	if (kstrtoull(value, 0, &phys) || !quarry_memtest_plant(phys))
		pr_warn("memtest_plant=%s makes no sense, or is one too many; ignored\n", value);
}

void memtest_read_options(void)
{
	char text[16];
	u64 passes;

	if (!cmdline_value("memtest", text, sizeof(text))) {
		if (cmdline_has("memtest_plant"))
			pr_warn("memtest_plant= without memtest=; ignored\n");
		return;
	}
	if (kstrtoull(text, 0, &passes) || passes > MEMTEST_MOST) {
		pr_warn("memtest=%s is not a number up to %d; ignored\n", text, MEMTEST_MOST);
		return;
	}
	quarry_memtest((unsigned int)passes);
	cmdline_each("memtest_plant", plant, NULL);
}
