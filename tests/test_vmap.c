// SPDX-License-Identifier: MIT
/* Ranges of addresses, in small spaces of their own that nothing is mapped in. */
#include <linux/sizes.h>
#include "mm/vmap.h"
#include "tests/selftest.h"

#define BASE (1UL << 40)	/* no address of the vmalloc area: the index leaves it alone */

static struct vmap_space space;

static void space_make(unsigned long nr)
{
	BUG_ON(!AGAIN(vmap_space_init(&space, BASE, BASE + nr * PAGE_SIZE)));
}

static struct vmap_area *take(unsigned long nr, unsigned long align)
{
	return AGAIN(vmap_take(&space, nr * PAGE_SIZE, align));
}

static void give(struct vmap_area *area)
{
	vmap_give(&space, area);
}

/* All of the space is one free range again, and that is its end. */
static void space_end(void)
{
	CHECK(!space.first->next);
	CHECK_EQ(space.first->state, VMAP_FREE);
	CHECK_EQ(space.first->end - space.first->start, space.end - space.start);
	CHECK_EQ(vmap_space_validate(&space), 0);
	vmap_space_end(&space);
}

SELFTEST(vmap, ranges_are_taken_and_joined_again)
{
	struct vmap_area *a, *b, *c;

	space_make(100);
	a = take(10, PAGE_SIZE);
	b = take(20, PAGE_SIZE);
	c = take(70, PAGE_SIZE);
	REQUIRE(a && b && c);
	CHECK(!take(1, PAGE_SIZE));
	CHECK_EQ(b->start, a->end);
	CHECK_EQ(vmap_space_validate(&space), 0);
	give(b);
	CHECK_EQ(vmap_space_validate(&space), 0);
	give(a);
	give(c);
	space_end();
}

SELFTEST(vmap, the_smallest_range_that_fits_is_taken)
{
	static const unsigned long holes[] = { 9, 3, 7, 4, 12, 5 };
	struct vmap_area *hole[6], *wall[6], *got;
	unsigned int i;

	space_make(200);
	for (i = 0; i < 6; i++) {
		hole[i] = take(holes[i], PAGE_SIZE);
		wall[i] = take(1, PAGE_SIZE);
	}
	for (i = 0; i < 6; i++)
		give(hole[i]);
	got = take(4, PAGE_SIZE);
	REQUIRE(got);
	CHECK_EQ(got->start, wall[3]->start - 4 * PAGE_SIZE);
	give(got);
	got = take(6, PAGE_SIZE);
	REQUIRE(got);
	CHECK_EQ(got->start, wall[2]->start - 7 * PAGE_SIZE);
	give(got);
	for (i = 0; i < 6; i++)
		give(wall[i]);
	space_end();
}

SELFTEST(vmap, alignment_is_kept_and_cannot_overflow)
{
	struct vmap_area *small, *aligned;
	unsigned long align;

	space_make(SZ_16M / PAGE_SIZE);
	small = take(1, PAGE_SIZE);
	REQUIRE(small);
	for (align = PAGE_SIZE; align <= SZ_4M; align *= 2) {
		aligned = take(3, align);
		REQUIRE(aligned);
		CHECK(IS_ALIGNED(aligned->start, align));
		CHECK_EQ(aligned->end - aligned->start, 3 * PAGE_SIZE);
		give(aligned);
	}
	CHECK(!take(1, 1UL << 63));
	CHECK(!take(1, 1UL << 41));
	CHECK(!vmap_take(&space, ~0UL & PAGE_MASK, PAGE_SIZE));
	CHECK(!vmap_take(&space, ~0UL & PAGE_MASK, 1UL << 62));
	give(small);
	space_end();
}

/* Every second of many single pages is free: nothing larger fits, until neighbours come back. */
SELFTEST(vmap, fragmentation_is_told_and_heals)
{
	static struct vmap_area *areas[1024];
	unsigned int i;

	space_make(ARRAY_SIZE(areas));
	for (i = 0; i < ARRAY_SIZE(areas); i++) {
		areas[i] = take(1, PAGE_SIZE);
		REQUIRE(areas[i]);
	}
	CHECK(!take(1, PAGE_SIZE));
	for (i = 0; i < ARRAY_SIZE(areas); i += 2)
		give(areas[i]);
	CHECK(!take(2, PAGE_SIZE));
	CHECK_EQ(vmap_space_validate(&space), 0);
	give(areas[501]);
	areas[500] = take(3, PAGE_SIZE);
	CHECK(areas[500] && areas[500]->start == BASE + 500 * PAGE_SIZE);
	if (areas[500])
		give(areas[500]);
	for (i = 1; i < ARRAY_SIZE(areas); i += 2)
		if (i != 501)
			give(areas[i]);
	space_end();
}

