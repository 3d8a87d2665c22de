// SPDX-License-Identifier: MIT
/* Which allocations fail on purpose: those that were meant, and no others. */
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <quarry/quarry.h>
#include "mm/fault.h"
#include "mm/internal.h"
#define LISTEN_SIZE 8192
#include "tests/listen.h"
#include "tests/selftest.h"

/* Each: one allocation, of one allocator; did it come? */

static noinline bool one_kmalloc(void)
{
	void *object = kmalloc(100, GFP_KERNEL | __GFP_NOWARN);

	kfree(object);
	return object;
}

static bool a_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_NOWARN);

	if (page)
		__free_page(page);
	return page;
}

static struct kmem_cache *open;

static bool open_cache(void)
{
	open = kmem_cache_create("fault-open", 64, 0, SLAB_NO_MERGE, NULL);
	return open;
}

static bool an_object(void)
{
	void *object = kmem_cache_alloc(open, GFP_KERNEL | __GFP_NOWARN);

	if (object)
		kmem_cache_free(open, object);
	return object;
}

static void close_cache(void)
{
	CHECK_EQ(kmem_cache_destroy(open), 0);
}

static bool an_area(void)
{
	void *area = __vmalloc(5 * PAGE_SIZE, GFP_KERNEL | __GFP_NOWARN);

	vfree(area);
	return area;
}

static bool a_percpu_object(void)
{
	unsigned long __percpu *counters = alloc_percpu(unsigned long);

	free_percpu(counters);
	return counters;
}

SELFTEST(fault_choice, the_nth_request_fails_and_no_other)
{
	struct fault_setup setup = { .sources = FAULT_PAGES, .nth = 3, .task = current };
	unsigned long seen, failed;
	struct page *pages[5];

	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	fault_begin(&setup);
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
		pages[i] = alloc_page(GFP_KERNEL | __GFP_NOWARN);
	fault_end(&seen, &failed);
	CHECK_EQ(seen, 5);
	CHECK_EQ(failed, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++) {
		CHECK_EQ(!pages[i], i == 2);
		__free_pages(pages[i], 0);
	}
}

SELFTEST(fault_choice, nofail_and_other_threads_are_left_alone)
{
	struct fault_setup setup = { .sources = FAULT_ALL, .one_in = 1, .seed = 1,
				     .task = current };
	unsigned long seen, failed;
	struct page *page;

	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	fault_begin(&setup);
	CHECK(!kmalloc(50, GFP_KERNEL | __GFP_NOWARN));
	page = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
	fault_end(&seen, &failed);
	CHECK_EQ(seen, 1);
	CHECK_EQ(failed, 1);
	REQUIRE(page);
	__free_page(page);
}

/* Which of: a page, an object of a cache, one of kmalloc(), an area, a per-CPU object. */
static unsigned int which_fail(unsigned int sources, const char *comm, const char *caller)
{
	struct fault_setup setup = { .sources = sources, .one_in = 1, .seed = 1, .task = current,
				     .comm = comm, .caller = caller };
	unsigned long seen, failed;
	unsigned int mask = 0;

	fault_begin(&setup);
	mask |= !a_page() << 0 | !an_object() << 1 | !one_kmalloc() << 2;
	mask |= !an_area() << 3 | !a_percpu_object() << 4;
	fault_end(&seen, &failed);
	return mask;
}

SELFTEST(fault_choice, allocators_threads_and_callers_are_told_apart)
{
	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	REQUIRE(open_cache());
	CHECK(an_area() && a_percpu_object());
	CHECK_EQ(which_fail(FAULT_SLAB, NULL, NULL), 1 << 1);
	CHECK_EQ(which_fail(FAULT_KMALLOC, NULL, NULL), 1 << 2);
	CHECK_EQ(which_fail(FAULT_VMALLOC, NULL, NULL), 1 << 3);
	CHECK_EQ(which_fail(FAULT_PERCPU, NULL, NULL), 1 << 4);
	CHECK(which_fail(FAULT_PAGES, NULL, NULL) & 1);
	CHECK_EQ(which_fail(FAULT_ALL, current->comm, NULL), 0x1f);
	CHECK_EQ(which_fail(FAULT_ALL, "nobody", NULL), 0);
	CHECK_EQ(which_fail(FAULT_ALL, NULL, "no_such_function"), 0);
	CHECK_EQ(which_fail(FAULT_KMALLOC, NULL, "one_kmalloc"), 1 << 2);
	close_cache();
}

