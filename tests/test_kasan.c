// SPDX-License-Identifier: MIT
/* Every kind of touch that KASAN is there to find, done on purpose, in the build that has it. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/sizes.h>
#include <quarry/config.h>
#include "mm/guard.h"
#include "mm/vmap.h"
#include <quarry/quarry.h>
#define LISTEN_SIZE 8192
#include "tests/listen.h"
#include "tests/selftest.h"

#define NEED_KASAN() do { \
	if (!QUARRY_KASAN) \
		SKIP("not built with KASAN=1"); \
} while (0)

static noinline u8 load(const volatile u8 *at)
{
	return *at;
}

static noinline void store(volatile u8 *at)
{
	*at = 0x5a;
}

/* What is reported for one touch at `at`. */
static const char *reading(const void *at)
{
	selftest_expect_reports(1);
	listen_start();
	load(at);
	return listen_stop();
}

static const char *writing(void *at)
{
	selftest_expect_reports(1);
	listen_start();
	store(at);
	return listen_stop();
}

static void expect(const char *log, const char *kind, const char *access)
{
	CHECK(strstr(log, kind));
	CHECK(strstr(log, access));
	CHECK(strstr(log, "Memory state around the buggy address:"));
}

SELFTEST(kasan, an_object_ends_at_the_byte_that_was_asked_for)
{
	const char *log;
	u8 *object;

	NEED_KASAN();
	object = kmalloc(30, GFP_KERNEL);
	REQUIRE(object);
	store(object + 29);
	log = reading(object + 30);
	expect(log, "BUG: KASAN: slab-out-of-bounds in load", "Read of size 1 at addr");
	CHECK(strstr(log, "which belongs to the cache kmalloc-32"));
	CHECK(strstr(log, "0 bytes to the right of"));
	CHECK(strstr(log, "allocated 30-byte region ["));
	CHECK(strstr(log, "Allocated by task"));
	kfree(object);
}

SELFTEST(kasan, what_lies_before_an_object_is_not_its)
{
	u8 *object;

	NEED_KASAN();
	object = kmalloc(64, GFP_KERNEL);
	REQUIRE(object);
	expect(reading(object - 1), "slab-out-of-bounds in load", "1 bytes to the left of");
	kfree(object);
}

SELFTEST(kasan, a_freed_object_is_nobodys)
{
	const char *log;
	u8 *object;

	NEED_KASAN();
	object = kmalloc(64, GFP_KERNEL);
	REQUIRE(object);
	kfree(object);
	log = writing(object + 8);
	expect(log, "slab-use-after-free in store", "Write of size 1");
	CHECK(strstr(log, "8 bytes inside of"));
	CHECK(strstr(log, "freed 64-byte region ["));
	CHECK(strstr(log, "Freed by task"));
}

SELFTEST(kasan, freed_objects_wait_before_they_are_used_again)
{
	u8 *object, *next;

	NEED_KASAN();
	object = kmalloc(64, GFP_KERNEL);
	REQUIRE(object);
	kfree(object);
	next = kmalloc(64, GFP_KERNEL);
	REQUIRE(next);
	CHECK(next != object);
	kfree(next);
}

SELFTEST(kasan, a_shrunk_object_ends_earlier)
{
	u8 *object;

	NEED_KASAN();
	object = kmalloc(128, GFP_KERNEL);
	REQUIRE(object);
	object = krealloc(object, 100, GFP_KERNEL);
	REQUIRE(object);
	store(object + 99);
	expect(reading(object + 100), "slab-out-of-bounds in load", "Read of size 1");
	kfree_sensitive(object);
}

SELFTEST(kasan, a_large_object_ends_within_its_pages)
{
	const size_t size = KMALLOC_MAX_CACHE_SIZE + 100;
	u8 *object;

	NEED_KASAN();
	object = kmalloc(size, GFP_KERNEL);
	REQUIRE(object);
	store(object + size - 1);
	expect(writing(object + size), "slab-out-of-bounds in store", "Write of size 1");
	CHECK(strstr(heard, "page_owner tracks the page as allocated"));
	kfree(object);
}

