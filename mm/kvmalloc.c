// SPDX-License-Identifier: MIT
/*
 * kvmalloc: contiguous memory where that is cheap, else virtually contiguous memory.
 *
 * A page and less always comes from kmalloc(): an area would take a page too, and a range. Above
 * that kmalloc() is asked for what it has without reclaiming or waiting, because a large block is
 * not worth it when single pages do; then vmalloc(), for callers who may sleep. Which of the two
 * it was the address tells, so kvfree() needs nothing else.
 *
 * Locks: none of its own.
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "vmap.h"

/* What kmalloc() is asked with: no reclaim for a large block, and no report. */
static gfp_t cheap(gfp_t gfp)
{
	return (gfp & ~(__GFP_NOFAIL | __GFP_DIRECT_RECLAIM)) | __GFP_NOWARN | __GFP_NORETRY;
}

static void *alloc(size_t size, gfp_t gfp, int nid, const void *caller)
{
	void *object = NULL;

	if (size <= PAGE_SIZE || !gfpflags_allow_blocking(gfp))
		return kmalloc_node(size, gfp, nid);
	if (size <= KMALLOC_MAX_SIZE)
		object = kmalloc_node(size, cheap(gfp), nid);
	return object ? object : __vmalloc_node(size, 1, gfp, nid, caller);
}

void *kvmalloc_node(size_t size, gfp_t gfp, int nid)
{
	return alloc(size, gfp, nid, __builtin_return_address(0));
}

void *kvmemdup(const void *source, size_t size, gfp_t gfp)
{
	void *copy = alloc(size, gfp, NUMA_NO_NODE, __builtin_return_address(0));

	return copy && size ? memcpy(copy, source, size) : copy;
}

void kvfree(const void *addr)
{
	if (is_vmalloc_addr(addr))
		vfree(addr);
	else
		kfree(addr);
}

void kvfree_sensitive(const void *addr, size_t size)
{
	if (!ZERO_OR_NULL_PTR(addr)) {
		memset((void *)addr, 0, size);
		barrier();	/* nobody reads it again, but it must be written */
	}
	kvfree(addr);
}

/* Bytes that may be used there. */
static size_t room(const void *addr)
{
	const struct vm_struct *vm;

	if (!is_vmalloc_addr(addr))
		return ksize(addr);
	vm = find_vm_area(addr);
	return vm ? (size_t)vm->nr_pages << PAGE_SHIFT : 0;
}

void *__kvrealloc(const void *addr, size_t size, gfp_t gfp)
{
	size_t old = room(addr);
	void *new;

	if (!is_vmalloc_addr(addr) && size <= PAGE_SIZE && old <= PAGE_SIZE)
		return krealloc(addr, size, gfp);
	kasan_unpoison(addr, old);
	if (size && size <= old && size > old / 2) {
		if (gfp & __GFP_ZERO)
			memset((char *)addr + size, 0, old - size);
		kasan_give(addr, size, old, KASAN_VMALLOC_INVALID);
		return (void *)addr;
	}
	new = alloc(size, gfp, NUMA_NO_NODE, __builtin_return_address(0));
	if (!new)
		return NULL;
	memcpy(new, addr, min(old, size));
	kvfree(addr);
	return new;
}

/* ---- After a grace period ---- */

/* Callbacks may not sleep. */
static void free_area_around(struct rcu_head *head)
{
	const struct vm_struct *vm = find_vm_area(head);

	vfree_atomic(vm ? vm->addr : head);
}

void __kvfree_call_rcu(struct rcu_head *head)
{
	if (is_vmalloc_addr(head))
		call_rcu(head, free_area_around);
	else
		__kfree_call_rcu(head);
}

void kvfree_rcu_mightsleep(const void *addr)
{
	if (!addr)
		return;
	synchronize_rcu();
	kvfree(addr);
}
