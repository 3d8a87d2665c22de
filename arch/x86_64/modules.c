/* SPDX-License-Identifier: MIT */
/*
 * Checksums of boot modules: taken when the machine is handed over, and again by a
 * self-test, which shows that nobody used their memory. Modules may lie anywhere, also
 * where the direct map does not reach, and may be larger than the device window: they are
 * read through it a piece at a time. Costs one read of every byte.
 */
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <kernel/boot.h>

#include "arch.h"

#define PIECE SZ_1M

u32 boot_checksum(u32 sum, const void *data, size_t size)
{
	const u8 *byte = data;

	while (size--)
		sum = (sum ^ *byte++) * 0x01000193;
	return sum;
}

u32 module_checksum(const struct boot_module *module)
{
	u32 sum = BOOT_CHECKSUM_START;
	const void *piece;
	u64 done;
	size_t size;

	for (done = 0; done < module->size; done += size) {
		size = min_t(u64, module->size - done, PIECE);
		piece = arch_map_device(module->start + done, size, ARCH_MAP_RO);
		if (!piece)
			return 0;
		sum = boot_checksum(sum, piece, size);
		arch_unmap_device(piece, size);
	}
	return sum;
}

void modules_sum(void)
{
	struct boot_module *module = boot_info.modules;
	u32 i;

	for (i = 0; i < boot_info.nr_modules; i++, module++) {
		module->checksum = module_checksum(module);
		pr_info("Module %u: %llu bytes at %#llx, checksum %08x: %s\n", i, module->size,
			module->start, module->checksum, module->name);
	}
}
