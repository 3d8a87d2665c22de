// SPDX-License-Identifier: MIT
/*
 * What each GFP flag means, one case a flag, named after it: it fails when that meaning is taken
 * out of the code. Here are the flags that say how hard a request tries and how far it may go:
 * most cases make one small zone run short (tests/shortage.h), so that nothing else serves. Those
 * that say where a page comes from and what it is like are in test_gfp_place.c.
 */
#include <linux/highmem.h>
#include <linux/timer.h>
#include "tests/shortage.h"
#include "tests/threads.h"

#define NEED(s, leave) do { \
	if (!shortage_begin(s, leave)) \
		SKIP("no zone is large enough"); \
} while (0)

/* A zone at min, and a cache that has `nr` pages of it. */
static bool short_with_cache(struct shortage *s, struct larder *cache, unsigned long nr)
{
	if (!shortage_begin(s, SHORT_MIN + nr))
		return false;
	larder_open(cache, 0);
	larder_fill(cache, s, nr);
	CHECK_EQ(zone_listed_pages(s->zone), SHORT_MIN);
	return true;
}

/* The flags reclaim for themselves, and stop at min when nothing is left to reclaim. */
static void check_reclaims(gfp_t gfp)
{
	static struct larder cache;
	struct shortage s;

	if (!short_with_cache(&s, &cache, 3))
		SKIP("no zone is large enough");
	gfp &= ~(__GFP_KSWAPD_RECLAIM | GFP_ZONEMASK | __GFP_MOVABLE);
	CHECK_EQ(shortage_count(&s, gfp), 3);
	CHECK(cache.scans > 0);
	CHECK_EQ(cache.nr, 0);
	CHECK_EQ(cache.seen & gfp, gfp);
	larder_close(&cache);
	shortage_end(&s);
}

/* They stop where so many pages are left, and call no shrinker. */
static void check_does_not_reclaim(gfp_t gfp, unsigned long leaves)
{
	static struct larder cache;
	struct shortage s;

	if (!short_with_cache(&s, &cache, 3))
		SKIP("no zone is large enough");
	CHECK_EQ(shortage_count(&s, gfp & ~__GFP_KSWAPD_RECLAIM), SHORT_MIN - leaves);
	CHECK_EQ(cache.scans, 0);
	larder_close(&cache);
	shortage_end(&s);
}

SELFTEST(gfp, kernel_reclaims_and_leaves_the_reserve)
{
	check_reclaims(GFP_KERNEL);
}

SELFTEST(gfp, kernel_may_sleep_and_is_reported_where_that_is_wrong)
{
	struct shortage s;

	NEED(&s, SHORT_MIN);
	selftest_expect_warnings(1);
	preempt_disable();
	/* Asked for once: each try would be reported. */
	CHECK(!(alloc_pages_node)(s.zone->nid, s.only | (GFP_KERNEL & ~__GFP_KSWAPD_RECLAIM), 0));
	preempt_enable();
	shortage_end(&s);
}

SELFTEST(gfp, atomic_never_sleeps_and_has_five_eighths_of_the_reserve)
{
	check_does_not_reclaim(GFP_ATOMIC, SHORT_MIN * 3 / 8);
}

/* In an interrupt, while GFP_KERNEL in a thread would have to wait. */
static struct shortage *irq_shortage;
static struct page *irq_page;
static struct completion irq_done;

static void allocate_in_interrupt(struct timer_list *timer)
{
	CHECK(in_interrupt());
	irq_page = shortage_alloc(irq_shortage, GFP_ATOMIC & ~__GFP_KSWAPD_RECLAIM, 0);
	complete(&irq_done);
}

SELFTEST(gfp, atomic_is_legal_in_interrupts)
{
	struct timer_list timer;
	struct shortage s;

	NEED(&s, SHORT_MIN);
	irq_shortage = &s;
	init_completion(&irq_done);
	timer_setup(&timer, allocate_in_interrupt, 0);
	CHECK(!shortage_alloc(&s, __GFP_DIRECT_RECLAIM, 0));
	mod_timer(&timer, jiffies + 1);
	wait_for_completion(&irq_done);
	timer_delete_sync(&timer);
	CHECK(irq_page != NULL);
	if (irq_page)
		__free_page(irq_page);
	shortage_end(&s);
}

SELFTEST(gfp, nowait_never_sleeps_and_has_no_reserve)
{
	check_does_not_reclaim(GFP_NOWAIT, SHORT_MIN);
}

SELFTEST(gfp, user_reclaims)
{
	check_reclaims(GFP_USER);
}

SELFTEST(gfp, highuser_reclaims)
{
	check_reclaims(GFP_HIGHUSER);
}

SELFTEST(gfp, highuser_movable_reclaims)
{
	check_reclaims(GFP_HIGHUSER_MOVABLE);
}

