/* SPDX-License-Identifier: MIT */
/* Allocations that fail on purpose. See fault.c. */
#ifndef MM_FAULT_H
#define MM_FAULT_H

#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/sched.h>

enum fault_source { FAULT_PAGES = 1, FAULT_SLAB = 2, FAULT_ALL = 3 };

struct fault_setup {
	unsigned int sources;		/* enum fault_source, or-ed */
	unsigned long nth;		/* the nth request fails, once; 0: by chance */
	unsigned long one_in;		/* by chance: one request in so many fails */
	u64 seed;			/* of that chance; not 0 */
	const struct task_struct *task;	/* only this thread's; NULL: everybody's */
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

/* From here on requests may fail. May sleep. One at a time. */
void fault_begin(const struct fault_setup *setup);
/* Ends that; how many requests were looked at, and how many failed. May sleep. */
void fault_end(unsigned long *seen, unsigned long *failed);

/* fault.c's part of the two. */
void fault_set(const struct fault_setup *setup);
void fault_clear(unsigned long *seen, unsigned long *failed);

#endif
