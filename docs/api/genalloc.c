// SPDX-License-Identifier: MIT
/* The examples of docs/api.md: memory that no allocator has. */
#include <linux/genalloc.h>
#include <linux/module.h>

static struct gen_pool *pool;

static int __init use_gen_pool_create(void)
{
	pool = gen_pool_create(6, NUMA_NO_NODE);	/* pieces of 64 bytes */
	if (!pool)
		return -ENOMEM;
	return gen_pool_add_virt(pool, 0x10000, 0xfe000000, 0x1000, NUMA_NO_NODE);
}
module_init(use_gen_pool_create);

static int __init use_gen_pool_alloc(void)
{
	unsigned long addr = gen_pool_alloc(pool, 100);

	if (!addr || gen_pool_virt_to_phys(pool, addr) - 0xfe000000 != addr - 0x10000)
		return -ENOMEM;
	gen_pool_free(pool, addr, 100);
	return 0;
}
module_init(use_gen_pool_alloc);

static int __init use_gen_pool_dma_alloc(void)
{
	dma_addr_t dma;
	void *ring = gen_pool_dma_alloc(pool, 256, &dma);

	if (!ring || !gen_pool_has_addr(pool, (unsigned long)ring, 256))
		return -ENOMEM;
	gen_pool_free(pool, (unsigned long)ring, 256);
	return 0;
}
module_init(use_gen_pool_dma_alloc);

static int __init use_gen_pool_set_algo(void)
{
	struct genpool_data_align data = { .align = 512 };
	unsigned long addr;

	gen_pool_set_algo(pool, gen_pool_best_fit, NULL);	/* from now on */
	addr = gen_pool_alloc_algo(pool, 64, gen_pool_first_fit_align, &data);
	gen_pool_free(pool, addr, 64);
	return addr % 512;
}
module_init(use_gen_pool_set_algo);

static int __init use_gen_pool_add(void)
{
	if (gen_pool_add(pool, 0x20000, 0x1000, NUMA_NO_NODE))	/* a second chunk */
		return -ENOMEM;
	return gen_pool_avail(pool) == gen_pool_size(pool) ? 0 : -EINVAL;
}
module_init(use_gen_pool_add);

static int __init use_gen_pool_destroy(void)
{
	gen_pool_destroy(pool);		/* every piece has come back */
	return 0;
}
module_init(use_gen_pool_destroy);
