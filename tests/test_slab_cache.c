// SPDX-License-Identifier: MIT
/* Caches: how they end, and how large their objects may be. */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "tests/selftest.h"

#define TRY (GFP_KERNEL | __GFP_NOWARN)

struct with_head {
	struct rcu_head rcu;
	u64 value;
};

/* A slab for each object, so each callback gives one back, while the cache is being destroyed. */
SELFTEST(slab_cache, destroying_waits_for_slabs_on_their_way)
{
	unsigned long rounds = selftest_scaled(30);

	for (unsigned long i = 0; i < rounds; i++) {
		struct kmem_cache *cache = kmem_cache_create("test-leaving", 5000, 0, 0, NULL);
		unsigned long nr = min(1 + i % 8, nr_free_pages() / 8);

		REQUIRE(cache);
		while (nr--) {
			struct with_head *object = kmem_cache_alloc(cache, TRY);

			kfree_rcu(object, rcu);
		}
		if (i % 2)
			synchronize_rcu();	/* the callbacks are under way */
		CHECK_EQ(kmem_cache_destroy(cache), 0);
	}
}

/* Red zones make an object larger than a block can be: then it does without. */
SELFTEST(slab_cache, the_largest_objects_can_be_had)
{
	const slab_flags_t flags[] = { 0, SLAB_RED_ZONE | SLAB_POISON };
	bool had = false;

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		struct kmem_cache *cache = kmem_cache_create("test-largest", 0x400000, 0x1000,
							     flags[i], NULL);
		u8 *object;

		REQUIRE(cache);
		object = kmem_cache_alloc(cache, TRY);
		CHECK(object || !had);
		had = object;
		if (object)
			object[0x3fffff] = 1;
		kmem_cache_free(cache, object);
		CHECK_EQ(kmem_cache_destroy(cache), 0);
	}
}
