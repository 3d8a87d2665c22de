// SPDX-License-Identifier: MIT
/* The report of caches, and what their validator finds. */
#define SELFTEST_UNSAMPLED 1
#include <linux/slab.h>
#include "mm/slab.h"
#define LISTEN_SIZE 65536
#include "tests/listen.h"
#include "tests/selftest.h"

static struct kmem_cache *cache;
static void *object;

static struct slab *begin(void)
{
	cache = kmem_cache_create("test-info", 128, 0, 0, NULL);
	object = cache ? kmem_cache_alloc(cache, GFP_KERNEL) : NULL;
	CHECK(object);
	return object ? slab_of(object) : NULL;
}

static void end(void)
{
	kmem_cache_free(cache, object);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
}

SELFTEST(slab_info, slabinfo_has_linuxs_columns)
{
	SKIP_WITH_KASAN();
	const char *report, *line;

	REQUIRE(begin());
	listen_start();
	CHECK(quarry_show("slabinfo"));
	report = listen_stop();
	CHECK(strstr(report, "slabinfo - version: 2.1"));
	line = strstr(report, "test-info ");
	CHECK(line && strstr(line, "test-info              1 "));
	if (!slab_debug_option)
		CHECK(line && strstr(line, "    1     32    128   32    1 : tunables "));
	CHECK(line && strstr(line, ": slabdata      1      1      0"));
	end();
}

/* Makes one field wrong, counts what the validator says, makes it right again. */
#define SPOIL(field, value, violations) do { \
	__typeof__(field) _was = (field); \
	selftest_expect_reports(violations); \
	(field) = (value); \
	CHECK_EQ(slab_validate(), violations); \
	(field) = _was; \
	CHECK_EQ(slab_validate(), 0); \
} while (0)

SELFTEST(slab_info, validator_finds_broken_slabs)
{
	struct slab *slab = begin();
	struct cache_node *node;

	REQUIRE(slab);
	node = slab_home(slab);
	SPOIL(slab->nr_free, (u16)(slab->nr_free - 1), 1);
	SPOIL(slab->first, (u16)(slab->nr - 1), 1);
	SPOIL(slab->inverse, 4u, 1);
	SPOIL(slab->place, (u8)SLABS_FULL, 1);
	SPOIL(slab->state[slab_index(slab, object)], (u8)9, 1);
	SPOIL(node->nr_slabs, 7u, 1);
	SPOIL(node->nr_empty, 1u, 1);
	SPOIL(node->mask, (u16)1, 2);
	SPOIL(node->nr_full_magazines, (u16)1, 1);
	SPOIL(no_magazine.max, 16u, 1);
	end();
}
