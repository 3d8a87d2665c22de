// SPDX-License-Identifier: MIT
/*
 * Giving pages back: references, and what is wrong with a free.
 *
 * An allocated block has one reference count, in its first descriptor. Dropping it to zero
 * frees. Where somebody still holds the first page of a block that is freed and not
 * __GFP_COMP, only that page stays allocated; the rest is freed.
 *
 * Locks: zone->lock, with interrupts off.
 */
#include "internal.h"

void break_block(struct page *page, unsigned long nr)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;

	/* A validator that walks the zone must not meet a block half broken. */
	spin_lock_irqsave(&zone->lock, flags);
	for (unsigned long i = 1; i < nr; i++) {
		page[i].order = 0;
		page[i].flags = 0;
		page[i].private = 0;
		atomic_set(&page[i]._refcount, 1);
		page[i].state = PAGE_USED;
	}
	page->order = 0;
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Frees all of a block but its first page, which someone still holds. */
static void free_tail(struct zone *zone, struct page *page, unsigned int order)
{
	page->order = 0;
	while (order-- > 0) {
		struct page *half = page + (1UL << order);

		half->state = PAGE_USED;
		half->order = order;
		buddy_free(zone, half, order);
	}
}

/* A block goes back: no lock in it may be held here. With QUARRY_DEBUG_LOCKS only. */
static void check_no_locks(const struct page *page)
{
	if (QUARRY_DEBUG_LOCKS && !PageHighMem(page))
		debug_check_no_locks_freed(phys_to_virt(page_to_phys(page)),
					   PAGE_SIZE << page->order);
}

#define ANY_ORDER ~0U	/* put_page() does not know it */

/* What is wrong with dropping a reference to this, or NULL. Caller holds the zone's lock. */
static const char *why_not_free(const struct page *page, unsigned int order)
{
	if (page->state == PAGE_USED) {
		if (page->order != order && order != ANY_ORDER)
			return "allocated at another order";
		return page_ref_count(page) > 0 ? NULL : "no references";
	}
	page = page_block_head(page);
	if (!page)
		return "not from this allocator";
	return page->state == PAGE_FREE ? "already free" : "inside an allocated block";
}

/*
 * Drops one reference, and frees with the last. A caller who knows the order owns the block:
 * while others still hold its first page, a plain block loses all the rest here.
 */
static const char *drop(struct page *page, unsigned int order)
{
	bool plain = !(page->flags & PG_COMP);
	const char *wrong = why_not_free(page, order);

	if (wrong)
		return wrong;
	if (atomic_dec_and_test(&page->_refcount)) {
		check_no_locks(page);
		if (order == ANY_ORDER && plain && page->order)
			wrong = "last reference to a block of several pages";
		buddy_free(page_zone(page), page, page->order);
	} else if (order != ANY_ORDER && order && plain) {
		free_tail(page_zone(page), page, order);
	}
	return wrong;
}

static void drop_locked(struct page *page, unsigned int order, const char *call)
{
	unsigned long flags;
	const char *wrong = "no such page";

	if (pfn_valid(page_to_pfn(page))) {
		spin_lock_irqsave(&page_zone(page)->lock, flags);
		wrong = drop(page, order);
		spin_unlock_irqrestore(&page_zone(page)->lock, flags);
	}
	if (wrong)
		report_misuse(QUARRY_BAD_FREE, page, "%s(page:%px pfn:%#lx, order:%d): %s", call,
			      page, page_to_pfn(page), (int)order, wrong);
}

void __free_pages(struct page *page, unsigned int order)
{
	if (page)
		drop_locked(page, min(order, ANY_ORDER - 1), "__free_pages");
}

void put_page(struct page *page)
{
	drop_locked(compound_head(page), ANY_ORDER, "put_page");
}

void get_page(struct page *page)
{
	struct page *head = compound_head(page);

	if (likely(atomic_inc_return(&head->_refcount) > 1))
		return;
	atomic_dec(&head->_refcount);
	report_misuse(QUARRY_BAD_FREE, page, "get_page(page:%px pfn:%#lx): nobody holds it", page,
		      page_to_pfn(page));
}

bool get_page_unless_zero(struct page *page)
{
	struct page *head = compound_head(page);
	int count = page_ref_count(head), seen;

	for (; count > 0; count = seen) {
		seen = atomic_cmpxchg(&head->_refcount, count, count + 1);
		if (seen == count)
			return true;
	}
	return false;
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (!addr)
		return;
	if (!PAGE_ALIGNED(addr) || !virt_addr_valid((void *)addr)) {
		report_misuse(QUARRY_BAD_FREE, (void *)addr,
			      "free_pages(%#lx, %u): not the address of a page", addr, order);
		return;
	}
	__free_pages(virt_to_page((void *)addr), order);
}

/* ---- Other shapes ---- */

void split_page(struct page *page, unsigned int order)
{
	if (page->state != PAGE_USED || page->order != order || (page->flags & PG_COMP)) {
		report_misuse(QUARRY_BAD_ARGUMENT, page,
			      "split_page(page:%px, order:%u): not such a block", page, order);
		return;
	}
	break_block(page, 1UL << order);
}

void free_pages_exact(void *virt, size_t size)
{
	for (unsigned long i = 0; virt && i < PFN_UP(size); i++)
		free_pages((unsigned long)virt + i * PAGE_SIZE, 0);
}
