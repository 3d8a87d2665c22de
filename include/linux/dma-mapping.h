/* SPDX-License-Identifier: MIT */
/*
 * Memory that a device reads and writes by itself. See mm/dma.c.
 *
 * Coherent memory is allocated for the device and shared with it for as long as it lives. A
 * streaming mapping lends the device a buffer that exists already, in one direction, until it is
 * unmapped; where the device cannot reach the buffer, it gets another one, and the data is copied
 * (bounced) at the map, the unmap and the syncs between.
 *
 * Each refusal says why on the log, with the device's name.
 */
#ifndef _LINUX_DMA_MAPPING_H
#define _LINUX_DMA_MAPPING_H

#include <linux/device.h>
#include <linux/dma-direction.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/types.h>

#define DMA_BIT_MASK(n) ((n) >= 64 ? ~0ULL : (1ULL << (n)) - 1)
#define DMA_MAPPING_ERROR (~(dma_addr_t)0)

/* The names up to Linux 2.6.32. */
#define DMA_64BIT_MASK DMA_BIT_MASK(64)
#define DMA_48BIT_MASK DMA_BIT_MASK(48)
#define DMA_40BIT_MASK DMA_BIT_MASK(40)
#define DMA_39BIT_MASK DMA_BIT_MASK(39)
#define DMA_32BIT_MASK DMA_BIT_MASK(32)
#define DMA_31BIT_MASK DMA_BIT_MASK(31)
#define DMA_30BIT_MASK DMA_BIT_MASK(30)
#define DMA_29BIT_MASK DMA_BIT_MASK(29)
#define DMA_28BIT_MASK DMA_BIT_MASK(28)
#define DMA_24BIT_MASK DMA_BIT_MASK(24)

/* Accepted everywhere; those without a meaning here change nothing. */
#define DMA_ATTR_WEAK_ORDERING	    0x002UL
#define DMA_ATTR_WRITE_COMBINE	    0x004UL
#define DMA_ATTR_NO_KERNEL_MAPPING  0x010UL
#define DMA_ATTR_SKIP_CPU_SYNC	    0x020UL	/* copies nothing at this map or unmap */
#define DMA_ATTR_FORCE_CONTIGUOUS   0x040UL
#define DMA_ATTR_ALLOC_SINGLE_PAGES 0x080UL
#define DMA_ATTR_NO_WARN	    0x100UL	/* refuses in silence */
#define DMA_ATTR_PRIVILEGED	    0x200UL

/* ---- Masks: which addresses the device can put on the bus ---- */

/* 0, or -EIO when the machine has no memory under the mask, or the device does no DMA. */
int dma_set_mask(struct device *dev, u64 mask);
int dma_set_coherent_mask(struct device *dev, u64 mask);
int dma_set_mask_and_coherent(struct device *dev, u64 mask);
/* The same for a device whose bus gave it no mask of its own. */
int dma_coerce_mask_and_coherent(struct device *dev, u64 mask);
bool dma_supported(struct device *dev, u64 mask);

static inline u64 dma_get_mask(const struct device *dev)
{
	return dev && dev->dma_mask && *dev->dma_mask ? *dev->dma_mask : DMA_BIT_MASK(32);
}

/* The mask that reaches all of RAM. */
u64 dma_get_required_mask(struct device *dev);
/* Is there RAM that it does not reach? */
bool dma_addressing_limited(struct device *dev);
/* Longer mappings are refused where they would have to bounce. */
size_t dma_max_mapping_size(struct device *dev);

/* ---- Coherent memory ---- */

/*
 * `size` bytes, at most PAGE_SIZE << (MAX_ORDER - 1): contiguous, cleared, aligned to the least
 * power of two that is not smaller, at an address under the device's coherent mask. *handle is
 * that address as the device sees it. Flags that choose a zone are ignored: the mask does. NULL
 * when there is none. Interrupts: with GFP_ATOMIC.
 */
void *dma_alloc_attrs(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp,
		      unsigned long attrs);
/* With the size of the allocation. Any context; NULL does nothing. */
void dma_free_attrs(struct device *dev, size_t size, void *virt, dma_addr_t handle,
		    unsigned long attrs);

static inline void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *handle,
				       gfp_t gfp)
{
	return dma_alloc_attrs(dev, size, handle, gfp,
			       gfp & __GFP_NOWARN ? DMA_ATTR_NO_WARN : 0);
}

static inline void dma_free_coherent(struct device *dev, size_t size, void *virt,
				     dma_addr_t handle)
{
	dma_free_attrs(dev, size, virt, handle, 0);
}

#define dma_zalloc_coherent(dev, size, handle, gfp) dma_alloc_coherent(dev, size, handle, gfp)
#define dma_alloc_wc(dev, size, handle, gfp) dma_alloc_coherent(dev, size, handle, gfp)
#define dma_free_wc(dev, size, virt, handle) dma_free_coherent(dev, size, virt, handle)

/* The same, freed with the device's driver (linux/device.h). May sleep as gfp says. */
void *dmam_alloc_coherent(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp);
void dmam_free_coherent(struct device *dev, size_t size, void *virt, dma_addr_t handle);

