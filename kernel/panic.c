/* SPDX-License-Identifier: MIT */
/*
 * Reports of what must not happen: panic() ends the run, WARN and dump_stack() go on.
 *
 * The first CPU that panics stops all others and reports; one that panics meanwhile waits
 * until it is stopped, and a panic within the panic ends at once, with what was printed so
 * far. The last words are a line `Bail out! message` by itself, which is how TAP says that the
 * run is over.
 *
 * No locks: panic_cpu is set once, the counter of warnings is atomic. Any context.
 */
#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/kernel.h>
#include <quarry/port.h>
#include <kernel/console.h>
#include <kernel/cpu.h>
#include <kernel/kernel.h>

#define NOBODY	   (-1)
#define MAX_FRAMES 24

/* How often a CPU looks for the first one's panic to end the run: tens of seconds. */
#define WAIT_TURNS 1000000000

static atomic_t panic_cpu = ATOMIC_INIT(NOBODY);
static atomic_long_t nr_warnings;

/* Returns on the one CPU that shall report. */
static void panic_claim(void)
{
	int cpu = (int)port_cpu(), first = atomic_cmpxchg(&panic_cpu, NOBODY, cpu);
	unsigned int turns;

	if (first == NOBODY)
		return;
	if (first != cpu)
		for (turns = 0; turns < WAIT_TURNS; turns++)
			port_relax();
	arch_exit(false);
}

void panic(const char *fmt, ...)
{
	static char message[512];
	__builtin_va_list args;
	char *p;

	port_irq_save();
	panic_claim();
	arch_stop_others();
	printk_break_lock();
	printk_set_indent(0);
	__builtin_va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	__builtin_va_end(args);
	/* On one line: what follows a line end would not be part of the TAP line. */
	for (p = message; *p; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	printk(KERN_EMERG "Kernel panic: %s\n", message);
	dump_stack_from((unsigned long)__builtin_frame_address(0));
	kcov_print();
	tap_printf("Bail out! %s\n", message);
	arch_exit(false);
}

void dump_stack_from(unsigned long fp)
{
	unsigned long pcs[MAX_FRAMES];
	unsigned int i, n = arch_backtrace(fp, pcs, MAX_FRAMES);

	printk("Call Trace:\n");
	for (i = 0; i < n; i++)
		printk(" [<%px>] %pB\n", (void *)pcs[i], (void *)pcs[i]);
}

void dump_stack(void)
{
	dump_stack_from((unsigned long)__builtin_frame_address(0));
	barrier();	/* no tail call: it would give this frame away before it was walked */
}

void warn_counted(void)
{
	atomic_long_inc(&nr_warnings);
}

void warn_slowpath(const char *file, int line, const char *func)
{
	warn_counted();
	printk(KERN_WARNING "WARNING: at %s:%d %s\n", file, line, func);
	dump_stack_from((unsigned long)__builtin_frame_address(0));
	barrier();	/* as above */
}

unsigned long warn_count(void)
{
	return (unsigned long)atomic_long_read(&nr_warnings);
}
