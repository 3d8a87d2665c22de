/* SPDX-License-Identifier: MIT */
/* What vmap.c, vmap_pool.c, vmalloc.c and their tests share. */
#ifndef MM_VMAP_H
#define MM_VMAP_H

#include <linux/vmalloc.h>
#include <linux/kasan.h>
#include <quarry/port.h>
#include "internal.h"

enum vmap_state {
	VMAP_NODE,	/* no range: on the list of spare ones */
	VMAP_FREE,	/* in its space's tree */
	VMAP_TAKEN,	/* out of the tree, mapping nothing: with one CPU, or on its way */
	VMAP_LIVE,	/* somebody has it */
	VMAP_RETIRED,	/* given back; CPUs may remember what it mapped */
};

#define VMAP_CLASSES 11		/* sizes that CPUs keep ready-made: see vmap_pool.c */
#define VMAP_READY_PAGES 256	/* of the largest that is mapped through a window */
#define VMAP_OTHER   VMAP_CLASSES	/* any other size */

/*
 * A range of addresses, free or not. Its memory outlives the readers of RCU, so what the index
 * yields is safe to look at for them, if not to believe.
 */
struct vmap_area {
	struct vm_struct vm;		/* what its user may see */
	unsigned long start, end;	/* all of it, the guard too: [start, end) */
	struct vmap_area *prev, *next;	/* by address, whatever their state */
	struct vmap_area *left, *right;	/* free: children in the tree; else left: next of a chain */
	struct page *blocks;		/* VM_ALLOC: its blocks, each page->private the next */
	void *window;			/* port_window() of it, or NULL; stays with the range */
	u32 priority;			/* in the tree: parents have the higher one */
	u8 state;			/* enum vmap_state */
	u8 class;
	bool plain;			/* its blocks are what any caller without a node may get */
};

static inline struct vmap_area *vm_to_area(const struct vm_struct *vm)
{
	return container_of(vm, struct vmap_area, vm);
}

/* ---- vmap_index.c: from an address to the range that begins there ---- */

/* For [start, start + size): 0, or -ENOMEM. While booting. */
int vmap_index_init(unsigned long start, unsigned long size);
/* Makes what vmap_index_set() of that address needs. May sleep. False: no memory. */
bool vmap_index_prepare(unsigned long addr);
/* For whoever owns the address; NULL: nothing begins there. */
void vmap_index_set(unsigned long addr, struct vmap_area *area);
/* The range that begins there; the last one that begins at or below it. NULL. Any context. */
struct vmap_area *vmap_find_start(unsigned long addr);
struct vmap_area *vmap_find(unsigned long addr);
/* Pages of the index. */
unsigned long vmap_index_pages(void);

/* ---- vmap_node.c: descriptions of ranges; callers hold vmap_lock ---- */

unsigned long vmap_nodes_spare(void);
/* At least one must be spare. */
struct vmap_area *vmap_node_get(void);
void vmap_node_put(struct vmap_area *node);
/* A page to make spare ones from, and that done. The first without vmap_lock: may sleep; NULL. */
void *vmap_nodes_page_alloc(void);
void vmap_nodes_add(void *page);
/* Pages that hold them. */
unsigned long vmap_nodes_pages(void);
/* Waits for those pages that are about to go back. May sleep, without vmap_lock. */
void vmap_nodes_wait(void);

/* ---- vmap.c: ranges ---- */

/* A piece of address space that is handed out in ranges. */
struct vmap_space {
	unsigned long start, end;	/* constant */
	struct vmap_area *root;		/* free ranges, by size, then by address */
	struct vmap_area *first;	/* all ranges, by address */
};

/* For vmalloc areas below 2 MiB, and for those from there on, where all is 2 MiB aligned. */
extern struct vmap_space vmap_small, vmap_large;

/* Before the page allocator works; once it does. 0 or -ENOMEM. */
int vmap_init(void);
int vmap_init_spaces(void);
/* Makes all of [start, end) one free range of the space; false when there is no memory. */
bool vmap_space_init(struct vmap_space *space, unsigned long start, unsigned long end);
/* The end of a space that is one free range again. */
void vmap_space_end(struct vmap_space *space);
/*
 * The smallest free range that can hold `size` bytes at a multiple of `align` (a power of two):
 * cut out of it, VMAP_TAKEN. NULL when there is none, or no memory to describe it. May sleep.
 */
struct vmap_area *vmap_take(struct vmap_space *space, unsigned long size, unsigned long align);
/* Gives such a range back. No CPU may remember a mapping there. */
void vmap_give(struct vmap_space *space, struct vmap_area *area);
/* Pages that hold descriptions of ranges and the index: kept once they are made. */
unsigned long vmap_kept_pages(void);
/* Violations in a space; all in both, and the index. */
unsigned int vmap_space_validate(const struct vmap_space *space);
unsigned int vmap_validate(void);
/* Calls fn for each range, with the lock held, until it returns false. */
void vmap_for_each(struct vmap_space *space, bool (*fn)(struct vmap_area *area, void *arg),
		   void *arg);

