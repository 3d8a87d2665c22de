/* SPDX-License-Identifier: MIT */
/*
 * What ACPI says about nodes: which memory and which processors belong together (SRAT), and
 * how far it is between them (SLIT). See srat.c and slit.c.
 */
#ifndef ARCH_X86_64_SRAT_H
#define ARCH_X86_64_SRAT_H

#include <linux/numa.h>
#include <linux/percpu.h>
#include <linux/types.h>

#define SRAT_MAX_RANGES 256

struct srat_memory {
	u64 start, end;		/* [start, end), multiples of 4 KiB */
	u32 domain;
};

struct srat_cpu {
	u32 apic_id;
	u32 domain;
};

struct srat {
	unsigned int nr_memory, nr_cpus;
	unsigned int nr_domains; /* distinct ones among these, as far as there are nodes */
	unsigned int nr_disabled; /* entries that say of themselves that they mean nothing */
	unsigned int nr_hotplug; /* ranges where RAM may be plugged in later, or is already */
	u64 hotplug_end;	/* of the highest of them; 0: there are none */
	unsigned int nr_folded;	/* entries whose domain has no node of its own */
	unsigned int nr_duplicates; /* processors that were described before: the first counts */
	unsigned int nr_overlaps; /* ranges that are in part another domain's: left out */
	unsigned int nr_dropped; /* entries that did not fit */
	unsigned int nr_bad;	/* entries whose length or content makes no sense */
	u32 domains[MAX_NUMNODES]; /* by node: its proximity domain, rising */
	struct srat_memory memory[SRAT_MAX_RANGES];
	struct srat_cpu cpus[NR_CPUS];
};

/*
 * Reads an SRAT of which `length` bytes are readable. False, with *srat empty, when it is too
 * short to be one; entries that make no sense are counted and left out, and the rest is
 * taken. Any context; touches nothing but its arguments.
 */
bool srat_parse(const void *table, u32 length, struct srat *srat);
/* The node of a domain that the table names. */
int srat_node(const struct srat *srat, u32 domain);
/* The node of a processor; NUMA_NO_NODE when the table does not name it. */
int srat_cpu_node(const struct srat *srat, u32 apic_id);

/* Why a SLIT of which `length` bytes are readable is no good; NULL: it is in order. */
const char *slit_refusal(const void *table, u32 length);
/* One that is in order: from domain to domain; 0 where it does not know one of them. */
int slit_distance(const void *table, u32 from, u32 to);

#endif
