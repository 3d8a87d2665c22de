// SPDX-License-Identifier: MIT
/*
 * page_owner=on: for each allocated block of pages, who allocated it, and for a free one, who
 * freed it last.
 *
 *	tables[page block] -> | record of page 0 | record of page 1 | ... | 512 of 32 bytes
 *
 * A record tells of the block that begins with its page: the backtrace of the allocation and of
 * the last free, by their numbers in the stack depot, order, flags, thread, CPU, time. Records lie
 * outside of the page descriptors. The tables of all RAM are made at the boot, so that nobody's
 * first allocation in a page block takes more pages than it asked for; on a machine with more than
 * AT_BOOT of it, and for RAM that comes later, the table of a page block is made when the first of
 * its pages is allocated, and stays. Without memory for it the pages there have no owners for now.
 * Pages that the books are made of, and what memblock handed out, have none at all.
 *
 * The fast paths know nothing of this. With the option, the tables by which they find a CPU's
 * stacks name none (pcp_setup.c), so that every request and every free goes the long way, where
 * the hooks are; the long way uses the same stacks, so what CPUs cache stays as it is.
 *
 * Locks: none. A record is written by whoever allocates or frees the block, who has it alone:
 * the hook of a free comes before anybody else can get the block, that of an allocation before
 * its owner has it. Readers of others' records get what is there. Any context but NMIs.
 *
 * Costs when on: a backtrace for each allocation and each free, 16 KiB for each page block (0.8 %),
 * and the fast paths. When off: one test in the slow paths.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include "kmemleak.h"
#include "page_owner.h"

#define TABLE_ORDER 2
#define TABLE_SIZE  (PAGE_SIZE << TABLE_ORDER)
#define AT_BOOT	    (64ULL * SZ_1G)	/* RAM, whose tables are 512 MiB */

_Static_assert(PAGEBLOCK_PAGES * sizeof(struct page_owner) == TABLE_SIZE,
	       "a record is 32 bytes");

bool page_owner_on;

static struct page_owner **tables;	/* by page block */
static unsigned long nr_tables;

static void make_tables(unsigned long start_pfn, unsigned long end_pfn)
{
	unsigned long block = start_pfn / PAGEBLOCK_PAGES;

	for (; block < DIV_ROUND_UP(end_pfn, PAGEBLOCK_PAGES); block++)
		if (!tables[block])
			tables[block] = memblock_alloc(TABLE_SIZE, PAGE_SIZE);
}

int page_owner_init(void)
{
	phys_addr_t start, end;
	unsigned int i;

	if (!page_owner_wanted)
		return 0;
	nr_tables = DIV_ROUND_UP(max_possible_pfn, PAGEBLOCK_PAGES);
	tables = memblock_alloc(nr_tables * sizeof(tables[0]), 64);
	if (!tables || stack_depot_init())
		return -ENOMEM;
	if (memblock_phys_mem_size() <= AT_BOOT)
		for_each_mem_range(i, &start, &end)
			make_tables(PFN_DOWN(start), PFN_UP(end));
	page_owner_on = true;
	return 0;
}

/* ---- Records ---- */

struct page_owner *page_owner_of(const struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	struct page_owner *table;

	if (!page_owner_on || pfn / PAGEBLOCK_PAGES >= nr_tables)
		return NULL;
	table = smp_load_acquire(&tables[pfn / PAGEBLOCK_PAGES]);
	return table ? table + pfn % PAGEBLOCK_PAGES : NULL;
}

/* The same, its table made if it is missing. Of two at once the slower one's is not used. */
static struct page_owner *record_for(const struct page *page)
{
	unsigned long block = page_to_pfn(page) / PAGEBLOCK_PAGES;
	struct page_owner *record = page_owner_of(page);

	if (likely(record) || block >= nr_tables)
		return record;
	record = depot_pages(TABLE_ORDER);
	if (record && cmpxchg(&tables[block], NULL, record))
		depot_pages_unused(record, TABLE_ORDER);
	return page_owner_of(page);
}

static u32 this_pid(void)
{
	return current && !in_interrupt() ? (u32)current->pid : 0;
}

