/* SPDX-License-Identifier: MIT */
/*
 * Sources of others, compiled into the image by `make EXTRA=folder`: their parameters are set,
 * their module_init functions run one after the other, in the order of the files' names; their
 * threads, timers and work go on for a while; then the module_exit functions of those that
 * began run, the last first.
 *
 * A module has failed if its init function said so; all of them have if there were reports of
 * misuse or warnings meanwhile. The verdict of the run tells. Pages that are not free again are
 * told, but are no failure: a module without an exit function keeps what it has.
 *
 * Option: linger=MILLISECONDS, from the last init to the first exit function, 1000 by default.
 *
 * Locks: none; the boot thread does all of it.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <quarry/quarry.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>
#include <kernel/kernel.h>

#define DEFAULT_LINGER 1000
#define MAX_MODULES    256

extern const struct module_init __start_module_inits[] __weak, __stop_module_inits[] __weak;
extern const struct module_exit __start_module_exits[] __weak, __stop_module_exits[] __weak;

static bool began[MAX_MODULES];

unsigned int modules_linger(void)
{
	u64 ms = DEFAULT_LINGER;

	cmdline_number("linger", &ms);
	return min_t(u64, ms, UINT_MAX);
}

/* A module's function has returned: in the context in which it was called? */
static void check_context(const char *module, const void *function)
{
	if (!in_atomic() && !irqs_disabled())
		return;
	warn_counted();
	pr_err("BUG: module %s: %ps left preempt_count 0x%08x, and interrupts %s\n", module,
	       function, preempt_count(), irqs_disabled() ? "off" : "on");
	this_cpu_write(preempt_count_var, 0U);
	local_irq_enable();
}

static bool begin(const struct module_init *init)
{
	int error = init->call();

	check_context(init->module, init->call);
	if (error)
		pr_err("module: %s: %ps failed: error %d (%pe)\n", init->module, init->call, error,
		       ERR_PTR(error));
	return !error;
}

static void end(const char *module)
{
	const struct module_exit *exit;

	for (exit = __stop_module_exits; exit-- > __start_module_exits;) {
		if (strcmp(exit->module, module))
			continue;
		exit->call();
		check_context(module, exit->call);
	}
}

/* Is it the first of its module's init functions, and has none of them failed? */
static bool is_to_end(unsigned int nr, unsigned int planned)
{
	const struct module_init *inits = __start_module_inits;
	unsigned int i;

	if (nr && !strcmp(inits[nr - 1].module, inits[nr].module))
		return false;
	for (i = nr; i < planned && !strcmp(inits[i].module, inits[nr].module); i++)
		if (!began[i])
			return false;
	return true;
}

static unsigned int begin_all(unsigned int nr)
{
	unsigned int i, failed = 0;

	for (i = 0; i < nr; i++) {
		began[i] = begin(&__start_module_inits[i]);
		failed += !began[i];
	}
	return failed;
}

static unsigned int count_reports(void)
{
	return (unsigned int)(quarry_report_total() + warn_count());
}

unsigned int modules_run(unsigned int *planned)
{
	unsigned int nr = (unsigned int)(__stop_module_inits - __start_module_inits), failed;
	unsigned int reports = count_reports();
	unsigned long free_pages;

	*planned = nr = min_t(unsigned int, nr, MAX_MODULES);
	if (!nr)
		return 0;
	pr_info("modules: %u, after the self-tests\n", nr);
	free_pages = count_free_pages();
	module_params_set();
	failed = begin_all(nr);
	msleep(modules_linger());
	while (nr-- > 0)
		if (is_to_end(nr, *planned))
			end(__start_module_inits[nr].module);
	reports = count_reports() - reports;
	if (reports)
		pr_err("modules: %u reports of misuse or warnings, see above\n", reports);
	pr_info("modules: %u failed; free pages: %lu before, %lu after\n", failed, free_pages,
		count_free_pages());
	return reports ? *planned : failed;
}
