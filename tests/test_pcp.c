// SPDX-License-Identifier: MIT
/* Per-CPU caches of pages: what goes in and out, and what callers cannot break. */
#include <linux/irqflags.h>
#include <linux/smp.h>
#include "mm/fault.h"
#include "mm/guard.h"
#include "mm/pcp.h"
#include "tests/selftest.h"
#include "tests/threads.h"

/* This CPU's stack for plain kernel requests; the one that is always empty if there is none. */
static struct cpu_stack *kernel_stack(unsigned int order)
{
	return this_cpu_read(pcp.by_gfp[GFP_KERNEL % GFP_KINDS][order]);
}

#define NEED_STACK(stack, order) \
	struct cpu_stack *stack = kernel_stack(order); \
	if (!stack->max) \
		SKIP("this machine's memory is too small for caches of order %d", order)

/* ---- In and out ---- */

SELFTEST(pcp, what_is_freed_last_comes_first)
{
	struct page *a, *b;

	NEED_STACK(stack, 0);
	a = alloc_page(GFP_KERNEL);
	b = alloc_page(GFP_KERNEL);
	REQUIRE(a && b);
	__free_page(a);
	__free_page(b);
	CHECK_EQ(b->state, PAGE_CACHED);
	CHECK_EQ(b->word, pcp_word(0));
	CHECK(stack->slot[stack->nr - 1] == b);
	CHECK(alloc_page(GFP_KERNEL) == b);
	CHECK(alloc_page(GFP_KERNEL) == a);
	CHECK_EQ(page_count(a), 1);
	__free_page(a);
	__free_page(b);
}

SELFTEST(pcp, every_order_is_cached_and_counted)
{
	for (unsigned int order = 0; order < PCP_ORDERS; order++) {
		unsigned long before = nr_free_pages();
		struct cpu_stack *stack = kernel_stack(order);
		struct page *page;

		if (!stack->max)
			continue;
		page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);
		if (!page)
			continue;
		CHECK_EQ(before - nr_free_pages(), 1UL << order);
		__free_pages(page, order);
		CHECK_EQ(nr_free_pages(), before);
		CHECK(stack->nr > 0);
		CHECK(alloc_pages(GFP_KERNEL, order) == page);
		__free_pages(page, order);
	}
}

/* A visit to the zone brings a batch, and takes one back. */
SELFTEST(pcp, batches_go_to_and_from_the_zone)
{
	static struct page *pages[1024];
	struct zone *zone;
	unsigned int i, nr;

	NEED_STACK(stack, 0);
	if (guard_orders)
		SKIP("pages with guards do not come in batches");
	drain_local_pages(NULL);
	CHECK_EQ(stack->nr, 0);
	pages[0] = alloc_page(GFP_KERNEL);
	REQUIRE(pages[0]);
	zone = page_zone(pages[0]);
	if (zone->nr_free + zone->nr_pristine > zone->managed / 8)
		CHECK_EQ(stack->nr, pcp_batch(stack) - 1);
	nr = min(stack->max + 1, (unsigned int)ARRAY_SIZE(pages));
	for (i = 1; i < nr; i++)
		REQUIRE((pages[i] = alloc_page(GFP_KERNEL)));
	for (i = 0; i < nr; i++)
		__free_page(pages[i]);
	CHECK(stack->nr <= stack->max);
	CHECK(stack->nr > 0);
	drain_local_pages(NULL);
	CHECK_EQ(stack->nr, 0);
}

SELFTEST(pcp, mobilities_do_not_mix)
{
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_KERNEL | __GFP_RECLAIMABLE,
				       GFP_KERNEL | __GFP_MOVABLE };
	struct page *pages[3];

	NEED_STACK(stack, 0);
	CHECK(stack->max);
	for (unsigned int i = 0; i < 3; i++)
		REQUIRE((pages[i] = alloc_page(kinds[i])));
	if (zone_managed_pages(page_zone(pages[0])) > 16 * PAGEBLOCK_PAGES)
		for (unsigned int i = 0; i < 3; i++)
			CHECK(page_block(pages[i]) != page_block(pages[(i + 1) % 3]));
	for (unsigned int i = 0; i < 3; i++)
		__free_page(pages[i]);
	for (unsigned int i = 0; i < 3; i++)
		CHECK(alloc_page(kinds[i]) == pages[i]);
	for (unsigned int i = 0; i < 3; i++)
		__free_page(pages[i]);
}

