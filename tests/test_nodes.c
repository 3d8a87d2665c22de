/* SPDX-License-Identifier: MIT */
/* The machine's tables of nodes against what became of them. Bare machine only. */
#include <linux/smp.h>
#include <linux/topology.h>
#include <arch/x86_64/acpi.h>
#include <arch/x86_64/apic.h>
#include <arch/x86_64/srat.h>
#include <kernel/boot.h>
#include "mm/internal.h"
#include "tests/selftest.h"

static struct srat told;

/* Reads the tables anew; false when they do not count. */
static bool read_tables(const void **slit)
{
	u32 length;
	const void *table = acpi_find("SRAT", &length);

	if (cmdline_has("numa") || !table || !srat_parse(table, length, &told))
		return false;
	*slit = acpi_find("SLIT", &length);
	if (*slit && slit_refusal(*slit, length))
		*slit = NULL;
	return told.nr_domains > 0;
}

/* But for page blocks that two nodes share, which the lower one has. */
SELFTEST(nodes, memory_is_where_the_table_says)
{
	const phys_addr_t size = PAGE_SIZE << PAGEBLOCK_ORDER;
	unsigned long pages = 0;
	const void *slit;

	if (!read_tables(&slit))
		SKIP("no table of nodes (SRAT)");
	for (unsigned int i = 0; i < told.nr_memory; i++) {
		const struct srat_memory *m = &told.memory[i];

		for (unsigned int k = 0; k < memblock_memory.nr; k++) {
			const struct memblock_region *r = &memblock_memory.regions[k];
			phys_addr_t start = ALIGN(max(r->base, m->start), size);

			if (start >= min(r->end, m->end))
				continue;
			CHECK_EQ(memblock_nid(r->nid), srat_node(&told, m->domain));
			pages += (min(r->end, m->end) - start) >> PAGE_SHIFT;
		}
	}
	printk("%lu pages of RAM are in the SRAT\n", pages);
}

static void read_apic_id(void *info)
{
	*(u32 *)info = apic_id(&apic);
}

SELFTEST(nodes, cpus_are_where_the_table_says)
{
	const void *slit;
	unsigned int cpu;

	if (!read_tables(&slit))
		SKIP("no table of nodes (SRAT)");
	for_each_online_cpu(cpu) {
		u32 id = ~0U;
		int nid;

		CHECK_EQ(smp_call_function_single((int)cpu, read_apic_id, &id, 1), 0);
		nid = srat_cpu_node(&told, id);
		CHECK_EQ(cpu_to_node((int)cpu), max(nid, 0));
	}
}

SELFTEST(nodes, distances_are_as_the_table_says)
{
	const void *slit;

	if (!read_tables(&slit))
		SKIP("no table of nodes (SRAT)");
	for (unsigned int i = 0; i < told.nr_domains; i++) {
		for (unsigned int k = 0; k < told.nr_domains; k++) {
			int distance = slit ? slit_distance(slit, told.domains[i],
							    told.domains[k]) : 0;

			if (!distance)
				distance = i == k ? LOCAL_DISTANCE : REMOTE_DISTANCE;
			CHECK_EQ(node_distance((int)i, (int)k), distance);
		}
	}
}
