/* SPDX-License-Identifier: MIT */
/*
 * A self-test asks again for what failed on purpose (fault=, mm/fault_run.c). So what an
 * allocation leaves behind when it fails is looked at, and the case goes on with what it needs
 * and takes it back at its end: no case has to have a way out at each of its allocations.
 *
 * Each call of the API that hands out memory, or needs some, is made by AGAIN() in tests. The
 * second try is the same call site, and a point fails once, so it is served; where chance decides,
 * one of the tries. Without fault= each is the plain call. A call that is reported, and so must be
 * made once, puts the name in parentheses: (kmalloc)(size, gfp).
 */
#ifndef TESTS_AGAIN_H
#define TESTS_AGAIN_H

#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/err.h>
#include <linux/genalloc.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/mempool.h>
#include <linux/pci.h>
#include <linux/percpu.h>
#include <linux/scatterlist.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <quarry/quarry.h>

#define AGAIN_TRIES 20

#define AGAIN_IF(failed, call) ({ \
	unsigned long _failures; \
	unsigned int _tries = 0; \
	__typeof__(call) _value; \
	do { \
		_failures = quarry_fault_failures(); \
		_value = (call); \
	} while (failed(_value) && _failures != quarry_fault_failures() && \
		 ++_tries < AGAIN_TRIES); \
	_value; })

/* Of what gives NULL or 0 when it fails, or an error as a pointer or an address. */
#define AGAIN_NONE(value)	IS_ERR_OR_NULL((void *)(unsigned long)(value))
#define AGAIN(call)		AGAIN_IF(AGAIN_NONE, call)
/* Of what gives an error, or 0. */
#define AGAIN_ERROR(value)	((value) < 0)
#define AGAIN_STATUS(call)	AGAIN_IF(AGAIN_ERROR, call)
/* Of what gives how many it could, of nr. */
#define AGAIN_FEWER(value)	((value) < _wanted)
#define AGAIN_ALL(nr, call) ({ \
	unsigned long _wanted = (nr); \
	AGAIN_IF(AGAIN_FEWER, call); })

/* Pages. */
#define __alloc_pages(args...)			AGAIN(__alloc_pages(args))
#define alloc_pages(args...)			AGAIN(alloc_pages(args))
#define alloc_pages_node(args...)		AGAIN(alloc_pages_node(args))
#define __get_free_pages(args...)		AGAIN(__get_free_pages(args))
#define get_zeroed_page(args...)		AGAIN(get_zeroed_page(args))
#define alloc_pages_bulk_array(gfp, nr, pages) \
	AGAIN_ALL(nr, alloc_pages_bulk_array(gfp, nr, pages))
#define alloc_pages_bulk_array_node(gfp, nid, nr, pages) \
	AGAIN_ALL(nr, alloc_pages_bulk_array_node(gfp, nid, nr, pages))
#define alloc_pages_exact(args...)		AGAIN(alloc_pages_exact(args))

/* Objects. */
#define __kmem_cache_create1(args...)		AGAIN(__kmem_cache_create1(args))
#define __kmem_cache_create2(args...)		AGAIN(__kmem_cache_create2(args))
#define __kmem_cache_create_args(args...)	AGAIN(__kmem_cache_create_args(args))
#define kmem_cache_alloc(args...)		AGAIN(kmem_cache_alloc(args))
#define kmem_cache_zalloc(args...)		AGAIN(kmem_cache_zalloc(args))
#define kmem_cache_alloc_node(args...)		AGAIN(kmem_cache_alloc_node(args))
#define kmem_cache_alloc_bulk(args...)		AGAIN(kmem_cache_alloc_bulk(args))
#define kmalloc(args...)			AGAIN(kmalloc(args))
#define kmalloc_node(args...)			AGAIN(kmalloc_node(args))
#define kzalloc(args...)			AGAIN(kzalloc(args))
#define kzalloc_node(args...)			AGAIN(kzalloc_node(args))
#define kmalloc_array(args...)			AGAIN(kmalloc_array(args))
#define kmalloc_array_node(args...)		AGAIN(kmalloc_array_node(args))
#define kcalloc(args...)			AGAIN(kcalloc(args))
#define kcalloc_node(args...)			AGAIN(kcalloc_node(args))
#define krealloc(args...)			AGAIN(krealloc(args))
#define krealloc_array(args...)			AGAIN(krealloc_array(args))
#define kmemdup(args...)			AGAIN(kmemdup(args))
#define kmemdup_array(args...)			AGAIN(kmemdup_array(args))
#define kmemdup_nul(args...)			AGAIN(kmemdup_nul(args))
#define kstrdup(args...)			AGAIN(kstrdup(args))
#define kstrndup(args...)			AGAIN(kstrndup(args))
#define kasprintf(args...)			AGAIN(kasprintf(args))
#define kvasprintf(args...)			AGAIN(kvasprintf(args))
#define __alloc_percpu(args...)			AGAIN(__alloc_percpu(args))
#define __alloc_percpu_gfp(args...)		AGAIN(__alloc_percpu_gfp(args))

