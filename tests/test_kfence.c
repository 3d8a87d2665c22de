// SPDX-License-Identifier: MIT
/* Objects between guard pages: what is wrong is seen at the very byte, and the kernel goes on. */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <quarry/quarry.h>
#include "mm/fault.h"
#include "mm/init_memory.h"
#include "mm/kfence.h"
#include "mm/owners.h"
#define LISTEN_SIZE 8192
#include "tests/listen.h"
#include "tests/selftest.h"

#define SIZE	 64U
#define ATTEMPTS 200

enum side { LEFT, RIGHT, ANY };

static struct kmem_cache *cache_of(size_t size, slab_flags_t flags, void (*ctor)(void *))
{
	return kmem_cache_create("test-kfence", size, 0, flags, ctor);
}

/* Can this machine pose the question to that cache? */
static const char *why_not(const struct kmem_cache *cache)
{
	if (!kfence_size)
		return "there is no pool: too little memory, or kfence.sample_interval=0";
	if (!fault_is_off())
		return "nothing is guarded while allocations fail on purpose";
	if (slab_is_debugged(cache))
		return "slab_debug= has checks of its own";
	if (page_to_nid(virt_to_page((void *)kfence_base)) != numa_mem_id())
		return "the pool is another node's";
	return NULL;
}

static bool lies_on(const void *object, enum side side)
{
	unsigned long first = (unsigned long)object % PAGE_SIZE;

	return side == ANY || (side == LEFT ? !first : first + SIZE == PAGE_SIZE);
}

/* A guarded object of the cache, at that end of its page. */
static u8 *guarded(struct kmem_cache *cache, enum side side, gfp_t gfp)
{
	unsigned long before = quarry_kfence(1);
	u8 *object = NULL;

	for (unsigned int i = 0; i < ATTEMPTS; i++) {
		object = kmem_cache_alloc(cache, gfp);
		if (!object || (is_kfence_address(object) && lies_on(object, side)))
			break;
		kmem_cache_free(cache, object);
		object = NULL;
	}
	quarry_kfence(before);
	CHECK(object);
	return object;
}

/* A cache for the case, or the case is skipped. */
#define NEED_CACHE(cache, flags, ctor) do { \
	(cache) = cache_of(SIZE, flags, ctor); \
	REQUIRE(cache); \
	if (why_not(cache)) { \
		kmem_cache_destroy(cache); \
		SKIP("no guarded objects here"); \
	} \
} while (0)

static void write_byte(u8 *at, u8 value)
{
	WRITE_ONCE(*at, value);
	barrier();
}

static void expect_access(const char *log, const char *what, const char *where)
{
	CHECK(strstr(log, what));
	CHECK(strstr(log, where));
	CHECK(strstr(log, "size=64, cache=test-kfence"));
	CHECK(strstr(log, "allocated in thread"));
}

