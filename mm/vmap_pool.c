// SPDX-License-Identifier: MIT
/*
 * Ranges of the vmalloc area between two uses: kept ready for each CPU, and never used again
 * before every CPU has forgotten what they mapped.
 *
 * The life of a range:
 *
 *	free (vmap.c) --> taken --> live --> retired --flush--> taken, in a CPU's pool
 *	   ^_________________________________________|               or free again
 *
 * Retired means: its page-table entries are cleared, but a CPU may have a cached copy and reach
 * the pages still. So both stay as they are, addresses and pages, until a flush: an interrupt on
 * every CPU that makes it forget. Only then are the pages freed and the addresses used again.
 * A pointer that is used after vfree() thus faults or finds the old content, but never what
 * belongs to somebody else by now.
 *
 * A flush costs the same for one range and for many, so ranges are retired in batches. Each CPU
 * parks what it retires, until there are DIRTY_MAX of them or vmap_limits.held pages in them;
 * then one flush serves all. Larger areas are flushed by themselves. After the flush a range of
 * a common size stays with the CPU, clean, for its next allocation, and so do its pages, if they
 * are blocks of one size and the caller did not want a node: it is loaded. So the usual pair of
 * calls takes no lock, searches no tree, allocates no page, and changes no table but its own
 * entries. When memory runs short, all that is held so is given back (a shrinker).
 *
 * A range of a size that is not common (vmap_size.c) goes back to its space.
 *
 * Why nothing stale can be seen through a range that is used again. Let T be any translation of
 * a page of the range that some CPU has cached. It was made from an entry that was present, so
 * before the entry was cleared. The clearing, the parking and the start of the flush happen in
 * this order on one CPU, and the flush ends when every CPU has taken the interrupt and dropped
 * all it had cached of the range, T among it. What is cached later is made from entries that are
 * clear, or belong to the next use. On the way to the pool (the only way out of `retired`) every
 * range passes a flush that began after it was parked: recycle() and vm_unmap_aliases() take the
 * parked ones out first and flush then; retire_now() clears first and flushes then.
 *
 * Interrupts never touch the pools: they hand over to the thread `vfree` (vmap_retire_later()).
 * Threads change only when they sleep, so a pool belongs to the thread that runs, but for the
 * call by which vm_unmap_aliases() empties it: that comes as an interrupt, and the stacks of
 * pointers (quarry/cpu_stack.h) are made for that. What a thread has taken out and not put
 * anywhere yet is in its hand (vmap_hand.c). vm_unmap_aliases() waits for hands before it empties
 * the pools, for who has taken from the list of the thread `vfree` and will park here; and once
 * more after that, for who took from a pool before. If anybody took any in between, they may lie
 * in a pool that was emptied already: so all are emptied again. What was given up before was
 * flushed by then, whoever carried it: a range leaves `dirty` for a flush only, and leaves `late`
 * for `dirty` only. So on a machine where others take all the time it is enough to try some times
 * to get the addresses and pages, too.
 *
 * Locks: purge_mutex, outermost: one vm_unmap_aliases() at a time. The list of the thread has
 * none: it is taken as a whole.
 * Costs: 4 KiB for each CPU; at most vmap_limits.held pages of each CPU wait for a flush, and as
 * many for their next use.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/smp.h>
#include <linux/wait.h>
#include <quarry/cpu_stack.h>
#include "init_memory.h"
#include "vmap.h"

#define DIRTY_MAX  64
#define CLEAN_MAX  32
#define RECYCLE_MIN 32	/* fewer are not worth a flush while there are other ranges */
#define SMALL_PAGES 32
#define EMPTY_TURNS 8
#define HELD_MAX   1024	/* pages a CPU, and no more than 1/64 of RAM over all CPUs */

/* A stack of pointers with its room. */
#define STACK(room) union { struct cpu_stack stack; u64 words[1 + (room)]; }

struct pool {
	STACK(DIRTY_MAX) dirty;
	STACK(CLEAN_MAX) clean[VMAP_CLASSES];
	unsigned long parked;		/* pages in `dirty` */
	unsigned long loaded;		/* pages in `clean`, in all and by class */
	unsigned long loaded_of[VMAP_CLASSES + 1];
	struct vmap_area *drained;	/* chain: what vm_unmap_aliases() had it put there */
};

