/* SPDX-License-Identifier: MIT */
/*
 * Streaming mappings: of memory that the device reaches, and of memory that it does not. The test
 * is the device: it reads and writes at the address that the mapping gave.
 */
#include <linux/highmem.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "mm/dma.h"
#include "tests/fake_device.h"
#include "tests/listen.h"
#include "tests/threads.h"

#define ORDER 2
#define AT    100			/* where a buffer begins in its page */
#define SIZE  (3 * PAGE_SIZE)		/* it ends in the fourth page */

/* Pages that a device is kept from: it reaches to below them. */
struct target {
	struct page *pages;
	struct device dev;
	u64 mask;
	u64 limit;
};

/* As high as can be had; false: no memory would be left below for the bounce buffer. */
static bool target_init(struct target *t)
{
	t->pages = alloc_pages(GFP_HIGHUSER, ORDER);
	if (!CHECK(t->pages))
		return false;
	t->limit = page_to_phys(t->pages) - 1;
	fake_device_init(&t->dev, &t->mask, ~0ULL);
	t->dev.bus_dma_limit = t->limit;
	if (t->limit >= SZ_1M && dma_supported(&t->dev, ~0ULL))
		return true;
	__free_pages(t->pages, ORDER);
	return false;
}

static void target_exit(struct target *t)
{
	struct bounce_stats stats;

	__free_pages(t->pages, ORDER);
	bounce_get_stats(&stats);
	CHECK_EQ(stats.pages, 0);
	CHECK_EQ(bounce_validate(), 0);
}

#define NEED_TARGET(t) \
	struct target t; \
	if (!target_init(&t)) \
		SKIP("no memory that a device could be kept from")

/* Byte i of the buffer, and of what the device sees. */
static u8 pattern(unsigned int seed, size_t i)
{
	return (u8)(seed + i * 7 + i / 251);
}

static void fill_target(struct target *t, unsigned int seed)
{
	for (size_t i = 0; i < SIZE; i++) {
		char byte = (char)pattern(seed, i);

		memcpy_to_page(t->pages + (AT + i) / PAGE_SIZE, (AT + i) % PAGE_SIZE, &byte, 1);
	}
}

static bool target_is(struct target *t, unsigned int seed)
{
	for (size_t i = 0; i < SIZE; i++) {
		char byte;

		memcpy_from_page(&byte, t->pages + (AT + i) / PAGE_SIZE, (AT + i) % PAGE_SIZE, 1);
		if ((u8)byte != pattern(seed, i))
			return false;
	}
	return true;
}

static void device_writes(dma_addr_t addr, size_t size, unsigned int seed)
{
	u8 *at = phys_to_virt(addr);

	for (size_t i = 0; i < size; i++)
		at[i] = pattern(seed, i);
}

static bool device_reads(dma_addr_t addr, size_t size, unsigned int seed)
{
	const u8 *at = phys_to_virt(addr);

	for (size_t i = 0; i < size; i++)
		if (at[i] != pattern(seed, i))
			return false;
	return true;
}

static dma_addr_t map_target(struct target *t, enum dma_data_direction dir)
{
	dma_addr_t addr = dma_map_page(&t->dev, t->pages, AT, SIZE, dir);

	CHECK_EQ(dma_mapping_error(&t->dev, addr), 0);
	CHECK(addr + SIZE - 1 <= t->limit);
	return addr;
}

static void unmap_target(struct target *t, dma_addr_t addr, enum dma_data_direction dir)
{
	dma_unmap_page(&t->dev, addr, SIZE, dir);
}

SELFTEST(dma_map, memory_in_reach_is_lent_itself)
{
	FAKE_DEVICE(dev, ~0ULL);
	char *buf = kmalloc(300, GFP_KERNEL);
	struct page *page = alloc_page(GFP_HIGHUSER);
	dma_addr_t addr;

	REQUIRE(buf && page);
	addr = dma_map_single(&dev, buf, 300, DMA_TO_DEVICE);
	CHECK_EQ(dma_mapping_error(&dev, addr), 0);
	CHECK_EQ(addr, virt_to_phys(buf));
	dma_unmap_single(&dev, addr, 300, DMA_TO_DEVICE);
	addr = dma_map_page(&dev, page, 8, 16, DMA_FROM_DEVICE);
	CHECK_EQ(addr, page_to_phys(page) + 8);
	dma_unmap_page(&dev, addr, 16, DMA_FROM_DEVICE);
	__free_page(page);
	kfree(buf);
}

