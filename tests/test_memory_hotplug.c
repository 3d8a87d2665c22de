// SPDX-License-Identifier: MIT
/* Memory that comes and goes: all of it or nothing, and everything as before at the end. */
#define SELFTEST_UNSAMPLED 1
#include <linux/delay.h>
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/slab.h>
#include "mm/badmem.h"
#include "mm/census.h"
#include "mm/fault.h"
#include "mm/pcp.h"
#include "tests/hotplug.h"
#include "tests/threads.h"

static gfp_t gfp_for(int online_type)
{
	return online_type == MMOP_ONLINE_MOVABLE ? GFP_HIGHUSER_MOVABLE : GFP_KERNEL;
}

/* The block's memory is there, and its own. */
static void check_memory(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++) {
		u64 *word = kmap_local_page(page + i);

		*word = page_to_pfn(page + i) * 3;
		kunmap_local(word);
	}
	for (unsigned long i = 0; i < 1UL << order; i++) {
		u64 *word = kmap_local_page(page + i);

		CHECK_EQ(*word, page_to_pfn(page + i) * 3);
		kunmap_local(word);
	}
}

struct totals {
	unsigned long managed, high, present, kbytes, free;
};

static struct totals look(struct zone *zone)
{
	quarry_settle();
	return (struct totals){ totalram_pages(), totalhigh_pages(), zone->present,
				min_free_kbytes, nr_free_pages() + quarry_kept_pages() };
}

/* Background threads may hold a page or so for a moment. */
static void check_same(const struct totals *before, struct zone *zone)
{
	struct totals now = look(zone);

	for (unsigned int i = 0; i < 20 && now.free != before->free; i++) {
		msleep(1);
		now = look(zone);
	}
	CHECK_EQ(now.managed, before->managed);
	CHECK_EQ(now.high, before->high);
	CHECK_EQ(now.present, before->present);
	CHECK_EQ(now.kbytes, before->kbytes);
	CHECK_EQ(now.free, before->free);
	CHECK_EQ(quarry_validate(), 0);
}

/* ---- Cases ---- */

/* The first that adds this section: its table is asked for. */
SELFTEST(memory_hotplug, no_memory_for_its_table_and_nothing_was_added)
{
	struct fault_setup setup = { .sources = FAULT_PAGES, .nth = 1, .task = current };
	unsigned long seen, failed;
	struct totals before;
	struct zone *zone;
	int err;

	NEED_PLACE();
	before = look(zone = zone_for(MMOP_ONLINE));
	if (!(section_state[place.section] & SECTION_MAPPED) && fault_is_off()) {
		fault_begin(&setup);
		err = add_memory(place.nid, place.start, SECTION_SIZE, MHP_NONE);
		fault_end(&seen, &failed);
		CHECK_EQ(err, -ENOMEM);
		CHECK_EQ(failed, 1);
		CHECK(!pfn_is_hot(place.pfn));
		check_same(&before, zone);
	}
	if (add())
		CHECK_EQ(remove_memory(place.start, SECTION_SIZE), 0);
	check_same(&before, zone);
	give_back();
}

/* Pages of the zone that the caches of its CPUs may hold, if each may hold some; else 0. */
static unsigned long cached_at_most(const struct zone *zone)
{
	unsigned long count, high, batch, all = 0;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		if (cpu_to_mem((int)cpu) != (int)zone->nid)
			continue;
		pcp_count_cpu(cpu, zone, &count, &high, &batch);
		if (!high)
			return 0;
		all += high;
	}
	return all;
}

