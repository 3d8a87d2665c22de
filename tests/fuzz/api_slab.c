/* SPDX-License-Identifier: MIT */
/*
 * Objects: kmalloc() and its like, and caches.
 *
 * Caches are made by what the input says, with constructors of either form or none. A cache's
 * objects in use are counted here: so it is known what kmem_cache_destroy() must answer. Objects
 * that RCU frees are counted no more; it waits for these.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "api.h"

#define CTOR_WORD 0x7175617272790000ULL

enum api_ctor { CTOR_NONE, CTOR_PLAIN, CTOR_PAIR, CTOR_FORMS };

static struct api_cache {
	struct kmem_cache *cache;	/* NULL: it could not be made */
	enum api_ctor ctor;
	size_t size, align;
	atomic_t used;
} caches[API_CACHES];

static atomic_t constructed;		/* less those that the destructor saw */

struct rcu_object {
	struct rcu_head rcu;
};

/* ---- kmalloc ---- */

static const u8 zeroes[256];

/* Returns whether it must be zeroed. */
static bool call_kmalloc(struct api_lane *lane, struct api_object *object, gfp_t gfp)
{
	size_t n = 1 + fuzz_below(&lane->in, 5), bytes;

	switch (object->how) {
	case 0:
		object->at = kcalloc(n, object->size, gfp);
		FUZZ_CHECK(!object->at || !__builtin_mul_overflow(n, object->size, &bytes));
		object->size *= n;
		return true;
	case 1:
		object->at = kmalloc_array(n, object->size, gfp);
		FUZZ_CHECK(!object->at || !__builtin_mul_overflow(n, object->size, &bytes));
		object->size *= n;
		break;
	case 2:
		object->at = kmalloc_node(object->size, gfp, api_node(lane));
		break;
	case 3:
		object->size = min(object->size, sizeof(zeroes));
		object->at = kmemdup(zeroes, object->size, gfp);
		return true;
	case 4:
		object->at = kzalloc_node(object->size, gfp, api_node(lane));
		return true;
	default:
		object->at = kmalloc(object->size, gfp);
	}
	return gfp & __GFP_ZERO;
}

static void take_kmalloc(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = api_object_flags(lane);
	bool zeroed;

	object->size = api_size(&lane->in);
	object->how = fuzz_byte(&lane->in) % 8;
	zeroed = call_kmalloc(lane, object, gfp);
	FUZZ_CHECK(!object->at || object->size <= SZ_4M);
	if (!ZERO_OR_NULL_PTR(object->at)) {
		FUZZ_CHECK(ksize(object->at) >= object->size);
		FUZZ_CHECK(object->size > 128 || kmalloc_size_roundup(object->size) <= 128);
		if (!(object->size & (object->size - 1)))
			FUZZ_CHECK(IS_ALIGNED((unsigned long)object->at,
					      min_t(size_t, object->size, PAGE_SIZE)));
	}
	api_took(lane, object, &api_kmalloc, API_BYTES, zeroed);
}

static void release_kmalloc(struct api_object *object)
{
	struct rcu_object *at = object->at;

	switch (object->mark % 16) {
	case 0:
		kfree_sensitive(at);
		break;
	case 1:
		kfree_bulk(1, &object->at);
		break;
	case 2:
		kvfree(at);
		break;
	case 3:
		if (object->size >= sizeof(*at))
			kfree_rcu(at, rcu);
		else
			kfree(at);
		break;
	default:
		if (object->mark == 255 && api_may_sleep())
			kfree_rcu_mightsleep(at);
		else
			kfree(at);
	}
}

static void misuse_kmalloc(struct api_object *object, u8 way)
{
	void *at = object->at;

	if (way & 1) {
		kfree(at + 1 + way % 7);		/* inside the smallest */
		return;
	}
	api_check(object);
	kfree(at);
	kfree(at);
	*object = (struct api_object){ };
}

const struct api_kind api_kmalloc = {
	.take = take_kmalloc, .release = release_kmalloc, .misuse = misuse_kmalloc,
	.atomic_take = true, .atomic_release = true,
};

/* What was there stays, as far as it fits; kvmalloc()'s has a call of its own. */
void api_krealloc(struct api_lane *lane, struct api_object *object)
{
	size_t size = 1 + fuzz_bytes(&lane->in, 2), both;
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;
	void *at;

	if (object->kind == &api_kmalloc)
		at = krealloc(object->at, size, gfp);
	else if (object->kind == &api_kvmalloc)
		at = kvrealloc(object->at, size, gfp);
	else
		return;
	if (!at) {
		api_check(object);
		return;
	}
	both = min3(size, object->size, (size_t)32);
	for (size_t i = 0; i < both; i++)
		FUZZ_CHECK(((u8 *)at)[i] == object->mark);
	object->at = at;
	object->size = size;
	api_fill(object, object->mark);
}

