// SPDX-License-Identifier: MIT
/*
 * What sizes ranges of the vmalloc area come in.
 *
 * Common sizes are 1, 2, 4, ... 256 pages (a request is rounded up, in addresses, not in memory),
 * and 2 and 4 MiB: VMAP_CLASSES, of which the CPUs keep ranges ready (vmap_pool.c). Behind each
 * range lies a guard page that is part of it. Large ones are multiples of 2 MiB throughout.
 *
 * Locks: none.
 */
#include "vmap.h"

#define SMALL_CLASSES 9		/* powers of two; then 2 and 4 MiB */

struct vmap_limits vmap_limits;

void vmap_limits_init(void)
{
	/* An area counts its pages in 32 bits. */
	vmap_limits.bytes = min_t(unsigned long, totalram_pages(), U32_MAX) << PAGE_SHIFT;
}

unsigned int vmap_class_of(unsigned long size, unsigned long align)
{
	unsigned long nr = size >> PAGE_SHIFT;

	if (nr <= VMAP_READY_PAGES && align <= PAGE_SIZE)
		return vmap_small_class(nr);
	if ((size == SZ_2M || size == 2 * SZ_2M) && align <= SZ_2M)
		return VMAP_CLASSES - 3 + (unsigned int)(size / SZ_2M);
	return VMAP_OTHER;
}

/* Bytes of a class, without a guard. */
static unsigned long class_size(unsigned int class)
{
	return PAGE_SIZE << class;
}

struct vmap_space *vmap_space_of(const struct vmap_area *area)
{
	return area->start >= vmap_large.start ? &vmap_large : &vmap_small;
}

/* From the spaces: the one for its size first. Large ones are multiples of 2 MiB throughout. */
struct vmap_area *vmap_take_sized(unsigned long size, unsigned long align, unsigned int class)
{
	bool large = size >= SZ_2M;
	struct vmap_area *area;
	unsigned long whole;

	if (class != VMAP_OTHER)
		size = class_size(class);
	whole = size + PAGE_SIZE;
	if (large) {
		align = max(align, SZ_2M);
		whole = ALIGN(whole, SZ_2M);
	}
	area = vmap_take(large ? &vmap_large : &vmap_small, whole, align);
	if (!area)
		area = large ? vmap_take(&vmap_small, whole, align) :
			       vmap_take(&vmap_large, ALIGN(whole, SZ_2M), max(align, SZ_2M));
	if (area) {
		area->class = (u8)class;
		area->blocks = NULL;
		area->plain = false;
		area->window = class < SMALL_CLASSES ? port_window(area->start, size) : NULL;
		area->vm = (struct vm_struct){ .addr = (void *)area->start };
	}
	return area;
}
