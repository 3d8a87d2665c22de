/* SPDX-License-Identifier: MIT */
/* What the debug mode says of drivers that use the DMA API wrongly. */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "mm/dma.h"
#include "tests/fake_device.h"
#include "tests/listen.h"
#include "tests/selftest.h"

static bool was_on;

static bool begin(void)
{
	was_on = dma_debug_on;
	return CHECK_EQ(dma_debug_set(true), 0);
}

static void end(void)
{
	CHECK_EQ(dma_debug_entries(), 0);
	CHECK(dma_debug_on);
	dma_debug_set(was_on);
}

static dma_addr_t map(struct device *dev, void *buf)
{
	dma_addr_t addr = dma_map_single(dev, buf, 100, DMA_TO_DEVICE);

	CHECK_EQ(dma_mapping_error(dev, addr), 0);
	return addr;
}

#define NEED_BUFFER(dev, buf) \
	FAKE_DEVICE(dev, ~0ULL); \
	char *buf = kmalloc(100, GFP_KERNEL); \
	REQUIRE(buf && begin())

SELFTEST(dma_debug, correct_use_is_not_reported)
{
	struct scatterlist list[2];
	dma_addr_t addr, handle;
	void *virt;
	NEED_BUFFER(dev, buf);

	addr = map(&dev, buf);
	dma_sync_single_range_for_cpu(&dev, addr, 10, 90, DMA_TO_DEVICE);
	dma_unmap_single(&dev, addr, 100, DMA_TO_DEVICE);
	virt = dma_alloc_coherent(&dev, 5000, &handle, GFP_KERNEL);
	dma_free_coherent(&dev, 5000, virt, handle);
	sg_init_table(list, 2);
	sg_set_buf(&list[0], buf, 50);
	sg_set_buf(&list[1], buf + 50, 50);
	CHECK_EQ(dma_map_sg(&dev, list, 2, DMA_BIDIRECTIONAL), 2);
	dma_sync_sg_for_cpu(&dev, list, 2, DMA_FROM_DEVICE);
	CHECK_EQ(dma_debug_entries(), 2);
	dma_unmap_sg(&dev, list, 2, DMA_BIDIRECTIONAL);
	dma_device_released(&dev);
	end();
	kfree(buf);
}

SELFTEST(dma_debug, wrong_size_direction_and_function)
{
	NEED_BUFFER(dev, buf);

	CHECK_REPORT("different size [address", dma_unmap_single(&dev, map(&dev, buf), 99,
								  DMA_TO_DEVICE));
	CHECK_REPORT("[mapped with DMA_TO_DEVICE] [unmapped with DMA_FROM_DEVICE]",
		      dma_unmap_single(&dev, map(&dev, buf), 100, DMA_FROM_DEVICE));
	end();
	kfree(buf);
}

SELFTEST(dma_debug, a_second_unmap)
{
	dma_addr_t addr;
	NEED_BUFFER(dev, buf);

	addr = map(&dev, buf);
	dma_unmap_single(&dev, addr, 100, DMA_TO_DEVICE);
	CHECK_REPORT("fake device: frees DMA memory it has not allocated",
		      dma_unmap_single(&dev, addr, 100, DMA_TO_DEVICE));
	end();
	kfree(buf);
}

SELFTEST(dma_debug, another_devices_mapping)
{
	FAKE_DEVICE(other, ~0ULL);
	dma_addr_t addr;
	NEED_BUFFER(dev, buf);

	addr = map(&dev, buf);
	CHECK_REPORT("it has not allocated", dma_unmap_single(&other, addr, 100, DMA_TO_DEVICE));
	dma_unmap_single(&dev, addr, 100, DMA_TO_DEVICE);
	end();
	kfree(buf);
}

