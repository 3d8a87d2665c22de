// SPDX-License-Identifier: MIT
/* Read-write spin locks, and trying for spin locks. */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <quarry/port.h>
#include "tests/threads.h"

static DEFINE_RWLOCK(lock);
static unsigned long one, other;

SELFTEST(rwlock, who_may_be_inside_with_whom)
{
	read_lock(&lock);
	CHECK(read_trylock(&lock));
	CHECK(!write_trylock(&lock));
	read_unlock(&lock);
	CHECK(!write_trylock(&lock));
	read_unlock(&lock);
	CHECK(write_trylock(&lock));
	CHECK(!read_trylock(&lock));
	CHECK(!write_trylock(&lock));
	write_unlock(&lock);
	write_lock(&lock);
	write_unlock(&lock);
	CHECK_EQ(lock.count, 0);
	CHECK_EQ(preempt_count(), 0);
}

SELFTEST(rwlock, a_try_switches_interrupts_off_if_it_succeeds)
{
	unsigned long flags, inner;

	CHECK(write_trylock_irqsave(&lock, flags));
	CHECK(irqs_disabled());
	CHECK(!write_trylock_irqsave(&lock, inner));
	CHECK(irqs_disabled());
	write_unlock_irqrestore(&lock, flags);
	CHECK(!irqs_disabled());
	read_lock(&lock);
	CHECK(!write_trylock_irqsave(&lock, flags));
	CHECK(!irqs_disabled());
	read_unlock(&lock);
}

static void read_both(void *rounds)
{
	for (unsigned long i = 0; i < (unsigned long)rounds; i++) {
		read_lock(&lock);
		CHECK_EQ(READ_ONCE(one), READ_ONCE(other));
		read_unlock(&lock);
		cond_resched();
	}
}

static void change_both(void *rounds)
{
	for (unsigned long i = 0; i < (unsigned long)rounds; i++) {
		write_lock(&lock);
		WRITE_ONCE(one, one + 1);
		WRITE_ONCE(other, other + 1);
		write_unlock(&lock);
		cond_resched();
	}
}

SELFTEST(rwlock, readers_and_writers)
{
	unsigned long rounds = selftest_scaled(1000);
	struct test_thread threads[6];

	one = other = 0;
	for (int i = 0; i < 6; i++)
		test_thread_start(&threads[i], ANY_CPU, i % 3 ? read_both : change_both,
				  (void *)rounds);
	for (int i = 0; i < 6; i++)
		test_thread_join(&threads[i]);
	CHECK_EQ(one, 2 * rounds);
	CHECK_EQ(other, 2 * rounds);
	CHECK_EQ(lock.count, 0);
}

/* ---- A writer that waits keeps new readers out, but not an interrupt's ---- */

/* Readers come in interrupts too, so writers keep these out. */
static DEFINE_RWLOCK(irq_lock);
static atomic_t go;

static void write_once(void *unused)
{
	while (!atomic_read(&go))
		cond_resched();
	write_lock_irq(&irq_lock);
	WRITE_ONCE(one, 1);
	write_unlock_irq(&irq_lock);
}

static enum hrtimer_restart read_in_interrupt(struct hrtimer *timer)
{
	read_lock(&irq_lock);
	WRITE_ONCE(other, 1 + READ_ONCE(one));
	read_unlock(&irq_lock);
	return HRTIMER_NORESTART;
}

#define SPIN_UNTIL(cond) do { \
	u64 _start = ktime_get_ns(); \
	while (!(cond) && ktime_get_ns() - _start < 10 * (u64)NSEC_PER_SEC) \
		port_relax(); \
	CHECK(cond); \
} while (0)

