/* SPDX-License-Identifier: MIT */
/*
 * The shadow of KASAN (mm/kasan.c) in the page tables; only `make KASAN=1` has this file.
 *
 *	ffffee0000000000 - fffffe0000000000	a byte for each eight of the kernel's half
 *
 * From the first instruction of C on something must be mapped there, because the compiler writes
 * to the shadow of its stacks: one page, in all places, by tables that all entries share. In the
 * final tables it is read-only, and what there are real objects in has memory of its own: the
 * direct map and the image at once, stacks and areas of vmalloc as they come. A shared table on the
 * way is copied first. Such memory is never given back, and counts as tables do.
 *
 * Locks: shadow_mutex, taken in threads, while tables are changed. Only with four levels.
 */
#include <linux/gfp.h>
#include <linux/kasan.h>
#include <linux/kernel.h>
#include <linux/kmemleak.h>
#include <linux/memblock.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <quarry/port.h>
#include <quarry/quarry.h>

#include "arch.h"
#include "msr.h"
#include "pgtable.h"

#define SHADOW(address)	((unsigned long)(address) / 8 + QUARRY_KASAN_OFFSET)
#define SHADOW_BASE	SHADOW(HALF_BASE)
#define BYTES_OF_PAGE	(8 * PAGE_BYTES) /* that a page of shadow tells of */
#define ROOT_ENTRIES	32		/* of 512 GiB */

extern u64 boot_pml4[TABLE_ENTRIES];
extern void (*const __start_constructors[])(void), (*const __stop_constructors[])(void);

/* Tables of three levels by which one page lies everywhere. */
struct chain {
	u64 by_1g[TABLE_ENTRIES], by_2m[TABLE_ENTRIES], by_4k[TABLE_ENTRIES];
};

/* While booting; and for all of the shadow that has nothing of its own. */
static struct chain early __aligned(PAGE_BYTES), shared __aligned(PAGE_BYTES);
static u8 shared_page[PAGE_BYTES] __aligned(PAGE_BYTES);

static DEFINE_MUTEX(shadow_mutex);
static bool pages_work;
static unsigned long nr_pages;		/* of the page allocator's */

static void fill(u64 *table, unsigned int nr, u64 entry)
{
	for (unsigned int i = 0; i < nr; i++)
		table[i] = entry;
}

static void lay(u64 *root, struct chain *chain, u64 bits)
{
	fill(chain->by_4k, TABLE_ENTRIES, image_phys(shared_page) | bits);
	fill(chain->by_2m, TABLE_ENTRIES, image_phys(chain->by_4k) | PTE_TABLE);
	fill(chain->by_1g, TABLE_ENTRIES, image_phys(chain->by_2m) | PTE_TABLE);
	fill(&root[table_index(SHADOW_BASE, SHIFT_ROOT)], ROOT_ENTRIES,
	     image_phys(chain->by_1g) | PTE_TABLE);
}

void kasan_map_early(void)
{
	lay(boot_pml4, &early, PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY);
}

bool kasan_is_shared(u64 entry)
{
	phys_addr_t pa = entry & PTE_ADDRESS;

	return pa == image_phys(shared.by_1g) || pa == image_phys(shared.by_2m) ||
	       pa == image_phys(shared.by_4k) || pa == image_phys(shared_page);
}

/* A cleared page: its address in the direct map, or NULL. */
static void *page_new(void)
{
	void *page;

	if (!pages_work)
		return memblock_alloc(PAGE_BYTES, PAGE_BYTES);
	page = (void *)get_zeroed_page(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);
	nr_pages += page != NULL;
	kmemleak_not_leak(page);
	kmemleak_no_scan(page);
	return page;
}

unsigned long kasan_shadow_pages(void)
{
	return READ_ONCE(nr_pages);
}

/* The entry of the page of shadow at va, with tables of its own on the way; NULL: no memory. */
static u64 *own_entry(unsigned long va)
{
	u64 *table = kernel_root, *entry, *own;

	for (unsigned int shift = SHIFT_ROOT; shift > SHIFT_4K; shift -= 9) {
		entry = &table[table_index(va, shift)];
		if (kasan_is_shared(*entry)) {
			own = page_new();
			if (!own)
				return NULL;
			for (unsigned int i = 0; i < TABLE_ENTRIES; i++)
				own[i] = table_of(*entry)[i];
			WRITE_ONCE(*entry, ((unsigned long)own - port_direct_base) | PTE_TABLE);
		}
		table = table_of(*entry);
	}
	return &table[table_index(va, SHIFT_4K)];
}

static int make(unsigned long start, unsigned long end)
{
	unsigned long va;

	for (va = ALIGN_DOWN(SHADOW(start), PAGE_BYTES); va < SHADOW(end - 1) + 1;
	     va += PAGE_BYTES) {
		u64 *entry = own_entry(va);
		void *page;

		if (!entry)
			return -ENOMEM;
		if (!kasan_is_shared(*entry))
			continue;
		page = page_new();
		if (!page)
			return -ENOMEM;
		WRITE_ONCE(*entry, ((unsigned long)page - port_direct_base) | pte_data() |
				   PTE_WRITE | PTE_GLOBAL);
	}
	return 0;
}

/* All of it: smaller areas may have lain at both ends, and nothing ever in between. */
static bool is_mapped(unsigned long start, unsigned long end)
{
	for (unsigned long at = start; at < end; at = ALIGN(at + 1, BYTES_OF_PAGE))
		if (!port_shadow_is_mapped(at))
			return false;
	return true;
}

int port_shadow_map(unsigned long start, size_t size)
{
	int error;

	if (is_mapped(start, start + size))
		return 0;
	mutex_lock(&shadow_mutex);
	error = make(start, start + size);
	mutex_unlock(&shadow_mutex);
	port_flush(ALIGN_DOWN(SHADOW(start), PAGE_BYTES), size / 8 + 2 * PAGE_BYTES);
	return error;
}

bool port_shadow_is_mapped(unsigned long address)
{
	unsigned int shift = SHIFT_ROOT;
	u64 *table = kernel_root, entry;

	for (;; shift -= 9) {
		entry = READ_ONCE(table[table_index(SHADOW(address), shift)]);
		if (kasan_is_shared(entry))
			return false;
		if (shift == SHIFT_4K)
			return entry & PTE_PRESENT;
		table = table_of(entry);
	}
}

/* Into the final tables, before they are used. */
void kasan_map_shadow(void)
{
	phys_addr_t start, end;
	unsigned int i;
	int error = 0;

	lay(kernel_root, &shared, pte_data() | PTE_GLOBAL);
	for_each_direct_range(i, &start, &end)
		error |= make(port_direct_base + start, port_direct_base + end);
	error |= make((unsigned long)image_start, (unsigned long)image_end);
	if (error)
		panic("KASAN: not enough memory for the shadow");
}

/* They are in use. */
void kasan_init(void)
{
	fill((u64 *)shared_page, PAGE_BYTES / 8, 0);
	kasan_start(__start_constructors, __stop_constructors);
}

int kasan_stack_map(void *stack)
{
	unsigned long low = (unsigned long)stack;

	if (port_shadow_map(low, STACK_SIZE))
		return -ENOMEM;
	kasan_unpoison(stack, STACK_SIZE);
	return 0;
}

void kasan_pages_work(void)
{
	pages_work = true;
}
