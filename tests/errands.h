/* SPDX-License-Identifier: MIT */
/* What is begun and over at once, for tests that mix it with things.h; by one thread a CPU. */
#ifndef TESTS_ERRANDS_H
#define TESTS_ERRANDS_H

#include "tests/things.h"

/* Waits if it must, and whoever holds one of the few asks for nothing else: so nobody for ever. */
static inline void errand_to_the_loans(void)
{
	void *element = thing_loans ? mempool_alloc(thing_loans, GFP_KERNEL) : NULL;

	if (!element)
		return;
	mark_bytes(element, 128, 0xb0);
	cond_resched();
	look_at_bytes(element, 128, 0xb0);
	mempool_free(element, thing_loans);
}

static inline void errand_to_a_cache(void)
{
	char *name = kasprintf(GFP_KERNEL | __GFP_NOWARN, "thing/%u", smp_processor_id());
	struct kmem_cache *cache = name ? kmem_cache_create(name, 72, 8, 0, thing_ctor) : NULL;
	void *objects[THING_PARTS];

	for (unsigned int i = 0; cache && i < THING_PARTS; i++)
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL | __GFP_NOWARN);
	for (unsigned int i = 0; cache && i < THING_PARTS; i++)
		kmem_cache_free(cache, objects[i]);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
	kfree(name);
}

static inline void errand_to_a_table(void)
{
	struct sg_table table;
	void *buffer = kmalloc(3 * PAGE_SIZE, GFP_KERNEL | __GFP_NOWARN);

	if (buffer && !sg_alloc_table(&table, 3, GFP_KERNEL | __GFP_NOWARN)) {
		struct scatterlist *sg;
		unsigned int i;

		mark_bytes(buffer, 3 * PAGE_SIZE, 0x56);
		for_each_sgtable_sg(&table, sg, i)
			sg_set_buf(sg, buffer + i * PAGE_SIZE, PAGE_SIZE);
		if (!dma_map_sgtable(&thing_device, &table, DMA_TO_DEVICE, DMA_ATTR_NO_WARN))
			dma_unmap_sgtable(&thing_device, &table, DMA_TO_DEVICE, 0);
		look_at_bytes(buffer, 3 * PAGE_SIZE, 0x56);
		sg_free_table(&table);
	}
	kfree(buffer);
}

static inline void errand_to_a_device(void)
{
	FAKE_DEVICE(device, DMA_BIT_MASK(64));

	for (unsigned int i = 0; i < THING_PARTS; i++)
		devm_kmalloc(&device, 40 << i, GFP_KERNEL | __GFP_NOWARN);
	devres_release_all(&device);
}

/* Those that cannot say __GFP_NOWARN: where memory is not short. */
static inline void run_loud_errand(u64 random)
{
	if (random % 2)
		errand_to_a_cache();
	else if (thing_pool)
		mempool_resize(thing_pool, 1 + (int)(random >> 32 & 15));
}

static inline void run_errand(u64 random)
{
	switch (random % 8) {
	case 1:
		return errand_to_a_table();
	case 2:
		return errand_to_a_device();
	case 3:
		if (thing_caches[random >> 32 & 1])
			kmem_cache_shrink(thing_caches[random >> 32 & 1]);
		return;
	case 4:
		return drain_all_pages(NULL);
	case 5:
		quarry_reap(random >> 32 & 1);
		return;
	case 6:
		return vm_unmap_aliases();
	case 7:
		return errand_to_the_loans();
	default:
		return rcu_barrier();
	}
}

#endif
