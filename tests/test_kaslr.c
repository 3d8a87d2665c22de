/* SPDX-License-Identifier: MIT */
/* Where the data areas of the bare kernel begin, and what keeps them there. */
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <arch/x86_64/arch.h>
#include <kernel/boot.h>
#include <quarry/port.h>
#include <tests/selftest.h>

SELFTEST(kaslr, areas_begin_within_their_windows)
{
	unsigned long vmalloc = la57_is_on() ? VMALLOC_BASE_5 : VMALLOC_BASE;
	unsigned long window = la57_is_on() ? VMALLOC_SIZE_5 : VMALLOC_SIZE;

	CHECK(IS_ALIGNED(port_direct_base | port_vmemmap_base | port_pageblock_base |
			 port_kmap_base | port_vmalloc_base | port_vmalloc_size, SZ_1G));
	CHECK(port_direct_base - DIRECT_BASE < DIRECT_SIZE);
	CHECK(port_vmemmap_base >= VMEMMAP_BASE && port_vmemmap_base < PAGEBLOCK_BASE);
	CHECK(port_pageblock_base >= PAGEBLOCK_BASE && port_pageblock_base < KMAP_BASE);
	CHECK(port_kmap_base >= KMAP_BASE && port_kmap_base < DEVICE_BASE);
	CHECK(port_vmalloc_base >= vmalloc);
	CHECK(port_vmalloc_base - vmalloc + port_vmalloc_size <= window);
}

SELFTEST(kaslr, areas_are_moved_unless_forbidden)
{
	unsigned long vmalloc = la57_is_on() ? VMALLOC_BASE_5 : VMALLOC_BASE;
	bool moved = port_direct_base != DIRECT_BASE || port_vmemmap_base != VMEMMAP_BASE ||
		     port_pageblock_base != PAGEBLOCK_BASE || port_kmap_base != KMAP_BASE ||
		     port_vmalloc_base != vmalloc;

	/* By chance none is moved in one boot of 2^60 or so. */
	CHECK_EQ(moved, !cmdline_flag("nokaslr"));
}

SELFTEST(kaslr, entropy_does_not_repeat)
{
	u64 first = arch_entropy(), second = arch_entropy();

	CHECK(first != second);
	CHECK(first != arch_entropy());
}
