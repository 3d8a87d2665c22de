// SPDX-License-Identifier: MIT
/*
 * Caches and kmalloc() against a model that is too simple to be wrong: a list of who has which
 * bytes. Random calls, right ones and wrong ones, go to both. After some hundred the two are
 * compared: each object that the model has is in use, holds what was written, and overlaps no
 * other; each cache has as many objects in use as the model; what constructors made is there;
 * and the validator finds nothing. One thread: what several do at once is test_slab_storm.c's.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include "mm/kfence.h"
#include "mm/slab.h"
#include "tests/selftest.h"

#define TRY	 (GFP_KERNEL | __GFP_NOWARN)
#define MOST	 160			/* objects live at once */
#define MARK	 0x5eedc0deU		/* what constructors leave in an object's first bytes */
#define KMALLOC	 NR_KINDS		/* of no cache of ours */
#define LARGE	 200000UL		/* bytes: straight from pages */

enum { TINY, ZONED, LINES, TYPESAFE, MADE, LARGER, NR_KINDS };

static void construct(void *object);
static void construct3(void *object, struct kmem_cache *cache, unsigned long flags);
static void destruct3(void *object, struct kmem_cache *cache, unsigned long flags);

static const struct {
	const char *name;
	u32 size, align;
	slab_flags_t flags;
} kinds[NR_KINDS] = {
	[TINY] = { "test-model-tiny", 8, 0, 0 },
	[ZONED] = { "test-model-zoned", 72, 0, SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER },
	[LINES] = { "test-model-lines", 100, 0, SLAB_HWCACHE_ALIGN },
	[TYPESAFE] = { "test-model-rcu", 600, 0, SLAB_TYPESAFE_BY_RCU },
	[MADE] = { "test-model-made", 1000, 32, 0 },
	[LARGER] = { "test-model-larger", 5000, 0, SLAB_RECLAIM_ACCOUNT },
};

static struct kmem_cache *caches[NR_KINDS];
static unsigned long nr_made[2], nr_unmade;	/* by the two forms of constructors; destroyed */

/* The model. */
static struct entry {
	u8 *object;
	size_t size;			/* bytes that are ours */
	u8 fill;			/* what they hold, behind the constructor's mark */
	unsigned int kind;
} live[MOST];
static unsigned int nr_live, nr_of[NR_KINDS + 1];

/* ---- Constructed state ---- */

static void construct(void *object)
{
	*(u32 *)object = MARK;
	nr_made[0]++;
}

static void construct3(void *object, struct kmem_cache *cache, unsigned long flags)
{
	*(u32 *)object = MARK;
	nr_made[1]++;
}

static void destruct3(void *object, struct kmem_cache *cache, unsigned long flags)
{
	CHECK_EQ(*(u32 *)object, MARK);
	nr_unmade++;
}

/* Bytes that belong to the constructor. */
static size_t kept(unsigned int kind)
{
	return kind == LINES || kind == MADE ? sizeof(u32) : 0;
}

static bool make(unsigned int kind)
{
	u32 size = kinds[kind].size, align = kinds[kind].align;
	slab_flags_t flags = kinds[kind].flags;

	if (kind == MADE)
		caches[kind] = kmem_cache_create(kinds[kind].name, size, align, flags, construct3,
						 destruct3);
	else
		caches[kind] = kmem_cache_create(kinds[kind].name, size, align, flags,
						 kind == LINES ? construct : NULL);
	return caches[kind];
}

/* ---- Allocating ---- */

static void enter(unsigned int kind, void *object, size_t size)
{
	struct entry *entry = &live[nr_live];
	size_t mark = kept(kind);

	if (!object)
		return;
	if (mark)
		CHECK_EQ(*(u32 *)object, MARK);
	*entry = (struct entry){ object, size, (u8)selftest_random(), kind };
	memset(entry->object + mark, entry->fill, size - mark);
	nr_live++;
	nr_of[kind]++;
}

static void alloc_one(void)
{
	unsigned int kind = (unsigned int)selftest_random_below(NR_KINDS);
	gfp_t zero = !kept(kind) && !selftest_random_below(4) ? __GFP_ZERO : 0;
	u8 *object = selftest_random_below(4) ?
		     kmem_cache_alloc(caches[kind], TRY | zero) :
		     kmem_cache_alloc_node(caches[kind], TRY | zero, numa_mem_id());

	if (object && zero)
		CHECK(!memchr_inv(object, 0, kinds[kind].size));
	if (object)
		CHECK(IS_ALIGNED((unsigned long)object, max(kinds[kind].align, 8U)));
	enter(kind, object, kinds[kind].size);
}

