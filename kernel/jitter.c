/* SPDX-License-Identifier: MIT */
/*
 * jitter: a schedule to order. On every CPU a timer goes off again and again, at times that a
 * seed decides, and now and then keeps the CPU for a while.
 *
 * Each interrupt falls between two instructions that nobody chose: a restartable sequence is
 * rewound there, a fast path is left half done. A CPU that is kept in the interrupt stands
 * still for the others, as a virtual CPU does that lost its turn: what it holds is held for
 * long, what it was about to write comes late. In an emulator that counts instructions both
 * repeat exactly: the seed is the schedule. On a real machine it is one of many.
 *
 * Times are told in runs of a loop, not in nanoseconds, because an emulated instruction may
 * take from one nanosecond to a microsecond. A gap has 2^SHORTEST to 2^LONGEST of them, each
 * power of two as likely as another: many interrupts close together, and room to get on.
 *
 * While all CPUs halt, an emulator waits for its host, whose clock then decides how it goes
 * on: so with the option CPU 0 does not halt, it looks again and again.
 *
 * The digest is made of the times at which the interrupts came. Two runs with the same digest
 * had the same schedule, as far as anybody can tell.
 *
 * struct jitter belongs to its CPU, and is touched with interrupts off there; jitter_end()
 * reads it once the timer is off, jitter_count() at any time. No locks.
 */
#include <linux/hrtimer.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>
#include <kernel/kernel.h>

#define SHORTEST 9	/* a gap, as a power of two of runs of the loop */
#define LONGEST	 17
#define STAY_ONE_IN 8	/* how often the CPU is kept */
#define STAY_MAX 2048	/* and for how many turns of the other CPUs at most */
#define MEASURED 100000
#define POLL	 64	/* runs of the loop with interrupts on, between two looks for work */

struct jitter {
	struct hrtimer timer;
	u64 random, digest;
	unsigned long count;
};

static DEFINE_PER_CPU(struct jitter, jitter);
static u64 ns_per_1024;	/* runs of the loop */
static bool polls;	/* constant after jitter_init() */

static void loop(unsigned long runs)
{
	for (; runs; runs--)
		barrier();
}

void jitter_init(void)
{
	polls = cmdline_flag("jitter");
}

void jitter_idle(void)
{
	if (!polls || smp_processor_id()) {
		arch_cpu_idle();
		return;
	}
	local_irq_enable();
	loop(POLL);
}

static u64 loop_ns(void)
{
	u64 before = ktime_get_ns();

	loop(MEASURED);
	return (ktime_get_ns() - before) * 1024 / MEASURED;
}

static ktime_t gap(struct jitter *j)
{
	u64 random = selftest_random_step(&j->random);
	unsigned int power = SHORTEST + random % (LONGEST - SHORTEST);
	u64 runs = (1ULL << power) + (random >> 32) % (1ULL << power);

	return (ktime_t)(runs * ns_per_1024 / 1024 + 1);
}

static enum hrtimer_restart interrupt(struct hrtimer *timer)
{
	struct jitter *j = container_of(timer, struct jitter, timer);
	u64 random = selftest_random_step(&j->random), turns;

	WRITE_ONCE(j->count, j->count + 1);
	j->digest = j->digest * 31 + ktime_get_ns();
	if (!(random % STAY_ONE_IN))
		for (turns = (random >> 32) % STAY_MAX; turns; turns--)
			cpu_relax();
	hrtimer_forward_now(timer, gap(j));
	return HRTIMER_RESTART;
}

static void begin_here(void *seed)
{
	struct jitter *j = this_cpu_ptr(&jitter);

	/* Odd, and so never 0; CPUs and seeds that follow each other far apart. */
	j->random = (*(u64 *)seed * 1024 + smp_processor_id()) * 0x9e3779b97f4a7c15ULL | 1;
	j->digest = j->count = 0;
	hrtimer_init(&j->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	j->timer.function = interrupt;
	hrtimer_start(&j->timer, gap(j), HRTIMER_MODE_REL);
}

void jitter_begin(u64 seed)
{
	unsigned int i;

	ns_per_1024 = loop_ns();
	for (i = 0; i < 3; i++)
		ns_per_1024 = min(ns_per_1024, loop_ns());
	on_each_cpu(begin_here, &seed, true);
}

unsigned long jitter_count(void)
{
	unsigned long count = 0;
	unsigned int cpu;

	for_each_online_cpu(cpu)
		count += READ_ONCE(per_cpu(jitter, cpu).count);
	return count;
}

void jitter_end(u64 *digest, unsigned long *count)
{
	struct jitter *j;
	unsigned int cpu;

	*digest = 0;
	for_each_online_cpu(cpu) {
		j = &per_cpu(jitter, cpu);
		hrtimer_cancel(&j->timer);
		*digest = *digest * 31 + j->digest;
	}
	*count = jitter_count();
}
