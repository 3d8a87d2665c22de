/* SPDX-License-Identifier: MIT */
/* For tests of DMA: a device that is no device, with masks and a name. */
#ifndef TESTS_FAKE_DEVICE_H
#define TESTS_FAKE_DEVICE_H

#include <linux/dma-mapping.h>
#include <linux/string.h>

static inline void fake_device_init(struct device *dev, u64 *mask, u64 bits)
{
	static const struct device_driver driver = { .name = "fake" };

	memset(dev, 0, sizeof(*dev));
	device_initialize(dev);
	dev_set_name(dev, "device");
	dev->driver = &driver;
	*mask = bits;
	dev->dma_mask = mask;
	dev->coherent_dma_mask = bits;
}

#define FAKE_DEVICE(name, bits) \
	struct device name; \
	u64 name##_mask; \
	fake_device_init(&name, &name##_mask, bits)

#endif
