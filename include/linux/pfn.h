/* SPDX-License-Identifier: MIT */
/* Page frame numbers: physical addresses in pages. */
#ifndef _LINUX_PFN_H
#define _LINUX_PFN_H

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define PFN_UP(x)   (((unsigned long)(x) >> PAGE_SHIFT) + (((unsigned long)(x) & ~PAGE_MASK) != 0))
#define PFN_DOWN(x) ((unsigned long)(x) >> PAGE_SHIFT)
#define PFN_PHYS(x) ((phys_addr_t)(x) << PAGE_SHIFT)

#endif
