// SPDX-License-Identifier: MIT
/* Shrinkers, direct reclaim, out-of-memory notifiers. */
#include <linux/oom.h>
#include "tests/shortage.h"
#include "tests/threads.h"

/* ---- How shrinkers are called ---- */

/* A shrinker of made-up objects. */
struct toy {
	struct shrinker shrinker;
	unsigned long nr;		/* objects */
	unsigned long scans, freed;	/* calls of scan, objects freed */
	unsigned long largest;		/* at once */
	unsigned int nodes;		/* bit n: called for node n */
	unsigned long (*instead)(struct toy *toy, struct shrink_control *sc);
};

static unsigned long toy_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct toy *toy = shrinker->private_data;

	toy->nodes |= BIT(sc->nid);
	return toy->nr ? toy->nr : SHRINK_EMPTY;
}

static unsigned long toy_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct toy *toy = shrinker->private_data;
	unsigned long freed = min(toy->nr, sc->nr_to_scan);

	toy->scans++;
	toy->largest = max(toy->largest, sc->nr_to_scan);
	if (toy->instead)
		return toy->instead(toy, sc);
	toy->nr -= freed;
	toy->freed += freed;
	return freed;
}

/* Until the nodes' own threads sleep: they call all shrinkers, and a toy has no lock. */
static void wait_for_kswapd(void)
{
	int nid;

	for_each_node_with_memory(nid) {
		struct node *node = nodes[nid];

		WAIT_UNTIL(!READ_ONCE(node->kswapd) ||
			   (!READ_ONCE(node->kswapd_wanted) &&
			    waitqueue_active(&node->kswapd_wait)));
	}
}

static void toy_register(struct toy *toy, unsigned long nr, int seeks, unsigned int flags)
{
	wait_for_kswapd();
	memset(toy, 0, sizeof(*toy));
	toy->nr = nr;
	toy->shrinker.count_objects = toy_count;
	toy->shrinker.scan_objects = toy_scan;
	toy->shrinker.private_data = toy;
	toy->shrinker.seeks = seeks;
	toy->shrinker.flags = flags;
	CHECK_EQ(register_shrinker(&toy->shrinker, "toy-%d", 1), 0);
}

/* One pass over all shrinkers, of whom the system has some, too: what this one freed. */
static unsigned long pass(struct toy *toy, gfp_t gfp, int priority)
{
	unsigned long before = toy->freed;

	shrink_node(first_memory_node, true, gfp, priority);
	return toy->freed - before;
}

SELFTEST(reclaim, pressure_is_by_priority_and_price)
{
	struct toy toy;

	toy_register(&toy, 4096, DEFAULT_SEEKS, 0);
	CHECK_EQ(pass(&toy, GFP_KERNEL, 12), 0);	/* two objects: too few for a batch */
	CHECK_EQ(toy.scans, 0);
	CHECK_EQ(pass(&toy, GFP_KERNEL, 4), 512);	/* 4096 >> 4, twice; two are owed still */
	CHECK_EQ(toy.scans, 4);
	CHECK_EQ(toy.largest, SHRINK_BATCH);
	unregister_shrinker(&toy.shrinker);

	toy_register(&toy, 4096, 4 * DEFAULT_SEEKS, 0);
	CHECK_EQ(pass(&toy, GFP_KERNEL, 4), 128);
	unregister_shrinker(&toy.shrinker);

	toy_register(&toy, 1024, 0, 0);		/* no price: half of them, at any priority */
	CHECK_EQ(pass(&toy, GFP_KERNEL, 12), 512);
	unregister_shrinker(&toy.shrinker);
}

