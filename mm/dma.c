// SPDX-License-Identifier: MIT
/*
 * DMA: memory that a device can reach, and how data gets into memory that it cannot.
 *
 * A device's address is the physical address: there is no IOMMU here. What it can reach is its
 * mask, and its bus's limit where there is one. There are two masks, of coherent memory and of
 * streaming mappings; most drivers set both alike.
 *
 *	coherent:   alloc_pages_below() the mask; power-of-two blocks, so naturally aligned. Pages
 *		    beyond the size go back at once.
 *	streaming:  the buffer itself, if it ends at or below the mask; a bounce buffer if not
 *		    (dma_bounce.c).
 *
 * Devices see the CPUs' caches on this machine, so nothing is flushed; what there is to order, a
 * driver's writel() does.
 *
 * A call that makes no sense is refused, with a line that says why; so is one that cannot be
 * served, or is for no device: NULL has no mask. With the option `dma_debug` each call is checked
 * against those before it (dma_debug.c). Without, a wrong unmap of a bounced buffer is found, and
 * a wrong free by the page allocator.
 *
 * Locks: none of its own. Costs: coherent memory, what the pages cost; a mapping that does not
 * bounce, a few comparisons.
 */
#include "dma.h"

#define RESERVE_SHARE 64	/* one part of low memory in so many is for bounce buffers */

#define refuse(dev, attrs, fmt, args...) do { \
	if (!((attrs) & DMA_ATTR_NO_WARN)) \
		dev_err(dev, "DMA: " fmt "\n", ##args); \
} while (0)

void dma_start(void)
{
	u64 share = PFN_PHYS(totalram_pages() - totalhigh_pages()) / RESERVE_SHARE;

	bounce_init(swiotlb_bytes == QUARRY_SWIOTLB_DEFAULT ? min_t(u64, share, SZ_1M)
							   : swiotlb_bytes);
	if (dma_debug_wanted && dma_debug_set(true))
		pr_err("dma: no memory for dma_debug\n");
}

/* ---- Masks ---- */

/* Who reaches all that is not HIGHMEM needs no search. */
static bool reaches_all(u64 limit)
{
	return limit >= PFN_PHYS(low_end_pfn());
}

static u64 limit_of(const struct device *dev, u64 mask)
{
	if (unlikely(!dev))
		return 0;
	return dev->bus_dma_limit && dev->bus_dma_limit < mask ? dev->bus_dma_limit : mask;
}

/* The last byte of RAM. */
static u64 highest_byte(void)
{
	return PFN_PHYS(READ_ONCE(max_pfn)) - 1;
}

bool dma_supported(struct device *dev, u64 mask)
{
	u64 limit = limit_of(dev, mask);
	struct zone *zone;

	for_each_zone(zone)
		if (zone->idx != ZONE_HIGHMEM && PFN_PHYS(zone->start_pfn + 1) - 1 <= limit)
			return true;
	return false;
}

static int check_mask(struct device *dev, u64 mask)
{
	if (dma_supported(dev, mask))
		return 0;
	refuse(dev, 0, "mask %#llx: this machine has no memory under it", mask);
	return -EIO;
}

int dma_set_mask(struct device *dev, u64 mask)
{
	if (!dev || !dev->dma_mask) {
		refuse(dev, 0, "mask %#llx: %s", mask,
		       dev ? "the device does none" : "no device");
		return -EIO;
	}
	if (check_mask(dev, mask))
		return -EIO;
	*dev->dma_mask = mask;
	return 0;
}

int dma_set_coherent_mask(struct device *dev, u64 mask)
{
	if (check_mask(dev, mask))
		return -EIO;
	dev->coherent_dma_mask = mask;
	return 0;
}

int dma_set_mask_and_coherent(struct device *dev, u64 mask)
{
	int error = dma_set_mask(dev, mask);

	return error ? error : dma_set_coherent_mask(dev, mask);
}

int dma_coerce_mask_and_coherent(struct device *dev, u64 mask)
{
	if (dev)
		dev->dma_mask = &dev->coherent_dma_mask;
	return dma_set_mask_and_coherent(dev, mask);
}

u64 dma_get_required_mask(struct device *dev)
{
	return DMA_BIT_MASK(fls64(highest_byte()));
}

bool dma_addressing_limited(struct device *dev)
{
	return limit_of(dev, dma_get_mask(dev)) < highest_byte();
}

