// SPDX-License-Identifier: MIT
/* Who cannot fail waits, and is served by the free that helps him, in order. */
#include "tests/shortage.h"
#include "tests/threads.h"

#define NOFAIL	(__GFP_NOFAIL | __GFP_DIRECT_RECLAIM)
#define WAITERS 4U

static struct shortage s;
static atomic_t turn;		/* how many were served so far */

struct waiter {
	struct test_thread thread;
	unsigned int order, served_as;	/* as the how-manieth, from 1; 0: not yet */
	struct page *page;
};

static void wait_for_one(void *arg)
{
	struct waiter *w = arg;

	w->page = shortage_alloc(&s, NOFAIL, w->order);
	WRITE_ONCE(w->served_as, (unsigned int)atomic_inc_return(&turn));
}

/* Starts one and waits until it stands in the queue, behind `ahead` others. */
static void start(struct waiter *w, unsigned int order, unsigned int ahead)
{
	memset(w, 0, sizeof(*w));
	w->order = order;
	test_thread_start(&w->thread, ANY_CPU, wait_for_one, w);
	WAIT_UNTIL(READ_ONCE(nr_page_waiters) == ahead + 1);
}

static void finish(struct waiter *w)
{
	test_thread_join(&w->thread);
	if (CHECK(w->page))
		__free_pages(w->page, w->order);
}

/* A zone with so little that not even waiters get any, and `nr` single pages taken from it. */
static bool begin(struct page *spare[], unsigned int nr)
{
	if (!shortage_begin(&s, SHORT_MIN / 2 + nr))
		return false;
	atomic_set(&turn, 0);
	for (unsigned int i = 0; i < nr; i++) {
		spare[i] = shortage_alloc(&s, __GFP_MEMALLOC, 0);
		CHECK(spare[i] != NULL);
	}
	CHECK_EQ(zone_listed_pages(s.zone), SHORT_MIN / 2);
	return true;
}

SELFTEST(page_wait, each_free_serves_one_in_order)
{
	static struct waiter w[WAITERS];
	struct page *spare[WAITERS];

	if (!begin(spare, WAITERS))
		SKIP("no zone is large enough");
	for (unsigned int i = 0; i < WAITERS; i++)
		start(&w[i], 0, i);
	CHECK_EQ(atomic_read(&turn), 0);
	for (unsigned int i = 0; i < WAITERS; i++) {
		__free_page(spare[i]);
		/* Handed over in the free itself: it is not there for anybody else. */
		CHECK_EQ(READ_ONCE(nr_page_waiters), WAITERS - 1 - i);
		CHECK(!shortage_alloc(&s, __GFP_HIGH | __GFP_DIRECT_RECLAIM, 0));
		WAIT_UNTIL(READ_ONCE(w[i].served_as));
		CHECK_EQ(READ_ONCE(w[i].served_as), i + 1);
	}
	for (unsigned int i = 0; i < WAITERS; i++)
		finish(&w[i]);
	shortage_end(&s);
}

/* Whoever wants what cannot be had does not hold up the others, and keeps his place. */
SELFTEST(page_wait, a_large_wish_holds_up_nobody_and_keeps_its_place)
{
	static struct waiter large, small[2];
	struct page *pair, *single;

	if (!shortage_begin(&s, SHORT_MIN / 2 + 3))
		SKIP("no zone is large enough");
	atomic_set(&turn, 0);
	pair = shortage_alloc(&s, __GFP_MEMALLOC, 1);
	single = shortage_alloc(&s, __GFP_MEMALLOC, 0);
	CHECK(pair && single);
	start(&large, 1, 0);
	start(&small[0], 0, 1);
	__free_page(single);
	WAIT_UNTIL(READ_ONCE(small[0].served_as) == 1);
	start(&small[1], 0, 1);
	__free_pages(pair, 1);
	WAIT_UNTIL(READ_ONCE(large.served_as) == 2);
	CHECK_EQ(READ_ONCE(nr_page_waiters), 1);
	finish(&small[0]);
	finish(&large);
	finish(&small[1]);
	CHECK_EQ(READ_ONCE(nr_page_waiters), 0);
	shortage_end(&s);
}

SELFTEST(page_wait, what_becomes_reclaimable_is_found)
{
	static struct waiter w;
	static struct larder cache;
	struct page *spare[1];

	if (!begin(spare, 1))
		SKIP("no zone is large enough");
	larder_open(&cache, 0);
	start(&w, 0, 0);
	larder_put(&cache, spare[0]);
	WAIT_UNTIL(READ_ONCE(w.served_as));
	finish(&w);
	larder_close(&cache);
	shortage_end(&s);
}

/* That is no free: who waits looks himself, some times a second. */
SELFTEST(page_wait, marks_that_fall_serve_who_waits)
{
	static const unsigned long fallen[NR_WMARK];
	static struct waiter w;

	if (!begin(NULL, 0))
		SKIP("no zone is large enough");
	start(&w, 0, 0);
	shortage_set_marks(&s, fallen);
	WAIT_UNTIL(READ_ONCE(w.served_as));
	shortage_end(&s);	/* frees: no waiter is left behind */
	finish(&w);
}

SELFTEST(page_wait, nofail_reclaims_before_it_waits)
{
	static struct larder cache;
	struct page *spare[1], *page;

	if (!begin(spare, 1))
		SKIP("no zone is large enough");
	larder_open(&cache, 0);
	larder_put(&cache, spare[0]);
	page = shortage_alloc(&s, NOFAIL, 0);
	CHECK(page && cache.scans);
	if (page)
		__free_page(page);
	larder_close(&cache);
	shortage_end(&s);
}

static nodemask_t allowed;

static void wait_for_a_node(void *arg)
{
	struct waiter *w = arg;

	w->page = __alloc_pages(GFP_KERNEL | __GFP_NOFAIL, 0, NUMA_NO_NODE, &allowed);
}

/* A node mask in which there is nothing, until the test puts something in. */
SELFTEST(page_wait, nofail_that_nothing_can_serve_is_reported)
{
	static struct waiter w;
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	selftest_expect_reports(1);
	allowed = NODE_MASK_NONE;
	test_thread_start(&w.thread, ANY_CPU, wait_for_a_node, &w);
	WAIT_UNTIL(READ_ONCE(nr_page_waiters) == 1);
	node_set(page_to_nid(page), allowed);
	__free_page(page);
	finish(&w);
}

/* Blocks that the CPU's caches have room for. */
static unsigned long room_of_caches(void)
{
	unsigned long room = 0;
	struct zone *zone;

	for_each_zone(zone)
		room += pcp_stack(zone, 0, UNMOVABLE)->max;
	return room;
}

SELFTEST(page_wait, closed_caches_keep_nothing)
{
	unsigned long cached, all, room = room_of_caches();
	struct page *page;
	struct zone *zone;

	drain_all_pages(NULL);
	for (int closed = 1; closed >= 0; closed--) {
		if (closed)
			pcp_close();
		page = alloc_page(GFP_KERNEL);
		REQUIRE(page);
		zone = page_zone(page);
		__free_page(page);
		cached = pcp_count(zone);
		all = zone_listed_pages(zone) + cached;
		if (closed)
			CHECK_EQ(cached, 0);
		else if (pcp_stack(zone, 0, UNMOVABLE)->max)
			CHECK(cached > 0);
		CHECK_EQ(room_of_caches(), closed ? 0 : room);
		CHECK_EQ(zone_free_pages(zone), all);
		if (closed)
			pcp_open();
	}
}