SELFTEST(reclaim, the_last_pass_asks_for_everything)
{
	struct toy toy;

	toy_register(&toy, 1000, DEFAULT_SEEKS, 0);
	CHECK_EQ(pass(&toy, GFP_KERNEL, 0), 1000);
	CHECK_EQ(toy.nr, 0);
	CHECK_EQ(pass(&toy, GFP_KERNEL, 0), 0);	/* SHRINK_EMPTY is nothing, not very much */
	unregister_shrinker(&toy.shrinker);

	toy_register(&toy, 100, 8 * DEFAULT_SEEKS, 0);	/* dear, and fewer than a batch */
	CHECK_EQ(pass(&toy, GFP_KERNEL, 0), 100);
	unregister_shrinker(&toy.shrinker);
}

SELFTEST(reclaim, batch_sets_the_size_of_calls)
{
	struct toy toy;

	toy_register(&toy, 1000, DEFAULT_SEEKS, 0);
	toy.shrinker.batch = 300;
	CHECK_EQ(pass(&toy, GFP_KERNEL, 0), 1000);
	CHECK_EQ(toy.largest, 300);
	unregister_shrinker(&toy.shrinker);
}

static unsigned long stop(struct toy *toy, struct shrink_control *sc)
{
	return SHRINK_STOP;
}

SELFTEST(reclaim, shrink_stop_ends_and_defers)
{
	struct toy toy;

	toy_register(&toy, 1024, DEFAULT_SEEKS, 0);
	toy.instead = stop;
	CHECK_EQ(pass(&toy, GFP_KERNEL, 2), 0);
	CHECK_EQ(toy.scans, 1);
	toy.instead = NULL;
	CHECK_EQ(pass(&toy, GFP_KERNEL, 2), 1024);	/* 512 now and 512 that are owed */
	unregister_shrinker(&toy.shrinker);
}

static unsigned long look_only(struct toy *toy, struct shrink_control *sc)
{
	sc->nr_scanned = 2 * sc->nr_to_scan;
	return 0;
}

SELFTEST(reclaim, nr_scanned_counts_as_work)
{
	struct toy toy;

	toy_register(&toy, 1024, DEFAULT_SEEKS, 0);
	toy.instead = look_only;
	CHECK_EQ(pass(&toy, GFP_KERNEL, 1), 0);	/* 1024 to look at, 256 a call */
	CHECK_EQ(toy.scans, 4);
	unregister_shrinker(&toy.shrinker);
}

SELFTEST(reclaim, io_and_fs_shrinkers_are_skipped)
{
	struct toy plain, io, fs;

	toy_register(&plain, 1000, DEFAULT_SEEKS, 0);
	toy_register(&io, 1000, DEFAULT_SEEKS, SHRINKER_NEEDS_IO);
	toy_register(&fs, 1000, DEFAULT_SEEKS, SHRINKER_NEEDS_FS);
	pass(&plain, GFP_NOIO, 2);
	CHECK(plain.scans && !io.scans && !fs.scans);
	pass(&plain, GFP_NOFS, 2);
	CHECK(io.scans && !fs.scans);
	pass(&plain, GFP_KERNEL, 2);
	CHECK(fs.scans);
	CHECK_EQ(fs.nr, 0);			/* what they did not ask for was deferred */
	unregister_shrinker(&plain.shrinker);
	unregister_shrinker(&io.shrinker);
	unregister_shrinker(&fs.shrinker);
}

SELFTEST(reclaim, numa_aware_shrinkers_are_called_for_each_node)
{
	struct toy aware, plain;
	unsigned int all = 0;
	bool first = true;
	int nid;

	toy_register(&aware, 1000, DEFAULT_SEEKS, SHRINKER_NUMA_AWARE);
	toy_register(&plain, 1000, DEFAULT_SEEKS, 0);
	for_each_node_with_memory(nid) {
		shrink_node(nid, first, GFP_KERNEL, 12);
		first = false;
		all |= BIT(nid);
	}
	CHECK_EQ(aware.nodes, all);
	CHECK_EQ(plain.nodes, 1);
	unregister_shrinker(&aware.shrinker);
	unregister_shrinker(&plain.shrinker);
	pass(&plain, GFP_KERNEL, 0);
	CHECK_EQ(plain.nr, 1000);		/* it is not called any more */
}

