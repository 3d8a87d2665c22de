/* SPDX-License-Identifier: MIT */
/* What the language of api.c has words for: kinds of allocations, and what may be done to them. */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>
#include <tests/fake_device.h>

#include "api.h"

#define EDGE	 32		/* bytes at either end that are filled and looked at */
#define MAX_BULK 20
#define CTOR_WORD 0x7175617272790000ULL

static struct kmem_cache *caches[API_CACHES];
static bool constructed[API_CACHES];
static mempool_t *pools[API_POOLS];	/* the last one is of pages, order 1 */
static size_t pool_sizes[API_POOLS];
static struct dma_pool *dma_pool;
static struct device device;
static u64 device_mask;

static const gfp_t atomic_flags[] = {
	GFP_ATOMIC, GFP_NOWAIT, GFP_ATOMIC | __GFP_ZERO, GFP_NOWAIT | __GFP_NOMEMALLOC,
};

static const gfp_t object_flags[] = {
	GFP_KERNEL, GFP_KERNEL | __GFP_ZERO, GFP_ATOMIC, GFP_NOWAIT, GFP_NOIO, GFP_NOFS,
	GFP_KERNEL | __GFP_NORETRY, GFP_KERNEL | __GFP_RETRY_MAYFAIL,
};

static const gfp_t page_flags[] = {
	GFP_KERNEL, GFP_KERNEL | __GFP_ZERO, GFP_HIGHUSER, GFP_HIGHUSER_MOVABLE, GFP_DMA,
	GFP_DMA32 | GFP_KERNEL, GFP_KERNEL | __GFP_COMP, GFP_HIGHUSER_MOVABLE | __GFP_ZERO,
	GFP_KERNEL | __GFP_RECLAIMABLE, GFP_KERNEL | __GFP_COLD, GFP_ATOMIC,
	GFP_KERNEL | __GFP_THISNODE, GFP_HIGHUSER | __GFP_COMP, GFP_NOWAIT,
};

static gfp_t read_flags(struct api_lane *lane, const gfp_t *flags, unsigned int nr)
{
	u8 choice = fuzz_byte(&lane->in);

	if (lane->atomic)
		return atomic_flags[choice % ARRAY_SIZE(atomic_flags)] | __GFP_NOWARN;
	return flags[choice % nr] | __GFP_NOWARN;
}

#define OBJECT_FLAGS(lane) read_flags(lane, object_flags, ARRAY_SIZE(object_flags))
#define PAGE_FLAGS(lane) read_flags(lane, page_flags, ARRAY_SIZE(page_flags))

/* Small ones most often; of those that cannot be, some. */
static size_t read_size(struct fuzz_input *in)
{
	static const size_t odd[] = { 0, SIZE_MAX, SIZE_MAX - 4095, 1UL << 40, 1UL << 52 };
	u8 form = fuzz_byte(in);

	if (form < 160)
		return 1 + fuzz_byte(in);
	if (form < 224)
		return 1 + fuzz_bytes(in, 2);
	return form < 248 ? 1 + (fuzz_bytes(in, 2) << 4) : odd[form % ARRAY_SIZE(odd)];
}

/* Both ends of it, where it has an address. */
static void fill_bytes(void *at, size_t size, u8 mark)
{
	size_t edge = min_t(size_t, size, EDGE);

	memset(at, mark, edge);
	memset(at + size - edge, mark, edge);
}

static void check_bytes(const void *at, size_t size, u8 mark)
{
	size_t edge = min_t(size_t, size, EDGE);
	const u8 *first = at, *last = at + size - edge;

	for (size_t i = 0; i < edge; i++)
		FUZZ_CHECK(first[i] == mark && last[i] == mark);
}

/* Pages may have no address: the first byte of the first and of the last. */
static u8 *map_end(const struct api_object *object, bool last)
{
	return kmap_local_page((struct page *)object->at + (last ? (1U << object->which) - 1 : 0));
}

static void fill_pages(const struct api_object *object, u8 mark)
{
	for (int last = 0; last < 2; last++) {
		u8 *end = map_end(object, last);

		*end = mark;
		kunmap_local(end);
	}
}

static void check_pages(const struct api_object *object, u8 mark)
{
	for (int last = 0; last < 2; last++) {
		u8 *end = map_end(object, last);

		FUZZ_CHECK(*end == mark);
		kunmap_local(end);
	}
}

/* An element of a pool of pages is their descriptor. */
static bool is_of_pages(const struct api_object *object)
{
	return object->kind == API_PAGES ||
	       (object->kind == API_MEMPOOL && object->which == API_POOLS - 1);
}

