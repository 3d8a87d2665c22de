/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of PCI devices.
 *
 * A message (MSI) is a write that the device makes to the local APIC: the address names the
 * CPU, the data the vector. Each message in use has a number, and with it an irq behind those of
 * the I/O APICs' lines: first_message_irq() + number, whose vector is VECTOR_LINE + irq as for
 * any line. A message is an edge, shared with nobody.
 *
 *	device --MSI--> local APIC --vector--> irq_handler(first_message_irq() + number)
 *	device --INTx--> I/O APIC line --vector--> irq_handler(line)
 *
 * A device's line (INTx) is known from its interrupt-line register only: the ISA interrupt that
 * firmware chose, which comes in where the MADT says. Where a machine routes its lines by tables
 * written in ACPI's language alone, which is not read here, messages still work.
 *
 * To let a message through is to set its device's enable bit; what the device would send while
 * it is clear is lost, as an edge is at a masked line.
 *
 * Locks: messages_lock guards the table; a leaf, interrupts off. Who programs a device's MSI
 * registers holds the line's lock of kernel/irq.c, or is the one who gives or takes the message.
 */
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <kernel/cpu.h>

#include "apic.h"
#include "pci.h"

#define MESSAGE_ADDRESS	    0xfee00000U
#define MESSAGE_TARGET(id)  ((id) << 12)

static struct pci_dev *senders[NR_MESSAGES];	/* NULL: free */
static unsigned long pci_lines;			/* those that devices have; grows only */
static DEFINE_SPINLOCK(messages_lock);

/* ---- Messages ---- */

static struct pci_dev *sender_of(unsigned int number)
{
	return number < NR_MESSAGES ? READ_ONCE(senders[number]) : NULL;
}

static void message_enable(struct pci_dev *dev, bool on)
{
	u8 at = pci_find_capability(dev, PCI_CAP_ID_MSI);
	u16 flags;

	pci_read_config_word(dev, at + PCI_MSI_FLAGS, &flags);
	flags &= ~(PCI_MSI_FLAGS_QSIZE | PCI_MSI_FLAGS_ENABLE);
	pci_write_config_word(dev, at + PCI_MSI_FLAGS, flags | (on ? PCI_MSI_FLAGS_ENABLE : 0));
}

/* Firmware's driver may have left its one message masked in the device. */
static void message_let_through(struct pci_dev *dev, u8 at, u16 flags)
{
	int where = at + (flags & PCI_MSI_FLAGS_64BIT ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32);
	u32 mask;

	if (!(flags & PCI_MSI_FLAGS_MASKBIT))
		return;
	pci_read_config_dword(dev, where, &mask);
	pci_write_config_dword(dev, where, mask & ~1U);
}

int message_unmask(unsigned int number, unsigned int cpu)
{
	struct pci_dev *dev = sender_of(number);
	u32 address, data = VECTOR_LINE + first_message_irq() + number;
	u16 flags;
	u8 at;

	if (!dev)
		return -ENODEV;
	if (cpu_apic_ids[cpu] > 0xff)
		return -EINVAL;
	address = MESSAGE_ADDRESS | MESSAGE_TARGET(cpu_apic_ids[cpu]);
	at = pci_find_capability(dev, PCI_CAP_ID_MSI);
	pci_read_config_word(dev, at + PCI_MSI_FLAGS, &flags);
	pci_write_config_dword(dev, at + PCI_MSI_ADDRESS_LO, address);
	if (flags & PCI_MSI_FLAGS_64BIT)
		pci_write_config_dword(dev, at + PCI_MSI_ADDRESS_HI, 0);
	pci_write_config_word(dev, at + (flags & PCI_MSI_FLAGS_64BIT ? PCI_MSI_DATA_64
								     : PCI_MSI_DATA_32), data);
	message_let_through(dev, at, flags);
	message_enable(dev, true);
	return 0;
}

void message_mask(unsigned int number)
{
	struct pci_dev *dev = sender_of(number);

	if (dev)
		message_enable(dev, false);
}

/* A free number, from now on the device's; -1: there is none. */
static int message_take(struct pci_dev *dev)
{
	unsigned long flags;
	int number;

	spin_lock_irqsave(&messages_lock, flags);
	number = (int)(arch_nr_irqs() - first_message_irq()) - 1;
	while (number >= 0 && senders[number])
		number--;
	if (number >= 0)
		WRITE_ONCE(senders[number], dev);
	spin_unlock_irqrestore(&messages_lock, flags);
	return number;
}

/* Its line must not come up while it sends messages. */
static void set_line_off(struct pci_dev *dev, bool off)
{
	u16 command;

	pci_read_config_word(dev, PCI_COMMAND, &command);
	command &= ~PCI_COMMAND_INTX_DISABLE;
	pci_write_config_word(dev, PCI_COMMAND, command | (off ? PCI_COMMAND_INTX_DISABLE : 0));
}

int pci_enable_msi(struct pci_dev *dev)
{
	int number;

	if (dev->msi_enabled)
		return -EINVAL;
	if (!first_message_irq() || !pci_find_capability(dev, PCI_CAP_ID_MSI))
		return -ENOSPC;
	number = message_take(dev);
	if (number < 0)
		return -ENOSPC;
	message_enable(dev, false);
	set_line_off(dev, true);
	dev->irq = first_message_irq() + (unsigned int)number;
	dev->msi_enabled = true;
	return 0;
}

void pci_disable_msi(struct pci_dev *dev)
{
	if (!dev->msi_enabled)
		return;
	message_enable(dev, false);
	set_line_off(dev, false);
	WRITE_ONCE(senders[dev->irq - first_message_irq()], NULL);
	dev->irq = dev->line_irq;
	dev->msi_enabled = false;
}

/* ---- Either ---- */

int pci_alloc_irq_vectors(struct pci_dev *dev, unsigned int min, unsigned int max,
			  unsigned int flags)
{
	if (!min || max < min)
		return -EINVAL;
	if (min > 1)
		return -ENOSPC;
	if ((flags & PCI_IRQ_MSI) && !pci_enable_msi(dev))
		return 1;
	return (flags & PCI_IRQ_INTX) && dev->irq ? 1 : -ENOSPC;
}

void pci_free_irq_vectors(struct pci_dev *dev)
{
	pci_disable_msi(dev);
}

int pci_irq_vector(struct pci_dev *dev, unsigned int nr)
{
	return nr || !dev->irq ? -EINVAL : (int)dev->irq;
}

bool pci_has_line(unsigned int line)
{
	return line < BITS_PER_LONG && READ_ONCE(pci_lines) & BIT(line);
}

void pci_read_line(struct pci_dev *dev)
{
	u8 line;

	pci_read_config_byte(dev, PCI_INTERRUPT_LINE, &line);
	dev->line_irq = dev->pin && line && line <= LAST_ISA ? isa_line(line) : 0;
	dev->irq = dev->line_irq;
	if (dev->line_irq && dev->line_irq < BITS_PER_LONG)
		WRITE_ONCE(pci_lines, pci_lines | BIT(dev->line_irq));
}