SELFTEST(fault_choice, options_that_make_no_sense_are_refused)
{
	static const char *const bad[] = {
		"", "0", "x", "100,", "100,frogs", "100,task=", "-1", "sites,,", "sites,times=3",
		"each,times=", "each,times=0", "each,times=17", "nth=", "nth=0", "nth=x",
		"nth=3,times=2",
	};
	unsigned long seen, failed;

	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		if (!CHECK(!quarry_fault(bad[i])))
			printk("taken: %s\n", bad[i]);
	CHECK(fault_is_off());
	CHECK(quarry_fault("1,7,kmalloc,slab,task=nobody,caller=no_such_function"));
	CHECK(one_kmalloc());
	fault_end(&seen, &failed);
	CHECK_EQ(failed, 0);
}

SELFTEST(fault_choice, an_option_names_the_nth_request)
{
	unsigned long seen, failed;

	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	REQUIRE(quarry_fault("nth=3,kmalloc,caller=one_kmalloc"));
	for (unsigned int i = 0; i < 4; i++)
		CHECK(one_kmalloc());	/* the third asks again */
	fault_end(&seen, &failed);
	CHECK_EQ(seen, 5);
	CHECK_EQ(failed, 1);
}

SELFTEST(fault_choice, chance_is_what_it_is_said_to_be)
{
	struct fault_setup setup = { .sources = FAULT_KMALLOC, .one_in = 10, .task = current };
	unsigned long seen, failed, nr = selftest_scaled(1000);

	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	setup.seed = selftest_random() | 1;
	fault_begin(&setup);
	for (unsigned long i = 0; i < nr; i++)
		kfree(kmalloc(64, GFP_KERNEL | __GFP_NOWARN));
	fault_end(&seen, &failed);
	CHECK_EQ(seen, nr);			/* no magazine has served any */
	CHECK(failed > nr / 20 && failed < nr / 5);
}

static unsigned int three = 3;		/* the compiler does not know it, and keeps loops loops */

/*
 * Four allocations from two call sites, and one more of an error path. By their plain names: it is
 * not asked again.
 */
static noinline void work(void)
{
	void *first = (kmalloc)(100, GFP_KERNEL | __GFP_NOWARN), *others[3];
	unsigned int nr = min_t(unsigned int, READ_ONCE(three), ARRAY_SIZE(others));

	if (!first)
		kfree((kmalloc)(200, GFP_KERNEL | __GFP_NOWARN));
	for (unsigned int i = 0; i < nr; i++)
		others[i] = (kmalloc)(300, GFP_KERNEL | __GFP_NOWARN);
	for (unsigned int i = 0; i < nr; i++)
		kfree(others[i]);
	kfree(first);
}

static void check_shown(void)
{
	const char *log;

	listen_start();
	quarry_fault_show();
	log = listen_stop();
	CHECK(strstr(log, "the request that came from here failed:"));
	CHECK(strstr(log, "and the one of the error path failed:"));
	CHECK(strstr(log, "work+"));
}

