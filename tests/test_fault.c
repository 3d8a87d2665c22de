// SPDX-License-Identifier: MIT
/*
 * Allocations that fail on purpose: each single one of an operation, one after the other. The
 * operation must say that it failed, or do without, and leave nothing behind.
 */
#include <linux/dmapool.h>
#include <linux/err.h>
#include <linux/genalloc.h>
#include <linux/kthread.h>
#include <linux/mempool.h>
#include <linux/percpu.h>
#include <linux/scatterlist.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include "mm/fault.h"
#include "mm/internal.h"
#include "tests/fake_device.h"
#include "tests/selftest.h"
#include "tests/threads.h"

#define MOST 200		/* requests of one operation */
#define MOST_SITES 1024		/* call sites of all of them */

/* Does it once, and undoes it: true when all of it succeeded. */
typedef bool (*operation)(void);

/* Lets the first, then the second, ... request of the operation fail, until none is left to. */
static void fail_each(operation op)
{
	unsigned long nth, seen, failed = 1, failures = 0;

	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	CHECK(op());				/* what is made once and kept is there now */
	for (nth = 1; failed && nth < MOST; nth++) {
		struct fault_setup setup = { .sources = FAULT_ALL, .nth = nth, .task = current };
		bool whole;

		fault_begin(&setup);
		whole = op();
		fault_end(&seen, &failed);
		failures += !whole;
		if (!failed)
			CHECK(whole);
	}
	CHECK(nth < MOST);
	CHECK(failures > 0);
}

static bool one_kmalloc(void)
{
	void *object = kmalloc(100, GFP_KERNEL | __GFP_NOWARN);

	kfree(object);
	return object;
}

static bool large_kmalloc(void)
{
	void *object = kzalloc(200000, GFP_KERNEL | __GFP_NOWARN);

	kfree(object);
	return object;
}

static bool pages_exact(void)
{
	void *pages = alloc_pages_exact(3 * PAGE_SIZE, GFP_KERNEL | __GFP_NOWARN);

	free_pages_exact(pages, 3 * PAGE_SIZE);
	return pages;
}

static bool a_cache(void)
{
	struct kmem_cache *cache = kmem_cache_create("fault-test", 300, 0, SLAB_NO_MERGE, NULL);
	void *object = cache ? kmem_cache_alloc(cache, GFP_KERNEL | __GFP_NOWARN) : NULL;

	if (object)
		kmem_cache_free(cache, object);
	if (cache)
		CHECK_EQ(kmem_cache_destroy(cache), 0);
	return object;
}

static bool an_area(void)
{
	void *area = __vmalloc(5 * PAGE_SIZE, GFP_KERNEL | __GFP_NOWARN);

	vfree(area);
	return area;
}

static bool a_pool(void)
{
	mempool_t *pool = mempool_create_kmalloc_pool(4, 64);
	void *element = pool ? mempool_alloc(pool, GFP_NOWAIT | __GFP_NOWARN) : NULL;

	if (pool)
		CHECK(element != NULL);		/* from the reserve, whatever fails */
	if (element)
		mempool_free(element, pool);
	mempool_destroy(pool);
	return pool;
}

static int do_nothing(void *unused)
{
	return 0;
}

static bool a_thread(void)
{
	struct task_struct *task = kthread_create(do_nothing, NULL, "fault");

	if (IS_ERR(task))
		return false;
	kthread_stop(task);
	return true;
}

static bool a_workqueue(void)
{
	struct workqueue_struct *queue = alloc_workqueue("fault", 0, 0);

	if (queue)
		destroy_workqueue(queue);
	return queue;
}

static bool a_string(void)
{
	char *text = kasprintf(GFP_KERNEL | __GFP_NOWARN, "%s %d", "fault", 42);

	kfree(text);
	return text;
}

static bool a_node_object(void)
{
	void *object = kmalloc_node(3000, GFP_KERNEL | __GFP_NOWARN, numa_mem_id());

	kfree(object);
	return object;
}

static bool a_growing_object(void)
{
	void *object = NULL, *larger = NULL;

	for (size_t size = 24; size < 400000; size *= 5) {
		larger = krealloc(object, size, GFP_KERNEL | __GFP_NOWARN);
		if (!larger)
			break;
		object = larger;
	}
	kfree(object);
	return larger;
}

