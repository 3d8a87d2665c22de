/* SPDX-License-Identifier: MIT */
/*
 * What the CPUs can do - all of them what the first can - and the protections that they offer
 * turned on: SMEP and SMAP (the kernel neither runs nor touches user memory), UMIP (user mode
 * cannot read the descriptor tables), machine checks reported instead of shutting down, and a
 * write-combining entry in the page attribute table.
 *
 * Bits are taken from CPUID leaves only when the highest leaf says that they are there.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "arch.h"
#include "mce.h"
#include "msr.h"

struct cpu_features cpu;

static bool bit(u32 word, unsigned int nr)
{
	return (word >> nr) & 1;
}

static void cpu_name(u32 highest_extended)
{
	struct cpuid_regs r = cpuid(0, 0);
	u32 text[12] = { 0 };
	unsigned int i;

	memcpy(cpu.vendor + 0, &r.b, 4);
	memcpy(cpu.vendor + 4, &r.d, 4);
	memcpy(cpu.vendor + 8, &r.c, 4);
	if (highest_extended < 0x80000004)
		return;
	for (i = 0; i < 3; i++) {
		r = cpuid(0x80000002 + i, 0);
		memcpy(&text[4 * i], &r, sizeof(r));
	}
	/* Some right-align it. */
	for (i = 0; i < sizeof(text) - 1 && ((const char *)text)[i] == ' '; i++)
		;
	memcpy(cpu.brand, (const char *)text + i, sizeof(text) - i);
}

static void cpu_detect(void)
{
	u32 highest = cpuid(0, 0).a, highest_extended = cpuid(0x80000000, 0).a;
	struct cpuid_regs r = cpuid(1, 0);

	cpu.family = (r.a >> 8) & 15;
	cpu.model = ((r.a >> 4) & 15) | ((r.a >> 12) & 0xf0);
	cpu.mce = bit(r.d, 7);
	cpu.pge = bit(r.d, 13);
	cpu.mca = bit(r.d, 14);
	cpu.pat = bit(r.d, 16);
	cpu.hypervisor = bit(r.c, 31);
	if (highest >= 7) {
		r = cpuid(7, 0);
		cpu.smep = bit(r.b, 7);
		cpu.smap = bit(r.b, 20);
		cpu.umip = bit(r.c, 2);
		cpu.la57 = bit(r.c, 16);
	}
	r = cpuid(0x80000001, 0);
	cpu.nx = bit(r.d, 20);
	cpu.gbpages = bit(r.d, 26);
	cpu.phys_bits = 36;
	if (highest_extended >= 0x80000008)
		cpu.phys_bits = clamp_t(u32, cpuid(0x80000008, 0).a & 0xff, 36, 52);
	cpu_name(highest_extended);
}

/*
 * Entries 0 to 3 keep their meaning since reset, so that a walker who does not know of the
 * table reads every entry right but those with the PAT bit. Entry 4 is write-combining.
 */
static void pat_init(void)
{
	if (cpu.pat)
		wrmsr(MSR_PAT, 0x0007040100070406);
}

/* Every bank reports every kind of error; the first bank of old Intel CPUs is firmware's. */
static void machine_check_init(void)
{
	bool skip_first = cpu.family == 6 && cpu.model < 0x1a;
	unsigned int i, nr;
	u64 cap;

	if (!cpu.mce || !cpu.mca)
		return;
	cap = rdmsr(MSR_MCG_CAP);
	nr = mce_nr_banks(cap);
	if (cap & MCG_CTL_PRESENT)
		wrmsr(MSR_MCG_CTL, ~0ULL);
	for (i = skip_first; i < nr; i++)
		wrmsr(MSR_MC0_CTL + 4 * i, ~0ULL);
}

static void protect(void)
{
	unsigned long cr4 = read_cr4();

	machine_check_init();
	pat_init();
	cr4 |= cpu.mce ? CR4_MCE : 0;
	cr4 |= cpu.smep ? CR4_SMEP : 0;
	cr4 |= cpu.smap ? CR4_SMAP : 0;
	cr4 |= cpu.umip ? CR4_UMIP : 0;
	write_cr4(cr4);
}

void cpu_init_other(void)
{
	protect();
	if (cpu.pge)
		write_cr4(read_cr4() | CR4_PGE);
}

void cpu_init(void)
{
	cpu_detect();
	protect();
	pr_info("CPU: %s, %s; %u address bits;%s%s%s%s%s%s%s%s%s\n", cpu.vendor,
		cpu.brand[0] ? cpu.brand : "no brand", cpu.phys_bits,
		cpu.nx ? " nx" : " NO nx", cpu.gbpages ? " 1GiB-pages" : "",
		cpu.pge ? " pge" : "", cpu.pat ? " pat" : "", cpu.smep ? " smep" : "",
		cpu.smap ? " smap" : "", cpu.umip ? " umip" : "", cpu.la57 ? " la57" : "",
		cpu.hypervisor ? ", in a hypervisor" : "");
}