/* Requests with these flags have pages of plain caches; do they enter one that declares that? */
static void check_enters(gfp_t gfp, unsigned int declared, bool enters)
{
	struct larder plain, other;
	struct shortage s;

	NEED(&s, SHORT_MIN + 2);
	larder_open(&plain, 0);
	larder_open(&other, declared);
	larder_fill(&plain, &s, 1);
	larder_fill(&other, &s, 1);
	CHECK_EQ(shortage_count(&s, gfp & ~__GFP_KSWAPD_RECLAIM), enters ? 2 : 1);
	CHECK(plain.scans);
	CHECK_EQ(other.scans != 0, enters);
	larder_close(&plain);
	larder_close(&other);
	shortage_end(&s);
}

SELFTEST(gfp, noio_skips_shrinkers_that_need_io_or_a_file_system)
{
	check_enters(GFP_NOIO, SHRINKER_NEEDS_IO, false);
	check_enters(GFP_NOIO, SHRINKER_NEEDS_FS, false);
}

SELFTEST(gfp, nofs_skips_shrinkers_that_need_a_file_system)
{
	check_enters(GFP_NOFS, SHRINKER_NEEDS_FS, false);
	check_enters(GFP_NOFS, SHRINKER_NEEDS_IO, true);
}

SELFTEST(gfp, io_lets_reclaim_enter_what_needs_io)
{
	check_enters(__GFP_DIRECT_RECLAIM | __GFP_IO, SHRINKER_NEEDS_IO, true);
	check_enters(__GFP_DIRECT_RECLAIM | __GFP_FS, SHRINKER_NEEDS_IO, false);
}

SELFTEST(gfp, fs_lets_reclaim_enter_a_file_system)
{
	check_enters(__GFP_DIRECT_RECLAIM | __GFP_FS, SHRINKER_NEEDS_FS, true);
	check_enters(__GFP_DIRECT_RECLAIM | __GFP_IO, SHRINKER_NEEDS_FS, false);
}

SELFTEST(gfp, high_has_half_of_the_reserve)
{
	struct shortage s;

	NEED(&s, SHORT_MIN);
	CHECK_EQ(shortage_count(&s, __GFP_HIGH | __GFP_DIRECT_RECLAIM), SHORT_MIN / 2);
	shortage_end(&s);
}

SELFTEST(gfp, memalloc_has_all_of_the_reserve)
{
	check_does_not_reclaim(__GFP_MEMALLOC, 0);
}

SELFTEST(gfp, nomemalloc_has_none_of_it)
{
	check_does_not_reclaim(__GFP_MEMALLOC | __GFP_NOMEMALLOC, SHORT_MIN);
	check_does_not_reclaim(GFP_ATOMIC | __GFP_NOMEMALLOC, SHORT_MIN);
}

/* ---- How hard ---- */

/* A shrinker that frees a page only when it is called for the nth time. */
struct stubborn {
	struct shrinker shrinker;
	struct shortage *s;
	struct page *page;
	unsigned int calls, wanted;
	bool progress;		/* says before that, too, that it freed something */
};

static unsigned long stubborn_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	return 1;
}

static unsigned long stubborn_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct stubborn *st = container_of(shrinker, struct stubborn, shrinker);

	if (++st->calls < st->wanted || !st->page)
		return st->progress;
	__free_page(st->page);
	st->page = NULL;
	return 1;
}

/* Asks with these flags; true if there was a page. *calls: how often the shrinker was called. */
static bool ask_stubborn(gfp_t gfp, unsigned int wanted, bool progress, unsigned int *calls)
{
	static struct stubborn st;
	struct shortage s;
	struct page *page;

	*calls = 0;
	if (!shortage_begin(&s, SHORT_MIN + 1))
		return false;
	memset(&st, 0, sizeof(st));
	st.shrinker.count_objects = stubborn_count;
	st.shrinker.scan_objects = stubborn_scan;
	st.shrinker.seeks = 4;		/* asked for one, in the last pass of each round */
	st.wanted = wanted;
	st.progress = progress;
	st.page = shortage_alloc(&s, __GFP_MEMALLOC, 0);
	register_shrinker(&st.shrinker);
	page = shortage_alloc(&s, gfp, 0);
	unregister_shrinker(&st.shrinker);
	if (page)
		__free_page(page);
	if (st.page)
		__free_page(st.page);
	*calls = st.calls;
	shortage_end(&s);
	return page;
}