/* ---- Texts ---- */

static void take_text(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = api_object_flags(lane) & ~__GFP_ZERO;
	size_t max = fuzz_byte(&lane->in);
	char text[64];
	size_t length;

	length = strlen(fuzz_text(&(struct fuzz_input){ lane->in.data, min(lane->in.size,
							(size_t)16) }, text, sizeof(text)));
	object->how = (u8)max % 3;
	if (object->how == 0)
		object->at = kstrdup(text, gfp);
	else if (object->how == 1)
		object->at = kstrndup(text, max, gfp);
	else
		object->at = kasprintf(gfp, "%s", text);
	if (!object->at)
		return;
	object->size = strlen(object->at) + 1;
	FUZZ_CHECK(object->size == 1 + (object->how == 1 ? min(max, length) : length));
	FUZZ_CHECK(!memcmp(object->at, text, object->size - 1));
	api_took(lane, object, &api_text, API_BYTES, false);
}

static void release_text(struct api_object *object)
{
	kfree(object->at);
}

const struct api_kind api_text = {
	.take = take_text, .release = release_text, .atomic_take = true, .atomic_release = true,
};

/* ---- Caches ---- */

static void construct(void *object)
{
	*(u64 *)object = CTOR_WORD;
}

static void construct_pair(void *object, struct kmem_cache *cache, unsigned long flags)
{
	construct(object);
	atomic_inc(&constructed);
}

static void destruct_pair(void *object, struct kmem_cache *cache, unsigned long flags)
{
	FUZZ_CHECK(*(u64 *)object == CTOR_WORD);
	atomic_dec(&constructed);
}

static void make_cache(struct fuzz_input *in, unsigned int which)
{
	static const slab_flags_t flags[] = {
		0, SLAB_HWCACHE_ALIGN, SLAB_NO_REAP, SLAB_CACHE_DMA, SLAB_RED_ZONE | SLAB_POISON,
		SLAB_STORE_USER | SLAB_CONSISTENCY_CHECKS, SLAB_RECLAIM_ACCOUNT, SLAB_CACHE_DMA32,
		SLAB_TYPESAFE_BY_RCU, SLAB_RED_ZONE | SLAB_STORE_USER, SLAB_ACCOUNT | SLAB_NO_MERGE,
		SLAB_TYPESAFE_BY_RCU | SLAB_POISON | SLAB_RED_ZONE,
	};
	struct api_cache *my = &caches[which];
	u8 choice;
	char name[16];

	my->size = 8 + fuzz_bytes(in, 2) % 9000;
	choice = fuzz_byte(in);
	my->align = 1UL << (choice >> 4 & 7);
	my->ctor = fuzz_byte(in) % (2 * CTOR_FORMS);
	snprintf(name, sizeof(name), "fuzz-%u", which);
	if (my->ctor == CTOR_PAIR)
		my->cache = kmem_cache_create(name, my->size, my->align,
					      flags[choice % ARRAY_SIZE(flags)], construct_pair,
					      destruct_pair);
	else
		my->cache = kmem_cache_create(name, my->size, my->align,
					      flags[choice % ARRAY_SIZE(flags)],
					      my->ctor == CTOR_PLAIN ? construct : NULL);
	if (my->ctor >= CTOR_FORMS)
		my->ctor = CTOR_NONE;
	if (my->cache)
		FUZZ_CHECK(kmem_cache_size(my->cache) == my->size);
}

struct kmem_cache *api_cache(unsigned int which)
{
	return caches[which].cache;
}

bool api_cache_is_plain(unsigned int which)
{
	return !caches[which].ctor;
}

void api_slab_begin(struct fuzz_input *in)
{
	atomic_set(&constructed, 0);
	for (unsigned int i = 0; i < API_CACHES; i++)
		make_cache(in, i);
}

void api_slab_end(void)
{
	for (unsigned int i = 0; i < API_CACHES; i++) {
		FUZZ_CHECK(!atomic_read(&caches[i].used));
		FUZZ_CHECK(kmem_cache_destroy(caches[i].cache) == 0);
		caches[i].cache = NULL;
	}
	FUZZ_CHECK(!atomic_read(&constructed));
}

/* The input's; NULL while it is not there. What has a constructor is not to be cleared. */
static struct api_cache *choose_cache(struct api_lane *lane, struct api_object *object, gfp_t *gfp)
{
	struct api_cache *my;

	object->which = (u8)fuzz_below(&lane->in, API_CACHES);
	my = &caches[object->which];
	if (my->ctor)
		*gfp &= ~__GFP_ZERO;
	return my->cache ? my : NULL;
}

