// SPDX-License-Identifier: MIT
/*
 * Memory pools: a reserve over any allocator, so that progress needs no free memory.
 *
 *	mempool_alloc:	the allocator --NULL--> the reserve --empty--> NULL, or the queue
 *	mempool_free:	the queue <--someone waits-- element --reserve not full--> the reserve
 *						       `--full--> the allocator
 *
 * As long as everybody who takes an element gives it back without needing a second one, who may
 * sleep gets one: there are min_nr elements that never go back to the allocator.
 *
 * Handing over. A free gives its element to the one who has waited longest, by name: it takes the
 * waiter off the queue and puts the element into the waiter's own record. So a wake-up cannot be
 * lost between two sleepers or be stolen by a third caller, and the order is that of asking. The
 * allocator comes first for newcomers, also past those who wait: that memory is not the pool's.
 *
 * Why a free that looks without the lock is enough. curr_nr falls only under the lock, by who
 * takes from the reserve, and whoever sleeps found it 0 under the lock. min_nr - curr_nr elements
 * that are out belong to the reserve. Whoever frees reads curr_nr after it got its element:
 *
 *   1. its element is from the reserve: it sees curr_nr as it left it, or as later frees made it.
 *	Below min_nr it takes the lock, and finds the queue. At min_nr a later free gave back in its
 *	place: one that found nobody waiting, under the lock. Who came to wait afterwards took
 *	from the reserve or found it emptied by another, who frees in turn.
 *   2. its element is from the allocator: it may see an old curr_nr, and goes to the allocator.
 *	Nobody waits for it: the elements of the reserve that are out come back by 1.
 *
 * With min_nr 0 nothing is guaranteed: frees take the lock and find who waits, but an element may
 * have gone back to the allocator just before. Nor does a pool hear of memory that others free. So
 * who waits asks the allocator again every RETRY_MS, keeping its place in the queue.
 *
 * Locks: pool->lock, interrupts off; the run queue's lock nests inside it. Not held while the
 * allocator is called or an element is filled or checked. Costs: when the allocator gives, one
 * call through a pointer and two comparisons each way; no lock.
 */
#include <linux/jiffies.h>
#include <linux/mempool.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "internal.h"
#include "mempool.h"

#define RETRY_MS 50

/* Who sleeps, on its own stack. element and node are written under pool->lock. */
struct mempool_waiter {
	struct list_head node;		/* empty: not in the queue */
	struct task_struct *task;
	void *element;			/* what it was given, or NULL */
};

static long retry_after = HZ * RETRY_MS / 1000;
/* ---- The reserve: under pool->lock ---- */

static void *take_reserve(mempool_t *pool)
{
	void *element;

	if (!pool->curr_nr)
		return NULL;
	element = pool->elements[pool->curr_nr - 1];
	WRITE_ONCE(pool->curr_nr, pool->curr_nr - 1);
	return element;
}

/* True: it went to a waiter or into the reserve. */
static bool keep(mempool_t *pool, void *element)
{
	struct mempool_waiter *waiter;

	if (!list_empty(&pool->waiters)) {
		waiter = list_first_entry(&pool->waiters, struct mempool_waiter, node);
		list_del_init(&waiter->node);
		WRITE_ONCE(waiter->element, element);
		/* Under the lock: the waiter takes it once more before its record goes. */
		wake_up_process(waiter->task);
		return true;
	}
	if (pool->curr_nr >= pool->min_nr)
		return false;
	pool->elements[pool->curr_nr] = element;
	WRITE_ONCE(pool->curr_nr, pool->curr_nr + 1);
	return true;
}

/* ---- Taking ---- */

void *mempool_alloc_preallocated(mempool_t *pool)
{
	unsigned long flags;
	void *element;

	spin_lock_irqsave(&pool->lock, flags);
	element = take_reserve(pool);
	spin_unlock_irqrestore(&pool->lock, flags);
	if (element && pool->poisoned)
		mempool_poison(pool, element, true);
	return element;
}

/* An element of the reserve; or NULL, and the waiter is in the queue. */
static void *take_or_queue(mempool_t *pool, struct mempool_waiter *waiter)
{
	unsigned long flags;
	void *element;

	spin_lock_irqsave(&pool->lock, flags);
	element = take_reserve(pool);
	if (!element)
		list_add_tail(&waiter->node, &pool->waiters);
	spin_unlock_irqrestore(&pool->lock, flags);
	return element;
}

/* Off the queue; what it was given meanwhile, or NULL. */
static void *leave_queue(mempool_t *pool, struct mempool_waiter *waiter)
{
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	if (!waiter->element)
		list_del_init(&waiter->node);
	spin_unlock_irqrestore(&pool->lock, flags);
	return waiter->element;
}

