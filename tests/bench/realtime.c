/* SPDX-License-Identifier: MIT */
/*
 * The same loops over Quarry's kmalloc() and over a C library's malloc(), in real time.
 *
 * Compiled twice: into the hosted port, where a CPU is a thread of the process (`bench=time-*`),
 * and, with BENCH_MALLOC defined, into a program of its own, whose malloc() may come from any
 * library. Rows, with 1 or 2 threads behind the x, in picoseconds for each object:
 *
 *	time-pair-SIZE-xN	allocated and freed at once
 *	time-batch-SIZE-xN	BATCH allocated, then freed in that order
 *	time-mix-xN		a random one of MIX objects, of 8 to 8192 bytes, is replaced
 *	time-remote-SIZE-x2	BATCH allocated, then freed by the other thread
 *
 * Each thread has objects of its own. All threads begin at once; the row is the time until the
 * last one is done. A factor multiplies the length of the loops: the difference of two lengths is
 * the loops alone, for who counts instructions of a whole process.
 */
#ifdef BENCH_MALLOC
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ALLOC(size) malloc(size)
#define FREE(p)	    free(p)
#define noinline    __attribute__((noinline))
#define say	    printf
typedef uint32_t u32;
typedef unsigned long long u64;

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

#else
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include "bench.h"
#include "run.h"

#define ALLOC(size) kmalloc(size, GFP_KERNEL)
#define FREE(p)	    kfree(p)
#define say	    printk
#define now	    ktime_get_ns
#endif

#define THREADS 2
#define BATCH	256
#define MIX	1024

/* One thread's. Aligned to keep what the threads write apart. */
struct worker {
	void *live[MIX];
	u32 random;
	u64 start, end;
	unsigned int self;
} __attribute__((aligned(4096)));

typedef void (*loop_fn)(struct worker *worker, unsigned long n);

static struct worker workers[THREADS];
static unsigned int nr_workers, nr_arrived;
static loop_fn loop;
static unsigned long loop_length;

/* 1. Loops */

/* Nobody leaves the i-th meeting before all have come. */
static void meet(unsigned int *meetings)
{
	unsigned int all = ++*meetings * nr_workers;

	__atomic_add_fetch(&nr_arrived, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&nr_arrived, __ATOMIC_SEQ_CST) < all)
		__builtin_ia32_pause();
}

#define LOOPS(size) \
	static noinline void pair_##size(struct worker *worker, unsigned long n) \
	{ \
		while (n--) { \
			void *p = ALLOC(size); \
			FREE(p); \
		} \
	} \
	static noinline void batch_##size(struct worker *worker, unsigned long n) \
	{ \
		for (; n >= BATCH; n -= BATCH) { \
			unsigned int i; \
			for (i = 0; i < BATCH; i++) \
				worker->live[i] = ALLOC(size); \
			for (i = 0; i < BATCH; i++) \
				FREE(worker->live[i]); \
		} \
	}

LOOPS(64)
LOOPS(256)
LOOPS(1024)
LOOPS(8192)

static u32 random_below(struct worker *worker, u32 below)
{
	worker->random = worker->random * 1664525 + 1013904223;
	return (u32)((u64)worker->random * below >> 32);
}

static noinline void mix(struct worker *worker, unsigned long n)
{
	unsigned int i;

	for (i = 0; i < MIX; i++)
		worker->live[i] = NULL;
	while (n--) {
		u32 size = 8U << random_below(worker, 11);

		i = random_below(worker, MIX);
		FREE(worker->live[i]);
		worker->live[i] = ALLOC(size - random_below(worker, size / 2));
	}
	for (i = 0; i < MIX; i++)
		FREE(worker->live[i]);
}

static noinline void remote_256(struct worker *worker, unsigned long n)
{
	struct worker *other = &workers[1 - worker->self];
	unsigned int meetings = 1, i;

	for (; n >= BATCH; n -= BATCH) {
		for (i = 0; i < BATCH; i++)
			worker->live[i] = ALLOC(256);
		meet(&meetings);
		for (i = 0; i < BATCH; i++)
			FREE(other->live[i]);
		meet(&meetings);
	}
}

