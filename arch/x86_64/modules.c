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

static bool in_ram(u64 address)
{
	const struct boot_range *range = boot_info.ranges;
	u32 i;

	for (i = 0; i < boot_info.nr_ranges; i++, range++)
		if (range->type == BOOT_RAM && address - range->start < range->size)
			return true;
	return false;
}

/* A loader puts modules into RAM, and not where it puts us. */
static bool module_is_sound(const struct boot_module *module)
{
	u64 start = module->start, size = module->size;

	return in_ram(start) && (!size || in_ram(start + size - 1)) &&
	       (start >= image_phys(image_end) || start + size <= image_phys(image_start));
}

void modules_sum(void)
{
	struct boot_module *module;
	u32 i, kept = 0;

	for (i = 0; i < boot_info.nr_modules; i++) {
		module = &boot_info.modules[i];
		if (!module_is_sound(module)) {
			pr_warn("Module at %#llx, %llu bytes, does not lie in free RAM; ignored\n",
				module->start, module->size);
			continue;
		}
		module->checksum = module_checksum(module);
		pr_info("Module %u: %llu bytes at %#llx, checksum %08x: %s\n", kept, module->size,
			module->start, module->checksum, module->name);
		boot_info.modules[kept++] = *module;
	}
	boot_info.nr_modules = kept;
}
