// SPDX-License-Identifier: MIT
/*
 * Everything at once: the kernel's whole API under load, for as long as one likes.
 *
 * On each CPU a thread, a timer's function and what other CPUs call there make and end things of
 * all kinds (things.h), in slots that all share: what one makes, any other ends. Threads also go on
 * errands (errands.h). Beside them
 *
 *	a hoarder takes all the pages there are, again and again for a while, and then lets go of
 *	them for as long. One time they are in a cache with a shrinker, so kswapd runs and others
 *	reclaim; the other time nobody gets them back, so others are refused;
 *	memory is plugged in and taken out, where the machine can do that;
 *	the case itself has all structures checked, amid all that, each minute, and says each ten
 *	seconds how far it is and how much of the free memory is whole.
 *
 * Things are refused when memory is short, but none may lose its mark, and at the end the runner
 * finds what was there at the start.
 *
 * soak=SECONDS: so long, by the kernel's clock; without it, so many operations.
 *
 * A slot is taken with an atomic exchange, which orders what its holders write; who finds it
 * taken leaves it. An interrupt leaves what only threads may end.
 */
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/rwsem.h>
#include <linux/smp.h>
#include <kernel/kernel.h>
#include "mm/census.h"
#include "tests/errands.h"
#include "tests/hotplug.h"
#include "tests/shortage.h"
#include "tests/threads.h"

#define OPERATIONS   6000	/* of all threads, for each unit of scale= */
#define HOARD	     1024UL	/* pages, for each unit of scale=; with soak= all there are */
#define HOARD_TURNS  37		/* a tenth of a second each */
#define MIN_SLOTS    32UL
#define SLOTS_A_CPU  48UL
#define ERRAND_EVERY 512
#define CALL_EVERY   16
#define TIMER_NS     500000
#define STATUS	     (10 * HZ)
#define VALIDATE     (60 * HZ)
#define TRY	     (GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)
#define TRY_ATOMIC   (GFP_ATOMIC | __GFP_NOWARN)

struct slot {
	atomic_t taken;		/* guards the rest */
	struct thing thing;
};

enum { THREAD, TIMER, CALL, NR_CONTEXTS };

/* What one CPU does. */
struct mill {
	struct test_thread thread;
	struct hrtimer timer;
	u64 random[NR_CONTEXTS];	/* each its context's own */
	bool stop;			/* to the timer */
};

static struct soak {
	struct slot *slots;
	unsigned long nr_slots, operations_wanted, seconds, began;
	atomic_long_t operations, made[NR_THING_KINDS], refused;
	unsigned long validated, plugged, kept;	/* the last two: of the thread that does it */
	bool over, roomy;
} soak;

static struct mill *mills[NR_CPUS];
static struct larder hoard, chest;	/* the second has no shrinker */
static struct rw_semaphore plenty;	/* read: by who may not be refused; write: to take all */

/* ---- Operations ---- */

static void make_thing(struct slot *slot, u64 random, bool may_sleep)
{
	unsigned int i = (unsigned int)((random >> 3) % NR_THING_KINDS);
	const struct thing_kind *kind = &thing_kinds[i];

	if (kind->make_sleeps && !may_sleep)
		return;
	slot->thing.mark = (u8)(random >> 56);
	if (kind->make(&slot->thing, random, may_sleep ? TRY : TRY_ATOMIC)) {
		slot->thing.kind = kind;
		atomic_long_inc(&soak.made[i]);
	} else {
		atomic_long_inc(&soak.refused);
	}
}

static void end_thing(struct slot *slot, bool may_sleep)
{
	if (slot->thing.kind->end_sleeps && !may_sleep)
		return;
	slot->thing.kind->end(&slot->thing);
	slot->thing.kind = NULL;
}

static void operate(u64 *state, bool may_sleep)
{
	struct slot *slot = &soak.slots[selftest_random_step(state) % soak.nr_slots];

	atomic_long_inc(&soak.operations);
	if (atomic_xchg(&slot->taken, 1))
		return;
	if (slot->thing.kind)
		end_thing(slot, may_sleep);
	else
		make_thing(slot, selftest_random_step(state), may_sleep);
	atomic_set_release(&slot->taken, 0);
}

/* ---- Who takes part ---- */

static enum hrtimer_restart timer_operates(struct hrtimer *timer)
{
	struct mill *mill = container_of(timer, struct mill, timer);

