// SPDX-License-Identifier: MIT
/* References, freeing, and what happens to those who free wrongly. */
#include <linux/highmem.h>
#include <linux/slab.h>
#include "mm/init_memory.h"
#include "mm/internal.h"
#include "tests/threads.h"

/* ---- References ---- */

SELFTEST(page_free, the_last_reference_frees)
{
	unsigned long before = nr_free_pages();
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	get_page(page);
	CHECK_EQ(page_count(page), 2);
	__free_page(page);
	CHECK_EQ(page_count(page), 1);
	CHECK_EQ(nr_free_pages(), before - 1);
	put_page(page);
	CHECK_EQ(nr_free_pages(), before);
}

SELFTEST(page_free, compound_references_count_in_the_head)
{
	unsigned long before = nr_free_pages();
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 3);

	REQUIRE(page);
	get_page(page + 5);
	CHECK_EQ(page_count(page), 2);
	CHECK_EQ(page_count(page + 7), 2);
	__free_pages(page, 3);
	CHECK_EQ(nr_free_pages(), before - 8);
	put_page(page + 2);
	CHECK_EQ(nr_free_pages(), before);
}

SELFTEST(page_free, get_and_put_leave_a_block_alone)
{
	unsigned long before = nr_free_pages();
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	REQUIRE(page);
	get_page(page);
	put_page(page);
	CHECK_EQ(page_count(page), 1);
	__free_pages(page, 2);
	CHECK_EQ(nr_free_pages(), before);
}

SELFTEST(page_free, put_of_the_last_reference_to_a_plain_block_is_reported)
{
	unsigned long before = nr_free_pages();
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	REQUIRE(page);
	selftest_expect_reports(1);
	put_page(page);
	CHECK_EQ(nr_free_pages(), before);
}

SELFTEST(page_free, nobody_gets_what_nobody_holds)
{
	struct page *page = alloc_page(GFP_USER);

	REQUIRE(page);
	CHECK(get_page_unless_zero(page));
	CHECK_EQ(page_count(page), 2);
	put_page(page);
	__free_page(page);
	CHECK(!get_page_unless_zero(page));
	selftest_expect_reports(1);
	get_page(page);
	CHECK_EQ(page_ref_count(page), 0);
}

/* A page that was looked for is somebody else's by now, who does not expect that. */
SELFTEST(page_free, nobody_finds_a_slab_or_the_page_of_a_single_owner)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *object = kmalloc(64, GFP_KERNEL);

	REQUIRE(page && object);
	CHECK(!get_page_unless_zero(virt_to_page(object)));
	CHECK(!get_page_unless_zero(page));
	get_page(page);
	CHECK(get_page_unless_zero(page));
	CHECK_EQ(page_count(page), 3);
	put_page(page);
	put_page(page);
	__free_page(page);
	kfree(object);
}

/* Somebody took a reference to the first page of a plain block just before it was freed. */
SELFTEST(page_free, freeing_a_held_block_keeps_only_its_first_page)
{
	unsigned long before = nr_free_pages();
	struct page *page = alloc_pages(GFP_KERNEL, 4);

	REQUIRE(page);
	get_page(page);
	__free_pages(page, 4);
	CHECK_EQ(nr_free_pages(), before - 1);
	CHECK_EQ(page_count(page), 1);
	put_page(page);
	CHECK_EQ(nr_free_pages(), before);
}

/* ---- Misuse: reported, counted, and nothing changed ---- */

static unsigned long bad_frees(void)
{
	return quarry_report_count(QUARRY_BAD_FREE);
}

SELFTEST(page_free, double_free_is_reported)
{
	unsigned long before = bad_frees(), nr_free;
	struct page *page = alloc_pages(GFP_KERNEL, 1);

	selftest_expect_reports(2);
	REQUIRE(page);
	__free_pages(page, 1);
	nr_free = nr_free_pages();
	__free_pages(page, 1);
	__free_pages(page + 1, 0);
	CHECK_EQ(bad_frees(), before + 2);
	CHECK_EQ(nr_free_pages(), nr_free);
}

