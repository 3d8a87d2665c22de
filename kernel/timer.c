/* SPDX-License-Identifier: MIT */
/*
 * Timers: functions called in an interrupt when their time has come. And the tick.
 *
 * Each CPU has a base: a heap of the timers that were started there, and the time for which
 * its one-shot clock is set. The clock is set for the earliest timer, or for the tick if that
 * comes first. A CPU ticks while it runs anything but its idle thread. Timers that are
 * cancelled leave the clock as it is: it goes off once for nothing.
 *
 * A timer belongs to one base at a time, timer->base, whose lock guards it; who wants to lock
 * a timer takes the lock of the base that it names and looks again. Starting it moves it to
 * the base of this CPU, unless its function is running elsewhere at the moment: then it stays
 * there, so that hrtimer_cancel() knows where to look, and the interrupt that runs it looks
 * at its heap once more.
 *
 * A function is called without the lock, and base->running names its timer meanwhile. When
 * it returns HRTIMER_NORESTART, the timer is not touched any more: the function may have
 * freed it. hrtimer_cancel() waits for `running` to change.
 *
 * An interrupt runs what was due when it came. A timer that is started anew for a time that
 * has passed would keep it busy for ever; so after MAX_IN_A_ROW it comes back later.
 *
 * A timer that is shut down is not queued any more, whoever starts it: its owner is about to
 * free it, and the flag is set under the lock under which starting looks at it.
 *
 * jiffies timers (timer_list) are hrtimers that local_bh_disable() keeps away. An interrupt that
 * finds it in force moves those that are due out of the way, into a second heap of the base,
 * where whoever sets or cancels them finds them by the same lock. The outermost local_bh_enable()
 * brings them back, and has the clock go off at once; so does the next timer interrupt, should
 * the culprit have gone to sleep. Their functions may let interrupts in, but not the timer's:
 * its clock is not set before all have run.
 *
 * Locks: base->lock, interrupts off; a leaf.
 */
#include <linux/bottom_half.h>
#include <linux/hrtimer.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <kernel/cpu.h>
#include <kernel/sched.h>
#include <kernel/timer_heap.h>

#define NEVER	     (~0ULL)
#define MAX_IN_A_ROW 1000
#define LATER	     10000UL	/* ns */

struct timer_base {
	spinlock_t lock;
	struct timer_node *heap, *deferred;
	struct hrtimer *running;
	u64 programmed;		/* when the clock goes off */
	u64 tick;		/* when the next tick is due */
	bool in_handler;	/* which sets the clock when it is done */
};

static DEFINE_PER_CPU(struct timer_base, timer_base) = {
	.lock = __SPIN_LOCK_UNLOCKED(timer_base.lock), .programmed = NEVER, .tick = NEVER,
};

/* CPU 0's copy of a per-CPU variable is the variable. */
extern struct timer_base __timer_base_of_cpu_0 __attribute__((__alias__("timer_base")));

DEFINE_PER_CPU(bool, timers_deferred);

#define this_base() this_cpu_ptr(&timer_base)

/* 1. Bases; all of it with interrupts off */

static struct timer_base *lock_base_of(struct hrtimer *timer)
{
	for (;;) {
		struct timer_base *base = READ_ONCE(timer->base);

		spin_lock(&base->lock);
		/* Pairs with lock_for_start(), which may not have taken this lock yet. */
		if (likely(smp_load_acquire(&timer->base) == base))
			return base;
		spin_unlock(&base->lock);
	}
}

static u64 next_event(const struct timer_base *base)
{
	u64 first = base->heap ? base->heap->expires : NEVER;

	return min(first, base->tick);
}

/* Sets this CPU's clock to go off at `time`. */
static void set_clock(struct timer_base *base, u64 time)
{
	u64 now = arch_ktime_ns();

	base->programmed = time;
	if (time == NEVER)
		return;
	arch_timer_set(time > now ? time - now : 1);
}

/* Sets the clock earlier if something is due earlier. On this CPU's base. */
static void hurry(struct timer_base *base)
{
	u64 next = next_event(base);

	if (!base->in_handler && next < base->programmed)
		set_clock(base, next);
}

static void enqueue(struct timer_base *base, struct hrtimer *timer)
{
	base->heap = timer_heap_add(base->heap, &timer->node);
	WRITE_ONCE(timer->queued, true);
}

