// SPDX-License-Identifier: MIT
/*
 * vmalloc: pages, a range of addresses, and page tables that bring them together.
 *
 * Pages are taken in blocks as large as there are, up to 2 MiB, and kept whole: one allocation
 * and one free for up to 512 pages, and large page-table entries where a block of 2 MiB comes to
 * lie at a multiple of 2 MiB. That is always so for them, because ranges of 2 MiB and more begin
 * there and the sizes of the blocks only fall. When memory has no large block left, smaller ones
 * do: a large block is not worth waiting or reclaiming for.
 *
 * The blocks of an area are a list through their first descriptors (page->private), so an area
 * needs no table of its pages. Which page lies at an address the page tables tell. Blocks are
 * as those of __GFP_COMP: whoever takes a reference to any page of one holds all of it.
 *
 * An area becomes live when it is complete, and its end begins with one atomic step from live to
 * retired: so of two vfree() of one area one is reported, whatever CPUs they run on. What happens
 * to a retired area, and when its pages are freed, is told in vmap_pool.c.
 *
 * vunmap() waits until no CPU reaches the pages, because its caller may free them next;
 * vm_unmap_ram() does not, as its name promises in Linux. Locks: none of its own.
 * Costs: a walk of page tables for each block, a store for each page and again at the end.
 */
#include <linux/irqflags.h>
#include <linux/log2.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/vmalloc.h>
#include "fault.h"
#include "vmap.h"

static DEFINE_PER_CPU(long, nr_pages_used);	/* summed up; one CPU's may be negative */

/* ---- Checks and reports ---- */

/* Pages for `size` bytes; 0, reported, when nothing like that can be. */
static inline unsigned long pages_wanted(unsigned long size, gfp_t gfp, const void *caller)
{
	if (likely(size && size <= vmap_limits.bytes))
		return PFN_UP(size);
	if (!(gfp & __GFP_NOWARN))
		pr_warn("vmalloc error: size %lu, %s; called by %pS\n", size,
			size ? "exceeds total pages" : "nothing is asked for", caller);
	return 0;
}

static void report_failure(unsigned long size, gfp_t gfp, const char *what, const void *caller)
{
	if (gfp & __GFP_NOWARN)
		return;
	pr_warn("vmalloc error: size %lu, %s; called by %pS\n", size, what, caller);
	dump_stack();
}

/* Interrupts cannot wait; all others that must not are reported, and served if that can be. */
static inline bool context_is_wrong(void)
{
	if (likely(preemptible()))
		return false;
	might_sleep();
	return in_interrupt();
}

/* ---- Pages ---- */

/* Marked as one of __GFP_COMP: see vmap_block.c. */
static struct page *take_block(gfp_t gfp, unsigned int order, int node)
{
	struct page *page;

	if (order)
		gfp = (gfp & ~(__GFP_NOFAIL | __GFP_DIRECT_RECLAIM)) | __GFP_NOWARN | __GFP_NORETRY;
	page = node == NUMA_NO_NODE ? alloc_pages(gfp, order) : alloc_pages_node(node, gfp, order);
	if (page && order)
		WRITE_ONCE(page->flags, page->flags | PG_COMP);	/* others may look */
	return page;
}

/* Maps a block `done` bytes into the area. */
static inline bool map_block(struct vmap_area *area, unsigned long done, const struct page *page,
			     unsigned int order)
{
	if (likely(area->window && !done)) {
		port_window_map(area->window, page_to_phys(page), 1UL << order);
		return true;
	}
	return !port_map(area->start + done, page_to_phys(page), PAGE_SIZE << order, PORT_RW);
}

/* Adds a block to the area, behind those that it has, and maps it. */
static inline bool add_block(struct vmap_area *area, struct page *page, unsigned int order)
{
	unsigned long done = (unsigned long)area->vm.nr_pages << PAGE_SHIFT;

	page->private = (unsigned long)area->blocks;
	area->blocks = page;
	area->vm.nr_pages += 1u << order;
	return map_block(area, done, page, order);
}

/* Maps the blocks that the area has from an earlier use, all of one size. */
static inline bool map_loaded(struct vmap_area *area)
{
	const struct page *page = area->blocks;
	unsigned long done = 0;

	do {
		if (!map_block(area, done, page, page->order))
			return false;
		done += PAGE_SIZE << page->order;
		page = (const struct page *)page->private;
	} while (unlikely(page));
	return true;
}

