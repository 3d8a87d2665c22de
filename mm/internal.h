/* SPDX-License-Identifier: MIT */
/*
 * The structures of mm/, for mm/ and its white-box tests only.
 *
 * Numbers have names: a pfn counts pages from physical address 0, a block number counts
 * page blocks (2 MiB) from there, an index counts pages inside one page block.
 */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <quarry/config.h>
#include <quarry/cpu_stack.h>
#include <quarry/quarry.h>

/* ---- report.c ---- */

/* One line `BUG: …`, a backtrace; counted, and told to the hook. Any context. */
void report_misuse(enum quarry_report kind, const void *address, const char *fmt, ...)
	__printf(3, 4);

/* ---- memblock.c ---- */

struct memblock_region {
	phys_addr_t base, end;		/* [base, end), never empty */
	s16 nid;
	bool nomap;			/* HIGHMEM: not in the direct map */
};

struct memblock_type {
	unsigned int nr;
	struct memblock_region regions[QUARRY_MEMBLOCK_REGIONS];
};

extern struct memblock_type memblock_memory, memblock_reserved;

/* The node of a range with that mark: what nobody gave to a node belongs to node 0. */
static inline int memblock_nid(int nid)
{
	return nid == NUMA_NO_NODE ? 0 : nid;
}

enum memblock_op { MEMBLOCK_ADD, MEMBLOCK_REMOVE, MEMBLOCK_SET_NID, MEMBLOCK_SET_NOMAP };
int memblock_apply(struct memblock_type *type, phys_addr_t base, phys_addr_t size,
		   enum memblock_op op, int nid);
/* Number of the first region that ends above addr; type->nr when there is none. */
unsigned int memblock_search(const struct memblock_type *type, phys_addr_t addr);
/* From here on the live lists are constant. */
void memblock_close(void);
bool memblock_next_free_in(const struct memblock_type *memory, const struct memblock_type *reserved,
			   phys_addr_t from, phys_addr_t *start, phys_addr_t *end, int *nid);

/* ---- mmzone.c ---- */

#define PAGEBLOCK_PAGES	   (1UL << PAGEBLOCK_ORDER)
#define PAGES_PER_SECTION  (1UL << (SECTION_SHIFT - PAGE_SHIFT))
#define BLOCKS_PER_SECTION (PAGES_PER_SECTION >> PAGEBLOCK_ORDER)
#define MAX_DMA_PFN	   (SZ_16M >> PAGE_SHIFT)
#define MAX_DMA32_PFN	   (SZ_4G >> PAGE_SHIFT)

/*
 * Only first pages of blocks have a state other than PAGE_NONE, and PAGE_SLAB's pages.
 *
 *	PAGE_FREE	in a zone's lists, or with PG_GUARD behind what somebody has (guard.c)
 *	PAGE_USED	allocated
 *	PAGE_CACHED	free, in the cache of one CPU (pcp.c): not in the zone's lists
 *	PAGE_SLAB	allocated, by slab.c: every page of the block says so
 *	PAGE_BAD	a block of order 0 that nobody gets: its memory is broken
 */
enum page_state { PAGE_NONE, PAGE_FREE, PAGE_USED, PAGE_CACHED, PAGE_SLAB, PAGE_BAD };

/* page->flags of an allocated block; of one that is PAGE_CACHED: the number of the CPU. */
#define PG_COMP	   1		/* allocated with __GFP_COMP */
#define PG_KMALLOC 2		/* by kmalloc(), too large for its caches */
#define PG_TAIL	   4		/* PAGE_SLAB, and not the first of its block */
#define PG_SHARED  8		/* others may look for it: its free competes, see page_free.c */
#define PG_ISOLATED 16		/* by nobody, without a reference: section_hot.c took it out */
#define PG_GUARD   32		/* PAGE_FREE, and in no list: see guard.c */
/* Never left behind, and no CPU's number has these bits: they mean the same in all states. */
#define PG_HAS_HWPOISONED 0x100	/* in a first descriptor: some page of the block is broken */
#define PG_HWPOISON	  0x200	/* in any descriptor: this page is */
#define PG_BROKEN	  (PG_HAS_HWPOISONED | PG_HWPOISON)
_Static_assert(QUARRY_NR_CPUS <= PG_HAS_HWPOISONED, "numbers of CPUs must not look like flags");

/* page->word and its parts. */
#define PAGE_WORD(state, order, flags, refs) \
	((u64)(state) | (u64)(order) << 8 | (u64)(flags) << 16 | (u64)(refs) << 32)
