// SPDX-License-Identifier: MIT
/* The examples of docs/api.md: memory pools. */
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/slab.h>

static mempool_t *requests, *blocks;
static mempool_t embedded;

static void *request_alloc(gfp_t gfp, void *pool_data)
{
	return kmalloc((unsigned long)pool_data, gfp);
}

static void request_free(void *element, void *pool_data)
{
	kfree(element);
}

static int __init use_mempool_create(void)
{
	requests = mempool_create(4, request_alloc, request_free, (void *)512UL);
	blocks = mempool_create_node(2, mempool_kmalloc, mempool_kfree, (void *)512UL,
				     GFP_KERNEL, numa_node_id());
	return requests && blocks ? 0 : -ENOMEM;
}
module_init(use_mempool_create);

static int __init use_mempool_alloc(void)
{
	void *sure = mempool_alloc(requests, GFP_NOIO);		/* may sleep: never NULL */
	void *perhaps = mempool_alloc(requests, GFP_ATOMIC);

	mempool_free(sure, requests);		/* wakes who waits longest */
	mempool_free(perhaps, requests);	/* NULL is fine */
	return 0;
}
module_init(use_mempool_alloc);

static int __init use_mempool_alloc_preallocated(void)
{
	void *element = mempool_alloc_preallocated(requests);	/* of the reserve, or NULL */

	mempool_free(element, requests);
	return element ? 0 : -ENOMEM;
}
module_init(use_mempool_alloc_preallocated);

static int __init use_mempool_resize(void)
{
	int error = mempool_resize(requests, 8);	/* while it is in use */

	return error ? error : mempool_resize(requests, 2);
}
module_init(use_mempool_resize);

static int __init use_mempool_init(void)
{
	int error = mempool_init(&embedded, 1, request_alloc, request_free, (void *)64UL);

	mempool_exit(&embedded);	/* also of one that is all zeroes */
	return error;
}
module_init(use_mempool_init);

static int __init use_mempool_slab(void)
{
	struct kmem_cache *cache = kmem_cache_create("requests", 96, 0, 0, NULL);
	mempool_t *pool = cache ? mempool_create_slab_pool(4, cache) : NULL;
	mempool_t *same = mempool_create(4, mempool_alloc_slab, mempool_free_slab, cache);

	mempool_destroy(pool), mempool_destroy(same);
	return kmem_cache_destroy(cache);
}
module_init(use_mempool_slab);

static int __init use_mempool_kmalloc(void)
{
	mempool_t *pool = mempool_create_kmalloc_pool(4, 2048);
	mempool_t *same = mempool_create(4, mempool_kmalloc, mempool_kfree, (void *)2048UL);
	bool both = pool && same;

	mempool_destroy(pool), mempool_destroy(same);
	return both ? 0 : -ENOMEM;
}
module_init(use_mempool_kmalloc);

static int __init use_mempool_pages(void)
{
	mempool_t *pool = mempool_create_page_pool(4, 1);	/* blocks of two pages */
	mempool_t *same = mempool_create(4, mempool_alloc_pages, mempool_free_pages, (void *)1UL);
	bool both = pool && same;

	mempool_destroy(pool), mempool_destroy(same);
	return both ? 0 : -ENOMEM;
}
module_init(use_mempool_pages);

static int __init use_mempool_destroy(void)
{
	mempool_destroy(requests);	/* every element has come back */
	mempool_destroy(blocks);
	return 0;
}
module_init(use_mempool_destroy);