SELFTEST(reclaim, shrinkers_can_have_memory_of_their_own)
{
	struct toy toy = { .nr = 100 };
	struct shrinker *shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE, "toy-%d", 1);

	REQUIRE(shrinker);
	CHECK_EQ(shrinker->seeks, DEFAULT_SEEKS);
	shrinker->count_objects = toy_count;
	shrinker->scan_objects = toy_scan;
	shrinker->private_data = &toy;
	CHECK_EQ(pass(&toy, GFP_KERNEL, 0), 0);	/* not yet */
	shrinker_register(shrinker);
	CHECK_EQ(pass(&toy, GFP_KERNEL, 0), 100);
	shrinker_free(shrinker);
	toy.nr = 100;
	CHECK_EQ(pass(&toy, GFP_KERNEL, 0), 0);
	shrinker_free(shrinker_alloc(0, "never registered"));
	shrinker_free(NULL);
}

/* ---- Unregistering while it runs ---- */

static struct completion inside, go_on;

static unsigned long linger(struct toy *toy, struct shrink_control *sc)
{
	complete(&inside);
	wait_for_completion(&go_on);
	return SHRINK_STOP;
}

static void one_pass(void *arg)
{
	unsigned int added = memalloc_noreclaim_save();

	pass(arg, GFP_KERNEL, 0);
	memalloc_noreclaim_restore(added);
}

static void unregister(void *arg)
{
	struct toy *toy = arg;

	unregister_shrinker(&toy->shrinker);
	WRITE_ONCE(toy->nr, 0);
}

SELFTEST(reclaim, unregistering_waits_for_callers)
{
	struct test_thread walker, leaver;
	static struct toy toy, other;

	init_completion(&inside);
	init_completion(&go_on);
	toy_register(&toy, 1000, DEFAULT_SEEKS, 0);
	toy_register(&other, 1000, DEFAULT_SEEKS, 0);
	toy.instead = linger;
	test_thread_start(&walker, ANY_CPU, one_pass, &toy);
	wait_for_completion(&inside);
	test_thread_start(&leaver, ANY_CPU, unregister, &toy);
	WAIT_UNTIL(!(READ_ONCE(toy.shrinker.flags) & SHRINKER_REGISTERED));
	msleep(3);
	CHECK_EQ(READ_ONCE(toy.nr), 1000);	/* it still waits */
	complete(&go_on);
	test_thread_join(&walker);
	test_thread_join(&leaver);
	CHECK_EQ(READ_ONCE(toy.nr), 0);
	CHECK_EQ(other.nr, 0);			/* the walker found its way on */
	unregister_shrinker(&other.shrinker);
}

/* ---- Direct reclaim ---- */

/* The node's own thread stays asleep, as it would call the shrinkers at the same time. */
#define UNAIDED (GFP_KERNEL & ~__GFP_KSWAPD_RECLAIM)

/* A shrinker that allocates gets the reserves and is not called from within itself. */
static struct shortage *the_shortage;
static unsigned int depth, deepest;

static unsigned long allocate_inside(struct toy *toy, struct shrink_control *sc)
{
	struct page *page;

	deepest = max(deepest, ++depth);
	page = shortage_alloc(the_shortage, UNAIDED, 0);
	CHECK(page != NULL);
	if (page)
		__free_page(page);
	depth--;
	toy->nr = 0;
	return 0;
}

SELFTEST(reclaim, does_not_recurse_and_may_use_the_reserves)
{
	struct shortage s;
	struct toy toy;

	if (!shortage_begin(&s, SHORT_MIN))
		SKIP("no zone is large enough");
	the_shortage = &s;
	depth = deepest = 0;
	toy_register(&toy, 100, DEFAULT_SEEKS, 0);
	toy.instead = allocate_inside;
	CHECK(!shortage_alloc(&s, UNAIDED, 0));
	CHECK_EQ(deepest, 1);
	CHECK(!(current->flags & PF_MEMALLOC));
	unregister_shrinker(&toy.shrinker);
	shortage_end(&s);
}

