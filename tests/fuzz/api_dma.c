/* SPDX-License-Identifier: MIT */
/*
 * Memory for a device: coherent, small blocks of it, and mappings of what is there: buffers, pages,
 * lists. The device is made here: as it would, it writes to a mapping by its DMA address, and what
 * it wrote is in the buffer after the unmap or a sync. Its mask makes some mappings bounce.
 */
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <tests/fake_device.h>

#include "api.h"

#define LIST_BYTES 64		/* of a list that are looked at */

static struct dma_pool *dma_pool;
static size_t block_size, block_align;
static struct device device;
static u64 device_mask;

static const enum dma_data_direction directions[] = {
	DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE,
};

struct device *api_device(void)
{
	return &device;
}

void api_dma_begin(struct fuzz_input *in)
{
	static const u64 masks[] = {
		~0ULL, DMA_BIT_MASK(32), DMA_BIT_MASK(25), DMA_BIT_MASK(24), DMA_BIT_MASK(28),
	};
	u64 mask = masks[fuzz_below(in, ARRAY_SIZE(masks))];
	size_t boundary = fuzz_below(in, 4);

	fake_device_init(&device, &device_mask, ~0ULL);
	FUZZ_CHECK(!dma_set_mask_and_coherent(&device, mask));
	block_size = 4 + fuzz_bytes(in, 2) % 5000;
	block_align = 1UL << fuzz_below(in, 8);
	dma_pool = dma_pool_create("fuzz", &device, block_size, block_align,
				   boundary ? 4096UL << boundary : 0);
}

void api_dma_end(void)
{
	dma_pool_destroy(dma_pool);
	dma_device_released(&device);
}

/* It reaches all of it. */
static void check_reach(const struct api_object *object)
{
	FUZZ_CHECK(object->dma + object->size - 1 <= device_mask);
}

/* ---- Coherent memory ---- */

static void take_coherent(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = lane->atomic ? GFP_ATOMIC : GFP_KERNEL;

	object->size = 1 + fuzz_bytes(&lane->in, 2) * (1 + fuzz_below(&lane->in, 9));
	object->at = dma_alloc_coherent(&device, object->size, &object->dma, gfp | __GFP_NOWARN);
	if (object->at) {
		check_reach(object);
		FUZZ_CHECK(IS_ALIGNED(object->dma, PAGE_SIZE << get_order(object->size)));
	}
	api_took(lane, object, &api_coherent, API_BYTES, true);
}

static void release_coherent(struct api_object *object)
{
	dma_free_coherent(&device, object->size, object->at, object->dma);
}

static void misuse_coherent(struct api_object *object, u8 way)
{
	if (way % 2)
		dma_free_coherent(&device, object->size, object->at, object->dma + PAGE_SIZE);
	else
		dma_free_coherent(&device, object->size, object->at + 8, object->dma + 8);
}

const struct api_kind api_coherent = {
	.take = take_coherent, .release = release_coherent, .misuse = misuse_coherent,
	.atomic_take = true, .atomic_release = true,
};

/* ---- Blocks ---- */

static void take_block(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = api_object_flags(lane) & ~(GFP_DMA | GFP_DMA32 | __GFP_RECLAIMABLE);

	object->size = block_size;
	if (!dma_pool)
		return;
	object->at = dma_pool_alloc(dma_pool, gfp, &object->dma);
	if (object->at) {
		check_reach(object);
		FUZZ_CHECK(IS_ALIGNED(object->dma, block_align));
	}
	api_took(lane, object, &api_dmapool, API_BYTES, gfp & __GFP_ZERO);
}

static void release_block(struct api_object *object)
{
	dma_pool_free(dma_pool, object->at, object->dma);
}

static void misuse_block(struct api_object *object, u8 way)
{
	void *at = object->at;
	dma_addr_t dma = object->dma;

	if (way % 4 == 1) {
		dma_pool_free(dma_pool, at, dma + 64);
	} else if (way % 4 == 2) {
		dma_pool_free(dma_pool, at + 1, dma + 1);
	} else if (way % 4 == 3) {
		dma_pool_destroy(dma_pool);		/* it stays */
	} else {
		api_check(object);
		dma_pool_free(dma_pool, at, dma);
		dma_pool_free(dma_pool, at, dma);
		*object = (struct api_object){ };
	}
}

