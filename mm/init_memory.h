/* SPDX-License-Identifier: MIT */
/* Memory that is cleared when it is given out, and when it is freed. See init_memory.c. */
#ifndef MM_INIT_MEMORY_H
#define MM_INIT_MEMORY_H

#include "slab.h"

/* From quarry_plan(), constant since. */
extern bool init_on_alloc, init_on_free;
extern bool page_free_hooked;	/* somebody wants to know of pages before they are free */

/* Is nothing kept at hand? Where caches are set up. */
static inline bool init_memory_on(void)
{
	return init_on_alloc || init_on_free;
}

/* A block that is nobody's any more. `broken`: its descriptors say which pages are left alone. */
void init_free_pages(struct page *page, unsigned int order, bool broken);

/* Clears it, unless somebody relies on its content while it is free. Nobody else has it. */
void init_object(const struct kmem_cache *cache, void *object);

/* In slow paths. An object is given out, for which its user did not want zeroes. */
static inline void init_object_alloc(const struct kmem_cache *cache, void *object)
{
	if (unlikely(init_on_alloc))
		init_object(cache, object);
}

/* In slow paths. An object was freed, and is looked at by nobody; poison stays. */
static inline void init_object_free(const struct kmem_cache *cache, void *object)
{
	if (unlikely(init_on_free) && !(cache->flags & SLAB_POISON))
		init_object(cache, object);
}

#endif
