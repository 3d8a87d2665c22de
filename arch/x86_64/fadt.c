/* SPDX-License-Identifier: MIT */
/*
 * The Fixed ACPI Description Table (ACPI Specification 6.5, 5.2.9) and the HPET's (IA-PC HPET
 * 1.0a, 3.2.4), as far as clocks and events go.
 *
 * The FADT has most addresses twice: a port of 32 bits, and since revision 3 a generic address of
 * 12 bytes (5.2.3.2), which counts when it is there, names a port and is not 0. Old tables are
 * shorter, and end anywhere.
 */
#include <linux/kernel.h>

#include "arch/x86_64/fadt.h"
#include "arch/x86_64/fields.h"

enum {
	FADT_PM_TIMER = 76, FADT_GPE0 = 80, FADT_PM_LENGTH = 91, FADT_GPE0_LENGTH = 92,
	FADT_FLAGS = 112, FADT_X_PM_TIMER = 208, FADT_X_GPE0 = 220,
};
enum { FADT_FLAG_32_BITS = 1 << 8 };
enum { GAS_ADDRESS = 4, GAS_SIZE = 12, SPACE_MEMORY = 0, SPACE_IO = 1 };
enum { HPET_GAS = 40, HPET_SIZE = 56 };

#define HPET_BYTES 1024
#define PHYS_LIMIT (1ULL << 52)
#define PORTS	   0x10000

const char *hpet_place(const void *table, u32 length, u64 *address)
{
	const u8 *data = table;

	if (length < HPET_SIZE)
		return "too short to be one";
	if (data[HPET_GAS] != SPACE_MEMORY)
		return "its registers are not in memory";
	*address = le64(table, HPET_GAS + GAS_ADDRESS);
	if (!*address || *address % 8 || *address > PHYS_LIMIT - HPET_BYTES)
		return "its address is impossible";
	return NULL;
}

/* The port that one of the two fields names, or 0; `narrow` 0: only the other one can. */
static u64 port_at(const void *table, u32 length, u32 narrow, u32 wide)
{
	const u8 *data = table;

	if (length >= wide + GAS_SIZE && data[wide] == SPACE_IO && le64(table, wide + GAS_ADDRESS))
		return le64(table, wide + GAS_ADDRESS);
	return narrow ? le32(table, narrow) : 0;
}

const char *fadt_pm_timer(const void *table, u32 length, u16 *port, u64 *mask)
{
	const u8 *data = table;
	u64 at;

	if (length < FADT_FLAGS + 4)
		return "too short to name a timer";
	at = port_at(table, length, data[FADT_PM_LENGTH] == 4 ? FADT_PM_TIMER : 0, FADT_X_PM_TIMER);
	if (!at)
		return "it has no timer";
	if (at > PORTS - 4)
		return "its timer's port is impossible";
	*port = (u16)at;
	*mask = le32(table, FADT_FLAGS) & FADT_FLAG_32_BITS ? 0xffffffff : 0xffffff;
	return NULL;
}

const char *fadt_gpe_status(const void *table, u32 length, u16 *port)
{
	const u8 *data = table;
	u64 at;

	if (length < FADT_FLAGS + 4)
		return "too short to name events";
	/* One half is status, the other says which of it interrupts. */
	if (data[FADT_GPE0_LENGTH] < 2)
		return "it has no events";
	at = port_at(table, length, FADT_GPE0, FADT_X_GPE0);
	if (!at)
		return "it has no events";
	if (at > (u64)PORTS - data[FADT_GPE0_LENGTH])
		return "its events' port is impossible";
	*port = (u16)at;
	return NULL;
}
