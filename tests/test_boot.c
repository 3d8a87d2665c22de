/* SPDX-License-Identifier: MIT */
/*
 * The bare machine as the boot left it: page tables, stacks, traps, protections, and that
 * nobody touches what was not ours; then the mappings made later.
 */

#include <linux/highmem.h>
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/preempt.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <quarry/quarry.h>
#include <arch/x86_64/acpi.h>
#include <arch/x86_64/arch.h>
#include <arch/x86_64/msr.h>
#include <arch/x86_64/pgtable.h>
#include <kernel/boot.h>
#include <kernel/kernel.h>
#include "mm/kfence.h"
#include <tests/probe.h>
#include <tests/selftest.h>

/* Can the byte be written? If so, with what is there already. */
static bool writable(const void *va)
{
	u8 byte;

	return probe_read(va, &byte) && probe_write((void *)va, byte);
}

static bool readable(const void *va)
{
	u8 byte;

	return probe_read(va, &byte);
}

/* The last byte of what ends there; the compiler thinks that `end` is an object's start. */
static const char *last_byte(const char *end)
{
	__asm__("" : "+r"(end));
	return end - 1;
}

SELFTEST(boot, nothing_is_writable_and_executable)
{
	CHECK_EQ(paging_check_wx(), 0);
	if (!cpu.nx)
		SKIP("this CPU cannot forbid execution; nothing is open to user mode");
}

static void flip_user_above(const void *va)
{
	unsigned int shift;

	for (shift = SHIFT_2M; shift <= SHIFT_ROOT; shift += 9)
		*pgtable_walk(kernel_root, (unsigned long)va, shift, false) ^= PTE_USER;
	kernel_top[TABLE_ENTRIES - 1] ^= PTE_USER;
}

/* The walk itself is worth nothing unless it finds what it looks for. */
SELFTEST(boot, planted_bad_pages_are_found)
{
	const void *page = arch_map_device(image_phys(image_start), 1, ARCH_MAP_RO);
	u64 *entry, good;

	REQUIRE(page);
	entry = pgtable_walk(kernel_root, (unsigned long)page, SHIFT_4K, false);
	REQUIRE(entry);
	good = *entry;
	if (cpu.nx) {
		*entry = (good | PTE_WRITE) & ~PTE_NX;
		CHECK_EQ(paging_check_wx(), 1);
		*entry = good & ~PTE_NX;
		CHECK_EQ(paging_check_wx(), 0);
	}
	/* Open to user mode is only what every level opens. */
	*entry = good | PTE_USER;
	CHECK_EQ(paging_check_wx(), 0);
	flip_user_above(page);
	CHECK_EQ(paging_check_wx(), 1);
	flip_user_above(page);
	*entry = good;
	arch_unmap_device(page, 1);
}

SELFTEST(boot, code_and_constants_cannot_be_written)
{
	static u8 data = 1;

	CHECK(!writable(image_start));
	CHECK(!writable(last_byte(text_end)));
	CHECK(!writable(text_end));
	CHECK(!writable(last_byte(rodata_end)));
	CHECK(writable(&data));
	CHECK(writable(last_byte(image_end)));
}

/* The same memory has a second address, where RAM reaches that far. */
SELFTEST(boot, nor_through_the_direct_map)
{
	const char *text = direct_map(image_phys(image_start));
	const char *last = direct_map(image_phys(last_byte(rodata_end)));
	const char *data = direct_map(image_phys(rodata_end));

	if (!readable(text) || !readable(data))
		SKIP("the image lies in memory that mem= or memmap= took away");
	CHECK(!writable(text));
	CHECK(!writable(last));
	CHECK(writable(data));
	CHECK(!memcmp(text, image_start, PAGE_BYTES));
}

/* Calls a `ret` that lies in data: true if that faulted. */
static bool running_data_faults(void)
{
	static u8 code[] = { 0xc3 };
	bool faulted = true;

	__asm__ __volatile__("call *%1\n\t"
			     "movb $0, %0\n\t"
			     "jmp 3f\n"
			     "2: addq $8, %%rsp\n"
			     "3:\n\t"
			     ".pushsection .ex_table, \"a\"\n\t.quad %c2, 2b\n\t.popsection"
			     : "+&r"(faulted) : "r"(code), "i"(code) : "memory");
	return faulted;
}

