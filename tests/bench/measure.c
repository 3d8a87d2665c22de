/* SPDX-License-Identifier: MIT */
/*
 * How a row is measured. Linux's API only.
 *
 * A row has up to three figures, each for one object:
 *
 *	alloc	`live` objects are allocated, one after another
 *	free	then freed, in the order in which they were allocated
 *	pair	an object is allocated and freed at once, PAIRS times
 *
 * Each is a loop in a function of its own, so that sizes and flags are constants, as in most
 * code that allocates. The loop's own three or four instructions are part of the figure; the
 * call of the function and the reading of the counter are not: the same around an empty
 * function is subtracted. The least of BENCH_REPETITIONS counts, so an interrupt that falls
 * into one of them does not; the first ones bring caches, tables and lists to their usual
 * state. Whether the allocations failed is looked at outside the measured time.
 *
 * The counter is the CPU's time-stamp counter. In an emulator that advances it by one with
 * each instruction (QEMU's -icount shift=0) the figures are instructions, and exact.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/timex.h>
#include "bench.h"

#define PAIRS	    64
#define PAIRS_LARGE 16		/* where one takes long */

void *bench_live[BENCH_MAX_LIVE];
static u32 random_state;

static noinline void do_nothing(unsigned int n)
{
	barrier();
}

static u64 least(bench_fn fn, unsigned int n)
{
	u64 best = ~0ULL;
	int i;

	for (i = 0; i < BENCH_REPETITIONS; i++) {
		u64 start = get_cycles(), time;

		fn(n);
		time = get_cycles() - start;
		best = min(best, time);
	}
	return best;
}

u64 bench_least(bench_fn fn, unsigned int n)
{
	u64 time = least(fn, n), overhead = least(do_nothing, n);

	return time > overhead ? time - overhead : 0;
}

u64 bench_each(u64 x, u64 n)
{
	return (x + n / 2) / n;
}

u32 bench_random(u32 below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (u64)random_state * below >> 32;
}

static bool all_live(unsigned int n)
{
	while (n--)
		if (!bench_live[n])
			return false;
	return true;
}

/* The least time of each of two loops that take turns; false when an allocation failed. */
static bool measure_batch(const struct bench_row *row, u64 *fill, u64 *empty)
{
	u64 overhead = least(do_nothing, row->live), t[3];
	int i;

	*fill = *empty = ~0ULL;
	for (i = 0; i < BENCH_REPETITIONS; i++) {
		t[0] = get_cycles();
		row->fill(row->live);
		t[1] = get_cycles();
		if (!all_live(row->live))
			return false;
		*fill = min(*fill, t[1] - t[0]);
		t[1] = get_cycles();
		row->empty(row->live);
		t[2] = get_cycles();
		*empty = min(*empty, t[2] - t[1]);
	}
	*fill -= min(*fill, overhead);
	*empty -= min(*empty, overhead);
	return true;
}

/* Leaves what it could allocate when the memory does not suffice. */
void bench_usual(const struct bench_row *row)
{
	unsigned int nr_pairs = row->live < PAIRS ? PAIRS_LARGE : PAIRS;
	u64 fill, empty, pair;

	if (!measure_batch(row, &fill, &empty)) {
		printk(KERN_INFO "bench: %s failed=1\n", row->name);
		return;
	}
	pair = bench_least(row->pairs, nr_pairs);
	printk(KERN_INFO "bench: %s alloc=%llu free=%llu pair=%llu\n", row->name,
	       bench_each(fill, row->live), bench_each(empty, row->live),
	       bench_each(pair, nr_pairs));
}

void bench_pairs(const struct bench_row *row)
{
	u64 time = bench_least(row->pairs, row->live);

	printk(KERN_INFO "bench: %s pair=%llu\n", row->name, bench_each(time, row->live));
}

static bool matches(const char *pattern, const char *text)
{
	if (*pattern == '*')
		return matches(pattern + 1, text) || (*text && matches(pattern, text + 1));
	if (!*pattern || *pattern == ',')
		return !*text;
	return *pattern == *text && matches(pattern + 1, text + 1);
}

/* Does one of several patterns, with commas between them? */
static bool any_matches(const char *patterns, const char *text)
{
	for (; patterns; patterns = strchr(patterns, ',')) {
		patterns += *patterns == ',';
		if (matches(patterns, text))
			return true;
	}
	return false;
}

static void run_row(const struct bench_row *row)
{
	random_state = 1;
	if (row->setup && !row->setup()) {
		printk(KERN_INFO "bench: %s failed=1\n", row->name);
		return;
	}
	row->run(row);
	if (row->teardown)
		row->teardown();
}

/* Those of the table that match and need no more than so many CPUs; returns how many they are. */
static unsigned int run_table(const struct bench_row *row, const char *pattern, unsigned int cpus)
{
	unsigned int nr = 0;

	for (; row->name; row++) {
		if ((cpus && row->live > cpus) || !any_matches(pattern, row->name))
			continue;
		run_row(row);
		nr++;
	}
	return nr;
}

unsigned int bench_run(const char *pattern)
{
	unsigned int nr = run_table(bench_rows, pattern, 0);

	nr += run_table(bench_replay_rows, pattern, 0);
	nr += run_table(bench_memory_rows, pattern, 0);
	if (num_online_cpus() > 1)
		nr += run_table(bench_cpus_rows, pattern, num_online_cpus());
	return nr;
}