/* ---- Streaming mappings: any context ---- */

/*
 * Lends `size` bytes, more than none, to the device; the CPU leaves them alone until the unmap or
 * a sync for the CPU. Returns the device's address, or DMA_MAPPING_ERROR.
 */
dma_addr_t dma_map_page_attrs(struct device *dev, struct page *page, size_t offset, size_t size,
			      enum dma_data_direction dir, unsigned long attrs);
/* With the size and direction of the map. */
void dma_unmap_page_attrs(struct device *dev, dma_addr_t addr, size_t size,
			  enum dma_data_direction dir, unsigned long attrs);
/* The same by an address in the direct map; others are refused (stacks, vmalloc). */
dma_addr_t dma_map_single_attrs(struct device *dev, void *ptr, size_t size,
				enum dma_data_direction dir, unsigned long attrs);
void dma_unmap_single_attrs(struct device *dev, dma_addr_t addr, size_t size,
			    enum dma_data_direction dir, unsigned long attrs);

#define dma_map_page(dev, page, offset, size, dir) \
	dma_map_page_attrs(dev, page, offset, size, dir, 0)
#define dma_unmap_page(dev, addr, size, dir) dma_unmap_page_attrs(dev, addr, size, dir, 0)
#define dma_map_single(dev, ptr, size, dir) dma_map_single_attrs(dev, ptr, size, dir, 0)
#define dma_unmap_single(dev, addr, size, dir) dma_unmap_single_attrs(dev, addr, size, dir, 0)

/* To be asked after every map: 0, or -ENOMEM when it failed. Up to Linux 2.6.26 without dev. */
int (dma_mapping_error)(struct device *dev, dma_addr_t addr);
#define dma_mapping_error(...) \
	__DMA_MAPPING_ERROR(__VA_ARGS__, __dma_mapping_error2, __dma_mapping_error1)(__VA_ARGS__)
#define __DMA_MAPPING_ERROR(dev, addr, form, ...) form
#define __dma_mapping_error2(dev, addr) (dma_mapping_error)(dev, addr)
#define __dma_mapping_error1(addr)	(dma_mapping_error)(NULL, addr)

/*
 * Lends a list of pieces: sets each one's DMA address and length. How many, or 0 with nothing
 * mapped. The unmap and the syncs get the list and the number that the map got.
 */
unsigned int dma_map_sg_attrs(struct device *dev, struct scatterlist *sg, int nents,
			      enum dma_data_direction dir, unsigned long attrs);
void dma_unmap_sg_attrs(struct device *dev, struct scatterlist *sg, int nents,
			enum dma_data_direction dir, unsigned long attrs);
#define dma_map_sg(dev, sg, nents, dir)	  dma_map_sg_attrs(dev, sg, nents, dir, 0)
#define dma_unmap_sg(dev, sg, nents, dir) dma_unmap_sg_attrs(dev, sg, nents, dir, 0)
/* The same with a table: 0, or -EIO. */
int dma_map_sgtable(struct device *dev, struct sg_table *sgt, enum dma_data_direction dir,
		    unsigned long attrs);
void dma_unmap_sgtable(struct device *dev, struct sg_table *sgt, enum dma_data_direction dir,
		       unsigned long attrs);

/*
 * Hands a mapped buffer, or part of it that begins at `addr`, to the CPU for a while, and back to
 * the device.
 */
void dma_sync_single_for_cpu(struct device *dev, dma_addr_t addr, size_t size,
			     enum dma_data_direction dir);
void dma_sync_single_for_device(struct device *dev, dma_addr_t addr, size_t size,
				enum dma_data_direction dir);
void dma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sg, int nents,
			 enum dma_data_direction dir);
void dma_sync_sg_for_device(struct device *dev, struct scatterlist *sg, int nents,
			    enum dma_data_direction dir);
#define dma_sync_single(dev, addr, size, dir) dma_sync_single_for_cpu(dev, addr, size, dir)
#define dma_sync_sg(dev, sg, nents, dir)      dma_sync_sg_for_cpu(dev, sg, nents, dir)
#define dma_sync_single_range_for_cpu(dev, addr, offset, size, dir) \
	dma_sync_single_for_cpu(dev, (addr) + (offset), size, dir)
#define dma_sync_single_range_for_device(dev, addr, offset, size, dir) \
	dma_sync_single_for_device(dev, (addr) + (offset), size, dir)

/* For buses: its driver has given the device up. dma_debug reports what it left mapped. */
void dma_device_released(struct device *dev);

/* For drivers that keep what the unmap needs. */
#define DEFINE_DMA_UNMAP_ADDR(name)	     dma_addr_t name
#define DEFINE_DMA_UNMAP_LEN(name)	     u32 name
#define dma_unmap_addr(ptr, name)	     ((ptr)->name)
#define dma_unmap_addr_set(ptr, name, value) ((ptr)->name = (value))
#define dma_unmap_len(ptr, name)	     ((ptr)->name)
#define dma_unmap_len_set(ptr, name, value)  ((ptr)->name = (value))

static inline int dma_get_cache_alignment(void)
{
	return 1;		/* devices see the CPUs' caches */
}

#endif
