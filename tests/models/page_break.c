/* SPDX-License-Identifier: MIT */
/*
 * A page that breaks while the tail it is in is freed: it is never said to be the kernel's, and
 * whatever else is said of it holds: out of use in the end, or not known as broken. One interrupt
 * after a mark instead of four, as each takes a preemption.
 *
 * with: mm/memory_failure.c: #define SETTLE 4 -> #define SETTLE 1
 * plant: mm/page_free.c: if (done) cut_tail( -> if (0) cut_tail(
 * plant: mm/page_free.c: cut_tail(page, order, word_flags(dropped) & PG_HAS_HWPOISONED);
 *	-> cut_tail(page, order, false);
 * plant: mm/page_free.c: } while (!try_cmpxchg(&half->word, &word, pcp_word(order)));
 *	-> } while (WRITE_ONCE(half->word, pcp_word(order)), 0);
 */
#include <kernel/spinlock.c>
#include <mm/page_free.c>
#include <mm/memory_failure.c>
#include "model.h"

#define ORDER  2
#define BROKEN 3

bool page_owner_on, init_on_free, page_free_hooked;	/* off */
unsigned long port_vmemmap_base;
static struct page pages[1 << ORDER] __aligned(32);
static struct zone the_zone;
static int cached[1 << ORDER];		/* the owner's CPU has the block that begins there */
static enum outcome outcome;

struct zone *page_zone(const struct page *page)
{
	return &the_zone;
}

bool pfn_valid(unsigned long pfn)
{
	return true;
}

/* As in mm/mmzone.c. */
struct page *page_block_head(const struct page *page)
{
	unsigned int index = page - pages;

	for (unsigned int order = 0; order <= ORDER; order++) {
		struct page *head = pages + ALIGN_DOWN(index, 1U << order);

		if (READ_ONCE(head->state) != PAGE_NONE)
			return READ_ONCE(head->order) >= order ? head : NULL;
	}
	return NULL;
}

int section_poison(struct zone *zone, unsigned long pfn)
{
	return -ENOENT;
}

struct page *buddy_take(struct zone *zone, struct page *page, unsigned int order,
			enum mobility mobility)
{
	MODEL_CHECK(spin_is_locked(&zone->lock) && page->state == PAGE_FREE);
	WRITE_ONCE(page->word, PAGE_WORD(PAGE_USED, order, 0, 0));
	return page;
}

/* Broken pages stay behind, each by itself. */
void buddy_free(struct zone *zone, struct page *page, unsigned int order)
{
	bool broken = page->flags & PG_HAS_HWPOISONED;

	MODEL_CHECK(spin_is_locked(&zone->lock) && page->state == PAGE_USED);
	if (!broken)
		WRITE_ONCE(page->word, PAGE_WORD(PAGE_FREE, order, 0, 0));
	for (unsigned int i = 0; broken && i < 1U << order; i++) {
		u16 bad = page[i].flags & PG_HWPOISON;

		WRITE_ONCE(page[i].word, PAGE_WORD(bad ? PAGE_BAD : PAGE_FREE, 0, bad, 0));
	}
}

void zone_give(struct page *page)
{
	unsigned long flags;

	spin_lock_irqsave(&the_zone.lock, flags);
	buddy_free(&the_zone, page, page->order);
	spin_unlock_irqrestore(&the_zone.lock, flags);
}

void pcp_free(struct page *page, unsigned int order)
{
	WRITE_ONCE(cached[page - pages], 1);
}

void drain_local_pages(struct zone *zone)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(pages) && !smp_processor_id(); i++) {
		if (!cached[i])
			continue;
		cached[i] = 0;
		WRITE_ONCE(pages[i].word, PAGE_WORD(PAGE_USED, pages[i].order, 0, 0));
		zone_give(&pages[i]);
	}
}

void on_each_cpu(smp_call_func_t func, void *info, int wait)
{
	unsigned long flags;

	smp_call_function_many(cpu_online_mask, func, info, wait);
	local_irq_save(flags);
	func(info);
	local_irq_restore(flags);
}

static void allocated(void)
{
	pages[0].word = PAGE_WORD(PAGE_USED, ORDER, 0, 2);
}

static void owner(void)
{
	MODEL_CHECK(!drop(pages, ORDER));
}

static void breaker(void)
{
	outcome = poison(&the_zone, page_to_pfn(&pages[BROKEN]));
}

static void what_was_said_holds(void)
{
	bool bad = pages[BROKEN].state == PAGE_BAD;

	MODEL_CHECK(outcome != RESERVED);
	MODEL_CHECK(bad == (outcome == RECOVERED || outcome == MARKED));
	MODEL_CHECK(bad == PageHWPoison(&pages[BROKEN]));
}

const struct model model = {
	.preemptions = 3, .begin = allocated, .threads = { owner, breaker },
	.end = what_was_said_holds,
};
