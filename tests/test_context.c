// SPDX-License-Identifier: MIT
/* Where code runs, and the report of sleeping where one must not. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/hardirq.h>
#include <linux/hrtimer.h>
#include <linux/irqflags.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <quarry/port.h>
#include "kernel/kernel.h"
#include "tests/threads.h"

static DEFINE_SPINLOCK(lock);
static DEFINE_RWLOCK(rwlock);

SELFTEST(context, a_thread)
{
	CHECK(in_task());
	CHECK(!in_interrupt() && !in_hardirq() && !in_nmi() && !in_atomic());
	CHECK(preemptible());
	might_sleep();
}

SELFTEST(context, preemption_off)
{
	preempt_disable();
	preempt_disable();
	CHECK(in_atomic());
	CHECK(in_task());
	CHECK(!preemptible());
	preempt_enable();
	CHECK(in_atomic());
	preempt_enable();
	CHECK(!in_atomic());
}

SELFTEST(context, every_lock_counts)
{
	unsigned long flags;

	spin_lock(&lock);
	CHECK_EQ(preempt_count(), LOCK_ONE);
	read_lock(&rwlock);
	CHECK_EQ(preempt_count(), 2 * LOCK_ONE);
	read_unlock(&rwlock);
	CHECK(!spin_trylock(&lock));
	CHECK_EQ(preempt_count(), LOCK_ONE);
	spin_unlock(&lock);
	spin_lock_irqsave(&lock, flags);
	CHECK(irqs_disabled());
	spin_unlock_irqrestore(&lock, flags);
	write_lock_irq(&rwlock);
	CHECK(irqs_disabled() && in_atomic());
	write_unlock_irq(&rwlock);
	CHECK(spin_trylock_irqsave(&lock, flags));
	CHECK(irqs_disabled());
	spin_unlock_irqrestore(&lock, flags);
	CHECK_EQ(preempt_count(), 0);
	CHECK(!irqs_disabled());
}

SELFTEST(context, interrupts_off)
{
	unsigned long outer, inner;

	local_irq_save(outer);
	CHECK(irqs_disabled());
	CHECK(!preemptible());
	local_irq_save(inner);
	local_irq_restore(inner);
	CHECK(irqs_disabled());
	local_irq_restore(outer);
	CHECK(!irqs_disabled());
	local_irq_disable();
	CHECK(irqs_disabled());
	local_irq_enable();
	CHECK(!irqs_disabled());
}

struct sighting {
	struct hrtimer timer;
	atomic_t seen;
	unsigned int count;
	struct task_struct *task;
};

static enum hrtimer_restart look_around(struct hrtimer *timer)
{
	struct sighting *s = container_of(timer, struct sighting, timer);

	s->count = preempt_count();
	s->task = current;
	CHECK(in_interrupt() && in_hardirq() && in_irq() && in_atomic());
	CHECK(!in_task() && !in_nmi() && !preemptible());
	CHECK(irqs_disabled());
	atomic_inc_return(&s->seen);
	return HRTIMER_NORESTART;
}

SELFTEST(context, an_interrupt)
{
	struct sighting s = { .seen = ATOMIC_INIT(0) };
	u64 start = ktime_get_ns();

	hrtimer_init(&s.timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	s.timer.function = look_around;
	preempt_disable();
	hrtimer_start(&s.timer, 1000, HRTIMER_MODE_REL);
	while (!atomic_read(&s.seen) && ktime_get_ns() - start < 10 * (u64)NSEC_PER_SEC)
		port_relax();
	preempt_enable();
	hrtimer_cancel(&s.timer);
	CHECK(atomic_read(&s.seen));
	CHECK(s.count & HARDIRQ_MASK);
	CHECK(!(s.count & LOCK_MASK));
	CHECK_EQ(s.count & PREEMPT_MASK, PREEMPT_ONE);
	CHECK(s.task == current);
}

SELFTEST(context, an_nmi)
{
	unsigned long flags;

	local_irq_save(flags);
	nmi_enter();
	CHECK(in_nmi() && in_interrupt() && in_atomic() && !in_task() && !in_hardirq());
	nmi_exit();
	local_irq_restore(flags);
	CHECK(!in_nmi());
}

SELFTEST(context, each_sleep_in_the_wrong_place_is_reported_once)
{
	static DEFINE_MUTEX(mutex);
	unsigned long flags, before = warn_count();

	selftest_expect_warnings(5);
	preempt_disable();
	might_sleep();
	might_sleep_if(false);
	might_sleep_if(true);
	preempt_enable();
	CHECK_EQ(warn_count() - before, 2);
	local_irq_save(flags);
	might_sleep();
	local_irq_restore(flags);
	CHECK_EQ(warn_count() - before, 3);
	spin_lock(&lock);
	cond_resched();
	spin_unlock(&lock);
	CHECK_EQ(warn_count() - before, 4);
	irq_enter();
	might_sleep();
	irq_exit();
	CHECK_EQ(warn_count() - before, 5);
	mutex_lock(&mutex);
	might_sleep();		/* a mutex does not keep its owner awake */
	mutex_unlock(&mutex);
}
