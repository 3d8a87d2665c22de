// SPDX-License-Identifier: MIT
/*
 * local_bh_disable() keeps the functions of timer_list timers away, and nothing else; what came
 * due meanwhile is not lost. So the _bh forms of locks go with timers that take them plainly.
 */
#include <linux/bottom_half.h>
#include <linux/irqflags.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <kernel/lockcheck.h>
#include "tests/interruption.h"
#include "tests/lock_reports.h"
#include "tests/threads.h"

struct probe {
	struct timer_list timer;
	atomic_t calls, wrong;
	void (*fn)(void *arg);
	void *arg;
};

static void note(struct timer_list *timer)
{
	struct probe *p = from_timer(p, timer, timer);

	if (!in_serving_softirq() || !in_softirq() || !in_interrupt() || in_task())
		atomic_inc(&p->wrong);
	if (p->fn)
		p->fn(p->arg);
	atomic_inc(&p->calls);
}

static void probe_init(struct probe *p, void (*fn)(void *), void *arg)
{
	*p = (struct probe){ .fn = fn, .arg = arg };
	timer_setup(&p->timer, note, 0);
}

static void nothing(void *unused) { }

/* Until this CPU's timer interrupt has looked at what was due when this was called. */
static void await_timer_interrupt(void)
{
	in_an_interrupt(nothing, NULL);
}

static void call_in_timer(void (*fn)(void *), void *arg)
{
	struct probe p;

	probe_init(&p, fn, arg);
	mod_timer(&p.timer, jiffies);
	while (!atomic_read(&p.calls))
		port_relax();
	del_timer_sync(&p.timer);
	CHECK_EQ(atomic_read(&p.wrong), 0);
}

SELFTEST(bottom_half, what_a_section_is)
{
	local_bh_disable();
	CHECK(in_softirq() && in_interrupt() && in_atomic());
	CHECK(in_task() && !in_hardirq() && !in_serving_softirq());
	CHECK(!irqs_disabled());
	local_bh_disable();
	local_bh_enable();
	CHECK(in_softirq());
	local_bh_enable();
	CHECK_EQ(preempt_count(), 0);
	call_in_timer(NULL, NULL);
}

SELFTEST(bottom_half, what_is_due_waits_for_the_end)
{
	struct probe p;

	probe_init(&p, NULL, NULL);
	local_bh_disable();
	mod_timer(&p.timer, jiffies);
	await_timer_interrupt();
	CHECK_EQ(atomic_read(&p.calls), 0);
	CHECK(timer_pending(&p.timer));
	CHECK(this_cpu_read(timers_deferred));
	local_bh_disable();
	local_bh_enable();
	await_timer_interrupt();
	CHECK_EQ(atomic_read(&p.calls), 0);
	local_bh_enable();
	CHECK(!this_cpu_read(timers_deferred));
	while (!atomic_read(&p.calls))
		port_relax();
	CHECK_EQ(del_timer_sync(&p.timer), 0);
	CHECK_EQ(atomic_read(&p.calls), 1);
}

SELFTEST(bottom_half, what_waits_can_be_cancelled_and_moved)
{
	struct probe gone, moved, stays;

	probe_init(&gone, NULL, NULL);
	probe_init(&moved, NULL, NULL);
	probe_init(&stays, NULL, NULL);
	local_bh_disable();
	mod_timer(&gone.timer, jiffies);
	mod_timer(&stays.timer, jiffies);
	mod_timer(&moved.timer, jiffies);
	await_timer_interrupt();
	CHECK_EQ(del_timer_sync(&gone.timer), 1);
	CHECK_EQ(mod_timer(&moved.timer, jiffies + 1000 * HZ), 1);
	local_bh_enable();
	while (!atomic_read(&stays.calls))
		port_relax();
	await_timer_interrupt();
	CHECK_EQ(atomic_read(&gone.calls) + atomic_read(&moved.calls), 0);
	CHECK_EQ(del_timer_sync(&moved.timer), 1);
	CHECK_EQ(del_timer_sync(&stays.timer) + del_timer_sync(&gone.timer), 0);
}

/* ---- Locks that threads and timers take ---- */

static DEFINE_SPINLOCK(both);
static DEFINE_RWLOCK(both_rw);
static unsigned long under_both;

static void take_both(void *unused)
{
	spin_lock(&both);
	under_both++;
	spin_unlock(&both);
	read_lock(&both_rw);
	read_unlock(&both_rw);
	write_lock(&both_rw);
	write_unlock(&both_rw);
}

