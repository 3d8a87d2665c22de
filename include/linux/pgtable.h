/* SPDX-License-Identifier: MIT */
/*
 * How a mapping may be used, as vmap() and its like take it. The bits are quarry/port.h's:
 * rights and a memory type. Writable and executable at once does not exist: PAGE_KERNEL_EXEC is
 * there for sources that name it, and is refused with a report.
 */
#ifndef _LINUX_PGTABLE_H
#define _LINUX_PGTABLE_H

#include <linux/types.h>
#include <quarry/port.h>

typedef struct { unsigned int pgprot; } pgprot_t;

#define __pgprot(bits)	 ((pgprot_t){ (bits) })
#define pgprot_val(prot) ((prot).pgprot)

#define PAGE_KERNEL	    __pgprot(PORT_RW)
#define PAGE_KERNEL_RO	    __pgprot(PORT_RO)
#define PAGE_KERNEL_ROX	    __pgprot(PORT_RX)
#define PAGE_KERNEL_EXEC    __pgprot(PORT_RW | PORT_RX)
#define PAGE_KERNEL_IO	    __pgprot(PORT_RW | PORT_UC)
#define PAGE_KERNEL_NOCACHE __pgprot(PORT_RW | PORT_UC)

#define __pgprot_type(prot, type) __pgprot((pgprot_val(prot) & PORT_RIGHTS) | (type))
#define pgprot_noncached(prot)	  __pgprot_type(prot, PORT_UC)
#define pgprot_writecombine(prot) __pgprot_type(prot, PORT_WC)
#define pgprot_writethrough(prot) __pgprot_type(prot, PORT_WT)
#define pgprot_device(prot)	  pgprot_noncached(prot)

#endif
