/* SPDX-License-Identifier: MIT */
/*
 * Lists of pieces of memory that a device takes as one. A list is one array, or several that are
 * chained: the last entry of an array is then no piece, but says where the next array is.
 */
#ifndef _LINUX_SCATTERLIST_H
#define _LINUX_SCATTERLIST_H

#include <linux/mm.h>
#include <linux/types.h>

struct scatterlist {
	unsigned long page_link;	/* the page, or an array; with SG_CHAIN, SG_END */
	unsigned int offset;		/* of the first byte, from the start of the page */
	unsigned int length;		/* bytes; may go on into the pages that follow */
	dma_addr_t dma_address;		/* set by dma_map_sg() */
	unsigned int dma_length;
};

struct sg_table {
	struct scatterlist *sgl;
	unsigned int nents;		/* as a device sees them, once mapped */
	unsigned int orig_nents;	/* as they were made */
};

#define SG_CHAIN 0x1UL
#define SG_END	 0x2UL
#define SG_BITS	 (SG_CHAIN | SG_END)

#define sg_dma_address(sg) ((sg)->dma_address)
#define sg_dma_len(sg)	   ((sg)->dma_length)
#define sg_is_chain(sg)	   (((sg)->page_link & SG_CHAIN) != 0)
#define sg_is_last(sg)	   (((sg)->page_link & SG_END) != 0)

static inline struct page *sg_page(const struct scatterlist *sg)
{
	return (struct page *)(sg->page_link & ~SG_BITS);
}

static inline struct scatterlist *sg_chain_ptr(const struct scatterlist *sg)
{
	return (struct scatterlist *)(sg->page_link & ~SG_BITS);
}

static inline void sg_assign_page(struct scatterlist *sg, struct page *page)
{
	sg->page_link = (sg->page_link & SG_END) | (unsigned long)page;
}

static inline void sg_set_page(struct scatterlist *sg, struct page *page, unsigned int length,
			       unsigned int offset)
{
	sg_assign_page(sg, page);
	sg->offset = offset;
	sg->length = length;
}

/* Memory of the direct map only. */
static inline void sg_set_buf(struct scatterlist *sg, const void *buf, unsigned int length)
{
	sg_set_page(sg, virt_to_page(buf), length, offset_in_page(buf));
}

static inline phys_addr_t sg_phys(const struct scatterlist *sg)
{
	return page_to_phys(sg_page(sg)) + sg->offset;
}

/* Not for HIGHMEM. */
static inline void *sg_virt(const struct scatterlist *sg)
{
	return page_address(sg_page(sg)) + sg->offset;
}

static inline void sg_mark_end(struct scatterlist *sg)
{
	sg->page_link = (sg->page_link | SG_END) & ~SG_CHAIN;
}

static inline void sg_unmark_end(struct scatterlist *sg)
{
	sg->page_link &= ~SG_END;
}

/* The last of the nents entries of prv leads to the array sgl, and is lost as a piece. */
static inline void sg_chain(struct scatterlist *prv, unsigned int nents, struct scatterlist *sgl)
{
	prv[nents - 1] = (struct scatterlist){ .page_link = (unsigned long)sgl | SG_CHAIN };
}

/* The next piece, or NULL after the last. */
static inline struct scatterlist *sg_next(struct scatterlist *sg)
{
	if (sg_is_last(sg))
		return NULL;
	sg++;
	return sg_is_chain(sg) ? sg_chain_ptr(sg) : sg;
}

#define for_each_sg(sglist, sg, nr, i) \
	for (i = 0, sg = (sglist); i < (nr); i++, sg = sg_next(sg))
#define for_each_sgtable_sg(sgt, sg, i)	    for_each_sg((sgt)->sgl, sg, (sgt)->orig_nents, i)
#define for_each_sgtable_dma_sg(sgt, sg, i) for_each_sg((sgt)->sgl, sg, (sgt)->nents, i)

/* Clears an array of entries and marks its end. */
static inline void sg_init_table(struct scatterlist *sgl, unsigned int nents)
{
	memset(sgl, 0, nents * sizeof(*sgl));
	sg_mark_end(&sgl[nents - 1]);
}

static inline void sg_init_one(struct scatterlist *sg, const void *buf, unsigned int length)
{
	sg_init_table(sg, 1);
	sg_set_buf(sg, buf, length);
}

/* How many pieces a list has. */
static inline int sg_nents(struct scatterlist *sg)
{
	int nents = 0;

	for (; sg; sg = sg_next(sg))
		nents++;
	return nents;
}

/* The last of a list. */
static inline struct scatterlist *sg_last(struct scatterlist *sg, unsigned int nents)
{
	while (--nents)
		sg = sg_next(sg);
	return sg;
}

/*
 * A table of nents entries, cleared: 0, -EINVAL or -ENOMEM. sg_free_table() takes it back, and
 * may be called on one that was never made if it is all zeroes.
 */
int sg_alloc_table(struct sg_table *table, unsigned int nents, gfp_t gfp);
void sg_free_table(struct sg_table *table);
/*
 * The same, filled with `size` bytes that begin `offset` into the first of these pages; pages
 * that follow each other in memory become one piece.
 */
int sg_alloc_table_from_pages(struct sg_table *table, struct page **pages, unsigned int nr_pages,
			      unsigned int offset, unsigned long size, gfp_t gfp);

/* Copies between a list and a buffer, HIGHMEM too; returns how many bytes. Any context. */
size_t sg_copy_from_buffer(struct scatterlist *sgl, unsigned int nents, const void *buf,
			   size_t size);
size_t sg_copy_to_buffer(struct scatterlist *sgl, unsigned int nents, void *buf, size_t size);

#endif
