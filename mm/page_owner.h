/* SPDX-License-Identifier: MIT */
/* Who allocated a block of pages, and who freed it. See page_owner.c. */
#ifndef MM_PAGE_OWNER_H
#define MM_PAGE_OWNER_H

#include "stack_depot.h"

#define OWNER_LIVE 1		/* allocated: the record is of the block that begins here */
#define OWNER_KEPT 2		/* it stays for good, and is not missed */
#define OWNER_OBJECT 4		/* it is an object that may leak: kmemleak_alloc() */

struct page_owner {
	depot_stack_handle_t allocated_by, freed_by;
	u32 gfp;
	u32 pid, free_pid;
	u32 when, free_when;	/* jiffies, their low half */
	u8 cpu, order, flags;
	u8 leak;		/* LEAK_*, see kmemleak.h */
};

extern bool page_owner_wanted;	/* from quarry_plan() */
extern bool page_owner_on;	/* constant after page_owner_init() */

/* In quarry_init(), before the first page is allocated. 0 or -ENOMEM. */
int page_owner_init(void);

void __set_page_owner(struct page *page, unsigned int order, gfp_t gfp);
void __reset_page_owner(struct page *page);
void __split_page_owner(struct page *page, unsigned long nr);

/*
 * The block that begins there is kept for good, for later uses: it is no leak, and does it hold
 * pointers to objects that are in use?
 */
void __page_owner_keep(const struct page *page, bool pointers);

/* The record of the block that begins with this page, or did; NULL: there is none. */
struct page_owner *page_owner_of(const struct page *page);
/*
 * Calls fn for each block that is allocated, as far as they are known, with a copy of its record.
 * Others come and go meanwhile.
 */
void page_owner_for_each(void (*fn)(struct page *page, const struct page_owner *owner, void *arg),
			 void *arg);
/* What is known of the block that the page is in, or was the first of, on the log. */
void dump_page_owner(const struct page *page);

/* In slow paths. The block that begins there has just been allocated; is about to be free. */
static inline void set_page_owner(struct page *page, unsigned int order, gfp_t gfp)
{
	if (unlikely(page_owner_on))
		__set_page_owner(page, order, gfp);
}

static inline void reset_page_owner(struct page *page)
{
	if (unlikely(page_owner_on))
		__reset_page_owner(page);
}

/* It becomes nr single pages; 1: the rest of it is free. */
static inline void split_page_owner(struct page *page, unsigned long nr)
{
	if (unlikely(page_owner_on))
		__split_page_owner(page, nr);
}

static inline void page_owner_keep(const struct page *page, bool pointers)
{
	if (unlikely(page_owner_on) && page)
		__page_owner_keep(page, pointers);
}

#endif
