// SPDX-License-Identifier: MIT
/*
 * The page allocator beside a naive one: the same operations, the states compared.
 *
 * The naive one has a list of the blocks that are allocated, and for one small zone a map with a
 * byte for each page; it finds everything by looking at all of it. What it says must be so:
 *
 *  - a new block is in the zones its flags allow, aligned, and touches no other one;
 *  - an allocation in the small zone fails just when the map has no free block of that size;
 *  - orders, references and the number of free pages are what the list says;
 *  - when all caches are drained, the free blocks of the small zone are the largest that the
 *    map allows, by order: everything is merged, nothing is merged wrongly.
 *
 * 10 million steps: scale=500. The runner prints the seed.
 */
#include <linux/mm.h>
#include <linux/highmem.h>
#include "kernel/kernel.h"
#include "mm/census.h"
#include "mm/internal.h"
#include "mm/section.h"
#include "mm/stack_depot.h"
#include "tests/selftest.h"
#include "tests/threads.h"

#define STEPS	    20000	/* of a model, at scale=1 */
#define LIVE_MAX    192		/* blocks at once */
#define COUNT_EVERY 64		/* steps between two comparisons of counts */
#define DRAIN_EVERY 2048	/* ... of everything */

struct live {
	struct page *page;
	unsigned int order, refs;
	bool comp;
	u64 mark;			/* in its first and last word, if it has an address */
};

struct model {
	struct zone *zone;		/* the only one that is asked; NULL: any */
	u8 *map;			/* of its pages: 1 is free; NULL: none is kept */
	gfp_t gfp;
	unsigned int max_order;
	u64 random;
	unsigned int nr;		/* in the list */
	struct live list[LIVE_MAX];
	unsigned long pages;		/* in all of them */
	unsigned long allocations, failures, wrong;
};

static unsigned long below(struct model *model, unsigned long n)
{
	return (unsigned long)(((unsigned __int128)selftest_random_step(&model->random) * n) >> 64);
}

/* Counts what is wrong; the first few are told by CHECK. */
#define EXPECT(cond) do { \
	if (!(cond)) { \
		model->wrong++; \
		CHECK(cond); \
	} \
} while (0)

/* ---- The naive allocator ---- */

static void map_set(struct model *model, const struct page *page, unsigned int order, u8 value)
{
	if (model->map)
		memset(model->map + page_to_pfn(page) - model->zone->start_pfn, value,
		       1UL << order);
}

static bool map_has(const struct model *model, unsigned long pfn, unsigned int order)
{
	const struct zone *zone = model->zone;

	return pfn >= zone->start_pfn && pfn + (1UL << order) <= zone->end_pfn &&
	       !memchr_inv(model->map + pfn - zone->start_pfn, 1, 1UL << order);
}

/* The first free block of that order or larger. */
static bool map_can_serve(const struct model *model, unsigned int order)
{
	unsigned long pfn = ALIGN(model->zone->start_pfn, 1UL << order);

	for (; pfn < model->zone->end_pfn; pfn += 1UL << order)
		if (map_has(model, pfn, order))
			return true;
	return false;
}

/* Free blocks by order, each as large as it can be. */
static void map_count(const struct model *model, unsigned long counts[MAX_ORDER])
{
	unsigned long pfn = model->zone->start_pfn;

	memset(counts, 0, MAX_ORDER * sizeof(*counts));
	while (pfn < model->zone->end_pfn) {
		unsigned int order = MAX_ORDER;

		while (order-- > 0)
			if (IS_ALIGNED(pfn, 1UL << order) && map_has(model, pfn, order))
				break;
		if (order < MAX_ORDER)
			counts[order]++;
		pfn += order < MAX_ORDER ? 1UL << order : 1;
	}
}

static bool overlaps(const struct live *a, const struct live *b)
{
	return a->page < b->page + (1UL << b->order) && b->page < a->page + (1UL << a->order);
}

/* ---- Marks: two owners of one page would see each other ---- */

static u64 *mark_place(const struct live *live, bool last)
{
	u64 *words = page_address(live->page);

	return last ? words + (PAGE_SIZE / sizeof(u64) << live->order) - 1 : words;
}

static void set_mark(struct model *model, struct live *live)
{
	if (PageHighMem(live->page))
		return;
	live->mark = selftest_random_step(&model->random);
	*mark_place(live, false) = *mark_place(live, true) = live->mark;
}

static void check_mark(struct model *model, const struct live *live)
{
	if (PageHighMem(live->page))
		return;
	EXPECT(*mark_place(live, false) == live->mark);
	EXPECT(*mark_place(live, true) == live->mark);
}

/* ---- Operations ---- */