const struct api_kind api_dmapool = {
	.take = take_block, .release = release_block, .misuse = misuse_block,
	.atomic_take = true, .atomic_release = true,
};

/* ---- What a device does ---- */

static void device_writes(dma_addr_t dma, u8 value)
{
	u8 *at = kmap_local_page(pfn_to_page(PFN_DOWN(dma)));

	at[offset_in_page(dma)] = value;
	kunmap_local(at);
}

static u8 device_reads(dma_addr_t dma)
{
	u8 *at = kmap_local_page(pfn_to_page(PFN_DOWN(dma))), value = at[offset_in_page(dma)];

	kunmap_local(at);
	return value;
}

static enum dma_data_direction direction_of(const struct api_object *object)
{
	return directions[object->how % ARRAY_SIZE(directions)];
}

/* The device reads what is there; then the first and the last byte are others. */
static void use_mapping(struct api_object *object)
{
	dma_addr_t last = object->dma + object->size - 1;

	if (direction_of(object) != DMA_FROM_DEVICE)
		FUZZ_CHECK(device_reads(object->dma) == object->mark &&
			   device_reads(last) == object->mark);
	if (direction_of(object) == DMA_TO_DEVICE)
		return;
	device_writes(object->dma, (u8)~object->mark);
	device_writes(last, (u8)~object->mark);
}

/* ---- A buffer, lent to the device and given back ---- */

static void take_mapped(struct api_lane *lane, struct api_object *object)
{
	object->how = fuzz_byte(&lane->in);
	object->size = 1 + fuzz_bytes(&lane->in, 2) % 20000;
	object->at = kmalloc(object->size, (lane->atomic ? GFP_ATOMIC : GFP_KERNEL) | __GFP_NOWARN);
	api_took(lane, object, &api_mapped, API_BYTES, false);
	if (!object->at)
		return;
	object->dma = dma_map_single(&device, object->at, object->size, direction_of(object));
	if (!dma_mapping_error(&device, object->dma)) {
		check_reach(object);
		return;
	}
	kfree(object->at);
	*object = (struct api_object){ };
}

/* Half of them were written to by the device meanwhile. */
static void release_mapped(struct api_object *object)
{
	bool used = object->how & 0x80;
	u8 *at = object->at;

	if (used)
		use_mapping(object);
	dma_unmap_single(&device, object->dma, object->size, direction_of(object));
	if (used && direction_of(object) != DMA_TO_DEVICE)
		FUZZ_CHECK(at[0] == (u8)~object->mark && at[object->size - 1] == (u8)~object->mark);
	else
		api_check(object);
	kfree(at);
}

static void misuse_mapped(struct api_object *object, u8 way)
{
	enum dma_data_direction other = directions[(object->how + 1 + way % 2) % 3];

	if (way % 4 == 2) {
		dma_sync_single_for_cpu(&device, object->dma + object->size, 1, other);
	} else {
		dma_unmap_single(&device, object->dma, object->size, other);
		kfree(object->at);
		*object = (struct api_object){ };
	}
}

const struct api_kind api_mapped = {
	.take = take_mapped, .release = release_mapped, .misuse = misuse_mapped,
	.atomic_take = true, .atomic_release = true,
};

/* ---- The same with pages, whose address nobody needs ---- */

static void take_mapped_page(struct api_lane *lane, struct api_object *object)
{
	object->how = fuzz_byte(&lane->in);
	object->which = (u8)fuzz_below(&lane->in, 4);
	object->size = PAGE_SIZE << object->which;
	object->at = alloc_pages(api_page_flags(lane), object->which);
	api_took(lane, object, &api_mapped_page, API_BLOCK, false);
	if (!object->at)
		return;
	object->dma = dma_map_page(&device, object->at, 0, object->size, direction_of(object));
	if (!dma_mapping_error(&device, object->dma)) {
		check_reach(object);
		return;
	}
	__free_pages(object->at, object->which);
	*object = (struct api_object){ };
}

static void release_mapped_page(struct api_object *object)
{
	dma_unmap_page(&device, object->dma, object->size, direction_of(object));
	api_check(object);
	__free_pages(object->at, object->which);
}

