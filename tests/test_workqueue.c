/* SPDX-License-Identifier: MIT */
/*
 * Work queues: everything queued runs once, on the CPU that was asked for, never twice at
 * once; what is cancelled does not; who flushes waits long enough, and no longer; functions
 * that wait for each other do not lock up a queue.
 */
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/irqflags.h>
#include <linux/smp.h>
#include <linux/workqueue.h>
#include <kernel/kernel.h>
#include <kernel/workqueue.h>
#include <tests/threads.h>

/* Work that counts its calls, can be held up, and knows whether it ran twice at once. */
struct item {
	struct work_struct work;
	struct completion started, go;
	bool holds;
	unsigned int again;	/* queues itself so often */
	struct workqueue_struct *wq;
	atomic_t calls, inside;
	int cpu, order;
};

static atomic_t order;

static void count_call(struct work_struct *work)
{
	struct item *item = container_of(work, struct item, work);

	CHECK_EQ(atomic_inc_return(&item->inside), 1);
	CHECK(current_work() == work);
	CHECK(!in_atomic() && !irqs_disabled());
	item->cpu = (int)smp_processor_id();
	item->order = atomic_inc_return(&order);
	complete(&item->started);
	if (item->holds)
		wait_for_completion(&item->go);
	if (item->again && item->again--)
		queue_work(item->wq, work);
	atomic_dec(&item->inside);
	atomic_inc(&item->calls);
}

static void item_init(struct item *item)
{
	*item = (struct item){ .wq = system_wq };
	INIT_WORK(&item->work, count_call);
	init_completion(&item->started);
	init_completion(&item->go);
}

SELFTEST(workqueue, queued_it_runs_once)
{
	struct item item;

	item_init(&item);
	CHECK(!flush_work(&item.work));
	CHECK(schedule_work(&item.work));
	flush_work(&item.work);
	CHECK_EQ(atomic_read(&item.calls), 1);
	CHECK(!work_pending(&item.work));
	CHECK_EQ(work_busy(&item.work), 0);
	CHECK(!current_work());
	flush_scheduled_work();
	CHECK_EQ(atomic_read(&item.calls), 1);
}

SELFTEST(workqueue, pending_it_is_not_queued_again)
{
	struct item item;

	item_init(&item);
	item.holds = true;
	CHECK(schedule_work(&item.work));
	wait_for_completion(&item.started);
	CHECK_EQ(work_busy(&item.work), WORK_BUSY_RUNNING);
	/* While it runs it may be queued, once. */
	CHECK(schedule_work(&item.work));
	CHECK(!schedule_work(&item.work));
	CHECK_EQ(work_busy(&item.work), WORK_BUSY_RUNNING | WORK_BUSY_PENDING);
	complete_all(&item.go);
	flush_work(&item.work);
	CHECK_EQ(atomic_read(&item.calls), 2);
}

SELFTEST(workqueue, it_may_queue_itself)
{
	struct item item;

	item_init(&item);
	item.again = 5;
	schedule_work(&item.work);
	WAIT_UNTIL(atomic_read(&item.calls) == 6);
	flush_work(&item.work);
	CHECK_EQ(atomic_read(&item.calls), 6);
}

/* Each waits for the next: all must run at once. */
#define CHAIN 12

static void wait_for_next(struct work_struct *work)
{
	struct item *item = container_of(work, struct item, work);

	wait_for_completion(&item->go);
	atomic_inc(&item->calls);
	complete(&item[-1].go);
}

SELFTEST(workqueue, functions_may_wait_for_each_other)
{
	static struct item items[CHAIN];
	struct workqueue_struct *wq = alloc_workqueue("test%d", 0, 0, 7);
	unsigned int i;

	REQUIRE(wq);
	for (i = 0; i < CHAIN; i++) {
		item_init(&items[i]);
		if (i)
			INIT_WORK(&items[i].work, wait_for_next);
		if (i)
			queue_work(wq, &items[i].work);
	}
	complete(&items[CHAIN - 1].go);
	wait_for_completion(&items[0].go);
	destroy_workqueue(wq);
	for (i = 1; i < CHAIN; i++)
		CHECK_EQ(atomic_read(&items[i].calls), 1);
}

