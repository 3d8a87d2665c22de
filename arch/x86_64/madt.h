/* SPDX-License-Identifier: MIT */
/* What the MADT says about processors and interrupt controllers. See madt.c. */
#ifndef ARCH_X86_64_MADT_H
#define ARCH_X86_64_MADT_H

#include <linux/percpu.h>
#include <linux/types.h>

#define MADT_MAX_IOAPICS   32
#define MADT_MAX_OVERRIDES 16	/* ISA has no more */
#define MADT_MAX_NMIS	   64
#define MADT_EVERY_CPU	   0xffffffff

/* Flags of overrides and NMIs: MPS INTI flags. 0 in a field: as its bus has it. */
#define MADT_POLARITY	   0x3
#define MADT_ACTIVE_LOW	   0x3
#define MADT_TRIGGER	   0xc
#define MADT_LEVEL	   0xc

struct madt_cpu {
	u32 apic_id;
	u32 uid;		/* as the NMI entries name it */
};

struct madt_ioapic {
	u64 address;
	u32 gsi_base;
	u8 id;
};

struct madt_override {		/* ISA interrupt `isa` comes in as line `gsi` */
	u8 isa;
	u16 flags;
	u32 gsi;
};

struct madt_nmi {		/* input `lint` of these CPUs' local APIC is an NMI */
	u32 uid;		/* or MADT_EVERY_CPU */
	u16 flags;
	u8 lint;		/* 0 or 1 */
};

struct madt {
	u64 apic_address;	/* physical, of every CPU's local APIC */
	bool legacy_controllers; /* two 8259s are there too */
	unsigned int nr_cpus, nr_ioapics, nr_overrides, nr_nmis;
	unsigned int nr_disabled; /* CPUs that are not there now; some may be plugged in later */
	unsigned int nr_pluggable;
	unsigned int nr_duplicates;
	unsigned int nr_dropped; /* entries of any kind that did not fit, CPUs above all */
	unsigned int nr_bad;	/* entries whose length or content makes no sense */
	struct madt_cpu cpus[NR_CPUS];
	struct madt_ioapic ioapics[MADT_MAX_IOAPICS];
	struct madt_override overrides[MADT_MAX_OVERRIDES];
	struct madt_nmi nmis[MADT_MAX_NMIS];
};

/*
 * Reads a MADT of which `length` bytes are readable. False, with *madt empty, when it is too
 * short to be one; entries that make no sense are counted and left out, and the rest is
 * taken. Any context; touches nothing but its arguments.
 */
bool madt_parse(const void *table, u32 length, struct madt *madt);

#endif
