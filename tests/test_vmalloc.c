// SPDX-License-Identifier: MIT
/* vmalloc, vmap and their like: what callers rely on. */
#include <linux/highmem.h>
#include <linux/sizes.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>
#include "mm/fault.h"
#include "mm/vmap.h"
#include "tests/listen.h"
#include "tests/probe.h"
#include "tests/threads.h"

/* Every page of [va, va + size) can be read and written, is a page by itself, and the next
 * address behind faults. */
static void check_area(u8 *va, unsigned long size)
{
	unsigned long nr = PFN_UP(size), i, wrong = 0;
	u8 byte;

	for (i = 0; i < nr; i++)
		*(unsigned long *)(va + i * PAGE_SIZE) = i;
	for (i = 0; i < nr; i++)
		wrong += *(unsigned long *)(va + i * PAGE_SIZE) != i;
	CHECK_EQ(wrong, 0);
	CHECK(!probe_read(va + nr * PAGE_SIZE, &byte));
	CHECK(!probe_read(va - 1, &byte));
}

/* All that was put off is done, so what was freed faults on every CPU. */
static void check_gone(const u8 *va)
{
	u8 byte;

	vm_unmap_aliases();
	CHECK(!probe_read(va, &byte));
}

SELFTEST(vmalloc, any_size_is_mapped_and_guarded)
{
	SKIP_WITH_KASAN();
	static const unsigned long sizes[] = {
		1, 2, 4095, 4096, 4097, 3 * SZ_4K, 5 * SZ_4K - 1, SZ_64K, 100 * SZ_1K, SZ_1M,
		300 * SZ_4K, SZ_2M, SZ_2M + 1, 3 * SZ_1M, SZ_4M, 5 * SZ_1M + 4,
	};
	unsigned long before = vmalloc_nr_pages(), i;
	u8 *va;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (sizes[i] > totalram_pages() * PAGE_SIZE / 4)
			break;
		va = vmalloc(sizes[i]);
		REQUIRE(va);
		CHECK(PAGE_ALIGNED(va));
		CHECK(is_vmalloc_addr(va));
		CHECK_EQ(vmalloc_nr_pages(), before + PFN_UP(sizes[i]));
		check_area(va, sizes[i]);
		vfree(va);
		CHECK_EQ(vmalloc_nr_pages(), before);
		check_gone(va);
	}
}

SELFTEST(vmalloc, impossible_sizes_give_null)
{
	static const unsigned long sizes[] = {
		~0UL, ~0UL - 4094, ~0UL - 4095, ~0UL - 4096, 1UL << 63, 1UL << 48,
	};
	unsigned long all = totalram_pages() * PAGE_SIZE;

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		CHECK(!vmalloc(sizes[i]));
	CHECK(!vmalloc(all + 1));
	listen_start();
	CHECK(!vmalloc(0));
	CHECK(strstr(listen_stop(), "vmalloc error: size 0"));
	listen_start();
	CHECK(!__vmalloc(~0UL, GFP_KERNEL | __GFP_NOWARN));
	CHECK(!strstr(listen_stop(), "vmalloc error"));
	vfree(NULL);
	vunmap(NULL);
}

SELFTEST(vmalloc, zeroed_forms_are_zero)
{
	SKIP_WITH_KASAN();
	void *(*const forms[])(unsigned long) = { vzalloc, vmalloc_user, vmalloc_32_user };
	u8 *va, *dirty = vmalloc(SZ_64K);

	REQUIRE(dirty);
	memset(dirty, 0xa5, SZ_64K);
	vfree(dirty);
	for (unsigned int i = 0; i < ARRAY_SIZE(forms); i++) {
		if (forms[i] == vmalloc_32_user && !node_zone(0, ZONE_DMA32) &&
		    !node_zone(0, ZONE_DMA))
			continue;
		va = forms[i](SZ_64K - 100);
		REQUIRE(va);
		CHECK(!memchr_inv(va, 0, SZ_64K));
		memset(va, 0xa5, SZ_64K);
		vfree(va);
	}
}

