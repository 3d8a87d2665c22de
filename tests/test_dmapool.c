/* SPDX-License-Identifier: MIT */
/* Pools of small blocks for devices: where blocks lie, who has them, wrong frees. */
#include <linux/dma-mapping.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "mm/dmapool.h"
#include "tests/fake_device.h"
#include "tests/listen.h"
#include "tests/threads.h"
#include "tests/zones.h"

#define MANY 200

static void destroy(struct dma_pool *pool)
{
	CHECK_EQ(dma_pool_validate(pool), 0);
	CHECK_EQ(dma_pool_nr_used(pool), 0);
	dma_pool_destroy(pool);
}

static unsigned long pages_in_reach(const struct device *dev)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_zone(zone)
		if (PFN_PHYS(zone->start_pfn) <= dev->coherent_dma_mask)
			pages += zone_managed_pages(zone);
	return pages;
}

/* Takes many blocks of a pool, looks at each, and gives them back. */
static void try_pool(struct device *dev, size_t size, size_t align, size_t boundary)
{
	static void *blocks[MANY];
	static dma_addr_t handles[MANY];
	struct dma_pool *pool = dma_pool_create("test", dev, size, align, boundary);
	unsigned int nr = max(size, align) > PAGE_SIZE / 4 ? 5 : MANY;

	if (!CHECK(pool))
		return;
	for (unsigned int i = 0; i < nr; i++) {
		blocks[i] = dma_pool_alloc(pool, GFP_KERNEL | __GFP_NOWARN, &handles[i]);
		if (!blocks[i]) {		/* so large, in so little memory */
			CHECK(pages_in_reach(dev) < 1024);
			nr = i;
			break;
		}
		CHECK_EQ(handles[i], virt_to_phys(blocks[i]));
		CHECK_EQ(handles[i] % max_t(size_t, align, 1), 0);
		CHECK(handles[i] + size - 1 <= dev->coherent_dma_mask);
		if (boundary)
			CHECK_EQ(handles[i] / boundary, (handles[i] + size - 1) / boundary);
		memset(blocks[i], (int)i, size);
	}
	for (unsigned int i = 0; i < nr; i++) {	/* nobody wrote into another's */
		CHECK(!memchr_inv(blocks[i], (u8)i, size));
		dma_pool_free(pool, blocks[i], handles[i]);
	}
	destroy(pool);
}

SELFTEST(dmapool, blocks_are_aligned_and_cross_no_boundary)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	static const struct { size_t size, align, boundary; } kinds[] = {
		{ 64, 64, 0 }, { 1, 0, 0 }, { 96, 32, 0 }, { 100, 4, 256 }, { 48, 16, 64 },
		{ 24, 8, 64 }, { 700, 1, 1024 }, { 2048, 2048, 4096 }, { 4096, 4096, 0 },
		{ 3000, 16, 4096 }, { 5000, 8, 0 }, { 16384, 16384, 65536 }, { 8, 4096, 0 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		try_pool(&dev, kinds[i].size, kinds[i].align, kinds[i].boundary);
}

SELFTEST(dmapool, blocks_are_under_the_mask)
{
	for (unsigned int bits = 24; bits <= 40; bits += 4) {
		FAKE_DEVICE(dev, DMA_BIT_MASK(bits));

		if (dma_supported(&dev, DMA_BIT_MASK(bits)))
			try_pool(&dev, 64, 0, 0);
	}
}

SELFTEST(dmapool, a_block_is_cleared_if_asked_for)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	struct dma_pool *pool = dma_pool_create("test", &dev, 200, 8, 0);
	dma_addr_t handle;
	u8 *block;

	REQUIRE(pool);
	block = dma_pool_alloc(pool, GFP_KERNEL, &handle);
	memset(block, 0xaa, 200);
	dma_pool_free(pool, block, handle);
	CHECK(dma_pool_zalloc(pool, GFP_KERNEL, &handle) == block); /* what was freed last */
	CHECK(!memchr_inv(block, 0, 200));
	dma_pool_free(pool, block, handle);
	destroy(pool);
}

SELFTEST(dmapool, pools_that_make_no_sense)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));

	listen_start();
	CHECK(!dma_pool_create("none", &dev, 0, 0, 0));
	CHECK(strstr(listen_stop(), "no such size"));
	CHECK(!dma_pool_create("huge", &dev, SIZE_MAX, 0, 0));
	listen_start();
	CHECK(!dma_pool_create("odd", &dev, 64, 48, 0));
	CHECK(strstr(listen_stop(), "the alignment is no power of two"));
	listen_start();
	CHECK(!dma_pool_create("narrow", &dev, 64, 0, 32));
	CHECK(strstr(listen_stop(), "the boundary is below the size"));
	CHECK(!dma_pool_create("odd", &dev, 64, 0, 96));
	CHECK(!dma_pool_create("homeless", NULL, 64, 0, 0));
	dma_pool_destroy(NULL);
}