SELFTEST(rwlock, an_interrupt_does_not_wait_behind_a_waiting_writer)
{
	unsigned int cpu, last = 0;
	struct test_thread thread;
	struct hrtimer timer;

	for_each_online_cpu(cpu)
		last = cpu;
	if (!last)
		SKIP("one CPU");
	one = other = 0;
	atomic_set(&go, 0);
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer.function = read_in_interrupt;
	test_thread_start(&thread, (int)last, write_once, NULL);
	read_lock(&irq_lock);
	atomic_set(&go, 1);
	SPIN_UNTIL(READ_ONCE(irq_lock.count) & RWLOCK_WAITING);
	CHECK(!read_trylock(&irq_lock));
	hrtimer_start(&timer, 1000, HRTIMER_MODE_REL);
	SPIN_UNTIL(READ_ONCE(other));
	CHECK_EQ(READ_ONCE(other), 1);
	CHECK_EQ(READ_ONCE(one), 0);
	read_unlock(&irq_lock);
	test_thread_join(&thread);
	hrtimer_cancel(&timer);
	CHECK_EQ(one, 1);
}

SELFTEST(rwlock, spin_trylock_and_what_can_be_seen)
{
	DEFINE_SPINLOCK(spin);
	raw_spinlock_t raw;

	CHECK(!spin_is_locked(&spin));
	CHECK(spin_trylock(&spin));
	CHECK(spin_is_locked(&spin));
	CHECK(!spin_is_contended(&spin));
	CHECK(!spin_trylock(&spin));
	spin_unlock(&spin);
	CHECK(!spin_is_locked(&spin));
	raw_spin_lock_init(&raw);
	raw_spin_lock_irq(&raw);
	CHECK(raw_spin_is_locked(&raw));
	raw_spin_unlock_irq(&raw);
	spin_lock_bh(&spin);
	spin_unlock_bh(&spin);
}

/* ---- On several CPUs, in a known order ---- */

static DEFINE_RWLOCK(fair_lock);
static atomic_t inside;

static void meet_inside(void *nr)
{
	read_lock(&fair_lock);
	atomic_inc(&inside);
	SPIN_UNTIL(atomic_read(&inside) == (int)(unsigned long)nr);
	read_unlock(&fair_lock);
}

SELFTEST(rwlock, readers_are_inside_together)
{
	unsigned long nr = min(num_online_cpus(), 4U);
	struct test_thread threads[4];

	atomic_set(&inside, 0);
	for (unsigned int i = 0; i < nr; i++)
		test_thread_start(&threads[i], test_cpu(i), meet_inside, (void *)nr);
	for (unsigned int i = 0; i < nr; i++)
		test_thread_join(&threads[i]);
	CHECK_EQ(atomic_read(&inside), nr);
}

static unsigned int steps, writer_step, reader_step;	/* fair_lock; these two by turns */

static void write_behind_reader(void *unused)
{
	SPIN_UNTIL(READ_ONCE(fair_lock.count));
	write_lock(&fair_lock);
	writer_step = ++steps;
	write_unlock(&fair_lock);
}

static void read_behind_writer(void *unused)
{
	SPIN_UNTIL(READ_ONCE(fair_lock.count) & RWLOCK_WAITING);
	read_lock(&fair_lock);
	reader_step = ++steps;
	read_unlock(&fair_lock);
}

SELFTEST(rwlock, readers_do_not_pass_a_waiting_writer)
{
	struct test_thread writer, reader;

	if (num_online_cpus() < 3)
		SKIP("three CPUs are needed");
	steps = writer_step = reader_step = 0;
	test_thread_start(&writer, test_cpu(1), write_behind_reader, NULL);
	test_thread_start(&reader, test_cpu(2), read_behind_writer, NULL);
	read_lock(&fair_lock);
	SPIN_UNTIL(READ_ONCE(fair_lock.count) & RWLOCK_WAITING);
	SPIN_UNTIL(arch_spin_waiters(&fair_lock.queue) == 1);
	read_unlock(&fair_lock);
	test_thread_join(&writer);
	test_thread_join(&reader);
	CHECK_EQ(writer_step, 1);
	CHECK_EQ(reader_step, 2);
}
