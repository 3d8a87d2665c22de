/* SPDX-License-Identifier: MIT */
/*
 * Machine checks: the CPU tells that hardware failed, most often memory.
 *
 * Each CPU has banks; one that has something says so, what it was, and often at which address.
 * What is done depends on the worst of them:
 *
 *	nothing there		another CPU's error that all are told of: go on
 *	corrected		one line, go on
 *	uncorrected, but only found, not used by anyone yet (by a scrubber, or in a cache line
 *	that was written back): the page goes out of use (memory_failure()), go on
 *	anything else		the run ends: data that was wanted is lost, the CPU's state is not
 *				what the program made it, or more errors came than banks remember
 *
 * There is no user mode whose process could be sacrificed: wrong data that an instruction needed
 * was the kernel's, and it ends.
 *
 * A machine check comes at any instruction, as an NMI does, on a stack of its own: no lock is
 * taken here. Addresses go into a small table, slot by slot with compare-and-exchange; this CPU
 * sends itself a call (smp_call_self()), whose interrupt queues work, whose thread takes them
 * out of the table and may sleep. Only then is it known where the page is: if it is the kernel
 * itself or its tables, which nobody ever gives back, the run ends there.
 *
 * A second machine check while the first is dealt with resets the machine: the CPU's rule. So the
 * number of banks looked at is bounded, and the status that says so is cleared at the very end.
 *
 * Banks outlive a reset: firmware leaves in them what it met, and what ended the run before this
 * one. That is old news, and no reason to end at the first machine check that could be survived.
 * So mce_init() prints and empties all of them, on each CPU.
 *
 * Locks: none. Before mce_init() there are no threads to leave anything to, and every uncorrected
 * error ends the run.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/workqueue.h>
#include <kernel/cpu.h>

#include "arch.h"
#include "mce.h"
#include "msr.h"
#include "traps.h"

#define NR_LOST 16

static bool ready;
/* Addresses of pages to take out of use, with the lowest bit set; 0: a free place. */
static u64 lost[NR_LOST];

static unsigned int nr_banks(void)
{
	return cpu.mca ? mce_nr_banks(rdmsr(MSR_MCG_CAP)) : 0;
}

static u64 bank_read(unsigned int bank, u32 first)
{
	return rdmsr(first + 4 * bank);
}

/* ---- How bad is it? ---- */

enum mce_severity mce_severity(u64 capabilities, u64 global, u64 status, u64 misc)
{
	if (!(status & MCI_VALID))
		return MCE_NOTHING;
	if (!(status & MCI_UNCORRECTED))
		return MCE_CORRECTED;
	if ((status & (MCI_CONTEXT_CORRUPT | MCI_OVERFLOW | MCI_ACTION_REQUIRED)) ||
	    !(global & MCG_RESTARTABLE) || !(capabilities & MCG_RECOVERY))
		return MCE_FATAL;
	/* Without a physical address there is no page to take out of use. */
	if (!(status & MCI_ADDRESS) || !(status & MCI_MISC) ||
	    (misc >> 6 & 7) != MISC_PHYSICAL || (misc & 63) > MISC_WIDEST)
		return MCE_FATAL;
	return MCE_RECOVERABLE;
}

static enum mce_severity severity_of(unsigned int bank, u64 capabilities, u64 global)
{
	u64 status = bank_read(bank, MSR_MC0_STATUS);

	return mce_severity(capabilities, global, status,
			    status & MCI_MISC ? bank_read(bank, MSR_MC0_MISC) : 0);
}

/* ---- Leaving it to a thread ---- */

static void take_out(struct work_struct *work)
{
	for (unsigned int i = 0; i < NR_LOST; i++) {
		u64 address = xchg(&lost[i], 0);

		if (!address)
			continue;
		address &= ~1ULL;
		if (memory_failure(PFN_DOWN(address), 0) == -EBUSY)
			panic("machine check: the kernel's own memory at %pa is lost", &address);
	}
}

static DECLARE_WORK(lost_work, take_out);

static void queue_lost(void)
{
	schedule_work(&lost_work);
}

/* False when there is no place to remember it. */
static bool remember(u64 address)
{
	for (unsigned int i = 0; i < NR_LOST; i++) {
		u64 none = 0;

		if (try_cmpxchg(&lost[i], &none, (address & ~1ULL) | 1))
			return true;
	}
	return false;
}

/* ---- The trap ---- */

/* Deals with one bank that can be survived, and empties it. */
static bool settle_bank(unsigned int bank, enum mce_severity severity)
{
	u64 status = bank_read(bank, MSR_MC0_STATUS);
	u64 address = status & MCI_ADDRESS ? bank_read(bank, MSR_MC0_ADDR) : 0;
	bool settled = true;

	if (severity == MCE_NOTHING)
		return true;
	pr_err("Machine check on CPU %u, bank %u: status %016llx address %016llx: %s\n",
	       smp_processor_id(), bank, status, address,
	       severity == MCE_CORRECTED ? "corrected" : "its page goes out of use");
	if (severity == MCE_RECOVERABLE)
		settled = remember(address);
	wrmsr(MSR_MC0_STATUS + 4 * bank, 0);
	return settled;
}

static bool survive(void)
{
	u64 capabilities = cpu.mca ? rdmsr(MSR_MCG_CAP) : 0;
	u64 global = cpu.mca ? rdmsr(MSR_MCG_STATUS) : 0;
	enum mce_severity worst = MCE_NOTHING;

	for (unsigned int i = 0; i < nr_banks(); i++)
		worst = max(worst, severity_of(i, capabilities, global));
	if (!cpu.mca || worst == MCE_FATAL || !(global & MCG_RESTARTABLE) ||
	    (worst == MCE_RECOVERABLE && !ready))
		return false;
	for (unsigned int i = 0; i < nr_banks(); i++)
		if (!settle_bank(i, severity_of(i, capabilities, global)))
			return false;
	if (worst == MCE_RECOVERABLE && !smp_call_self(queue_lost))
		return false;
	wrmsr(MSR_MCG_STATUS, 0);
	return true;
}

bool mce_survived(void)
{
	bool survived;

	nmi_enter();
	survived = survive();
	nmi_exit();
	return survived;
}

void mce_report(void)
{
	if (cpu.mca)
		pr_emerg("Machine check status %016llx\n", rdmsr(MSR_MCG_STATUS));
	for (unsigned int i = 0; i < nr_banks(); i++) {
		u64 status = bank_read(i, MSR_MC0_STATUS);

		if (!(status & MCI_VALID))
			continue;
		pr_emerg("Bank %u: status %016llx", i, status);
		if (status & MCI_ADDRESS)
			pr_cont(" address %016llx", bank_read(i, MSR_MC0_ADDR));
		pr_cont("\n");
	}
}

void mce_forget(void)
{
	for (unsigned int i = 0; i < nr_banks(); i++) {
		u64 status = bank_read(i, MSR_MC0_STATUS);

		if (status & MCI_VALID)
			pr_warn("Machine check of before: CPU %u, bank %u: status %016llx "
				"address %016llx\n", smp_processor_id(), i, status,
				status & MCI_ADDRESS ? bank_read(i, MSR_MC0_ADDR) : 0);
		wrmsr(MSR_MC0_STATUS + 4 * i, 0);
	}
}

static void forget_here(void *unused)
{
	mce_forget();
}

void mce_init(void)
{
	on_each_cpu(forget_here, NULL, true);
	WRITE_ONCE(ready, true);
}
