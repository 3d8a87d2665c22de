// SPDX-License-Identifier: MIT
/*
 * The blocks of pages that an area of vmalloc() consists of: a list through page->private of
 * their first descriptors, which begins at area->blocks. They are marked as those of __GFP_COMP,
 * so that whoever takes a reference to one of their pages holds the whole block; the mark goes
 * when nobody else holds one any more, so that the block passes through the CPU's caches.
 *
 * Blocks that stay with their range for its next use do not pass the gate that keeps broken pages
 * back (memory_failure.c). So one with a broken page does not stay; and when a page is found
 * broken in a block that does already, memory_failure() has all of them given back.
 *
 * Locks: none; the area is its caller's.
 */
#include "vmap.h"

void vmap_unload(struct vmap_area *area)
{
	struct page *page = area->blocks, *next;

	for (area->blocks = NULL; page; page = next) {
		next = (struct page *)page->private;
		if (page->order && page_ref_count(page) == 1)
			WRITE_ONCE(page->flags, page->flags & ~PG_COMP);
		__free_pages(page, page->order);
	}
}

bool vmap_may_stay_loaded(const struct vmap_area *area)
{
	const struct page *page = area->blocks;

	if (!area->plain)
		return false;
	for (; page; page = (const struct page *)page->private)
		if (page_ref_count(page) != 1 || page->order != area->blocks->order ||
		    READ_ONCE(page->flags) & PG_BROKEN)
			return false;
	return area->blocks;
}
