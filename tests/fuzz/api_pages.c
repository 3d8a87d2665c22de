/* SPDX-License-Identifier: MIT */
/* Pages: by descriptor, by address, by exact size, several at once; and what is done to them. */
#include <linux/highmem.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/mmzone.h>

#include "api.h"

/* The zone and the node are as the flags promised. */
static void check_place(struct page *page, gfp_t gfp, int nid)
{
	FUZZ_CHECK(page_zonenum(page) <= (unsigned int)gfp_zone(gfp));
	if ((gfp & __GFP_THISNODE) && nid >= 0)
		FUZZ_CHECK(page_to_nid(page) == nid);
}

/* ---- Blocks ---- */

static void take_pages(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = api_page_flags(lane);
	int nid = api_node(lane);

	object->which = (u8)fuzz_below(&lane->in, MAX_ORDER + 2);
	object->at = alloc_pages_node(nid, gfp, object->which);
	FUZZ_CHECK(!object->at || object->which < MAX_ORDER);
	if (object->at)
		check_place(object->at, gfp, nid);
	api_took(lane, object, &api_pages, API_BLOCK, gfp & __GFP_ZERO);
}

static void release_pages(struct api_object *object)
{
	__free_pages(object->at, object->which);
}

/* No interrupt takes the page between two frees of it. */
static void free_twice(struct page *page, unsigned int order)
{
	unsigned long flags;

	local_irq_save(flags);
	__free_pages(page, order);
	__free_pages(page, order);
	local_irq_restore(flags);
}

static void misuse_pages(struct api_object *object, u8 way)
{
	struct page *page = object->at;
	unsigned int order = object->which;

	if (way % 4 == 1)
		__free_pages(page, order + 1 + way % 8);
	else if (way % 4 == 2 && order)
		__free_pages(page, order - 1);
	else if (way % 4 == 3 && order)
		__free_pages(page + 1 + way % ((1U << order) - 1), 0);
	else {
		api_check(object);
		free_twice(page, order);
		*object = (struct api_object){ };
	}
}

const struct api_kind api_pages = {
	.take = take_pages, .release = release_pages, .misuse = misuse_pages,
	.atomic_take = true, .atomic_release = true,
};

/* ---- By address ---- */

static void take_low_pages(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = api_object_flags(lane);
	unsigned long virt;
	bool zeroed = gfp & __GFP_ZERO;

	object->how = fuzz_byte(&lane->in) % 3;
	object->which = object->how == 1 ? 0 : (u8)fuzz_below(&lane->in, MAX_ORDER + 1);
	if (object->how == 1)
		virt = get_zeroed_page(gfp);
	else if (object->how == 2)
		virt = __get_dma_pages(gfp & ~__GFP_DMA32, object->which);
	else
		virt = __get_free_pages(gfp, object->which);
	object->at = (void *)virt;
	object->size = PAGE_SIZE << object->which;
	if (virt) {
		FUZZ_CHECK(IS_ALIGNED(virt_to_phys(object->at), object->size));
		FUZZ_CHECK(page_address(virt_to_page(object->at)) == object->at);
		check_place(virt_to_page(object->at),
			    object->how == 2 ? __GFP_DMA : gfp & ~__GFP_THISNODE, -1);
	}
	api_took(lane, object, &api_low_pages, API_BYTES, zeroed || object->how == 1);
}

static void release_low_pages(struct api_object *object)
{
	free_pages((unsigned long)object->at, object->which);
}

static void misuse_low_pages(struct api_object *object, u8 way)
{
	free_pages((unsigned long)object->at + 8 * (1 + way % 100), object->which);
}

const struct api_kind api_low_pages = {
	.take = take_low_pages, .release = release_low_pages, .misuse = misuse_low_pages,
	.atomic_take = true, .atomic_release = true,
};

/* ---- By exact size ---- */

static void take_exact(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = api_object_flags(lane);

	object->size = 1 + fuzz_bytes(&lane->in, 2) * 8;
	object->at = alloc_pages_exact(object->size, gfp);
	api_took(lane, object, &api_exact, API_BYTES, gfp & __GFP_ZERO);
}

static void release_exact(struct api_object *object)
{
	free_pages_exact(object->at, object->size);
}

const struct api_kind api_exact = {
	.take = take_exact, .release = release_exact,
	.atomic_take = true, .atomic_release = true,
};

/* ---- Several at once ---- */