/* Also if it was empty, or small, when the machine began; closed, if all caches are just then. */
SELFTEST(memory_hotplug, a_zone_that_grows_has_caches)
{
	unsigned long cpus = 0;
	struct zone *zone;
	struct page *page;
	unsigned int cpu;

	NEED_PLACE();
	zone = zone_for(MMOP_ONLINE_MOVABLE);
	for_each_online_cpu(cpu)
		cpus += cpu_to_mem((int)cpu) == (int)zone->nid;
	if (fault_is_off() && cpus && HOT_PAGES / cpus > SZ_8K && kernel_keeps_out() && add()) {
		pcp_close();
		CHECK_EQ(online(zone), 0);
		CHECK_EQ(cached_at_most(zone), 0);
		pcp_open();
		CHECK(cached_at_most(zone) > 0);
		page = block_in_place(GFP_HIGHUSER_MOVABLE, 3);
		if (CHECK(page)) {
			__free_pages(page, 3);
			CHECK(page->state == PAGE_CACHED || cpu_to_mem(0) != (int)zone->nid);
		}
		CHECK_EQ(quarry_validate(), 0);
		CHECK_EQ(offline(zone), 0);
		CHECK(cached_at_most(zone) <= zone->managed / 16);
		CHECK_EQ(remove_memory(place.start, SECTION_SIZE), 0);
	}
	give_back();
}

static void check_whole_turn(int type)
{
	struct zone *zone = zone_for(type);
	struct totals before = look(zone);
	struct page *page;

	REQUIRE(add());
	CHECK(max_pfn >= place.pfn + PAGES_PER_SECTION);
	CHECK(!pfn_valid(place.pfn + PAGEBLOCK_PAGES));
	check_same(&before, zone);
	CHECK_EQ(online(zone), 0);
	CHECK(pfn_valid(place.pfn + PAGEBLOCK_PAGES));
	CHECK_EQ(totalram_pages(), before.managed + HOT_PAGES);
	CHECK_EQ(zone->present, before.present + PAGES_PER_SECTION);
	CHECK_EQ(quarry_validate(), 0);

	page = block_in_place(gfp_for(type), MAX_ORDER - 1);
	if (CHECK(page)) {
		CHECK(page_zone(page) == zone);
		CHECK_EQ(page_to_nid(page), zone->nid);
		CHECK_EQ(!PageHighMem(page), virt_addr_valid(phys_to_virt(page_to_phys(page))));
		check_memory(page, MAX_ORDER - 1);
		CHECK_EQ(offline(zone), -EBUSY);
		CHECK_EQ(quarry_validate(), 0);
		__free_pages(page, MAX_ORDER - 1);
	}
	CHECK_EQ(offline(zone), 0);
	CHECK(!pfn_valid(place.pfn + PAGEBLOCK_PAGES));
	check_same(&before, zone);
	CHECK_EQ(remove_memory(place.start, SECTION_SIZE), 0);
	check_same(&before, zone);
}

SELFTEST(memory_hotplug, memory_of_the_kernel_comes_is_used_and_goes)
{
	NEED_KERNEL_TO_KEEP_OUT();
	NEED_PLACE();
	check_whole_turn(MMOP_ONLINE_KERNEL);
	check_whole_turn(MMOP_ONLINE);
	give_back();
}

SELFTEST(memory_hotplug, highmem_comes_is_used_and_goes)
{
	phys_addr_t pa;

	NEED_PLACE();
	check_whole_turn(MMOP_ONLINE_MOVABLE);
	CHECK(!port_translate((unsigned long)phys_to_virt(place.start), &pa));
	give_back();
}

SELFTEST(memory_hotplug, it_gets_online_as_the_default_says)
{
	static const char *const names[] = { "offline", "online", "online_kernel",
					     "online_movable" };

	NEED_PLACE();
	CHECK_EQ(mhp_online_type_from_str("sideways"), -EINVAL);
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		int type = mhp_online_type_from_str(names[i]);
		bool goes_online = type != MMOP_OFFLINE;
		struct zone *zone = zone_for(type);
		unsigned long before = zone->managed;

		if (goes_online && type != MMOP_ONLINE_MOVABLE && !kernel_keeps_out())
			continue;
		mhp_set_default_online_type(type);
		if (!add())
			continue;
		CHECK_EQ(pfn_valid(place.pfn + PAGEBLOCK_PAGES), goes_online);
		CHECK_EQ(zone->managed - before, goes_online ? HOT_PAGES : 0);
		CHECK_EQ(remove_memory(place.start, SECTION_SIZE),
			 goes_online ? (unsigned long long)-EBUSY : 0);
		if (goes_online)
			CHECK_EQ(offline_and_remove_memory(place.start, SECTION_SIZE), 0);
	}
	give_back();
}

