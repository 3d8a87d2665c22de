/* SPDX-License-Identifier: MIT */
/* From the firmware's map and the memory options to ranges of RAM. See memmap.c. */
#ifndef KERNEL_MEMMAP_H
#define KERNEL_MEMMAP_H

#include <linux/types.h>

struct boot_range;

enum memmap_kind {
	MEMMAP_LIMIT,		/* firmware's RAM at and above start is not used */
	MEMMAP_ADD,		/* RAM */
	MEMMAP_REMOVE,		/* not RAM */
	MEMMAP_EXACT,		/* forget the firmware's map and all before */
};

struct memmap_change {
	enum memmap_kind kind;
	u64 start, size;	/* bytes */
};

#define MEMMAP_MAX_CHANGES 64

struct memmap_options {
	unsigned int nr;
	struct memmap_change changes[MEMMAP_MAX_CHANGES];
};

/* Reads one word of memmap= (no comma), or the value of mem=. False when it is malformed. */
bool memmap_parse(const char *text, struct memmap_change *change);
/* The command line's mem= first, then its memmap= in order; a bad one is reported, ignored. */
void memmap_read_options(struct memmap_options *options);

/* numa=off: all memory and all CPUs are node 0. Another value is reported, ignored. */
bool memmap_numa_off(void);

/* Takes the result: memblock_add() and memblock_remove(), or what a test offers. */
struct memmap_sink {
	int (*add)(phys_addr_t start, phys_addr_t size);
	int (*remove)(phys_addr_t start, phys_addr_t size);
};

/*
 * Tells the sink of all RAM below phys_limit (a multiple of 4 KiB): first every add, then
 * every remove. Pages that are RAM only in part are not RAM. Returns how many ranges of RAM,
 * though wanted, reach beyond phys_limit, and are cut.
 */
u32 memmap_apply(const struct boot_range *ranges, u32 nr, const struct memmap_options *options,
		 u64 phys_limit, const struct memmap_sink *sink);

/* The firmware's map on the log, as it came. */
void memmap_print(const struct boot_range *ranges, u32 nr);

/* memtest=N and memtest_plant=ADDRESS, for quarry_init(). */
void memtest_read_options(void);

#endif