SELFTEST(boot, data_cannot_be_executed)
{
	if (!cpu.nx)
		SKIP("this CPU cannot forbid execution");
	CHECK(running_data_faults());
}

SELFTEST(boot, nothing_lies_in_the_lower_half)
{
	unsigned int i;

	for (i = 0; i < TABLE_ENTRIES / 2; i++)
		CHECK_EQ(kernel_root[i] | kernel_top[i], 0);
	CHECK(!readable(NULL));
	CHECK(!readable((const void *)SZ_1M));
	CHECK(!readable((const void *)image_phys(image_start)));
	/* Neither half: the CPU calls that a general protection fault. */
	CHECK(!readable((const void *)0x8000000000000000));
}

SELFTEST(boot, stacks_have_guard_pages)
{
	unsigned int i;

	for (i = 0; i < NR_STACKS; i++) {
		const char *guard = (const char *)stack_guard(i);

		CHECK(!readable(guard));
		CHECK(!readable(guard + PAGE_BYTES - 1));
		CHECK(readable(guard + PAGE_BYTES));
		CHECK(readable((const char *)stack_top(i) - 1));
		CHECK(stack_overflowed((unsigned long)guard + 8));
		CHECK(!stack_overflowed((unsigned long)guard + PAGE_BYTES));
	}
	CHECK(!readable((const char *)stack_guard(NR_STACKS)));
	CHECK(readable((const char *)stack_guard(NR_STACKS) + PAGE_BYTES));
}

SELFTEST(boot, runs_on_the_boot_stack)
{
	unsigned long low, high, here = (unsigned long)__builtin_frame_address(0);
	const char *name = stack_find(here, &low, &high);

	REQUIRE(name);
	CHECK_STR(name, "boot");
	CHECK(low <= here && here < high);
	CHECK_EQ(high - low, STACK_SIZE);
	CHECK(!stack_find((unsigned long)image_start, &low, &high));
}

static bool is_direct(phys_addr_t pa)
{
	phys_addr_t start, end;
	unsigned int i;

	for_each_direct_range(i, &start, &end)
		if (pa >= start && pa < end)
			return true;
	return false;
}

/* HIGHMEM, holes and devices have no address there. */
SELFTEST(boot, direct_map_is_ram_without_highmem)
{
	phys_addr_t start, end, at, pa;
	unsigned int i, k;

	for_each_direct_range(i, &start, &end) {
		CHECK(readable(direct_map(start)) && readable(direct_map(end - 1)));
		CHECK(port_translate(port_direct_base + start, &pa) && pa == start);
		CHECK(port_translate(port_direct_base + end - 1, &pa) && pa == end - 1);
		CHECK_EQ(readable(direct_map(end)), is_direct(end));
		CHECK_EQ(!start || readable(direct_map(start - 1)), !start || is_direct(start - 1));
	}
	for_each_mem_range(i, &start, &end) {
		for (k = 0; k <= 64; k++) {
			at = start + (end - 1 - start) / 64 * k;
			if (is_kfence_address(direct_map(at)))	/* hidden while it is free */
				continue;
			CHECK_EQ(readable(direct_map(at)), is_direct(at));
		}
	}
}

SELFTEST(boot, protections_are_on)
{
	unsigned long cr4 = read_cr4();

	CHECK(read_cr0() & CR0_WP);
	CHECK_EQ(!!(rdmsr(MSR_EFER) & EFER_NXE), cpu.nx);
	CHECK_EQ(!!(cr4 & CR4_SMEP), cpu.smep);
	CHECK_EQ(!!(cr4 & CR4_SMAP), cpu.smap);
	CHECK_EQ(!!(cr4 & CR4_UMIP), cpu.umip);
	CHECK_EQ(!!(cr4 & CR4_MCE), cpu.mce);
	CHECK_EQ(!!(cr4 & CR4_PGE), cpu.pge);
	if (cpu.pat)
		CHECK_EQ(rdmsr(MSR_PAT) >> 32 & 7, 1);	/* entry 4: write-combining */
}

SELFTEST(boot, nmi_is_survived)
{
	unsigned int cpu = get_cpu();
	unsigned long before = nmi_count(cpu);

	__asm__ __volatile__("int $2");
	CHECK(nmi_count(cpu) > before);		/* somebody may send others meanwhile */
	put_cpu();
}