SELFTEST(memory_hotplug, what_makes_no_sense_is_refused)
{
	struct zone *zone;
	u64 start, end = PFN_PHYS(max_possible_pfn);

	NEED_KERNEL_TO_KEEP_OUT();
	NEED_PLACE();
	start = place.start;
	zone = zone_for(MMOP_ONLINE);
	CHECK_EQ(add_memory(place.nid, start + SZ_1M, SECTION_SIZE, 0), -EINVAL);
	CHECK_EQ(add_memory(place.nid, start, SECTION_SIZE / 2, 0), -EINVAL);
	CHECK_EQ(add_memory(place.nid, start, 0, 0), -EINVAL);
	CHECK_EQ(add_memory(place.nid, start, -SECTION_SIZE, 0), -EINVAL);
	CHECK_EQ(add_memory(place.nid, start, 1ULL << 50, 0), -E2BIG);
	CHECK_EQ(add_memory(place.nid, -SECTION_SIZE, SECTION_SIZE, 0), -EINVAL);
	CHECK_EQ(add_memory(-1, start, SECTION_SIZE, 0), -EINVAL);
	CHECK_EQ(add_memory(MAX_NUMNODES, start, SECTION_SIZE, 0), -EINVAL);
	CHECK_EQ(add_memory(place.nid, start, SECTION_SIZE, 1 << 20), -EINVAL);
	CHECK_EQ(add_memory(place.nid, ALIGN(end, SECTION_SIZE), SECTION_SIZE, 0), -E2BIG);
	CHECK_EQ(add_memory(place.nid, ALIGN_DOWN(memblock_start_of_DRAM(), SECTION_SIZE),
			    SECTION_SIZE, 0), -EEXIST);
	CHECK_EQ(remove_memory(start, SECTION_SIZE), -EINVAL);
	CHECK_EQ(offline_and_remove_memory(start, SECTION_SIZE), -EINVAL);
	CHECK_EQ(online(zone), -EINVAL);
	CHECK_EQ(offline(zone), -EINVAL);
	if (add()) {
		CHECK_EQ(add_memory(place.nid, start, SECTION_SIZE, 0), -EEXIST);
		CHECK_EQ(offline(zone), -EINVAL);
		CHECK_EQ(online(NULL), -EINVAL);
		CHECK_EQ(online(&nodes[place.nid]->zones[ZONE_DMA]), -EINVAL);
		CHECK_EQ(online_pages(place.pfn + 1, PAGES_PER_SECTION, zone, NULL), -EINVAL);
		CHECK_EQ(online_pages(place.pfn, ~0UL, zone, NULL), -EINVAL);
		CHECK_EQ(online(zone), 0);
		CHECK_EQ(online(zone), -EINVAL);
		CHECK_EQ(offline(zone_for(MMOP_ONLINE_MOVABLE)), -EINVAL);
		CHECK_EQ(remove_memory(start, SECTION_SIZE), -EBUSY);
		CHECK_EQ(offline_and_remove_memory(start, SECTION_SIZE), 0);
	}
	give_back();
}