/* What there is of the pages when it fails is in the area. */
static noinline bool populate_pieces(struct vmap_area *area, unsigned long nr, gfp_t gfp, int node)
{
	unsigned int order = PAGEBLOCK_ORDER;
	struct page *page;

	while (nr) {
		if (nr < 1UL << order)
			order = ilog2(nr);
		page = take_block(gfp, order, node);
		if (!page && !order)
			return false;
		if (!page) {
			order--;
			continue;
		}
		if (!add_block(area, page, order))
			return false;
		nr -= 1UL << order;
	}
	return true;
}

/* Takes nr pages in blocks and maps each; most areas are one block. */
static inline bool populate(struct vmap_area *area, unsigned long nr, gfp_t gfp, int node)
{
	struct page *page = NULL;
	bool plain = node == NUMA_NO_NODE && !(gfp & (__GFP_DMA | __GFP_DMA32 | __GFP_THISNODE));

	if (likely(area->blocks && area->vm.nr_pages == nr && plain))
		return map_loaded(area);
	vmap_unload(area);
	area->plain = plain;
	area->vm.nr_pages = 0;
	if (is_power_of_2(nr) && nr <= PAGEBLOCK_PAGES)
		page = take_block(gfp, ilog2(nr), node);
	if (likely(page))
		return add_block(area, page, ilog2(nr));
	return populate_pieces(area, nr, gfp, node);
}

static gfp_t pages_gfp(gfp_t gfp)
{
	gfp &= ~(__GFP_ZERO | __GFP_COMP);
	return gfp & (__GFP_DMA | __GFP_DMA32) ? gfp : gfp | __GFP_HIGHMEM;
}

/* From here on it can be freed. */
static void *publish(struct vmap_area *area, unsigned long size, unsigned long flags,
		     const void *caller)
{
	area->vm.size = ((unsigned long)area->vm.nr_pages + 1) << PAGE_SHIFT;
	area->vm.requested_size = size;
	area->vm.flags = flags;
	area->vm.caller = caller;
	smp_store_release(&area->state, VMAP_LIVE);
	return area->vm.addr;
}

static noinline void *give_up(struct vmap_area *area, unsigned long size, gfp_t gfp,
			      const void *caller)
{
	vmap_retire(area, true);
	report_failure(size, gfp, "failed to allocate pages", caller);
	return NULL;
}

static void *try_area(unsigned long size, unsigned long align, gfp_t gfp, int node,
		      unsigned long flags, const void *caller)
{
	unsigned long nr = PFN_UP(size);
	struct vmap_area *area = fault_hits(FAULT_VMALLOC, gfp) ? NULL :
				 vmap_alloc_loaded(nr << PAGE_SHIFT, align);

	if (!area) {
		report_failure(size, gfp, "no such range of addresses is free", caller);
		return NULL;
	}
	if (unlikely(!populate(area, nr, pages_gfp(gfp), node)))
		return give_up(area, size, gfp, caller);
	if (gfp & __GFP_ZERO)
		memset(area->vm.addr, 0, nr << PAGE_SHIFT);
	kasan_area_give(area, size);
	this_cpu_add(nr_pages_used, (long)nr);
	return publish(area, size, VM_ALLOC | flags, caller);
}

/*
 * What an area needs beside its pages, as page tables, asks for no more I/O than the caller does,
 * and waits only if he does.
 */
static unsigned int limit_thread(gfp_t gfp)
{
	if (unlikely(!gfpflags_allow_blocking(gfp)))
		return memalloc_flags_save(PF_MEMALLOC_NORECLAIM);
	if (!(gfp & __GFP_IO))
		return memalloc_noio_save();
	return gfp & __GFP_FS ? 0 : memalloc_nofs_save();
}

static void *alloc_area(unsigned long size, unsigned long align, gfp_t gfp, int node,
			unsigned long flags, const void *caller)
{
	unsigned int limits;
	void *addr;

	if (context_is_wrong() || !pages_wanted(size, gfp, caller))
		return NULL;
	if (unlikely(!preemptible()))
		gfp &= ~__GFP_DIRECT_RECLAIM;	/* reported; no need to say it again */
	if (unlikely(gfp & __GFP_NOFAIL))
		gfp |= __GFP_NOWARN;
	limits = limit_thread(gfp);
	for (;;) {
		addr = try_area(size, align, gfp, node, flags, caller);
		if (likely(addr) || !(gfp & __GFP_NOFAIL) || !gfpflags_allow_blocking(gfp))
			break;
		/* Not only pages may be missing, but tables and what describes the area. */
		schedule_timeout_uninterruptible(1);
	}
	memalloc_flags_restore(limits);
	return addr;
}

