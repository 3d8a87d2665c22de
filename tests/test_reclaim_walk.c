// SPDX-License-Identifier: MIT
/*
 * Requests that run short while others reclaim. Memory is reclaimable in all of these cases, so no
 * request may fail, and nobody may be asked to give up memory for good.
 */
#include <linux/mutex.h>
#include <linux/oom.h>
#include <linux/slab.h>
#include "mm/slab.h"
#include "tests/shortage.h"
#include "tests/threads.h"

static unsigned long notified;

static int count_call(struct notifier_block *nb, unsigned long action, void *data)
{
	notified++;
	return NOTIFY_DONE;
}

static struct notifier_block counter = { .notifier_call = count_call };

/* ---- What a round without a block means ---- */

static void count_taken(struct zone *zone, unsigned long nr)
{
	spin_lock_irq(&zone->lock);
	zone_count_taken(zone, nr);
	spin_unlock_irq(&zone->lock);
}

/* Of a round in which others freed so many objects, took so many pages, and did no more. */
static enum reclaim_verdict judged(unsigned int order, unsigned int freed, unsigned int taken)
{
	struct alloc_request request = { .gfp = GFP_KERNEL, .order = order,
					 .nid = numa_node_id() };
	struct zone *zone = *node_zonelist(request.nid, gfp_zone(request.gfp));
	struct reclaim_mark mark, after;
	enum reclaim_verdict verdict;

	do {
		reclaim_mark(&mark, &request);
		atomic_long_add(freed, &nr_objects_freed);
		count_taken(zone, taken);
		verdict = reclaim_judge(&mark, &request);
		reclaim_mark(&after, &request);
		atomic_long_sub(freed, &nr_objects_freed);
		count_taken(zone, -(unsigned long)taken);
	} while (after.freed != mark.freed + freed || after.taken != mark.taken + taken);
	return verdict;
}

SELFTEST(reclaim_walk, a_round_is_lost_when_others_had_what_was_freed)
{
	CHECK_EQ(judged(0, 0, 0), RECLAIM_IDLE);
	CHECK_EQ(judged(0, 1, 0), RECLAIM_TRIED);
	CHECK_EQ(judged(0, 0, 1), RECLAIM_TRIED);
	CHECK_EQ(judged(0, 1, 1), RECLAIM_LOST);
	CHECK_EQ(judged(3, 1, 1), RECLAIM_TRIED);	/* pages taken say nothing of blocks */
	CHECK_EQ(judged(3, 0, 1), RECLAIM_IDLE);
}

/* ---- One that is slow ---- */

/* A larder with a lock that whoever scans has; others are sent away. */
static struct larder slow;
static DEFINE_MUTEX(slow_lock);
static struct shortage *the_shortage;
static struct completion inside;
static unsigned long turned_away;

static unsigned long slow_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long before = READ_ONCE(turned_away), freed;

	if (!mutex_trylock(&slow_lock)) {
		WRITE_ONCE(turned_away, turned_away + 1);
		return SHRINK_STOP;
	}
	complete(&inside);
	for (unsigned int i = 0; i < HZ / 2 && READ_ONCE(turned_away) == before; i++)
		schedule_timeout_uninterruptible(1);
	msleep(20);	/* the other waits meanwhile */
	freed = larder_scan(shrinker, sc);
	mutex_unlock(&slow_lock);
	return freed;
}

static void walk_once(void *unused)
{
	unsigned int added = memalloc_noreclaim_save();

	shrink_node(the_shortage->zone->nid, true, GFP_KERNEL, 0);
	memalloc_noreclaim_restore(added);
}

/* With `gfp` while another is in there: got one, or not. */
static bool served_beside(gfp_t gfp)
{
	struct test_thread walker;
	struct page *page;

	init_completion(&inside);
	larder_open(&slow, 0);
	slow.shrinker.scan_objects = slow_scan;
	larder_fill(&slow, the_shortage, 1);
	test_thread_start(&walker, ANY_CPU, walk_once, NULL);
	if (walker.task)
		wait_for_completion(&inside);
	page = shortage_alloc(the_shortage, gfp & ~__GFP_KSWAPD_RECLAIM, 0);
	test_thread_join(&walker);
	larder_close(&slow);
	if (page)
		__free_page(page);
	return page || !walker.task;
}

