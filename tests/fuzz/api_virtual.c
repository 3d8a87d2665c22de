/* SPDX-License-Identifier: MIT */
/* Memory by page tables: vmalloc(), kvmalloc(), vmap(), vm_map_ram(), ioremap(), memremap(). */
#include <linux/hardirq.h>
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include "api.h"

/* ---- Areas with pages of their own ---- */

static bool call_vmalloc(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = api_object_flags(lane);
	unsigned long align = PAGE_SIZE << fuzz_below(&lane->in, 6);

	object->size = api_size(&lane->in);
	object->how = fuzz_byte(&lane->in) % 8;
	switch (object->how) {
	case 0:
		object->at = vzalloc(min_t(size_t, object->size, SZ_1M));
		break;
	case 1:
		object->at = vmalloc_user(min_t(size_t, object->size, SZ_1M));
		break;
	case 2:
		object->at = vmalloc_32(min_t(size_t, object->size, SZ_1M));
		break;
	case 3:
		object->at = vmalloc_huge(object->size, GFP_KERNEL | __GFP_NOWARN);
		break;
	case 4:
		object->at = __vmalloc_node(object->size, align, GFP_KERNEL | __GFP_NOWARN,
					    api_node(lane), NULL);
		FUZZ_CHECK(IS_ALIGNED((unsigned long)object->at, align));
		break;
	default:
		if (!gfpflags_allow_blocking(gfp))
			gfp |= GFP_KERNEL;
		object->at = __vmalloc(object->size, gfp);
		return gfp & __GFP_ZERO;
	}
	return object->how < 2;
}

static void take_vmalloc(struct api_lane *lane, struct api_object *object)
{
	bool zeroed = call_vmalloc(lane, object);
	const struct vm_struct *vm;

	if (object->at) {
		object->size = object->how < 3 ? min_t(size_t, object->size, SZ_1M) : object->size;
		vm = find_vm_area(object->at + object->size - 1);
		FUZZ_CHECK(vm && vm->addr == object->at);
		FUZZ_CHECK(is_vmalloc_addr(object->at) && vm->nr_pages == PFN_UP(object->size));
		FUZZ_CHECK(object->how != 2 || vmalloc_to_pfn(object->at) < SZ_4G >> PAGE_SHIFT);
	}
	api_took(lane, object, &api_vmalloc, API_BYTES, zeroed);
}

struct rcu_area {
	struct rcu_head rcu;
};

/* With interrupts off, but in none: for that there is a call of its own. */
static bool may_vfree(void)
{
	return api_may_sleep() || in_interrupt();
}

static void release_vmalloc(struct api_object *object)
{
	struct rcu_area *area = object->at;

	if (object->mark % 4 && may_vfree())
		vfree(object->at);
	else if (object->mark % 8)
		vfree_atomic(object->at);
	else
		kvfree_rcu(area, rcu);
}

static void misuse_vmalloc(struct api_object *object, u8 way)
{
	void *at = object->at;

	if (way % 4 == 1)
		vunmap(at);
	else if (way % 4 == 2)
		vfree(at + 8);
	else if (way % 4 == 3 && object->size > PAGE_SIZE)
		vfree(at + PAGE_SIZE);
	else {
		api_check(object);
		vfree(at);
		vfree(at);
		*object = (struct api_object){ };
	}
}

const struct api_kind api_vmalloc = {
	.take = take_vmalloc, .release = release_vmalloc, .misuse = misuse_vmalloc,
	.atomic_release = true,
};

/* ---- Where it does not matter which of the two ---- */

static void take_kvmalloc(struct api_lane *lane, struct api_object *object)
{
	static const u8 some[64] = { };
	gfp_t gfp = api_object_flags(lane);
	bool zeroed = gfp & __GFP_ZERO;

	object->size = api_size(&lane->in);
	object->how = fuzz_byte(&lane->in) % 4;
	if (object->how == 0) {
		object->size = min_t(size_t, object->size, sizeof(some));
		object->at = kvmemdup(some, object->size, gfp);
		zeroed = true;
	} else if (object->how == 1) {
		object->at = kvcalloc(2, object->size, gfp);
		FUZZ_CHECK(!object->at || object->size <= SIZE_MAX / 2);
		object->size *= 2;
		zeroed = true;
	} else {
		object->at = kvmalloc_node(object->size, gfp, api_node(lane));
	}
	api_took(lane, object, &api_kvmalloc, API_BYTES, zeroed);
}

static void release_kvmalloc(struct api_object *object)
{
	if (is_vmalloc_addr(object->at) && !may_vfree())
		vfree_atomic(object->at);
	else if (object->mark % 4 == 0)
		kvfree_sensitive(object->at, object->size);
	else
		kvfree(object->at);
}

const struct api_kind api_kvmalloc = {
	.take = take_kvmalloc, .release = release_kvmalloc,
	.atomic_take = true, .atomic_release = true,
};

/* ---- Areas with pages of somebody ---- */

static void free_many(struct api_object *object)
{
	while (object->nr)
		__free_page(object->many[--object->nr]);
}

