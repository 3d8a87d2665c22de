// SPDX-License-Identifier: MIT
/* Pages that break while others use, free and allocate them. */
#define SELFTEST_UNSAMPLED 1
#include <kernel/kernel.h>
#include "mm/section.h"
#include "tests/selftest.h"
#include "tests/threads.h"

static bool stop;

static void use_pages(void *seed)
{
	u64 random = (unsigned long)seed;

	while (!READ_ONCE(stop)) {
		unsigned int order = selftest_random_step(&random) % 4;
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);

		cond_resched();
		__free_pages(page, order);
	}
}

/* Poisons a page that was in use a moment ago, or one beside it; returns how many came back. */
static unsigned long poison_one(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long pfn = page ? page_to_pfn(page) : 0, taken = 0;
	int err;

	if (!page)
		return 0;
	__free_page(page);
	err = memory_failure(pfn + selftest_random_below(8), 0);
	CHECK(!err || err == -EBUSY || err == -ENXIO);
	for (unsigned long i = 0; i < 8; i++)
		taken += !unpoison_memory(pfn + i);
	return taken;
}

/*
 * Pages that other CPUs allocate and free all the time are poisoned under their hands: in a
 * list, in a cache, or in use, each ends up out of use once, and all come back.
 */
SELFTEST(memory_failure, pages_that_change_hands_are_caught)
{
	unsigned long rounds = selftest_scaled(50), taken = 0, bad = quarry_bad_pages();
	struct test_thread users[4];

	stop = false;
	for (unsigned long i = 0; i < ARRAY_SIZE(users); i++)
		test_thread_start(&users[i], ANY_CPU, use_pages, (void *)(i + 1));
	for (unsigned long i = 0; i < rounds; i++) {
		taken += poison_one();
		cond_resched();
	}
	WRITE_ONCE(stop, true);
	for (unsigned int i = 0; i < ARRAY_SIZE(users); i++)
		test_thread_join(&users[i]);
	CHECK(taken > 0);
	CHECK_EQ(quarry_bad_pages(), bad);
}

static int answer;

static void break_page(void *page)
{
	answer = memory_failure(page_to_pfn(page), 0);
}

/* One that is being freed is in no list: it is waited for, however long who frees it takes. */
SELFTEST(memory_failure, a_page_on_its_way_into_a_cache_is_waited_for)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct test_thread thread;

	REQUIRE(page);
	WRITE_ONCE(page->state, PAGE_CACHED);
	test_thread_start(&thread, ANY_CPU, break_page, page);
	schedule_timeout_uninterruptible(40);
	WRITE_ONCE(page->state, PAGE_USED);
	test_thread_join(&thread);
	CHECK_EQ(answer, 0);
	CHECK(PageHWPoison(page));
	CHECK_EQ(unpoison_memory(page_to_pfn(page)), 0);
	__free_page(page);
}

/* It stays on its way for longer than anybody waits, and may be used again: it is no known one. */
SELFTEST(memory_failure, a_page_that_was_not_caught_is_not_known_as_broken)
{
	unsigned long known = num_poisoned_pages();
	struct page *page;

	if (selftest_scaled(1) < 2)
		SKIP("it takes a second; with scale=2");
	page = alloc_page(GFP_KERNEL);
	REQUIRE(page);
	WRITE_ONCE(page->state, PAGE_CACHED);
	page->flags |= PG_HWPOISON;	/* as a round before has left it */
	CHECK_EQ(memory_failure(page_to_pfn(page), 0), -EBUSY);
	CHECK(!PageHWPoison(page));
	CHECK_EQ(num_poisoned_pages(), known);
	CHECK_EQ(unpoison_memory(page_to_pfn(page)), -EINVAL);
	WRITE_ONCE(page->state, PAGE_USED);
	__free_page(page);
}
