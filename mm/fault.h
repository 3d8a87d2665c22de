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

struct fault_setup {
	unsigned int sources;		/* enum fault_source, or-ed */
	unsigned long nth;		/* the nth request fails, once; 0: by chance */
	unsigned long one_in;		/* by chance: one request in so many fails */
	u64 seed;			/* of that chance; not 0 */
	const struct task_struct *task;	/* only this thread's; NULL: everybody's */
	const char *comm;		/* only of threads of that name; NULL: any */
	const char *caller;		/* only below that function; NULL: anywhere */
	bool each_site;			/* each call site fails once, not nth or by chance */
};

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

/* From here on requests may fail. May sleep. One at a time. */
void fault_begin(const struct fault_setup *setup);
/* Ends that; how many requests were looked at, and how many failed. May sleep. */
void fault_end(unsigned long *seen, unsigned long *failed);

/*
 * Each call site fails once, from fault_remember_sites() on, until they are forgotten: how many
 * have so far. Both may sleep; false without memory.
 */
bool fault_remember_sites(void);
unsigned int fault_sites(void);
void fault_forget_sites(void);

#define FAULT_SITES 16384	/* a power of two; sites beyond never fail */

/* fault.c's part of these. The table before is returned. */
u64 *fault_set_sites(u64 *table);
void fault_set(const struct fault_setup *setup);
void fault_clear(unsigned long *seen, unsigned long *failed);

#endif
