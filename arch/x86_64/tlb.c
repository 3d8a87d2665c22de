/* SPDX-License-Identifier: MIT */
/*
 * Forgetting mappings on all CPUs. Taking a mapping away is writing its entry, and then this:
 * until every CPU has answered, one of them may still reach what was mapped there.
 *
 * There is no vector of its own for it: the answer that is waited for is what a call to another
 * CPU gives anyway, a call's ring takes sixteen of them before anyone has to wait, and a caller
 * with interrupts off is served and reported there (kernel/smp.c). What a vector could save is
 * taking one entry out of a ring, next to an interrupt and the wait for the slowest CPU.
 *
 * Small ranges are forgotten page by page; beyond FULL_FLUSH pages it is cheaper to forget
 * everything, global entries too, which takes a change of CR4 (or of CR3 where there are no
 * global pages). Costs an interrupt on each other CPU, and waits for all of them.
 */
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/sizes.h>
#include <linux/smp.h>
#include <quarry/port.h>

#include "arch.h"
#include "msr.h"
#include "pgtable.h"

#define FULL_FLUSH 64

struct range {
	unsigned long start, end;
};

static void forget_all(void)
{
	unsigned long flags = port_irq_save(), cr4 = read_cr4();

	if (cr4 & CR4_PGE) {
		write_cr4(cr4 & ~CR4_PGE);
		write_cr4(cr4);
	} else {
		write_cr3(read_cr3());
	}
	port_irq_restore(flags);
}

static void forget(void *info)
{
	const struct range *range = info;
	unsigned long va;

	if (range->end - range->start > FULL_FLUSH * SZ_4K)
		forget_all();
	else
		for (va = range->start; va < range->end; va += SZ_4K)
			tlb_forget(va);
}

void tlb_forget_everywhere(unsigned long start, unsigned long end)
{
	struct range range = { start, end };

	preempt_disable();
	forget(&range);
	if (num_online_cpus() > 1)
		smp_call_function(forget, &range, 1);
	preempt_enable();
}
