/* SPDX-License-Identifier: MIT */
/* The public API as a language for fuzzers: see api.c. */
#ifndef TESTS_FUZZ_API_H
#define TESTS_FUZZ_API_H

#include <linux/dmapool.h>
#include <linux/gfp.h>
#include <linux/mempool.h>
#include <linux/slab.h>

#include "fuzz.h"

#define API_CACHES 3
#define API_POOLS  3
#define API_SLOTS  24

enum api_kind {
	API_NONE, API_PAGES, API_EXACT, API_KMALLOC, API_CACHE, API_VMALLOC, API_KVMALLOC,
	API_MEMPOOL, API_COHERENT, API_DMAPOOL, API_PERCPU, API_MAPPED, API_NR_KINDS,
};

/* One thing that was allocated. Whose slot it is in, that lane alone looks at it. */
struct api_object {
	enum api_kind kind;
	u8 mark;		/* what its ends are filled with */
	u8 which;		/* of the caches or pools; the order of pages */
	size_t size;		/* that may be written to */
	void *at;		/* its address; for pages their descriptor */
	dma_addr_t dma;
};

/* What one thread does, from its part of the input. */
struct api_lane {
	struct fuzz_input in;
	struct api_object *slots[API_SLOTS];
	bool alone;		/* no other lane runs */
	bool atomic;		/* in an interrupt: nothing that sleeps */
};

/* api_objects.c: all of these choose by what the lane's input says. */

/* Makes caches and pools, some of which cannot be made; undoes that: all is free again. */
void api_begin(struct fuzz_input *in);
void api_end(void);
/* Allocates into an empty object; it stays empty when there is no memory, or a refusal. */
void api_take(struct api_lane *lane, struct api_object *object, enum api_kind kind);
/* Is its content what was written? Then frees it. */
void api_release(struct api_object *object);
void api_check(const struct api_object *object);
void api_fill(struct api_object *object, u8 mark);
/* Something else with caches and pools, or with an object of any kind. */
void api_resize_pool(struct api_lane *lane);
void api_shrink_cache(struct api_lane *lane);
void api_bulk(struct api_lane *lane);
void api_krealloc(struct api_lane *lane, struct api_object *object);
void api_split(struct api_object *object);
/* A mistake that is reported, and nothing more. */
void api_misuse(struct api_lane *lane, struct api_object *object);

#endif