static void alloc_kmalloc(void)
{
	size_t size = 1 + selftest_random_below(2UL << selftest_random_below(15));
	u8 *object;

	if (!selftest_random_below(64))
		size = LARGE;
	object = selftest_random_below(2) ? kmalloc(size, TRY) : kzalloc(size, TRY);
	if (object)
		CHECK(ksize(object) >= size);
	enter(KMALLOC, object, size);
}

static void alloc_bulk(void)
{
	static void *objects[MOST];
	unsigned int kind = (unsigned int)selftest_random_below(NR_KINDS);
	size_t nr = 1 + selftest_random_below(min(MOST - nr_live, 48U));

	if (!kmem_cache_alloc_bulk(caches[kind], TRY, nr, objects))
		return;
	for (size_t i = 0; i < nr; i++)
		enter(kind, objects[i], kinds[kind].size);
}

/* ---- Freeing ---- */

/* Takes an entry out of the model. It must hold what was written. */
static struct entry leave(unsigned int i)
{
	struct entry entry = live[i];
	size_t mark = kept(entry.kind);

	CHECK(!memchr_inv(entry.object + mark, entry.fill, entry.size - mark));
	nr_of[entry.kind]--;
	live[i] = live[--nr_live];
	return entry;
}

static void free_one(void)
{
	struct entry entry = leave((unsigned int)selftest_random_below(nr_live));

	if (entry.kind == KMALLOC || !selftest_random_below(3))
		kfree(entry.object);
	else
		kmem_cache_free(caches[entry.kind], entry.object);
}

/* The youngest of one cache first or last, or some of them. */
static void free_bulk(void)
{
	static void *objects[MOST];
	unsigned int kind = (unsigned int)selftest_random_below(NR_KINDS);
	bool some = selftest_random_below(2);
	size_t nr = 0;

	for (unsigned int i = nr_live; i--;)
		if (live[i].kind == kind && (!some || selftest_random_below(2)))
			objects[nr++] = leave(i).object;
	kmem_cache_free_bulk(caches[kind], nr, objects);
}

static void reallocate(void)
{
	unsigned int i = (unsigned int)selftest_random_below(nr_live);
	size_t wanted = 1 + selftest_random_below(6000), common;
	gfp_t zero = selftest_random_below(2) ? __GFP_ZERO : 0;
	struct entry entry;
	u8 *moved;

	if (live[i].kind != KMALLOC)
		return;
	entry = leave(i);
	common = min(entry.size, wanted);
	moved = krealloc(entry.object, wanted, TRY | zero);
	if (!moved) {
		enter(KMALLOC, entry.object, entry.size);
		return;
	}
	CHECK(!memchr_inv(moved, entry.fill, common));
	if (zero && moved == entry.object && !QUARRY_KASAN)	/* which sees it */
		CHECK(!memchr_inv(moved + common, 0, entry.size - common));
	enter(KMALLOC, moved, wanted);
}

/* ---- Wrong ones: reported, and nothing changes ---- */

static void free_wrong(void)
{
	struct entry *entry = &live[selftest_random_below(nr_live)];
	unsigned int kind = entry->kind, other = (kind + 1) % NR_KINDS;

	if (kind == KMALLOC)
		return;
	selftest_expect_reports(2);
	kmem_cache_free(caches[other], entry->object);
	kmem_cache_free(caches[kind], entry->object + 4);
}

static void free_twice(void)
{
	struct entry entry;
	unsigned int i = (unsigned int)selftest_random_below(nr_live);

	if (live[i].kind == KMALLOC)
		return;
	entry = leave(i);
	kmem_cache_free(caches[entry.kind], entry.object);
	selftest_expect_reports(1);
	kmem_cache_free(caches[entry.kind], entry.object);
}

/* ---- Caches ---- */

/* Those of a cache that lie in slabs, and not between guard pages. */
static unsigned int nr_in_slabs(unsigned int kind)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < nr_live; i++)
		nr += live[i].kind == kind && !is_kfence_address(live[i].object);
	return nr;
}

