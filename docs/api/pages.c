// SPDX-License-Identifier: MIT
/* The examples of docs/api.md: pages. */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>

static int __init use_alloc_pages(void)
{
	struct page *page = alloc_page(GFP_KERNEL), *four = alloc_pages(GFP_KERNEL, 2);
	bool both = page && four;

	__free_page(page);	/* NULL is fine */
	__free_pages(four, 2);
	return both ? 0 : -ENOMEM;
}
module_init(use_alloc_pages);

static int __init use_alloc_pages_node(void)
{
	struct page *page = alloc_pages_node(numa_node_id(), GFP_KERNEL, 0);
	struct page *other = __alloc_pages(GFP_KERNEL, 0, numa_node_id(), NULL);
	bool both = page && other;

	__free_page(page), __free_page(other);
	return both ? 0 : -ENOMEM;
}
module_init(use_alloc_pages_node);

static int __init use_get_free_pages(void)
{
	unsigned long four = __get_free_pages(GFP_KERNEL, 2), one = __get_free_page(GFP_KERNEL);
	unsigned long zeroes = get_zeroed_page(GFP_KERNEL), old = get_free_pages(GFP_KERNEL, 1);
	bool all = four && one && zeroes && old;

	free_pages(four, 2), free_page(one), free_page(zeroes), free_pages(old, 1);
	return all ? 0 : -ENOMEM;
}
module_init(use_get_free_pages);

static int __init use_get_dma_pages(void)
{
	unsigned long low = __get_dma_pages(GFP_KERNEL, 1);

	if (!low)
		return -ENOMEM;
	free_pages(low, 1);
	return 0;
}
module_init(use_get_dma_pages);

static int __init use_alloc_pages_exact(void)
{
	void *five = alloc_pages_exact(5 * PAGE_SIZE, GFP_KERNEL);	/* not eight */

	if (!five)
		return -ENOMEM;
	free_pages_exact(five, 5 * PAGE_SIZE);
	return 0;
}
module_init(use_alloc_pages_exact);

static int __init use_alloc_pages_bulk(void)
{
	struct page *pages[16] = { };
	unsigned long nr = alloc_pages_bulk_array(GFP_KERNEL, 16, pages);

	for (int i = 0; i < 16; i++)
		__free_page(pages[i]);
	return nr == 16 ? 0 : -ENOMEM;	/* it may have been fewer */
}
module_init(use_alloc_pages_bulk);

static int __init use_split_page(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	if (page)
		split_page(page, 2);	/* four single pages from now on */
	for (int i = 0; page && i < 4; i++)
		__free_page(page + i);
	return page ? 0 : -ENOMEM;
}
module_init(use_split_page);

static int __init use_page_address(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *virt = page ? page_address(page) : NULL;
	bool same = virt && virt_to_page(virt) == page;

	__free_page(page);
	return same ? 0 : -ENOMEM;
}
module_init(use_page_address);

static int __init use_pfns(void)
{
	void *virt = (void *)get_zeroed_page(GFP_KERNEL);
	unsigned long pfn = virt_to_phys(virt) >> PAGE_SHIFT;
	struct page *page = virt && pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;
	bool same = page && page_to_pfn(page) == pfn && phys_to_virt(page_to_phys(page)) == virt;

	free_page((unsigned long)virt);
	return same ? 0 : -ENOMEM;
}
module_init(use_pfns);

static int __init use_page_zone(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	struct zone *zone = page ? page_zone(page) : NULL;
	bool agree = zone && page_to_nid(page) >= 0 && PageHighMem(page) == !page_address(page);

	__free_page(page);
	return agree ? 0 : -ENOMEM;
}
module_init(use_page_zone);

static int __init use_get_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return -ENOMEM;
	get_page(page);		/* somebody else holds it, too: page_count(page) is 2 */
	put_page(page), put_page(page);		/* the last one frees it */
	return 0;
}
module_init(use_get_page);

static int __init use_page_count(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	int count = page ? page_count(page) : 0;

	__free_page(page);
	return count == 1 ? 0 : -ENOMEM;
}
module_init(use_page_count);

static int __init use_compound(void)
{
	struct page *head = alloc_pages(GFP_KERNEL | __GFP_COMP, 3);
	bool ok = head && compound_head(head + 5) == head && compound_order(head) == 3;

	if (head)
		put_page(head);		/* it knows its order */
	return ok ? 0 : -ENOMEM;
}
module_init(use_compound);

static int __init use_highpages(void)
{
	struct page *from = alloc_page(GFP_HIGHUSER), *to = alloc_page(GFP_HIGHUSER);

	if (from && to)
		clear_highpage(from), copy_highpage(to, from);
	__free_page(from), __free_page(to);
	return 0;
}
module_init(use_highpages);

static int __init use_kmap(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER);

	if (!page)
		return -ENOMEM;
	memset(kmap(page), 0, PAGE_SIZE);	/* may sleep; lasts until kunmap() */
	kunmap(page), __free_page(page);
	return 0;
}
module_init(use_kmap);

static int __init use_kmap_local(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	char *virt = page ? kmap_local_page(page) : NULL;	/* any context; for this CPU */

	if (virt)
		strcpy(virt, "text"), kunmap_local(virt);
	__free_page(page);
	return virt ? 0 : -ENOMEM;
}
module_init(use_kmap_local);

static int __init use_kmap_atomic(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	char *virt = page ? kmap_atomic(page) : NULL;	/* once (page, KM_USER0) */

	if (virt)
		strcpy(virt, "text"), kunmap_atomic(virt);
	__free_page(page);
	return virt ? 0 : -ENOMEM;
}
module_init(use_kmap_atomic);