/* Full stacks of all orders, on all CPUs, are a small part of each zone. */
SELFTEST(pcp, caches_are_a_small_share_of_a_zone)
{
	struct zone *zone;

	for_each_zone(zone) {
		unsigned long most = 0;
		unsigned int cpu;

		for_each_online_cpu(cpu) {
			const struct pcp *cache = per_cpu_ptr(&pcp, cpu);
			unsigned int row = block_kind(zone->nid, zone->idx, 0) - cache->home;

			for (unsigned int o = 0; row < KINDS_OF_NODE && o < PCP_ORDERS; o++)
				for (unsigned int m = 0; m < (o < 9 ? NR_MOBILITY : 1); m++)
					most += (unsigned long)cache->by_kind[row + m][o]->max << o;
		}
		CHECK(most <= zone->managed / 16);
		if (zone->managed < 4096)
			CHECK_EQ(most, 0);
	}
}

SELFTEST(pcp, flags_at_odds_are_reported_each_time)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct page *page = (alloc_pages)(GFP_KERNEL | __GFP_MOVABLE |
						  __GFP_RECLAIMABLE, 0);

		selftest_expect_reports(1);
		REQUIRE(page);
		__free_page(page);
	}
}

/* ---- Other CPUs, other nodes ---- */

static void take_and_free(void *order)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, *(unsigned int *)order);

	if (page)
		__free_pages(page, *(unsigned int *)order);
}

SELFTEST(pcp, every_cpu_drains_when_asked)
{
	struct test_thread threads[8];
	unsigned int order = 0, nr = min(num_online_cpus(), 8u), cpu;
	struct zone *zone;

	for (unsigned int i = 0; i < nr; i++)
		test_thread_start(&threads[i], test_cpu(i), take_and_free, &order);
	for (unsigned int i = 0; i < nr; i++)
		test_thread_join(&threads[i]);
	drain_all_pages(NULL);
	/* Others may have freed something meanwhile; a whole batch they have not. */
	for_each_zone(zone)
		CHECK(pcp_count(zone) < 16 * num_online_cpus());
	for_each_online_cpu(cpu)
		CHECK(per_cpu(pcp, cpu).remote->nr < 16);
}

SELFTEST(pcp, pages_of_other_nodes_go_home)
{
	unsigned long before = nr_free_pages();
	int nid, home = cpu_to_mem((int)smp_processor_id());

	for_each_node_with_memory(nid) {
		struct page *pages[40];
		unsigned int nr = 0;

		if (nid == home)
			continue;
		for (; nr < ARRAY_SIZE(pages); nr++) {
			pages[nr] = alloc_pages_node(nid, GFP_HIGHUSER | __GFP_THISNODE |
						     __GFP_NOWARN, nr % 2);
			if (!pages[nr])
				break;
			CHECK_EQ(page_to_nid(pages[nr]), nid);
		}
		while (nr--)
			__free_pages(pages[nr], nr % 2);
		CHECK_EQ(nr_free_pages(), before);
	}
	drain_local_pages(NULL);
	CHECK_EQ(nr_free_pages(), before);
	CHECK_EQ(this_cpu_read(pcp.remote)->nr, 0);
}

/* What a CPU hands out without a node is of the nearest node that has memory of the kind. */
SELFTEST(pcp, what_others_free_here_is_not_handed_out_here)
{
	int nid, home = cpu_to_mem((int)smp_processor_id());

	for_each_node_with_memory(nid) {
		struct page *page = alloc_pages_node(nid, GFP_KERNEL | __GFP_THISNODE |
						     __GFP_NOWARN, 0), *mine;

		if (!page)
			continue;
		__free_page(page);
		mine = alloc_page(GFP_KERNEL);
		REQUIRE(mine);
		CHECK(nid == home || mine != page);
		__free_page(mine);
	}
}

/* ---- Misuse ---- */

