// SPDX-License-Identifier: MIT
/*
 * Sections whose memory comes while the machine runs, and may go again.
 *
 *	absent --add--> HOT, PRESENT --online--> ONLINE --isolate--> all out of the lists
 *	       <-remove-            <-offline---        <-restore--
 *
 * Such a section is RAM throughout. Its first page block stores its descriptors, as that of a
 * regular section of the boot does; the other 127 become a zone's. They are brought to life as
 * soon as the zone gets them, so nothing of them is ever pristine.
 *
 *	| 2 MiB descriptors | ................. page block 1 to 127 ................. |
 *
 * Its part of the page-block table is elsewhere, in two pages of the page allocator, which stay
 * when the section goes, and serve when it comes again. So `MAPPED`, once set, holds, and whoever
 * asks about a page number, rightly or not, may look at its page block any time and finds it
 * `live` or not. The descriptors do go. Who may still look at one then holds a lock, or has said
 * rcu_read_lock(): nobody owns a page there. So the mapping ends a grace period after the page
 * blocks were closed.
 *
 * Isolating takes every free block out of the lists as if it were allocated, marked PG_ISOLATED
 * and without a reference: nobody can free it or get a reference to it, and it counts as allocated
 * wherever that is asked. It goes on beside who allocates and frees: each 4 MiB are one visit to
 * the zone, a page that came free meanwhile is for the next visit. Caches of CPUs must be closed.
 * A page that is broken (PAGE_BAD) goes with the section.
 *
 * Entry 0 of the section's table, of a page block that is never live, keeps the node.
 *
 * Locks: zone->lock for what a zone has. All else is changed by one caller at a time, who holds
 * memory_hotplug.c's mutex. Costs: 2 MiB cleared when a section gets online.
 */
#include <linux/rcupdate.h>
#include "page_owner.h"
#include "reclaim.h"
#include "section.h"

#define VISIT_PAGES (1UL << (MAX_ORDER - 1))	/* under one lock: no block reaches across */

static unsigned long kept_pages;

static unsigned long first_pfn(unsigned long section)
{
	return section * PAGES_PER_SECTION;
}

/* A visit to each 4 MiB of a section; the first has 2 MiB only. */
#define for_each_visit(section, pfn, stop) \
	for (pfn = first_pfn(section) + PAGEBLOCK_PAGES, stop = ALIGN(pfn, VISIT_PAGES); \
	     pfn < first_pfn((section) + 1); pfn = stop, stop += VISIT_PAGES)