SELFTEST(vmalloc, pages_come_from_where_they_should)
{
	unsigned long pfn;
	u8 *va = vmalloc(PAGE_SIZE), *low;

	REQUIRE(va);
	if (nr_free_highpages() > totalhigh_pages() / 2 && totalhigh_pages())
		CHECK(PageHighMem(vmalloc_to_page(va)));
	CHECK_EQ(page_to_pfn(vmalloc_to_page(va + 100)), vmalloc_to_pfn(va));
	vfree(va);
	low = __vmalloc(SZ_64K, GFP_KERNEL | __GFP_DMA32 | __GFP_NOWARN);
	if (!low)
		SKIP("no memory below 4 GiB");
	for (unsigned int i = 0; i < 16; i++) {
		pfn = vmalloc_to_pfn(low + i * PAGE_SIZE);
		CHECK(pfn && pfn < SZ_4G / PAGE_SIZE);
		CHECK(!PageHighMem(pfn_to_page(pfn)));
	}
	vfree(low);
}

SELFTEST(vmalloc, each_form_keeps_what_its_name_says)
{
	SKIP_WITH_KASAN();
	u8 *va = vmalloc_32(5 * PAGE_SIZE);

	if (node_zone(0, ZONE_DMA32) || node_zone(0, ZONE_DMA)) {
		REQUIRE(va);
		for (unsigned int i = 0; i < 5; i++)
			CHECK(vmalloc_to_pfn(va + i * PAGE_SIZE) < SZ_4G / PAGE_SIZE);
		check_area(va, 5 * PAGE_SIZE);
	}
	vfree(va);
	va = vmalloc_user(PAGE_SIZE);
	REQUIRE(va);
	CHECK(find_vm_area(va)->flags & VM_USERMAP);
	vfree(va);
	va = vmalloc_huge(SZ_64K + 1, GFP_KERNEL | __GFP_ZERO);
	REQUIRE(va);
	CHECK(!memchr_inv(va, 0, SZ_64K + PAGE_SIZE));
	check_area(va, SZ_64K + 1);
	vfree(va);
	va = vcalloc(3, PAGE_SIZE);
	REQUIRE(va);
	CHECK(!memchr_inv(va, 0, 3 * PAGE_SIZE));
	vfree(va);
	CHECK(!vmalloc_array(1UL << 33, 1UL << 33) && !vcalloc(1UL << 33, 1UL << 33));
}

/* Whatever the alignment, of small sizes and of large ones, both neighbours of an area fault. */
SELFTEST(vmalloc, an_aligned_area_keeps_its_guards)
{
	SKIP_WITH_KASAN();
	static const unsigned long sizes[] = { 1, SZ_4K, 3 * SZ_4K, SZ_64K, SZ_2M };
	unsigned long align, size;
	u8 *va[3];

	for (unsigned int s = 0; s < ARRAY_SIZE(sizes); s++) {
		size = sizes[s];
		if (size * ARRAY_SIZE(va) > nr_free_pages() * PAGE_SIZE / 4)
			break;
		for (align = SZ_4K; align <= SZ_16M; align *= 16) {
			for (unsigned int i = 0; i < ARRAY_SIZE(va); i++) {
				va[i] = __vmalloc_node(size, align, GFP_KERNEL, NUMA_NO_NODE, NULL);
				REQUIRE(va[i]);
				CHECK(IS_ALIGNED((unsigned long)va[i], align));
			}
			for (unsigned int i = 0; i < ARRAY_SIZE(va); i++)
				check_area(va[i], size);
			for (unsigned int i = 0; i < ARRAY_SIZE(va); i++)
				vfree(va[i]);
		}
	}
	CHECK(!__vmalloc_node(1, 1UL << 63, GFP_KERNEL | __GFP_NOWARN, NUMA_NO_NODE, NULL));
}

/*
 * Pages for an area are had in any case; those for the index of an address far from all others
 * are not. Of so many areas the last at least is such a one.
 */
#define NR_FAR 6
static void *far_areas[NR_FAR];

static void want_without_fail(void *unused)
{
	struct fault_setup setup = { .sources = FAULT_PAGES, .one_in = 1, .task = current };
	unsigned long seen, failed;

	fault_begin(&setup);
	for (unsigned int i = 0; i < NR_FAR; i++)
		WRITE_ONCE(far_areas[i], __vmalloc_node(1, 4 * SZ_1G, GFP_KERNEL | __GFP_NOFAIL,
							NUMA_NO_NODE, NULL));
	fault_end(&seen, &failed);
}

