/* SPDX-License-Identifier: MIT */
/*
 * Traps and interrupts: the descriptor tables, and what becomes of each vector.
 *
 *	NMI			 reported, and execution goes on
 *	page fault, general	 at an instruction listed in .ex_table: goes on at its fixup;
 *	protection		 anywhere else as all the rest
 *	other vectors below 32	 reported, the end of the run (trap_report.c)
 *	from 32			 interrupts nobody asked for: the legacy controllers are
 *				 masked, so only a spurious one can come; reported, goes on
 *
 * Double fault, NMI and machine check run on stacks of their own, because the current one
 * may be what is broken. Everything here is set up once and only read afterwards.
 */
#include <linux/kernel.h>

#include "arch.h"
#include "io.h"
#include "msr.h"
#include "traps.h"

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_middle;
	u32 offset_high, reserved;
} __packed;

struct task_state {
	u32 reserved0;
	u64 rsp[3], reserved1, ist[7], reserved2;
	u16 reserved3, io_map;
} __packed;

struct table_pointer {
	u16 limit;
	u64 base;
} __packed;

#define GATE_INTERRUPT	0x8e	/* present, 64-bit, interrupts off on entry */
#define STUB_SIZE	16
#define MAX_SPURIOUS	8	/* lines printed about them */

extern u64 gdt[];
extern struct table_pointer gdt_pointer;
extern const char trap_stubs[];
extern const struct ex_entry ex_table_start[], ex_table_end[];

static struct gate idt[NR_VECTORS] __aligned(16);
static struct task_state task_state __aligned(16);
static unsigned long nmis, spurious;

unsigned long nmi_count(void)
{
	return nmis;
}

static void gate_set(unsigned int vector, unsigned int stack)
{
	u64 stub = (u64)trap_stubs + vector * STUB_SIZE;

	idt[vector] = (struct gate){
		.offset_low = stub, .offset_middle = stub >> 16, .offset_high = stub >> 32,
		.selector = KERNEL_CS, .ist = stack, .type = GATE_INTERRUPT,
	};
}

static void idt_load(void)
{
	struct table_pointer pointer = { sizeof(idt) - 1, (u64)idt };
	unsigned int i;

	for (i = 0; i < NR_VECTORS; i++)
		gate_set(i, 0);
	gate_set(TRAP_NMI, STACK_NMI);
	gate_set(TRAP_DOUBLE, STACK_DOUBLE);
	gate_set(TRAP_MACHINE, STACK_MACHINE);
	__asm__ __volatile__("lidt %0" :: "m"(pointer));
}

/* The interrupt stack table's entry i is stack i; stack 0 is the one we are on. */
static void task_state_load(void)
{
	u64 base = (u64)&task_state, limit = sizeof(task_state) - 1;
	unsigned int i;

	for (i = 1; i < NR_STACKS; i++)
		task_state.ist[i - 1] = stack_top(i);
	task_state.io_map = sizeof(task_state);
	gdt[KERNEL_TSS / 8] = limit | (base & 0xffffff) << 16 | 0x89ULL << 40 |
			      (base >> 24 & 0xff) << 56;
	gdt[KERNEL_TSS / 8 + 1] = base >> 32;
	gdt_pointer.base = (u64)gdt;
	__asm__ __volatile__("lgdt %0" :: "m"(gdt_pointer));
	__asm__ __volatile__("ltr %w0" :: "r"(KERNEL_TSS));
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
	task_state_load();
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

void trap_handler(struct trap_frame *frame)
{
	bool access = frame->vector == TRAP_PAGE || frame->vector == TRAP_GENERAL;

	if (frame->vector == TRAP_NMI) {
		nmis++;
		pr_warn("NMI at %pS; going on\n", (void *)frame->rip);
	} else if (frame->vector >= NR_TRAPS) {
		if (spurious++ < MAX_SPURIOUS)
			pr_warn("Interrupt %llu at %pS, which nobody asked for; going on\n",
				frame->vector, (void *)frame->rip);
	} else if (!access || !recover(frame)) {
		trap_report(frame);
	}
}
