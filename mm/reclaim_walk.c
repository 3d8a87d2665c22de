// SPDX-License-Identifier: MIT
/*
 * Reclaim under way: who asks shrinkers at this moment, and how a request tells "there is nothing"
 * from "somebody else has it in hand".
 *
 * A round of reclaim can free nothing though there is plenty: a shrinker's lock was held by
 * another CPU, which said SHRINK_STOP to this one; another had just taken the objects off their
 * list and was about to free them; or what was freed went to other requests before this one
 * looked. To fail then, or to call the out-of-memory notifiers, would be to blame memory for a
 * race. So each walk over the shrinkers is in a list while it goes on, with a number, and what
 * all of them freed is counted; a request marks where the counts stand (reclaim_mark()), goes its
 * round, waits if it found nothing for those who were at it by then, and judges:
 *
 *	freed by anybody, and taken by others	RECLAIM_LOST: the round does not count
 *	one of the two				RECLAIM_TRIED: one more, but not for ever
 *	neither					RECLAIM_IDLE: there was nothing
 *
 * A lost round means that somebody else was served, so rounds without an end are an end of others'
 * requests each. Only orders of 0 tell what was taken: a larger block may not come of it anyhow.
 *
 * Interleavings of a request R that found nothing with another that reclaims, W:
 *
 * 1. W holds the lock R's scan wanted. W is in the list: R waits until it is out, looks into the
 *    zones, where W's pages are by then (the walk's end drains W's CPU), and tries again if W
 *    freed anything for others.
 * 2. W took objects off the list before R counted them, and frees them after: the same.
 * 3. W began after R's round: what it finds was not there when R looked, or R would have had it.
 *    R does not wait for it; else walks that come and go could hold up R for ever.
 * 4. W freed and is out before R looks at the list: `freed` has changed since the mark. It is
 *    added to before W leaves the list, so R sees one or the other.
 * 5. Two that find nothing wait for each other? A number is drawn when a walk begins, and only
 *    walks are waited for; who waits is in none.
 * 6. R holds a lock (a file system's, and so asks with GFP_NOFS) that W's shrinker waits for. W
 *    cannot end, so the wait has a limit, PATIENCE; it ends at once when R fits, or anything was
 *    freed. A shrinker that waits for a thread which allocates is the same.
 * 7. W is kswapd, or gives memory back by kmem_cache_shrink(): a walk like others.
 * 8. R is itself in a walk (a shrinker allocates): it has PF_MEMALLOC, and does not reclaim.
 *    Who may not sleep does not either; who asks with __GFP_NORETRY goes one round, and fails.
 *
 * Lock: walks_lock guards the list; in threads, and inside it nothing is taken. Cost: twice that
 * lock for a walk over all shrinkers.
 */
#include <linux/sched.h>
#include <linux/wait.h>
#include "internal.h"
#include "reclaim.h"

#define PATIENCE HZ		/* jiffies without anything freed, for who is stuck */

static LIST_HEAD(walks);	/* the oldest first */
static unsigned long last_number;
static DEFINE_SPINLOCK(walks_lock);
static DECLARE_WAIT_QUEUE_HEAD(walk_ended);
atomic_long_t nr_objects_freed;

void reclaim_walk_begin(struct reclaim_walk *walk)
{
	spin_lock(&walks_lock);
	walk->number = ++last_number;
	list_add_tail(&walk->entry, &walks);
	spin_unlock(&walks_lock);
}

void reclaim_walk_end(struct reclaim_walk *walk)
{
	drain_local_pages(NULL);	/* what was freed lies in this CPU's cache */
	spin_lock(&walks_lock);
	list_del(&walk->entry);
	spin_unlock(&walks_lock);
	if (wq_has_sleeper(&walk_ended))
		wake_up_all(&walk_ended);
}

static unsigned long newest_walk(void)
{
	unsigned long number;

	spin_lock(&walks_lock);
	number = last_number;
	spin_unlock(&walks_lock);
	return number;
}

/* Are all walks over that began with that number, or before? */
static bool all_ended(unsigned long number)
{
	struct reclaim_walk *oldest;
	bool ended;

	spin_lock(&walks_lock);
	oldest = list_first_entry_or_null(&walks, struct reclaim_walk, entry);
	ended = !oldest || oldest->number > number;
	spin_unlock(&walks_lock);
	return ended;
}

static unsigned long taken_of(const struct alloc_request *request)
{
	unsigned long taken = 0;
	struct zone **zone;

	for_each_request_zone(zone, request)
		taken += READ_ONCE((*zone)->nr_taken);
	return taken;
}

void reclaim_mark(struct reclaim_mark *mark, const struct alloc_request *request)
{
	mark->freed = (unsigned long)atomic_long_read(&nr_objects_freed);
	mark->taken = taken_of(request);
}

static bool anything_freed(const struct reclaim_mark *mark)
{
	return (unsigned long)atomic_long_read(&nr_objects_freed) != mark->freed;
}

void reclaim_wait(const struct reclaim_mark *mark, const struct alloc_request *request,
		  unsigned int alloc_flags)
{
	unsigned long number = newest_walk();

	for (unsigned int tick = 0; tick < PATIENCE; tick++)
		if (anything_freed(mark) || request_fits(request, alloc_flags) ||
		    wait_event_timeout(walk_ended, all_ended(number), 1))
			return;
}

enum reclaim_verdict reclaim_judge(const struct reclaim_mark *mark,
				   const struct alloc_request *request)
{
	bool freed = anything_freed(mark);
	bool taken = !request->order && taken_of(request) != mark->taken;

	if (freed && taken)
		return RECLAIM_LOST;
	return freed || taken ? RECLAIM_TRIED : RECLAIM_IDLE;
}
