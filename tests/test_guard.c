// SPDX-License-Identifier: MIT
/* Free blocks behind allocated ones that nobody gets, until memory is short. */
#include <linux/mm.h>
#include "mm/guard.h"
#include "mm/reclaim.h"
#include "tests/selftest.h"

/* A zone, with its lock held, and with guards as the case wants them meanwhile, on all CPUs. */
struct work {
	struct zone *zone;
	unsigned int was;		/* guard_orders */
	unsigned long free, flags;
};

static void begin(struct work *work, unsigned int orders)
{
	struct zone *zone;

	work->zone = next_zone(NULL);
	for_each_zone(zone)
		if (zone_free_pages(zone) > zone_free_pages(work->zone))
			work->zone = zone;
	spin_lock_irqsave(&work->zone->lock, work->flags);
	work->free = zone_listed_pages(work->zone);
	work->was = guard_orders;
	WRITE_ONCE(guard_orders, orders);
}

/* Everything that was taken is back. */
static void end(struct work *work)
{
	CHECK_EQ(zone_listed_pages(work->zone), work->free);
	CHECK_EQ(guard_validate(work->zone), 0);
	WRITE_ONCE(guard_orders, work->was);
	spin_unlock_irqrestore(&work->zone->lock, work->flags);
}

static bool guards(const struct page *page, unsigned int order)
{
	return is_guard(page->word) && page->order == order;
}

/* Free blocks above an order in a page block, in blocks of twice that order. */
static unsigned long halves_in(const struct pageblock *pb, unsigned int order)
{
	const struct page *first = pfn_to_page(block_to_pfn(pb));
	unsigned long nr = 0;

	if (pb->place >= PLACE_WHOLE && pb->place < PLACE_PARTIAL)
		return PAGEBLOCK_PAGES >> (order + 1);
	for (unsigned int larger = order + 1; larger < PAGEBLOCK_ORDER; larger++)
		for (u16 i = pb->head[larger]; i != INDEX_NONE; i = first[i].buddy.next)
			nr += 1UL << (larger - order - 1);
	return nr;
}

/* So many unmovable blocks of the order can have a guard, at least. */
static unsigned long halves(struct zone *zone, unsigned int order)
{
	struct pageblock *pb;
	unsigned long nr = 0;

	for_each_block(zone, pb)
		if (pb->place < PLACE_PARTIAL || pb->mobility == UNMOVABLE)
			nr += halves_in(pb, order);
	return nr;
}

SELFTEST(guard, behind_a_block_lies_one_of_its_size)
{
	struct work work;

	begin(&work, 2);
	for (unsigned int order = 0; order < 4 && halves(work.zone, order); order++) {
		struct page *page = zone_take(work.zone, order, UNMOVABLE);

		if (!CHECK(page != NULL))
			break;
		CHECK_EQ(guards(page + (1UL << order), order), order < 2);
		CHECK_EQ(page->order, order);
		CHECK_EQ(zone_listed_pages(work.zone), work.free - (1UL << order));
		buddy_free(work.zone, page, order);
		CHECK(!is_guard(page[1UL << order].word));
	}
	end(&work);
}

SELFTEST(guard, without_the_option_there_are_none)
{
	unsigned long before;
	struct work work;
	struct page *page;

	begin(&work, 0);
	before = work.zone->nr_guards[0];
	page = zone_take(work.zone, 0, UNMOVABLE);
	CHECK_EQ(work.zone->nr_guards[0], before);
	if (page)
		buddy_free(work.zone, page, 0);
	end(&work);
}

SELFTEST(guard, of_many_pages_no_two_touch)
{
	unsigned long most;
	struct page *pages[32];
	unsigned int nr = 0;
	struct work work;

	begin(&work, 1);
	most = min(halves(work.zone, 0), ARRAY_SIZE(pages));
	while (nr < most && (pages[nr] = zone_take(work.zone, 0, UNMOVABLE)))
		nr++;
	CHECK_EQ(nr, most);
	for (unsigned int i = 0; i < nr; i++)
		CHECK(guards(pages[i] + 1, 0));
	while (nr-- > 0)
		buddy_free(work.zone, pages[nr], 0);
	end(&work);
}

/* ---- Where page blocks with guards are listed ---- */

#define MANY 65		/* an eighth of a page block and one: its place changes meanwhile */

