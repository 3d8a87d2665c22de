/* SPDX-License-Identifier: MIT */
/*
 * Limits on what a thread's allocations may do, for a stretch of code: whatever flags they are
 * called with in there. Each _save() gives what _restore() wants, so they nest.
 */
#ifndef _LINUX_SCHED_MM_H
#define _LINUX_SCHED_MM_H

#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/sched.h>

static inline unsigned int memalloc_flags_save(unsigned int flags)
{
	unsigned int added = flags & ~current->flags;

	current->flags |= flags;
	return added;
}

static inline void memalloc_flags_restore(unsigned int added)
{
	current->flags &= ~added;
}

/* GFP_NOIO: no I/O, and so no file systems. */
static inline unsigned int memalloc_noio_save(void)
{
	return memalloc_flags_save(PF_MEMALLOC_NOIO);
}

static inline void memalloc_noio_restore(unsigned int added) { memalloc_flags_restore(added); }

/* GFP_NOFS: no file systems. */
static inline unsigned int memalloc_nofs_save(void)
{
	return memalloc_flags_save(PF_MEMALLOC_NOFS);
}

static inline void memalloc_nofs_restore(unsigned int added) { memalloc_flags_restore(added); }

/* For code that frees memory: no reclaim at all, but all of the reserves. */
static inline unsigned int memalloc_noreclaim_save(void)
{
	return memalloc_flags_save(PF_MEMALLOC);
}

static inline void memalloc_noreclaim_restore(unsigned int added)
{
	memalloc_flags_restore(added);
}

/* The flags as the current thread's limits leave them. In interrupts no limits count. */
static inline gfp_t current_gfp_context(gfp_t gfp)
{
	unsigned int flags = in_task() ? current->flags : 0;

	if (flags & PF_MEMALLOC_NOIO)
		gfp &= ~(__GFP_IO | __GFP_FS);
	else if (flags & PF_MEMALLOC_NOFS)
		gfp &= ~__GFP_FS;
	if (flags & PF_MEMALLOC_NORECLAIM)
		gfp &= ~__GFP_DIRECT_RECLAIM;
	return gfp;
}

/* Says so if an allocation with these flags may not be made here. */
#define might_alloc(gfp) might_sleep_if(gfpflags_allow_blocking(current_gfp_context(gfp)))

#endif
