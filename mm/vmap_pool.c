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
 * parks what it retires, until there are DIRTY_MAX of them or parked_max pages in them; then one
 * flush serves all. Larger areas are flushed by themselves. After the flush a range of a common
 * size stays with the CPU, clean, for its next allocation; so the usual pair of calls takes no
 * lock, searches no tree and changes no table but its own entries.
 *
 * Common sizes are 1, 2, 4, ... 256 pages (a request is rounded up, in addresses, not in memory),
 * and 2 and 4 MiB: VMAP_CLASSES. A range of any other size goes back to its space.
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
 * pointers (quarry/cpu_stack.h) are made for that.
 *
 * Locks: purge_mutex, outermost: one vm_unmap_aliases() at a time. The list of the thread has
 * none: it is taken as a whole.
 * Costs: 4 KiB for each CPU; at most parked_max pages of each CPU wait for a flush.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/wait.h>
#include <quarry/cpu_stack.h>
#include "vmap.h"

#define DIRTY_MAX  64
#define CLEAN_MAX  32
#define PARKED_MAX 256	/* pages, and no more than 1/1024 of RAM */
#define SMALL_CLASS_PAGES 256	/* classes 0 to 8: powers of two up to this; 9 and 10: 2, 4 MiB */

/* A stack of pointers with its room. */
#define STACK(room) union { struct cpu_stack stack; u64 words[1 + (room)]; }

struct pool {
	STACK(DIRTY_MAX) dirty;
	STACK(CLEAN_MAX) clean[VMAP_CLASSES];
	unsigned long parked;		/* pages in `dirty` */
	struct vmap_area *drained;	/* chain: what vm_unmap_aliases() had it put there */
};

#define CLEAN_INIT(room) { .stack = { .max = (room) } }
static DEFINE_PER_CPU(struct pool, pools) = {
	.dirty = { .stack = { .max = DIRTY_MAX } },
	.clean = {
		CLEAN_INIT(32), CLEAN_INIT(32), CLEAN_INIT(32), CLEAN_INIT(32), CLEAN_INIT(32),
		CLEAN_INIT(16), CLEAN_INIT(16), CLEAN_INIT(16), CLEAN_INIT(16), CLEAN_INIT(16),
		CLEAN_INIT(16),
	},
};
static DEFINE_MUTEX(purge_mutex);
static struct vmap_area *late;		/* chain: for the thread */
static DECLARE_WAIT_QUEUE_HEAD(late_wait);
static atomic_long_t nr_flushes;

/* ---- Sizes ---- */

static unsigned int class_of(unsigned long size, unsigned long align)
{
	unsigned long nr = size >> PAGE_SHIFT;

	if (nr <= SMALL_CLASS_PAGES && align <= PAGE_SIZE)
		return (unsigned int)fls64(nr - 1);
	if ((size == SZ_2M || size == 2 * SZ_2M) && align <= SZ_2M)
		return VMAP_CLASSES - 3 + (unsigned int)(size / SZ_2M);
	return VMAP_OTHER;
}

/* Bytes of a class, without a guard. */
static unsigned long class_size(unsigned int class)
{
	return PAGE_SIZE << class;
}

static struct vmap_space *space_of(const struct vmap_area *area)
{
	return area->start >= vmap_large.start ? &vmap_large : &vmap_small;
}

/* Pages that wait in the pools at most. */
static unsigned long parked_max(void)
{
	return min_t(unsigned long, PARKED_MAX, totalram_pages() / 1024);
}

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

static void free_blocks(struct vmap_area *area)
{
	struct page *page = area->blocks, *next;

	for (area->blocks = NULL; page; page = next) {
		next = (struct page *)page->private;
		__free_pages(page, page->order);
	}
}

static __rseq bool push_clean(struct vmap_area *area)
{
	return cpu_stack_push(&this_cpu_ptr(&pools)->clean[area->class].stack, area);
}

/* Every CPU has forgotten the range. */
static void settle(struct vmap_area *area)
{
	free_blocks(area);
	WRITE_ONCE(area->state, VMAP_TAKEN);
	if (area->class == VMAP_OTHER || !push_clean(area))
		vmap_give(space_of(area), area);
}

/* Moves all of a stack onto a chain. On its CPU, interrupts off. */
static struct vmap_area *unstack(struct cpu_stack *stack, struct vmap_area *chain)
{
	while (stack->nr) {
		struct vmap_area *area = stack->slot[--stack->nr];

		area->left = chain;
		chain = area;
	}
	return chain;
}

