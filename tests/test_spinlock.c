/* SPDX-License-Identifier: MIT */
/*
 * Spin locks: they exclude whom they should, let nobody wait for ever, and leave interrupts
 * and the preemption count as they found them.
 */
#include <linux/ktime.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <tests/threads.h>

#define MAX_THREADS 8
#define TURNS_SPENT 1000000000	/* of a loop that waits for another CPU: far too many */

_Static_assert(QUARRY_DEBUG_LOCKS || sizeof(spinlock_t) == 4, "nothing but the lock");

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
	printk("entered %lu times\n", counter);
}

/* A queue of CPUs: each draws its number when those before it have, then enters in turn. */
static DEFINE_SPINLOCK(line_lock);
static unsigned int entered, order[MAX_THREADS];	/* line_lock */

static void queue_up(void *arg)
{
	unsigned int place = (unsigned int)(unsigned long)arg;

	SPIN_UNTIL(spin_is_locked(&line_lock) && arch_spin_waiters(&line_lock.raw) == place);
	spin_lock(&line_lock);
	order[entered++] = place;
	spin_unlock(&line_lock);
}

/* `next` and `owner` of a lock that nobody waits for. */
static u32 both_at(u32 number)
{
	return number * (SPIN_NEXT_ONE + SPIN_OWNER_ONE);
}

SELFTEST(spinlock, waiters_enter_in_the_order_they_came)
{
	unsigned int i, round, n = nr_threads() - 1;
	struct test_thread threads[MAX_THREADS];

	if (!n)
		SKIP("one CPU: nobody waits");
	for (round = 0; round < min(n, 3U); round++) {
		entered = 0;
		line_lock.raw.word = both_at(2047 - round);	/* numbers wrap on the way */
		for (i = 0; i < n; i++)
			test_thread_start(&threads[i], test_cpu(i + 1), queue_up,
					  (void *)(unsigned long)((i + round) % n));
		spin_lock(&line_lock);
		SPIN_UNTIL(arch_spin_waiters(&line_lock.raw) == n);
		CHECK(spin_is_contended(&line_lock));
		spin_unlock(&line_lock);
		for (i = 0; i < n; i++)
			test_thread_join(&threads[i]);
		CHECK_EQ(entered, n);
		for (i = 0; i < n; i++)
			CHECK_EQ(order[i], i);
		CHECK_EQ(line_lock.raw.word, both_at((2047 - round + n) % 2048));
	}
}

/* Takes it by all means while another wants it: after the other is urgent, without success. */
SELFTEST(spinlock, nobody_passes_an_urgent_waiter)
{
	struct test_thread thread;

	if (num_online_cpus() < 2)
		SKIP("one CPU: nobody waits");
	entered = 0;
	test_thread_start(&thread, test_cpu(1), queue_up, NULL);
	spin_lock(&line_lock);
	SPIN_UNTIL(READ_ONCE(line_lock.raw.word) & SPIN_URGENT);
	CHECK_EQ(entered, 0);
	spin_unlock(&line_lock);
	while (!spin_trylock(&line_lock))
		port_relax();
	CHECK_EQ(entered, 1);
	CHECK(!(line_lock.raw.word & SPIN_URGENT));
	spin_unlock(&line_lock);
	test_thread_join(&thread);
}

static void enter_once(void *unused)
{
	spin_lock(&line_lock);
	entered++;
	spin_unlock(&line_lock);
}

/* No rest between letting go and taking again: who waits gets in all the same. */
SELFTEST(spinlock, a_greedy_cpu_does_not_keep_others_out)
{
	unsigned int i, turns, seen = 0, n = nr_threads() - 1;
	struct test_thread threads[MAX_THREADS];

	entered = 0;
	for (i = 0; i < n; i++)
		test_thread_start(&threads[i], test_cpu(i + 1), enter_once, NULL);
	for (turns = 0; turns < TURNS_SPENT && seen < n; turns++) {
		spin_lock(&line_lock);
		seen = entered;
		spin_unlock(&line_lock);
	}
	CHECK_EQ(seen, n);
	for (i = 0; i < n; i++)
		test_thread_join(&threads[i]);
}

/* The word as it is while others wait, made up. */
SELFTEST(spinlock, who_finds_it_free_takes_it)
{
	arch_spinlock_t lock = { .word = both_at(2047) + SPIN_NEXT_ONE };

	CHECK_EQ(arch_spin_waiters(&lock), 1);
	CHECK(arch_spin_trylock(&lock));
	CHECK(arch_spin_is_locked(&lock));
	CHECK_EQ(arch_spin_waiters(&lock), 1);
	CHECK(!arch_spin_trylock(&lock));
	arch_spin_unlock(&lock);
	lock.word |= SPIN_URGENT;
	CHECK(!arch_spin_is_locked(&lock));
	CHECK(!arch_spin_trylock(&lock));
	/* The head enters, and the lock is an ordinary one again. */
	lock.word -= SPIN_NEXT_ONE;
	arch_spin_lock(&lock);
	CHECK_EQ(lock.word, SPIN_LOCKED);
	arch_spin_unlock(&lock);
	CHECK_EQ(lock.word, 0);
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