#define CLEAN_INIT(room) { .stack = { .max = (room) } }
static DEFINE_PER_CPU(struct pool, pools) = {
	.dirty = { .stack = { .max = DIRTY_MAX } },
	.clean = {
		[0 ... 4] = CLEAN_INIT(32), [5 ... VMAP_CLASSES - 1] = CLEAN_INIT(16),
	},
};
static DEFINE_MUTEX(purge_mutex);
static struct vmap_area *late;		/* chain: for the thread */
static DECLARE_WAIT_QUEUE_HEAD(late_wait);
static atomic_long_t nr_flushes;

/* ---- Flushing ---- */

static void flush(unsigned long start, unsigned long end)
{
	atomic_long_inc(&nr_flushes);
	port_flush(start, end - start);
}

unsigned long vmap_flushes(void)
{
	return (unsigned long)atomic_long_read(&nr_flushes);
}

static void flush_chain(const struct vmap_area *chain)
{
	unsigned long start = ~0UL, end = 0;

	for (; chain; chain = chain->left) {
		start = min(start, chain->start);
		end = max(end, chain->end);
	}
	if (end)
		flush(start, end);
}

static __rseq bool push_clean(struct vmap_area *area)
{
	return cpu_stack_push(&this_cpu_ptr(&pools)->clean[area->class].stack, area);
}

static void count_loaded(const struct vmap_area *area, long sign)
{
	long nr = area->blocks ? sign * (long)area->vm.nr_pages : 0;

	this_cpu_add(pools.loaded, (unsigned long)nr);
	this_cpu_add(pools.loaded_of[area->class], (unsigned long)nr);
}

/*
 * Every CPU has forgotten the range; `keep`: there is room for its pages to stay with it. A large
 * one without pages is not kept: it would lie on top of those that are loaded.
 */
static void settle(struct vmap_area *area, bool keep)
{
	bool small = area->vm.nr_pages <= SMALL_PAGES;

	if (!keep || area->class == VMAP_OTHER || !vmap_may_stay_loaded(area))
		vmap_unload(area);
	WRITE_ONCE(area->state, VMAP_TAKEN);
	count_loaded(area, 1);
	if (likely(area->class != VMAP_OTHER && (small || area->blocks) && push_clean(area)))
		return;
	count_loaded(area, -1);
	vmap_unload(area);
	vmap_give(vmap_space_of(area), area);
}

/* Moves all of a stack onto a chain. On its CPU, interrupts off. */
static struct vmap_area *unstack(struct cpu_stack *stack, struct vmap_area *chain)
{
	while (stack->nr) {
		struct vmap_area *area = stack->slot[--stack->nr];

		if (area->state == VMAP_RETIRED)
			this_cpu_sub(pools.parked, (unsigned long)area->vm.nr_pages);
		else
			count_loaded(area, -1);
		area->left = chain;
		chain = area;
	}
	return chain;
}

/* The pages of all classes but those in the mask are freed; their ranges stay. */
static noinline void unload_others(unsigned int classes)
{
	struct pool *pool = this_cpu_ptr(&pools);
	struct vmap_area *chain, *next;
	unsigned long flags;

	for (unsigned int i = 0; i < VMAP_CLASSES; i++) {
		if (classes & 1U << i || !pool->loaded_of[i])
			continue;
		local_irq_save(flags);
		chain = unstack(&pool->clean[i].stack, NULL);
		local_irq_restore(flags);
		for (; chain; chain = next) {
			next = chain->left;
			settle(chain, false);
		}
	}
}

/* How many pages of the chain there is no room for; other sizes make some first. */
static unsigned long make_room(const struct vmap_area *chain)
{
	unsigned long pages = 0, loaded;
	unsigned int classes = 0;

	for (; chain; chain = chain->left) {
		pages += chain->vm.nr_pages;
		classes |= 1U << chain->class;
	}
	if (this_cpu_read(pools.loaded) + pages > vmap_limits.held)
		unload_others(classes);
	loaded = this_cpu_read(pools.loaded) + pages;
	return loaded > vmap_limits.held ? loaded - vmap_limits.held : 0;
}

/*
 * Makes what this CPU has parked clean; false when there was nothing. Those whose pages go come
 * first, so that the next allocation finds one that is loaded.
 */
