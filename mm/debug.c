/* SPDX-License-Identifier: MIT */
/*
 * Checks of objects, for caches that want them, and what is wrong with an object, in words.
 *
 *	| red zone | object			     | red zone to the next one's |
 *	  0xbb free, 0xcc in use: a write past either end changes them
 *		     0x6b ... 0x6b 0xa5 free: a write after the free changes it (SLAB_POISON)
 *		     0x5a ... 0x5a given out, and not yet written
 *
 * A cache with any of these flags has no magazines (slab_cpu.c), so its objects come and go by
 * the slow paths, which call the hooks below; the fast path of other caches has not an
 * instruction of it. What was found is reported once, with the object, its bytes and its users,
 * and put right, so that the kernel goes on. Objects with a constructor or destructor, and of
 * caches with SLAB_TYPESAFE_BY_RCU, are not poisoned: their content belongs to the user while they
 * are free.
 *
 * Who reads poison gets numbers that are easy to tell. As a pointer it leads nowhere on any
 * machine, so its first use is a fault, and the report of that says which register has it.
 *
 * Locks: none; hooks work on objects that nobody else has. Reports: any context.
 */
#include <linux/poison.h>
#include "kasan.h"

#define SHOWN 16			/* bytes of an object in a report */
#define NEAR  PAGE_SIZE		/* from poison as a pointer to a member of what it points to */

/* ---- Reports ---- */

/* What is wrong with freeing what lies there; the cache it lies in, or NULL. */
static const char *why_not(const void *object, const struct kmem_cache *cache,
			   const struct slab *slab)
{
	u32 index;

	if (!slab)
		return virt_addr_valid(object) ? "not from a cache" : "no such memory";
	index = slab_index(slab, object);
	if (index >= slab->nr)
		return "not where an object begins";
	if (READ_ONCE(slab->state[index]) != OBJECT_USED)
		return "already free";
	return cache && slab->cache != cache ? "object of another cache" : "freed twice at once";
}

void slab_report_free(const char *call, const struct kmem_cache *cache, const void *object)
{
	const struct slab *slab = slab_of(object);
	const char *why = why_not(object, cache, slab);

	report_misuse(QUARRY_BAD_FREE, object, "%s(%s%sobject:%px): %s%s%s", call,
		      cache ? cache->name : "", cache ? ", " : "", object, why,
		      slab ? ", in cache " : "", slab ? slab->cache->name : "");
	if (slab)
		slab_track_print(slab, slab_index(slab, object));
}

void slab_report_twice(const struct kmem_cache *cache, const void *object)
{
	report_misuse(QUARRY_BAD_FREE, object, "cache %s, object %px: freed twice at once",
		      cache->name, object);
}

void slab_describe(const void *object)
{
	const struct slab *slab = slab_of(object);

	pr_err("object %px of cache %s\n", object, slab ? slab->cache->name : "none");
	if (slab)
		slab_track_print(slab, slab_index(slab, object));
}

static void report_bytes(const struct slab *slab, void *object, const char *what, const u8 *at,
			 u8 expected)
{
	const u8 *bytes = object;
	char text[3 * SHOWN + 1];
	int len = 0;

	report_misuse(QUARRY_CORRUPTION, object,
		      "cache %s, object %px: %s overwritten: byte %ld is %#x, not %#x",
		      slab->cache->name, object, what, (long)(at - bytes), *at, expected);
	for (unsigned int i = 0; i < SHOWN && i < slab->cache->object_size; i++)
		len += scnprintf(text + len, sizeof(text) - (size_t)len, "%02x ", bytes[i]);
	pr_err("object %px: %s...\n", object, len ? text : "");
	slab_track_print(slab, slab_index(slab, object));
}

/* ---- Red zones and poison ---- */

static bool is_poisoned(const struct kmem_cache *cache)
{
	return (cache->flags & SLAB_POISON) && !slab_keeps_content(cache);
}

static u32 right_zone(const struct kmem_cache *cache)
{
	return cache->size - cache->left - cache->object_size;
}

static void set_zones(const struct kmem_cache *cache, u8 *object, u8 value)
{
	if (!(cache->flags & SLAB_RED_ZONE))
		return;
	memset(object - cache->left, value, cache->left);
	memset(object + cache->object_size, value, right_zone(cache));
}

