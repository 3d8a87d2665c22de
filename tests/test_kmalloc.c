// SPDX-License-Identifier: MIT
/* kmalloc() and its family. */
#define SELFTEST_UNSAMPLED 1
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "mm/slab.h"
#include "tests/threads.h"

#define TRY (GFP_KERNEL | __GFP_NOWARN)

/* kmalloc-96, dma-kmalloc-2k: the size is what stands last. */
SELFTEST(kmalloc, names_say_the_sizes)
{
	unsigned int seen = 0;

	for (size_t size = 8; size <= KMALLOC_MAX_CACHE_SIZE;
	     size = kmalloc_size_roundup(size + 1)) {
		const struct kmem_cache *cache = kmalloc_caches[__kmalloc_class(size)];
		bool whole = size >= 1024 && size % 1024 == 0;
		char name[32];

		snprintf(name, sizeof(name), whole ? "kmalloc-%zuk" : "kmalloc-%zu",
			 whole ? size / 1024 : size);
		CHECK_STR(cache->name, name);
		CHECK_EQ(cache->object_size, size);
		seen++;
	}
	CHECK_EQ(seen, KMALLOC_CLASSES);
}

/* Every size up to the largest class: large enough, and at most an eighth wasted. */
SELFTEST(kmalloc, every_size_is_served_by_a_close_class)
{
	for (size_t size = 1; size <= KMALLOC_MAX_CACHE_SIZE; size++) {
		size_t has = kmalloc_size_roundup(size);

		if (has < size || (is_power_of_2(size) && size >= 8 && has != size)) {
			CHECK_EQ(has, size);
			return;
		}
		/* Below 128 bytes the alignment to 16 is what costs. */
		if (size > 64 && has - size > max_t(size_t, has / 8, 15))
			CHECK_EQ(has - size, has / 8);
		if (size > 8 && has % 16)
			CHECK_EQ(has % 16, 0);
	}
	CHECK_EQ(kmalloc_size_roundup(0), 0);
	CHECK_EQ(kmalloc_size_roundup(KMALLOC_MAX_CACHE_SIZE + 1), 2 * KMALLOC_MAX_CACHE_SIZE);
	CHECK_EQ(kmalloc_size_roundup(SIZE_MAX), SIZE_MAX);
}

SELFTEST(kmalloc, sizes_and_alignments)
{
	for (size_t size = 1; size <= KMALLOC_MAX_SIZE; size += 1 + size / 3) {
		u8 *object = kmalloc(size, TRY);

		if (!object)
			continue;
		CHECK_EQ(ksize(object), kmalloc_size_roundup(size));
		CHECK(IS_ALIGNED((unsigned long)object, size >= 16 ? 16 : 8));
		memset(object, 0x5a, size);
		kfree(object);
	}
	for (size_t size = 8; size <= KMALLOC_MAX_SIZE; size *= 2) {
		void *object = kmalloc(size, TRY);

		if (object)
			CHECK(IS_ALIGNED(virt_to_phys(object), size));
		kfree(object);
	}
}

/* What the compiler resolves and what is looked up are the same caches. */
SELFTEST(kmalloc, constant_sizes_use_the_same_classes)
{
	void *a = kmalloc(100, GFP_KERNEL), *b = kmalloc(4096, GFP_KERNEL);
	size_t size = 100 + selftest_random_below(1), large = 4096 + selftest_random_below(1);
	void *c = kmalloc(size, GFP_KERNEL), *d = kmalloc(large, GFP_KERNEL);

	REQUIRE(a && b && c && d);
	CHECK(slab_of(a)->cache == slab_of(c)->cache);
	CHECK(slab_of(b)->cache == slab_of(d)->cache);
	CHECK_EQ(ksize(a), 112);
	kfree(a);
	kfree(b);
	kfree(c);
	kfree(d);
}

