// SPDX-License-Identifier: MIT
/* kvmalloc and its like. */
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "mm/internal.h"
#include "tests/selftest.h"

SELFTEST(kvmalloc, small_and_impossible_sizes)
{
	void *object = kvmalloc(100, GFP_KERNEL);

	REQUIRE(object);
	CHECK(!is_vmalloc_addr(object));
	kvfree(object);
	CHECK(kvmalloc(0, GFP_KERNEL) == ZERO_SIZE_PTR);
	kvfree(ZERO_SIZE_PTR);
	kvfree(NULL);
	CHECK(!kvmalloc(~0UL, GFP_KERNEL | __GFP_NOWARN));
	CHECK(!kvmalloc_array(1UL << 33, 1UL << 33, GFP_KERNEL | __GFP_NOWARN));
	CHECK(!kvcalloc(~0UL, 2, GFP_KERNEL | __GFP_NOWARN));
	CHECK(!vmalloc_array(1UL << 62, 8));
}

SELFTEST(kvmalloc, large_sizes_come_from_vmalloc)
{
	size_t size = KMALLOC_MAX_SIZE + 1;
	u8 *object;

	if (nr_free_pages() < 4 * PFN_UP(size))
		SKIP("less than 16 MiB is free");
	object = kvzalloc(size, GFP_KERNEL);
	REQUIRE(object);
	CHECK(is_vmalloc_addr(object));
	CHECK(!object[0] && !object[size - 1] && !object[size / 2]);
	kvfree(object);
	object = kvcalloc(size / 8 + 1, 8, GFP_KERNEL);
	CHECK(object && !object[size - 1]);
	kvfree(object);
}

/* Both that kmalloc() has them and that it has not: nothing but the address differs. */
SELFTEST(kvmalloc, content_moves_along)
{
	static const size_t sizes[] = { 10, 3000, 5000, 100000, 99000, 70000, 300000, 8, 4096 };
	size_t had = 0;
	u8 *object = NULL, *moved;

	if (nr_free_pages() < 500)
		SKIP("less than 2 MiB is free");
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		moved = i % 2 ? kvrealloc(object, sizes[i], GFP_KERNEL) :
				kvrealloc(object, had, sizes[i], GFP_KERNEL);
		REQUIRE(moved);
		object = moved;
		for (size_t b = 0; b < min(had, sizes[i]); b++)
			if (object[b] != (u8)(b * 7)) {
				CHECK_EQ(object[b], (u8)(b * 7));
				break;
			}
		for (size_t b = 0; b < sizes[i]; b++)
			object[b] = (u8)(b * 7);
		had = sizes[i];
	}
	kvfree_sensitive(object, had);
	object = vmalloc(3 * PAGE_SIZE);
	REQUIRE(object);
	memset(object, 0x31, 3 * PAGE_SIZE);
	moved = kvrealloc(object, 5 * PAGE_SIZE, GFP_KERNEL);
	REQUIRE(moved);
	CHECK_EQ(moved[3 * PAGE_SIZE - 1], 0x31);
	object = kvmemdup(moved, 2 * PAGE_SIZE, GFP_KERNEL);
	CHECK(object && object[PAGE_SIZE + 1] == 0x31);
	kvfree(object);
	kvfree(moved);
}

SELFTEST(kvmalloc, freed_after_a_grace_period)
{
	struct late {
		char text[5000];
		struct rcu_head rcu;
	} *small = kvmalloc(sizeof(*small), GFP_KERNEL), *none = NULL;
	struct late *large = vmalloc(sizeof(*large));
	unsigned long before = vmalloc_nr_pages();

	REQUIRE(small && large);
	kvfree_rcu(small, rcu);
	kvfree_rcu(large, rcu);
	kvfree_rcu(none, rcu);
	rcu_barrier();
	CHECK_EQ(vmalloc_nr_pages(), before - 2);
	large = vmalloc(100);
	kvfree_rcu_mightsleep(large);
}
