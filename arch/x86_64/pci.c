/* SPDX-License-Identifier: MIT */
/*
 * The PCI devices of this machine and their drivers.
 *
 * pci_init() finds the devices; the list is constant from then on, so it is read without a
 * lock, and references only count. A driver is offered each device of its table that no other
 * driver has; nobody comes later.
 *
 * Devices and buses are made of whole pages, several to a page, that stay for good.
 *
 * Locks: drivers_lock, a mutex, guards who drives what, and is held while probe() and remove()
 * run: these may sleep, and may not register drivers. state_lock, a leaf with interrupts off,
 * guards enable counts and the command register. Who has claimed which range is mm/resource.c's.
 */
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "pci.h"

static struct pci_scan machine;
static LIST_HEAD(drivers);
static DEFINE_MUTEX(drivers_lock);
static DEFINE_SPINLOCK(state_lock);

/* ---- Finding ---- */

static void *page_piece(size_t size)
{
	static char *next;
	static size_t left;
	void *piece;

	size = ALIGN(size, 64);
	if (left < size) {
		next = (char *)get_zeroed_page(GFP_KERNEL);
		left = next ? PAGE_SIZE : 0;
		if (!next)
			return NULL;
	}
	piece = next;
	next += size;
	left -= size;
	return piece;
}

static void print_device(const struct pci_dev *dev)
{
	char text[96];
	int length = 0;
	unsigned int i;

	for (i = 0; i < PCI_STD_NUM_BARS && length < (int)sizeof(text) - 1; i++) {
		const struct resource *res = &dev->resource[i];

		if (res->flags)
			length += scnprintf(text + length, sizeof(text) - length, " %s%#llx+%#llx",
					    res->flags & IORESOURCE_UNSET ? "unset " :
					    res->flags & IORESOURCE_IO ? "io " : "",
					    res->start, resource_size(res));
	}
	text[length] = 0;
	pr_info("pci: %s %04x:%04x class %06x irq %u%s\n", pci_name(dev), dev->vendor, dev->device,
		dev->class, dev->irq, text);
}

void pci_init(void)
{
	struct pci_dev *dev;

	BUILD_BUG_ON(sizeof(struct pci_dev) > PAGE_SIZE);
	INIT_LIST_HEAD(&machine.buses);
	INIT_LIST_HEAD(&machine.devices);
	machine.ops = pci_config_init(&machine.last_bus);
	machine.alloc = page_piece;
	if (!machine.ops) {
		pr_info("pci: none\n");
		return;
	}
	pci_scan(&machine);
	list_for_each_entry(dev, &machine.devices, bus_list) {
		pci_read_line(dev);
		print_device(dev);
	}
	if (machine.nr_bad_bridges)
		pr_warn("pci: %u bridges lead to no bus of their own\n", machine.nr_bad_bridges);
	if (machine.nr_no_memory)
		pr_warn("pci: %u devices left out: no memory\n", machine.nr_no_memory);
}

/* ---- Looking up ---- */

static struct pci_dev *next_device(const struct pci_dev *from)
{
	const struct list_head *at = from ? &from->bus_list : &machine.devices;

	if (!machine.ops || at->next == &machine.devices)
		return NULL;
	return list_entry(at->next, struct pci_dev, bus_list);
}

static struct pci_dev *find_next(const struct pci_device_id *id, struct pci_dev *from)
{
	struct pci_dev *dev = next_device(from);

	while (dev && !pci_match_id(id, dev))
		dev = next_device(dev);
	pci_dev_put(from);
	return pci_dev_get(dev);
}

struct pci_dev *pci_get_device(unsigned int vendor, unsigned int device, struct pci_dev *from)
{
	const struct pci_device_id id[] = { { PCI_DEVICE(vendor, device) }, { 0 } };

	return find_next(id, from);
}