/* Until somebody gives it an element, or the allocator has one again. */
static void *wait_for_element(mempool_t *pool, gfp_t gfp)
{
	struct mempool_waiter waiter = { .task = current };
	void *element = take_or_queue(pool, &waiter), *given;

	if (element) {
		if (pool->poisoned)
			mempool_poison(pool, element, true);
		return element;
	}
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (READ_ONCE(waiter.element))
			break;
		if (!schedule_timeout(READ_ONCE(retry_after)))
			element = pool->alloc(gfp, pool->pool_data);
		if (element)
			break;
	}
	__set_current_state(TASK_RUNNING);
	given = leave_queue(pool, &waiter);
	if (given && pool->poisoned)
		mempool_poison(pool, given, true);
	if (given && element)
		mempool_free(element, pool);
	return given ? given : element;
}

static noinline void *alloc_slow(mempool_t *pool, gfp_t gfp)
{
	void *element = mempool_alloc_preallocated(pool);

	if (element || !gfpflags_allow_blocking(gfp))
		return element;
	element = pool->alloc(gfp, pool->pool_data);	/* now with reclaim, which may sleep */
	return element ? element : wait_for_element(pool, gfp);
}

static noinline __cold void report_zero(mempool_t *pool, gfp_t gfp)
{
	report_misuse(QUARRY_BAD_ARGUMENT, pool,
		      "mempool_alloc(pool:%px, gfp:%#x): elements of a reserve are not cleared",
		      pool, gfp);
}

void *mempool_alloc(mempool_t *pool, gfp_t gfp)
{
	void *element;

	if (unlikely(gfp & __GFP_ZERO))
		report_zero(pool, gfp);
	/* Asked here first: a call that mostly has nothing to report is dear. */
	if (unlikely(!preemptible()))
		might_sleep_if(gfpflags_allow_blocking(gfp));
	/* What the page allocator keeps for emergencies is not for who has a reserve. */
	gfp &= ~__GFP_NOFAIL;
	gfp |= __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN;
	element = pool->alloc(gfp & ~(__GFP_DIRECT_RECLAIM | __GFP_IO), pool->pool_data);
	return likely(element) ? element : alloc_slow(pool, gfp);
}

/* ---- Giving back ---- */

static noinline void free_slow(void *element, mempool_t *pool)
{
	unsigned long flags;
	bool kept;

	if (pool->poisoned)
		mempool_poison(pool, element, false);
	spin_lock_irqsave(&pool->lock, flags);
	kept = keep(pool, element);
	spin_unlock_irqrestore(&pool->lock, flags);
	if (!kept)
		pool->free(element, pool->pool_data);
}

void mempool_free(void *element, mempool_t *pool)
{
	if (unlikely(!element))
		return;
	if (unlikely(READ_ONCE(pool->curr_nr) < READ_ONCE(pool->low)))
		free_slow(element, pool);
	else
		pool->free(element, pool->pool_data);
}

/* ---- Making, changing, ending ---- */

/* Fills the reserve up; -ENOMEM when the allocator gives no more. */
static int fill(mempool_t *pool, gfp_t gfp)
{
	while (!mempool_is_saturated(pool)) {
		void *element = pool->alloc(gfp, pool->pool_data);

		if (!element)
			return -ENOMEM;
		free_slow(element, pool);
	}
	return 0;
}

int mempool_init_node(mempool_t *pool, int min_nr, mempool_alloc_t *alloc_fn,
		      mempool_free_t *free_fn, void *pool_data, gfp_t gfp, int nid)
{
	if (min_nr < 0 || !alloc_fn || !free_fn) {
		report_misuse(QUARRY_BAD_ARGUMENT, pool,
			      "mempool_init(pool:%px, min_nr:%d, alloc:%ps, free:%ps)", pool,
			      min_nr, alloc_fn, free_fn);
		return -EINVAL;
	}
	*pool = (mempool_t){
		.min_nr = min_nr, .low = max(min_nr, 1), .capacity = min_nr, .pool_data = pool_data,
		.alloc = alloc_fn, .free = free_fn, .poisoned = mempool_poison_new,
	};
	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->waiters);
	pool->elements = kmalloc_array_node(max(min_nr, 1), sizeof(void *), gfp, nid);
	if (!pool->elements)
		return -ENOMEM;
	if (!fill(pool, gfp))
		return 0;
	mempool_exit(pool);
	return -ENOMEM;
}

int mempool_init(mempool_t *pool, int min_nr, mempool_alloc_t *alloc_fn,
		 mempool_free_t *free_fn, void *pool_data)
{
	return mempool_init_node(pool, min_nr, alloc_fn, free_fn, pool_data, GFP_KERNEL,
				 NUMA_NO_NODE);
}