void *__vmalloc_node(unsigned long size, unsigned long align, gfp_t gfp, int node,
		     const void *caller)
{
	return alloc_area(size, align, gfp, node, 0, caller);
}

/* The same, where all is ready: NULL if it is not. */
static __always_inline void *alloc_ready(unsigned long size, const void *caller)
{
	unsigned long nr = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	struct vmap_area *area;

	/* Sizes that wrap become 0, and 0 becomes the largest. */
	if (QUARRY_KASAN || unlikely(nr - 1 >= VMAP_READY_PAGES || !preemptible()))
		return NULL;
	area = vmap_alloc_ready(nr);
	if (unlikely(!area))
		return NULL;
	port_window_map(area->window, page_to_phys(area->blocks), nr);
	this_cpu_add(nr_pages_used, (long)nr);
	return publish(area, size, VM_ALLOC, caller);
}

void *vmalloc(unsigned long size)
{
	void *ready = alloc_ready(size, __builtin_return_address(0));

	if (likely(ready))
		return ready;
	return alloc_area(size, 1, GFP_KERNEL, NUMA_NO_NODE, 0, __builtin_return_address(0));
}

void *vzalloc(unsigned long size)
{
	return alloc_area(size, 1, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE, 0,
			  __builtin_return_address(0));
}

void *vmalloc_node(unsigned long size, int node)
{
	return alloc_area(size, 1, GFP_KERNEL, node, 0, __builtin_return_address(0));
}

void *vzalloc_node(unsigned long size, int node)
{
	return alloc_area(size, 1, GFP_KERNEL | __GFP_ZERO, node, 0, __builtin_return_address(0));
}

void *vmalloc_user(unsigned long size)
{
	return alloc_area(size, 1, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE, VM_USERMAP,
			  __builtin_return_address(0));
}

void *vmalloc_32(unsigned long size)
{
	return alloc_area(size, 1, GFP_KERNEL | __GFP_DMA32, NUMA_NO_NODE, 0,
			  __builtin_return_address(0));
}

void *vmalloc_32_user(unsigned long size)
{
	return alloc_area(size, 1, GFP_KERNEL | __GFP_DMA32 | __GFP_ZERO, NUMA_NO_NODE,
			  VM_USERMAP, __builtin_return_address(0));
}

void *vmalloc_huge(unsigned long size, gfp_t gfp)
{
	return alloc_area(size, 1, gfp, NUMA_NO_NODE, VM_ALLOW_HUGE_VMAP,
			  __builtin_return_address(0));
}

void *__vmalloc(unsigned long size, gfp_t gfp)
{
	return alloc_area(size, 1, gfp, NUMA_NO_NODE, 0, __builtin_return_address(0));
}

/* ---- The end of an area ---- */

static const char *why_not(const struct vmap_area *area, unsigned long flags)
{
	if (!area)
		return "no area begins there";
	if (READ_ONCE(area->state) == VMAP_LIVE)
		return area->vm.flags & flags ? NULL : "an area of another kind";
	return "already free";
}

static __always_inline struct vmap_area *claim_at(unsigned long addr, unsigned long flags,
						  const char **wrong)
{
	struct vmap_area *area;

	rcu_read_lock();	/* of two who free it, the second may look at it too late */
	area = vmap_find_start(addr);
	*wrong = why_not(area, flags);
	if (likely(!*wrong) && cmpxchg(&area->state, VMAP_LIVE, VMAP_RETIRED) != VMAP_LIVE)
		*wrong = "already free";
	/* Between the two steps the range may have become part of another area. */
	if (unlikely(!*wrong && area->start != addr)) {
		WRITE_ONCE(area->state, VMAP_LIVE);
		*wrong = "no area begins there";
	}
	rcu_read_unlock();
	if (QUARRY_DEBUG_LOCKS && !*wrong)
		debug_check_no_locks_freed(area->vm.addr, area->vm.nr_pages * PAGE_SIZE);
	return likely(!*wrong) ? kasan_area_free(area) : NULL;
}

struct vmap_area *vmap_claim(unsigned long addr, unsigned long flags, const char **wrong)
{
	return claim_at(addr, flags, wrong);
}

/* The same, reported. */
static struct vmap_area *claim(const void *addr, unsigned long flags, const char *call)
{
	const char *wrong;
	struct vmap_area *area = claim_at((unsigned long)addr, flags, &wrong);