size_t dma_max_mapping_size(struct device *dev)
{
	return dma_addressing_limited(dev) ? BOUNCE_MAX : SIZE_MAX;
}

/* ---- Coherent memory ---- */

/* What is wrong with a request, or NULL. */
static const char *why_not_coherent(const struct device *dev, size_t size)
{
	if (!dev)
		return "no device";
	if (!dev->coherent_dma_mask)
		return "the device has no coherent mask";
	if (!size)
		return "no bytes";
	return size > PAGE_SIZE << (MAX_ORDER - 1) ? "more than the largest block" : NULL;
}

static bool is_block(size_t size)
{
	unsigned long nr = PFN_UP(size);

	return !(nr & (nr - 1));
}

/* A block becomes PFN_UP(size) single pages; what is beyond is free. */
static void trim(struct page *page, unsigned int order, size_t size)
{
	split_page(page, order);
	for (unsigned long i = PFN_UP(size); i < 1UL << order; i++)
		__free_page(page + i);
}

/* Whole pages of at least `size` bytes under the limit, or NULL. */
static struct page *alloc_block(struct device *dev, size_t size, gfp_t gfp, u64 limit)
{
	unsigned int order = get_order(size);
	int nid = dev_to_node(dev);
	struct page *page;

	if (likely(reaches_all(limit) && (nid < 0 || nid == numa_node_id())))
		page = alloc_pages(gfp, order);	/* from this CPU's cache, most often */
	else
		page = alloc_pages_below(nid, gfp, order,
					 limit == ~0ULL ? ~0UL : PFN_DOWN(limit + 1));
	if (page && order && !is_block(size))
		trim(page, order, size);
	return page;
}

static noinline void *refuse_coherent(struct device *dev, size_t size, unsigned long attrs,
				      const char *wrong)
{
	u64 mask = dev ? dev->coherent_dma_mask : 0;

	refuse(dev, attrs, "coherent memory of %zu bytes under mask %#llx: %s", size,
	       limit_of(dev, mask), wrong);
	return NULL;
}

/* Flags that mean a zone, a compound page or clearing: what the mask and this file see to. */
#define OWN_FLAGS (__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM | __GFP_COMP | __GFP_ZERO)

static noinline void *alloc_any(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp,
				unsigned long attrs, unsigned long caller)
{
	const char *wrong = why_not_coherent(dev, size);
	struct page *page;

	*handle = DMA_MAPPING_ERROR;
	if (wrong)
		return refuse_coherent(dev, size, attrs, wrong);
	gfp = (gfp & ~OWN_FLAGS) | (attrs & DMA_ATTR_NO_WARN ? __GFP_NOWARN : 0);
	page = alloc_block(dev, size, gfp, limit_of(dev, dev->coherent_dma_mask));
	if (!page)
		return refuse_coherent(dev, size, attrs, "none is free");
	*handle = page_to_phys(page);
	if (dma_debug_on)
		dma_debug_map(dev, *handle, size, DMA_BIDIRECTIONAL, DMA_DEBUG_COHERENT, 0,
			      caller);
	return memset(phys_to_virt(*handle), 0, PAGE_ALIGN(size));
}

/* A page at most, for a device that reaches all low memory: what is common is short. */
static bool is_common(const struct device *dev, size_t size)
{
	return size - 1 < PAGE_SIZE && dev && dev->numa_node < 0 && !dma_debug_on &&
	       reaches_all(dev->coherent_dma_mask) && !dev->bus_dma_limit;
}

void *dma_alloc_attrs(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp,
		      unsigned long attrs)
{
	struct page *page;

	if (unlikely(!is_common(dev, size) || attrs))
		return alloc_any(dev, size, handle, gfp, attrs, _RET_IP_);
	page = alloc_page(gfp & ~OWN_FLAGS);
	if (unlikely(!page)) {
		*handle = DMA_MAPPING_ERROR;
		return refuse_coherent(dev, size, attrs, "none is free");
	}
	*handle = page_to_phys(page);
	return memset(phys_to_virt(*handle), 0, PAGE_SIZE);
}

static noinline __cold void report_free(struct device *dev, size_t size, void *virt,
					dma_addr_t handle)
{
	report_misuse(QUARRY_BAD_DMA, virt,
		      "dma_free_coherent(%s, size:%zu, %px, %#llx): not such memory",
		      dev_name(dev), size, virt, handle);
}

