/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space of this machine: in memory, where ACPI's MCFG says that it is there
 * (ECAM: 4 KiB for each function), else through the I/O ports 0xcf8 and 0xcfc (256 bytes each).
 *
 * Both are tried on the host bridge, 00:00.0, and must tell the same of it: an MCFG that points
 * elsewhere is not believed as long as there are ports.
 *
 * Locks: config_lock makes a write of the address port and the access that follows one; a leaf,
 * taken with interrupts off. ECAM needs none: an access is one instruction.
 */
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>

#include "acpi.h"
#include "arch.h"
#include "io.h"
#include "pci.h"

#define PORT_ADDRESS 0xcf8
#define PORT_DATA    0xcfc
#define ADDRESS_ENABLE 0x80000000U

static DEFINE_SPINLOCK(config_lock);
static volatile u8 *ecam;
static u8 ecam_last_bus;

/* ---- Ports ---- */

static void ports_select(struct pci_bus *bus, unsigned int devfn, int where)
{
	outl(ADDRESS_ENABLE | (u32)bus->number << 16 | devfn << 8 | (where & 0xfc), PORT_ADDRESS);
}

static int ports_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *value)
{
	unsigned long flags;

	*value = ~0U;
	if (where >= PCI_CFG_SPACE_SIZE)
		return PCIBIOS_BAD_REGISTER_NUMBER;
	spin_lock_irqsave(&config_lock, flags);
	ports_select(bus, devfn, where);
	if (size == 1)
		*value = inb(PORT_DATA + (where & 3));
	else if (size == 2)
		*value = inw(PORT_DATA + (where & 2));
	else
		*value = inl(PORT_DATA);
	spin_unlock_irqrestore(&config_lock, flags);
	return 0;
}

static int ports_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 value)
{
	unsigned long flags;

	if (where >= PCI_CFG_SPACE_SIZE)
		return PCIBIOS_BAD_REGISTER_NUMBER;
	spin_lock_irqsave(&config_lock, flags);
	ports_select(bus, devfn, where);
	if (size == 1)
		outb(value, PORT_DATA + (where & 3));
	else if (size == 2)
		outw(value, PORT_DATA + (where & 2));
	else
		outl(value, PORT_DATA);
	spin_unlock_irqrestore(&config_lock, flags);
	return 0;
}

static const struct pci_ops ports_ops = { .read = ports_read, .write = ports_write };

/* ---- Memory ---- */

static volatile u8 *ecam_address(struct pci_bus *bus, unsigned int devfn, int where)
{
	return bus->number <= ecam_last_bus
		       ? ecam + ((size_t)bus->number << 20) + (devfn << 12) + where : NULL;
}

static int ecam_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *value)
{
	volatile u8 *at = ecam_address(bus, devfn, where);

	*value = ~0U;
	if (!at)
		return PCIBIOS_DEVICE_NOT_FOUND;
	if (size == 1)
		*value = readb(at);
	else if (size == 2)
		*value = readw(at);
	else
		*value = readl(at);
	return 0;
}

static int ecam_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 value)
{
	volatile u8 *at = ecam_address(bus, devfn, where);

	if (!at)
		return PCIBIOS_DEVICE_NOT_FOUND;
	if (size == 1)
		writeb(value, at);
	else if (size == 2)
		writew(value, at);
	else
		writel(value, at);
	return 0;
}

static const struct pci_ops ecam_ops = { .read = ecam_read, .write = ecam_write };

/* ---- Which of them ---- */

/* Vendor and device of 00:00.0: every machine with PCI has something there. */
static u32 host_bridge(const struct pci_ops *ops)
{
	struct pci_bus first = { .number = 0 };
	u32 id;

	ops->read(&first, 0, PCI_VENDOR_ID, 4, &id);
	return id && (u16)id != 0xffff ? id : 0;
}

/* The address port keeps what is written to it, on machines that have one. */
static bool has_ports(void)
{
	u32 before = inl(PORT_ADDRESS);
	bool kept;

	outl(ADDRESS_ENABLE, PORT_ADDRESS);
	kept = inl(PORT_ADDRESS) == ADDRESS_ENABLE;
	outl(before, PORT_ADDRESS);
	return kept && host_bridge(&ports_ops);
}

static bool map_ecam(void)
{
	struct mcfg_window window;
	u32 length;
	const void *table = acpi_find("MCFG", &length);

	if (!table)
		return false;
	if (!mcfg_find(table, length, &window)) {
		pr_warn("pci: the MCFG names no configuration space that makes sense\n");
		return false;
	}
	ecam = arch_map_device(window.address, (window.last + 1) * SZ_1M, ARCH_MAP_UC);
	ecam_last_bus = window.last;
	return ecam;
}

const struct pci_ops *pci_config_init(u8 *last_bus)
{
	bool ports = has_ports(), memory = map_ecam();
	u32 id = memory ? host_bridge(&ecam_ops) : 0;

	if (memory && ports && id != host_bridge(&ports_ops)) {
		pr_warn("pci: there is no configuration space where the MCFG says\n");
		arch_unmap_device((const void *)ecam, (ecam_last_bus + 1) * SZ_1M);
		id = 0;
	}
	*last_bus = id ? ecam_last_bus : PCI_MAX_BUSES - 1;
	if (id)
		return &ecam_ops;
	return ports ? &ports_ops : NULL;
}