/* Makes what this CPU has parked clean; false when there was nothing. */
static bool recycle(void)
{
	struct pool *pool = this_cpu_ptr(&pools);
	struct vmap_area *chain, *next;
	unsigned long flags;

	local_irq_save(flags);
	chain = unstack(&pool->dirty.stack, NULL);
	pool->parked = 0;
	local_irq_restore(flags);
	if (!chain)
		return false;
	flush_chain(chain);
	for (; chain; chain = next) {
		next = chain->left;
		settle(chain);
	}
	return true;
}

/* ---- Allocating ---- */

static __rseq struct vmap_area *pop_clean(unsigned int class)
{
	return cpu_stack_pop(&this_cpu_ptr(&pools)->clean[class].stack);
}

/* From the spaces: the one for its size first. Large ones are multiples of 2 MiB throughout. */
static struct vmap_area *take(unsigned long size, unsigned long align, unsigned int class)
{
	bool large = size >= SZ_2M;
	struct vmap_area *area;
	unsigned long whole;

	if (class != VMAP_OTHER)
		size = class_size(class);
	whole = size + PAGE_SIZE;
	if (large) {
		align = max(align, SZ_2M);
		whole = ALIGN(whole, SZ_2M);
	}
	area = vmap_take(large ? &vmap_large : &vmap_small, whole, align);
	if (!area)
		area = large ? vmap_take(&vmap_small, whole, align) :
			       vmap_take(&vmap_large, ALIGN(whole, SZ_2M), max(align, SZ_2M));
	if (area) {
		area->class = (u8)class;
		area->blocks = NULL;
		area->vm = (struct vm_struct){ .addr = (void *)area->start };
	}
	return area;
}

struct vmap_area *vmap_alloc(unsigned long size, unsigned long align)
{
	unsigned int class = class_of(size, align);
	struct vmap_area *area = NULL;

	if (class != VMAP_OTHER) {
		area = pop_clean(class);
		if (!area && recycle())
			area = pop_clean(class);
	}
	if (!area)
		area = take(size, align, class);
	if (!area) {
		vm_unmap_aliases();
		area = take(size, align, class);
	}
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
	settle(area);
}

static __rseq bool push_dirty(struct vmap_area *area)
{
	return cpu_stack_push(&this_cpu_ptr(&pools)->dirty.stack, area);
}

/* Parks it; what is parked is flushed when it gets too much. */
static bool park(struct vmap_area *area)
{
	unsigned long max = parked_max();

	if (area->vm.nr_pages >= max || !push_dirty(area))
		return false;
	this_cpu_add(pools.parked, (unsigned long)area->vm.nr_pages);
	if (this_cpu_read(pools.parked) > max && can_flush())
		recycle();
	return true;
}

void vmap_retire(struct vmap_area *area, bool now)
{
	unsigned long size = (unsigned long)area->vm.nr_pages << PAGE_SHIFT;

	/* A few pages are forgotten here at once, so that this CPU's mistakes are found. */
	if (area->vm.nr_pages <= 16)
		port_unmap(area->start, size);
	else
		port_unmap_lazy(area->start, size);
	if (!now && park(area))
		return;
	if (!can_flush()) {
		vmap_retire_later(area);
		return;
	}
	if (!now)
		recycle();	/* it does not fit: so make room for the next ones as well */
	retire_now(area);
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
	struct vmap_area *area = __atomic_exchange_n(&late, NULL, __ATOMIC_ACQUIRE), *next;

	for (; area; area = next) {
		next = area->left;
		vmap_retire(area, false);
	}
}

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
	return IS_ERR(kthread_run(late_main, NULL, "vfree")) ? -ENOMEM : 0;
}

/* ---- All of it ---- */

/* On each CPU, as an interrupt. */
static void drain(void *unused)
{
	struct pool *pool = this_cpu_ptr(&pools);
	struct vmap_area *chain = unstack(&pool->dirty.stack, NULL);

	for (unsigned int i = 0; i < VMAP_CLASSES; i++)
		chain = unstack(&pool->clean[i].stack, chain);
	pool->parked = 0;
	pool->drained = chain;
}

void vm_unmap_aliases(void)
{
	struct vmap_area *chain = NULL, *area, *next;
	unsigned int cpu;

	might_sleep();
	mutex_lock(&purge_mutex);
	retire_late_ones();
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
		free_blocks(chain);
		vmap_give(space_of(chain), chain);
	}
	vmap_nodes_wait();
	mutex_unlock(&purge_mutex);
}
