/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader told us, in one form whatever its protocol was. Filled by a parser
 * (arch/x86_64/multiboot2.c, pvh.c) before any memory is handed out, and never changed.
 */
#ifndef KERNEL_BOOT_H
#define KERNEL_BOOT_H

#include <linux/types.h>

#define BOOT_MAX_RANGES	 512
#define BOOT_MAX_MODULES 16
#define BOOT_CMDLINE	 2048

enum boot_range_type {		/* as the firmware numbers them */
	BOOT_RAM = 1, BOOT_RESERVED = 2, BOOT_ACPI = 3, BOOT_NVS = 4, BOOT_BAD = 5,
};

struct boot_range {
	u64 start, size;	/* bytes, as the firmware says: may overlap, wrap, be empty */
	u32 type;
};

struct boot_module {
	u64 start, size;	/* bytes, physical */
	char name[64];		/* the words after the file name */
	u32 checksum;		/* of the content as it was handed over; see boot_checksum() */
};

struct boot_framebuffer {
	u64 addr;		/* physical; 0 when there is none */
	u32 pitch, width, height; /* bytes a line; pixels (or characters for text) */
	u8 bpp;
	bool text;		/* EGA text, two bytes a cell */
	u8 red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
};

struct boot_info {
	const char *protocol;	/* "multiboot2" or "pvh" */
	char loader[64];
	char cmdline[BOOT_CMDLINE];
	u32 nr_ranges, nr_modules;
	u32 dropped_ranges;	/* did not fit into ranges[], or had to leave it */
	struct boot_range ranges[BOOT_MAX_RANGES];
	struct boot_module modules[BOOT_MAX_MODULES];
	struct boot_framebuffer fb;
	u64 rsdp;		/* physical address; 0 when not told */
	u8 rsdp_copy[36];	/* what multiboot2 hands over instead; used when rsdp is 0 */
};

extern struct boot_info boot_info;

/*
 * Adds a range as a loader tells it (kernel/memmap.c). When ranges[] is full one is dropped
 * and counted: RAM, as long as there is any, because RAM that is lost costs memory and a
 * hole that is lost costs whatever lies in it.
 */
void boot_add_range(struct boot_info *info, u64 start, u64 size, u32 type);

/*
 * The kernel's command line (kernel/cmdline.c): words `name` or `name=value`, separated by
 * spaces; "double quotes" keep spaces. The last of several equal names wins, except for
 * the iterator.
 */
bool cmdline_flag(const char *name);				/* is the word there? */
const char *cmdline_value(const char *name, char *buf, size_t size); /* its value in buf, or NULL */
/* Has the name a value? Also one that is too long for cmdline_value(), which it calls none. */
bool cmdline_has(const char *name);
bool cmdline_size(const char *name, u64 *bytes);		/* its value as a size: 512M */
bool cmdline_number(const char *name, u64 *number);		/* as a number: 512, 0x200 */
u64 swiotlb_wanted(void);	/* swiotlb=, the default without (kernel/memmap.c) */
void kfence_read_options(void);	/* kfence.sample_interval= (kernel/memmap.c) */
const char *slab_debug_wanted(void);	/* slab_debug=, NULL without (kernel/memmap.c) */
void memhp_read_option(void);	/* memhp_default_state= (kernel/memmap.c) */
bool kmemleak_asked(void);	/* kmemleak=on (kernel/memmap.c) */
bool init_on_alloc_asked(void);	/* init_on_alloc=, init_on_free= (kernel/memmap.c) */
bool init_on_free_asked(void);
unsigned int guard_orders_wanted(void);	/* debug_guardpage_minorder= (kernel/memmap.c) */
bool page_owner_asked(void);	/* page_owner=on (kernel/memmap.c) */
unsigned long min_free_wanted(void);	/* min_free_kbytes=, 0 without (kernel/memmap.c) */
/* Calls fn with the value of each `name=value`, in order. */
void cmdline_each(const char *name, void (*fn)(const char *value, void *arg), void *arg);
/* For a text that was cut: drops its last word, of which some may be missing. */
void cmdline_drop_last(char *text);
/*
 * Warns of each word that is no option: neither the kernel's nor in `more`, a list of
 * "name=" or "name" that ends with NULL (NULL: no more). Returns how many there are.
 */
unsigned int cmdline_check(const char *const *more);
/* Every option of the kernel, as `more` has them. */
const char *const *cmdline_known(void);
/*
 * Sets the text that the functions above read; it must stay. boot_info.cmdline unless a
 * test says otherwise. Returns the text before, for the test to put back.
 */
const char *cmdline_set(const char *text);

#endif
