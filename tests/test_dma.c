/* SPDX-License-Identifier: MIT */
/* Masks, and coherent memory under them. */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include "mm/dma.h"
#include "tests/fake_device.h"
#include "tests/listen.h"
#include "tests/selftest.h"

static bool says(const char *text)
{
	const char *all = listen_stop();

	return strstr(all, text) != NULL;
}

/* ---- Masks ---- */

SELFTEST(dma, masks_are_kept_or_refused_with_a_reason)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(32));

	CHECK_EQ(DMA_BIT_MASK(64), ~0ULL);
	CHECK_EQ(DMA_BIT_MASK(28), 0xfffffff);
	CHECK_EQ(dma_set_mask_and_coherent(&dev, DMA_BIT_MASK(64)), 0);
	CHECK_EQ(dev_mask, ~0ULL);
	CHECK_EQ(dev.coherent_dma_mask, ~0ULL);
	listen_start();
	CHECK_EQ(dma_set_mask(&dev, 0xff), -EIO);
	CHECK(says("no memory under it"));
	CHECK_EQ(dma_set_coherent_mask(&dev, 0), -EIO);
	CHECK_EQ(dev_mask, ~0ULL);		/* as they were */
	CHECK_EQ(dev.coherent_dma_mask, ~0ULL);
	dev.dma_mask = NULL;
	listen_start();
	CHECK_EQ(dma_set_mask(&dev, DMA_BIT_MASK(64)), -EIO);
	CHECK(says("the device does none"));
	CHECK_EQ(dma_coerce_mask_and_coherent(&dev, DMA_BIT_MASK(63)), 0);
	CHECK_EQ(dma_get_mask(&dev), DMA_BIT_MASK(63));
	CHECK_EQ(dev.coherent_dma_mask, DMA_BIT_MASK(63));
}

SELFTEST(dma, what_memory_there_is_decides_what_is_limited)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	u64 required = dma_get_required_mask(&dev);

	CHECK(required >= PFN_PHYS(max_pfn) - 1);
	CHECK(required / 2 < PFN_PHYS(max_pfn) - 1);
	CHECK(!dma_addressing_limited(&dev));
	CHECK_EQ(dma_max_mapping_size(&dev), SIZE_MAX);
	dev.bus_dma_limit = PFN_PHYS(max_pfn) - 2;
	CHECK(dma_addressing_limited(&dev));
	CHECK(dma_max_mapping_size(&dev) < SIZE_MAX);
	dev.bus_dma_limit = 0;
	dev_mask = required >> 1;
	CHECK(dma_addressing_limited(&dev));
}

/* ---- Coherent memory ---- */

static const size_t sizes[] = {
	1, 64, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE, 5 * PAGE_SIZE - 7, SZ_64K,
	SZ_64K + 1, SZ_1M, 1536 * SZ_1K, SZ_4M,
};

/* One allocation of each size, checked, soiled and freed. How many could be had. */
static unsigned int try_sizes(struct device *dev, u64 limit)
{
	unsigned int got = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t align = max(roundup_pow_of_two(sizes[i]), PAGE_SIZE);
		dma_addr_t handle;
		u8 *virt = dma_alloc_coherent(dev, sizes[i], &handle,
					      GFP_KERNEL | __GFP_NOWARN);

		CHECK_EQ(!virt, handle == DMA_MAPPING_ERROR);
		if (!virt)
			continue;
		got++;
		CHECK(handle + sizes[i] - 1 <= limit);
		CHECK_EQ(handle, virt_to_phys(virt));
		CHECK_EQ(handle % align, 0);
		CHECK(!memchr_inv(virt, 0, sizes[i]));
		memset(virt, 0x77, PAGE_ALIGN(sizes[i]));
		dma_free_coherent(dev, sizes[i], virt, handle);
	}
	return got;
}

SELFTEST(dma, coherent_memory_is_cleared_aligned_and_in_one_piece)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));

	CHECK(try_sizes(&dev, ~0ULL) >= 6);
	CHECK(try_sizes(&dev, ~0ULL) >= 6);	/* what was soiled */
}

/* The common call, in a row: the page just freed comes back. */
SELFTEST(dma, a_page_that_was_soiled_comes_back_cleared)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));

	for (unsigned int i = 0; i < 4; i++) {
		dma_addr_t handle;
		u8 *virt = dma_alloc_coherent(&dev, 100, &handle, GFP_KERNEL);

		REQUIRE(virt);
		CHECK(!memchr_inv(virt, 0, PAGE_SIZE));
		memset(virt, 0x99, PAGE_SIZE);
		dma_free_coherent(&dev, 100, virt, handle);
	}
}

SELFTEST(dma, coherent_memory_is_under_every_mask)
{
	unsigned int bits, usable = 0;

	for (bits = 20; bits <= 46; bits++) {
		FAKE_DEVICE(dev, DMA_BIT_MASK(bits));
		unsigned int got = try_sizes(&dev, DMA_BIT_MASK(bits));

		if (dma_supported(&dev, DMA_BIT_MASK(bits)) && got)
			usable++;
	}
	CHECK(usable > 6);
}

SELFTEST(dma, the_limit_of_the_bus_counts_too)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	unsigned int bits;

	for (bits = 22; bits <= 40; bits++) {
		dev.bus_dma_limit = DMA_BIT_MASK(bits) - 0x1234;
		try_sizes(&dev, dev.bus_dma_limit);
	}
}

