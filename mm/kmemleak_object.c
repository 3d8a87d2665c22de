// SPDX-License-Identifier: MIT
/*
 * The objects that may leak (kmemleak.c): which there are, which one an address lies in, what is
 * known of each.
 *
 *	object of a cache or of kmalloc()   state byte in its slab   struct track
 *	large block of kmalloc()            PG_KMALLOC               struct page_owner
 *	block of pages, if its user wants   OWNER_OBJECT             struct page_owner
 *	area of vmalloc()                   VMAP_LIVE, VM_ALLOC      vm.flags, from bit 24 on
 *
 * All of these are there anyhow, so there is no list of objects, and nothing is done for one when
 * it is allocated or freed. The third column has the byte of LEAK_* that a scan and its user write;
 * a new object's is 0.
 *
 * Locks: those of the walks. A look-up takes none and believes nothing, for what it sees may be
 * half done: in a scan by a CPU that stands still, else by one that goes on.
 */
#include "kmemleak.h"
#include "page_owner.h"
#include "slab.h"
#include "vmap.h"

#define AREA_SHIFT 24			/* where the byte of an area is in vm.flags */

u8 leak_of(const struct leak_object *object)
{
	return object->leak ? *object->leak : (u8)(object->area->vm.flags >> AREA_SHIFT);
}

void set_leak(const struct leak_object *object, u8 leak)
{
	if (object->leak)
		*object->leak = leak;
	else
		object->area->vm.flags = (object->area->vm.flags & ~(0xffUL << AREA_SHIFT)) |
					 (unsigned long)leak << AREA_SHIFT;
}

static bool slab_object_at(const struct slab *slab, unsigned int index,
			   struct leak_object *object)
{
	struct track *track = slab_track_of(slab, index);

	if (!track)
		return false;
	*object = (struct leak_object){ .start = slab_object(slab, index), .track = track,
					.size = slab->cache->object_size, .leak = &track->leak };
	return true;
}

bool leak_object_of_block(struct page *page, struct leak_object *object)
{
	struct page_owner *owner = page_owner_of(page);

	if (page->state != PAGE_USED || !owner || !(owner->flags & OWNER_LIVE) ||
	    (!(page->flags & PG_KMALLOC) && !(owner->flags & OWNER_OBJECT)))
		return false;
	*object = (struct leak_object){ .start = slab_address(page), .owner = owner,
					.size = PAGE_SIZE << page->order, .leak = &owner->leak };
	return true;
}

bool leak_object_of_area(struct vmap_area *area, struct leak_object *object)
{
	if (smp_load_acquire(&area->state) != VMAP_LIVE || !(area->vm.flags & VM_ALLOC))
		return false;
	*object = (struct leak_object){ .start = area->vm.addr, .area = area,
					.size = (size_t)area->vm.nr_pages << PAGE_SHIFT };
	return true;
}

/* A slab may be half made or half gone: then none of its objects is anybody's. */
static bool find_in_slab(const struct page *page, unsigned long address,
			 struct leak_object *object)
{
	const struct slab *slab = (const struct slab *)page->private;
	unsigned long offset, index;

	if (!slab || (unsigned long)slab_start(slab) > address)
		return false;
	offset = address - (unsigned long)slab_start(slab);
	index = offset / slab->cache->size;
	return index < slab->nr && READ_ONCE(slab->state[index]) == OBJECT_USED &&
	       offset % slab->cache->size < slab->cache->object_size &&
	       slab_object_at(slab, (unsigned int)index, object);
}

bool leak_find(unsigned long address, struct leak_object *object)
{
	unsigned long offset = address - port_direct_base;
	struct vmap_area *area;
	struct page *page;

	if (is_vmalloc_addr((void *)address)) {
		area = vmap_find(address);
		return area && leak_object_of_area(area, object) &&
		       address - (unsigned long)object->start < object->size;
	}
	if (offset >= max_pfn << PAGE_SHIFT || !pfn_is_live(offset >> PAGE_SHIFT))
		return false;
	page = pfn_to_page(offset >> PAGE_SHIFT);
	if (page->state == PAGE_SLAB)
		return find_in_slab(page, address, object);
	page = page->state == PAGE_USED ? page : page_block_head(page);
	return page && leak_object_of_block(page, object);
}

/* ---- Walks over all of them ---- */

typedef void (*object_fn)(const struct leak_object *object);

static void walk_slab(const struct slab *slab, unsigned int index, void *fn)
{
	struct leak_object object;

	if (slab_object_at(slab, index, &object))
		((object_fn)fn)(&object);
}

static void walk_block(struct page *page, const struct page_owner *owner, void *fn)
{
	struct leak_object object;

	if (leak_object_of_block(page, &object))
		((object_fn)fn)(&object);
}

static bool walk_area(struct vmap_area *area, void *fn)
{
	struct leak_object object;

	if (leak_object_of_area(area, &object))
		((object_fn)fn)(&object);
	return true;
}

void leak_for_each_but_blocks(void (*fn)(const struct leak_object *object))
{
	slab_for_each_object(walk_slab, (void *)fn);
	vmap_walk(&vmap_small, walk_area, (void *)fn);
	vmap_walk(&vmap_large, walk_area, (void *)fn);
}

void leak_for_each(void (*fn)(const struct leak_object *object))
{
	leak_for_each_but_blocks(fn);
	page_owner_for_each(walk_block, (void *)fn);
}