/* Each unmap and sync finds the mapping that it is of, in whatever order they come. */
SELFTEST(dma_debug, a_buffer_that_is_mapped_several_times)
{
	static const struct {
		size_t size;
		enum dma_data_direction dir;
	} uses[] = { { 100, DMA_TO_DEVICE }, { 60, DMA_TO_DEVICE }, { 100, DMA_FROM_DEVICE } };
	dma_addr_t addr = 0;
	NEED_BUFFER(dev, buf);

	for (unsigned int i = 0; i < ARRAY_SIZE(uses); i++) {
		addr = dma_map_single(&dev, buf, uses[i].size, uses[i].dir);
		CHECK_EQ(dma_mapping_error(&dev, addr), 0);
	}
	dma_sync_single_for_cpu(&dev, addr + 90, 10, DMA_TO_DEVICE);
	dma_sync_single_for_cpu(&dev, addr, 100, DMA_FROM_DEVICE);
	for (unsigned int i = 0; i < ARRAY_SIZE(uses); i++)
		dma_unmap_single(&dev, addr, uses[i].size, uses[i].dir);
	end();
	kfree(buf);
}

SELFTEST(dma_debug, syncs_that_are_wrong)
{
	dma_addr_t addr;
	NEED_BUFFER(dev, buf);

	addr = map(&dev, buf);
	CHECK_REPORT("outside allocated range",
		      dma_sync_single_for_cpu(&dev, addr + 1, 100, DMA_TO_DEVICE));
	CHECK_REPORT("sync DMA memory it has not allocated",
		      dma_sync_single_for_cpu(&dev, addr + 100, 1, DMA_TO_DEVICE));
	CHECK_REPORT("[synced with DMA_FROM_DEVICE for the device]",
		      dma_sync_single_for_device(&dev, addr, 100, DMA_FROM_DEVICE));
	dma_unmap_single(&dev, addr, 100, DMA_TO_DEVICE);
	end();
	kfree(buf);
}

SELFTEST(dma_debug, an_error_that_nobody_asked_for)
{
	dma_addr_t addr;
	NEED_BUFFER(dev, buf);

	addr = dma_map_single(&dev, buf, 100, DMA_TO_DEVICE);
	CHECK_REPORT("failed to check map error",
		      dma_unmap_single(&dev, addr, 100, DMA_TO_DEVICE));
	end();
	kfree(buf);
}

SELFTEST(dma_debug, an_error_that_was_asked_for_without_the_device)
{
	dma_addr_t addr;
	NEED_BUFFER(dev, buf);

	addr = dma_map_single(&dev, buf, 100, DMA_TO_DEVICE);
	CHECK_EQ(dma_mapping_error(addr), 0);
	dma_unmap_single(&dev, addr, 100, DMA_TO_DEVICE);
	end();
	kfree(buf);
}

SELFTEST(dma_debug, lists_and_coherent_memory)
{
	struct scatterlist list[2];
	dma_addr_t handle;
	void *virt;
	NEED_BUFFER(dev, buf);

	sg_init_table(list, 2);
	sg_set_buf(&list[0], buf, 50);
	sg_set_buf(&list[1], buf + 50, 50);
	dma_map_sg(&dev, list, 2, DMA_TO_DEVICE);
	CHECK_REPORT("[map count 2] [unmap count 1]", dma_unmap_sg(&dev, list, 1, DMA_TO_DEVICE));
	CHECK_REPORT("[mapped as scatter-gather] [unmapped as single]",
		      dma_unmap_single(&dev, list[1].dma_address, 50, DMA_TO_DEVICE));
	virt = dma_alloc_coherent(&dev, 5000, &handle, GFP_KERNEL);
	REQUIRE(virt);
	CHECK_REPORT("[map size 5000] [unmap size 5001]",
		      dma_free_coherent(&dev, 5001, virt, handle));
	end();
	kfree(buf);
}

SELFTEST(dma_debug, what_is_left_when_the_driver_goes)
{
	dma_addr_t addr;
	NEED_BUFFER(dev, buf);

	addr = map(&dev, buf);
	CHECK_REPORT("has pending DMA allocations while released: 1", dma_device_released(&dev));
	CHECK(addr);
	end();
	kfree(buf);
}
