// SPDX-License-Identifier: MIT
/* Who allocated and who freed pages and objects, with page_owner=on and slab_debug=U. */
#define LISTEN_SIZE 16384
#define SELFTEST_UNSAMPLED 1
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <quarry/quarry.h>
#include "mm/owners.h"
#include "mm/page_owner.h"
#include "mm/slab.h"
#include "tests/listen.h"
#include "tests/selftest.h"

#define SKIP_WITHOUT_OWNERS() do { \
	if (!page_owner_on) \
		SKIP("page_owner is off"); \
} while (0)

/* Nobody else calls these. */
static noinline struct page *owned_pages(unsigned int order)
{
	struct page *page = alloc_pages(GFP_KERNEL, order);

	barrier();
	return page;
}

static noinline void disowned_pages(struct page *page, unsigned int order)
{
	__free_pages(page, order);
	barrier();
}

static noinline void *owned_object(void)
{
	void *object = kmalloc(200, GFP_KERNEL);

	barrier();
	return object;
}

static noinline void *owned_area(void)
{
	void *area = vmalloc(5 * PAGE_SIZE);

	barrier();
	return area;
}

static bool names(depot_stack_handle_t handle, const char *function)
{
	const unsigned long *entries;
	unsigned int nr = stack_depot_fetch(handle, &entries);
	char name[64];

	for (unsigned int i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "%ps", (void *)(entries[i] - 1));
		if (!strcmp(name, function))
			return true;
	}
	return false;
}

/* So nobody's first allocation somewhere takes pages that it did not ask for. */
SELFTEST(page_owner, all_ram_has_records_from_the_boot_on)
{
	unsigned long missing = 0;

	SKIP_WITHOUT_OWNERS();
	if (memblock_phys_mem_size() > 64ULL * SZ_1G)
		SKIP("there is too much of it");
	for (unsigned long pfn = 0; pfn < max_pfn; pfn++)
		missing += pfn_valid(pfn) && !page_owner_of(pfn_to_page(pfn));
	CHECK_EQ(missing, 0);
}

SELFTEST(page_owner, a_backtrace_is_kept_once)
{
	unsigned long one[3] = { 0x1000, 0x2000, 0x3000 }, other[3] = { 0x1000, 0x2000, 0x3001 };
	depot_stack_handle_t handle;
	const unsigned long *entries;

	SKIP_WITHOUT_OWNERS();
	handle = stack_depot_save(one, 3);
	REQUIRE(handle);
	CHECK_EQ(stack_depot_save(one, 3), handle);
	CHECK(stack_depot_save(one, 2) != handle);
	CHECK(stack_depot_save(other, 3) != handle);
	CHECK_EQ(stack_depot_fetch(handle, &entries), 3);
	CHECK(!memcmp(entries, one, sizeof(one)));
	CHECK_EQ(stack_depot_save(one, 0), 0);
	CHECK_EQ(stack_depot_fetch(0, &entries), 0);
}

SELFTEST(page_owner, names_who_allocated_a_block)
{
	struct page_owner *owner;
	struct page *page;

	SKIP_WITHOUT_OWNERS();
	page = owned_pages(1);
	REQUIRE(page);
	owner = page_owner_of(page);
	CHECK(owner && (owner->flags & OWNER_LIVE) && owner->order == 1);
	CHECK(owner && owner->gfp == GFP_KERNEL && owner->pid == (u32)current->pid);
	CHECK(owner && names(owner->allocated_by, "owned_pages"));
	disowned_pages(page, 1);
	CHECK(owner && !(owner->flags & OWNER_LIVE) && names(owner->freed_by, "disowned_pages"));
}

SELFTEST(page_owner, pieces_of_a_block_have_its_owner)
{
	struct page *page, *whole;

	SKIP_WITHOUT_OWNERS();
	page = owned_pages(2);
	REQUIRE(page);
	split_page(page, 2);
	for (unsigned int i = 0; i < 4; i++) {
		const struct page_owner *owner = page_owner_of(page + i);

		CHECK(owner && (owner->flags & OWNER_LIVE) && !owner->order);
		CHECK(owner && names(owner->allocated_by, "owned_pages"));
		__free_page(page + i);
		CHECK(owner && !(owner->flags & OWNER_LIVE));
	}
	whole = owned_pages(2);
	REQUIRE(whole);
	get_page(whole);
	__free_pages(whole, 2);		/* all but the first page */
	CHECK(page_owner_of(whole)->flags & OWNER_LIVE && !page_owner_of(whole)->order);
	put_page(whole);
	CHECK(!(page_owner_of(whole)->flags & OWNER_LIVE));
}

SELFTEST(page_owner, a_wrong_free_shows_both)
{
	struct page *page;

	SKIP_WITHOUT_OWNERS();
	page = owned_pages(0);
	REQUIRE(page);
	disowned_pages(page, 0);
	CHECK_REPORT("already free", __free_pages(page, 0));
	CHECK(strstr(heard, "page_owner tracks the page as freed"));
	CHECK(strstr(heard, "owned_pages+") && strstr(heard, "page last free pid"));
	CHECK(strstr(heard, "disowned_pages+"));
	page = owned_pages(1);
	REQUIRE(page);
	CHECK_REPORT("inside an allocated block", __free_pages(page + 1, 0));
	CHECK(strstr(heard, "tracks the page as allocated") && strstr(heard, "owned_pages+"));
	__free_pages(page, 1);
}

