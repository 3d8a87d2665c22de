// SPDX-License-Identifier: MIT
/* The example of docs/api.md: reports of misuse, heard by a program. */
#include <linux/module.h>
#include <quarry/quarry.h>

static void on_report(enum quarry_report kind, const void *address)
{
	/* In the reporter's context, perhaps under a lock of mm/: count, and return. */
}

static int __init use_report_hook(void)
{
	quarry_report_fn before = quarry_set_report_hook(on_report);

	quarry_set_report_hook(before);
	return quarry_report_total() >= quarry_report_count(QUARRY_BAD_FREE) ? 0 : -EINVAL;
}
module_init(use_report_hook);
