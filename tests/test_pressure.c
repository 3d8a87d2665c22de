// SPDX-License-Identifier: MIT
/*
 * Memory past its end: threads with every mix of flags, and timer interrupts, allocate what
 * there is and more, for half a second, or scale= times that (make test-pressure: a minute).
 *
 * On a machine of up to SMALL_MACHINE all of memory is used up, on others one small zone. Each
 * thread takes blocks until it gets none or has as many as it may; then it gives some back. Those
 * that cannot fail, and those that may take the last pages, have few, so that it is always
 * somebody else's turn to give. A cache with a shrinker gets pages, too.
 *
 * What must come out: nobody stands still; GFP_ATOMIC was served from the reserve, below where
 * GFP_KERNEL ends; NOFAIL never got NULL; and when all is given back each zone has the same
 * blocks of each order as before.
 */
#include <linux/timer.h>
#include "mm/census.h"
#include "mm/fault.h"
#include "mm/section.h"
#include "tests/shortage.h"
#include "tests/threads.h"

#define SMALL_MACHINE (96UL << 20 >> PAGE_SHIFT)
#define SMALL_ZONE    (32UL << 20 >> PAGE_SHIFT)
#define ALL	      ~0UL

struct mix {
	const char *name;
	gfp_t gfp;
	unsigned int orders;	/* below that */
	unsigned long most;	/* pages it holds at a time */
};

static const struct mix mixes[] = {
	{ "KERNEL", GFP_KERNEL, 4, ALL },
	{ "KERNEL, small", GFP_KERNEL, 1, ALL },
	{ "ATOMIC", GFP_ATOMIC, 2, ALL },
	{ "NOWAIT", GFP_NOWAIT, 4, ALL },
	{ "NOIO", GFP_NOIO, 2, ALL },
	{ "NOFS", GFP_NOFS, 2, ALL },
	{ "HIGHUSER_MOVABLE", GFP_HIGHUSER_MOVABLE, 4, ALL },
	{ "RECLAIMABLE", GFP_KERNEL | __GFP_RECLAIMABLE, 3, ALL },
	{ "HIGH", GFP_KERNEL | __GFP_HIGH, 1, 256 },
	{ "NORETRY", GFP_KERNEL | __GFP_NORETRY, 10, ALL },
	{ "RETRY_MAYFAIL", GFP_KERNEL | __GFP_RETRY_MAYFAIL, 1, 64 },
	{ "NOMEMALLOC", GFP_ATOMIC | __GFP_NOMEMALLOC, 1, ALL },
	{ "MEMALLOC", GFP_NOWAIT | __GFP_MEMALLOC, 1, 8 },
	{ "NOFAIL", GFP_KERNEL | __GFP_NOFAIL, 1, 16 },
	{ "NOFAIL, NOFS", GFP_NOFS | __GFP_NOFAIL, 1, 16 },
};

struct worker {
	const struct mix *mix;
	struct test_thread thread;
	struct page *pages;		/* linked by private */
	unsigned long held, got, failed;
	unsigned long below_min;	/* served where GFP_KERNEL would not be */
	u64 random;
};

static struct worker workers[ARRAY_SIZE(mixes)];
static struct larder cache;
static gfp_t only;			/* flags added to all, GFP_ZONEMASK taken off; 0: none */
static int only_nid;
static struct completion begin, finish;
static atomic_t nr_done;
static bool stop;

static unsigned long random_below(struct worker *w, unsigned long n)
{
	w->random = w->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (w->random >> 33) % n;
}

static gfp_t flags_of(const struct worker *w)
{
	gfp_t gfp = w->mix->gfp | __GFP_NOWARN;

	return only ? (gfp & ~(__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM)) | only : gfp;
}

static bool kernel_is_served(const struct worker *w)
{
	struct alloc_request req = { .gfp = flags_of(w), .nid = only_nid };

	return request_fits(&req, WMARK_MIN);
}

static bool take(struct worker *w)
{
	unsigned int order = (unsigned int)random_below(w, w->mix->orders);
	bool served = kernel_is_served(w);
	struct page *page;

	if (w->held + (1UL << order) > w->mix->most)
		return false;
	page = alloc_pages_node(only_nid, flags_of(w), order);
	if (!page) {
		WRITE_ONCE(w->failed, w->failed + 1);
		CHECK(!(w->mix->gfp & __GFP_NOFAIL));
		return false;
	}
	WRITE_ONCE(w->below_min, w->below_min + !served);
	WRITE_ONCE(w->got, w->got + 1);
	if (!order && in_task() && !random_below(w, 16)) {
		larder_put(&cache, page);
		return true;
	}
	set_page_private(page, (unsigned long)w->pages);
	w->pages = page;
	w->held += 1UL << order;
	return true;
}

