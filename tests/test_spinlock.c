/* SPDX-License-Identifier: MIT */
/*
 * Spin locks: they exclude whom they should, in the order of arrival, and leave interrupts
 * and the preemption count as they found them.
 */
#include <linux/ktime.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <tests/threads.h>

#define MAX_THREADS 8
#define TURNS_SPENT 1000000000	/* of a loop that waits for another CPU: far too many */

_Static_assert(QUARRY_DEBUG_LOCKS || sizeof(spinlock_t) == 4, "nothing but the ticket");

/* Waits for what another CPU does soon. */
#define SPIN_UNTIL(cond) ({ \
	unsigned int _turn; \
	for (_turn = 0; _turn < TURNS_SPENT && !(cond); _turn++) \
		port_relax(); \
	CHECK(cond); })

/* One thread on each of the first CPUs. */
static unsigned int nr_threads(void)
{
	return min_t(unsigned int, num_online_cpus(), MAX_THREADS);
}

static void on_all_cpus(void (*fn)(void *), void *arg)
{
	struct test_thread threads[MAX_THREADS];
	unsigned int i, n = nr_threads();

	for (i = 0; i < n; i++)
		test_thread_start(&threads[i], test_cpu(i), fn, arg);
	for (i = 0; i < n; i++)
		test_thread_join(&threads[i]);
}

static DEFINE_SPINLOCK(counter_lock);
static unsigned long counter;	/* counter_lock */
static atomic_long_t expected;

/*
 * For a time, not so many times: where the host has fewer CPUs than the guest, it may take
 * milliseconds until the one whose turn it is runs.
 */
static void count_up(void *arg)
{
	unsigned long n = 0, flags;
	u64 start = ktime_get_ns(), time = selftest_scaled(200 * NSEC_PER_MSEC);

	do {
		if (n++ % 2) {
			spin_lock_irqsave(&counter_lock, flags);
			counter++;
			spin_unlock_irqrestore(&counter_lock, flags);
		} else {
			spin_lock_irq(&counter_lock);
			counter++;
			spin_unlock_irq(&counter_lock);
		}
		cond_resched();
	} while (ktime_get_ns() - start < time);
	atomic_long_add((long)n, &expected);
}

SELFTEST(spinlock, only_one_is_inside)
{
	counter = 0;
	atomic_long_set(&expected, 0);
	on_all_cpus(count_up, NULL);
	CHECK_EQ(counter, atomic_long_read(&expected));
	CHECK(counter >= nr_threads());
}

/* A queue of CPUs: each draws its ticket when those before it have, then enters in turn. */
static DEFINE_SPINLOCK(line_lock);
static unsigned int entered, order[MAX_THREADS];	/* line_lock */

static void queue_up(void *arg)
{
	unsigned int place = (unsigned int)(unsigned long)arg;

	/* Drawn by then: the test's own ticket, and those of the places before. */
	SPIN_UNTIL(__ticket_users(&line_lock.ticket) == place + 1);
	spin_lock(&line_lock);
	order[entered++] = place;
	spin_unlock(&line_lock);
}

SELFTEST(spinlock, first_come_first_served)
{
	unsigned int i, round, n = nr_threads() - 1;
	struct test_thread threads[MAX_THREADS];

	if (!n)
		SKIP("one CPU: nobody waits");
	for (round = 0; round < min(n, 3U); round++) {
		entered = 0;
		for (i = 0; i < n; i++)
			test_thread_start(&threads[i], test_cpu(i + 1), queue_up,
					  (void *)(unsigned long)((i + round) % n));
		spin_lock(&line_lock);
		SPIN_UNTIL(__ticket_users(&line_lock.ticket) == n + 1);
		CHECK(spin_is_contended(&line_lock));
		spin_unlock(&line_lock);
		for (i = 0; i < n; i++)
			test_thread_join(&threads[i]);
		CHECK_EQ(entered, n);
		for (i = 0; i < n; i++)
			CHECK_EQ(order[i], i);
	}
}

SELFTEST(spinlock, tickets_wrap)
{
	spinlock_t lock;
	unsigned int i;

	spin_lock_init(&lock);
	lock.ticket.next = lock.ticket.owner = 0xfffd;
	for (i = 0; i < 6; i++) {
		spin_lock(&lock);
		CHECK(spin_is_locked(&lock));
		CHECK(!spin_is_contended(&lock));
		spin_unlock(&lock);
		CHECK(!spin_is_locked(&lock));
		CHECK(spin_trylock(&lock));
		spin_unlock(&lock);
	}
	CHECK_EQ(lock.ticket.next, 9);
	CHECK_EQ(lock.ticket.owner, 9);
}

SELFTEST(spinlock, trylock_takes_only_what_is_free)
{
	static DEFINE_RAW_SPINLOCK(lock);
	unsigned int before = preempt_count();

	CHECK_EQ(raw_spin_trylock(&lock), 1);
	CHECK_EQ(preempt_count(), before + LOCK_ONE);
	CHECK(in_atomic());
	CHECK_EQ(raw_spin_trylock(&lock), 0);
	CHECK_EQ(preempt_count(), before + LOCK_ONE);
	assert_spin_locked(&lock);
	lockdep_assert_held(&lock);
	raw_spin_unlock(&lock);
	CHECK_EQ(preempt_count(), before);
	CHECK(!raw_spin_is_locked(&lock));
}

SELFTEST(spinlock, interrupts_are_as_before)
{
	static DEFINE_SPINLOCK(outer);
	static DEFINE_SPINLOCK(inner);
	unsigned long flags, flags2;

	spin_lock_irqsave(&outer, flags);
	CHECK(irqs_disabled());
	spin_lock_irqsave(&inner, flags2);
	spin_unlock_irqrestore(&inner, flags2);
	CHECK(irqs_disabled());
	CHECK(!spin_trylock_irqsave(&outer, flags2));
	CHECK(irqs_disabled());
	spin_unlock_irqrestore(&outer, flags);
	CHECK(!irqs_disabled());
	CHECK(spin_trylock_irqsave(&outer, flags));
	CHECK(irqs_disabled());
	spin_unlock_irqrestore(&outer, flags);
	CHECK(!irqs_disabled());
	spin_lock_irq(&outer);
	CHECK(irqs_disabled());
	spin_unlock_irq(&outer);
	CHECK(!irqs_disabled());
	CHECK(spin_trylock_irq(&outer));
	CHECK(!spin_trylock(&outer));
	CHECK(irqs_disabled());
	spin_unlock_irq(&outer);
	CHECK(!irqs_disabled());
}
