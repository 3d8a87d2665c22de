// SPDX-License-Identifier: MIT
/* kmap and kmap_local. */
#include <linux/highmem.h>
#include <linux/smp.h>
#include "mm/internal.h"
#include "tests/probe.h"
#include "tests/threads.h"

static struct page *high_page(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER);

	if (page && !PageHighMem(page)) {
		__free_page(page);
		return NULL;
	}
	return page;
}

#define NEED_HIGH(page) \
	struct page *page = high_page(); \
	if (!page) \
		SKIP("started without HIGHMEM")

SELFTEST(highmem, has_no_standing_mapping)
{
	u8 byte;

	NEED_HIGH(page);
	CHECK(!page_address(page));
	CHECK(!probe_read((void *)(port_direct_base + page_to_phys(page)), &byte));
	CHECK(!virt_addr_valid((void *)(port_direct_base + page_to_phys(page))));
	__free_page(page);
}

SELFTEST(highmem, kmap_nests_at_one_address)
{
	u8 byte, *va;

	NEED_HIGH(page);
	va = kmap(page);
	REQUIRE(va);
	CHECK(kmap(page) == va);
	CHECK(page_address(page) == va);
	memset(va, 0x77, PAGE_SIZE);
	kunmap(page);
	CHECK_EQ(va[PAGE_SIZE - 1], 0x77);
	kunmap(page);
	CHECK(!page_address(page));
	CHECK(!probe_read(va, &byte));
	__free_page(page);
}

SELFTEST(highmem, content_outlives_the_mapping)
{
	u8 *va;

	NEED_HIGH(page);
	va = kmap(page);
	REQUIRE(va);
	for (unsigned long i = 0; i < PAGE_SIZE; i++)
		va[i] = i * 7;
	kunmap(page);
	va = kmap_local_page(page);
	REQUIRE(va);
	for (unsigned long i = 0; i < PAGE_SIZE; i++)
		if (va[i] != (u8)(i * 7)) {
			CHECK_EQ(va[i], (u8)(i * 7));
			break;
		}
	kunmap_local(va + 100);
	__free_page(page);
}

/* ---- All slots in use ---- */

static struct page *many[QUARRY_KMAP_SLOTS + 1];

static void give_many(unsigned int nr)
{
	while (nr-- > 0)
		__free_page(many[nr]);
}

/* One page more than there are slots, and all slots in use; false when there is no HIGHMEM. */
static bool use_all_slots(void)
{
	unsigned int got = 0;

	while (got <= QUARRY_KMAP_SLOTS && (many[got] = high_page()))
		got++;
	if (got <= QUARRY_KMAP_SLOTS) {
		give_many(got);
		return false;
	}
	for (unsigned int i = 0; i < QUARRY_KMAP_SLOTS; i++) {
		u64 *va = kmap(many[i]);

		if (CHECK(va))
			*va = i;
	}
	return true;
}

static void give_all_slots(void)
{
	for (unsigned int i = 0; i < QUARRY_KMAP_SLOTS; i++) {
		CHECK_EQ(*(u64 *)page_address(many[i]), i);
		kunmap(many[i]);
	}
	give_many(QUARRY_KMAP_SLOTS + 1);
}

SELFTEST(highmem, kmap_slots_run_out_and_come_back)
{
	if (!use_all_slots())
		SKIP("less HIGHMEM than kmap slots");
	selftest_expect_reports(1);
	selftest_expect_warnings(1);
	preempt_disable();
	CHECK(!kmap(many[QUARRY_KMAP_SLOTS]));
	preempt_enable();
	kunmap(many[0]);
	CHECK(kmap(many[QUARRY_KMAP_SLOTS]));
	kunmap(many[QUARRY_KMAP_SLOTS]);
	*(u64 *)kmap(many[0]) = 0;
	give_all_slots();
}

static struct page *wanted;
static u64 *wanted_at;

static void map_wanted(void *unused)
{
	WRITE_ONCE(wanted_at, kmap(wanted));
}

