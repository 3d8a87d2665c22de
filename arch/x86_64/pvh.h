/* SPDX-License-Identifier: MIT */
/* What a PVH loader (QEMU's -kernel, Xen) hands over. Pure: reads through a callback. */
#ifndef ARCH_X86_64_PVH_H
#define ARCH_X86_64_PVH_H

#include <linux/types.h>

struct boot_info;

/* `size` readable bytes at physical `phys`, or NULL when they cannot be had. */
typedef const void *(*pvh_map_fn)(u64 phys, size_t size);

/*
 * Fills *out from the start information at physical address `info`. What is out of order
 * is left out with a sentence on the log. -EINVAL, with *out only cleared, when it is no
 * such information at all. Module checksums are left 0.
 */
int pvh_parse(u64 info, pvh_map_fn map, struct boot_info *out);

#endif