SELFTEST(vmalloc, nofail_waits_for_all_that_an_area_needs)
{
	unsigned long seen, failed;
	struct test_thread thread;

	if (port_vmalloc_size < 64ULL * SZ_1G)
		SKIP("no far addresses");
	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	test_thread_start(&thread, ANY_CPU, want_without_fail, NULL);
	WAIT_UNTIL(!fault_is_off());
	msleep(20);
	CHECK(!READ_ONCE(far_areas[NR_FAR - 1]));
	fault_clear(&seen, &failed);
	CHECK(failed > 0);
	test_thread_join(&thread);
	for (unsigned int i = 0; i < NR_FAR; i++) {
		CHECK(far_areas[i]);
		vfree(far_areas[i]);
	}
}

SELFTEST(vmalloc, node_forms_take_the_nodes_pages)
{
	int nid;
	u8 *va;

	for_each_online_node(nid) {
		if (!node_zone(nid, ZONE_NORMAL) && !node_zone(nid, ZONE_HIGHMEM))
			continue;
		va = vzalloc_node(SZ_64K, nid);
		REQUIRE(va);
		CHECK_EQ(page_to_nid(vmalloc_to_page(va)), nid);
		vfree(va);
		va = vmalloc_node(PAGE_SIZE, nid);
		CHECK(va && page_to_nid(vmalloc_to_page(va)) == nid);
		vfree(va);
	}
}

/* 2 MiB blocks are mapped by one entry each, wherever the machine has such blocks. */
SELFTEST(vmalloc, large_blocks_get_large_entries)
{
	struct port_mapping mapping;
	struct page *page;
	u8 *va;

	page = alloc_pages(GFP_KERNEL | __GFP_HIGHMEM | __GFP_NOWARN | __GFP_NORETRY, 9);
	if (!page)
		SKIP("no block of 2 MiB is free");
	__free_pages(page, 9);
	va = vmalloc(SZ_2M + SZ_64K);
	REQUIRE(va);
	CHECK(IS_ALIGNED((unsigned long)va, SZ_2M));
	REQUIRE(port_query((unsigned long)va + 12345, &mapping));
	CHECK_EQ(mapping.pa % SZ_2M, 12345);
	CHECK(mapping.size == SZ_2M || mapping.size == SZ_4K);
	CHECK_EQ(mapping.prot, PORT_RW | PORT_WB);
	if (mapping.size == SZ_2M) {
		CHECK(port_query((unsigned long)va + SZ_2M, &mapping));
		CHECK_EQ(mapping.size, SZ_4K);
	}
	check_area(va, SZ_2M + SZ_64K);
	vfree(va);
	check_gone(va + SZ_1M);
}

SELFTEST(vmalloc, misuse_is_reported)
{
	struct page *page = alloc_page(GFP_KERNEL);
	u8 *va = vmalloc(3 * PAGE_SIZE), *mapped;

	REQUIRE(va && page);
	mapped = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	REQUIRE(mapped);
	selftest_expect_reports(8);
	vfree(va + PAGE_SIZE);		/* inside */
	vfree(va + 8);
	vfree((void *)page_address(page));
	vfree(mapped);			/* of another kind */
	vunmap(va);
	vm_unmap_ram(mapped, 1);
	CHECK(vmalloc_to_page(mapped) == page && vmalloc_to_page(va)); /* nothing was done */
	vfree(va);
	vfree(va);			/* twice */
	vunmap(mapped);
	vunmap(mapped);
	__free_page(page);
}

/* What the index says of an address that was freed may have become another area by now. */
SELFTEST(vmalloc, a_stale_address_does_not_free_another_area)
{
	u8 *va = vmalloc(3 * PAGE_SIZE), *stale;

	REQUIRE(va);
	stale = va + PAGE_SIZE;
	vmap_index_set((unsigned long)stale, vm_to_area(find_vm_area(va)));
	CHECK_REPORT("no area begins there", vfree(stale));
	vmap_index_set((unsigned long)stale, NULL);
	CHECK(find_vm_area(va));
	vfree(va);
}

