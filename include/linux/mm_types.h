/* SPDX-License-Identifier: MIT */
/* The page descriptor. */
#ifndef _LINUX_MM_TYPES_H
#define _LINUX_MM_TYPES_H

#include <linux/types.h>

/*
 * One for each page of RAM that was ever used. All zeroes is valid: a page that no
 * allocator knows, or any page but the first of a block. Node and zone are not in here,
 * the page-block table has them.
 *
 * The owner of an allocated block may use `lru` and `private` of its first page (of every
 * page after split_page()); the allocator leaves them alone until the block is freed.
 */
struct page {
	union {
		struct {
			u8 state;	/* enum page_state in mm/internal.h */
			u8 order;	/* of the block that starts here */
			u16 flags;
			atomic_t _refcount;
		};
		u64 word;		/* all four, to be compared and set at once */
	};
	union {
		struct list_head lru;
		struct { u16 next, prev; } buddy; /* while free: links in its page block */
	};
	unsigned long private;
};

_Static_assert(sizeof(struct page) == 32, "descriptors cost 32 bytes a page");

#endif
