/* SPDX-License-Identifier: MIT */
/*
 * The page allocator used by every context at once: on each CPU a thread, a timer's function,
 * and what other CPUs call there. Each has a handful of blocks, takes and frees them in
 * random order, and marks the first and last word of every page with its name: two owners of
 * one page would see each other. The runner counts the pages and validates afterwards.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <tests/selftest.h>

#define OPERATIONS  16000	/* of all threads, at scale=1 */
#define BLOCKS	    8
#define MAX_ORDER_HERE 3
#define TIMER_NS    200000
#define CALL_EVERY  16		/* operations of a thread, for one on another CPU */
#define YIELD_EVERY 64

/* One context of one CPU. Only that context touches it while it runs. */
struct user {
	u64 name, random;
	gfp_t gfp;
	unsigned long operations, failures, wrong;
	struct {
		unsigned long *words;
		unsigned int order;
	} blocks[BLOCKS];
};

enum { THREAD, TIMER, CALL, NR_CONTEXTS };

struct place {
	struct user users[NR_CONTEXTS];
	struct task_struct *task;
	struct hrtimer timer;
	bool stop;
};

static struct place *places[NR_CPUS];
static unsigned long operations_wanted;

static u64 next_random(struct user *user)
{
	user->random = user->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return user->random >> 33;
}

static u64 mark_of(const struct user *user, const unsigned long *words)
{
	return user->name ^ (unsigned long)words;
}

static void for_each_mark(struct user *user, unsigned int block, bool set)
{
	unsigned long *words = user->blocks[block].words;
	unsigned long step = PAGE_SIZE / sizeof(*words), i;

	for (i = 0; i < step << user->blocks[block].order; i += i % step ? 1 : step - 1) {
		if (set)
			words[i] = mark_of(user, words + i);
		else
			user->wrong += words[i] != mark_of(user, words + i);
	}
}

static void give_back(struct user *user, unsigned int block)
{
	if (!user->blocks[block].words)
		return;
	for_each_mark(user, block, false);
	free_pages((unsigned long)user->blocks[block].words, user->blocks[block].order);
	user->blocks[block].words = NULL;
}

static void operate(struct user *user)
{
	unsigned int block = (unsigned int)(next_random(user) % BLOCKS);

	user->operations++;
	if (user->blocks[block].words) {
		give_back(user, block);
		return;
	}
	user->blocks[block].order = (unsigned int)(next_random(user) % (MAX_ORDER_HERE + 1));
	user->blocks[block].words = (unsigned long *)__get_free_pages(user->gfp,
								     user->blocks[block].order);
	if (user->blocks[block].words)
		for_each_mark(user, block, true);
	else
		user->failures++;
}

static enum hrtimer_restart timer_operates(struct hrtimer *timer)
{
	struct place *place = container_of(timer, struct place, timer);

	operate(&place->users[TIMER]);
	hrtimer_forward_now(timer, TIMER_NS);
	return READ_ONCE(place->stop) ? HRTIMER_NORESTART : HRTIMER_RESTART;
}

static void call_operates(void *info)
{
	operate(&places[smp_processor_id()]->users[CALL]);
}

/* The next online CPU after this one; perhaps itself. */
static int neighbour(void)
{
	unsigned int cpu = cpumask_next((int)smp_processor_id(), cpu_online_mask);

	return (int)(cpu < NR_CPUS ? cpu : cpumask_first(cpu_online_mask));
}

static int thread_operates(void *data)
{
	struct place *place = data;
	struct user *user = &place->users[THREAD];

	hrtimer_start(&place->timer, TIMER_NS, HRTIMER_MODE_REL);
	/* However fast the operations are, a timer's come between them. */
	while (user->operations < operations_wanted ||
	       !READ_ONCE(place->users[TIMER].operations)) {
		operate(user);
		if (user->operations % CALL_EVERY == 0)
			smp_call_function_single(neighbour(), call_operates, NULL, 0);
		if (user->operations % YIELD_EVERY == 0)
			cond_resched();
	}
	WRITE_ONCE(place->stop, true);
	hrtimer_cancel(&place->timer);
	return 0;
}

static struct place *place_make(unsigned int cpu)
{
	struct place *place = (struct place *)get_zeroed_page(GFP_KERNEL);
	unsigned int i;

	if (!place)
		return NULL;
	for (i = 0; i < NR_CONTEXTS; i++) {
		place->users[i].name = (cpu * NR_CONTEXTS + i + 1) * 0x9e3779b97f4a7c15ULL;
		place->users[i].random = selftest_random();
		place->users[i].gfp = (i == THREAD ? GFP_KERNEL : GFP_ATOMIC) | __GFP_NOWARN;
	}
	hrtimer_init(&place->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	place->timer.function = timer_operates;
	place->task = kthread_create_on_cpu(thread_operates, place, cpu, "pages/%u");
	if (CHECK(!IS_ERR(place->task))) {
		get_task_struct(place->task);
		return place;
	}
	free_page((unsigned long)place);
	return NULL;
}

static void place_end(struct place *place, unsigned long *operations)
{
	unsigned int i, block;

	CHECK_EQ(kthread_stop(place->task), 0);
	put_task_struct(place->task);
	for (i = 0; i < NR_CONTEXTS; i++) {
		struct user *user = &place->users[i];

		for (block = 0; block < BLOCKS; block++)
			give_back(user, block);
		CHECK_EQ(user->wrong, 0);
		operations[i] += user->operations;
	}
}

static void nothing(void *info)
{
}

SELFTEST(page_contexts, every_context_at_once)
{
	unsigned long operations[NR_CONTEXTS] = { 0 };
	unsigned int cpu;

	operations_wanted = selftest_scaled(OPERATIONS) / num_online_cpus();
	for_each_online_cpu(cpu)
		places[cpu] = place_make(cpu);
	for_each_online_cpu(cpu)
		if (places[cpu])
			wake_up_process(places[cpu]->task);
	for_each_online_cpu(cpu)
		while (places[cpu] && !READ_ONCE(places[cpu]->stop))
			schedule_timeout_uninterruptible(1);
	/* Calls are made in order: after this one no other is on its way. */
	for_each_online_cpu(cpu)
		smp_call_function_single((int)cpu, nothing, NULL, 1);
	for_each_online_cpu(cpu) {
		if (!places[cpu])
			continue;
		place_end(places[cpu], operations);
		free_page((unsigned long)places[cpu]);
		places[cpu] = NULL;
	}
	CHECK(operations[THREAD] && operations[TIMER] && operations[CALL]);
	printk("operations: threads %lu, timers %lu, calls %lu\n", operations[THREAD],
	       operations[TIMER], operations[CALL]);
}
