/* SPDX-License-Identifier: MIT */
/*
 * The rows of the benchmark that call allocators one by one. Linux's API only.
 *
 * Each loop is a function of its own, so that sizes and flags are constants, as in most code
 * that allocates. Its own three or four instructions are part of the figure.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include "bench.h"
#ifdef BENCH_HAS_SLAB
#include <linux/slab.h>
#endif
#ifdef BENCH_HAS_VMALLOC
#include <linux/vmalloc.h>
#endif
#ifdef BENCH_HAS_MEMPOOL
#include <linux/mempool.h>
#endif
#ifdef BENCH_HAS_DMA
#include <linux/dma-mapping.h>
#endif
#ifdef BENCH_HAS_DMAPOOL
#include <linux/dmapool.h>
#endif

#define BULK	  16
#define MIX_LIVE  1024
#define MIX_STEPS 4096

/*
 * 1. Loops. ALLOC is an expression that gives a pointer (or something of its size), FREE(x)
 * what takes it back.
 */
#define LOOPS(id, ALLOC, FREE) \
	static noinline void id##_fill(unsigned int n) \
	{ \
		unsigned int i; \
		for (i = 0; i < n; i++) \
			bench_live[i] = (void *)(ALLOC); \
	} \
	static noinline void id##_empty(unsigned int n) \
	{ \
		unsigned int i; \
		for (i = 0; i < n; i++) \
			FREE(bench_live[i]); \
	} \
	static noinline void id##_pairs(unsigned int n) \
	{ \
		while (n--) { \
			void *p = (void *)(ALLOC); \
			FREE(p); \
		} \
	}

#define ROW(name, id, live, setup, teardown) \
	{ name, live, setup, teardown, id##_fill, id##_empty, id##_pairs, bench_usual }

/* 2. Pages. Blocks of 16 KiB and more: 16 of them live at once, smaller ones: 256. */

#define PAGE_LOOPS(order) \
	static inline void page_free_##order(void *page) { __free_pages(page, order); } \
	LOOPS(pages_##order, alloc_pages(GFP_KERNEL, order), page_free_##order)

PAGE_LOOPS(0)
PAGE_LOOPS(1)
PAGE_LOOPS(2)
PAGE_LOOPS(3)
PAGE_LOOPS(4)
PAGE_LOOPS(5)
PAGE_LOOPS(6)
PAGE_LOOPS(7)
PAGE_LOOPS(8)
PAGE_LOOPS(9)

static inline void free_zeroed(void *virt) { free_page((unsigned long)virt); }
LOOPS(zeroed, get_zeroed_page(GFP_KERNEL), free_zeroed)

static noinline void clear_pairs(unsigned int n)
{
	while (n--)
		memset(bench_live[0], 0, PAGE_SIZE);
}

static bool clear_setup(void)
{
	bench_live[0] = (void *)__get_free_page(GFP_KERNEL);
	return bench_live[0];
}

static void clear_teardown(void)
{
	free_page((unsigned long)bench_live[0]);
}

/* 3. Objects */

#ifdef BENCH_HAS_SLAB
#define KMALLOC_LOOPS(size) LOOPS(kmalloc_##size, kmalloc(size, GFP_KERNEL), kfree)

KMALLOC_LOOPS(8)
KMALLOC_LOOPS(16)
KMALLOC_LOOPS(32)
KMALLOC_LOOPS(64)
KMALLOC_LOOPS(128)
KMALLOC_LOOPS(256)
KMALLOC_LOOPS(512)
KMALLOC_LOOPS(1024)
KMALLOC_LOOPS(2048)
KMALLOC_LOOPS(4096)
KMALLOC_LOOPS(8192)
KMALLOC_LOOPS(16384)
KMALLOC_LOOPS(32768)
KMALLOC_LOOPS(65536)
KMALLOC_LOOPS(131072)
KMALLOC_LOOPS(262144)
KMALLOC_LOOPS(524288)
KMALLOC_LOOPS(1048576)

static struct kmem_cache *cache;

static bool cache_setup(void)
{
	cache = kmem_cache_create("bench-192", 192, 0, SLAB_NO_MERGE, NULL);
	return cache;
}

static void cache_teardown(void)
{
	kmem_cache_destroy(cache);
}

static inline void cache_free(void *object) { kmem_cache_free(cache, object); }
LOOPS(cache, kmem_cache_alloc(cache, GFP_KERNEL), cache_free)

/* In bulk: n objects, BULK at a time. */
static noinline void bulk_fill(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i += BULK)
		if (!kmem_cache_alloc_bulk(cache, GFP_KERNEL, BULK, bench_live + i))
			bench_live[i] = NULL;
}

static noinline void bulk_empty(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i += BULK)
		kmem_cache_free_bulk(cache, BULK, bench_live + i);
}

static noinline void bulk_pairs(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i += BULK)
		if (kmem_cache_alloc_bulk(cache, GFP_KERNEL, BULK, bench_live))
			kmem_cache_free_bulk(cache, BULK, bench_live);
}

/* A random one of MIX_LIVE objects is replaced by one of 5 to 8192 bytes, small ones often. */
static noinline void mix_pairs(unsigned int n)
{
	while (n--) {
		u32 i = bench_random(MIX_LIVE), size = 8U << bench_random(11);

		kfree(bench_live[i]);
		bench_live[i] = kmalloc(size - bench_random(size / 2), GFP_KERNEL);
	}
}

static bool mix_setup(void)
{
	memset(bench_live, 0, sizeof(bench_live));
	mix_pairs(MIX_STEPS);
	return true;
}

static void mix_teardown(void)
{
	unsigned int i;

	for (i = 0; i < MIX_LIVE; i++)
		kfree(bench_live[i]);
}
#endif

