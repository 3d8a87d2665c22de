// SPDX-License-Identifier: MIT
/*
 * Bounce buffers: for a streaming mapping of memory that its device cannot reach, other memory
 * that it can, and the copying between the two.
 *
 *	memory (HIGHMEM too)	   buffer, under the mask
 *	|....xxxxx|xxxx.....| <--> |....xxxxx|xxxx.....|	the same offset in the page
 *
 * A buffer is a row of single pages: free memory below the limit if there is any, else part of
 * the reserve, which is set aside at the start, as low as it can be had. So a mapping in an
 * interrupt with all memory gone still finds something; how much is the option `swiotlb=`.
 *
 * Each page of a buffer is in a hash table by its number, chained through its descriptor's `lru`;
 * its `private` is the address of the page that it stands for, with two marks in the low bits:
 * the first and the last page of a mapping. Whether an address is a buffer's is so known without
 * a word to the driver, and a wrong size at the unmap is found.
 *
 * A buffer begins as a copy of what it stands for, whatever the direction: what a device leaves
 * unwritten stays as it was, as without a buffer, and nobody's old data is seen in it.
 *
 * Locks: bounce_lock, a leaf, interrupts off: the hash table, the reserve's map, the counts. Not
 * held while data is copied: a mapping belongs to its driver. Costs: two copies at most; nothing
 * but one comparison for mappings when no buffer is in use.
 */
#include <linux/highmem.h>
#include "dma.h"

#define NR_BUCKETS_BOUNCE 256
#define RESERVE_MAX	  (1UL << (MAX_ORDER - 1))	/* pages */

/* In `private`, beside an address that is a multiple of the page size. */
#define MARK_FIRST 0x1UL
#define MARK_LAST  0x2UL

static DEFINE_SPINLOCK(bounce_lock);
static struct list_head buckets[NR_BUCKETS_BOUNCE];
static unsigned long nr_pages_used;	/* read without the lock, too */
static unsigned long nr_maps, nr_from_reserve;
static bool reserve_only;

static struct page *reserve;		/* the first page; NULL: there is none */
static unsigned long reserve_pages, reserve_used;
static unsigned long reserve_map[RESERVE_MAX / 64];	/* bit: in use */

/* ---- The reserve ---- */

/* The first of nr pages in a row, or NULL. Under the lock. */
static struct page *reserve_take(unsigned long nr)
{
	unsigned long at, run = 0;

	for (at = 0; at < reserve_pages && run < nr; at++)
		run = test_bit(at, reserve_map) ? 0 : run + 1;
	if (run < nr)
		return NULL;
	at -= nr;
	for (unsigned long i = at; i < at + nr; i++)
		__set_bit(i, reserve_map);
	reserve_used += nr;
	return reserve + at;
}

/* True: the page was the reserve's. Under the lock. */
static bool reserve_give(const struct page *page)
{
	if (!reserve || page < reserve || page >= reserve + reserve_pages)
		return false;
	__clear_bit(page - reserve, reserve_map);
	reserve_used--;
	return true;
}

void bounce_init(u64 size)
{
	static const unsigned int bits[] = { 24, 32, 64 };
	unsigned int order = get_order(clamp_t(u64, size, 1, RESERVE_MAX * PAGE_SIZE));

	for (unsigned int i = 0; i < NR_BUCKETS_BOUNCE; i++)
		INIT_LIST_HEAD(&buckets[i]);
	for (unsigned int i = 0; size && !reserve && i < ARRAY_SIZE(bits); i++)
		reserve = alloc_pages_below(NUMA_NO_NODE, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY,
					    order, DMA_BIT_MASK(bits[i]) / PAGE_SIZE + 1);
	if (!reserve)
		return;
	split_page(reserve, order);
	reserve_pages = 1UL << order;
	pr_info("dma: %lu KiB set aside at %#llx for devices that reach no further\n",
		reserve_pages * PAGE_SIZE / 1024, page_to_phys(reserve));
}

