// SPDX-License-Identifier: MIT
/*
 * Allocations that fail on purpose: which one, is decided here.
 *
 * Code that handles a failed allocation is hardly ever run, so it is where mistakes live. While
 * faults are armed, requests are counted, and the nth of them fails, or one in so many by chance
 * with a printed seed; those of one thread only, if wanted, and of pages, of objects, or both.
 * What is made of these (vmalloc, mempools, per-CPU memory, threads, DMA) fails with them.
 *
 * The allocators ask in their slow paths alone, so nothing of this costs the fast ones an
 * instruction. To have every request take the slow path, arming (fault_run.c) closes the caches
 * of pages of all CPUs and empties the magazines, which stay empty while faults are armed: a
 * slow path that finds them armed neither fills a magazine nor keeps a free object in one.
 *
 * A request with __GFP_NOFAIL is never failed, and not counted. In an interrupt no request is
 * the thread's.
 *
 * Locks: none; counts are atomic. The setup is written before `fault_armed`, by release, and
 * stays until all that could have seen it armed are gone, which whoever disarms does not wait
 * for: a request that fails a moment later fails as it would have before. Any context.
 */
#include <linux/atomic.h>
#include "fault.h"
#include "internal.h"

bool fault_armed;

static struct fault_setup setup;
static atomic_long_t nr_seen, nr_failed;

/* A number from a number: nth requests are told apart by it, whatever runs at once. */
static u64 mix(u64 x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

bool fault_decide(enum fault_source source, gfp_t gfp)
{
	unsigned long number;
	bool fails;

	if (!(setup.sources & source) || (gfp & __GFP_NOFAIL))
		return false;
	if (setup.task && (in_interrupt() || setup.task != current))
		return false;
	number = (unsigned long)atomic_long_inc_return(&nr_seen);
	fails = setup.nth ? number == setup.nth : mix(number ^ setup.seed) % setup.one_in == 0;
	if (fails)
		atomic_long_inc(&nr_failed);
	return fails;
}

void fault_set(const struct fault_setup *wanted)
{
	setup = *wanted;
	if (!setup.nth && !setup.one_in)
		setup.one_in = ~0UL;
	atomic_long_set(&nr_seen, 0);
	atomic_long_set(&nr_failed, 0);
	smp_store_release(&fault_armed, true);
}

void fault_clear(unsigned long *seen, unsigned long *failed)
{
	WRITE_ONCE(fault_armed, false);
	*seen = (unsigned long)atomic_long_read(&nr_seen);
	*failed = (unsigned long)atomic_long_read(&nr_failed);
}
