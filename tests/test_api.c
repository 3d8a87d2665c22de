/* SPDX-License-Identifier: MIT */
/*
 * The API as sources have it: the older forms beside the newer ones, and calls that no other suite
 * has. docs/api.md says which case stands for which call.
 */
#include <linux/cleanup.h>
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/genalloc.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pci-dma-compat.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <quarry/quarry.h>
#include "tests/fake_device.h"
#include "tests/selftest.h"

SELFTEST(api, sizes_that_do_not_fit_are_noticed)
{
	volatile size_t large = SIZE_MAX / 2 + 1;
	size_t result;

	CHECK(!check_mul_overflow((size_t)6, (size_t)7, &result));
	CHECK_EQ(result, 42);
	CHECK(check_mul_overflow(large, (size_t)2, &result));
	CHECK_EQ(result, 0);
	CHECK_EQ(size_mul(large, 2), SIZE_MAX);
	CHECK_EQ(size_add(size_mul(large, 2), 8), SIZE_MAX);
	CHECK_EQ(size_add(large - 1, large), SIZE_MAX);
	CHECK_EQ(size_sub(10, 11), SIZE_MAX);
	CHECK_EQ(array_size(3, 5), 15);
	CHECK_EQ(array_size(large, 3), SIZE_MAX);
	CHECK_EQ(array3_size(large, 1, 2), SIZE_MAX);
}

SELFTEST(api, a_bulk_free_takes_any_sizes)
{
	void *objects[] = {
		kmalloc(8, GFP_KERNEL), NULL, kmalloc(5000, GFP_KERNEL), ZERO_SIZE_PTR,
		kmalloc(300000, GFP_KERNEL | __GFP_NOWARN), kmalloc(64, GFP_KERNEL),
	};

	CHECK(objects[0] && objects[2] && objects[5]);
	kfree_bulk(ARRAY_SIZE(objects), objects);	/* what is left would be missed */
	selftest_expect_reports(1);
	if (objects[5])
		kfree(objects[5]);
}

/* Its first page; NULL for none. */
static struct page *page_of(void *addr)
{
	if (!addr)
		return NULL;
	return is_vmalloc_addr(addr) ? vmalloc_to_page(addr) : virt_to_page(addr);
}

static void check_node(void *addr, size_t size, int nid, bool cleared)
{
	struct page *page = page_of(addr);

	if (!CHECK(page))
		return;
	if (nid != NUMA_NO_NODE)
		CHECK_EQ(page_to_nid(page), nid);
	if (cleared)
		CHECK(!memchr_inv(addr, 0, size));
	memset(addr, 0x5a, size);
	kvfree(addr);
}

SELFTEST(api, large_memory_of_a_node)
{
	size_t size = 3 * PAGE_SIZE + 100;
	int nid;

	for_each_node_state(nid, N_MEMORY) {
		check_node(kvmalloc_node(100, GFP_KERNEL | __GFP_THISNODE, nid), 100, nid, false);
		check_node(kvzalloc_node(size, GFP_KERNEL | __GFP_THISNODE, nid), size, nid, true);
		check_node(kvcalloc_node(3, size, GFP_KERNEL | __GFP_THISNODE, nid), 3 * size, nid,
			   true);
	}
	check_node(kvzalloc_node(size, GFP_KERNEL, NUMA_NO_NODE), size, NUMA_NO_NODE, true);
	CHECK(!kvmalloc_array_node(SIZE_MAX / 2, 3, GFP_KERNEL | __GFP_NOWARN, 0));
}