/* Its two workers have looked at what is queued, and could take nothing. */
static bool two_are_idle(struct workqueue_struct *wq)
{
	bool idle;

	spin_lock_irq(&work_lock);
	idle = wq->nr_idle == 2 && !list_empty(&wq->works) && wq->skipped;
	spin_unlock_irq(&work_lock);
	return idle;
}

/* Two items run already, on another queue, and are skipped. Both are taken when they may. */
SELFTEST(workqueue, none_of_two_that_were_skipped_is_forgotten)
{
	struct workqueue_struct *wq = alloc_workqueue("skips", WQ_MEM_RECLAIM, 0);
	struct item items[2];
	int i;

	REQUIRE(wq);
	for (i = 0; i < 2; i++) {
		item_init(&items[i]);
		items[i].holds = true;
		schedule_work(&items[i].work);
		wait_for_completion(&items[i].started);
	}
	for (i = 0; i < 2; i++)
		CHECK(queue_work(wq, &items[i].work));
	WAIT_UNTIL(two_are_idle(wq));
	/* The second run of one does not end before that of the other has begun. */
	for (i = 0; i < 2; i++) {
		complete(&items[i].go);
		CHECK(wait_for_completion_timeout(&items[i].started, 60 * HZ));
	}
	for (i = 0; i < 2; i++)
		complete(&items[i].go);
	destroy_workqueue(wq);
	for (i = 0; i < 2; i++)
		CHECK_EQ(atomic_read(&items[i].calls), 2);
}

SELFTEST(workqueue, ordered_is_one_after_the_other)
{
	struct workqueue_struct *wq = alloc_ordered_workqueue("ordered", WQ_MEM_RECLAIM);
	struct item items[4];
	int i;

	REQUIRE(wq);
	atomic_set(&order, 0);
	for (i = 0; i < 4; i++)
		item_init(&items[i]);
	items[0].holds = true;
	for (i = 0; i < 4; i++)
		CHECK(queue_work(wq, &items[i].work));
	wait_for_completion(&items[0].started);
	msleep(2);
	for (i = 1; i < 4; i++)
		CHECK_EQ(atomic_read(&items[i].inside) + atomic_read(&items[i].calls), 0);
	complete(&items[0].go);
	destroy_workqueue(wq);		/* waits for all of them */
	for (i = 0; i < 4; i++)
		CHECK_EQ(items[i].order, i + 1);
}

SELFTEST(workqueue, flushing_waits_for_what_was_there)
{
	struct workqueue_struct *wq = alloc_workqueue("flush", 0, 0);
	struct item slow, later;

	REQUIRE(wq);
	item_init(&slow);
	item_init(&later);
	slow.holds = later.holds = true;
	queue_work(wq, &slow.work);
	complete(&slow.go);
	flush_workqueue(wq);
	CHECK_EQ(atomic_read(&slow.calls), 1);
	queue_work(wq, &later.work);
	wait_for_completion(&later.started);
	flush_work(&slow.work);		/* does not wait for the other */
	CHECK_EQ(atomic_read(&later.calls), 0);
	complete(&later.go);
	destroy_workqueue(wq);
	CHECK_EQ(atomic_read(&later.calls), 1);
}

SELFTEST(workqueue, cancelled_it_does_not_run)
{
	struct workqueue_struct *wq = alloc_ordered_workqueue("cancel", 0);
	struct item first, second;

	REQUIRE(wq);
	item_init(&first);
	item_init(&second);
	first.holds = true;
	CHECK(!cancel_work(&first.work));
	queue_work(wq, &first.work);
	queue_work(wq, &second.work);
	wait_for_completion(&first.started);
	CHECK(cancel_work(&second.work));
	CHECK(!cancel_work(&second.work));
	CHECK(!cancel_work(&first.work));	/* it runs already */
	complete(&first.go);
	CHECK(!cancel_work_sync(&first.work));
	CHECK_EQ(atomic_read(&first.inside), 0);
	CHECK_EQ(atomic_read(&first.calls), 1);
	flush_workqueue(wq);
	CHECK_EQ(atomic_read(&second.calls), 0);
	destroy_workqueue(wq);
}

