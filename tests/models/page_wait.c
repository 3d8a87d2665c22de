/* SPDX-License-Identifier: MIT */
/*
 * Requests that cannot fail, and the frees they wait for: two threads want the only page, one
 * after the other, while a third gives it back to the zone at any moment. Both get it. The zone's
 * mark forbids it at first; when that falls nobody is told, but then somebody's time is up, once.
 *
 * plant: mm/page_wait.c: page_wait_serve(*zone); -> 
 * plant: mm/page_wait.c: look_again(waiter->req); -> ;
 * plant: mm/page_wait.c: WRITE_ONCE(nr_page_waiters, nr_page_waiters + 1); -> 
 * plant: mm/page_wait.c: if (READ_ONCE(waiter->page)) __set_current_state(TASK_RUNNING); else -> 
 */
#include <kernel/spinlock.c>
#include <mm/page_wait.c>
#include "model.h"

static struct zone the_zone;
static struct zone *zones[] = { &the_zone, NULL };
static struct page the_page;
static int is_free, served, below_mark = 1, time_is_up;

struct zonelist zonelists[QUARRY_MAX_NODES] = { { { [ZONE_NORMAL] = zones } } };

/* What page_wait.c calls: a zone of one page without guards. */
unsigned int guard_orders;

bool zone_watermark_ok(const struct zone *zone, unsigned int order, enum zone_type highest,
		       unsigned int alloc_flags)
{
	return is_free && !below_mark;
}

struct page *buddy_alloc(struct zone *zone, unsigned int order, enum mobility mobility)
{
	MODEL_CHECK(spin_is_locked(&zone->lock) && is_free);
	is_free = 0;
	return &the_page;
}

/* In stand_in.c a sleeper's time is never up. */
static __attribute__((no_sanitize("thread"))) int goes_on(void *task)
{
	return ((struct task_struct *)task)->__state == TASK_RUNNING || time_is_up;
}

long schedule_timeout(long timeout)
{
	for (;;) {
		model_await(goes_on, current);
		if (READ_ONCE(current->__state) == TASK_RUNNING)
			return timeout;
		if (xchg(&time_is_up, 0)) {
			__set_current_state(TASK_RUNNING);
			return 0;
		}
	}
}

static void mark_falls(void)
{
	spin_lock(&the_zone.lock);
	below_mark = 0;
	spin_unlock(&the_zone.lock);
	WRITE_ONCE(time_is_up, 1);
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
	.preemptions = 2, .threads = { want, want, give_back, mark_falls }, .end = both_had_it,
};
