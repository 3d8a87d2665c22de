// SPDX-License-Identifier: MIT
/*
 * Objects that nothing points to, with kmemleak=on. What leaks on purpose is made by a thread that
 * has ended, so that no stack and no register has its address by chance; the case keeps it hidden.
 * A variable may still have it by chance, of another test that had the same memory before. So who
 * expects a leak tries again with other memory, and keeps what was missed meanwhile.
 */
#define LISTEN_SIZE 16384
#include <linux/kmemleak.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <quarry/quarry.h>
#include "mm/kmemleak.h"
#include "mm/slab.h"
#include "tests/listen.h"
#include "tests/selftest.h"
#include "tests/threads.h"

#define SKIP_WITHOUT() do { \
	if (!kmemleak_on) \
		SKIP("kmemleak is off"); \
} while (0)

#define MASK 0x5a5a5a5a5a5a5a5aUL	/* so hidden, an address is none */
#define SIZE 264
#define TRIES 8

static unsigned long hidden;
static unsigned long missed[TRIES];	/* hidden, too; 0: none */
static void *volatile seen;		/* a root */
static size_t seen_offset;		/* into the object */
static void (*said)(const void *ptr);	/* of it, by who made it */
static unsigned long *volatile holder;	/* another object, to point to it */

static noinline void *leaky_kmalloc(void)
{
	void *object = kmalloc(SIZE, GFP_KERNEL | __GFP_ZERO);

	barrier();
	return object;
}

static noinline void *leaky_large(void)
{
	void *object = kmalloc(2 * KMALLOC_MAX_CACHE_SIZE,
			       GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);

	barrier();
	return object;
}

static noinline void *leaky_largest(void)
{
	void *object = kmalloc(KMALLOC_MAX_SIZE, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);

	barrier();
	return object;
}

static noinline void *leaky_vmalloc(void)
{
	void *area = vzalloc(3 * PAGE_SIZE);

	barrier();
	return area;
}

/* Of no allocator that kmemleak knows by itself. */
static noinline void *leaky_pages(void)
{
	void *pages = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, 1);

	if (pages)
		kmemleak_alloc(pages, 2 * PAGE_SIZE, 1, GFP_KERNEL);
	barrier();
	return pages;
}

static noinline void *kept_pages(void)
{
	void *pages = leaky_pages();

	if (pages)
		kmemleak_alloc(pages, 2 * PAGE_SIZE, 0, GFP_KERNEL);
	barrier();
	return pages;
}

static void make_in_thread(void *make)
{
	void *object = ((void *(*)(void))make)();

	hidden = (unsigned long)object ^ MASK;
	seen = seen_offset ? (char *)object + seen_offset : NULL;
	if (holder)
		holder[SIZE / sizeof(*holder) - 1] = (unsigned long)object;
	if (object && said)
		said(object);
}

/* Has a thread make one; false without memory. */
static bool make_hidden(void *(*make)(void))
{
	struct test_thread thread;

	hidden = MASK;
	test_thread_start(&thread, ANY_CPU, make_in_thread, (void *)make);
	test_thread_join(&thread);
	return hidden != MASK;
}

static void *reveal(void)
{
	return (void *)(hidden ^ MASK);
}

static void free_object(void *object)
{
	if (is_vmalloc_addr(object))
		vfree(object);
	else if (object && virt_to_page(object)->state == PAGE_USED &&
		 !(virt_to_page(object)->flags & PG_KMALLOC))
		free_pages((unsigned long)object, 1);
	else
		kfree(object);
}

static void free_missed(void)
{
	for (unsigned int i = 0; i < TRIES; i++) {
		if (missed[i])
			free_object((void *)(missed[i] ^ MASK));
		missed[i] = 0;
	}
}

static void forget_hidden(void)
{
	hidden = MASK;
	seen = NULL;
	seen_offset = 0;
	said = NULL;
}

static void free_hidden(void)
{
	free_object(reveal());
	forget_hidden();
}

/* How many leaks two scans find beside those that were there before. */
static unsigned int scan_twice(void)
{
	quarry_kmemleak_scan(false);
	return quarry_kmemleak_scan(false);
}

/* How many leaks more: 1 also when those that earlier tries missed are found along with it. */
static unsigned int more_than(unsigned int before, unsigned int found, unsigned int try)
{
	return found > before && found - before <= try + 1 ? 1 : found - before;
}

/* Frees it once it is found; else keeps it until the last try. */
static bool found_at_try(unsigned int try, bool found)
{
	if (!found) {
		missed[try] = hidden;
		forget_hidden();
		return false;
	}
	free_hidden();
	return true;
}

static noinline bool found_now(void *(*make)(void), unsigned int try)
{
	unsigned int before = scan_twice(), found;

	if (!make_hidden(make))
		return false;
	CHECK(quarry_kmemleak_scan(false) - before <= try);	/* one scan is not enough */
	listen_start();
	found = quarry_kmemleak_scan(true);
	listen_stop();
	return found_at_try(try, more_than(before, found, try) == 1);
}

