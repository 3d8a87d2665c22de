/* SPDX-License-Identifier: MIT */
/* Zones: kinds of memory by what can reach them. */
#ifndef _LINUX_MMZONE_H
#define _LINUX_MMZONE_H

#include <linux/types.h>
#include <quarry/config.h>

enum zone_type {
	ZONE_DMA,	/* below 16 MiB: ISA devices */
	ZONE_DMA32,	/* below 4 GiB: devices with 32 address lines */
	ZONE_NORMAL,	/* the rest of the direct map */
	ZONE_HIGHMEM,	/* no standing mapping: reach it through kmap() and vmalloc() */
	MAX_NR_ZONES
};

/* Marks of a zone's free pages; see mm/watermark.c. */
enum zone_watermarks { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARK };

struct zone;

const char *zone_name(const struct zone *zone);	/* "DMA", "DMA32", "Normal", "HighMem" */
int zone_to_nid(const struct zone *zone);
enum zone_type zone_idx(const struct zone *zone);
unsigned long zone_managed_pages(const struct zone *zone); /* free and allocated pages */
unsigned long zone_free_pages(const struct zone *zone);
/* A node's zone, NULL when the node has no such memory. */
struct zone *node_zone(int nid, enum zone_type type);

#endif
