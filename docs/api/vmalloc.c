// SPDX-License-Identifier: MIT
/* The examples of docs/api.md: vmalloc and ioremap. */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/set_memory.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#define NO_RAM 0x0000000fe0000000ULL	/* an address where this machine has none */

static int __init use_vmalloc(void)
{
	char *table = vmalloc(10 << 20), *zeroes = vzalloc(10000);
	int error = !table || !zeroes ? -ENOMEM : zeroes[9999] ? -EINVAL : 0;

	vfree(table);
	vfree(zeroes);		/* NULL is fine */
	return error;
}
module_init(use_vmalloc);

static int __init use_vmalloc_node(void)
{
	void *near = vmalloc_node(100000, numa_node_id());
	void *zeroes = vzalloc_node(100000, NUMA_NO_NODE);
	bool both = near && zeroes;

	vfree(near), vfree(zeroes);
	return both ? 0 : -ENOMEM;
}
module_init(use_vmalloc_node);

static int __init use_vmalloc_kinds(void)
{
	void *user = vmalloc_user(100000);	/* cleared, for mapping to user space */
	void *low = vmalloc_32(100000);		/* of pages below 4 GiB */
	bool both = user && low;

	vfree(user), vfree(low);
	return both ? 0 : -ENOMEM;
}
module_init(use_vmalloc_kinds);

static int __init use___vmalloc(void)
{
	void *block = __vmalloc(1 << 20, GFP_KERNEL | __GFP_ZERO);
	void *large = vmalloc_huge(4 << 20, GFP_KERNEL);
	void *near = __vmalloc_node(1 << 20, 64, GFP_KERNEL, 0, __builtin_return_address(0));

	vfree(block), vfree(large), vfree(near);
	return 0;
}
module_init(use___vmalloc);

static int __init use_vfree_atomic(void)
{
	void *area = vmalloc(PAGE_SIZE);

	vfree_atomic(area);	/* where nobody may sleep: a thread does it later */
	return area ? 0 : -ENOMEM;
}
module_init(use_vfree_atomic);

static int __init use_vmap(void)
{
	struct page *pages[2] = { alloc_page(GFP_KERNEL), alloc_page(GFP_KERNEL) };
	void *both = pages[0] && pages[1] ? vmap(pages, 2, VM_MAP, PAGE_KERNEL) : NULL;

	vunmap(both);		/* NULL is fine; the pages stay their owner's */
	__free_page(pages[0]), __free_page(pages[1]);
	return both ? 0 : -ENOMEM;
}
module_init(use_vmap);

static int __init use_vm_map_ram(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *virt = page ? vm_map_ram(&page, 1, NUMA_NO_NODE) : NULL;

	if (virt)
		vm_unmap_ram(virt, 1);	/* CPUs may remember it until the address is used again */
	__free_page(page);
	return virt ? 0 : -ENOMEM;
}
module_init(use_vm_map_ram);

static int __init use_vmalloc_to_page(void)
{
	char *area = vmalloc(3 * PAGE_SIZE);
	struct page *second = area ? vmalloc_to_page(area + PAGE_SIZE) : NULL;
	bool same = second && vmalloc_to_pfn(area + PAGE_SIZE) == page_to_pfn(second);

	vfree(area);
	return same ? 0 : -ENOMEM;
}
module_init(use_vmalloc_to_page);

static int __init use_find_vm_area(void)
{
	void *area = vmalloc(100);
	bool ok = is_vmalloc_addr(area) && find_vm_area(area)->nr_pages == 1;

	ok = ok && vmalloc_nr_pages() >= 1;	/* of all areas */
	vfree(area);
	return ok ? 0 : -ENOMEM;
}
module_init(use_find_vm_area);

static int __init use_ioremap(void)
{
	void __iomem *registers = ioremap(NO_RAM, 0x1000);	/* uncached */

	if (!registers)
		return -ENOMEM;
	iounmap(registers);	/* between them readl(registers + 4), writel(1, registers) */
	return 0;
}
module_init(use_ioremap);

static int __init use_ioremap_kinds(void)
{
	void __iomem *frame = ioremap_wc(NO_RAM, 1 << 20);	/* writes are gathered */
	void __iomem *rom = ioremap_cache(NO_RAM + (2 << 20), 1 << 16);
	void __iomem *other = ioremap_wt(NO_RAM + (4 << 20), 1 << 16);

	iounmap(frame), iounmap(rom), iounmap(other);	/* NULL is fine */
	return frame && rom && other ? 0 : -ENOMEM;
}
module_init(use_ioremap_kinds);

static int __init use_memremap(void)
{
	void *table = memremap(NO_RAM, 4096, MEMREMAP_WB);	/* memory, no registers */

	if (!table)
		return -ENOMEM;
	memunmap(table);
	return 0;
}
module_init(use_memremap);

static int __init use_set_memory(void)
{
	char *code = vmalloc(PAGE_SIZE);
	unsigned long addr = (unsigned long)code;
	int error = !code ? -ENOMEM : set_memory_ro(addr, 1) ?: set_memory_x(addr, 1);

	error = error ?: set_memory_nx(addr, 1) ?: set_memory_rw(addr, 1);	/* never both */
	vfree(code);
	return error;
}
module_init(use_set_memory);
