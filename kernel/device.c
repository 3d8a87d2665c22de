/* SPDX-License-Identifier: MIT */
/*
 * Devices: names and references. What belongs to a bus is with that bus; what a device needs
 * for DMA is in mm/.
 */
#include <linux/device.h>

void device_initialize(struct device *dev)
{
	atomic_set(&dev->refs, 1);
	dev->numa_node = NUMA_NO_NODE;
	spin_lock_init(&dev->devres_lock);
	INIT_LIST_HEAD(&dev->devres_head);
}

int dev_set_name(struct device *dev, const char *fmt, ...)
{
	__builtin_va_list args;
	int length;

	__builtin_va_start(args, fmt);
	length = vsnprintf(dev->name, sizeof(dev->name), fmt, args);
	__builtin_va_end(args);
	return length < (int)sizeof(dev->name) ? 0 : -E2BIG;
}

struct device *get_device(struct device *dev)
{
	if (dev)
		atomic_inc(&dev->refs);
	return dev;
}

void put_device(struct device *dev)
{
	int left;

	if (!dev)
		return;
	left = atomic_dec_return(&dev->refs);
	WARN_ON(left < 0);
	if (!left && dev->release)
		dev->release(dev);
}