#define WORD_ORDER(order) ((u64)(order) << 8)

static inline enum page_state word_state(u64 word) { return (enum page_state)(word & 0xff); }
static inline unsigned int word_order(u64 word) { return word >> 8 & 0xff; }
static inline unsigned int word_flags(u64 word) { return word >> 16 & 0xffff; }
static inline int word_refs(u64 word) { return (int)(word >> 32); }

/*
 * What the pages of a page block are used for, so that they come free together. As the two
 * bits of gfp flags say: __GFP_MOVABLE, __GFP_RECLAIMABLE.
 */
enum mobility { UNMOVABLE, MOVABLE, RECLAIMABLE, NR_MOBILITY };
#define GFP_MOBILITY_SHIFT 3

/*
 * The page-block table: one entry for each 2 MiB of RAM, 64 bytes apart so that one is one
 * cache line. All zeroes: a page block never used. See buddy.c for the fields.
 */
#define BLOCK_NONE (~0U)
#define INDEX_NONE 0xffff
struct pageblock {
	u32 next, prev;			/* neighbours in the list that `place` names */
	u16 nr_free;			/* free pages in it */
	u16 orders;			/* bit o set: head[o] holds a block */
	u16 head[PAGEBLOCK_ORDER];	/* per order: first free block's index, or INDEX_NONE */
	u8 nid, zone;
	u8 mobility;
	u8 place;			/* which list of the zone: see buddy.c */
	bool live;			/* descriptors are made */
	u16 nr_guards;			/* free blocks of it that are guards: see guard.c */
	u32 guard_next, guard_prev;	/* neighbours among those that have some */
} __aligned(64);

/*
 * What a free wants to know of its page's page block, in 2 bytes: node, zone and mobility, or 0 of
 * one that is not live. One for each page block up to max_possible_pfn.
 */
extern u16 *block_kinds;
extern unsigned long vmemmap_size;	/* of the descriptors up to max_possible_pfn, bytes */
#define KIND_LIVE 0x8000
#define KIND_NO_HOME 0x10000	/* less this, all kinds are in no row: where nothing is cached */
#define KIND_MOBILITIES 4
#define KINDS_OF_NODE (MAX_NR_ZONES * KIND_MOBILITIES)

static inline u16 block_kind(unsigned int nid, unsigned int zone, unsigned int mobility)
{
	return KIND_LIVE | nid * KINDS_OF_NODE | zone * KIND_MOBILITIES | mobility;
}

#define NR_BUCKETS 8			/* page blocks by how full they are, bucket 0 the fullest */
#define WHOLE_ORDERS (MAX_ORDER - PAGEBLOCK_ORDER)

struct zone {
	spinlock_t lock;		/* guards all below but the constants */
	u8 nid, idx;			/* constant */
	unsigned long start_pfn, end_pfn; /* holes and other zones may lie between */
	bool listed;			/* in zonelists, as it has or once had memory */
	unsigned long present, managed;	/* pages of RAM; pages free or allocated */
	unsigned long nr_bad;		/* broken pages taken out, which managed lacks */
	unsigned long watermark[NR_WMARK]; /* see watermark.c */
	unsigned long lowmem_reserve[MAX_NR_ZONES]; /* by a request's highest zone */
	unsigned long nr_free;		/* in the lists below */
	unsigned long nr_taken;		/* that requests ever took: a statistic */
	unsigned long nr_pristine;	/* never used yet: see section.c */
	unsigned long pristine_pfn;	/* all below was handed to the lists */
	unsigned long pristine_end;	/* constant: no pristine memory from here on */
	u32 whole[WHOLE_ORDERS];	/* free blocks of one page block and more */
	/* Page blocks in part free, by how full they are and by their largest free order. */
	u32 partial[NR_MOBILITY][NR_BUCKETS][PAGEBLOCK_ORDER];
	u16 partial_mask[NR_MOBILITY][NR_BUCKETS]; /* bit o set: partial[][][o] holds something */
	u32 guarded;			/* page blocks with guards: see guard.c */
	unsigned long nr_guards[PAGEBLOCK_ORDER]; /* free blocks that are guards, by order */
};

struct node {
	struct zone zones[MAX_NR_ZONES];
	/* kswapd.c */
	wait_queue_head_t kswapd_wait;
	struct task_struct *kswapd;	/* NULL before quarry_start() */
	unsigned int kswapd_wanted;	/* by whom: the highest zone they can use, plus 1 */
	unsigned int kswapd_failures;	/* runs in a row that freed nothing */
	unsigned long kswapd_runs;	/* in all: a statistic */
};

