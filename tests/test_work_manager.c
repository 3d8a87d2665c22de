// SPDX-License-Identifier: MIT
/* Workers are made when they are wanted, for queues of every kind; without memory, later. */
#include <linux/completion.h>
#include <linux/workqueue.h>
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
