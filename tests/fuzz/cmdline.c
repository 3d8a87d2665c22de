/* SPDX-License-Identifier: MIT */
/* The input is the kernel's command line: all that reads it does so. */
#include <kernel/boot.h>
#include <kernel/memmap.h>
#include <arch/x86_64/console_hw.h>

#include "fuzz.h"

static void read_console(const char *value, void *unused)
{
	struct console_option option = { };

	if (!console_option_parse(value, &option))
		FUZZ_CHECK(option.kind <= CONSOLE_UART && option.port < NR_TTYS);
}

static void read_option(const char *name)
{
	char value[64];
	u64 bytes;

	if (cmdline_value(name, value, sizeof(value))) {
		FUZZ_CHECK(cmdline_has(name));
		FUZZ_CHECK(!strchr(value, '"'));
	}
	if (cmdline_size(name, &bytes))
		FUZZ_CHECK(cmdline_has(name));
	cmdline_flag(name);
}

FUZZ_TARGET(cmdline, false)
{
	static const char *const names[] = {
		"mem", "memmap", "highmem", "fault", "report", "test", "swiotlb", "", "numa",
	};
	static const char *const more[] = { "ram=", "clean", NULL };
	static struct memmap_options options;
	static char line[BOOT_CMDLINE];
	const char *before = cmdline_set(fuzz_text(in, line, sizeof(line)));
	size_t length = strlen(line);

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		read_option(names[i]);
	cmdline_check(more);
	cmdline_check(NULL);
	memmap_read_options(&options);
	memmap_numa_off();
	min_free_wanted();
	swiotlb_wanted();
	slab_debug_wanted();
	cmdline_each("console", read_console, NULL);
	cmdline_drop_last(line);
	FUZZ_CHECK(strlen(line) <= length);
	cmdline_set(before);
}
