/* SPDX-License-Identifier: MIT */
/* How a driver lists the devices that it can drive. */
#ifndef _LINUX_MOD_DEVICETABLE_H
#define _LINUX_MOD_DEVICETABLE_H

#include <linux/types.h>

#define PCI_ANY_ID (~0U)

struct pci_device_id {
	u32 vendor, device;		/* or PCI_ANY_ID */
	u32 subvendor, subdevice;	/* or PCI_ANY_ID */
	u32 class, class_mask;		/* class: 24 bits, of which those in the mask count */
	unsigned long driver_data;
};

#endif