/* Against a map of pages: what is handed out was free, is aligned, and is the best fit. */
SELFTEST(vmap, random_ranges_agree_with_a_model)
{
	enum { PAGES = 600, SLOTS = 40 };
	static u8 used[PAGES];
	struct vmap_area *slots[SLOTS] = { NULL };
	unsigned long turns = selftest_scaled(3000), i;

	memset(used, 0, sizeof(used));
	space_make(PAGES);
	while (turns--) {
		unsigned int s = (unsigned int)selftest_random_below(SLOTS);
		unsigned long nr = 1 + selftest_random_below(30), first, run = 0, best = PAGES + 1;

		if (slots[s]) {
			first = (slots[s]->start - BASE) / PAGE_SIZE;
			nr = (slots[s]->end - slots[s]->start) / PAGE_SIZE;
			memset(used + first, 0, nr);
			give(slots[s]);
			slots[s] = NULL;
			continue;
		}
		for (i = 0; i <= PAGES; i++) {	/* the shortest free run that is enough */
			run = i < PAGES && !used[i] ? run + 1 : 0;
			if (run && (i + 1 == PAGES || used[i + 1]) && run >= nr)
				best = min(best, run);
		}
		slots[s] = take(nr, PAGE_SIZE);
		REQUIRE(!slots[s] == (best > PAGES));
		if (!slots[s])
			continue;
		first = (slots[s]->start - BASE) / PAGE_SIZE;
		for (i = first; i < first + nr; i++) {
			REQUIRE(!used[i]);
			used[i] = 1;
		}
		for (; i < PAGES && !used[i]; i++)
			;
		CHECK_EQ(i - first, best);
		REQUIRE(!vmap_space_validate(&space));
	}
	for (i = 0; i < SLOTS; i++)
		if (slots[i])
			give(slots[i]);
	space_end();
}

static bool count(struct vmap_area *area, void *arg)
{
	++*(unsigned long *)arg;
	return true;
}

/* How deep the tree is, walking down at random: some 2 ln n for n ranges in any order. */
SELFTEST(vmap, the_tree_stays_flat)
{
	static struct vmap_area *areas[4096];
	unsigned long i, n = 0, deepest = 0;

	if (nr_free_pages() < 1000)
		SKIP("no memory for thousands of ranges");
	space_make(ARRAY_SIZE(areas) * 2048UL);
	/* In rising order, which makes a list of a tree that does not balance itself. */
	for (i = 0; i < ARRAY_SIZE(areas); i++) {
		areas[i] = take(1 + i / 8, PAGE_SIZE);
		REQUIRE(areas[i]);
	}
	for (i = 0; i < ARRAY_SIZE(areas); i += 2)
		give(areas[i]);
	for (i = 0; i < 200; i++) {
		const struct vmap_area *node = space.root;
		unsigned long depth = 0;

		for (; node; depth++)
			node = selftest_random_below(2) ? node->left : node->right;
		deepest = max(deepest, depth);
	}
	CHECK(deepest < 40);
	for (i = 1; i < ARRAY_SIZE(areas); i += 2)
		give(areas[i]);
	vmap_for_each(&space, count, &n);
	CHECK_EQ(n, 1);
	space_end();
}

SELFTEST(vmap, the_validator_finds_broken_ranges)
{
	struct vmap_area *a, *b;
	u32 priority;

	space_make(100);
	a = take(10, PAGE_SIZE);
	b = take(10, PAGE_SIZE);
	REQUIRE(a && b);
	selftest_expect_reports(4);
	a->end += PAGE_SIZE;
	CHECK_EQ(vmap_space_validate(&space), 1);
	a->end -= PAGE_SIZE;
	a->state = VMAP_NODE;
	CHECK_EQ(vmap_space_validate(&space), 1);
	a->state = VMAP_FREE;
	CHECK_EQ(vmap_space_validate(&space), 1);
	a->state = VMAP_TAKEN;
	give(a);
	a = space.root->left ? space.root->left : space.root->right;
	REQUIRE(a);
	priority = a->priority;
	a->priority = ~0U;
	CHECK_EQ(vmap_space_validate(&space), 1);
	a->priority = priority;
	give(b);
	space_end();
}
