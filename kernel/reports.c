/* SPDX-License-Identifier: MIT */
/*
 * report=NAME[,NAME...]: memory management's reports on the log, once the machine has booted
 * and once more at the end, so that the two can be compared. Which there are stands at the
 * top of mm/stats.c. A name that is none is said to be, and the others are printed.
 *
 * page_owner=on: whose pages there are at the end, by call site.
 *
 * fault=: allocations fail on purpose while the tests run (mm/fault_run.c).
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <quarry/quarry.h>
#include <kernel/boot.h>
#include <kernel/kernel.h>

void faults_begin(void)
{
	char text[128];

	if (!cmdline_value("fault", text, sizeof(text)))
		return;
	if (quarry_fault(text))
		pr_warn("fault: allocations fail on purpose: %s\n", text);
	else
		pr_warn("fault=%s makes no sense, see mm/fault_run.c; ignored\n", text);
}

void faults_end(void)
{
	if (quarry_fault_each() || !quarry_fault_sites())
		return;
	printk("fault: %u call sites have failed\n", quarry_fault_sites());
	if (quarry_fault_lost())
		pr_err("fault: there are more than can be remembered: the others did not fail\n");
}

void reports_print(const char *when)
{
	char names[256], *name, *rest = names;

	if (!strcmp(when, AT_THE_END) && cmdline_has("page_owner"))
		quarry_show("page_owner");	/* nothing, when it is off */
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