struct pci_dev *pci_get_class(unsigned int class, struct pci_dev *from)
{
	const struct pci_device_id id[] = { { PCI_DEVICE_CLASS(class, 0xffffff) }, { 0 } };

	return find_next(id, from);
}

struct pci_dev *pci_get_domain_bus_and_slot(int domain, unsigned int bus, unsigned int devfn)
{
	struct pci_dev *dev = domain ? NULL : next_device(NULL);

	while (dev && (dev->bus->number != bus || dev->devfn != devfn))
		dev = next_device(dev);
	return pci_dev_get(dev);
}

struct pci_dev *pci_dev_get(struct pci_dev *dev)
{
	if (dev)
		get_device(&dev->dev);
	return dev;
}

void pci_dev_put(struct pci_dev *dev)
{
	if (dev)
		put_device(&dev->dev);
}

/* ---- Drivers: under drivers_lock ---- */

/* Nothing of its driver stays with it. */
static void give_up(struct pci_dev *dev)
{
	devres_release_all(&dev->dev);
	dma_device_released(&dev->dev);
	dev->driver = NULL;
	dev->dev.driver = NULL;
	dev->dev.driver_data = NULL;
	pci_dev_put(dev);
}

static void bind(struct pci_dev *dev, struct pci_driver *driver)
{
	const struct pci_device_id *id = pci_match_id(driver->id_table, dev);
	int error;

	if (!id || dev->driver)
		return;
	dev->driver = driver;
	dev->dev.driver = &driver->driver;
	error = driver->probe(pci_dev_get(dev), id);
	if (!error)
		return;
	pci_warn(dev, "not driven: error %d\n", error);
	give_up(dev);
}

static void unbind(struct pci_dev *dev)
{
	if (dev->driver->remove)
		dev->driver->remove(dev);
	give_up(dev);
}

int pci_register_driver(struct pci_driver *driver)
{
	struct pci_dev *dev;

	if (!driver->name || !driver->probe || !driver->id_table)
		return -EINVAL;
	driver->driver.name = driver->name;
	mutex_lock(&drivers_lock);
	list_add_tail(&driver->node, &drivers);
	for (dev = next_device(NULL); dev; dev = next_device(dev))
		bind(dev, driver);
	mutex_unlock(&drivers_lock);
	return 0;
}

void pci_unregister_driver(struct pci_driver *driver)
{
	struct pci_dev *dev;

	mutex_lock(&drivers_lock);
	for (dev = next_device(NULL); dev; dev = next_device(dev))
		if (dev->driver == driver)
			unbind(dev);
	list_del(&driver->node);
	mutex_unlock(&drivers_lock);
}

/* ---- Making ready ---- */

static void change_command(struct pci_dev *dev, u16 clear, u16 set)
{
	u16 command;

	pci_read_config_word(dev, PCI_COMMAND, &command);
	pci_write_config_word(dev, PCI_COMMAND, (command & ~clear) | set);
}

/* What the device needs on to answer at its ranges; *unset: one that has no address, or -1. */
static u16 wanted_command(const struct pci_dev *dev, unsigned long types, int *unset)
{
	u16 command = 0;
	int i;

	*unset = -1;
	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		unsigned long flags = dev->resource[i].flags & types;

		if (flags && (dev->resource[i].flags & IORESOURCE_UNSET))
			*unset = i;
		command |= flags & IORESOURCE_IO ? PCI_COMMAND_IO : 0;
		command |= flags & IORESOURCE_MEM ? PCI_COMMAND_MEMORY : 0;
	}
	return command;
}

static int enable(struct pci_dev *dev, unsigned long types)
{
	unsigned long flags;
	int unset;
	u16 command = wanted_command(dev, types, &unset);

	if (unset >= 0) {
		pci_err(dev, "range %d of %#llx bytes has no address\n", unset,
			pci_resource_len(dev, unset));
		return -EINVAL;
	}
	spin_lock_irqsave(&state_lock, flags);
	dev->enable_count++;
	/* Firmware's own driver may have used messages, and have left the line off. */
	change_command(dev, dev->pin && !dev->msi_enabled ? PCI_COMMAND_INTX_DISABLE : 0, command);
	spin_unlock_irqrestore(&state_lock, flags);
	return 0;
}

