// SPDX-License-Identifier: MIT
/*
 * The slow path: what becomes of a request when no zone is above *low*.
 *
 *	1. kswapd is woken (__GFP_KSWAPD_RECLAIM), and zones are asked down to *min*, or below
 *	   it by those who may: see watermark.c.
 *	2. Free blocks in caches of CPUs go to the zones: this CPU's, or every CPU's if the
 *	   caller may sleep; zones are asked again. Who cannot sleep ends here, and who is
 *	   freeing memory himself (PF_MEMALLOC).
 *	3. Direct reclaim: caches are shrunk, zones asked again; how often, by the flags:
 *
 *	   __GFP_NORETRY	one round
 *	   order > 3		one round: what has to come free side by side may never do so
 *	   otherwise		rounds as long as they free anything, at most MAX_ROUNDS; those
 *				of which others had the good do not count
 *	   __GFP_RETRY_MAYFAIL	the same, and MAX_IDLE_ROUNDS that freed nothing, each after a
 *				tick in which others may free something; of any order
 *
 *	   That a round found nothing while others were reclaiming proves nothing: it waits for
 *	   them, and looks again (reclaim_walk.c).
 *
 *	4. Out-of-memory notifiers, for requests of an order up to 3 that allow IO and FS and
 *	   are neither __GFP_NORETRY nor __GFP_RETRY_MAYFAIL; what they free begins 3. anew.
 *	5. __GFP_NOFAIL: waits to be given a block (page_wait.c), and has half of the reserve, as
 *	   what it does may free memory (not with __GFP_NOMEMALLOC). Where it may not sleep it
 *	   is reported, and may fail. One that no zone can ever serve, as there is no such zone
 *	   or it is too small, is reported and waits all the same: who cannot fail does not look
 *	   at what he gets.
 *	6. The failure report, and NULL.
 *
 * What no zone can ever serve, because there is none or all are too small, goes to 5. and 6. at
 * once: nobody gives up memory for it.
 *
 * A thread's own limits (linux/sched/mm.h) are taken off the flags first.
 *
 * Locks: none of its own; what sleeps holds none.
 */
#include <linux/irqflags.h>
#include <linux/sched.h>
#include "pcp.h"
#include "reclaim.h"

#define COSTLY_ORDER	3
#define MAX_ROUNDS	16
#define MAX_IDLE_ROUNDS 16
#define RECHECK		(HZ / 5)	/* __GFP_NOFAIL: what can be reclaimed tells nobody */

unsigned int alloc_rights(gfp_t gfp)
{
	unsigned int flags = 0;

	if (gfp & __GFP_NOMEMALLOC)
		return 0;
	if (gfp & __GFP_HIGH)
		flags |= ALLOC_MIN_RESERVE;
	if (!gfpflags_allow_blocking(gfp))
		flags |= ALLOC_NON_BLOCK;
	if ((gfp & __GFP_MEMALLOC) || (in_task() && (current->flags & PF_MEMALLOC)))
		flags |= ALLOC_NO_WATERMARKS;
	return flags;
}

bool alloc_may_reclaim(gfp_t gfp)
{
	return gfpflags_allow_blocking(gfp) && preemptible() && !(current->flags & PF_MEMALLOC);
}

/* What CPUs cache may be just what is missing, or the buddies of it. All of them: may sleep. */
static struct page *drain_and_retry(const struct alloc_request *req, unsigned int alloc_flags,
				    bool all)
{
	if (all)
		drain_all_pages(NULL);
	else
		drain_local_pages(NULL);
	return get_page_from_zones(req, alloc_flags);
}

/* Reclaims once and asks again; waits for others who reclaim if it found nothing. */
static struct page *reclaim_round(const struct alloc_request *req, unsigned int alloc_flags,
				  const struct reclaim_mark *mark)
{
	bool freed = try_to_free_pages(req, alloc_flags) != 0;
	struct page *page = get_page_from_zones(req, alloc_flags);

	if (page || (req->gfp & __GFP_NORETRY && !freed))
		return page;
	if (!freed)
		reclaim_wait(mark, req, alloc_flags);
	return drain_and_retry(req, alloc_flags, true);
}

static bool notifiers_may_help(const struct alloc_request *req)
{
	return req->order <= COSTLY_ORDER && (req->gfp & __GFP_IO) && (req->gfp & __GFP_FS) &&
	       !(req->gfp & (__GFP_NORETRY | __GFP_RETRY_MAYFAIL));
}