SELFTEST(api, vmalloc_32_is_below_4_gib)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_DMA32 | __GFP_NOWARN);
	char *area, *user;

	if (!page)
		SKIP("no RAM below 4 GiB");
	__free_page(page);
	area = vmalloc_32(5 * PAGE_SIZE), user = vmalloc_32_user(PAGE_SIZE);
	REQUIRE(area && user);
	for (unsigned int i = 0; i < 5; i++) {
		page = vmalloc_to_page(area + i * PAGE_SIZE);
		CHECK(page && page_to_phys(page) < 1ULL << 32);
	}
	CHECK(page_to_phys(vmalloc_to_page(user)) < 1ULL << 32);
	CHECK(!memchr_inv(user, 0, PAGE_SIZE));
	vfree(area);
	vfree(user);
}

SELFTEST(api, vmalloc_takes_alignments_and_large_sizes)
{
	for (unsigned long align = 1; align <= 64 * PAGE_SIZE; align *= 8) {
		char *area = __vmalloc_node(PAGE_SIZE + 1, align, GFP_KERNEL | __GFP_ZERO,
					    NUMA_NO_NODE, __builtin_return_address(0));

		if (!CHECK(area))
			continue;
		CHECK_EQ((unsigned long)area % align, 0);
		CHECK(!memchr_inv(area, 0, PAGE_SIZE + 1));
		CHECK_EQ(find_vm_area(area)->nr_pages, 2);
		vfree(area);
	}
	char *large = vmalloc_huge(2UL << 20, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);

	if (!large)
		SKIP("no 2 MiB are free");
	CHECK(!memchr_inv(large, 0, 2UL << 20));
	CHECK_EQ(find_vm_area(large)->nr_pages, (2UL << 20) / PAGE_SIZE);
	vfree(large);
}

SELFTEST(api, old_forms_with_rights_of_pages)
{
	char *area = __vmalloc(100, GFP_KERNEL | __GFP_ZERO, PAGE_KERNEL);
	struct page *page = alloc_page(GFP_KERNEL);
	char *mapped;

	REQUIRE(area && page);
	CHECK(!memchr_inv(area, 0, 100));
	mapped = vm_map_ram(&page, 1, NUMA_NO_NODE, PAGE_KERNEL);
	if (CHECK(mapped)) {
		CHECK(vmalloc_to_page(mapped) == page);
		vm_unmap_ram(mapped, 1);
	}
	vfree(area);
	__free_page(page);
}

SELFTEST(api, pools_can_be_made_on_a_node)
{
	mempool_t *pool = mempool_create_node(3, mempool_kmalloc, mempool_kfree, (void *)200UL,
					      GFP_KERNEL, numa_mem_id());
	mempool_t embedded;
	void *element;

	REQUIRE(pool);
	CHECK_EQ(pool->curr_nr, 3);
	element = mempool_alloc(pool, GFP_KERNEL);
	CHECK(element);
	mempool_free(element, pool);
	CHECK_EQ(mempool_resize(pool, 5, GFP_KERNEL), 0);	/* up to Linux 4.0 */
	CHECK_EQ(pool->curr_nr, 5);
	mempool_destroy(pool);
	CHECK_EQ(mempool_init_node(&embedded, 2, mempool_kmalloc, mempool_kfree, (void *)64UL,
				   GFP_KERNEL, NUMA_NO_NODE), 0);
	CHECK_EQ(embedded.curr_nr, 2);
	mempool_exit(&embedded);
}

SELFTEST(api, a_pool_knows_the_physical_address)
{
	static u8 memory[1024] __aligned(64);
	struct gen_pool *pool = gen_pool_create(6, NUMA_NO_NODE);
	dma_addr_t dma = 0;
	u8 *piece, *zeroes;

	REQUIRE(pool);
	memset(memory, 0x5a, sizeof(memory));
	CHECK_EQ(gen_pool_add_virt(pool, (unsigned long)memory, 0xfe000000, sizeof(memory), 0), 0);
	piece = gen_pool_dma_alloc(pool, 100, &dma);
	REQUIRE(piece);
	CHECK_EQ(dma - 0xfe000000, piece - memory);
	CHECK_EQ(gen_pool_virt_to_phys(pool, (unsigned long)piece + 70), dma + 70);
	zeroes = gen_pool_dma_zalloc(pool, 200, NULL);
	REQUIRE(zeroes);
	CHECK(!memchr_inv(zeroes, 0, 200));
	CHECK(!gen_pool_dma_alloc(pool, 2000, &dma));
	gen_pool_free(pool, (unsigned long)piece, 100);
	gen_pool_free(pool, (unsigned long)zeroes, 200);
	gen_pool_destroy(pool);
}

