/* SPDX-License-Identifier: MIT */
/*
 * Reads a trace, the text of what a system asked of its allocators. Linux's API only. A line is
 * one event: the CPU, what it did, and the number of the object that it did it to, with one space
 * between.
 *
 *	CPU k SIZE ID	kmalloc			CPU p ORDER ID	pages
 *	CPU z SIZE ID	kzalloc			CPU f ID	free of what has that ID
 *	CPU c SIZE ID	an object of a cache
 *
 * The text is a file that anybody may have made, so nothing in it is believed: a line that is
 * not one of these, a number beyond the limits of bench.h, an ID that is given to two objects at
 * once or freed while no object has it, a text that ends within a line, are each refused, with
 * the number of the first such line, and no event is left of the whole. Behind this reader, then,
 * each free is of an object that was allocated, by the way that it was allocated.
 *
 * Cost: one pass to count the lines, one to read them; 8 bytes an event, and 256 KiB while it
 * reads for what each ID stands for.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include "bench.h"
#ifdef BENCH_HAS_VMALLOC
#include <linux/vmalloc.h>

#define MAX_CPU	      4095
#define SHORTEST_LINE 6		/* bytes: "0 f 0\n" */

/* What is left of a line. */
struct rest {
	const char *pos, *end;
};

/* The allocations: what stands for them, and which numbers they take. */
static const struct kind {
	char letter;
	u32 kind, least, most, step;
	const char *sentence;
} kinds[] = {
	{ 'k', BENCH_KMALLOC, 1, BENCH_MAX_SIZE, 1, "the size is no number from 1 to 4194304" },
	{ 'z', BENCH_KZALLOC, 1, BENCH_MAX_SIZE, 1, "the size is no number from 1 to 4194304" },
	{ 'c', BENCH_CACHE, 8, BENCH_MAX_OBJECT, 8,
	  "the size is no multiple of 8 from 8 to 8192" },
	{ 'p', BENCH_PAGES, 0, BENCH_MAX_ORDER, 1, "the order is no number from 0 to 10" },
};

/* A number of digits alone; each of the limits can be multiplied by ten. */
static bool read_number(struct rest *rest, u32 most, u32 *number)
{
	const char *start = rest->pos;

	*number = 0;
	for (; rest->pos < rest->end && *rest->pos >= '0' && *rest->pos <= '9'; rest->pos++) {
		*number = *number * 10 + (u32)(*rest->pos - '0');
		if (*number > most)
			return false;
	}
	return rest->pos > start;
}

static bool read_char(struct rest *rest, char *c)
{
	if (rest->pos == rest->end)
		return false;
	*c = *rest->pos++;
	return true;
}

static bool read_space(struct rest *rest)
{
	char c = 0;

	return read_char(rest, &c) && c == ' ';
}

static const char *read_id(struct rest *rest, u32 *id)
{
	if (!read_space(rest) || !read_number(rest, BENCH_SLOTS - 1, id))
		return "the ID is no number below 65536";
	if (rest->pos != rest->end)
		return "the line goes on behind the ID";
	return NULL;
}

static const char *read_free(struct rest *rest, u32 *live, struct bench_event *event)
{
	const char *sentence = read_id(rest, &event->slot);

	if (sentence)
		return sentence;
	event->what = live[event->slot];
	if (!event->what)
		return "no object has this ID";
	live[event->slot] = 0;
	if (BENCH_EVENT_KIND(event) == BENCH_KZALLOC)
		event->what -= BENCH_KZALLOC << BENCH_KIND_SHIFT;
	event->what += BENCH_KFREE << BENCH_KIND_SHIFT;
	return NULL;
}

static const char *read_allocation(const struct kind *kind, struct rest *rest, u32 *live,
				   struct bench_event *event)
{
	const char *sentence;
	u32 number;

	if (!read_space(rest) || !read_number(rest, kind->most, &number) ||
	    number < kind->least || number % kind->step)
		return kind->sentence;
	sentence = read_id(rest, &event->slot);
	if (sentence)
		return sentence;
	if (live[event->slot])
		return "another object has this ID";
	event->what = kind->kind << BENCH_KIND_SHIFT | number;
	live[event->slot] = event->what;
	return NULL;
}

/* NULL, or what is wrong. `live`: for each ID what allocated its object, 0 when there is none. */
static const char *read_line(struct rest *rest, u32 *live, struct bench_event *event)
{
	unsigned int i;
	char letter;
	u32 cpu;

	if (!read_number(rest, MAX_CPU, &cpu))
		return "the CPU is no number below 4096";
	if (!read_space(rest) || !read_char(rest, &letter))
		return "there is no event";
	if (letter == 'f')
		return read_free(rest, live, event);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].letter == letter)
			return read_allocation(&kinds[i], rest, live, event);
	return "the event is none of k, z, c, p and f";
}

/* No more than so many lines can be whole, whatever the text is. */
static unsigned long count_lines(const char *text, size_t size)
{
	const char *pos = text, *end = text + size;
	unsigned long nr = 0;

	while (pos < end && (pos = memchr(pos, '\n', end - pos))) {
		pos++;
		nr++;
	}
	return min_t(unsigned long, nr, size / SHORTEST_LINE);
}

static const char *read_lines(const char *text, size_t size, u32 *live, struct bench_trace *trace)
{
	const char *end = text + size, *sentence;
	struct rest rest = { text, text };

	if (!size)
		return "there is no event";
	while (rest.pos < end) {
		rest.end = memchr(rest.pos, '\n', end - rest.pos);
		if (!rest.end)
			return "the text ends within the line";
		sentence = read_line(&rest, live, &trace->events[trace->nr]);
		if (sentence)
			return sentence;
		rest.pos++;
		trace->nr++;
	}
	return NULL;
}

int bench_trace_read(const char *text, size_t size, struct bench_trace *trace,
		     struct bench_trace_error *error)
{
	unsigned long nr = count_lines(text, size);
	u32 *live = vzalloc(BENCH_SLOTS * sizeof(*live));

	/* One more, for the line behind the last that can be whole. */
	trace->events = vmalloc((nr + 1) * sizeof(*trace->events));
	trace->nr = 0;
	error->sentence = "there is no memory for so many events";
	if (live && trace->events)
		error->sentence = read_lines(text, size, live, trace);
	error->line = trace->nr + 1;
	vfree(live);
	if (!error->sentence)
		return 0;
	bench_trace_free(trace);
	return -EINVAL;
}

void bench_trace_free(struct bench_trace *trace)
{
	vfree(trace->events);
	trace->events = NULL;
	trace->nr = 0;
}

int bench_trace_load(struct bench_trace *trace)
{
	struct bench_trace_error error;
	size_t size;
	const char *text = bench_trace_text(&size);

	if (!text)
		return -ENOENT;
	if (!bench_trace_read(text, size, trace, &error))
		return 0;
	printk(KERN_ERR "bench: trace: line %lu: %s\n", error.line, error.sentence);
	return -EINVAL;
}
#endif
