// SPDX-License-Identifier: MIT
/*
 * Restartable sequences: a counter of this CPU, changed by a load, an addition and a store,
 * from a thread and from the interrupts that come between these three instructions.
 */
#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <quarry/port.h>
#include <quarry/rseq.h>
#include "tests/threads.h"

#define PERIOD 5000	/* ns between a CPU's interrupts; more where its clock runs fast */
#define BATCH  1000
#define TURNS  50000	/* to wait for an interrupt; on a busy host some 20,000 are needed */

/* What is counted here. */
struct tally {
	unsigned long count;
	unsigned long in_interrupts;	/* only interrupts change it */
};

static DEFINE_PER_CPU(struct tally, tally);
static DEFINE_PER_CPU(struct hrtimer, storm);
static DEFINE_PER_CPU(unsigned int, storm_step); /* changes the phase of the interrupts */
static DEFINE_PER_CPU(u64, storm_period);

/*
 * count++. The jumps make it likelier that an interrupt comes between load and store: an
 * emulator that translates code looks for interrupts where it jumps, and nowhere else.
 */
static __rseq void count_one(void)
{
	unsigned long n;

	__asm__ __volatile__(RSEQ_BEGIN
			     "mov %%gs:%1, %0\n"
			     "jmp 1f\n"
			     "1: inc %0\n"
			     "jmp 2f\n"
			     "2: nop\n"
			     "mov %0, %%gs:%1\n"
			     RSEQ_END
			     : "=&r"(n), "+m"(tally.count) :: "cc");
}

static enum hrtimer_restart interrupt_counts(struct hrtimer *timer)
{
	count_one();
	this_cpu_inc(tally.in_interrupts);
	hrtimer_forward_now(timer, this_cpu_read(storm_period) +
			    (this_cpu_inc_return(storm_step) * 7) % 97);
	return HRTIMER_RESTART;
}

/*
 * An interrupt costs some thousand instructions. In an emulator one of them may take the
 * guest's clock many nanoseconds, so the period is measured in work: nothing gets on otherwise.
 */
static u64 period_here(void)
{
	u64 start = ktime_get_ns();

	for (unsigned int i = 0; i < 100; i++)
		count_one();
	return max_t(u64, PERIOD, 5 * (ktime_get_ns() - start));
}

static void start_storm(void *unused)
{
	struct hrtimer *timer = this_cpu_ptr(&storm);

	this_cpu_write(storm_period, period_here());
	this_cpu_ptr(&tally)->count = 0;
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer->function = interrupt_counts;
	hrtimer_start(timer, this_cpu_read(storm_period), HRTIMER_MODE_REL);
}

/*
 * Counts on this CPU until it was interrupted `wanted` times meanwhile, or until `limit`
 * turns; returns how many counts were lost.
 */
static unsigned long count_under_storm(unsigned long wanted, unsigned long limit)
{
	struct tally *mine = this_cpu_ptr(&tally);
	unsigned long turns = 0, i;

	*mine = (struct tally){ 0, 0 };
	start_storm(NULL);
	while (READ_ONCE(mine->in_interrupts) < wanted && turns < limit) {
		for (i = 0; i < BATCH; i++, turns++)
			count_one();
		cond_resched();	/* for minutes, where `scale=` is large */
	}
	hrtimer_cancel(this_cpu_ptr(&storm));
	return turns + mine->in_interrupts - mine->count;
}

SELFTEST(rseq, the_table_is_sound)
{
	CHECK_EQ(rseq_validate(), 0);
}

SELFTEST(rseq, elsewhere_nothing_is_rewound)
{
	unsigned long pc = (unsigned long)start_storm;

	CHECK_EQ(rseq_rewind(pc), pc);
	CHECK_EQ(rseq_rewind(0), 0);
	CHECK_EQ(rseq_rewind(~0UL), ~0UL);
}

SELFTEST(rseq, only_what_is_not_committed_is_rewound)
{
	extern const struct rseq_entry __start_rseq[], __stop_rseq[];
	const struct rseq_entry *entry;
	unsigned long start, end, restart, pc;

	REQUIRE((unsigned long)__start_rseq < (unsigned long)__stop_rseq);
	for (entry = __start_rseq; entry < __stop_rseq; entry++) {
		start = (unsigned long)&entry->start + (long)entry->start;
		end = (unsigned long)&entry->end + (long)entry->end;
		restart = (unsigned long)&entry->restart + (long)entry->restart;
		CHECK(restart == start || restart == end);
		for (pc = start; pc < end; pc++)
			CHECK_EQ(rseq_rewind(pc), restart);
		CHECK_EQ(rseq_rewind(end), end);
		/* There another sequence may end. */
		CHECK(rseq_rewind(start - 1) != restart);
	}
}

static void count_rewinds(void *arg)
{
	atomic_long_add((long)rseq_rewinds(), arg);
}

static void one_cpu(void *lost)
{
	unsigned long interrupts = selftest_scaled(12000 / num_online_cpus());

	*(unsigned long *)lost = count_under_storm(interrupts, interrupts * TURNS);
}

/* On every CPU at once: each by itself, and nothing is lost. */
SELFTEST(rseq, nothing_is_lost_under_interrupts)
{
	static struct test_thread threads[NR_CPUS];
	static unsigned long lost[NR_CPUS];
	atomic_long_t before = ATOMIC_INIT(0), after = ATOMIC_INIT(0);
	unsigned long interrupts = 0;
	unsigned int cpu;

	on_each_cpu(count_rewinds, &before, true);
	for_each_online_cpu(cpu) {
		lost[cpu] = ~0UL;
		test_thread_start(&threads[cpu], (int)cpu, one_cpu, &lost[cpu]);
	}
	for_each_online_cpu(cpu) {
		test_thread_join(&threads[cpu]);
		CHECK_EQ(lost[cpu], 0);
		interrupts += per_cpu(tally, cpu).in_interrupts;
	}
	on_each_cpu(count_rewinds, &after, true);
	CHECK(interrupts);
	printk("%lu interrupts, %ld sequences begun anew\n", interrupts,
	       atomic_long_read(&after) - atomic_long_read(&before));
}

/* The same without rewinding loses counts: so it is rewinding that the test above tests. */
SELFTEST(rseq, without_rewinding_counts_are_lost)
{
	bool before = rseq_set_rewinding(false);
	unsigned long lost = 0, interrupts = 0;

	while (!lost && interrupts < selftest_scaled(100000)) {
		lost = count_under_storm(500, selftest_scaled(2000000));
		interrupts += this_cpu_ptr(&tally)->in_interrupts;
	}
	rseq_set_rewinding(before);
	CHECK(lost);
	printk("%lu of the counts lost in %lu interrupts\n", lost, interrupts);
}
