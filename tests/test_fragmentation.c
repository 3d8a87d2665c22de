// SPDX-License-Identifier: MIT
/*
 * What single pages leave of large blocks: memory is filled with single pages, a random half is
 * freed, then in each of 100 rounds a random tenth is freed and as many allocated again. What is
 * free afterwards should be there as whole page blocks: at least 97 % of it.
 */
#include <linux/mm.h>
#include "mm/guard.h"
#include "tests/selftest.h"

#define PAGES	      4096UL	/* at scale=1 */
#define ROUNDS	      100
#define POINTER_ORDER (MAX_ORDER - 1)
#define PAGES_MAX     ((PAGE_SIZE << POINTER_ORDER) / sizeof(struct page *))

/* Swaps random pages to the end until `nr` of them stand there. */
static void shuffle_to_end(struct page **pages, unsigned long total, unsigned long nr)
{
	while (nr--) {
		unsigned long i = selftest_random_below(total--);

		swap(pages[i], pages[total]);
	}
}

static unsigned long free_some(struct page **pages, unsigned long total, unsigned long nr)
{
	shuffle_to_end(pages, total, nr);
	for (unsigned long i = total - nr; i < total; i++)
		__free_page(pages[i]);
	return total - nr;
}

static unsigned long alloc_some(struct page **pages, unsigned long total, unsigned long nr)
{
	while (nr-- && (pages[total] = alloc_page(GFP_KERNEL | __GFP_NOWARN)))
		total++;
	return total;
}

/* Is none of ours below it in its page block? */
static bool is_lowest(const struct page *page, unsigned long tag)
{
	const struct page *first = pfn_to_page(block_to_pfn(page_block(page)));

	while (first < page && first->private != tag)
		first++;
	return first == page;
}

/* Free pages in page blocks that hold one of ours: lost to larger requests. */
static unsigned long free_beside(struct page **pages, unsigned long total)
{
	unsigned long beside = 0, tag = (unsigned long)pages;

	for (unsigned long i = 0; i < total; i++)
		pages[i]->private = tag;
	for (unsigned long i = 0; i < total; i++)
		beside += is_lowest(pages[i], tag) ? page_block(pages[i])->nr_free : 0;
	return beside;
}

SELFTEST(fragmentation, single_pages_leave_large_blocks)
{
	unsigned long wanted = min(selftest_scaled(PAGES), PAGES_MAX), total, freed, beside;
	unsigned int order = (unsigned int)get_order(wanted * sizeof(struct page *));
	struct page **pages;

	if (guard_orders)
		SKIP("beside each page is its guard");
	if (nr_free_pages() < wanted * 2)
		SKIP("less than %lu free pages", wanted * 2);
	pages = (struct page **)__get_free_pages(GFP_KERNEL, order);
	REQUIRE(pages);
	wanted = alloc_some(pages, 0, wanted);
	total = free_some(pages, wanted, wanted / 2);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned long tenth = total / 10;

		total = free_some(pages, total, tenth);
		/* A CPU's cache is a small part of all that is freed, but not of so little. */
		drain_local_pages(NULL);
		total = alloc_some(pages, total, tenth);
	}
	drain_all_pages(NULL);
	freed = wanted - total;
	beside = free_beside(pages, total);
	printk("%lu pages free, %lu of them beside the %lu that are not\n", freed, beside, total);
	/* The last page block in part used, of a zone or two, is more than 3 % of a little. */
	CHECK(beside <= freed * 3 / 100 + 2 * PAGEBLOCK_PAGES);
	free_some(pages, total, total);
	free_pages((unsigned long)pages, order);
}