	if (unlikely(!area))
		report_misuse(QUARRY_BAD_FREE, addr, "%s(%px): %s", call, addr, wrong);
	return area;
}

void vfree_atomic(const void *addr)
{
	struct vmap_area *area = addr && !WARN_ON(in_nmi()) ?
				 claim(addr, VM_ALLOC, "vfree_atomic") : NULL;

	if (!area)
		return;
	this_cpu_sub(nr_pages_used, (long)area->vm.nr_pages);
	vmap_retire_later(area);
}

void vfree(const void *addr)
{
	struct vmap_area *area;

	if (unlikely(in_interrupt())) {
		vfree_atomic(addr);
		return;
	}
	context_is_wrong();
	if (!addr)
		return;
	area = claim(addr, VM_ALLOC, "vfree");
	if (!area)
		return;
	this_cpu_sub(nr_pages_used, (long)area->vm.nr_pages);
	vmap_retire(area, false);
}

/* ---- Other people's pages ---- */

/* Pages that follow each other in memory, from the first on. */
static unsigned int run_length(struct page **pages, unsigned int count)
{
	unsigned int nr = 1;

	while (nr < count && pages[nr] == pages[0] + nr)
		nr++;
	return nr;
}

static bool map_pages(struct vmap_area *area, struct page **pages, unsigned int count,
		      enum port_prot prot)
{
	unsigned int nr;

	for (area->vm.nr_pages = 0; count; pages += nr, count -= nr) {
		unsigned long va = area->start + ((unsigned long)area->vm.nr_pages << PAGE_SHIFT);

		nr = run_length(pages, count);
		area->vm.nr_pages += nr;
		if (port_map(va, page_to_phys(pages[0]), (size_t)nr << PAGE_SHIFT, prot))
			return false;
	}
	return true;
}

static void *map_area(struct page **pages, unsigned int count, unsigned long flags, pgprot_t prot,
		      const void *caller)
{
	unsigned long size = (unsigned long)count << PAGE_SHIFT;
	struct vmap_area *area;

	if (context_is_wrong() || !pages_wanted(size, 0, caller))
		return NULL;
	if ((pgprot_val(prot) & PORT_RIGHTS) == (PORT_RW | PORT_RX)) {
		report_misuse(QUARRY_BAD_ARGUMENT, pages,
			      "vmap(pages:%px, count:%u): writable and executable", pages, count);
		return NULL;
	}
	area = vmap_alloc(size, PAGE_SIZE);
	if (area && map_pages(area, pages, count, (enum port_prot)pgprot_val(prot)))
		return publish(area, size, flags, caller);
	if (area)
		vmap_retire(area, true);
	report_failure(size, 0, "no addresses, or no tables", caller);
	return NULL;
}

void *vmap(struct page **pages, unsigned int count, unsigned long flags, pgprot_t prot)
{
	return map_area(pages, count, (flags & ~(VM_ALLOC | VM_IOREMAP | VM_RAM)) | VM_MAP, prot,
			__builtin_return_address(0));
}

static struct vmap_area *claim_mapping(const void *addr, unsigned long flags, const char *call)
{
	if (in_interrupt()) {
		report_misuse(QUARRY_BAD_UNMAP, addr, "%s(%px): in an interrupt", call, addr);
		return NULL;
	}
	might_sleep();
	return addr ? claim(addr, flags, call) : NULL;
}

void vunmap(const void *addr)
{
	struct vmap_area *area = claim_mapping(addr, VM_MAP, "vunmap");

	if (area)
		vmap_retire(area, true);
}

void *vm_map_ram(struct page **pages, unsigned int count, int node)
{
	return map_area(pages, count, VM_RAM, PAGE_KERNEL, __builtin_return_address(0));
}

void vm_unmap_ram(const void *mem, unsigned int count)
{
	struct vmap_area *area = claim_mapping(mem, VM_RAM, "vm_unmap_ram");

	if (!area)
		return;
	if (count != area->vm.nr_pages)
		report_misuse(QUARRY_BAD_UNMAP, mem, "vm_unmap_ram(%px, count:%u): %u pages are "
			      "mapped there", mem, count, area->vm.nr_pages);
	vmap_retire(area, false);
}

/* ---- Counts ---- */

unsigned long vmalloc_nr_pages(void)
{
	unsigned int cpu;
	long nr = 0;

	for_each_possible_cpu(cpu)
		nr += READ_ONCE(per_cpu(nr_pages_used, cpu));
	return (unsigned long)max(nr, 0L);
}
