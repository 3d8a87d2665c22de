// SPDX-License-Identifier: MIT
/*
 * Allocations that fail on purpose: which one, is decided here.
 *
 * Code that handles a failed allocation is hardly ever run, so it is where mistakes live. While
 * faults are armed, requests are counted, and the nth of them fails, or one in so many by chance
 * with a printed seed; or it is decided by where they come from (fault_points.c). It may be asked
 * for requests of some allocators only, of one thread or of threads of a name, or made below some
 * function. What is made of pages and objects (mempools, threads, DMA) fails with them.
 *
 * The allocators ask in their slow paths alone, so nothing of this costs the fast ones an
 * instruction. To have every request take the slow path, arming (fault_run.c) closes the caches
 * of pages of all CPUs and empties the magazines, which stay empty while faults are armed: a
 * slow path that finds them armed neither fills a magazine nor keeps a free object in one.
 *
 * An area that a CPU has ready for vmalloc() is no request.
 *
 * A request with __GFP_NOFAIL is never failed, and not counted. In an interrupt no request is
 * the thread's.
 *
 * Locks: none; counts are atomic. The setup is written before `fault_armed`, by release, and
 * stays until all that could have seen it armed are gone, which whoever disarms does not wait
 * for: a request that fails a moment later fails as it would have before. Any context.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
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

static bool is_below(const struct fault_trace *from, const char *function)
{
	char name[64];

	for (unsigned int i = 0; i < from->nr; i++) {
		snprintf(name, sizeof(name), "%ps", (void *)(from->frames[i] - 1));
		if (!strcmp(name, function))
			return true;
	}
	return false;
}

static bool is_of_thread(void)
{
	if (setup.task && (!in_task() || setup.task != current))
		return false;
	return !setup.comm || (in_task() && current && !strcmp(setup.comm, current->comm));
}

/* Is this number the nth, or does chance will it? */
static bool number_fails(unsigned long number)
{
	if (setup.nth)
		return number == setup.nth;
	return mix(number ^ setup.seed) % setup.one_in == 0;
}

bool fault_decide(enum fault_source source, gfp_t gfp)
{
	struct fault_trace from;
	unsigned long number;
	bool fails;

	if (!(setup.sources & source) || (gfp & __GFP_NOFAIL) || !is_of_thread())
		return false;
	if (setup.caller || setup.pass)
		from.nr = stack_trace_save(from.frames, FAULT_DEPTH, 1);
	if (setup.caller && !is_below(&from, setup.caller))
		return false;
	number = (unsigned long)atomic_long_inc_return(&nr_seen);
	fails = setup.pass ? fault_point_fails(&from) : number_fails(number);
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

void fault_counts(unsigned long *seen, unsigned long *failed)
{
	*seen = (unsigned long)atomic_long_read(&nr_seen);
	*failed = (unsigned long)atomic_long_read(&nr_failed);
}

void fault_clear(unsigned long *seen, unsigned long *failed)
{
	WRITE_ONCE(fault_armed, false);
	fault_counts(seen, failed);
}

unsigned long fault_failures(void)
{
	return (unsigned long)atomic_long_read(&nr_failed);
}