static void check_zones(const struct slab *slab, u8 *object, u8 value)
{
	const struct kmem_cache *cache = slab->cache;
	const u8 *wrong;

	if (!(cache->flags & SLAB_RED_ZONE))
		return;
	wrong = memchr_inv(object - cache->left, value, cache->left);
	if (wrong)
		report_bytes(slab, object, "left red zone", wrong, value);
	wrong = memchr_inv(object + cache->object_size, value, right_zone(cache));
	if (wrong)
		report_bytes(slab, object, "right red zone", wrong, value);
}

static void set_poison(const struct kmem_cache *cache, u8 *object)
{
	if (!is_poisoned(cache))
		return;
	memset(object, POISON_FREE, cache->object_size);
	object[cache->object_size - 1] = POISON_END;
}

/* Its user has it, and has not written it. */
static void set_unwritten(const struct kmem_cache *cache, u8 *object)
{
	if (is_poisoned(cache))
		memset(object, POISON_INUSE, cache->object_size);
}

static void check_poison(const struct slab *slab, u8 *object)
{
	const struct kmem_cache *cache = slab->cache;
	u32 last = cache->object_size - 1;
	const u8 *wrong;

	if (!is_poisoned(cache))
		return;
	wrong = memchr_inv(object, POISON_FREE, last);
	if (wrong)
		report_bytes(slab, object, "poison", wrong, POISON_FREE);
	else if (object[last] != POISON_END)
		report_bytes(slab, object, "poison", object + last, POISON_END);
}

static bool is_near(unsigned long value, unsigned long poison)
{
	return value + NEAR - poison <= 2 * NEAR;
}

const char *quarry_explain_value(unsigned long value)
{
	const unsigned long ones = ~0UL / 0xff;		/* each byte is 1 */
	const unsigned long last = (unsigned long)(POISON_END ^ POISON_FREE) << (BITS_PER_LONG - 8);

	if (is_near(value, ones * POISON_INUSE) || value == (u32)(ones * POISON_INUSE))
		return "read from memory that was allocated and never written";
	if (is_near(value, ones * POISON_FREE) || value == (u32)(ones * POISON_FREE) ||
	    is_near(value, (ones * POISON_FREE) ^ last))
		return "read from memory that was freed";
	return NULL;
}

/* ---- Hooks ---- */

static void check_slab(const struct slab *slab)
{
	const char *fault = slab->cache->flags & SLAB_CONSISTENCY_CHECKS ? slab_fault(slab) : NULL;

	if (fault)
		report_misuse(QUARRY_CORRUPTION, slab, "cache %s, slab %px: %s", slab->cache->name,
			      slab, fault);
}

void slab_debug_new(struct slab *slab)
{
	kasan_pause();
	for (unsigned int i = 0; i < slab->nr; i++) {
		set_zones(slab->cache, slab_object(slab, i), SLUB_RED_INACTIVE);
		set_poison(slab->cache, slab_object(slab, i));
	}
	kasan_resume();
}

void slab_debug_alloc(void *object)
{
	const struct slab *slab = slab_of(object);

	kasan_pause();
	check_slab(slab);
	check_zones(slab, object, SLUB_RED_INACTIVE);
	check_poison(slab, object);
	set_zones(slab->cache, object, SLUB_RED_ACTIVE);
	set_unwritten(slab->cache, object);
	kasan_slab_alloc(slab->cache, object);
	kasan_resume();
	if (slab->cache->flags & SLAB_STORE_USER)
		slab_track(slab, slab_index(slab, object), SLAB_ALLOCATED);
	if (slab->cache->flags & SLAB_TRACE)
		pr_info("TRACE %s alloc %px\n", slab->cache->name, object);
}

void slab_debug_free(void *object)
{
	const struct slab *slab = slab_of(object);

	kasan_pause();
	check_slab(slab);
	check_zones(slab, object, SLUB_RED_ACTIVE);
	set_zones(slab->cache, object, SLUB_RED_INACTIVE);
	set_poison(slab->cache, object);
	kasan_slab_free(slab->cache, object);
	kasan_resume();
	if (slab->cache->flags & SLAB_STORE_USER)
		slab_track(slab, slab_index(slab, object), SLAB_FREED);
	if (slab->cache->flags & SLAB_TRACE)
		pr_info("TRACE %s free %px\n", slab->cache->name, object);
}
