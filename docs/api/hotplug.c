// SPDX-License-Identifier: MIT
/* The examples of docs/api.md: memory that comes while the machine runs. */
#include <linux/memory_hotplug.h>
#include <linux/module.h>
#include <linux/pfn.h>
#include <linux/sizes.h>

#define START (64ULL * SZ_1G)	/* where this machine has no place for more, in all likelihood */

static int __init use_add_memory(void)
{
	int err;

	mhp_set_default_online_type(MMOP_ONLINE_MOVABLE);	/* it should be possible to go */
	err = add_memory(0, START, SZ_256M, MHP_NONE);
	mhp_set_default_online_type(MMOP_ONLINE);
	if (err)
		return err == -E2BIG ? 0 : err;
	return offline_and_remove_memory(START, SZ_256M);
}
module_init(use_add_memory);

static int __init use_online_pages(void)
{
	unsigned long pfn = PFN_DOWN(START), nr = PFN_DOWN(SZ_256M);
	struct zone *zone = zone_for_pfn_range(MMOP_ONLINE_KERNEL, 0, NULL, pfn, nr);

	if (online_pages(pfn, nr, zone, NULL) == -EINVAL)
		return 0;				/* no memory was added there */
	return offline_pages(pfn, nr, zone, NULL) ? -EBUSY : remove_memory(START, SZ_256M);
}
module_init(use_online_pages);
