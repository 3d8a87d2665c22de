// SPDX-License-Identifier: MIT
/*
 * What lies in the reserve of a memory pool is filled with a pattern, and whoever wrote into it is
 * reported when it is taken. For pools made while that is on (QUARRY_MEMPOOL_POISON), and only
 * for elements whose size is known and whose content nobody relies on: pages, kmalloc(), caches
 * without a constructor and without readers under RCU.
 *
 * Locks: none; the element is the caller's.
 */
#include <linux/highmem.h>
#include <linux/poison.h>
#include <linux/slab.h>
#include "mempool.h"
#include "slab.h"

bool mempool_poison_new = QUARRY_MEMPOOL_POISON;

static void poison_fill(u8 *data, size_t size)
{
	memset(data, POISON_FREE, size - 1);
	data[size - 1] = POISON_END;
}

/* Says where the pattern is broken; the element is handed out all the same. */
static void poison_check(u8 *data, size_t size, const mempool_t *pool, const void *element)
{
	const u8 *wrong = memchr_inv(data, POISON_FREE, size - 1);

	if (!wrong && data[size - 1] != POISON_END)
		wrong = data + size - 1;
	if (wrong)
		report_misuse(QUARRY_CORRUPTION, element,
			      "mempool_alloc(pool:%px): element %px was written to in the reserve: "
			      "byte %zu is %#x", pool, element, (size_t)(wrong - data), *wrong);
	memset(data, POISON_INUSE, size);
}

static void poison_pages(const mempool_t *pool, struct page *page, bool taken)
{
	unsigned long i, nr = 1UL << (unsigned long)pool->pool_data;

	for (i = 0; i < nr; i++) {
		u8 *data = kmap_local_page(page + i);

		if (taken)
			poison_check(data, PAGE_SIZE, pool, page);
		else
			poison_fill(data, PAGE_SIZE);
		kunmap_local(data);
	}
}

/* Bytes of an element that may be written to while nobody has it; 0: it is not known. */
static size_t poison_size(const mempool_t *pool)
{
	const struct kmem_cache *cache = pool->pool_data;

	if (pool->alloc == mempool_kmalloc)
		return (size_t)pool->pool_data;
	if (pool->alloc != mempool_alloc_slab || cache->ctor || cache->ctor3 ||
	    (cache->flags & SLAB_TYPESAFE_BY_RCU))
		return 0;	/* objects keep what their constructor, or a reader, needs */
	return cache->object_size;
}

void mempool_poison(const mempool_t *pool, void *element, bool taken)
{
	size_t size;

	if (pool->alloc == mempool_alloc_pages) {
		poison_pages(pool, element, taken);
		return;
	}
	size = poison_size(pool);
	if (size && taken)
		poison_check(element, size, pool, element);
	else if (size)
		poison_fill(element, size);
}

bool mempool_set_poison(bool on)
{
	bool before = mempool_poison_new;

	mempool_poison_new = on;
	return before;
}
