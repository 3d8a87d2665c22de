// SPDX-License-Identifier: MIT
/* Slab caches. */
#include <linux/mm.h>
#include <linux/slab.h>
#include "mm/slab.h"
#include "tests/threads.h"

SELFTEST(slab, objects_come_and_go)
{
	struct kmem_cache *cache = kmem_cache_create("test-192", 192, 0, 0, NULL);
	static void *objects[1000];
	unsigned int nr = (unsigned int)min(1000UL, nr_free_pages() * 10), made;

	REQUIRE(cache);
	CHECK_EQ(kmem_cache_size(cache), 192);
	for (int round = 0; round < 3; round++) {
		for (made = 0; made < nr; made++) {
			objects[made] = kmem_cache_alloc(cache, GFP_KERNEL);
			if (!CHECK(objects[made]))
				break;
			memset(objects[made], (int)made, 192);
		}
		for (unsigned int i = 0; i < made; i++) {
			CHECK(!memchr_inv(objects[i], (int)(u8)i, 192));
			kmem_cache_free(cache, objects[i]);
		}
	}
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(slab, a_double_free_is_found_at_the_free)
{
	struct kmem_cache *cache = kmem_cache_create("test-64", 64, 0, 0, NULL);
	struct kmem_cache *other = kmem_cache_create("test-other", 64, 0, 0, NULL);
	u8 *object, *stranger;

	REQUIRE(cache && other);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	stranger = kmem_cache_alloc(other, GFP_KERNEL);
	REQUIRE(object && stranger);
	selftest_expect_reports(5);
	kmem_cache_free(cache, stranger);
	kmem_cache_free(cache, object + 8);
	kmem_cache_free(cache, &cache);
	CHECK_EQ(kmem_cache_destroy(cache), -EBUSY);
	kmem_cache_free(cache, object);
	kmem_cache_free(cache, object);
	kfree(stranger);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
	CHECK_EQ(kmem_cache_destroy(other), 0);
}
