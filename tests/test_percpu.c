// SPDX-License-Identifier: MIT
/* Per-CPU data. */
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <quarry/port.h>
#include "tests/threads.h"

struct mixed {
	u8 byte;
	u64 quad;
} __aligned(64);

static DEFINE_PER_CPU(unsigned int, seeded) = 0x5eed;
static DEFINE_PER_CPU(u64, wide);
static DEFINE_PER_CPU(u16, narrow);
static DEFINE_PER_CPU(bool, flag);
static DEFINE_PER_CPU(struct mixed, mixed) = { .byte = 3, .quad = 4 };

SELFTEST(percpu, operations)
{
	preempt_disable();
	this_cpu_write(wide, 40);
	this_cpu_add(wide, 5);
	this_cpu_sub(wide, 3);
	this_cpu_inc(wide);
	this_cpu_dec(wide);
	CHECK_EQ(this_cpu_read(wide), 42);
	CHECK_EQ(this_cpu_add_return(wide, 8), 50);
	CHECK_EQ(this_cpu_inc_return(wide), 51);
	CHECK_EQ(this_cpu_dec_return(wide), 50);
	this_cpu_or(wide, 5);
	this_cpu_and(wide, 0xf);
	CHECK_EQ(this_cpu_read(wide), 7);
	CHECK_EQ(this_cpu_xchg(wide, 9), 7);
	CHECK_EQ(this_cpu_cmpxchg(wide, 8, 1), 9);
	CHECK_EQ(this_cpu_cmpxchg(wide, 9, 1), 9);
	CHECK_EQ(this_cpu_read(wide), 1);
	this_cpu_write(narrow, 0xffff);
	this_cpu_inc(narrow);
	CHECK_EQ(this_cpu_read(narrow), 0);
	this_cpu_write(flag, true);
	CHECK_EQ(this_cpu_xchg(flag, false), true);
	preempt_enable();
}

SELFTEST(percpu, pointers_and_operations_agree)
{
	u64 *mine = &get_cpu_var(wide);

	this_cpu_write(wide, 77);
	CHECK_EQ(READ_ONCE(*mine), 77);
	*mine = 78;
	barrier();
	CHECK_EQ(this_cpu_read(wide), 78);
	CHECK(this_cpu_ptr(&wide) == mine);
	CHECK(per_cpu_ptr(&wide, smp_processor_id()) == mine);
	CHECK_EQ(preempt_count(), PREEMPT_ONE);
	put_cpu_var(wide);
	CHECK_EQ(get_cpu(), port_cpu());
	put_cpu();
	CHECK_EQ(preempt_count(), 0);
}

/* Each copy starts as the section was when the boot began, whatever CPU 0's holds by now. */
SELFTEST(percpu, each_cpu_has_a_copy_of_its_own)
{
	unsigned int cpu, other;

	for_each_possible_cpu(cpu) {
		CHECK_EQ(per_cpu(seeded, cpu), 0x5eed);
		CHECK_EQ(per_cpu(mixed, cpu).byte, 3);
		CHECK_EQ(per_cpu(mixed, cpu).quad, 4);
		CHECK_EQ((unsigned long)per_cpu_ptr(&mixed, cpu) % 64, 0);
		CHECK_EQ(per_cpu(cpu_number, cpu), cpu);
		CHECK_EQ(per_cpu(this_cpu_offset, cpu), per_cpu_offset[cpu]);
		for_each_possible_cpu(other)
			CHECK((per_cpu_offset[cpu] == per_cpu_offset[other]) == (cpu == other));
	}
	CHECK_EQ(per_cpu_offset[0], 0);
}

static void use_own(void *arg)
{
	unsigned int cpu = smp_processor_id();

	for (int i = 0; i < 1000; i++)
		this_cpu_inc(wide);
	CHECK(this_cpu_ptr(&wide) == per_cpu_ptr(&wide, cpu));
	CHECK_EQ(port_cpu(), cpu);
	CHECK_EQ(cpu, *(unsigned int *)arg);
}

SELFTEST(percpu, each_cpu_uses_its_own)
{
	static struct test_thread threads[NR_CPUS];
	static unsigned int numbers[NR_CPUS];
	unsigned int cpu;

	for_each_online_cpu(cpu)
		per_cpu(wide, cpu) = cpu;
	for_each_online_cpu(cpu) {
		numbers[cpu] = cpu;
		test_thread_start(&threads[cpu], (int)cpu, use_own, &numbers[cpu]);
	}
	for_each_online_cpu(cpu) {
		test_thread_join(&threads[cpu]);
		CHECK_EQ(per_cpu(wide, cpu), cpu + 1000);
	}
}