static void count_all(struct zone *zone, unsigned long counts[MAX_ORDER])
{
	unsigned long flags;

	drain_all_pages(NULL);
	spin_lock_irqsave(&zone->lock, flags);
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		counts[order] = buddy_count(zone, order);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Blocks of all orders all over the section are in use, the free ones between them stay free. */
SELFTEST(memory_hotplug, a_section_in_use_stays_as_it_was)
{
	unsigned long before[MAX_ORDER], after[MAX_ORDER];
	struct page *pages[MAX_ORDER];
	struct zone *zone;

	NEED_PLACE();
	zone = zone_for(MMOP_ONLINE_MOVABLE);
	if (add() && CHECK_EQ(online(zone), 0)) {
		for (unsigned int order = 0; order < MAX_ORDER; order++)
			pages[order] = block_in_place(GFP_HIGHUSER, order);
		count_all(zone, before);
		for (unsigned int i = 0; i < 3; i++)
			CHECK_EQ(offline(zone), -EBUSY);
		count_all(zone, after);
		for (unsigned int order = 0; order < MAX_ORDER; order++)
			CHECK_EQ(after[order], before[order]);
		CHECK_EQ(offline_and_remove_memory(place.start, SECTION_SIZE), -EBUSY);
		CHECK_EQ(quarry_validate(), 0);
		for (unsigned int order = 0; order < MAX_ORDER; order++)
			if (pages[order])
				__free_pages(pages[order], order);
		CHECK_EQ(offline(zone), 0);
		CHECK_EQ(remove_memory(place.start, SECTION_SIZE), 0);
	}
	give_back();
}

/* Free objects and pages that caches keep do not hold a section back. */
SELFTEST(memory_hotplug, what_caches_keep_is_free)
{
	void *objects[64] = { NULL };
	struct page *page;
	struct zone *zone;

	NEED_KERNEL_TO_KEEP_OUT();
	NEED_PLACE();
	zone = zone_for(MMOP_ONLINE_KERNEL);
	/* The first time is for what the caches themselves need. */
	for (unsigned int turn = 0; turn < 2; turn++) {
		if (turn && (!add() || !CHECK_EQ(online(zone), 0)))
			break;
		page = turn ? block_in_place(GFP_KERNEL, 0) : NULL;
		for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++)
			objects[i] = kmalloc_node(1024, GFP_KERNEL, place.nid);
		if (page)
			__free_page(page);
		for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++)
			kfree(objects[i]);
		if (!turn)
			continue;
		CHECK_EQ(offline_and_remove_memory(place.start, SECTION_SIZE), 0);
	}
	give_back();
}

/* A broken page goes with its section, and is none any more when that comes again. */
SELFTEST(memory_hotplug, a_broken_page_goes_with_its_section)
{
	unsigned long pfn;
	struct zone *zone;

	NEED_PLACE();
	pfn = place.pfn + PAGEBLOCK_PAGES + 77;
	zone = zone_for(MMOP_ONLINE_MOVABLE);
	for (unsigned int i = 0; i < 2 && add() && CHECK_EQ(online(zone), 0); i++) {
		unsigned long bad = zone->nr_bad, managed = zone->managed;
		unsigned long poisoned = num_poisoned_pages();

		CHECK_EQ(memory_failure(place.pfn, 0), -ENXIO);
		CHECK_EQ(memory_failure(pfn, 0), 0);
		CHECK_EQ(zone->nr_bad, bad + 1);
		CHECK_EQ(offline(zone), 0);
		CHECK_EQ(zone->nr_bad, bad);
		CHECK_EQ(num_poisoned_pages(), poisoned);
		CHECK_EQ(zone->managed, managed - HOT_PAGES);
		CHECK_EQ(memory_failure(pfn, 0), -ENXIO);
		CHECK_EQ(remove_memory(place.start, SECTION_SIZE), 0);
		CHECK_EQ(quarry_validate(), 0);
	}
	give_back();
}

/* A large object that came to lie in the section, and is free again; NULL: others came. */
static void *object_in_place(void)
{
	void *objects[MAX_HELD], *found = NULL;
	unsigned int nr = 0;

	while (nr < MAX_HELD && !found) {
		objects[nr] = kmalloc_node(SZ_4M, GFP_KERNEL | __GFP_NOWARN, place.nid);
		if (!objects[nr])
			break;
		if (in_place(virt_to_page(objects[nr])))
			found = objects[nr];
		nr++;
	}
	while (nr-- > 0)
		kfree(objects[nr]);
	return found;
}

