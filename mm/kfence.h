/* SPDX-License-Identifier: MIT */
/* Objects between guard pages, one allocation in many. See kfence.c. */
#ifndef MM_KFENCE_H
#define MM_KFENCE_H

#include <linux/percpu.h>
#include "slab.h"

#define KFENCE_PAGES (2 * (QUARRY_KFENCE_OBJECTS + 1))

enum kfence_state {
	KFENCE_FREE,			/* never used, or nothing is known of it any more */
	KFENCE_USED,
	KFENCE_DYING,			/* freed; its readers may still look (TYPESAFE_BY_RCU) */
	KFENCE_FREED,			/* its page is hidden */
};

struct kfence_object {			/* by kfence_lock */
	struct list_head list;		/* while it may be taken */
	struct rcu_head rcu;
	struct kmem_cache *cache;	/* NULL: destroyed meanwhile */
	unsigned long start;
	u32 size;
	u8 state;
	bool guard_shown[2];		/* an access was let go through, on that side */
	struct track allocated, freed;
};

extern struct kfence_object kfence_objects[QUARRY_KFENCE_OBJECTS];	/* kfence_report.c */
extern unsigned long kfence_base, kfence_size;	/* of the pool; size 0: there is none */

static inline bool is_kfence_address(const void *address)
{
	return unlikely((unsigned long)address - kfence_base < READ_ONCE(kfence_size));
}

DECLARE_PER_CPU(int, kfence_left);	/* refills until the next one is sampled */

/* In the slow path of an allocation: is it its turn? Two instructions. */
static __always_inline bool kfence_is_due(void)
{
	return unlikely(this_cpu_dec_return(kfence_left) < 0);
}

/*
 * Then: a guarded object, cleared if gfp says so; NULL: this request cannot be sampled, the next
 * one is asked. Any context.
 */
void *kfence_alloc(struct kmem_cache *cache, gfp_t gfp);
/*
 * Frees it, or reports why not. cache: that it is freed to; NULL: whatever it is of. False: the
 * address is not of the pool. Any context.
 */
bool kfence_free(const char *call, const struct kmem_cache *cache, const void *object);
/* The size of an object of the pool; 0: nothing that somebody has begins there. */
size_t kfence_ksize(const void *object);
/* The object of the pool that an address lies in. */
void *kfence_object_start(const void *address);
/* Objects of the cache in use; those below `max` in number go to the list. */
unsigned int kfence_find_used(const struct kmem_cache *cache, void **list, unsigned int nr,
			      unsigned int max);
/* Calls fn for each object in use; the lock of the pool is held. */
void kfence_for_each(void (*fn)(const struct kfence_object *object, void *arg), void *arg);
/* The cache goes. */
void kfence_forget(const struct kmem_cache *cache);
/* Makes the pool, if memory is large enough. In a thread. */
void kfence_start(void);

/* ---- kfence_report.c ---- */

enum kfence_error { KFENCE_OUT_OF_BOUNDS, KFENCE_USE_AFTER_FREE, KFENCE_INVALID };

/* A touch of `address` by the instruction at ip. object: that it was meant for, or NULL. */
void kfence_report_access(enum kfence_error error, const struct kfence_object *object,
			  unsigned long address, bool write, unsigned long ip);
/* Bytes beside an object are not as they were: found when it was freed, the first of them. */
void kfence_report_canary(const char *call, const struct kfence_object *object, const u8 *at);
/* A free of `address`, which is not the beginning of what somebody has. */
void kfence_report_free(const char *call, const struct kfence_object *object,
			unsigned long address, const struct kmem_cache *cache);

#endif
