/* SPDX-License-Identifier: MIT */
/*
 * Finding PCI devices, through the two functions of struct pci_ops and no other way to a
 * machine.
 *
 *	bus 0 -+- 00.0			a device has up to 8 functions, each a pci_dev of its own
 *	       +- 01.0, 01.1
 *	       `- 02.0 bridge -- bus 1 -+- 00.0
 *					`- 01.0 bridge -- bus 2 ...
 *
 * Buses are looked through in the order in which they are found: a queue, not a recursion. A
 * bridge leads to the bus that firmware gave it; firmware is not trusted, so a bus must have a
 * number above that of the bus the bridge is on and below the last, and comes once. So at most
 * 256 buses of 256 functions are looked at, whatever the bridges say.
 *
 * How large a range is, the device tells when all ones are written where its address belongs;
 * for that moment it answers at no address. It may be a console's, or a bridge before one: so the
 * log is held, on all CPUs. Not so a host bridge: memory itself may be behind it.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <kernel/console.h>

#include "pci.h"

#define MAX_CAPABILITIES  48	/* as many as fit into 256 bytes */
#define CLASS_HOST_BRIDGE 0x0600

/* ---- Configuration space ---- */

static int config_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *value)
{
	*value = ~0U;
	if (where < 0 || where > PCI_CFG_SPACE_EXP_SIZE - size || where % size)
		return PCIBIOS_BAD_REGISTER_NUMBER;
	return bus->ops->read(bus, devfn, where, size, value);
}

static int config_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 value)
{
	if (where < 0 || where > PCI_CFG_SPACE_EXP_SIZE - size || where % size)
		return PCIBIOS_BAD_REGISTER_NUMBER;
	return bus->ops->write(bus, devfn, where, size, value);
}

#define CONFIG_ACCESS(name, type, size) \
	int pci_bus_read_config_##name(struct pci_bus *bus, unsigned int devfn, int where, \
				       type *value) \
	{ \
		u32 wide; \
		int error = config_read(bus, devfn, where, size, &wide); \
		*value = (type)wide; \
		return error; \
	} \
	int pci_bus_write_config_##name(struct pci_bus *bus, unsigned int devfn, int where, \
					type value) \
	{ \
		return config_write(bus, devfn, where, size, value); \
	}

CONFIG_ACCESS(byte, u8, 1)
CONFIG_ACCESS(word, u16, 2)
CONFIG_ACCESS(dword, u32, 4)

static u32 read_register(const struct pci_dev *dev, int where, int size)
{
	u32 value;

	config_read(dev->bus, dev->devfn, where, size, &value);
	return value;
}

