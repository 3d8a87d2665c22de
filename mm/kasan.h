/* SPDX-License-Identifier: MIT */
/* What mm/ tells the address sanitizer. Empty without KASAN=1. See kasan.c. */
#ifndef MM_KASAN_H
#define MM_KASAN_H

#include <linux/kasan.h>
#include "slab.h"

#if QUARRY_KASAN

/* kasan.c */
extern bool kasan_on;
const u8 *kasan_shadow(unsigned long address);

/* kasan_report.c: `size` bytes at `address`, of which that at `bad` is nobody's. */
void kasan_report(unsigned long address, size_t size, unsigned long bad, bool write,
		  unsigned long ip);

/*
 * kasan_quarantine.c. True: *slot of *cache goes back to its slab now, which may be another than
 * was given. False: nothing does. Interrupts off.
 */
bool kasan_quarantine(struct kmem_cache **cache, struct slot *slot);
/* What this CPU has of the cache there goes back. Interrupts off. */
void kasan_quarantine_drain(struct kmem_cache *cache);

static inline void kasan_page_range(const struct page *page, size_t size, u8 value)
{
	if (!PageHighMem(page))
		kasan_poison(phys_to_virt(page_to_phys(page)), size, value);
}

#else

static inline bool kasan_quarantine(struct kmem_cache **cache, struct slot *slot)
{
	return true;
}

static inline void kasan_quarantine_drain(struct kmem_cache *cache) { }
static inline void kasan_page_range(const struct page *page, size_t size, u8 value) { }

#endif

static inline void kasan_alloc_pages(const struct page *page, unsigned int order)
{
	kasan_page_range(page, PAGE_SIZE << order, 0);
}

static inline void kasan_free_pages(const struct page *page, unsigned int order)
{
	kasan_page_range(page, PAGE_SIZE << order, KASAN_PAGE_FREE);
}

/* Free as well, and a red zone of what lies before it: guard.c. */
static inline void kasan_guard_pages(const struct page *page, unsigned int order)
{
	kasan_page_range(page, PAGE_SIZE << order, KASAN_PAGE_GUARD);
}

/*
 * Freed pages wait as well, in the caches of CPUs: half of what a stack has room for, the oldest
 * go first. When zones have nothing, what waits goes back to them as anything that is cached.
 */
static inline bool kasan_pages_wait(const struct cpu_stack *stack)
{
	return QUARRY_KASAN && READ_ONCE(stack->nr) <= stack->max / 2;
}

/* What nobody touches while it is free: not what readers and destructors may look at. */
static inline bool kasan_hides(const struct kmem_cache *cache)
{
	return !(cache->flags & SLAB_TYPESAFE_BY_RCU) && !cache->dtor3;
}

/* A slab whose objects are constructed. */
static inline void kasan_slab_new(struct slab *slab)
{
	kasan_poison(slab_address(slab->page), slab->cache->pages * PAGE_SIZE, KASAN_SLAB_REDZONE);
	for (unsigned int i = 0; QUARRY_KASAN && !kasan_hides(slab->cache) && i < slab->nr; i++)
		kasan_unpoison(slab_object(slab, i), slab->cache->object_size);
}

static inline void kasan_slab_alloc(const struct kmem_cache *cache, void *object)
{
	kasan_unpoison(object, cache->object_size);
}

static inline void kasan_slab_free(const struct kmem_cache *cache, void *object)
{
	if (kasan_hides(cache))
		kasan_poison(object, cache->object_size, KASAN_SLAB_FREE);
}

/* kmalloc() gives `size` bytes of what it got. */
static inline void *kasan_kmalloc(void *object, size_t size, size_t has)
{
	if (object)
		kasan_give(object, size, has, has > KMALLOC_MAX_CACHE_SIZE ? KASAN_PAGE_REDZONE :
			   KASAN_SLAB_REDZONE);
	return object;
}

#endif
