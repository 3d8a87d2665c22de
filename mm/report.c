// SPDX-License-Identifier: MIT
/*
 * Misuse reports: how mm/ tells that a caller, or something that overwrote memory, broke
 * a rule.
 *
 * A report is one line that begins with "BUG: ", then a backtrace. Each kind is counted,
 * and a hook hears of each, so that tests and programs that embed mm/ need not read the
 * log. The reporter goes on afterwards: it has left its own structures as they were.
 *
 * No locks: counts are atomic, and the hook is one pointer. Reports are made with a zone's
 * lock held, so a hook must not call back into mm/.
 */
#include <linux/atomic.h>
#include "internal.h"

static atomic_long_t counts[QUARRY_NR_REPORTS];
static quarry_report_fn report_hook;

void report_misuse(enum quarry_report kind, const void *address, const char *fmt, ...)
{
	char text[192];
	__builtin_va_list args;
	quarry_report_fn hook = __atomic_load_n(&report_hook, __ATOMIC_ACQUIRE);

	__builtin_va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	__builtin_va_end(args);

	atomic_long_inc(&counts[kind]);
	pr_err("BUG: %s\n", text);
	dump_stack();
	if (hook)
		hook(kind, address);
}

quarry_report_fn quarry_set_report_hook(quarry_report_fn hook)
{
	return __atomic_exchange_n(&report_hook, hook, __ATOMIC_ACQ_REL);
}

unsigned long quarry_report_count(enum quarry_report kind)
{
	return (unsigned int)kind < QUARRY_NR_REPORTS ? atomic_long_read(&counts[kind]) : 0;
}

unsigned long quarry_report_total(void)
{
	unsigned long total = 0;

	for (unsigned int kind = 0; kind < QUARRY_NR_REPORTS; kind++)
		total += atomic_long_read(&counts[kind]);
	return total;
}