SELFTEST(kasan, a_caches_object_has_red_zones)
{
	struct kmem_cache *cache;
	u8 *object;

	NEED_KASAN();
	cache = kmem_cache_create("test-kasan", 40, 0, 0, NULL);
	REQUIRE(cache);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	REQUIRE(object);
	expect(reading(object + 40), "slab-out-of-bounds in load",
	       "allocated 40-byte region [");
	kmem_cache_free(cache, object);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(kasan, free_pages_are_nobodys)
{
	unsigned long page;

	NEED_KASAN();
	page = __get_free_pages(GFP_KERNEL, 1);
	REQUIRE(page);
	store((u8 *)page + PAGE_SIZE + 5);
	free_pages(page, 1);
	expect(reading((u8 *)page + PAGE_SIZE + 5), "use-after-free in load", "Read of size 1");
}

/* Its first page is still held: only that may be touched. */
SELFTEST(kasan, the_rest_of_a_block_is_nobodys)
{
	u8 *block;

	NEED_KASAN();
	block = (u8 *)__get_free_pages(GFP_KERNEL, 2);
	REQUIRE(block);
	get_page(virt_to_page(block));
	free_pages((unsigned long)block, 2);
	store(block + 5);
	expect(reading(block + PAGE_SIZE), "use-after-free in load", "Read of size 1");
	expect(writing(block + 3 * PAGE_SIZE), "use-after-free in store", "Write of size 1");
	put_page(virt_to_page(block));
}

static noinline unsigned long get_some_page(void)
{
	unsigned long page = __get_free_page(GFP_KERNEL);

	barrier();
	return page;
}

static noinline void put_some_page(unsigned long page)
{
	free_page(page);
	barrier();
}

SELFTEST(kasan, freed_pages_wait_before_they_are_used_again)
{
	unsigned long page, next;
	struct cpu_stack *stack;

	NEED_KASAN();
	page = get_some_page();
	REQUIRE(page);
	preempt_disable();
	stack = pcp_stack(page_zone(virt_to_page((void *)page)), 0, UNMOVABLE);
	put_some_page(page);
	for (unsigned int i = 0; i < min(stack->max / 4, 32U); i++) {
		next = __get_free_page(GFP_ATOMIC);
		CHECK(next && next != page);
		if (next)
			free_page(next);
	}
	preempt_enable();
}

/* Also when it has become part of a larger block, with other owners. */
SELFTEST(kasan, of_a_free_page_its_last_owner_is_known)
{
	unsigned long page;
	const char *log;

	NEED_KASAN();
	page = get_some_page();
	REQUIRE(page);
	put_some_page(page);
	drain_all_pages(NULL);
	log = reading((u8 *)page + 7);
	expect(log, "BUG: KASAN: use-after-free in load", "Read of size 1");
	CHECK(strstr(log, "The buggy address belongs to the physical page:"));
	CHECK(strstr(log, "page last allocated via order 0"));
	CHECK(strstr(log, "get_some_page+"));
	CHECK(strstr(log, "page last free pid"));
	CHECK(strstr(log, "put_some_page+"));
}

/* The first of some pages with a guard behind it; the others are freed. */
static u8 *guarded_page(void)
{
	unsigned long pages[16];
	u8 *found = NULL;

	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++) {
		pages[i] = get_some_page();
		if (!found && pages[i] && pfn_valid(virt_to_pfn((void *)pages[i]) + 1) &&
		    is_guard(READ_ONCE(virt_to_page((void *)pages[i])[1].word)))
			found = (u8 *)pages[i];
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
		if (pages[i] && (u8 *)pages[i] != found)
			free_page(pages[i]);
	return found;
}

SELFTEST(kasan, a_page_ends_at_its_last_byte)
{
	const char *log;
	u8 *page;

	NEED_KASAN();
	page = guarded_page();
	if (!page)
		SKIP("no page with a guard: debug_guardpage_minorder=0?");
	store(page + PAGE_SIZE - 1);
	log = writing(page + PAGE_SIZE);
	expect(log, "BUG: KASAN: out-of-bounds in store", "Write of size 1");
	CHECK(strstr(log, "located 0 bytes to the right of the block of pages at"));
	CHECK(strstr(log, "page_owner tracks the page as allocated"));
	CHECK(strstr(log, "page last allocated via order 0"));
	CHECK(strstr(log, "get_some_page+"));
	free_page((unsigned long)page);
}

SELFTEST(kasan, an_area_of_vmalloc_ends_at_the_byte)
{
	const char *log;
	u8 *area;

	NEED_KASAN();
	area = vmalloc(5000);
	REQUIRE(area);
	store(area + 4999);
	log = reading(area + 5000);
	expect(log, "vmalloc-out-of-bounds in load", "Read of size 1");
	CHECK(strstr(log, "The buggy address belongs to the virtual mapping at"));
	CHECK(strstr(log, "page last allocated via order"));
	vfree(area);
}

static u8 global[13];

SELFTEST(kasan, a_global_variable_has_a_red_zone)
{
	NEED_KASAN();
	store(&global[12]);
	expect(reading(global + 13), "global-out-of-bounds in load", "Read of size 1");
}

SELFTEST(kasan, an_array_on_the_stack_has_red_zones)
{
	u8 array[13];

	NEED_KASAN();
	store(&array[12]);
	expect(reading(array + 13), "stack-out-of-bounds in load", "Read of size 1");
	CHECK(strstr(heard, "The buggy address belongs to stack of task"));
	CHECK(strstr(heard, "an_array_on_the_stack_has_red_zones+"));
	CHECK(strstr(heard, "This frame has 1 object:"));
	CHECK(strstr(heard, ") 'array'"));
}

SELFTEST(kasan, an_array_of_variable_length_has_red_zones)
{
	unsigned long length = 10 + selftest_random_below(1);
	u8 array[length];

	NEED_KASAN();
	memset(array, 0, length);
	expect(reading(array + length), "alloca-out-of-bounds in load", "Read of size 1");
}

SELFTEST(kasan, copies_and_fills_are_looked_at)
{
	static u8 source[256];
	u8 *object, *other;

	NEED_KASAN();
	object = kmalloc(200, GFP_KERNEL);
	other = kmalloc(200, GFP_KERNEL);
	REQUIRE(object && other);
	selftest_expect_reports(1);
	listen_start();
	memset(object, 1, 201);
	expect(listen_stop(), "slab-out-of-bounds in memset", "Write of size ");
	selftest_expect_reports(1);
	listen_start();
	memcpy(source, other, 204);
	expect(listen_stop(), "slab-out-of-bounds in memcpy", "Read of size ");
	kfree(other);
	kfree(object);
}

SELFTEST(kasan, a_double_free_is_found)
{
	u8 *object;

	NEED_KASAN();
	object = kmalloc(64, GFP_KERNEL);
	REQUIRE(object);
	kfree(object);
	selftest_expect_reports(1);
	listen_start();
	kfree(object);
	CHECK(strstr(listen_stop(), "already free"));
}

/* Where two small areas lay, far from each other, a large one lies. */
SELFTEST(kasan, all_of_an_area_has_shadow)
{
	struct vmap_area *area;
	unsigned long at;

	NEED_KASAN();
	area = vmap_take(&vmap_large, 64 * SZ_1M, SZ_2M);
	REQUIRE(area);
	CHECK_EQ(port_shadow_map(area->start, PAGE_SIZE), 0);
	CHECK_EQ(port_shadow_map(area->end - PAGE_SIZE, PAGE_SIZE), 0);
	CHECK_EQ(port_shadow_map(area->start, area->end - area->start), 0);
	for (at = area->start; at < area->end; at += PAGE_SIZE)
		if (!port_shadow_is_mapped(at))
			break;
	CHECK_EQ(at, area->end);
	vmap_give(&vmap_large, area);
}
