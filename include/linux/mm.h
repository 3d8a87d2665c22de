/* SPDX-License-Identifier: MIT */
/* Pages: descriptors, numbers, addresses, references. */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <linux/align.h>
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mmzone.h>
#include <linux/pfn.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysinfo.h>
#include <quarry/port.h>

#define PAGE_ALIGN(addr)   ALIGN((addr), PAGE_SIZE)
#define PAGE_ALIGNED(addr) IS_ALIGNED((unsigned long)(addr), PAGE_SIZE)
#define offset_in_page(p)  ((unsigned long)(p) & (PAGE_SIZE - 1))

/* The order of the smallest block that holds size bytes; size > 0, at most 2^63. */
static inline int get_order(unsigned long size)
{
	return size <= PAGE_SIZE ? 0 : fls64((size - 1) >> PAGE_SHIFT);
}

/* Arithmetic, defined for pages whose pfn is valid. */
static inline struct page *pfn_to_page(unsigned long pfn)
{
	return (struct page *)port_vmemmap_base + pfn;
}

static inline unsigned long page_to_pfn(const struct page *page)
{
	return page - (const struct page *)port_vmemmap_base;
}

static inline phys_addr_t page_to_phys(const struct page *page)
{
	return (phys_addr_t)page_to_pfn(page) << PAGE_SHIFT;
}

static inline struct page *phys_to_page(phys_addr_t phys)
{
	return pfn_to_page(phys >> PAGE_SHIFT);
}

/* The direct map: a fixed distance. HIGHMEM has no such address. */
static inline void *phys_to_virt(phys_addr_t phys)
{
	return (void *)(port_direct_base + phys);
}

static inline phys_addr_t virt_to_phys(const volatile void *virt)
{
	return (unsigned long)virt - port_direct_base;
}

/* These take an address as a pointer or as an unsigned long, as drivers have it. */
#define __va(phys) phys_to_virt((phys_addr_t)(phys))
#define __pa(virt) ((unsigned long)virt_to_phys((const void *)(virt)))
#define virt_to_page(virt) phys_to_page(__pa(virt))
#define virt_to_pfn(virt) (__pa(virt) >> PAGE_SHIFT)
#define pfn_to_kaddr(pfn) __va(PFN_PHYS(pfn))
#define page_to_virt(page) __va(page_to_phys(page))
#define nth_page(page, n) ((page) + (n))

/* Is there a descriptor? Then the page is RAM or a hole between RAM in the same 2 MiB. */
bool pfn_valid(unsigned long pfn);
/* Is it an address in the direct map of RAM that is in use? */
bool __virt_addr_valid(unsigned long virt);
#define virt_addr_valid(virt) __virt_addr_valid((unsigned long)(virt))

/*
 * Where the page can be read and written: its direct-map address; for a HIGHMEM page what
 * kmap() gave it, NULL while it is not kmapped.
 */
void *page_address(const struct page *page);
#define lowmem_page_address(page) page_to_virt(page)

bool PageHighMem(const struct page *page);
struct zone *page_zone(const struct page *page);
enum zone_type page_zonenum(const struct page *page);
int page_to_nid(const struct page *page);
/* In no block, free or allocated: the kernel itself, firmware, holes, RAM not used so far. */
bool PageReserved(const struct page *page);

/* The first page of the __GFP_COMP block that holds the page; any other page is its own. */
struct page *compound_head(const struct page *page);
/* The order of the __GFP_COMP block this page begins; 0 for any other page. */
unsigned int compound_order(const struct page *page);
bool PageCompound(const struct page *page);

#define PageHead(page) (compound_order(page) != 0)
#define PageTail(page) (compound_head(page) != (page))
#define page_size(page) (PAGE_SIZE << compound_order(page))
#define virt_to_head_page(virt) compound_head(virt_to_page(virt))
#define page_private(page) ((page)->private)
#define set_page_private(page, value) ((page)->private = (value))

/* References to an allocated page; those of a __GFP_COMP block are counted in its head. */
static inline int page_ref_count(const struct page *page)
{
	return atomic_read(&page->_refcount);
}

static inline int page_count(const struct page *page)
{
	return page_ref_count(compound_head(page));
}

/* Takes a reference to a page that somebody holds; one that nobody holds is reported. */
void get_page(struct page *page);
/*
 * Takes one unless nobody holds the page. It may be freed or allocated meanwhile, for anything.
 * Found is what was allocated with __GFP_HARDWALL or __GFP_MOVABLE (as GFP_USER, GFP_HIGHUSER),
 * or has several holders: others have a single owner, who need not expect this. Any context.
 */
bool get_page_unless_zero(struct page *page);

/*
 * Drops a reference; the last one frees the page or the __GFP_COMP block. Any context. The
 * last reference to a plain block of several pages belongs to its owner's __free_pages():
 * dropped here it is reported, and the whole block freed.
 */
void put_page(struct page *page);

/*
 * Makes 2^order single pages out of an allocated block that is not __GFP_COMP; each is
 * freed by itself. The caller is the block's only owner.
 */
void split_page(struct page *page, unsigned int order);

/*
 * Memory that is broken. memory_failure() takes the page out of use: at once when it is free,
 * when it is freed otherwise. 0; -ENXIO: no RAM; -EBUSY: the kernel itself or its tables, it
 * stays; -EHWPOISON: known already; -ENOSPC: too many that were never used. No flags are needed.
 * unpoison_memory() puts a page back that was not broken after all; -EINVAL: it is not out of
 * use. Both may sleep.
 */
int memory_failure(unsigned long pfn, int flags);
int unpoison_memory(unsigned long pfn);
bool PageHWPoison(const struct page *page);
unsigned long num_poisoned_pages(void);	/* known so far, also those still in use */

unsigned long nr_free_pages(void);	/* over all zones */
unsigned long totalram_pages(void);	/* free and allocated */
unsigned long totalhigh_pages(void);
unsigned long nr_free_highpages(void);
void si_meminfo(struct sysinfo *info);
/* Pages that ordinary requests can have, roughly: free ones, and what caches would give back. */
long si_mem_available(void);

/*
 * Prints every zone, one line each; and with what free blocks it has, as on a failed
 * allocation. Any context but NMIs; takes each zone's lock.
 */
void show_zones(void);
void show_mem(void);

/* Linux has kvmalloc(), kvfree(), is_vmalloc_addr() and vmalloc_to_page() here. */
#include <linux/slab.h>
#include <linux/vmalloc.h>

#endif
