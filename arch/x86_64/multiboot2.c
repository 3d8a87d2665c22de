/* SPDX-License-Identifier: MIT */
/*
 * The multiboot2 information: a header of two words, the total size and a reserved one,
 * then tags, each aligned to 8 bytes: type, size with these two words, content. A tag of
 * type 0 and size 8 ends the list. (Multiboot2 specification 2.0, section 3.6.)
 *
 * Nothing is believed: every size is checked against the room that is left before what it
 * describes is read, and everything is copied, because the memory is free for use later.
 * Words are read bytewise: a tag's content need not be aligned. Costs one pass.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <kernel/boot.h>

#include "fields.h"
#include "multiboot2.h"

enum tag_type {
	TAG_END = 0, TAG_CMDLINE = 1, TAG_LOADER = 2, TAG_MODULE = 3, TAG_BASIC_MEMORY = 4,
	TAG_MEMORY_MAP = 6, TAG_FRAMEBUFFER = 8, TAG_ACPI_OLD = 14, TAG_ACPI_NEW = 15,
};

#define INFO_HEADER	8
#define TAG_HEADER	8
#define MAP_HEADER	8	/* before the entries: entry size, entry version */
#define MAP_ENTRY	24	/* start, length, type, reserved */
#define FB_COMMON	24	/* framebuffer tag up to the colours */
#define FB_RGB		30	/* with them */
#define FB_TYPE_RGB	1
#define FB_TYPE_TEXT	2

struct tag {
	u32 type, size;		/* size of the content alone */
	const u8 *content;
};

/* Is the tag's content at least `size` long? Says so if not. */
static bool long_enough(const struct tag *tag, u32 size)
{
	if (tag->size >= size)
		return true;
	pr_warn("multiboot2: tag %u has %u bytes where %u belong; ignored\n", tag->type,
		tag->size, size);
	return false;
}

/* The string from offset `from` to the end of the tag or its first zero. False when cut. */
static bool copy_text(char *to, size_t size, const struct tag *tag, u32 from)
{
	size_t len = strnlen((const char *)tag->content + from, tag->size - from);
	bool fits = len < size;

	if (!fits) {
		pr_warn("multiboot2: a text of %zu bytes is cut to %zu\n", len, size - 1);
		len = size - 1;
	}
	memcpy(to, tag->content + from, len);
	to[len] = '\0';
	return fits;
}

static void parse_memory_map(const struct tag *tag, struct boot_info *out)
{
	u32 entry_size, at;

	if (!long_enough(tag, MAP_HEADER))
		return;
	entry_size = le32(tag->content, 0);
	if (entry_size < MAP_ENTRY || entry_size % 8) {
		pr_warn("multiboot2: memory map with entries of %u bytes; ignored\n", entry_size);
		return;
	}
	for (at = MAP_HEADER; tag->size - at >= entry_size; at += entry_size)
		boot_add_range(out, le64(tag->content, at), le64(tag->content, at + 8),
			       le32(tag->content, at + 16));
}

/* Only of use where no map was given: KiB from 0, KiB from 1 MiB. */
static void parse_basic_memory(const struct tag *tag, struct boot_info *out)
{
	if (out->nr_ranges || !long_enough(tag, 8))
		return;
	pr_warn("multiboot2: no memory map, only its size\n");
	boot_add_range(out, 0, (u64)le32(tag->content, 0) << 10, BOOT_RAM);
	boot_add_range(out, 1 << 20, (u64)le32(tag->content, 4) << 10, BOOT_RAM);
}

static void parse_module(const struct tag *tag, struct boot_info *out)
{
	struct boot_module *module;
	u32 start, end;

	if (!long_enough(tag, 8))
		return;
	start = le32(tag->content, 0);
	end = le32(tag->content, 4);
	if (end < start || out->nr_modules == BOOT_MAX_MODULES) {
		pr_warn("multiboot2: module at %#x-%#x ignored: %s\n", start, end,
			end < start ? "it ends before it starts" : "too many");
		return;
	}
	module = &out->modules[out->nr_modules++];
	module->start = start;
	module->size = end - start;
	copy_text(module->name, sizeof(module->name), tag, 8);
}

