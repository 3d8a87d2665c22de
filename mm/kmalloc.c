/* SPDX-License-Identifier: MIT */
/*
 * kmalloc(): a cache for each of 89 sizes, and pages for what is larger.
 *
 *	8, 16, 32, 48 ... 128		16 apart: everything from 16 bytes up is 16-aligned
 *	144, 160 ... 256		eight for each doubling from there on, so that a ninth
 *	288, 320 ... 512		of an object is wasted at most
 *	... 128 KiB
 *
 * For each size there are four caches: the usual one, one of ZONE_DMA, one of memory below
 * 4 GiB, and one in reclaimable page blocks. All are static and cost no page until used.
 *
 * Larger blocks come from the page allocator as they are, rounded up to a power of two. Their
 * first descriptor says PG_KMALLOC and its order, so kfree() needs no size and takes nothing
 * that was not kmalloc()'s.
 *
 * Locks: none of its own. Costs: a constant size is resolved by the compiler; another takes some
 * ten instructions. A large block costs what the page allocator takes, and as much again.
 */
#include <linux/percpu.h>
#include "magazine.h"

enum kind { KIND_NORMAL, KIND_DMA, KIND_DMA32, KIND_RECLAIM, NR_KINDS };

#define NR_CACHES   (NR_KINDS * KMALLOC_CLASSES)

static struct kmem_cache caches[NR_KINDS][KMALLOC_CLASSES];
static DEFINE_PER_CPU(struct cache_cpu, cpus[NR_KINDS][KMALLOC_CLASSES]) = {
	[0 ... NR_KINDS - 1] = {
		[0 ... KMALLOC_CLASSES - 1] = { .loaded = &no_magazine, .spare = &no_magazine },
	},
};

#define ONE(i)	 &caches[KIND_NORMAL][i]
#define EIGHT(i) ONE(i), ONE(i + 1), ONE(i + 2), ONE(i + 3), ONE(i + 4), ONE(i + 5), ONE(i + 6), \
		 ONE(i + 7)
struct kmem_cache *const kmalloc_caches[KMALLOC_CLASSES] = {
	EIGHT(0), EIGHT(8), EIGHT(16), EIGHT(24), EIGHT(32), EIGHT(40), EIGHT(48), EIGHT(56),
	EIGHT(64), EIGHT(72), EIGHT(80), ONE(88),
};

/* As class_size() says; constants, because 356 names made by snprintf() are half of a boot. */
#define NAMES(P) { \
	P "8", P "16", P "32", P "48", P "64", P "80", P "96", P "112", P "128", P "144", P "160", \
	P "176", P "192", P "208", P "224", P "240", P "256", P "288", P "320", P "352", P "384", \
	P "416", P "448", P "480", P "512", P "576", P "640", P "704", P "768", P "832", P "896", \
	P "960", P "1k", P "1152", P "1280", P "1408", P "1536", P "1664", P "1792", P "1920", \
	P "2k", P "2304", P "2560", P "2816", P "3k", P "3328", P "3584", P "3840", P "4k", \
	P "4608", P "5k", P "5632", P "6k", P "6656", P "7k", P "7680", P "8k", P "9k", P "10k", \
	P "11k", P "12k", P "13k", P "14k", P "15k", P "16k", P "18k", P "20k", P "22k", P "24k", \
	P "26k", P "28k", P "30k", P "32k", P "36k", P "40k", P "44k", P "48k", P "52k", P "56k", \
	P "60k", P "64k", P "72k", P "80k", P "88k", P "96k", P "104k", P "112k", P "120k", \
	P "128k" }

static const struct {
	const char *names[KMALLOC_CLASSES];
	slab_flags_t flags;
} kinds[NR_KINDS] = {
	[KIND_NORMAL] = { NAMES("kmalloc-"), 0 },
	[KIND_DMA] = { NAMES("dma-kmalloc-"), SLAB_CACHE_DMA },
	[KIND_DMA32] = { NAMES("dma32-kmalloc-"), SLAB_CACHE_DMA32 },
	[KIND_RECLAIM] = { NAMES("kmalloc-rcl-"), SLAB_RECLAIM_ACCOUNT },
};

/* The inverse of __kmalloc_class(). */
static u32 class_size(unsigned int class)
{
	if (class < 9)
		return class ? class * 16 : 8;
	return (9 + (class - 9) % 8) << (4 + (class - 9) / 8);
}

