/* SPDX-License-Identifier: MIT */
/*
 * Runs one target under libFuzzer, on the booted hosted port, in its boot thread.
 *
 * libFuzzer installs no handler and no timer: what goes wrong ends in the port's own report of
 * it. Then the log, which is silent while all is well, is printed, and the input is written to
 * the file that `save=` names; given alone it runs again. After each input misuse was reported as
 * often as the target announced, and interrupts are on. For targets that allocate, after each
 * BATCH inputs (`every=N`) free pages and per-CPU objects are as many as before, and the
 * validators find nothing: what was freed settles in milliseconds, and most inputs take less. So
 * what is written are the inputs of that batch, the last one to the file itself, those before to
 * files with a number behind the name.
 */
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <quarry/quarry.h>
#include <arch/hosted/host.h>
#include <arch/hosted/hosted.h>
#include <kernel/boot.h>
#include <kernel/kernel.h>
#include <kernel/watchdog.h>

#include "fuzz.h"
#include "host_fuzz.h"

#define INPUT_SECONDS 100	/* one that takes longer hangs: validators and ASan are slow */
#define BATCH	      8
#define MAX_SAVED     4096	/* bytes of an input that are remembered */

extern const struct fuzz_target __start_fuzz_targets[], __stop_fuzz_targets[];

static const struct fuzz_target *target;
static struct selftest_state state;	/* to be found again after each input */
static u64 batch = BATCH;
static unsigned int nr_run;		/* of the batch */
static struct {
	size_t size;
	u8 data[MAX_SAVED];
} inputs[BATCH];
static char save[128];

void fuzz_expect_reports(unsigned int nr)
{
	state.reports += nr;
}

static void look_around(bool closely)
{
	struct selftest_state found = state;

	found.reports = quarry_report_total();
	found.irqs_off = irqs_disabled();
	if (closely && !found.irqs_off)
		found = selftest_look_when_settled(&state);
	state.warnings = found.warnings = 0;	/* sizes that cannot be are warned of */
	if (selftest_compare(&state, &found, closely ? quarry_validate() : 0))
		panic("fuzz: %s: something was left behind", target->name);
}

static void remember(const u8 *data, size_t size)
{
	inputs[nr_run].size = min_t(size_t, size, MAX_SAVED);
	memcpy(inputs[nr_run].data, data, inputs[nr_run].size);
	nr_run++;
}

static int run_input(const u8 *data, size_t size)
{
	struct fuzz_input in = { data, size };

	remember(data, size);
	host_time_limit(INPUT_SECONDS);
	watchdog_touch();
	target->run(&in);
	look_around(target->allocates && nr_run == batch);
	if (nr_run == batch)
		nr_run = 0;
	cond_resched();
	return 0;
}

static void keep_inputs(int code)
{
	char name[sizeof(save) + 8];

	if (!code)
		return;
	hosted_open_console();			/* with all of the log */
	for (unsigned int i = 0; i < nr_run; i++) {
		unsigned int before = nr_run - 1 - i;

		snprintf(name, sizeof(name), before ? "%s.%u" : "%s", save, before);
		host_fuzz_save(name, inputs[i].data, inputs[i].size);
	}
	printk("the last %u inputs are in %s and %s.*\n", nr_run, save, save);
}

static const struct fuzz_target *find_target(void)
{
	const struct fuzz_target *found;
	char name[32];

	if (cmdline_value("fuzz", name, sizeof(name)))
		for (found = __start_fuzz_targets; found < __stop_fuzz_targets; found++)
			if (!strcmp(found->name, name))
				return found;
	for (found = __start_fuzz_targets; found < __stop_fuzz_targets; found++)
		printk("there is: fuzz=%s\n", found->name);
	return NULL;
}

unsigned int hosted_work(int argc, char **argv)
{
	int failed;

	target = find_target();
	if (!target)
		return 1;
	if (!cmdline_value("save", save, sizeof(save)))
		strscpy(save, "fuzz.failed", sizeof(save));
	if (!cmdline_flag("verbose"))
		hosted_close_console();
	if (cmdline_number("every", &batch))
		batch = clamp_t(u64, batch, 1, BATCH);
	state = selftest_look_at_first();
	host_last_words = keep_inputs;
	failed = host_fuzz(boot_info.cmdline, argc, argv, run_input);
	host_last_words = NULL;
	return failed != 0;
}
