/* SPDX-License-Identifier: MIT */
/*
 * Memory pools. Elements of three pools that last are objects, asked for without sleeping.
 *
 * Those who sleep are a crowd: workers on several CPUs share a pool of a few elements, above an
 * allocator that refuses in a pattern, while it is resized. None holds more than one element, so
 * each gets one in the end, if no wake-up is lost.
 */
#include <linux/atomic.h>
#include <linux/mempool.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "api.h"

#define CROWD	     4
#define ELEMENT_SIZE 64

static mempool_t *pools[API_POOLS];	/* of kmalloc(), of the first cache, of pages of order 1 */
static size_t sizes[API_POOLS];

void api_pool_begin(struct fuzz_input *in)
{
	int nr = (int)fuzz_below(in, 8) + 1;

	sizes[0] = 1 + fuzz_byte(in);
	pools[0] = mempool_create_kmalloc_pool(nr, sizes[0]);
	sizes[1] = api_cache(0) ? kmem_cache_size(api_cache(0)) : 0;
	pools[1] = sizes[1] && api_cache_is_plain(0) ?
		   mempool_create_slab_pool(nr, api_cache(0)) : NULL;
	pools[2] = mempool_create_page_pool(nr, 1);
}

void api_pool_end(void)
{
	for (unsigned int i = 0; i < API_POOLS; i++)
		mempool_destroy(pools[i]);
}

/* ---- Elements ---- */

static void take_element(struct api_lane *lane, struct api_object *object)
{
	bool of_pages;

	object->which = (u8)fuzz_below(&lane->in, API_POOLS);
	object->how = fuzz_byte(&lane->in) % 4;
	object->size = sizes[object->which];
	if (!pools[object->which])
		return;
	of_pages = object->which == API_POOLS - 1;
	object->nr = object->which;
	if (object->how == 0)
		object->at = mempool_alloc_preallocated(pools[object->which]);
	else
		object->at = mempool_alloc(pools[object->which], (object->how == 1 ? GFP_ATOMIC :
					   GFP_NOWAIT) | __GFP_NOWARN);
	if (of_pages)
		object->which = 1;		/* the order */
	api_took(lane, object, &api_element, of_pages ? API_BLOCK : API_BYTES, false);
}

static void release_element(struct api_object *object)
{
	mempool_free(object->at, pools[object->nr]);
}

static void misuse_element(struct api_object *object, u8 way)
{
	FUZZ_CHECK(mempool_resize(pools[object->nr], -(int)way) == -EINVAL);
}

const struct api_kind api_element = {
	.take = take_element, .release = release_element, .misuse = misuse_element,
	.atomic_take = true, .atomic_release = true,
};

void api_resize_pool(struct api_lane *lane, struct api_object *object)
{
	mempool_t *pool = pools[fuzz_below(&lane->in, API_POOLS)];

	if (pool)
		mempool_resize(pool, 1 + (int)fuzz_below(&lane->in, 20));
}

/* ---- The crowd ---- */

struct crowd {
	mempool_t *pool;
	u64 refuses;		/* which of 64 requests in turn */
	atomic_t asked;
	unsigned int turns;
};

struct member {
	struct work_struct work;
	struct crowd *crowd;
	u8 mark;
};

static void *stingy_alloc(gfp_t gfp, void *data)
{
	struct crowd *crowd = data;
	unsigned int turn = (unsigned int)atomic_inc_return(&crowd->asked);

	return crowd->refuses >> turn % 64 & 1 ? NULL : kmalloc(ELEMENT_SIZE, gfp);
}

static void stingy_free(void *element, void *data)
{
	kfree(element);
}

static void take_turns(struct work_struct *work)
{
	struct member *my = container_of(work, struct member, work);

	for (unsigned int i = 0; i < my->crowd->turns; i++) {
		u8 *element = mempool_alloc(my->crowd->pool, i % 2 ? GFP_NOIO : GFP_KERNEL);

		FUZZ_CHECK(element);
		memset(element, my->mark, ELEMENT_SIZE);
		cond_resched();
		FUZZ_CHECK(element[0] == my->mark && element[ELEMENT_SIZE - 1] == my->mark);
		mempool_free(element, my->crowd->pool);
	}
}

static void gather(struct crowd *crowd, unsigned int nr, unsigned int resizes,
		   struct api_lane *lane)
{
	struct member members[CROWD];

	for (unsigned int i = 0; i < nr; i++) {
		members[i].crowd = crowd;
		members[i].mark = 1 + (u8)i;
		INIT_WORK_ONSTACK(&members[i].work, take_turns);
		queue_work_on((int)((i + 1) % num_online_cpus()), system_wq, &members[i].work);
	}
	while (resizes--)
		mempool_resize(crowd->pool, 1 + (int)fuzz_below(&lane->in, 5));
	for (unsigned int i = 0; i < nr; i++) {
		flush_work(&members[i].work);
		destroy_work_on_stack(&members[i].work);
	}
}

void api_pool_crowd(struct api_lane *lane, struct api_object *object)
{
	struct crowd crowd = { };
	unsigned int nr = 1 + fuzz_below(&lane->in, CROWD), resizes = fuzz_below(&lane->in, 4);

	crowd.pool = mempool_create(1 + (int)fuzz_below(&lane->in, 3), stingy_alloc, stingy_free,
				    &crowd);
	if (!crowd.pool)
		return;
	crowd.turns = 1 + fuzz_below(&lane->in, 16);
	crowd.refuses = fuzz_byte(&lane->in) * 0x0101010101010101ULL;
	gather(&crowd, nr, resizes, lane);
	mempool_destroy(crowd.pool);
}
