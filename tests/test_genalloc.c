/* SPDX-License-Identifier: MIT */
/* An allocator over addresses that nobody has: the test never touches them. */
#include <linux/device.h>
#include <linux/genalloc.h>
#include <linux/kernel.h>
#include <linux/sizes.h>
#include "mm/fault.h"
#include "tests/fake_device.h"
#include "tests/selftest.h"

#define BASE 0x100000UL

static struct gen_pool *pool_of(size_t size)
{
	struct gen_pool *pool = gen_pool_create(5, NUMA_NO_NODE);

	if (CHECK(pool))
		CHECK_EQ(gen_pool_add_virt(pool, BASE, 0xfe000000, size, NUMA_NO_NODE), 0);
	return pool;
}

SELFTEST(genalloc, pieces_are_apart_and_come_back)
{
	struct gen_pool *pool = pool_of(SZ_4K);
	unsigned long a, b, c;

	REQUIRE(pool);
	a = gen_pool_alloc(pool, 1);		/* a piece is 32 bytes at least */
	b = gen_pool_alloc(pool, 33);
	c = gen_pool_alloc(pool, 64);
	CHECK_EQ(a, BASE);
	CHECK_EQ(b, BASE + 32);
	CHECK_EQ(c, BASE + 96);
	CHECK_EQ(gen_pool_avail(pool), SZ_4K - 160);
	gen_pool_free(pool, b, 33);
	CHECK_EQ(gen_pool_alloc(pool, 40), b);	/* the first that fits */
	CHECK_EQ(gen_pool_virt_to_phys(pool, c + 3), 0xfe000000 + 99);
	CHECK_EQ(gen_pool_virt_to_phys(pool, BASE + SZ_4K), (phys_addr_t)-1);
	gen_pool_free(pool, a, 1);
	gen_pool_free(pool, b, 40);
	gen_pool_free(pool, c, 64);
	CHECK_EQ(gen_pool_avail(pool), SZ_4K);
	CHECK_EQ(gen_pool_size(pool), SZ_4K);
	gen_pool_destroy(pool);
}

SELFTEST(genalloc, sizes_that_cannot_be_had)
{
	struct gen_pool *pool = pool_of(SZ_4K);
	unsigned long all;

	REQUIRE(pool);
	CHECK(!gen_pool_alloc(pool, 0));
	CHECK(!gen_pool_alloc(pool, SZ_4K + 1));
	CHECK(!gen_pool_alloc(pool, SIZE_MAX));
	all = gen_pool_alloc(pool, SZ_4K);
	CHECK_EQ(all, BASE);
	CHECK(!gen_pool_alloc(pool, 1));
	gen_pool_free(pool, all, SZ_4K);
	CHECK_EQ(gen_pool_add(pool, BASE + 100, 64, NUMA_NO_NODE), -EINVAL); /* it has these */
	CHECK_EQ(gen_pool_add(pool, BASE + SZ_4K, 31, NUMA_NO_NODE), -EINVAL);
	CHECK_EQ(gen_pool_add(pool, ~0UL - 100, 4096, NUMA_NO_NODE), -EINVAL);
	CHECK(!gen_pool_create(-1, NUMA_NO_NODE));
	gen_pool_destroy(pool);
	gen_pool_destroy(NULL);
}

static void count_chunk(struct gen_pool *pool, struct gen_pool_chunk *chunk, void *data)
{
	++*(unsigned int *)data;
}

SELFTEST(genalloc, each_chunk_is_visited_once)
{
	struct gen_pool *pool = pool_of(SZ_1K);
	unsigned int nr = 0;

	REQUIRE(pool);
	CHECK_EQ(gen_pool_add(pool, 0x900000, SZ_4K, NUMA_NO_NODE), 0);
	gen_pool_for_each_chunk(pool, count_chunk, &nr);
	CHECK_EQ(nr, 2);
	gen_pool_destroy(pool);
}

SELFTEST(genalloc, several_chunks_are_one_pool)
{
	struct gen_pool *pool = pool_of(SZ_1K);
	unsigned long first, second;

	REQUIRE(pool);
	CHECK_EQ(gen_pool_add(pool, 0x900000, SZ_4K, NUMA_NO_NODE), 0);
	first = gen_pool_alloc(pool, SZ_1K);
	second = gen_pool_alloc(pool, SZ_1K);
	CHECK_EQ(first, BASE);
	CHECK_EQ(second, 0x900000);
	CHECK(gen_pool_has_addr(pool, 0x900000, SZ_4K));
	CHECK(!gen_pool_has_addr(pool, 0x900001, SZ_4K));
	CHECK(!gen_pool_has_addr(pool, BASE - 1, 2));
	gen_pool_free(pool, first, SZ_1K);
	gen_pool_free(pool, second, SZ_1K);
	gen_pool_destroy(pool);
}

