/* SPDX-License-Identifier: MIT */
/* PCI configuration space: offsets and bits (PCI Local Bus Specification 3.0, 6). */
#ifndef _LINUX_PCI_REGS_H
#define _LINUX_PCI_REGS_H

#define PCI_CFG_SPACE_SIZE	256
#define PCI_CFG_SPACE_EXP_SIZE	4096

#define PCI_VENDOR_ID		0x00	/* 16 bits; 0xffff: nothing there */
#define PCI_DEVICE_ID		0x02	/* 16 bits */
#define PCI_COMMAND		0x04	/* 16 bits */
#define  PCI_COMMAND_IO		 0x1	/* answers at its I/O ports */
#define  PCI_COMMAND_MEMORY	 0x2	/* answers at its memory addresses */
#define  PCI_COMMAND_MASTER	 0x4	/* may read and write memory by itself */
#define  PCI_COMMAND_INTX_DISABLE 0x400
#define PCI_STATUS		0x06	/* 16 bits */
#define  PCI_STATUS_CAP_LIST	 0x10
#define PCI_CLASS_REVISION	0x08	/* high 24 bits: class, low 8: revision */
#define PCI_REVISION_ID		0x08
#define PCI_CLASS_DEVICE	0x0a	/* 16 bits */
#define PCI_HEADER_TYPE		0x0e	/* 8 bits */
#define  PCI_HEADER_TYPE_NORMAL	 0
#define  PCI_HEADER_TYPE_BRIDGE	 1
#define  PCI_HEADER_TYPE_CARDBUS 2
#define  PCI_HEADER_TYPE_MASK	 0x7f
#define  PCI_HEADER_TYPE_MFD	 0x80	/* has functions beside 0 */
#define PCI_BASE_ADDRESS_0	0x10
#define  PCI_BASE_ADDRESS_SPACE_IO 0x1
#define  PCI_BASE_ADDRESS_MEM_TYPE_MASK 0x6
#define  PCI_BASE_ADDRESS_MEM_TYPE_64 0x4
#define  PCI_BASE_ADDRESS_MEM_PREFETCH 0x8
#define  PCI_BASE_ADDRESS_MEM_MASK (~0xfULL)
#define  PCI_BASE_ADDRESS_IO_MASK (~0x3ULL)
#define PCI_SUBSYSTEM_VENDOR_ID	0x2c
#define PCI_SUBSYSTEM_ID	0x2e
#define PCI_ROM_ADDRESS		0x30
#define  PCI_ROM_ADDRESS_ENABLE	 0x1
#define  PCI_ROM_ADDRESS_MASK	 (~0x7ffULL)
#define PCI_CAPABILITY_LIST	0x34	/* 8 bits: where the first capability is */
#define PCI_INTERRUPT_LINE	0x3c	/* 8 bits: the ISA interrupt that firmware chose */
#define PCI_INTERRUPT_PIN	0x3d	/* 8 bits: 1 to 4 for INTA to INTD; 0: none */

/* Bridges. */
#define PCI_PRIMARY_BUS		0x18
#define PCI_SECONDARY_BUS	0x19
#define PCI_SUBORDINATE_BUS	0x1a
#define PCI_ROM_ADDRESS1	0x38

/* Capabilities: id, next, then their own. */
#define PCI_CAP_LIST_ID		0
#define PCI_CAP_LIST_NEXT	1
#define PCI_CAP_ID_PM		0x01
#define PCI_CAP_ID_MSI		0x05
#define PCI_CAP_ID_VNDR		0x09
#define PCI_CAP_ID_EXP		0x10
#define PCI_CAP_ID_MSIX		0x11

#define PCI_MSI_FLAGS		2	/* 16 bits */
#define  PCI_MSI_FLAGS_ENABLE	 0x1
#define  PCI_MSI_FLAGS_QSIZE	 0x70	/* how many messages it may send, as a logarithm */
#define  PCI_MSI_FLAGS_64BIT	 0x80
#define  PCI_MSI_FLAGS_MASKBIT	 0x100	/* has a mask for each message */
#define PCI_MSI_ADDRESS_LO	4
#define PCI_MSI_ADDRESS_HI	8
#define PCI_MSI_DATA_32		8
#define PCI_MSI_DATA_64		12
#define PCI_MSI_MASK_32		12
#define PCI_MSI_MASK_64		16

#endif