SELFTEST(dma, coherent_memory_takes_no_more_pages_than_it_needs)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	unsigned long before;
	dma_addr_t handle;
	void *virt;

	virt = dma_alloc_coherent(&dev, 5 * PAGE_SIZE, &handle, GFP_KERNEL); /* caches warm up */
	dma_free_coherent(&dev, 5 * PAGE_SIZE, virt, handle);
	before = nr_free_pages();
	virt = dma_alloc_coherent(&dev, 5 * PAGE_SIZE, &handle, GFP_KERNEL);
	REQUIRE(virt);
	CHECK(before - nr_free_pages() < 8);
	dma_free_coherent(&dev, 5 * PAGE_SIZE, virt, handle);
}

SELFTEST(dma, flags_that_choose_a_zone_are_ignored)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	static const gfp_t flags[] = {
		GFP_KERNEL | GFP_DMA, GFP_KERNEL | GFP_DMA32, GFP_HIGHUSER, GFP_ATOMIC, GFP_NOWAIT,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		dma_addr_t handle;
		void *virt = dma_alloc_coherent(&dev, 100, &handle, flags[i]);

		CHECK(virt);
		dma_free_coherent(&dev, 100, virt, handle);
	}
}

SELFTEST(dma, refusals_say_why)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	dma_addr_t handle;

	listen_start();
	CHECK(!dma_alloc_coherent(&dev, 0, &handle, GFP_KERNEL));
	CHECK(says("fake device: DMA: coherent memory of 0 bytes under mask "
		   "0xffffffffffffffff: no bytes"));
	listen_start();
	CHECK(!dma_alloc_coherent(&dev, SZ_4M + 1, &handle, GFP_KERNEL));
	CHECK(says("more than the largest block"));
	CHECK(!dma_alloc_coherent(&dev, SIZE_MAX, &handle, GFP_KERNEL));
	dev.coherent_dma_mask = 0;
	listen_start();
	CHECK(!dma_alloc_coherent(&dev, 64, &handle, GFP_KERNEL));
	CHECK(says("no coherent mask"));
	dev.coherent_dma_mask = 0xff;
	listen_start();
	CHECK(!dma_alloc_coherent(&dev, 64, &handle, GFP_KERNEL | __GFP_NOWARN));
	CHECK(!says("DMA:"));
	CHECK(!dma_alloc_attrs(&dev, 64, &handle, GFP_KERNEL | __GFP_NOWARN, 0));
}

/* Old drivers passed NULL for an ISA device. */
SELFTEST(dma, no_device_is_refused_with_a_reason)
{
	u8 *buffer = kmalloc(64, GFP_KERNEL);
	struct scatterlist sg;
	struct pci_dev *no_pci_device = NULL;
	dma_addr_t handle = 0;

	listen_start();
	CHECK(!dma_alloc_coherent(NULL, 64, &handle, GFP_KERNEL));
	CHECK_EQ(handle, DMA_MAPPING_ERROR);
	CHECK(says("(NULL device *): DMA: coherent memory of 64 bytes under mask 0x0: no device"));
	listen_start();
	CHECK(!pci_alloc_consistent(no_pci_device, SZ_64K, &handle));
	CHECK(says("no device"));
	listen_start();
	REQUIRE(buffer);
	CHECK_EQ(dma_map_single(NULL, buffer, 64, DMA_TO_DEVICE), DMA_MAPPING_ERROR);
	CHECK(says("DMA: mapping of 64 bytes"));
	sg_init_one(&sg, buffer, 64);
	CHECK_EQ(dma_map_sg(NULL, &sg, 1, DMA_TO_DEVICE), 0);
	CHECK_EQ(dma_set_mask(NULL, DMA_BIT_MASK(32)), -EIO);
	CHECK_EQ(dma_set_coherent_mask(NULL, DMA_BIT_MASK(32)), -EIO);
	CHECK_EQ(dma_coerce_mask_and_coherent(NULL, DMA_BIT_MASK(32)), -EIO);
	CHECK_EQ(dma_get_mask(NULL), DMA_BIT_MASK(32));
	CHECK(!dmam_alloc_coherent(NULL, 64, &handle, GFP_KERNEL));
	CHECK(!dma_pool_create("none", NULL, 64, 0, 0));
	dma_free_coherent(NULL, 64, NULL, 0);
	kfree(buffer);
}

SELFTEST(dma, coherent_memory_in_an_interrupts_place)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	unsigned long flags;
	dma_addr_t handle;
	void *virt;

	local_irq_save(flags);
	virt = dma_alloc_coherent(&dev, SZ_8K, &handle, GFP_ATOMIC);
	dma_free_coherent(&dev, SZ_8K, virt, handle);
	local_irq_restore(flags);
	CHECK(virt);
}

SELFTEST(dma, wrong_frees_are_reported)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	dma_addr_t handle;
	u8 *virt = dma_alloc_coherent(&dev, SZ_8K, &handle, GFP_KERNEL);

	REQUIRE(virt);
	dma_free_coherent(&dev, SZ_8K, NULL, handle);
	selftest_expect_reports(5);
	dma_free_coherent(&dev, SZ_8K, virt, handle + PAGE_SIZE);
	dma_free_coherent(&dev, SZ_8K, virt + 8, handle + 8);
	dma_free_coherent(&dev, 0, virt, handle);
	dma_free_coherent(&dev, SZ_4K, virt, handle);	/* another size */
	dma_free_coherent(&dev, SZ_8K, &dev, virt_to_phys(&dev));
	dma_free_coherent(&dev, SZ_8K, virt, handle);
}