/* The place is that of what the page block has with the guard, each time. */
SELFTEST(guard, a_page_block_is_listed_as_it_is_with_its_guards)
{
	static struct page *pages[MANY];
	unsigned int nr = 0;
	struct work work;

	begin(&work, 1);
	while (nr < MANY && (pages[nr] = zone_take(work.zone, 0, UNMOVABLE))) {
		const struct pageblock *pb = page_block(pages[nr++]);

		CHECK_EQ(pb->place, buddy_place(pb));
	}
	while (nr-- > 0)
		buddy_free(work.zone, pages[nr], 0);
	end(&work);
}

/* Two page blocks have one each; that which was listed first loses its guard first. */
SELFTEST(guard, each_page_block_leaves_the_list_when_it_has_none)
{
	static const enum mobility kinds[] = { UNMOVABLE, MOVABLE };
	struct page *pages[2];
	struct work work;
	bool posed;

	begin(&work, 1);
	while (guard_release(work.zone, 0))
		;
	for (unsigned int i = 0; i < 2; i++)
		pages[i] = zone_take(work.zone, 0, kinds[i]);
	posed = pages[0] && pages[1] && guards(pages[0] + 1, 0) && guards(pages[1] + 1, 0) &&
		page_block(pages[0]) != page_block(pages[1]);
	CHECK_EQ(guard_validate(work.zone), 0);
	for (unsigned int i = 0; i < 2; i++) {
		if (pages[i])
			buddy_free(work.zone, pages[i], 0);
		CHECK_EQ(guard_validate(work.zone), 0);
	}
	CHECK_EQ(work.zone->guarded, BLOCK_NONE);
	end(&work);
	if (!posed)
		SKIP("no two page blocks with two free pages side by side");
}

/* ---- Until memory is short ---- */

/* All of a zone's pages, one by one, into a list; how many there are. */
static unsigned long take_all(struct zone *zone, struct page **list)
{
	unsigned long nr = 0;
	struct page *page;

	for (*list = NULL; (page = zone_take(zone, 0, UNMOVABLE)); nr++) {
		page->private = (unsigned long)*list;
		*list = page;
	}
	return nr;
}

static void give_all(struct zone *zone, struct page *list)
{
	while (list) {
		struct page *page = list;

		list = (struct page *)page->private;
		page->private = 0;
		buddy_free(zone, page, 0);
	}
}

#define FEW 8192UL		/* pages, taken in a moment */

/* They count as free because they are to be had. */
SELFTEST(guard, a_zone_without_anything_else_gives_them_up)
{
	struct zone *zone, *small = NULL;
	struct page *list;
	struct work work;

	for_each_zone(zone)
		if (!small || zone_listed_pages(zone) < zone_listed_pages(small))
			small = zone;
	if (zone_listed_pages(small) > FEW)
		SKIP("all zones are large");
	begin(&work, 1);
	spin_unlock(&work.zone->lock);
	work.zone = small;
	spin_lock(&small->lock);
	work.free = zone_listed_pages(small);
	CHECK_EQ(take_all(small, &list), work.free);
	CHECK_EQ(guard_has(small, 0), false);
	give_all(small, list);
	end(&work);
}

SELFTEST(guard, those_of_a_size_stay_while_smaller_ones_are_of_no_use)
{
	struct work work;
	struct page *page;

	begin(&work, 1);
	while (guard_release(work.zone, 0))
		;
	page = zone_take(work.zone, 0, UNMOVABLE);
	if (page && guards(page + 1, 0)) {
		CHECK(guard_has(work.zone, 0));
		CHECK_EQ(guard_release(work.zone, 1), false);
		CHECK(guards(page + 1, 0));
		CHECK(guard_release(work.zone, 0));
		CHECK(page[1].state == PAGE_FREE && !is_guard(page[1].word));
	}
	if (page)
		buddy_free(work.zone, page, 0);
	end(&work);
}

SELFTEST(guard, one_of_a_larger_size_is_not_overlooked)
{
	struct work work;
	struct page *page;

	begin(&work, 2);
	while (guard_release(work.zone, 0))
		;
	page = zone_take(work.zone, 1, UNMOVABLE);
	if (page && guards(page + 2, 1)) {
		CHECK(guard_has(work.zone, 0));
		CHECK(guard_has(work.zone, 1));
		CHECK_EQ(guard_has(work.zone, 2), false);
		CHECK(guard_release(work.zone, 1));
		CHECK(page[2].state == PAGE_FREE && !is_guard(page[2].word));
	}
	if (page)
		buddy_free(work.zone, page, 1);
	end(&work);
}

