// SPDX-License-Identifier: MIT
/* Magazines: CPUs and interrupts that allocate and free each other's objects. */
#define SELFTEST_UNSAMPLED 1
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include "mm/slab.h"
#include "tests/threads.h"

#define MOST 600

static void *objects[MOST + 1];

/* A terminated list of them in objects[]. */
static void fill(struct kmem_cache *cache)
{
	unsigned int nr = (unsigned int)min_t(unsigned long, MOST, nr_free_pages() * 16), i;

	for (i = 0; i < nr; i++) {
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL | __GFP_NOWARN);
		if (!objects[i])
			break;
	}
	objects[i] = NULL;
}

static void free_all(void *arg)
{
	for (unsigned int i = 0; objects[i]; i++)
		kmem_cache_free(arg, objects[i]);
}

SELFTEST(slab_cpu, another_cpu_may_free)
{
	struct kmem_cache *cache = kmem_cache_create("test-remote", 64, 0, 0, NULL);
	struct test_thread thread;

	REQUIRE(cache);
	for (int round = 0; round < 4; round++) {
		fill(cache);
		test_thread_start(&thread, test_cpu(num_online_cpus() - 1), free_all, cache);
		test_thread_join(&thread);
	}
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

static void interrupt_allocates(void *arg)
{
	void *object = kmem_cache_alloc(arg, GFP_ATOMIC), *other = kmalloc(40, GFP_ATOMIC);

	CHECK(object && other);
	kmem_cache_free(arg, object);
	kfree(other);
}

SELFTEST(slab_cpu, interrupts_allocate)
{
	struct kmem_cache *cache = kmem_cache_create("test-irq", 128, 0, 0, NULL);

	REQUIRE(cache);
	for (int i = 0; i < 100; i++) {
		void *object = kmem_cache_alloc(cache, GFP_KERNEL);

		on_each_cpu(interrupt_allocates, cache, 1);
		kmem_cache_free(cache, object);
	}
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}