/* What a shrinker frees into the CPU's cache is seen where the request looks. */
static struct page *to_be_freed;

static unsigned long free_one(struct toy *toy, struct shrink_control *sc)
{
	if (to_be_freed)
		__free_page(to_be_freed);
	to_be_freed = NULL;
	toy->nr = 0;
	return 1;
}

SELFTEST(reclaim, what_shrinkers_free_does_not_stay_in_the_cpus_cache)
{
	struct alloc_request request = { .gfp = GFP_KERNEL, .nid = numa_node_id() };
	struct zone *zone;
	struct toy toy;

	toy_register(&toy, 1, 0, 0);
	toy.instead = free_one;
	to_be_freed = alloc_page(GFP_KERNEL);
	REQUIRE(to_be_freed);
	zone = page_zone(to_be_freed);
	drain_all_pages(NULL);
	CHECK(try_to_free_pages(&request, WMARK_MIN) > 0);
	CHECK(!to_be_freed);
	CHECK_EQ(pcp_count(zone), 0);
	unregister_shrinker(&toy.shrinker);
}

/* So GFP_KERNEL of code that it calls is no misuse, either. */
SELFTEST(reclaim, a_limited_thread_may_allocate_where_it_cannot_sleep)
{
	unsigned int limits = memalloc_flags_save(PF_MEMALLOC_NORECLAIM);
	struct page *page;

	preempt_disable();
	page = (alloc_pages)(GFP_KERNEL | __GFP_COLD | __GFP_NOWARN, 0);
	preempt_enable();
	memalloc_flags_restore(limits);
	if (page)
		__free_page(page);
}

SELFTEST(reclaim, threads_can_limit_their_requests)
{
	struct larder io, fs;
	struct shortage s;
	unsigned int outer, inner;

	if (!shortage_begin(&s, SHORT_MIN + 2))
		SKIP("no zone is large enough");
	larder_open(&io, SHRINKER_NEEDS_IO);
	larder_open(&fs, SHRINKER_NEEDS_FS);
	larder_fill(&io, &s, 1);
	larder_fill(&fs, &s, 1);
	outer = memalloc_flags_save(PF_MEMALLOC_NORECLAIM);
	CHECK_EQ(shortage_count(&s, __GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_FS), 0);
	CHECK(!io.scans && !fs.scans);
	memalloc_flags_restore(outer);
	outer = memalloc_nofs_save();
	inner = memalloc_noio_save();
	CHECK_EQ(shortage_count(&s, __GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_FS), 0);
	CHECK(!io.scans && !fs.scans);
	memalloc_noio_restore(inner);
	CHECK_EQ(shortage_count(&s, __GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_FS), 1);
	CHECK(io.scans && !fs.scans);
	memalloc_nofs_restore(outer);
	CHECK_EQ(shortage_count(&s, __GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_FS), 2);
	CHECK(fs.scans);
	outer = memalloc_noreclaim_save();
	CHECK_EQ(shortage_count(&s, __GFP_DIRECT_RECLAIM), SHORT_MIN + 2);
	memalloc_noreclaim_restore(outer);
	larder_close(&io);
	larder_close(&fs);
	shortage_end(&s);
}

/* ---- Out of memory ---- */

static struct larder *spare;	/* what the notifier gives up */
static char order_of_calls[8];

static int give_up(struct notifier_block *nb, unsigned long action, void *data)
{
	struct shrink_control sc = { .nr_to_scan = 1 };
	unsigned long *freed = data;

	CHECK_EQ(action, 0);
	order_of_calls[strlen(order_of_calls)] = 'b';
	*freed += larder_scan(&spare->shrinker, &sc);
	return NOTIFY_OK;
}

static int come_first(struct notifier_block *nb, unsigned long action, void *data)
{
	order_of_calls[strlen(order_of_calls)] = 'a';
	return NOTIFY_DONE;
}

static struct notifier_block second = { .notifier_call = give_up };
static struct notifier_block first = { .notifier_call = come_first, .priority = 1 };

