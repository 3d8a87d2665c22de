/* SPDX-License-Identifier: MIT */
/* The reader of traces (tests/bench/trace.c), and what is left when one cannot be done again. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <tests/bench/bench.h>
#include <tests/selftest.h>

#define EVENT(slot, kind, size) { slot, (u32)(kind) << BENCH_KIND_SHIFT | (size) }

static int read_text(const char *text, struct bench_trace *trace, struct bench_trace_error *error)
{
	return bench_trace_read(text, strlen(text), trace, error);
}

/* Is the text refused, because of that line, with that sentence? */
static void check_refused(const char *text, size_t size, unsigned long line, const char *sentence)
{
	struct bench_trace_error error;
	struct bench_trace trace;

	if (!CHECK_EQ(bench_trace_read(text, size, &trace, &error), -EINVAL)) {
		bench_trace_free(&trace);
		return;
	}
	CHECK_EQ(error.line, line);
	CHECK_STR(error.sentence, sentence);
	CHECK(!trace.events && !trace.nr);
}

SELFTEST(trace, each_kind_of_event_is_read)
{
	static const struct bench_event expected[] = {
		EVENT(0, BENCH_KMALLOC, 32), EVENT(1, BENCH_KZALLOC, 4194304),
		EVENT(65535, BENCH_CACHE, 8192), EVENT(7, BENCH_PAGES, 10),
		EVENT(1, BENCH_KFREE, 4194304), EVENT(0, BENCH_KFREE, 32),
		EVENT(65535, BENCH_CACHE_FREE, 8192), EVENT(7, BENCH_PAGES_FREE, 10),
		EVENT(0, BENCH_PAGES, 0),
	};
	struct bench_trace_error error;
	struct bench_trace trace;

	REQUIRE(!read_text("0 k 32 0\n4095 z 4194304 1\n1 c 8192 65535\n0 p 10 7\n"
			   "0 f 1\n1 f 0\n0 f 65535\n2 f 7\n0 p 0 0\n", &trace, &error));
	if (CHECK_EQ(trace.nr, ARRAY_SIZE(expected)))
		CHECK(!memcmp(trace.events, expected, sizeof(expected)));
	bench_trace_free(&trace);
}

SELFTEST(trace, what_is_no_event_is_refused_with_its_line)
{
	static const struct {
		const char *line, *sentence;
	} cases[] = {
		{ "", "the CPU is no number below 4096" },
		{ "k 8 1", "the CPU is no number below 4096" },
		{ "-1 k 8 1", "the CPU is no number below 4096" },
		{ "4096 k 8 1", "the CPU is no number below 4096" },
		{ "18446744073709551616 k 8 1", "the CPU is no number below 4096" },
		{ "0", "there is no event" },
		{ "0 ", "there is no event" },
		{ "0\tk 8 1", "there is no event" },
		{ "0 x 8 1", "the event is none of k, z, c, p and f" },
		{ "0  k 8 1", "the event is none of k, z, c, p and f" },
		{ "0 k", "the size is no number from 1 to 4194304" },
		{ "0 kz 8 1", "the size is no number from 1 to 4194304" },
		{ "0 k 0 1", "the size is no number from 1 to 4194304" },
		{ "0 k 0x8 1", "the size is no number from 1 to 4194304" },
		{ "0 k 8x 1", "the ID is no number below 65536" },
		{ "0 z 4194305 1", "the size is no number from 1 to 4194304" },
		{ "0 k 4294967304 1", "the size is no number from 1 to 4194304" },
		{ "0 c 12 1", "the size is no multiple of 8 from 8 to 8192" },
		{ "0 c 0 1", "the size is no multiple of 8 from 8 to 8192" },
		{ "0 c 8200 1", "the size is no multiple of 8 from 8 to 8192" },
		{ "0 p 11 1", "the order is no number from 0 to 10" },
		{ "0 p -1 1", "the order is no number from 0 to 10" },
		{ "0 k 8", "the ID is no number below 65536" },
		{ "0 k 8 ", "the ID is no number below 65536" },
		{ "0 k 8 65536", "the ID is no number below 65536" },
		{ "0 f", "the ID is no number below 65536" },
		{ "0 k 8 1 ", "the line goes on behind the ID" },
		{ "0 f 5 6", "the line goes on behind the ID" },
		{ "0 k 8 1\r", "the line goes on behind the ID" },
		{ "0 k 8 5", "another object has this ID" },
		{ "0 f 1", "no object has this ID" },
		{ "0 f 6", "no object has this ID" },
	};
	char text[64];
	size_t i;

	/* Object 5 is there, object 6 was and is not. */
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int size = snprintf(text, sizeof(text), "0 k 8 5\n0 z 8 6\n0 f 6\n%s\n0 f 5\n",
				    cases[i].line);

		check_refused(text, size, 4, cases[i].sentence);
	}
}

SELFTEST(trace, zeroes_and_ends_in_the_wrong_place_are_refused)
{
	static const char zero[] = "0 k 8 1\n0 k 8\0002\n";
	static const char whole[] = "0 k 8 1\n0 k 104 6512\n";
	size_t size;

	check_refused(zero, sizeof(zero) - 1, 2, "the ID is no number below 65536");
	check_refused("\0\0\0\n", 4, 1, "the CPU is no number below 4096");
	check_refused("", 0, 1, "there is no event");
	check_refused("\n\n\n\n\n\n\n\n", 8, 1, "the CPU is no number below 4096");
	for (size = 1; size < 8; size++)
		check_refused(whole, size, 1, "the text ends within the line");
	for (size = 9; size < sizeof(whole) - 1; size++)
		check_refused(whole, size, 2, "the text ends within the line");
}

/*
 * A trace that asks for more than there is stops there. What its first events allocated goes by
 * the way that they did: not as a later event, which was not reached, uses the same ID.
 */
SELFTEST(trace, what_was_allocated_goes_when_memory_runs_out)
{
	static const char *const begun[] = { "0 k 64 0", "0 z 64 0", "0 c 64 0", "0 p 1 0" };
	static const char *const later[] = { "0 p 0 0", "0 c 128 0", "0 p 0 0", "0 k 8 0" };
	struct bench_trace_error error;
	struct bench_replayed figures;
	struct bench_trace trace;
	char text[96];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(begun); i++) {
		snprintf(text, sizeof(text), "%s\n0 k 8192 1\n0 f 0\n%s\n0 f 0\n", begun[i],
			 later[i]);
		REQUIRE(!read_text(text, &trace, &error));
		trace.events[1].what |= 1U << 27;	/* more than kmalloc() can ever give */
		CHECK(!bench_replay(&trace, &figures));
		bench_trace_free(&trace);
	}
}