SELFTEST(boot, stray_interrupt_is_survived)
{
	unsigned long kept = 0x123456789abcdef0;

	/* Every register comes back, the flags too. */
	__asm__ __volatile__("stc; int $0x81; sbbq $0, %0" : "+r"(kept));
	CHECK_EQ(kept, 0x123456789abcdeef);
}

SELFTEST(boot, backtrace_reaches_the_entry)
{
	unsigned long fp = (unsigned long)__builtin_frame_address(0), pcs[32];
	unsigned int i, nr = arch_backtrace(fp, pcs, ARRAY_SIZE(pcs));

	CHECK(nr >= 3 && nr < ARRAY_SIZE(pcs));
	for (i = 0; i < nr; i++)
		CHECK(pcs[i] >= (unsigned long)image_start && pcs[i] < (unsigned long)text_end);
	CHECK_EQ(arch_backtrace(fp, pcs, 2), 2);
	CHECK_EQ(pcs[0], _RET_IP_);
}

SELFTEST(boot, broken_backtraces_end)
{
	unsigned long chain[4] = { 0 }, pcs[8];

	CHECK_EQ(arch_backtrace(0, pcs, 8), 0);
	CHECK_EQ(arch_backtrace(8, pcs, 8), 0);
	CHECK_EQ(arch_backtrace(~0UL - 7, pcs, 8), 0);
	CHECK_EQ(arch_backtrace((unsigned long)chain + 1, pcs, 8), 0);
	chain[0] = (unsigned long)chain;	/* a frame that is its own caller */
	chain[1] = _RET_IP_;
	CHECK_EQ(arch_backtrace((unsigned long)chain, pcs, 8), 1);
	chain[0] = (unsigned long)image_start;
	CHECK_EQ(arch_backtrace((unsigned long)chain, pcs, 8), 1);
}

static void check_table_is_reserved(u64 phys, u32 length, const char *sig)
{
	if (!CHECK(memblock_is_reserved(phys) && memblock_is_reserved(phys + length - 1)))
		printk("ACPI table %s at %#llx is free for use\n", sig, phys);
}

SELFTEST(boot, what_is_taken_is_reserved)
{
	const struct boot_framebuffer *fb = &boot_info.fb;
	u32 i;

	CHECK(memblock_is_reserved(0) && memblock_is_reserved(SZ_64K - 1));
	CHECK(memblock_is_reserved(0xa0000) && memblock_is_reserved(SZ_1M - 1));
	CHECK(memblock_is_reserved(image_phys(image_start)));
	CHECK(memblock_is_reserved(image_phys(last_byte(image_end))));
	for (i = 0; i < boot_info.nr_modules; i++)
		if (boot_info.modules[i].size)
			CHECK(memblock_is_reserved(boot_info.modules[i].start));
	if (fb->addr)
		CHECK(memblock_is_reserved(fb->addr + (u64)fb->pitch * fb->height - 1));
	acpi_for_each_table(check_table_is_reserved);
}

/* Something in the image whose physical address and content are known. */
static const u8 constant[3 * PAGE_BYTES] = { [0] = 17, [PAGE_BYTES + 5] = 42 };

static u64 entry_of(const void *va, unsigned int shift)
{
	u64 *entry = pgtable_walk(kernel_root, (unsigned long)va, shift, false);

	return entry ? *entry : 0;
}

SELFTEST(boot, device_window_shows_memory)
{
	const u8 *all = arch_map_device(image_phys(constant), sizeof(constant), ARCH_MAP_RO);
	const u8 *part = arch_map_device(image_phys(&constant[PAGE_BYTES + 5]), 1, ARCH_MAP_RO);

	REQUIRE(all && part);
	CHECK(!memcmp(all, constant, sizeof(constant)));
	CHECK_EQ(*part, 42);
	CHECK(!writable(all));
	arch_unmap_device(all, sizeof(constant));
	CHECK(!readable(all) && !readable(all + sizeof(constant) - 1));
	CHECK_EQ(*part, 42);
	arch_unmap_device(part, 1);
	CHECK(!readable(part));
	arch_unmap_device(NULL, 1);
}