static void take_cached(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = api_object_flags(lane);
	struct api_cache *my;

	my = choose_cache(lane, object, &gfp);
	if (!my)
		return;
	object->size = my->size;
	object->skip = my->ctor ? 8 : 0;
	object->how = fuzz_byte(&lane->in) & 1;
	object->at = object->how ? kmem_cache_alloc_node(my->cache, gfp, api_node(lane)) :
				   kmem_cache_alloc(my->cache, gfp);
	if (!object->at)
		return;
	atomic_inc(&my->used);
	FUZZ_CHECK(IS_ALIGNED((unsigned long)object->at, my->align));
	FUZZ_CHECK(!my->ctor || *(u64 *)object->at == CTOR_WORD);
	api_took(lane, object, &api_cached, API_BYTES, gfp & __GFP_ZERO);
}

static void release_cached(struct api_object *object)
{
	struct api_cache *my = &caches[object->which];
	struct rcu_object *at = object->at;

	FUZZ_CHECK(!my->ctor || *(u64 *)object->at == CTOR_WORD);
	atomic_dec(&my->used);
	if (object->mark % 16 == 0)
		kfree(at);
	else if (object->mark % 16 == 1 && !my->ctor && object->size >= sizeof(*at))
		kfree_rcu(at, rcu);
	else
		kmem_cache_free(my->cache, at);
}

static void misuse_cached(struct api_object *object, u8 way)
{
	struct kmem_cache *cache = caches[object->which].cache;
	struct kmem_cache *other = caches[(object->which + 1) % API_CACHES].cache;
	void *at = object->at;

	if (way % 4 == 1 && other) {
		kmem_cache_free(other, at);
	} else if (way % 4 == 2) {
		kmem_cache_free(cache, at + 1);
	} else if (way % 4 == 3) {
		FUZZ_CHECK(kmem_cache_destroy(cache) == -EBUSY);
	} else {
		api_check(object);
		atomic_dec(&caches[object->which].used);
		kmem_cache_free(cache, at);
		kmem_cache_free(cache, at);
		*object = (struct api_object){ };
	}
}

const struct api_kind api_cached = {
	.take = take_cached, .release = release_cached, .misuse = misuse_cached,
	.atomic_take = true, .atomic_release = true,
};

/* ---- Several objects at once ---- */

static void take_objects(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = api_object_flags(lane);
	size_t nr = 1 + fuzz_below(&lane->in, API_MANY);
	struct api_cache *my;

	my = choose_cache(lane, object, &gfp);
	if (!my)
		return;
	object->nr = (unsigned int)kmem_cache_alloc_bulk(my->cache, gfp, nr, object->many);
	FUZZ_CHECK(!object->nr || object->nr == nr);
	object->at = object->nr ? object->many[0] : NULL;
	atomic_add((int)object->nr, &my->used);
	api_took(lane, object, &api_bulk_objects, API_NOTHING, false);
	for (unsigned int i = 0; i < object->nr; i++) {
		u8 *last = object->many[i] + my->size - 1;

		FUZZ_CHECK(!my->ctor || *(u64 *)object->many[i] == CTOR_WORD);
		FUZZ_CHECK(!(gfp & __GFP_ZERO) || !*last);
		if (my->size > 8)
			*last = object->mark + (u8)i;
	}
}

static void release_objects(struct api_object *object)
{
	struct api_cache *my = &caches[object->which];

	for (unsigned int i = 0; i < object->nr; i++)
		FUZZ_CHECK(my->size <= 8 ||
			   ((u8 *)object->many[i])[my->size - 1] == (u8)(object->mark + i));
	atomic_sub((int)object->nr, &my->used);
	if (object->mark % 4)
		kmem_cache_free_bulk(my->cache, object->nr, object->many);
	else
		kfree_bulk(object->nr, object->many);
}

const struct api_kind api_bulk_objects = {
	.take = take_objects, .release = release_objects,
	.atomic_take = true, .atomic_release = true,
};

/* ---- What is done to caches ---- */

void api_shrink_cache(struct api_lane *lane, struct api_object *object)
{
	struct kmem_cache *cache = caches[fuzz_below(&lane->in, API_CACHES)].cache;

	if (cache)
		kmem_cache_shrink(cache);
}

/* A cache ends, and another takes its place; one in use stays. Not the first: pools have it. */
void api_remake_cache(struct api_lane *lane, struct api_object *object)
{
	unsigned int which = 1 + fuzz_below(&lane->in, API_CACHES - 1);
	bool used = atomic_read(&caches[which].used);

	if (!lane->alone)
		return;
	if (used)
		fuzz_expect_reports(1);
	FUZZ_CHECK(kmem_cache_destroy(caches[which].cache) == (used ? -EBUSY : 0));
	if (!used)
		make_cache(&lane->in, which);
}
