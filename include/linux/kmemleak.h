/* SPDX-License-Identifier: MIT */
/* What is said of memory to those who look for leaks: mm/page_owner.c. */
#ifndef _LINUX_KMEMLEAK_H
#define _LINUX_KMEMLEAK_H

/* It stays for good, and is no leak: the beginning of a block of pages. Any context but NMIs. */
void kmemleak_not_leak(const void *ptr);

#endif
