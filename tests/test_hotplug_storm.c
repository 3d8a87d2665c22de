// SPDX-License-Identifier: MIT
/* Memory comes and goes while others allocate and free. */
#define SELFTEST_UNSAMPLED 1
#include "tests/hotplug.h"
#include "tests/threads.h"

#define STORM_THREADS 3
#define STORM_SLOTS   48

static bool storm_over;

static void storm(void *arg)
{
	static const gfp_t flags[] = { GFP_KERNEL, GFP_HIGHUSER, GFP_HIGHUSER_MOVABLE, GFP_ATOMIC };
	struct page *pages[STORM_SLOTS] = { NULL };
	unsigned int orders[STORM_SLOTS], turn = (unsigned int)(unsigned long)arg;

	for (; !READ_ONCE(storm_over); turn = turn * 1103515245 + 12345) {
		unsigned int i = turn / 65536 % STORM_SLOTS;

		if (pages[i]) {
			__free_pages(pages[i], orders[i]);
			pages[i] = NULL;
			continue;
		}
		orders[i] = turn / 256 % 6;
		pages[i] = alloc_pages(flags[turn / 16 % 4] | __GFP_NOWARN | __GFP_NORETRY,
				       orders[i]);
		cond_resched();
	}
	for (unsigned int i = 0; i < STORM_SLOTS; i++)
		if (pages[i])
			__free_pages(pages[i], orders[i]);
}

static void come_and_go_amid_others(void)
{
	static struct test_thread threads[STORM_THREADS];
	unsigned long turns = selftest_scaled(20), gone = 0;

	CHECK_EQ(remove_memory(place.start, SECTION_SIZE), 0);
	storm_over = false;
	for (unsigned int i = 0; i < STORM_THREADS; i++)
		test_thread_start(&threads[i], ANY_CPU, storm, (void *)(unsigned long)i);
	for (unsigned long i = 0; i < turns; i++) {
		bool kernel = i & 1 && kernel_keeps_out();

		gone += !come_and_go(kernel ? MMOP_ONLINE_KERNEL : MMOP_ONLINE_MOVABLE);
	}
	WRITE_ONCE(storm_over, true);
	for (unsigned int i = 0; i < STORM_THREADS; i++)
		test_thread_join(&threads[i]);
	if (pfn_is_hot(place.pfn))
		CHECK_EQ(offline_and_remove_memory(place.start, SECTION_SIZE), 0);
	printk("gone amid the storm: %lu of %lu\n", gone, turns);
	CHECK_EQ(quarry_validate(), 0);
}

SELFTEST(hotplug_storm, it_comes_and_goes_amid_others)
{
	NEED_PLACE();
	/* What its first coming takes stays: nothing may be left for that once the storm is on. */
	if (CHECK(add()))
		come_and_go_amid_others();
	give_back();
}

/* ---- Pages break ---- */

static unsigned long breaks;

/* A page breaks again and again, if there is one just then, and is well again. */
static void break_page(void *pfn)
{
	for (unsigned long i = 0; i < breaks; cond_resched()) {
		if (!pfn_valid((unsigned long)pfn) && !READ_ONCE(storm_over))
			continue;
		if (!memory_failure((unsigned long)pfn, 0))
			unpoison_memory((unsigned long)pfn);
		i++;
	}
}

static void change_zones_while_pages_break(void)
{
	unsigned long turns = selftest_scaled(40), poisoned = num_poisoned_pages(), gone = 0;
	struct test_thread threads[2];

	storm_over = false;
	breaks = turns;
	for (unsigned int i = 0; i < ARRAY_SIZE(threads); i++)
		test_thread_start(&threads[i], ANY_CPU, break_page,
				  (void *)(place.pfn + PAGEBLOCK_PAGES + i));
	for (unsigned long i = 0; i < turns; i++) {
		int type = i & 1 ? MMOP_ONLINE_KERNEL : MMOP_ONLINE_MOVABLE;

		if (pfn_is_live(place.pfn + PAGEBLOCK_PAGES) || !online(zone_for(type)))
			gone += !offline(block_zone(pfn_to_block(place.pfn + PAGEBLOCK_PAGES)));
		cond_resched();
	}
	WRITE_ONCE(storm_over, true);
	for (unsigned int i = 0; i < ARRAY_SIZE(threads); i++)
		test_thread_join(&threads[i]);
	CHECK_EQ(offline_and_remove_memory(place.start, SECTION_SIZE), 0);
	printk("gone while a page broke: %lu of %lu\n", gone, turns);
	CHECK_EQ(num_poisoned_pages(), poisoned);
	CHECK_EQ(quarry_validate(), 0);
}

/* It is another zone's each time: whose pages they were is not believed. */
SELFTEST(hotplug_storm, pages_break_while_memory_changes_zones)
{
	NEED_KERNEL_TO_KEEP_OUT();
	NEED_PLACE();
	if (CHECK(add()))
		change_zones_while_pages_break();
	give_back();
}
