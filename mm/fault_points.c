// SPDX-License-Identifier: MIT
/*
 * Allocations that fail by where they are asked for: each single point of a piece of work.
 *
 * A call site is a backtrace, all of it, told by a hash of its addresses. A point is a site and
 * whether it asks for the first, the second, … time, up to as many as are wanted: two, unless said
 * otherwise. The first finds nothing made yet, the second something half done. Later ones find more
 * where one site asks for different things, as a loop over sizes does.
 *
 * The work is done again and again, in passes. In the first nothing fails, but its sites are
 * remembered. In each of the next ones a single point fails, another each time, until there is
 * none left. What asks then and did not in the first pass, asks only because something failed: it
 * is an error path that allocates. Such a site is `late`. The pass is done again then, the same
 * point fails, and a late one with it; and so on until each of these has failed as well.
 *
 * The table is open addressing by hash, and only grows during a pass. `asked` counts from the
 * pass's beginning; `failed` has a bit for each time. Requests from sites for which the table has
 * no room are counted: their points never fail, and whoever runs the passes has to say so.
 *
 * Locks: none. A site is taken in by cmpxchg of its hash, and fails when a bit in `failed` could be
 * set and the pass's place for it was empty. Who frees a table waits for RCU. Any context but NMIs.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include "fault.h"

#define TIMES 2			/* by default a site fails the first so many times that it asks */

struct fault_site {
	u64 hash;			/* 0: free */
	atomic_t asked;
	u16 failed;			/* bit n of FAULT_MOST_TIMES: asking for the n + 1st time */
	bool late;
};

/* A request that failed: where it came from. */
struct point {
	u64 id;				/* of site and time; 0: none has */
	struct fault_trace from;
};

static struct fault_site *sites;
static unsigned int nr_sites;		/* in the table, a power of two */
static atomic_t nr_failed, nr_late;	/* sites that have; late ones new in this pass */
static atomic_t nr_lost;		/* requests of sites that are in no table */
static unsigned int times = TIMES;
static enum fault_pass pass;
static struct point one, other;		/* which failed in this pass; the late one */
static bool one_failed;			/* FAULT_SAME: again */

static u64 hash_of(const struct fault_trace *from)
{
	u64 hash = 1;

	for (unsigned int i = 0; i < from->nr; i++) {
		hash = (hash ^ from->frames[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	/* Never 0, and room for the time. */
	return (hash & ~(u64)(FAULT_MOST_TIMES - 1)) | FAULT_MOST_TIMES;
}

/* Finds the site, or takes it in; NULL: there is no room. */
static struct fault_site *site_of(u64 hash, bool late)
{
	struct fault_site *table = READ_ONCE(sites);

	for (unsigned int i = 0; table && i < nr_sites; i++) {
		struct fault_site *site = &table[(hash + i) % nr_sites];
		u64 found = READ_ONCE(site->hash);

		if (!found)
			found = cmpxchg(&site->hash, 0, hash);
		if (!found && late) {
			WRITE_ONCE(site->late, true);
			atomic_inc(&nr_late);
		}
		if (!found || found == hash)
			return site;
	}
	return NULL;
}

/* It fails now, unless something else had that place first, or it has failed before. */
static bool fail_at(struct point *place, struct fault_site *site, unsigned int time,
		    const struct fault_trace *from)
{
	u16 bit = 1U << time;

	if ((READ_ONCE(site->failed) & bit) || cmpxchg(&place->id, 0, site->hash ^ time))
		return false;
	if (!site->failed)
		atomic_inc(&nr_failed);
	WRITE_ONCE(site->failed, site->failed | bit);	/* whoever has the place, writes */
	place->from = *from;
	return true;
}

static bool site_fails(struct fault_site *site, const struct fault_trace *from)
{
	unsigned int time = (unsigned int)atomic_inc_return(&site->asked) - 1;
	bool late = READ_ONCE(site->late);

	if (pass == FAULT_EACH_SITE && !time)
		atomic_inc(&nr_failed);
	if (pass == FAULT_EACH_SITE)
		return !time;
	if (time >= times)
		return false;
	if (pass == FAULT_ONE)
		return !late && fail_at(&one, site, time, from);
	if (pass == FAULT_SAME && (site->hash ^ time) == one.id)
		return !xchg(&one_failed, true);
	return pass == FAULT_SAME && late && fail_at(&other, site, time, from);
}

bool fault_point_fails(const struct fault_trace *from)
{
	struct fault_site *site;
	bool fails;

	rcu_read_lock();
	site = site_of(hash_of(from), pass >= FAULT_ONE);
	fails = site && site_fails(site, from);
	if (!site)
		atomic_inc(&nr_lost);
	rcu_read_unlock();
	return fails;
}

unsigned int fault_lost(void)
{
	return (unsigned int)atomic_read(&nr_lost);
}

void fault_begin_pass(enum fault_pass next, unsigned int wanted)
{
	pass = next;
	times = wanted ? min(wanted, (unsigned int)FAULT_MOST_TIMES) : TIMES;
	if (pass != FAULT_SAME)
		one.id = 0;
	other.id = 0;
	one_failed = false;
	atomic_set(&nr_late, 0);
	/* Each site fails once, however often faults are armed meanwhile. */
	for (unsigned int i = 0; pass != FAULT_EACH_SITE && i < nr_sites; i++)
		atomic_set(&sites[i].asked, 0);
}

enum fault_pass fault_next_pass(void)
{
	if (pass == FAULT_BY_NUMBER)
		return FAULT_WATCH;
	if ((pass == FAULT_ONE && atomic_read(&nr_late)) || (pass == FAULT_SAME && other.id))
		return FAULT_SAME;
	return pass == FAULT_ONE && !one.id ? FAULT_BY_NUMBER : FAULT_ONE;
}

static void show_point(const struct point *point, const char *what)
{
	printk("%s failed:\n", what);
	stack_trace_print(point->from.frames, point->from.nr, 1);
}

void fault_show_points(void)
{
	if (one.id && (pass == FAULT_ONE || one_failed))
		show_point(&one, "the request that came from here");
	if (other.id)
		show_point(&other, "and the one of the error path");
}

unsigned int fault_sites(void)
{
	return (unsigned int)atomic_read(&nr_failed);
}

size_t fault_sites_size(unsigned int nr)
{
	return nr * sizeof(struct fault_site);
}

void fault_clear_sites(void)
{
	memset(sites, 0, fault_sites_size(nr_sites));
	atomic_set(&nr_failed, 0);
	atomic_set(&nr_lost, 0);
	pass = FAULT_BY_NUMBER;
}

struct fault_site *fault_set_sites(struct fault_site *table, unsigned int nr)
{
	struct fault_site *before = sites;

	WRITE_ONCE(sites, NULL);	/* its size changes: nobody may have one with the other */
	synchronize_rcu();
	nr_sites = nr;
	atomic_set(&nr_failed, 0);
	atomic_set(&nr_lost, 0);
	pass = FAULT_BY_NUMBER;
	smp_store_release(&sites, table);
	return before;
}