static void hold_both(struct probe *p)
{
	spin_lock_bh(&both);
	mod_timer(&p->timer, jiffies);
	await_timer_interrupt();
	under_both++;
	spin_unlock_bh(&both);
	CHECK(!in_softirq() && !irqs_disabled());
	if (CHECK(spin_trylock_bh(&both))) {
		CHECK(in_softirq());
		spin_unlock_bh(&both);
	}
	write_lock_bh(&both_rw);
	mod_timer(&p->timer, jiffies);
	await_timer_interrupt();
	write_unlock_bh(&both_rw);
	read_lock_bh(&both_rw);
	mod_timer(&p->timer, jiffies);
	await_timer_interrupt();
	read_unlock_bh(&both_rw);
}

SELFTEST(bottom_half, a_lock_of_threads_and_timers)
{
	unsigned long rounds = selftest_scaled(20);
	struct probe p;

	under_both = 0;
	probe_init(&p, take_both, NULL);
	for (unsigned long i = 0; i < rounds; i++)
		hold_both(&p);
	while (!atomic_read(&p.calls))
		port_relax();
	del_timer_sync(&p.timer);
	CHECK_EQ(under_both, rounds + (unsigned long)atomic_read(&p.calls));
	CHECK_EQ(atomic_read(&p.wrong), 0);
	spin_lock_bh(&both);
	CHECK(!spin_trylock_bh(&both));
	spin_unlock_bh(&both);
	CHECK_EQ(preempt_count(), 0);
}

/* ---- What a function may leave behind ---- */

static void use_irq_form(void *lock)
{
	spin_lock_irq((spinlock_t *)lock);
	spin_unlock_irq((spinlock_t *)lock);
}

SELFTEST(bottom_half, a_function_may_let_interrupts_in)
{
	static DEFINE_SPINLOCK(lock);

	for (unsigned int i = 0; i < 10; i++)
		call_in_timer(use_irq_form, &lock);
}

static void let_them_in(void *unused)
{
	local_irq_enable();
}

SELFTEST(bottom_half, an_hrtimer_may_not)
{
	selftest_expect_warnings(1);
	in_an_interrupt(let_them_in, NULL);
}

static void keep_section(void *unused)
{
	local_bh_disable();
}

SELFTEST(bottom_half, a_section_that_a_function_leaves_open_is_reported)
{
	selftest_expect_warnings(1);
	call_in_timer(keep_section, NULL);
	CHECK_EQ(preempt_count(), 0);
}

#if QUARRY_DEBUG_LOCKS

/* ---- What the lock checker says ---- */

static void take_plainly(void *lock)
{
	spin_lock((spinlock_t *)lock);
	spin_unlock((spinlock_t *)lock);
}

static void take_bh(spinlock_t *lock)
{
	spin_lock_bh(lock);
	spin_unlock_bh(lock);
}

SELFTEST(bottom_half, the_checker_knows_who_comes_where)
{
	static DEFINE_SPINLOCK(right);
	static DEFINE_SPINLOCK(plain);
	static DEFINE_SPINLOCK(hard);

	take_bh(&right);
	CHECK_REPORTS(LOCKCHECK_IRQ, 0, call_in_timer(take_plainly, &right));
	take_bh(&right);
	take_plainly(&plain);
	CHECK_REPORTS(LOCKCHECK_IRQ, 1, call_in_timer(take_plainly, &plain));
	in_an_interrupt(take_plainly, &hard);
	CHECK_REPORTS(LOCKCHECK_IRQ, 1, take_bh(&hard));
}

/* `low` is taken where timers come, and under `high`, which a timer takes. */
SELFTEST(bottom_half, the_checker_sees_it_by_way_of_another_lock)
{
	static DEFINE_SPINLOCK(high);
	static DEFINE_SPINLOCK(low);
	static DEFINE_SPINLOCK(low_bh);

	take_bh(&low_bh);
	take_plainly(&low);
	call_in_timer(take_plainly, &high);
	spin_lock_bh(&high);
	CHECK_REPORTS(LOCKCHECK_IRQ_ORDER, 0, take_plainly(&low_bh));
	CHECK_REPORTS(LOCKCHECK_IRQ_ORDER, 1, take_plainly(&low));
	spin_unlock_bh(&high);
}

#endif
