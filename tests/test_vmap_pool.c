// SPDX-License-Identifier: MIT
/* What CPUs remember of areas that were freed, areas in all contexts, and very many of them. */
#include <linux/highmem.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>
#include "mm/fault.h"
#include "mm/reclaim.h"
#include "mm/vmap.h"
#include "tests/probe.h"
#include "tests/selftest.h"
#include "tests/threads.h"

/* More RAM than a test may take all of by default. */
#define MUCH (8UL * SZ_1G / PAGE_SIZE)

struct look {
	const u8 *va;
	bool there;
	u8 value;
};

static void look_here(void *arg)
{
	struct look *look = arg;

	look->there = probe_read(look->va, &look->value);
}

static struct look look_on(unsigned int cpu, const u8 *va)
{
	struct look look = { .va = va };

	smp_call_function_single((int)cpu, look_here, &look, 1);
	return look;
}

/*
 * Every CPU has the translation cached when the area is freed. Until they are told to forget, a
 * dangling pointer may show the old content, never what the page's next owner wrote.
 */
SELFTEST(vmap_pool, a_freed_page_is_nobodys_while_a_cpu_remembers_it)
{
	struct page *next[32];
	unsigned int cpu, i, turn;
	u8 *va;

	for (turn = 0; turn < 10; turn++) {
		va = vmalloc(PAGE_SIZE);
		REQUIRE(va);
		memset(va, 0xa5, PAGE_SIZE);
		for_each_online_cpu(cpu)
			CHECK_EQ(look_on(cpu, va + turn).value, 0xa5);
		vfree(va);
		for (i = 0; i < ARRAY_SIZE(next); i++) {
			next[i] = alloc_page(GFP_HIGHUSER | __GFP_NOWARN);
			if (next[i])
				kunmap_local(memset(kmap_local_page(next[i]), 0x5a, PAGE_SIZE));
		}
		for_each_online_cpu(cpu) {
			struct look look = look_on(cpu, va + turn);

			CHECK(!look.there || look.value == 0xa5);
		}
		vm_unmap_aliases();
		for_each_online_cpu(cpu)
			CHECK(!look_on(cpu, va + turn).there);
		for (i = 0; i < ARRAY_SIZE(next); i++)
			if (next[i])
				__free_page(next[i]);
	}
}

/* The range comes back with other pages: all CPUs must see those, though they saw the old. */
SELFTEST(vmap_pool, a_range_used_again_shows_its_new_pages_to_all)
{
	unsigned int cpu, turn, turns = (unsigned int)min(selftest_scaled(200), 5000UL), again = 0;
	u8 *va, *first = NULL;

	for (turn = 0; turn < turns; turn++) {
		va = vmalloc(2 * PAGE_SIZE);
		REQUIRE(va);
		again += va == first;
		if (!first)
			first = va;
		va[PAGE_SIZE] = (u8)turn;
		for_each_online_cpu(cpu) {
			struct look look = look_on(cpu, va + PAGE_SIZE);

			CHECK(look.there && look.value == (u8)turn);
		}
		vfree(va);
	}
	CHECK(again > 0);
}

SELFTEST(vmap_pool, frees_are_flushed_in_batches)
{
	unsigned long before = vmap_flushes(), turn;
	u8 *va;

	if (vmap_limits.held < 64)
		SKIP("too little memory to let any wait");
	for (turn = 0; turn < 640; turn++) {
		va = vmalloc(1);
		REQUIRE(va);
		vfree(va);
	}
	CHECK(vmap_flushes() - before <= 640 / 20);
}

/* Areas that wait for use or for a flush are memory that nobody has: a pass takes them. */
SELFTEST(vmap_pool, what_waits_is_given_back_when_memory_runs_short)
{
	unsigned int noreclaim, cpu, i;
	u8 *va[16];

	if (vmap_limits.held < 64)
		SKIP("too little memory to let any wait");
	for (i = 0; i < ARRAY_SIZE(va); i++) {
		va[i] = vmalloc(PAGE_SIZE);
		REQUIRE(va[i]);
	}
	for (i = 0; i < ARRAY_SIZE(va); i++)
		vfree(va[i]);
	noreclaim = memalloc_noreclaim_save();
	CHECK(shrink_node(first_memory_node, true, GFP_KERNEL, 0) >= ARRAY_SIZE(va));
	memalloc_noreclaim_restore(noreclaim);
	for_each_online_cpu(cpu)
		for (i = 0; i < ARRAY_SIZE(va); i++)
			CHECK(!look_on(cpu, va[i]).there);
}

SELFTEST(vmap_pool, vunmap_leaves_no_cpu_behind)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	unsigned int cpu;
	u8 *va;

	REQUIRE(page);
	va = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	REQUIRE(va);
	*va = 1;
	for_each_online_cpu(cpu)
		CHECK(look_on(cpu, va).there);
	vunmap(va);
	for_each_online_cpu(cpu)
		CHECK(!look_on(cpu, va).there);
	__free_page(page);
}

/* ---- In hand ---- */

#ifndef QUARRY_HOSTED