SELFTEST(page_free, free_at_another_order_is_reported)
{
	unsigned long before = bad_frees();
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	selftest_expect_reports(3);
	REQUIRE(page);
	__free_pages(page, 1);
	__free_pages(page, 3);
	__free_pages(page, MAX_ORDER + 50);
	CHECK_EQ(bad_frees(), before + 3);
	__free_pages(page, 2);
	CHECK_EQ(bad_frees(), before + 3);
}

SELFTEST(page_free, free_of_a_tail_page_is_reported)
{
	unsigned long before = bad_frees();
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	selftest_expect_reports(2);
	REQUIRE(page);
	__free_pages(page + 1, 0);
	__free_pages(page + 2, 1);
	CHECK_EQ(bad_frees(), before + 2);
	__free_pages(page, 2);
}

SELFTEST(page_free, free_of_foreign_memory_is_reported)
{
	unsigned long before = bad_frees(), virt;
	int on_stack;

	selftest_expect_reports(5);
	virt = __get_free_page(GFP_KERNEL);
	REQUIRE(virt);
	free_pages(virt + 8, 0);			/* not a page's address */
	free_pages((unsigned long)&on_stack & PAGE_MASK, 0); /* not in the direct map */
	free_pages(PAGE_SIZE, 0);
	__free_pages(pfn_to_page(max_pfn + PAGES_PER_SECTION), 0);
	__free_pages(pfn_to_page(PFN_DOWN(memblock_reserved.regions[0].base)), 0);
	CHECK_EQ(bad_frees(), before + 5);
	free_page(virt);
	free_page(0);
	__free_pages(NULL, 0);
	CHECK_EQ(bad_frees(), before + 5);
}

SELFTEST(page_free, contradicting_flags_are_reported)
{
	unsigned long before = quarry_report_count(QUARRY_BAD_ARGUMENT), virt;
	struct page *page;

	selftest_expect_reports(5);	/* each is asked for once, also where allocations fail */
	page = (alloc_pages)(GFP_KERNEL | __GFP_DMA | __GFP_HIGHMEM | __GFP_NOWARN, 0);
	if (page) {
		CHECK_EQ(page_zonenum(page), ZONE_DMA);
		__free_page(page);
	}
	page = (alloc_pages)(GFP_KERNEL | __GFP_MOVABLE | __GFP_RECLAIMABLE, 0);
	REQUIRE(page);
	__free_page(page);
	virt = (__get_free_pages)(GFP_HIGHUSER, 0);
	REQUIRE(virt);
	CHECK(!PageHighMem(virt_to_page((void *)virt)));
	free_page(virt);
	CHECK(!alloc_pages_node(MAX_NUMNODES, GFP_KERNEL | __GFP_NOWARN, 0));
	page = (alloc_pages)(GFP_KERNEL | 0x80000000u, 0);
	REQUIRE(page);
	__free_page(page);
	CHECK_EQ(quarry_report_count(QUARRY_BAD_ARGUMENT), before + 5);
}

/* Who may look for the block may look for its pages: each of them is freed with that in mind. */
SELFTEST(page_free, pieces_of_a_block_can_be_looked_for_like_it)
{
	struct page *page = alloc_pages(GFP_USER, 2);

	REQUIRE(page);
	split_page(page, 2);
	for (unsigned int i = 0; i < 4; i++) {
		CHECK(page[i].flags & PG_SHARED);
		CHECK(get_page_unless_zero(page + i));
		__free_page(page + i);
		put_page(page + i);
	}
}

SELFTEST(page_free, split_of_the_wrong_block_is_reported)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);

	selftest_expect_reports(2);
	REQUIRE(page);
	split_page(page, 2);
	split_page(page + 1, 0);
	CHECK_EQ(compound_order(page), 2);
	__free_pages(page, 2);
}

/* ---- Many at once ---- */

#define STORM_SLOTS 256

struct storm_slot {
	struct page *page;
	unsigned int order;
	u64 mark;
};

static void storm_fill(struct storm_slot *slot)
{
	for (unsigned long i = 0; i < 1UL << slot->order; i++) {
		u64 *va = kmap_local_page(slot->page + i);

		va[0] = va[511] = slot->mark + i;
		kunmap_local(va);
	}
}