static bool objects_in_bulk(void)
{
	struct kmem_cache *cache = kmem_cache_create("fault-bulk", 700, 0, SLAB_NO_MERGE, NULL);
	void *objects[30];
	int nr = 0;

	if (!cache)
		return false;
	nr = kmem_cache_alloc_bulk(cache, GFP_KERNEL | __GFP_NOWARN, ARRAY_SIZE(objects), objects);
	if (nr)
		kmem_cache_free_bulk(cache, ARRAY_SIZE(objects), objects);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
	return nr;
}

static bool a_debugged_cache(void)
{
	struct kmem_cache *cache = kmem_cache_create("fault-debug", 100, 0, SLAB_RED_ZONE |
						     SLAB_POISON | SLAB_STORE_USER, NULL);
	void *object = cache ? kmem_cache_alloc(cache, GFP_KERNEL | __GFP_NOWARN) : NULL;

	if (object)
		kmem_cache_free(cache, object);
	if (cache)
		CHECK_EQ(kmem_cache_destroy(cache), 0);
	return object;
}

static bool pages_in_bulk(void)
{
	struct page *pages[20] = { };
	unsigned long nr = alloc_pages_bulk_array(GFP_KERNEL | __GFP_NOWARN, ARRAY_SIZE(pages),
						  pages);

	for (unsigned long i = 0; i < ARRAY_SIZE(pages); i++)
		if (pages[i])
			__free_page(pages[i]);
	return nr == ARRAY_SIZE(pages);
}

static bool an_area_or_object(void)
{
	void *small = kvmalloc(20000, GFP_KERNEL | __GFP_NOWARN);
	void *large = kvmalloc(3000000, GFP_KERNEL | __GFP_NOWARN);
	bool both = small && large;

	kvfree(small);
	kvfree(large);
	return both;
}

static bool a_mapping(void)
{
	struct page *pages[2] = { alloc_page(GFP_KERNEL | __GFP_NOWARN),
				  alloc_page(GFP_KERNEL | __GFP_NOWARN) };
	void *area = pages[0] && pages[1] ? vmap(pages, 2, VM_MAP, PAGE_KERNEL) : NULL;

	vunmap(area);
	for (unsigned int i = 0; i < 2; i++)
		if (pages[i])
			__free_page(pages[i]);
	return area;
}

static bool a_percpu_object(void)
{
	unsigned long __percpu *counters = alloc_percpu(unsigned long);

	free_percpu(counters);
	return counters;
}

static bool a_pool_of_pages(void)
{
	mempool_t *pool = mempool_create_page_pool(3, 1);
	int grown = pool ? mempool_resize(pool, 9) : -ENOMEM;

	mempool_destroy(pool);
	return !grown;
}

static bool coherent_memory(void)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	dma_addr_t handles[2];
	void *small = dma_alloc_coherent(&dev, 4096, &handles[0], GFP_KERNEL | __GFP_NOWARN);
	void *large = dma_alloc_coherent(&dev, 70000, &handles[1], GFP_KERNEL | __GFP_NOWARN);
	bool both = small && large;

	if (small)
		dma_free_coherent(&dev, 4096, small, handles[0]);
	if (large)
		dma_free_coherent(&dev, 70000, large, handles[1]);
	return both;
}

static bool a_dma_pool(void)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	struct dma_pool *pool = dma_pool_create("fault", &dev, 64, 64, 0);
	dma_addr_t handle;
	void *block = pool ? dma_pool_alloc(pool, GFP_KERNEL | __GFP_NOWARN, &handle) : NULL;

	if (block)
		dma_pool_free(pool, block, handle);
	dma_pool_destroy(pool);
	return block;
}

static bool a_table_of_pieces(void)
{
	struct sg_table table;
	int error = sg_alloc_table(&table, 300, GFP_KERNEL | __GFP_NOWARN);

	if (!error)
		sg_free_table(&table);
	return !error;
}

