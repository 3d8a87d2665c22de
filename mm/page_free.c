// SPDX-License-Identifier: MIT
/*
 * Giving pages back: references, and what is wrong with a free.
 *
 * An allocated block has one reference count, in its first descriptor. Dropping it to zero
 * frees. Where somebody still holds the first page of a block that is freed and not
 * __GFP_COMP, only that page stays allocated; the rest is freed.
 *
 * Who changes page->word of an allocated block, and how:
 *
 *  - The only holder of a block that is not PG_SHARED has it alone, and frees it by a plain
 *    comparison and a plain store, which are one towards interrupts of this CPU. Nobody else
 *    may change the word then: get_page() wants a holder, and to look for a page that one does
 *    not hold, get_page_unless_zero(), is for those that were allocated for it: __GFP_HARDWALL,
 *    __GFP_MOVABLE (so GFP_USER and GFP_HIGHUSER: what a page cache or a user's page tables
 *    hold), or that have more than one holder. It finds no others: a page that is somebody
 *    else's by now may be a slab, or its only owner's.
 *  - In all other cases by a locked compare-and-exchange of the whole word. So a reference
 *    taken by a searcher and the free of a block see each other, whichever is first; and of
 *    two holders who drop at once exactly one is the last. The one that is left sees a count
 *    of one only after the others are done with theirs.
 *
 * So a free that finds a count of one and no PG_SHARED competes with nobody but a caller's
 * error: the same block freed twice at once. pcp.c says what becomes of that.
 *
 * Cutting up. Whoever looks for the block of a page, with zone->lock held (memory_failure(), going
 * offline, a validator), finds one at any moment. So a block is cut up in one step under that
 * lock: by break_block(), and where a tail is lost together with the reference. The tail's
 * halves are allocated then, with no reference, until each is freed, behind the lock, after it
 * was cleared (init_on_free), which takes long. A page of one may be found broken just then: so
 * a half is freed by compare-and-exchange, too, and a marked one goes to the zone.
 *
 * Locks: zone->lock, with interrupts off, to cut a block up, and to free one with broken pages.
 */
#include "init_memory.h"
#include "kasan.h"
#include "page_owner.h"
#include "reclaim.h"

/*
 * When a block is cut up, a broken page stays known as one, and whoever may look for the block
 * may look for each of its pages.
 */
static u16 piece_flags(const struct page *block, const struct page *piece)
{
	u16 broken = block->flags & PG_HAS_HWPOISONED && piece->flags & PG_HWPOISON ?
		     PG_HAS_HWPOISONED | PG_HWPOISON : 0;

	return broken | (block->flags & PG_SHARED);
}

void break_block(struct page *page, unsigned long nr)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;

	/* A validator that walks the zone must not meet a block half broken. */
	spin_lock_irqsave(&zone->lock, flags);
	for (unsigned long i = 1; i < nr; i++) {
		page[i].order = 0;
		page[i].flags = piece_flags(page, page + i);
		page[i].private = 0;
		atomic_set(&page[i]._refcount, 1);
		page[i].state = PAGE_USED;
	}
	page->order = 0;
	spin_unlock_irqrestore(&zone->lock, flags);
	split_page_owner(page, nr);
}

/*
 * All of a block but its first page, which someone still holds, becomes blocks that nobody holds.
 * Caller holds the zone's lock.
 */
static void cut_tail(struct page *page, unsigned int order, bool poisoned)
{
	while (order-- > 0) {
		struct page *half = page + (1UL << order);
		u16 flags = poisoned ? (half->flags & PG_HWPOISON) | PG_HAS_HWPOISONED : 0;

		WRITE_ONCE(half->word, PAGE_WORD(PAGE_USED, order, flags, 0));
	}
}

