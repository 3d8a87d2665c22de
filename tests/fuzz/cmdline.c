/* SPDX-License-Identifier: MIT */
/*
 * The input is the kernel's command line, and all that reads options does so: each name that the
 * kernel knows is looked up in every way, and each reader says what it makes of its option. What
 * an option then does is undone, or not asked for: docs/testing.md says which.
 */
#include <linux/memory_hotplug.h>
#include <linux/moduleparam.h>
#include <linux/smp.h>
#include <quarry/quarry.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>
#include <kernel/kernel.h>
#include <kernel/memmap.h>
#include <kernel/watchdog.h>
#include <arch/x86_64/console_hw.h>
#include <mm/fault.h>
#include <mm/slab.h>

#include "fuzz.h"

/* ---- A module's parameters, of each type: cmdline.number= and so on ---- */

static int number;
static unsigned long long large;
static unsigned char tiny;
static bool on, off;
static char *text = "";
static char name[8];
static short list[4];
static unsigned int nr_list;

module_param(number, int, 0);
module_param(large, ullong, 0);
module_param(tiny, byte, 0);
module_param(on, bool, 0);
module_param(off, invbool, 0);
module_param(text, charp, 0);
module_param_string(name, name, sizeof(name), 0);
module_param_array(list, short, &nr_list, 0);

static void read_params(void)
{
	module_params_set();
	FUZZ_CHECK(nr_list <= ARRAY_SIZE(list));
	FUZZ_CHECK(strnlen(name, sizeof(name)) < sizeof(name));
	FUZZ_CHECK(strlen(text) < BOOT_CMDLINE);
}

/* ---- Any option ---- */

static void read_option(const char *option)
{
	char value[64], name_alone[32];
	u64 bytes, number;

	strscpy(name_alone, option, sizeof(name_alone));
	name_alone[strcspn(name_alone, "=")] = '\0';
	if (cmdline_value(name_alone, value, sizeof(value))) {
		FUZZ_CHECK(cmdline_has(name_alone));
		FUZZ_CHECK(!strchr(value, '"'));
	}
	if (cmdline_size(name_alone, &bytes))
		FUZZ_CHECK(cmdline_has(name_alone));
	if (cmdline_number(name_alone, &number) && cmdline_size(name_alone, &bytes))
		FUZZ_CHECK(number == bytes);
	cmdline_flag(name_alone);
}

static void read_names(void)
{
	static const char *const more[] = { "ram=", "clean", NULL };
	const char *const *known;

	for (known = cmdline_known(); *known; known++)
		read_option(*known);
	read_option("");
	FUZZ_CHECK(cmdline_check(more) <= cmdline_check(NULL));
}

/* ---- Options with readers of their own ---- */

static void read_console(const char *value, void *unused)
{
	struct console_option option = { };

	if (!console_option_parse(value, &option))
		FUZZ_CHECK(option.kind <= CONSOLE_UART && option.port < NR_TTYS);
}

static void read_slab_debug(void)
{
	static const char *const caches[] = { "kmalloc-64", "kmalloc-dma-8K", "", "a" };
	const char *wanted = slab_debug_wanted();

	slab_debug_set(wanted);
	for (unsigned int i = 0; i < ARRAY_SIZE(caches); i++)
		FUZZ_CHECK(!(slab_debug_flags(caches[i], 0) & ~SLAB_DEBUG_FLAGS));
	slab_debug_set(NULL);
}

/* What is armed by that is disarmed, and its table goes. */
static void read_fault(void)
{
	faults_begin();
	quarry_fault("");
	fault_forget_sites();
	FUZZ_CHECK(fault_is_off() && !quarry_fault_each());
}

static void read_memory(void)
{
	unsigned long interval = quarry_kfence(0);
	int type = mhp_get_default_online_type();

	memmap_numa_off();
	min_free_wanted();
	swiotlb_wanted();
	page_owner_asked();
	kmemleak_asked();
	init_on_alloc_asked();
	init_on_free_asked();
	guard_orders_wanted();
	memtest_read_options();
	kfence_read_options();
	FUZZ_CHECK(quarry_kfence(interval) <= INT_MAX);
	memhp_read_option();
	FUZZ_CHECK(mhp_get_default_online_type() <= MMOP_ONLINE_MOVABLE);
	mhp_set_default_online_type(type);
	read_slab_debug();
	read_fault();
}

static void read_kernel(void)
{
	char why[64];
	unsigned int cpus = smp_max_cpus();

	FUZZ_CHECK(cpus >= 1 && cpus <= NR_CPUS);
	FUZZ_CHECK(watchdog_thresh_wanted() <= 3600);
	modules_linger();
	if (selftest_refuses(why, sizeof(why)))
		FUZZ_CHECK(*why);
	reports_print("in the fuzzer");
	cmdline_each("console", read_console, NULL);
}

FUZZ_TARGET(cmdline, false)
{
	static struct memmap_options options;
	static char line[BOOT_CMDLINE];
	const char *before = cmdline_set(fuzz_text(in, line, sizeof(line)));
	size_t length = strlen(line);

	read_names();
	memmap_read_options(&options);
	read_memory();
	read_kernel();
	read_params();
	cmdline_drop_last(line);
	FUZZ_CHECK(strlen(line) <= length);
	cmdline_set(before);
}