static void add(struct model *model, struct page *page, unsigned int order, bool comp)
{
	struct live *live = &model->list[model->nr++];

	*live = (struct live){ .page = page, .order = order, .refs = 1, .comp = comp };
	model->pages += 1UL << order;
	map_set(model, page, order, 0);
	set_mark(model, live);
}

static void forget(struct model *model, struct live *live)
{
	model->pages -= 1UL << live->order;
	map_set(model, live->page, live->order, 1);
	*live = model->list[--model->nr];
}

static gfp_t random_gfp(struct model *model)
{
	static const gfp_t kinds[] = { 0, 0, 0, __GFP_MOVABLE, __GFP_RECLAIMABLE, __GFP_COMP,
				       __GFP_COLD, __GFP_HARDWALL, __GFP_ZERO, __GFP_HIGHMEM };
	gfp_t gfp = model->gfp | kinds[below(model, ARRAY_SIZE(kinds))] | __GFP_NOWARN;

	return model->zone ? gfp & ~__GFP_HIGHMEM : gfp;
}

static void check_new(struct model *model, const struct live *block, gfp_t gfp)
{
	EXPECT(IS_ALIGNED(page_to_pfn(block->page), 1UL << block->order));
	EXPECT(page_count(block->page) == 1);
	EXPECT(page_zonenum(block->page) <= gfp_zone(gfp));
	EXPECT(!model->zone || page_zone(block->page) == model->zone);
	EXPECT(!model->map || map_has(model, page_to_pfn(block->page), block->order));
	for (unsigned int i = 0; i < model->nr; i++)
		EXPECT(!overlaps(block, &model->list[i]));
}

static void do_alloc(struct model *model)
{
	unsigned int order = (unsigned int)below(model, below(model, model->max_order + 1) + 1);
	gfp_t gfp = random_gfp(model);
	struct page *page;

	if (model->nr == LIVE_MAX)
		return;
	page = alloc_pages(gfp, order);
	model->allocations++;
	if (!page) {
		model->failures++;
		EXPECT(!model->map || !map_can_serve(model, order));
		return;
	}
	check_new(model, &(struct live){ .page = page, .order = order }, gfp);
	add(model, page, order, (gfp & __GFP_COMP) && order);
}

static void do_free(struct model *model, struct live *live)
{
	struct page *page = live->page;

	check_mark(model, live);
	if (live->refs == 1) {
		unsigned int order = live->order;

		if (live->comp && below(model, 2))
			put_page(page + below(model, 1UL << order));
		else
			__free_pages(page, order);
		forget(model, live);
		return;
	}
	live->refs--;
	if (live->comp || !live->order || below(model, 2)) {
		put_page(page);
		return;
	}
	/* The owner lets go of a plain block: only the first page stays. */
	__free_pages(page, live->order);
	model->pages -= (1UL << live->order) - 1;
	map_set(model, page, live->order, 1);
	map_set(model, page, 0, 0);
	live->order = 0;
	set_mark(model, live);
}

static void do_get(struct model *model, struct live *live)
{
	if (live->refs > 5)
		return;
	live->refs++;
	if (below(model, 2) || live->refs == 2)	/* one with a single owner may not be found */
		get_page(live->page);
	else
		EXPECT(get_page_unless_zero(live->page));
}

static void do_split(struct model *model, struct live *live)
{
	unsigned int order = live->order;
	struct page *page = live->page;

	if (live->comp || live->refs > 1 || order > 4 || model->nr + (1U << order) > LIVE_MAX)
		return;
	check_mark(model, live);
	split_page(page, order);
	forget(model, live);
	for (unsigned int i = 0; i < 1U << order; i++)
		add(model, page + i, 0, false);
}

static void step(struct model *model)
{
	struct live *live = model->nr ? &model->list[below(model, model->nr)] : NULL;
	unsigned long choice = below(model, 100);

	if (!live || choice < 50)
		do_alloc(model);
	else if (choice < 88)
		do_free(model, live);
	else if (choice < 94)
		do_get(model, live);
	else if (choice < 99)
		do_split(model, live);
	else
		drain_local_pages(NULL);
}

/* ---- Comparing ---- */

static void compare_list(struct model *model)
{
	for (unsigned int i = 0; i < model->nr; i++) {
		const struct live *live = &model->list[i];
		const struct page *inside = live->page + below(model, 1UL << live->order);

		EXPECT(live->page->state == PAGE_USED);
		EXPECT(live->page->order == live->order);
		EXPECT((unsigned int)page_count(live->page) == live->refs);
		EXPECT(page_block_head(inside) == live->page);
		EXPECT(compound_head(inside) == (live->comp ? live->page : inside));
		check_mark(model, live);
	}
}

