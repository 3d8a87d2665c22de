/* SPDX-License-Identifier: MIT */
/*
 * The structures of the slab allocator, for its files and white-box tests. slab.c has the
 * theory of slabs, slab_cpu.c that of magazines.
 */
#ifndef MM_SLAB_H
#define MM_SLAB_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "internal.h"

/* What an object's state byte says. New slabs are zeroes: all free. */
enum object_state {
	OBJECT_FREE,			/* in its slab */
	OBJECT_CACHED,			/* free, in a magazine */
	OBJECT_USED,
	OBJECT_NONE,			/* behind the state of a slab's last object */
};

/* ---- Magazines ---- */

struct slot {
	void *object;
	u8 *state;			/* the object's state byte: spares looking it up again */
};

#define SLOT_EMPTY ((void *)~0UL)	/* nobody's object, but ERR_PTR(-1): it has slab_no_state */

struct magazine {
	u32 nr, max;			/* bytes of slots that hold something, and at most */
	unsigned long generation;	/* the cache's, up to which its slots can be believed */
	struct magazine *next;		/* in a depot */
	struct slot slots[];		/* the coldest first; one more than may be used */
};

/* What each CPU has of a cache; never NULL: where there is none, no_magazine, of max 0. */
struct cache_cpu {
	struct magazine *loaded, *spare;
	u32 exchanges;			/* how often they were not enough */
};

extern struct magazine no_magazine;
extern u8 slab_no_state;		/* of no object: always OBJECT_FREE */

/* ---- Slabs ---- */

#define SLAB_MAX_OBJECT (PAGE_SIZE << (MAX_ORDER - 1))	/* bytes, with what lies around it */
#define SLAB_BUCKETS 8
/* Lists of a node's slabs: full ones, partial ones by how many objects are free, empty ones. */
enum { SLABS_FULL, SLABS_PARTIAL, SLABS_EMPTY = SLABS_PARTIAL + SLAB_BUCKETS, NR_SLAB_LISTS };

struct slab {
	u32 base;			/* low half of the first object's address */
	u32 inverse;			/* of the size's odd part, modulo 2^32 */
	struct cache_cpu *cpu;		/* the cache's */
	struct kmem_cache *cache;
	union {
		struct list_head list;	/* in its node, by node->lock */
		struct rcu_head rcu;	/* while it goes back */
	};
	struct page *page;		/* the first */
	u32 nr;				/* objects; constant, as all above but list */
	u16 nr_free;			/* OBJECT_FREE; by node->lock, as all below */
	u16 first;			/* no object before is OBJECT_FREE */
	u8 place;			/* which list */
	u8 shift;			/* constant: the size is an odd number times 2^shift */
	u16 nid;			/* constant: its pages' node */
	u8 state[];			/* of each object, and OBJECT_NONE */
};

struct cache_node {
	spinlock_t lock;		/* guards all of it */
	u32 nr_slabs, nr_empty;
	u16 mask;			/* a bit for each list that holds something */
	u16 nr_full_magazines, nr_empty_magazines;
	struct magazine *full_magazines, *empty_magazines;
	u64 random;			/* slab_order.c */
	struct list_head lists[NR_SLAB_LISTS];
};

struct kmem_cache {
	struct cache_cpu *cpu;		/* alloc_percpu()'s, or static */
	unsigned long generation;	/* one more for each slab that goes back */
	unsigned long nr_back;		/* how many of them are back */
	slab_flags_t flags;
	u32 size;			/* from one object to the next */
	u32 object_size;		/* what the user asked for */
	u32 align;
	u32 left;			/* bytes of red zone before each object */
	u32 inverse;			/* as in struct slab */
	u8 shift, order;
	u16 pages;			/* of a slab; 2^order of them or fewer */
	u16 nr;				/* objects in a slab */
	u16 nr_colours, colour;		/* steps of align that slabs begin at; the next one */
	u16 magazine_max;		/* objects */
	u16 depot_max;			/* full magazines a node keeps */
	gfp_t gfp;			/* for its pages, beside the caller's */
	bool zero_reported;		/* see slab_warn_zero() */
	struct cache_node **nodes;	/* by node, made at first use; see slab_node() */
	void (*ctor)(void *object);
	void (*ctor3)(void *object, struct kmem_cache *cache, unsigned long flags);
	void (*dtor3)(void *object, struct kmem_cache *cache, unsigned long flags);
	struct list_head list;		/* of caches, by slab_mutex */
	const char *name;
};