/* Not read here: the same memory must not be seen through two kinds of cache. */
SELFTEST(boot, device_window_modes)
{
	u64 wc = cpu.pat ? PTE_PAT : PTE_PCD | PTE_PWT, all = PTE_PAT | PTE_PCD | PTE_PWT;
	phys_addr_t pa = image_phys(constant);
	void *va;

	va = arch_map_device(pa, 1, ARCH_MAP_RO);
	CHECK_EQ(entry_of(va, SHIFT_4K) & (all | PTE_WRITE), 0);
	arch_unmap_device(va, 1);
	va = arch_map_device(pa, 1, ARCH_MAP_UC);
	CHECK_EQ(entry_of(va, SHIFT_4K) & (all | PTE_WRITE), PTE_WRITE | PTE_PCD | PTE_PWT);
	arch_unmap_device(va, 1);
	va = arch_map_device(pa, 1, ARCH_MAP_WC);
	CHECK_EQ(entry_of(va, SHIFT_4K) & (all | PTE_WRITE), PTE_WRITE | wc);
	arch_unmap_device(va, 1);
}

/* From 2 MiB on: large pages inside, small ones at edges that are not whole. */
SELFTEST(boot, device_window_large)
{
	phys_addr_t pa = (1ULL << 35) + 3 * SZ_4K + 5, got;
	size_t size = 3 * SZ_2M;
	char *va = arch_map_device(pa, size, ARCH_MAP_WC);

	REQUIRE(va);
	CHECK_EQ((unsigned long)va & (SZ_2M - 1), pa & (SZ_2M - 1));
	CHECK(port_translate((unsigned long)va, &got) && got == pa);
	CHECK(port_translate((unsigned long)va + size - 1, &got) && got == pa + size - 1);
	CHECK(!port_translate((unsigned long)va - SZ_4K, &got));
	CHECK(!port_translate((unsigned long)va + size - 1 + SZ_4K, &got));
	CHECK(!(entry_of(va, SHIFT_2M) & PTE_LARGE));
	CHECK(entry_of(va + SZ_2M, SHIFT_2M) & PTE_LARGE);
	CHECK_EQ(!!(entry_of(va + SZ_2M, SHIFT_2M) & PTE_PAT_LARGE), cpu.pat);
	arch_unmap_device(va, size);
	CHECK(!port_translate((unsigned long)va, &got));
	CHECK(!port_translate((unsigned long)va + SZ_2M, &got));
}

SELFTEST(boot, device_window_refuses)
{
	u64 limit = 1ULL << cpu.phys_bits;
	char *va;

	CHECK(!arch_map_device(SZ_1M, 0, ARCH_MAP_RO));
	CHECK(!arch_map_device(limit, 1, ARCH_MAP_RO));
	CHECK(!arch_map_device(limit - 1, 2, ARCH_MAP_RO));
	CHECK(!arch_map_device(SZ_1M, ~0UL, ARCH_MAP_RO));
	CHECK(!arch_map_device(0, SZ_1G, ARCH_MAP_RO));	/* larger than the window */
	selftest_expect_warnings(1);
	arch_unmap_device(image_start, 1);
	va = arch_map_device(limit - 1, 1, ARCH_MAP_RO);
	CHECK(va);
	arch_unmap_device(va, 1);
}

static bool maps_to(const char *va, phys_addr_t pa)
{
	phys_addr_t got;

	return port_translate((unsigned long)va, &got) && got == pa;
}

/* What is taken back can be had again: far more, over time, than the window holds. */
SELFTEST(boot, device_window_is_reused)
{
	static const size_t sizes[] = { 1, SZ_4K, SZ_1M + 1, 5 * SZ_4K, SZ_2M + 1, 40 * SZ_2M };
	char *held[ARRAY_SIZE(sizes)] = { NULL };
	phys_addr_t pa[ARRAY_SIZE(sizes)];
	unsigned int i, k;

	for (i = 0; i < 300; i++) {
		k = selftest_random_below(ARRAY_SIZE(sizes));
		arch_unmap_device(held[k], sizes[k]);
		held[k] = NULL;
		if (selftest_random_below(2))
			continue;		/* leaves a hole */
		pa[k] = (1ULL << 34) + selftest_random_below(SZ_4M);
		held[k] = arch_map_device(pa[k], sizes[k], ARCH_MAP_UC);
		REQUIRE(held[k]);
		for (k = 0; k < ARRAY_SIZE(sizes); k++)
			if (held[k])
				CHECK(maps_to(held[k], pa[k]) && maps_to(held[k] + sizes[k] - 1,
									 pa[k] + sizes[k] - 1));
	}
	for (k = 0; k < ARRAY_SIZE(sizes); k++)
		arch_unmap_device(held[k], sizes[k]);
}

