/* SPDX-License-Identifier: MIT */
/* Tables of pieces: long ones are chained, pages in a row become one piece, copies reach all. */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include "tests/selftest.h"

#define LONG_LIST 1000			/* several arrays of a page each */

SELFTEST(scatterlist, tables_of_every_length)
{
	static const unsigned int lengths[] = { 1, 2, 126, 127, 128, 129, 254, 256, LONG_LIST };

	for (unsigned int k = 0; k < ARRAY_SIZE(lengths); k++) {
		struct sg_table table;
		struct scatterlist *sg;
		unsigned int i;

		if (!CHECK_EQ(sg_alloc_table(&table, lengths[k], GFP_KERNEL), 0))
			continue;
		CHECK_EQ(table.nents, lengths[k]);
		CHECK_EQ(table.orig_nents, lengths[k]);
		CHECK_EQ(sg_nents(table.sgl), (int)lengths[k]);
		for_each_sgtable_sg(&table, sg, i)
			sg->length = i + 1;
		CHECK_EQ(sg_last(table.sgl, lengths[k])->length, lengths[k]);
		i = 0;
		for (sg = table.sgl; sg; sg = sg_next(sg))
			CHECK_EQ(sg->length, ++i);
		CHECK_EQ(i, lengths[k]);
		sg_free_table(&table);
		CHECK(!table.sgl);
		sg_free_table(&table);		/* nothing is left */
	}
}

/* Of several arrays, and nothing else: with fault=each the second one is missing, too. */
SELFTEST(scatterlist, a_list_that_ends_too_early_is_freed)
{
	struct sg_table table;

	REQUIRE(!sg_alloc_table(&table, LONG_LIST, GFP_KERNEL));
	sg_free_table(&table);
}

SELFTEST(scatterlist, no_entries_are_refused)
{
	struct sg_table table;
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	CHECK_EQ(sg_alloc_table(&table, 0, GFP_KERNEL), -EINVAL);
	sg_free_table(&table);
	CHECK_EQ(sg_alloc_table_from_pages(&table, &page, 1, 0, 0, GFP_KERNEL), -EINVAL);
	CHECK_EQ(sg_alloc_table_from_pages(&table, &page, 1, 100, PAGE_SIZE, GFP_KERNEL), -EINVAL);
	__free_page(page);
}

SELFTEST(scatterlist, pages_in_a_row_are_one_piece)
{
	struct page *block = alloc_pages(GFP_HIGHUSER, 3), *pages[6];
	struct scatterlist *second;
	struct sg_table table;

	REQUIRE(block);
	for (unsigned int i = 0; i < 4; i++)
		pages[i] = block + i;
	pages[4] = block + 6;			/* a gap */
	pages[5] = block + 7;
	if (CHECK_EQ(sg_alloc_table_from_pages(&table, pages, 6, 100, 6 * PAGE_SIZE - 300,
					       GFP_KERNEL), 0)) {
		CHECK_EQ(table.nents, 2);
		CHECK(sg_page(table.sgl) == block);
		CHECK_EQ(table.sgl->offset, 100);
		CHECK_EQ(table.sgl->length, 4 * PAGE_SIZE - 100);
		second = sg_next(table.sgl);
		CHECK(sg_page(second) == block + 6);
		CHECK_EQ(second->offset, 0);
		CHECK_EQ(second->length, 2 * PAGE_SIZE - 200);
		sg_free_table(&table);
	}
	__free_pages(block, 3);
}

SELFTEST(scatterlist, copies_reach_every_piece)
{
	struct page *block = alloc_pages(GFP_HIGHUSER, 2);
	struct scatterlist list[3];
	u8 *from = kmalloc(6000, GFP_KERNEL), *to = kzalloc(6000, GFP_KERNEL);

	REQUIRE(block && from && to);
	sg_init_table(list, 3);
	sg_set_page(&list[0], block, 5000, 4000); /* over two borders */
	sg_set_page(&list[1], block + 3, 10, 1);
	sg_set_page(&list[2], block, 500, 0);
	for (unsigned int i = 0; i < 6000; i++)
		from[i] = (u8)(i * 3 + i / 256);
	CHECK_EQ(sg_copy_from_buffer(list, 3, from, 6000), 5510);
	CHECK_EQ(sg_copy_to_buffer(list, 3, to, 5200), 5200);
	CHECK(!memcmp(from, to, 5200));
	CHECK_EQ(to[5200], 0);
	kfree(from);
	kfree(to);
	__free_pages(block, 2);
}
