/* SPDX-License-Identifier: MIT */
/*
 * The System Resource Affinity Table (ACPI Specification 6.5, 5.2.16): which ranges of memory
 * and which processors are in which proximity domain.
 *
 * After a head of 48 bytes comes a list of entries, each led by its type and its length, and
 * read as the MADT's are: an entry must be at least as long as its type demands and end within
 * the table; a length below 2 would never end and closes the list; types that are not known
 * (other architectures' processors, devices) are stepped over. In tables of revision 1 a
 * domain has 8 bits, and what lies beside them is not read.
 *
 * Domains are numbers of 32 bits with any gaps; nodes are 0 to n - 1. The first MAX_NUMNODES
 * domains to be named by an enabled entry get nodes, in the order of their numbers; entries of
 * further domains count for one of these nodes, chosen by number. Nothing is lost that way but
 * the knowledge what is near.
 *
 * Two domains cannot have the same memory: of two such ranges the first is believed, the other
 * left out whole. Ranges that may get memory later are taken like the others: whether there is
 * RAM in them is not this table's to say. Costs, for n entries of a kind, n * n / 2
 * comparisons, once.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "arch/x86_64/fields.h"
#include "arch/x86_64/srat.h"

enum { HEAD_REVISION = 8, HEAD_SIZE = 48 };
enum { TYPE_CPU = 0, TYPE_MEMORY = 1, TYPE_X2_CPU = 2, NR_TYPES = 3 };
enum { ENABLED = 1, MEMORY_HOTPLUG = 2 };

#define XAPIC_NOBODY	0xff
#define X2APIC_NOBODY	0xffffffff
#define PHYS_LIMIT	(1ULL << 52)

/* Keeps a domain, in order, as long as there is a node for it. */
static void take_domain(struct srat *srat, u32 domain)
{
	unsigned int i = 0;

	while (i < srat->nr_domains && srat->domains[i] < domain)
		i++;
	if ((i < srat->nr_domains && srat->domains[i] == domain) ||
	    srat->nr_domains == MAX_NUMNODES)
		return;
	memmove(srat->domains + i + 1, srat->domains + i,
		(srat->nr_domains - i) * sizeof(srat->domains[0]));
	srat->domains[i] = domain;
	srat->nr_domains++;
}

static bool is_enabled(struct srat *srat, u32 flags)
{
	srat->nr_disabled += !(flags & ENABLED);
	return flags & ENABLED;
}

static void take_cpu(struct srat *srat, u32 apic_id, u32 domain)
{
	unsigned int i;

	for (i = 0; i < srat->nr_cpus; i++) {
		if (srat->cpus[i].apic_id == apic_id) {
			srat->nr_duplicates++;
			return;
		}
	}
	if (srat->nr_cpus == NR_CPUS) {
		srat->nr_dropped++;
		return;
	}
	srat->cpus[srat->nr_cpus++] = (struct srat_cpu){ apic_id, domain };
	take_domain(srat, domain);
}

/* The domain's lowest byte is the third of the entry, the others are the tenth to twelfth. */
static void cpu_entry(struct srat *srat, const u8 *entry, u8 revision)
{
	u32 domain = entry[2];

	if (revision >= 2)
		domain |= (u32)entry[9] << 8 | (u32)entry[10] << 16 | (u32)entry[11] << 24;
	if (!is_enabled(srat, le32(entry, 4)))
		return;
	if (entry[3] == XAPIC_NOBODY)
		srat->nr_bad++;
	else
		take_cpu(srat, entry[3], domain);
}

static void x2_cpu_entry(struct srat *srat, const u8 *entry, u8 revision)
{
	if (!is_enabled(srat, le32(entry, 12)))
		return;
	if (le32(entry, 8) == X2APIC_NOBODY)
		srat->nr_bad++;
	else
		take_cpu(srat, le32(entry, 8), le32(entry, 4));
}

static bool overlaps(const struct srat *srat, const struct srat_memory *new)
{
	unsigned int i;

	for (i = 0; i < srat->nr_memory; i++) {
		const struct srat_memory *old = &srat->memory[i];

		if (old->domain != new->domain && old->start < new->end && new->start < old->end)
			return true;
	}
	return false;
}

static void memory_entry(struct srat *srat, const u8 *entry, u8 revision)
{
	u64 base = le64(entry, 8), length = le64(entry, 16);
	struct srat_memory new = {
		.start = base, .end = base + length,
		.domain = revision >= 2 ? le32(entry, 2) : entry[2],
	};

	if (!is_enabled(srat, le32(entry, 28)))
		return;
	if (!length || length > PHYS_LIMIT || base > PHYS_LIMIT - length ||
	    (base | length) % 4096) {
		srat->nr_bad++;
		return;
	}
	if (overlaps(srat, &new)) {
		srat->nr_overlaps++;
		return;
	}
	if (srat->nr_memory == SRAT_MAX_RANGES) {
		srat->nr_dropped++;
		return;
	}
	if (le32(entry, 28) & MEMORY_HOTPLUG) {
		srat->nr_hotplug++;
		srat->hotplug_end = max(srat->hotplug_end, new.end);
	}
	srat->memory[srat->nr_memory++] = new;
	take_domain(srat, new.domain);
}

static const struct {
	u8 size;
	void (*take)(struct srat *srat, const u8 *entry, u8 revision);
} types[NR_TYPES] = {
	[TYPE_CPU] = { 16, cpu_entry },
	[TYPE_MEMORY] = { 40, memory_entry },
	[TYPE_X2_CPU] = { 24, x2_cpu_entry },
};

/* The node that has this domain for its own, or NUMA_NO_NODE. */
static int own_node(const struct srat *srat, u32 domain)
{
	unsigned int i;

	for (i = 0; i < srat->nr_domains; i++)
		if (srat->domains[i] == domain)
			return (int)i;
	return NUMA_NO_NODE;
}

static void count_folded(struct srat *srat)
{
	unsigned int i;

	for (i = 0; i < srat->nr_memory; i++)
		srat->nr_folded += own_node(srat, srat->memory[i].domain) < 0;
	for (i = 0; i < srat->nr_cpus; i++)
		srat->nr_folded += own_node(srat, srat->cpus[i].domain) < 0;
}

bool srat_parse(const void *table, u32 length, struct srat *srat)
{
	const u8 *data = table;
	u32 at, size;
	u8 type;

	memset(srat, 0, sizeof(*srat));
	if (length < HEAD_SIZE)
		return false;
	for (at = HEAD_SIZE; (size = acpi_entry_size(data, length, at)); at += size) {
		type = data[at];
		if (type >= NR_TYPES)
			continue;
		if (size < types[type].size)
			srat->nr_bad++;
		else
			types[type].take(srat, data + at, data[HEAD_REVISION]);
	}
	srat->nr_bad += at != length;
	count_folded(srat);
	return true;
}

int srat_node(const struct srat *srat, u32 domain)
{
	int nid = own_node(srat, domain);

	return nid >= 0 || !srat->nr_domains ? max(nid, 0) : (int)(domain % srat->nr_domains);
}

int srat_cpu_node(const struct srat *srat, u32 apic_id)
{
	unsigned int i;

	for (i = 0; i < srat->nr_cpus; i++)
		if (srat->cpus[i].apic_id == apic_id)
			return srat_node(srat, srat->cpus[i].domain);
	return NUMA_NO_NODE;
}
