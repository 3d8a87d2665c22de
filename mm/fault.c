// SPDX-License-Identifier: MIT
/*
 * Allocations that fail on purpose: which one, is decided here.
 *
 * Code that handles a failed allocation is hardly ever run, so it is where mistakes live. While
 * faults are armed, requests are counted, and the nth of them fails, or one in so many by chance
 * with a printed seed; or each call site once, the first time that it asks. A call site is a
 * backtrace, all of it, told by a hash of its addresses. It may be asked for requests of some
 * allocators only, of one thread or of threads of a name, or made below some function. What is
 * made of pages and objects (mempools, threads, DMA) fails with them.
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

#define DEPTH 20		/* of a backtrace that tells a call site */

bool fault_armed;

static struct fault_setup setup;
static atomic_long_t nr_seen, nr_failed;

/* FAULT_SITES hashes of the call sites that have failed, open addressing; 0: none. */
static u64 *sites;
static atomic_t nr_sites;

/* A number from a number: nth requests are told apart by it, whatever runs at once. */
static u64 mix(u64 x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

/* Takes the site in; false: it was there, or there is no room. */
static bool site_is_new(u64 hash)
{
	if (!sites)
		return false;
	if (!hash)
		hash = 1;
	for (unsigned int i = 0; i < FAULT_SITES; i++) {
		u64 *site = &sites[(hash + i) % FAULT_SITES];

		if (!READ_ONCE(*site) && !cmpxchg(site, 0, hash)) {
			atomic_inc(&nr_sites);
			return true;
		}
		if (READ_ONCE(*site) == hash)
			return false;
	}
	return false;
}

static bool is_named(const unsigned long *frames, unsigned int nr, const char *function)
{
	char name[64];

	for (unsigned int i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "%ps", (void *)(frames[i] - 1));
		if (!strcmp(name, function))
			return true;
	}
	return false;
}

/* Is it asked for from where requests are to fail? Then *site tells that place. */
static bool is_from_there(u64 *site)
{
	unsigned long frames[DEPTH];
	unsigned int nr;

	if (!setup.caller && !setup.each_site)
		return true;
	nr = stack_trace_save(frames, DEPTH, 2);
	for (unsigned int i = 0; i < nr; i++)
		*site = mix(*site ^ frames[i]);
	return !setup.caller || is_named(frames, nr, setup.caller);
}

static bool is_of_thread(void)
{
	if (setup.task && (in_interrupt() || setup.task != current))
		return false;
	return !setup.comm || (!in_interrupt() && current && !strcmp(setup.comm, current->comm));
}

bool fault_decide(enum fault_source source, gfp_t gfp)
{
	unsigned long number;
	u64 site = 0;
	bool fails;

	if (!(setup.sources & source) || (gfp & __GFP_NOFAIL) || !is_of_thread() ||
	    !is_from_there(&site))
		return false;
	number = (unsigned long)atomic_long_inc_return(&nr_seen);
	if (setup.each_site)
		fails = site_is_new(site);
	else if (setup.nth)
		fails = number == setup.nth;
	else
		fails = mix(number ^ setup.seed) % setup.one_in == 0;
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

unsigned int fault_sites(void)
{
	return (unsigned int)atomic_read(&nr_sites);
}

u64 *fault_set_sites(u64 *table)
{
	u64 *before = sites;

	sites = table;
	atomic_set(&nr_sites, 0);
	return before;
}