static void fill_bulk(struct api_object *object, u8 mark)
{
	for (unsigned int i = 0; i < object->nr; i++) {
		u8 *at = kmap_local_page(object->many[i]);

		*at = mark + (u8)i;
		kunmap_local(at);
	}
}

/* Places that have a page already are passed over. */
static void take_bulk(struct api_lane *lane, struct api_object *object)
{
	struct page *pages[API_MANY] = { }, *mine;
	gfp_t gfp = api_page_flags(lane) & ~__GFP_COMP;
	unsigned long wanted = 1 + fuzz_below(&lane->in, API_MANY), got;
	u8 place = fuzz_byte(&lane->in) % (u8)wanted;

	mine = place ? alloc_page(GFP_NOWAIT | __GFP_NOWARN) : NULL;
	pages[place] = mine;
	got = alloc_pages_bulk_array_node(gfp, api_node(lane), wanted, pages);
	FUZZ_CHECK(got <= wanted && (!mine || pages[place] == mine));
	for (unsigned int i = 0; i < wanted; i++) {
		FUZZ_CHECK(i >= got || pages[i]);
		if (!pages[i])
			continue;
		if (pages[i] != mine)
			check_place(pages[i], gfp, -1);
		object->many[object->nr++] = pages[i];
	}
	object->at = object->nr ? object->many[0] : NULL;
	api_took(lane, object, &api_bulk_pages, API_NOTHING, false);
	fill_bulk(object, object->mark);
}

static void release_bulk(struct api_object *object)
{
	for (unsigned int i = 0; i < object->nr; i++) {
		u8 *at = kmap_local_page(object->many[i]);

		FUZZ_CHECK(*at == (u8)(object->mark + i));
		kunmap_local(at);
		__free_page(object->many[i]);
	}
}

const struct api_kind api_bulk_pages = {
	.take = take_bulk, .release = release_bulk, .atomic_take = true, .atomic_release = true,
};

/* ---- A page that is mapped for everybody meanwhile ---- */

static void take_kmapped(struct api_lane *lane, struct api_object *object)
{
	struct page *page = alloc_page(GFP_HIGHUSER | __GFP_NOWARN);

	object->size = PAGE_SIZE;
	object->many[0] = page;
	object->at = page ? kmap(page) : NULL;
	FUZZ_CHECK(!page || object->at);
	api_took(lane, object, &api_kmapped, API_BYTES, false);
	if (page && PageHighMem(page)) {
		FUZZ_CHECK(kmap(page) == object->at);
		kunmap(page);
	}
}

static void release_kmapped(struct api_object *object)
{
	kunmap(object->many[0]);
	__free_page(object->many[0]);
}

const struct api_kind api_kmapped = {
	.take = take_kmapped, .release = release_kmapped, .atomic_release = true,
};

/* ---- What is done to pages ---- */

/* Not for compound pages: their tails are not anybody's own. */
void api_split(struct api_lane *lane, struct api_object *object)
{
	struct page *page = object->at;

	if (object->kind != &api_pages || PageCompound(page))
		return;
	split_page(page, object->which);
	for (unsigned int i = 0; i < 1U << object->which; i++) {
		get_page(page + i);
		put_page(page + i);
		__free_page(page + i);
	}
	*object = (struct api_object){ };
}

/* Whoever holds a reference last, frees. */
void api_reference(struct api_lane *lane, struct api_object *object)
{
	struct page *page = object->at;

	if (object->kind != &api_pages || (object->which && !PageCompound(page)))
		return;
	get_page(page);
	FUZZ_CHECK(page_count(page) == 2);
	api_check(object);
	__free_pages(page, object->which);
	api_check(object);
	put_page(page);
	*object = (struct api_object){ };
}

/* Of the first page's content, by each way that pages without an address are reached. */
void api_copy(struct api_lane *lane, struct api_object *object)
{
	struct page *copy;
	char first;
	u8 *at;

	if (object->kind != &api_pages)
		return;
	copy = alloc_page(api_page_flags(lane));
	if (!copy)
		return;
	copy_highpage(copy, object->at);
	memcpy_from_page(&first, copy, 0, 1);
	FUZZ_CHECK((u8)first == object->mark);
	clear_highpage(copy);
	memcpy_to_page(copy, PAGE_SIZE - 1, &first, 1);
	at = kmap_atomic(copy);
	FUZZ_CHECK(!at[0] && at[PAGE_SIZE - 1] == object->mark);
	kunmap_atomic(at);
	__free_page(copy);
}
