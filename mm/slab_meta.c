/* SPDX-License-Identifier: MIT */
/*
 * Memory for the slab allocator's own structures: descriptors of slabs, magazines, caches.
 *
 * It cannot come from the caches that these describe. Structures of similar size share a page:
 *
 *	| struct meta_page | chunk 0 | chunk 1 | ...		|
 *
 * A chunk's page is found by rounding down, and a bit in one word says whether the chunk is free.
 * Pages with free chunks are in their class's list; one all of whose chunks are free goes back
 * at once. None of this lies in memory that users of the allocator can reach past an object of
 * theirs, since pages here hold nothing else.
 *
 * Here is also the table that says in which page blocks there may be slabs, so that any address
 * can be asked about. A byte that was set stays so, unless its memory goes (memory_hotplug.c): then
 * it is cleared before the descriptors go, a grace period later. Who asks about an address in such
 * memory at that moment, and is no reader of RCU, has a wrong pointer and bad luck.
 *
 * Invariants: `free` of a listed page is not 0; a page is listed unless it is full.
 *
 * Locks: meta_lock, a leaf, with interrupts off. It is taken once for each slab made, not for
 * each object. Costs: 32 bytes a page, and at most a fifth of what was asked for.
 */
#include "page_owner.h"
#include "slab.h"

#define META_ALIGN 16

struct meta_page {
	struct list_head list;
	u64 free;			/* a bit for each free chunk */
	u32 class;
	u32 magic;
};

#define META_MAGIC 0x6174656d

/* Chunks are multiples of 16; as many as fit into a page behind its head. */
static const u16 class_size[] = {
	64, 80, 96, 112, 128, 160, 192, 224, 288, 352, 448, 576, 672, 800, 1008, 1344, 2016, 4048,
};

#define NR_CLASSES ARRAY_SIZE(class_size)

static struct list_head partial[NR_CLASSES];	/* zeroes: not used yet */
static DEFINE_SPINLOCK(meta_lock);
static unsigned long nr_pages, nr_chunks;	/* chunks: in use */

u8 *slab_blocks;
unsigned long slab_nr_blocks;

int slab_init(void)
{
	unsigned long nr = DIV_ROUND_UP(max_possible_pfn, PAGEBLOCK_PAGES);

	slab_blocks = memblock_alloc(nr, 64);
	if (!slab_blocks)
		return -ENOMEM;
	slab_nr_blocks = nr;
	return 0;
}

void slab_clear_blocks(unsigned long pfn, unsigned long pages)
{
	for (unsigned long block = pfn >> PAGEBLOCK_ORDER; pages; block++, pages -= PAGEBLOCK_PAGES)
		WRITE_ONCE(slab_blocks[block], 0);
}

static unsigned int class_of(size_t size)
{
	unsigned int class = 0;

	while (class_size[class] < size)
		class++;
	return class;
}

static u64 all_free(unsigned int class)
{
	unsigned int nr = (unsigned int)(PAGE_SIZE - sizeof(struct meta_page)) / class_size[class];

	return ~0ULL >> (64 - nr);
}

static struct meta_page *page_of(const void *chunk)
{
	return (struct meta_page *)ALIGN_DOWN((unsigned long)chunk, PAGE_SIZE);
}

static struct list_head *list_of(unsigned int class)
{
	if (!partial[class].next)
		INIT_LIST_HEAD(&partial[class]);
	return &partial[class];
}

/* Caller holds meta_lock. NULL when no page of the class has a free chunk. */
static void *take_chunk(unsigned int class)
{
	struct meta_page *page;
	unsigned int chunk;

	page = list_first_entry_or_null(list_of(class), struct meta_page, list);
	if (!page)
		return NULL;
	chunk = __ffs(page->free);
	page->free &= page->free - 1;
	WRITE_ONCE(nr_chunks, nr_chunks + 1);
	if (!page->free)
		list_del(&page->list);
	return (char *)(page + 1) + chunk * class_size[class];
}

/* Adds a page to the class; false without memory. */
static bool add_page(unsigned int class, gfp_t gfp)
{
	struct meta_page *page = (struct meta_page *)__get_free_pages(gfp, 0);
	unsigned long flags;

	if (!page)
		return false;
	page_owner_keep(virt_to_page(page), true);
	page->class = class;
	page->magic = META_MAGIC;
	page->free = all_free(class);
	spin_lock_irqsave(&meta_lock, flags);
	list_add(&page->list, list_of(class));
	WRITE_ONCE(nr_pages, nr_pages + 1);
	spin_unlock_irqrestore(&meta_lock, flags);
	return true;
}

void *meta_alloc(size_t size, gfp_t gfp)
{
	unsigned int class = class_of(size);
	unsigned long flags;
	void *chunk;

	gfp &= GFP_KERNEL | __GFP_HIGH | __GFP_NOWARN | __GFP_NORETRY | __GFP_RETRY_MAYFAIL |
	       __GFP_NOFAIL | __GFP_MEMALLOC | __GFP_NOMEMALLOC;
	do {
		spin_lock_irqsave(&meta_lock, flags);
		chunk = take_chunk(class);
		spin_unlock_irqrestore(&meta_lock, flags);
	} while (!chunk && add_page(class, gfp));
	return chunk ? memset(chunk, 0, size) : NULL;
}

void meta_free(void *memory)
{
	struct meta_page *page = page_of(memory);
	unsigned int class = page->class;
	unsigned long flags;
	bool empty;

	spin_lock_irqsave(&meta_lock, flags);
	if (!page->free)
		list_add(&page->list, list_of(class));
	page->free |= BIT(((unsigned long)memory - (unsigned long)(page + 1)) / class_size[class]);
	WRITE_ONCE(nr_chunks, nr_chunks - 1);
	empty = page->free == all_free(class);
	if (empty) {
		list_del(&page->list);
		WRITE_ONCE(nr_pages, nr_pages - 1);
	}
	spin_unlock_irqrestore(&meta_lock, flags);
	if (empty)
		free_page((unsigned long)page);
}

unsigned long quarry_slab_meta_pages(void)
{
	return READ_ONCE(nr_pages);
}

unsigned long meta_chunks(void)
{
	return READ_ONCE(nr_chunks);
}

unsigned int meta_validate(void)
{
	unsigned int bad = 0;
	struct meta_page *page;
	unsigned long flags;

	spin_lock_irqsave(&meta_lock, flags);
	for (unsigned int class = 0; class < NR_CLASSES; class++) {
		list_for_each_entry(page, list_of(class), list) {
			if (page->class == class && page->magic == META_MAGIC && page->free &&
			    !(page->free & ~all_free(class)))
				continue;
			report_misuse(QUARRY_CORRUPTION, page, "slab_meta: page %px of class %u: "
				      "class %u, free %#llx", page, class, page->class, page->free);
			bad++;
			break;
		}
	}
	spin_unlock_irqrestore(&meta_lock, flags);
	return bad;
}