static bool what_a_device_manages(void)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	dma_addr_t handle;
	void *object = devm_kzalloc(&dev, 500, GFP_KERNEL | __GFP_NOWARN);
	void *memory = dmam_alloc_coherent(&dev, 4096, &handle, GFP_KERNEL | __GFP_NOWARN);
	bool both = object && memory;

	devres_release_all(&dev);
	return both;
}

static bool a_general_pool(void)
{
	struct gen_pool *pool = gen_pool_create(8, NUMA_NO_NODE);
	int error = pool ? gen_pool_add(pool, 0x100000, 0x10000, NUMA_NO_NODE) : -ENOMEM;
	unsigned long address = error ? 0 : gen_pool_alloc(pool, 500);

	if (address)
		gen_pool_free(pool, address, 500);
	if (pool)
		gen_pool_destroy(pool);
	return address;
}

static bool a_shrinker(void)
{
	struct shrinker *shrinker = shrinker_alloc(0, "fault");

	shrinker_free(shrinker);
	return shrinker;
}

static const struct {
	const char *name;
	operation run;
} operations[] = {
	{ "kmalloc", one_kmalloc }, { "large kmalloc", large_kmalloc }, { "node", a_node_object },
	{ "krealloc", a_growing_object }, { "exact pages", pages_exact },
	{ "bulk of pages", pages_in_bulk }, { "cache", a_cache }, { "bulk", objects_in_bulk },
	{ "debugged cache", a_debugged_cache }, { "vmalloc", an_area },
	{ "kvmalloc", an_area_or_object }, { "vmap", a_mapping }, { "per-CPU", a_percpu_object },
	{ "mempool", a_pool }, { "pool of pages", a_pool_of_pages },
	{ "coherent", coherent_memory }, { "dma_pool", a_dma_pool },
	{ "scatterlist", a_table_of_pieces }, { "devres", what_a_device_manages },
	{ "genalloc", a_general_pool }, { "shrinker", a_shrinker }, { "thread", a_thread },
	{ "workqueue", a_workqueue }, { "string", a_string },
};

/* Each call site below an operation fails once, until the operation meets no new one. */
static unsigned int fail_sites(operation op, const char *name)
{
	struct fault_setup setup = { .sources = FAULT_ALL, .pass = FAULT_EACH_SITE,
				     .task = current };
	unsigned int before = fault_sites(), failures = 0;
	unsigned long seen, failed;

	do {
		bool whole;

		fault_begin(&setup);
		whole = op();
		fault_end(&seen, &failed);
		if (!whole && !CHECK(failed))
			printk("%s fails, and nothing failed in it\n", name);
		failures += !whole;
	} while (failed);
	if (!CHECK(failures))
		printk("%s never fails\n", name);
	return fault_sites() - before;
}

SELFTEST(fault, each_call_site_of_each_operation_fails_cleanly)
{
	unsigned int sites = 0;

	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	if (!fault_remember_sites(MOST_SITES))
		SKIP("no memory for the call sites");
	for (unsigned int i = 0; i < ARRAY_SIZE(operations); i++) {
		/* What is made once and kept is there now; small machines cannot do them all. */
		if (!operations[i].run())
			continue;
		sites += fail_sites(operations[i].run, operations[i].name);
	}
	printk("fault: %u call sites of %zu operations have failed\n", sites,
	       ARRAY_SIZE(operations));
	CHECK(sites > 40);
	fault_forget_sites();
}

SELFTEST(fault, kmalloc_fails_cleanly) { fail_each(one_kmalloc); }
SELFTEST(fault, large_kmalloc_fails_cleanly) { fail_each(large_kmalloc); }
SELFTEST(fault, exact_pages_fail_cleanly) { fail_each(pages_exact); }
SELFTEST(fault, caches_fail_cleanly) { fail_each(a_cache); }
SELFTEST(fault, vmalloc_fails_cleanly) { fail_each(an_area); }
SELFTEST(fault, mempools_fail_cleanly) { fail_each(a_pool); }
SELFTEST(fault, threads_fail_cleanly) { fail_each(a_thread); }
SELFTEST(fault, workqueues_fail_cleanly) { fail_each(a_workqueue); }
SELFTEST(fault, strings_fail_cleanly) { fail_each(a_string); }
