// SPDX-License-Identifier: MIT
/*
 * From an address to the range of the vmalloc area that begins there.
 *
 *	table of GiBs  ->  page of 512 pieces of 2 MiB  ->  page of 512 places of 4 KiB  ->  range
 *
 * The same shape as page tables, and kept as they are: a page of it, once made, stays. So it is
 * read without a lock, by three loads, at any time; and what it says of an address is as true
 * as the reader's right to that address.
 *
 * A place is written by whoever owns the range of addresses that begins there. Two who make the
 * same page at once: the second throws its own away.
 *
 * Costs: 8 bytes for each GiB of the area from the boot on; 4 KiB for each 2 MiB of address
 * space in which a range begins, and for each GiB.
 */
#include "page_owner.h"
#include "vmap.h"

#define PLACES (PAGE_SIZE / sizeof(void *))

struct places {
	struct vmap_area *area[PLACES];	/* by 4 KiB */
};

struct pieces {
	struct places *places[PLACES];	/* by 2 MiB */
};

static struct pieces **gibs;
static unsigned long base, nr_gibs;
static atomic_long_t nr_pages;

int vmap_index_init(unsigned long start, unsigned long size)
{
	base = start;
	nr_gibs = size / SZ_1G;
	gibs = memblock_alloc(max(nr_gibs, 1UL) * sizeof(*gibs), 64);
	return gibs ? 0 : -ENOMEM;
}

/* A page for an empty place; false when there is none. */
static bool fill_place(void **place)
{
	void *page = (void *)get_zeroed_page(GFP_KERNEL), *none = NULL;

	if (!page)
		return false;
	atomic_long_inc(&nr_pages);
	page_owner_keep(virt_to_page(page), false);
	if (!__atomic_compare_exchange_n(place, &none, page, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_ACQUIRE)) {
		free_page((unsigned long)page);
		atomic_long_dec(&nr_pages);
	}
	return true;
}

/* Where addr's 4 KiB place is, or NULL where nothing was ever put near it. */
static inline struct vmap_area **place_of(unsigned long addr)
{
	unsigned long at = addr - base;
	struct pieces *pieces;
	struct places *places;

	if (at / SZ_1G >= nr_gibs)
		return NULL;
	pieces = smp_load_acquire(&gibs[at / SZ_1G]);
	if (!pieces)
		return NULL;
	places = smp_load_acquire(&pieces->places[at / SZ_2M % PLACES]);
	return places ? &places->area[at / PAGE_SIZE % PLACES] : NULL;
}

bool vmap_index_prepare(unsigned long addr)
{
	unsigned long at = addr - base;
	struct pieces *pieces;

	if (at / SZ_1G >= nr_gibs)
		return true;		/* a space of its own, without an index */
	if (!READ_ONCE(gibs[at / SZ_1G]) && !fill_place((void **)&gibs[at / SZ_1G]))
		return false;
	pieces = smp_load_acquire(&gibs[at / SZ_1G]);
	return READ_ONCE(pieces->places[at / SZ_2M % PLACES]) ||
	       fill_place((void **)&pieces->places[at / SZ_2M % PLACES]);
}

void vmap_index_set(unsigned long addr, struct vmap_area *area)
{
	struct vmap_area **place = place_of(addr);

	if (place)
		smp_store_release(place, area);
}

struct vmap_area *vmap_find_start(unsigned long addr)
{
	struct vmap_area **place = place_of(addr);

	return place && PAGE_ALIGNED(addr) ? smp_load_acquire(place) : NULL;
}

/* The last entry at or before number i that is not NULL; the entries' number in *i. */
static void *last_entry(void *const *entries, long *i)
{
	void *entry = NULL;

	for (; *i >= 0 && !entry; (*i)--)
		entry = smp_load_acquire(&entries[*i]);
	(*i)++;
	return entry;
}

/* The last range that begins in this page of places, at or before number i. */
static struct vmap_area *last_in_pieces(struct pieces *pieces, long piece, long place)
{
	struct vmap_area *area = NULL;
	struct places *places;

	for (; piece >= 0 && !area; piece--, place = PLACES - 1) {
		places = last_entry((void **)pieces->places, &piece);
		if (!places)
			return NULL;
		area = last_entry((void **)places->area, &place);
	}
	return area;
}

struct vmap_area *vmap_find(unsigned long addr)
{
	unsigned long at = addr - base;
	long gib = (long)(at / SZ_1G), was = gib, piece = (long)(at / SZ_2M % PLACES), first;
	struct vmap_area *area = NULL;
	struct pieces *pieces;

	if (gib >= (long)nr_gibs)
		return NULL;
	for (; gib >= 0 && !area; gib--) {
		pieces = last_entry((void **)gibs, &gib);
		if (!pieces)
			return NULL;
		if (gib != was) {
			area = last_in_pieces(pieces, PLACES - 1, PLACES - 1);
			continue;
		}
		/* The first page of places is looked at up to addr only, others whole. */
		first = (long)(at / PAGE_SIZE % PLACES);
		if (READ_ONCE(pieces->places[piece]))
			area = last_in_pieces(pieces, piece, first);
		else
			area = last_in_pieces(pieces, piece - 1, PLACES - 1);
	}
	return area;
}

unsigned long vmap_index_pages(void)
{
	return (unsigned long)atomic_long_read(&nr_pages);
}
