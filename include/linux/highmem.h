/* SPDX-License-Identifier: MIT */
/* Temporary mappings of pages that may be HIGHMEM. Other pages have their address anyway. */
#ifndef _LINUX_HIGHMEM_H
#define _LINUX_HIGHMEM_H

#include <linux/mm.h>

/*
 * Maps a page for everyone until kunmap(); nested calls for one page give one address.
 * There are QUARRY_KMAP_SLOTS of these: with none left it sleeps until one comes free. May
 * sleep; where it must not, that is reported, and with no slot left (QUARRY_NO_SLOT) it
 * returns NULL. kunmap(): any context.
 */
void *kmap(struct page *page);
void kunmap(struct page *page);

/*
 * Maps a page for this CPU until kunmap_local(). These nest and are undone last first, at
 * most QUARRY_KMAP_LOCAL_NEST deep, interrupts included. Any context. NULL, reported,
 * when they nest too deep. kunmap_local() takes any address inside the page.
 *
 * While a HIGHMEM page is mapped so, preemption is off: a sleep in between is reported. That is
 * narrower than Linux, whose scheduler takes such mappings along; for a mapping that lasts over
 * a sleep there is kmap().
 */
void *kmap_local_page(struct page *page);
void kunmap_local(const void *addr);
/* Up to Linux 2.6.36 these took a slot's name, too; there is nothing to choose any more. */
enum km_type { KM_USER0, KM_USER1, KM_IRQ0, KM_IRQ1, KM_BOUNCE_READ, KM_SOFTIRQ0, KM_SOFTIRQ1 };
#define kmap_atomic(page, ...)	 kmap_local_page(page)
#define kunmap_atomic(addr, ...) kunmap_local(addr)

/* One page, wherever it is. Any context; these never fail. */
void clear_highpage(struct page *page);
void copy_highpage(struct page *to, struct page *from);
void memcpy_from_page(char *to, struct page *page, size_t offset, size_t len);
void memcpy_to_page(struct page *page, size_t offset, const char *from, size_t len);

#endif