static void give(struct worker *w, unsigned long leave)
{
	struct page *page;

	while (w->held > leave && (page = w->pages)) {
		w->pages = (struct page *)page_private(page);
		w->held -= 1UL << page->order;
		__free_pages(page, page->order);
	}
}

static void work(void *arg)
{
	struct worker *w = arg;

	wait_for_completion(&begin);	/* until all threads have their stacks */
	while (!READ_ONCE(stop)) {
		if (!take(w))
			give(w, w->held ? random_below(w, w->held) : 0);
		cond_resched();
	}
	give(w, 0);
	atomic_inc(&nr_done);
	wait_for_completion(&finish);	/* with its stack, which lies where others would merge */
}

/* ---- In interrupts ---- */

static struct worker in_irq;
static struct timer_list ticker;
static const struct mix irq_mix = { "ATOMIC, in interrupts", GFP_ATOMIC, 1, 32 };

static void tick(struct timer_list *timer)
{
	if (!take(&in_irq))
		give(&in_irq, 0);
	if (!READ_ONCE(stop))
		mod_timer(timer, jiffies + 1);
}

/* ---- The run ---- */

/* Free blocks of each order and zone, once nothing is pristine: what must come back. */
static unsigned long blocks_before[64][MAX_ORDER];

static void bring_to_life(struct zone *zone)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	while (section_grow(zone))
		;
	spin_unlock_irqrestore(&zone->lock, flags);
}

static void count_blocks(bool compare)
{
	unsigned int nr = 0;
	struct zone *zone;

	drain_all_pages(NULL);
	for_each_zone(zone) {
		if (only && zone != shortage_zone())
			continue;
		bring_to_life(zone);
		for (unsigned int order = 0; order < MAX_ORDER; order++) {
			unsigned long flags, count;

			spin_lock_irqsave(&zone->lock, flags);
			count = buddy_count(zone, order);
			spin_unlock_irqrestore(&zone->lock, flags);
			if (compare)
				CHECK_EQ(count, blocks_before[nr][order]);
			blocks_before[nr][order] = count;
		}
		nr++;
	}
}

/* All of a small machine, or one small zone; false if there is neither. */
static bool choose_memory(void)
{
	static const gfp_t kinds[] = { __GFP_DMA, __GFP_DMA32, 0, __GFP_HIGHMEM };
	struct zone *zone = shortage_zone();

	only = 0;
	only_nid = numa_node_id();
	if (totalram_pages() <= SMALL_MACHINE)
		return zone;
	if (!zone || zone->managed > SMALL_ZONE)
		return false;
	only = kinds[zone->idx] | __GFP_THISNODE;
	only_nid = zone->nid;
	return true;
}

static void start(struct worker *w, const struct mix *mix)
{
	memset(w, 0, sizeof(*w));
	w->mix = mix;
	w->random = selftest_random();
}

static void show(const struct worker *w)
{
	printk("%-24s served:%lu below min:%lu failed:%lu\n", w->mix->name, w->got, w->below_min,
	       w->failed);
}

SELFTEST(pressure, every_mix_of_flags_past_the_end_of_memory)
{
	if (!choose_memory())
		SKIP("no small zone, and too much memory to use up");
	if (!fault_is_off())
		SKIP("there are failures enough without those on purpose");
	stop = false;
	atomic_set(&nr_done, 0);
	init_completion(&begin);
	init_completion(&finish);
	larder_open(&cache, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(mixes); i++) {
		start(&workers[i], &mixes[i]);
		test_thread_start(&workers[i].thread, ANY_CPU, work, &workers[i]);
	}
	count_blocks(false);
	complete_all(&begin);
	start(&in_irq, &irq_mix);
	timer_setup(&ticker, tick, 0);
	mod_timer(&ticker, jiffies + 1);
	msleep(500 * selftest_scaled(1));
	/* However slow the machine: each had its turn, and the reserve was needed. */
	for (unsigned int i = 0; i < ARRAY_SIZE(mixes); i++)
		WAIT_UNTIL(READ_ONCE(workers[i].got));
	WAIT_UNTIL(READ_ONCE(workers[2].below_min));
	WRITE_ONCE(stop, true);
	WAIT_UNTIL(atomic_read(&nr_done) == ARRAY_SIZE(mixes));
	timer_delete_sync(&ticker);
	give(&in_irq, 0);
	larder_close(&cache);
	CHECK_EQ(nr_page_waiters, 0);
	count_blocks(true);
	complete_all(&finish);
	for (unsigned int i = 0; i < ARRAY_SIZE(mixes); i++) {
		test_thread_join(&workers[i].thread);
		show(&workers[i]);
	}
	show(&in_irq);
}