/* All of some number of pages, or none. */
static bool take_many(struct api_lane *lane, struct api_object *object)
{
	unsigned int wanted = 1 + fuzz_below(&lane->in, API_MANY);
	gfp_t gfp = api_page_flags(lane) & ~__GFP_COMP;

	for (; object->nr < wanted; object->nr++) {
		object->many[object->nr] = alloc_page(gfp);
		if (!object->many[object->nr]) {
			free_many(object);
			return false;
		}
	}
	object->size = (size_t)wanted << PAGE_SHIFT;
	return true;
}

/* What is written there, is in the page. */
static void took_mapping(struct api_lane *lane, struct api_object *object,
			 const struct api_kind *kind)
{
	u8 *page;

	if (!object->at) {
		free_many(object);
		return;
	}
	api_took(lane, object, kind, API_BYTES, false);
	FUZZ_CHECK(vmalloc_to_page(object->at) == object->many[0]);
	page = kmap_local_page(object->many[object->nr - 1]);
	FUZZ_CHECK(page[PAGE_SIZE - 1] == object->mark);
	kunmap_local(page);
}

static void take_vmap(struct api_lane *lane, struct api_object *object)
{
	if (!take_many(lane, object))
		return;
	object->at = vmap((struct page **)object->many, object->nr, VM_MAP, PAGE_KERNEL);
	took_mapping(lane, object, &api_vmap);
}

static void release_vmap(struct api_object *object)
{
	vunmap(object->at);
	free_many(object);
}

static void misuse_vmap(struct api_object *object, u8 way)
{
	void *at = object->at;

	if (way % 2) {
		vfree(at);
		return;
	}
	release_vmap(object);
	vunmap(at);
	*object = (struct api_object){ };
}

const struct api_kind api_vmap = {
	.take = take_vmap, .release = release_vmap, .misuse = misuse_vmap,
};

static void take_map_ram(struct api_lane *lane, struct api_object *object)
{
	if (!take_many(lane, object))
		return;
	object->at = vm_map_ram((struct page **)object->many, object->nr, api_node(lane));
	took_mapping(lane, object, &api_map_ram);
}

static void release_map_ram(struct api_object *object)
{
	vm_unmap_ram(object->at, object->nr);
	free_many(object);
}

/* Says so, and does it. */
static void misuse_map_ram(struct api_object *object, u8 way)
{
	vm_unmap_ram(object->at, object->nr + 1 + way);
	free_many(object);
	*object = (struct api_object){ };
}

const struct api_kind api_map_ram = {
	.take = take_map_ram, .release = release_map_ram, .misuse = misuse_map_ram,
};

/* ---- Devices: where there is nothing, so it is mapped and not touched ---- */

typedef void __iomem *(*ioremap_call)(phys_addr_t phys, size_t size);

static const ioremap_call ioremaps[] = { ioremap, ioremap_wc, ioremap_cache, ioremap_wt };

/* Each type of memory has addresses of its own. */
static void take_ioremap(struct api_lane *lane, struct api_object *object)
{
	const struct vm_struct *vm;

	object->how = fuzz_byte(&lane->in) % ARRAY_SIZE(ioremaps);
	object->dma = (1ULL << 42) + ((u64)object->how << 36) + fuzz_bytes(&lane->in, 4);
	object->size = 1 + (fuzz_bytes(&lane->in, 2) << fuzz_below(&lane->in, 12));
	object->at = (void *)ioremaps[object->how](object->dma, object->size);
	if (object->at) {
		vm = find_vm_area(object->at);
		FUZZ_CHECK(vm && (vm->flags & VM_IOREMAP) && vm->phys_addr == object->dma);
		FUZZ_CHECK(offset_in_page(object->at) == offset_in_page(object->dma));
	}
	api_took(lane, object, &api_ioremap, API_NOTHING, false);
}

static void release_ioremap(struct api_object *object)
{
	iounmap(object->at);
}

static void misuse_ioremap(struct api_object *object, u8 way)
{
	void *at = object->at;

	if (way % 3 == 0) {
		FUZZ_CHECK(!ioremaps[(object->how + 1) % ARRAY_SIZE(ioremaps)](object->dma, 1));
	} else if (way % 3 == 1) {
		vfree(at);
	} else {
		iounmap(at);
		iounmap(at);
		*object = (struct api_object){ };
	}
}

const struct api_kind api_ioremap = {
	.take = take_ioremap, .release = release_ioremap, .misuse = misuse_ioremap,
};

/* ---- RAM by its physical address ---- */

static void take_memremap(struct api_lane *lane, struct api_object *object)
{
	struct page *page;

	object->which = (u8)fuzz_below(&lane->in, 4);
	page = alloc_pages(GFP_HIGHUSER | __GFP_NOWARN, object->which);
	if (!page)
		return;
	object->many[0] = page;
	object->size = PAGE_SIZE << object->which;
	object->at = memremap(page_to_phys(page), object->size, MEMREMAP_WB);
	if (!object->at)
		__free_pages(page, object->which);
	api_took(lane, object, &api_memremap, API_BYTES, false);
}

static void release_memremap(struct api_object *object)
{
	memunmap(object->at);
	__free_pages(object->many[0], object->which);
}

static void misuse_memremap(struct api_object *object, u8 way)
{
	phys_addr_t phys = page_to_phys((struct page *)object->many[0]);

	FUZZ_CHECK(!ioremaps[way % ARRAY_SIZE(ioremaps)](phys, object->size));
}

const struct api_kind api_memremap = {
	.take = take_memremap, .release = release_memremap, .misuse = misuse_memremap,
};
