/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU data: making the copies. How they are reached is in linux/percpu.h.
 *
 *	section percpu		CPU 0's own, from the first instruction on
 *	pristine		what it held at start-up, kept for the others
 *	a copy			for each other CPU that was asked for: pristine, and its number
 *
 * The port says at which distance a copy lies, and leaves room there for what alloc_percpu()
 * hands out later (mm/percpu.c). Distances are multiples of the page size, so variables are as
 * aligned in each copy as in the section.
 *
 * per_cpu_offset[cpu] is 0 for a CPU without a copy: its number must not be used (such CPUs
 * are not in cpu_possible_mask). Copies are never freed, and lie on the node of their CPU. All
 * of this happens in the boot thread, one CPU after the other.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <kernel/cpu.h>
#include <quarry/port.h>
#include <quarry/quarry.h>

#define ALIGNMENT 64	/* of the section */

extern char __start_percpu[], __stop_percpu[];

DEFINE_PER_CPU(unsigned long, this_cpu_offset) __aligned(ALIGNMENT);
DEFINE_PER_CPU(unsigned int, cpu_number);
DEFINE_PER_CPU(unsigned int, preempt_count_var);
unsigned long per_cpu_offset[NR_CPUS];
struct cpumask __cpu_possible_mask = { { 1 } };

static void *pristine;

static size_t percpu_size(void)
{
	return (size_t)(__stop_percpu - __start_percpu);
}

void percpu_init(void)
{
	pristine = arch_percpu_pristine(percpu_size());
	memcpy(pristine, __start_percpu, percpu_size());
}

/* Maps pages of the node for the copy that is to begin at `copy`. */
static int map_copy(unsigned long copy, int nid)
{
	unsigned long va = ALIGN_DOWN(copy, PAGE_SIZE);
	int error = 0;

	for (; va < copy + percpu_size() && !error; va += PAGE_SIZE) {
		struct page *page = alloc_pages_node(nid, GFP_KERNEL, 0);

		if (!page)
			return -ENOMEM;
		error = port_percpu_map(va, page_to_phys(page));
		if (error)
			__free_page(page);
	}
	return error;
}

int percpu_make(unsigned int cpu)
{
	unsigned long distance = arch_percpu_distance(cpu);
	int nid = arch_cpu_to_node(cpu), error;

	error = map_copy((unsigned long)__start_percpu + distance, nid);
	if (error)
		return error;
	memcpy(__start_percpu + distance, pristine, percpu_size());
	per_cpu_offset[cpu] = distance;
	per_cpu(this_cpu_offset, cpu) = distance;
	per_cpu(cpu_number, cpu) = cpu;
	set_cpu_numa_node((int)cpu, nid);
	error = quarry_cpu_add(cpu);
	if (!error)
		cpumask_set_cpu(cpu, &__cpu_possible_mask);
	return error;
}