/* A block goes back: nobody touches it, no lock in it may be held. Only where that is checked. */
static void check_unused(const struct page *page)
{
	kasan_free_pages(page, READ_ONCE(page->order));
	if (QUARRY_DEBUG_LOCKS && !PageHighMem(page))
		debug_check_no_locks_freed(phys_to_virt(page_to_phys(page)),
					   PAGE_SIZE << READ_ONCE(page->order));
}

/* One of these is freed. A page of it may be found broken meanwhile. */
static void free_half(struct page *half, unsigned int order)
{
	u64 word = READ_ONCE(half->word);

	if (unlikely(init_on_free))
		init_free_pages(half, order, word_flags(word) & PG_HAS_HWPOISONED);
	check_unused(half);
	do {
		if (word_flags(word) & PG_HAS_HWPOISONED)
			return zone_give(half);
	} while (!try_cmpxchg(&half->word, &word, pcp_word(order)));
	pcp_free(half, order);
}

static void free_tail(struct page *page, unsigned int order)
{
	while (order-- > 0)
		free_half(page + (1UL << order), order);
}

#define ANY_ORDER ~0U	/* put_page() does not know it */

/* What is wrong with dropping a reference to this, or NULL. */
static const char *why_not_free(const struct page *page, u64 word, unsigned int order)
{
	unsigned int state;

	if (word_state(word) == PAGE_USED) {
		if (word_order(word) != order && order != ANY_ORDER)
			return "allocated at another order";
		return word_refs(word) > 0 ? NULL : "no references";
	}
	page = page_block_head(page);
	if (!page)
		return "not from this allocator";
	state = READ_ONCE(page->state);
	if (state == PAGE_BAD)
		return "taken out as broken";
	return state == PAGE_FREE || state == PAGE_CACHED ? "already free"
							  : "inside an allocated block";
}

/* A plain block whose owner lets go of it, while others hold its first page. */
static bool loses_tail(u64 word, unsigned int order)
{
	return order != ANY_ORDER && order && !(word_flags(word) & PG_COMP);
}

/* What the word becomes when a reference is dropped. */
static u64 word_after_drop(u64 word, unsigned int order)
{
	bool last = word_refs(word) == 1;

	if (last && !(word_flags(word) & PG_HAS_HWPOISONED))
		return pcp_word(word_order(word));
	word -= PAGE_WORD(0, 0, 0, 1);
	return !last && loses_tail(word, order) ? word - WORD_ORDER(order) : word;
}

/* Drops one reference. False: *word has changed, and is the new one. */
static bool try_drop(struct page *page, u64 *word, unsigned int order)
{
	u64 dropped = word_after_drop(*word, order);
	struct zone *zone;
	unsigned long flags;
	bool done;

	if (word_refs(*word) == 1 || !loses_tail(*word, order))
		return try_cmpxchg(&page->word, word, dropped);
	zone = page_zone(page);
	spin_lock_irqsave(&zone->lock, flags);
	done = try_cmpxchg(&page->word, word, dropped);
	if (done)
		cut_tail(page, order, word_flags(dropped) & PG_HAS_HWPOISONED);
	spin_unlock_irqrestore(&zone->lock, flags);
	return done;
}

/* Its last reference is gone. One question for both, as put_page() is common. */
static noinline void before_free(struct page *page, unsigned int order, bool poisoned)
{
	if (init_on_free)
		init_free_pages(page, order, poisoned);
	reset_page_owner(page);
}

/*
 * Drops one reference, and frees with the last. A caller who knows the order owns the block:
 * while others still hold its first page, a plain block loses all the rest here.
 */
static const char *drop(struct page *page, unsigned int order)
{
	u64 word = READ_ONCE(page->word);
	const char *wrong;

	do {
		wrong = why_not_free(page, word, order);
		if (wrong)
			return wrong;
	} while (!try_drop(page, &word, order));
	if (word_refs(word) == 1) {
		if (unlikely(page_free_hooked))
			before_free(page, word_order(word), word_flags(word) & PG_HAS_HWPOISONED);
		check_unused(page);
		if (order == ANY_ORDER && !(word_flags(word) & PG_COMP) && word_order(word))
			wrong = "last reference to a block of several pages";
		if (word_flags(word) & PG_HAS_HWPOISONED)
			zone_give(page);
		else
			pcp_free(page, word_order(word));
	} else if (loses_tail(word, order)) {
		split_page_owner(page, 1);
		free_tail(page, order);
	}
	return wrong;
}