/* Below a limit a request has those of one page block given up that serve it, and no others. */
SELFTEST(guard, those_too_small_for_the_request_stay)
{
	struct page *small, *large;
	struct work work;
	bool posed;

	begin(&work, 2);
	while (guard_release(work.zone, 0))
		;
	small = zone_take(work.zone, 0, UNMOVABLE);
	large = zone_take(work.zone, 1, UNMOVABLE);
	posed = small && large && page_block(small) == page_block(large) &&
		guards(small + 1, 0) && guards(large + 2, 1);
	if (posed) {
		guard_release_block(work.zone, page_block(large), 1);
		CHECK(guards(small + 1, 0));
		CHECK(large[2].state == PAGE_FREE && !is_guard(large[2].word));
		CHECK_EQ(guard_validate(work.zone), 0);
	}
	if (large)
		buddy_free(work.zone, large, 1);
	if (small)
		buddy_free(work.zone, small, 0);
	end(&work);
	if (!posed)
		SKIP("no page block with both");
}

/* ---- alloc_pages() ---- */

/* Single pages, on one CPU whose cache was drained; how many of them have no guard. */
static unsigned int alloc_unguarded(struct page **pages, unsigned int nr)
{
	unsigned int orders = guard_orders, without = 0;
	unsigned long flags;

	local_irq_save(flags);
	drain_local_pages(NULL);
	WRITE_ONCE(guard_orders, max(orders, 1u));
	for (unsigned int i = 0; i < nr; i++) {
		pages[i] = alloc_pages(GFP_NOWAIT | __GFP_NOWARN, 0);
		/* Behind every other page there is a page in any case. */
		without += pages[i] &&
			   (page_to_pfn(pages[i]) % 2 || !guards(pages[i] + 1, 0));
	}
	WRITE_ONCE(guard_orders, orders);
	local_irq_restore(flags);
	return without;
}

/* So none comes out of a batch: those lie side by side. */
SELFTEST(guard, alloc_pages_gives_blocks_that_have_one)
{
	struct page *pages[4];
	unsigned int without = alloc_unguarded(pages, ARRAY_SIZE(pages));
	struct zone *zone = pages[0] ? page_zone(pages[0]) : NULL;
	unsigned long flags, more = 0;

	if (zone) {
		spin_lock_irqsave(&zone->lock, flags);
		more = halves(zone, 0);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
		if (pages[i])
			__free_page(pages[i]);
	if (!more)	/* that zone may have had none for some of them */
		SKIP("no two free pages side by side");
	CHECK_EQ(without, 0);
}

/* ---- Validation ---- */

/* All validators, which take the lock themselves; others may take and free meanwhile. */
static void expect_violations(struct work *work, unsigned int nr)
{
	WRITE_ONCE(guard_orders, work->was);
	spin_unlock_irqrestore(&work->zone->lock, work->flags);
	selftest_expect_reports(nr);
	CHECK_EQ(quarry_validate(), nr);
	spin_lock_irqsave(&work->zone->lock, work->flags);
	work->free = zone_listed_pages(work->zone);
}

/* Counts change meanwhile: what was added is taken off again. */
static void spoil(struct work *work, struct page *guard)
{
	struct zone *zone = work->zone;
	u32 first = zone->guarded;

	zone->nr_guards[0]++;
	expect_violations(work, 1);
	zone->nr_guards[0]--;
	guard->flags &= ~PG_GUARD;
	expect_violations(work, 3);	/* astray, and missed by the page block and the zone */
	guard->flags |= PG_GUARD;
	selftest_expect_reports(1);
	zone->guarded = BLOCK_NONE;
	CHECK_EQ(guard_validate(zone), 1);
	zone->guarded = first;
}

SELFTEST(guard, the_validator_finds_one_that_is_miscounted_or_forgotten)
{
	struct work work;
	struct page *page;
	bool guarded;

	begin(&work, 1);
	page = zone_take(work.zone, 0, UNMOVABLE);
	guarded = page && guards(page + 1, 0);
	if (guarded) {
		spoil(&work, page + 1);
		work.free++;
	}
	if (page)
		buddy_free(work.zone, page, 0);
	end(&work);
	if (!guarded)
		SKIP("no two free pages side by side");
}