/* Of what has a constructor the first word is not ours. */
static size_t skipped(const struct api_object *object)
{
	return object->kind == API_CACHE && constructed[object->which] ? 8 : 0;
}

static void *own_bytes(const struct api_object *object)
{
	if (object->kind == API_PERCPU)
		return this_cpu_ptr((u8 __percpu *)object->at);
	return object->at + skipped(object);
}

static void check_mark(const struct api_object *object, u8 mark)
{
	if (object->kind == API_MEMPOOL && is_of_pages(object)) {
		struct api_object pages = { .which = 1, .at = object->at };

		check_pages(&pages, mark);
	} else if (is_of_pages(object)) {
		check_pages(object, mark);
	} else if (object->kind != API_PERCPU) {	/* another CPU's copy may be looked at */
		check_bytes(own_bytes(object), object->size - skipped(object), mark);
	}
	if (skipped(object))
		FUZZ_CHECK(*(u64 *)object->at == CTOR_WORD);
}

void api_check(const struct api_object *object)
{
	check_mark(object, object->mark);
}

void api_fill(struct api_object *object, u8 mark)
{
	object->mark = mark;
	if (object->kind == API_MEMPOOL && is_of_pages(object)) {
		struct api_object pages = { .which = 1, .at = object->at };

		fill_pages(&pages, mark);
	} else if (is_of_pages(object)) {
		fill_pages(object, mark);
	} else if (object->kind != API_PERCPU) {
		fill_bytes(own_bytes(object), object->size - skipped(object), mark);
	}
}

static void construct(void *object)
{
	*(u64 *)object = CTOR_WORD;
}

static void make_cache(struct fuzz_input *in, unsigned int i)
{
	static const slab_flags_t flags[] = {
		0, SLAB_HWCACHE_ALIGN, SLAB_NO_REAP, SLAB_CACHE_DMA, SLAB_RED_ZONE | SLAB_POISON,
		SLAB_STORE_USER | SLAB_CONSISTENCY_CHECKS, SLAB_RECLAIM_ACCOUNT, SLAB_CACHE_DMA32,
	};
	size_t size = 8 + fuzz_bytes(in, 2) % 9000;
	u8 choice = fuzz_byte(in);
	char name[16];

	snprintf(name, sizeof(name), "fuzz-%u", i);
	constructed[i] = choice & 0x80;
	caches[i] = kmem_cache_create(name, size, 1UL << (choice >> 3 & 7), flags[choice & 7],
				      constructed[i] ? construct : NULL);
}

void api_begin(struct fuzz_input *in)
{
	static const u64 masks[] = { ~0ULL, DMA_BIT_MASK(32), DMA_BIT_MASK(25), DMA_BIT_MASK(24) };
	unsigned int nr = fuzz_below(in, 8) + 1;

	for (unsigned int i = 0; i < API_CACHES; i++)
		make_cache(in, i);
	pool_sizes[0] = 1 + fuzz_byte(in);
	pools[0] = mempool_create_kmalloc_pool((int)nr, pool_sizes[0]);
	pool_sizes[1] = caches[0] && !constructed[0] ? kmem_cache_size(caches[0]) : 0;
	pools[1] = pool_sizes[1] ? mempool_create_slab_pool((int)nr, caches[0]) : NULL;
	pools[2] = mempool_create_page_pool((int)nr, 1);
	fake_device_init(&device, &device_mask, masks[fuzz_below(in, ARRAY_SIZE(masks))]);
	dma_pool = dma_pool_create("fuzz", &device, 64, 64, 0);
}

void api_end(void)
{
	dma_pool_destroy(dma_pool);
	for (unsigned int i = 0; i < API_POOLS; i++)
		mempool_destroy(pools[i]);
	for (unsigned int i = 0; i < API_CACHES; i++)
		if (caches[i])
			FUZZ_CHECK(kmem_cache_destroy(caches[i]) == 0);
}

/* Is what came back where it may be? Its bytes are as the flags promised. */
static void took(struct api_lane *lane, struct api_object *object, enum api_kind kind, bool zeroed)
{
	if (!object->at || ZERO_OR_NULL_PTR(object->at)) {
		object->at = NULL;
		return;
	}
	object->kind = kind;
	if (zeroed && !skipped(object))
		check_mark(object, 0);
	api_fill(object, fuzz_byte(&lane->in));
}

static void take_pages(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = PAGE_FLAGS(lane);

	object->which = (u8)fuzz_below(&lane->in, MAX_ORDER + 2);
	object->at = alloc_pages(gfp, object->which);
	FUZZ_CHECK(!object->at || object->which < MAX_ORDER);
	took(lane, object, API_PAGES, gfp & __GFP_ZERO);
}

