// SPDX-License-Identifier: MIT
/* The examples of docs/api.md: GFP flags. */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static DEFINE_SPINLOCK(lock);

static int __init use_gfp_kernel(void)
{
	void *slow = kmalloc(1000, GFP_KERNEL);	/* reclaims and sleeps when memory is short */
	void *user = kmalloc(1000, GFP_USER);	/* the same, for the user's data */
	bool both = slow && user;

	kfree(slow), kfree(user);
	return both ? 0 : -ENOMEM;
}
module_init(use_gfp_kernel);

static int __init use_gfp_atomic(void)
{
	void *urgent, *modest;

	spin_lock(&lock);	/* as in an interrupt: nobody may sleep here */
	urgent = kmalloc(100, GFP_ATOMIC), modest = kmalloc(100, GFP_NOWAIT);
	spin_unlock(&lock);
	kfree(urgent), kfree(modest);	/* either may have been NULL */
	return 0;
}
module_init(use_gfp_atomic);

static int __init use_gfp_noio(void)
{
	void *block = kmalloc(4096, GFP_NOIO);	/* in a block driver: starts no I/O */
	void *inode = kmalloc(512, GFP_NOFS);	/* in a file system: does not enter one */
	bool both = block && inode;

	kfree(block), kfree(inode);
	return both ? 0 : -ENOMEM;
}
module_init(use_gfp_noio);

static int __init use_gfp_highuser(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_ZERO);
	struct page *other = alloc_page(GFP_HIGHUSER | __GFP_HIGHMEM);	/* which it has */
	bool both = page && other;

	__free_page(page), __free_page(other);
	return both ? 0 : -ENOMEM;
}
module_init(use_gfp_highuser);

static int __init use_gfp_dma(void)
{
	struct page *isa = alloc_page(GFP_KERNEL | __GFP_DMA);
	struct page *pci = alloc_page(GFP_KERNEL | __GFP_DMA32);
	bool low = isa && page_to_phys(isa) < 16 << 20 && pci && page_to_phys(pci) < 1ULL << 32;

	__free_page(isa), __free_page(pci);
	free_page(__get_free_page(GFP_DMA)), free_page(__get_free_page(GFP_DMA32));
	return low ? 0 : -ENOMEM;
}
module_init(use_gfp_dma);

static int __init use_gfp_cold(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_COLD);

	if (!page)
		return -ENOMEM;
	__free_page(page);	/* it was not in any cache line: good for a device to write */
	return 0;
}
module_init(use_gfp_cold);

static int __init use_gfp_reserves(void)
{
	void *high = kmalloc(64, GFP_NOWAIT | __GFP_HIGH);	/* half of the reserve, too */
	void *all = kmalloc(64, GFP_KERNEL | __GFP_MEMALLOC);	/* who frees memory soon */
	void *none = kmalloc(64, GFP_ATOMIC | __GFP_NOMEMALLOC);

	kfree(high), kfree(all), kfree(none);
	return 0;
}
module_init(use_gfp_reserves);

static int __init use_gfp_effort(void)
{
	void *once = kmalloc(1 << 20, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	void *hard = kmalloc(1 << 20, GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	void *old = kmalloc(1 << 20, GFP_KERNEL | __GFP_REPEAT);	/* the old name */

	kfree(once), kfree(hard), kfree(old);
	return 0;
}
module_init(use_gfp_effort);

static int __init use_gfp_nofail(void)
{
	u64 *needed = kmalloc(sizeof(*needed), GFP_KERNEL | __GFP_NOFAIL);

	*needed = 1;		/* nothing to check: it waits until there is memory */
	kfree(needed);
	return 0;
}
module_init(use_gfp_nofail);

static int __init use_gfp_kinds(void)
{
	struct page *head = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
	struct page *here = alloc_page(GFP_KERNEL | __GFP_THISNODE | __GFP_RECLAIMABLE);
	struct page *user = alloc_page(GFP_KERNEL | __GFP_MOVABLE | __GFP_ACCOUNT | __GFP_HARDWALL);

	__free_pages(head, 2), __free_page(here), __free_page(user);
	return 0;
}
module_init(use_gfp_kinds);

static int __init use_gfp_parts(void)
{
	gfp_t gfp = __GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM | __GFP_IO | __GFP_FS;

	if (gfp != GFP_KERNEL || gfp != (__GFP_RECLAIM | __GFP_IO | __GFP_FS))
		return -EINVAL;
	gfp &= ~__GFP_WAIT;	/* the old name of __GFP_DIRECT_RECLAIM */
	return gfpflags_allow_blocking(gfp) ? -EINVAL : 0;
}
module_init(use_gfp_parts);