SELFTEST(vmalloc, vmap_shows_the_pages_in_order)
{
	struct page *pages[8];
	u8 *va;

	for (unsigned int i = 0; i < 8; i++) {
		pages[7 - i] = alloc_page(GFP_HIGHUSER);
		REQUIRE(pages[7 - i]);
		memcpy_to_page(pages[7 - i], 100, &(char){ (char)(7 - i) }, 1);
	}
	va = vmap(pages, 8, VM_MAP, PAGE_KERNEL);
	REQUIRE(va);
	for (unsigned int i = 0; i < 8; i++) {
		CHECK_EQ(va[i * PAGE_SIZE + 100], i);
		CHECK(vmalloc_to_page(va + i * PAGE_SIZE) == pages[i]);
		va[i * PAGE_SIZE + 200] = 77;
	}
	vunmap(va);
	CHECK(!probe_read(va, &(u8){ 0 }));
	va = vmap(pages, 8, VM_MAP, PAGE_KERNEL_RO);
	REQUIRE(va);
	CHECK_EQ(va[3 * PAGE_SIZE + 200], 77);
	CHECK(!probe_write(va + 3 * PAGE_SIZE + 200, 1));
	vunmap(va);
	va = vm_map_ram(pages, 8, NUMA_NO_NODE);
	REQUIRE(va);
	CHECK_EQ(va[7 * PAGE_SIZE + 200], 77);
	vm_unmap_ram(va, 8);
	va = vm_map_ram(pages, 2, NUMA_NO_NODE);
	REQUIRE(va);
	selftest_expect_reports(1);
	vm_unmap_ram(va, 1);			/* says so, and does it */
	vm_unmap_aliases();
	CHECK(!probe_read(va, &(u8){ 0 }) && !probe_read(va + PAGE_SIZE, &(u8){ 0 }));
	for (unsigned int i = 0; i < 8; i++)
		__free_page(pages[i]);
}

SELFTEST(vmalloc, writable_and_executable_is_refused)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct port_mapping mapping;
	u8 *va;

	REQUIRE(page);
	selftest_expect_reports(1);
	CHECK(!vmap(&page, 1, VM_MAP, PAGE_KERNEL_EXEC));
	va = vmap(&page, 1, VM_MAP, PAGE_KERNEL_ROX);
	REQUIRE(va);
	CHECK(!probe_write(va, 0));
	CHECK(port_query((unsigned long)va, &mapping));
	CHECK(!(mapping.prot & PORT_RW));
	vunmap(va);
	CHECK_EQ(port_map((unsigned long)va, page_to_phys(page), PAGE_SIZE, PORT_RW | PORT_RX),
		 -EINVAL);
	__free_page(page);
}

SELFTEST(vmalloc, find_vm_area_knows_size_and_caller)
{
	struct vm_struct *vm;
	u8 *va = vmalloc(3 * PAGE_SIZE - 10);

	REQUIRE(va);
	vm = find_vm_area(va);
	REQUIRE(vm);
	CHECK(vm->addr == va);
	CHECK_EQ(vm->nr_pages, 3);
	CHECK_EQ(vm->size, 4 * PAGE_SIZE);
	CHECK(vm->flags & VM_ALLOC);
	CHECK(find_vm_area(va + 3 * PAGE_SIZE - 1) == vm);
	CHECK(!find_vm_area(va + 3 * PAGE_SIZE));
	listen_start();
	printk("%ps\n", vm->caller);
	CHECK(strstr(listen_stop(), "find_vm_area_knows_size_and_caller"));
	vfree(va);
	CHECK(!find_vm_area(va));
	CHECK(!find_vm_area(NULL));
	CHECK(!find_vm_area((void *)port_vmalloc_base - 1));
}

SELFTEST(vmalloc, info_has_linux_columns)
{
	char line[64];
	u8 *va = vmalloc(3 * PAGE_SIZE);
	const char *text;

	REQUIRE(va);
	snprintf(line, sizeof(line), "0x%px-0x%px   16384 ", va, va + 4 * PAGE_SIZE);
	listen_start();
	show_vmallocinfo();
	text = listen_stop();
	text = strstr(text, line);
	if (CHECK(text)) {
		CHECK(strstr(text, "info_has_linux_columns+0x"));
		CHECK(strstr(text, "pages=3 vmalloc N"));
	}
	vfree(va);
}

