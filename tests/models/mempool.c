/* SPDX-License-Identifier: MIT */
/*
 * A pool of one element whose allocator gives nothing: three threads take it and give it back.
 * None sleeps for ever, and no two have it at once.
 *
 * plant: mm/mempool.c: if (!list_empty(&pool->waiters)) { waiter = -> if (0) { waiter =
 * plant: mm/mempool.c: READ_ONCE(pool->curr_nr) < READ_ONCE(pool->low) ->
 *	READ_ONCE(pool->curr_nr) + 1 < READ_ONCE(pool->low)
 * plant: mm/mempool.c: if (READ_ONCE(waiter.element)) break; -> 
 * plant: mm/mempool.c: element = take_reserve(pool); if (!element) list_add_tail( -> element =
 *	take_reserve(pool); spin_unlock_irqrestore(&pool->lock, flags);
 *	spin_lock_irqsave(&pool->lock, flags); if (!element) list_add_tail(
 * plant: include/linux/sched.h: __atomic_exchange_n(&current->__state, (state), __ATOMIC_SEQ_CST)
 *	-> __atomic_store_n(&current->__state, (state), __ATOMIC_RELAXED)
 */
#include <kernel/spinlock.c>
#include <mm/mempool.c>
#include "model.h"

static int element, owners;
static void *reserve[1] = { &element };
static mempool_t pool;

static void *nothing(gfp_t gfp, void *unused)
{
	return NULL;
}

static void not_to_the_allocator(void *unused, void *nor_this)
{
	MODEL_CHECK(!"an element of the reserve went to the allocator");
}

/* As mempool_init() leaves it. */
static void fill_it(void)
{
	pool = (mempool_t){
		.min_nr = 1, .low = 1, .capacity = 1, .curr_nr = 1, .elements = reserve,
		.alloc = nothing, .free = not_to_the_allocator,
	};
	INIT_LIST_HEAD(&pool.waiters);
}

static void use(void)
{
	void *mine = mempool_alloc(&pool, GFP_KERNEL);

	MODEL_CHECK(mine == &element);
	MODEL_CHECK(!owners);
	owners = 1;
	owners = 0;
	mempool_free(mine, &pool);
}

static void it_is_back(void)
{
	MODEL_CHECK(pool.curr_nr == 1 && list_empty(&pool.waiters));
}

const struct model model = {
	.preemptions = 2, .delays = 1, .begin = fill_it, .threads = { use, use, use },
	.end = it_is_back,
};
