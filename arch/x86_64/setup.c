/* SPDX-License-Identifier: MIT */
/*
 * From what the loader left to what memblock knows: RAM by the firmware's map and the
 * options, and everything in it that is taken already.
 *
 *	the image		wherever it was put
 *	first 64 KiB		BIOS data, and what old firmware scribbles on while running;
 *				the page that other CPUs start from is there too
 *	EBDA (or 640 KiB) to 1 MiB  BIOS data, video memory, ROMs
 *	boot modules		for whoever looks for them later
 *	ACPI tables		also where the firmware calls their memory RAM
 *	framebuffer		the same
 *
 * Runs while the boot tables map the first 4 GiB.
 */
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/sizes.h>
#include <kernel/boot.h>
#include <kernel/memmap.h>
#include <quarry/quarry.h>

#include "acpi.h"
#include "arch.h"
#include "console_hw.h"
#include "multiboot2.h"
#include "pvh.h"

#define LOW_MEMORY	 SZ_64K
#define BIOS_START	 (640 * SZ_1K)
#define BIOS_END	 SZ_1M
#define EBDA_POINTER	 0x40e		/* BIOS data: the segment of its extension */
#define EBDA_LOWEST	 (512 * SZ_1K)

struct boot_info boot_info;

/* What the boot tables map. */
static const void *boot_map(u64 phys, size_t size)
{
	return phys < BOOT_MAP_SIZE && size <= BOOT_MAP_SIZE - phys ? direct_map(phys) : NULL;
}

void boot_parse(u32 loader, u32 info)
{
	int error;

	if (loader == BOOT_BY_PVH)
		error = pvh_parse(info, boot_map, &boot_info);
	else
		error = multiboot2_parse(direct_map(info), BOOT_MAP_SIZE - info, &boot_info);
	if (error)
		pr_err("%s: no sound information at %#x\n", boot_info.protocol, info);
}

static void reserve(u64 start, u64 size, const char *what)
{
	if (memblock_reserve(start, size))
		panic("too many reserved ranges: no room for %s", what);
}

static void reserve_acpi(u64 phys, u32 length, const char *sig)
{
	reserve(phys, length, sig);
}

/* Only a BIOS sets the pointer; whatever else lies there is believed where it makes sense. */
u64 bios_ebda(void)
{
	u64 ebda = (u64)*(const u16 *)direct_map(EBDA_POINTER) << 4;

	return ebda >= EBDA_LOWEST && ebda < BIOS_START ? ebda : 0;
}

/* Text memory lies in the BIOS area, and what makes no sense is not drawn on. */
static void reserve_framebuffer(const struct boot_framebuffer *fb)
{
	if (fb->addr && !fb->text && !fb_refusal(fb))
		reserve(fb->addr, (u64)fb->pitch * fb->height, "the framebuffer");
}

static void reserve_taken(void)
{
	u64 ebda = bios_ebda(), bios = ebda ? ebda : BIOS_START;
	u32 i;

	reserve(image_phys(image_start), image_end - image_start, "the image");
	reserve(bios, BIOS_END - bios, "the BIOS area");
	for (i = 0; i < boot_info.nr_modules; i++)
		reserve(boot_info.modules[i].start, boot_info.modules[i].size, "a module");
	reserve_framebuffer(&boot_info.fb);
	acpi_for_each_table(reserve_acpi);
	trampoline_init();
	reserve(0, LOW_MEMORY, "low memory");
}

static void print_loader(void)
{
	pr_info("Loaded by %s (%s), %#lx bytes from the link address\n", boot_info.protocol,
		boot_info.loader[0] ? boot_info.loader : "no name", image_delta);
	pr_info("Command line: %s\n", boot_info.cmdline);
	cmdline_check(NULL);
	pr_info("Firmware's memory map, %u ranges:\n", boot_info.nr_ranges);
	memmap_print(boot_info.ranges, boot_info.nr_ranges);
	if (boot_info.dropped_ranges)
		pr_warn("%u more ranges did not fit and are ignored\n", boot_info.dropped_ranges);
}

static void print_result(void)
{
	phys_addr_t start, end, pos, free = 0;
	unsigned int i;

	pr_info("Memory that is used:\n");
	for_each_mem_range(i, &start, &end)
		pr_info("  %016llx-%016llx %12llu KiB\n", start, end, (end - start) >> 10);
	/* Not what is reserved: that may lie outside RAM, as framebuffers do. */
	for_each_free_mem_range(pos, &start, &end)
		free += end - start;
	pr_info("  %llu KiB in all, %llu KiB of it taken\n", memblock_phys_mem_size() >> 10,
		(memblock_phys_mem_size() - free) >> 10);
}

u64 memory_limit(void)
{
	return min_t(u64, 1ULL << cpu.phys_bits, DIRECT_BASE + DIRECT_SIZE - port_direct_base);
}

void memory_init(void)
{
	static const struct memmap_sink sink = { memblock_add, memblock_remove };
	static struct memmap_options options;
	u32 beyond;

	print_loader();
	modules_sum();
	memmap_read_options(&options);
	beyond = memmap_apply(boot_info.ranges, boot_info.nr_ranges, &options, memory_limit(),
			      &sink);
	if (beyond)
		pr_warn("%u ranges of RAM reach beyond %#llx, where addresses end: not used\n",
			beyond, memory_limit());
	reserve_taken();
	memblock_set_current_limit(BOOT_MAP_SIZE);
	print_result();
	if (!memblock_phys_mem_size())
		panic("there is no memory: neither loader nor command line names any");
}

u64 highmem_wanted(void)
{
	u64 bytes = QUARRY_HIGHMEM_DEFAULT;

	cmdline_size("highmem", &bytes);
	return bytes;
}
