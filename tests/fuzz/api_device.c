/* SPDX-License-Identifier: MIT */
/*
 * What belongs to others: to a device, which takes back what its driver forgot (devres); to a range
 * of addresses that are handed out (genalloc); to each CPU (percpu).
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/dma-mapping.h>
#include <linux/genalloc.h>
#include <linux/io.h>
#include <linux/percpu.h>
#include <linux/string.h>

#include "api.h"

/* ---- The device's ---- */

static atomic_t nr_forgotten, nr_actions;

enum devm_call { DEVM_KMALLOC, DEVM_KCALLOC, DEVM_KMEMDUP, DEVM_KSTRDUP, DEVM_COHERENT,
		 DEVM_IOREMAP, DEVM_ACTION, DEVM_NR_CALLS };

static void count_action(void *data)
{
	atomic_dec(&nr_actions);
}

static void call_devm(struct api_lane *lane, struct api_object *object, gfp_t gfp)
{
	static const u8 zeroes[256];
	struct device *dev = api_device();

	switch (object->how) {
	case DEVM_KCALLOC:
		object->at = devm_kcalloc(dev, 1, object->size, gfp);
		break;
	case DEVM_KMEMDUP:
		object->size = min(object->size, sizeof(zeroes));
		object->at = devm_kmemdup(dev, zeroes, object->size, gfp);
		break;
	case DEVM_KSTRDUP:
		object->size = 8;
		object->at = devm_kstrdup(dev, "quarry!", gfp);
		break;
	case DEVM_COHERENT:
		object->size = min_t(size_t, object->size, 100000);
		object->at = dmam_alloc_coherent(dev, object->size, &object->dma, gfp);
		break;
	case DEVM_IOREMAP:
		object->at = (void *)devm_ioremap(dev, (1ULL << 43) + fuzz_bytes(&lane->in, 3), 64);
		break;
	case DEVM_ACTION:
		atomic_inc(&nr_actions);
		if (!devm_add_action(dev, count_action, object))
			object->at = object;
		else
			atomic_dec(&nr_actions);
		break;
	default:
		object->at = devm_kmalloc(dev, object->size, gfp);
	}
}

static void take_devm(struct api_lane *lane, struct api_object *object)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | (fuzz_byte(&lane->in) & 1 ? __GFP_ZERO : 0);
	bool zeroed;

	object->how = fuzz_byte(&lane->in) % DEVM_NR_CALLS;
	object->size = max_t(size_t, api_size(&lane->in), 1);
	call_devm(lane, object, gfp);
	zeroed = object->how == DEVM_KCALLOC || object->how == DEVM_KMEMDUP ||
		 object->how == DEVM_COHERENT ||
		 (object->how == DEVM_KMALLOC && (gfp & __GFP_ZERO));
	api_took(lane, object, &api_devm,
		 object->how < DEVM_IOREMAP ? API_BYTES : API_NOTHING, zeroed);
}

/* Every other one is left to the device, unless it is needed now. */
static void release_devm(struct api_object *object)
{
	struct device *dev = api_device();

	if (object->how == DEVM_ACTION)
		devm_release_action(dev, count_action, object->at);
	else if (object->mark & 1)
		atomic_inc(&nr_forgotten);
	else if (object->how == DEVM_COHERENT)
		dmam_free_coherent(dev, object->size, object->at, object->dma);
	else if (object->how == DEVM_IOREMAP)
		devm_iounmap(dev, object->at);
	else
		devm_kfree(dev, object->at);
}

static void misuse_devm(struct api_object *object, u8 way)
{
	if (way % 2)
		devm_kfree(api_device(), object->at + 1);
	else
		devm_remove_action(api_device(), count_action, object->at + 1);
}

const struct api_kind api_devm = {
	.take = take_devm, .release = release_devm, .misuse = misuse_devm,
};

/* ---- Pieces of a range ---- */

#define ARENA 8192

static u8 arena[2][ARENA];		/* two ranges of one pool */
static struct gen_pool *pool;
static size_t pool_size;

