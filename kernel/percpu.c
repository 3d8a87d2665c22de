/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU data: making the copies. How they are reached is in linux/percpu.h.
 *
 *	section percpu		CPU 0's own, from the first instruction on
 *	pristine		what it held at start-up, kept for the others
 *	a block of pages	for each other CPU that was asked for: pristine, and its number
 *
 * The distance between two copies is a multiple of the section's alignment, so variables are
 * as aligned in each as in the section.
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

#define ALIGNMENT 64	/* of the section; a block of pages has more */

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

/* Whole pages for a copy: what is too much of the block goes back. */
static char *alloc_copy(int nid)
{
	unsigned int order = (unsigned int)get_order(percpu_size());
	struct page *page = alloc_pages_node(nid, GFP_KERNEL, order);

	if (!page)
		return NULL;
	split_page(page, order);
	for (unsigned long i = PFN_UP(percpu_size()); i < 1UL << order; i++)
		__free_page(page + i);
	return page_address(page);
}

int percpu_make(unsigned int cpu)
{
	int nid = arch_cpu_to_node(cpu);
	char *copy = alloc_copy(nid);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, pristine, percpu_size());
	per_cpu_offset[cpu] = (unsigned long)copy - (unsigned long)__start_percpu;
	per_cpu(this_cpu_offset, cpu) = per_cpu_offset[cpu];
	per_cpu(cpu_number, cpu) = cpu;
	set_cpu_numa_node((int)cpu, nid);
	cpumask_set_cpu(cpu, &__cpu_possible_mask);
	return 0;
}