static void lay_out(struct kmem_cache *cache, u32 size, slab_flags_t flags)
{
	cache->object_size = size;
	cache->align = size & -size;
	cache->flags = flags;
	slab_layout(cache);
}

/* The kinds of a size differ in where their pages are; their slabs do, too, when debugged. */
static void init_cache(unsigned int kind, unsigned int class)
{
	const struct kmem_cache *normal = &caches[KIND_NORMAL][class];
	const char *name = kinds[kind].names[class];
	slab_flags_t flags = slab_debug_flags(name, kinds[kind].flags);
	struct kmem_cache *cache = &caches[kind][class];

	if (kind == KIND_NORMAL || (flags | normal->flags) & SLAB_DEBUG_FLAGS)
		lay_out(cache, class_size(class), flags);
	else
		*cache = *normal;
	cache->flags |= kinds[kind].flags;
	cache->cpu = &cpus[kind][class];
	cache->name = name;
	slab_cache_add(cache);
}

void kmalloc_init(void)
{
	for (unsigned int kind = 0; kind < NR_KINDS; kind++)
		for (unsigned int class = 0; class < KMALLOC_CLASSES; class++)
			init_cache(kind, class);
}

/* ---- Allocation ---- */

static void *too_large(size_t size, gfp_t gfp)
{
	if (!(gfp & __GFP_NOWARN)) {
		pr_warn("kmalloc(size:%zu, gfp:%#x): more than %lu bytes in one piece: use "
			"vmalloc() or kvmalloc()\n", size, gfp, KMALLOC_MAX_SIZE);
		dump_stack();
	}
	return NULL;
}

static void *alloc_large(size_t size, gfp_t gfp, int nid)
{
	struct page *page;

	if (size > KMALLOC_MAX_SIZE)
		return too_large(size, gfp);
	page = slab_get_block(gfp & ~__GFP_COMP, (unsigned int)get_order(size), nid);
	if (!page)
		return NULL;
	slab_mark_blocks(page, 1);
	/* By hand: the common way is for plain blocks. */
	WRITE_ONCE(page->flags, PG_KMALLOC | PG_COMP | (page->flags & PG_BROKEN));
	atomic_long_add(1L << page->order, &kmalloc_large_pages);
	return kasan_kmalloc(slab_address(page), size, PAGE_SIZE << page->order);
}

/* Which caches the flags ask for. Memory without an address cannot be had here. */
static noinline enum kind other_kind(gfp_t *gfp)
{
	if (*gfp & (__GFP_HIGHMEM | __GFP_MOVABLE)) {
		report_misuse(QUARRY_BAD_ARGUMENT, NULL,
			      "kmalloc(gfp:%#x): memory here has an address and does not move",
			      *gfp);
		*gfp &= ~(__GFP_HIGHMEM | __GFP_MOVABLE);
	}
	if (*gfp & __GFP_DMA)
		return KIND_DMA;
	if (*gfp & __GFP_DMA32)
		return KIND_DMA32;
	return *gfp & __GFP_RECLAIMABLE ? KIND_RECLAIM : KIND_NORMAL;
}

static void *alloc_other(size_t size, gfp_t gfp, int nid)
{
	enum kind kind = other_kind(&gfp);

	if (!size)
		return ZERO_SIZE_PTR;
	if (size > KMALLOC_MAX_CACHE_SIZE)
		return alloc_large(size, gfp, nid);
	return kasan_kmalloc(kmem_cache_alloc_node(&caches[kind][__kmalloc_class(size)], gfp, nid),
			     size, class_size(__kmalloc_class(size)));
}

__rseq void *__kmalloc(size_t size, gfp_t gfp)
{
	if (unlikely(size - 1 >= KMALLOC_MAX_CACHE_SIZE || (gfp & __KMALLOC_OTHER)))
		return alloc_other(size, gfp, NUMA_NO_NODE);
	if (QUARRY_KASAN)
		return alloc_other(size, gfp, NUMA_NO_NODE);
	return slab_alloc(&caches[KIND_NORMAL][__kmalloc_class(size)], gfp);
}

void *__kmalloc_node(size_t size, gfp_t gfp, int nid)
{
	return alloc_other(size, gfp, nid);
}

/* ---- Freeing ---- */

