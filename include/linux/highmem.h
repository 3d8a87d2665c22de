/* SPDX-License-Identifier: MIT */
/* Temporary mappings of pages that may be HIGHMEM. For other pages all of these are free. */
#ifndef _LINUX_HIGHMEM_H
#define _LINUX_HIGHMEM_H

#include <linux/mm.h>

/*
 * Maps a page for everyone until kunmap(); nested calls for one page give one address.
 * There are QUARRY_KMAP_SLOTS of these: with none left NULL, reported (QUARRY_NO_SLOT).
 * Not in interrupts.
 */
void *kmap(struct page *page);
void kunmap(struct page *page);

/*
 * Maps a page for this CPU until kunmap_local(). These nest and are undone last first, at
 * most QUARRY_KMAP_LOCAL_DEPTH deep, interrupts included. Any context. NULL, reported,
 * when they nest too deep. kunmap_local() takes any address inside the page.
 */
void *kmap_local_page(struct page *page);
void kunmap_local(const void *addr);
#define kmap_atomic(page)   kmap_local_page(page)
#define kunmap_atomic(addr) kunmap_local(addr)

void clear_highpage(struct page *page);
void copy_highpage(struct page *to, struct page *from);

#endif
