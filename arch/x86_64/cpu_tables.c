/* SPDX-License-Identifier: MIT */
/*
 * The descriptor tables of each CPU: segments and task state are its own, because the task
 * state names the stacks for the traps that must not rely on the current one, and two CPUs may
 * take such a trap at once. The interrupt descriptors (traps.c) are the same for all.
 *
 * Both are per-CPU variables. CPU 0's stacks are part of the image, a further CPU's are
 * allocated when it is started; both stay. Filled by the CPU that starts another, before that
 * runs, and only read afterwards.
 */
#include <linux/kernel.h>
#include <linux/percpu.h>

#include "arch.h"

struct task_state {
	u32 reserved0;
	u64 rsp[3], reserved1, ist[7], reserved2;
	u16 reserved3, io_map;
} __packed;

struct table_pointer {
	u16 limit;
	u64 base;
} __packed;

#define NR_SEGMENTS (KERNEL_TSS / 8 + 2)

struct cpu_tables {
	u64 gdt[NR_SEGMENTS];
	struct task_state state __aligned(8);
};

extern const u64 gdt[];
extern struct table_pointer gdt_pointer;

static DEFINE_PER_CPU(struct cpu_tables, cpu_tables) __aligned(64);

unsigned long cpu_stack_top(unsigned int cpu, unsigned int i)
{
	return per_cpu(cpu_tables, cpu).state.ist[i - 1];
}

void cpu_stack_set(unsigned int cpu, unsigned int i, unsigned long top)
{
	per_cpu(cpu_tables, cpu).state.ist[i - 1] = top;
}

void cpu_tables_load(void)
{
	struct cpu_tables *tables = this_cpu_ptr(&cpu_tables);
	struct table_pointer pointer = { sizeof(tables->gdt) - 1, (u64)tables->gdt };
	u64 base = (u64)&tables->state, limit = sizeof(tables->state) - 1;

	tables->state.io_map = sizeof(tables->state);
	tables->gdt[KERNEL_CS / 8] = gdt[KERNEL_CS / 8];
	tables->gdt[KERNEL_DS / 8] = gdt[KERNEL_DS / 8];
	tables->gdt[KERNEL_TSS / 8] = limit | (base & 0xffffff) << 16 | 0x89ULL << 40 |
				      (base >> 24 & 0xff) << 56;
	tables->gdt[KERNEL_TSS / 8 + 1] = base >> 32;
	__asm__ __volatile__("lgdt %0" :: "m"(pointer));
	__asm__ __volatile__("ltr %w0" :: "r"(KERNEL_TSS));
}

void cpu_tables_init(void)
{
	unsigned int i;

	for (i = 1; i < NR_STACKS; i++)
		cpu_stack_set(0, i, stack_top(i));
	cpu_tables_load();
	gdt_pointer.base = (u64)gdt;	/* boot.S left a physical address; other CPUs start so */
}