/* The last CPU's deepest slot of the kmap window, which no other test comes to. */
#define SPARE_SLOT (port_kmap_base + (QUARRY_KMAP_SLOTS + \
		    QUARRY_NR_CPUS * QUARRY_KMAP_LOCAL_DEPTH - 1) * PAGE_BYTES)

SELFTEST(boot, port_map_replaces_and_protects)
{
	u8 *one = (u8 *)get_zeroed_page(GFP_KERNEL), *two = (u8 *)get_zeroed_page(GFP_KERNEL);
	u8 *slot = (u8 *)SPARE_SLOT;
	phys_addr_t pa;

	REQUIRE(one && two);
	CHECK(!port_translate(SPARE_SLOT, &pa) && !readable(slot));
	CHECK(!port_map(SPARE_SLOT, virt_to_phys(one), SZ_4K, PORT_RW));
	CHECK(writable(slot));
	slot[7] = 7;
	CHECK_EQ(one[7], 7);
	CHECK(!port_map(SPARE_SLOT, virt_to_phys(two), SZ_4K, PORT_RO));
	CHECK_EQ(slot[7], 0);
	CHECK(!writable(slot));
	CHECK(port_translate(SPARE_SLOT + 9, &pa) && pa == virt_to_phys(two) + 9);
	port_unmap(SPARE_SLOT, SZ_4K);
	CHECK(!port_translate(SPARE_SLOT, &pa) && !readable(slot));
	free_page((unsigned long)one);
	free_page((unsigned long)two);
}

SELFTEST(boot, port_map_outside_prepared_areas)
{
	unsigned long nowhere = DEVICE_BASE + (1UL << 38);
	phys_addr_t pa;

	CHECK_EQ(port_map(nowhere, 0, SZ_4K, PORT_RO), -EFAULT);
	CHECK_EQ(port_map(nowhere, 0, SZ_2M, PORT_RO), -EFAULT);
	/* Half in, half out: nothing is mapped. */
	CHECK_EQ(port_map(SPARE_SLOT, 0, SZ_2M, PORT_RO), -EFAULT);
	CHECK(!port_translate(SPARE_SLOT, &pa));
	port_unmap(nowhere, SZ_4K);
	CHECK(!port_translate(nowhere, &pa));
}

#define MOST_PAGES (2 * SZ_256M >> 12)	/* that the next test fills: time has a bound */

/* Takes pages until there are none, each filled and leading to the one before. */
static struct page *take_and_soil_pages(void)
{
	struct page *page, *last = NULL;
	unsigned long i;
	u8 *bytes;

	for (i = 0; i < MOST_PAGES; i++) {
		page = alloc_page(GFP_HIGHUSER | __GFP_NOWARN);
		if (!page)
			break;
		bytes = kmap_local_page(page);
		memset(bytes, 0xa5, PAGE_BYTES);
		kunmap_local(bytes);
		page->private = (unsigned long)last;
		last = page;
	}
	return last;
}

SELFTEST(boot, module_checksum_is_fnv1a)
{
	CHECK_EQ(boot_checksum(BOOT_CHECKSUM_START, "", 0), 0x811c9dc5);
	CHECK_EQ(boot_checksum(BOOT_CHECKSUM_START, "a", 1), 0xe40c292c);
	CHECK_EQ(boot_checksum(BOOT_CHECKSUM_START, "foobar", 6), 0xbf9cf968);
}

SELFTEST(boot, modules_intact)
{
	struct page *page, *next;
	u32 i;

	if (!boot_info.nr_modules)
		SKIP("the loader brought no module");
	page = take_and_soil_pages();
	CHECK(page);
	for (i = 0; i < boot_info.nr_modules; i++)
		CHECK_EQ(module_checksum(&boot_info.modules[i]), boot_info.modules[i].checksum);
	for (; page; page = next) {
		next = (struct page *)page->private;
		__free_page(page);
	}
}