/* Its parts, for who cannot wait: the lock, if nobody has it; the walk. */
bool vmap_trylock(void);
void vmap_unlock(void);
void vmap_walk(struct vmap_space *space, bool (*fn)(struct vmap_area *area, void *arg), void *arg);

/* ---- vmap_size.c: ranges with a guard ---- */

/* Constant after the start. */
extern struct vmap_limits {
	unsigned long bytes;		/* that can be asked for: all of RAM */
	unsigned long held;		/* pages of a CPU that wait for a flush, or for use */
} vmap_limits;
void vmap_limits_init(void);
/* The class of ranges that serves so many bytes; VMAP_OTHER. Of 1 to 256 pages. */
unsigned int vmap_class_of(unsigned long size, unsigned long align);
static inline unsigned int vmap_small_class(unsigned long nr)
{
	return nr > 1 ? (unsigned int)fls64(nr - 1) : 0;
}

/* A new range of that class, or size, from its space or else the other; or NULL. May sleep. */
struct vmap_area *vmap_take_sized(unsigned long size, unsigned long align, unsigned int class);
struct vmap_space *vmap_space_of(const struct vmap_area *area);

/* ---- vmap_block.c: their pages ---- */

/* Frees the blocks of a range in which nothing is mapped. */
void vmap_unload(struct vmap_area *area);
/* May its blocks serve the next caller? They must be of one size, plain, and nobody else's. */
bool vmap_may_stay_loaded(const struct vmap_area *area);

/* ---- vmap_hand.c: ranges that nobody else can see ---- */

/* Before some are taken out of where others see them; after all were put somewhere. Threads. */
unsigned int vmap_hand_take(void);
void vmap_hand_put(unsigned int hand);
/*
 * Until those have ended who took before; returns how many ever had, up to a number that wraps. Two
 * that return the same: nobody took anything in between. One caller at a time. Sleeps.
 */
unsigned long vmap_hand_wait(void);

/* ---- vmap_pool.c: ranges with a guard, ready for use, and their end ---- */

/*
 * A range for size bytes (whole pages) and a guard behind: vm.addr is set, VMAP_TAKEN. NULL when
 * there is none even after all that was put off was done. May sleep, if the thread's limits
 * (linux/sched/mm.h) let it.
 */
struct vmap_area *vmap_alloc(unsigned long size, unsigned long align);
/* The same, but it may have blocks of an earlier use, nothing mapped: vm.nr_pages says how many. */
struct vmap_area *vmap_alloc_loaded(unsigned long size, unsigned long align);
/*
 * The short way: a range that has exactly nr pages (1 to 256) loaded, as one block, and a window.
 * NULL when the next one of that size is not so. This CPU's; does not sleep.
 */
struct vmap_area *vmap_alloc_ready(unsigned long nr);
/*
 * The end of a range that nobody uses any more: unmaps what vm.nr_pages says, has the CPUs
 * forget it, frees its blocks and makes it free. Threads. `now`: all that before it returns,
 * which takes interrupts that are on; else some of it at a later time.
 */
void vmap_retire(struct vmap_area *area, bool now);
/* The same in a thread, soon. Any context but NMIs. */
void vmap_retire_later(struct vmap_area *area);
/* Starts that thread. 0 or -ENOMEM. */
int vmap_start(void);
/* How often all CPUs were told to forget: for tests. */
unsigned long vmap_flushes(void);

/* ---- vmalloc.c ---- */

/*
 * The live area of one of these kinds (VM_*) that begins there: retired, and the caller's to end,
 * from now on. NULL, and *wrong says why not.
 */
struct vmap_area *vmap_claim(unsigned long addr, unsigned long flags, const char **wrong);

/* What of an area of vmalloc is nobody's is known from here on, if there is memory for it. */
static inline void kasan_area_give(const struct vmap_area *area, unsigned long size)
{
	size_t pages = (size_t)area->vm.nr_pages << PAGE_SHIFT;

	if (QUARRY_KASAN)
		port_shadow_map(area->start, pages);
	kasan_give(area->vm.addr, size, pages, KASAN_VMALLOC_INVALID);
}

static inline struct vmap_area *kasan_area_free(struct vmap_area *area)
{
	kasan_poison(area->vm.addr, (size_t)area->vm.nr_pages << PAGE_SHIFT,
		     KASAN_VMALLOC_INVALID);
	return area;
}

#endif
