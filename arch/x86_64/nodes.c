/* SPDX-License-Identifier: MIT */
/*
 * From ACPI's tables to nodes: proximity domains become nodes in the order of their numbers
 * (srat.c). What the tables do not speak of, memory or processors, is on node 0, and the log
 * says how much that is. Written once, early, on CPU 0; read-only afterwards, so no lock.
 * Costs 8 bytes for each CPU compiled in, and 6 KiB for ranges.
 */
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/topology.h>
#include <kernel/cpu.h>
#include <kernel/memmap.h>

#include "acpi.h"
#include "apic.h"
#include "nodes.h"
#include "srat.h"

static struct srat srat;

int arch_cpu_to_node(unsigned int cpu)
{
	return max(srat_cpu_node(&srat, cpu_apic_ids[cpu]), 0);
}

u64 nodes_hotplug_end(void)
{
	return srat.hotplug_end;
}

int nodes_of_domain(u32 domain)
{
	return srat_node(&srat, domain);
}

void nodes_check_cpus(void)
{
	unsigned int cpu, strays = 0;

	for (cpu = 0; cpu < cpu_count; cpu++)
		strays += srat_cpu_node(&srat, cpu_apic_ids[cpu]) < 0;
	if (srat.nr_domains && strays)
		pr_warn("numa: %u CPUs are in no domain: node 0\n", strays);
}

static void warn_of_entries(void)
{
	if (srat.nr_bad)
		pr_warn("numa: %u entries of the SRAT make no sense\n", srat.nr_bad);
	if (srat.nr_overlaps)
		pr_warn("numa: %u ranges of the SRAT refused: another domain has part of them\n",
			srat.nr_overlaps);
	if (srat.nr_duplicates)
		pr_warn("numa: %u CPUs are in the SRAT twice: the first entry counts\n",
			srat.nr_duplicates);
	if (srat.nr_dropped)
		pr_warn("numa: %u entries of the SRAT do not fit\n", srat.nr_dropped);
	if (srat.nr_folded)
		pr_warn("numa: more domains than the %d nodes compiled in: %u entries of the SRAT "
			"go to nodes of others\n", MAX_NUMNODES, srat.nr_folded);
}

static void set_nodes(void)
{
	unsigned int i;

	for (i = 0; i < srat.nr_memory; i++) {
		const struct srat_memory *m = &srat.memory[i];

		if (memblock_set_node(m->start, m->end - m->start, srat_node(&srat, m->domain)))
			pr_warn("numa: too many ranges: RAM at %#llx is on node 0\n", m->start);
	}
	/* Also of a domain without RAM there must be a node. */
	for (i = 0; i < srat.nr_domains; i++)
		numa_set_distance((int)i, (int)i, LOCAL_DISTANCE);
}

static void set_distances(void)
{
	u32 length;
	const void *slit = acpi_find("SLIT", &length);
	const char *why = slit ? slit_refusal(slit, length) : NULL;
	unsigned int i, k;

	if (why)
		pr_warn("numa: the SLIT refused: %s\n", why);
	if (!slit || why)
		return;
	for (i = 0; i < srat.nr_domains; i++) {
		for (k = 0; k < srat.nr_domains; k++) {
			int distance = slit_distance(slit, srat.domains[i], srat.domains[k]);

			if (distance)
				numa_set_distance((int)i, (int)k, distance);
		}
	}
}

/* Bytes of RAM that memblock has for the node; NUMA_NO_NODE: for none. */
static u64 ram_of(int nid)
{
	phys_addr_t start, end, sum = 0;
	unsigned int i;
	int owner;

	for (i = 0; memblock_memory_range(i, &start, &end, &owner); i++)
		sum += owner == nid ? end - start : 0;
	return sum;
}

static void print_node(int nid)
{
	char distances[4 * MAX_NUMNODES + 1] = "";
	unsigned int i, cpus = 0;
	int to, len = 0;

	for (i = 0; i < srat.nr_cpus; i++)
		cpus += srat_node(&srat, srat.cpus[i].domain) == nid;
	for (to = 0; to < (int)srat.nr_domains; to++)
		len += scnprintf(distances + len, sizeof(distances) - len, " %d",
				 node_distance(nid, to));
	pr_info("numa: node %d is domain %u: %llu KiB, %u CPUs; distances%s\n", nid,
		srat.domains[nid], ram_of(nid) >> 10, cpus, distances);
}

void nodes_init(void)
{
	u32 length;
	const void *table = acpi_find("SRAT", &length);
	unsigned int i;

	if (memmap_numa_off()) {
		pr_info("numa: off\n");
		return;
	}
	if (!table)
		return;
	if (!srat_parse(table, length, &srat)) {
		pr_warn("numa: the SRAT refused: too short to be one\n");
		return;
	}
	warn_of_entries();
	set_nodes();
	set_distances();
	for (i = 0; i < srat.nr_domains; i++)
		print_node((int)i);
	if (srat.nr_domains && ram_of(NUMA_NO_NODE))
		pr_warn("numa: %llu KiB of RAM are in no domain: node 0\n",
			ram_of(NUMA_NO_NODE) >> 10);
}
