// SPDX-License-Identifier: MIT
/* Mappings of device memory, and the rights of mappings. */
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/set_memory.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>
#include "mm/internal.h"
#include "tests/listen.h"
#include "tests/probe.h"
#include "tests/threads.h"

/*
 * Physical addresses that are no RAM: behind the last of it. Nothing answers there (the hosted
 * port's RAM reaches up to a multiple of 256 MiB), so they are mapped and looked at, not touched.
 */
static phys_addr_t no_ram(void)
{
	return ALIGN((phys_addr_t)max_pfn << PAGE_SHIFT, SZ_1G);
}

#ifdef QUARRY_HOSTED
#define HAS_GIB_PAGES false
#else
#include <arch/x86_64/arch.h>
#define HAS_GIB_PAGES cpu.gbpages
#endif

SELFTEST(ioremap, types_and_offsets_are_kept)
{
	static const struct {
		void __iomem *(*map)(phys_addr_t phys, size_t size);
		enum port_prot type;
	} forms[] = {
		{ ioremap, PORT_UC }, { ioremap_wc, PORT_WC }, { ioremap_cache, PORT_WB },
		{ ioremap_wt, PORT_WT },
	};
	phys_addr_t phys = no_ram() + 0x1234;
	struct port_mapping mapping;
	struct vm_struct *vm;
	char *addr;

	for (unsigned int i = 0; i < ARRAY_SIZE(forms); i++) {
		addr = forms[i].map(phys, 3 * PAGE_SIZE);
		REQUIRE(addr);
		CHECK_EQ((unsigned long)addr % PAGE_SIZE, 0x234);
		REQUIRE(port_query((unsigned long)addr + PAGE_SIZE, &mapping));
		CHECK_EQ(mapping.pa, phys + PAGE_SIZE);
		/* A CPU without a table of page attributes has no WC, and takes UC. */
		CHECK(mapping.prot == (PORT_RW | forms[i].type) ||
		      (forms[i].type == PORT_WC && mapping.prot == (PORT_RW | PORT_UC)));
		vm = find_vm_area(addr);
		CHECK(vm && vm->flags & VM_IOREMAP && vm->phys_addr == phys);
		CHECK_EQ(vm->nr_pages, 4);
		iounmap(addr);
		CHECK(!port_query((unsigned long)addr, &mapping));
	}
}

SELFTEST(ioremap, large_devices_get_large_entries)
{
	struct port_mapping mapping;
	phys_addr_t phys = no_ram();
	char *addr = ioremap(phys, SZ_2M + PAGE_SIZE);

	REQUIRE(addr);
	REQUIRE(port_query((unsigned long)addr + SZ_1M, &mapping));
	CHECK_EQ(mapping.pa, phys + SZ_1M);
	CHECK_EQ(mapping.prot, PORT_RW | PORT_UC);
	CHECK(mapping.size == SZ_2M || mapping.size == SZ_4K);
	iounmap(addr);
	addr = ioremap_wc(phys, SZ_2G);
	REQUIRE(addr);
	REQUIRE(port_query((unsigned long)addr + SZ_1G + 5, &mapping));
	CHECK_EQ(mapping.pa, phys + SZ_1G + 5);
	CHECK_EQ(mapping.pa % mapping.size, ((unsigned long)addr + SZ_1G + 5) % mapping.size);
	iounmap(addr);
}

/* Where tables of smaller entries hang from before they stay: not every GiB is one entry. */
SELFTEST(ioremap, very_large_devices_get_very_large_entries)
{
	phys_addr_t phys = no_ram(), gib;
	struct port_mapping mapping;
	unsigned int nr = 0;
	char *addr;

	if (!HAS_GIB_PAGES)
		SKIP("no pages of 1 GiB");
	addr = ioremap(phys, 16ULL * SZ_1G);
	REQUIRE(addr);
	for (gib = 0; gib < 16; gib++) {
		REQUIRE(port_query((unsigned long)addr + gib * SZ_1G + 5, &mapping));
		CHECK_EQ(mapping.pa, phys + gib * SZ_1G + 5);
		nr += mapping.size == SZ_1G;
	}
	CHECK(nr > 0);
	iounmap(addr);
}

/* Addresses, not memory: each piece costs four entries. What is left serves small areas. */
SELFTEST(ioremap, addresses_can_be_used_up_and_recovered)
{
	const unsigned long piece = 4UL * SZ_1G;
	unsigned long most = port_vmalloc_size / piece, nr = 0;
	void __iomem **pieces, *whole;
	u8 *small;

	if (!HAS_GIB_PAGES)
		SKIP("no pages of 1 GiB: tables for all addresses would use up memory");
	pieces = vmalloc((most + 1) * sizeof(*pieces));
	REQUIRE(pieces);
	listen_start();
	while (nr <= most && (pieces[nr] = ioremap(no_ram(), piece)))
		nr++;
	CHECK(strstr(listen_stop(), "no addresses, or no tables"));
	CHECK(nr >= most / 2 && nr < most);
	small = vmalloc(PAGE_SIZE);
	CHECK(small);
	vfree(small);
	while (nr--)
		iounmap(pieces[nr]);
	whole = ioremap(no_ram(), min(most / 2 * piece, 8UL << 40));
	CHECK(whole);
	iounmap(whole);
	vfree(pieces);
}

