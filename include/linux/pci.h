/* SPDX-License-Identifier: MIT */
/*
 * PCI devices: found, matched with drivers, made ready. See arch/x86_64/pci.c.
 *
 * Devices are found once, at boot; none comes or goes later. Unless said otherwise these are
 * for threads, and none of them needs a lock of the caller.
 */
#ifndef _LINUX_PCI_H
#define _LINUX_PCI_H

#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/mod_devicetable.h>
#include <linux/pci-dma-compat.h>
#include <linux/pci_regs.h>

#define PCI_DEVFN(slot, func)	((((slot) & 0x1f) << 3) | ((func) & 7))
#define PCI_SLOT(devfn)		(((devfn) >> 3) & 0x1f)
#define PCI_FUNC(devfn)		((devfn) & 7)

#define PCI_STD_NUM_BARS   6
#define PCI_ROM_RESOURCE   6
#define PCI_NUM_RESOURCES  7

/* What accesses of configuration space return beside 0. */
#define PCIBIOS_DEVICE_NOT_FOUND    0x86
#define PCIBIOS_BAD_REGISTER_NUMBER 0x87

struct pci_bus;

/* `where` is a multiple of `size`, which is 1, 2 or 4, and lies in configuration space. */
struct pci_ops {
	int (*read)(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *value);
	int (*write)(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 value);
};

struct pci_bus {
	struct list_head node;		/* in the list of all buses */
	struct pci_bus *parent;		/* NULL for the first one */
	struct pci_dev *self;		/* the bridge to it; NULL for the first one */
	const struct pci_ops *ops;
	unsigned char number;
};

struct pci_driver;

struct pci_dev {
	struct list_head bus_list;	/* in the list of all devices, in the order of finding */
	struct pci_bus *bus;
	unsigned int devfn;
	unsigned short vendor, device, subsystem_vendor, subsystem_device;
	unsigned int class;		/* class, subclass, interface: 24 bits */
	u8 revision, hdr_type, pin;
	unsigned int irq;		/* for request_irq(); 0: it has none */
	unsigned int line_irq;		/* the same while it sends no messages */
	u64 dma_mask;
	bool msi_enabled;
	bool is_busmaster;
	unsigned int enable_count;
	struct resource resource[PCI_NUM_RESOURCES];
	struct pci_driver *driver;
	struct device dev;
};

#define to_pci_dev(d) container_of(d, struct pci_dev, dev)

struct pci_driver {
	const char *name;
	const struct pci_device_id *id_table; /* ends with an entry of zeroes */
	/* 0: drives it from now on. Anything else: does not. */
	int (*probe)(struct pci_dev *dev, const struct pci_device_id *id);
	void (*remove)(struct pci_dev *dev);
	void (*shutdown)(struct pci_dev *dev);
	struct device_driver driver;
	struct list_head node;
};

#define PCI_DEVICE(vend, dev) \
	.vendor = (vend), .device = (dev), .subvendor = PCI_ANY_ID, .subdevice = PCI_ANY_ID
#define PCI_DEVICE_SUB(vend, dev, subvend, subdev) \
	.vendor = (vend), .device = (dev), .subvendor = (subvend), .subdevice = (subdev)
#define PCI_DEVICE_CLASS(dev_class, mask) \
	.class = (dev_class), .class_mask = (mask), .vendor = PCI_ANY_ID, .device = PCI_ANY_ID, \
	.subvendor = PCI_ANY_ID, .subdevice = PCI_ANY_ID
#define PCI_VDEVICE(vend, dev) PCI_DEVICE(PCI_VENDOR_ID_##vend, dev)
#define DEFINE_PCI_DEVICE_TABLE(table) const struct pci_device_id table[]

#define PCI_VENDOR_ID_INTEL  0x8086
#define PCI_VENDOR_ID_REDHAT 0x1b36
#define PCI_VENDOR_ID_QEMU   0x1234

/*
 * Has the driver probe every device of its table that nobody drives. 0, also when there is
 * none; -EINVAL without a table, a probe function or a name. May sleep.
 */
int pci_register_driver(struct pci_driver *driver);
/* remove() for each of its devices. May sleep. */
void pci_unregister_driver(struct pci_driver *driver);
/* The first entry of the table that describes the device, or NULL. */
const struct pci_device_id *pci_match_id(const struct pci_device_id *ids,
					 const struct pci_dev *dev);

/*
 * The next device after `from` (NULL: the first) with these ids, or PCI_ANY_ID; with one
 * reference, and `from` loses one. NULL at the end.
 */
struct pci_dev *pci_get_device(unsigned int vendor, unsigned int device, struct pci_dev *from);
/* The same by class, 24 bits. */
struct pci_dev *pci_get_class(unsigned int class, struct pci_dev *from);
struct pci_dev *pci_get_domain_bus_and_slot(int domain, unsigned int bus, unsigned int devfn);
struct pci_dev *pci_dev_get(struct pci_dev *dev);
void pci_dev_put(struct pci_dev *dev);
#define for_each_pci_dev(d) while ((d = pci_get_device(PCI_ANY_ID, PCI_ANY_ID, d)) != NULL)

static inline const char *pci_name(const struct pci_dev *dev)
{
	return dev_name(&dev->dev);
}

static inline void *pci_get_drvdata(struct pci_dev *dev)
{
	return dev_get_drvdata(&dev->dev);
}

