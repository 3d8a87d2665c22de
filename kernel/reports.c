/* SPDX-License-Identifier: MIT */
/*
 * report=NAME[,NAME...]: memory management's reports on the log, once the machine has booted
 * and once more at the end, so that the two can be compared. Which there are stands at the
 * top of mm/stats.c. A name that is none is said to be, and the others are printed.
 *
 * fault=N[,SEED]: one allocation in N fails on purpose while the tests run (mm/fault.c).
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <quarry/quarry.h>
#include <kernel/boot.h>
#include <kernel/kernel.h>

void faults_begin(void)
{
	char text[48], *seed;
	u64 one_in, number = 1;

	if (!cmdline_value("fault", text, sizeof(text)))
		return;
	seed = strchr(text, ',');
	if (seed)
		*seed++ = '\0';
	if (kstrtoull(text, 0, &one_in) || !one_in || (seed && kstrtoull(seed, 0, &number))) {
		pr_warn("fault=%s: NUMBER or NUMBER,SEED is wanted; ignored\n", text);
		return;
	}
	pr_warn("fault: one allocation in %llu fails on purpose, seed %llu\n", one_in, number);
	quarry_fault((unsigned long)one_in, number);
}

void reports_print(const char *when)
{
	char names[256], *name, *rest = names;

	if (!cmdline_value("report", names, sizeof(names)))
		return;
	while ((name = rest) != NULL) {
		rest = strchr(name, ',');
		if (rest)
			*rest++ = '\0';
		pr_info("%s, %s:\n", name, when);
		if (!quarry_show(name))
			pr_warn("report=%s: there is no such report\n", name);
	}
}
