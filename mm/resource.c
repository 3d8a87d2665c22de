// SPDX-License-Identifier: MIT
/*
 * Which device addresses are claimed, by whom: so that two drivers do not use one device.
 *
 * A sorted list of ranges without overlaps. Nothing is mapped or switched on by a claim.
 *
 * Locks: claims_lock, a leaf, interrupts off: the list. Costs: a walk over the list.
 */
#include <linux/ioport.h>
#include <linux/slab.h>
#include "internal.h"

struct claim {
	struct list_head node;
	struct resource res;
};

static LIST_HEAD(claims);
static DEFINE_SPINLOCK(claims_lock);

/* Where a range would go: before *next. False: it overlaps another. Under the lock. */
static bool find_place(resource_size_t start, resource_size_t end, struct list_head **next)
{
	struct claim *claim;

	list_for_each_entry(claim, &claims, node) {
		if (claim->res.end < start)
			continue;
		*next = &claim->node;
		return claim->res.start > end;
	}
	*next = &claims;
	return true;
}

struct resource *request_mem_region(resource_size_t start, resource_size_t size,
				    const char *name)
{
	struct list_head *next;
	struct claim *claim;
	unsigned long flags;
	bool fits;

	if (!size || start + size - 1 < start)
		return NULL;
	claim = kzalloc(sizeof(*claim), GFP_KERNEL);
	if (!claim)
		return NULL;
	claim->res = (struct resource){ start, start + size - 1, name,
					IORESOURCE_MEM | IORESOURCE_BUSY };
	spin_lock_irqsave(&claims_lock, flags);
	fits = find_place(start, claim->res.end, &next);
	if (fits)
		list_add_tail(&claim->node, next);
	spin_unlock_irqrestore(&claims_lock, flags);
	if (fits)
		return &claim->res;
	kfree(claim);
	return NULL;
}

void release_mem_region(resource_size_t start, resource_size_t size)
{
	struct claim *claim, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&claims_lock, flags);
	list_for_each_entry(claim, &claims, node)
		if (claim->res.start == start && resource_size(&claim->res) == size)
			found = claim;
	if (found)
		list_del(&found->node);
	spin_unlock_irqrestore(&claims_lock, flags);
	if (!found)
		report_misuse(QUARRY_BAD_FREE, NULL,
			      "release_mem_region(%#llx, %#llx): nobody claimed it", start, size);
	kfree(found);
}
