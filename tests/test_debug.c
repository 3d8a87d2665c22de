// SPDX-License-Identifier: MIT
/* Caches with red zones, poison, owners and checks; the option slab_debug=. */
#define SELFTEST_UNSAMPLED 1
#include <linux/mm.h>
#include <linux/poison.h>
#include <linux/slab.h>
#include <quarry/quarry.h>
#include "mm/init_memory.h"
#include "mm/kmemleak.h"
#include "mm/slab.h"
#define LISTEN_SIZE 16384
#include "tests/listen.h"
#include "tests/selftest.h"

#define ALL (SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)

static struct kmem_cache *cache_with(slab_flags_t flags)
{
	return kmem_cache_create("test-debug", 60, 0, flags, NULL);
}

/* Breaks one byte at `offset` while the object is in use, frees it; what the report says. */
static const char *free_broken(struct kmem_cache *cache, long offset)
{
	u8 *object = kmem_cache_alloc(cache, GFP_KERNEL);

	if (!CHECK(object))
		return "";
	memset(object, 0x11, 60);
	object[offset] = 0x77;
	listen_start();
	kmem_cache_free(cache, object);
	return listen_stop();
}

SELFTEST(debug, red_zones_catch_writes_past_either_end)
{
	SKIP_WITH_KASAN();
	struct kmem_cache *cache = cache_with(SLAB_RED_ZONE);

	REQUIRE(cache);
	CHECK(strstr(free_broken(cache, 59), "overwritten") == NULL);
	selftest_expect_reports(2);
	CHECK(strstr(free_broken(cache, 60), "right red zone overwritten: byte 60 is 0x77"));
	CHECK(strstr(free_broken(cache, -1), "left red zone overwritten: byte -1 is 0x77"));
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* Takes all objects of a slab, and gives them back: is that one among them? */
static bool comes_again(struct kmem_cache *cache, const void *object)
{
	void *objects[PAGE_SIZE / 60];
	bool seen = false;
	unsigned int n = 0;

	while (n < cache->nr && n < ARRAY_SIZE(objects) &&
	       (objects[n] = kmem_cache_alloc(cache, GFP_KERNEL)))
		seen |= objects[n++] == object;
	while (n > 0)
		kmem_cache_free(cache, objects[--n]);
	return seen;
}

SELFTEST(debug, poison_catches_writes_after_the_free)
{
	SKIP_WITH_KASAN();
	struct kmem_cache *cache = cache_with(SLAB_POISON);
	const char *heard;
	u8 *object;

	REQUIRE(cache);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	REQUIRE(object);
	kmem_cache_free(cache, object);
	CHECK_EQ(object[0], 0x6b);
	CHECK_EQ(object[59], 0xa5);
	object[17] = 0;
	selftest_expect_reports(1);
	listen_start();
	CHECK(comes_again(cache, object));
	heard = listen_stop();
	CHECK(strstr(heard, "poison overwritten: byte 17 is 0, not 0x6b") ||
	      strstr(heard, "poison overwritten: byte 17 is 0x0, not 0x6b"));
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

static noinline void *taken_here(struct kmem_cache *cache)
{
	void *object = kmem_cache_alloc(cache, GFP_KERNEL);

	barrier();	/* no tail call: this function is to be in the trace */
	return object;
}

static noinline void freed_here(struct kmem_cache *cache, void *object)
{
	kmem_cache_free(cache, object);
	barrier();
}

SELFTEST(debug, reports_name_who_allocated_and_who_freed)
{
	struct kmem_cache *cache = cache_with(SLAB_STORE_USER);
	const char *heard;
	void *object;

	REQUIRE(cache);
	object = taken_here(cache);
	REQUIRE(object);
	selftest_expect_reports(2);
	listen_start();
	CHECK_EQ(kmem_cache_destroy(cache), -EBUSY);
	heard = listen_stop();
	CHECK(strstr(heard, "1 objects are in use") && strstr(heard, "taken_here"));
	freed_here(cache, object);
	listen_start();
	kmem_cache_free(cache, object);
	heard = listen_stop();
	CHECK(strstr(heard, "already free") && strstr(heard, "taken_here") &&
	      strstr(heard, "freed_here"));
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(debug, tracing_logs_each_call)
{
	struct kmem_cache *cache = cache_with(SLAB_TRACE);
	const char *heard;

	REQUIRE(cache);
	listen_start();
	kmem_cache_free(cache, kmem_cache_alloc(cache, GFP_KERNEL));
	heard = listen_stop();
	CHECK(strstr(heard, "TRACE test-debug alloc ") && strstr(heard, "TRACE test-debug free "));
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(debug, consistency_checks_find_a_broken_slab)
{
	struct kmem_cache *cache = cache_with(SLAB_CONSISTENCY_CHECKS);
	void *object;

	REQUIRE(cache);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	REQUIRE(object);
	cache->nr++;
	selftest_expect_reports(1);
	kmem_cache_free(cache, object);
	cache->nr--;
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(debug, what_was_never_written_can_be_told)
{
	SKIP_WITH_KASAN();
	struct kmem_cache *cache = cache_with(SLAB_POISON);
	unsigned long *object;

	REQUIRE(cache);
	for (int i = 0; i < 3; i++) {
		object = kmem_cache_alloc(cache, GFP_KERNEL);
		REQUIRE(object);
		if (!init_on_alloc) {
			CHECK(!memchr_inv(object, POISON_INUSE, 60));
			CHECK(strstr(quarry_explain_value(object[0]), "never written"));
		}
		memset(object, 0, 60);
		kmem_cache_free(cache, object);
		CHECK(strstr(quarry_explain_value(object[0]), "freed"));
	}
	object = kmem_cache_zalloc(cache, GFP_KERNEL);
	REQUIRE(object);
	CHECK(!memchr_inv(object, 0, 60));
	kmem_cache_free(cache, object);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(debug, numbers_near_poison_are_explained_and_no_others)
{
	CHECK(strstr(quarry_explain_value(0x5a5a5a5a5a5a5a5aUL + 0x20), "never written"));
	CHECK(strstr(quarry_explain_value(0x5a5a5a5aUL), "never written"));
	CHECK(strstr(quarry_explain_value(0x6b6b6b6b6b6b6b6bUL - 8), "freed"));
	CHECK(strstr(quarry_explain_value(0x6b6b6b6bUL), "freed"));
	CHECK(strstr(quarry_explain_value(0xa56b6b6b6b6b6b6bUL), "freed"));
	CHECK(!quarry_explain_value(0));
	CHECK(!quarry_explain_value(~0UL));
	CHECK(!quarry_explain_value(port_direct_base));
	CHECK(!quarry_explain_value(0x5a5a5a5a5a5a5a5aUL + 2 * PAGE_SIZE));
}

#define MARK 0x600d

static void construct(void *object)
{
	*(u32 *)object = MARK;
}

SELFTEST(debug, constructed_state_is_not_poisoned)
{
	struct kmem_cache *cache = kmem_cache_create("test-debug", 64, 0, ALL, construct);

	REQUIRE(cache);
	for (int i = 0; i < 3; i++) {
		u32 *object = kmem_cache_alloc(cache, GFP_KERNEL);

		REQUIRE(object);
		CHECK_EQ(*object, MARK);
		kmem_cache_free(cache, object);
	}
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

static atomic_t nr_marked;

static void destruct(void *object, struct kmem_cache *cache, unsigned long flags)
{
	if (*(u32 *)object == MARK)
		atomic_inc(&nr_marked);
}

/* It sees what the last user left. */
SELFTEST(debug, what_waits_for_its_destructor_is_not_poisoned)
{
	struct kmem_cache *cache = kmem_cache_create("test-debug", 64, 0, ALL, NULL, destruct);
	u32 *objects[8];

	REQUIRE(cache);
	atomic_set(&nr_marked, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++) {
		objects[i] = kmem_cache_zalloc(cache, GFP_KERNEL);
		REQUIRE(objects[i]);
		*objects[i] = MARK;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++)
		kmem_cache_free(cache, objects[i]);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
	CHECK(atomic_read(&nr_marked) >= (int)ARRAY_SIZE(objects));
}

/* All of it at once, at all alignments: objects lie where they should, and nothing is reported. */
SELFTEST(debug, everything_together_stays_quiet)
{
	static const u32 aligns[] = { 0, 16, 64, 256, 4096 };
	static void *objects[40];

	for (unsigned int i = 0; i < ARRAY_SIZE(aligns); i++) {
		struct kmem_cache *cache = kmem_cache_create("test-debug", 100, aligns[i],
							     ALL, NULL);

		REQUIRE(cache);
		for (int round = 0; round < 2; round++) {
			for (unsigned int j = 0; j < ARRAY_SIZE(objects); j++) {
				objects[j] = kmem_cache_alloc(cache, GFP_KERNEL | __GFP_NOWARN);
				CHECK(IS_ALIGNED((unsigned long)objects[j], max(aligns[i], 8u)));
				if (objects[j])
					memset(objects[j], 0xff, 100);
			}
			for (unsigned int j = 0; j < ARRAY_SIZE(objects); j++)
				kmem_cache_free(cache, objects[j]);
		}
		CHECK_EQ(kmem_cache_destroy(cache), 0);
	}
}

static slab_flags_t flags_under(const char *option, const char *name)
{
	slab_flags_t flags;

	slab_debug_set(option);
	flags = slab_debug_flags(name, SLAB_PANIC);
	slab_debug_set(slab_debug_option);
	return flags & ~SLAB_PANIC;
}

SELFTEST(debug, the_option_chooses_caches_and_checks)
{
	SKIP_WITH_KASAN();
	if (kmemleak_on)
		SKIP("kmemleak=on gives all caches owners");
	CHECK_EQ(flags_under(NULL, "dentry"), 0);
	CHECK_EQ(flags_under("FZPUT", "dentry"), ALL | SLAB_TRACE);
	CHECK_EQ(flags_under("1", "dentry"), ALL);
	CHECK_EQ(flags_under("Z,dentry", "dentry"), SLAB_RED_ZONE);
	CHECK_EQ(flags_under("Z,dentry", "dentry2"), 0);
	CHECK_EQ(flags_under("zp,kmalloc-*", "kmalloc-64"), SLAB_RED_ZONE | SLAB_POISON);
	CHECK_EQ(flags_under("U,a*b,c", "axxb"), SLAB_STORE_USER);
	CHECK_EQ(flags_under("U,a*b", "abab"), SLAB_STORE_USER);
	CHECK_EQ(flags_under("U,a*b", "aba"), 0);
	CHECK_EQ(flags_under("U,*a*b*", "xaxaxbx"), SLAB_STORE_USER);
	CHECK_EQ(flags_under("U,*", ""), SLAB_STORE_USER);
	CHECK_EQ(flags_under("U,a", ""), 0);
	CHECK_EQ(flags_under(",dentry", "dentry"), ALL);
	CHECK_EQ(flags_under("F,a;P,b*;T", "bee"), SLAB_POISON);
	CHECK_EQ(flags_under("F,a;P,b*;T", "other"), SLAB_TRACE);
	CHECK_EQ(flags_under("-", "dentry"), 0);
	slab_debug_set("-");
	CHECK_EQ(slab_debug_flags("dentry", SLAB_POISON | SLAB_PANIC), SLAB_PANIC);
	listen_start();
	slab_debug_set("QZ");
	slab_debug_set(slab_debug_option);
	CHECK(strstr(listen_stop(), "Q is none of F, Z, P, U, T"));
}

/* Tries that grow by a factor with each star would not end: 2 to the 40th, and more. */
SELFTEST(debug, stars_of_the_option_take_no_time)
{
	SKIP_WITH_KASAN();
	if (kmemleak_on)
		SKIP("kmemleak=on gives all caches owners");
	CHECK_EQ(flags_under("U,*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
			     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), 0);
}