static struct {
	u8 *va[65];			/* one more than a pool parks: the last free flushes */
	unsigned int freed;		/* frees that are over */
	bool deaf, go;
	u64 until;
} hand;

static void free_until_it_flushes(void *unused)
{
	while (!READ_ONCE(hand.deaf))
		port_relax();
	for (unsigned int i = 0; i < ARRAY_SIZE(hand.va); i++) {
		vfree(hand.va[i]);
		smp_store_release(&hand.freed, i + 1);
	}
}

/* Answers no call, so no flush ends, until the boot thread, on CPU 0, has waited for a while. */
static void be_deaf(void *unused)
{
	unsigned long flags;

	local_irq_save(flags);
	WRITE_ONCE(hand.deaf, true);
	while (!READ_ONCE(hand.go) || ktime_get_ns() < hand.until)
		port_relax();
	local_irq_restore(flags);
}

/* An area has left its CPU's pool for a flush that is not over: neither here nor there. */
SELFTEST(vmap_pool, what_a_cpu_has_in_hand_is_waited_for)
{
	struct test_thread freer, deaf;
	unsigned long flushes;
	unsigned int i, freed, left = 0;

	if (num_online_cpus() < 3)
		SKIP("fewer than three CPUs");
	memset(&hand, 0, sizeof(hand));
	for (i = 0; i < ARRAY_SIZE(hand.va); i++) {
		hand.va[i] = vmalloc(PAGE_SIZE);
		REQUIRE(hand.va[i]);
	}
	vm_unmap_aliases();
	flushes = vmap_flushes();
	test_thread_start(&freer, test_cpu(1), free_until_it_flushes, NULL);
	test_thread_start(&deaf, test_cpu(2), be_deaf, NULL);
	while (vmap_flushes() == flushes)
		schedule_timeout_uninterruptible(1);
	freed = smp_load_acquire(&hand.freed);
	hand.until = ktime_get_ns() + 10 * NSEC_PER_MSEC;
	smp_store_release(&hand.go, true);
	vm_unmap_aliases();
	for (i = 0; i < freed; i++) {
		const struct vmap_area *area = vmap_find_start((unsigned long)hand.va[i]);

		left += area && (area->state == VMAP_TAKEN || area->state == VMAP_RETIRED);
	}
	CHECK_EQ(left, 0);
	test_thread_join(&freer);
	test_thread_join(&deaf);
}

#endif

/* ---- Contexts ---- */

static void free_here(void *va)
{
	vfree(va);
}

static void alloc_here(void *va)
{
	*(void **)va = vmalloc(PAGE_SIZE);
}

SELFTEST(vmap_pool, vfree_in_an_interrupt_is_done_later)
{
	unsigned long before = vmalloc_nr_pages();
	unsigned int cpu;
	u8 *va;

	for_each_online_cpu(cpu) {
		if (cpu == smp_processor_id())
			continue;
		va = vmalloc(3 * PAGE_SIZE);
		REQUIRE(va);
		smp_call_function_single((int)cpu, free_here, va, 1);
	}
	va = vmalloc(PAGE_SIZE);
	REQUIRE(va);
	preempt_disable();
	vfree_atomic(va);
	preempt_enable();
	CHECK_EQ(vmalloc_nr_pages(), before);
	vm_unmap_aliases();
	WAIT_UNTIL(!probe_read(va, &(u8){ 0 }));
}

SELFTEST(vmap_pool, atomic_context_is_reported)
{
	void *va = NULL;

	if (!fault_is_off())
		SKIP("more paths say it while allocations fail on purpose");
	selftest_expect_warnings(2);
	preempt_disable();
	va = vmalloc(PAGE_SIZE);	/* said, and served */
	vfree(va);
	preempt_enable();
	CHECK(va);
	if (num_online_cpus() < 2)
		return;
	selftest_expect_warnings(1);
	smp_call_function_single(test_cpu(1), alloc_here, &va, 1);
	CHECK(!va);
}

/* ---- Much and many ---- */

SELFTEST(vmap_pool, three_quarters_of_memory_in_one_area)
{
	unsigned long size = nr_free_pages() / 4 * 3 * PAGE_SIZE, i;
	u8 *va;

	if (totalram_pages() > MUCH)
		SKIP("more than 8 GiB of RAM");
	va = __vmalloc(size, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);
	REQUIRE(va);
	for (i = 0; i < size; i += size / 61 / 8 * 8 + 8)
		*(u64 *)(va + i) = i;
	for (i = 0; i < size; i += size / 61 / 8 * 8 + 8)
		CHECK_EQ(*(u64 *)(va + i), i);
	vfree(va);
}

/* One area that cannot be completed, then many until none is left: all of it comes back. */
SELFTEST(vmap_pool, memory_can_be_used_up_and_recovered)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY;
	unsigned long before = vmalloc_nr_pages(), nr = 0, free, size;
	void **va, **last = NULL;

	if (totalram_pages() > MUCH)
		SKIP("more than 8 GiB of RAM");
	free = nr_free_pages();
	CHECK(!__vmalloc(totalram_pages() * PAGE_SIZE, gfp));
	CHECK_EQ(vmalloc_nr_pages(), before);
	size = free / 64 * PAGE_SIZE + 1;
	while ((va = __vmalloc(size, gfp))) {
		*va = last;
		last = va;
		nr++;
	}
	CHECK(nr >= 32);
	for (; last; last = va) {
		va = *last;
		vfree(last);
	}
	vm_unmap_aliases();
	va = __vmalloc(free / 2 * PAGE_SIZE, gfp);
	CHECK(va);
	vfree(va);
}