int pci_enable_device(struct pci_dev *dev)
{
	return enable(dev, IORESOURCE_MEM | IORESOURCE_IO);
}

int pci_enable_device_mem(struct pci_dev *dev)
{
	return enable(dev, IORESOURCE_MEM);
}

/* It goes on answering at its addresses: it may be somebody's console. */
void pci_disable_device(struct pci_dev *dev)
{
	unsigned long flags;
	bool wrong;

	spin_lock_irqsave(&state_lock, flags);
	wrong = !dev->enable_count;
	if (!wrong && !--dev->enable_count) {
		change_command(dev, PCI_COMMAND_MASTER, 0);
		dev->is_busmaster = false;
	}
	spin_unlock_irqrestore(&state_lock, flags);
	WARN_ON(wrong);
}

static void set_master(struct pci_dev *dev, bool on)
{
	unsigned long flags;

	spin_lock_irqsave(&state_lock, flags);
	change_command(dev, on ? 0 : PCI_COMMAND_MASTER, on ? PCI_COMMAND_MASTER : 0);
	dev->is_busmaster = on;
	spin_unlock_irqrestore(&state_lock, flags);
}

void pci_set_master(struct pci_dev *dev)
{
	set_master(dev, true);
}

void pci_clear_master(struct pci_dev *dev)
{
	set_master(dev, false);
}

/* ---- Ranges ---- */

static bool is_range(int bar)
{
	return bar >= 0 && bar < PCI_NUM_RESOURCES;
}

static struct resource *space_of(const struct resource *res)
{
	return res->flags & IORESOURCE_IO ? &ioport_resource : &iomem_resource;
}

int pci_request_region(struct pci_dev *dev, int bar, const char *name)
{
	const struct resource *res;

	if (!is_range(bar))
		return -EINVAL;
	res = &dev->resource[bar];
	if (!res->flags)
		return 0;
	if (!(res->flags & IORESOURCE_UNSET) &&
	    __request_region(space_of(res), res->start, resource_size(res), name, 0))
		return 0;
	pci_warn(dev, "range %d of %#llx bytes at %#llx is in use, or has no address\n", bar,
		 resource_size(res), res->start);
	return -EBUSY;
}

void pci_release_region(struct pci_dev *dev, int bar)
{
	const struct resource *res;

	if (!is_range(bar))
		return;
	res = &dev->resource[bar];
	if (res->flags && !(res->flags & IORESOURCE_UNSET))
		__release_region(space_of(res), res->start, resource_size(res));
}

int pci_request_regions(struct pci_dev *dev, const char *name)
{
	int bar, error = 0;

	for (bar = 0; bar < PCI_STD_NUM_BARS && !error; bar++)
		error = pci_request_region(dev, bar, name);
	if (error)			/* not the one that was refused */
		for (bar -= 2; bar >= 0; bar--)
			pci_release_region(dev, bar);
	return error;
}

void pci_release_regions(struct pci_dev *dev)
{
	int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		pci_release_region(dev, bar);
}

void __iomem *pci_iomap(struct pci_dev *dev, int bar, unsigned long max)
{
	const struct resource *res = is_range(bar) ? &dev->resource[bar] : NULL;
	resource_size_t size;

	if (!res || !(res->flags & IORESOURCE_MEM) || (res->flags & IORESOURCE_UNSET)) {
		pci_warn(dev, "range %d is no memory that can be mapped\n", bar);
		return NULL;
	}
	size = resource_size(res);
	return ioremap(res->start, max && max < size ? max : size);
}

void pci_iounmap(struct pci_dev *dev, void __iomem *addr)
{
	if (addr)
		iounmap(addr);
}
