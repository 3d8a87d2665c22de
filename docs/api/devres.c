// SPDX-License-Identifier: MIT
/* The examples of docs/api.md: memory that goes with its device. */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/module.h>

static struct device *dev;	/* &pci_dev->dev in a driver's probe function */

static int __init begin_device(void)
{
	static struct device device;

	dev = &device;
	device_initialize(dev);
	dev->dma_mask = &dev->coherent_dma_mask;
	return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32));
}
module_init(begin_device);

static int __init use_devm_kzalloc(void)
{
	u64 *state = devm_kzalloc(dev, sizeof(*state), GFP_KERNEL);

	return state ? 0 : -ENOMEM;	/* it goes with the device */
}
module_init(use_devm_kzalloc);

static int __init use_devm_kcalloc(void)
{
	u32 *table = devm_kcalloc(dev, 100, sizeof(*table), GFP_KERNEL);
	u32 *other = devm_kmalloc_array(dev, 100, sizeof(*other), GFP_KERNEL);

	devm_kfree(dev, other);		/* earlier than the device */
	return table && other ? 0 : -ENOMEM;
}
module_init(use_devm_kcalloc);

static int __init use_devm_ioremap_resource(void)
{
	static struct resource res = { .start = 0xfe800000, .end = 0xfe800fff,
				       .name = "registers", .flags = IORESOURCE_MEM };
	void __iomem *registers = devm_ioremap_resource(dev, &res);	/* claimed, then mapped */

	return IS_ERR(registers) ? PTR_ERR(registers) : 0;
}
module_init(use_devm_ioremap_resource);

static int __init use_dmam_alloc_coherent(void)
{
	dma_addr_t handle;
	void *ring = dmam_alloc_coherent(dev, 4096, &handle, GFP_KERNEL);

	return ring ? 0 : -ENOMEM;
}
module_init(use_dmam_alloc_coherent);

/* A bus calls this when the driver has given the device up. */
static void __exit end_device(void)
{
	devres_release_all(dev);
}
module_exit(end_device);