	operate(&mill->random[TIMER], false);
	hrtimer_forward_now(timer, TIMER_NS);
	return READ_ONCE(mill->stop) ? HRTIMER_NORESTART : HRTIMER_RESTART;
}

static void call_operates(void *info)
{
	operate(&mills[smp_processor_id()]->random[CALL], false);
}

/* What a CPU calls on itself is no interrupt. */
static void call_another(int cpu)
{
	if (cpu != (int)smp_processor_id())
		smp_call_function_single(cpu, call_operates, NULL, 0);
}

static void call_nobody(void *info)
{
}

static void go_on_errand(u64 random)
{
	run_errand(random);
	if (soak.roomy && down_read_trylock(&plenty)) {
		run_loud_errand(random >> 8);
		up_read(&plenty);
	}
}

static void mill_runs(void *arg)
{
	struct mill *mill = arg;

	hrtimer_start(&mill->timer, TIMER_NS, HRTIMER_MODE_REL);
	for (unsigned long i = 0; !READ_ONCE(soak.over); i++) {
		operate(&mill->random[THREAD], true);
		if (i % CALL_EVERY == 0)
			call_another(test_cpu(i / CALL_EVERY % num_online_cpus()));
		if (i % ERRAND_EVERY == 0)
			go_on_errand(selftest_random_step(&mill->random[THREAD]));
		cond_resched();
	}
	WRITE_ONCE(mill->stop, true);
	hrtimer_cancel(&mill->timer);
}

/* Takes what is to be had without waiting, so that others are who reclaim it, if they can. */
static void fill(struct larder *larder, gfp_t gfp)
{
	unsigned long wanted = soak.seconds ? nr_free_pages() : selftest_scaled(HOARD);
	struct page *page;

	while (wanted-- && !READ_ONCE(soak.over)) {
		page = alloc_page(gfp | GFP_NOWAIT | __GFP_NOWARN);
		if (!page)
			break;
		larder_put(larder, page);
		cond_resched();
	}
}

static void hold(struct larder *larder, gfp_t gfp)
{
	struct shrink_control all = { .nr_to_scan = ~0UL };

	for (unsigned int i = 0; i < HOARD_TURNS && !READ_ONCE(soak.over); i++) {
		fill(larder, gfp);
		msleep(100);
	}
	larder_scan(&larder->shrinker, &all);
}

static void rest(void)
{
	for (unsigned int i = 0; i < HOARD_TURNS && !READ_ONCE(soak.over); i++)
		msleep(100);
}

static void hoarder_runs(void *arg)
{
	/* What has an address of its own; every second time also what has none, or may go away. */
	static const gfp_t kinds[] = { 0, __GFP_HIGHMEM | __GFP_MOVABLE };

	for (unsigned int turn = 0; !READ_ONCE(soak.over); turn++) {
		hold(&hoard, kinds[turn % 2]);
		rest();
		down_write(&plenty);
		hold(&chest, kinds[turn % 2]);
		up_write(&plenty);
		rest();
	}
}

static void plugger_runs(void *arg)
{
	do {
		if (come_and_go(MMOP_ONLINE_MOVABLE))
			soak.kept++;
		else
			WRITE_ONCE(soak.plugged, soak.plugged + 1);
		msleep(soak.seconds ? 500 : 0);
	} while (!READ_ONCE(soak.over));
}

/* ---- The watch ---- */

/* Percent of the pages in free blocks that lie in page blocks wholly free. */
static unsigned long percent_whole(unsigned long *nr_free)
{
	static struct census census;
	unsigned long whole = 0;
	struct zone *zone;

	*nr_free = 0;
	for_each_zone(zone) {
		take_census(zone, &census);
		for (unsigned int order = 0; order < MAX_ORDER; order++) {
			unsigned long pages = census_of_order(&census, order) << order;

			*nr_free += pages;
			whole += order >= PAGEBLOCK_ORDER ? pages : 0;
		}
	}
	return *nr_free ? 100 * whole / *nr_free : 0;
}

static void say_how_far(void)
{
	unsigned long nr_free, whole = percent_whole(&nr_free);

	printk("soak: %lu s: %ld operations, %ld refused, %ld wrong, %lu pages free, %lu %% whole, "
	       "plugged %lu times, %lu checks\n", (jiffies - soak.began) / HZ,
	       atomic_long_read(&soak.operations), atomic_long_read(&soak.refused),
	       atomic_long_read(&things_wrong), nr_free, whole, READ_ONCE(soak.plugged),
	       soak.validated);
}

