/* SPDX-License-Identifier: MIT */
/*
 * What is said of memory to those who look for leaks (mm/kmemleak.c, mm/owners.c): of an object
 * of a cache or of kmalloc(), an area of vmalloc or a block of pages, by its beginning. It is
 * forgotten when that is freed. Without the options kmemleak or page_owner these do nothing. Any
 * context but NMIs.
 */
#ifndef _LINUX_KMEMLEAK_H
#define _LINUX_KMEMLEAK_H

/* It is no leak, though nothing points to it or it stays for good. What it points to is none. */
void kmemleak_not_leak(const void *ptr);
/* It is no leak, and points to nothing. */
void kmemleak_ignore(const void *ptr);
/* It points to nothing; it is a leak if nothing points to it. */
void kmemleak_no_scan(const void *ptr);

#endif