static bool dequeue(struct timer_base *base, struct hrtimer *timer)
{
	struct timer_node **heap = timer->deferred ? &base->deferred : &base->heap;

	if (!timer->queued)
		return false;
	*heap = timer_heap_del(*heap, &timer->node);
	timer->deferred = false;
	WRITE_ONCE(timer->queued, false);
	return true;
}

/* Until local_bh_enable(). */
static void defer(struct timer_base *base, struct hrtimer *timer)
{
	base->heap = timer_heap_del(base->heap, &timer->node);
	base->deferred = timer_heap_add(base->deferred, &timer->node);
	timer->deferred = true;
	this_cpu_write(timers_deferred, true);
}

static void bring_back(struct timer_base *base)
{
	while (base->deferred) {
		struct hrtimer *timer = container_of(base->deferred, struct hrtimer, node);

		dequeue(base, timer);
		enqueue(base, timer);
	}
	this_cpu_write(timers_deferred, false);
}

/* 2. Starting and cancelling */

void hrtimer_init(struct hrtimer *timer, int clock, enum hrtimer_mode mode)
{
	*timer = (struct hrtimer){ .base = per_cpu_ptr(&timer_base, 0) };
}

/*
 * Locks the base on which the timer is to be started, with the timer out of any queue;
 * *queued says whether it was in one.
 */
static struct timer_base *lock_for_start(struct hrtimer *timer, bool *queued)
{
	struct timer_base *mine = this_base();

	*queued = false;
	for (;;) {
		struct timer_base *base = lock_base_of(timer);

		*queued |= dequeue(base, timer);
		if (base == mine || base->running == timer)
			return base;
		smp_store_release(&timer->base, mine);
		spin_unlock(&base->lock);
	}
}

static bool start(struct hrtimer *timer, u64 expires)
{
	struct timer_base *base;
	unsigned long flags;
	bool was_queued;

	local_irq_save(flags);
	base = lock_for_start(timer, &was_queued);
	if (!timer->shut_down) {
		timer->node.expires = expires;
		enqueue(base, timer);
	}
	if (base == this_base())
		hurry(base);
	spin_unlock(&base->lock);
	local_irq_restore(flags);
	return was_queued;
}

void hrtimer_start(struct hrtimer *timer, ktime_t time, enum hrtimer_mode mode)
{
	u64 expires = (u64)max_t(ktime_t, time, 0);

	if (mode == HRTIMER_MODE_REL)
		expires += arch_ktime_ns();
	start(timer, expires);
}

/* Takes it out of its queue, maybe for good: was it in one? And is its function running? */
static bool cancel(struct hrtimer *timer, bool for_good, bool *running)
{
	struct timer_base *base;
	unsigned long flags;
	bool was_queued;

	local_irq_save(flags);
	base = lock_base_of(timer);
	was_queued = dequeue(base, timer);
	timer->shut_down |= for_good;
	*running = base->running == timer;
	spin_unlock(&base->lock);
	local_irq_restore(flags);
	return was_queued;
}

int hrtimer_try_to_cancel(struct hrtimer *timer)
{
	bool running, was_queued = cancel(timer, false, &running);

	return running ? -1 : was_queued;
}

/* Is this code called from the timer's own function, for which it cannot wait? */
static bool in_own_function(struct hrtimer *timer)
{
	return !in_task() && READ_ONCE(this_base()->running) == timer;
}

static bool cancel_and_wait(struct hrtimer *timer, bool for_good)
{
	bool running, was_queued = cancel(timer, for_good, &running);

	while (running) {
		if (WARN_ON(in_own_function(timer)))
			break;
		port_relax();
		was_queued |= cancel(timer, for_good, &running);
	}
	return was_queued;
}

int hrtimer_cancel(struct hrtimer *timer)
{
	return cancel_and_wait(timer, false);
}

u64 hrtimer_forward_now(struct hrtimer *timer, ktime_t interval)
{
	u64 now = arch_ktime_ns(), step = (u64)max_t(ktime_t, interval, 1), n;

	if (WARN_ON(timer->queued) || now < timer->node.expires)
		return 0;
	n = (now - timer->node.expires) / step + 1;
	timer->node.expires += n * step;
	return n;
}

/* 3. The interrupt */

/* Lets the lock go for the function. */
static void run(struct timer_base *base, struct hrtimer *timer)
{
	enum hrtimer_restart (*function)(struct hrtimer *) = timer->function;
	enum hrtimer_restart restart;
	unsigned int count;

	dequeue(base, timer);
	WRITE_ONCE(base->running, timer);
	spin_unlock(&base->lock);
	count = preempt_count();
	restart = function(timer);
	interrupt_check(count, function);
	spin_lock(&base->lock);
	WRITE_ONCE(base->running, NULL);
	if (restart == HRTIMER_RESTART && !timer->queued)
		enqueue(base, timer);
}

