/* SPDX-License-Identifier: MIT */
/*
 * What a boot of Linux asked of its allocators, done again under the sanitizers: trace=FILE. On
 * the bare machine the same is a row of the benchmark (tests/bench/replay.c).
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <tests/bench/bench.h>
#include <tests/selftest.h>

#include "mm/slab.h"

/* In percent of the memory taken for objects, what must be live. */
#define LIVE_AT_THE_END	 88
#define LIVE_AT_THE_PEAK 92

SELFTEST(slab_replay, little_memory_is_wasted_on_a_boot_of_linux)
{
	struct bench_replayed figures = { };
	struct bench_trace trace;
	int error = bench_trace_load(&trace);

	if (error == -ENOENT)
		SKIP("no trace=FILE");
	REQUIRE(!error);
	CHECK(bench_replay(&trace, &figures));
	pr_info("replay: %lu events, live at the end %llu %%, at the peak %llu %%\n", trace.nr,
		figures.util_end, figures.util_peak);
	bench_trace_free(&trace);
	if (!slab_debug_option) {
		CHECK(figures.util_end >= LIVE_AT_THE_END);
		CHECK(figures.util_peak >= LIVE_AT_THE_PEAK);
	}
	CHECK_EQ(slab_validate(), 0);
}