SELFTEST(fault_choice, each_point_fails_alone_and_error_paths_with_it)
{
	/* None; the first; with it the error path's, and no other there; then one twice; none. */
	static const unsigned long expected[] = { 0, 1, 2, 1, 1, 1, 0 };
	struct fault_setup setup = { .sources = FAULT_KMALLOC, .task = current };
	unsigned long seen, failed;
	unsigned int nr = 0;

	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	if (!fault_remember_sites(64))
		SKIP("no memory for the call sites");
	while ((setup.pass = fault_next_pass()) && nr < 2 * ARRAY_SIZE(expected)) {
		fault_begin(&setup);
		work();
		fault_end(&seen, &failed);
		if (nr < ARRAY_SIZE(expected) && !CHECK_EQ(failed, expected[nr]))
			printk("in run %u\n", nr);
		if (nr == 2)
			check_shown();
		nr++;
	}
	CHECK_EQ(nr, ARRAY_SIZE(expected));
	CHECK_EQ(fault_lost(), 0);
	fault_forget_sites();
}

/* Runs work() until there is nothing left to fail in it; how many requests did. */
static unsigned long failures_of_work(unsigned int times)
{
	struct fault_setup setup = { .sources = FAULT_KMALLOC, .task = current, .times = times };
	unsigned long seen, failed, all = 0;
	unsigned int nr = 0;

	while ((setup.pass = fault_next_pass()) && nr++ < 100) {
		fault_begin(&setup);
		work();
		fault_end(&seen, &failed);
		all += failed;
	}
	CHECK(nr < 100);
	return all;
}

SELFTEST(fault_choice, as_often_as_a_site_is_wanted_to_fail)
{
	/* The first one's; with it the error path's, which is a run of two; three of the loop. */
	static const unsigned long expected[] = { 6, 5, 6, 7, 7 };

	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	for (unsigned int times = 0; times < ARRAY_SIZE(expected); times++) {
		if (!fault_remember_sites(64))
			SKIP("no memory for the call sites");
		CHECK_EQ(failures_of_work(times), expected[times]);
	}
	fault_forget_sites();
}

/* Else it would look as if all had failed. */
SELFTEST(fault_choice, sites_beyond_the_table_are_counted)
{
	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	if (!fault_remember_sites(1))
		SKIP("no memory for the call sites");
	CHECK(failures_of_work(1) >= 1);
	CHECK(fault_lost() > 0);
	fault_clear_sites();
	CHECK_EQ(fault_lost(), 0);
	fault_forget_sites();
}

/* As a case that arms faults of its own does in a run where they are armed already. */
SELFTEST(fault_choice, arming_twice_is_said_and_leaves_the_first)
{
	struct fault_setup each = { .sources = FAULT_KMALLOC, .task = current, .nth = 3 };
	struct fault_setup all = { .sources = FAULT_ALL, .task = current, .one_in = 1, .seed = 1 };
	unsigned long seen, failed;

	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	fault_begin(&each);
	CHECK(one_kmalloc());
	selftest_expect_warnings(1);
	fault_begin(&all);
	CHECK(one_kmalloc());
	fault_end(&seen, &failed);
	CHECK_EQ(seen, 2);
	fault_end(&seen, &failed);
	CHECK_EQ(seen, 2);
	CHECK_EQ(failed, 0);
	CHECK(one_kmalloc());
}

/* As a case without that question would in a run under fault=each: said, and not run for ever. */
SELFTEST(fault_choice, a_run_within_a_run_is_refused)
{
	struct fault_setup setup = { .sources = FAULT_ALL, .task = current, .nth = 1 };
	unsigned long seen, failed;
	unsigned int nr = 0;

	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	if (!quarry_fault("each,kmalloc,times=1"))
		SKIP("no memory for the call sites");
	quarry_fault_restart();
	while (quarry_fault_begin() && nr++ < 100) {
		selftest_expect_warnings(4);
		CHECK(!quarry_fault("sites"));
		CHECK(!fault_remember_sites(64));
		fault_forget_sites();
		fault_begin(&setup);
		CHECK(a_page());
		fault_end(&seen, &failed);
		CHECK(!fault_is_off());			/* it ended its own */
		work();
		quarry_fault_end();
		CHECK(fault_is_off());
	}
	CHECK(nr > 3 && nr < 100);
	CHECK_EQ(quarry_fault_lost(), 0);
	CHECK(!quarry_fault(""));
	fault_forget_sites();
}
