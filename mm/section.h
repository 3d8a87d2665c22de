/* SPDX-License-Identifier: MIT */
/* Sections, whoever brings them: section.c at the boot, section_hot.c later. */
#ifndef MM_SECTION_H
#define MM_SECTION_H

#include "internal.h"

#define BLOCK_DESCRIPTORS (PAGEBLOCK_PAGES * sizeof(struct page))	/* bytes: 16 KiB */
#define SECTION_DESCRIPTORS (PAGES_PER_SECTION * sizeof(struct page))	/* bytes: 2 MiB */
#define SECTION_TABLE (BLOCKS_PER_SECTION * sizeof(struct pageblock))	/* bytes: 8 KiB */
#define SECTION_SIZE ((phys_addr_t)1 << SECTION_SHIFT)

static inline unsigned long descriptors_va(unsigned long section)
{
	return port_vmemmap_base + section * SECTION_DESCRIPTORS;
}

static inline unsigned long table_va(unsigned long section)
{
	return port_pageblock_base + section * SECTION_TABLE;
}

/* ---- section.c ---- */

int section_init(void);
/*
 * Hands one piece of pristine memory, at most a largest block, to the buddy lists; false
 * when none is left. Caller holds zone->lock.
 */
bool section_grow(struct zone *zone);
/*
 * A pristine page is broken: it will be left out when its memory comes to life. -ENOENT: it is
 * not pristine; -EEXIST: it was told before; -ENOSPC. Caller holds the lock of its zone.
 */
int section_poison(struct zone *zone, unsigned long pfn);
/* Takes that back, by hand of the lists if its memory came to life meanwhile; false: no such. */
bool section_unpoison(struct zone *zone, unsigned long pfn);
/* The zone of a page of RAM, live or not; NULL: no RAM. */
struct zone *section_zone(unsigned long pfn);
/* How many such pages the zone has. */
unsigned long section_count_bad(const struct zone *zone);
/* The zone's pristine pages, counted anew. */
unsigned long section_count_pristine(const struct zone *zone);
/*
 * Adds, by order, the blocks that they will make: of the first `max` pieces at or above *from, none
 * larger than a section. Returns whether there may be more, from *from on then. Caller holds
 * zone->lock.
 */
bool section_count_blocks(const struct zone *zone, unsigned long *from, unsigned int max,
			  unsigned long nr[MAX_ORDER]);

/* ---- section_hot.c: the caller sees to it that there is one at a time; may sleep ---- */

/* Of a section that was added: the pages that it has for a zone, the node they are on. */
#define HOT_PAGES (PAGES_PER_SECTION - PAGEBLOCK_PAGES)
int section_hot_nid(unsigned long section);

/* There is RAM in a section that had none. -ENOMEM, nothing changed: no room for its table. */
int section_hot_add(unsigned long section, int nid);
/* No more. Of sections that no zone has; returns when nobody can be looking at them. */
void section_hot_remove(unsigned long section, unsigned long nr);

/* Its pages become free pages of the zone, one block after the other. */
void section_hot_online(unsigned long section, struct zone *zone);
/* Takes what is free of it from everybody; returns how many pages are in use. */
unsigned long section_hot_isolate(unsigned long section, struct zone *zone);
/* Puts that back. */
void section_hot_restore(unsigned long section, struct zone *zone);
/* All of it is isolated, or broken: it leaves the zone. */
void section_hot_offline(unsigned long section, struct zone *zone);

/* Pages of the page allocator that hold tables of sections; they stay. */
unsigned long section_hot_kept_pages(void);

#endif