static void compare_merged(struct model *model)
{
	unsigned long naive[MAX_ORDER];

	if (!model->map)
		return;
	drain_all_pages(NULL);
	map_count(model, naive);
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		EXPECT(buddy_count(model->zone, order) == naive[order]);
}

static void free_all(struct model *model)
{
	while (model->nr) {
		while (model->list[0].refs > 1) {
			put_page(model->list[0].page);
			model->list[0].refs--;
		}
		do_free(model, &model->list[0]);
	}
}

/* What page_owner=on takes for its books is as good as free. */
static unsigned long count_free(void)
{
	return nr_free_pages() + depot_nr_pages();
}

static void run(struct model *model, unsigned long steps, bool alone)
{
	unsigned long before = count_free();

	for (unsigned long i = 1; i <= steps && model->wrong < 10; i++) {
		step(model);
		if (alone && i % COUNT_EVERY == 0)
			EXPECT(before - count_free() == model->pages);
		if (i % DRAIN_EVERY == 0) {
			compare_list(model);
			compare_merged(model);
			cond_resched();
		}
	}
	free_all(model);
	compare_merged(model);
}

/* ---- The cases ---- */

static struct model models[4];	/* one for each thread that runs one */

static struct model *fresh_model(unsigned int i, gfp_t gfp, unsigned int max_order)
{
	models[i] = (struct model){ .gfp = gfp, .max_order = max_order };
	models[i].random = selftest_random() | 1;
	return &models[i];
}

/* All its pages in the lists, and each page's byte. */
static void fill_map(struct model *model)
{
	struct zone *zone = model->zone;
	unsigned long flags;

	drain_all_pages(NULL);
	spin_lock_irqsave(&zone->lock, flags);
	while (section_grow(zone))
		;
	spin_unlock_irqrestore(&zone->lock, flags);
	for (unsigned long pfn = zone->start_pfn; pfn < zone->end_pfn; pfn++) {
		struct page *head = NULL;

		if (pfn_valid(pfn) && page_zone(pfn_to_page(pfn)) == zone)
			head = page_block_head(pfn_to_page(pfn));
		model->map[pfn - zone->start_pfn] = head && head->state == PAGE_FREE;
	}
}

SELFTEST(page_model, a_full_zone_agrees_with_a_naive_allocator)
{
	struct zone *zone = node_zone(numa_node_id(), ZONE_DMA);
	unsigned int order = get_order(SZ_16M >> PAGE_SHIFT);
	struct model *model;
	struct page *map;

	if (!zone || zone_free_pages(zone) < 64)
		SKIP("no free DMA memory on this node");
	map = alloc_pages_node(numa_node_id(), GFP_HIGHUSER & ~__GFP_HIGHMEM, order);
	REQUIRE(map);
	model = fresh_model(0, GFP_KERNEL | __GFP_DMA | __GFP_MEMALLOC | __GFP_NORETRY |
			       __GFP_THISNODE, MAX_ORDER - 1);
	model->zone = zone;
	model->map = page_address(map);
	fill_map(model);
	run(model, selftest_scaled(STEPS), true);
	CHECK_EQ(model->wrong, 0);
	printk("%lu allocations, %lu of them failed\n", model->allocations, model->failures);
	CHECK(model->failures);
	__free_pages(map, order);
}

SELFTEST(page_model, cached_blocks_agree_with_a_naive_allocator)
{
	unsigned long free = nr_free_pages();
	struct model *model;
	unsigned int order = 0;

	/* All of the list must fit: what the machine can do without. */
	while (order < MAX_ORDER - 1 && (unsigned long)LIVE_MAX << (order + 1) < free)
		order++;
	model = fresh_model(0, GFP_KERNEL, order);
	run(model, selftest_scaled(STEPS), true);
	CHECK_EQ(model->wrong, 0);
	printk("%lu allocations up to order %u, %lu of them failed\n", model->allocations, order,
	       model->failures);
}

static void run_one(void *model)
{
	run(model, selftest_scaled(STEPS) / 2, false);
}

SELFTEST(page_model, so_do_several_cpus_at_once)
{
	struct test_thread threads[ARRAY_SIZE(models)];
	unsigned int nr = min(num_online_cpus(), (unsigned int)ARRAY_SIZE(models));

	for (unsigned int i = 0; i < nr; i++)
		test_thread_start(&threads[i], test_cpu(i), run_one,
				  fresh_model(i, GFP_KERNEL, 3));
	for (unsigned int i = 0; i < nr; i++) {
		test_thread_join(&threads[i]);
		CHECK_EQ(models[i].wrong, 0);
	}
}
