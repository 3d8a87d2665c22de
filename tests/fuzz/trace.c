/* SPDX-License-Identifier: MIT */
/*
 * The text of a trace. What is refused has a line and a sentence; what is accepted means, line
 * by line, what the text says, and is then done again: it is on purpose that a trace may ask for
 * more than the machine has.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <quarry/quarry.h>
#include <tests/bench/bench.h>

#include "fuzz.h"

static const char *text;
static size_t text_size;

const char *bench_trace_text(size_t *size)
{
	*size = text_size;
	return text;
}

u64 bench_slab_bytes(void)
{
	return (u64)quarry_slab_pages() * PAGE_SIZE;
}

u64 bench_each(u64 x, u64 n)
{
	return (x + n / 2) / n;
}

static unsigned long nr_lines(void)
{
	unsigned long nr = 0;
	size_t i;

	for (i = 0; i < text_size; i++)
		nr += text[i] == '\n';
	return nr;
}

/* What stands in a line for an event: its letter, its numbers. */
static void check_line(const char *line, const struct bench_event *event)
{
	static const char letters[] = "kzcpf-ff";
	u32 numbers[3] = { }, nr = 0, kind = BENCH_EVENT_KIND(event);
	char letter = 0;

	FUZZ_CHECK(kind < sizeof(letters) - 1 && event->slot < BENCH_SLOTS);
	for (; *line != '\n'; line++) {
		if (*line >= '0' && *line <= '9')
			numbers[nr] = numbers[nr] * 10 + (u32)(*line - '0');
		else if (*line == ' ')
			nr++;
		else
			letter = *line;
		if (*line == ' ' && line[1] == letters[kind])
			nr--;
	}
	FUZZ_CHECK(letter == letters[kind]);
	FUZZ_CHECK(numbers[nr] == event->slot);
	if (letter != 'f')
		FUZZ_CHECK(nr == 2 && numbers[1] == BENCH_EVENT_SIZE(event));
}

static void check_lines(const struct bench_trace *trace)
{
	const char *line = text;
	unsigned long i;

	FUZZ_CHECK(trace->nr == nr_lines() && text[text_size - 1] == '\n');
	for (i = 0; i < trace->nr; i++) {
		check_line(line, &trace->events[i]);
		line = strchr(line, '\n') + 1;
	}
}

FUZZ_TARGET(trace, true)
{
	struct bench_trace_error error;
	struct bench_replayed figures;
	struct bench_trace trace;

	text = (const char *)in->data;
	text_size = in->size;
	if (bench_trace_read(text, text_size, &trace, &error)) {
		FUZZ_CHECK(error.sentence && error.line - 1 <= nr_lines());
		FUZZ_CHECK(bench_trace_load(&trace) == -EINVAL && !trace.events);
		return;
	}
	check_lines(&trace);
	bench_replay(&trace, &figures);
	bench_trace_free(&trace);
}
