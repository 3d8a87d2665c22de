// SPDX-License-Identifier: MIT
/*
 * Allocations that fail on purpose: each single one of an operation, one after the other. The
 * operation must say that it failed, or do without, and leave nothing behind.
 */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mempool.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include "mm/fault.h"
#include "mm/internal.h"
#include "tests/selftest.h"
#include "tests/threads.h"

#define MOST 200		/* requests of one operation */

/* Does it once, and undoes it: true when all of it succeeded. */
typedef bool (*operation)(void);

/* Lets the first, then the second, ... request of the operation fail, until none is left to. */
static void fail_each(operation op)
{
	unsigned long nth, seen, failed = 1, failures = 0;

	CHECK(op());				/* what is made once and kept is there now */
	for (nth = 1; failed && nth < MOST; nth++) {
		struct fault_setup setup = { .sources = FAULT_ALL, .nth = nth, .task = current };
		bool whole;

		fault_begin(&setup);
		whole = op();
		fault_end(&seen, &failed);
		failures += !whole;
		if (!failed)
			CHECK(whole);
	}
	CHECK(nth < MOST);
	CHECK(failures > 0);
}

static bool one_kmalloc(void)
{
	void *object = kmalloc(100, GFP_KERNEL | __GFP_NOWARN);

	kfree(object);
	return object;
}

static bool large_kmalloc(void)
{
	void *object = kzalloc(200000, GFP_KERNEL | __GFP_NOWARN);

	kfree(object);
	return object;
}

static bool pages_exact(void)
{
	void *pages = alloc_pages_exact(3 * PAGE_SIZE, GFP_KERNEL | __GFP_NOWARN);

	free_pages_exact(pages, 3 * PAGE_SIZE);
	return pages;
}

static bool a_cache(void)
{
	struct kmem_cache *cache = kmem_cache_create("fault-test", 300, 0, SLAB_NO_MERGE, NULL);
	void *object = cache ? kmem_cache_alloc(cache, GFP_KERNEL | __GFP_NOWARN) : NULL;

	if (object)
		kmem_cache_free(cache, object);
	if (cache)
		CHECK_EQ(kmem_cache_destroy(cache), 0);
	return object;
}

static bool an_area(void)
{
	void *area = __vmalloc(5 * PAGE_SIZE, GFP_KERNEL | __GFP_NOWARN);

	vfree(area);
	return area;
}

static bool a_pool(void)
{
	mempool_t *pool = mempool_create_kmalloc_pool(4, 64);
	void *element = pool ? mempool_alloc(pool, GFP_NOWAIT | __GFP_NOWARN) : NULL;

	if (pool)
		CHECK(element != NULL);		/* from the reserve, whatever fails */
	if (element)
		mempool_free(element, pool);
	mempool_destroy(pool);
	return pool;
}

static int do_nothing(void *unused)
{
	return 0;
}

static bool a_thread(void)
{
	struct task_struct *task = kthread_create(do_nothing, NULL, "fault");

	if (IS_ERR(task))
		return false;
	kthread_stop(task);
	return true;
}

static bool a_workqueue(void)
{
	struct workqueue_struct *queue = alloc_workqueue("fault", 0, 0);

	if (queue)
		destroy_workqueue(queue);
	return queue;
}

static bool a_string(void)
{
	char *text = kasprintf(GFP_KERNEL | __GFP_NOWARN, "%s %d", "fault", 42);

	kfree(text);
	return text;
}

SELFTEST(fault, kmalloc_fails_cleanly) { fail_each(one_kmalloc); }
SELFTEST(fault, large_kmalloc_fails_cleanly) { fail_each(large_kmalloc); }
SELFTEST(fault, exact_pages_fail_cleanly) { fail_each(pages_exact); }
SELFTEST(fault, caches_fail_cleanly) { fail_each(a_cache); }
SELFTEST(fault, vmalloc_fails_cleanly) { fail_each(an_area); }
SELFTEST(fault, mempools_fail_cleanly) { fail_each(a_pool); }
SELFTEST(fault, threads_fail_cleanly) { fail_each(a_thread); }
SELFTEST(fault, workqueues_fail_cleanly) { fail_each(a_workqueue); }
SELFTEST(fault, strings_fail_cleanly) { fail_each(a_string); }

SELFTEST(fault, the_nth_request_fails_and_no_other)
{
	struct fault_setup setup = { .sources = FAULT_PAGES, .nth = 3, .task = current };
	unsigned long seen, failed;
	struct page *pages[5];

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

SELFTEST(fault, nofail_and_other_threads_are_left_alone)
{
	struct fault_setup setup = { .sources = FAULT_ALL, .one_in = 1, .seed = 1,
				     .task = current };
	unsigned long seen, failed;
	struct page *page;

	fault_begin(&setup);
	CHECK(!kmalloc(50, GFP_KERNEL | __GFP_NOWARN));
	page = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
	fault_end(&seen, &failed);
	CHECK_EQ(seen, 1);
	CHECK_EQ(failed, 1);
	REQUIRE(page);
	__free_page(page);
}

SELFTEST(fault, chance_is_what_it_is_said_to_be)
{
	struct fault_setup setup = { .sources = FAULT_SLAB, .one_in = 10, .task = current };
	unsigned long seen, failed, nr = selftest_scaled(1000);

	setup.seed = selftest_random() | 1;
	fault_begin(&setup);
	for (unsigned long i = 0; i < nr; i++)
		kfree(kmalloc(64, GFP_KERNEL | __GFP_NOWARN));
	fault_end(&seen, &failed);
	CHECK_EQ(seen, nr);			/* no magazine has served any */
	CHECK(failed > nr / 20 && failed < nr / 5);
}
