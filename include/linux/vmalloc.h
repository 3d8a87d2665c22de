/* SPDX-License-Identifier: MIT */
/*
 * Memory that is contiguous in virtual space only. See mm/vmalloc.c.
 *
 * All of these are for threads that may sleep: elsewhere they are reported, and in interrupts
 * refused. vfree() and vfree_atomic() work in interrupts too, but not in NMIs. Behind each area
 * lies an address range of at least one page that nothing is mapped in.
 */
#ifndef _LINUX_VMALLOC_H
#define _LINUX_VMALLOC_H

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm_types.h>
#include <linux/overflow.h>
#include <linux/pgtable.h>
#include <linux/types.h>

/* What an area is for: vm_struct.flags. */
#define VM_IOREMAP   0x001	/* ioremap() and its like */
#define VM_ALLOC     0x002	/* vmalloc() and its like */
#define VM_MAP	     0x004	/* vmap() */
#define VM_USERMAP   0x008	/* vmalloc_user() */
#define VM_RAM	     0x010	/* vm_map_ram() */
#define VM_NO_GUARD  0x040	/* accepted; there is always a guard */
#define VM_ALLOW_HUGE_VMAP 0x400	/* accepted; large entries are used wherever they fit */

/* An area, as find_vm_area() shows it. */
struct vm_struct {
	void *addr;
	unsigned long size;		/* bytes, with one guard page: (nr_pages + 1) * PAGE_SIZE */
	unsigned long flags;		/* VM_*; 0: nobody has it */
	unsigned long requested_size;	/* bytes that were asked for */
	unsigned int nr_pages;
	phys_addr_t phys_addr;		/* VM_IOREMAP: what is mapped */
	const void *caller;
};

/*
 * `size` bytes in whole pages, taken from HIGHMEM first, zeroed by the z forms. NULL when there
 * is no memory or no address space, or size is 0 or more than there is RAM, after a report
 * unless gfp has __GFP_NOWARN. Free with vfree(). Under GFP_NOFS and GFP_NOIO all that the area
 * needs is had so, page tables too. The pages' `private` is the allocator's until vfree().
 */
void *vmalloc(unsigned long size) __malloc;
void *vzalloc(unsigned long size) __malloc;
void *vmalloc_node(unsigned long size, int node) __malloc;
void *vzalloc_node(unsigned long size, int node) __malloc;
/* Zeroed, for mapping to user space. */
void *vmalloc_user(unsigned long size) __malloc;
/* Pages below 4 GiB. */
void *vmalloc_32(unsigned long size) __malloc;
void *vmalloc_32_user(unsigned long size) __malloc;
/* As vmalloc(): all use large entries where they fit. */
void *vmalloc_huge(unsigned long size, gfp_t gfp) __malloc;
void *__vmalloc(unsigned long size, gfp_t gfp) __malloc;
/* Up to Linux 5.7 with PAGE_KERNEL. */
#define __vmalloc(size, gfp, ...) __vmalloc(size, gfp)
void *__vmalloc_node(unsigned long size, unsigned long align, gfp_t gfp, int node,
		     const void *caller) __malloc;

/* For n members of that size; NULL when the product does not fit. The second: zeroed. */
#define vmalloc_array(n, size) vmalloc(size_mul(n, size))
#define vcalloc(n, size)       vzalloc(size_mul(n, size))

/*
 * NULL does nothing. What is not the start of such an area, or was freed before, is reported
 * (QUARRY_BAD_FREE). No CPU can reach a page through the area any more when the page is handed
 * out again.
 */
void vfree(const void *addr);
DEFINE_FREE(vfree, void *, if (!IS_ERR_OR_NULL(_T)) vfree(_T))
/* For contexts that cannot sleep: a thread does it later. Not in NMIs. */
void vfree_atomic(const void *addr);

/*
 * Maps pages[0, count), whoever owns them, side by side. NULL when there is no address space or
 * no memory for tables, or when prot is writable and executable (reported). Take back with
 * vunmap(), after which no CPU reaches the pages; they are still their owner's.
 */
void *vmap(struct page **pages, unsigned int count, unsigned long flags, pgprot_t prot);
void vunmap(const void *addr);

/*
 * The same, for short times: CPUs may remember the mapping until the addresses are used again,
 * or until vm_unmap_aliases().
 */
void *vm_map_ram(struct page **pages, unsigned int count, int node);
#define vm_map_ram(pages, count, node, ...) vm_map_ram(pages, count, node)
void vm_unmap_ram(const void *mem, unsigned int count);
/* All that was put off is done: CPUs told to forget, pages freed, addresses joined. May sleep. */
void vm_unmap_aliases(void);

/* What is mapped at an address of the area; NULL and 0 where nothing is. Any context. */
struct page *vmalloc_to_page(const void *addr);
unsigned long vmalloc_to_pfn(const void *addr);
/* Does it lie where areas are? Any context. */
bool is_vmalloc_addr(const void *addr);
#define is_vmalloc_or_module_addr(addr) is_vmalloc_addr(addr)
/* The area that addr lies in, its guard not counted; NULL. For its owner: it must not go away. */
struct vm_struct *find_vm_area(const void *addr);
/* Pages of all vmalloc() areas. */
unsigned long vmalloc_nr_pages(void);

#define VMALLOC_START port_vmalloc_base
#define VMALLOC_END   (port_vmalloc_base + port_vmalloc_size - 1)
#define VMALLOC_TOTAL port_vmalloc_size

/* One line for each area on the log, in the columns of Linux's /proc/vmallocinfo. */
void show_vmallocinfo(void);

#endif
