/* SPDX-License-Identifier: MIT */
/*
 * The end of all CPUs but one: before a panic's last words, and when a run is over.
 *
 * Each is first asked by an interrupt, which comes between two of its instructions with
 * interrupts on, and so hardly ever within somebody's lock. Whoever has not stopped after a
 * while keeps its interrupts off, perhaps for good: an NMI reaches it all the same. Both waits
 * are bounded, so a CPU that is quite dead does not keep the others from their end.
 *
 * `stopper` is the one that goes on, set once; a CPU's `stopped` alike. No locks, any context.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <kernel/cpu.h>
#include <quarry/port.h>

#include "apic.h"
#include "arch.h"

#define MAX_NS	  200000000ULL	/* to stop in, for all CPUs together */
#define MAX_TURNS 100000000	/* the same, when the clock is what is broken */

#define NOBODY	  (-1)

static atomic_t stopper = ATOMIC_INIT(NOBODY);
static DEFINE_PER_CPU(bool, stopped);

bool cpu_must_stop(void)
{
	int cpu = atomic_read(&stopper);

	return cpu != NOBODY && cpu != (int)smp_processor_id();
}

void cpu_stop(void)
{
	this_cpu_write(stopped, true);
	for (;;)
		__asm__ __volatile__("cli; hlt" ::: "memory");
}

static bool still_runs(unsigned int cpu)
{
	return cpu != smp_processor_id() && cpu_is_running(cpu) &&
	       !READ_ONCE(per_cpu(stopped, cpu));
}

static void tell_all(u32 kind, u8 vector)
{
	unsigned int cpu, turns = 0;
	u64 start = arch_ktime_ns();

	for (cpu = 0; cpu < arch_nr_cpus(); cpu++)
		if (still_runs(cpu))
			apic_send_to(cpu, kind, vector);
	for (cpu = 0; cpu < arch_nr_cpus(); cpu++)
		while (still_runs(cpu) && turns < MAX_TURNS && arch_ktime_ns() - start < MAX_NS) {
			port_relax();
			turns++;
		}
}

void arch_stop_others(void)
{
	unsigned long flags;

	if (atomic_cmpxchg(&stopper, NOBODY, (int)smp_processor_id()) != NOBODY)
		return;
	flags = port_irq_save();
	tell_all(APIC_FIXED, VECTOR_STOP);
	tell_all(APIC_NMI, 0);
	port_irq_restore(flags);
}
