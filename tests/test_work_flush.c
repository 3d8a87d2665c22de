/* SPDX-License-Identifier: MIT */
/* Work that RCU has, and work queues that go while somebody looks at them. */
#include <linux/completion.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include <kernel/kernel.h>
#include <kernel/workqueue.h>
#include <tests/threads.h>

/* A reader who stays until he is told, so that no grace period ends. */
static unsigned int reader;		/* 1: he is there; 2: he is to go */

static void read_until_told(void *unused)
{
	rcu_read_lock();
	WRITE_ONCE(reader, 1);
	while (READ_ONCE(reader) == 1)
		port_relax();
	rcu_read_unlock();
}

static struct rcu_work waiting;
static atomic_t calls;

static void after_grace(struct work_struct *work)
{
	atomic_inc(&calls);
}

static unsigned int cancelled;		/* 1: it was not pending, 2: it was */

static void cancel_what_waits(void *unused)
{
	bool was = cancel_work_sync(&waiting.work);

	WRITE_ONCE(cancelled, 1U + was);
}

SELFTEST(work_flush, what_awaits_rcu_is_cancelled)
{
	struct test_thread reads, cancels;

	if (num_online_cpus() < 2)
		SKIP("one CPU");
	atomic_set(&calls, 0);
	reader = cancelled = 0;
	INIT_RCU_WORK(&waiting, after_grace);
	test_thread_start(&reads, test_cpu(1), read_until_told, NULL);
	WAIT_UNTIL(READ_ONCE(reader) == 1);
	CHECK(queue_rcu_work(system_wq, &waiting));
	CHECK(!cancel_work(&waiting.work));
	test_thread_start(&cancels, test_cpu(0), cancel_what_waits, NULL);
	msleep(5);
	CHECK_EQ(READ_ONCE(cancelled), 0);	/* RCU has it still: it must not be freed */
	WRITE_ONCE(reader, 2);
	test_thread_join(&cancels);
	test_thread_join(&reads);
	CHECK_EQ(cancelled, 2);
	CHECK_EQ(work_busy(&waiting.work), 0);
	rcu_barrier();
	flush_scheduled_work();
	CHECK_EQ(atomic_read(&calls), 0);
	CHECK(queue_rcu_work(system_wq, &waiting));
	flush_rcu_work(&waiting);
	CHECK_EQ(atomic_read(&calls), 1);
}

/* ---- Queues that come and go ---- */

/* Who waits for work may look again when its queue has gone. */
SELFTEST(work_flush, nothing_is_busy_in_a_queue_that_was_destroyed)
{
	static struct workqueue_struct gone;

	memset(&gone, 0xff, sizeof(gone));	/* what was free memory is another's by now */
	CHECK(!work_is_busy(&gone, 0, ~0ULL));
	CHECK(!work_is_busy(system_wq, ~0ULL, ~0ULL));
}

struct held {
	struct work_struct work;
	struct completion started, go;
};

static void hold(struct work_struct *work)
{
	struct held *held = container_of(work, struct held, work);

	complete(&held->started);
	wait_for_completion(&held->go);
}

static void trim_all(void *unused)
{
	workqueue_trim();
}

static bool destroyed;

static void destroy_it(void *wq)
{
	destroy_workqueue(wq);
	WRITE_ONCE(destroyed, true);
}

/* Adds to who visits the queue; how many they are then. */
static unsigned int visit_queue(struct workqueue_struct *wq, int more)
{
	unsigned int visitors;

	spin_lock_irq(&work_lock);
	wq->visitors += (unsigned int)more;
	visitors = wq->visitors;
	spin_unlock_irq(&work_lock);
	return visitors;
}

SELFTEST(work_flush, a_queue_stays_while_it_is_visited)
{
	struct workqueue_struct *wq = alloc_workqueue("visited", 0, 0);
	struct test_thread trims, destroys;
	struct held item;

	REQUIRE(wq);
	destroyed = false;
	INIT_WORK(&item.work, hold);
	init_completion(&item.started);
	init_completion(&item.go);
	queue_work(wq, &item.work);
	wait_for_completion(&item.started);
	test_thread_start(&trims, ANY_CPU, trim_all, NULL);
	WAIT_UNTIL(visit_queue(wq, 0) == 1);	/* who waits for the item to end */
	visit_queue(wq, 1);
	complete(&item.go);
	test_thread_join(&trims);
	test_thread_start(&destroys, ANY_CPU, destroy_it, wq);
	msleep(30);
	CHECK(!READ_ONCE(destroyed));
	visit_queue(wq, -1);
	test_thread_join(&destroys);
	CHECK(destroyed);
}

/* Work that never ends, on a queue of its own: each end looks for queues that skipped something. */
static bool chatter_ends;

static void chatter(struct work_struct *work)
{
	if (!READ_ONCE(chatter_ends))
		queue_work(system_wq, work);
}

/* A worker that is woken for nothing while its queue ends would look at what was freed. */
SELFTEST(work_flush, a_queue_that_skipped_something_ends_with_all_its_workers)
{
	struct workqueue_struct *busy = alloc_workqueue("busy", 0, 0), *wq;
	static struct work_struct noise;
	struct held held;

	REQUIRE(busy);
	INIT_WORK(&held.work, hold);
	init_completion(&held.started);
	init_completion(&held.go);
	queue_work(busy, &held.work);
	wait_for_completion(&held.started);
	INIT_WORK(&noise, chatter);
	for (unsigned int i = selftest_scaled(40); i--;) {
		wq = alloc_workqueue("skips", WQ_MEM_RECLAIM, 2);
		if (!wq)
			break;
		CHECK(queue_work(wq, &held.work));	/* runs elsewhere: it is skipped */
		while (!READ_ONCE(wq->skipped))
			msleep(1);
		WRITE_ONCE(chatter_ends, false);
		queue_work(system_wq, &noise);
		CHECK(cancel_work(&held.work));
		destroy_workqueue(wq);
		WRITE_ONCE(chatter_ends, true);
		cancel_work_sync(&noise);	/* it would make the next one look again */
	}
	complete(&held.go);
	destroy_workqueue(busy);
}