static noinline bool finds(void *(*make)(void), const char *function)
{
	unsigned int before = scan_twice();
	bool found = false;

	for (unsigned int try = 0; try < TRIES && !found; try++)
		found = found_now(make, try);
	free_missed();
	CHECK(strstr(heard, "unreferenced object 0x"));
	CHECK(strstr(heard, function));
	CHECK_EQ(scan_twice(), before);
	return found;
}

SELFTEST(kmemleak, an_object_that_nothing_points_to_is_named)
{
	SKIP_WITHOUT();
	CHECK(finds(leaky_kmalloc, "leaky_kmalloc+"));
	CHECK(strstr(heard, "(size 288):") && strstr(heard, "hex dump (first 32 bytes):"));
	CHECK(strstr(heard, "backtrace:") && strstr(heard, "pid "));
}

SELFTEST(kmemleak, so_is_a_large_block)
{
	void *object = leaky_large();

	kfree(object);
	SKIP_WITHOUT();
	if (!object)
		SKIP("no memory for one");
	CHECK(finds(leaky_large, "leaky_large+"));
}

SELFTEST(kmemleak, so_is_an_area_of_vmalloc)
{
	SKIP_WITHOUT();
	CHECK(finds(leaky_vmalloc, "leaky_vmalloc+"));
}

/* Made, pointed to by `seen` as said, scanned: how many leaks more. */
static noinline unsigned int leaks_of(void *(*make)(void), size_t offset,
				      void (*says)(const void *ptr))
{
	unsigned int before = scan_twice(), found;

	seen_offset = offset;
	said = says;
	found = make_hidden(make) ? scan_twice() - before : 0;
	free_hidden();
	return found;
}

/* The same, which is expected to be one. */
static noinline unsigned int one_leak_of(void *(*make)(void), size_t offset,
					 void (*says)(const void *ptr))
{
	unsigned int found = 0;

	for (unsigned int try = 0; try < TRIES && !found; try++) {
		unsigned int before = scan_twice();

		seen_offset = offset;
		said = says;
		if (!make_hidden(make))
			break;
		found = more_than(before, scan_twice(), try);
		found_at_try(try, found);
	}
	free_missed();
	return found;
}

SELFTEST(kmemleak, a_pointer_into_the_middle_keeps_it)
{
	SKIP_WITHOUT();
	CHECK_EQ(leaks_of(leaky_kmalloc, SIZE / 2, NULL), 0);
	CHECK_EQ(leaks_of(leaky_large, KMALLOC_MAX_CACHE_SIZE + 8, NULL), 0);
	CHECK_EQ(leaks_of(leaky_largest, KMALLOC_MAX_SIZE - 8, NULL), 0);	/* 2 page blocks */
	CHECK_EQ(leaks_of(leaky_vmalloc, PAGE_SIZE + 8, NULL), 0);
	CHECK_EQ(one_leak_of(leaky_kmalloc, 288, NULL), 1);	/* one past its end does not */
}

SELFTEST(kmemleak, what_its_user_vouches_for_is_no_leak)
{
	SKIP_WITHOUT();
	CHECK_EQ(leaks_of(leaky_kmalloc, 0, kmemleak_not_leak), 0);
	CHECK_EQ(leaks_of(leaky_large, 0, kmemleak_ignore), 0);
	CHECK_EQ(leaks_of(leaky_vmalloc, 0, kmemleak_not_leak), 0);
	CHECK_EQ(one_leak_of(leaky_kmalloc, 0, kmemleak_no_scan), 1);
}

/* One that is pointed to, and points to the hidden one at its end. */
static noinline unsigned int leaks_behind(void (*says)(const void *ptr), unsigned int try)
{
	unsigned int before = scan_twice(), found = 0;

	holder = kmalloc(SIZE, GFP_KERNEL | __GFP_ZERO);
	if (!holder)
		return 0;
	if (says)
		says(holder);
	if (make_hidden(leaky_kmalloc)) {
		found = more_than(before, scan_twice(), try);
		found_at_try(try, found);
	}
	kfree(holder);
	holder = NULL;
	return found;
}

static noinline unsigned int one_leak_behind(void (*says)(const void *ptr))
{
	unsigned int found = 0;

	for (unsigned int try = 0; try < TRIES && !found; try++)
		found = leaks_behind(says, try);
	free_missed();
	return found;
}

SELFTEST(kmemleak, objects_are_reached_through_objects)
{
	SKIP_WITHOUT();
	CHECK_EQ(leaks_behind(NULL, 0), 0);
	free_missed();
	CHECK_EQ(one_leak_behind(kmemleak_no_scan), 1);
	CHECK_EQ(one_leak_behind(kmemleak_ignore), 1);
}

