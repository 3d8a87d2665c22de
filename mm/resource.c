// SPDX-License-Identifier: MIT
/*
 * Which device addresses are claimed, by whom: so that two drivers do not use one device.
 *
 * There are two spaces, of memory addresses (iomem_resource) and of I/O ports (ioport_resource);
 * each has a sorted list of claims without overlaps. Whoever claims comes here: request_region(),
 * request_mem_region(), what devices of a bus are asked for (pci_request_region()), and
 * devm_ioremap_resource(); so all of them know of each other. RAM is the memory manager's, and is
 * nobody's to claim. Nothing is mapped or switched on by a claim.
 *
 * A claim lies within no other one: Linux's tree has a level for buses and one for devices above
 * the claims, where nothing is in use, which nobody here asks for.
 *
 * Locks: claims_lock, a leaf, interrupts off: the lists. Costs: a walk over the list.
 */
#include <linux/ioport.h>
#include <linux/memblock.h>
#include <linux/slab.h>
#include "internal.h"

struct claim {
	struct list_head node;
	struct resource res;
};

struct resource iomem_resource = { 0, ~0ULL, "PCI mem", IORESOURCE_MEM };
struct resource ioport_resource = { 0, 0xffff, "PCI IO", IORESOURCE_IO };

static LIST_HEAD(memory_claims);
static LIST_HEAD(port_claims);
static DEFINE_SPINLOCK(claims_lock);

static struct list_head *claims_of(const struct resource *space)
{
	return space == &ioport_resource ? &port_claims : &memory_claims;
}

static bool is_ram(resource_size_t start, resource_size_t end)
{
	for (unsigned int i = 0; i < memblock_memory.nr; i++) {
		const struct memblock_region *r = &memblock_memory.regions[i];

		if (start < r->end && end >= r->base)
			return true;
	}
	return false;
}

/* Where a range would go: before *next. False: it overlaps another. Under the lock. */
static bool find_place(struct list_head *claims, const struct resource *res,
		       struct list_head **next)
{
	struct claim *claim;

	list_for_each_entry(claim, claims, node) {
		if (claim->res.end < res->start)
			continue;
		*next = &claim->node;
		return claim->res.start > res->end;
	}
	*next = claims;
	return true;
}

static bool is_possible(const struct resource *space, resource_size_t start, resource_size_t size)
{
	resource_size_t end = start + size - 1;

	if (!size || end < start || end > space->end)
		return false;
	return space == &ioport_resource || !is_ram(start, end);
}

struct resource *__request_region(struct resource *space, resource_size_t start,
				  resource_size_t size, const char *name, int flags)
{
	struct list_head *next;
	struct claim *claim;
	unsigned long irqs;
	bool fits;

	if (!is_possible(space, start, size))
		return NULL;
	claim = kzalloc(sizeof(*claim), GFP_KERNEL);
	if (!claim)
		return NULL;
	claim->res = (struct resource){ start, start + size - 1, name,
					space->flags | IORESOURCE_BUSY | (unsigned int)flags };
	spin_lock_irqsave(&claims_lock, irqs);
	fits = find_place(claims_of(space), &claim->res, &next);
	if (fits)
		list_add_tail(&claim->node, next);
	spin_unlock_irqrestore(&claims_lock, irqs);
	if (fits)
		return &claim->res;
	kfree(claim);
	return NULL;
}

void __release_region(struct resource *space, resource_size_t start, resource_size_t size)
{
	struct claim *claim, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&claims_lock, flags);
	list_for_each_entry(claim, claims_of(space), node)
		if (claim->res.start == start && resource_size(&claim->res) == size)
			found = claim;
	if (found)
		list_del(&found->node);
	spin_unlock_irqrestore(&claims_lock, flags);
	if (!found)
		report_misuse(QUARRY_BAD_FREE, NULL, "%s(%#llx, %#llx): nobody claimed it",
			      space == &ioport_resource ? "release_region" : "release_mem_region",
			      start, size);
	kfree(found);
}
