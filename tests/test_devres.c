/* SPDX-License-Identifier: MIT */
/* What belongs to a device goes with its driver, in the right order, once. */
#include <linux/device.h>
#include <linux/dmapool.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include "mm/internal.h"
#include "tests/fake_device.h"
#include "tests/listen.h"
#include "tests/selftest.h"

static char order[16];

static void note(void *data)
{
	size_t at = strlen(order);

	order[at] = *(const char *)data;
	order[at + 1] = 0;
}

SELFTEST(devres, memory_is_the_devices)
{
	FAKE_DEVICE(dev, ~0ULL);
	char *a, *b, *c;
	u64 *array;

	a = devm_kzalloc(&dev, 300, GFP_KERNEL);
	array = devm_kcalloc(&dev, 20, sizeof(*array), GFP_KERNEL);
	b = devm_kstrdup(&dev, "a name", GFP_KERNEL);
	c = devm_kasprintf(&dev, GFP_KERNEL, "%s-%d", "irq", 11);
	REQUIRE(a && array && b && c);
	CHECK(!memchr_inv(a, 0, 300));
	CHECK(!memchr_inv(array, 0, 160));
	CHECK_EQ((unsigned long)a % 16, 0);
	CHECK_STR(b, "a name");
	CHECK_STR(c, "irq-11");
	memset(a, 0x55, 300);
	CHECK(!devm_kstrdup(&dev, NULL, GFP_KERNEL));
	CHECK(devm_kmalloc(&dev, 0, GFP_KERNEL) == ZERO_SIZE_PTR);
	devm_kfree(&dev, b);
	CHECK_EQ(devres_release_all(&dev), 3);
	CHECK_EQ(devres_release_all(&dev), 0);
}

SELFTEST(devres, products_that_wrap_are_refused)
{
	FAKE_DEVICE(dev, ~0ULL);

	CHECK(!devm_kmalloc_array(&dev, SIZE_MAX / 4 + 2, 4, GFP_KERNEL));
	CHECK(!devm_kcalloc(&dev, SIZE_MAX, SIZE_MAX, GFP_KERNEL));
	CHECK(!devm_kmalloc(&dev, SIZE_MAX - 8, GFP_KERNEL));
	CHECK_EQ(devres_release_all(&dev), 0);
}

SELFTEST(devres, the_latest_goes_first)
{
	FAKE_DEVICE(dev, ~0ULL);

	order[0] = 0;
	CHECK_EQ(devm_add_action(&dev, note, "1"), 0);
	CHECK_EQ(devm_add_action_or_reset(&dev, note, "2"), 0);
	CHECK(devm_kmalloc(&dev, 8, GFP_KERNEL));
	CHECK_EQ(devm_add_action(&dev, note, "3"), 0);
	CHECK_EQ(devres_release_all(&dev), 4);
	CHECK_STR(order, "321");
}

SELFTEST(devres, actions_are_taken_back_or_called_early)
{
	static char one[] = "1", two[] = "2", three[] = "3";
	FAKE_DEVICE(dev, ~0ULL);

	order[0] = 0;
	devm_add_action(&dev, note, one);
	devm_add_action(&dev, note, two);
	devm_add_action(&dev, note, three);
	devm_remove_action(&dev, note, two);
	CHECK_STR(order, "");
	devm_release_action(&dev, note, one);
	CHECK_STR(order, "1");
	CHECK_EQ(devres_release_all(&dev), 1);
	CHECK_STR(order, "13");
}

SELFTEST(devres, what_is_not_the_devices_is_reported)
{
	FAKE_DEVICE(dev, ~0ULL);
	FAKE_DEVICE(other, ~0ULL);
	char *memory = devm_kmalloc(&dev, 10, GFP_KERNEL);

	REQUIRE(memory);
	selftest_expect_reports(5);
	order[0] = 0;
	devm_release_action(&dev, note, memory);
	CHECK_STR(order, "");			/* what may have been done is not done again */
	devm_kfree(&other, memory);
	devm_kfree(&dev, memory + 1);
	devm_remove_action(&dev, note, memory);
	devm_kfree(&dev, NULL);
	devm_kfree(&dev, memory);
	devm_kfree(&dev, memory);		/* a second time */
	CHECK_EQ(devres_release_all(&dev), 0);
}