/* A function that queues itself for ever is ended by cancelling it. */
SELFTEST(workqueue, cancelling_ends_what_queues_itself)
{
	struct item item;

	item_init(&item);
	item.again = ~0U;
	schedule_work(&item.work);
	WAIT_UNTIL(atomic_read(&item.calls) > 3);
	cancel_work_sync(&item.work);
	CHECK(!work_pending(&item.work));
	CHECK_EQ(atomic_read(&item.inside), 0);
	item.again = 0;
	CHECK(!disable_work_sync(&item.work));
	CHECK(!schedule_work(&item.work));
	CHECK(enable_work(&item.work));
	CHECK(schedule_work(&item.work));
	flush_work(&item.work);
}

SELFTEST(workqueue, it_runs_on_the_cpu_that_was_asked_for)
{
	struct item item;
	unsigned int cpu;

	item_init(&item);
	for_each_online_cpu(cpu) {
		item.cpu = -1;
		schedule_work_on((int)cpu, &item.work);
		flush_work(&item.work);
		CHECK_EQ(item.cpu, cpu);
	}
}

static DEFINE_PER_CPU(unsigned int, visits);

static void visit(struct work_struct *work)
{
	this_cpu_inc(visits);
}

SELFTEST(workqueue, each_cpu_is_visited)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		per_cpu(visits, cpu) = 0;
	CHECK_EQ(schedule_on_each_cpu(visit), 0);
	for_each_online_cpu(cpu)
		CHECK_EQ(per_cpu(visits, cpu), 1);
}

/* ---- Later ---- */

static atomic_t late_calls;
static u64 late_at;

static void late(struct work_struct *work)
{
	WRITE_ONCE(late_at, ktime_get_ns());
	atomic_inc(&late_calls);
}

static DECLARE_DELAYED_WORK(late_work, late);

SELFTEST(workqueue, delayed_it_does_not_come_early)
{
	u64 due = (jiffies + 3) * NSEC_PER_JIFFY;

	atomic_set(&late_calls, 0);
	CHECK(schedule_delayed_work(&late_work, 3));
	WAIT_UNTIL(atomic_read(&late_calls) == 1);
	CHECK(late_at >= due);
	CHECK(schedule_delayed_work(&late_work, 0));
	flush_delayed_work(&late_work);
	CHECK_EQ(atomic_read(&late_calls), 2);
}

SELFTEST(workqueue, a_delay_can_be_changed)
{
	atomic_set(&late_calls, 0);
	CHECK(!mod_delayed_work(system_wq, &late_work, 1000 * HZ));
	CHECK(delayed_work_pending(&late_work));
	CHECK(!schedule_delayed_work(&late_work, 1));
	CHECK(mod_delayed_work(system_wq, &late_work, 1));
	WAIT_UNTIL(atomic_read(&late_calls) == 1);
	schedule_delayed_work(&late_work, 1000 * HZ);
	flush_delayed_work(&late_work);	/* false where it has run before it could be waited for */
	CHECK_EQ(atomic_read(&late_calls), 2);
	schedule_delayed_work(&late_work, 1000 * HZ);
	CHECK(cancel_delayed_work(&late_work));
	CHECK(!cancel_delayed_work_sync(&late_work));
	schedule_delayed_work(&late_work, MAX_JIFFY_OFFSET);
	CHECK(cancel_delayed_work_sync(&late_work));
	CHECK_EQ(atomic_read(&late_calls), 2);
}

static void poll_again(struct work_struct *work)
{
	atomic_inc(&late_calls);
	schedule_delayed_work(to_delayed_work(work), 1);
}