void mempool_exit(mempool_t *pool)
{
	void *element;

	if (!mempool_initialized(pool))
		return;
	if (!list_empty(&pool->waiters))
		report_misuse(QUARRY_BAD_ARGUMENT, pool,
			      "mempool_exit(pool:%px): threads wait for its elements", pool);
	while ((element = mempool_alloc_preallocated(pool)))
		pool->free(element, pool->pool_data);
	kfree(pool->elements);
	pool->elements = NULL;
}

mempool_t *mempool_create_node(int min_nr, mempool_alloc_t *alloc_fn, mempool_free_t *free_fn,
			       void *pool_data, gfp_t gfp, int nid)
{
	mempool_t *pool = kmalloc_node(sizeof(*pool), gfp, nid);

	if (!pool)
		return NULL;
	if (!mempool_init_node(pool, min_nr, alloc_fn, free_fn, pool_data, gfp, nid))
		return pool;
	kfree(pool);
	return NULL;
}

mempool_t *mempool_create(int min_nr, mempool_alloc_t *alloc_fn, mempool_free_t *free_fn,
			  void *pool_data)
{
	return mempool_create_node(min_nr, alloc_fn, free_fn, pool_data, GFP_KERNEL, NUMA_NO_NODE);
}

void mempool_destroy(mempool_t *pool)
{
	if (!pool)
		return;
	mempool_exit(pool);
	kfree(pool);
}

/*
 * Room for nr elements, if there is less; under the lock for the exchange only. Two that grow a
 * pool at once: the smaller array is the one that is not used.
 */
static int grow(mempool_t *pool, int nr)
{
	void **larger = kmalloc_array(nr, sizeof(void *), GFP_KERNEL), **unused = larger;
	unsigned long flags;

	if (!larger)
		return -ENOMEM;
	spin_lock_irqsave(&pool->lock, flags);
	if (pool->capacity < nr) {
		memcpy(larger, pool->elements, pool->curr_nr * sizeof(*larger));
		unused = pool->elements;
		pool->elements = larger;
		pool->capacity = nr;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	kfree(unused);
	return 0;
}

/* One element above min_nr, or NULL. */
static void *take_surplus(mempool_t *pool)
{
	unsigned long flags;
	void *element = NULL;

	spin_lock_irqsave(&pool->lock, flags);
	if (pool->curr_nr > pool->min_nr)
		element = take_reserve(pool);
	spin_unlock_irqrestore(&pool->lock, flags);
	return element;
}

int mempool_resize(mempool_t *pool, int new_min_nr)
{
	unsigned long flags;
	void *element;

	might_sleep();
	if (new_min_nr <= 0) {
		report_misuse(QUARRY_BAD_ARGUMENT, pool, "mempool_resize(pool:%px, min_nr:%d)",
			      pool, new_min_nr);
		return -EINVAL;
	}
	if (new_min_nr > READ_ONCE(pool->capacity) && grow(pool, new_min_nr))
		return -ENOMEM;
	spin_lock_irqsave(&pool->lock, flags);
	WRITE_ONCE(pool->min_nr, new_min_nr);
	WRITE_ONCE(pool->low, new_min_nr);
	spin_unlock_irqrestore(&pool->lock, flags);
	while ((element = take_surplus(pool))) {
		if (pool->poisoned)
			mempool_poison(pool, element, true);
		pool->free(element, pool->pool_data);
	}
	fill(pool, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	return 0;
}

/* ---- Validation ---- */

long mempool_set_retry(long timeout)
{
	return xchg(&retry_after, timeout);
}

unsigned int mempool_nr_waiting(mempool_t *pool)
{
	struct mempool_waiter *waiter;
	unsigned int nr = 0;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	list_for_each_entry(waiter, &pool->waiters, node)
		nr++;
	spin_unlock_irqrestore(&pool->lock, flags);
	return nr;
}

/* Who waits has found the reserve empty, and it stays so; no element is in it twice. */
unsigned int mempool_validate(mempool_t *pool)
{
	unsigned int wrong = 0;
	unsigned long flags;
	int i, j, nr;

	spin_lock_irqsave(&pool->lock, flags);
	nr = pool->curr_nr;
	wrong += nr < 0 || nr > pool->capacity || pool->min_nr > pool->capacity;
	wrong += nr && !list_empty(&pool->waiters);
	for (i = 0; i < nr && i < pool->capacity; i++) {
		wrong += !pool->elements[i];
		for (j = 0; j < i; j++)
			wrong += pool->elements[i] == pool->elements[j];
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	if (wrong)
		report_misuse(QUARRY_CORRUPTION, pool, "mempool %px: %d of %d elements, %u wrong",
			      pool, nr, pool->min_nr, wrong);
	return wrong;
}
