// SPDX-License-Identifier: MIT
/* Workers are made when they are wanted, for queues of every kind; without memory, later. */
#include <linux/completion.h>
#include <linux/workqueue.h>
#include <kernel/kernel.h>
#include <kernel/workqueue.h>
#include "mm/fault.h"
#include "tests/threads.h"

/* Tells that its function runs, and holds it up. */
struct item {
	struct work_struct work;
	struct completion started, go;
};

static void hold(struct work_struct *work)
{
	struct item *item = container_of(work, struct item, work);

	complete(&item->started);
	wait_for_completion(&item->go);
}

static void item_init(struct item *item)
{
	INIT_WORK(&item->work, hold);
	init_completion(&item->started);
	init_completion(&item->go);
}

/* Three at once need one more than such a queue has from the start. */
SELFTEST(work_manager, one_for_freeing_memory_grows_too)
{
	struct workqueue_struct *wq = alloc_workqueue("reclaim", WQ_MEM_RECLAIM, 4);
	static struct item items[3];

	REQUIRE(wq);
	for (int i = 0; i < 3; i++) {
		item_init(&items[i]);
		queue_work(wq, &items[i].work);
	}
	for (int i = 0; i < 3; i++)
		CHECK(wait_for_completion_timeout(&items[i].started, 60 * HZ));
	for (int i = 0; i < 3; i++)
		complete(&items[i].go);
	destroy_workqueue(wq);
}

/* While no worker can be made; true if that was tried. The items run one after the other. */
static bool run_without_memory(struct workqueue_struct *wq, struct item *items)
{
	struct fault_setup setup = {
		.sources = FAULT_ALL, .one_in = 1, .seed = 1, .comm = "kworker/manager",
	};
	unsigned long seen, failed;

	fault_begin(&setup);
	for (int i = 0; i < 2; i++) {
		item_init(&items[i]);
		queue_work(wq, &items[i].work);
	}
	CHECK(wait_for_completion_timeout(&items[0].started, 60 * HZ));
	msleep(20);
	fault_end(&seen, &failed);
	return failed;
}

/* The first waits for the second, and there was no memory for who would run that. */
SELFTEST(work_manager, a_worker_that_could_not_be_made_is_made_later)
{
	static struct item items[2];
	bool tried = false;

	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	for (int i = 0; i < 100 && !tried; i++) {
		struct workqueue_struct *wq = alloc_workqueue("later", 0, 0);

		REQUIRE(wq);
		tried = run_without_memory(wq, items);
		CHECK(wait_for_completion_timeout(&items[1].started, 60 * HZ));
		complete(&items[0].go);
		complete(&items[1].go);
		destroy_workqueue(wq);
	}
	CHECK(tried);
}

/* ---- Those that there are too many of ---- */

static struct workqueue_struct *trimmed;
static struct work_struct second;
static struct completion second_ran;
static atomic_t stuck;

static void run_second(struct work_struct *work)
{
	complete(&second_ran);
}

static void wait_for_second(struct work_struct *work)
{
	schedule_timeout_uninterruptible(2);	/* they may all be ended meanwhile */
	queue_work(trimmed, &second);
	if (!wait_for_completion_timeout(&second_ran, 20 * HZ))
		atomic_inc(&stuck);
}

static void trim(void *unused)
{
	workqueue_trim();
}

#define GROWN 6

/* As many workers as functions at once. */
static void grow(struct workqueue_struct *wq)
{
	static struct item items[GROWN];

	for (int i = 0; i < GROWN; i++) {
		item_init(&items[i]);
		queue_work(wq, &items[i].work);
	}
	for (int i = 0; i < GROWN; i++)
		CHECK(wait_for_completion_timeout(&items[i].started, 60 * HZ));
	for (int i = 0; i < GROWN; i++)
		complete(&items[i].go);
	flush_workqueue(wq);
}

static bool is_trimmed(struct workqueue_struct *wq)
{
	bool some;

	spin_lock_irq(&work_lock);
	some = wq->nr_workers < GROWN;
	spin_unlock_irq(&work_lock);
	return some;
}

/* The last idle worker is not ended while a function runs that waits for an item. */
SELFTEST(work_manager, trimming_leaves_whom_a_function_waits_for)
{
	static struct test_thread thread;
	struct work_struct first;

	trimmed = alloc_workqueue("trimmed", 0, GROWN);
	REQUIRE(trimmed);
	INIT_WORK(&first, wait_for_second);
	INIT_WORK(&second, run_second);
	init_completion(&second_ran);
	atomic_set(&stuck, 0);
	for (unsigned long i = 0; i < selftest_scaled(2) && !atomic_read(&stuck); i++) {
		grow(trimmed);
		test_thread_start(&thread, ANY_CPU, trim, NULL);
		while (!is_trimmed(trimmed))
			cond_resched();
		queue_work(trimmed, &first);
		flush_work(&first);
		test_thread_join(&thread);
	}
	CHECK_EQ(atomic_read(&stuck), 0);
	flush_work(&second);
	destroy_workqueue(trimmed);
}
