/* SPDX-License-Identifier: MIT */
/*
 * Requests that cannot fail, and the frees they wait for: two threads want the only page, one
 * after the other, while a third gives it back to the zone at any moment. Both get it.
 *
 * plant: mm/page_wait.c: page_wait_serve(*zone); -> 
 * plant: mm/page_wait.c: WRITE_ONCE(nr_page_waiters, nr_page_waiters + 1); -> 
 * plant: mm/page_wait.c: if (READ_ONCE(waiter->page)) __set_current_state(TASK_RUNNING); else -> 
 */
#include <kernel/spinlock.c>
#include <mm/page_wait.c>
#include "model.h"

static struct zone the_zone;
static struct zone *zones[] = { &the_zone, NULL };
static struct page the_page;
static int is_free, served;

struct zonelist zonelists[QUARRY_MAX_NODES] = { { { [ZONE_NORMAL] = zones } } };

/* What page_wait.c calls: a zone of one page without marks, nor guards. */
unsigned int guard_orders;

bool zone_watermark_ok(const struct zone *zone, unsigned int order, enum zone_type highest,
		       unsigned int alloc_flags)
{
	return is_free;
}

struct page *buddy_alloc(struct zone *zone, unsigned int order, enum mobility mobility)
{
	MODEL_CHECK(spin_is_locked(&zone->lock) && is_free);
	is_free = 0;
	return &the_page;
}

static void give_back(void)
{
	spin_lock(&the_zone.lock);
	MODEL_CHECK(!is_free);
	is_free = 1;
	page_wait_serve(&the_zone);
	spin_unlock(&the_zone.lock);
}

static void want(void)
{
	struct alloc_request request = { .gfp = GFP_KERNEL, .nid = 0 };
	struct page_waiter waiter;
	struct page *page;

	page_wait_begin(&waiter, &request, 0);
	while (!(page = page_wait_sleep(&waiter, MAX_SCHEDULE_TIMEOUT)))
		;
	MODEL_CHECK(page == &the_page);
	served++;
	give_back();
}

static void both_had_it(void)
{
	MODEL_CHECK(served == 2 && is_free && !nr_page_waiters);
}

const struct model model = {
	.preemptions = 2, .threads = { want, want, give_back }, .end = both_had_it,
};
