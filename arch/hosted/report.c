/* SPDX-License-Identifier: MIT */
/*
 * The console, the backtraces and the fault reports of the hosted port, and what the tests
 * use to touch memory that may fault.
 */
#include <linux/kernel.h>
#include <quarry/port.h>
#include <quarry/quarry.h>

#include "host.h"
#include "hosted.h"
#include "kernel/console.h"
#include "kernel/kernel.h"
#include "kernel/symbols.h"
#include "tests/probe.h"

#define NO_STACK (-1000000)

static void write_stdout(struct console *con, const char *text, size_t len)
{
	host_write(text, len);
}

static struct console console = { .name = "stdout", .write = write_stdout };

void hosted_open_console(void)
{
	console_register(&console);
}

void hosted_close_console(void)
{
	console_unregister(&console);
}

/* main() itself ends a run that has a result; this is the end of any other. */
void arch_exit(bool passed)
{
	host_exit(passed ? 0 : 2);
}

bool symbol_lookup(unsigned long addr, const char **name, unsigned long *offset,
		   unsigned long *size)
{
	return host_symbol(addr, name, offset, size);
}

/* Tells stacks apart: negative for those of faults, 0 or more for threads'; NO_STACK. */
static int stack_of(unsigned long addr)
{
	unsigned int fault_stack = host_on_fault_stack(addr);
	int thread_stack;

	if (fault_stack)
		return -(int)fault_stack;
	thread_stack = hosted_stack_of(addr, false);
	return thread_stack < 0 ? NO_STACK : thread_stack;
}

/*
 * A chain goes up one stack; it may go over, once, from a stack of faults to a thread's.
 * The words it reads may lie in what AddressSanitizer keeps poisoned, when a frame pointer
 * was used for something else, and another CPU may be writing them.
 */
__attribute__((__no_sanitize__("address"), __no_sanitize__("thread")))
unsigned int arch_backtrace(unsigned long fp, unsigned long *pcs, unsigned int max)
{
	unsigned int nr = 0;

	while (nr < max && IS_ALIGNED(fp, sizeof(long))) {
		int stack = stack_of(fp);
		const unsigned long *frame = (const unsigned long *)fp;

		if (stack == NO_STACK || stack_of(fp + 2 * sizeof(long) - 1) != stack || !frame[1])
			break;
		pcs[nr++] = frame[1];
		if (stack_of(frame[0]) == stack ? frame[0] <= fp : stack >= 0)
			break;
		fp = frame[0];
	}
	return nr;
}

static void report_fault(const struct host_fault *fault)
{
	char text[200];
	unsigned int i;

	if (fault->is_access)
		pr_emerg("BUG: %s: %s of address 0x%016lx\n", fault->what,
			 fault->is_write ? "write" : "read", fault->address);
	else
		pr_emerg("BUG: %s\n", fault->what);
	if (fault->is_access && hosted_stack_of(fault->address, true) > 0 &&
	    hosted_stack_of(fault->address, false) < 0)
		pr_emerg("that is the guard page below a stack: it overflowed\n");
	if (fault->is_access && quarry_explain_address(fault->address, text, sizeof(text)))
		pr_emerg("BUG: %s\n", text);
	pr_emerg("at [<%016lx>] %pS\n", fault->pc, (void *)fault->pc);
	for (i = 0; i < HOST_NR_REGS; i++)
		printk("%s%5s %016lx%s", i % 4 ? KERN_CONT : KERN_EMERG, host_reg_names[i],
		       fault->regs[i], i % 4 == 3 || i == HOST_NR_REGS - 1 ? "\n" : "");
	panic("%s at %pS", fault->what, (void *)fault->pc);
}

/* On a machine interrupts are off here; their signals wait, so nothing else has to. */
static int recover(const struct host_fault *fault)
{
	unsigned long flags = port_irq_save();
	bool done = kfence_handle_page_fault(fault->address, fault->is_write, fault->pc);

	port_irq_restore(flags);
	return done;
}

void hosted_catch_faults(unsigned int seconds)
{
	if (host_catch_faults(report_fault, recover, seconds))
		panic("cannot install signal handlers");
}

bool probe_read(const void *va, u8 *value)
{
	return host_probe_read(va, value);
}

bool probe_write(void *va, u8 value)
{
	return host_probe_write(va, value);
}
