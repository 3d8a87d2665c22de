/* SPDX-License-Identifier: MIT */
/*
 * Numbers in tables of firmware and boot loaders: little-endian, at any address, read without a
 * call. And the lists of entries that ACPI's tables end with.
 */
#ifndef ARCH_X86_64_FIELDS_H
#define ARCH_X86_64_FIELDS_H

#include <linux/compiler.h>
#include <linux/types.h>

#define FIELD_READER(name, type) \
	static inline type name(const void *table, size_t offset) \
	{ \
		const struct { type value; } __packed *at = \
			(const void *)((const u8 *)table + offset); \
		return at->value; \
	}

FIELD_READER(le16, u16)
FIELD_READER(le32, u32)
FIELD_READER(le64, u64)

#undef FIELD_READER

/*
 * The size of the entry at `at`, which begins with its type and its size, one byte each; 0 where
 * the list ends, and where an entry of such a size cannot be.
 */
static inline u32 acpi_entry_size(const u8 *table, u32 length, u32 at)
{
	u32 size = length - at >= 2 ? table[at + 1] : 0;

	return size >= 2 && size <= length - at ? size : 0;
}

#endif
