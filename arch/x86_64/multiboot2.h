/* SPDX-License-Identifier: MIT */
/* What a multiboot2 loader hands over. Pure: reads bytes, touches no hardware. */
#ifndef ARCH_X86_64_MULTIBOOT2_H
#define ARCH_X86_64_MULTIBOOT2_H

#include <linux/types.h>

struct boot_info;

/*
 * Fills *out from the information at `info`, of which `size` bytes are readable. What is
 * out of order is left out with a sentence on the log, and reading goes on after it, or
 * ends where the next tag cannot be found. -EINVAL, with *out only cleared, when it is no
 * such information at all. Module checksums are left 0.
 */
int multiboot2_parse(const void *info, size_t size, struct boot_info *out);

#endif