u8 pci_find_capability(struct pci_dev *dev, int cap)
{
	u8 at = read_register(dev, PCI_CAPABILITY_LIST, 1) & ~3;
	unsigned int i;

	if (!(read_register(dev, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST))
		return 0;
	for (i = 0; i < MAX_CAPABILITIES && at >= 0x40; i++) {
		if (read_register(dev, at + PCI_CAP_LIST_ID, 1) == (u8)cap)
			return at;
		at = read_register(dev, at + PCI_CAP_LIST_NEXT, 1) & ~3;
	}
	return 0;
}

const struct pci_device_id *pci_match_id(const struct pci_device_id *ids,
					 const struct pci_dev *dev)
{
	for (; ids && (ids->vendor || ids->subvendor || ids->class_mask); ids++)
		if ((ids->vendor == PCI_ANY_ID || ids->vendor == dev->vendor) &&
		    (ids->device == PCI_ANY_ID || ids->device == dev->device) &&
		    (ids->subvendor == PCI_ANY_ID || ids->subvendor == dev->subsystem_vendor) &&
		    (ids->subdevice == PCI_ANY_ID || ids->subdevice == dev->subsystem_device) &&
		    !((ids->class ^ dev->class) & ids->class_mask))
			return ids;
	return NULL;
}

/* ---- Address ranges ---- */

/* Which bits of a register stay ones when all are written: 0 in those that are no address. */
static u32 writable_bits(const struct pci_dev *dev, int where, u32 ones)
{
	u32 before = read_register(dev, where, 4), bits;

	config_write(dev->bus, dev->devfn, where, 4, ones);
	bits = read_register(dev, where, 4);
	config_write(dev->bus, dev->devfn, where, 4, before);
	return bits;
}

/* From address and writable bits, both without the flags in the lowest bits. */
static void set_range(struct resource *res, u64 address, u64 bits, unsigned long flags)
{
	u64 size = bits & -bits;

	if (!size)
		return;
	res->flags = flags;
	res->start = address;
	res->end = address + size - 1;
	if (address && res->end > address)
		return;
	res->start = 0;
	res->end = size - 1;
	res->flags |= IORESOURCE_UNSET;
}

/* Reads one base address register; returns how many registers it takes. */
static unsigned int read_bar(struct pci_dev *dev, unsigned int nr, unsigned int end)
{
	int where = PCI_BASE_ADDRESS_0 + 4 * (int)nr;
	u64 address = read_register(dev, where, 4), bits = writable_bits(dev, where, ~0U);
	unsigned long flags = IORESOURCE_MEM;

	if (address & PCI_BASE_ADDRESS_SPACE_IO) {
		bits &= PCI_BASE_ADDRESS_IO_MASK & 0xffff; /* x86 has no ports above */
		set_range(&dev->resource[nr], address & PCI_BASE_ADDRESS_IO_MASK & 0xffff, bits,
			  IORESOURCE_IO);
		return 1;
	}
	if (address & PCI_BASE_ADDRESS_MEM_PREFETCH)
		flags |= IORESOURCE_PREFETCH;
	if ((address & PCI_BASE_ADDRESS_MEM_TYPE_MASK) != PCI_BASE_ADDRESS_MEM_TYPE_64 ||
	    nr + 1 >= end) {
		set_range(&dev->resource[nr], address & PCI_BASE_ADDRESS_MEM_MASK,
			  bits & PCI_BASE_ADDRESS_MEM_MASK, flags);
		return 1;
	}
	address |= (u64)read_register(dev, where + 4, 4) << 32;
	bits |= (u64)writable_bits(dev, where + 4, ~0U) << 32;
	set_range(&dev->resource[nr], address & PCI_BASE_ADDRESS_MEM_MASK,
		  bits & PCI_BASE_ADDRESS_MEM_MASK, flags | IORESOURCE_MEM_64);
	return 2;
}

static void read_ranges(struct pci_dev *dev)
{
	bool bridge = dev->hdr_type == PCI_HEADER_TYPE_BRIDGE;
	unsigned int nr = 0, end = bridge ? 2 : PCI_STD_NUM_BARS;
	int rom = bridge ? PCI_ROM_ADDRESS1 : PCI_ROM_ADDRESS;
	unsigned long irq_flags;
	u16 command;

	console_hold(&irq_flags);
	pci_read_config_word(dev, PCI_COMMAND, &command);
	if (dev->class >> 8 != CLASS_HOST_BRIDGE)
		pci_write_config_word(dev, PCI_COMMAND,
				      command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
	while (nr < end)
		nr += read_bar(dev, nr, end);
	set_range(&dev->resource[PCI_ROM_RESOURCE],
		  read_register(dev, rom, 4) & PCI_ROM_ADDRESS_MASK,
		  writable_bits(dev, rom, (u32)PCI_ROM_ADDRESS_MASK) & PCI_ROM_ADDRESS_MASK,
		  IORESOURCE_MEM | IORESOURCE_PREFETCH | IORESOURCE_READONLY);
	pci_write_config_word(dev, PCI_COMMAND, command);
	console_release(irq_flags);
}

/* ---- Devices and buses ---- */

static void read_device(struct pci_dev *dev, u32 id)
{
	u32 class = read_register(dev, PCI_CLASS_REVISION, 4);
	unsigned int i;

	dev->vendor = (u16)id;
	dev->device = id >> 16;
	dev->class = class >> 8;
	dev->revision = (u8)class;
	dev->hdr_type = read_register(dev, PCI_HEADER_TYPE, 1) & PCI_HEADER_TYPE_MASK;
	dev->pin = read_register(dev, PCI_INTERRUPT_PIN, 1);
	dev->dma_mask = 0xffffffff;
	dev->dev.dma_mask = &dev->dma_mask;
	dev->dev.coherent_dma_mask = 0xffffffff;
	dev_set_name(&dev->dev, "0000:%02x:%02x.%u", dev->bus->number, PCI_SLOT(dev->devfn),
		     PCI_FUNC(dev->devfn));
	for (i = 0; i < PCI_NUM_RESOURCES; i++)
		dev->resource[i].name = dev_name(&dev->dev);
	if (dev->hdr_type == PCI_HEADER_TYPE_NORMAL) {
		dev->subsystem_vendor = read_register(dev, PCI_SUBSYSTEM_VENDOR_ID, 2);
		dev->subsystem_device = read_register(dev, PCI_SUBSYSTEM_ID, 2);
	}
	if (dev->hdr_type <= PCI_HEADER_TYPE_BRIDGE)
		read_ranges(dev);
}

/* The function, if there is one; *more: other functions of its device must be looked for. */
static struct pci_dev *scan_function(struct pci_scan *scan, struct pci_bus *bus,
				     unsigned int devfn, bool *more)
{
	struct pci_dev probe = { .bus = bus, .devfn = devfn }, *dev;
	u32 id = read_register(&probe, PCI_VENDOR_ID, 4);

	if ((u16)id == 0xffff || (u16)id == 0)
		return NULL;
	*more |= read_register(&probe, PCI_HEADER_TYPE, 1) & PCI_HEADER_TYPE_MFD;
	dev = scan->alloc(sizeof(*dev));
	if (!dev) {
		scan->nr_no_memory++;
		return NULL;
	}
	device_initialize(&dev->dev);
	dev->bus = bus;
	dev->devfn = devfn;
	read_device(dev, id);
	list_add_tail(&dev->bus_list, &scan->devices);
	scan->nr_devices++;
	return dev;
}

static bool add_bus(struct pci_scan *scan, struct pci_bus *parent, struct pci_dev *bridge,
		    u8 number)
{
	struct pci_bus *bus;

	list_for_each_entry(bus, &scan->buses, node)
		if (bus->number == number)
			return false;
	bus = scan->alloc(sizeof(*bus));
	if (!bus) {
		scan->nr_no_memory++;
		return true;
	}
	bus->parent = parent;
	bus->self = bridge;
	bus->ops = scan->ops;
	bus->number = number;
	list_add_tail(&bus->node, &scan->buses);
	return true;
}

static void follow_bridge(struct pci_scan *scan, struct pci_dev *bridge)
{
	u8 number = read_register(bridge, PCI_SECONDARY_BUS, 1);

	if (!number)
		return;			/* firmware has opened none */
	if (number <= bridge->bus->number || number > scan->last_bus ||
	    !add_bus(scan, bridge->bus, bridge, number))
		scan->nr_bad_bridges++;
}

static void scan_slot(struct pci_scan *scan, struct pci_bus *bus, unsigned int slot)
{
	unsigned int function;
	bool more = false;

	for (function = 0; function < (more ? 8 : 1); function++) {
		struct pci_dev *dev = scan_function(scan, bus, PCI_DEVFN(slot, function), &more);

		if (dev && dev->hdr_type == PCI_HEADER_TYPE_BRIDGE)
			follow_bridge(scan, dev);
	}
}

void pci_scan(struct pci_scan *scan)
{
	struct pci_bus *bus;
	unsigned int slot;

	INIT_LIST_HEAD(&scan->buses);
	INIT_LIST_HEAD(&scan->devices);
	add_bus(scan, NULL, NULL, 0);
	list_for_each_entry(bus, &scan->buses, node) /* which grows meanwhile */
		for (slot = 0; slot < 32; slot++)
			scan_slot(scan, bus, slot);
}
