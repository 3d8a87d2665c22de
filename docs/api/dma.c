// SPDX-License-Identifier: MIT
/* The examples of docs/api.md: memory that devices read and write. */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

static struct device *dev;	/* &pci_dev->dev in a driver of a PCI device */

static int __init make_device(void)
{
	static struct device device;

	dev = &device;
	device_initialize(dev);
	dev->dma_mask = &dev->coherent_dma_mask;	/* as PCI does it */
	return dev_set_name(dev, "example");
}
module_init(make_device);

static int __init use_dma_set_mask(void)
{
	return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32));
}
module_init(use_dma_set_mask);

static int __init use_dma_set_two_masks(void)
{
	int error = dma_set_mask(dev, DMA_BIT_MASK(64));	/* of streaming mappings */

	return error ? error : dma_set_coherent_mask(dev, DMA_BIT_MASK(32));
}
module_init(use_dma_set_two_masks);

static int __init use_dma_alloc_coherent(void)
{
	dma_addr_t handle;
	u32 *ring = dma_alloc_coherent(dev, 16384, &handle, GFP_KERNEL);	/* cleared */

	if (!ring)
		return -ENOMEM;
	dma_free_coherent(dev, 16384, ring, handle);	/* handle % 16384 was 0 */
	return 0;
}
module_init(use_dma_alloc_coherent);

static int __init use_dma_map_single(void)
{
	void *text = kzalloc(1500, GFP_KERNEL);
	dma_addr_t addr = dma_map_single(dev, text, 1500, DMA_TO_DEVICE);
	int error = dma_mapping_error(dev, addr);

	if (!error)		/* and when the device has read it: */
		dma_unmap_single(dev, addr, 1500, DMA_TO_DEVICE);
	kfree(text);
	return error;
}
module_init(use_dma_map_single);

static int __init use_dma_map_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	dma_addr_t addr = dma_map_page(dev, page, 512, 1024, DMA_FROM_DEVICE);

	if (!dma_mapping_error(dev, addr))
		dma_unmap_page(dev, addr, 1024, DMA_FROM_DEVICE);
	__free_page(page);
	return 0;
}
module_init(use_dma_map_page);

static int __init use_dma_map_sg(void)
{
	void *one = kzalloc(512, GFP_KERNEL), *two = kzalloc(512, GFP_KERNEL);
	struct scatterlist list[2];

	sg_init_table(list, 2), sg_set_buf(&list[0], one, 512), sg_set_buf(&list[1], two, 512);
	if (dma_map_sg(dev, list, 2, DMA_TO_DEVICE))	/* then sg_dma_address(), sg_dma_len() */
		dma_unmap_sg(dev, list, 2, DMA_TO_DEVICE);
	return kfree(one), kfree(two), 0;
}
module_init(use_dma_map_sg);

static int __init use_dma_sync(void)
{
	u8 *buffer = kzalloc(256, GFP_KERNEL);
	dma_addr_t addr = dma_map_single(dev, buffer, 256, DMA_FROM_DEVICE);

	dma_sync_single_for_cpu(dev, addr, 256, DMA_FROM_DEVICE);	/* now read buffer[] */
	dma_sync_single_for_device(dev, addr, 256, DMA_FROM_DEVICE);
	dma_unmap_single(dev, addr, 256, DMA_FROM_DEVICE);
	return kfree(buffer), 0;
}
module_init(use_dma_sync);

static int __init use_dma_sync_sg(void)
{
	void *buffer = kzalloc(256, GFP_KERNEL);
	struct scatterlist sg;

	sg_init_one(&sg, buffer, 256), dma_map_sg(dev, &sg, 1, DMA_BIDIRECTIONAL);
	dma_sync_sg_for_cpu(dev, &sg, 1, DMA_BIDIRECTIONAL);
	dma_sync_sg_for_device(dev, &sg, 1, DMA_BIDIRECTIONAL);
	return dma_unmap_sg(dev, &sg, 1, DMA_BIDIRECTIONAL), kfree(buffer), 0;
}
module_init(use_dma_sync_sg);

static int __init use_dma_pool(void)
{
	struct dma_pool *pool = dma_pool_create("descriptors", dev, 64, 64, 4096);
	dma_addr_t handle, other;
	void *one = dma_pool_alloc(pool, GFP_KERNEL, &handle);
	void *two = dma_pool_zalloc(pool, GFP_ATOMIC, &other);

	dma_pool_free(pool, one, handle), dma_pool_free(pool, two, other);
	return dma_pool_destroy(pool), one && two ? 0 : -ENOMEM;
}
module_init(use_dma_pool);
