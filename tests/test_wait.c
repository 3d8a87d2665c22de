// SPDX-License-Identifier: MIT
/* Wait queues. */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>
#include <linux/wait.h>
#include "tests/threads.h"

static DECLARE_WAIT_QUEUE_HEAD(queue);
static int condition;

SELFTEST(wait, what_holds_is_not_waited_for)
{
	wait_event(queue, true);
	CHECK_EQ(wait_event_interruptible(queue, true), 0);
	CHECK_EQ(wait_event_timeout(queue, true, 0), 1);
	CHECK_EQ(wait_event_timeout(queue, true, 7), 7);
	CHECK_EQ(wait_event_interruptible_timeout(queue, true, 3), 3);
	CHECK(!waitqueue_active(&queue));
	CHECK_EQ(get_current_state(), TASK_RUNNING);
}

SELFTEST(wait, timeout_ends_the_wait)
{
	u64 start = ktime_get_ns();

	CHECK_EQ(wait_event_timeout(queue, false, 2), 0);
	CHECK(ktime_get_ns() - start >= 2 * NSEC_PER_JIFFY);
	CHECK_EQ(wait_event_interruptible_timeout(queue, false, 0), 0);
	CHECK(!waitqueue_active(&queue));
	CHECK_EQ(get_current_state(), TASK_RUNNING);
}

static void make_it_true(void *unused)
{
	msleep(2);
	WRITE_ONCE(condition, 1);
	wake_up(&queue);
}

SELFTEST(wait, a_thread_wakes_the_waiter)
{
	struct test_thread thread;
	long left;

	condition = 0;
	test_thread_start(&thread, ANY_CPU, make_it_true, NULL);
	wait_event(queue, READ_ONCE(condition));
	test_thread_join(&thread);
	condition = 0;
	test_thread_start(&thread, ANY_CPU, make_it_true, NULL);
	left = wait_event_timeout(queue, READ_ONCE(condition), 30 * HZ);
	CHECK(left > 0 && left <= 30 * HZ);
	test_thread_join(&thread);
}

static enum hrtimer_restart true_by_interrupt(struct hrtimer *timer)
{
	CHECK(in_interrupt());
	WRITE_ONCE(condition, 1);
	wake_up(&queue);
	return HRTIMER_NORESTART;
}

SELFTEST(wait, an_interrupt_wakes_the_waiter)
{
	struct hrtimer timer;

	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer.function = true_by_interrupt;
	/* From "before it is in the queue" to "long asleep". */
	for (unsigned long ns = 1; ns < 1000000; ns = ns * 2 + 100) {
		condition = 0;
		hrtimer_start(&timer, (ktime_t)ns, HRTIMER_MODE_REL);
		wait_event(queue, READ_ONCE(condition));
		hrtimer_cancel(&timer);
	}
}

/* ---- Who is woken ---- */

#define NR_WAITERS 5

static atomic_t passed;
static int tickets;
static DEFINE_SPINLOCK(ticket_lock);

static bool take_ticket(void)
{
	bool taken;

	spin_lock(&ticket_lock);
	taken = tickets > 0;
	tickets -= taken;
	spin_unlock(&ticket_lock);
	return taken;
}

static void wait_exclusive(void *unused)
{
	wait_event_interruptible_exclusive(queue, take_ticket());
	atomic_inc(&passed);
}

static void wait_shared(void *unused)
{
	wait_event(queue, READ_ONCE(condition));
	atomic_inc(&passed);
}

static unsigned int queue_length(void)
{
	struct list_head *node;
	unsigned int n = 0;

	spin_lock_irq(&queue.lock);
	list_for_each(node, &queue.head)
		n++;
	spin_unlock_irq(&queue.lock);
	return n;
}

static void start_waiters(struct test_thread *threads, void (*fn)(void *))
{
	atomic_set(&passed, 0);
	condition = tickets = 0;
	for (int i = 0; i < NR_WAITERS; i++)
		test_thread_start(&threads[i], ANY_CPU, fn, NULL);
	WAIT_UNTIL(queue_length() == NR_WAITERS);
}

static void give_tickets(int nr)
{
	spin_lock(&ticket_lock);
	tickets += nr;
	spin_unlock(&ticket_lock);
}

