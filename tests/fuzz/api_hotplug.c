/* SPDX-License-Identifier: MIT */
/*
 * Memory that comes and goes: a section, which the hosted port can have any time. What each call
 * must answer is known from what the section is. It gets online where the kernel keeps nothing of
 * its own, so it can go again when all objects have been freed.
 */
#include <linux/errno.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <quarry/quarry.h>
#include <kernel/kernel.h>
#include <mm/section.h>

#include "api.h"

#define PATIENCE 50		/* ticks until what others freed is free */

static enum { HOT_ABSENT, HOT_THERE, HOT_IN_USE } state;

static unsigned long first_pfn(void)
{
	return (max_possible_pfn / PAGES_PER_SECTION - 1) * PAGES_PER_SECTION;
}

static struct zone *home(void)
{
	return zone_for_pfn_range(MMOP_ONLINE_MOVABLE, first_memory_node, NULL, first_pfn(),
				  PAGES_PER_SECTION);
}

/* An error that was to be; where it may as well be another one (no memory, in use), either. */
static void expect(int err, int expected, int or_else, int next)
{
	FUZZ_CHECK(err == expected || err == or_else);
	if (!err)
		state = next;
}

static void do_step(u8 what)
{
	u64 start = PFN_PHYS(first_pfn());
	bool there = state == HOT_THERE, in_use = state == HOT_IN_USE;

	switch (what % 5) {
	case 0:
		expect(add_memory(first_memory_node, start, SECTION_SIZE, MHP_NONE),
		       state == HOT_ABSENT ? 0 : -EEXIST,
		       state == HOT_ABSENT ? -ENOMEM : -EEXIST, HOT_THERE);
		break;
	case 1:
		expect(online_pages(first_pfn(), PAGES_PER_SECTION, home(), NULL),
		       there ? 0 : -EINVAL, there ? -ENOMEM : -EINVAL, HOT_IN_USE);
		break;
	case 2:
		expect(offline_pages(first_pfn(), PAGES_PER_SECTION, home(), NULL),
		       in_use ? 0 : -EINVAL, in_use ? -EBUSY : -EINVAL, HOT_THERE);
		break;
	case 3:
		expect(remove_memory(start, SECTION_SIZE), there ? 0 : in_use ? -EBUSY : -EINVAL,
		       there ? 0 : in_use ? -EBUSY : -EINVAL, HOT_ABSENT);
		break;
	default:
		expect(offline_and_remove_memory(start, SECTION_SIZE),
		       state == HOT_ABSENT ? -EINVAL : 0, in_use ? -EBUSY : 0, HOT_ABSENT);
	}
}

void api_hotplug(struct api_lane *lane, struct api_object *object)
{
	u8 what = fuzz_byte(&lane->in);

	if (!lane->alone)
		return;
	mhp_set_default_online_type(MMOP_OFFLINE);
	do_step(what);
	if (what & 0x80)		/* most often something changes then */
		do_step(what + 1);
}

void api_hotplug_end(void)
{
	u64 start = PFN_PHYS(first_pfn());
	int err = -EBUSY;

	if (state == HOT_ABSENT)
		return;
	for (unsigned int i = 0; i < PATIENCE && err; i++) {
		workqueue_trim();
		err = offline_and_remove_memory(start, SECTION_SIZE);
		if (err)
			schedule_timeout_uninterruptible(1);
	}
	FUZZ_CHECK(!err);
	state = HOT_ABSENT;
}
