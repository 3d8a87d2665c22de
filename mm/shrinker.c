// SPDX-License-Identifier: MIT
/*
 * Shrinkers with memory of their own: what current Linux has instead of a shrinker inside its
 * cache's structure. The list, and how they are called, is reclaim.c, which stands above the
 * allocators and so cannot have this.
 *
 * The name is for a reader of the source: there is no debugfs to show it in. No locks; may
 * sleep.
 */
#include <linux/slab.h>
#include "internal.h"
#include "reclaim.h"

struct shrinker *shrinker_alloc(unsigned int flags, const char *fmt, ...)
{
	struct shrinker *shrinker = kzalloc(sizeof(*shrinker), GFP_KERNEL);

	if (!shrinker)
		return NULL;
	shrinker->flags = flags | SHRINKER_ALLOCATED;
	shrinker->seeks = DEFAULT_SEEKS;
	return shrinker;
}

void shrinker_free(struct shrinker *shrinker)
{
	if (!shrinker)
		return;
	unregister_shrinker(shrinker);
	if (WARN_ON(!(shrinker->flags & SHRINKER_ALLOCATED)))
		return;
	kfree(shrinker);
}