/* Nobody is to take what is known of earlier blocks in there for what is known of this one. */
static void forget_inside(struct page *page, unsigned int order)
{
	for (unsigned long i = 1; i < 1UL << order; i++) {
		struct page_owner *owner = page_owner_of(page + i);

		if (owner && owner->allocated_by)
			*owner = (struct page_owner){ };
	}
}

noinline void __set_page_owner(struct page *page, unsigned int order, gfp_t gfp)
{
	struct page_owner *owner = record_for(page);

	if (!owner)
		return;
	owner->allocated_by = stack_depot_save_here(1);
	owner->gfp = gfp;
	owner->pid = this_pid();
	owner->cpu = (u8)smp_processor_id();
	owner->leak = 0;
	owner->when = (u32)jiffies;
	owner->order = (u8)order;
	forget_inside(page, order);
	WRITE_ONCE(owner->flags, OWNER_LIVE);
}

noinline void __reset_page_owner(struct page *page)
{
	struct page_owner *owner = page_owner_of(page);

	if (!owner)
		return;
	WRITE_ONCE(owner->flags, 0);
	owner->freed_by = stack_depot_save_here(1);
	owner->free_pid = this_pid();
	owner->free_when = (u32)jiffies;
}

void __split_page_owner(struct page *page, unsigned long nr)
{
	const struct page_owner *whole = page_owner_of(page);
	struct page_owner *owner;

	if (!whole || !(whole->flags & OWNER_LIVE))
		return;
	for (unsigned long i = 0; i < nr; i++) {
		owner = record_for(page + i);
		if (!owner)
			continue;
		*owner = *whole;
		owner->order = 0;
		owner->flags &= (u8)~OWNER_OBJECT;
	}
}

void __page_owner_keep(const struct page *page, bool pointers)
{
	struct page_owner *owner = page_owner_of(page);

	if (!owner || !(owner->flags & OWNER_LIVE))
		return;
	WRITE_ONCE(owner->flags, owner->flags | OWNER_KEPT);
	owner->leak |= pointers ? 0 : LEAK_NO_SCAN;
}

/* ---- Questions ---- */

void page_owner_for_each(void (*fn)(struct page *page, const struct page_owner *owner, void *arg),
			 void *arg)
{
	for (unsigned long block = 0; block < nr_tables; block++) {
		const struct page_owner *table = smp_load_acquire(&tables[block]);

		for (unsigned long i = 0; table && i < PAGEBLOCK_PAGES; i++) {
			struct page_owner owner;

			if (!(READ_ONCE(table[i].flags) & OWNER_LIVE))
				continue;
			owner = table[i];
			if (READ_ONCE(table[i].flags) & OWNER_LIVE)
				fn(pfn_to_page(block * PAGEBLOCK_PAGES + i), &owner, arg);
		}
	}
}

/*
 * The record of the last block with this page in it: a free one is part of a larger one by now,
 * whose first page had other owners. An allocation forgets what is inside its block, so the
 * smallest block that there is a record of is the latest.
 */
static const struct page_owner *last_owner(const struct page *page)
{
	unsigned long pfn = page_to_pfn(page);

	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		const struct page_owner *owner =
			page_owner_of(pfn_to_page(ALIGN_DOWN(pfn, 1UL << order)));

		if (owner && owner->allocated_by && owner->order >= order)
			return owner;
	}
	return NULL;
}

void dump_page_owner(const struct page *page)
{
	const struct page_owner *owner = last_owner(page);

	if (!owner) {
		if (page_owner_on)
			pr_err("page_owner knows nothing of page %px\n", page);
		return;
	}
	pr_err("page_owner tracks the page as %s\n",
	       owner->flags & OWNER_LIVE ? "allocated" : "freed");
	pr_err("page last allocated via order %u, gfp_mask %#x, pid %u, cpu %u, jiffy %u:\n",
	       owner->order, owner->gfp, owner->pid, owner->cpu, owner->when);
	stack_depot_print(owner->allocated_by);
	if (!owner->freed_by)
		return;
	pr_err("page last free pid %u, jiffy %u, stack trace:\n", owner->free_pid,
	       owner->free_when);
	stack_depot_print(owner->freed_by);
}
