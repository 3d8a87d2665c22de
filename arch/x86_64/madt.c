/* SPDX-License-Identifier: MIT */
/*
 * The Multiple APIC Description Table (ACPI Specification 6.5, 5.2.12): which processors,
 * I/O APICs, rerouted ISA interrupts and NMI inputs the machine has.
 *
 * After a head of 44 bytes comes a list of entries, each led by its type and its length.
 * Firmware is not trusted: an entry must be at least as long as its type demands and end
 * within the table; a length below 2 would never end and closes the list. Types that are not
 * known are stepped over.
 *
 * A processor may be described twice, by its old entry and its x2APIC entry, and tables with
 * plain repetitions exist: an APIC id is taken once. What is disabled is not there, whether
 * or not it could be plugged in. Costs NR_CPUS * 8 bytes and, for n processors, n * n / 2
 * comparisons, once.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "arch/x86_64/fields.h"
#include "arch/x86_64/madt.h"

enum { HEAD_APIC = 36, HEAD_FLAGS = 40, HEAD_SIZE = 44 };
enum { HEAD_FLAG_LEGACY = 1 };

enum {
	TYPE_CPU = 0, TYPE_IOAPIC = 1, TYPE_OVERRIDE = 2, TYPE_CPU_NMI = 4,
	TYPE_APIC_ADDRESS = 5, TYPE_X2_CPU = 9, TYPE_X2_NMI = 10, NR_TYPES = 11,
};

enum { CPU_ENABLED = 1, CPU_PLUGGABLE = 2 };

#define XAPIC_NOBODY	0xff		/* broadcast: no processor's id */
#define XAPIC_EVERY_UID	0xff
#define X2APIC_NOBODY	0xffffffff
#define PHYS_LIMIT	(1ULL << 52)

static u8 byte(const u8 *entry, unsigned int offset)
{
	return entry[offset];
}

static void take_cpu(struct madt *madt, u32 apic_id, u32 uid, u32 flags)
{
	unsigned int i;

	if (!(flags & CPU_ENABLED)) {
		madt->nr_disabled++;
		madt->nr_pluggable += !!(flags & CPU_PLUGGABLE);
		return;
	}
	for (i = 0; i < madt->nr_cpus; i++) {
		if (madt->cpus[i].apic_id == apic_id) {
			madt->nr_duplicates++;
			return;
		}
	}
	if (madt->nr_cpus == NR_CPUS) {
		madt->nr_dropped++;
		return;
	}
	madt->cpus[madt->nr_cpus++] = (struct madt_cpu){ apic_id, uid };
}

static void cpu_entry(struct madt *madt, const u8 *entry)
{
	u8 id = byte(entry, 3);
	u32 flags = le32(entry, 4);

	if (id == XAPIC_NOBODY && (flags & CPU_ENABLED))
		madt->nr_bad++;
	else
		take_cpu(madt, id, byte(entry, 2), flags);
}

static void x2_cpu_entry(struct madt *madt, const u8 *entry)
{
	u32 id = le32(entry, 4), flags = le32(entry, 8);

	if (id == X2APIC_NOBODY && (flags & CPU_ENABLED))
		madt->nr_bad++;
	else
		take_cpu(madt, id, le32(entry, 12), flags);
}

static void ioapic_entry(struct madt *madt, const u8 *entry)
{
	u32 address = le32(entry, 4), gsi_base = le32(entry, 8);
	unsigned int i;

	if (!address || address % 16) {
		madt->nr_bad++;
		return;
	}
	for (i = 0; i < madt->nr_ioapics; i++) {
		if (madt->ioapics[i].address == address || madt->ioapics[i].gsi_base == gsi_base) {
			madt->nr_duplicates++;
			return;
		}
	}
	if (madt->nr_ioapics == MADT_MAX_IOAPICS) {
		madt->nr_dropped++;
		return;
	}
	madt->ioapics[madt->nr_ioapics++] = (struct madt_ioapic){
		.address = address, .gsi_base = gsi_base, .id = byte(entry, 2),
	};
}

/* The bus must be 0, ISA, which has 16 interrupts. The last word about one counts. */
static void override_entry(struct madt *madt, const u8 *entry)
{
	struct madt_override new = {
		.isa = byte(entry, 3), .flags = le16(entry, 8), .gsi = le32(entry, 4),
	};
	unsigned int i;

	if (byte(entry, 2) != 0 || new.isa > 15) {
		madt->nr_bad++;
		return;
	}
	for (i = 0; i < madt->nr_overrides; i++)
		if (madt->overrides[i].isa == new.isa)
			break;
	madt->nr_duplicates += i < madt->nr_overrides;
	madt->nr_overrides += i == madt->nr_overrides;	/* 16 at most: they fit */
	madt->overrides[i] = new;
}

static void take_nmi(struct madt *madt, u32 uid, u16 flags, u8 lint)
{
	if (lint > 1)
		madt->nr_bad++;
	else if (madt->nr_nmis == MADT_MAX_NMIS)
		madt->nr_dropped++;
	else
		madt->nmis[madt->nr_nmis++] = (struct madt_nmi){ uid, flags, lint };
}

static void nmi_entry(struct madt *madt, const u8 *entry)
{
	u8 uid = byte(entry, 2);

	take_nmi(madt, uid == XAPIC_EVERY_UID ? MADT_EVERY_CPU : uid, le16(entry, 3),
		 byte(entry, 5));
}

static void x2_nmi_entry(struct madt *madt, const u8 *entry)
{
	take_nmi(madt, le32(entry, 4), le16(entry, 2), byte(entry, 8));
}

static void address_entry(struct madt *madt, const u8 *entry)
{
	u64 address = le64(entry, 4);

	if (!address || address % 4096 || address >= PHYS_LIMIT)
		madt->nr_bad++;
	else
		madt->apic_address = address;
}

static const struct {
	u8 size;
	void (*take)(struct madt *madt, const u8 *entry);
} types[NR_TYPES] = {
	[TYPE_CPU] = { 8, cpu_entry },
	[TYPE_IOAPIC] = { 12, ioapic_entry },
	[TYPE_OVERRIDE] = { 10, override_entry },
	[TYPE_CPU_NMI] = { 6, nmi_entry },
	[TYPE_APIC_ADDRESS] = { 12, address_entry },
	[TYPE_X2_CPU] = { 16, x2_cpu_entry },
	[TYPE_X2_NMI] = { 12, x2_nmi_entry },
};

bool madt_parse(const void *table, u32 length, struct madt *madt)
{
	const u8 *data = table;
	u32 at, size;
	u8 type;

	memset(madt, 0, sizeof(*madt));
	if (length < HEAD_SIZE)
		return false;
	madt->apic_address = le32(data, HEAD_APIC);
	madt->legacy_controllers = le32(data, HEAD_FLAGS) & HEAD_FLAG_LEGACY;
	for (at = HEAD_SIZE; (size = acpi_entry_size(data, length, at)); at += size) {
		type = byte(data, at);
		if (type >= NR_TYPES || !types[type].take)
			continue;
		if (size < types[type].size)
			madt->nr_bad++;
		else
			types[type].take(madt, data + at);
	}
	madt->nr_bad += at != length;
	return true;
}