SELFTEST(highmem, kmap_sleeps_until_a_slot_comes_free)
{
	struct test_thread thread;

	if (!use_all_slots())
		SKIP("less HIGHMEM than kmap slots");
	wanted = many[QUARRY_KMAP_SLOTS];
	wanted_at = NULL;
	test_thread_start(&thread, ANY_CPU, map_wanted, NULL);
	WAIT_UNTIL(!task_is_running(thread.task));
	CHECK(!READ_ONCE(wanted_at));
	/* Not the last user of that slot: nothing comes free. */
	kmap(many[1]);
	kunmap(many[1]);
	msleep(2);
	CHECK(!READ_ONCE(wanted_at));
	kunmap(many[0]);
	test_thread_join(&thread);
	CHECK(wanted_at);
	CHECK(wanted_at == page_address(wanted));
	kunmap(wanted);
	*(u64 *)kmap(many[0]) = 0;
	give_all_slots();
}

#define SHARERS 6

/* Three slots for six threads: whoever is left asleep would never end. */
static void share_slots(void *arg)
{
	struct page *page = arg;

	for (unsigned long i = 0; i < selftest_scaled(60); i++) {
		u64 *va = kmap(page);

		if (!CHECK(va))
			return;
		*va = page_to_pfn(page);
		if (i % 4 == 0)
			yield();
		CHECK_EQ(*va, page_to_pfn(page));
		kunmap(page);
	}
}

SELFTEST(highmem, many_share_the_last_slots)
{
	struct test_thread threads[SHARERS];
	struct page *pages[SHARERS];

	if (!use_all_slots())
		SKIP("less HIGHMEM than kmap slots");
	for (unsigned int i = 0; i < SHARERS / 2; i++)
		kunmap(many[i]);
	for (unsigned int i = 0; i < SHARERS; i++) {
		pages[i] = i < SHARERS / 2 ? many[i] : alloc_page(GFP_HIGHUSER);
		test_thread_start(&threads[i], ANY_CPU, share_slots, pages[i]);
	}
	for (unsigned int i = 0; i < SHARERS; i++)
		test_thread_join(&threads[i]);
	for (unsigned int i = 0; i < SHARERS / 2; i++) {
		__free_page(pages[SHARERS / 2 + i]);
		*(u64 *)kmap(many[i]) = i;
	}
	give_all_slots();
}

static void read_word(void *info)
{
	u64 **word = info;

	word[1] = (u64 *)*word[0];
}

/* What another CPU reads at an address. */
static u64 read_there(unsigned int cpu, u64 *address)
{
	u64 *word[2] = { address, NULL };

	smp_call_function_single((int)cpu, read_word, word, 1);
	return (u64)word[1];
}

/* Another CPU has a slot's mapping cached; the slot goes to another page; it must see that. */
SELFTEST(highmem, a_slot_used_again_shows_its_new_page_to_all)
{
	struct page *second;
	unsigned int cpu, tries = 2 * QUARRY_KMAP_SLOTS + 2;
	u64 *va;

	NEED_HIGH(page);
	second = high_page();
	REQUIRE(second);
	va = kmap(page);
	REQUIRE(va);
	*va = 1;
	for_each_online_cpu(cpu)
		CHECK_EQ(read_there(cpu, va), 1);
	kunmap(page);
	while (tries-- > 0 && kmap(second) != va)
		kunmap(second);
	if (CHECK(page_address(second) == va)) {
		*va = 2;
		for_each_online_cpu(cpu)
			CHECK_EQ(read_there(cpu, va), 2);
		kunmap(second);
	}
	__free_page(page);
	__free_page(second);
}

SELFTEST(highmem, kmap_local_nests_last_first)
{
	u8 *a, *b, byte;

	NEED_HIGH(page);
	a = kmap_local_page(page);
	b = kmap_atomic(page);
	REQUIRE(a && b);
	CHECK(a != b);
	*a = 0x42;
	CHECK_EQ(*b, 0x42);
	kunmap_atomic(b);
	CHECK(!probe_read(b, &byte));
	CHECK_EQ(*a, 0x42);
	kunmap_local(a);
	CHECK(!probe_read(a, &byte));
	__free_page(page);
}

