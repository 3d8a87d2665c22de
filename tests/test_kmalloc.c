// SPDX-License-Identifier: MIT
/* kmalloc() and its family. */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "mm/slab.h"
#include "tests/threads.h"

/* Every size up to the largest class: aligned, large enough, and at most an eighth wasted. */
SELFTEST(kmalloc, every_size_is_served_by_a_close_class)
{
	size_t waste;

	for (size_t size = 1; size <= KMALLOC_MAX_CACHE_SIZE; size++) {
		size_t has = kmalloc_size_roundup(size);

		if (has < size || (is_power_of_2(size) && size >= 8 && has != size)) {
			CHECK_EQ(has, size);
			return;
		}
		waste = has - size;
		if (size > 64 && waste > max(has / 8, (size_t)15))
			CHECK_EQ(waste, has / 8);
		if (size >= 16 && has % 16)
			CHECK_EQ(has % 16, 0);
	}
}

SELFTEST(kmalloc, sizes_and_alignments)
{
	for (size_t size = 1; size <= KMALLOC_MAX_SIZE; size += 1 + size / 3) {
		u8 *object = kmalloc(size, GFP_KERNEL | __GFP_NOWARN);

		if (!object)
			continue;
		CHECK(ksize(object) >= size);
		CHECK_EQ(ksize(object), kmalloc_size_roundup(size));
		CHECK(IS_ALIGNED((unsigned long)object, size >= 16 ? 16 : 8));
		memset(object, 0x5a, size);
		kfree(object);
	}
	for (size_t size = 8; size <= KMALLOC_MAX_SIZE; size *= 2) {
		void *object = kmalloc(size, GFP_KERNEL | __GFP_NOWARN);

		if (object)
			CHECK(IS_ALIGNED(virt_to_phys(object), size));
		kfree(object);
	}
}