static void run_first(struct timer_base *base)
{
	struct hrtimer *timer = container_of(base->heap, struct hrtimer, node);

	/* What was interrupted has its count in ours. */
	if (timer->function == __timer_list_run && in_softirq())
		defer(base, timer);
	else
		run(base, timer);
}

static void run_tick(struct timer_base *base, u64 now)
{
	if (now < base->tick)
		return;
	if (sched_is_idle()) {
		base->tick = NEVER;
		return;
	}
	base->tick = now + NSEC_PER_JIFFY;
	sched_tick();
}

void timer_handler(void)
{
	struct timer_base *base = this_base();
	u64 now = arch_ktime_ns(), next;
	unsigned int n;

	if (base->in_handler)	/* a function let interrupts in; the rest is the outer one's */
		return;
	spin_lock(&base->lock);
	base->programmed = NEVER;
	base->in_handler = true;
	if (!in_softirq())
		bring_back(base);
	for (n = 0; base->heap && base->heap->expires <= now && n < MAX_IN_A_ROW; n++)
		run_first(base);
	run_tick(base, now);
	base->in_handler = false;
	next = next_event(base);
	set_clock(base, n < MAX_IN_A_ROW ? next : max(next, now + LATER));
	spin_unlock(&base->lock);
}

/* Nobody moves meanwhile: interrupts are off, too. */
static struct timer_base *lock_this_base(unsigned long *flags)
{
	struct timer_base *base;

	local_irq_save(*flags);
	base = this_base();
	spin_lock(&base->lock);
	return base;
}

void __deferred_timers_resume(void)
{
	unsigned long flags;
	struct timer_base *base = lock_this_base(&flags);

	bring_back(base);
	hurry(base);
	spin_unlock_irqrestore(&base->lock, flags);
}

void tick_resume(void)
{
	unsigned long flags;
	struct timer_base *base = lock_this_base(&flags);

	if (base->tick == NEVER) {
		base->tick = arch_ktime_ns() + NSEC_PER_JIFFY;
		hurry(base);
	}
	spin_unlock_irqrestore(&base->lock, flags);
}

/* 4. In jiffies */

enum hrtimer_restart __timer_list_run(struct hrtimer *hrtimer)
{
	struct timer_list *timer = container_of(hrtimer, struct timer_list, hrtimer);
	const void *function = (const void *)timer->function;
	unsigned int count;

	preempt_count_add(SOFTIRQ_ONE);
	count = preempt_count();
	if (timer->flags & TIMER_GETS_DATA)
		((void (*)(unsigned long))(void *)timer->function)(timer->data);
	else
		timer->function(timer);
	local_irq_disable();	/* it may have let them in */
	interrupt_check(count, function);
	preempt_count_sub(SOFTIRQ_ONE);
	return HRTIMER_NORESTART;
}

void timer_setup(struct timer_list *timer, void (*function)(struct timer_list *), u32 flags)
{
	hrtimer_init(&timer->hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	timer->hrtimer.function = __timer_list_run;
	timer->function = function;
	timer->expires = timer->data = 0;
	timer->flags = flags;
}

int mod_timer(struct timer_list *timer, unsigned long expires)
{
	u64 ns;

	timer->expires = expires;
	/* Jiffies began at 0: what lies before wraps, and would be far in the future as a time. */
	if (time_before(expires, jiffies))
		ns = 0;
	else if (__builtin_mul_overflow(expires, NSEC_PER_JIFFY, &ns))
		ns = NEVER;
	return start(&timer->hrtimer, ns);
}

void add_timer(struct timer_list *timer)
{
	WARN_ON(timer_pending(timer));
	mod_timer(timer, timer->expires);
}

int del_timer(struct timer_list *timer)
{
	bool running;

	return cancel(&timer->hrtimer, false, &running);
}

int timer_shutdown(struct timer_list *timer)
{
	bool running;

	return cancel(&timer->hrtimer, true, &running);
}

int timer_shutdown_sync(struct timer_list *timer)
{
	return cancel_and_wait(&timer->hrtimer, true);
}

int try_to_del_timer_sync(struct timer_list *timer)
{
	return hrtimer_try_to_cancel(&timer->hrtimer);
}

int del_timer_sync(struct timer_list *timer)
{
	return hrtimer_cancel(&timer->hrtimer);
}
