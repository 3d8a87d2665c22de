/* SPDX-License-Identifier: MIT */
/* Allocations that fail on purpose. See fault.c. */
#ifndef MM_FAULT_H
#define MM_FAULT_H

#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/sched.h>
#include <linux/string.h>

/* Which allocator: a cache is kmalloc's or anybody's; areas and per-CPU objects beside pages. */
enum fault_source {
	FAULT_PAGES = 1, FAULT_SLAB = 2, FAULT_KMALLOC = 4, FAULT_VMALLOC = 8, FAULT_PERCPU = 16,
	FAULT_ALL = 31
};

/* Which call sites fail: fault_points.c. */
enum fault_pass {
	FAULT_BY_NUMBER,		/* it is not asked where from */
	FAULT_EACH_SITE,		/* each, the first time that it asks */
	FAULT_WATCH,			/* none, but they are remembered */
	FAULT_ONE,			/* one that has not failed yet, and no other */
	FAULT_SAME,			/* that one again, and one that asks only because of it */
};

struct fault_setup {
	unsigned int sources;		/* enum fault_source, or-ed */
	unsigned long nth;		/* the nth request fails, once; 0: by chance */
	unsigned long one_in;		/* by chance: one request in so many fails */
	u64 seed;			/* of that chance; not 0 */
	const struct task_struct *task;	/* only this thread's; NULL: everybody's */
	const char *comm;		/* only of threads of that name; NULL: any */
	const char *caller;		/* only below that function; NULL: anywhere */
	enum fault_pass pass;		/* or by call sites: not the nth, not by chance */
	unsigned int times;		/* points of a site: 1 to FAULT_MOST_TIMES; 0: two */
};

#define FAULT_MOST_TIMES 16

extern bool fault_armed;

bool fault_decide(enum fault_source source, gfp_t gfp);

/* May slow paths keep free objects at hand? */
static inline bool fault_is_off(void)
{
	return likely(!READ_ONCE(fault_armed));
}

/* In slow paths only: does this request fail on purpose? */
static inline bool fault_hits(enum fault_source source, gfp_t gfp)
{
	return unlikely(READ_ONCE(fault_armed)) && fault_decide(source, gfp);
}

/* The same for an object of the cache of that name. */
static inline bool fault_hits_object(const char *cache, gfp_t gfp)
{
	return unlikely(READ_ONCE(fault_armed)) &&
	       fault_decide(strncmp(cache, "kmalloc-", 8) ? FAULT_SLAB : FAULT_KMALLOC, gfp);
}

/*
 * From here on requests may fail. May sleep. One at a time: a second one, before the first has
 * ended, is said (WARN) and is none; its end ends nothing.
 */
void fault_begin(const struct fault_setup *setup);
/* Ends that; how many requests were looked at, and how many failed. May sleep. */
void fault_end(unsigned long *seen, unsigned long *failed);

/*
 * A table of so many call sites, a power of two: sites beyond never fail, see fault_lost(). It is
 * empty, and stays until it is forgotten. False without memory, and while quarry_fault_begin() has
 * one in use (WARN). Both may sleep.
 */
bool fault_remember_sites(unsigned int nr);
void fault_forget_sites(void);

/* ---- fault_points.c ---- */

#define FAULT_DEPTH 20

struct fault_site;

/* Where a request comes from: the nearest return address first. */
struct fault_trace {
	unsigned long frames[FAULT_DEPTH];
	unsigned int nr;
};

/* Takes a table of nr sites, all cleared, or NULL; returns the one before. */
struct fault_site *fault_set_sites(struct fault_site *table, unsigned int nr);
/* All sites are new again. While nothing is armed. */
void fault_clear_sites(void);
size_t fault_sites_size(unsigned int nr);
/* How many sites have failed. */
unsigned int fault_sites(void);
/* How many requests there was no room for to remember their sites, since the table was empty. */
unsigned int fault_lost(void);

/* Before each pass, while nothing is armed; for the first so many times that a site asks. */
void fault_begin_pass(enum fault_pass pass, unsigned int times);
/* Which pass comes after the one that was: FAULT_BY_NUMBER when each point has failed. */
enum fault_pass fault_next_pass(void);
/* Does the request that comes from there fail? Any context but NMIs. */
bool fault_point_fails(const struct fault_trace *from);
/* Prints where from the requests came that failed in the last pass. */
void fault_show_points(void);

/* ---- fault.c's part of fault_begin(), fault_end() ---- */

void fault_set(const struct fault_setup *setup);
void fault_clear(unsigned long *seen, unsigned long *failed);
void fault_counts(unsigned long *seen, unsigned long *failed);
unsigned long fault_failures(void);

#endif