SELFTEST(ioremap, conflicts_are_refused)
{
	struct page *page = alloc_page(GFP_KERNEL);
	phys_addr_t phys = no_ram();
	char *addr;

	REQUIRE(page);
	selftest_expect_reports(10);
	CHECK(!ioremap(page_to_phys(page), PAGE_SIZE));		/* RAM */
	CHECK(!ioremap(phys, 0));
	CHECK(!ioremap(~0ULL - 10, PAGE_SIZE));			/* wraps */
	CHECK(!ioremap(1ULL << 60, PAGE_SIZE));
	CHECK(!ioremap(1ULL << 50, 17ULL << 40));	/* more pages than an area can count */
	CHECK(!memremap(page_to_phys(page), no_ram(), MEMREMAP_WB));	/* RAM in part */
	CHECK(!memremap(page_to_phys(page), PAGE_SIZE, MEMREMAP_WC));
	addr = ioremap(phys, PAGE_SIZE);
	REQUIRE(addr);
	CHECK(!ioremap_cache(phys + 8, 8));			/* of another type */
	iounmap(addr);
	iounmap(addr);						/* twice */
	vfree(addr);						/* of another kind */
	__free_page(page);
}

/*
 * Two threads want the same pages with two types at the same moment, in each round: one has them.
 * It is many small pages, so that to map them takes a while.
 */
#define ROUNDS 6
#define MUCH   (2 * SZ_16M)

struct rival {
	void __iomem *(*map)(phys_addr_t phys, size_t size);
	unsigned int got[ROUNDS];
};

static atomic_t arrived;

static void wait_for_other(unsigned int times)
{
	atomic_inc(&arrived);
	while (atomic_read(&arrived) < 2 * (int)times)
		yield();
}

static void want_the_pages(void *arg)
{
	struct rival *rival = arg;
	void __iomem *addr;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		wait_for_other(2 * i + 1);
		addr = rival->map(no_ram() + PAGE_SIZE, MUCH);
		rival->got[i] = addr != NULL;
		wait_for_other(2 * i + 2);
		iounmap(addr);
	}
}

SELFTEST(ioremap, of_two_types_at_once_one_is_refused)
{
	static struct rival rivals[2];
	struct test_thread threads[2];

	atomic_set(&arrived, 0);
	selftest_expect_reports(ROUNDS);
	for (unsigned int i = 0; i < 2; i++) {
		rivals[i] = (struct rival){ .map = i ? ioremap_cache : ioremap };
		test_thread_start(&threads[i], test_cpu(i % num_online_cpus()), want_the_pages,
				  &rivals[i]);
	}
	for (unsigned int i = 0; i < 2; i++)
		test_thread_join(&threads[i]);
	for (unsigned int i = 0; i < ROUNDS; i++)
		CHECK_EQ(rivals[0].got[i] + rivals[1].got[i], 1);
}

SELFTEST(ioremap, memremap_takes_its_flags)
{
	static const struct {
		unsigned long flags;
		enum port_prot type;
	} forms[] = {
		{ MEMREMAP_WB, PORT_WB }, { MEMREMAP_WT, PORT_WT }, { MEMREMAP_WC, PORT_WC },
		{ MEMREMAP_WT | MEMREMAP_WC, PORT_WT },
	};
	struct port_mapping mapping;
	void *addr;

	for (unsigned int i = 0; i < ARRAY_SIZE(forms); i++) {
		addr = memremap(no_ram() + 5, 100, forms[i].flags);
		REQUIRE(addr && port_query((unsigned long)addr, &mapping));
		CHECK_EQ(mapping.pa, no_ram() + 5);
		CHECK(mapping.prot == (PORT_RW | forms[i].type) ||
		      (forms[i].type == PORT_WC && mapping.prot == (PORT_RW | PORT_UC)));
		memunmap(addr);
	}
	CHECK(!memremap(no_ram(), PAGE_SIZE, 0));
}

static struct zone *zone_from(unsigned long start_pfn)
{
	struct zone *zone;

	for_each_zone(zone)
		if (zone->start_pfn == start_pfn)
			return zone;
	return NULL;
}