static const struct {
	const char *name;
	loop_fn loop;
	unsigned long length;
	unsigned int threads;
} rows[] = {
	{ "pair-64-x1", pair_64, 400000, 1 }, { "pair-64-x2", pair_64, 400000, 2 },
	{ "pair-256-x1", pair_256, 400000, 1 }, { "pair-1024-x1", pair_1024, 400000, 1 },
	{ "pair-8192-x1", pair_8192, 400000, 1 }, { "pair-8192-x2", pair_8192, 400000, 2 },
	{ "batch-64-x1", batch_64, 409600, 1 }, { "batch-64-x2", batch_64, 409600, 2 },
	{ "batch-256-x1", batch_256, 409600, 1 }, { "batch-256-x2", batch_256, 409600, 2 },
	{ "batch-1024-x1", batch_1024, 204800, 1 }, { "batch-8192-x1", batch_8192, 102400, 1 },
	{ "mix-x1", mix, 200000, 1 }, { "mix-x2", mix, 200000, 2 },
	{ "remote-256-x2", remote_256, 204800, 2 },
};

/* 2. Threads */

static void work(struct worker *worker)
{
	unsigned int meetings = 0;

	worker->random = worker->self + 1;
	meet(&meetings);
	worker->start = now();
	loop(worker, loop_length);
	worker->end = now();
}

#ifdef BENCH_MALLOC
static void *thread(void *worker)
{
	work(worker);
	return NULL;
}

static void run_workers(void)
{
	pthread_t threads[THREADS];
	unsigned int i;

	for (i = 0; i < nr_workers; i++)
		if (pthread_create(&threads[i], NULL, thread, &workers[i]))
			abort();
	for (i = 0; i < nr_workers; i++)
		pthread_join(threads[i], NULL);
}
#else
static struct completion done[THREADS];

static int thread(void *data)
{
	struct worker *worker = data;

	work(worker);
	complete(&done[worker->self]);
	return 0;
}

static void run_workers(void)
{
	unsigned int i;

	for (i = 0; i < nr_workers; i++) {
		init_completion(&done[i]);
		kthread_run_on_cpu(thread, &workers[i], i, "bench/%u");
	}
	for (i = 0; i < nr_workers; i++)
		wait_for_completion(&done[i]);
}
#endif

/* 3. Rows */

static void run_row(unsigned int row, unsigned long repeat)
{
	u64 start = ~0ULL, end = 0, length = rows[row].length * repeat;
	unsigned int i;

	loop = rows[row].loop;
	loop_length = length;
	nr_workers = rows[row].threads;
	nr_arrived = 0;
	for (i = 0; i < nr_workers; i++)
		workers[i].self = i;
	run_workers();
	for (i = 0; i < nr_workers; i++) {
		start = workers[i].start < start ? workers[i].start : start;
		end = workers[i].end > end ? workers[i].end : end;
	}
	say("bench: time-%s ps=%llu n=%llu\n", rows[row].name, (end - start) * 1000 / length,
	    length);
}

#ifdef BENCH_MALLOC
/* Arguments: a row's name (all: every row), and the factor. */
int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "all";
	unsigned long repeat = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	unsigned int row;

	for (row = 0; row < sizeof(rows) / sizeof(rows[0]); row++)
		if (!strcmp(name, "all") || !strcmp(name, rows[row].name))
			run_row(row, repeat);
	return 0;
}
#else
void bench_realtime(const char *name, unsigned long repeat)
{
	unsigned int row;

	for (row = 0; row < ARRAY_SIZE(rows); row++)
		if ((!strcmp(name, "all") || !strcmp(name, rows[row].name)) &&
		    rows[row].threads <= num_online_cpus())
			run_row(row, repeat);
}
#endif
