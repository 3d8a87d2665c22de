// SPDX-License-Identifier: MIT
/* A memory module is plugged in while the machine runs, is used, and taken back. */
#include <linux/highmem.h>
#include <linux/jiffies.h>
#include <linux/memory_hotplug.h>
#include <linux/sched.h>
#include "mm/section.h"
#include "tests/selftest.h"
#include "tests/threads.h"

#define PATIENCE (20 * HZ)	/* ticks: what types into the emulator's monitor may be slow */

static unsigned long count_sections(void)
{
	unsigned long nr = 0;

	for (unsigned long s = 0; s < max_possible_pfn / PAGES_PER_SECTION; s++)
		nr += pfn_is_hot(s * PAGES_PER_SECTION);
	return nr;
}

static bool wait_for(unsigned long nr)
{
	for (unsigned int i = 0; i < PATIENCE && count_sections() != nr; i += HZ / 20)
		schedule_timeout_uninterruptible(HZ / 20);
	return count_sections() == nr;
}

/* A whole block of it, got by asking for blocks until one lies there. */
static struct page *page_in_module(void)
{
	static struct page *others[512];
	struct page *page;
	unsigned int nr = 0;

	while ((page = alloc_pages(GFP_HIGHUSER | __GFP_NOWARN, MAX_ORDER - 1))) {
		if (pfn_is_hot(page_to_pfn(page)) || nr == ARRAY_SIZE(others))
			break;
		others[nr++] = page;
	}
	while (nr-- > 0)
		__free_pages(others[nr], MAX_ORDER - 1);
	return page;
}

static void write_and_read(struct page *page, unsigned long nr)
{
	for (unsigned long i = 0; i < 2 * nr; i++) {
		u64 *memory = kmap_local_page(page + i % nr);

		if (i < nr)
			memory[i % 512] = i * 7;
		else
			CHECK_EQ(memory[i % nr % 512], i % nr * 7);
		kunmap_local(memory);
	}
}

static void use_module(void)
{
	struct page *page = page_in_module();
	u64 section;

	if (!CHECK(page && pfn_is_hot(page_to_pfn(page))))
		return;
	write_and_read(page, 1UL << (MAX_ORDER - 1));
	section = ALIGN_DOWN(page_to_phys(page), SECTION_SIZE);
	CHECK_EQ(offline_and_remove_memory(section, SECTION_SIZE), -EBUSY);
	__free_pages(page, MAX_ORDER - 1);
}

/* One is there from the start, another comes, and is wanted back: tests/machines/dimm-*.machine. */
SELFTEST(dimm, a_module_comes_is_used_and_goes)
{
	unsigned long before = count_sections(), total = totalram_pages();

	if (!memory_may_grow)
		SKIP("no memory can be plugged in");
	printk("dimm: %lu sections are there; one more is wanted now\n", before);
	if (!wait_for(before + 1))
		SKIP("nobody has plugged one in");
	WAIT_UNTIL(totalram_pages() == total + HOT_PAGES);	/* it is there, and comes online */
	use_module();
	CHECK_EQ(quarry_validate(), 0);
	printk("dimm: now take it away\n");
	CHECK(wait_for(before));
	CHECK_EQ(totalram_pages(), total);
	CHECK_EQ(quarry_validate(), 0);
}