SELFTEST(reclaim_walk, a_request_waits_for_who_is_at_it)
{
	struct shortage s;

	if (!shortage_begin(&s, SHORT_MIN + 1))
		SKIP("no zone is large enough");
	the_shortage = &s;
	turned_away = 0;
	REQUIRE(!register_oom_notifier(&counter));
	notified = 0;
	CHECK(served_beside(GFP_KERNEL));
	CHECK(turned_away > 0);
	CHECK(served_beside(GFP_NOFS));
	CHECK(served_beside(GFP_KERNEL | __GFP_RETRY_MAYFAIL));
	CHECK(served_beside(GFP_KERNEL | __GFP_NOFAIL));
	CHECK_EQ(notified, 0);
	unregister_oom_notifier(&counter);
	shortage_end(&s);
}

/* ---- Slabs ---- */

static struct completion held;

static void hold_slab_mutex(void *unused)
{
	mutex_lock(&slab_mutex);
	complete(&held);
	msleep(20);
	mutex_unlock(&slab_mutex);
}

/* Objects of the short zone, freed again: their slabs are what can be had. */
static void stock_slabs(struct kmem_cache *cache, const struct shortage *s)
{
	void *objects[4];

	for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++)
		objects[i] = kmem_cache_alloc_node(cache, __GFP_MEMALLOC | __GFP_THISNODE |
							  __GFP_NOWARN, s->zone->nid);
	for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++)
		if (objects[i])
			kmem_cache_free(cache, objects[i]);
}

SELFTEST(reclaim_walk, slabs_are_had_though_their_lock_is_taken)
{
	static const slab_flags_t kinds[] = { SLAB_CACHE_DMA, SLAB_CACHE_DMA32, 0, 0 };
	struct test_thread holder;
	struct kmem_cache *cache;
	struct shortage s;
	struct page *page;

	SKIP_WITH_KASAN();
	if (slab_debug_option)
		SKIP("under slab_debug= a slab goes back with its last object");
	if (!shortage_begin(&s, SHORT_MIN + 16))
		SKIP("no zone is large enough");
	cache = kmem_cache_create("test-walk", 256, 0, kinds[s.zone->idx] | SLAB_NO_MERGE, NULL);
	REQUIRE(cache);
	/* The node's thread may still be at an earlier shortage. */
	WAIT_UNTIL(wq_has_sleeper(&nodes[s.zone->nid]->kswapd_wait));
	stock_slabs(cache, &s);
	CHECK(zone_listed_pages(s.zone) < SHORT_MIN + 16);
	shortage_leave(&s, SHORT_MIN);
	REQUIRE(!register_oom_notifier(&counter));
	notified = 0;
	init_completion(&held);
	test_thread_start(&holder, ANY_CPU, hold_slab_mutex, NULL);
	if (holder.task)
		wait_for_completion(&held);
	page = shortage_alloc(&s, GFP_KERNEL & ~__GFP_KSWAPD_RECLAIM, 0);
	CHECK(page != NULL);
	CHECK_EQ(notified, 0);
	test_thread_join(&holder);
	if (page)
		__free_page(page);
	unregister_oom_notifier(&counter);
	shortage_end(&s);
	kmem_cache_destroy(cache);
}

/* ---- Many at a time ---- */

#define MAX_WORKERS 8

static struct larder common;
static unsigned long failures, turns;

/* Takes a page and gives it to the cache: all but what is in hands can be reclaimed. */
static void take_and_put(void *unused)
{
	for (unsigned long i = 0; i < turns; i++) {
		struct page *page = shortage_alloc(the_shortage, GFP_KERNEL, 0);

		if (!page)
			__atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
		else
			larder_put(&common, page);
		cond_resched();
	}
}

SELFTEST(reclaim_walk, nobody_fails_while_memory_is_reclaimable)
{
	static struct test_thread threads[MAX_WORKERS];
	struct shortage s;

	if (!shortage_begin(&s, SHORT_MIN + 2 * MAX_WORKERS))
		SKIP("no zone is large enough");
	the_shortage = &s;
	failures = 0;
	turns = selftest_scaled(2000);
	REQUIRE(!register_oom_notifier(&counter));
	notified = 0;
	larder_open(&common, 0);
	for (unsigned int i = 0; i < MAX_WORKERS; i++)
		test_thread_start(&threads[i], test_cpu(i % num_online_cpus()), take_and_put, NULL);
	for (unsigned int i = 0; i < MAX_WORKERS; i++)
		test_thread_join(&threads[i]);
	CHECK_EQ(failures, 0);
	CHECK_EQ(notified, 0);
	unregister_oom_notifier(&counter);
	larder_close(&common);
	shortage_end(&s);
}
