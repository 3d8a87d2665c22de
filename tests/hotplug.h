/* SPDX-License-Identifier: MIT */
/*
 * Memory for tests to add. The hosted port makes any RAM there is up to max_possible_pfn; the bare
 * machine has what was plugged in (hotplug: of a machine file), which is taken out first and put
 * back at the end. Elsewhere there is nothing to add.
 */
#ifndef TESTS_HOTPLUG_H
#define TESTS_HOTPLUG_H

#include <linux/memory_hotplug.h>
#include <kernel/boot.h>
#include "mm/page_owner.h"
#include "mm/reclaim.h"
#include "mm/section.h"
#include "tests/selftest.h"

#define MAX_HELD 256	/* blocks that a case may take to find one in the section */

/* A section to play with, added to nothing yet. */
static struct hot_place {
	unsigned long section, pfn;
	u64 start;
	int nid;
	bool borrowed;		/* it was there, and is to be there again */
	int online_type;	/* what would have become of memory that is added */
} place;

static inline bool is_hosted(void)
{
	return !strcmp(boot_info.protocol, "hosted");
}

static inline void set_place(unsigned long section)
{
	place.section = section;
	place.pfn = section * PAGES_PER_SECTION;
	place.start = PFN_PHYS(place.pfn);
	place.nid = first_memory_node;
}

/* Memory that was plugged in, if all of a section of it is free. */
static inline bool borrow(void)
{
	for (unsigned long s = max_possible_pfn / PAGES_PER_SECTION; s-- > 0;) {
		set_place(s);
		if (!pfn_is_hot(place.pfn))
			continue;
		place.nid = section_hot_nid(s);
		place.borrowed = !offline_and_remove_memory(place.start, SECTION_SIZE);
		if (place.borrowed)
			return true;
	}
	return false;
}

/* Finds a section; what is added to it in the case stays offline. */
static inline bool find_place(void)
{
	memset(&place, 0, sizeof(place));
	if (!memory_may_grow)
		return false;
	if (is_hosted())
		set_place(max_possible_pfn / PAGES_PER_SECTION - 1);
	else if (!borrow())
		return false;
	place.online_type = mhp_get_default_online_type();
	mhp_set_default_online_type(MMOP_OFFLINE);
	return !is_hosted() || !pfn_is_hot(place.pfn);
}

static inline void give_back(void)
{
	mhp_set_default_online_type(place.online_type);
	if (place.borrowed)
		CHECK_EQ(add_memory(place.nid, place.start, SECTION_SIZE, MHP_NONE), 0);
}

/*
 * What the kernel keeps for itself may lie in memory that is its own, and hold that back for good:
 * so nothing of the kind may be needed for the first time.
 */
static inline bool kernel_keeps_out(void)
{
	return totalram_pages() >= SZ_16M >> PAGE_SHIFT && !page_owner_on;
}

#define NEED_KERNEL_TO_KEEP_OUT() do { \
	if (!kernel_keeps_out()) \
		SKIP("the kernel's own memory may come to lie there"); \
} while (0)

#define NEED_PLACE() do { \
	if (!find_place()) \
		SKIP("no memory can be added to this machine"); \
} while (0)

static inline struct zone *zone_for(int online_type)
{
	return zone_for_pfn_range(online_type, place.nid, NULL, place.pfn, PAGES_PER_SECTION);
}

static inline int online(struct zone *zone)
{
	return online_pages(place.pfn, PAGES_PER_SECTION, zone, NULL);
}

static inline int offline(struct zone *zone)
{
	return offline_pages(place.pfn, PAGES_PER_SECTION, zone, NULL);
}

static inline bool add(void)
{
	return CHECK_EQ(add_memory(place.nid, place.start, SECTION_SIZE, MHP_NONE), 0);
}

/* Memory comes, stays for a moment, and goes: 0, or -EBUSY when somebody keeps some of it. */
static inline int come_and_go(int online_type)
{
	int err;

	if (!pfn_is_hot(place.pfn) && (!add() || !CHECK_EQ(online(zone_for(online_type)), 0)))
		return -ENOMEM;
	schedule_timeout_uninterruptible(1);
	err = offline_and_remove_memory(place.start, SECTION_SIZE);
	CHECK(!err || err == -EBUSY);
	return err;
}

static inline bool in_place(const struct page *page)
{
	return page_to_pfn(page) / PAGES_PER_SECTION == place.section;
}

/* ---- Pages in the section ---- */

static struct page *held[MAX_HELD];

/* A block of the section, by asking for it as anybody does; NULL: others came each time. */
static inline struct page *block_in_place(gfp_t gfp, unsigned int order)
{
	struct page *found = NULL;
	unsigned int nr = 0;

	while (nr < MAX_HELD && !found) {
		struct page *page = alloc_pages_node(place.nid, gfp | __GFP_NOWARN, order);

		if (!page)
			break;
		if (in_place(page))
			found = page;
		else
			held[nr++] = page;
	}
	while (nr-- > 0)
		__free_pages(held[nr], order);
	return found;
}

#endif