extern struct node *nodes[QUARRY_MAX_NODES];	/* NULL: a node without memory */
extern unsigned long max_pfn;		/* one past the last page of RAM; it never goes down */
extern unsigned long max_possible_pfn;	/* RAM may be added below it; constant, >= max_pfn */
extern bool memory_may_grow;		/* constant: max_possible_pfn is more than at the boot */
extern u64 swiotlb_bytes;		/* the same; 0: none */
extern bool dma_debug_wanted;		/* the same */
extern const char *slab_debug_option;	/* the same: the value of slab_debug=, or NULL */
extern unsigned long min_free_kbytes;	/* from quarry_plan(); 0 becomes the default in the boot */

/*
 * One byte for each section up to max_possible_pfn; see section.c. SECTION_HOT: it was added
 * while the machine ran; SECTION_ONLINE: and its pages are some zone's (section_hot.c).
 */
enum {
	SECTION_PRESENT = 1, SECTION_REGULAR = 2, SECTION_MAPPED = 4, SECTION_HOT = 8,
	SECTION_ONLINE = 16,
};
extern u8 *section_state;

/* The kind of the page block of the page, 0 for what is no page. Any pointer. */
static __always_inline unsigned int page_kind(const struct page *page)
{
	unsigned long offset = (unsigned long)page - port_vmemmap_base;

	if (unlikely(offset >= vmemmap_size))
		return 0;
	return READ_ONCE(block_kinds[offset / (PAGEBLOCK_PAGES * sizeof(*page))]);
}

/* Is its section's part of the tables there? Not yet: is its page block live? */
static inline bool pfn_is_mapped(unsigned long pfn)
{
	return pfn < max_possible_pfn &&
	       (smp_load_acquire(&section_state[pfn / PAGES_PER_SECTION]) & SECTION_MAPPED);
}

/* Is it RAM that memblock does not know, since it came later? */
static inline bool pfn_is_hot(unsigned long pfn)
{
	return pfn < max_possible_pfn &&
	       (READ_ONCE(section_state[pfn / PAGES_PER_SECTION]) & SECTION_HOT);
}

int mmzone_init(void);
void mmzone_recount(void);	/* all zones anew: memblock has less RAM than before */
enum zone_type zone_of_pfn(int nid, unsigned long pfn);
/* Every zone that has memory: pass NULL for the first, the last one for the next. */
struct zone *next_zone(const struct zone *zone);
#define for_each_zone(z) for (z = next_zone(NULL); z; z = next_zone(z))
/* Every live page block of a zone, in order: as next_zone(). */
struct pageblock *next_block(const struct zone *zone, const struct pageblock *pb);
#define for_each_block(zone, pb) \
	for (pb = next_block(zone, NULL); pb; pb = next_block(zone, pb))

static inline struct pageblock *pageblock_table(void)
{
	return (struct pageblock *)port_pageblock_base;
}

static inline struct pageblock *pfn_to_block(unsigned long pfn)
{
	return pageblock_table() + (pfn >> PAGEBLOCK_ORDER);
}

static inline unsigned long block_to_pfn(const struct pageblock *pb)
{
	return (unsigned long)(pb - pageblock_table()) << PAGEBLOCK_ORDER;
}

/* pfn_valid(), for fast paths: a few instructions, no call. */
static inline bool pfn_is_live(unsigned long pfn)
{
	/* Pairs with the release in buddy_init_block(): live is seen, so is what it stands for. */
	return pfn_is_mapped(pfn) && smp_load_acquire(&pfn_to_block(pfn)->live);
}

static inline struct zone *block_zone(const struct pageblock *pb)
{
	return &nodes[pb->nid]->zones[pb->zone];
}

/* The page block a page is in. Only for pages whose pfn is valid. */
static inline struct pageblock *page_block(const struct page *page)
{
	return pfn_to_block(page_to_pfn(page));
}

/* The first page of the block, free or allocated, that holds the page; NULL: in none. */
struct page *page_block_head(const struct page *page);

/* ---- numa.c ---- */

struct zonelist {
	/* By the most precious zone that a request may use: the zones it tries; NULL at the end. */
	struct zone **zones[MAX_NR_ZONES];
};

extern struct zonelist zonelists[QUARRY_MAX_NODES];

/* For requests that start at a node, with memory or without: best zone first, NULL last. */
static inline struct zone **node_zonelist(int nid, enum zone_type highest)
{
	return zonelists[nid].zones[highest];
}