/* The large block that begins there, or NULL. */
static struct page *large_block(const void *object)
{
	struct page *page = slab_page(object);

	return page && PAGE_ALIGNED((unsigned long)object) && page->state == PAGE_USED &&
	       (page->flags & PG_KMALLOC) ? page : NULL;
}

static noinline void free_other(const void *object)
{
	struct page *page = large_block(object);

	if (!page) {
		if (!kfence_free("kfree", NULL, object))
			slab_report_free("kfree", NULL, object);
		return;
	}
	atomic_long_sub(1L << page->order, &kmalloc_large_pages);
	if (page_ref_count(page) == 1)
		WRITE_ONCE(page->flags, page->flags & PG_BROKEN);
	else	/* others hold it, too, and may drop it meanwhile; but kmalloc()'s it is no more */
		__atomic_fetch_and(&page->flags, (u16)~PG_KMALLOC, __ATOMIC_RELAXED);
	__free_pages(page, page->order);
}

__rseq void kfree(const void *object)
{
	struct slab *slab;

	if (unlikely(ZERO_OR_NULL_PTR(object)))
		return;
	slab = slab_of(object);
	if (unlikely(!slab || !slab_free(slab, object)))
		free_other(object);
}

void kfree_bulk(size_t nr, void **objects)
{
	for (size_t i = 0; i < nr; i++)
		kfree(objects[i]);
}

void kfree_sensitive(const void *object)
{
	size_t size = ksize(object);

	if (size) {
		kasan_unpoison(object, size);
		memset((void *)object, 0, size);
		barrier();
	}
	kfree(object);
}

/* ---- Sizes ---- */

/* How much there is, or 0 where nothing that somebody has begins. */
static size_t size_of(const void *object)
{
	struct slab *slab = slab_of(object);
	struct page *page;
	u32 index;

	if (slab) {
		index = slab_index(slab, object);
		return index < slab->nr && slab->state[index] == OBJECT_USED ?
		       slab->cache->object_size : 0;
	}
	if (is_kfence_address(object))
		return kfence_ksize(object);
	page = large_block(object);
	return page ? PAGE_SIZE << page->order : 0;
}

size_t ksize(const void *object)
{
	size_t size;

	if (ZERO_OR_NULL_PTR(object))
		return 0;
	size = size_of(object);
	if (!size)
		slab_report_free("ksize", NULL, object);
	return size;
}

size_t kmalloc_size_roundup(size_t size)
{
	if (!size || size > KMALLOC_MAX_SIZE)
		return size;
	if (size <= KMALLOC_MAX_CACHE_SIZE)
		return class_size(__kmalloc_class(size));
	return PAGE_SIZE << get_order(size);
}

void *krealloc(const void *object, size_t size, gfp_t gfp)
{
	size_t has;
	void *moved;

	if (!size) {
		kfree(object);
		return ZERO_SIZE_PTR;
	}
	has = ZERO_OR_NULL_PTR(object) ? 0 : ksize(object);
	if (!has && !ZERO_OR_NULL_PTR(object))
		return NULL;
	kasan_unpoison(object, has);
	if (size <= has) {
		if (gfp & __GFP_ZERO)
			memset((char *)object + size, 0, has - size);
		return kasan_kmalloc((void *)object, size, has);
	}
	moved = __kmalloc(size, gfp);
	if (moved && has) {
		memcpy(moved, object, has);
		kfree(object);
	}
	return moved;
}

/* ---- Freed later ---- */

/* The object that a head lies in: it may be anywhere inside. Where there can be none, the head. */
static void *object_around(struct rcu_head *head)
{
	struct slab *slab = slab_of(head);

	if (is_kfence_address(head))
		return kfence_object_start(head);
	if (!slab)
		return virt_addr_valid(head) ? page_address(compound_head(virt_to_page(head))) :
		       head;
	return slab_object(slab, (unsigned int)(((char *)head - (char *)slab_start(slab)) /
						slab->cache->size));
}

static void free_after_readers(struct rcu_head *head)
{
	kfree(object_around(head));
}

void __kfree_call_rcu(struct rcu_head *head)
{
	call_rcu(head, free_after_readers);
}

void kfree_rcu_mightsleep(const void *object)
{
	might_sleep();
	if (ZERO_OR_NULL_PTR(object))
		return;
	synchronize_rcu();
	kfree(object);
}