static void drop_checked(struct page *page, unsigned int order, const char *call)
{
	const char *wrong = pfn_valid(page_to_pfn(page)) ? drop(page, order) : "no such page";

	if (!wrong)
		return;
	report_misuse(QUARRY_BAD_FREE, page, "%s(page:%px pfn:%#lx, order:%d): %s", call, page,
		      page_to_pfn(page), (int)order, wrong);
	if (pfn_valid(page_to_pfn(page)))
		dump_page_owner(page);
}

/*
 * The last reference to a block with flags, which this CPU caches. One that others may look for
 * takes a locked instruction. False: it is something else, and untouched.
 */
static __rseq bool free_flagged(struct page *page, unsigned int order)
{
	unsigned int row = page_kind(page) - this_cpu_read(pcp.free_home);
	struct cpu_stack *stack;
	struct pcp_words *words;
	u64 word;

	if (order >= PCP_ORDERS || row >= KINDS_OF_NODE)
		return false;
	stack = pcp_entry(by_kind, row, order);
	words = pcp_words(stack);
	word = READ_ONCE(page->word);
	if ((word & ~PAGE_WORD(0, 0, PG_COMP | PG_KMALLOC | PG_SHARED, 0)) != words->used)
		return false;
	if (word_flags(word) & PG_SHARED ? !try_cmpxchg(&page->word, &word, words->cached)
					 : !cpu_word_change(&page->word, word, words->cached))
		return false;
	check_unused(page);
	if (unlikely(!cpu_stack_push(stack, page)))
		pcp_free(page, order);
	return true;
}

static noinline void free_uncommon(struct page *page, unsigned int order)
{
	if (page && !free_flagged(page, order))
		drop_checked(page, min(order, ANY_ORDER - 1), "__free_pages");
}

/* The common path: the last reference to a block that this CPU caches. */
__rseq void __free_pages(struct page *page, unsigned int order)
{
	struct cpu_stack *stack;
	unsigned int row;

	if (unlikely(order >= PCP_ORDERS))
		return free_uncommon(page, order);
	/* What is no page, also NULL, is of no kind, and that is in no row. */
	row = page_kind(page) - this_cpu_read(pcp.free_home);
	if (unlikely(row >= KINDS_OF_NODE))
		return free_uncommon(page, order);
	stack = pcp_entry(by_kind, row, order);
	if (unlikely(!cpu_word_change(&page->word, pcp_words(stack)->used,
				      pcp_words(stack)->cached)))
		return free_uncommon(page, order);
	check_unused(page);
	if (unlikely(!cpu_stack_push(stack, page)))
		pcp_free(page, order);
}

void put_page(struct page *page)
{
	drop_checked(compound_head(page), ANY_ORDER, "put_page");
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

/* May who searches have it? Not what is a slab by now, or has one owner who frees it plainly. */
static bool can_be_found(u64 word)
{
	if (word_state(word) != PAGE_USED || word_refs(word) < 1)
		return false;
	return word_flags(word) & PG_SHARED || word_refs(word) > 1;
}

bool get_page_unless_zero(struct page *page)
{
	struct page *head = compound_head(page);
	u64 word = READ_ONCE(head->word);

	do {
		if (!can_be_found(word))
			return false;
	} while (!try_cmpxchg(&head->word, &word, word + PAGE_WORD(0, 0, 0, 1)));
	if (likely(compound_head(page) == head))
		return true;
	put_page(head);	/* the page became part of another block meanwhile */
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