static void take_exact(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = OBJECT_FLAGS(lane);

	object->size = 1 + fuzz_bytes(&lane->in, 2) * 8;
	object->at = alloc_pages_exact(object->size, gfp);
	took(lane, object, API_EXACT, gfp & __GFP_ZERO);
}

static void take_kmalloc(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = OBJECT_FLAGS(lane);

	object->size = read_size(&lane->in);
	object->at = kmalloc(object->size, gfp);
	FUZZ_CHECK(!object->at || object->size <= SZ_4M);
	if (!ZERO_OR_NULL_PTR(object->at))
		FUZZ_CHECK(ksize(object->at) >= object->size);
	took(lane, object, API_KMALLOC, gfp & __GFP_ZERO);
}

static void take_cache(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = OBJECT_FLAGS(lane);

	object->which = (u8)fuzz_below(&lane->in, API_CACHES);
	if (!caches[object->which])
		return;
	if (constructed[object->which])
		gfp &= ~__GFP_ZERO;
	object->size = kmem_cache_size(caches[object->which]);
	object->at = kmem_cache_alloc(caches[object->which], gfp);
	took(lane, object, API_CACHE, gfp & __GFP_ZERO);
}

static void take_vmalloc(struct api_lane *lane, struct api_object *object)
{
	bool zeroed = fuzz_byte(&lane->in) & 1;

	object->size = read_size(&lane->in);
	object->at = __vmalloc(object->size, GFP_KERNEL | __GFP_NOWARN |
			       (zeroed ? __GFP_ZERO : 0));
	if (object->at)
		FUZZ_CHECK(is_vmalloc_addr(object->at));
	took(lane, object, API_VMALLOC, zeroed);
}

static void take_kvmalloc(struct api_lane *lane, struct api_object *object)
{
	bool zeroed = fuzz_byte(&lane->in) & 1;

	object->size = read_size(&lane->in);
	object->at = kvmalloc(object->size, GFP_KERNEL | __GFP_NOWARN | (zeroed ? __GFP_ZERO : 0));
	took(lane, object, API_KVMALLOC, zeroed);
}

static void take_mempool(struct api_lane *lane, struct api_object *object)
{
	object->which = (u8)fuzz_below(&lane->in, API_POOLS);
	object->size = pool_sizes[object->which];
	if (!pools[object->which])
		return;
	object->at = mempool_alloc(pools[object->which], GFP_NOWAIT | __GFP_NOWARN);
	took(lane, object, API_MEMPOOL, false);
}

static void take_coherent(struct api_lane *lane, struct api_object *object)
{
	object->size = 1 + fuzz_bytes(&lane->in, 2);
	object->at = dma_alloc_coherent(&device, object->size, &object->dma,
					GFP_KERNEL | __GFP_NOWARN);
	if (object->at)
		FUZZ_CHECK(object->dma + object->size - 1 <= device_mask);
	took(lane, object, API_COHERENT, true);
}

static void take_dmapool(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = OBJECT_FLAGS(lane);

	object->size = 64;
	if (!dma_pool)
		return;
	object->at = dma_pool_alloc(dma_pool, gfp, &object->dma);
	if (object->at)
		FUZZ_CHECK(object->dma + object->size - 1 <= device_mask);
	took(lane, object, API_DMAPOOL, gfp & __GFP_ZERO);
}

static void take_percpu(struct api_lane *lane, struct api_object *object)
{
	object->size = 1 + fuzz_bytes(&lane->in, 2) % 3000;
	object->at = (void *)__alloc_percpu(object->size, 1UL << fuzz_below(&lane->in, 8));
	took(lane, object, API_PERCPU, false);
}

/* A buffer, lent to the device and given back. */
static void take_mapped(struct api_lane *lane, struct api_object *object)
{
	object->size = 1 + fuzz_bytes(&lane->in, 2) % 20000;
	object->at = kmalloc(object->size, GFP_KERNEL | __GFP_NOWARN);
	took(lane, object, API_KMALLOC, false);
	if (!object->at)
		return;
	object->dma = dma_map_single(&device, object->at, object->size, DMA_BIDIRECTIONAL);
	if (dma_mapping_error(&device, object->dma))
		return;
	FUZZ_CHECK(object->dma + object->size - 1 <= device_mask);
	object->kind = API_MAPPED;
}

