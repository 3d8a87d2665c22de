// SPDX-License-Identifier: MIT
/*
 * Pages whose memory is broken: kept from everybody, from the moment that is known.
 *
 * What becomes of a page depends on where it is:
 *
 *	pristine, never used	kept in a table; left out when its memory comes to life
 *	in a free block		the block is taken out, and put back without the page
 *	in a cache of a CPU	each CPU empties its own, and looks for it in the lists at once
 *	allocated		marked; when its block is freed, all but the page goes back
 *	the kernel, its tables	stays, and is said to; the caller decides what that means
 *
 * Out of use a page is PAGE_BAD (or not described at all, if it was pristine): a block of its
 * own that is neither free nor allocated. The zone's managed pages go down by one, and nr_bad up.
 *
 * Marking. The broken page gets PG_HWPOISON, the first page of its block PG_HAS_HWPOISONED; the
 * one gate into the free lists, buddy_free(), looks at the latter, so it costs one test of a word
 * that was read anyway. The fast paths of freeing compare the whole word of the first page with
 * what they expect, so a marked one takes the slow path.
 *
 * Interleavings. Those fast paths work without the zone's lock: on another CPU one may read
 * the word, then the mark is set, then it writes the word without the mark. So after marking
 * every CPU is interrupted. A fast path that was under way has then either written (the block
 * is free now, and is found) or begins anew (and sees the mark). The mark holds when it is
 * still there afterwards. A block that was freed and allocated again in between is marked
 * anew; each round ends one use of it, so the number of rounds is bounded generously. A block on
 * its way into a cache belongs to who frees it, and is in no list until then: whoever that is may
 * have lost the CPU, or be clearing 4 MiB, so from the second on each round ends with a pause.
 * Owners change other flags of their pages by plain instructions, three or four in a row: an
 * interrupt may come between the read and the write, which then comes after it. So each CPU is
 * interrupted several times: each time it goes on by an instruction at least.
 *
 * Blocks of vmalloc() that wait for their next use (vmap_pool.c) are allocated, too, and nobody
 * frees them before that. So after a mark all of these go back; later ones do not wait.
 *
 * Memory that goes (memory_hotplug.c) goes with failure_mutex held, from the first page that is
 * isolated on. So the zone of a page, once found with the mutex held, stays its zone; and what is
 * broken is not put back behind the back of who counts whether all of a section is out of use.
 *
 * Locks: failure_mutex, one page at a time; inside it zone->lock. May sleep. Costs: nothing
 * before the first broken page but the test in buddy_free(), and one where a last reference is
 * dropped the slow way.
 */
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>
#include "badmem.h"
#include "reclaim.h"
#include "section.h"

#define MAX_ROUNDS 250		/* a second of pauses */
#define SETTLE	   4		/* interrupts for each CPU after a mark was set */

DEFINE_MUTEX(failure_mutex);
static unsigned long nr_poisoned;	/* guarded by the mutex */

enum outcome {
	RECOVERED,		/* out of use */
	MARKED,			/* in use, and will be */
	KNOWN,			/* was told before */
	RESERVED,		/* nobody ever frees it */
	FULL,			/* no place in the table of pristine pages */
	OUTSIDE,		/* no RAM, or no zone's */
	AGAIN,			/* look once more */
};

/* ---- Finding out, and doing it ---- */

/*
 * The first page's word is changed as a whole, while it says that the block is allocated: of one
 * that went into a cache just now, the word is that CPU's. Other pages of it have no state that
 * could change without the zone's lock.
 */
static void mark(struct page *head, struct page *page)
{
	u16 flags = page == head ? PG_HAS_HWPOISONED | PG_HWPOISON : PG_HAS_HWPOISONED;
	u64 word = READ_ONCE(head->word);

	if (page != head)
		__atomic_fetch_or(&page->flags, PG_HWPOISON, __ATOMIC_RELAXED);
	while ((word_state(word) == PAGE_USED || word_state(word) == PAGE_SLAB) &&
	       !try_cmpxchg(&head->word, &word, word | PAGE_WORD(0, 0, flags, 0)))
		;
}

static enum outcome poison_free(struct zone *zone, struct page *head, struct page *page)
{
	unsigned int order = head->order;