static void shrink(void)
{
	unsigned int kind = (unsigned int)selftest_random_below(NR_KINDS);

	CHECK_EQ(kmem_cache_shrink(caches[kind]), nr_in_slabs(kind) != 0);
}

/* A cache in use stays, another is made anew. */
static void destroy(void)
{
	unsigned int kind = (unsigned int)selftest_random_below(NR_KINDS);

	if (nr_of[kind]) {
		selftest_expect_reports(1);
		CHECK_EQ(kmem_cache_destroy(caches[kind]), -EBUSY);
		return;
	}
	CHECK_EQ(kmem_cache_destroy(caches[kind]), 0);
	if (kind == MADE)
		CHECK_EQ(nr_made[1], nr_unmade);
	CHECK(make(kind));
}

/* ---- Comparing ---- */

static unsigned int count_used(const struct kmem_cache *cache)
{
	unsigned int nr = 0;

	for (unsigned int nid = 0; nid < nr_node_ids; nid++) {
		struct cache_node *node = slab_node_peek(cache, (int)nid);
		unsigned long flags;
		struct slab *slab;

		if (!node)
			continue;
		spin_lock_irqsave(&node->lock, flags);
		for (unsigned int i = 0; i < NR_SLAB_LISTS; i++)
			list_for_each_entry(slab, &node->lists[i], list)
				for (unsigned int j = 0; j < slab->nr; j++)
					nr += READ_ONCE(slab->state[j]) == OBJECT_USED;
		spin_unlock_irqrestore(&node->lock, flags);
	}
	return nr;
}

static void check_entry(unsigned int i)
{
	const struct entry *entry = &live[i];
	const struct slab *slab = slab_of(entry->object);
	size_t mark = kept(entry->kind);

	CHECK(!memchr_inv(entry->object + mark, entry->fill, entry->size - mark));
	if (mark)
		CHECK_EQ(*(u32 *)entry->object, MARK);
	if (entry->kind != KMALLOC && !is_kfence_address(entry->object))
		CHECK(slab && slab->cache == caches[entry->kind]);
	if (slab)
		CHECK_EQ(slab->state[slab_index(slab, entry->object)], OBJECT_USED);
	for (unsigned int j = 0; j < i; j++)
		CHECK(entry->object + entry->size <= live[j].object ||
		      live[j].object + live[j].size <= entry->object);
}

static void compare(void)
{
	CHECK_EQ(slab_validate(), 0);
	for (unsigned int i = 0; i < nr_live; i++)
		check_entry(i);
	for (unsigned int kind = 0; kind < NR_KINDS; kind++)
		CHECK_EQ(count_used(caches[kind]), nr_in_slabs(kind));
}

/* ---- The case ---- */

static void step(void)
{
	switch (nr_live == MOST ? 9 + selftest_random_below(11) :
		selftest_random_below(nr_live ? 20 : 9)) {
	case 0 ... 3:
		alloc_one();
		break;
	case 4 ... 7:
		alloc_kmalloc();
		break;
	case 8:
		alloc_bulk();
		break;
	case 9 ... 14:
		free_one();
		break;
	case 15:
		free_bulk();
		break;
	case 16 ... 17:
		reallocate();
		break;
	case 18:
		shrink();
		break;
	default:
		/* Reports are long: few of them. */
		switch (selftest_random_below(16)) {
		case 0:
			free_wrong();
			break;
		case 1:
			free_twice();
			break;
		case 2 ... 3:
			destroy();
			break;
		}
	}
}

SELFTEST(slab_model, random_calls_agree_with_a_model)
{
	unsigned long steps = selftest_scaled(4000);

	nr_live = nr_made[0] = nr_made[1] = nr_unmade = 0;
	memset(nr_of, 0, sizeof(nr_of));
	for (unsigned int kind = 0; kind < NR_KINDS; kind++)
		REQUIRE(make(kind));
	for (unsigned long i = 0; i < steps; i++) {
		step();
		if (i % 256 == 0)
			compare();
	}
	while (nr_live)
		free_one();
	for (unsigned int kind = 0; kind < NR_KINDS; kind++) {
		CHECK_EQ(count_used(caches[kind]), 0);
		CHECK_EQ(kmem_cache_destroy(caches[kind]), 0);
	}
	CHECK_EQ(nr_made[1], nr_unmade);
}