SELFTEST(pcp, a_double_free_into_a_cache_is_reported)
{
	struct page *page, *other;

	NEED_STACK(stack, 0);
	page = alloc_page(GFP_KERNEL);
	other = alloc_page(GFP_KERNEL);
	REQUIRE(page && other);
	__free_page(page);
	selftest_expect_reports(3);
	__free_page(page);
	__free_pages(page, 3);
	__free_page(other);
	__free_page(page);
	CHECK(stack->nr <= stack->max);
	CHECK(alloc_page(GFP_KERNEL) == other);
	CHECK(alloc_page(GFP_KERNEL) == page);
	__free_page(page);
	__free_page(other);
}

static void free_it(void *page)
{
	__free_page(page);
}

SELFTEST(pcp, a_double_free_on_another_cpu_is_reported)
{
	SKIP_WITH_KASAN();
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	__free_page(page);
	selftest_expect_reports(1);	/* by an interrupt: a new thread might live in this page */
	smp_call_function_single(test_cpu(num_online_cpus() - 1), free_it, page, 1);
}

/*
 * Two CPUs that free one page at the same moment may both keep it. Made so by hand: the entry
 * of one, the word of the other.
 */
SELFTEST(pcp, an_entry_of_a_page_that_another_cpu_has_is_dropped)
{
	struct page *page;
	u64 word;

	NEED_STACK(stack, 0);
	page = alloc_page(GFP_KERNEL);
	REQUIRE(page);
	__free_page(page);
	REQUIRE(stack->slot[stack->nr - 1] == page);
	word = page->word;
	page->word = PAGE_WORD(PAGE_CACHED, 0, NR_CPUS - 1, 0);
	selftest_expect_reports(1);
	for (unsigned int i = 0; i < 2; i++) {
		struct page *other = alloc_page(GFP_KERNEL);

		REQUIRE(other);
		CHECK(other != page);
		__free_page(other);
	}
	/* Now it is in no cache: that other CPU gives it back. */
	page->word = word;
	pcp_free(page, 0);
}

SELFTEST(pcp, two_entries_of_one_page_give_it_once)
{
	struct page *page, *first, *second;

	NEED_STACK(stack, 0);
	if (stack->max < 4)
		SKIP("stacks are too small");
	page = alloc_page(GFP_KERNEL);
	REQUIRE(page);
	drain_local_pages(NULL);
	__free_page(page);
	stack->slot[stack->nr++] = page;
	selftest_expect_reports(1);
	first = alloc_page(GFP_KERNEL);
	second = alloc_page(GFP_KERNEL);
	CHECK(first == page);
	CHECK(second && second != page);
	__free_page(first);
	__free_page(second);
}

/* Two threads, each on its CPU, meet before each free of the same page. */
static struct {
	atomic_t arrived;
	struct page *page;
} meeting;

static void wait_for_other(int nr)
{
	atomic_inc_return(&meeting.arrived);
	while (atomic_read_acquire(&meeting.arrived) < nr)
		port_relax();
}

#define MEETINGS 12

static void free_at_once(void *first)
{
	for (int i = 0; i < MEETINGS; i++) {
		if (first)
			meeting.page = alloc_page(GFP_KERNEL);
		wait_for_other(4 * i + 2);
		__free_page(meeting.page);
		wait_for_other(4 * i + 4);
		/* An entry that is not the page's only one is found when it is taken out. */
		drain_local_pages(NULL);
	}
}

SELFTEST(pcp, two_cpus_that_free_one_page_at_once_are_reported)
{
	struct test_thread threads[2];
	bool yes = true;

	if (num_online_cpus() < 2)
		SKIP("one CPU");
	if (!fault_is_off())
		SKIP("the caches of CPUs are closed while allocations fail on purpose");
	atomic_set(&meeting.arrived, 0);
	selftest_expect_reports(MEETINGS);
	test_thread_start(&threads[0], test_cpu(0), free_at_once, &yes);
	test_thread_start(&threads[1], test_cpu(1), free_at_once, NULL);
	test_thread_join(&threads[0]);
	test_thread_join(&threads[1]);
	drain_all_pages(NULL);
}

