// SPDX-License-Identifier: MIT
/*
 * Leaks: the last test of each run is that all is as it was before the first case.
 *
 * The runner compares numbers of free pages around each case (surroundings.c); that does not see
 * an object that leaks inside of a slab with others. So what is allocated is counted by call site
 * (mm/owners.c) before the first case and after the last one, and each site that has more is a
 * leak, printed with how much: objects, blocks of pages, areas. With `page_owner=on slab_debug=U`
 * the sites are backtraces. Without, objects are told by their cache, areas by who asked, and pages
 * by their number alone.
 *
 * What the kernel keeps for later uses after the first one says so: kmemleak_not_leak().
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <quarry/quarry.h>
#include <kernel/kernel.h>
#include <kernel/leaks.h>

#define SETTLE_TICKS 20		/* what threads and RCU free on behalf of others */

static struct owners *before;
static struct selftest_state state_before;

void leaks_begin(void)
{
	state_before = selftest_look_at_first();
	before = quarry_owners_take();
}

/* How many sites have more than before; printed, if so. Negative: that cannot be said. */
static int compare(bool print)
{
	struct owners *now = before ? quarry_owners_take() : NULL;
	int leaks = now ? (int)quarry_owners_compare(before, now, print) : -1;

	quarry_owners_free(now);
	return leaks;
}

static void nothing_is_left_behind(void)
{
	struct selftest_state now;
	int leaks;

	quarry_kmemleak_scan(false);
	now = selftest_look_when_settled(&state_before);
	leaks = compare(false);
	for (unsigned int i = 0; i < SETTLE_TICKS && leaks > 0; i++) {
		schedule_timeout_uninterruptible(1);
		now = selftest_look_when_settled(&state_before);
		leaks = compare(false);
	}
	if (leaks > 0)
		compare(true);
	CHECK_EQ(quarry_kmemleak_scan(true), 0);	/* with kmemleak=on */
	printk("free pages: %lu before, %lu after\n", state_before.free_pages, now.free_pages);
	if (leaks >= 0)
		CHECK_EQ(leaks, 0);
	CHECK_EQ(now.percpu, state_before.percpu);
	CHECK_EQ(now.free_pages, state_before.free_pages);
	quarry_owners_free(before);
	before = NULL;
	if (leaks < 0)
		SKIP("no memory to count in");
}

const struct selftest leaks_test = {
	.suite = "leaks", .name = "nothing_is_left_behind", .run = nothing_is_left_behind,
};