#ifdef BENCH_HAS_MEMPOOL
static mempool_t *pool;

static bool pool_setup(void)
{
	pool = cache_setup() ? mempool_create_slab_pool(BULK, cache) : NULL;
	return pool;
}

static void pool_teardown(void)
{
	mempool_destroy(pool);
	cache_teardown();
}

static inline void pool_free(void *element) { mempool_free(element, pool); }
LOOPS(pool, mempool_alloc(pool, GFP_KERNEL), pool_free)
#endif

/* 4. Virtual ranges */

#ifdef BENCH_HAS_VMALLOC
#define VMALLOC_LOOPS(id, size) LOOPS(vmalloc_##id, vmalloc(size), vfree)

VMALLOC_LOOPS(4K, 4096)
VMALLOC_LOOPS(16K, 16384)
VMALLOC_LOOPS(64K, 65536)
VMALLOC_LOOPS(256K, 262144)
VMALLOC_LOOPS(1M, 1048576)
VMALLOC_LOOPS(4M, 4194304)
#endif

/* 5. Memory for devices */

#ifdef BENCH_HAS_DMA
static struct device *device;
static dma_addr_t handles[16];

static bool device_setup(void)
{
	device = bench_device();
	return device;
}

static noinline void coherent_fill(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		bench_live[i] = dma_alloc_coherent(device, 4096, &handles[i], GFP_KERNEL);
}

static noinline void coherent_empty(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		dma_free_coherent(device, 4096, bench_live[i], handles[i]);
}

static noinline void coherent_pairs(unsigned int n)
{
	while (n--) {
		void *virt = dma_alloc_coherent(device, 4096, &handles[0], GFP_KERNEL);

		dma_free_coherent(device, 4096, virt, handles[0]);
	}
}
#endif

#ifdef BENCH_HAS_DMAPOOL
static struct dma_pool *dma_pool;

static bool dma_pool_setup(void)
{
	dma_pool = device_setup() ? dma_pool_create("bench-64", device, 64, 64, 0) : NULL;
	return dma_pool;
}

static void dma_pool_teardown(void)
{
	dma_pool_destroy(dma_pool);
}

static inline void small_dma_free(void *block) { dma_pool_free(dma_pool, block, handles[0]); }

static noinline void dma_pool_pairs(unsigned int n)
{
	while (n--)
		small_dma_free(dma_pool_alloc(dma_pool, GFP_KERNEL, &handles[0]));
}
#endif

/* 6. The table */

#define PAGES_ROW(order, live) ROW("alloc_pages-" #order, pages_##order, live, NULL, NULL)
#define KMALLOC_ROW(name, size, live) ROW("kmalloc-" name, kmalloc_##size, live, NULL, NULL)
#define VMALLOC_ROW(size) ROW("vmalloc-" #size, vmalloc_##size, 16, NULL, NULL)
#define PAIRS_ROW(name, id, n) \
	{ name, n, id##_setup, id##_teardown, NULL, NULL, id##_pairs, bench_pairs }

const struct bench_row bench_rows[] = {
#ifdef BENCH_HAS_SLAB
	KMALLOC_ROW("8", 8, 256),
	KMALLOC_ROW("16", 16, 256),
	KMALLOC_ROW("32", 32, 256),
	KMALLOC_ROW("64", 64, 256),
	KMALLOC_ROW("128", 128, 256),
	KMALLOC_ROW("256", 256, 256),
	KMALLOC_ROW("512", 512, 256),
	KMALLOC_ROW("1024", 1024, 256),
	KMALLOC_ROW("2048", 2048, 256),
	KMALLOC_ROW("4096", 4096, 256),
	KMALLOC_ROW("8192", 8192, 256),
	KMALLOC_ROW("16K", 16384, 16),
	KMALLOC_ROW("32K", 32768, 16),
	KMALLOC_ROW("64K", 65536, 16),
	KMALLOC_ROW("128K", 131072, 16),
	KMALLOC_ROW("256K", 262144, 16),
	KMALLOC_ROW("512K", 524288, 16),
	KMALLOC_ROW("1M", 1048576, 16),
	ROW("kmem_cache-192", cache, 256, cache_setup, cache_teardown),
	ROW("kmem_cache-192x1024", cache, 1024, cache_setup, cache_teardown),
	ROW("kmem_cache-bulk16", bulk, 256, cache_setup, cache_teardown),
	PAIRS_ROW("random-mix", mix, MIX_STEPS),
#endif
#ifdef BENCH_HAS_MEMPOOL
	ROW("mempool-192", pool, 256, pool_setup, pool_teardown),
#endif
	PAGES_ROW(0, 256),
	PAGES_ROW(1, 256),
	PAGES_ROW(2, 16),
	PAGES_ROW(3, 16),
	PAGES_ROW(4, 16),
	PAGES_ROW(5, 16),
	PAGES_ROW(6, 16),
	PAGES_ROW(7, 16),
	PAGES_ROW(8, 16),
	PAGES_ROW(9, 16),
	ROW("get_zeroed_page", zeroed, 256, NULL, NULL),
	PAIRS_ROW("clear_page", clear, 64),
#ifdef BENCH_HAS_VMALLOC
	VMALLOC_ROW(4K),
	VMALLOC_ROW(16K),
	VMALLOC_ROW(64K),
	VMALLOC_ROW(256K),
	VMALLOC_ROW(1M),
	VMALLOC_ROW(4M),
#endif
#ifdef BENCH_HAS_DMA
	ROW("dma_alloc_coherent-4K", coherent, 16, device_setup, NULL),
#endif
#ifdef BENCH_HAS_DMAPOOL
	PAIRS_ROW("dma_pool-64", dma_pool, 64),
#endif
	{ }
};