SELFTEST(kmalloc, no_bytes_are_a_pointer_of_their_own)
{
	size_t none = selftest_random_below(1);

	CHECK(kmalloc(0, GFP_KERNEL) == ZERO_SIZE_PTR);
	CHECK(kmalloc(none, GFP_KERNEL) == ZERO_SIZE_PTR);
	CHECK(kcalloc(none, 8, GFP_KERNEL) == ZERO_SIZE_PTR);
	CHECK(kmalloc(none, GFP_DMA) == ZERO_SIZE_PTR);
	CHECK_EQ(ksize(ZERO_SIZE_PTR), 0);
	CHECK_EQ(ksize(NULL), 0);
	kfree(ZERO_SIZE_PTR);
	kfree(NULL);
	kfree_sensitive(NULL);
	CHECK(krealloc(ZERO_SIZE_PTR, none, GFP_KERNEL) == ZERO_SIZE_PTR);
}

SELFTEST(kmalloc, sizes_that_cannot_be_give_null)
{
	size_t huge = KMALLOC_MAX_SIZE + 1;

	CHECK(!kmalloc(huge, GFP_KERNEL));	/* one warning that names vmalloc() */
	CHECK(!kmalloc(SIZE_MAX, TRY));
	CHECK(!kmalloc(SIZE_MAX - 7, TRY));
	CHECK(!kmalloc_array(SIZE_MAX / 8 + 2, 8, TRY));
	CHECK(!kcalloc(1UL << 32, 1UL << 32, TRY));
	CHECK(!krealloc_array(NULL, SIZE_MAX / 2, 3, TRY));
	CHECK_EQ(size_add(SIZE_MAX, 1), SIZE_MAX);
	CHECK_EQ(size_sub(1, 2), SIZE_MAX);
	CHECK_EQ(array3_size(1UL << 30, 1UL << 30, 16), SIZE_MAX);
}

SELFTEST(kmalloc, cleared_memory_is_clear)
{
	static const size_t sizes[] = { 1, 8, 24, 100, 4096, 5000, 70000 };

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		u8 *object = kmalloc(sizes[i], TRY);

		if (!object)
			continue;
		memset(object, 0xff, sizes[i]);
		kfree(object);
		object = kzalloc(sizes[i], TRY);	/* likely the same memory */
		CHECK(object && !memchr_inv(object, 0, sizes[i]));
		kfree(object);
		object = kcalloc(1, sizes[i], TRY);
		CHECK(object && !memchr_inv(object, 0, sizes[i]));
		kfree(object);
		object = kzalloc_node(sizes[i], TRY, numa_mem_id());
		CHECK(object && !memchr_inv(object, 0, sizes[i]));
		kfree(object);
	}
}

SELFTEST(kmalloc, krealloc_keeps_the_content)
{
	u8 *object = krealloc(NULL, 100, GFP_KERNEL), *same;

	REQUIRE(object);
	memset(object, 0x77, 100);
	same = krealloc(object, 112, GFP_KERNEL);
	CHECK(same == object);		/* its class has room */
	same = krealloc(object, 3, GFP_KERNEL);
	CHECK(same == object);
	object = krealloc(object, 3000, GFP_KERNEL);
	REQUIRE(object && object != same);
	CHECK(!memchr_inv(object, 0x77, 100));
	CHECK(!krealloc(object, SIZE_MAX, TRY));	/* and the old one stays */
	CHECK(!memchr_inv(object, 0x77, 100));
	object = krealloc_array(object, 30, 100, GFP_KERNEL);
	CHECK(krealloc(object, 0, GFP_KERNEL) == ZERO_SIZE_PTR);
}

