/* SPDX-License-Identifier: MIT */
/*
 * What the words of api.c have in common: the patterns in objects, flags, sizes.
 *
 * An object is filled with its mark at both ends, which is where neighbours overflow into; blocks
 * of pages, which may have no address, in the first byte of the first and the last page.
 */
#include <linux/hardirq.h>
#include <linux/highmem.h>
#include <linux/nodemask.h>
#include <linux/sched.h>

#include "api.h"

#define EDGE 32			/* bytes at either end that are filled and looked at */

static const gfp_t atomic_flags[] = {
	GFP_ATOMIC, GFP_NOWAIT, GFP_ATOMIC | __GFP_ZERO, GFP_NOWAIT | __GFP_NOMEMALLOC,
};

static const gfp_t object_flags[] = {
	GFP_KERNEL, GFP_KERNEL | __GFP_ZERO, GFP_ATOMIC, GFP_NOWAIT, GFP_NOIO, GFP_NOFS,
	GFP_KERNEL | __GFP_NORETRY, GFP_KERNEL | __GFP_RETRY_MAYFAIL, GFP_USER, GFP_KERNEL_ACCOUNT,
	GFP_KERNEL | __GFP_THISNODE, GFP_KERNEL | GFP_DMA, GFP_KERNEL | GFP_DMA32,
	GFP_KERNEL | __GFP_RECLAIMABLE, GFP_KERNEL | __GFP_NOMEMALLOC,
};

static const gfp_t page_flags[] = {
	GFP_KERNEL, GFP_KERNEL | __GFP_ZERO, GFP_HIGHUSER, GFP_HIGHUSER_MOVABLE, GFP_DMA,
	GFP_DMA32 | GFP_KERNEL, GFP_KERNEL | __GFP_COMP, GFP_HIGHUSER_MOVABLE | __GFP_ZERO,
	GFP_KERNEL | __GFP_RECLAIMABLE, GFP_KERNEL | __GFP_COLD, GFP_ATOMIC,
	GFP_KERNEL | __GFP_THISNODE, GFP_HIGHUSER | __GFP_COMP, GFP_NOWAIT,
	GFP_HIGHUSER | __GFP_THISNODE, GFP_KERNEL | __GFP_RETRY_MAYFAIL, GFP_NOIO | __GFP_NORETRY,
	GFP_ATOMIC | __GFP_MEMALLOC, GFP_DMA | __GFP_THISNODE, GFP_NOWAIT | __GFP_HIGHMEM,
};

static gfp_t choose(struct api_lane *lane, const gfp_t *flags, unsigned int nr)
{
	u8 choice = fuzz_byte(&lane->in);

	if (lane->atomic)
		return atomic_flags[choice % ARRAY_SIZE(atomic_flags)] | __GFP_NOWARN;
	return flags[choice % nr] | __GFP_NOWARN;
}

gfp_t api_object_flags(struct api_lane *lane)
{
	return choose(lane, object_flags, ARRAY_SIZE(object_flags));
}

gfp_t api_page_flags(struct api_lane *lane)
{
	return choose(lane, page_flags, ARRAY_SIZE(page_flags));
}

/* Small ones most often; of those that cannot be, some. */
size_t api_size(struct fuzz_input *in)
{
	static const size_t odd[] = { 0, SIZE_MAX, SIZE_MAX - 4095, 1UL << 40, 1UL << 52 };
	u8 form = fuzz_byte(in);

	if (form < 160)
		return 1 + fuzz_byte(in);
	if (form < 224)
		return 1 + fuzz_bytes(in, 2);
	return form < 248 ? 1 + (fuzz_bytes(in, 2) << 4) : odd[form % ARRAY_SIZE(odd)];
}

int api_node(struct api_lane *lane)
{
	return (int)(fuzz_byte(&lane->in) % (nr_node_ids + 1)) - 1;
}

bool api_may_sleep(void)
{
	return in_task() && !irqs_disabled();
}

/* ---- Patterns ---- */

static void fill_bytes(u8 *at, size_t size, u8 mark)
{
	size_t edge = min_t(size_t, size, EDGE);

	memset(at, mark, edge);
	memset(at + size - edge, mark, edge);
}

static void check_bytes(const u8 *at, size_t size, u8 mark)
{
	size_t edge = min_t(size_t, size, EDGE);
	const u8 *last = at + size - edge;

	for (size_t i = 0; i < edge; i++)
		FUZZ_CHECK(at[i] == mark && last[i] == mark);
}

static u8 *map_end(const struct api_object *object, bool last)
{
	return kmap_local_page((struct page *)object->at + (last ? (1U << object->which) - 1 : 0));
}

static void check_mark(const struct api_object *object, u8 mark)
{
	if (object->content == API_BYTES)
		check_bytes(object->at + object->skip, object->size - object->skip, mark);
	for (int last = 0; object->content == API_BLOCK && last < 2; last++) {
		u8 *end = map_end(object, last);

		FUZZ_CHECK(*end == mark);
		kunmap_local(end);
	}
}

void api_check(const struct api_object *object)
{
	check_mark(object, object->mark);
}

void api_fill(struct api_object *object, u8 mark)
{
	object->mark = mark;
	if (object->content == API_BYTES)
		fill_bytes(object->at + object->skip, object->size - object->skip, mark);
	for (int last = 0; object->content == API_BLOCK && last < 2; last++) {
		u8 *end = map_end(object, last);

		*end = mark;
		kunmap_local(end);
	}
}

void api_took(struct api_lane *lane, struct api_object *object, const struct api_kind *kind,
	      enum api_content content, bool zeroed)
{
	if (ZERO_OR_NULL_PTR(object->at))
		return;
	object->kind = kind;
	object->content = content;
	if (zeroed)
		check_mark(object, 0);
	api_fill(object, fuzz_byte(&lane->in));
}

void api_release(struct api_object *object)
{
	if (!object->kind)
		return;
	api_check(object);
	object->kind->release(object);
	*object = (struct api_object){ };
}