const struct api_kind api_mapped_page = {
	.take = take_mapped_page, .release = release_mapped_page,
	.atomic_take = true, .atomic_release = true,
};

/* The CPU looks at what the device wrote meanwhile, and gives it something else to read. */
void api_sync(struct api_lane *lane, struct api_object *object)
{
	enum dma_data_direction dir = direction_of(object);

	if (object->kind != &api_mapped)
		return;
	use_mapping(object);
	dma_sync_single_for_cpu(&device, object->dma, object->size, dir);
	if (dir != DMA_TO_DEVICE)
		FUZZ_CHECK(*(u8 *)object->at == (u8)~object->mark);
	api_fill(object, fuzz_byte(&lane->in));
	dma_sync_single_for_device(&device, object->dma, object->size, dir);
	if (dir != DMA_FROM_DEVICE)
		FUZZ_CHECK(device_reads(object->dma) == object->mark);
	else				/* nothing goes that way: the device writes all of it */
		for (size_t i = 0; i < object->size; i++)
			device_writes(object->dma + i, object->mark);
}

/* ---- Lists ---- */

static void release_many(struct api_object *object)
{
	while (object->nr)
		__free_page(object->many[--object->nr]);
}

static bool make_list(struct api_lane *lane, struct api_object *object)
{
	unsigned int wanted = 1 + fuzz_below(&lane->in, API_MANY);
	unsigned int offset = fuzz_below(&lane->in, PAGE_SIZE);
	gfp_t gfp = api_page_flags(lane) & ~__GFP_COMP;

	object->size = ((size_t)wanted << PAGE_SHIFT) - offset;
	while (object->nr < wanted && (object->many[object->nr] = alloc_page(gfp)))
		object->nr++;
	return object->nr == wanted &&
	       !sg_alloc_table_from_pages(&object->table, (struct page **)object->many, wanted,
					  offset, object->size,
					  (lane->atomic ? GFP_ATOMIC : GFP_KERNEL) | __GFP_NOWARN);
}

static void take_list(struct api_lane *lane, struct api_object *object)
{
	struct scatterlist *sg;
	u8 bytes[LIST_BYTES];
	size_t size = 0;
	unsigned int i;

	object->how = fuzz_byte(&lane->in);
	if (!make_list(lane, object) ||
	    dma_map_sgtable(&device, &object->table, direction_of(object), 0)) {
		sg_free_table(&object->table);
		release_many(object);
		return;
	}
	for_each_sgtable_dma_sg(&object->table, sg, i) {
		FUZZ_CHECK(sg_dma_address(sg) + sg_dma_len(sg) - 1 <= device_mask);
		size += sg_dma_len(sg);
	}
	FUZZ_CHECK(size == object->size);
	dma_sync_sg_for_cpu(&device, object->table.sgl, (int)object->table.orig_nents,
			    direction_of(object));
	object->at = object->many[0];
	api_took(lane, object, &api_mapped_list, API_NOTHING, false);
	memset(bytes, object->mark, sizeof(bytes));
	size = min(object->size, sizeof(bytes));
	FUZZ_CHECK(sg_copy_from_buffer(object->table.sgl, object->table.orig_nents, bytes,
				       sizeof(bytes)) == size);
	dma_sync_sg_for_device(&device, object->table.sgl, (int)object->table.orig_nents,
			       direction_of(object));
}

/* What the CPU wrote is lost where the data went the other way, through a buffer. */
static void release_list(struct api_object *object)
{
	u8 bytes[LIST_BYTES];
	size_t size = min(object->size, sizeof(bytes));

	dma_unmap_sgtable(&device, &object->table, direction_of(object), 0);
	FUZZ_CHECK(sg_copy_to_buffer(object->table.sgl, object->table.orig_nents, bytes,
				     sizeof(bytes)) == size);
	for (size_t i = 0; direction_of(object) != DMA_FROM_DEVICE && i < size; i++)
		FUZZ_CHECK(bytes[i] == object->mark);
	sg_free_table(&object->table);
	release_many(object);
}

const struct api_kind api_mapped_list = {
	.take = take_list, .release = release_list,
	.atomic_take = true, .atomic_release = true,
};
