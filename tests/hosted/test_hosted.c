/* SPDX-License-Identifier: MIT */
/*
 * What only the hosted port has: interrupts that are signals, lines that a test raises,
 * stacks in one reservation, a CPU that is deaf.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>
#include <tests/probe.h>
#include <tests/selftest.h>

#include "arch/hosted/hosted.h"

#define LINE	 3
#define PATIENCE 10000000000ULL	/* ns */

static struct {
	atomic_t calls;		/* of the handler */
	atomic_t cpu;		/* where the last was */
	atomic_t in_hardirq;	/* how many were in an interrupt, with interrupts off */
	int lower_at;		/* the call in which the device lowers its line */
} seen;

static irqreturn_t count_call(int irq, void *dev_id)
{
	atomic_set(&seen.cpu, (int)smp_processor_id());
	if (in_hardirq() && irqs_disabled())
		atomic_inc(&seen.in_hardirq);
	if (atomic_inc_return(&seen.calls) == seen.lower_at)
		hosted_irq_lower((unsigned int)irq);
	return IRQ_HANDLED;
}

static bool begin(unsigned long flags)
{
	memset(&seen, 0, sizeof(seen));
	return CHECK_EQ(request_irq(LINE, count_call, flags, "test", &seen), 0);
}

/* Waits without doing anything that looks for interrupts: they must come by themselves. */
static bool comes(int calls)
{
	u64 start = arch_ktime_ns();

	while (atomic_read(&seen.calls) < calls)
		if (arch_ktime_ns() - start > PATIENCE)
			return false;
	return true;
}

SELFTEST(hosted, an_interrupt_waits_while_they_are_off)
{
	unsigned long flags;

	REQUIRE(begin(0));
	CHECK_EQ(arch_irq_unmask(LINE, smp_processor_id(), false), 0);
	local_irq_save(flags);
	hosted_irq_raise(LINE);
	hosted_irq_raise(LINE);
	CHECK_EQ(atomic_read(&seen.calls), 0);
	local_irq_restore(flags);
	CHECK_EQ(atomic_read(&seen.calls), 1);
	CHECK_EQ(atomic_read(&seen.in_hardirq), 1);
	CHECK(!in_interrupt());
	free_irq(LINE, &seen);
}

SELFTEST(hosted, interrupts_come_by_themselves)
{
	int i;

	REQUIRE(begin(0));
	for (i = 1; i <= 100; i++) {
		hosted_irq_raise(LINE);
		if (!CHECK(comes(i)))
			break;
	}
	CHECK_EQ(atomic_read(&seen.in_hardirq), atomic_read(&seen.calls));
	free_irq(LINE, &seen);
}

SELFTEST(hosted, every_cpu_can_serve_a_line)
{
	unsigned int cpu;
	int calls = 0;

	REQUIRE(begin(0));
	for_each_online_cpu(cpu) {
		CHECK_EQ(arch_irq_unmask(LINE, cpu, false), 0);
		hosted_irq_raise(LINE);
		CHECK(comes(++calls));
		CHECK_EQ(atomic_read(&seen.cpu), cpu);
	}
	free_irq(LINE, &seen);
}

SELFTEST(hosted, a_masked_line_loses_edges_and_keeps_levels)
{
	REQUIRE(begin(0));
	disable_irq(LINE);
	hosted_irq_raise(LINE);
	enable_irq(LINE);
	hosted_irq_raise(LINE);
	CHECK(comes(1));
	free_irq(LINE, &seen);
	CHECK_EQ(atomic_read(&seen.calls), 1);
	REQUIRE(begin(IRQF_TRIGGER_HIGH));
	seen.lower_at = 1;
	disable_irq(LINE);
	hosted_irq_raise(LINE);
	CHECK_EQ(atomic_read(&seen.calls), 0);
	enable_irq(LINE);
	CHECK(comes(1));
	free_irq(LINE, &seen);
}

SELFTEST(hosted, a_level_line_interrupts_until_it_is_lowered)
{
	REQUIRE(begin(IRQF_TRIGGER_HIGH));
	seen.lower_at = 5;
	hosted_irq_raise(LINE);
	CHECK(comes(5));
	CHECK_EQ(atomic_read(&seen.calls), 5);
	free_irq(LINE, &seen);
}

SELFTEST(hosted, stacks_have_guard_pages)
{
	u8 *stack = arch_stack_alloc(), value;

	REQUIRE(stack);
	CHECK(probe_write(stack, 1));
	CHECK(probe_write(stack + HOSTED_STACK_SIZE - 1, 1));
	CHECK(!probe_read(stack - 1, &value));
	CHECK(!probe_write(stack + HOSTED_STACK_SIZE, 1));
	CHECK_EQ(hosted_stack_of((unsigned long)stack - 1, false), -1);
	CHECK_EQ(hosted_stack_of((unsigned long)stack - 1, true),
		 hosted_stack_of((unsigned long)stack, false));
	arch_stack_free(stack);
}

SELFTEST(hosted, all_cpus_run_but_a_deaf_one)
{
	u64 deaf, asked;
	bool fewer = cmdline_number("maxcpus", &asked) || cmdline_flag("nosmp");
	unsigned int cpu;

	if (!cmdline_number("deaf", &deaf))
		deaf = NR_CPUS;
	for (cpu = 0; cpu < arch_nr_cpus(); cpu++)
		if (cpu == deaf)
			CHECK(!cpu_online(cpu));
		else
			CHECK(cpu_online(cpu) || fewer);
}