SELFTEST(reclaim, oom_notifiers_come_last)
{
	static struct larder cache, hidden;
	struct shortage s;

	if (!shortage_begin(&s, SHORT_MIN + 2))
		SKIP("no zone is large enough");
	memset(order_of_calls, 0, sizeof(order_of_calls));
	larder_open(&cache, 0);
	larder_open(&hidden, 0);
	unregister_shrinker(&hidden.shrinker);
	spare = &hidden;
	larder_fill(&cache, &s, 1);
	larder_fill(&hidden, &s, 1);
	CHECK_EQ(register_oom_notifier(&second), 0);
	CHECK_EQ(register_oom_notifier(&first), 0);
	CHECK_EQ(register_oom_notifier(&first), -EEXIST);
	/* The cache's page is had without them; then they are asked; then all is gone. */
	shortage_take(&s, shortage_alloc(&s, UNAIDED, 0));
	CHECK_STR(order_of_calls, "");
	CHECK(!shortage_alloc(&s, __GFP_DIRECT_RECLAIM, 0));
	CHECK(!shortage_alloc(&s, __GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_FS | __GFP_NORETRY, 0));
	CHECK_STR(order_of_calls, "");		/* not for NOIO, nor for who may fail */
	shortage_take(&s, shortage_alloc(&s, __GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_FS, 0));
	CHECK_STR(order_of_calls, "ab");
	CHECK(!shortage_alloc(&s, __GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_FS, 0));
	CHECK_STR(order_of_calls, "abab");
	CHECK_EQ(unregister_oom_notifier(&first), 0);
	CHECK_EQ(unregister_oom_notifier(&second), 0);
	CHECK_EQ(unregister_oom_notifier(&second), -ENOENT);
	larder_close(&cache);
	shortage_end(&s);
}

SELFTEST(reclaim, nobody_gives_up_memory_for_what_cannot_be)
{
	nodemask_t none = NODE_MASK_NONE;

	memset(order_of_calls, 0, sizeof(order_of_calls));
	CHECK_EQ(register_oom_notifier(&first), 0);
	CHECK(!__alloc_pages(GFP_KERNEL | __GFP_NOWARN, 0, NUMA_NO_NODE, &none));
	CHECK_STR(order_of_calls, "");
	CHECK_EQ(unregister_oom_notifier(&first), 0);
}

/* ---- kswapd ---- */

SELFTEST(reclaim, kswapd_wakes_at_low_and_sleeps_at_high)
{
	static struct larder cache;
	struct shortage s;
	struct node *node;
	unsigned long runs;

	if (!shortage_begin(&s, 7 * SHORT_MIN))
		SKIP("no zone is large enough");
	node = nodes[s.zone->nid];
	WAIT_UNTIL(wq_has_sleeper(&node->kswapd_wait));	/* it may still be at an earlier shortage */
	larder_open(&cache, 0);
	cache.shrinker.batch = 4;
	larder_fill(&cache, &s, 3 * SHORT_MIN);
	shortage_leave(&s, 2 * SHORT_MIN + 1);	/* just above low */
	runs = READ_ONCE(node->kswapd_runs);
	shortage_take(&s, shortage_alloc(&s, GFP_NOWAIT, 0));
	CHECK_EQ(READ_ONCE(node->kswapd_runs), runs);
	CHECK_EQ(cache.counts, 0);
	shortage_take(&s, shortage_alloc(&s, GFP_NOWAIT & ~__GFP_RECLAIM, 0));
	CHECK_EQ(READ_ONCE(node->kswapd_runs), runs);
	shortage_take(&s, shortage_alloc(&s, GFP_NOWAIT, 0));
	WAIT_UNTIL(zone_listed_pages(s.zone) > 3 * SHORT_MIN);
	WAIT_UNTIL(READ_ONCE(node->kswapd_runs) > runs);	/* counted when it is through */
	CHECK(cache.nr > 0);			/* it took what it needed, not all */
	larder_close(&cache);
	shortage_end(&s);
}
