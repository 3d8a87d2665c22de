/* SPDX-License-Identifier: MIT */
/*
 * PCI on this machine. pci_scan.c and mcfg.c only compute, through what they are given, and
 * run in any process; pci.c, pci_config.c and pci_irq.c are this machine's.
 */
#ifndef ARCH_X86_64_PCI_H
#define ARCH_X86_64_PCI_H

#include <linux/pci.h>

#define PCI_MAX_BUSES 256

/* 1. mcfg.c */

struct mcfg_window {		/* configuration space in memory */
	u64 address;		/* of bus 0 */
	u8 last;		/* bus */
};

/* The window of bus 0, segment 0, in an MCFG of which `length` bytes are readable; false: none. */
bool mcfg_find(const void *table, u32 length, struct mcfg_window *window);

/* 2. pci_scan.c */

struct pci_scan {
	const struct pci_ops *ops;
	u8 last_bus;		/* there is no configuration space beyond */
	/* Cleared memory that stays, or NULL. */
	void *(*alloc)(size_t size);
	/* Results: what was found, in the order of finding, and what was left out. */
	struct list_head buses, devices;
	unsigned int nr_devices;
	unsigned int nr_bad_bridges;	/* with a bus number that makes no sense */
	unsigned int nr_no_memory;
};

/* Fills the results from bus 0 on. Once, by one CPU. */
void pci_scan(struct pci_scan *scan);

/* 3. pci_config.c */

/* How configuration space is reached, and the last bus that can be; NULL: there is no PCI. */
const struct pci_ops *pci_config_init(u8 *last_bus);

/* 4. pci.c */

/* Finds the devices. Once, in a thread, when pages can be allocated. */
void pci_init(void);

/* 5. pci_irq.c */

/* The device's interrupt line, from configuration space into dev->irq. */
void pci_read_line(struct pci_dev *dev);

#endif