/* ---- Buffers ---- */

static struct page *find(unsigned long pfn)
{
	struct page *page;

	list_for_each_entry(page, &buckets[pfn % NR_BUCKETS_BOUNCE], lru)
		if (page_to_pfn(page) == pfn)
			return page;
	return NULL;
}

bool is_bounced(dma_addr_t addr)
{
	unsigned long flags;
	bool found;

	if (likely(!READ_ONCE(nr_pages_used)))
		return false;
	spin_lock_irqsave(&bounce_lock, flags);
	found = find(PFN_DOWN(addr)) != NULL;
	spin_unlock_irqrestore(&bounce_lock, flags);
	return found;
}

/* nr single pages in a row below the limit, from free memory; or NULL. */
static struct page *take_free(struct device *dev, unsigned long nr, u64 limit)
{
	unsigned long end_pfn = limit == ~0ULL ? ~0UL : PFN_DOWN(limit + 1);
	unsigned int order = get_order(nr * PAGE_SIZE);
	struct page *page;

	if (READ_ONCE(reserve_only))
		return NULL;
	page = alloc_pages_below(dev_to_node(dev), GFP_NOWAIT | __GFP_NOWARN, order, end_pfn);
	if (!page)
		return NULL;
	split_page(page, order);
	for (unsigned long i = nr; i < 1UL << order; i++)
		__free_page(page + i);
	return page;
}

/* The pages stand for those at `phys` from now on. */
static void enter(struct page *page, unsigned long nr, phys_addr_t phys, bool reserved)
{
	unsigned long flags;

	spin_lock_irqsave(&bounce_lock, flags);
	for (unsigned long i = 0; i < nr; i++) {
		page[i].private = (phys & PAGE_MASK) + i * PAGE_SIZE;
		page[i].private |= (i == 0 ? MARK_FIRST : 0) | (i == nr - 1 ? MARK_LAST : 0);
		list_add(&page[i].lru, &buckets[page_to_pfn(page + i) % NR_BUCKETS_BOUNCE]);
	}
	WRITE_ONCE(nr_pages_used, nr_pages_used + nr);
	nr_maps++;
	nr_from_reserve += reserved;
	spin_unlock_irqrestore(&bounce_lock, flags);
}

static struct page *take_reserve(unsigned long nr, u64 limit)
{
	struct page *page = NULL;
	unsigned long flags;

	spin_lock_irqsave(&bounce_lock, flags);
	if (reserve && page_to_phys(reserve) + reserve_pages * PAGE_SIZE - 1 <= limit)
		page = reserve_take(nr);
	spin_unlock_irqrestore(&bounce_lock, flags);
	return page;
}

/* Between a buffer and what it stands for, page by page. */
static void copy(dma_addr_t addr, size_t size, bool to_buffer)
{
	while (size) {
		size_t offset = offset_in_page(addr), part = min(size, PAGE_SIZE - offset);
		char *buffer = phys_to_virt(addr);
		unsigned long flags;
		struct page *page, *other;

		spin_lock_irqsave(&bounce_lock, flags);
		page = find(PFN_DOWN(addr));
		other = page ? phys_to_page(page->private & PAGE_MASK) : NULL;
		spin_unlock_irqrestore(&bounce_lock, flags);
		if (WARN_ON(!other))
			return;
		if (to_buffer)
			memcpy_from_page(buffer, other, offset, part);
		else
			memcpy_to_page(other, offset, buffer, part);
		addr += part;
		size -= part;
	}
}

dma_addr_t bounce_map(struct device *dev, phys_addr_t phys, size_t size, u64 limit)
{
	unsigned long nr = PFN_UP(offset_in_page(phys) + size);
	struct page *page = take_free(dev, nr, limit);
	bool reserved = !page;
	dma_addr_t addr;

	if (!page)
		page = take_reserve(nr, limit);
	if (!page)
		return DMA_MAPPING_ERROR;
	enter(page, nr, phys, reserved);
	addr = page_to_phys(page) + offset_in_page(phys);
	copy(addr, size, true);
	return addr;
}