static bool recycle(void)
{
	struct pool *pool = this_cpu_ptr(&pools);
	struct vmap_area *chain, *next;
	unsigned long flags, excess, nr;
	unsigned int hand;

	if (!READ_ONCE(pool->dirty.stack.nr))
		return false;
	hand = vmap_hand_take();
	local_irq_save(flags);
	chain = unstack(&pool->dirty.stack, NULL);
	local_irq_restore(flags);
	flush_chain(chain);
	excess = make_room(chain);
	for (; chain; chain = next) {
		next = chain->left;
		nr = chain->vm.nr_pages;
		settle(chain, !excess);
		excess -= min(excess, nr);
	}
	vmap_hand_put(hand);
	return true;
}

/* ---- Allocating ---- */

static __rseq struct vmap_area *pop_clean(unsigned int class)
{
	return cpu_stack_pop(&this_cpu_ptr(&pools)->clean[class].stack);
}

/* No range of that size is ready. */
static noinline struct vmap_area *refill(unsigned long size, unsigned long align,
					 unsigned int class)
{
	struct vmap_area *area = NULL;

	if (class != VMAP_OTHER && this_cpu_read(pools.dirty.stack.nr) >= RECYCLE_MIN &&
	    preemptible() && recycle())
		area = pop_clean(class);
	if (area)
		count_loaded(area, -1);
	else
		area = vmap_take_sized(size, align, class);
	if (!area && preemptible() && !(current->flags & PF_MEMALLOC_NORECLAIM)) {
		vm_unmap_aliases();
		area = vmap_take_sized(size, align, class);
	}
	return area;
}

__rseq struct vmap_area *vmap_alloc_ready(unsigned long nr)
{
	unsigned int class = vmap_small_class(nr);
	struct cpu_stack *stack = &this_cpu_ptr(&pools)->clean[class].stack;
	struct vmap_area *area = cpu_stack_pop(stack);

	if (unlikely(!area))
		return NULL;
	if (likely(area->blocks && area->vm.nr_pages == nr && area->window &&
		   !area->blocks->private)) {
		this_cpu_sub(pools.loaded, nr);
		this_cpu_sub(pools.loaded_of[class], nr);
		return area;
	}
	if (unlikely(!cpu_stack_push(stack, area))) {
		count_loaded(area, -1);
		vmap_unload(area);
		vmap_give(vmap_space_of(area), area);
	}
	return NULL;
}

struct vmap_area *vmap_alloc_loaded(unsigned long size, unsigned long align)
{
	unsigned int class = vmap_class_of(size, align);
	struct vmap_area *area = NULL;

	/* Rather than others' pages while many of one's own wait. */
	if (this_cpu_read(pools.parked) > vmap_limits.held / 2 && preemptible())
		recycle();
	if (likely(class != VMAP_OTHER))
		area = pop_clean(class);
	if (area)
		count_loaded(area, -1);
	else
		area = refill(size, align, class);
	if (area)
		kasan_unpoison((void *)area->start, size);
	return area;
}

struct vmap_area *vmap_alloc(unsigned long size, unsigned long align)
{
	struct vmap_area *area = vmap_alloc_loaded(size, align);

	if (area)
		vmap_unload(area);
	return area;
}

/* ---- Giving back ---- */

static bool can_flush(void)
{
	return !irqs_disabled() && !in_interrupt();
}

static void retire_now(struct vmap_area *area)
{
	unsigned long size = (unsigned long)area->vm.nr_pages << PAGE_SHIFT;

	flush(area->start, area->start + size);
	settle(area, this_cpu_read(pools.loaded) + area->vm.nr_pages <= vmap_limits.held);
}

static __rseq bool push_dirty(struct vmap_area *area)
{
	return cpu_stack_push(&this_cpu_ptr(&pools)->dirty.stack, area);
}

/* Parks it; what is parked is flushed when it gets too much. */
static bool park(struct vmap_area *area)
{
	unsigned long max = vmap_limits.held, nr_pages = area->vm.nr_pages;

	if (nr_pages > max || !push_dirty(area))
		return false;
	this_cpu_add(pools.parked, nr_pages);	/* an interrupt may have given the area on */
	if (this_cpu_read(pools.parked) > max && can_flush())
		recycle();
	return true;
}