SELFTEST(genalloc, places_are_chosen_as_asked)
{
	struct genpool_data_align align = { .align = 512 };
	struct genpool_data_fixed fixed = { .offset = 0x800 };
	struct gen_pool *pool = pool_of(SZ_4K);
	unsigned long start, hole, end, at;

	REQUIRE(pool);
	start = gen_pool_alloc(pool, 32);
	CHECK_EQ(gen_pool_alloc_algo(pool, 32, gen_pool_first_fit_align, &align), BASE + 512);
	CHECK_EQ(gen_pool_alloc_algo(pool, 100, gen_pool_first_fit_order_align, NULL), BASE + 128);
	CHECK_EQ(gen_pool_alloc_algo(pool, 64, gen_pool_fixed_alloc, &fixed), BASE + 0x800);
	CHECK_EQ(gen_pool_alloc_algo(pool, 32, gen_pool_fixed_alloc, &fixed), 0);
	gen_pool_free(pool, start, 32);
	gen_pool_free(pool, BASE + 512, 32);
	gen_pool_free(pool, BASE + 128, 100);
	gen_pool_free(pool, BASE + 0x800, 64);
	/* A hole of 64 bytes, and much behind: the best fit is the hole. */
	gen_pool_set_algo(pool, gen_pool_best_fit, NULL);
	start = gen_pool_alloc(pool, 128);
	hole = gen_pool_alloc(pool, 64);
	end = gen_pool_alloc(pool, 32);
	gen_pool_free(pool, start, 128);
	gen_pool_free(pool, hole, 64);
	start = gen_pool_alloc(pool, 96);
	CHECK_EQ(start, BASE);			/* 192 bytes are free there, more behind */
	at = gen_pool_alloc(pool, 96);
	CHECK_EQ(at, BASE + 96);
	gen_pool_free(pool, start, 96);
	gen_pool_free(pool, at, 96);
	gen_pool_free(pool, end, 32);
	gen_pool_destroy(pool);
}

SELFTEST(genalloc, wrong_frees_are_reported)
{
	struct gen_pool *pool = pool_of(SZ_4K);
	unsigned long addr;

	REQUIRE(pool);
	addr = gen_pool_alloc(pool, 100);
	selftest_expect_reports(6);
	gen_pool_free(pool, addr, 200);		/* more than it is */
	gen_pool_free(pool, addr + 1, 32);	/* not where a piece begins */
	gen_pool_free(pool, BASE - 32, 32);	/* not the pool's */
	gen_pool_free(pool, addr, 0);
	gen_pool_destroy(pool);			/* in use: it stays */
	CHECK_EQ(gen_pool_avail(pool), SZ_4K - 128);
	gen_pool_free(pool, addr, 100);
	gen_pool_free(pool, addr, 100);		/* twice */
	gen_pool_destroy(pool);
}

/* Beside a map of its own: no byte is handed out twice. */
SELFTEST(genalloc, random_use_beside_a_model)
{
	struct gen_pool *pool = pool_of(128 * 32);
	static struct { unsigned long addr; size_t size; } held[40];
	static u8 owner[128];

	REQUIRE(pool);
	memset(owner, 0, sizeof(owner));
	memset(held, 0, sizeof(held));
	for (unsigned long n = selftest_scaled(3000); n--;) {
		unsigned int i = selftest_random_below(ARRAY_SIZE(held));
		bool take = !held[i].addr;
		unsigned long at, end;

		if (take) {
			held[i].size = 1 + selftest_random_below(300);
			held[i].addr = gen_pool_alloc(pool, held[i].size);
		}
		at = (held[i].addr - BASE) / 32;
		end = at + DIV_ROUND_UP(held[i].size, 32);
		for (; held[i].addr && at < end; at++) {
			CHECK_EQ(owner[at], take ? 0 : i + 1);
			owner[at] = take ? i + 1 : 0;
		}
		if (!take) {
			gen_pool_free(pool, held[i].addr, held[i].size);
			held[i].addr = 0;
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(held); i++)
		if (held[i].addr)
			gen_pool_free(pool, held[i].addr, held[i].size);
	CHECK_EQ(gen_pool_avail(pool), 128 * 32);
	gen_pool_destroy(pool);
}

SELFTEST(genalloc, a_devices_pool_goes_with_it)
{
	FAKE_DEVICE(dev, ~0ULL);
	struct gen_pool *pool = devm_gen_pool_create(&dev, 4, NUMA_NO_NODE, "sram");
	static u8 memory[256] __aligned(16);
	dma_addr_t dma;
	u8 *piece;

	REQUIRE(!IS_ERR_OR_NULL(pool));
	memset(memory, 0x33, sizeof(memory));
	CHECK_EQ(gen_pool_add_virt(pool, (unsigned long)memory, 0x5000, 256, NUMA_NO_NODE), 0);
	piece = gen_pool_dma_zalloc(pool, 20, &dma);
	CHECK(piece == memory);
	CHECK_EQ(dma, 0x5000);
	CHECK(!memchr_inv(piece, 0, 20));
	CHECK_EQ(memory[20], 0x33);
	gen_pool_free(pool, (unsigned long)piece, 20);
	CHECK_EQ(devres_release_all(&dev), 1);
}

/* As Linux has it: an error, which a driver asks for by IS_ERR(), and not NULL. */
SELFTEST(genalloc, a_devices_pool_that_cannot_be_had_is_an_error)
{
	FAKE_DEVICE(dev, ~0ULL);
	unsigned long failed, seen, nth = 0, errors = 0;
	struct gen_pool *pool;

	if (!fault_is_off())
		SKIP("allocations fail in all of this run");
	do {
		struct fault_setup setup = { .sources = FAULT_ALL, .nth = ++nth, .task = current };

		fault_begin(&setup);
		pool = devm_gen_pool_create(&dev, 4, NUMA_NO_NODE, "sram");
		fault_end(&seen, &failed);
		CHECK(pool);
		errors += IS_ERR(pool);
		if (IS_ERR(pool))
			CHECK(failed);
		else
			CHECK_EQ(devres_release_all(&dev), 1);
	} while (failed);
	CHECK(errors > 0);
	CHECK(devm_gen_pool_create(&dev, -1, NUMA_NO_NODE, "odd") == ERR_PTR(-ENOMEM));
}