/* Is [page, page + nr) one mapping? Under the lock. */
static bool is_mapping(unsigned long pfn, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++) {
		const struct page *page = find(pfn + i);

		if (!page || !!(page->private & MARK_FIRST) != (i == 0) ||
		    !!(page->private & MARK_LAST) != (i == nr - 1))
			return false;
	}
	return true;
}

/* Out of the table; those that are not the reserve's are freed. Under the lock. */
static void leave(struct page *page, unsigned long nr, struct list_head *unused)
{
	for (unsigned long i = 0; i < nr; i++) {
		list_del(&page[i].lru);
		page[i].private = 0;
		if (!reserve_give(page + i))
			list_add(&page[i].lru, unused);
	}
	WRITE_ONCE(nr_pages_used, nr_pages_used - nr);
}

bool bounce_unmap(dma_addr_t addr, size_t size, enum dma_data_direction dir, bool copies)
{
	unsigned long nr = PFN_UP(offset_in_page(addr) + size), flags;
	struct page *page, *next;
	LIST_HEAD(unused);
	bool known;

	spin_lock_irqsave(&bounce_lock, flags);
	known = is_mapping(PFN_DOWN(addr), nr);
	spin_unlock_irqrestore(&bounce_lock, flags);
	if (!known)
		return false;
	if (copies && dir != DMA_TO_DEVICE)
		copy(addr, size, false);
	spin_lock_irqsave(&bounce_lock, flags);
	leave(phys_to_page(addr), nr, &unused);
	spin_unlock_irqrestore(&bounce_lock, flags);
	list_for_each_entry_safe(page, next, &unused, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
	return true;
}

void bounce_sync(dma_addr_t addr, size_t size, enum dma_data_direction dir, bool for_device)
{
	if (for_device && dir != DMA_FROM_DEVICE)
		copy(addr, size, true);
	if (!for_device && dir != DMA_TO_DEVICE)
		copy(addr, size, false);
}

/* ---- Tests and validation ---- */

void bounce_get_stats(struct bounce_stats *stats)
{
	unsigned long flags;

	spin_lock_irqsave(&bounce_lock, flags);
	*stats = (struct bounce_stats){
		.pages = nr_pages_used, .maps = nr_maps, .from_reserve = nr_from_reserve,
		.reserve_pages = reserve_pages, .reserve_used = reserve_used,
		.reserve = reserve ? page_to_phys(reserve) : 0,
	};
	spin_unlock_irqrestore(&bounce_lock, flags);
}

bool bounce_reserve_only(bool on)
{
	bool before = READ_ONCE(reserve_only);

	WRITE_ONCE(reserve_only, on);
	return before;
}

/* The counts are those of the table and of the map. */
unsigned int bounce_validate(void)
{
	unsigned long flags, in_table = 0, in_map = 0, in_reserve = 0;
	unsigned int wrong = 0;
	struct page *page;

	spin_lock_irqsave(&bounce_lock, flags);
	for (unsigned int i = 0; i < NR_BUCKETS_BOUNCE && buckets[0].next; i++)
		list_for_each_entry(page, &buckets[i], lru) {
			in_table++;
			in_reserve += page >= reserve && page < reserve + reserve_pages;
			wrong += page_to_pfn(page) % NR_BUCKETS_BOUNCE != i;
		}
	for (unsigned long i = 0; i < reserve_pages; i++)
		in_map += test_bit(i, reserve_map);
	wrong += in_table != nr_pages_used || in_map != reserve_used || in_map != in_reserve;
	spin_unlock_irqrestore(&bounce_lock, flags);
	if (wrong)
		report_misuse(QUARRY_CORRUPTION, buckets,
			      "bounce buffers: %lu pages of %lu, reserve %lu of %lu", in_table,
			      nr_pages_used, in_map, reserve_used);
	return wrong;
}
