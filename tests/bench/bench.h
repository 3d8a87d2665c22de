/* SPDX-License-Identifier: MIT */
/*
 * What is measured, and what it asks of the kernel that it is compiled into. The files that
 * include this one know nothing but Linux's API: Quarry and a module for Linux are built from
 * the same text.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <linux/types.h>

#if __has_include(<linux/slab.h>)
#define BENCH_HAS_SLAB
#endif
#if __has_include(<linux/vmalloc.h>)
#define BENCH_HAS_VMALLOC
#endif
#if __has_include(<linux/mempool.h>) && defined(BENCH_HAS_SLAB) && __has_include(<linux/slab.h>)
#define BENCH_HAS_MEMPOOL
#endif
#if __has_include(<linux/dma-mapping.h>)
#define BENCH_HAS_DMA
#endif
#if __has_include(<linux/dmapool.h>)
#define BENCH_HAS_DMAPOOL
#endif

#define BENCH_REPETITIONS 24	/* the least of them counts */
#define BENCH_MAX_LIVE	  1024	/* pointers in bench_live[] */

/* Something to do n times. */
typedef void (*bench_fn)(unsigned int n);

/* A row: a name, and either what to measure in the three usual ways or a way of its own. */
struct bench_row {
	const char *name;
	unsigned int live;		/* objects that live at once in alloc and free */
	bool (*setup)(void);		/* false: cannot be had; may be NULL, as teardown */
	void (*teardown)(void);
	bench_fn fill, empty, pairs;	/* bench_live[0..n) allocated; freed; n times both */
	void (*run)(const struct bench_row *row);
};

/*
 * An event of a trace (trace.c): the number of the object it is about, and what it does. The
 * frees are the allocations' numbers and 4, but kfree() frees what either of two allocated.
 */
struct bench_event {
	u32 slot;	/* below BENCH_SLOTS */
	u32 what;	/* a kind; below it the size in bytes, or the order of pages */
};

#define BENCH_SLOTS	 65536
#define BENCH_MAX_SIZE	 4194304	/* of kmalloc() */
#define BENCH_MAX_OBJECT 8192		/* of a cache; all are multiples of 8 */
#define BENCH_MAX_ORDER	 10

enum {
	BENCH_KMALLOC, BENCH_KZALLOC, BENCH_CACHE, BENCH_PAGES,
	BENCH_KFREE, BENCH_CACHE_FREE = 6, BENCH_PAGES_FREE,
};
#define BENCH_KIND_SHIFT	28
#define BENCH_EVENT_KIND(event) ((event)->what >> BENCH_KIND_SHIFT)
#define BENCH_EVENT_SIZE(event) ((event)->what & ((1U << BENCH_KIND_SHIFT) - 1))

struct device;

extern void *bench_live[BENCH_MAX_LIVE];

/* The tables of rows, each ended by a row without a name. */
extern const struct bench_row bench_rows[];		/* workloads.c */
extern const struct bench_row bench_memory_rows[];	/* fragmentation.c */

extern const struct bench_row bench_cpus_rows[];	/* cpus.c: `live` is how many CPUs */

extern const struct bench_row bench_replay_rows[];	/* replay.c */

/*
 * Measures every row whose name one of the patterns matches (`*` any run of characters, commas
 * between patterns); those of cpus.c only where there are several CPUs, and as many as the row
 * wants. Returns how many rows these are.
 */
unsigned int bench_run(const char *pattern);
/* For `run`: alloc, free and pair; or pair alone, done `live` times. */
void bench_usual(const struct bench_row *row);
void bench_pairs(const struct bench_row *row);
/* The least time that fn(n) took in BENCH_REPETITIONS, in cycles, without the measuring. */
u64 bench_least(bench_fn fn, unsigned int n);

struct bench_trace {
	struct bench_event *events;
	unsigned long nr;
};

/* The first line that is none, counted from 1, and what is wrong with it. */
struct bench_trace_error {
	unsigned long line;
	const char *sentence;
};

/* trace.c: the events of a text. 0; else -EINVAL, with the reason, and nothing to be freed. */
int bench_trace_read(const char *text, size_t size, struct bench_trace *trace,
		     struct bench_trace_error *error);
void bench_trace_free(struct bench_trace *trace);
/* Those that the kernel supplies; -ENOENT: it has none. Refusals are printed. */
int bench_trace_load(struct bench_trace *trace);

/* Does a trace again; false when memory ran out. replay.c says what the figures mean. */
struct bench_replayed {
	u64 per_event, util_end, util_peak;
};

bool bench_replay(const struct bench_trace *trace, struct bench_replayed *figures);
/* x / n, rounded to the nearest. */
u64 bench_each(u64 x, u64 n);
/* The next number of a fixed sequence, below `below`. */
u32 bench_random(u32 below);

/*
 * Supplied by the kernel: a device that may reach all memory, NULL when there is none; a trace's
 * text and its length, NULL when there is none; how many bytes lie in slabs, used and free, and
 * in pages that are one large object.
 */
struct device *bench_device(void);
const char *bench_trace_text(size_t *size);
u64 bench_slab_bytes(void);

#endif