/* 100,000 with scale=50; a process may have about 65,530 mappings, of which each takes two. */
SELFTEST(vmap_pool, very_many_areas_live_at_once)
{
	unsigned long nr = min(selftest_scaled(2000), 100000UL), i, made, wrong = 0;
	u64 **areas;

#ifdef QUARRY_HOSTED
	nr = min(nr, 20000UL);
#endif
	if (nr_free_pages() < nr + nr / 8)
		SKIP("no memory for so many");
	areas = vmalloc(nr * sizeof(*areas));
	REQUIRE(areas);
	for (made = 0; made < nr; made++) {
		areas[made] = vmalloc(8);
		if (!CHECK(areas[made]))
			break;
		*areas[made] = made;
	}
	for (i = 0; i < made; i++)
		wrong += *areas[i] != i || find_vm_area(areas[i])->addr != areas[i];
	CHECK_EQ(wrong, 0);
	/* Every second one: the space is full of holes, and takes what fits and what does not. */
	for (i = 0; i < made; i += 2)
		vfree(areas[i]);
	vm_unmap_aliases();
	CHECK_EQ(vmap_validate(), 0);
	for (i = 0; i < made; i += 2) {
		areas[i] = vmalloc(i % 16 == 0 && nr_free_pages() > nr ? 3 * PAGE_SIZE : PAGE_SIZE);
		wrong += !areas[i];
	}
	CHECK_EQ(wrong, 0);
	for (i = 0; i < made; i++)
		vfree(areas[i]);
	vfree(areas);
}

/* ---- All CPUs at once ---- */

#define SHARED 64
static u64 *shared[SHARED];
static unsigned long operations_each;
static atomic_long_t nr_wrong, nr_failed;

static const unsigned long storm_sizes[] = {
	1, 100, SZ_4K, SZ_4K + 1, 3 * SZ_4K, SZ_16K, 5 * SZ_4K, SZ_64K, SZ_64K + 1, 4 * SZ_64K,
	SZ_1M, SZ_2M,
};

/* Its size in the first word, its address and that in the last. */
static u64 *storm_alloc(u64 random)
{
	unsigned long nr = nr_free_pages() > SZ_256M / PAGE_SIZE ? ARRAY_SIZE(storm_sizes) : 8;
	unsigned long size = storm_sizes[random % nr];
	u64 *area = __vmalloc(size < 16 ? 16 : size, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);

	if (!area) {
		atomic_long_inc(&nr_failed);
		return NULL;
	}
	size = size < 16 ? 16 : size;
	area[0] = size;
	area[size / 8 - 1] = (u64)area ^ size;
	return area;
}

static void storm_free(u64 *area)
{
	u64 size;

	if (!area)
		return;
	size = area[0];
	if (size < 16 || size > SZ_2M || area[size / 8 - 1] != ((u64)area ^ size))
		atomic_long_inc(&nr_wrong);
	area[0] = 0;
	vfree(area);
}

static void storm(void *arg)
{
	u64 random = (u64)arg, *area;

	for (unsigned long i = 0; i < operations_each; i++) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		area = random >> 60 & 1 ? storm_alloc(random >> 40) : NULL;
		/* What another CPU put there is freed here. */
		storm_free(__atomic_exchange_n(&shared[(random >> 33) % SHARED], area,
					       __ATOMIC_ACQ_REL));
		if (!(i % 64))
			cond_resched();
	}
}

SELFTEST(vmap_pool, all_cpus_allocate_check_and_free)
{
	static struct test_thread threads[8];
	unsigned int nr = min(num_online_cpus(), 8U), i;
	unsigned long kept;

	operations_each = selftest_scaled(2000) / nr;
	atomic_long_set(&nr_wrong, 0);
	atomic_long_set(&nr_failed, 0);
	for (unsigned int turn = 0; turn < 2; turn++) {
		kept = quarry_kept_pages() + port_table_pages();
		for (i = 0; i < nr; i++)
			test_thread_start(&threads[i], test_cpu(i), storm, (void *)(i + 1UL));
		for (i = 0; i < nr; i++)
			test_thread_join(&threads[i]);
		for (i = 0; i < SHARED; i++)
			storm_free(__atomic_exchange_n(&shared[i], NULL, __ATOMIC_ACQUIRE));
		quarry_settle();
	}
	/* The second turn finds the tables of the first, but for what chance needs on top. */
	CHECK(quarry_kept_pages() + port_table_pages() <= kept + 64);
	CHECK_EQ(atomic_long_read(&nr_wrong), 0);
	CHECK_EQ(vmap_validate(), 0);
	printk("%lu operations on each of %u CPUs, %ld failed for want of memory\n",
	       2 * operations_each, nr, atomic_long_read(&nr_failed));
}
