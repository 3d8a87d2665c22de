// SPDX-License-Identifier: MIT
/*
 * Tables of scatterlist entries. A long one is made of arrays of a page each, chained:
 *
 *	| 127 pieces | chain | -> | 127 pieces | chain | -> | the rest, at most 128 |
 *
 * Locks: none; a list belongs to its driver.
 */
#include <linux/highmem.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include "internal.h"

#define SG_PER_PAGE (PAGE_SIZE / sizeof(struct scatterlist))

int sg_alloc_table(struct sg_table *table, unsigned int nents, gfp_t gfp)
{
	struct scatterlist *prev = NULL;
	unsigned int left = nents;

	*table = (struct sg_table){ 0 };
	if (!nents)
		return -EINVAL;
	while (left) {
		unsigned int nr = min_t(unsigned int, left, SG_PER_PAGE);
		struct scatterlist *part = kmalloc_array(nr, sizeof(*part), gfp);

		if (!part) {
			sg_free_table(table);
			return -ENOMEM;
		}
		sg_init_table(part, nr);
		if (prev)
			sg_chain(prev, SG_PER_PAGE, part);
		else
			table->sgl = part;
		prev = part;
		/* The last entry of a full array will be a chain if there is more. */
		left -= left > nr ? nr - 1 : nr;
		table->orig_nents = nents - left;
	}
	table->nents = nents;
	return 0;
}

void sg_free_table(struct sg_table *table)
{
	struct scatterlist *part = table->sgl, *next;

	while (part) {
		/* An array that is full ends with a chain, or with the end of the list. */
		next = table->orig_nents > SG_PER_PAGE - 1 && sg_is_chain(&part[SG_PER_PAGE - 1])
			       ? sg_chain_ptr(&part[SG_PER_PAGE - 1]) : NULL;
		table->orig_nents -= next ? SG_PER_PAGE - 1 : table->orig_nents;
		kfree(part);
		part = next;
	}
	*table = (struct sg_table){ 0 };
}

/* How many of these pages lie in a row, as one piece that a `length` can tell. */
static unsigned int row_length(struct page **pages, unsigned int nr)
{
	unsigned int i = 1;

	while (i < nr && page_to_pfn(pages[i]) == page_to_pfn(pages[0]) + i &&
	       i < (1U << 31) / PAGE_SIZE)
		i++;
	return i;
}

int sg_alloc_table_from_pages(struct sg_table *table, struct page **pages, unsigned int nr_pages,
			      unsigned int offset, unsigned long size, gfp_t gfp)
{
	unsigned int at, rows = 0, error;
	struct scatterlist *sg;

	if (!size || offset >= PAGE_SIZE || PFN_UP(offset + size) != nr_pages) {
		*table = (struct sg_table){ 0 };
		return -EINVAL;
	}
	for (at = 0; at < nr_pages; at += row_length(pages + at, nr_pages - at))
		rows++;
	error = sg_alloc_table(table, rows, gfp);
	if (error)
		return error;
	for (at = 0, sg = table->sgl; at < nr_pages; sg = sg_next(sg)) {
		unsigned int nr = row_length(pages + at, nr_pages - at);
		unsigned long length = min(size, nr * PAGE_SIZE - offset);

		sg_set_page(sg, pages[at], length, offset);
		offset = 0;
		size -= length;
		at += nr;
	}
	return 0;
}

/* One piece, page by page; returns how many bytes. */
static size_t copy_piece(struct scatterlist *sg, char *buf, size_t size, bool to_list)
{
	size_t done = 0, length = min_t(size_t, sg->length, size);

	while (done < length) {
		size_t at = sg->offset + done, offset = offset_in_page(at);
		struct page *page = nth_page(sg_page(sg), at >> PAGE_SHIFT);
		size_t part = min(length - done, PAGE_SIZE - offset);

		if (to_list)
			memcpy_to_page(page, offset, buf + done, part);
		else
			memcpy_from_page(buf + done, page, offset, part);
		done += part;
	}
	return done;
}

static size_t copy_list(struct scatterlist *sgl, unsigned int nents, char *buf, size_t size,
			bool to_list)
{
	struct scatterlist *sg;
	size_t done = 0;
	unsigned int i;

	for_each_sg(sgl, sg, nents, i)
		done += copy_piece(sg, buf + done, size - done, to_list);
	return done;
}

size_t sg_copy_from_buffer(struct scatterlist *sgl, unsigned int nents, const void *buf,
			   size_t size)
{
	return copy_list(sgl, nents, (char *)buf, size, true);
}

size_t sg_copy_to_buffer(struct scatterlist *sgl, unsigned int nents, void *buf, size_t size)
{
	return copy_list(sgl, nents, buf, size, false);
}