/* Rounds of reclaim, as many as the flags say. */
static struct page *reclaim_rounds(const struct alloc_request *req, unsigned int alloc_flags)
{
	bool hard = req->gfp & __GFP_RETRY_MAYFAIL;
	bool once = (req->gfp & __GFP_NORETRY) || (req->order > COSTLY_ORDER && !hard);
	unsigned int idle = 0, tried = 0;
	struct reclaim_mark mark;
	struct page *page;

	while (tried < MAX_ROUNDS) {
		enum reclaim_verdict verdict;

		reclaim_mark(&mark, req);
		page = reclaim_round(req, alloc_flags, &mark);
		if (page || once)
			return page;
		verdict = reclaim_judge(&mark, req);
		if (verdict == RECLAIM_IDLE) {
			if (!hard || ++idle > MAX_IDLE_ROUNDS)
				break;
			schedule_timeout_uninterruptible(1);
		}
		tried += verdict == RECLAIM_TRIED;
		cond_resched();
	}
	return NULL;
}

static struct page *reclaim_and_alloc(const struct alloc_request *req, unsigned int alloc_flags)
{
	struct page *page;

	do {
		page = reclaim_rounds(req, alloc_flags);
	} while (!page && notifiers_may_help(req) && out_of_memory(req, alloc_flags));
	return page;
}

/* One who waits for a page reclaims; and has memory given up if nothing could be. */
static void help_oneself(const struct alloc_request *req, unsigned int alloc_flags)
{
	struct reclaim_mark mark;

	reclaim_mark(&mark, req);
	if (try_to_free_pages(req, alloc_flags))
		return;
	reclaim_wait(&mark, req, alloc_flags);
	if (reclaim_judge(&mark, req) == RECLAIM_IDLE && notifiers_may_help(req))
		out_of_memory(req, alloc_flags);
}

/* For who cannot fail. */
static struct page *wait_for_page(const struct alloc_request *req, unsigned int alloc_flags)
{
	unsigned int wait_flags = alloc_flags | (req->gfp & __GFP_NOMEMALLOC ? 0
									      : ALLOC_MIN_RESERVE);
	struct page_waiter waiter;
	struct page *page;

	if (!request_is_possible(req, wait_flags))
		report_misuse(QUARRY_BAD_ARGUMENT, NULL, "alloc_pages(gfp:%#x, order:%u, nid:%d): "
			      "__GFP_NOFAIL, but no zone can ever serve it; it waits for ever",
			      req->gfp, req->order, req->nid);
	pcp_close();
	page_wait_begin(&waiter, req, wait_flags);
	while (!(page = page_wait_sleep(&waiter, RECHECK)))
		if (!(current->flags & PF_MEMALLOC))
			help_oneself(req, alloc_flags);
	pcp_open();
	return page;
}

/* __GFP_NOFAIL where it cannot be kept. */
static bool may_wait(const struct alloc_request *req)
{
	if (gfpflags_allow_blocking(req->gfp) && preemptible())
		return true;
	report_misuse(QUARRY_BAD_ARGUMENT, NULL,
		      "alloc_pages(gfp:%#x, order:%u): __GFP_NOFAIL where it may not sleep",
		      req->gfp, req->order);
	return false;
}

struct page *alloc_pages_slow(const struct alloc_request *original)
{
	struct alloc_request req = *original;
	unsigned int alloc_flags;
	struct page *page;

	req.gfp = current_gfp_context(req.gfp);
	alloc_flags = WMARK_MIN | alloc_rights(req.gfp);
	if (req.gfp & __GFP_KSWAPD_RECLAIM)
		wakeup_kswapd(&req);
	page = get_page_from_zones(&req, alloc_flags);
	if (page)
		return page;
	if (request_is_possible(&req, alloc_flags)) {
		bool may_sleep = alloc_may_reclaim(req.gfp);

		page = drain_and_retry(&req, alloc_flags, may_sleep);
		if (!page && may_sleep)
			page = reclaim_and_alloc(&req, alloc_flags);
	}
	if (!page && (req.gfp & __GFP_NOFAIL) && may_wait(&req))
		page = wait_for_page(&req, alloc_flags);
	if (!page)
		report_alloc_failure(original->gfp, req.order, req.nodes);
	return page;
}