SELFTEST(api, flags_by_older_names)
{
	CHECK_EQ(SLAB_KERNEL, GFP_KERNEL);
	CHECK_EQ(SLAB_ATOMIC | SLAB_DMA, GFP_ATOMIC | GFP_DMA);
	CHECK(!gfpflags_allow_blocking(SLAB_ATOMIC));
	CHECK(gfpflags_allow_blocking(GFP_TEMPORARY) && (GFP_TEMPORARY & __GFP_RECLAIMABLE));
	CHECK(gfpflags_allow_blocking(SLAB_NOIO) && !(SLAB_NOIO & GFP_IOFS));
	CHECK(GFP_ATOMIC & __GFP_ATOMIC);
	CHECK(!(GFP_KERNEL & __GFP_ATOMIC));
	CHECK(GFP_THISNODE & __GFP_THISNODE);
	CHECK_EQ(__GFP_BITS_MASK, (1U << __GFP_BITS_SHIFT) - 1);
}

static u64 __percpu *kept;

static char *begin_or_not(unsigned int step)
{
	char *text __free(kfree) = kstrdup("kept", GFP_KERNEL);
	void *area __free(vfree) = step > 1 ? vmalloc(100) : NULL;
	void *large __free(kvfree) = step > 2 ? kvmalloc(3 * PAGE_SIZE, GFP_KERNEL) : NULL;
	u64 __percpu *counts __free(free_percpu) = alloc_percpu(u64);

	if (!text || !counts || step < 4)
		return NULL;
	kept = no_free_ptr(counts);
	return_ptr(text);
}

SELFTEST(api, what_goes_with_its_block_is_freed_once)
{
	unsigned long objects = quarry_percpu_objects();
	char *text;

	/* Pages that are missing, or a double free, fail the case by themselves. */
	for (unsigned int step = 0; step < 4; step++)
		CHECK(!begin_or_not(step));
	CHECK_EQ(quarry_percpu_objects(), objects);
	text = begin_or_not(4);
	REQUIRE(text);
	CHECK_STR(text, "kept");
	kfree(text);
	CHECK_EQ(quarry_percpu_objects(), objects + 1);
	free_percpu(kept);
}

static unsigned int constructed;

static void construct(void *object)
{
	constructed++;
}

SELFTEST(api, caches_with_a_structure_of_arguments)
{
	struct kmem_cache_args args = { .align = 256, .ctor = construct };
	struct kmem_cache *cache = kmem_cache_create("api-args", 40, &args, SLAB_NO_MERGE);
	struct kmem_cache *plain = kmem_cache_create("api-plain", 40, NULL, 0);
	void *object;

	constructed = 0;
	REQUIRE(cache && plain);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	CHECK_EQ((unsigned long)object % 256, 0);
	CHECK(constructed > 0);
	kmem_cache_free(cache, object);
	CHECK_EQ(kmem_cache_destroy(cache), 0);
	CHECK_EQ(kmem_cache_destroy(plain), 0);
}

static DEFINE_PER_CPU_SHARED_ALIGNED(u32, counter);

