/* SPDX-License-Identifier: MIT */
/*
 * The local APICs of this machine: which CPUs there are, and interrupts between them.
 *
 * CPUs are numbered as the MADT lists them, but the one that boots is CPU 0 whatever its
 * place. Without a MADT there is one CPU. A CPU whose APIC id is above 254 can be addressed
 * in x2APIC mode only: that is turned on when there is such a CPU and the CPU can, and kept
 * when firmware has turned it on.
 *
 * Registers in memory are where the base MSR says, mapped once: each CPU sees its own there.
 * Written early, on CPU 0; read-only afterwards, so no locks. Costs 4 bytes for each CPU
 * compiled in twice over, and the parsed MADT.
 */
#include <linux/kernel.h>
#include <quarry/port.h>
#include <kernel/cpu.h>

#include "acpi.h"
#include "apic.h"
#include "arch.h"
#include "msr.h"
#include "nodes.h"

#define XAPIC_MAX_ID	254
#define DEFAULT_NMI	2	/* LINT1, as every PC has it, when the MADT names no NMI */

struct madt madt;

volatile u32 *apic_registers;
u32 cpu_apic_ids[NR_CPUS];
unsigned int cpu_count = 1;

static u32 uids[NR_CPUS];

static u32 mem_read(u32 offset)
{
	return apic_registers[offset / 4];
}

static void mem_write(u32 offset, u32 value)
{
	apic_registers[offset / 4] = value;
}

static u64 msr_read(u32 msr)
{
	return rdmsr(msr);
}

static void msr_write(u32 msr, u64 value)
{
	__asm__ __volatile__("mfence; lfence" ::: "memory");
	wrmsr(msr, value);
}

struct apic apic = {
	.mem_read = mem_read, .mem_write = mem_write,
	.msr_read = msr_read, .msr_write = msr_write,
};

unsigned int arch_nr_cpus(void)
{
	return cpu_count;
}

bool apic_is_on(void)
{
	return apic_registers || apic.x2apic;
}

static void read_madt(void)
{
	u32 length;
	const void *table = acpi_find("APIC", &length);

	if (!table || !madt_parse(table, length, &madt))
		pr_info("apic: no table of processors (MADT): going on with this one\n");
	if (madt.nr_bad)
		pr_warn("apic: %u entries of the MADT make no sense\n", madt.nr_bad);
	if (madt.nr_dropped)
		pr_warn("apic: %u entries of the MADT do not fit; %u CPUs are compiled in\n",
			madt.nr_dropped, NR_CPUS);
}

static bool x2apic_wanted(void)
{
	bool can = cpuid(1, 0).c >> 21 & 1;
	unsigned int i;

	for (i = 0; i < madt.nr_cpus; i++)
		if (madt.cpus[i].apic_id > XAPIC_MAX_ID)
			return can;
	return false;
}

static void number_cpus(void)
{
	u32 me = apic_id(&apic), skipped = 0;
	unsigned int i;
	bool listed = false;

	cpu_apic_ids[0] = me;
	uids[0] = MADT_EVERY_CPU;	/* nobody's */
	for (i = 0; i < madt.nr_cpus; i++) {
		const struct madt_cpu *found = &madt.cpus[i];

		if (found->apic_id == me) {
			uids[0] = found->uid;
			listed = true;
		} else if (found->apic_id > XAPIC_MAX_ID && !apic.x2apic) {
			skipped++;
		} else if (cpu_count < NR_CPUS) {
			cpu_apic_ids[cpu_count] = found->apic_id;
			uids[cpu_count++] = found->uid;
		}
	}
	if (skipped)
		pr_warn("apic: %u CPUs left out: without x2APIC they have no address\n", skipped);
	if (madt.nr_cpus && !listed)
		pr_warn("apic: the MADT does not list this CPU, APIC id %u\n", me);
}

/* Which inputs of this CPU's APIC are NMIs: bit 0 LINT0, bit 1 LINT1. */
static unsigned int nmi_lints(unsigned int cpu)
{
	unsigned int i, lints = 0;

	for (i = 0; i < madt.nr_nmis; i++)
		if (madt.nmis[i].uid == MADT_EVERY_CPU || madt.nmis[i].uid == uids[cpu])
			lints |= 1U << madt.nmis[i].lint;
	return madt.nr_nmis ? lints : DEFAULT_NMI;
}

void apic_init(void)
{
	phys_addr_t base;

	if (!(cpuid(1, 0).d >> 9 & 1))
		panic("this CPU has no local APIC");
	read_madt();
	apic.x2apic = x2apic_wanted();
	apic_enable(&apic);
	if (!apic.x2apic) {
		base = rdmsr(MSR_APIC_BASE) & APIC_BASE_ADDRESS;
		apic_registers = arch_map_device(base, PAGE_BYTES, ARCH_MAP_UC);
		if (!apic_registers)
			panic("cannot map the local APIC's registers");
	}
	number_cpus();
	nodes_check_cpus();
	apic_setup(&apic, nmi_lints(0));
	pr_info("apic: %s, %u CPUs, %u more disabled, this one has id %u\n",
		apic.x2apic ? "x2APIC" : "xAPIC", cpu_count, madt.nr_disabled, cpu_apic_ids[0]);
	ioapic_init();
}

bool apic_init_other(unsigned int cpu)
{
	struct apic mine = apic;

	apic_enable(&mine);
	if (mine.x2apic != apic.x2apic || apic_id(&apic) != cpu_apic_ids[cpu])
		return false;
	apic_setup(&apic, nmi_lints(cpu));
	return true;
}

bool apic_send_to(unsigned int cpu, u32 kind, u8 vector)
{
	unsigned long flags = port_irq_save();
	bool sent = apic_send(&apic, cpu_apic_ids[cpu], kind, vector);

	port_irq_restore(flags);
	return sent;
}

static const u8 ipi_vectors[NR_IPIS] = {
	[IPI_RESCHEDULE] = VECTOR_RESCHEDULE, [IPI_CALL] = VECTOR_CALL, [IPI_STOP] = VECTOR_STOP,
};

void arch_send_ipi(unsigned int cpu, enum ipi kind)
{
	if (!apic_send_to(cpu, APIC_FIXED, ipi_vectors[kind]))
		pr_err("apic: an interrupt to CPU %u was not delivered\n", cpu);
}

void arch_send_self_ipi(enum ipi kind)
{
	apic_send_self(&apic, ipi_vectors[kind]);
}