/* Smaller, then larger in place: what had been behind the smaller size must not come back. */
static void grow_again(size_t large, size_t small)
{
	u8 *object = kzalloc(large, GFP_KERNEL | __GFP_NOWARN), *same;

	if (!object)
		return;
	memset(object, 0x77, large);
	same = krealloc(object, small, GFP_KERNEL | __GFP_ZERO);
	CHECK(same == object);
	same = krealloc(same, large, GFP_KERNEL | __GFP_ZERO);
	CHECK(same == object);
	CHECK(!memchr_inv(object, 0x77, small) && !memchr_inv(object + small, 0, large - small));
	same = krealloc(object, 2 * large, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	if (same)
		CHECK(!memchr_inv(same, 0x77, small) &&
		      !memchr_inv(same + small, 0, 2 * large - small));
	kfree(same ? same : object);
}

SELFTEST(kmalloc, krealloc_clears_what_it_was_told_to)
{
	grow_again(100, 7);
	grow_again(4000, 3000);
	grow_again(300000, 200000);
}

SELFTEST(kmalloc, a_sensitive_free_clears)
{
	SKIP_WITH_KASAN();
	u8 *object = kmalloc(64, GFP_KERNEL);
	const volatile u8 *after = object;

	REQUIRE(object);
	memset(object, 0x99, 64);
	kfree_sensitive(object);
	if (slab_debug_option)
		SKIP("slab_debug= may fill what is free");
	for (unsigned int i = 0; i < 64; i++)
		CHECK_EQ(after[i], 0);
}

SELFTEST(kmalloc, kvfree_sensitive_clears_an_object)
{
	SKIP_WITH_KASAN();
	u8 *object = kvmalloc(64, GFP_KERNEL);
	const u8 *after = object;

	REQUIRE(object && !is_vmalloc_addr(object));
	memset(object, 0x99, 64);
	kvfree_sensitive(object, 64);
	if (slab_debug_option)
		SKIP("slab_debug= may fill what is free");
	CHECK(!memchr_inv(after, 0, 64));
}

static bool page_is_clear(struct page *page)
{
	const void *at = kmap_local_page(page);
	bool clear = !memchr_inv(at, 0, PAGE_SIZE);

	kunmap_local(at);
	return clear;
}

/* Its first page and its last begin blocks, so they can be held beyond the free. */
SELFTEST(kmalloc, kvfree_sensitive_clears_an_area)
{
	u8 *area = vmalloc(3 * PAGE_SIZE);
	struct page *first, *last;

	if (!area)
		SKIP("no memory");
	memset(area, 0x99, 3 * PAGE_SIZE);
	first = vmalloc_to_page(area);
	last = vmalloc_to_page(area + 2 * PAGE_SIZE);
	get_page(first);
	get_page(last);
	kvfree_sensitive(area, 3 * PAGE_SIZE);
	CHECK(page_is_clear(first));
	CHECK(page_is_clear(last));
	put_page(first);
	put_page(last);
}

SELFTEST(kmalloc, copies_of_memory_and_text)
{
	char *text = kstrdup("magazine", GFP_KERNEL), *some = kstrndup("magazine", 3, GFP_KERNEL);
	char *printed = kasprintf(GFP_KERNEL, "%s-%u", "class", 96u);
	u32 words[3] = { 1, 2, 3 }, *copy = kmemdup(words, sizeof(words), GFP_KERNEL);
	char *part = kmemdup_nul("abc", 2, GFP_KERNEL);

	CHECK_STR(text, "magazine");
	CHECK_STR(some, "mag");
	CHECK_STR(printed, "class-96");
	CHECK_STR(part, "ab");
	CHECK(copy && copy[0] == 1 && copy[2] == 3);
	CHECK(!kstrdup(NULL, GFP_KERNEL) && !kstrndup(NULL, 1, GFP_KERNEL));
	CHECK(!kmemdup_array(words, SIZE_MAX / 2, 4, TRY));
	kfree(text);
	kfree(some);
	kfree(printed);
	kfree(part);
	kfree(copy);
}

SELFTEST(kmalloc, flags_choose_the_zone)
{
	u8 *dma = kmalloc(100, GFP_DMA | TRY), *low = kmalloc(3000, GFP_DMA32 | TRY);
	u8 *large = kmalloc(200000, GFP_DMA | TRY);
	u8 *reclaimable = kmalloc(64, TRY | __GFP_RECLAIMABLE);

	if (dma)
		CHECK(virt_to_phys(dma) < 0x1000000);
	if (low)
		CHECK(virt_to_phys(low) < 0x100000000);
	if (large)
		CHECK(virt_to_phys(large) < 0x1000000);
	CHECK(reclaimable && slab_of(reclaimable)->cache->gfp == __GFP_RECLAIMABLE);
	kfree(dma);
	kfree(low);
	kfree(large);
	kfree(reclaimable);
	selftest_expect_reports(1);
	dma = (kmalloc)(64, GFP_HIGHUSER);	/* taken without HIGHMEM; asked for once */
	CHECK(dma && virt_addr_valid(dma));
	kfree(dma);
}

SELFTEST(kmalloc, nodes_are_obeyed)
{
	for (int nid = 0; nid < (int)nr_node_ids; nid++) {
		void *object;

		if (!node_state(nid, N_MEMORY))
			continue;
		object = kmalloc_node(500, TRY | __GFP_THISNODE, nid);
		if (object)
			CHECK_EQ(page_to_nid(virt_to_page(object)), nid);
		kfree(object);
	}
	selftest_expect_reports(1);
	CHECK(!kmalloc_node(64, GFP_KERNEL, MAX_NUMNODES));
}

/* Memory of caches is compound or not as they need it, whoever asks. */
SELFTEST(kmalloc, compound_is_accepted)
{
	for (size_t size = 8; size <= 2 * KMALLOC_MAX_CACHE_SIZE; size += size / 4 + 1) {
		void *object = kmalloc(size, TRY | __GFP_COMP);

		if (!object)
			SKIP("no %zu bytes in one piece", size);
		CHECK(ksize(object) >= size);
		kfree(object);
	}
}

SELFTEST(kmalloc, large_blocks_know_their_size)
{
	for (size_t size = KMALLOC_MAX_CACHE_SIZE + 1; size <= KMALLOC_MAX_SIZE; size *= 2) {
		unsigned long before = nr_free_pages();
		u8 *object = kmalloc(size, TRY);

		if (!object)
			SKIP("no %zu bytes in one piece", size);
		CHECK_EQ(ksize(object), roundup_pow_of_two(size));
		object[size - 1] = 1;
		kfree(object);
		CHECK_EQ(nr_free_pages(), before);
	}
}

/* kfree() ends kmalloc()'s part in a block that others hold, too: a second one is wrong. */
SELFTEST(kmalloc, a_large_block_that_others_hold_is_freed_once)
{
	unsigned long before = nr_free_pages();
	u8 *object = kmalloc(2 * KMALLOC_MAX_CACHE_SIZE, TRY);
	struct page *page;

	if (!object)
		SKIP("no %lu bytes in one piece", 2 * KMALLOC_MAX_CACHE_SIZE);
	page = virt_to_page(object);
	get_page(page);
	kfree(object);
	CHECK_EQ(page_count(page), 1);
	selftest_expect_reports(1);
	kfree(object);
	CHECK_EQ(page_count(page), 1);
	put_page(page);
	CHECK_EQ(nr_free_pages(), before);
}

struct counted {
	u32 nr;
	u64 items[];
};

SELFTEST(kmalloc, sizes_of_structures_saturate)
{
	struct counted *counted = NULL;

	CHECK_EQ(struct_size(counted, items, 3), 32);
	CHECK_EQ(struct_size(counted, items, SIZE_MAX / 4), SIZE_MAX);
	CHECK(!kzalloc(struct_size(counted, items, SIZE_MAX / 4), TRY));
	counted = kzalloc(struct_size(counted, items, 3), GFP_KERNEL);
	CHECK(counted && !counted->items[2]);
	kfree(counted);
}

/* ---- Misuse ---- */

SELFTEST(kmalloc, double_frees_are_found_at_the_free)
{
	u8 *object = kmalloc(64, GFP_KERNEL), *neighbour = kmalloc(64, GFP_KERNEL);
	u8 *large = kmalloc(300000, TRY);

	REQUIRE(object && neighbour);
	memset(neighbour, 0x42, 64);
	kfree(object);
	selftest_expect_reports(2);
	kfree(object);
	CHECK_EQ(ksize(object), 0);
	if (large) {
		kfree(large);
		selftest_expect_reports(1);
		kfree(large);
	}
	CHECK(!memchr_inv(neighbour, 0x42, 64));
	kfree(neighbour);
}

/* Also right after the magazines went back: the slab knows. */
SELFTEST(kmalloc, double_frees_are_found_later_too)
{
	u8 *object = kmalloc(48, GFP_KERNEL), *keeps_slab = kmalloc(48, GFP_KERNEL);

	REQUIRE(object && keeps_slab);
	kfree(object);
	quarry_reap(true);
	selftest_expect_reports(1);
	kfree(object);
	kfree(keeps_slab);
}

SELFTEST(kmalloc, wrong_pointers_are_reported)
{
	unsigned long page = __get_free_pages(GFP_KERNEL, 1);
	static u8 in_image[64];
	u8 *object = kmalloc(200, GFP_KERNEL);
	u8 *large = kmalloc(300000, TRY);

	REQUIRE(page && object);
	selftest_expect_reports(7);
	kfree(object + 16);			/* inside an object */
	kfree(object + 1);
	kfree((void *)page);			/* of the page allocator's */
	kfree(in_image);
	kfree(&page);				/* on the stack */
	kfree((void *)(port_direct_base + (max_pfn << PAGE_SHIFT) + 4096));
	kfree((void *)0x123456789000);
	if (large) {
		selftest_expect_reports(1);
		kfree(large + 4096);
	}
	kfree(large);
	kfree(object);
	free_pages(page, 1);
}

/* ---- Freed later ---- */

struct delayed {
	u64 before[3];
	struct rcu_head rcu;
};

/* Not kmalloc()'s: a page's, an area's (kvfree_rcu() is for these), nobody's. */
SELFTEST(kmalloc, what_kfree_rcu_cannot_free_is_reported)
{
	struct delayed *page = (struct delayed *)get_zeroed_page(GFP_KERNEL);
	struct delayed *area = vmalloc(sizeof(*area)), here, *nobody = &here;

	REQUIRE(page && area);
	selftest_expect_reports(3);
	kfree_rcu(page, rcu);
	kfree_rcu(area, rcu);
	kfree_rcu(nobody, rcu);
	rcu_barrier();
	free_page((unsigned long)page);
	vfree(area);
}

SELFTEST(kmalloc, kfree_rcu_waits_for_readers)
{
	struct delayed *object = kmalloc(sizeof(*object), GFP_KERNEL);
	struct slab *slab = slab_of(object);
	u8 *state;

	REQUIRE(object);
	state = &slab->state[slab_index(slab, object)];
	rcu_read_lock();
	kfree_rcu(object, rcu);
	CHECK_EQ(READ_ONCE(*state), OBJECT_USED);
	rcu_read_unlock();
	rcu_barrier();
	CHECK(READ_ONCE(*state) != OBJECT_USED);
	kfree_rcu_mightsleep(kmalloc(32, GFP_KERNEL));
	object = NULL;
	kfree_rcu(object, rcu);
}

/* Far more than fit into memory at once: who queues them is made to wait. */
SELFTEST(kmalloc, queued_frees_do_not_use_up_memory)
{
	unsigned long nr = selftest_scaled(20000);

	for (unsigned long i = 0; i < nr; i++) {
		struct delayed *object = kmalloc(sizeof(*object), TRY);

		if (!object) {
			rcu_barrier();
			continue;
		}
		kfree_rcu(object, rcu);
	}
	rcu_barrier();
	WAIT_UNTIL(!rcu_pending());	/* others may have queued one since */
}