int numa_init(void);
/* A zone has memory for the first time: it is in all lists from now on. One at a time. */
void numa_add_zone(struct zone *zone);
unsigned int numa_validate(void);

/* ---- buddy.c: callers hold zone->lock ---- */

enum place { PLACE_NONE, PLACE_WHOLE, PLACE_PARTIAL = PLACE_WHOLE + WHOLE_ORDERS };

void buddy_init(struct zone *zone);
/* A page block's first pages are about to be added. */
void buddy_init_block(struct zone *zone, struct pageblock *pb);
/* A block for `mobility`, of its own page blocks or of one that is wholly free; or NULL. */
struct page *buddy_alloc(struct zone *zone, unsigned int order, enum mobility mobility);
/* Several such blocks, PAGE_USED or inside one that is; returns how many there were, up to nr. */
unsigned int buddy_alloc_several(struct zone *zone, unsigned int order, enum mobility mobility,
				 struct page **pages, unsigned int nr);
/* As buddy_alloc(), of page blocks of other mobility; takes those over that are mostly free. */
struct page *buddy_steal(struct zone *zone, unsigned int order, enum mobility mobility);
/* A free block of that order or a larger one that the caller chose: its lower end. */
struct page *buddy_take(struct zone *zone, struct page *page, unsigned int order,
			enum mobility mobility);
/*
 * The block must be PAGE_USED of that order. Pages of it that are marked broken do not go to
 * the lists: they become PAGE_BAD and leave the zone's managed pages.
 */
void buddy_free(struct zone *zone, struct page *page, unsigned int order);
/*
 * The same for who frees many: the page block may not be in the right list until it is settled,
 * which must be before anything but such frees.
 */
void buddy_free_unsettled(struct zone *zone, struct page *page, unsigned int order);
void buddy_settle(struct zone *zone, struct pageblock *pb);
/* Pages [start, end) of live page blocks that are in no block yet. */
void buddy_add(struct zone *zone, unsigned long start_pfn, unsigned long end_pfn);
/* The order of the largest block that begins at pfn and ends at end_pfn or before. */
static inline unsigned int buddy_order_at(unsigned long pfn, unsigned long end_pfn)
{
	unsigned int order = pfn ? min_t(unsigned int, MAX_ORDER - 1, __ffs(pfn)) : MAX_ORDER - 1;

	while (pfn + (1UL << order) > end_pfn)
		order--;
	return order;
}
/* Is there a free block of that order or a larger one, or pristine memory? A hint. */
bool buddy_has(const struct zone *zone, unsigned int order);
/* Where a page block with these counts belongs. */
u8 buddy_place(const struct pageblock *pb);

/* ---- pcp.c ---- */

#define PCP_ORDERS 10		/* 0 to 9 */
#define PCP_COLUMNS 16		/* a power of two */
#define GFP_KINDS 32		/* flags of zone and mobility: bits 0 to 4 */

/* What page->word of a stack's blocks is: it stands in front of the stack. */
struct pcp_words {
	u64 cached, used;	/* in this stack; allocated, with one holder and no flags */
};

static __always_inline struct pcp_words *pcp_words(struct cpu_stack *stack)
{
	return (struct pcp_words *)stack - 1;
}

/* What a CPU caches. The tables name stacks; without one, a stack that holds nothing. */
struct pcp {
	struct cpu_stack *by_gfp[GFP_KINDS][PCP_COLUMNS];	/* for requests, by their flags */
	struct cpu_stack *by_kind[KINDS_OF_NODE][PCP_COLUMNS];	/* for frees: by page block */
	struct cpu_stack *remote;	/* pages of other nodes, on their way */
	u32 home, free_home;		/* what the kinds of the home node begin with; for frees */
	void *memory;			/* of the stacks; NULL: nothing is cached */
};

DECLARE_PER_CPU(struct pcp, pcp);

/* An entry of this CPU's table, found with as few instructions as the compiler can. */
#define pcp_entry(table, row, order) \
	this_cpu_read(*(struct cpu_stack **)((char *)pcp.table + \
					     (row) * sizeof(pcp.table[0]) + \
					     (order) * sizeof(pcp.table[0][0])))

/* Always empty and always full; its words are no block's. */
extern struct pcp_none {
	struct pcp_words words;
	struct cpu_stack stack;
} pcp_none;
#define pcp_no_stack pcp_none.stack

