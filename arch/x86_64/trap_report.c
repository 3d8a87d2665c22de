/* SPDX-License-Identifier: MIT */
/*
 * The report of an unexpected trap: what, where, the registers, the error code in words;
 * panic() adds the backtrace and ends the run. Any context; takes nothing but the log.
 */
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <kernel/console.h>
#include <quarry/quarry.h>

#include "arch.h"
#include "console_hw.h"
#include "mce.h"
#include "msr.h"
#include "traps.h"

static const char *const trap_names[NR_TRAPS] = {
	"division error", "debug trap", "NMI", "breakpoint", "overflow", "bound exceeded",
	"invalid instruction", "no coprocessor", "double fault", "coprocessor overrun",
	"invalid task state", "segment not present", "stack segment fault",
	"general protection fault", "page fault", "reserved trap 15", "x87 error",
	"alignment check", "machine check", "vector error", "virtualization exception",
	"control protection", "reserved trap 22", "reserved trap 23", "reserved trap 24",
	"reserved trap 25", "reserved trap 26", "reserved trap 27", "hypervisor injection",
	"hypervisor communication", "security exception", "reserved trap 31",
};

static void registers_print(const struct trap_frame *f)
{
	pr_emerg("RIP: %04llx:%016llx %pS\n", f->cs, f->rip, (void *)f->rip);
	pr_emerg("RSP: %04llx:%016llx RFLAGS: %08llx\n", f->ss, f->rsp, f->rflags);
	pr_emerg("RAX: %016llx RBX: %016llx RCX: %016llx\n", f->rax, f->rbx, f->rcx);
	pr_emerg("RDX: %016llx RSI: %016llx RDI: %016llx\n", f->rdx, f->rsi, f->rdi);
	pr_emerg("RBP: %016llx R08: %016llx R09: %016llx\n", f->rbp, f->r8, f->r9);
	pr_emerg("R10: %016llx R11: %016llx R12: %016llx\n", f->r10, f->r11, f->r12);
	pr_emerg("R13: %016llx R14: %016llx R15: %016llx\n", f->r13, f->r14, f->r15);
	pr_emerg("CR0: %016lx CR2: %016lx\n", read_cr0(), read_cr2());
	pr_emerg("CR3: %016lx CR4: %016lx\n", read_cr3(), read_cr4());
}

/* Poison that somebody read and used, mostly as a pointer. */
static void poison_print(const struct trap_frame *f)
{
	const struct {
		const char *name;
		u64 value;
	} registers[] = {
		{ "rax", f->rax }, { "rbx", f->rbx }, { "rcx", f->rcx }, { "rdx", f->rdx },
		{ "rsi", f->rsi }, { "rdi", f->rdi }, { "rbp", f->rbp }, { "rsp", f->rsp },
		{ "r8", f->r8 }, { "r9", f->r9 }, { "r10", f->r10 }, { "r11", f->r11 },
		{ "r12", f->r12 }, { "r13", f->r13 }, { "r14", f->r14 }, { "r15", f->r15 },
		{ "rip", f->rip },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(registers); i++) {
		const char *what = quarry_explain_value(registers[i].value);

		if (what)
			pr_emerg("BUG: %s is %016llx: %s\n", registers[i].name,
				 registers[i].value, what);
	}
}

/* A selector's error code: which entry of which table. */
static void selector_error_print(u64 error)
{
	static const char *const tables[4] = { "GDT", "IDT", "LDT", "IDT" };

	pr_emerg("Error code %#llx: entry %llu of the %s%s\n", error, (error & 0xffff) >> 3,
		 tables[(error >> 1) & 3], error & 1 ? ", from outside" : "");
}

static const char *access_name(u64 error)
{
	if (error & ERROR_FETCH)
		return "instruction fetch";
	return error & ERROR_WRITE ? "write" : "read";
}

static const char *access_why(u64 error)
{
	if (error & ERROR_RESERVED)
		return "a reserved bit in the page tables";
	return error & ERROR_PRESENT ? "not allowed there" : "nothing is mapped there";
}

/* Which stack or which area the access was meant for, where that can be told. */
static void explain(unsigned long address)
{
	const char *stack = stack_overflowed(address);
	char text[200];

	if (stack)
		pr_emerg("BUG: stack guard page was hit: the %s stack ends %lu bytes above\n",
			 stack, ALIGN(address + 1, PAGE_BYTES) - address);
	else if (quarry_explain_address(address, text, sizeof(text)))
		pr_emerg("BUG: %s\n", text);
}

static void __noreturn page_fault(const struct trap_frame *f)
{
	unsigned long address = read_cr2();

	explain(address);
	pr_emerg("Error code %#llx: %s by the %s: %s\n", f->error, access_name(f->error),
		 f->error & ERROR_USER ? "user" : "kernel", access_why(f->error));
	panic("page fault in %pS: %s at %016lx: %s", (void *)f->rip, access_name(f->error),
	      address, access_why(f->error));
}

/* Pushing a fault's frame onto a guard page is what a stack overflow looks like. */
static void __noreturn double_fault(const struct trap_frame *f)
{
	const char *stack = stack_overflowed(f->rsp);

	if (!stack)
		stack = stack_overflowed(read_cr2());
	if (stack)
		panic("the %s stack overflowed at %016llx", stack, f->rsp);
	panic("double fault");
}

/* A trap before kernel_main() opened the consoles: worth the attempt, once. */
static void consoles_open(void)
{
	static bool tried;

	if (console_count() || tried)
		return;
	tried = true;
	console_init();
}

void trap_report(const struct trap_frame *frame)
{
	const char *name = trap_names[frame->vector];

	consoles_open();
	pr_emerg("Unexpected trap %llu on CPU %u: %s\n", frame->vector, smp_processor_id(), name);
	registers_print(frame);
	poison_print(frame);
	if (frame->vector == TRAP_PAGE)
		page_fault(frame);
	if (frame->vector == TRAP_DOUBLE)
		double_fault(frame);
	if (frame->vector == TRAP_MACHINE) {
		mce_report();
		panic("machine check");
	}
	if (frame->error)
		selector_error_print(frame->error);
	panic("%s at %pS", name, (void *)frame->rip);
}
