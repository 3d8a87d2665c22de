/* SPDX-License-Identifier: MIT */
/*
 * How much of the free memory is left in large pieces when small ones were taken and given
 * back in random order for long. Linux's API only.
 *
 * All memory is filled with single pages and a random half of them given back. Then, ROUNDS
 * times, a random tenth of what lives is freed and as many pages are allocated again. Then as
 * many blocks of 2 MiB as there are, are taken: their share in the free memory, in thousandths,
 * is the result. What is free beside them is counted by taking it as well, page by page. No
 * reclaim, no compaction: the flags forbid both.
 *
 * Beside it, what describes a page takes: `page bytes=`.
 *
 * The page pointers live in blocks of the largest order.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include "bench.h"

#define ROUNDS	      100
#define LARGE_ORDER   9
#define TABLE_ORDER   9
#define TABLE_ENTRIES ((PAGE_SIZE << TABLE_ORDER) / sizeof(void *))
#define MAX_TABLES    64	/* for 64 GiB */
#define FLAGS	      ((GFP_HIGHUSER | __GFP_NORETRY | __GFP_NOWARN) & ~__GFP_RECLAIM)

static struct page **tables[MAX_TABLES];
static unsigned long nr_tables, nr_live;

static struct page **slot(unsigned long i)
{
	return &tables[i / TABLE_ENTRIES][i % TABLE_ENTRIES];
}

/* A table for each 1 GiB; what memory lies beyond them stays untouched. */
static bool make_tables(void)
{
	unsigned long wanted = DIV_ROUND_UP(totalram_pages(), TABLE_ENTRIES);

	for (nr_tables = 0; nr_tables < wanted && nr_tables < MAX_TABLES; nr_tables++) {
		tables[nr_tables] = (void *)__get_free_pages(GFP_KERNEL, TABLE_ORDER);
		if (!tables[nr_tables])
			return false;
	}
	return true;
}

static void free_tables(void)
{
	while (nr_tables)
		free_pages((unsigned long)tables[--nr_tables], TABLE_ORDER);
}

static bool take(unsigned int order)
{
	struct page *page;

	if (nr_live == nr_tables * TABLE_ENTRIES)
		return false;
	page = alloc_pages(FLAGS, order);
	if (!page)
		return false;
	*slot(nr_live++) = page;
	return true;
}

static unsigned long take_all(unsigned int order)
{
	unsigned long before = nr_live;

	while (take(order))
		if (!(nr_live % 4096))
			cond_resched();
	return nr_live - before;
}

static void give_random(unsigned long nr)
{
	while (nr--) {
		struct page **chosen = slot(bench_random(nr_live));

		__free_page(*chosen);
		*chosen = *slot(--nr_live);
	}
	cond_resched();
}

static void give_last(unsigned long nr, unsigned int order)
{
	while (nr--)
		__free_pages(*slot(--nr_live), order);
	cond_resched();
}

static void churn(void)
{
	unsigned long nr, i;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		nr = nr_live / 10;
		give_random(nr);
		for (i = 0; i < nr; i++)
			take(0);
	}
}

static void run_fragmentation(const struct bench_row *row)
{
	unsigned long large, small;

	nr_live = 0;
	take_all(0);
	give_random(nr_live / 2);
	churn();
	large = take_all(LARGE_ORDER);
	small = take_all(0);
	printk(KERN_INFO "bench: %s order9=%llu\n", row->name,
	       bench_each(1000ULL * (large << LARGE_ORDER), (large << LARGE_ORDER) + small));
	give_last(small, 0);
	give_last(large, LARGE_ORDER);
	give_last(nr_live, 0);
}

static void run_page(const struct bench_row *row)
{
	printk(KERN_INFO "bench: %s bytes=%zu\n", row->name, sizeof(struct page));
}

const struct bench_row bench_memory_rows[] = {
	{ "page", 0, NULL, NULL, NULL, NULL, NULL, run_page },
	{ "fragmentation", 0, make_tables, free_tables, NULL, NULL, NULL, run_fragmentation },
	{ }
};
