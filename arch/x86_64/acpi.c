/* SPDX-License-Identifier: MIT */
/*
 * The ACPI tables of this machine: finding the root, mapping, handing out.
 *
 * The root (RSDP) is where the loader says; else in the copy that the loader gave; else, as
 * only a BIOS leaves it, in the first KiB of the extended BIOS data area or between
 * 0xe0000 and 1 MiB. Tables stay mapped, read-only, in the device window: it outlives the
 * boot page tables. Written once, early, on one CPU; read-only afterwards, so no lock.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "arch/x86_64/acpi.h"
#include "arch/x86_64/arch.h"
#include "kernel/boot.h"

#define RSDP_READ	 36	/* as much as any revision has that we know */
#define BIOS_ROM	 0xe0000
#define BIOS_ROM_END	 0x100000

static const void *map_table(u64 phys, size_t size)
{
	return arch_map_device(phys, size, ARCH_MAP_RO);
}

static void refuse_table(u64 phys, const char *why)
{
	pr_warn("acpi: table at 0x%llx refused: %s\n", phys, why);
}

static struct acpi_tables tables = {
	.map = map_table, .unmap = arch_unmap_device, .refuse = refuse_table,
};
static u64 rsdp_phys;		/* 0: not known, only a copy of it */
static struct acpi_root root;

/* The root lies on a 16-byte boundary somewhere in [start, end). */
static bool scan(u64 start, u64 end)
{
	const u8 *data = map_table(start, end - start);
	bool found = false;

	if (!data)
		return false;
	for (u64 at = start; at + RSDP_READ <= end && !found; at += 16) {
		found = acpi_parse_rsdp(data + (at - start), RSDP_READ, &root);
		rsdp_phys = found ? at : 0;
	}
	arch_unmap_device(data, end - start);
	return found;
}

static bool scan_bios(void)
{
	u64 ebda = bios_ebda();

	if (ebda && scan(ebda, ebda + 1024))
		return true;
	return scan(BIOS_ROM, BIOS_ROM_END);
}

static bool told(void)
{
	const void *data;
	bool sound;

	if (!boot_info.rsdp)
		return false;
	data = map_table(boot_info.rsdp, RSDP_READ);
	if (!data)
		return false;
	sound = acpi_parse_rsdp(data, RSDP_READ, &root);
	arch_unmap_device(data, RSDP_READ);
	if (sound)
		rsdp_phys = boot_info.rsdp;
	else
		pr_warn("acpi: the RSDP at 0x%llx refused: not one, or its checksum is wrong\n",
			boot_info.rsdp);
	return sound;
}

static bool copied(void)
{
	if (!memchr_inv(boot_info.rsdp_copy, 0, sizeof(boot_info.rsdp_copy)))
		return false;
	if (acpi_parse_rsdp(boot_info.rsdp_copy, sizeof(boot_info.rsdp_copy), &root))
		return true;
	pr_warn("acpi: the loader's copy of the RSDP refused: its checksum is wrong\n");
	return false;
}

void acpi_init(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	if (!told() && !copied() && !scan_bios()) {
		pr_info("acpi: no tables on this machine\n");
		return;
	}
	acpi_collect(&tables, &root);
	pr_info("acpi: %u tables\n", tables.nr);
}

const void *acpi_find(const char sig[4], u32 *length)
{
	const struct acpi_table *table = acpi_lookup(&tables, sig);

	if (!table)
		return NULL;
	*length = table->length;
	return table->data;
}

void acpi_for_each_table(void (*fn)(u64 phys, u32 length, const char *sig))
{
	if (rsdp_phys)
		fn(rsdp_phys, root.length, "RSDP");
	for (unsigned int i = 0; i < tables.nr; i++)
		fn(tables.table[i].phys, tables.table[i].length, tables.table[i].sig);
}
