/* SPDX-License-Identifier: MIT */
/*
 * ACPI's MCFG (PCI Firmware Specification 3.3, 4.1.2): where PCI configuration space lies in
 * memory. After a head of 44 bytes come entries of 16: base address, segment, first and last
 * bus. Each bus takes 1 MiB there, counted from bus 0.
 *
 * Only what begins with bus 0 of segment 0 is used: everything else is reached from there.
 * Firmware is not trusted: an entry that is cut, or whose address is none, no multiple of a
 * bus's size or beyond all addresses, is passed over.
 */
#include <linux/kernel.h>
#include <linux/sizes.h>

#include "fields.h"
#include "pci.h"

enum { HEAD_SIZE = 44, ENTRY_SIZE = 16 };
enum { ENTRY_ADDRESS = 0, ENTRY_SEGMENT = 8, ENTRY_FIRST = 10, ENTRY_LAST = 11 };

#define PHYS_LIMIT (1ULL << 52)

static bool entry_is_usable(const u8 *entry, struct mcfg_window *window)
{
	window->address = le64(entry, ENTRY_ADDRESS);
	window->last = entry[ENTRY_LAST];
	return !le16(entry, ENTRY_SEGMENT) && !entry[ENTRY_FIRST] && window->address &&
	       window->address % SZ_1M == 0 && window->address < PHYS_LIMIT - PCI_MAX_BUSES * SZ_1M;
}

bool mcfg_find(const void *table, u32 length, struct mcfg_window *window)
{
	u32 at;

	for (at = HEAD_SIZE; at + ENTRY_SIZE <= length; at += ENTRY_SIZE)
		if (entry_is_usable((const u8 *)table + at, window))
			return true;
	return false;
}
