// SPDX-License-Identifier: MIT
/* Caches: how they end, and how large their objects may be. */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <quarry/quarry.h>
#include "mm/slab.h"
#include "tests/listen.h"
#include "tests/selftest.h"
#include "tests/zones.h"

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

/* Red zones make an object larger than a block can be: then it does without, and says so. */
SELFTEST(slab_cache, the_largest_objects_can_be_had)
{
	const slab_flags_t flags[] = { 0, SLAB_RED_ZONE | SLAB_POISON };
	bool had = false;

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		struct kmem_cache *cache;
		const char *log;
		u8 *object;

		listen_start();
		cache = kmem_cache_create("test-largest", 0x400000, 0x1000, flags[i], NULL);
		log = listen_stop();
		REQUIRE(cache);
		if (slab_debug_flags("test-largest", flags[i]) & SLAB_RED_ZONE)
			CHECK(strstr(log, "size:4194304): no block has room for red zones"));
		object = kmem_cache_alloc(cache, TRY);
		CHECK(object || !had);
		had = object;
		if (object)
			object[0x3fffff] = 1;
		kmem_cache_free(cache, object);
		CHECK_EQ(kmem_cache_destroy(cache), 0);
	}
}

static unsigned int slabs_of(const struct kmem_cache *cache)
{
	unsigned int nr = 0;

	for (unsigned int nid = 0; nid < nr_node_ids; nid++) {
		struct cache_node *node = slab_node_peek(cache, (int)nid);

		if (node)
			nr += READ_ONCE(node->nr_slabs);
	}
	return nr;
}

/* Many are taken and given back: how many slabs the cache keeps then. */
static unsigned int slabs_kept(struct kmem_cache *cache)
{
	static void *objects[64];
	unsigned int nr = 0;

	while (nr < ARRAY_SIZE(objects) && (objects[nr] = kmem_cache_alloc(cache, GFP_KERNEL)))
		nr++;
	while (nr > 0)
		kmem_cache_free(cache, objects[--nr]);
	return slabs_of(cache);
}

/* When memory is short magazines and empty slabs go back, but for caches that may not be reaped. */
SELFTEST(slab_cache, only_no_reap_is_left_alone_when_memory_is_short)
{
	SKIP_WITH_KASAN();
	struct kmem_cache *usual = kmem_cache_create("test-reap", 64, 0, 0, NULL);
	struct kmem_cache *kept = kmem_cache_create("test-no-reap", 64, 0, SLAB_NO_REAP, NULL);
	bool posed;

	REQUIRE(usual && kept);
	posed = slabs_kept(usual) && slabs_kept(kept);
	quarry_reap(false);
	if (posed) {
		CHECK_EQ(slabs_of(usual), 0);
		CHECK(slabs_of(kept) > 0);
	}
	CHECK_EQ(kmem_cache_destroy(usual), 0);
	CHECK_EQ(kmem_cache_destroy(kept), 0);
	if (!posed)
		SKIP("nothing stays in magazines here");
}

/* Or a caller's odd flag would leave a slab of a common cache in the little memory for devices. */
SELFTEST(slab_cache, where_slabs_lie_is_the_caches_to_say)
{
	struct zone *zone = expected_zone(ZONE_NORMAL);
	struct kmem_cache *cache;
	void *object;

	if (!zone || zone->idx == ZONE_DMA ||
	    zone_free_pages(zone) < 2 * zone->watermark[WMARK_HIGH])
		SKIP("no other zone that has plenty");
	cache = kmem_cache_create("test-zone", 200, 0, SLAB_NO_MERGE, NULL);
	REQUIRE(cache);
	object = kmem_cache_alloc(cache, GFP_KERNEL | __GFP_DMA);
	REQUIRE(object);
	CHECK(page_zonenum(virt_to_page(object)) != ZONE_DMA);
	kmem_cache_free(cache, object);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}