static void storm_check(const struct storm_slot *slot)
{
	unsigned long wrong = 0;

	for (unsigned long i = 0; i < 1UL << slot->order; i++) {
		const u64 *va = kmap_local_page(slot->page + i);

		wrong += va[0] != slot->mark + i || va[511] != slot->mark + i;
		kunmap_local(va);
	}
	CHECK_EQ(wrong, 0);
}

/* Random blocks of all kinds live side by side; each keeps what its owner wrote into it. */
SELFTEST(page_free, random_blocks_keep_their_content)
{
	static struct storm_slot slots[STORM_SLOTS];
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_ATOMIC,
				       GFP_KERNEL | __GFP_RECLAIMABLE, GFP_KERNEL | __GFP_DMA32,
				       GFP_KERNEL | __GFP_COMP };
	unsigned long steps = selftest_scaled(20000), served = 0;

	for (unsigned long step = 0; step < steps; step++) {
		struct storm_slot *slot = &slots[selftest_random_below(STORM_SLOTS)];

		if (slot->page) {
			storm_check(slot);
			__free_pages(slot->page, slot->order);
			slot->page = NULL;
			continue;
		}
		slot->order = __ffs(selftest_random() | 0x40);
		slot->mark = selftest_random();
		slot->page = alloc_pages(kinds[selftest_random_below(ARRAY_SIZE(kinds))] |
					 __GFP_NOWARN, slot->order);
		if (!slot->page)
			continue;
		storm_fill(slot);
		served++;
	}
	CHECK(served > steps / 4);
	for (unsigned int i = 0; i < STORM_SLOTS; i++) {
		if (slots[i].page)
			__free_pages(slots[i].page, slots[i].order);
		slots[i].page = NULL;
	}
}

/* ---- Against who looks for a page ---- */

#define TAIL_ORDER 9

static struct {
	struct page *page;		/* of the tail that is being freed, or NULL */
	unsigned long looks, lost;
	bool done;
} tail;

/* As memory_failure() does: under the lock of the zone the page is in a block. */
static void look_for_its_block(void *unused)
{
	while (!READ_ONCE(tail.done)) {
		struct page *page = READ_ONCE(tail.page);
		struct zone *zone;

		cond_resched();
		if (!page)
			continue;
		zone = page_zone(page);
		spin_lock_irq(&zone->lock);
		tail.lost += !page_block_head(page);
		spin_unlock_irq(&zone->lock);
		WRITE_ONCE(tail.looks, tail.looks + (READ_ONCE(tail.page) == page));
	}
}

static void free_tails(void *looks)
{
	for (unsigned int i = 0; i < 1000 && READ_ONCE(tail.looks) < (unsigned long)looks; i++) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, TAIL_ORDER);

		cond_resched();
		if (!page)
			break;
		get_page(page);
		WRITE_ONCE(tail.page, page + 1);	/* goes last */
		__free_pages(page, TAIL_ORDER);
		WRITE_ONCE(tail.page, NULL);
		put_page(page);
	}
	WRITE_ONCE(tail.done, true);
}

SELFTEST(page_free, a_tail_that_is_being_freed_is_in_a_block)
{
	bool clears = init_on_free;
	struct test_thread threads[2];

	if (num_online_cpus() < 2)
		SKIP("one CPU");
	memset(&tail, 0, sizeof(tail));
	WRITE_ONCE(init_on_free, true);		/* which takes long */
	test_thread_start(&threads[0], test_cpu(0), look_for_its_block, NULL);
	test_thread_start(&threads[1], test_cpu(1), free_tails, (void *)selftest_scaled(500));
	for (unsigned int i = 0; i < ARRAY_SIZE(threads); i++)
		test_thread_join(&threads[i]);
	WRITE_ONCE(init_on_free, clears);
	CHECK_EQ(tail.lost, 0);
	if (!tail.looks)
		SKIP("no block of order %d, or nobody looked meanwhile", TAIL_ORDER);
}
