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
 * are not in cpu_possible_mask). Copies are never freed. All of this happens in the boot
 * thread, one CPU after the other.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/string.h>
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

int percpu_make(unsigned int cpu)
{
	char *copy = alloc_pages_exact(percpu_size(), GFP_KERNEL);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, pristine, percpu_size());
	per_cpu_offset[cpu] = (unsigned long)copy - (unsigned long)__start_percpu;
	per_cpu(this_cpu_offset, cpu) = per_cpu_offset[cpu];
	per_cpu(cpu_number, cpu) = cpu;
	cpumask_set_cpu(cpu, &__cpu_possible_mask);
	return 0;
}