SELFTEST(wait, wake_up_wakes_one_exclusive_waiter)
{
	struct test_thread threads[NR_WAITERS];

	start_waiters(threads, wait_exclusive);
	for (int i = 1; i <= 2; i++) {
		give_tickets(1);
		wake_up(&queue);
		WAIT_UNTIL(atomic_read(&passed) == i);
		WAIT_UNTIL(queue_length() == (unsigned int)(NR_WAITERS - i));
	}
	give_tickets(2);
	wake_up_nr(&queue, 2);
	WAIT_UNTIL(atomic_read(&passed) == 4);
	give_tickets(1);
	wake_up_all(&queue);
	for (int i = 0; i < NR_WAITERS; i++)
		test_thread_join(&threads[i]);
	CHECK_EQ(atomic_read(&passed), NR_WAITERS);
}

SELFTEST(wait, wake_up_wakes_all_others)
{
	struct test_thread threads[NR_WAITERS];

	start_waiters(threads, wait_shared);
	wake_up_interruptible(&queue);
	CHECK_EQ(queue_length(), NR_WAITERS);	/* they sleep in the other state */
	WRITE_ONCE(condition, 1);
	wake_up(&queue);
	for (int i = 0; i < NR_WAITERS; i++)
		test_thread_join(&threads[i]);
	CHECK_EQ(atomic_read(&passed), NR_WAITERS);
}

/* An exclusive wake-up that meets one who is about to leave anyway goes on to the next. */
SELFTEST(wait, an_exclusive_wake_up_is_not_wasted)
{
	struct test_thread threads[NR_WAITERS];
	DEFINE_WAIT(mine);

	start_waiters(threads, wait_exclusive);
	give_tickets(NR_WAITERS);
	wake_up_nr(&queue, NR_WAITERS - 1);
	WAIT_UNTIL(atomic_read(&passed) == NR_WAITERS - 1);
	prepare_to_wait_exclusive(&queue, &mine, TASK_INTERRUPTIBLE);
	spin_lock_irq(&queue.lock);
	list_move(&mine.entry, &queue.head);	/* before the one that is left */
	spin_unlock_irq(&queue.lock);
	wake_up(&queue);
	CHECK_EQ(get_current_state(), TASK_RUNNING);
	finish_wait_exclusive(&queue, &mine);
	for (int i = 0; i < NR_WAITERS; i++)
		test_thread_join(&threads[i]);
	CHECK_EQ(atomic_read(&passed), NR_WAITERS);
}

SELFTEST(wait, entries_of_ones_own)
{
	DECLARE_WAITQUEUE(entry, current);

	CHECK(!wq_has_sleeper(&queue));
	add_wait_queue(&queue, &entry);
	CHECK(wq_has_sleeper(&queue));
	set_current_state(TASK_INTERRUPTIBLE);
	wake_up(&queue);
	CHECK_EQ(get_current_state(), TASK_RUNNING);
	CHECK(waitqueue_active(&queue));	/* default_wake_function() leaves it in */
	remove_wait_queue(&queue, &entry);
	CHECK(!waitqueue_active(&queue));
	add_wait_queue_exclusive(&queue, &entry);
	remove_wait_queue(&queue, &entry);
}

static DEFINE_SPINLOCK(guard);

static void make_it_true_under_lock(void *unused)
{
	WAIT_UNTIL(queue_length() == 1);
	spin_lock_irq(&guard);
	condition++;
	wake_up(&queue);
	spin_unlock_irq(&guard);
}

SELFTEST(wait, under_a_lock_that_is_let_go)
{
	struct test_thread thread;
	int before = 0, after = 0;

	for (int i = 0; i < 3; i++) {
		condition = 0;
		test_thread_start(&thread, ANY_CPU, make_it_true_under_lock, NULL);
		spin_lock_irq(&guard);
		if (i == 0)
			wait_event_lock_irq(queue, condition, guard);
		else if (i == 1)
			CHECK_EQ(wait_event_interruptible_lock_irq(queue, condition, guard), 0);
		else
			wait_event_cmd(queue, condition, before++; spin_unlock_irq(&guard),
				       spin_lock_irq(&guard); after++);
		CHECK(spin_is_locked(&guard) && irqs_disabled());
		CHECK_EQ(condition, 1);
		wait_event_lock_irq(queue, condition, guard);
		spin_unlock_irq(&guard);
		test_thread_join(&thread);
	}
	CHECK(before > 0 && after == before);
	CHECK(!waitqueue_active(&queue));
}