	buddy_take(zone, head, order, UNMOVABLE);
	head->flags = 0;
	mark(head, page);
	buddy_free(zone, head, order);
	return RECOVERED;
}

static enum outcome poison_pristine(struct zone *zone, unsigned long pfn)
{
	switch (section_poison(zone, pfn)) {
	case 0:
		return RECOVERED;
	case -EEXIST:
		return KNOWN;
	case -ENOSPC:
		return FULL;
	default:
		return RESERVED;
	}
}

/* An allocated block. The first time it is marked; later it is seen whether that has held. */
static enum outcome poison_used(struct page *head, struct page *page, bool first)
{
	if (first && PageHWPoison(page))
		return KNOWN;
	if (!first && READ_ONCE(head->flags) & PG_HAS_HWPOISONED && PageHWPoison(page))
		return MARKED;
	mark(head, page);
	return AGAIN;
}

/* Caller holds the zone's lock. */
static enum outcome poison_locked(struct zone *zone, unsigned long pfn, bool first)
{
	struct page *page = pfn_to_page(pfn), *head;

	head = pfn_valid(pfn) ? page_block_head(page) : NULL;
	if (!head)
		return poison_pristine(zone, pfn);
	switch (READ_ONCE(head->state)) {
	case PAGE_BAD:
		return first ? KNOWN : RECOVERED;
	case PAGE_FREE:
		return poison_free(zone, head, page);
	case PAGE_CACHED:
		return AGAIN;
	default:
		return poison_used(head, page, first);
	}
}

struct attempt {
	struct zone *zone;
	unsigned long pfn;
	enum outcome outcome;
};

/* On each CPU, in an interrupt: what its cache lets go of is caught before it is used again. */
static void catch_here(void *data)
{
	struct attempt *a = data;
	struct page *page = pfn_to_page(a->pfn), *head;

	drain_local_pages(a->zone);
	spin_lock(&a->zone->lock);
	head = pfn_valid(a->pfn) ? page_block_head(page) : NULL;
	if (a->outcome == AGAIN && head && READ_ONCE(head->state) == PAGE_FREE)
		a->outcome = poison_free(a->zone, head, page);
	spin_unlock(&a->zone->lock);
}

/* It was not caught: unless it is out of use by now, it is not known as broken. */
static enum outcome give_up(struct zone *zone, struct page *page)
{
	enum outcome outcome = AGAIN;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	if (READ_ONCE(page->state) == PAGE_BAD)
		outcome = RECOVERED;
	else
		__atomic_fetch_and(&page->flags, (u16)~PG_HWPOISON, __ATOMIC_RELAXED);
	spin_unlock_irqrestore(&zone->lock, flags);
	return outcome;
}

static enum outcome poison(struct zone *zone, unsigned long pfn)
{
	struct attempt a = { zone, pfn, AGAIN };
	unsigned long flags;

	for (unsigned int round = 0; round < MAX_ROUNDS && a.outcome == AGAIN; round++) {
		spin_lock_irqsave(&zone->lock, flags);
		a.outcome = poison_locked(zone, pfn, !round);
		spin_unlock_irqrestore(&zone->lock, flags);
		for (unsigned int i = 0; i < SETTLE && a.outcome == AGAIN; i++)
			on_each_cpu(catch_here, &a, 1);
		if (round && a.outcome == AGAIN)
			schedule_timeout_uninterruptible(1);
	}
	return a.outcome == AGAIN ? give_up(zone, pfn_to_page(pfn)) : a.outcome;
}

/* ---- Public ---- */

static const struct { const char *what; int error; } outcomes[] = {
	[RECOVERED] = { "recovery action for free buddy page: Recovered", 0 },
	[MARKED] = { "recovery action for kernel page in use: Delayed", 0 },
	[KNOWN] = { "already hardware poisoned", -EHWPOISON },
	[RESERVED] = { "recovery action for reserved kernel page: Ignored", -EBUSY },
	[FULL] = { "recovery action for a page never used: Failed, too many", -ENOSPC },
	[OUTSIDE] = { "memory outside kernel control", -ENXIO },
	[AGAIN] = { "recovery action for a page that changes hands: Failed", -EBUSY },
};

