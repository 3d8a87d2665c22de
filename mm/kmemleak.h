/* SPDX-License-Identifier: MIT */
/* Objects that nothing points to. See kmemleak.c. */
#ifndef MM_KMEMLEAK_H
#define MM_KMEMLEAK_H

#include <linux/kmemleak.h>
#include <linux/types.h>

/* What is known of an object, in its record. New ones are 0. */
enum {
	LEAK_REACHED = 1,	/* this scan has found a pointer to it */
	LEAK_SCANNED = 2,	/* and looks, or has looked, at what it points to */
	LEAK_NOT = 4,		/* as its user says: kmemleak_not_leak() */
	LEAK_IGNORE = 8,	/* kmemleak_ignore() */
	LEAK_NO_SCAN = 16,	/* kmemleak_no_scan() */
	LEAK_SUSPECT = 32,	/* the last scan did not reach it */
	LEAK_FOUND = 64,	/* nor the one before */
	LEAK_PARTS = 128,	/* only parts of it may point to others: kmemleak_scan_area() */
	LEAK_WHOLE = LEAK_NO_SCAN | LEAK_PARTS,	/* no memory to say which: all of it may */
};

extern bool kmemleak_on;	/* from quarry_plan() */

/* ---- kmemleak_object.c ---- */

struct page;
struct page_owner;
struct track;
struct vmap_area;

struct leak_object {
	const void *start;
	size_t size;
	u8 *leak;			/* NULL: an area's */
	struct vmap_area *area;
	struct track *track;
	struct page_owner *owner;
};

u8 leak_of(const struct leak_object *object);
void set_leak(const struct leak_object *object, u8 leak);

/* The object that the address lies in; false: in none. Any address, any context. */
bool leak_find(unsigned long address, struct leak_object *object);
/* The object that is a block of pages, or an area; false: it is none. */
bool leak_object_of_block(struct page *page, struct leak_object *object);
bool leak_object_of_area(struct vmap_area *area, struct leak_object *object);

/* Calls fn for each; the second leaves out blocks of pages. With vmap_lock. */
void leak_for_each(void (*fn)(const struct leak_object *object));
void leak_for_each_but_blocks(void (*fn)(const struct leak_object *object));

/* ---- kmemleak_mark.c ---- */

/* Calls fn for each part of the object that begins there. While no other CPU runs. */
void leak_each_part(const void *object, void (*fn)(const void *start, const void *end, void *arg),
		    void *arg);
/* Forgets the parts of objects that are free. Threads only. */
void leak_parts_reap(void);

#endif
