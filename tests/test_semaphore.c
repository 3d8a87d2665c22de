/* SPDX-License-Identifier: MIT */
/* Semaphores: so many inside and no more, from every context. */
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/semaphore.h>
#include <tests/threads.h>

static DEFINE_SEMAPHORE(one_place);
static DEFINE_SEMAPHORE(three_places, 3);

SELFTEST(semaphore, as_many_as_there_are_places)
{
	struct semaphore sem;

	CHECK_EQ(down_trylock(&one_place), 0);
	CHECK_EQ(down_trylock(&one_place), 1);
	up(&one_place);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(down_trylock(&three_places), 0);
	CHECK_EQ(down_trylock(&three_places), 1);
	CHECK_EQ(down_timeout(&three_places, 1), -ETIME);
	for (int i = 0; i < 3; i++)
		up(&three_places);
	sema_init(&sem, 0);
	CHECK_EQ(down_trylock(&sem), 1);
	up(&sem);
	down(&sem);
	up(&sem);
	CHECK_EQ(down_interruptible(&sem), 0);
	up(&sem);
	CHECK_EQ(down_killable(&sem), 0);
	up(&sem);
	CHECK_EQ(down_timeout(&sem, 1), 0);
}

static atomic_t inside, most;

static void enter_often(void *unused)
{
	for (unsigned long i = 0; i < selftest_scaled(200); i++) {
		int n, seen;

		down(&three_places);
		n = atomic_inc_return(&inside);
		for (seen = atomic_read(&most); seen < n; seen = atomic_read(&most))
			atomic_cmpxchg(&most, seen, n);
		if (!i)
			WAIT_UNTIL(atomic_read(&most) >= 2);	/* there is a place left */
		else if (i % 8 == 0)
			yield();
		atomic_dec(&inside);
		up(&three_places);
	}
}

SELFTEST(semaphore, threads_share_the_places)
{
	struct test_thread threads[6];

	atomic_set(&inside, 0);
	atomic_set(&most, 0);
	for (int i = 0; i < 6; i++)
		test_thread_start(&threads[i], ANY_CPU, enter_often, NULL);
	for (int i = 0; i < 6; i++)
		test_thread_join(&threads[i]);
	CHECK(atomic_read(&most) <= 3);
	CHECK(atomic_read(&most) >= 2);
	CHECK_EQ(atomic_read(&inside), 0);
	CHECK_EQ(three_places.places.done, 3);
}

/* ---- Nobody comes in between ---- */

#define ROUNDS 1000

static struct semaphore wanted;
static unsigned int rounds;

static void want_it_once(void *came)
{
	down(&wanted);
	*(unsigned int *)came = READ_ONCE(rounds);
	up(&wanted);
}

/* Has the place. On the others' CPU, so that they run only while it is taken. */
static void take_it_again_and_again(void *unused)
{
	for (rounds = 0; rounds < ROUNDS; rounds++) {
		cond_resched();
		up(&wanted);
		down(&wanted);
	}
	up(&wanted);
}

SELFTEST(semaphore, who_takes_it_again_at_once_keeps_nobody_out)
{
	unsigned int came[2] = { ROUNDS, ROUNDS };
	struct test_thread threads[3];

	sema_init(&wanted, 0);
	for (int i = 0; i < 2; i++)
		test_thread_start(&threads[i], test_cpu(0), want_it_once, &came[i]);
	WAIT_UNTIL(!list_empty(&wanted.places.wait.head) &&
		   !list_is_singular(&wanted.places.wait.head));
	test_thread_start(&threads[2], test_cpu(0), take_it_again_and_again, NULL);
	for (int i = 0; i < 3; i++)
		test_thread_join(&threads[i]);
	CHECK(came[0] < ROUNDS);
	CHECK(came[1] < ROUNDS);
	CHECK_EQ(wanted.places.done, 1);
}

/* ---- Interrupts ---- */

static struct semaphore news;

static enum hrtimer_restart tell(struct hrtimer *timer)
{
	up(&news);
	return HRTIMER_NORESTART;
}

SELFTEST(semaphore, an_interrupt_lets_a_thread_go_on)
{
	struct hrtimer timer;

	sema_init(&news, 0);
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer.function = tell;
	hrtimer_start(&timer, NSEC_PER_MSEC, HRTIMER_MODE_REL);
	CHECK_EQ(down_timeout(&news, 10 * HZ), 0);
	hrtimer_cancel(&timer);
}
