/* SPDX-License-Identifier: MIT */
/*
 * I/O APICs: from an interrupt line to a vector of a CPU (Intel 82093AA, its successors).
 *
 * Lines are numbered through all controllers, as ACPI counts them: global system interrupts.
 * Each has one 64-bit entry: vector, destination, edge or level, polarity, mask. Line n is
 * always vector VECTOR_LINE + n, so lines from MAX_LINES on cannot be used.
 *
 * The 16 ISA interrupts are the lines of their number unless the MADT reroutes them, as it
 * does the timer's on nearly every machine. How a line tells of an interrupt is what the driver
 * says; if it says nothing, what an override says; else ISA's lines are edges, active high, and
 * those beyond, or that a PCI device has, levels, active low. Emulators do not care.
 *
 * What comes after the lines are messages (pci_irq.c), which have no entry here.
 *
 * Registers are reached through a select and a window register: ioapic_lock makes the pair
 * one. It is a leaf, taken with interrupts off. Destinations are physical, 8 bits: a CPU with
 * a larger APIC id cannot be the target.
 */
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <kernel/cpu.h>

#include "apic.h"
#include "arch.h"

#define REG_VERSION	0x01
#define REG_ENTRY(pin)	(0x10 + 2 * (pin))
#define SELECT		0
#define WINDOW		4		/* both in 32-bit words: at 0x00 and 0x10 */

struct ioapic {
	volatile u32 *registers;
	u32 base, nr;			/* its lines: [base, base + nr) */
};

static struct ioapic ioapics[MADT_MAX_IOAPICS];
static unsigned int nr_ioapics, nr_lines;
static DEFINE_SPINLOCK(ioapic_lock);

static u32 ioapic_read(const struct ioapic *ioapic, u32 reg)
{
	ioapic->registers[SELECT] = reg;
	return ioapic->registers[WINDOW];
}

static void ioapic_write(const struct ioapic *ioapic, u32 reg, u32 value)
{
	ioapic->registers[SELECT] = reg;
	ioapic->registers[WINDOW] = value;
}

static struct ioapic *ioapic_of(unsigned int line)
{
	unsigned int i;

	for (i = 0; i < nr_ioapics; i++)
		if (line - ioapics[i].base < ioapics[i].nr)
			return &ioapics[i];
	return NULL;
}

static void ioapic_add(const struct madt_ioapic *found)
{
	struct ioapic *new = &ioapics[nr_ioapics];
	unsigned int pin;
	u32 version;

	new->registers = arch_map_device(found->address, PAGE_BYTES, ARCH_MAP_UC);
	if (!new->registers)
		return;
	version = ioapic_read(new, REG_VERSION);
	if (version == ~0U || found->gsi_base >= MAX_LINES) {
		pr_warn("ioapic: the one at %#llx, lines from %u, is not used\n", found->address,
			found->gsi_base);
		arch_unmap_device((const void *)new->registers, PAGE_BYTES);
		return;
	}
	new->base = found->gsi_base;
	new->nr = min((version >> 16 & 0xff) + 1, MAX_LINES - new->base);
	for (pin = 0; pin < new->nr; pin++)
		ioapic_write(new, REG_ENTRY(pin), APIC_MASKED);
	nr_lines = max(nr_lines, new->base + new->nr);
	nr_ioapics++;
	pr_info("ioapic: lines %u to %u\n", new->base, new->base + new->nr - 1);
}

void ioapic_init(void)
{
	unsigned int i;

	for (i = 0; i < madt.nr_ioapics; i++)
		ioapic_add(&madt.ioapics[i]);
	if (!nr_ioapics)
		pr_warn("ioapic: none, so there are no device interrupts\n");
}

unsigned int arch_nr_irqs(void)
{
	return nr_lines ? min(nr_lines + NR_MESSAGES, (unsigned int)MAX_LINES) : 0;
}

unsigned int first_message_irq(void)
{
	return nr_lines;
}

static const struct madt_override *override_of(unsigned int line)
{
	unsigned int i;

	for (i = 0; i < madt.nr_overrides; i++)
		if (madt.overrides[i].gsi == line)
			return &madt.overrides[i];
	return NULL;
}

unsigned int isa_line(unsigned int isa)
{
	unsigned int i;

	for (i = 0; i < madt.nr_overrides; i++)
		if (madt.overrides[i].isa == isa)
			return madt.overrides[i].gsi;
	return isa;
}

u32 line_mode(unsigned long irq_flags, u16 override, bool pci)
{
	bool level = pci || irq_flags & IRQF_SHARED, low = level;

	if (irq_flags & IRQF_TRIGGER_MASK) {
		level = irq_flags & (IRQF_TRIGGER_HIGH | IRQF_TRIGGER_LOW);
		low = irq_flags & (IRQF_TRIGGER_LOW | IRQF_TRIGGER_FALLING);
	} else {
		if (override & MADT_TRIGGER)
			level = (override & MADT_TRIGGER) == MADT_LEVEL;
		if (override & MADT_POLARITY)
			low = (override & MADT_POLARITY) == MADT_ACTIVE_LOW;
	}
	return (level ? ENTRY_LEVEL : 0) | (low ? ENTRY_LOW : 0);
}

static u32 mode_of(unsigned int line, unsigned long irq_flags)
{
	const struct madt_override *override = override_of(line);

	return line_mode(irq_flags, override ? override->flags : 0,
			 line > LAST_ISA || pci_has_line(line));
}

int arch_irq_unmask(unsigned int irq, unsigned int cpu, unsigned long irq_flags)
{
	const struct ioapic *ioapic = ioapic_of(irq);
	u32 mode = mode_of(irq, irq_flags);
	unsigned long flags;
	u32 reg;

	if (!ioapic)
		return irq >= nr_lines ? message_unmask(irq - nr_lines, cpu) : -ENODEV;
	if (cpu_apic_ids[cpu] > 0xff)
		return -EINVAL;
	reg = REG_ENTRY(irq - ioapic->base);
	spin_lock_irqsave(&ioapic_lock, flags);
	/* Never let an entry through that is new in one half only. */
	ioapic_write(ioapic, reg, APIC_MASKED);
	ioapic_write(ioapic, reg + 1, cpu_apic_ids[cpu] << 24);
	ioapic_write(ioapic, reg, mode | APIC_FIXED | (VECTOR_LINE + irq));
	spin_unlock_irqrestore(&ioapic_lock, flags);
	return 0;
}

void arch_irq_mask(unsigned int irq)
{
	const struct ioapic *ioapic = ioapic_of(irq);
	unsigned long flags;
	u32 reg;

	if (!ioapic && irq >= nr_lines)
		message_mask(irq - nr_lines);
	if (!ioapic)
		return;
	reg = REG_ENTRY(irq - ioapic->base);
	spin_lock_irqsave(&ioapic_lock, flags);
	ioapic_write(ioapic, reg, ioapic_read(ioapic, reg) | APIC_MASKED);
	spin_unlock_irqrestore(&ioapic_lock, flags);
}