/* The zone that a row of by_kind is for. */
static inline struct zone *pcp_row_zone(const struct pcp *cache, unsigned int row)
{
	unsigned int nid = (cache->home & ~KIND_LIVE) / KINDS_OF_NODE;

	return &nodes[nid]->zones[row / KIND_MOBILITIES];
}

/* What page->word says while this CPU caches the page. */
static inline u64 pcp_word(unsigned int order)
{
	return PAGE_WORD(PAGE_CACHED, order, smp_processor_id(), 0);
}

/* Interrupts are off, for these: this CPU's stack of such blocks; perhaps pcp_no_stack. */
struct cpu_stack *pcp_stack(const struct zone *zone, unsigned int order, enum mobility mobility);
/* Takes a block off a stack of this order, by its cold end if wanted; PAGE_USED; or NULL. */
struct page *pcp_pop(struct cpu_stack *stack, unsigned int order, bool cold);
/* How many blocks a stack is to be given when it is found empty, the one asked for included. */
unsigned int pcp_batch(const struct cpu_stack *stack);

/* Takes a block that this CPU has marked pcp_word(order). Any context. */
void pcp_free(struct page *page, unsigned int order);
/* Reports a page that a stack held and that is not this CPU's. */
void pcp_report_stray(struct page *page);
/* Checks this CPU's stacks; a violation is reported. Interrupts off. */
unsigned int pcp_validate_here(void);
/*
 * What one CPU has of a zone and, for unmovable blocks, may have at most, in pages; and how many
 * single pages change hands at once.
 */
void pcp_count_cpu(unsigned int cpu, const struct zone *zone, unsigned long *count,
		   unsigned long *high, unsigned long *batch);
/* Pages of a zone that CPUs have in their caches, now. */
unsigned long pcp_count(const struct zone *zone);

/* ---- zone_alloc.c ---- */

/* One call for pages, checked: order < MAX_ORDER, nid a node. */
struct alloc_request {
	gfp_t gfp;
	unsigned int order;
	int nid;			/* where it starts */
	const nodemask_t *nodes;	/* the only ones it may use; NULL: all */
};

static inline enum mobility gfp_mobility(gfp_t gfp)
{
	BUILD_BUG_ON(__GFP_MOVABLE >> GFP_MOBILITY_SHIFT != MOVABLE ||
		     __GFP_RECLAIMABLE >> GFP_MOBILITY_SHIFT != RECLAIMABLE);
	gfp = gfp >> GFP_MOBILITY_SHIFT & 3;
	return gfp < NR_MOBILITY ? (enum mobility)gfp : MOVABLE;
}

/*
 * The first zone's block that serves it; NULL when none can at once, as deep into the zones as
 * alloc_flags say (reclaim.h). Any context.
 */
#define ALLOC_WMARK_LOW WMARK_LOW
struct page *get_page_from_zones(const struct alloc_request *req, unsigned int alloc_flags);

/* ---- page_alloc.c, page_slow.c ---- */

/* A block out of the lists becomes its owner's: one reference, marked and cleared by the flags. */
void prepare_block(struct page *page, gfp_t gfp, unsigned int order);

/*
 * No zone can serve this at once: does what the flags allow, and returns a block after all or,
 * after the failure report, NULL. Sleeps if the flags allow it.
 */
struct page *alloc_pages_slow(const struct alloc_request *req);
/* The block `page allocation failure`, but for __GFP_NOWARN. Any context. */
void report_alloc_failure(gfp_t gfp, unsigned int order, const nodemask_t *mask);

/* ---- contig.c ---- */

/*
 * As alloc_pages_node(), for memory that ends at or below a page: from the zones that do not reach
 * above it, and by searching the one that does. No HIGHMEM; flags that choose a zone are ignored.
 */
struct page *alloc_pages_below(int nid, gfp_t gfp, unsigned int order, unsigned long end_pfn);
/* One past the last page that is not HIGHMEM; it never goes down. */
extern unsigned long low_end;
static inline unsigned long low_end_pfn(void) { return READ_ONCE(low_end); }
/* Zones reach further: before anybody can have a page there. One at a time. */
void low_end_update(void);

/* ---- page_free.c ---- */

/*
 * Makes an allocated block into allocated blocks of order 0, [0, nr) of them with one
 * reference each; the first page keeps the references it has.
 */
void break_block(struct page *page, unsigned long nr);

/* ---- percpu.c, highmem.c ---- */

int highmem_init(void);
unsigned int highmem_validate(void);
/* Backs what was allocated so far for one CPU more. */
int percpu_add_cpu(unsigned int cpu);
unsigned int percpu_validate(void);

#endif
