// SPDX-License-Identifier: MIT
/* Misuse reports and their hook. */
#include "mm/internal.h"
#include "tests/listen.h"
#include "tests/selftest.h"

static enum quarry_report last_kind;
static const void *last_address;
static unsigned int calls;

static void hook(enum quarry_report kind, const void *address)
{
	last_kind = kind;
	last_address = address;
	calls++;
}

SELFTEST(report, hook_hears_kind_and_address)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long total = quarry_report_total();
	quarry_report_fn before;

	REQUIRE(page);
	selftest_expect_reports(2);
	calls = 0;
	before = quarry_set_report_hook(hook);
	__free_pages(page, 1);
	CHECK_EQ(calls, 1);
	CHECK_EQ(last_kind, QUARRY_BAD_FREE);
	CHECK(last_address == page);
	CHECK(quarry_set_report_hook(before) == hook);
	__free_pages(page, 1);
	CHECK_EQ(calls, 1);
	CHECK_EQ(quarry_report_total(), total + 2);
	__free_page(page);
}

SELFTEST(report, says_what_where_and_who)
{
	struct page *page = alloc_page(GFP_KERNEL);
	const char *log;
	char call[64];

	REQUIRE(page);
	selftest_expect_reports(1);
	listen_start();
	__free_pages(page, 3);
	log = listen_stop();
	snprintf(call, sizeof(call), "BUG: __free_pages(page:%px pfn:%#lx, order:3): ", page,
		 page_to_pfn(page));
	CHECK(strstr(log, call) != NULL);
	CHECK(strstr(log, "allocated at another order") != NULL);
	CHECK(strstr(log, "Call Trace:") != NULL);
	__free_page(page);
}

SELFTEST(report, unknown_kinds_count_nothing)
{
	CHECK_EQ(quarry_report_count(QUARRY_NR_REPORTS), 0);
	CHECK_EQ(quarry_report_count((enum quarry_report)-1), 0);
}
