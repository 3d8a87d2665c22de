/* SPDX-License-Identifier: MIT */
/*
 * The boot options init_on_alloc=1 and init_on_free=1: memory is cleared when it is given out, so
 * that nobody finds in it what others left; and as it is freed, so that what is not needed any
 * more is nowhere.
 *
 *	who gives	cleared on allocation		cleared on free
 *	pages		prepare_block()			the last reference, before it is in any list
 *	slab objects	finish(), all bytes that	slab_free_slow(), the same
 *			ksize() says there are
 *	KFENCE		kfence_alloc()			kfence_free(), before its page is hidden
 *	dma_pool	hand_out()			free_slow()
 *
 * Large blocks of kmalloc(), areas of vmalloc() and slabs themselves are made of pages. Not
 * cleared are objects with a constructor or destructor, and of SLAB_TYPESAFE_BY_RCU: their content
 * counts while they are free. Where free objects have poison, that is what takes the place of
 * their old content; it is checked when they are given out, and cleared with init_on_alloc. A
 * broken page is not touched when its block is freed. What lies in the reserve of a mempool was
 * not freed: it is its pool's, and comes out of it as it went in.
 *
 * All of this is in slow paths, so without the options the fast ones have not an instruction of
 * it. With them, nothing is kept at hand that would not come by there:
 *
 *	slab objects	caches have no magazines	slab_layout()
 *	pages		no request and no free finds	install() of pcp_setup.c, as under
 *			this CPU's caches by itself	page_owner=on
 *	vmalloc()	no area waits with its pages:	vmap_start(): vmap_limits.held is 0
 *			vfree() flushes and frees them
 *	dma_pool	stacks hold nothing		dma_pool_create()
 *
 * A slow path still takes pages out of this CPU's cache, and puts them there.
 *
 * With init_on_free alone, memory that nobody has had since the boot is as the firmware left it.
 *
 * Interleavings: a block of pages whose last reference is gone has a word that says cached, and is
 * in no stack: who looks for it finds nobody's page, until it is cleared and put there. An object
 * is OBJECT_CACHED, and in no magazine. So both belong to who clears them. An interrupt may come
 * in between, and take other memory.
 *
 * Locks: none; any context. Costs: a store for each 8 bytes, and the slow path for each call;
 * vfree() costs a flush on every CPU.
 */
#include <linux/highmem.h>
#include "init_memory.h"
#include "kasan.h"

void init_free_pages(struct page *page, unsigned int order, bool broken)
{
	kasan_pause();		/* not all of it was somebody's */
	for (unsigned long i = 0; i < 1UL << order; i++)
		if (!broken || !(READ_ONCE(page[i].flags) & PG_HWPOISON))
			clear_highpage(page + i);
	kasan_resume();
}

void init_object(const struct kmem_cache *cache, void *object)
{
	if (slab_keeps_content(cache))
		return;
	kasan_pause();		/* it may be hidden already */
	memset(object, 0, cache->object_size);
	kasan_resume();
}