/* A free page that is part of a larger block is still its last owner's mistake. */
SELFTEST(page_owner, a_free_page_that_merged_shows_its_own)
{
	struct page *page, *last;

	SKIP_WITHOUT_OWNERS();
	page = owned_pages(3);
	REQUIRE(page);
	split_page(page, 3);
	last = page + 7;
	for (unsigned int i = 0; i < 7; i++)
		__free_page(page + i);
	disowned_pages(last, 0);
	drain_all_pages(NULL);
	listen_start();
	dump_page_owner(last);
	listen_stop();
	CHECK(strstr(heard, "page last allocated via order 0") && strstr(heard, "owned_pages+"));
	CHECK(strstr(heard, "disowned_pages+"));
}

/* What lies in a block is the block's, whoever had it before. */
SELFTEST(page_owner, an_allocation_forgets_who_had_its_pages)
{
	struct page *page;

	SKIP_WITHOUT_OWNERS();
	page = alloc_pages(GFP_KERNEL, 2);
	REQUIRE(page);
	split_page(page, 2);
	for (unsigned int i = 0; i < 4; i++)
		__free_page(page + i);
	page = owned_pages(2);
	REQUIRE(page);
	for (unsigned int i = 1; i < 4; i++)
		CHECK(!page_owner_of(page + i)->allocated_by);
	CHECK_REPORT("inside an allocated block", __free_pages(page + 3, 0));
	CHECK(strstr(heard, "page last allocated via order 2") && strstr(heard, "owned_pages+"));
	__free_pages(page, 2);
}

/* ---- By call site ---- */

static const struct owner_site *site_of(const struct owners *owners, const char *what,
					const char *function)
{
	for (unsigned int i = 0; i < owners->max; i++) {
		const struct owner_site *site = &owners->sites[i];
		char name[64];

		for (unsigned int f = 0; site->count && f < site->nr; f++) {
			snprintf(name, sizeof(name), "%ps", (void *)(site->frames[f] - 1));
			if (!strcmp(site->what, what) && !strcmp(name, function))
				return site;
		}
	}
	return NULL;
}

SELFTEST(page_owner, sites_are_counted)
{
	const struct owner_site *site;
	struct page *pages[3];
	struct owners *owners;

	SKIP_WITHOUT_OWNERS();
	for (volatile unsigned int i = 0; i < 3; i++)	/* one call, not three */
		pages[i] = owned_pages(1);
	owners = owners_take(OWNERS_PAGES);
	for (unsigned int i = 0; i < 3; i++)
		__free_pages(pages[i], pages[i] ? 1 : 0);
	if (!owners)
		SKIP("no memory to count in");
	site = site_of(owners, "pages", "owned_pages");
	CHECK(site && site->count == 3 && site->bytes == 6 * PAGE_SIZE);
	quarry_owners_free(owners);
	owners = owners_take(OWNERS_PAGES);
	CHECK(owners && !site_of(owners, "pages", "owned_pages"));
	quarry_owners_free(owners);
}

SELFTEST(page_owner, objects_and_areas_have_sites)
{
	void *object = owned_object(), *area = owned_area();
	struct owners *owners = owners_take(OWNERS_OBJECTS | OWNERS_AREAS);
	const struct owner_site *site = owners ? site_of(owners, "kmalloc-208", "owned_object")
					       : NULL;
	bool tracked = slab_of(object) && slab_of(object)->cache->flags & SLAB_STORE_USER;

	CHECK(!owners || !area || site_of(owners, "vmalloc", "owned_area"));
	CHECK(!owners || !object || !tracked || (site && site->count == 1));
	quarry_owners_free(owners);
	kfree(object);
	vfree(area);
	if (!owners)
		SKIP("no memory to count in");
}

SELFTEST(page_owner, what_is_there_now_and_was_not_is_named)
{
	struct owners *before, *now;
	struct page *page;

	SKIP_WITHOUT_OWNERS();
	before = owners_take(OWNERS_PAGES);
	page = owned_pages(0);
	now = owners_take(OWNERS_PAGES);
	if (before && now && page) {
		listen_start();
		CHECK(quarry_owners_compare(before, now, true) >= 1);
		CHECK(strstr(listen_stop(), "1 more of pages, 4096 bytes, by"));
		CHECK(strstr(heard, "owned_pages+"));
		CHECK_EQ(quarry_owners_compare(now, now, true), 0);
	}
	quarry_owners_free(before);
	quarry_owners_free(now);
	__free_pages(page, 0);
	if (!before || !now || !page)
		SKIP("no memory to count in");
}

SELFTEST(page_owner, reports_are_there)
{
	listen_start();
	CHECK(quarry_show("page_owner"));
	CHECK(quarry_show("alloc_traces"));
	CHECK(strstr(listen_stop(), page_owner_on ? " of pages, " : "page_owner is off"));
}