SELFTEST(kfence, a_write_one_byte_past_the_end_is_seen)
{
	struct kmem_cache *cache;
	const char *log;
	u8 *object;

	NEED_CACHE(cache, 0, NULL);
	object = guarded(cache, RIGHT, GFP_KERNEL);
	REQUIRE(object);
	selftest_expect_reports(1);
	write_byte(&object[SIZE - 1], 1);
	listen_start();
	write_byte(&object[SIZE], 0x5a);
	log = listen_stop();
	expect_access(log, "BUG: KFENCE: out-of-bounds write in ", "(1B right of kfence-#");
	CHECK(!strstr(log, "freed in thread"));
	CHECK_EQ(READ_ONCE(object[SIZE]), 0x5a);	/* shown: it goes on, and says so once */
	kmem_cache_free(cache, object);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(kfence, a_read_one_byte_before_the_beginning_is_seen)
{
	struct kmem_cache *cache;
	u8 *object;

	NEED_CACHE(cache, 0, NULL);
	object = guarded(cache, LEFT, GFP_KERNEL);
	REQUIRE(object);
	selftest_expect_reports(1);
	listen_start();
	(void)READ_ONCE(object[-1]);
	expect_access(listen_stop(), "BUG: KFENCE: out-of-bounds read in ",
		      "(1B left of kfence-#");
	kmem_cache_free(cache, object);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(kfence, a_guard_faults_again_after_the_object_was_freed)
{
	struct kmem_cache *cache;
	phys_addr_t pa;
	u8 *object;

	NEED_CACHE(cache, 0, NULL);
	object = guarded(cache, RIGHT, GFP_KERNEL);
	REQUIRE(object);
	selftest_expect_reports(1);
	write_byte(&object[SIZE], 1);
	kmem_cache_free(cache, object);
	CHECK(!port_translate((unsigned long)object + SIZE, &pa));
	CHECK(!port_translate((unsigned long)object, &pa));
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* An object that was given back, whose right neighbour nobody has: the guard between them. */
static unsigned long idle_guard(struct kmem_cache *cache)
{
	for (unsigned int i = 0; i < QUARRY_KFENCE_OBJECTS; i++) {
		u8 *object = guarded(cache, ANY, GFP_KERNEL);
		unsigned long index = ((unsigned long)object - kfence_base) / PAGE_SIZE / 2 - 1;

		if (!object)
			return 0;
		kmem_cache_free(cache, object);
		if (index + 1 == QUARRY_KFENCE_OBJECTS ||
		    READ_ONCE(kfence_objects[index + 1].state) != KFENCE_USED)
			return ALIGN_DOWN((unsigned long)object, PAGE_SIZE) + PAGE_SIZE;
	}
	return 0;
}

SELFTEST(kfence, a_guard_beside_nobody_faults_again_when_somebody_comes)
{
	unsigned long guards[2] = { 0, kfence_base + 8 };	/* and the first of the pool */
	struct kmem_cache *cache;
	phys_addr_t pa;

	NEED_CACHE(cache, 0, NULL);
	guards[0] = idle_guard(cache);
	if (!guards[0] || kfence_objects[0].state == KFENCE_USED) {
		kmem_cache_destroy(cache);
		SKIP("every guard has somebody beside it");
	}
	selftest_expect_reports(2);
	for (unsigned int i = 0; i < 2; i++) {
		write_byte((u8 *)guards[i], 1);
		CHECK(port_translate(guards[i], &pa));		/* shown: it goes on */
	}
	for (unsigned int i = 0; i <= QUARRY_KFENCE_OBJECTS; i++)
		kmem_cache_free(cache, guarded(cache, ANY, GFP_KERNEL));
	CHECK(!port_translate(guards[0], &pa));
	CHECK(!port_translate(guards[1], &pa));
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(kfence, a_write_past_the_far_end_is_seen_at_the_free)
{
	struct kmem_cache *cache;
	u8 *object;

	NEED_CACHE(cache, 0, NULL);
	for (enum side side = LEFT; side <= RIGHT; side++) {
		object = guarded(cache, side, GFP_KERNEL);
		REQUIRE(object);
		selftest_expect_reports(1);
		object[side == LEFT ? (long)SIZE : -1L] = 0x11;
		listen_start();
		kmem_cache_free(cache, object);
		expect_access(listen_stop(), "BUG: KFENCE: memory corruption in kmem_cache_free",
			      side == LEFT ? "1B right of" : "1B left of");
	}
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(kfence, a_read_after_the_free_is_seen)
{
	struct kmem_cache *cache;
	const char *log;
	u8 *object;

	NEED_CACHE(cache, 0, NULL);
	object = guarded(cache, ANY, GFP_KERNEL);
	REQUIRE(object);
	object[3] = 0x33;
	kmem_cache_free(cache, object);
	selftest_expect_reports(1);
	listen_start();
	CHECK_EQ(READ_ONCE(object[3]), init_on_free ? 0 : 0x33);
	log = listen_stop();
	expect_access(log, "BUG: KFENCE: use-after-free read in ", "(in kfence-#");
	CHECK(strstr(log, "freed in thread"));
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(kfence, wrong_frees_are_reported_and_change_nothing)
{
	struct kmem_cache *cache, *other;
	u8 *object;

	NEED_CACHE(cache, 0, NULL);
	other = kmem_cache_create("test-kfence-2", SIZE, 0, 0, NULL);
	object = guarded(cache, ANY, GFP_KERNEL);
	REQUIRE(object && other);
	selftest_expect_reports(4);
	listen_start();
	kmem_cache_free(cache, object + 8);		/* inside */
	kmem_cache_free(other, object);			/* another cache's */
	kfree((void *)(kfence_base + 8));		/* a guard page */
	CHECK(strstr(listen_stop(), "BUG: KFENCE: invalid free in kmem_cache_free"));
	memset(object, 1, SIZE);			/* still there */
	kmem_cache_free(cache, object);
	listen_start();
	kmem_cache_free(cache, object);			/* again */
	CHECK(strstr(listen_stop(), "freed in thread"));
	CHECK_EQ(kmem_cache_destroy(other), 0);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* A guarded object of kmalloc(), whose magazines are emptied for it. */
static void *guarded_kmalloc(size_t size)
{
	unsigned long before;
	void *object;

	for (unsigned int i = 0; i < ATTEMPTS; i++) {
		quarry_reap(true);
		before = quarry_kfence(1);
		object = kmalloc(size, GFP_KERNEL);
		quarry_kfence(before);
		if (!object || is_kfence_address(object))
			return object;
		kfree(object);
	}
	return NULL;
}

SELFTEST(kfence, kmalloc_and_its_like_know_such_objects)
{
	struct kmem_cache *cache;
	struct rcu_head *head;
	u8 *object, *larger;

	NEED_CACHE(cache, 0, NULL);
	kmem_cache_destroy(cache);
	if (slab_is_debugged(kmalloc_caches[__kmalloc_class(SIZE)]))
		SKIP("slab_debug= has checks of its own");
	object = guarded_kmalloc(SIZE);
	REQUIRE(object);
	CHECK_EQ(ksize(object), SIZE);
	CHECK(virt_addr_valid(object));
	CHECK(page_address(virt_to_page(object)) == (void *)((unsigned long)object & PAGE_MASK));
	memset(object, 0x42, SIZE);
	CHECK(krealloc(object, SIZE / 2, GFP_KERNEL) == object);
	larger = krealloc(object, 2 * SIZE, GFP_KERNEL);
	REQUIRE(larger && larger != object);
	CHECK(!memchr_inv(larger, 0x42, SIZE));
	CHECK_EQ(kfence_ksize(object), 0);		/* freed */
	kfree(larger);
	object = guarded_kmalloc(SIZE);
	REQUIRE(object);
	kfree_sensitive(object);
	head = guarded_kmalloc(SIZE);
	REQUIRE(head);
	__kfree_call_rcu(head + 1);			/* a head inside the object */
	rcu_barrier();
	CHECK_EQ(kfence_ksize(head), 0);
}

static unsigned int constructed;

static void construct(void *object)
{
	constructed++;
	memset(object, 0x77, SIZE);
}

SELFTEST(kfence, constructors_run_and_zeroes_are_given)
{
	struct kmem_cache *cache;
	u8 *object;

	NEED_CACHE(cache, 0, construct);
	constructed = 0;
	object = guarded(cache, ANY, GFP_KERNEL);
	REQUIRE(object);
	CHECK(constructed);
	CHECK(!memchr_inv(object, 0x77, SIZE));
	kmem_cache_free(cache, object);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
	NEED_CACHE(cache, 0, NULL);
	object = guarded(cache, ANY, GFP_KERNEL | __GFP_ZERO);
	REQUIRE(object);
	CHECK(!memchr_inv(object, 0, SIZE));
	kmem_cache_free(cache, object);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(kfence, a_reader_may_look_until_it_is_done)
{
	struct kmem_cache *cache;
	phys_addr_t pa;
	u8 *object;

	NEED_CACHE(cache, SLAB_TYPESAFE_BY_RCU, NULL);
	object = guarded(cache, ANY, GFP_KERNEL);
	REQUIRE(object);
	object[0] = 9;
	rcu_read_lock();
	kmem_cache_free(cache, object);
	CHECK_EQ(READ_ONCE(object[0]), 9);
	rcu_read_unlock();
	rcu_barrier();
	CHECK(!port_translate((unsigned long)object, &pa));
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(kfence, a_cache_with_a_guarded_object_in_use_stays)
{
	struct kmem_cache *cache;
	u8 *object;

	NEED_CACHE(cache, 0, NULL);
	object = guarded(cache, ANY, GFP_KERNEL);
	REQUIRE(object);
	selftest_expect_reports(1);
	listen_start();
	CHECK_EQ(kmem_cache_destroy(cache), -EBUSY);
	CHECK(strstr(listen_stop(), "1 objects are in use"));
	kmem_cache_free(cache, object);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(kfence, what_cannot_be_sampled_is_not)
{
	struct kmem_cache *cache, *large;
	unsigned long before;
	u8 *object;

	NEED_CACHE(cache, SLAB_CACHE_DMA32, NULL);
	large = kmem_cache_create("test-kfence-large", PAGE_SIZE + 8, 0, 0, NULL);
	REQUIRE(large);
	before = quarry_kfence(1);
	object = kmem_cache_alloc(cache, GFP_KERNEL | __GFP_NOWARN);
	if (object)
		CHECK(!is_kfence_address(object));
	kmem_cache_free(cache, object);
	object = kmem_cache_alloc(large, GFP_KERNEL);
	CHECK(object && !is_kfence_address(object));
	kmem_cache_free(large, object);
	quarry_kfence(before);
	CHECK_EQ(kmem_cache_destroy(large), 0);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* From one place in the sources: what is left of the pool is kept for others. */
SELFTEST(kfence, one_place_does_not_take_the_whole_pool)
{
	static void *objects[4 * QUARRY_KFENCE_OBJECTS];
	struct kmem_cache *cache;
	unsigned long before;
	unsigned int taken = 0;

	NEED_CACHE(cache, 0, NULL);
	before = quarry_kfence(1);
	for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++) {
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		taken += is_kfence_address(objects[i]);
	}
	quarry_kfence(before);
	CHECK(taken);
	CHECK(taken <= QUARRY_KFENCE_OBJECTS - QUARRY_KFENCE_OBJECTS / 4 + 1);
	kmem_cache_free_bulk(cache, ARRAY_SIZE(objects), objects);
	CHECK_EQ(kfence_find_used(cache, NULL, 0, 0), 0);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(kfence, one_in_so_many_allocations_is_sampled)
{
	const unsigned int every = 100, nr = 1000;
	struct kmem_cache *cache;
	unsigned long before;
	unsigned int taken = 0;

	NEED_CACHE(cache, 0, NULL);
	before = quarry_kfence(every);
	for (unsigned int i = 0; i < nr; i++) {
		void *object = kmem_cache_alloc_bulk(cache, GFP_KERNEL, 1, &object) ? object : NULL;

		taken += is_kfence_address(object);
		kmem_cache_free(cache, object);
		if (i % 10 == 9)
			kmem_cache_shrink(cache);	/* so that the magazines are asked for */
	}
	quarry_kfence(0);
	for (unsigned int i = 0; i < nr; i++) {
		void *object = kmem_cache_alloc(cache, GFP_KERNEL);

		CHECK(!is_kfence_address(object));
		kmem_cache_free(cache, object);
	}
	quarry_kfence(before);
	CHECK(taken && taken <= nr / every + 2);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

/* Objects of that cache that owners.c knows of, by nobody in particular. */
static unsigned long owned(const char *cache)
{
	struct owners *owners = owners_take(OWNERS_OBJECTS);
	unsigned long count = 0;

	for (unsigned int i = 0; owners && i < owners->max; i++)
		if (!owners->sites[i].nr && !strcmp(owners->sites[i].what, cache))
			count += owners->sites[i].count;
	quarry_owners_free(owners);
	return count;
}

SELFTEST(kfence, a_guarded_object_is_one_of_its_caches)
{
	struct kmem_cache *cache;
	u8 *object;

	NEED_CACHE(cache, 0, NULL);
	CHECK_EQ(owned("test-kfence"), 0);
	object = guarded(cache, ANY, GFP_KERNEL);
	if (object) {
		CHECK_EQ(owned("test-kfence"), 1);
		kmem_cache_free(cache, object);
	}
	CHECK_EQ(owned("test-kfence"), 0);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}
