// SPDX-License-Identifier: MIT
/*
 * Who cannot fail waits here: __GFP_NOFAIL, after reclaim and everything else found nothing.
 *
 * A waiter stands in one queue, in the order of arrival. Nobody looks whether there is memory by
 * now: whoever frees into a zone hands the block over himself. With zone->lock still held, he
 * goes along the queue and takes, for each waiter whom this zone could serve, a block on its
 * behalf, as the waiter itself would: by its order, its flags, the zone's marks. So what is
 * freed cannot be snatched away by somebody who came later, and those whom it helps are served
 * in order. Who wants more than there is, or another zone, keeps his place and does not hold up
 * the others.
 *
 * Interleavings of a waiter that comes with a free:
 *
 * 1. The free sees no waiter: it looked, with zone->lock held, before the waiter counted itself.
 *    Then the waiter takes that lock later, for once it is in the queue it goes through its
 *    zones as one who has just freed into each: it finds the block, and serves the queue.
 * 2. The free sees it: it serves the queue.
 * 3. A free into a CPU's cache would be seen by nobody. So caches are closed while anybody waits
 *    (pcp_close()): closing drains them, after that frees go to zones.
 * 4. The block is handed over before the waiter sleeps: `page` is written before the wake-up,
 *    and looked at after the state was set.
 *
 * What makes no free tells nobody: a waiter looks for it some times a second, keeping its place;
 * it may be served meanwhile. There is what only becomes reclaimable (in page_slow.c). And there
 * is free memory that was kept back, until marks fell or a node was allowed: going offline, the
 * last free, which serves nobody, then watermark_update(). So a waiter whose time is up goes
 * through its zones as in 1., and serves the queue, not only itself: nobody is overtaken.
 *
 * Locks: wait_lock guards the queue and each waiter's `page`; it nests inside zone->lock, and
 * rq->lock inside it. Cost: one look at a variable for each free into a zone when nobody waits.
 */
#include <linux/sched.h>
#include "guard.h"
#include "pcp.h"
#include "reclaim.h"
#include "section.h"

static LIST_HEAD(waiters);
static DEFINE_SPINLOCK(wait_lock);
unsigned int nr_page_waiters;	/* written with wait_lock held */

void zone_give(struct page *page)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	buddy_free(zone, page, page->order);
	page_wait_serve(zone);
	spin_unlock_irqrestore(&zone->lock, flags);
}

static struct page *take_of_own(struct zone *zone, unsigned int order, enum mobility mobility)
{
	struct page *page = buddy_alloc(zone, order, mobility);

	while (!page && section_grow(zone))
		page = buddy_alloc(zone, order, mobility);
	return page;
}

struct page *zone_take(struct zone *zone, unsigned int order, enum mobility mobility)
{
	struct page *page = NULL;

	if (unlikely(order < READ_ONCE(guard_orders)))
		page = take_of_own(zone, order + 1, mobility);
	if (page)
		guard_cut(zone, page, order);
	else
		page = take_of_own(zone, order, mobility);
	if (!page)
		page = buddy_steal(zone, order, mobility);
	while (unlikely(!page) && guard_release(zone, order)) {
		page = buddy_alloc(zone, order, mobility);
		if (!page)
			page = buddy_steal(zone, order, mobility);
	}
	zone_count_taken(zone, page ? 1UL << order : 0);
	return page;
}

/* The next waiter leaves the queue with this block. wait_lock is held. */
static void hand_over(struct page_waiter *waiter, struct page *page)
{
	struct task_struct *task = waiter->task;

	list_del(&waiter->entry);
	WRITE_ONCE(nr_page_waiters, nr_page_waiters - 1);
	WRITE_ONCE(waiter->page, page);
	/* It cannot be gone yet: to leave it takes wait_lock. */
	wake_up_process(task);
}

void __page_wait_serve(struct zone *zone)
{
	struct page_waiter *waiter, *next;

	lockdep_assert_held(&zone->lock);
	spin_lock(&wait_lock);
	list_for_each_entry_safe(waiter, next, &waiters, entry) {
		const struct alloc_request *req = waiter->req;
		struct page *page = NULL;

		if (zone->idx <= gfp_zone(req->gfp) && request_allows(req, zone) &&
		    zone_watermark_ok(zone, req->order, gfp_zone(req->gfp), waiter->alloc_flags))
			page = zone_take(zone, req->order, gfp_mobility(req->gfp));
		if (page)
			hand_over(waiter, page);
	}
	spin_unlock(&wait_lock);
}

/* Goes through the request's zones as one who has just freed into each. */
static void look_again(const struct alloc_request *req)
{
	unsigned long flags;
	struct zone **zone;

	for_each_request_zone(zone, req) {
		spin_lock_irqsave(&(*zone)->lock, flags);
		page_wait_serve(*zone);
		spin_unlock_irqrestore(&(*zone)->lock, flags);
	}
}

void page_wait_begin(struct page_waiter *waiter, const struct alloc_request *req,
		     unsigned int alloc_flags)
{
	unsigned long flags;

	waiter->req = req;
	waiter->alloc_flags = alloc_flags;
	waiter->task = current;
	waiter->page = NULL;
	spin_lock_irqsave(&wait_lock, flags);
	list_add_tail(&waiter->entry, &waiters);
	WRITE_ONCE(nr_page_waiters, nr_page_waiters + 1);
	spin_unlock_irqrestore(&wait_lock, flags);
	look_again(req);
}

struct page *page_wait_sleep(struct page_waiter *waiter, long timeout)
{
	unsigned long flags;
	struct page *page;

	set_current_state(TASK_UNINTERRUPTIBLE);
	if (READ_ONCE(waiter->page))
		__set_current_state(TASK_RUNNING);
	else if (!schedule_timeout(timeout))
		look_again(waiter->req);
	/* Who handed the page over may still be about to wake us: with the lock he is done. */
	spin_lock_irqsave(&wait_lock, flags);
	page = waiter->page;
	spin_unlock_irqrestore(&wait_lock, flags);
	return page;
}