void api_take(struct api_lane *lane, struct api_object *object, enum api_kind kind)
{
	static void (*const takes[API_NR_KINDS])(struct api_lane *, struct api_object *) = {
		[API_PAGES] = take_pages, [API_EXACT] = take_exact, [API_KMALLOC] = take_kmalloc,
		[API_CACHE] = take_cache, [API_VMALLOC] = take_vmalloc,
		[API_KVMALLOC] = take_kvmalloc, [API_MEMPOOL] = take_mempool,
		[API_COHERENT] = take_coherent, [API_DMAPOOL] = take_dmapool,
		[API_PERCPU] = take_percpu, [API_MAPPED] = take_mapped,
	};

	*object = (struct api_object){ };
	if (takes[kind])
		takes[kind](lane, object);
}

static void release_pages(struct api_object *object)
{
	__free_pages(object->at, object->which);
}

void api_release(struct api_object *object)
{
	if (object->kind == API_NONE)
		return;
	if (object->kind == API_MAPPED) {
		dma_unmap_single(&device, object->dma, object->size, DMA_BIDIRECTIONAL);
		object->kind = API_KMALLOC;
	}
	api_check(object);
	switch (object->kind) {
	case API_PAGES:
		release_pages(object);
		break;
	case API_EXACT:
		free_pages_exact(object->at, object->size);
		break;
	case API_CACHE:
		kmem_cache_free(caches[object->which], object->at);
		break;
	case API_VMALLOC:
		vfree(object->at);
		break;
	case API_KVMALLOC:
		kvfree(object->at);
		break;
	case API_MEMPOOL:
		mempool_free(object->at, pools[object->which]);
		break;
	case API_COHERENT:
		dma_free_coherent(&device, object->size, object->at, object->dma);
		break;
	case API_DMAPOOL:
		dma_pool_free(dma_pool, object->at, object->dma);
		break;
	case API_PERCPU:
		free_percpu((void __percpu *)object->at);
		break;
	default:
		kfree(object->at);
	}
	*object = (struct api_object){ };
}

void api_resize_pool(struct api_lane *lane)
{
	mempool_t *pool = pools[fuzz_below(&lane->in, API_POOLS)];

	if (pool)
		mempool_resize(pool, 1 + (int)fuzz_below(&lane->in, 20));
}

void api_shrink_cache(struct api_lane *lane)
{
	struct kmem_cache *cache = caches[fuzz_below(&lane->in, API_CACHES)];

	if (cache)
		kmem_cache_shrink(cache);
}

void api_bulk(struct api_lane *lane)
{
	struct kmem_cache *cache = caches[fuzz_below(&lane->in, API_CACHES)];
	size_t nr = fuzz_below(&lane->in, MAX_BULK) + 1, i;
	void *objects[MAX_BULK];
	int got;

	if (!cache)
		return;
	got = kmem_cache_alloc_bulk(cache, GFP_KERNEL | __GFP_NOWARN, nr, objects);
	FUZZ_CHECK(!got || (size_t)got == nr);
	for (i = 0; i < (size_t)got; i++)
		FUZZ_CHECK(objects[i] && (!i || objects[i] != objects[i - 1]));
	if (got)
		kmem_cache_free_bulk(cache, nr, objects);
}

void api_krealloc(struct api_lane *lane, struct api_object *object)
{
	size_t size = 1 + fuzz_bytes(&lane->in, 2), both;
	void *at;

	if (object->kind != API_KMALLOC)
		return;
	api_check(object);
	at = krealloc(object->at, size, GFP_KERNEL | __GFP_NOWARN);
	if (!at)
		return;
	both = min3(size, object->size, (size_t)EDGE);
	for (size_t i = 0; i < both; i++)
		FUZZ_CHECK(((u8 *)at)[i] == object->mark);
	object->at = at;
	object->size = size;
	api_fill(object, object->mark);
}

/* Not for compound pages: their tails are not anybody's own. */
void api_split(struct api_object *object)
{
	struct page *page = object->at;

	if (object->kind != API_PAGES || PageCompound(page))
		return;
	split_page(page, object->which);
	for (unsigned int i = 0; i < 1U << object->which; i++) {
		get_page(page + i);
		put_page(page + i);
		__free_page(page + i);
	}
	*object = (struct api_object){ };
}

void api_misuse(struct api_lane *lane, struct api_object *object)
{
	u8 way = fuzz_byte(&lane->in);
	void *at = object->at;

	if (object->kind != API_KMALLOC || object->size > 4096)
		return;
	fuzz_expect_reports(1);
	if (way & 1) {
		kfree(at + 8 + (way & 8));		/* inside it */
		return;
	}
	api_release(object);
	kfree(at);
}
