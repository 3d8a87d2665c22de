/* SPDX-License-Identifier: MIT */
/* What belongs to a device goes with its driver, in the right order, once. */
#include <linux/device.h>
#include <linux/dmapool.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include "tests/fake_device.h"
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
	selftest_expect_reports(4);
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