static void validate(void)
{
	CHECK_EQ(quarry_validate(), 0);
	soak.validated++;
}

static bool is_over(void)
{
	if (atomic_long_read(&things_wrong))
		return true;
	if (soak.seconds)
		return (jiffies - soak.began) / HZ >= soak.seconds;
	return (unsigned long)atomic_long_read(&soak.operations) >= soak.operations_wanted;
}

/* Amid all of it at least once, and then each minute. */
static void watch(void)
{
	unsigned long said = soak.began, validated = soak.began;

	for (msleep(1), validate(); !is_over(); msleep(10)) {
		if (time_after_eq(jiffies, said + STATUS)) {
			said += STATUS;
			say_how_far();
		}
		if (time_after_eq(jiffies, validated + VALIDATE)) {
			validated += VALIDATE;
			validate();
		}
	}
	WRITE_ONCE(soak.over, true);
}

/* ---- Begin and end ---- */

static bool open_mills(void)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		mills[cpu] = kzalloc(sizeof(*mills[cpu]), GFP_KERNEL);
		if (!mills[cpu])
			return false;
		for (unsigned int i = 0; i < NR_CONTEXTS; i++)
			mills[cpu]->random[i] = selftest_random() | 1;
		hrtimer_init(&mills[cpu]->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
		mills[cpu]->timer.function = timer_operates;
	}
	return true;
}

static void close_mills(void)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		kfree(mills[cpu]);
		mills[cpu] = NULL;
	}
}

static void run_all(bool pluggable)
{
	static struct test_thread hoarder, plugger;
	unsigned int cpu;

	init_rwsem(&plenty);
	memset(&chest, 0, sizeof(chest));
	spin_lock_init(&chest.lock);
	larder_open(&hoard, 0);
	for_each_online_cpu(cpu)
		test_thread_start(&mills[cpu]->thread, (int)cpu, mill_runs, mills[cpu]);
	test_thread_start(&hoarder, ANY_CPU, hoarder_runs, NULL);
	if (pluggable)
		test_thread_start(&plugger, ANY_CPU, plugger_runs, NULL);
	watch();
	for_each_online_cpu(cpu)
		test_thread_join(&mills[cpu]->thread);
	/* Calls are made in order: after this one no other is on its way. */
	for_each_online_cpu(cpu)
		smp_call_function_single((int)cpu, call_nobody, NULL, 1);
	test_thread_join(&hoarder);
	if (pluggable)
		test_thread_join(&plugger);
	larder_close(&hoard);
}

static void end_all(bool pluggable)
{
	for (unsigned long i = 0; i < soak.nr_slots; i++)
		if (soak.slots[i].thing.kind)
			end_thing(&soak.slots[i], true);
	CHECK_EQ(atomic_long_read(&things_wrong), 0);
	rcu_barrier();
	if (pluggable && pfn_is_hot(place.pfn)) {
		quarry_settle();
		CHECK_EQ(offline_and_remove_memory(place.start, SECTION_SIZE), 0);
	}
	say_how_far();
	for (unsigned int i = 0; i < NR_THING_KINDS; i++)
		printk("soak: %s: %ld\n", thing_kinds[i].name, atomic_long_read(&soak.made[i]));
}

SELFTEST(soak, everything_at_once)
{
	bool pluggable;

	if (quarry_fault_each())
		SKIP("no two runs of it ask for the same");
	memset(&soak, 0, sizeof(soak));
	soak.seconds = selftest_seconds();
	soak.roomy = totalram_pages() - totalhigh_pages() >= 8 * SZ_1M >> PAGE_SHIFT;
	soak.operations_wanted = selftest_scaled(OPERATIONS);
	soak.nr_slots = max(MIN_SLOTS, SLOTS_A_CPU * num_online_cpus());
	soak.slots = kvcalloc(soak.nr_slots, sizeof(*soak.slots), GFP_KERNEL);
	if (!soak.slots || !open_mills()) {
		close_mills();
		kvfree(soak.slots);
		SKIP("no memory for the slots");
	}
	pluggable = find_place();
	if (pluggable)	/* what that needs for the first time is there before the storm */
		come_and_go(MMOP_ONLINE_MOVABLE);
	soak.began = jiffies;
	things_open();
	run_all(pluggable);
	end_all(pluggable);
	things_close();
	if (pluggable)
		give_back();
	close_mills();
	kvfree(soak.slots);
}