SELFTEST(workqueue, a_poll_is_ended_by_cancelling)
{
	struct delayed_work poll;

	atomic_set(&late_calls, 0);
	INIT_DELAYED_WORK(&poll, poll_again);
	schedule_delayed_work(&poll, 0);
	WAIT_UNTIL(atomic_read(&late_calls) >= 3);
	cancel_delayed_work_sync(&poll);
	CHECK(!delayed_work_pending(&poll));
	CHECK(!timer_pending(&poll.timer));
}

static void after_grace(struct work_struct *work)
{
	CHECK(to_rcu_work(work));
	atomic_inc(&late_calls);
}

SELFTEST(workqueue, after_a_grace_period)
{
	struct rcu_work rwork;

	atomic_set(&late_calls, 0);
	INIT_RCU_WORK(&rwork, after_grace);
	CHECK(queue_rcu_work(system_wq, &rwork));
	flush_rcu_work(&rwork);
	CHECK_EQ(atomic_read(&late_calls), 1);
}

/* ---- Misuse ---- */

static void waits_for_itself(struct work_struct *work)
{
	CHECK(!flush_work(work));
	cancel_work_sync(work);
}

static void leaves_irqs_off(struct work_struct *work)
{
	preempt_disable();
	local_irq_disable();
}

SELFTEST(workqueue, misuse_is_reported)
{
	struct work_struct work;

	selftest_expect_warnings(3);
	INIT_WORK(&work, waits_for_itself);
	schedule_work(&work);
	flush_work(&work);
	INIT_WORK(&work, leaves_irqs_off);
	schedule_work(&work);
	flush_work(&work);
}

#define ITEMS 16	/* all at once, by few workers: more would take memory from who queues */
static struct workqueue_struct *storm_wq;
static struct item storm[ITEMS];
static atomic_t storm_queued;
static bool storm_over;

static enum hrtimer_restart queue_in_interrupt(struct hrtimer *timer)
{
	static unsigned int n;

	if (queue_work(storm_wq, &storm[n++ % ITEMS].work))
		atomic_inc(&storm_queued);
	hrtimer_forward_now(timer, 100000);
	return READ_ONCE(storm_over) ? HRTIMER_NORESTART : HRTIMER_RESTART;
}

static void queue_and_cancel(void *number)
{
	unsigned long i, n = (unsigned long)number;

	for (i = 0; i < selftest_scaled(400); i++) {
		struct work_struct *work = &storm[(n += 7) % ITEMS].work;

		switch (n % 5) {
		case 0:
			if (cancel_work_sync(work))
				atomic_dec(&storm_queued);
			break;
		case 1:
			flush_work(work);
			break;
		default:
			if (queue_work(storm_wq, work))
				atomic_inc(&storm_queued);
		}
	}
}

SELFTEST(workqueue, nothing_is_lost_in_a_storm)
{
	struct test_thread threads[4];
	struct hrtimer timer;
	int calls = 0;

	storm_wq = alloc_workqueue("storm", 0, 4);
	REQUIRE(storm_wq);
	storm_over = false;
	atomic_set(&storm_queued, 0);
	for (int i = 0; i < ITEMS; i++)
		item_init(&storm[i]);
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer.function = queue_in_interrupt;
	hrtimer_start(&timer, 100000, HRTIMER_MODE_REL);
	for (long i = 0; i < 4; i++)
		test_thread_start(&threads[i], ANY_CPU, queue_and_cancel, (void *)i);
	for (int i = 0; i < 4; i++)
		test_thread_join(&threads[i]);
	WRITE_ONCE(storm_over, true);
	hrtimer_cancel(&timer);
	destroy_workqueue(storm_wq);
	for (int i = 0; i < ITEMS; i++)
		calls += atomic_read(&storm[i].calls);
	CHECK_EQ(calls, atomic_read(&storm_queued));
	CHECK(calls > 0);
}
