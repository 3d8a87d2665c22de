/* SPDX-License-Identifier: MIT */
/*
 * What is said of memory to those who look for leaks (mm/kmemleak.c, mm/owners.c): of an object
 * of a cache or of kmalloc(), an area of vmalloc or a block of pages, by its beginning. It is
 * forgotten when that is freed. Without the options kmemleak or page_owner these do nothing. Any
 * context but NMIs.
 */
#ifndef _LINUX_KMEMLEAK_H
#define _LINUX_KMEMLEAK_H

#include <linux/types.h>

/* It is no leak, though nothing points to it or it stays for good. What it points to is none. */
void kmemleak_not_leak(const void *ptr);
/* It is no leak, and points to nothing. */
void kmemleak_ignore(const void *ptr);
/* It points to nothing; it is a leak if nothing points to it. */
void kmemleak_no_scan(const void *ptr);
/*
 * Of the object that ptr lies in only [ptr, ptr + size), and what was named before, points to
 * others; size is SIZE_MAX: to its end. Without memory to remember that, by gfp, all of it may.
 */
void kmemleak_scan_area(const void *ptr, size_t size, gfp_t gfp);
/* For now nothing may point to it; it is none before two more scans have not found a pointer. */
void kmemleak_transient_leak(const void *ptr);
/* Who calls this is who allocated it, in reports. */
void kmemleak_update_trace(const void *ptr);

/*
 * A block of pages is an object from now on, until it is freed, or kmemleak_free() says so:
 * min_count is how many pointers it should have: at least one, or 0: as kmemleak_not_leak(), or
 * less: as kmemleak_ignore(). Allocators that have blocks of pages call this; what mm's own give
 * out is known without, and pieces of a block are part of it.
 */
void kmemleak_alloc(const void *ptr, size_t size, int min_count, gfp_t gfp);
void kmemleak_free(const void *ptr);

/* This variable no longer points to it. */
static inline void kmemleak_erase(void **ptr)
{
	*ptr = NULL;
}

#endif
