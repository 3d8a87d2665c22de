/* SPDX-License-Identifier: MIT */
/*
 * Traps and interrupts: the descriptor tables, and what becomes of each vector.
 *
 *	NMI			 reported, and execution goes on
 *	machine check		 memory that nobody uses is taken out of use (mce.c), or the end
 *	page fault, general	 at an instruction listed in .ex_table: goes on at its fixup;
 *	protection		 on a guard page of KFENCE: goes on after a report; else as the rest
 *	other vectors below 32	 reported, the end of the run (trap_report.c)
 *	from 32			 interrupts (interrupts.c)
 *
 * Whatever it was, a restartable sequence that was interrupted begins anew on return.
 *
 * Double fault, NMI and machine check run on stacks of their own, because the current one
 * may be what is broken. There is no user mode, so GS is always the kernel's, and every path
 * may use per-CPU variables from its first instruction. The descriptors are set up once, the
 * same for all CPUs, and only read afterwards.
 *
 * An NMI may come at any instruction, with any lock held by its own CPU: it counts, prints
 * (printk() is made for that) and returns. While the CPUs are being stopped it is how one that
 * keeps its interrupts off is told.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/percpu.h>
#include <kernel/cpu.h>
#include <quarry/quarry.h>

#include "arch.h"
#include "io.h"
#include "mce.h"
#include "msr.h"
#include "traps.h"

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_middle;
	u32 offset_high, reserved;
} __packed;

struct table_pointer {
	u16 limit;
	u64 base;
} __packed;

#define GATE_INTERRUPT	0x8e	/* present, 64-bit, interrupts off on entry */
#define STUB_SIZE	16
#define NMI_LINES	8	/* so many NMIs are each reported, then every 2^n-th */

extern const char trap_stubs[];
extern const struct ex_entry ex_table_start[], ex_table_end[];

static struct gate idt[NR_VECTORS] __aligned(16);
static DEFINE_PER_CPU(unsigned long, nmis);

unsigned long nmi_count(unsigned int cpu)
{
	return per_cpu(nmis, cpu);
}

static void gate_set(unsigned int vector, unsigned int stack)
{
	u64 stub = (u64)trap_stubs + vector * STUB_SIZE;

	idt[vector] = (struct gate){
		.offset_low = stub, .offset_middle = stub >> 16, .offset_high = stub >> 32,
		.selector = KERNEL_CS, .ist = stack, .type = GATE_INTERRUPT,
	};
}

static void idt_init(void)
{
	unsigned int i;

	for (i = 0; i < NR_VECTORS; i++)
		gate_set(i, 0);
	gate_set(TRAP_NMI, STACK_NMI);
	gate_set(TRAP_DOUBLE, STACK_DOUBLE);
	gate_set(TRAP_MACHINE, STACK_MACHINE);
}

void idt_load(void)
{
	struct table_pointer pointer = { sizeof(idt) - 1, (u64)idt };

	__asm__ __volatile__("lidt %0" :: "m"(pointer));
}

/* Both legacy controllers: vectors 32 to 47, where no trap is, and everything masked. */
static void legacy_interrupts_mask(void)
{
	outb(0x11, 0x20);
	outb(0x11, 0xa0);
	outb(32, 0x21);
	outb(40, 0xa1);
	outb(4, 0x21);
	outb(2, 0xa1);
	outb(1, 0x21);
	outb(1, 0xa1);
	outb(0xff, 0x21);
	outb(0xff, 0xa1);
}

void traps_init(void)
{
	cpu_tables_init();
	idt_init();
	idt_load();
	legacy_interrupts_mask();
}

static bool recover(struct trap_frame *frame)
{
	const struct ex_entry *entry;

	for (entry = ex_table_start; entry < ex_table_end; entry++) {
		if (entry->rip == frame->rip) {
			frame->rip = entry->fixup;
			return true;
		}
	}
	return false;
}

/* A touch of a page that is hidden so that it be noticed? To run what lies there is worse. */
static bool was_guarded(const struct trap_frame *frame)
{
	return frame->vector == TRAP_PAGE && !(frame->error & ERROR_FETCH) &&
	       kfence_handle_page_fault(read_cr2(), frame->error & ERROR_WRITE, frame->rip);
}

static void nmi_handler(const struct trap_frame *frame)
{
	unsigned long nr;

	if (cpu_must_stop())
		cpu_stop();
	nmi_enter();
	nr = this_cpu_inc_return(nmis);
	if (nr <= NMI_LINES || is_power_of_2(nr))
		pr_warn("NMI %lu on CPU %u at %pS; going on\n", nr, smp_processor_id(),
			(void *)frame->rip);
	nmi_exit();
}

void trap_handler(struct trap_frame *frame)
{
	bool access = frame->vector == TRAP_PAGE || frame->vector == TRAP_GENERAL;

	if (frame->vector == TRAP_NMI)
		nmi_handler(frame);
	else if (frame->vector >= NR_TRAPS)
		interrupt_handler(frame);
	else if (frame->vector == TRAP_MACHINE ? !mce_survived() :
		 !access || (!recover(frame) && !was_guarded(frame)))
		trap_report(frame);
	frame->rip = rseq_rewind(frame->rip);
}