/* ---- slab_meta.c ---- */

/* One byte for each page block up to slab_nr_blocks: has it had a slab since it came? */
extern u8 *slab_blocks;
extern unsigned long slab_nr_blocks;

int slab_init(void);
/* These page blocks go, nothing of them is in use. */
void slab_clear_blocks(unsigned long pfn, unsigned long pages);

/* Memory for the structures above, cleared, 16-aligned; up to a page. Any context by gfp. */
void *meta_alloc(size_t size, gfp_t gfp);
void meta_free(void *memory);
unsigned long meta_chunks(void);	/* how many there are of those */
unsigned int meta_validate(void);

/* ---- slab_options.c ---- */

#define SLAB_DEBUG_FLAGS (SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | \
			  SLAB_STORE_USER | SLAB_TRACE)

/* The value of slab_debug=, which stays where it is; NULL: none. Before caches are made. */
void slab_debug_set(const char *text);
/* The flags of a cache of that name, which was asked for with `flags`. */
slab_flags_t slab_debug_flags(const char *name, slab_flags_t flags);

/* ---- slab_track.c: caches with SLAB_STORE_USER ---- */

#define TRACK_DEPTH 9

/* Who did something, and when. */
struct track {
	unsigned long addresses[TRACK_DEPTH];
	u64 when;			/* jiffies */
	u32 pid;
	u16 cpu;
	u8 nr;				/* addresses; 0: nothing recorded */
	u8 leak;			/* LEAK_*, see kmemleak.h */
};

/* This thread, here: from the caller's caller on, less `skip` of them. */
void track_take(struct track *track, unsigned int skip);
void track_print(const struct track *track, const char *what);

enum slab_event { SLAB_ALLOCATED, SLAB_FREED };

/* Bytes behind the state bytes of a struct slab. */
size_t slab_track_room(const struct kmem_cache *cache);
bool slab_track_init(struct slab *slab, gfp_t gfp);
void slab_track_exit(struct slab *slab);
void slab_track(const struct slab *slab, unsigned int index, enum slab_event event);
/* Who allocated it; NULL: the cache does not remember. */
struct track *slab_track_of(const struct slab *slab, unsigned int index);
void slab_track_print(const struct slab *slab, unsigned int index);

/* ---- debug.c ---- */

/* A wrong free: says what is wrong with it. cache: that it was freed to, or NULL. */
void slab_report_free(const char *call, const struct kmem_cache *cache, const void *object);
/* Two CPUs freed it in one instant, and it came back to its slab twice. */
void slab_report_twice(const struct kmem_cache *cache, const void *object);
/* One line about an object, and who has it if that is known. */
void slab_describe(const void *object);
/* Does what is in a free object count: for its next user, its destructor, or readers under RCU? */
static inline bool slab_keeps_content(const struct kmem_cache *cache)
{
	return cache->ctor || cache->ctor3 || cache->dtor3 || cache->flags & SLAB_TYPESAFE_BY_RCU;
}

/* For caches with SLAB_DEBUG_FLAGS: of a new slab, of an object before the user has it, after. */
void slab_debug_new(struct slab *slab);
void slab_debug_alloc(void *object);
void slab_debug_free(void *object);

static inline bool slab_is_debugged(const struct kmem_cache *cache)
{
	return cache->flags & SLAB_DEBUG_FLAGS;
}

/* ---- slab_order.c ---- */