/* Calls fn for each, with the zone's lock; returns the sum of what it returns. */
static unsigned long visit(unsigned long section, struct zone *zone,
			   unsigned long (*fn)(struct zone *zone, unsigned long pfn,
					       unsigned long stop))
{
	unsigned long pfn, stop, flags, sum = 0;

	for_each_visit(section, pfn, stop) {
		spin_lock_irqsave(&zone->lock, flags);
		sum += fn(zone, pfn, stop);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
	return sum;
}

static void set_state(unsigned long section, u8 set, u8 clear)
{
	smp_store_release(&section_state[section], (section_state[section] | set) & ~clear);
}

int section_hot_nid(unsigned long section)
{
	return pfn_to_block(first_pfn(section))->nid;
}

unsigned long section_hot_kept_pages(void)
{
	return READ_ONCE(kept_pages);
}

/* ---- There, and not ---- */

static int make_table(unsigned long section, int nid)
{
	unsigned int order = (unsigned int)get_order(SECTION_TABLE);
	struct page *page;

	if (section_state[section] & SECTION_MAPPED)
		return 0;
	page = alloc_pages_node(nid, GFP_KERNEL | __GFP_ZERO, order);
	if (!page)
		return -ENOMEM;
	if (port_map(table_va(section), page_to_phys(page), SECTION_TABLE, PORT_RW)) {
		__free_pages(page, order);
		return -ENOMEM;
	}
	page_owner_keep(page, false);	/* it serves when the section comes again */
	WRITE_ONCE(kept_pages, kept_pages + (1UL << order));
	set_state(section, SECTION_MAPPED, 0);
	return 0;
}

int section_hot_add(unsigned long section, int nid)
{
	int err = make_table(section, nid);

	if (!err)
		err = port_map(descriptors_va(section), PFN_PHYS(first_pfn(section)),
			       SECTION_DESCRIPTORS, PORT_RW);
	if (err)
		return -ENOMEM;
	pfn_to_block(first_pfn(section))->nid = (u8)nid;
	set_state(section, SECTION_PRESENT | SECTION_HOT, 0);
	return 0;
}

void section_hot_remove(unsigned long section, unsigned long nr)
{
	for (unsigned long s = section; s < section + nr; s++)
		set_state(s, 0, SECTION_PRESENT | SECTION_HOT);
	synchronize_rcu();
	for (unsigned long s = section; s < section + nr; s++)
		port_unmap(descriptors_va(s), SECTION_DESCRIPTORS);
	port_flush(descriptors_va(section), nr * SECTION_DESCRIPTORS);
}

/* ---- Into a zone ---- */

static void count_managed(struct zone *zone, long pages)
{
	WRITE_ONCE(zone->managed, zone->managed + (unsigned long)pages);
}

static unsigned long bring_to_life(struct zone *zone, unsigned long pfn, unsigned long stop)
{
	for (unsigned long at = pfn; at < stop; at += PAGEBLOCK_PAGES)
		buddy_init_block(zone, pfn_to_block(at));
	count_managed(zone, (long)(stop - pfn));
	buddy_add(zone, pfn, stop);
	page_wait_serve(zone);
	return stop - pfn;
}

void section_hot_online(unsigned long section, struct zone *zone)
{
	memset((void *)(descriptors_va(section) + BLOCK_DESCRIPTORS), 0,
	       SECTION_DESCRIPTORS - BLOCK_DESCRIPTORS);
	set_state(section, SECTION_ONLINE, 0);
	visit(section, zone, bring_to_life);
}

/* ---- Out of a zone ---- */

/* How many pages the word says that there are, from this one on, in one block. */
static unsigned long pages_in(unsigned long pfn, u64 word)
{
	unsigned int order = word_state(word) == PAGE_NONE ? 0 : word_order(word);

	/* A word of the midst of a block that changes hands right now may say anything. */
	return order < MAX_ORDER && IS_ALIGNED(pfn, 1UL << order) ? 1UL << order : 1;
}

static bool is_isolated(u64 word)
{
	return word_state(word) == PAGE_USED && (word_flags(word) & PG_ISOLATED);
}

/* One visit; returns how many pages are in use. */
static unsigned long isolate(struct zone *zone, unsigned long pfn, unsigned long stop)
{
	unsigned long busy = 0, nr;

	for (; pfn < stop; pfn += nr) {
		struct page *page = pfn_to_page(pfn);
		u64 word = READ_ONCE(page->word);

		nr = pages_in(pfn, word);
		if (word_state(word) == PAGE_FREE) {
			buddy_take(zone, page, word_order(word), UNMOVABLE);
			WRITE_ONCE(page->word,
				   PAGE_WORD(PAGE_USED, word_order(word), PG_ISOLATED, 0));
		} else if (!is_isolated(word) && word_state(word) != PAGE_BAD) {
			busy += nr;
		}
	}
	return busy;
}

unsigned long section_hot_isolate(unsigned long section, struct zone *zone)
{
	return visit(section, zone, isolate);
}

static unsigned long restore(struct zone *zone, unsigned long pfn, unsigned long stop)
{
	unsigned long nr, restored = 0;

	for (; pfn < stop; pfn += nr) {
		struct page *page = pfn_to_page(pfn);
		u64 word = READ_ONCE(page->word);

		nr = pages_in(pfn, word);
		if (!is_isolated(word))
			continue;
		WRITE_ONCE(page->word, word & ~PAGE_WORD(0, 0, PG_ISOLATED, 0));
		buddy_free(zone, page, word_order(word));
		restored += nr;
	}
	page_wait_serve(zone);
	return restored;
}

void section_hot_restore(unsigned long section, struct zone *zone)
{
	visit(section, zone, restore);
}

/* Nothing of it is free or allocated; from here on it is no page block of any zone. */
static void close_block(struct pageblock *pb)
{
	WRITE_ONCE(block_kinds[pb - pageblock_table()], 0);
	smp_store_release(&pb->live, false);
}

static unsigned long close_blocks(struct zone *zone, unsigned long pfn, unsigned long stop)
{
	unsigned long bad = 0, nr;

	for (unsigned long at = pfn; at < stop; at += nr) {
		u64 word = READ_ONCE(pfn_to_page(at)->word);

		nr = pages_in(at, word);
		bad += word_state(word) == PAGE_BAD;
	}
	for (unsigned long at = pfn; at < stop; at += PAGEBLOCK_PAGES)
		close_block(pfn_to_block(at));
	count_managed(zone, -(long)(stop - pfn - bad));
	WRITE_ONCE(zone->nr_bad, zone->nr_bad - bad);
	return stop - pfn;
}

void section_hot_offline(unsigned long section, struct zone *zone)
{
	visit(section, zone, close_blocks);
	set_state(section, 0, SECTION_ONLINE);
}