static inline void pci_set_drvdata(struct pci_dev *dev, void *data)
{
	dev_set_drvdata(&dev->dev, data);
}

static inline int pci_domain_nr(struct pci_bus *bus)
{
	return 0;
}

/*
 * Configuration space; any context. 0 or PCIBIOS_…; what cannot be read is all ones, as it is
 * where there is no device.
 */
int pci_bus_read_config_byte(struct pci_bus *bus, unsigned int devfn, int where, u8 *value);
int pci_bus_read_config_word(struct pci_bus *bus, unsigned int devfn, int where, u16 *value);
int pci_bus_read_config_dword(struct pci_bus *bus, unsigned int devfn, int where, u32 *value);
int pci_bus_write_config_byte(struct pci_bus *bus, unsigned int devfn, int where, u8 value);
int pci_bus_write_config_word(struct pci_bus *bus, unsigned int devfn, int where, u16 value);
int pci_bus_write_config_dword(struct pci_bus *bus, unsigned int devfn, int where, u32 value);

#define pci_read_config_byte(dev, where, value) \
	pci_bus_read_config_byte((dev)->bus, (dev)->devfn, where, value)
#define pci_read_config_word(dev, where, value) \
	pci_bus_read_config_word((dev)->bus, (dev)->devfn, where, value)
#define pci_read_config_dword(dev, where, value) \
	pci_bus_read_config_dword((dev)->bus, (dev)->devfn, where, value)
#define pci_write_config_byte(dev, where, value) \
	pci_bus_write_config_byte((dev)->bus, (dev)->devfn, where, value)
#define pci_write_config_word(dev, where, value) \
	pci_bus_write_config_word((dev)->bus, (dev)->devfn, where, value)
#define pci_write_config_dword(dev, where, value) \
	pci_bus_write_config_dword((dev)->bus, (dev)->devfn, where, value)

/* Where the capability of that id is in configuration space; 0: it has none. Any context. */
u8 pci_find_capability(struct pci_dev *dev, int cap);

/*
 * The device answers at its addresses, as long as there were as many calls of disable.
 * -EINVAL when firmware gave one of its ranges no address.
 */
int __must_check pci_enable_device(struct pci_dev *dev);
int __must_check pci_enable_device_mem(struct pci_dev *dev);
/* The last one also ends its DMA. */
void pci_disable_device(struct pci_dev *dev);
static inline int pci_is_enabled(struct pci_dev *dev) { return dev->enable_count > 0; }
/* May the device read and write memory by itself? */
void pci_set_master(struct pci_dev *dev);
void pci_clear_master(struct pci_dev *dev);

#define pci_resource_n(dev, bar)     (&(dev)->resource[bar])
#define pci_resource_start(dev, bar) (pci_resource_n(dev, bar)->start)
#define pci_resource_end(dev, bar)   (pci_resource_n(dev, bar)->end)
#define pci_resource_flags(dev, bar) (pci_resource_n(dev, bar)->flags)
#define pci_resource_len(dev, bar) \
	(pci_resource_end(dev, bar) ? resource_size(pci_resource_n(dev, bar)) : 0)

/* Claims a range, or all that the device has, for one driver; -EBUSY: somebody has it. */
int __must_check pci_request_region(struct pci_dev *dev, int bar, const char *name);
void pci_release_region(struct pci_dev *dev, int bar);
int __must_check pci_request_regions(struct pci_dev *dev, const char *name);
void pci_release_regions(struct pci_dev *dev);

/*
 * Maps the first `max` bytes (0: all) of a range of memory, uncached. NULL, and a line on the
 * log, when it is none or cannot be mapped.
 */
void __iomem *pci_iomap(struct pci_dev *dev, int bar, unsigned long max);
void pci_iounmap(struct pci_dev *dev, void __iomem *addr);

#define PCI_IRQ_INTX   0x1
#define PCI_IRQ_LEGACY PCI_IRQ_INTX
#define PCI_IRQ_MSI    0x2
#define PCI_IRQ_MSIX   0x4
#define PCI_IRQ_ALL_TYPES (PCI_IRQ_INTX | PCI_IRQ_MSI | PCI_IRQ_MSIX)

/*
 * One interrupt for the device: a message of its own (MSI), or else the line that it shares
 * (INTx), as far as `flags` has them. Returns 1, -EINVAL for a range that makes no sense, or
 * -ENOSPC when there is none, or when `min` asks for more.
 */
int pci_alloc_irq_vectors(struct pci_dev *dev, unsigned int min, unsigned int max,
			  unsigned int flags);
void pci_free_irq_vectors(struct pci_dev *dev);
/* The number for request_irq(); -EINVAL for any but the first one. */
int pci_irq_vector(struct pci_dev *dev, unsigned int nr);
/* The older form of the same: 0 or -ENOSPC. */
int pci_enable_msi(struct pci_dev *dev);
void pci_disable_msi(struct pci_dev *dev);

#define pci_err(pdev, fmt, args...)    dev_err(&(pdev)->dev, fmt, ##args)
#define pci_warn(pdev, fmt, args...)   dev_warn(&(pdev)->dev, fmt, ##args)
#define pci_notice(pdev, fmt, args...) dev_notice(&(pdev)->dev, fmt, ##args)
#define pci_info(pdev, fmt, args...)   dev_info(&(pdev)->dev, fmt, ##args)
#define pci_dbg(pdev, fmt, args...)    dev_dbg(&(pdev)->dev, fmt, ##args)

#endif
