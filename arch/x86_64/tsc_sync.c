/* SPDX-License-Identifier: MIT */
/*
 * Do a new CPU's TSC and CPU 0's show the same time? CPU 0 asks, the other answers with its
 * TSC, CPU 0 looks at its own before and after. In the best of a few rounds the answer lies
 * between the two, or the TSCs differ: then what makes it the middle is the new CPU's offset,
 * wrong by half a round trip at most.
 *
 * Questions and answers are numbered from 1; each word has one writer. They lie in the new
 * CPU's data, so that one that was given up and still answers disturbs nobody. Both sides
 * give up after some seconds.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <quarry/port.h>

#include "arch.h"
#include "clock.h"

#define ROUNDS	     8
#define WAIT_SECONDS 5

struct exchange {
	u32 asked;		/* by CPU 0: the number of the question; ROUNDS + 1: the end */
	u32 answered;		/* by the new CPU: the number of the answer */
	u64 tsc;		/* the answer */
	u64 offset;		/* by CPU 0, before the end */
};

static DEFINE_PER_CPU(struct exchange, exchange);

static bool wait_for(const u32 *word, u32 value)
{
	u64 start = tsc_read();

	while (smp_load_acquire(word) != value) {
		if (tsc_read() - start > WAIT_SECONDS * tsc_hz())
			return false;
		port_relax();
	}
	return true;
}

/* From the TSC that the other showed within [before, after]. */
static u64 offset_of(unsigned int cpu, u64 before, u64 after, u64 other)
{
	u64 offset = before + (after - before) / 2 - other, mult = mult_of(tsc_hz());
	bool behind = (s64)offset > 0;

	if (other >= before && other <= after)
		return 0;
	pr_warn("time: CPU %u's TSC is %llu ns %s CPU 0's; corrected\n", cpu,
		ticks_to_ns(behind ? offset : -offset, mult), behind ? "behind" : "ahead of");
	return offset;
}

void tsc_sync_prepare(unsigned int cpu)
{
	per_cpu(exchange, cpu) = (struct exchange){ 0 };
}

bool tsc_sync_with(unsigned int cpu)
{
	struct exchange *with = per_cpu_ptr(&exchange, cpu);
	u64 before, after, best_before = 0, best_after = ~0ULL, best = 0;
	u32 round;

	for (round = 1; round <= ROUNDS; round++) {
		before = tsc_read();
		smp_store_release(&with->asked, round);
		if (!wait_for(&with->answered, round))
			return false;
		after = tsc_read();
		if (after - before < best_after - best_before) {
			best_before = before;
			best_after = after;
			best = with->tsc;
		}
	}
	with->offset = offset_of(cpu, best_before, best_after, best);
	smp_store_release(&with->asked, ROUNDS + 1);
	return true;
}

bool tsc_sync_other(void)
{
	struct exchange *with = this_cpu_ptr(&exchange);
	u32 round;

	for (round = 1; round <= ROUNDS; round++) {
		if (!wait_for(&with->asked, round))
			return false;
		with->tsc = tsc_read();
		smp_store_release(&with->answered, round);
	}
	if (!wait_for(&with->asked, ROUNDS + 1))
		return false;
	tsc_set_offset(with->offset);
	return true;
}