SELFTEST(wait, by_other_names)
{
	struct test_thread thread;

	for (int i = 0; i < 4; i++) {
		condition = 0;
		test_thread_start(&thread, ANY_CPU, make_it_true, NULL);
		if (i == 0)
			wait_event_idle(queue, READ_ONCE(condition));
		else if (i == 1)
			CHECK_EQ(wait_event_killable(queue, READ_ONCE(condition)), 0);
		else if (i == 2)
			CHECK(wait_event_killable_timeout(queue, READ_ONCE(condition), 30 * HZ));
		else
			wait_event_idle_exclusive(queue, READ_ONCE(condition));
		CHECK(READ_ONCE(condition));
		test_thread_join(&thread);
	}
	CHECK_EQ(wait_event_idle_timeout(queue, false, 1), 0);
	CHECK_EQ(signal_pending(current) | fatal_signal_pending(current), 0);
	spin_lock_irq(&queue.lock);
	wake_up_locked(&queue);
	wake_up_all_locked(&queue);
	spin_unlock_irq(&queue.lock);
	wake_up_sync(&queue);
	wake_up_interruptible_sync(&queue);
}

/* ---- Nothing is lost ---- */

static atomic_t credit;

static void produce(void *rounds)
{
	for (unsigned long i = 0; i < (unsigned long)rounds; i++) {
		atomic_inc(&credit);
		if (i % 2 || wq_has_sleeper(&queue))
			wake_up(&queue);
		if (i % 7 == 0)
			cond_resched();
	}
}

static bool take_credit(void)
{
	return atomic_dec_if_positive(&credit) >= 0;
}

static void consume(void *rounds)
{
	for (unsigned long i = 0; i < (unsigned long)rounds; i++)
		wait_event_interruptible_exclusive(queue, take_credit());
}

/* As many are taken as are made; a lost wake-up leaves a consumer asleep for ever. */
SELFTEST(wait, producers_and_consumers)
{
	unsigned long rounds = selftest_scaled(200);
	struct test_thread makers[3], takers[3];

	atomic_set(&credit, 0);
	for (int i = 0; i < 3; i++) {
		test_thread_start(&takers[i], ANY_CPU, consume, (void *)rounds);
		test_thread_start(&makers[i], ANY_CPU, produce, (void *)rounds);
	}
	for (int i = 0; i < 3; i++) {
		test_thread_join(&makers[i]);
		test_thread_join(&takers[i]);
	}
	CHECK_EQ(atomic_read(&credit), 0);
	CHECK(!waitqueue_active(&queue));
}

struct stirrer {
	struct hrtimer timer;
	int left;
};

static enum hrtimer_restart stir(struct hrtimer *timer)
{
	struct stirrer *s = container_of(timer, struct stirrer, timer);

	wake_up(&queue);
	hrtimer_forward_now(timer, NSEC_PER_JIFFY / 4);
	return --s->left ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

/* Wake-ups for nothing, more often than jiffies pass, do not put the end off. */
SELFTEST(wait, time_is_up_however_often_it_is_woken)
{
	struct stirrer s = { .left = 400 };
	long left = 3;

	hrtimer_init(&s.timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	s.timer.function = stir;
	hrtimer_start(&s.timer, NSEC_PER_JIFFY / 4, HRTIMER_MODE_REL);
	CHECK_EQ(wait_event_timeout(queue, false, 3), 0);
	CHECK(READ_ONCE(s.left) > 0);
	while (left && READ_ONCE(s.left)) {
		DEFINE_WAIT(entry);

		prepare_to_wait(&queue, &entry, TASK_UNINTERRUPTIBLE);
		left = schedule_timeout(left);
		finish_wait(&queue, &entry);
	}
	CHECK(READ_ONCE(s.left) > 0);
	hrtimer_cancel(&s.timer);
}

SELFTEST(wait, timeouts_race_with_wake_ups)
{
	struct hrtimer timer;
	unsigned int woken = 0, late = 0;

	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer.function = true_by_interrupt;
	for (unsigned long i = 0; i < selftest_scaled(20); i++) {
		long left;

		condition = 0;
		hrtimer_start(&timer, (ktime_t)(NSEC_PER_JIFFY - 20000 + i * 2000),
			      HRTIMER_MODE_REL);
		left = wait_event_timeout(queue, READ_ONCE(condition), 1);
		woken += left != 0;
		late += left == 0;
		hrtimer_cancel(&timer);
	}
	CHECK_EQ(woken + late, selftest_scaled(20));
	CHECK(!waitqueue_active(&queue));
}