SELFTEST(kmemleak, so_is_a_block_of_pages_whose_user_wants_that)
{
	SKIP_WITHOUT();
	CHECK(finds(leaky_pages, "leaky_pages+"));
	CHECK(strstr(heard, "(size 8192):"));
	CHECK_EQ(leaks_of(leaky_pages, PAGE_SIZE + 8, NULL), 0);
	CHECK_EQ(leaks_of(leaky_pages, 0, kmemleak_free), 0);
	CHECK_EQ(leaks_of(kept_pages, 0, NULL), 0);
}

static void only_the_front(const void *ptr)
{
	kmemleak_scan_area(ptr, SIZE / 2, GFP_KERNEL);
}

/* More than a scan has room for. */
static void each_byte_of_the_front(const void *ptr)
{
	for (unsigned int i = 0; i < 16 * SIZE; i++)
		kmemleak_scan_area((const char *)ptr + i % (SIZE / 2), 8,
				   GFP_KERNEL | __GFP_NOWARN);
}

static void both_ends(const void *ptr)
{
	only_the_front(ptr);
	kmemleak_scan_area((const char *)ptr + SIZE - 8, SIZE_MAX, GFP_KERNEL);
}

SELFTEST(kmemleak, only_the_parts_that_are_named_point_to_others)
{
	SKIP_WITHOUT();
	CHECK_EQ(leaks_behind(both_ends, 0), 0);
	free_missed();
	CHECK_EQ(one_leak_behind(only_the_front), 1);
	CHECK_EQ(leaks_behind(each_byte_of_the_front, 0), 0);
	free_missed();
	CHECK_EQ(leaks_behind(NULL, 0), 0);	/* where one with parts was */
	free_missed();
}

SELFTEST(kmemleak, what_is_unreachable_for_now_gets_more_time)
{
	unsigned int before, later;

	SKIP_WITHOUT();
	before = scan_twice();
	if (!make_hidden(leaky_kmalloc))
		SKIP("no memory");
	quarry_kmemleak_scan(false);
	kmemleak_transient_leak(reveal());
	CHECK_EQ(quarry_kmemleak_scan(false), before);
	later = quarry_kmemleak_scan(false);
	CHECK(later <= before + 1);
	free_hidden();
}

static noinline void now_it_is_mine(const void *ptr)
{
	kmemleak_update_trace(ptr);
	barrier();
}

static noinline void *handed_on(void)
{
	void *object = leaky_kmalloc();

	if (object)
		now_it_is_mine(object);
	barrier();
	return object;
}

static noinline void *large_handed_on(void)
{
	void *object = leaky_large();

	if (object)
		now_it_is_mine(object);
	barrier();
	return object;
}

SELFTEST(kmemleak, who_has_it_now_is_named)
{
	void *object = leaky_large();

	kfree(object);
	SKIP_WITHOUT();
	CHECK(finds(handed_on, "now_it_is_mine+"));
	if (object)
		CHECK(finds(large_handed_on, "now_it_is_mine+"));
}

/* ---- Other stacks ---- */

static bool hold, holds;

/* Has the only pointer, in a register or on its stack, while it waits, asleep or not. */
static int holder_thread(void *asleep)
{
	void *object = leaky_kmalloc();

	__asm__ __volatile__("" : "+r"(object));
	smp_store_release(&holds, true);
	while (smp_load_acquire(&hold)) {
		if (asleep)
			schedule_timeout_uninterruptible(1);
		else
			cond_resched();
	}
	__asm__ __volatile__("" : "+r"(object));
	kfree(object);
	return 0;
}

static noinline unsigned int leaks_held(bool asleep)
{
	unsigned int before = scan_twice(), found;
	struct task_struct *task;

	WRITE_ONCE(hold, true);
	WRITE_ONCE(holds, false);
	task = kthread_run(holder_thread, asleep ? (void *)1 : NULL, "holder");
	if (IS_ERR(task))
		return 0;
	while (!smp_load_acquire(&holds))
		schedule_timeout_uninterruptible(1);
	found = scan_twice() - before;
	smp_store_release(&hold, false);
	kthread_stop(task);
	return found;
}

SELFTEST(kmemleak, a_pointer_on_another_stack_keeps_it)
{
	SKIP_WITHOUT();
	CHECK_EQ(leaks_held(true), 0);
	CHECK_EQ(leaks_held(false), 0);
}

SELFTEST(kmemleak, without_the_option_nothing_is_done)
{
	void *object = kmalloc(SIZE, GFP_KERNEL);

	kmemleak_not_leak(object);
	kmemleak_ignore(object);
	kmemleak_no_scan(object);
	kmemleak_scan_area(object, 8, GFP_KERNEL);
	kmemleak_transient_leak(object);
	kmemleak_update_trace(object);
	kmemleak_alloc(object, SIZE, 1, GFP_KERNEL);
	kmemleak_free(object);
	kmemleak_not_leak(NULL);
	kfree(object);
	if (!kmemleak_on)
		CHECK_EQ(scan_twice(), 0);
}
