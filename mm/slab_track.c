/* SPDX-License-Identifier: MIT */
/*
 * Who allocated an object and who freed it last: two records for each object of a cache with
 * SLAB_STORE_USER. They lie in pages of their own, one block for each slab, reached by a pointer
 * behind the slab's state bytes: so an object that is written past its end cannot reach them.
 *
 * Locks: none; a record belongs to whoever allocates or frees the object. Costs: 176 bytes an
 * object, and a backtrace for each allocation and free.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include "page_owner.h"
#include "slab.h"

_Static_assert(sizeof(struct track) == 88, "the head of this file says so");

static struct track **tracks_of(const struct slab *slab)
{
	return (struct track **)ALIGN((unsigned long)&slab->state[slab->nr + 1], sizeof(void *));
}

size_t slab_track_room(const struct kmem_cache *cache)
{
	return cache->flags & SLAB_STORE_USER ? 2 * sizeof(void *) : 0;
}

static unsigned int track_order(const struct slab *slab)
{
	return (unsigned int)get_order((size_t)slab->nr * 2 * sizeof(struct track));
}

bool slab_track_init(struct slab *slab, gfp_t gfp)
{
	if (!(slab->cache->flags & SLAB_STORE_USER))
		return true;
	gfp &= GFP_KERNEL | __GFP_HIGH | __GFP_NOWARN | __GFP_NORETRY | __GFP_NOFAIL;
	*tracks_of(slab) = (struct track *)__get_free_pages(gfp | __GFP_ZERO, track_order(slab));
	if (*tracks_of(slab))
		page_owner_keep(virt_to_page(*tracks_of(slab)), false);
	return *tracks_of(slab);
}

void slab_track_exit(struct slab *slab)
{
	if (slab->cache->flags & SLAB_STORE_USER)
		free_pages((unsigned long)*tracks_of(slab), track_order(slab));
}

noinline void track_take(struct track *track, unsigned int skip)
{
	track->nr = (u8)stack_trace_save(track->addresses, TRACK_DEPTH, skip + 2);
	track->when = jiffies;
	track->pid = current ? (u32)current->pid : 0;
	track->cpu = (u16)smp_processor_id();
	track->leak = 0;
}

void track_print(const struct track *track, const char *what)
{
	if (!track->nr)
		return;
	pr_err("%s in thread %u on CPU %u at jiffy %llu:\n", what, track->pid, track->cpu,
	       track->when);
	stack_trace_print(track->addresses, track->nr, 1);
}

void slab_track(const struct slab *slab, unsigned int index, enum slab_event event)
{
	track_take(&(*tracks_of(slab))[2 * index + event], 1);
}

struct track *slab_track_of(const struct slab *slab, unsigned int index)
{
	return slab->cache->flags & SLAB_STORE_USER ?
	       &(*tracks_of(slab))[2 * index + SLAB_ALLOCATED] : NULL;
}

void slab_track_print(const struct slab *slab, unsigned int index)
{
	if (!(slab->cache->flags & SLAB_STORE_USER) || index >= slab->nr)
		return;
	track_print(&(*tracks_of(slab))[2 * index + SLAB_ALLOCATED], "Allocated");
	track_print(&(*tracks_of(slab))[2 * index + SLAB_FREED], "Freed");
}
