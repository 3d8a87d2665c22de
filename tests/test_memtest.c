// SPDX-License-Identifier: MIT
/* The test of memory at the boot, on pages of this machine and as the boot left it. */
#include <linux/highmem.h>
#include <kernel/boot.h>
#include <kernel/kernel.h>
#include "mm/badmem.h"
#include "tests/selftest.h"

#define ORDER 2

SELFTEST(memtest, good_memory_keeps_every_pattern)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, ORDER);
	size_t size = PAGE_SIZE << ORDER;

	if (!page)
		SKIP("no free block of order %d", ORDER);
	for (unsigned int i = 0; i < 64; i++) {
		u64 pattern = selftest_random();

		memtest_fill(page_address(page), page_to_phys(page), size, pattern);
		CHECK_EQ(memtest_find_wrong(page_address(page), page_to_phys(page), size, pattern),
			 size);
	}
	__free_pages(page, ORDER);
}

SELFTEST(memtest, any_bit_that_changes_is_found)
{
	struct page *page = alloc_page(GFP_KERNEL);
	u64 *words;

	REQUIRE(page);
	words = page_address(page);
	for (unsigned int bit = 0; bit < 64; bit++) {
		size_t at = selftest_random_below(PAGE_SIZE / 8);

		memtest_fill(words, page_to_phys(page), PAGE_SIZE, 0);
		words[at] ^= 1ULL << bit;
		CHECK_EQ(memtest_find_wrong(words, page_to_phys(page), PAGE_SIZE, 0), at * 8);
	}
	__free_page(page);
}

/* Two places that answer to one address hold what was written last: wrong for one of them. */
SELFTEST(memtest, a_stuck_address_line_is_found)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 1);
	void *virt;

	if (!page)
		SKIP("no free block of order 1");
	virt = page_address(page);
	memtest_fill(virt, page_to_phys(page), 2 * PAGE_SIZE, 0);
	memcpy(virt, virt + PAGE_SIZE, PAGE_SIZE);
	CHECK_EQ(memtest_find_wrong(virt, page_to_phys(page), 2 * PAGE_SIZE, 0), 0);
	__free_pages(page, 1);
}

SELFTEST(memtest, a_planted_fault_is_found)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	CHECK(quarry_memtest_plant(page_to_phys(page) + 1234));
	memtest_fill(page_address(page), page_to_phys(page), PAGE_SIZE, ~0ULL);
	CHECK_EQ(memtest_find_wrong(page_address(page), page_to_phys(page), PAGE_SIZE, ~0ULL),
		 ALIGN_DOWN(1234, 8));
	for (unsigned int i = 1; i < 4; i++)
		CHECK(quarry_memtest_plant(0));
	CHECK(!quarry_memtest_plant(0));
	memtest_plant_no_more();
	__free_page(page);
}

static void check_planted(const char *value, void *nr)
{
	u64 phys = 0;

	CHECK_EQ(kstrtoull(value, 0, &phys), 0);
	CHECK(memblock_is_reserved(phys));
	CHECK_EQ(memory_failure(PFN_DOWN(phys), 0), -EBUSY);
	++*(unsigned long *)nr;
}

/* On the machine whose command line plants faults: each cost its page and nothing else. */
SELFTEST(memtest, the_boot_took_out_what_was_planted)
{
	unsigned long bad, planted = 0;

	if (!memtest_was_run(&bad))
		SKIP("memory was not tested: no memtest=");
	cmdline_each("memtest_plant", check_planted, &planted);
	CHECK_EQ(bad, planted);
}