SELFTEST(dma_map, to_the_device_is_copied_once_and_never_back)
{
	NEED_TARGET(t);
	dma_addr_t addr;

	fill_target(&t, 1);
	addr = map_target(&t, DMA_TO_DEVICE);
	CHECK(device_reads(addr, SIZE, 1));
	fill_target(&t, 2);			/* too late */
	CHECK(device_reads(addr, SIZE, 1));
	device_writes(addr, SIZE, 3);		/* the wrong way */
	dma_sync_single_for_cpu(&t.dev, addr, SIZE, DMA_TO_DEVICE);
	CHECK(target_is(&t, 2));
	dma_sync_single_for_device(&t.dev, addr, SIZE, DMA_TO_DEVICE);
	CHECK(device_reads(addr, SIZE, 2));
	unmap_target(&t, addr, DMA_TO_DEVICE);
	CHECK(target_is(&t, 2));
	target_exit(&t);
}

SELFTEST(dma_map, from_the_device_is_copied_back)
{
	NEED_TARGET(t);
	dma_addr_t addr;

	fill_target(&t, 1);
	addr = map_target(&t, DMA_FROM_DEVICE);
	CHECK(device_reads(addr, SIZE, 1));	/* nobody's old data */
	device_writes(addr, SIZE, 5);
	CHECK(target_is(&t, 1));
	dma_sync_single_for_device(&t.dev, addr, SIZE, DMA_FROM_DEVICE);
	CHECK(device_reads(addr, SIZE, 5));
	dma_sync_single_for_cpu(&t.dev, addr, SIZE, DMA_FROM_DEVICE);
	CHECK(target_is(&t, 5));
	device_writes(addr, SIZE, 6);
	unmap_target(&t, addr, DMA_FROM_DEVICE);
	CHECK(target_is(&t, 6));
	target_exit(&t);
}

SELFTEST(dma_map, what_the_device_does_not_write_stays)
{
	dma_addr_t addr;
	u8 bytes[8];
	NEED_TARGET(t);

	fill_target(&t, 1);
	addr = dma_map_page_attrs(&t.dev, t.pages, AT, SIZE, DMA_FROM_DEVICE,
				  DMA_ATTR_SKIP_CPU_SYNC);
	device_writes(addr, 4, 5);
	unmap_target(&t, addr, DMA_FROM_DEVICE);
	memcpy_from_page((char *)bytes, t.pages, AT, sizeof(bytes));
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		CHECK_EQ(bytes[i], pattern(i < 4 ? 5 : 1, i));
	target_exit(&t);
}

SELFTEST(dma_map, both_ways_is_copied_both_ways)
{
	NEED_TARGET(t);
	dma_addr_t addr;

	fill_target(&t, 1);
	addr = map_target(&t, DMA_BIDIRECTIONAL);
	CHECK(device_reads(addr, SIZE, 1));
	device_writes(addr, SIZE, 9);
	unmap_target(&t, addr, DMA_BIDIRECTIONAL);
	CHECK(target_is(&t, 9));
	target_exit(&t);
}