/* Areas. */
#define kvmalloc_node(args...)			AGAIN(kvmalloc_node(args))
#define kvmemdup(args...)			AGAIN(kvmemdup(args))
#define __kvrealloc(args...)			AGAIN(__kvrealloc(args))
#define vmalloc(args...)			AGAIN(vmalloc(args))
#define vzalloc(args...)			AGAIN(vzalloc(args))
#define vmalloc_node(args...)			AGAIN(vmalloc_node(args))
#define vzalloc_node(args...)			AGAIN(vzalloc_node(args))
#define vmalloc_user(args...)			AGAIN(vmalloc_user(args))
#define vmalloc_32(args...)			AGAIN(vmalloc_32(args))
#define vmalloc_32_user(args...)		AGAIN(vmalloc_32_user(args))
#define vmalloc_huge(args...)			AGAIN(vmalloc_huge(args))
#undef __vmalloc
#define __vmalloc(size, gfp, ...)		AGAIN(__vmalloc(size, gfp))
#define __vmalloc_node(args...)			AGAIN(__vmalloc_node(args))
#define vmap(args...)				AGAIN(vmap(args))
#undef vm_map_ram
#define vm_map_ram(pages, count, node, ...)	AGAIN(vm_map_ram(pages, count, node))
#define ioremap(args...)			AGAIN(ioremap(args))
#define ioremap_wc(args...)			AGAIN(ioremap_wc(args))
#define ioremap_wt(args...)			AGAIN(ioremap_wt(args))
#define ioremap_cache(args...)			AGAIN(ioremap_cache(args))
#define memremap(args...)			AGAIN(memremap(args))
#define request_mem_region(args...)		AGAIN(request_mem_region(args))
#define request_region(args...)			AGAIN(request_region(args))
#define pci_request_region(args...)		AGAIN_STATUS(pci_request_region(args))
#define pci_request_regions(args...)		AGAIN_STATUS(pci_request_regions(args))

/* What is made of these. */
#define mempool_create(args...)			AGAIN(mempool_create(args))
#define mempool_create_node(args...)		AGAIN(mempool_create_node(args))
#define mempool_init(args...)			AGAIN_STATUS(mempool_init(args))
#define mempool_init_node(args...)		AGAIN_STATUS(mempool_init_node(args))
#undef mempool_resize
#define mempool_resize(pool, new_min_nr, ...)	AGAIN_STATUS(mempool_resize(pool, new_min_nr))
#define mempool_alloc(args...)			AGAIN(mempool_alloc(args))
#define dma_alloc_attrs(args...)		AGAIN(dma_alloc_attrs(args))
#define dma_alloc_coherent(args...)		AGAIN(dma_alloc_coherent(args))
#define dmam_alloc_coherent(args...)		AGAIN(dmam_alloc_coherent(args))
#define dma_map_page_attrs(args...)		AGAIN(dma_map_page_attrs(args))
#define dma_map_single_attrs(args...)		AGAIN(dma_map_single_attrs(args))
#define dma_map_sg_attrs(args...)		AGAIN(dma_map_sg_attrs(args))
#define dma_map_sgtable(args...)		AGAIN_STATUS(dma_map_sgtable(args))
#define dma_pool_create(args...)		AGAIN(dma_pool_create(args))
#define dma_pool_alloc(args...)			AGAIN(dma_pool_alloc(args))
#define dmam_pool_create(args...)		AGAIN(dmam_pool_create(args))
#define sg_alloc_table(args...)			AGAIN_STATUS(sg_alloc_table(args))
#define sg_alloc_table_from_pages(args...)	AGAIN_STATUS(sg_alloc_table_from_pages(args))
#define devm_kmalloc(args...)			AGAIN(devm_kmalloc(args))
#define devm_kzalloc(args...)			AGAIN(devm_kzalloc(args))
#define devm_kmalloc_array(args...)		AGAIN(devm_kmalloc_array(args))
#define devm_kcalloc(args...)			AGAIN(devm_kcalloc(args))
#define devm_kmemdup(args...)			AGAIN(devm_kmemdup(args))
#define devm_kstrdup(args...)			AGAIN(devm_kstrdup(args))
#define devm_kasprintf(args...)			AGAIN(devm_kasprintf(args))
#define devm_add_action(args...)		AGAIN_STATUS(devm_add_action(args))
#define devm_ioremap(args...)			AGAIN(devm_ioremap(args))
#define devm_ioremap_resource(args...)		AGAIN(devm_ioremap_resource(args))
#define devm_gen_pool_create(args...)		AGAIN(devm_gen_pool_create(args))
#define gen_pool_alloc(args...)			AGAIN(gen_pool_alloc(args))
#define gen_pool_create(args...)		AGAIN(gen_pool_create(args))
#define gen_pool_add(args...)			AGAIN_STATUS(gen_pool_add(args))
#define gen_pool_add_virt(args...)		AGAIN_STATUS(gen_pool_add_virt(args))
#define kthread_create(args...)			AGAIN(kthread_create(args))
#define kthread_create_on_cpu(args...)		AGAIN(kthread_create_on_cpu(args))
#define alloc_workqueue(args...)		AGAIN(alloc_workqueue(args))
#define shrinker_alloc(args...)			AGAIN(shrinker_alloc(args))

#endif