/* RAM that begins and ends in the direct map, with HIGHMEM of the first node between. */
SELFTEST(ioremap, memremap_sees_highmem_in_the_middle)
{
	struct zone *low, *high, *next = NULL;
	struct page *first, *last;
	void *addr;

	for_each_zone(low) {
		high = zone_from(low->end_pfn);
		next = high && high->idx == ZONE_HIGHMEM ? zone_from(high->end_pfn) : NULL;
		if (next && next->idx != ZONE_HIGHMEM &&
		    next->start_pfn - low->start_pfn == low->present + high->present)
			break;
	}
	if (!low)
		SKIP("no node's HIGHMEM lies between memory of the direct map");
	first = alloc_pages_node(low->nid, GFP_KERNEL | __GFP_THISNODE, 0);
	last = alloc_pages_node(next->nid, GFP_KERNEL | __GFP_THISNODE, 0);
	REQUIRE(first && last && first < last);
	addr = memremap(page_to_phys(first), PFN_PHYS(page_to_pfn(last) + 1 - page_to_pfn(first)),
			MEMREMAP_WB);
	CHECK(addr && is_vmalloc_addr(addr));
	memunmap(addr);
	__free_page(first);
	__free_page(last);
}

SELFTEST(ioremap, memremap_of_ram_is_the_direct_map)
{
	struct page *low = alloc_page(GFP_KERNEL), *high = alloc_page(GFP_HIGHUSER);
	u8 *addr, byte = 0;

	REQUIRE(low && high);
	addr = memremap(page_to_phys(low) + 16, 64, MEMREMAP_WB);
	CHECK(addr == (u8 *)page_address(low) + 16);
	memunmap(addr);
	memcpy_to_page(high, 9, "x", 1);
	addr = memremap(page_to_phys(high), PAGE_SIZE, MEMREMAP_WB);
	REQUIRE(addr);
	CHECK(is_vmalloc_addr(addr) == PageHighMem(high));
	CHECK(probe_read(addr + 9, &byte) && byte == 'x');
	memunmap(addr);
	__free_page(low);
	__free_page(high);
}

SELFTEST(ioremap, copies_reach_every_byte)
{
	u8 from[64], to[64], *area = vzalloc(PAGE_SIZE);

	REQUIRE(area);
	for (unsigned int i = 0; i < sizeof(from); i++)
		from[i] = (u8)(i + 1);
	for (unsigned int at = 0; at < 9; at++) {
		for (unsigned int len = 0; len <= 40; len += 5) {
			memset_io(area, 0xee, 64);
			memcpy_toio(area + at, from, len);
			CHECK(!memcmp(area + at, from, len) && area[at + len] == 0xee);
			memset(to, 0, sizeof(to));
			memcpy_fromio(to + 3, area + at, len);
			CHECK(!memcmp(to + 3, from, len) && !to[3 + len]);
		}
	}
	vfree(area);
}

SELFTEST(ioremap, rights_of_pages_can_be_changed)
{
	u8 *area = vmalloc(4 * PAGE_SIZE), byte;
	struct port_mapping mapping;

	REQUIRE(area);
	CHECK_EQ(set_memory_ro((unsigned long)area + PAGE_SIZE, 2), 0);
	CHECK(probe_write(area, 1) && probe_write(area + 3 * PAGE_SIZE, 1));
	CHECK(!probe_write(area + PAGE_SIZE, 1) && !probe_write(area + 2 * PAGE_SIZE, 1));
	CHECK(probe_read(area + PAGE_SIZE, &byte));
	CHECK_EQ(set_memory_x((unsigned long)area + PAGE_SIZE, 1), 0);
	CHECK(port_query((unsigned long)area + PAGE_SIZE, &mapping));
	CHECK(!(mapping.prot & PORT_RW));
	CHECK_EQ(set_memory_nx((unsigned long)area + PAGE_SIZE, 1), 0);
	CHECK_EQ(set_memory_rw((unsigned long)area + PAGE_SIZE, 2), 0);
	CHECK(probe_write(area + PAGE_SIZE, 1));
	CHECK_EQ(set_memory_rox((unsigned long)area + PAGE_SIZE, 1), 0);
	CHECK(port_query((unsigned long)area + PAGE_SIZE, &mapping));
	CHECK(!(mapping.prot & PORT_RW) && !probe_write(area + PAGE_SIZE, 1));
	selftest_expect_reports(3);
	CHECK_EQ(set_memory_x((unsigned long)area, 1), -EINVAL);	/* still writable */
	CHECK_EQ(set_memory_ro((unsigned long)area, 5), -EINVAL);	/* more than there is */
	CHECK_EQ(set_memory_ro((unsigned long)area + 8, 1), -EINVAL);
	vfree(area);
}

/* A large entry is cut, and the other pages of it stay as they were. */
SELFTEST(ioremap, rights_of_one_page_in_two_mebibytes)
{
	u8 *area = __vmalloc(SZ_2M, GFP_KERNEL | __GFP_NOWARN);

	if (!area)
		SKIP("no 2 MiB of memory");
	memset(area, 0x77, SZ_2M);
	CHECK_EQ(set_memory_ro((unsigned long)area + SZ_1M, 1), 0);
	CHECK(!probe_write(area + SZ_1M, 1));
	CHECK(probe_write(area + SZ_1M - 1, 1) && probe_write(area + SZ_1M + PAGE_SIZE, 1));
	CHECK_EQ(area[SZ_1M + 5], 0x77);
	CHECK_EQ(area[SZ_2M - 1], 0x77);
	vfree(area);
}
