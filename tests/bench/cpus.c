/* SPDX-License-Identifier: MIT */
/*
 * Several CPUs at once: what an operation costs when 1, 2, 4 or 8 of them work, and when what
 * one allocated is freed on another. Linux's API only.
 *
 * A team is one thread for each CPU. The leader wakes all of them, each does its part, the
 * last one wakes the leader. In an emulator that runs the CPUs in turn, on one clock that
 * counts instructions, the time between is the sum of what all CPUs did, waiting for locks
 * included. The same with parts that do nothing is subtracted. A CPU that has nothing to do
 * halts and costs nothing. So figures that stay level from x1 to x8 mean: nobody waits for
 * anybody, and nothing is done twice.
 *
 * Rows, with the number of CPUs behind the x:
 *
 *	…-own-xN	each CPU allocates OBJECTS and frees them
 *	…-remote-xN	each CPU allocates OBJECTS; then each frees those of the next one
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/smp.h>
#include <linux/timex.h>
#include "bench.h"
#ifdef BENCH_HAS_SLAB
#include <linux/slab.h>
#endif

#define TEAM	8
#define OBJECTS 512

typedef void (*part_fn)(void **live);

struct member {
	struct task_struct *thread;
	struct completion start;
	void *live[OBJECTS];
};

/* The team's leader changes these while all members wait. */
static struct member members[TEAM];
static unsigned int nr_members, distance;
static part_fn part;
static atomic_t nr_busy;
static struct completion finished;

static int member_thread(void *data)
{
	unsigned int self = (unsigned int)(unsigned long)data;

	for (;;) {
		wait_for_completion(&members[self].start);
		if (!part)
			break;
		part(members[(self + distance) % nr_members].live);
		if (atomic_dec_and_test(&nr_busy))
			complete(&finished);
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* All members do `fn`, each with the objects of the one `away` places on. In cycles. */
static u64 work_once(part_fn fn, unsigned int away)
{
	u64 start = get_cycles();
	unsigned int i;

	part = fn;
	distance = away;
	atomic_set(&nr_busy, nr_members);
	for (i = 0; i < nr_members; i++)
		complete(&members[i].start);
	wait_for_completion(&finished);
	return get_cycles() - start;
}

static void disband(void)
{
	unsigned int i;

	part = NULL;
	for (i = 0; i < nr_members; i++)
		complete(&members[i].start);
	for (i = 0; i < nr_members; i++)
		kthread_stop(members[i].thread);
}

static bool gather(unsigned int nr)
{
	init_completion(&finished);
	for (nr_members = 0; nr_members < nr; nr_members++) {
		struct member *member = &members[nr_members];

		init_completion(&member->start);
		member->thread = kthread_create(member_thread, (void *)(unsigned long)nr_members,
						"bench/%u", nr_members);
		if (IS_ERR(member->thread)) {
			disband();
			return false;
		}
		kthread_bind(member->thread, nr_members);
		wake_up_process(member->thread);
	}
	return true;
}

static void do_nothing(void **live)
{
	barrier();
}

static bool all_live(void)
{
	unsigned int m, i;

	for (m = 0; m < nr_members; m++)
		for (i = 0; i < OBJECTS; i++)
			if (!members[m].live[i])
				return false;
	return true;
}

/* Prints the row; what could be allocated is lost when not all could be. */
static void measure(const char *name, part_fn fill, part_fn empty, unsigned int away)
{
	u64 least[3] = { ~0ULL, ~0ULL, ~0ULL };
	unsigned int objects = nr_members * OBJECTS;
	int i;

	for (i = 0; i < BENCH_REPETITIONS; i++) {
		least[0] = min(least[0], work_once(do_nothing, 0));
		least[1] = min(least[1], work_once(fill, 0));
		if (!all_live()) {
			printk(KERN_INFO "bench: %s failed=1\n", name);
			return;
		}
		least[2] = min(least[2], work_once(empty, away));
	}
	least[1] -= min(least[1], least[0]);
	least[2] -= min(least[2], least[0]);
	printk(KERN_INFO "bench: %s alloc=%llu free=%llu\n", name, bench_each(least[1], objects),
	       bench_each(least[2], objects));
}

/* Parts: all of a member's objects. */
#define PARTS(id, ALLOC, FREE) \
	static void id##_fill(void **live) \
	{ \
		unsigned int i; \
		for (i = 0; i < OBJECTS; i++) \
			live[i] = ALLOC; \
	} \
	static void id##_empty(void **live) \
	{ \
		unsigned int i; \
		for (i = 0; i < OBJECTS; i++) \
			FREE(live[i]); \
	} \
	static void id##_own(const struct bench_row *row) \
	{ \
		if (gather(row->live)) { \
			measure(row->name, id##_fill, id##_empty, 0); \
			disband(); \
		} \
	} \
	static void id##_remote(const struct bench_row *row) \
	{ \
		if (gather(row->live)) { \
			measure(row->name, id##_fill, id##_empty, 1); \
			disband(); \
		} \
	}

PARTS(page, alloc_page(GFP_KERNEL), __free_page)
#ifdef BENCH_HAS_SLAB
PARTS(kmalloc, kmalloc(256, GFP_KERNEL), kfree)
#endif

#define ROW(name, id, how, cpus) \
	{ name "-" #how "-x" #cpus, cpus, NULL, NULL, NULL, NULL, NULL, id##_##how }
#define ROWS(name, id) \
	ROW(name, id, own, 1), ROW(name, id, own, 2), ROW(name, id, own, 4), \
	ROW(name, id, own, 8), ROW(name, id, remote, 2), ROW(name, id, remote, 4), \
	ROW(name, id, remote, 8)

const struct bench_row bench_cpus_rows[] = {
#ifdef BENCH_HAS_SLAB
	ROWS("kmalloc-256", kmalloc),
#endif
	ROWS("alloc_pages-0", page),
	{ }
};