SELFTEST(gfp, noretry_tries_once)
{
	unsigned int calls;

	if (!shortage_zone())
		SKIP("no zone is large enough");
	CHECK(ask_stubborn(__GFP_DIRECT_RECLAIM | __GFP_NORETRY, 1, true, &calls));
	CHECK_EQ(calls, 1);
	CHECK(!ask_stubborn(__GFP_DIRECT_RECLAIM | __GFP_NORETRY, 2, true, &calls));
	CHECK_EQ(calls, 1);
	/* Others go on as long as they win anything. */
	CHECK(ask_stubborn(__GFP_DIRECT_RECLAIM, 5, true, &calls));
	CHECK_EQ(calls, 5);
	CHECK(!ask_stubborn(__GFP_DIRECT_RECLAIM, ~0U, true, &calls));
	CHECK(calls > 10 && calls < 100);
}

/* Tries on though nothing is won; may fail; without it, nobody does so. */
static void check_tries_hard(gfp_t flag)
{
	unsigned int calls;

	if (!shortage_zone())
		SKIP("no zone is large enough");
	CHECK(ask_stubborn(__GFP_DIRECT_RECLAIM | flag, 5, false, &calls));
	CHECK_EQ(calls, 5);
	CHECK(!ask_stubborn(__GFP_DIRECT_RECLAIM | flag, ~0U, false, &calls));
	CHECK(calls > 10 && calls < 100);
	CHECK(!ask_stubborn(__GFP_DIRECT_RECLAIM, 5, false, &calls));
}

SELFTEST(gfp, retry_mayfail_tries_on_and_may_fail)
{
	check_tries_hard(__GFP_RETRY_MAYFAIL);
}

SELFTEST(gfp, repeat_is_the_old_name_of_retry_mayfail)
{
	CHECK_EQ(__GFP_REPEAT, __GFP_RETRY_MAYFAIL);
	check_tries_hard(__GFP_REPEAT);
}

/* One that cannot fail, in a thread of its own. */
static void ask_for_sure(void *arg)
{
	const struct shortage *s = arg;
	struct page *page = shortage_alloc(s, __GFP_NOFAIL | __GFP_DIRECT_RECLAIM, 0);

	if (CHECK(page))
		__free_page(page);
}

SELFTEST(gfp, nofail_waits_until_memory_appears)
{
	struct test_thread thread;
	struct shortage s;
	struct page *page;

	NEED(&s, SHORT_MIN / 2 + 1);
	page = shortage_alloc(&s, __GFP_MEMALLOC, 0);
	CHECK(page && !shortage_alloc(&s, __GFP_DIRECT_RECLAIM, 0));
	test_thread_start(&thread, ANY_CPU, ask_for_sure, &s);
	WAIT_UNTIL(READ_ONCE(nr_page_waiters) == 1);
	if (page)
		__free_page(page);
	test_thread_join(&thread);
	shortage_end(&s);
}

SELFTEST(gfp, nofail_is_reported_where_it_may_not_sleep)
{
	struct shortage s;

	NEED(&s, SHORT_MIN / 2);
	selftest_expect_reports(1);
	CHECK(!shortage_alloc(&s, __GFP_NOFAIL, 0));
	shortage_end(&s);
}

/* ---- The parts ---- */

SELFTEST(gfp, reclaim_and_the_others_are_made_of_their_parts)
{
	CHECK_EQ(__GFP_RECLAIM, __GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM);
	CHECK(gfpflags_allow_blocking(GFP_KERNEL) && gfpflags_allow_blocking(GFP_NOIO));
	CHECK(gfpflags_allow_blocking(GFP_HIGHUSER) && gfpflags_allow_blocking(GFP_NOFS));
	CHECK(!gfpflags_allow_blocking(GFP_ATOMIC) && !gfpflags_allow_blocking(GFP_NOWAIT));
}

SELFTEST(gfp, direct_reclaim_is_what_reclaims)
{
	check_reclaims(__GFP_DIRECT_RECLAIM);
	check_does_not_reclaim(__GFP_IO | __GFP_FS, SHORT_MIN);
}

SELFTEST(gfp, wait_is_the_old_name_of_direct_reclaim)
{
	CHECK_EQ(__GFP_WAIT, __GFP_DIRECT_RECLAIM);
	check_reclaims(__GFP_WAIT);
}

SELFTEST(gfp, kswapd_reclaim_is_what_wakes_kswapd)
{
	static struct larder cache;
	struct shortage s;
	struct page *page;

	if (!short_with_cache(&s, &cache, 3 * SHORT_MIN))
		SKIP("no zone is large enough");
	CHECK(!shortage_alloc(&s, __GFP_IO | __GFP_FS, 0));
	msleep(3);
	CHECK_EQ(READ_ONCE(cache.counts), 0);
	page = shortage_alloc(&s, __GFP_KSWAPD_RECLAIM, 0);	/* kswapd may be that quick */
	CHECK(!page || READ_ONCE(cache.counts));
	if (page)
		shortage_take(&s, page);
	WAIT_UNTIL(zone_listed_pages(s.zone) > 2 * SHORT_MIN);
	larder_close(&cache);
	shortage_end(&s);
}
