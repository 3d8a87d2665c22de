// SPDX-License-Identifier: MIT
/* How a scan goes through what there is, with kmemleak=on. */
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <quarry/quarry.h>
#include "mm/kmemleak.h"
#include "tests/selftest.h"

#define MANY 5000		/* more than a scan remembers to look at */

/* How many leaks two scans find. */
static unsigned int scan_twice(void)
{
	quarry_kmemleak_scan(false);
	return quarry_kmemleak_scan(false);
}

/* An object that points to another. */
static bool make_pair(void ***place)
{
	void **parent = *place = kzalloc(32, GFP_KERNEL);

	if (parent)
		parent[1] = kzalloc(32, GFP_KERNEL);
	return parent && parent[1];
}

static void free_pair(void **parent)
{
	if (parent)
		kfree(parent[1]);
	kfree(parent);
}

/* One area points to all of them: most are still to be looked at when it has been. */
SELFTEST(kmemleak_scan, more_than_it_remembers_is_looked_at_all_the_same)
{
	unsigned int before, nr = 0;
	void ***parents;

	if (!kmemleak_on)
		SKIP("kmemleak is off");
	before = scan_twice();
	parents = vzalloc(MANY * sizeof(*parents));
	REQUIRE(parents);
	while (nr < MANY && make_pair(&parents[nr]))
		nr++;
	CHECK_EQ(scan_twice(), before);
	for (unsigned int i = 0; i < MANY; i++)
		free_pair(parents[i]);
	vfree(parents);
}