SELFTEST(api, older_names_of_per_cpu_operations)
{
	u32 seen = 7;

	CHECK_EQ((unsigned long)&counter % 64, 0);
	preempt_disable();
	__get_cpu_var(counter) = 5;
	__this_cpu_add(counter, 3);
	__this_cpu_inc(counter);
	CHECK_EQ(__this_cpu_read(counter), 9);
	CHECK_EQ(this_cpu_sub_return(counter, 2), 7);
	CHECK(this_cpu_try_cmpxchg(counter, &seen, 20));
	CHECK(!this_cpu_try_cmpxchg(counter, &seen, 30));
	CHECK_EQ(seen, 20);
	raw_cpu_write(counter, 0);
	CHECK(__this_cpu_ptr(&counter) == &__get_cpu_var(counter));
	CHECK_EQ(raw_cpu_read(counter), 0);
	preempt_enable();
}

struct late {
	u64 data;
	struct rcu_head rcu;
};

static void late_free(struct rcu_head *head)
{
	kfree(container_of(head, struct late, rcu));
}

SELFTEST(api, older_names_of_rcu)
{
	struct late *late = kmalloc(sizeof(*late), GFP_KERNEL), *none = NULL;

	REQUIRE(late);
	INIT_RCU_HEAD(&late->rcu);
	call_rcu_sched(&late->rcu, late_free);
	rcu_barrier_sched();
	synchronize_sched();
	kfree_rcu(kmalloc(100, GFP_KERNEL));	/* no head inside: it waits; what stays is missed */
	kvfree_rcu(kvmalloc(100 * PAGE_SIZE, GFP_KERNEL));
	kfree_rcu(none, rcu);
	kvfree_rcu(none, rcu);
}

SELFTEST(api, the_pci_forms_of_dma)
{
	struct { struct device dev; } card, *pdev = &card;
	struct pci_pool *pool;
	struct scatterlist sg;
	dma_addr_t handle, addr;
	u64 mask;
	u32 *ring;

	fake_device_init(&card.dev, &mask, DMA_64BIT_MASK);
	CHECK_EQ(pci_set_dma_mask(pdev, DMA_64BIT_MASK), 0);
	CHECK_EQ(pci_set_consistent_dma_mask(pdev, DMA_BIT_MASK(48)), 0);
	CHECK_EQ(card.dev.coherent_dma_mask, DMA_48BIT_MASK);
	ring = pci_alloc_consistent(pdev, 8192, &handle);
	REQUIRE(ring);
	CHECK_EQ(handle % 8192, 0);
	addr = pci_map_single(pdev, ring, 4096, PCI_DMA_TODEVICE);
	CHECK(!pci_dma_mapping_error(pdev, addr) && !dma_mapping_error(addr));
	CHECK(dma_mapping_error(DMA_MAPPING_ERROR));
	pci_dma_sync_single_for_cpu(pdev, addr, 4096, PCI_DMA_TODEVICE);
	pci_dma_sync_single_for_device(pdev, addr, 4096, PCI_DMA_TODEVICE);
	pci_unmap_single(pdev, addr, 4096, PCI_DMA_TODEVICE);
	addr = pci_map_page(pdev, virt_to_page(ring), 16, 32, PCI_DMA_FROMDEVICE);
	CHECK_EQ(pci_dma_mapping_error(pdev, addr), 0);
	pci_unmap_page(pdev, addr, 32, PCI_DMA_FROMDEVICE);
	sg_init_one(&sg, ring, 512);
	CHECK_EQ(pci_map_sg(pdev, &sg, 1, PCI_DMA_BIDIRECTIONAL), 1);
	pci_dma_sync_sg_for_cpu(pdev, &sg, 1, PCI_DMA_BIDIRECTIONAL);
	pci_unmap_sg(pdev, &sg, 1, PCI_DMA_BIDIRECTIONAL);
	pci_free_consistent(pdev, 8192, ring, handle);

	pool = pci_pool_create("ring", pdev, 64, 64, 0);
	REQUIRE(pool);
	ring = pci_pool_alloc(pool, GFP_KERNEL, &handle);
	CHECK(ring && handle % 64 == 0);
	pci_pool_free(pool, ring, handle);
	pci_pool_destroy(pool);
}