SELFTEST(highmem, a_local_mapping_is_atomic_context)
{
	void *a, *b;

	NEED_HIGH(page);
	a = kmap_local_page(page);
	b = kmap_local_page(page);
	CHECK_EQ(preempt_count(), 2 * PREEMPT_ONE);
	selftest_expect_warnings(1);
	might_sleep();
	kunmap_local(b);
	kunmap_local(a);
	CHECK_EQ(preempt_count(), 0);
	might_sleep();
	__free_page(page);
}

SELFTEST(highmem, kmap_local_out_of_order_is_reported)
{
	unsigned long before = quarry_report_count(QUARRY_BAD_UNMAP);
	void *a, *b;

	NEED_HIGH(page);
	a = kmap_local_page(page);
	b = kmap_local_page(page);
	selftest_expect_reports(2);
	kunmap_local(a);
	kunmap_local(b);
	kunmap_local(a);
	kunmap_local(a);
	CHECK_EQ(quarry_report_count(QUARRY_BAD_UNMAP), before + 2);
	__free_page(page);
}

SELFTEST(highmem, kmap_local_depth_is_bounded)
{
	void *va[QUARRY_KMAP_LOCAL_NEST];

	NEED_HIGH(page);
	for (unsigned int i = 0; i < QUARRY_KMAP_LOCAL_NEST; i++)
		CHECK((va[i] = kmap_local_page(page)) != NULL);
	selftest_expect_reports(1);
	CHECK(!kmap_local_page(page));
	memset(va[0], 0x99, PAGE_SIZE);
	clear_highpage(page);		/* finds a slot even now */
	CHECK(!memchr_inv(va[0], 0, PAGE_SIZE));
	for (unsigned int i = QUARRY_KMAP_LOCAL_NEST; i-- > 0;)
		kunmap_local(va[i]);
	__free_page(page);
}

SELFTEST(highmem, kunmap_of_what_is_not_mapped_is_reported)
{
	NEED_HIGH(page);
	selftest_expect_reports(1);
	kunmap(page);
	__free_page(page);
}

SELFTEST(highmem, clear_and_copy)
{
	struct page *from = alloc_page(GFP_HIGHUSER), *to = alloc_page(GFP_KERNEL);
	u8 *va;

	REQUIRE(from && to);
	va = kmap_local_page(from);
	memset(va, 0x3c, PAGE_SIZE);
	kunmap_local(va);
	copy_highpage(to, from);
	CHECK(!memchr_inv(page_address(to), 0x3c, PAGE_SIZE));
	clear_highpage(from);
	va = kmap_local_page(from);
	CHECK(!memchr_inv(va, 0, PAGE_SIZE));
	kunmap_local(va);
	__free_page(from);
	__free_page(to);
}

SELFTEST(highmem, pieces_of_pages)
{
	struct page *page = alloc_page(GFP_HIGHUSER | __GFP_ZERO);
	char text[8] = "";

	REQUIRE(page);
	memcpy_to_page(page, PAGE_SIZE - 4, "abc", 4);
	memcpy_from_page(text, page, PAGE_SIZE - 5, 5);
	CHECK_EQ(text[0], 0);
	CHECK_STR(text + 1, "abc");
	selftest_expect_warnings(2);
	memcpy_to_page(page, PAGE_SIZE - 3, "abc", 4);
	memcpy_from_page(text, page, ~0UL, 2);
	CHECK_STR(text + 1, "abc");
	__free_page(page);
}

SELFTEST(highmem, other_pages_keep_their_address)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	CHECK(kmap(page) == page_address(page));
	kunmap(page);
	CHECK(kmap_local_page(page) == page_address(page));
	kunmap_local(page_address(page));
	CHECK(page_address(page) == phys_to_virt(page_to_phys(page)));
	__free_page(page);
}