static noinline void free_any(struct device *dev, size_t size, void *virt, dma_addr_t handle)
{
	struct page *page = phys_to_page(handle);

	if (!virt)
		return;
	if (!PAGE_ALIGNED(virt) || !size || virt_to_phys(virt) != handle ||
	    !pfn_is_live(PFN_DOWN(handle))) {
		report_free(dev, size, virt, handle);
		return;
	}
	if (dma_debug_on)
		dma_debug_unmap(dev, handle, size, DMA_BIDIRECTIONAL, DMA_DEBUG_COHERENT, 0);
	if (is_block(size)) {
		__free_pages(page, get_order(size));
		return;
	}
	for (unsigned long i = 0; i < PFN_UP(size); i++)
		__free_page(page + i);
}

void dma_free_attrs(struct device *dev, size_t size, void *virt, dma_addr_t handle,
		    unsigned long attrs)
{
	if (likely(size - 1 < PAGE_SIZE && virt_to_phys(virt) == handle &&
		   PAGE_ALIGNED(handle) && pfn_is_live(PFN_DOWN(handle)) && !dma_debug_on))
		__free_pages(phys_to_page(handle), 0);
	else
		free_any(dev, size, virt, handle);
}

/* ---- Streaming mappings ---- */

static bool is_direction(enum dma_data_direction dir)
{
	return dir == DMA_BIDIRECTIONAL || dir == DMA_TO_DEVICE || dir == DMA_FROM_DEVICE;
}

/* What is wrong with lending [phys, phys + size), or NULL. */
static const char *why_not_map(const struct device *dev, phys_addr_t phys, size_t size,
			       enum dma_data_direction dir)
{
	if (!dev)
		return "no device";
	if (!dev->dma_mask || !*dev->dma_mask)
		return "the device has no mask";
	if (!is_direction(dir))
		return "no such direction";
	if (!size || phys + size < phys)
		return "no bytes, or too many";
	if (!pfn_valid(PFN_DOWN(phys)) || !pfn_valid(PFN_DOWN(phys + size - 1)))
		return "not memory";
	return NULL;
}

/* Without the debug table's knowledge; the reason, or NULL with *addr set. */
static const char *map_phys(struct device *dev, phys_addr_t phys, size_t size,
			    enum dma_data_direction dir, unsigned long attrs, dma_addr_t *addr)
{
	const char *wrong = why_not_map(dev, phys, size, dir);
	u64 limit;

	*addr = DMA_MAPPING_ERROR;
	if (unlikely(wrong))
		return wrong;
	limit = limit_of(dev, *dev->dma_mask);
	if (likely(phys + size - 1 <= limit)) {
		*addr = phys;
		return NULL;
	}
	if (size > BOUNCE_MAX)
		return "beyond the mask, and too large to bounce";
	*addr = bounce_map(dev, phys, size, limit);
	return *addr == DMA_MAPPING_ERROR ? "beyond the mask, and no bounce buffer is free" : NULL;
}

static dma_addr_t map(struct device *dev, phys_addr_t phys, size_t size,
		      enum dma_data_direction dir, unsigned long attrs, unsigned long caller)
{
	dma_addr_t addr;
	const char *wrong = map_phys(dev, phys, size, dir, attrs, &addr);

	if (unlikely(wrong))
		refuse(dev, attrs, "mapping of %zu bytes at %#llx: %s (mask %#llx)", size, phys,
		       wrong, limit_of(dev, dma_get_mask(dev)));
	else if (unlikely(dma_debug_on))
		dma_debug_map(dev, addr, size, dir, DMA_DEBUG_SINGLE, 0, caller);
	return addr;
}

dma_addr_t dma_map_page_attrs(struct device *dev, struct page *page, size_t offset, size_t size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	return map(dev, page_to_phys(page) + offset, size, dir, attrs, _RET_IP_);
}

dma_addr_t dma_map_single_attrs(struct device *dev, void *ptr, size_t size,
				enum dma_data_direction dir, unsigned long attrs)
{
	if (unlikely(!virt_addr_valid(ptr))) {
		refuse(dev, attrs, "mapping of %zu bytes at %px: a stack, vmalloc() or no memory; "
		       "only addresses of kmalloc() and pages can be mapped", size, ptr);
		return DMA_MAPPING_ERROR;
	}
	return map(dev, virt_to_phys(ptr), size, dir, attrs, _RET_IP_);
}