#define SLAB_RUN_MAX 47U		/* objects that a slab gives at once */
#define SLAB_ORDERS  (SLAB_RUN_MAX * (SLAB_RUN_MAX + 1))	/* 2 + 4 + ... bytes */

extern u64 slab_secret;			/* from quarry_plan(); 0: objects come by address */
extern u8 slab_orders[SLAB_ORDERS];	/* that of n slots, twice, from n * (n - 1) on */
extern u64 slab_order_step;

/* Before there are caches. */
void slab_order_init(void);
void slab_order_fill(u8 *orders, u64 secret);
/* What a node's generator begins with. */
u64 slab_order_begin(const struct cache_node *node);

static inline unsigned int slab_random_below(u64 *random, unsigned int limit)
{
	*random = *random * 6364136223846793005 + slab_order_step;
	return (unsigned int)((*random >> 32) * limit >> 32);
}

/* Where the objects of a run go, in the order in which they are found. Caller holds node->lock. */
static inline const u8 *slab_order(struct cache_node *node, unsigned int n)
{
	return slab_orders + n * (n - 1) + slab_random_below(&node->random, n);
}

/* ---- slab_layout.c ---- */

#define SLAB_LINE 64			/* bytes of a CPU's cache line */

/* Sizes, order, colours, magazines from object_size, align and flags. */
void slab_layout(struct kmem_cache *cache);

/* ---- slab.c ---- */

/* The cache's structure for a node, made if it is missing; NULL when there is no memory. */
struct cache_node *slab_node(struct kmem_cache *cache, int nid, gfp_t gfp);

/* The same, or NULL; does not make it. */
static inline struct cache_node *slab_node_peek(const struct kmem_cache *cache, int nid)
{
	struct cache_node **nodes = smp_load_acquire(&cache->nodes);

	return nodes ? smp_load_acquire(&nodes[nid]) : NULL;
}

/* Has anybody asked it for objects? */
static inline bool slab_has_nodes(const struct kmem_cache *cache)
{
	return READ_ONCE(cache->nodes);
}

/* Up to `max` free objects from the fullest slabs; caller holds node->lock. */
unsigned int slab_take(struct cache_node *node, struct slot *slots, unsigned int max);
/* The same from a slab just made, in no list yet: it enters its node's. Interrupts off. */
unsigned int slab_add(struct slab *slab, struct slot *slots, unsigned int max);
/*
 * Back into their slabs, which go back to the page allocator when too many are empty. Of those that
 * are there already the last is reported, at the end.
 */
void slab_give(struct kmem_cache *cache, const struct slot *slots, unsigned int nr);
/* The list that a slab with so many free objects belongs to. */
u8 slab_place(const struct slab *slab);
/* A new slab; nid below 0: of this CPU's node or the nearest. May sleep if gfp says so. */
struct slab *slab_create(struct kmem_cache *cache, gfp_t gfp, int nid);
/* Gives back all empty slabs; how many pages that were. */
unsigned long slab_shrink(struct kmem_cache *cache);

/*
 * The descriptor of the page that an address lies in; NULL where there has never been a slab or a
 * large object near, so that any address can be asked about.
 */
static inline struct page *slab_page(const void *address)
{
	unsigned long offset = (unsigned long)address - port_direct_base;

	if (offset >> (PAGE_SHIFT + PAGEBLOCK_ORDER) >= slab_nr_blocks ||
	    !READ_ONCE(slab_blocks[offset >> (PAGE_SHIFT + PAGEBLOCK_ORDER)]))
		return NULL;
	return pfn_to_page(offset >> PAGE_SHIFT);
}

/* Notes that there may be slabs and large objects where these pages are. */
static inline void slab_mark_blocks(const struct page *page, unsigned long pages)
{
	unsigned long block = page_to_pfn(page) >> PAGEBLOCK_ORDER;

	for (; block <= (page_to_pfn(page) + pages - 1) >> PAGEBLOCK_ORDER; block++)
		if (!READ_ONCE(slab_blocks[block]))
			WRITE_ONCE(slab_blocks[block], 1);
}