/* Blocks take their alignment's room; whatever is accepted, no block crosses a boundary. */
SELFTEST(dmapool, an_alignment_above_the_boundary_is_refused)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	struct dma_pool *pool;

	CHECK(!dma_pool_create("test", &dev, 100, 256, 128));
	CHECK(!dma_pool_create("test", &dev, 100, 1UL << 63, 0));
	for (size_t size = 4; size <= 400; size += 99) {
		for (size_t align = 1; align <= 512; align *= 8) {
			for (size_t boundary = 8; boundary <= 4096; boundary *= 4) {
				pool = dma_pool_create("test", &dev, size, align, boundary);
				dma_pool_destroy(pool);
				if (pool)
					try_pool(&dev, size, align, boundary);
			}
		}
	}
}

SELFTEST(dmapool, no_memory_is_null)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	struct dma_pool *pool = dma_pool_create("test", &dev, 64, 0, 0);
	dma_addr_t handle;

	REQUIRE(pool);
	dev.coherent_dma_mask = 0xff;		/* nothing is there */
	CHECK(!dma_pool_alloc(pool, GFP_KERNEL | __GFP_NOWARN, &handle));
	dev.coherent_dma_mask = DMA_BIT_MASK(64);
	destroy(pool);
}

/* ---- Misuse ---- */

SELFTEST(dmapool, wrong_frees_are_reported)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	struct dma_pool *pool = dma_pool_create("one", &dev, 96, 32, 0);
	struct dma_pool *other = dma_pool_create("two", &dev, 96, 32, 0);
	char *foreign = kmalloc(96, GFP_KERNEL), *block;
	dma_addr_t handle;

	REQUIRE(pool && other && foreign);
	block = dma_pool_alloc(pool, GFP_KERNEL, &handle);
	REQUIRE(block);
	CHECK_REPORT("device two", dma_pool_free(other, block, handle));
	CHECK_REPORT("no block begins here", dma_pool_free(pool, block + 32, handle + 32));
	CHECK_REPORT("no block begins here", dma_pool_free(pool, block + 1, handle + 1));
	CHECK_REPORT("another device address", dma_pool_free(pool, block, handle + 96));
	CHECK_REPORT("not a block of this pool",
		      dma_pool_free(pool, foreign, virt_to_phys(foreign)));
	CHECK_REPORT("not a block of this pool", dma_pool_free(pool, &dev, virt_to_phys(&dev)));
	CHECK_REPORT("1 blocks are in use", dma_pool_destroy(pool));
	dma_pool_free(pool, block, handle);
	CHECK_REPORT("already free", dma_pool_free(pool, block, handle));
	kfree(foreign);
	destroy(pool);
	destroy(other);
}

/* ---- Many at once ---- */

struct user {
	struct test_thread thread;
	struct dma_pool *pool;
	unsigned long rounds;
	u8 name;
	unsigned int wrong;
};

#define HELD 40				/* more than a CPU keeps at hand */

static void use_pool(void *arg)
{
	struct user *user = arg;
	u8 *blocks[HELD];
	dma_addr_t handles[HELD];

	for (unsigned long round = 0; round < user->rounds; round++) {
		for (unsigned int i = 0; i < HELD; i++) {
			blocks[i] = dma_pool_alloc(user->pool, GFP_KERNEL, &handles[i]);
			if (blocks[i])
				memset(blocks[i], user->name, 64);
		}
		yield();
		for (unsigned int i = 0; i < HELD; i++) {
			user->wrong += !blocks[i] || memchr_inv(blocks[i], user->name, 64);
			if (blocks[i])
				dma_pool_free(user->pool, blocks[i], handles[i]);
		}
	}
}

SELFTEST(dmapool, threads_do_not_get_each_others_blocks)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	struct dma_pool *pool = dma_pool_create("shared", &dev, 64, 64, 0);
	static struct user users[6];

	REQUIRE(pool);
	for (unsigned int i = 0; i < ARRAY_SIZE(users); i++) {
		users[i] = (struct user){
			.pool = pool, .rounds = selftest_scaled(20), .name = (u8)(i + 1),
		};
		test_thread_start(&users[i].thread, test_cpu(i % num_online_cpus()), use_pool,
				  &users[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(users); i++) {
		test_thread_join(&users[i].thread);
		CHECK_EQ(users[i].wrong, 0);
	}
	CHECK(dma_pool_nr_chunks(pool) <= 6 * HELD / 64 + 6);
	destroy(pool);
}

SELFTEST(dmapool, blocks_in_an_interrupts_place)
{
	FAKE_DEVICE(dev, DMA_BIT_MASK(64));
	struct dma_pool *pool = dma_pool_create("test", &dev, 64, 0, 0);
	unsigned long flags;
	dma_addr_t handle;
	void *block;

	REQUIRE(pool);
	local_irq_save(flags);
	block = dma_pool_alloc(pool, GFP_ATOMIC, &handle);
	if (block)
		dma_pool_free(pool, block, handle);
	local_irq_restore(flags);
	CHECK(block);
	destroy(pool);
}