static void parse_framebuffer(const struct tag *tag, struct boot_info *out)
{
	const u8 *p = tag->content;
	struct boot_framebuffer *fb = &out->fb;
	bool rgb;

	if (!long_enough(tag, FB_COMMON))
		return;
	rgb = p[21] == FB_TYPE_RGB;
	if (rgb && !long_enough(tag, FB_RGB))
		return;
	*fb = (struct boot_framebuffer){
		.addr = le64(p, 0), .pitch = le32(p, 8), .width = le32(p, 12),
		.height = le32(p, 16), .bpp = p[20], .text = p[21] == FB_TYPE_TEXT,
	};
	if (rgb) {
		fb->red_pos = p[24];
		fb->red_size = p[25];
		fb->green_pos = p[26];
		fb->green_size = p[27];
		fb->blue_pos = p[28];
		fb->blue_size = p[29];
	}
}

/* The newer copy of the ACPI root pointer wins, whichever comes first. */
static void parse_acpi(const struct tag *tag, struct boot_info *out)
{
	u32 size = min_t(u32, tag->size, sizeof(out->rsdp_copy));

	if (tag->type == TAG_ACPI_OLD && out->rsdp_copy[0])
		return;
	if (!long_enough(tag, 20))
		return;
	memset(out->rsdp_copy, 0, sizeof(out->rsdp_copy));
	memcpy(out->rsdp_copy, tag->content, size);
}

static void parse_tag(const struct tag *tag, struct boot_info *out)
{
	switch (tag->type) {
	case TAG_CMDLINE:
		if (!copy_text(out->cmdline, sizeof(out->cmdline), tag, 0))
			cmdline_drop_last(out->cmdline);
		break;
	case TAG_LOADER:
		copy_text(out->loader, sizeof(out->loader), tag, 0);
		break;
	case TAG_MODULE:
		parse_module(tag, out);
		break;
	case TAG_MEMORY_MAP:
		parse_memory_map(tag, out);
		break;
	case TAG_FRAMEBUFFER:
		parse_framebuffer(tag, out);
		break;
	case TAG_ACPI_OLD:
	case TAG_ACPI_NEW:
		parse_acpi(tag, out);
		break;
	}
}

/* Reads the tag at offset `at`; false, with a sentence, when there is no sound one. */
static bool read_tag(const u8 *info, u32 total, u32 at, struct tag *tag)
{
	u32 size;

	if (at > total || total - at < TAG_HEADER) {
		pr_warn("multiboot2: the list of tags has no end\n");
		return false;
	}
	size = le32(info, at + 4);
	if (size < TAG_HEADER || size > total - at) {
		pr_warn("multiboot2: a tag of %u bytes at %u of %u; the rest is ignored\n", size,
			at, total);
		return false;
	}
	*tag = (struct tag){ le32(info, at), size - TAG_HEADER, info + at + TAG_HEADER };
	return true;
}

int multiboot2_parse(const void *info, size_t size, struct boot_info *out)
{
	struct tag tag, basic_memory = { 0 };
	u32 total, at = INFO_HEADER;

	memset(out, 0, sizeof(*out));
	out->protocol = "multiboot2";
	if (size < INFO_HEADER)
		return -EINVAL;
	total = le32(info, 0);
	if (total < INFO_HEADER || total > size)
		return -EINVAL;
	while (read_tag(info, total, at, &tag) && tag.type != TAG_END) {
		if (tag.type == TAG_BASIC_MEMORY)
			basic_memory = tag;
		parse_tag(&tag, out);
		at += ALIGN(tag.size + TAG_HEADER, 8);
	}
	if (basic_memory.content)
		parse_basic_memory(&basic_memory, out);
	return 0;
}
