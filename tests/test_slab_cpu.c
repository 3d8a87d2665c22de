// SPDX-License-Identifier: MIT
/* Magazines: CPUs and interrupts that allocate and free each other's objects. */
#define SELFTEST_UNSAMPLED 1
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include "mm/slab.h"
#include "tests/listen.h"
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

/* ---- One object, freed by two CPUs in one instant: as they leave it to its slab ---- */

static struct slot slot_of(void *object)
{
	struct slab *slab = slab_of(object);

	return (struct slot){ object, &slab->state[slab_index(slab, object)] };
}

SELFTEST(slab_cpu, what_two_cpus_free_at_once_is_counted_once)
{
	struct kmem_cache *cache = kmem_cache_create("test-twice", 64, 0, SLAB_NO_MERGE, NULL);
	void *object, *other;
	struct slot slot;

	REQUIRE(cache);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	other = kmem_cache_alloc(cache, GFP_KERNEL);
	REQUIRE(object && other);
	slot = slot_of(object);
	if (!slab_is_debugged(cache)) {
		WRITE_ONCE(*slot.state, OBJECT_CACHED);
		slab_give(cache, &slot, 1);
		CHECK_REPORT("freed twice at once", slab_give(cache, &slot, 1));
		CHECK_EQ(*slot.state, OBJECT_FREE);
		CHECK_EQ(slab_validate(), 0);
	} else {
		kmem_cache_free(cache, object);
	}
	kmem_cache_free(cache, other);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* A magazine that goes back may hold several such: each is named. */
SELFTEST(slab_cpu, of_several_freed_twice_each_is_named)
{
	struct kmem_cache *cache = kmem_cache_create("test-several", 64, 0, SLAB_NO_MERGE, NULL);
	struct slot slots[3];
	char text[32];

	REQUIRE(cache);
	for (unsigned int i = 0; i < ARRAY_SIZE(slots); i++) {
		void *object = kmem_cache_alloc(cache, GFP_KERNEL);

		REQUIRE(object);
		slots[i] = slot_of(object);
	}
	selftest_expect_reports(2);
	listen_start();
	WRITE_ONCE(*slots[1].state, OBJECT_CACHED);
	slab_give(cache, slots, ARRAY_SIZE(slots));	/* the first and the last are in use */
	listen_stop();
	for (unsigned int i = 0; i < ARRAY_SIZE(slots); i++) {
		snprintf(text, sizeof(text), "object %px: freed twice", slots[i].object);
		CHECK_EQ(!strstr(heard, text), i == 1);
	}
	CHECK_EQ(*slots[1].state, OBJECT_FREE);
	kmem_cache_free(cache, slots[0].object);
	kmem_cache_free(cache, slots[2].object);
	CHECK_EQ(slab_validate(), 0);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* The other one has it from a magazine: it stays that one's. */
SELFTEST(slab_cpu, what_somebody_has_is_not_given_back)
{
	struct kmem_cache *cache = kmem_cache_create("test-had", 64, 0, SLAB_NO_MERGE, NULL);
	void *object;
	struct slot slot;

	REQUIRE(cache);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	REQUIRE(object);
	slot = slot_of(object);
	CHECK_REPORT("freed twice at once", slab_give(cache, &slot, 1));
	CHECK_EQ(*slot.state, OBJECT_USED);
	kmem_cache_free(cache, object);
	CHECK_EQ(slab_validate(), 0);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* The slab gave it to somebody in between: it believes in one free object that there is not. */
SELFTEST(slab_cpu, nothing_behind_a_slab_is_handed_out)
{
	struct kmem_cache *cache = kmem_cache_create("test-over", 64, 0, SLAB_NO_MERGE, NULL);
	struct cache_node *node;
	unsigned int nr, taken;
	unsigned long flags;
	struct slot *slots;
	struct slab *slab;
	void *object;

	REQUIRE(cache);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	slots = kmalloc_array(cache->nr + 1U, sizeof(*slots), GFP_KERNEL);
	REQUIRE(object && slots);
	slab = slab_of(object);
	node = slab_home(slab);
	slab_drain(cache);
	spin_lock_irqsave(&node->lock, flags);
	nr = slab->nr_free++;
	taken = slab_take(node, slots, nr + 1);
	spin_unlock_irqrestore(&node->lock, flags);
	CHECK_EQ(taken, nr);
	for (unsigned int i = 0; i < min(taken, nr); i++)
		CHECK(slab_index(slab, slots[i].object) < slab->nr);
	CHECK_EQ(slab->nr_free, 0);
	slab_give(cache, slots, min(taken, nr));
	kmem_cache_free(cache, object);
	kfree(slots);
	CHECK_EQ(slab_validate(), 0);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* The same for a run, of which others could come: the slab is not asked for that object again. */
SELFTEST(slab_cpu, a_run_that_finds_one_too_few_puts_the_count_right)
{
	struct kmem_cache *cache = kmem_cache_create("test-few", 256, 0, SLAB_NO_MERGE, NULL);
	struct slot slots[SLAB_RUN_MAX];
	unsigned int last, taken;
	unsigned long flags;
	struct slab *slab;

	REQUIRE(cache);
	slab = CHECK(cache->nr <= SLAB_RUN_MAX) ? slab_create(cache, GFP_KERNEL, numa_mem_id())
						: NULL;
	if (CHECK(slab)) {
		last = slab->nr - 1U;
		WRITE_ONCE(slab->state[last], OBJECT_CACHED);	/* and counted as free */
		local_irq_save(flags);
		taken = slab_add(slab, slots, slab->nr);
		local_irq_restore(flags);
		CHECK_EQ(taken, last);
		CHECK_EQ(slab->nr_free, 0);
		slots[last] = slot_of(slab_object(slab, last));
		slab_give(cache, slots, slab->nr);
		CHECK_EQ(slab_validate(), 0);
	}
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}