SELFTEST(dma_map, a_sync_copies_its_part_only)
{
	size_t from = PAGE_SIZE - AT - 5, length = PAGE_SIZE + 10; /* over two borders */
	dma_addr_t addr;
	char byte;
	NEED_TARGET(t);

	fill_target(&t, 1);
	addr = map_target(&t, DMA_BIDIRECTIONAL);
	memset(phys_to_virt(addr), 0xee, SIZE);
	dma_sync_single_range_for_cpu(&t.dev, addr, from, length, DMA_BIDIRECTIONAL);
	for (size_t i = from - 1; i <= from + length; i++) {
		memcpy_from_page(&byte, t.pages + (AT + i) / PAGE_SIZE, (AT + i) % PAGE_SIZE, 1);
		CHECK_EQ((u8)byte, i < from || i >= from + length ? pattern(1, i) : 0xee);
	}
	dma_unmap_page_attrs(&t.dev, addr, SIZE, DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
	memcpy_from_page(&byte, t.pages, AT, 1);
	CHECK_EQ((u8)byte, pattern(1, 0));	/* nothing was copied at the unmap */
	target_exit(&t);
}

SELFTEST(dma_map, the_reserve_serves_when_nothing_is_free)
{
	struct bounce_stats stats;
	dma_addr_t addr, more;
	bool before;
	NEED_TARGET(t);

	bounce_get_stats(&stats);
	if (!stats.reserve_pages || stats.reserve + stats.reserve_pages * PAGE_SIZE > t.limit) {
		target_exit(&t);
		SKIP("nothing set aside so low");
	}
	before = bounce_reserve_only(true);
	fill_target(&t, 4);
	addr = map_target(&t, DMA_TO_DEVICE);
	CHECK(addr >= stats.reserve &&
	      addr + SIZE <= stats.reserve + stats.reserve_pages * PAGE_SIZE);
	CHECK(device_reads(addr, SIZE, 4));
	t.dev.bus_dma_limit = stats.reserve + 100; /* a device that does not reach it */
	more = dma_map_page_attrs(&t.dev, t.pages, 0, 64, DMA_TO_DEVICE, DMA_ATTR_NO_WARN);
	CHECK(dma_mapping_error(&t.dev, more));
	unmap_target(&t, addr, DMA_TO_DEVICE);
	bounce_reserve_only(before);
	target_exit(&t);
}

SELFTEST(dma_map, an_exhausted_reserve_refuses_with_a_reason)
{
	static dma_addr_t addrs[2048];
	unsigned int nr = 0;
	bool before;
	NEED_TARGET(t);

	before = bounce_reserve_only(true);
	while (nr < ARRAY_SIZE(addrs)) {
		addrs[nr] = dma_map_page_attrs(&t.dev, t.pages, 0, 64, DMA_TO_DEVICE,
					       DMA_ATTR_NO_WARN);
		if (dma_mapping_error(&t.dev, addrs[nr]))
			break;
		nr++;
	}
	CHECK(nr < ARRAY_SIZE(addrs));
	listen_start();
	CHECK(dma_mapping_error(&t.dev, dma_map_page(&t.dev, t.pages, 0, 64, DMA_TO_DEVICE)));
	CHECK(strstr(listen_stop(), "no bounce buffer is free"));
	CHECK_EQ(bounce_validate(), 0);
	while (nr--)
		dma_unmap_page(&t.dev, addrs[nr], 64, DMA_TO_DEVICE);
	bounce_reserve_only(before);
	target_exit(&t);
}

SELFTEST(dma_map, refusals_say_why)
{
	FAKE_DEVICE(dev, ~0ULL);
	struct page *page = alloc_page(GFP_KERNEL);
	char on_stack[16];

	REQUIRE(page);
	listen_start();
	CHECK(dma_mapping_error(&dev, dma_map_single(&dev, on_stack, 16, DMA_TO_DEVICE)));
	CHECK(strstr(listen_stop(), "a stack, vmalloc() or no memory"));
	listen_start();
	CHECK(dma_mapping_error(&dev, dma_map_page(&dev, page, 0, 0, DMA_TO_DEVICE)));
	CHECK(strstr(listen_stop(), "no bytes"));
	listen_start();
	CHECK(dma_mapping_error(&dev, dma_map_page(&dev, page, 0, 8, DMA_NONE)));
	CHECK(strstr(listen_stop(), "no such direction"));
	CHECK(dma_mapping_error(&dev, dma_map_page(&dev, page, 0, SIZE_MAX, DMA_TO_DEVICE)));
	dev.dma_mask = NULL;
	listen_start();
	CHECK(dma_mapping_error(&dev, dma_map_page(&dev, page, 0, 8, DMA_TO_DEVICE)));
	CHECK(strstr(listen_stop(), "the device has no mask"));
	__free_page(page);
}

SELFTEST(dma_map, an_unmap_of_another_size_is_reported)
{
	dma_addr_t addr;
	NEED_TARGET(t);

	addr = map_target(&t, DMA_TO_DEVICE);
	selftest_expect_reports(2);
	dma_unmap_page(&t.dev, addr, SIZE - PAGE_SIZE, DMA_TO_DEVICE);
	dma_unmap_page(&t.dev, addr + PAGE_SIZE, 8, DMA_TO_DEVICE);
	unmap_target(&t, addr, DMA_TO_DEVICE);
	target_exit(&t);
}

/* ---- Lists ---- */

static void fill_list(struct target *t, struct scatterlist *sg, unsigned int nents)
{
	sg_init_table(sg, nents);
	for (unsigned int i = 0; i < nents; i++)
		sg_set_page(&sg[i], t->pages + i % (1U << ORDER), 200 + i, 50 * i);
}

SELFTEST(dma_map, pieces_of_a_list_bounce_each)
{
	struct scatterlist list[5], *sg;
	int i;
	NEED_TARGET(t);

	fill_list(&t, list, 5);
	list[4].offset = 3000;			/* the first page again, elsewhere */
	CHECK_EQ(dma_map_sg(&t.dev, list, 5, DMA_FROM_DEVICE), 5);
	for_each_sg(list, sg, 5, i) {
		CHECK(sg_dma_address(sg) + sg_dma_len(sg) - 1 <= t.limit);
		CHECK_EQ(sg_dma_len(sg), sg->length);
		device_writes(sg_dma_address(sg), sg->length, (unsigned int)i);
	}
	dma_sync_sg_for_cpu(&t.dev, list, 5, DMA_FROM_DEVICE);
	dma_sync_sg_for_device(&t.dev, list, 5, DMA_FROM_DEVICE);
	dma_unmap_sg(&t.dev, list, 5, DMA_FROM_DEVICE);
	for_each_sg(list, sg, 5, i) {
		u8 bytes[256];

		memcpy_from_page((char *)bytes, sg_page(sg), sg->offset, sg->length);
		for (size_t b = 0; b < sg->length; b++)
			CHECK_EQ(bytes[b], pattern((unsigned int)i, b));
	}
	target_exit(&t);
}

SELFTEST(dma_map, a_list_is_mapped_as_a_whole_or_not_at_all)
{
	struct scatterlist list[4];
	struct bounce_stats stats;
	NEED_TARGET(t);

	fill_list(&t, list, 4);
	list[3].length = 0;
	listen_start();
	CHECK_EQ(dma_map_sg(&t.dev, list, 4, DMA_TO_DEVICE), 0);
	CHECK(strstr(listen_stop(), "list of 4 pieces: piece 3, 0 bytes"));
	bounce_get_stats(&stats);
	CHECK_EQ(stats.pages, 0);
	target_exit(&t);
}

SELFTEST(dma_map, a_table_is_mapped_as_its_list_is)
{
	struct scatterlist list[3], *sg;
	struct sg_table table = { .sgl = list, .orig_nents = 3 };
	int i;
	NEED_TARGET(t);

	fill_list(&t, list, 3);
	CHECK_EQ(dma_map_sgtable(&t.dev, &table, DMA_TO_DEVICE, 0), 0);
	CHECK_EQ(table.nents, 3);
	for_each_sg(list, sg, 3, i)
		CHECK(sg_dma_address(sg) + sg_dma_len(sg) - 1 <= t.limit);
	dma_unmap_sgtable(&t.dev, &table, DMA_TO_DEVICE, 0);
	list[2].length = 0;
	listen_start();
	CHECK_EQ(dma_map_sgtable(&t.dev, &table, DMA_TO_DEVICE, 0), -EIO);
	CHECK(strstr(listen_stop(), "list of 3 pieces: piece 2, 0 bytes"));
	target_exit(&t);
}

/* ---- Many at once ---- */

struct mapper {
	struct test_thread thread;
	unsigned long rounds;
	unsigned int seed, wrong;
};

static void map_often(void *arg)
{
	struct mapper *m = arg;
	struct target t;

	if (!target_init(&t))
		return;
	for (unsigned long i = 0; i < m->rounds; i++) {
		size_t size = 1 + (i * 977 + m->seed * 131) % 3000;
		size_t offset = (i * 313) % 1000;
		dma_addr_t addr = dma_map_page_attrs(&t.dev, t.pages, offset, size,
						     DMA_FROM_DEVICE, DMA_ATTR_NO_WARN);
		u8 first;

		if (dma_mapping_error(&t.dev, addr))
			continue;
		device_writes(addr, size, m->seed + i);
		if (i % 8 == 0)
			yield();
		m->wrong += !device_reads(addr, size, m->seed + i);
		dma_unmap_page(&t.dev, addr, size, DMA_FROM_DEVICE);
		memcpy_from_page((char *)&first, t.pages, offset, 1);
		m->wrong += first != pattern(m->seed + i, 0);
	}
	__free_pages(t.pages, ORDER);
}

SELFTEST(dma_map, threads_do_not_get_each_others_buffers)
{
	static struct mapper mappers[4];
	struct bounce_stats stats;

	for (unsigned int i = 0; i < ARRAY_SIZE(mappers); i++) {
		mappers[i] = (struct mapper){ .rounds = selftest_scaled(150), .seed = 10 * i };
		test_thread_start(&mappers[i].thread, test_cpu(i % num_online_cpus()), map_often,
				  &mappers[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(mappers); i++) {
		test_thread_join(&mappers[i].thread);
		CHECK_EQ(mappers[i].wrong, 0);
	}
	bounce_get_stats(&stats);
	CHECK_EQ(stats.pages, 0);
	CHECK_EQ(bounce_validate(), 0);
}
