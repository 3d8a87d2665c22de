/* SPDX-License-Identifier: MIT */
/*
 * Local and I/O APICs. apic_regs.c programs a local APIC through four accessors and runs in
 * any process; apic.c and ioapic.c are this machine's.
 */
#ifndef ARCH_X86_64_APIC_H
#define ARCH_X86_64_APIC_H

#include <linux/percpu.h>
#include <linux/types.h>

#include "arch/x86_64/madt.h"

/*
 * 1. Vectors. irq n is vector VECTOR_LINE + n: first the lines (GSIs) of the I/O APICs, then
 * messages, MAX_LINES in all.
 */

#define VECTOR_LINE	  0x30
#define MAX_LINES	  192
#define VECTOR_TIMER	  0xf0
#define VECTOR_RESCHEDULE 0xf1
#define VECTOR_CALL	  0xf2
#define VECTOR_STOP	  0xf3
#define VECTOR_ERROR	  0xfe
#define VECTOR_SPURIOUS	  0xff

/* 2. apic_regs.c */

/* Registers, by their offset in memory; the MSR of one is 0x800 + offset / 16. */
enum apic_register {
	APIC_ID = 0x20, APIC_VERSION = 0x30, APIC_TPR = 0x80, APIC_EOI = 0xb0,
	APIC_LDR = 0xd0, APIC_DFR = 0xe0, APIC_SPURIOUS = 0xf0, APIC_ISR = 0x100,
	APIC_ERROR = 0x280, APIC_COMMAND = 0x300, APIC_COMMAND_HIGH = 0x310,
	APIC_LVT_TIMER = 0x320, APIC_LVT_THERMAL = 0x330, APIC_LVT_COUNTER = 0x340,
	APIC_LVT_LINT0 = 0x350, APIC_LVT_LINT1 = 0x360, APIC_LVT_ERROR = 0x370,
	APIC_TIMER_START = 0x380, APIC_TIMER_NOW = 0x390, APIC_TIMER_DIVIDE = 0x3e0,
};

#define MSR_APIC_BASE	   0x1b
#define APIC_BASE_BSP	   (1ULL << 8)
#define APIC_BASE_X2APIC   (1ULL << 10)
#define APIC_BASE_ENABLED  (1ULL << 11)
#define APIC_BASE_ADDRESS  0x000ffffffffff000ULL
#define MSR_X2APIC	   0x800
#define MSR_TSC_DEADLINE   0x6e0

#define APIC_ENABLED	   (1U << 8)	/* in APIC_SPURIOUS */
#define APIC_PENDING	   (1U << 12)	/* in APIC_COMMAND: not delivered yet */
#define APIC_MASKED	   (1U << 16)	/* in every LVT */
#define APIC_TIMER_DEADLINE (2U << 17)	/* in APIC_LVT_TIMER: fires at a value of the TSC */
#define APIC_DIVIDE_BY_1   0xb

/* Kinds of delivery: in APIC_COMMAND, LVTs and I/O APIC entries. */
#define APIC_FIXED	   (0U << 8)
#define APIC_NMI	   (4U << 8)
#define APIC_INIT	   (5U << 8)
#define APIC_STARTUP	   (6U << 8)
#define APIC_EXTINT	   (7U << 8)
#define APIC_SELF	   (1U << 18)	/* in APIC_COMMAND: its upper half does not count */
#define APIC_ASSERT	   (1U << 14)	/* in APIC_COMMAND, set always */

/* How the registers are reached. Set once; the same for every CPU, each sees its own. */
struct apic {
	bool x2apic;		/* by MSR; otherwise by memory */
	u32 (*mem_read)(u32 offset);
	void (*mem_write)(u32 offset, u32 value);
	u64 (*msr_read)(u32 msr);
	void (*msr_write)(u32 msr, u64 value);	/* after all earlier stores */
};

u32 apic_read(const struct apic *apic, enum apic_register reg);
void apic_write(const struct apic *apic, enum apic_register reg, u32 value);
/*
 * Turns this CPU's APIC on, as x2APIC if apic->x2apic or if it is one already: that cannot be
 * taken back without a reset, and firmware may rely on it. Sets apic->x2apic accordingly.
 */
void apic_enable(struct apic *apic);
u32 apic_id(const struct apic *apic);
/*
 * Brings this CPU's APIC from whatever state into ours: all priorities let through, errors
 * reported, NMIs from the inputs that bits of nmi_lints name, nothing else unmasked, and
 * nothing left in service.
 */
void apic_setup(const struct apic *apic, unsigned int nmi_lints);
/*
 * Sends an interrupt of that kind and vector. False, nothing sent, when the one before is
 * still on its way after a bounded time. Interrupts off.
 */
bool apic_send(const struct apic *apic, u32 apic_id, u32 kind, u8 vector);
/* To this CPU itself; may interrupt apic_send() anywhere, as an NMI does. */
void apic_send_self(const struct apic *apic, u8 vector);
void apic_eoi(const struct apic *apic);
/* Is this CPU handling an interrupt of that vector, as the APIC sees it? */
bool apic_in_service(const struct apic *apic, u8 vector);
/* The errors since it was last asked. */
u32 apic_errors(const struct apic *apic);
/* The timer's mode: a count of its own clock, or a deadline of the TSC. Not running. */
void apic_timer_setup(const struct apic *apic, bool deadline);
/* Fires once after `count` ticks; 0 stops it. */
void apic_timer_count(const struct apic *apic, u32 count);
/* Fires once when the TSC has reached `deadline`; 0 stops it. */
void apic_timer_deadline(const struct apic *apic, u64 deadline);

/* 3. apic.c: this machine's local APICs. */

/* Reads the MADT, numbers the CPUs, turns this CPU's APIC on. Once, on CPU 0, early. */
void apic_init(void);
/* The same for another CPU, by itself; false when it cannot be reached as CPU 0 is. */
bool apic_init_other(unsigned int cpu);
/* How this CPU's registers are reached. */
extern struct apic apic;
extern struct madt madt;
extern u32 cpu_apic_ids[NR_CPUS];	/* by CPU number; trampoline.S looks there too */
extern unsigned int cpu_count;
/* The registers in memory; NULL for those who began as x2APIC. */
extern volatile u32 *apic_registers;
/* May this CPU's registers be used yet? */
bool apic_is_on(void);
/* An interrupt for a CPU, also one that is not running yet. Any context; false as apic_send(). */
bool apic_send_to(unsigned int cpu, u32 kind, u8 vector);

/* 4. ioapic.c */

/* Finds the I/O APICs of the MADT and masks all that they have. After apic_init(). */
void ioapic_init(void);
/* The line that ISA interrupt `isa` (0 to 15) comes in on. */
unsigned int isa_line(unsigned int isa);
#define LAST_ISA 15

/* Bits of a line's entry: 0 is an edge, active high. */
#define ENTRY_LOW   (1U << 13)
#define ENTRY_LEVEL (1U << 15)

/* From IRQF_* flags, an override's flags (0: none), and whether it is a line of PCI's. */
u32 line_mode(unsigned long irq_flags, u16 override, bool pci);
/* Does a PCI device have that line? */
bool pci_has_line(unsigned int line);
/* The irq of message 0: those of the lines come before; 0: nothing can be let through. */
unsigned int first_message_irq(void);

/* 5. pci_irq.c: interrupts that devices send as messages, numbered from 0. */

#define NR_MESSAGES 32

/* -ENODEV when nobody sends it. */
int message_unmask(unsigned int number, unsigned int cpu);
void message_mask(unsigned int number);

#endif
