// SPDX-License-Identifier: MIT
/* Machine checks: which can be survived, and one that is. */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/workqueue.h>
#include "arch/x86_64/arch.h"
#include "arch/x86_64/mce.h"
#include "arch/x86_64/msr.h"
#include "tests/selftest.h"
#include "tests/threads.h"

#define FOUND (MCI_VALID | MCI_UNCORRECTED | MCI_ENABLED | MCI_MISC | MCI_ADDRESS | MCI_SIGNALLED)
#define MISC  (MISC_PHYSICAL << 6 | 12)

static enum mce_severity severity(u64 status)
{
	return mce_severity(MCG_RECOVERY, MCG_RESTARTABLE | MCG_IN_PROGRESS, status, MISC);
}

SELFTEST(mce, what_was_only_found_can_be_survived)
{
	CHECK_EQ(severity(FOUND), MCE_RECOVERABLE);
	CHECK_EQ(severity(FOUND & ~MCI_SIGNALLED), MCE_RECOVERABLE);
	CHECK_EQ(severity(FOUND & ~MCI_UNCORRECTED), MCE_CORRECTED);
	CHECK_EQ(severity(FOUND & ~MCI_VALID), MCE_NOTHING);
	CHECK_EQ(severity(0), MCE_NOTHING);
}

SELFTEST(mce, lost_data_and_lost_state_are_the_end)
{
	CHECK_EQ(severity(FOUND | MCI_ACTION_REQUIRED), MCE_FATAL);
	CHECK_EQ(severity(FOUND | MCI_CONTEXT_CORRUPT), MCE_FATAL);
	CHECK_EQ(severity(FOUND | MCI_OVERFLOW), MCE_FATAL);
	CHECK_EQ(mce_severity(MCG_RECOVERY, MCG_IN_PROGRESS, FOUND, MISC), MCE_FATAL);
	CHECK_EQ(mce_severity(0, MCG_RESTARTABLE, FOUND, MISC), MCE_FATAL);
}

SELFTEST(mce, an_error_without_a_page_is_the_end)
{
	CHECK_EQ(severity(FOUND & ~MCI_ADDRESS), MCE_FATAL);
	CHECK_EQ(severity(FOUND & ~MCI_MISC), MCE_FATAL);
	CHECK_EQ(mce_severity(MCG_RECOVERY, MCG_RESTARTABLE, FOUND, 1 << 6 | 12), MCE_FATAL);
	CHECK_EQ(mce_severity(MCG_RECOVERY, MCG_RESTARTABLE, FOUND, MISC_PHYSICAL << 6 | 30),
		 MCE_FATAL);
}

SELFTEST(mce, banks_beyond_the_registers_are_not_touched)
{
	CHECK_EQ(mce_nr_banks(0), 0);
	CHECK_EQ(mce_nr_banks(MCG_RECOVERY | 10), 10);
	CHECK_EQ(mce_nr_banks(MCG_RECOVERY | 32), 32);
	CHECK_EQ(mce_nr_banks(MCG_RECOVERY | 33), 32);
	CHECK_EQ(mce_nr_banks(0xff), 32);
}

/* An emulator lets banks be written; a real CPU does not. Then the trap, as the CPU would. */
static void raise(u64 address)
{
	wrmsr(MSR_MC0_MISC + 4, MISC);
	wrmsr(MSR_MC0_ADDR + 4, address);
	wrmsr(MSR_MC0_STATUS + 4, FOUND);
	wrmsr(MSR_MCG_STATUS, MCG_RESTARTABLE | MCG_IN_PROGRESS);
	__asm__ __volatile__("int $18" ::: "memory");
}

SELFTEST(mce, a_free_page_that_breaks_is_taken_out)
{
	unsigned long before = num_poisoned_pages(), pfn;
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	pfn = page_to_pfn(page);
	__free_page(page);
	if (!cpu.hypervisor || !cpu.mca || (rdmsr(MSR_MCG_CAP) & 0xff) < 2 ||
	    !(rdmsr(MSR_MCG_CAP) & MCG_RECOVERY))
		SKIP("this CPU cannot be made to raise one");
	preempt_disable();
	raise(PFN_PHYS(pfn) + 0x123);
	CHECK_EQ(rdmsr(MSR_MCG_STATUS), 0);
	CHECK_EQ(rdmsr(MSR_MC0_STATUS + 4), 0);
	preempt_enable();
	WAIT_UNTIL(num_poisoned_pages() == before + 1);
	CHECK(PageHWPoison(pfn_to_page(pfn)));
	CHECK_EQ(unpoison_memory(pfn), 0);
}

/* As firmware leaves it; the machine check that comes then can be survived. */
SELFTEST(mce, what_was_there_before_the_boot_is_forgotten)
{
	if (!cpu.hypervisor || !cpu.mca || mce_nr_banks(rdmsr(MSR_MCG_CAP)) < 3)
		SKIP("this CPU's banks cannot be written");
	preempt_disable();
	wrmsr(MSR_MC0_STATUS + 8, MCI_VALID | MCI_UNCORRECTED | MCI_CONTEXT_CORRUPT);
	mce_forget();
	CHECK_EQ(rdmsr(MSR_MC0_STATUS + 8), 0);
	preempt_enable();
}