/* Nobody looks for what describes it. */
SELFTEST(memory_hotplug, what_is_gone_is_no_object)
{
	void *object;

	NEED_KERNEL_TO_KEEP_OUT();
	NEED_PLACE();
	if (add() && CHECK_EQ(online(zone_for(MMOP_ONLINE_KERNEL)), 0)) {
		object = object_in_place();
		CHECK_EQ(offline_and_remove_memory(place.start, SECTION_SIZE), 0);
		if (CHECK(object)) {
			selftest_expect_reports(1);
			kfree(object);
		}
	}
	give_back();
}

static void break_page(void *err)
{
	WRITE_ONCE(*(int *)err, memory_failure(place.pfn + PAGEBLOCK_PAGES + 77, 0));
}

static void go_offline(void *err)
{
	WRITE_ONCE(*(int *)err, offline(zone_for(MMOP_ONLINE_MOVABLE)));
}

static unsigned int nr_waiting(struct mutex *mutex)
{
	struct list_head *node;
	unsigned int nr = 0;

	spin_lock(&mutex->wait_lock);
	list_for_each(node, &mutex->wait_list)
		nr++;
	spin_unlock(&mutex->wait_lock);
	return nr;
}

/*
 * Somebody has failure_mutex; then comes who goes offline, then who breaks a page. They are served
 * in that order: nothing goes meanwhile, and what was true of the page before is not believed.
 */
SELFTEST(memory_hotplug, no_page_breaks_while_its_section_goes)
{
	void (*const fns[])(void *err) = { go_offline, break_page };
	int errs[ARRAY_SIZE(fns)] = { 1, 1 };
	struct test_thread threads[ARRAY_SIZE(fns)];

	NEED_PLACE();
	if (add() && CHECK_EQ(online(zone_for(MMOP_ONLINE_MOVABLE)), 0)) {
		mutex_lock(&failure_mutex);
		for (unsigned int i = 0; i < ARRAY_SIZE(fns); i++) {
			test_thread_start(&threads[i], ANY_CPU, fns[i], &errs[i]);
			WAIT_UNTIL(nr_waiting(&failure_mutex) > i || READ_ONCE(errs[i]) <= 0);
			CHECK_EQ(READ_ONCE(errs[i]), 1);
		}
		mutex_unlock(&failure_mutex);
		for (unsigned int i = 0; i < ARRAY_SIZE(fns); i++)
			test_thread_join(&threads[i]);
		CHECK_EQ(errs[0], 0);
		CHECK_EQ(errs[1], -ENXIO);
		CHECK_EQ(remove_memory(place.start, SECTION_SIZE), 0);
		CHECK_EQ(quarry_validate(), 0);
	}
	give_back();
}

/* What lies above what a device reaches is not for it, also if it came later. */
SELFTEST(memory_hotplug, limits_of_devices_hold)
{
	struct zone *zone;

	NEED_KERNEL_TO_KEEP_OUT();
	NEED_PLACE();
	zone = zone_for(MMOP_ONLINE_KERNEL);
	if (add() && CHECK_EQ(online(zone), 0)) {
		CHECK(low_end_pfn() >= place.pfn + PAGES_PER_SECTION);
		for (unsigned int i = 0; i < 32; i++) {
			struct page *page = alloc_pages_below(place.nid, GFP_KERNEL | __GFP_NOWARN,
							      2, place.pfn);

			CHECK(!page || page_to_pfn(page) + 4 <= place.pfn);
			__free_pages(page, 2);
		}
		selftest_expect_reports(1);
		CHECK(!ioremap(place.start, PAGE_SIZE));	/* RAM has one type */
		CHECK_EQ(offline_and_remove_memory(place.start, SECTION_SIZE), 0);
	}
	give_back();
}