static void make_pool(struct fuzz_input *in)
{
	static const genpool_algo_t algos[] = {
		gen_pool_first_fit, gen_pool_best_fit, gen_pool_first_fit_order_align,
	};
	u8 choice = fuzz_byte(in);

	pool_size = 0;
	pool = gen_pool_create(choice % 8, NUMA_NO_NODE);
	if (!pool)
		return;
	gen_pool_set_algo(pool, algos[choice / 8 % ARRAY_SIZE(algos)], NULL);
	for (unsigned int i = 0; i < 2; i++)
		if (!gen_pool_add_virt(pool, (unsigned long)arena[i], (phys_addr_t)i << 20, ARENA,
				       NUMA_NO_NODE))
			pool_size += ARENA;
	FUZZ_CHECK(gen_pool_size(pool) == pool_size);
}

static void take_piece(struct api_lane *lane, struct api_object *object)
{
	struct genpool_data_align align = { .align = 1 << fuzz_below(&lane->in, 10) };

	object->how = fuzz_byte(&lane->in) % 4;
	object->size = 1 + fuzz_bytes(&lane->in, 2) % 3000;
	if (!pool)
		return;
	if (object->how == 0)
		object->at = (void *)gen_pool_alloc_algo(pool, object->size,
							 gen_pool_first_fit_align, &align);
	else if (object->how == 1)
		object->at = gen_pool_dma_zalloc(pool, object->size, &object->dma);
	else
		object->at = (void *)gen_pool_alloc(pool, object->size);
	if (object->at)
		FUZZ_CHECK(gen_pool_has_addr(pool, (unsigned long)object->at, object->size) &&
			   gen_pool_virt_to_phys(pool, (unsigned long)object->at) < 2 << 20);
	api_took(lane, object, &api_piece, API_BYTES, object->how == 1);
}

static void release_piece(struct api_object *object)
{
	gen_pool_free(pool, (unsigned long)object->at, object->size);
}

static void misuse_piece(struct api_object *object, u8 way)
{
	if (way % 4 == 1)
		gen_pool_free(pool, (unsigned long)object->at, 2 * ARENA);
	else if (way % 4 == 2)
		gen_pool_free(pool, (unsigned long)object->at, 0);
	else if (way % 4 == 3)
		gen_pool_destroy(pool);		/* it stays */
	else {
		api_check(object);
		release_piece(object);
		release_piece(object);
		*object = (struct api_object){ };
	}
}

const struct api_kind api_piece = {
	.take = take_piece, .release = release_piece, .misuse = misuse_piece,
	.atomic_take = true, .atomic_release = true,
};

/* ---- One for each CPU ---- */

static void check_copies(const struct api_object *object, u8 mark, u8 step)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		u8 *at = per_cpu_ptr((u8 *)object->at, cpu), value = mark + step * (u8)cpu;

		FUZZ_CHECK(at[0] == value && at[object->size - 1] == value);
	}
}

static void take_percpu(struct api_lane *lane, struct api_object *object)
{
	size_t align = 1UL << fuzz_below(&lane->in, 8);
	gfp_t gfp = api_object_flags(lane);
	unsigned int cpu;

	object->size = 1 + fuzz_bytes(&lane->in, 2) % 3000;
	object->at = __alloc_percpu_gfp(object->size, align, gfp);
	api_took(lane, object, &api_percpu, API_NOTHING, false);
	if (!object->at)
		return;
	FUZZ_CHECK(IS_ALIGNED((unsigned long)object->at, align));
	check_copies(object, 0, 0);
	for_each_online_cpu(cpu)
		memset(per_cpu_ptr((u8 *)object->at, cpu), object->mark + (u8)cpu, object->size);
}

static void release_percpu(struct api_object *object)
{
	check_copies(object, object->mark, 1);
	free_percpu(object->at);
}

static void misuse_percpu(struct api_object *object, u8 way)
{
	void *at = object->at;

	if (way % 2) {
		free_percpu(at + 1);
		return;
	}
	release_percpu(object);
	free_percpu(at);
	*object = (struct api_object){ };
}

const struct api_kind api_percpu = {
	.take = take_percpu, .release = release_percpu, .misuse = misuse_percpu,
	.atomic_take = true, .atomic_release = true,
};

/* ---- All of these ---- */

void api_device_begin(struct fuzz_input *in)
{
	atomic_set(&nr_forgotten, 0);
	make_pool(in);
}

void api_device_end(void)
{
	FUZZ_CHECK(devres_release_all(api_device()) == atomic_read(&nr_forgotten));
	FUZZ_CHECK(!atomic_read(&nr_actions));
	if (pool)
		FUZZ_CHECK(gen_pool_avail(pool) == pool_size);
	gen_pool_destroy(pool);
	pool = NULL;
}