/* Other words of a first page than the chain of blocks: as when the area has just been freed. */
SELFTEST(vmalloc, info_does_not_follow_the_blocks)
{
	u8 *va = vmalloc(3 * PAGE_SIZE);
	unsigned long next;
	struct page *page;
	char line[64];
	const char *text;

	REQUIRE(va);
	page = vm_to_area(find_vm_area(va))->blocks;
	snprintf(line, sizeof(line), "0x%px-0x%px   16384 ", va, va + 4 * PAGE_SIZE);
	next = page_private(page);
	set_page_private(page, 8);
	listen_start();
	show_vmallocinfo();
	text = strstr(listen_stop(), line);
	set_page_private(page, next);
	CHECK(text && strstr(text, "=3\n"));
	vfree(va);
}

#define LIMITS (PF_MEMALLOC_NOIO | PF_MEMALLOC_NOFS | PF_MEMALLOC_NORECLAIM)

static unsigned int limits_seen;
static bool limits_wanted;	/* not while it hears the log so far */

static void see_limits(struct console *con, const char *text, size_t len)
{
	if (limits_wanted)
		limits_seen = current->flags & LIMITS;
}

/* The limits under which an area is made, and with it all that it needs: seen as it fails. */
static unsigned int limits_of(gfp_t gfp)
{
	struct fault_setup setup = { .sources = FAULT_VMALLOC, .one_in = 1, .task = current };
	static struct console console = { .name = "limits", .write = see_limits };
	unsigned long seen, failed;

	console_register(&console);
	limits_seen = ~0U;
	fault_begin(&setup);
	limits_wanted = true;
	CHECK(!__vmalloc(PAGE_SIZE, gfp));
	limits_wanted = false;
	fault_end(&seen, &failed);
	console_unregister(&console);
	CHECK_EQ(current->flags & LIMITS, 0);
	return limits_seen;
}

SELFTEST(vmalloc, what_an_area_needs_asks_for_no_more_io_than_the_caller)
{
	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	CHECK_EQ(limits_of(GFP_KERNEL), 0);
	CHECK_EQ(limits_of(GFP_NOFS), PF_MEMALLOC_NOFS);
	CHECK_EQ(limits_of(GFP_NOIO), PF_MEMALLOC_NOIO);
}

SELFTEST(vmalloc, what_an_area_needs_waits_no_more_than_the_caller)
{
	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	void *area;

	CHECK_EQ(limits_of(GFP_NOWAIT), PF_MEMALLOC_NORECLAIM);
	CHECK_EQ(limits_of(GFP_ATOMIC), PF_MEMALLOC_NORECLAIM);
	CHECK_EQ(limits_of(GFP_KERNEL & ~__GFP_DIRECT_RECLAIM), PF_MEMALLOC_NORECLAIM);
	area = __vmalloc(3 * PAGE_SIZE, GFP_NOWAIT | __GFP_NOWARN);
	CHECK(area || nr_free_pages() < 1000);
	vfree(area);
}

/* What the report of a fault will say. */
SELFTEST(vmalloc, a_missed_area_is_named_with_the_distance)
{
	unsigned long va = (unsigned long)vmalloc(PAGE_SIZE - 6);
	char text[200];

	REQUIRE(va);
	CHECK(quarry_explain_address(va + PAGE_SIZE + 2, text, sizeof(text)));
	CHECK(strstr(text, "vmalloc-out-of-bounds: 8 bytes after area of 4090 bytes allocated by "
		     "selftest_vmalloc_a_missed_area"));
	CHECK(quarry_explain_address(va + 5, text, sizeof(text)));
	CHECK(strstr(text, "5 bytes inside area of 4090 bytes"));
	vfree((void *)va);
	CHECK(quarry_explain_address(va + 5, text, sizeof(text)));
	CHECK(strstr(text, "use-after-free: 5 bytes inside area of 4090 bytes already freed"));
	CHECK(!quarry_explain_address(port_direct_base, text, sizeof(text)));
	CHECK(quarry_explain_address(port_vmalloc_base + port_vmalloc_size - 1, text,
				     sizeof(text)));
}