/* Gives a bounce buffer back; anything else needs nothing. */
static void unmap_phys(struct device *dev, dma_addr_t addr, size_t size,
		       enum dma_data_direction dir, unsigned long attrs)
{
	if (is_bounced(addr) &&
	    !bounce_unmap(addr, size, dir, !(attrs & DMA_ATTR_SKIP_CPU_SYNC)))
		report_misuse(QUARRY_BAD_DMA, NULL,
			      "dma_unmap(%s, %#llx, size:%zu): not such a mapping", dev_name(dev),
			      addr, size);
}

void dma_unmap_page_attrs(struct device *dev, dma_addr_t addr, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
	if (unlikely(dma_debug_on))
		dma_debug_unmap(dev, addr, size, dir, DMA_DEBUG_SINGLE, 0);
	unmap_phys(dev, addr, size, dir, attrs);
}

void dma_unmap_single_attrs(struct device *dev, dma_addr_t addr, size_t size,
			    enum dma_data_direction dir, unsigned long attrs)
{
	dma_unmap_page_attrs(dev, addr, size, dir, attrs);
}

int (dma_mapping_error)(struct device *dev, dma_addr_t addr)
{
	if (unlikely(dma_debug_on))
		dma_debug_asked(dev, addr);
	return addr == DMA_MAPPING_ERROR ? -ENOMEM : 0;
}

static void sync(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
		 bool for_device)
{
	if (unlikely(dma_debug_on))
		dma_debug_sync(dev, addr, size, dir, for_device);
	if (is_bounced(addr))
		bounce_sync(addr, size, dir, for_device);
}

void dma_sync_single_for_cpu(struct device *dev, dma_addr_t addr, size_t size,
			     enum dma_data_direction dir)
{
	sync(dev, addr, size, dir, false);
}

void dma_sync_single_for_device(struct device *dev, dma_addr_t addr, size_t size,
				enum dma_data_direction dir)
{
	sync(dev, addr, size, dir, true);
}

/* ---- Lists ---- */

unsigned int dma_map_sg_attrs(struct device *dev, struct scatterlist *sgl, int nents,
			      enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *sg;
	const char *wrong;
	int i;

	for_each_sg(sgl, sg, nents, i) {
		wrong = map_phys(dev, sg_phys(sg), sg->length, dir, attrs, &sg->dma_address);
		if (unlikely(wrong))
			goto undo;
		sg->dma_length = sg->length;
	}
	if (unlikely(dma_debug_on))
		for_each_sg(sgl, sg, nents, i)
			dma_debug_map(dev, sg->dma_address, sg->length, dir, DMA_DEBUG_SG, nents,
				      _RET_IP_);
	return nents;
undo:
	refuse(dev, attrs, "list of %d pieces: piece %d, %u bytes at %#llx: %s (mask %#llx)",
	       nents, i, sg->length, sg_phys(sg), wrong, limit_of(dev, dma_get_mask(dev)));
	for (nents = i, sg = sgl, i = 0; i < nents; i++, sg = sg_next(sg))
		unmap_phys(dev, sg->dma_address, sg->length, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
	return 0;
}

void dma_unmap_sg_attrs(struct device *dev, struct scatterlist *sgl, int nents,
			enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i) {
		if (unlikely(dma_debug_on))
			dma_debug_unmap(dev, sg->dma_address, sg->length, dir, DMA_DEBUG_SG, nents);
		unmap_phys(dev, sg->dma_address, sg->length, dir, attrs);
	}
}

int dma_map_sgtable(struct device *dev, struct sg_table *sgt, enum dma_data_direction dir,
		    unsigned long attrs)
{
	sgt->nents = dma_map_sg_attrs(dev, sgt->sgl, (int)sgt->orig_nents, dir, attrs);
	return sgt->nents ? 0 : -EIO;
}

void dma_unmap_sgtable(struct device *dev, struct sg_table *sgt, enum dma_data_direction dir,
		       unsigned long attrs)
{
	dma_unmap_sg_attrs(dev, sgt->sgl, (int)sgt->orig_nents, dir, attrs);
}

static void sync_sg(struct device *dev, struct scatterlist *sgl, int nents,
		    enum dma_data_direction dir, bool for_device)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		sync(dev, sg->dma_address, sg->length, dir, for_device);
}

void dma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sg, int nents,
			 enum dma_data_direction dir)
{
	sync_sg(dev, sg, nents, dir, false);
}

void dma_sync_sg_for_device(struct device *dev, struct scatterlist *sg, int nents,
			    enum dma_data_direction dir)
{
	sync_sg(dev, sg, nents, dir, true);
}
