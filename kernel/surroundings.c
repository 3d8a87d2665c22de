// SPDX-License-Identifier: MIT
/*
 * What the runner of the self-tests compares before and after each case: pages, per-CPU objects,
 * reports, warnings, interrupts.
 *
 * Some things are freed on behalf of others, by threads: what a callback of RCU or an interrupt
 * gave back is on its way for a few ticks. So a difference counts only when it stays. A leak
 * stays.
 */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <quarry/quarry.h>
#include <kernel/cpu.h>
#include <kernel/kernel.h>

#define SETTLE_TICKS 20

/* As good as free is what an allocator keeps; what broke is nobody's fault. */
unsigned long count_free_pages(void)
{
	workqueue_trim();
	if (!irqs_disabled())
		quarry_settle();
	return nr_free_pages() + arch_stack_pool_pages() + quarry_kept_pages();
}

struct selftest_state selftest_look(void)
{
	return (struct selftest_state){
		.free_pages = count_free_pages(),
		.percpu = quarry_percpu_objects(),
		.objects = quarry_fault_each() ? quarry_slab_objects() : 0,
		.reports = quarry_report_total(),
		.warnings = warn_count(),
		.irqs_off = irqs_disabled(),
	};
}

struct selftest_state selftest_look_when_settled(const struct selftest_state *expected)
{
	struct selftest_state found = selftest_look();

	for (unsigned int i = 0; i < SETTLE_TICKS && !found.irqs_off; i++) {
		if (found.free_pages == expected->free_pages && found.percpu == expected->percpu &&
		    found.objects <= expected->objects)
			break;
		schedule_timeout_uninterruptible(1);
		found = selftest_look();
	}
	return found;
}

/* What the boot has put off is over when two looks agree. */
struct selftest_state selftest_look_at_first(void)
{
	struct selftest_state before, found = selftest_look();
	unsigned int i = 0;

	do {
		before = found;
		found = selftest_look();
	} while (found.free_pages != before.free_pages && ++i < SETTLE_TICKS);
	return found;
}

unsigned int selftest_compare(const struct selftest_state *expected,
			      const struct selftest_state *found, unsigned int violations)
{
	unsigned int differences = 0;

	if (found->irqs_off != expected->irqs_off && ++differences)
		printk("interrupts were left %s\n", found->irqs_off ? "off" : "on");
	if (found->reports != expected->reports && ++differences)
		printk("misuse reports: %+ld against what was announced\n",
		       (long)(found->reports - expected->reports));
	if (found->warnings != expected->warnings && ++differences)
		printk("warnings: %+ld against what was announced\n",
		       (long)(found->warnings - expected->warnings));
	if (violations && ++differences)
		printk("the validators found %u violations\n", violations);
	if (found->free_pages != expected->free_pages && ++differences)
		printk("free pages: %lu before, %lu after, %+ld\n", expected->free_pages,
		       found->free_pages, (long)(found->free_pages - expected->free_pages));
	if (found->percpu != expected->percpu && ++differences)
		printk("per-CPU objects: %+ld\n", (long)(found->percpu - expected->percpu));
	if (found->objects > expected->objects && ++differences)
		printk("objects: %+ld\n", (long)(found->objects - expected->objects));
	return differences;
}

void selftest_mend(const struct selftest_state *expected, const struct selftest_state *found)
{
	if (found->irqs_off && !expected->irqs_off)
		local_irq_enable();
	if (!found->irqs_off && expected->irqs_off)
		local_irq_disable();
}
