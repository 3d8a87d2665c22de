/* SPDX-License-Identifier: MIT */
/*
 * The public API as a language for fuzzers: see api.c for the programs, api_*.c for its words. A
 * kind of object is what one call gives and another takes back: a struct api_kind. What else can be
 * done is a function of a lane and one of its slots. All of these choose by what the lane's input
 * says.
 */
#ifndef TESTS_FUZZ_API_H
#define TESTS_FUZZ_API_H

#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "fuzz.h"

#define API_CACHES 3
#define API_POOLS  3
#define API_SLOTS  24
#define API_MANY   8		/* pieces of what has several */

struct api_lane;
struct api_object;

struct api_kind {
	/* Into an empty object, by api_took(); it stays empty without memory, or when refused. */
	void (*take)(struct api_lane *lane, struct api_object *object);
	void (*release)(struct api_object *object);
	/*
	 * A mistake with it that is reported once, and does nothing; the object may be gone then.
	 * NULL: there is none. Only while no other lane runs.
	 */
	void (*misuse)(struct api_object *object, u8 way);
	bool atomic_take, atomic_release;	/* in interrupts, too */
};

/* Where the bytes are that are filled and looked at. */
enum api_content {
	API_NOTHING,		/* none, or it is the kind's own business */
	API_BYTES,		/* `size` bytes at `at`, behind `skip` */
	API_BLOCK,		/* in pages, at the ends of 1 << `which` of them from `at` on */
};

/* One thing that was allocated. Whose slot it is in, that lane alone looks at it. */
struct api_object {
	const struct api_kind *kind;	/* NULL: the slot is empty */
	enum api_content content;
	u8 mark;		/* what it is filled with */
	u8 which;		/* of the caches or pools; the order of pages */
	u8 how;			/* of several calls that give such a thing */
	u8 skip;
	size_t size;		/* that may be written to */
	void *at;		/* its address; for pages their descriptor */
	dma_addr_t dma;
	unsigned int nr;	/* of what follows */
	void *many[API_MANY];
	struct sg_table table;
};

/* What one thread does, from its part of the input. */
struct api_lane {
	struct fuzz_input in;
	struct api_object *slots[API_SLOTS];
	bool alone;		/* no other lane runs */
	bool atomic;		/* in an interrupt: nothing that sleeps */
	unsigned int faults;	/* steps in which an allocation failed on purpose */
};

/* ---- api_content.c: what is written into objects, and what they are asked for with ---- */

void api_fill(struct api_object *object, u8 mark);
/* Is its content what was written? */
void api_check(const struct api_object *object);
/* The call gave object->at, or NULL: it is of that kind now. `zeroed`: its bytes must be zero. */
void api_took(struct api_lane *lane, struct api_object *object, const struct api_kind *kind,
	      enum api_content content, bool zeroed);
/* Flags for objects and for pages; a size, some of which cannot be. */
gfp_t api_object_flags(struct api_lane *lane);
gfp_t api_page_flags(struct api_lane *lane);
size_t api_size(struct fuzz_input *in);
/* A node, or none in particular. */
int api_node(struct api_lane *lane);
bool api_may_sleep(void);
/* Looks at it once more, frees it: the slot is empty. */
void api_release(struct api_object *object);

/* ---- The kinds ---- */

extern const struct api_kind api_pages, api_low_pages, api_exact, api_bulk_pages, api_kmapped;
extern const struct api_kind api_kmalloc, api_text, api_cached, api_bulk_objects;
extern const struct api_kind api_vmalloc, api_kvmalloc, api_vmap, api_map_ram, api_ioremap,
			     api_memremap;
extern const struct api_kind api_element, api_coherent, api_dmapool, api_mapped, api_mapped_page,
			     api_mapped_list, api_devm, api_piece, api_percpu;

/* ---- Other words ---- */

void api_split(struct api_lane *lane, struct api_object *object);
void api_reference(struct api_lane *lane, struct api_object *object);
void api_copy(struct api_lane *lane, struct api_object *object);
void api_krealloc(struct api_lane *lane, struct api_object *object);
void api_shrink_cache(struct api_lane *lane, struct api_object *object);
void api_remake_cache(struct api_lane *lane, struct api_object *object);
void api_resize_pool(struct api_lane *lane, struct api_object *object);
void api_pool_crowd(struct api_lane *lane, struct api_object *object);
void api_sync(struct api_lane *lane, struct api_object *object);
void api_hotplug(struct api_lane *lane, struct api_object *object);

/*
 * What objects come from, made by what the input says, some of it not at all; the ends are called
 * when everything has been released, and all is free again.
 */
struct kmem_cache *api_cache(unsigned int which);
/* May objects of it be in a pool: has it no constructor? */
bool api_cache_is_plain(unsigned int which);
void api_slab_begin(struct fuzz_input *in);
void api_slab_end(void);
void api_pool_begin(struct fuzz_input *in);
void api_pool_end(void);
void api_dma_begin(struct fuzz_input *in);
void api_dma_end(void);
struct device *api_device(void);
void api_device_begin(struct fuzz_input *in);
void api_device_end(void);
void api_hotplug_end(void);

#endif
