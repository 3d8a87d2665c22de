/* SPDX-License-Identifier: MIT */
/*
 * Every allocation and free of a Linux boot followed by work with files, processes and the
 * network, done again in the order in which they happened. Linux's API only.
 *
 * trace.c has read the events out of a text. Objects of a cache come from a cache of that size
 * that is shared with nothing. All events are done by one CPU. Figures:
 *
 *	per_event	time for each event, with the few instructions that choose what to do,
 *			and with the clearing that some of them ask for
 *	util_end	at the end, and when most was live: of the bytes that the replay took for
 *	util_peak	objects, slabs and large objects' pages, how many in a hundred are live,
 *			rounded down; live is what was asked for
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/timex.h>
#include "bench.h"
#if defined(BENCH_HAS_SLAB) && defined(BENCH_HAS_VMALLOC)
#include <linux/slab.h>

#define SLOTS_ORDER 7		/* pages for BENCH_SLOTS pointers */

static void **slots;
static struct kmem_cache *caches[BENCH_MAX_OBJECT / 8 + 1];
static const struct bench_event *events;
static unsigned long nr_events;
static unsigned long nr_done;

/* How many more bytes of objects are live after the event. */
static long live_change(const struct bench_event *event)
{
	u32 size = BENCH_EVENT_SIZE(event);

	switch (BENCH_EVENT_KIND(event)) {
	case BENCH_PAGES:
	case BENCH_PAGES_FREE:
		return 0;
	case BENCH_KFREE:
	case BENCH_CACHE_FREE:
		return -(long)size;
	default:
		return size;
	}
}

static unsigned long live_bytes(unsigned long nr)
{
	unsigned long live = 0, i;

	for (i = 0; i < nr; i++)
		live += live_change(&events[i]);
	return live;
}

/* Behind which event is most live? */
static unsigned long find_peak(void)
{
	unsigned long live = 0, most = 0, peak = 0, i;

	for (i = 0; i < nr_events; i++) {
		live += live_change(&events[i]);
		if (live > most) {
			most = live;
			peak = i + 1;
		}
	}
	return peak;
}

static noinline void *allocate(const struct bench_event *event)
{
	u32 size = BENCH_EVENT_SIZE(event);

	switch (BENCH_EVENT_KIND(event)) {
	case BENCH_KMALLOC:
		return kmalloc(size, GFP_KERNEL);
	case BENCH_KZALLOC:
		return kzalloc(size, GFP_KERNEL);
	case BENCH_CACHE:
		return kmem_cache_alloc(caches[size / 8], GFP_KERNEL);
	default:
		return alloc_pages(GFP_HIGHUSER_MOVABLE, size);
	}
}

static noinline void release(const struct bench_event *event, void *object)
{
	u32 size = BENCH_EVENT_SIZE(event);

	switch (BENCH_EVENT_KIND(event)) {
	case BENCH_KFREE:
		kfree(object);
		break;
	case BENCH_CACHE_FREE:
		kmem_cache_free(caches[size / 8], object);
		break;
	default:
		__free_pages(object, size);
	}
}

/* Events [start, end); false when memory ran out. */
static bool replay(unsigned long start, unsigned long end)
{
	const struct bench_event *event;

	for (event = events + start; event < events + end; event++) {
		void **slot = &slots[event->slot];

		if (BENCH_EVENT_KIND(event) >= BENCH_KFREE) {
			release(event, *slot);
			*slot = NULL;
		} else {
			*slot = allocate(event);
			if (!*slot)
				break;
		}
	}
	nr_done = event - events;
	return nr_done == end;
}

/* What is live goes, as the last event of each slot that was done says. */
static void free_rest(void)
{
	struct bench_event event;
	unsigned long i;

	for (i = nr_done; i--;) {
		if (!slots[events[i].slot])
			continue;
		event = events[i];
		event.what += BENCH_KFREE << BENCH_KIND_SHIFT;
		if (BENCH_EVENT_KIND(&event) == BENCH_KFREE + BENCH_KZALLOC)
			event.what -= BENCH_KZALLOC << BENCH_KIND_SHIFT;
		release(&event, slots[event.slot]);
		slots[event.slot] = NULL;
	}
}

/* After so many events; the log has a digit more. */
static u64 percent_live(unsigned long nr, u64 slabs_before)
{
	u64 taken = bench_slab_bytes() - slabs_before, live = live_bytes(nr);
	u64 thousandths = taken ? div64_u64(1000 * live, taken) : 0;

	printk(KERN_INFO "replay: after %lu events %llu.%llu %% of %llu KiB are live\n", nr,
	       thousandths / 10, thousandths % 10, taken / 1024);
	return thousandths / 10;
}

static bool measure(struct bench_replayed *figures)
{
	unsigned long peak = find_peak();
	u64 before = bench_slab_bytes(), start = get_cycles(), time;
	bool whole = replay(0, peak);

	time = get_cycles() - start;
	figures->util_peak = percent_live(peak, before);
	start = get_cycles();
	whole = whole && replay(peak, nr_events);
	time += get_cycles() - start;
	figures->per_event = bench_each(time, nr_events);
	figures->util_end = percent_live(nr_events, before);
	free_rest();
	return whole;
}

static void destroy(void)
{
	u32 size;

	for (size = 0; size <= BENCH_MAX_OBJECT; size += 8) {
		if (caches[size / 8])
			kmem_cache_destroy(caches[size / 8]);
		caches[size / 8] = NULL;
	}
	free_pages((unsigned long)slots, SLOTS_ORDER);
}

static bool prepare(void)
{
	unsigned long i;
	char name[32];
	u32 size;

	slots = (void **)__get_free_pages(GFP_KERNEL | __GFP_ZERO, SLOTS_ORDER);
	if (!slots)
		return false;
	for (i = 0; i < nr_events; i++) {
		size = BENCH_EVENT_SIZE(&events[i]);
		if (BENCH_EVENT_KIND(&events[i]) != BENCH_CACHE || caches[size / 8])
			continue;
		snprintf(name, sizeof(name), "replay-%u", size);
		caches[size / 8] = kmem_cache_create(name, size, 0, SLAB_NO_MERGE, NULL);
		if (!caches[size / 8]) {
			destroy();
			return false;
		}
	}
	return true;
}

bool bench_replay(const struct bench_trace *trace, struct bench_replayed *figures)
{
	bool whole;

	events = trace->events;
	nr_events = trace->nr;
	if (!prepare())
		return false;
	whole = measure(figures);
	destroy();
	return whole;
}

/* A boot without a trace has no such row. */
static void run(const struct bench_row *row)
{
	struct bench_replayed figures;
	struct bench_trace trace;
	int error = bench_trace_load(&trace);

	if (error == -ENOENT)
		return;
	if (!error && bench_replay(&trace, &figures))
		printk(KERN_INFO "bench: %s per_event=%llu util_end=%llu util_peak=%llu\n",
		       row->name, figures.per_event, figures.util_end, figures.util_peak);
	else
		printk(KERN_INFO "bench: %s failed=1\n", row->name);
	if (!error)
		bench_trace_free(&trace);
}
#endif

const struct bench_row bench_replay_rows[] = {
#if defined(BENCH_HAS_SLAB) && defined(BENCH_HAS_VMALLOC)
	{ "replay-linux-boot", 0, NULL, NULL, NULL, NULL, NULL, run },
#endif
	{ }
};
