/* SPDX-License-Identifier: MIT */
/*
 * How large a cache's slabs and magazines are.
 *
 * A slab has the fewest pages that waste at most an eighth, so that a cache of few objects holds
 * few pages; but from 1 KiB on two at least: with one, the beginning and the end of slabs would be
 * most of what an object costs. Where the pages are no power of two, the rest of the block goes
 * back at once, and later the slab page by page. Slabs begin at different multiples of the
 * alignment, as far as the rest allows: equal objects of different slabs then do not meet in the
 * same lines of a CPU's cache.
 *
 * What CPUs and nodes keep beside slabs in use, replaying a boot of Linux, would be waste:
 * magazines hold some KiB, and few of them wait in a depot.
 *
 * Locks: none; a cache's layout is made before anybody else knows it.
 */
#include "init_memory.h"

#define MAX_SLAB_PAGES	 64		/* unless one object needs more */
#define TWO_PAGES	 1024U		/* bytes of an object whose slabs have more than one */
#define MAX_SLAB_OBJECTS 4096
#define MAGAZINE_BYTES	 3072u
#define MAX_MAGAZINE	 SLAB_RUN_MAX	/* slots: what fits into 800 bytes, with one more */

static unsigned long waste(unsigned long pages, u32 size)
{
	return pages * PAGE_SIZE % size;
}

/* The fewest pages that waste little; where none do, those that waste least. */
static unsigned int choose_pages(u32 size)
{
	unsigned int fewest = max((unsigned int)PFN_UP(size), size < TWO_PAGES ? 1U : 2U);
	unsigned int best = fewest, pages;

	for (pages = fewest; pages <= max_t(unsigned int, MAX_SLAB_PAGES, fewest); pages++) {
		if (waste(pages, size) <= pages * PAGE_SIZE / 8)
			return pages;
		if (waste(pages, size) * best < waste(best, size) * pages)
			best = pages;
	}
	return best;
}

/* odd * inverse == 1 modulo 2^32: each step doubles the number of right bits, from 3. */
static u32 inverse_of(u32 odd)
{
	u32 inverse = odd;

	for (int i = 0; i < 4; i++)
		inverse *= 2 - odd * inverse;
	return inverse;
}

/* What a CPU keeps of a cache is some KiB; and one refill pays for its lock. */
static u16 choose_magazine(u32 size)
{
	return (u16)clamp(MAGAZINE_BYTES / size, 2u, MAX_MAGAZINE);
}

/* Full magazines: so few that a cache of little use does not keep memory from others. */
static u16 choose_depot(u32 size)
{
	return size <= 256 ? 2 : size <= 1024;
}

/* From one object to the next, with so many bytes of red zone before each. */
static u32 padded(const struct kmem_cache *cache, u32 left)
{
	return ALIGN(left + cache->object_size + (left ? 8 : 0), cache->align);
}

void slab_layout(struct kmem_cache *cache)
{
	u32 align = cache->align;

	if (cache->flags & SLAB_HWCACHE_ALIGN) {
		u32 line = SLAB_LINE;

		while (cache->object_size <= line / 2 && line > 8)
			line /= 2;
		align = max(align, line);
	}
	align = max_t(u32, align, ARCH_SLAB_MINALIGN);
	cache->align = align;
	if (cache->flags & SLAB_RED_ZONE && padded(cache, align) > SLAB_MAX_OBJECT) {
		pr_warn("kmem_cache_create(%s, size:%u): no block has room for red zones\n",
			cache->name, cache->object_size);
		cache->flags &= ~SLAB_RED_ZONE;
	}
	cache->left = cache->flags & SLAB_RED_ZONE ? align : 0;
	cache->size = padded(cache, cache->left);
	cache->pages = (u16)choose_pages(cache->size);
	cache->order = (u8)max(get_order(cache->pages * PAGE_SIZE), get_order(align));
	cache->nr = (u16)min_t(unsigned long, cache->pages * PAGE_SIZE / cache->size,
			       MAX_SLAB_OBJECTS);
	cache->shift = (u8)__builtin_ctz(cache->size);
	cache->inverse = inverse_of(cache->size >> cache->shift);
	cache->nr_colours = (u16)(1 + min(waste(cache->pages, cache->size) /
					  max_t(u32, align, SLAB_LINE), 64UL));
	cache->magazine_max = slab_is_debugged(cache) || init_memory_on() ? 0 :
			      choose_magazine(cache->size);
	cache->depot_max = choose_depot(cache->size);
}