SELFTEST(devres, dma_memory_goes_too)
{
	FAKE_DEVICE(dev, ~0ULL);
	struct dma_pool *pool;
	dma_addr_t handle, block_handle;
	void *virt, *early, *block;

	virt = dmam_alloc_coherent(&dev, 5000, &handle, GFP_KERNEL);
	early = dmam_alloc_coherent(&dev, 100, &block_handle, GFP_KERNEL);
	pool = dmam_pool_create("managed", &dev, 64, 0, 0);
	REQUIRE(virt && early && pool);
	CHECK(!memchr_inv(virt, 0, 5000));
	dmam_free_coherent(&dev, 100, early, block_handle);
	block = dma_pool_alloc(pool, GFP_KERNEL, &block_handle);
	dma_pool_free(pool, block, block_handle);
	CHECK_EQ(devres_release_all(&dev), 2);
	pool = dmam_pool_create("managed", &dev, 64, 0, 0);
	REQUIRE(pool);
	dmam_pool_destroy(pool);
	CHECK_EQ(devres_release_all(&dev), 0);
	CHECK(!dmam_pool_create("none", &dev, 0, 0, 0));
}

/* Addresses that are no RAM: behind the last of it. */
static resource_size_t some_registers(void)
{
	return ALIGN(PFN_PHYS(max_pfn), SZ_256M) + SZ_256M;
}

SELFTEST(devres, device_addresses_are_claimed_by_one)
{
	resource_size_t at = some_registers();
	struct resource *claim = request_mem_region(at, 0x1000, "one");

	REQUIRE(claim);
	CHECK_EQ(claim->end, at + 0xfff);
	CHECK(!request_mem_region(at, 0x1000, "two"));
	CHECK(!request_mem_region(at + 0xfff, 1, "two"));
	CHECK(!request_mem_region(at - 1, 2, "two"));
	CHECK(!request_mem_region(at - 1, 0x2000, "two"));
	CHECK(!request_mem_region(at, 0, "two"));
	CHECK(!request_mem_region(~0ULL, 2, "two"));
	CHECK(request_mem_region(at + 0x1000, 16, "behind"));
	CHECK(request_mem_region(at - 16, 16, "before"));
	selftest_expect_reports(2);
	release_mem_region(at, 0x800);
	release_mem_region(at, 0x1000);
	release_mem_region(at, 0x1000);
	release_mem_region(at + 0x1000, 16);
	release_mem_region(at - 16, 16);
}

SELFTEST(devres, ports_and_memory_are_claimed_apart)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	CHECK(request_region(0xf000, 16, "one") != NULL);
	CHECK(!request_region(0xf00f, 1, "two"));
	CHECK(!request_region(0xffff, 2, "two"));	/* there are no more ports */
	CHECK(!request_mem_region(page_to_phys(page), 1, "RAM"));
	__free_page(page);
	release_region(0xf000, 16);
	CHECK_REPORT("release_region(0xf000, 0x10): nobody claimed it",
		     release_region(0xf000, 16));
}

SELFTEST(devres, registers_are_mapped_and_claimed)
{
	FAKE_DEVICE(dev, ~0ULL);
	FAKE_DEVICE(other, ~0ULL);
	resource_size_t at = some_registers();
	struct resource res = { .start = at, .end = at + 0x1fff, .flags = IORESOURCE_MEM };
	void __iomem *regs = devm_ioremap_resource(&dev, &res);

	if (IS_ERR(regs))
		SKIP("no addresses behind RAM can be mapped");
	CHECK(devm_ioremap_resource(&other, &res) == ERR_PTR(-EBUSY));
	CHECK_EQ(devres_release_all(&other), 0);
	devm_iounmap(&dev, regs);
	CHECK_EQ(devres_release_all(&dev), 1);	/* the claim was left */
	regs = devm_ioremap_resource(&other, &res);
	CHECK(!IS_ERR(regs));
	CHECK_EQ(devres_release_all(&other), 2);
	res.flags = IORESOURCE_IO;
	CHECK(devm_ioremap_resource(&dev, &res) == ERR_PTR(-EINVAL));
	CHECK(devm_ioremap_resource(&dev, NULL) == ERR_PTR(-EINVAL));
	selftest_expect_reports(1);
	devm_iounmap(&dev, regs);
}
