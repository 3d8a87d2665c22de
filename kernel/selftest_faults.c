/* SPDX-License-Identifier: MIT */
/*
 * Self-tests under fault=each: a case is run again and again, and in each run another one of its
 * allocations fails (mm/fault_points.c), until each has.
 *
 * A case that lacks something may fail its own checks. What is asked of each run is that nothing
 * is left behind: no page missing, no report or WARN that the case did not announce (one that it
 * announced may be missing: it left before), interrupts on, every structure sound. The run is
 * unclean otherwise, and where its failures came from is printed. The case fails also when some of
 * its allocations come from more call sites than are remembered: that would go unseen.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <quarry/quarry.h>
#include <kernel/kernel.h>

/* Of all cases. */
static unsigned long all_points, all_clean, all_passed;

bool faulty_run_begin(struct faulty_runs *runs)
{
	runs->before = selftest_look();
	return quarry_fault_begin();
}

/* What was found, but for an increase up to the announced one: that is what is expected. */
static unsigned long at_most(unsigned long before, unsigned long announced, unsigned long found)
{
	return clamp(found, before, before + announced);
}

void faulty_run_end(struct faulty_runs *runs, int failures, unsigned long reports,
		    unsigned long warnings)
{
	struct selftest_state *expected = &runs->before, found;
	unsigned int nr = quarry_fault_end();

	found = selftest_look_when_settled(expected);
	expected->reports = at_most(expected->reports, reports, found.reports);
	expected->warnings = at_most(expected->warnings, warnings, found.warnings);
	if (!nr)
		expected->objects = found.objects;
	runs->points += !!nr;
	all_points += !!nr;
	all_passed += nr && !failures;
	if (!selftest_compare(expected, &found, quarry_validate())) {
		all_clean += !!nr;
		return;
	}
	runs->unclean++;
	if (nr)
		quarry_fault_show();
	else
		printk("and nothing had failed\n");
}

bool faulty_runs_complete(void)
{
	unsigned int lost = quarry_fault_lost();

	if (lost)
		printk("fault: %u requests came from call sites beyond those that are remembered: "
		       "they did not fail\n", lost);
	return !lost;
}

void faulty_runs_print(void)
{
	if (quarry_fault_each())
		printk("fault: %lu points failed, %lu handled cleanly; %lu times the case passed\n",
		       all_points, all_clean, all_passed);
}