/* The same where no CPU keeps the block: what another one has marked since is its. */
SELFTEST(pcp, a_block_too_large_to_cache_is_freed_by_who_marked_it_last)
{
	unsigned int order = MAX_ORDER - 1, elsewhere = smp_processor_id() + 1;
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);

	if (!page)
		SKIP("no free block of order %u", order);
	selftest_expect_reports(1);
	page->word = PAGE_WORD(PAGE_CACHED, order, elsewhere, 0);
	pcp_free(page, order);
	CHECK_EQ(page->word, PAGE_WORD(PAGE_CACHED, order, elsewhere, 0));
	page->word = pcp_word(order);
	pcp_free(page, order);
}

/* One takes and frees blocks that others may look for; the other looks for them all the time. */
static struct page *looked_for;
static bool looking_ends;

static void take_and_free_shared(void *unused)
{
	for (unsigned long i = selftest_scaled(3000); i > 0; i--) {
		unsigned int order = i % 4;
		struct page *page = alloc_pages(GFP_USER | __GFP_NOWARN, order);

		if (!page)
			continue;
		smp_store_release(&looked_for, page);
		for (unsigned long turns = i % 256; turns > 0; turns--)
			(void)smp_load_acquire(&looked_for);
		__free_pages(page, order);
	}
	smp_store_release(&looking_ends, true);
}

static void look_for_pages(void *found)
{
	while (!smp_load_acquire(&looking_ends)) {
		struct page *page = smp_load_acquire(&looked_for);

		if (page && get_page_unless_zero(page)) {
			put_page(page);
			++*(unsigned long *)found;
		} else {
			port_relax();
		}
	}
}

SELFTEST(pcp, a_reference_looked_for_and_a_free_see_each_other)
{
	struct test_thread threads[2];
	unsigned long found = 0;

	if (num_online_cpus() < 2)
		SKIP("one CPU");
	looked_for = NULL;
	looking_ends = false;
	test_thread_start(&threads[0], test_cpu(0), take_and_free_shared, NULL);
	test_thread_start(&threads[1], test_cpu(1), look_for_pages, &found);
	test_thread_join(&threads[0]);
	test_thread_join(&threads[1]);
	printk("%lu references found\n", found);
}

static bool closer_waits, may_close;

static void close_when_told(void *unused)
{
	WRITE_ONCE(closer_waits, true);
	while (!READ_ONCE(may_close))
		cond_resched();
	pcp_close();
	pcp_open();
}

/* Another CPU closes all caches; here that is learned from a change, before its interrupt. */
SELFTEST(pcp, a_stack_that_a_change_closes_is_empty)
{
	struct test_thread thread;
	unsigned int wrong, turns;
	struct page *page;
	bool closed;

	NEED_STACK(stack, 0);
	if (num_online_cpus() < 2)
		SKIP("one CPU");
	closer_waits = may_close = false;
	test_thread_start(&thread, test_cpu(smp_processor_id() == (unsigned int)test_cpu(0)),
			  close_when_told, NULL);
	if (thread.task)
		WAIT_UNTIL(READ_ONCE(closer_waits));
	page = alloc_page(GFP_KERNEL);
	local_irq_disable();
	__free_page(page);
	WRITE_ONCE(may_close, true);
	for (turns = 0; stack->max && turns < 100000; turns++) {
		port_relax();
		pcp_open_to_change();
		pcp_close_changed();
	}
	closed = !stack->max;
	wrong = pcp_validate_here();
	local_irq_enable();
	CHECK_EQ(wrong, 0);
	test_thread_join(&thread);
	CHECK(stack->max > 0);
	if (!closed)
		SKIP("the other CPU had no turn meanwhile");
}

SELFTEST(pcp, the_validator_finds_a_broken_stack)
{
	struct page *page;
	unsigned long before;

	NEED_STACK(stack, 0);
	page = alloc_page(GFP_KERNEL);
	REQUIRE(page);
	before = quarry_report_count(QUARRY_CORRUPTION);
	stack->slot[stack->nr++] = page;
	CHECK(quarry_validate() > 0);
	stack->nr--;
	CHECK_EQ(quarry_validate(), 0);
	selftest_expect_reports(quarry_report_count(QUARRY_CORRUPTION) - before);
	__free_page(page);
}
