// SPDX-License-Identifier: MIT
/*
 * Everything at once. On each CPU a thread swaps objects of random sizes, 1 byte to 128 KiB, in
 * and out of a table that all share; every second time it is one of another CPU's. Each
 * is full of a pattern that is checked before it goes. Meanwhile interrupts allocate, and a thread
 * has all caches give back what they keep.
 */
#define SELFTEST_UNSAMPLED 1
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <kernel/kernel.h>
#include "mm/slab.h"
#include "tests/threads.h"

#define TRY	  (GFP_KERNEL | __GFP_NOWARN)
#define SLOTS	  256
#define STORM_CPUS 8
#define TRIES	   100		/* for an object of another CPU */
#define OPERATIONS 20000	/* of all threads, for each unit of scale= */

struct entry {
	spinlock_t lock;		/* guards the rest */
	u8 *object;			/* NULL: none */
	u32 size;
	u8 fill;
	unsigned int cpu;		/* where it came from */
};

static struct entry table[SLOTS];
static unsigned int nr_slots, max_shift;
static unsigned int nr_threads;
static atomic_t nr_running;
static atomic_long_t nr_broken, nr_swapped, nr_elsewhere;

/* ---- One operation ---- */

/* Mostly small, up to 2^max_shift. */
static u32 random_size(u64 *random)
{
	u64 number = selftest_random_step(random);
	unsigned int shift = 3 + (number >> 8) % (number % 8 ? 7 : max_shift - 2);

	return 1 + (u32)((number >> 32) % (1UL << min(shift, max_shift)));
}

static void check(const u8 *object, u32 size, u8 fill)
{
	if (object && memchr_inv(object, fill, size))
		atomic_long_inc(&nr_broken);
}

static struct entry *any_entry(u64 *random)
{
	return &table[selftest_random_step(random) % nr_slots];
}

/* One whose object came from another CPU, which may have to come first; any if none does. */
static struct entry *foreign_entry(u64 *random)
{
	for (int tries = 0; tries < TRIES && atomic_read(&nr_running) > 1; tries++) {
		u64 start = selftest_random_step(random);

		for (unsigned int i = 0; i < nr_slots; i++) {
			struct entry *entry = &table[(start + i) % nr_slots];

			if (READ_ONCE(entry->object) &&
			    READ_ONCE(entry->cpu) != smp_processor_id())
				return entry;
		}
		cond_resched();
		cpu_relax();
	}
	return any_entry(random);
}

static void swap_object(struct entry *entry, u64 *random, gfp_t gfp)
{
	u32 size = random_size(random), old_size;
	unsigned int old_cpu;
	u8 fill = (u8)selftest_random_step(random), old_fill;
	u8 *object = kmalloc(size, gfp), *old;
	unsigned long flags;

	if (object)
		memset(object, fill, size);
	spin_lock_irqsave(&entry->lock, flags);
	old = entry->object;
	old_size = entry->size;
	old_fill = entry->fill;
	old_cpu = entry->cpu;
	WRITE_ONCE(entry->object, object);
	entry->size = size;
	entry->fill = fill;
	WRITE_ONCE(entry->cpu, smp_processor_id());
	spin_unlock_irqrestore(&entry->lock, flags);
	check(old, old_size, old_fill);
	kfree(old);
	atomic_long_inc(&nr_swapped);
	if (old && old_cpu != smp_processor_id())
		atomic_long_inc(&nr_elsewhere);
}

/* ---- Who takes part ---- */

static void storm_thread(void *arg)
{
	u64 *random = arg;
	unsigned long nr = selftest_scaled(OPERATIONS) / nr_threads;

	for (unsigned long i = 0; i < nr; i++) {
		swap_object(i % 2 ? foreign_entry(random) : any_entry(random), random, TRY);
		if (i % 64 == 0)
			cond_resched();
	}
	atomic_dec(&nr_running);
}

static DEFINE_PER_CPU(u64, interrupt_random);

static void storm_interrupt(void *arg)
{
	u64 *random = this_cpu_ptr(&interrupt_random);

	if (!*random)
		*random = smp_processor_id() + 1;
	for (int i = 0; i < 4; i++)
		swap_object(any_entry(random), random, GFP_ATOMIC | __GFP_NOWARN);
}

static void interrupting_thread(void *arg)
{
	while (atomic_read(&nr_running)) {
		on_each_cpu(storm_interrupt, NULL, 1);
		msleep(1);
	}
}

static void shrinking_thread(void *arg)
{
	while (atomic_read(&nr_running)) {
		quarry_reap(true);
		msleep(1);
	}
}

static void prepare(void)
{
	unsigned long pages = nr_free_pages();

	max_shift = pages > 16384 ? 17 : pages > 2048 ? 12 : 8;
	nr_slots = pages > 2048 ? SLOTS : SLOTS / 4;
	for (unsigned int i = 0; i < nr_slots; i++)
		spin_lock_init(&table[i].lock);
	atomic_long_set(&nr_broken, 0);
	atomic_long_set(&nr_swapped, 0);
	atomic_long_set(&nr_elsewhere, 0);
}

static void clean_up(void)
{
	for (unsigned int i = 0; i < nr_slots; i++) {
		check(table[i].object, table[i].size, table[i].fill);
		kfree(table[i].object);
		table[i].object = NULL;
	}
	CHECK_EQ(atomic_long_read(&nr_broken), 0);
	CHECK_EQ(slab_validate(), 0);
}

SELFTEST(slab_storm, cpus_and_interrupts_free_each_others_objects)
{
	static struct test_thread threads[STORM_CPUS + 2];
	static u64 seeds[STORM_CPUS];
	unsigned int nr = min(num_online_cpus(), (unsigned int)STORM_CPUS), i;

	if (nr_free_pages() < 300)
		SKIP("%lu free pages are too few", nr_free_pages());
	prepare();
	nr_threads = nr;
	atomic_set(&nr_running, (int)nr);
	for (i = 0; i < nr; i++) {
		seeds[i] = selftest_random() | 1;
		test_thread_start(&threads[i], test_cpu(i), storm_thread, &seeds[i]);
	}
	test_thread_start(&threads[nr], ANY_CPU, interrupting_thread, NULL);
	test_thread_start(&threads[nr + 1], ANY_CPU, shrinking_thread, NULL);
	for (i = 0; i < nr + 2; i++)
		test_thread_join(&threads[i]);
	clean_up();
	pr_info("storm: %u CPUs, %ld objects, %ld of them freed elsewhere\n", nr,
		atomic_long_read(&nr_swapped), atomic_long_read(&nr_elsewhere));
}