/* A block of pages; the common way, which knows no node, where that will do. */
static inline struct page *slab_get_block(gfp_t gfp, unsigned int order, int nid)
{
	return nid < 0 || (nid == numa_mem_id() && !(gfp & __GFP_THISNODE)) ?
	       alloc_pages(gfp, order) : alloc_pages_node(nid, gfp, order);
}

/* The address of a page that has one for good. */
static inline void *slab_address(const struct page *page)
{
	return phys_to_virt(page_to_phys(page));
}

/* The slab that an address lies in; NULL: in none. Any address. */
static inline struct slab *slab_of(const void *address)
{
	struct page *page = slab_page(address);
	struct slab *slab;

	if (!page || page->state != PAGE_SLAB)
		return NULL;
	slab = (struct slab *)page->private;
	if (!slab)
		unreachable();		/* so that nobody asks again */
	return slab;
}

/*
 * The number of the object that begins there, or something not below slab->nr. Dividing by
 * 2^shift * odd is multiplying by the odd part's inverse and rotating; what is not divisible
 * gets high bits.
 */
static inline u32 slab_index(const struct slab *slab, const void *object)
{
	u32 product = ((u32)(unsigned long)object - slab->base) * slab->inverse;

	return product >> slab->shift | product << (-slab->shift & 31);
}

/* What in its description contradicts the cache's or itself; NULL: nothing. */
static inline const char *slab_fault(const struct slab *slab)
{
	const struct kmem_cache *cache = slab->cache;

	if (slab->cpu != cache->cpu || slab->nr != cache->nr || slab->inverse != cache->inverse ||
	    slab->shift != cache->shift)
		return "constants";
	for (unsigned long i = 0; i < cache->pages; i++)
		if (slab->page[i].state != PAGE_SLAB ||
		    slab->page[i].private != (unsigned long)slab)
			return "a page that is not its own";
	return NULL;
}

static inline void *slab_start(const struct slab *slab)
{
	unsigned long page = (unsigned long)slab_address(slab->page);

	return (void *)(page + (u32)(slab->base - (u32)page));
}

static inline void *slab_object(const struct slab *slab, unsigned int index)
{
	return (char *)slab_start(slab) + (size_t)index * slab->cache->size;
}

/* Both are there, whoever else may be about to try to put its own there. */
static inline struct cache_node *slab_home(const struct slab *slab)
{
	return READ_ONCE(READ_ONCE(slab->cache->nodes)[slab->nid]);
}

/* ---- slab_drain.c ---- */

/* Every CPU's magazines of the cache, and the depots', go back to their slabs. May sleep. */
void slab_drain(struct kmem_cache *cache);
/* Its parts: this CPU's, with interrupts off; and all depots'. */
void slab_drain_cpu(struct kmem_cache *cache);
void slab_drain_depots(struct kmem_cache *cache);

/* ---- slab_cpu.c ---- */

extern atomic_long_t slab_nr_magazines;	/* of all caches */
/* The cache's part on a CPU: no magazines yet. */
void slab_cpu_init(struct kmem_cache *cache, unsigned int cpu);

/* ---- slab_cache.c ---- */

extern struct list_head slab_caches;
extern struct mutex slab_mutex;		/* guards the list */
extern spinlock_t slab_list_lock;	/* guards it, too */
void slab_add_cpu(unsigned int cpu);
/* Takes part in reclaim from now on. */
int slab_reclaim_start(void);
/* A static cache that has its layout and its per-CPU part; while the boot is alone. */
void slab_cache_add(struct kmem_cache *cache);

/* ---- slab_info.c ---- */

extern atomic_long_t kmalloc_large_pages;
void slab_show(void);
/* Calls fn for each object that somebody has, with its node's lock: KFENCE's are not among them. */
void slab_for_each_object(void (*fn)(const struct slab *slab, unsigned int index, void *arg),
			  void *arg);
unsigned int slab_validate(void);

/* ---- kmalloc.c ---- */

void kmalloc_init(void);

#endif