int memory_failure(unsigned long pfn, int flags)
{
	enum outcome outcome = OUTSIDE;
	struct zone *zone;

	might_sleep();
	mutex_lock(&failure_mutex);
	zone = section_zone(pfn);
	if (zone)
		outcome = poison(zone, pfn);
	if (outcome == RECOVERED || outcome == MARKED)
		WRITE_ONCE(nr_poisoned, nr_poisoned + 1);
	mutex_unlock(&failure_mutex);
	if (outcome == MARKED)
		vm_unmap_aliases();
	pr_err("Memory failure: %#lx: %s\n", pfn, outcomes[outcome].what);
	return outcomes[outcome].error;
}

/* Caller holds the zone's lock, and serves who waits for memory. */
static bool unpoison_locked(struct zone *zone, unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);

	if (section_unpoison(zone, pfn))
		return true;
	if (!pfn_valid(pfn) || !PageHWPoison(page))
		return false;
	/* In use: its block keeps its own mark, which then costs a look when it is freed. */
	__atomic_fetch_and(&page->flags, (u16)~PG_HWPOISON, __ATOMIC_RELAXED);
	if (READ_ONCE(page->state) != PAGE_BAD)
		return true;
	WRITE_ONCE(zone->managed, zone->managed + 1);
	WRITE_ONCE(zone->nr_bad, zone->nr_bad - 1);
	buddy_add(zone, pfn, pfn + 1);
	return true;
}

int unpoison_memory(unsigned long pfn)
{
	struct zone *zone;
	unsigned long flags;
	bool done = false;

	might_sleep();
	mutex_lock(&failure_mutex);
	zone = section_zone(pfn);
	if (zone) {
		spin_lock_irqsave(&zone->lock, flags);
		done = unpoison_locked(zone, pfn);
		page_wait_serve(zone);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
	if (done)
		WRITE_ONCE(nr_poisoned, nr_poisoned - 1);
	mutex_unlock(&failure_mutex);
	if (done)
		pr_info("Unpoison: Software-unpoisoned page %#lx\n", pfn);
	return done ? 0 : -EINVAL;
}

void memory_failure_forget(unsigned long pfn, unsigned long nr)
{
	for (const struct page *page = pfn_to_page(pfn); nr_poisoned && nr--; page++)
		WRITE_ONCE(nr_poisoned, nr_poisoned - PageHWPoison(page));
}

bool PageHWPoison(const struct page *page)
{
	return READ_ONCE(page->flags) & PG_HWPOISON;
}

unsigned long num_poisoned_pages(void)
{
	return READ_ONCE(nr_poisoned);
}

unsigned long quarry_bad_pages(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_zone(zone)
		pages += READ_ONCE(zone->nr_bad);
	return pages;
}

/* ---- For the validators ---- */

static unsigned int count_marks(struct zone *zone, const struct pageblock *pb, unsigned long *bad)
{
	struct page *first = pfn_to_page(block_to_pfn(pb));
	unsigned int wrong = 0;

	for (unsigned long i = 0; i < PAGEBLOCK_PAGES; i++) {
		const struct page *head, *page = first + i;

		*bad += READ_ONCE(page->state) == PAGE_BAD;
		if (!PageHWPoison(page) || READ_ONCE(page->state) == PAGE_BAD)
			continue;
		head = page_block_head(page);
		if (head && READ_ONCE(head->state) != PAGE_FREE &&
		    READ_ONCE(head->flags) & PG_HAS_HWPOISONED)
			continue;
		report_misuse(QUARRY_CORRUPTION, page, "pfn %#lx: broken and not kept back",
			      page_to_pfn(page));
		wrong++;
	}
	return wrong;
}

unsigned int memory_failure_validate(void)
{
	unsigned int wrong = 0;
	struct pageblock *pb;
	struct zone *zone;

	for_each_zone(zone) {
		unsigned long flags, bad;
		bool any;

		spin_lock_irqsave(&zone->lock, flags);
		any = zone->nr_bad || READ_ONCE(nr_poisoned);
		bad = section_count_bad(zone);
		for_each_block(zone, pb)
			wrong += any ? count_marks(zone, pb, &bad) : 0;
		if (bad != zone->nr_bad) {
			report_misuse(QUARRY_CORRUPTION, zone, "zone %s: %lu broken pages, not %lu",
				      zone_name(zone), bad, zone->nr_bad);
			wrong++;
		}
		spin_unlock_irqrestore(&zone->lock, flags);
	}
	return wrong;
}
