/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with an object, in words: reports of wrong frees.
 */
#include "slab.h"

/* What is wrong with freeing what lies there; the cache it lies in, or NULL. */
static const char *why_not(const void *object, const struct kmem_cache *cache,
			   const struct slab *slab)
{
	u32 index;

	if (!slab)
		return virt_addr_valid(object) ? "not from a cache" : "no such memory";
	index = slab_index(slab, object);
	if (index >= slab->nr)
		return "not where an object begins";
	if (READ_ONCE(slab->state[index]) != OBJECT_USED)
		return "already free";
	return cache && slab->cache != cache ? "object of another cache" : "freed twice at once";
}

void slab_report_free(const char *call, const struct kmem_cache *cache, const void *object)
{
	const struct slab *slab = slab_of(object);
	const char *why = why_not(object, cache, slab);

	report_misuse(QUARRY_BAD_FREE, object, "%s(%s%sobject:%px): %s%s%s", call,
		      cache ? cache->name : "", cache ? ", " : "", object, why,
		      slab ? ", in cache " : "", slab ? slab->cache->name : "");
}

void slab_describe(const void *object)
{
	const struct slab *slab = slab_of(object);

	pr_err("object %px of cache %s\n", object, slab ? slab->cache->name : "none");
}
