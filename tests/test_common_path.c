// SPDX-License-Identifier: MIT
/*
 * The common allocation and the common free take no lock, and what is not common takes few.
 *
 * Two ways to see the first. A lock that the allocator would need is held here while it works: one
 * that took it would wait for ever. That tests the build as it is shipped. And the checks of locks
 * count each that is taken (DEBUG_LOCKS=1), whichever it is: the count stays as it is. The same
 * count tells how many locks are taken for a thousand operations that are not all common.
 *
 * Interrupts are off meanwhile, so that nobody else works here.
 */
#define SELFTEST_UNSAMPLED 1
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <kernel/lockcheck.h>
#include "mm/fault.h"
#include "mm/guard.h"
#include "mm/slab.h"
#include "tests/threads.h"

#define SIZE  64
#define PAIRS 100

static struct kmem_cache *cache;

struct work {
	const char *name;
	void *(*alloc)(void);
	void (*free)(void *object);
	spinlock_t *(*lock)(void *object);	/* the one that both would need */
};

static void *cache_alloc(void)
{
	return kmem_cache_alloc(cache, GFP_ATOMIC);
}

static void cache_free(void *object)
{
	kmem_cache_free(cache, object);
}

static void *kmalloc_alloc(void)
{
	return kmalloc(SIZE, GFP_ATOMIC);
}

static void kmalloc_free(void *object)
{
	kfree(object);
}

static spinlock_t *node_lock(void *object)
{
	return &slab_home(slab_of(object))->lock;
}

static void *page_alloc(void)
{
	return alloc_page(GFP_ATOMIC);
}

static void page_free(void *object)
{
	__free_page(object);
}

static spinlock_t *zone_lock(void *object)
{
	return &page_zone((struct page *)object)->lock;
}

static const struct work works[] = {
	{ "kmem_cache", cache_alloc, cache_free, node_lock },
	{ "kmalloc", kmalloc_alloc, kmalloc_free, node_lock },
	{ "alloc_page", page_alloc, page_free, zone_lock },
};

/* Locks that this CPU has taken so far; always 0 where nobody counts. */
static unsigned long locks_taken(void)
{
#if QUARRY_DEBUG_LOCKS
	return lockcheck_taken();
#else
	return 0;
#endif
}

/* Does this machine keep anything at hand for CPUs? */
#define NEED_COMMON_PATHS() do { \
	SKIP_WITH_KASAN(); \
	if (slab_debug_option) \
		SKIP("under slab_debug= there are no magazines"); \
	if (!fault_is_off()) \
		SKIP("while allocations fail on purpose nothing is kept at hand"); \
	if (!this_cpu_read(pcp.by_gfp[GFP_ATOMIC % GFP_KINDS][0])->max) \
		SKIP("this machine's memory is too small for caches of pages"); \
	cache = kmem_cache_create("test-common", SIZE, 0, 0, NULL); \
	REQUIRE(cache); \
} while (0)

/* So often that the CPU has earned its magazines; one more stays in each. */
static bool warm_up(const struct work *work)
{
	void *one = work->alloc(), *two = work->alloc();
	bool good = one && two;

	for (int i = 0; i < PAIRS; i++)
		work->free(work->alloc());
	if (one)
		work->free(one);
	if (two)
		work->free(two);
	return good;
}

/* Pairs of an allocation and a free, with the lock held that the slow way would take. */
static unsigned long pairs(const struct work *work)
{
	void *object = work->alloc();
	spinlock_t *lock = work->lock(object);
	unsigned long before;

	work->free(object);
	spin_lock(lock);
	before = locks_taken();
	for (int i = 0; i < PAIRS; i++)
		work->free(work->alloc());
	before = locks_taken() - before;
	spin_unlock(lock);
	return before;
}

SELFTEST(common_path, an_allocation_and_a_free_take_no_lock)
{
	unsigned long flags, taken = 1;

	NEED_COMMON_PATHS();
	for (unsigned int i = 0; i < ARRAY_SIZE(works); i++) {
		bool warm;

		local_irq_save(flags);
		warm = warm_up(&works[i]);
		if (warm)
			taken = pairs(&works[i]);
		local_irq_restore(flags);
		CHECK(warm);
		CHECK_EQ(taken, 0);
	}
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

#if QUARRY_DEBUG_LOCKS

#define LIVE  256
#define TURNS 32

static void *objects[LIVE];

struct batch {
	const struct work *work;
	unsigned int nr;
	unsigned long locks;
};

static void alloc_batch(struct batch *batch)
{
	unsigned long flags, before;

	local_irq_save(flags);
	before = locks_taken();
	for (batch->nr = 0; batch->nr < LIVE; batch->nr++) {
		objects[batch->nr] = batch->work->alloc();
		if (!objects[batch->nr])
			break;
	}
	batch->locks += locks_taken() - before;
	local_irq_restore(flags);
}

/* With interrupts off, on the CPU that shall free. */
static void free_batch(void *arg)
{
	struct batch *batch = arg;
	unsigned long before = locks_taken();

	for (unsigned int i = 0; i < batch->nr; i++)
		batch->work->free(objects[i]);
	batch->locks += locks_taken() - before;
}

/* Locks for a thousand operations, allocations and frees, when `cpu` frees what this one took. */
static unsigned long locks_per_thousand(const struct work *work, int cpu)
{
	struct batch batch = { .work = work };
	unsigned long operations = 0;

	for (int turn = 0; turn < TURNS; turn++) {
		if (turn == TURNS / 2)		/* the first ones only fill what is at hand */
			operations = batch.locks = 0;
		alloc_batch(&batch);
		smp_call_function_single(cpu, free_batch, &batch, 1);
		operations += 2 * batch.nr;
	}
	return operations ? 1000 * batch.locks / operations : 0;
}

/* Objects that live at once, 256 of them, freed here or by another CPU: one lock for eight. */
SELFTEST(common_path, many_objects_take_few_locks)
{
	int here, other;

	if (guard_orders)
		SKIP("pages with guards do not come in batches");
	NEED_COMMON_PATHS();
	if (this_cpu_read(pcp.by_gfp[GFP_ATOMIC % GFP_KINDS][0])->max < LIVE / 8)
		SKIP("this machine's memory is too small for many pages at hand");
	here = get_cpu();
	other = test_cpu(num_online_cpus() - 1);
	if (other == here)
		other = test_cpu(0);
	for (unsigned int i = 0; i < ARRAY_SIZE(works); i++) {
		unsigned long own = locks_per_thousand(&works[i], here);
		unsigned long remote = locks_per_thousand(&works[i], other);

		pr_info("locks for 1000 operations of %s: %lu, %lu when another CPU frees\n",
			works[i].name, own, remote);
		CHECK(own <= 1000 / 8);
		CHECK(remote <= 1000 / 8);
	}
	put_cpu();
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

#endif