/* It cannot be parked. */
static noinline void retire_unparked(struct vmap_area *area, bool now)
{
	if (!can_flush()) {
		WRITE_ONCE(area->state, VMAP_RETIRED);	/* it may never have been live */
		vmap_retire_later(area);
		return;
	}
	if (!now)
		recycle();	/* it does not fit: so make room for the next ones as well */
	retire_now(area);
}

static void unmap(struct vmap_area *area)
{
	if (unlikely(!area->vm.nr_pages))
		return;		/* not even its first page was had */
	if (likely(area->window))
		port_window_unmap(area->window, area->vm.nr_pages);
	else
		port_unmap_lazy(area->start, (size_t)area->vm.nr_pages << PAGE_SHIFT);
}

void vmap_retire(struct vmap_area *area, bool now)
{
	unmap(area);
	if (unlikely(now || !park(area)))
		retire_unparked(area, now);
}

void vmap_retire_later(struct vmap_area *area)
{
	struct vmap_area *first = READ_ONCE(late);

	do {
		area->left = first;
	} while (!__atomic_compare_exchange_n(&late, &first, area, false, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	wake_up(&late_wait);
}

static void retire_late_ones(void)
{
	unsigned int hand = vmap_hand_take();
	struct vmap_area *area = __atomic_exchange_n(&late, NULL, __ATOMIC_ACQ_REL), *next;

	for (; area; area = next) {
		next = area->left;
		vmap_retire(area, false);
	}
	vmap_hand_put(hand);
}

/* ---- All of it ---- */

/* On each CPU, as an interrupt. */
static void drain(void *unused)
{
	struct pool *pool = this_cpu_ptr(&pools);
	struct vmap_area *chain = unstack(&pool->dirty.stack, NULL);

	for (unsigned int i = 0; i < VMAP_CLASSES; i++)
		chain = unstack(&pool->clean[i].stack, chain);
	pool->drained = chain;
}

/* What the pools hold goes back. Under purge_mutex. */
static void empty_pools(void)
{
	struct vmap_area *chain = NULL, *area, *next;
	unsigned int cpu;

	on_each_cpu(drain, NULL, 1);
	for_each_online_cpu(cpu) {
		for (area = per_cpu(pools, cpu).drained; area; area = next) {
			next = area->left;
			area->left = chain;
			chain = area;
		}
		per_cpu(pools, cpu).drained = NULL;
	}
	flush_chain(chain);
	for (; chain; chain = next) {
		next = chain->left;
		vmap_unload(chain);
		vmap_give(vmap_space_of(chain), chain);
	}
}

void vm_unmap_aliases(void)
{
	unsigned long before, seen;

	might_sleep();
	mutex_lock(&purge_mutex);
	retire_late_ones();
	seen = vmap_hand_wait();
	for (unsigned int turn = 0; turn < EMPTY_TURNS; turn++) {
		before = seen;
		empty_pools();
		seen = vmap_hand_wait();
		if (seen == before)
			break;
	}
	mutex_unlock(&purge_mutex);
	vmap_nodes_wait();
}

/* ---- When memory runs short ---- */

static unsigned long count_held(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long nr = 0;
	unsigned int cpu;

	for_each_online_cpu(cpu)
		nr += READ_ONCE(per_cpu(pools, cpu).parked) + READ_ONCE(per_cpu(pools, cpu).loaded);
	/* drain() may take an area, and its pages off the count, amid park(): less than none. */
	return (unsigned long)max((long)nr, 0L);
}

static unsigned long free_held(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long nr = count_held(shrinker, sc);

	mutex_lock(&purge_mutex);
	retire_late_ones();
	empty_pools();
	mutex_unlock(&purge_mutex);
	return nr;
}

/* ---- The start ---- */

static int late_main(void *unused)
{
	for (;;) {
		wait_event(late_wait, READ_ONCE(late));
		retire_late_ones();
		recycle();	/* nobody may come by this CPU's pool for long */
	}
	return 0;
}

int vmap_start(void)
{
	static struct shrinker shrinker = {
		.count_objects = count_held, .scan_objects = free_held, .seeks = DEFAULT_SEEKS,
	};

	if (!init_memory_on())
		vmap_limits.held = min_t(unsigned long, HELD_MAX,
					 totalram_pages() / 64 / num_online_cpus());
	register_shrinker(&shrinker, "vmalloc");
	return IS_ERR(kthread_run(late_main, NULL, "vfree")) ? -ENOMEM : 0;
}
