/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU memory made while running: alloc_percpu().
 *
 * An area of QUARRY_PERCPU_AREA bytes of addresses, at port_percpu_base, is CPU 0's; each other
 * CPU has the same area per_cpu_offset[cpu] away. So what alloc_percpu() returns is reached
 * through GS exactly as a variable of DEFINE_PER_CPU is, in one instruction.
 *
 *	port_percpu_base   | chunk 0 | chunk 1 | ...	 nothing mapped yet |
 *	  + offset[1]	   | chunk 0 | chunk 1 | ...			    |
 *	  + offset[2]	   | chunk 0 | chunk 1 | ...			    |
 *
 * A chunk is 32 KiB of it. A page of it is backed when its first object comes, for every possible
 * CPU by a page of that CPU's node. Pages stay: what is freed is used again, but none is unmapped,
 * which would mean to interrupt every CPU. quarry_percpu_pages() says how many they are.
 *
 * A chunk is counted in granules of 8 bytes. Two bitmaps say which are in use, and at which an
 * object begins; so free_percpu() needs no size, and finds what was never allocated. `room` is
 * at least as long as the longest run of free granules, so that full chunks are passed over.
 *
 * Who may not sleep (__alloc_percpu_gfp()) gets what lies in pages that are backed, or NULL.
 *
 * Invariants: a granule where an object begins is in use; a chunk's `free` is the number of
 * granules not in use; a page with its bit in `mapped` is mapped for every possible CPU, and all
 * pages under objects that somebody has are.
 *
 * Interleavings. Two that want the same page backed both allocate for it, CPU by CPU, and who comes
 * second gives his back; likewise two that make a chunk. The memory is allocated before grow_mutex
 * is taken: to allocate may mean to reclaim, and a shrinker may come here. What page tables take
 * inside is allocated without reclaim (PF_MEMALLOC). Who finds a page marked as mapped sees its
 * mapping: the mark is set last, and no page is unmapped.
 *
 * Locks: percpu_lock, with interrupts off, guards the bitmaps and counters, and the setting of
 * `mapped`; grow_mutex, which sleeps, the making of chunks and mappings. percpu_lock is a leaf.
 * Costs: an allocation looks at each chunk that may have room; clearing touches every CPU's copy.
 */
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include "fault.h"
#include "internal.h"
#include "page_owner.h"
#include "reclaim.h"

#define GRANULE		8
#define CHUNK_SIZE	0x8000U
#define CHUNK_GRANULES	(CHUNK_SIZE / GRANULE)
#define CHUNK_PAGES	(CHUNK_SIZE / PAGE_SIZE)
#define PAGE_GRANULES	(CHUNK_GRANULES / CHUNK_PAGES)
#define NR_CHUNKS	(QUARRY_PERCPU_AREA / CHUNK_SIZE)

struct chunk {
	u16 free;			/* granules */
	u16 room;			/* no run of free granules is longer */
	u8 mapped;			/* a bit for each page */
	unsigned long used[CHUNK_GRANULES / BITS_PER_LONG];
	unsigned long starts[CHUNK_GRANULES / BITS_PER_LONG];
};

_Static_assert(sizeof(struct chunk) <= PAGE_SIZE, "a chunk's bitmaps take one page");

static DEFINE_SPINLOCK(percpu_lock);
static DEFINE_MUTEX(grow_mutex);
static struct chunk *chunks[NR_CHUNKS];
static unsigned int nr_chunks;
static unsigned long nr_pages;		/* mapped for some CPU, and of `chunks` */
static unsigned long nr_objects;

/* ---- Chunks ---- */

static unsigned long chunk_address(unsigned int chunk, unsigned int cpu)
{
	return port_percpu_base + (unsigned long)chunk * CHUNK_SIZE + per_cpu_offset[cpu];
}

static bool is_mapped(unsigned long va)
{
	phys_addr_t pa;
	bool mapped;

	mutex_lock(&grow_mutex);
	mapped = port_translate(va, &pa);
	mutex_unlock(&grow_mutex);
	return mapped;
}

/* Maps the page there, or gives it back: somebody else has mapped one meanwhile, or -ENOMEM. */
static int enter_page(unsigned long va, struct page *page)
{
	unsigned int added;
	phys_addr_t pa;
	bool lost;
	int error = 0;

	mutex_lock(&grow_mutex);
	added = memalloc_noreclaim_save();
	lost = port_translate(va, &pa);
	if (!lost)
		error = port_percpu_map(va, page_to_phys(page));
	if (!lost && !error)
		nr_pages++;
	memalloc_noreclaim_restore(added);
	mutex_unlock(&grow_mutex);
	if (lost || error)
		__free_page(page);
	else
		page_owner_keep(page, true);
	return error;
}

/* Maps a cleared page there, if there is none yet; -ENOMEM. */
static int map_page(unsigned long va, int nid, gfp_t gfp)
{
	struct page *page;

	if (is_mapped(va))
		return 0;
	page = alloc_pages_node(nid, gfp | __GFP_ZERO, 0);
	return page ? enter_page(va, page) : -ENOMEM;
}

/* Backs one page of a chunk. What was mapped before one failed is found the next time. */
static bool back_page(unsigned int nr, unsigned int page, gfp_t gfp)
{
	struct chunk *chunk = chunks[nr];
	unsigned long flags;
	unsigned int cpu;

	if (smp_load_acquire(&chunk->mapped) & BIT(page))
		return true;
	for_each_possible_cpu(cpu)
		if (map_page(chunk_address(nr, cpu) + page * PAGE_SIZE, cpu_to_node((int)cpu),
			     gfp))
			return false;
	spin_lock_irqsave(&percpu_lock, flags);
	smp_store_release(&chunk->mapped, (u8)(chunk->mapped | BIT(page)));
	spin_unlock_irqrestore(&percpu_lock, flags);
	return true;
}

/* Backs [offset, offset + size) of the area, which is in one chunk. */
static bool back(unsigned long offset, size_t size, gfp_t gfp)
{
	unsigned int chunk = (unsigned int)(offset / CHUNK_SIZE);
	unsigned int page = (unsigned int)(offset % CHUNK_SIZE / PAGE_SIZE);
	unsigned int last = (unsigned int)((offset + size - 1) % CHUNK_SIZE / PAGE_SIZE);
	bool backed = true;

	for (; page <= last && backed; page++)
		backed = back_page(chunk, page, gfp);
	return backed;
}

/* Puts the chunk behind the `seen` ones, unless somebody else was quicker. */
static bool enter_chunk(struct chunk *chunk, unsigned int seen)
{
	unsigned long flags;
	bool entered;

	chunk->free = chunk->room = CHUNK_GRANULES;
	mutex_lock(&grow_mutex);
	spin_lock_irqsave(&percpu_lock, flags);
	entered = nr_chunks == seen;
	if (entered) {
		nr_pages++;
		chunks[seen] = chunk;
		nr_chunks = seen + 1;
	}
	spin_unlock_irqrestore(&percpu_lock, flags);
	mutex_unlock(&grow_mutex);
	return entered;
}

/* One chunk more than `seen`; false when there is no memory, or no address for it. */
static bool grow(unsigned int seen, gfp_t gfp)
{
	unsigned long chunk;

	if (seen == NR_CHUNKS || !gfpflags_allow_blocking(gfp))
		return false;
	chunk = get_zeroed_page(gfp);
	if (!chunk)
		return false;
	if (enter_chunk((struct chunk *)chunk, seen))
		page_owner_keep(virt_to_page(chunk), false);
	else
		free_page(chunk);
	return true;
}

int percpu_add_cpu(unsigned int cpu)
{
	unsigned long offset;
	int error = 0;

	for (offset = 0; offset < nr_chunks * CHUNK_SIZE && !error; offset += PAGE_SIZE)
		if (chunks[offset / CHUNK_SIZE]->mapped & BIT(offset / PAGE_SIZE % CHUNK_PAGES))
			error = map_page(chunk_address(0, cpu) + offset, cpu_to_node((int)cpu),
					 GFP_KERNEL);
	return error;
}

unsigned long quarry_percpu_pages(void)
{
	return READ_ONCE(nr_pages);
}

unsigned long quarry_percpu_objects(void)
{
	return READ_ONCE(nr_objects);
}

/* ---- Objects: under percpu_lock ---- */

/* What an allocation looks for, in granules; `backed`: no page may be made for it. */
struct want {
	unsigned int nr, align;
	bool backed;
};

static void mark(struct chunk *chunk, unsigned int start, unsigned int nr, bool used)
{
	for (unsigned int i = start; i < start + nr; i++)
		__change_bit(i, chunk->used);
	__change_bit(start, chunk->starts);
	chunk->free = (u16)(used ? chunk->free - nr : chunk->free + nr);
}

/* The last page that is not backed under these granules; below 0: all are. */
static int unbacked_page(const struct chunk *chunk, unsigned int start, unsigned int nr)
{
	int page = (int)((start + nr - 1) / PAGE_GRANULES);

	while (page >= (int)(start / PAGE_GRANULES) && (chunk->mapped & BIT(page)))
		page--;
	return page >= (int)(start / PAGE_GRANULES) ? page : -1;
}

/* Where in [start, end) an object can lie, `backed` if it must; end: nowhere. */
static unsigned int fit(const struct chunk *chunk, unsigned int start, unsigned int end,
			const struct want *want)
{
	while ((start = ALIGN(start, want->align)) + want->nr <= end) {
		int page = want->backed ? unbacked_page(chunk, start, want->nr) : -1;

		if (page < 0)
			return start;
		start = (unsigned int)(page + 1) * PAGE_GRANULES;
	}
	return end;
}

/* The first granules in a row that are free and fit; below 0: there are none. */
static int find_run(struct chunk *chunk, const struct want *want)
{
	unsigned int start = 0, end, found, longest = 0;

	for (;;) {
		start = (unsigned int)find_next_zero_bit(chunk->used, CHUNK_GRANULES, start);
		if (start >= CHUNK_GRANULES)
			break;
		end = (unsigned int)find_next_bit(chunk->used, CHUNK_GRANULES, start);
		found = fit(chunk, start, end, want);
		if (found < end)
			return (int)found;
		longest = max(longest, end - start);
		start = end;
	}
	chunk->room = (u16)longest;
	return -1;
}

/* The address, for CPU 0, of what is wanted; 0 when no chunk has it. */
static unsigned long take(const struct want *want, unsigned int *seen)
{
	unsigned long flags, address = 0;
	int start;

	spin_lock_irqsave(&percpu_lock, flags);
	*seen = nr_chunks;
	for (unsigned int i = 0; i < nr_chunks && !address; i++) {
		if (chunks[i]->free < want->nr || chunks[i]->room < want->nr)
			continue;
		start = find_run(chunks[i], want);
		if (start < 0)
			continue;
		mark(chunks[i], (unsigned int)start, want->nr, true);
		address = chunk_address(i, 0) + (unsigned int)start * GRANULE;
		nr_objects++;
	}
	spin_unlock_irqrestore(&percpu_lock, flags);
	return address;
}

/* Frees the object that begins there; false when none does. Caller holds percpu_lock. */
static bool release(unsigned long offset)
{
	unsigned int start = (unsigned int)(offset % CHUNK_SIZE) / GRANULE, end;
	struct chunk *chunk;

	if (offset / CHUNK_SIZE >= nr_chunks || offset % GRANULE)
		return false;
	chunk = chunks[offset / CHUNK_SIZE];
	if (!test_bit(start, chunk->starts))
		return false;
	end = (unsigned int)find_next_zero_bit(chunk->used, CHUNK_GRANULES, start);
	end = min(end, (unsigned int)find_next_bit(chunk->starts, CHUNK_GRANULES, start + 1));
	mark(chunk, start, end - start, false);
	chunk->room = chunk->free;
	nr_objects--;
	return true;
}

void free_percpu(void *object)
{
	unsigned long flags;
	bool freed;

	if (!object)
		return;
	spin_lock_irqsave(&percpu_lock, flags);
	freed = release((unsigned long)object - port_percpu_base);
	spin_unlock_irqrestore(&percpu_lock, flags);
	if (!freed)
		report_misuse(QUARRY_BAD_FREE, object, "free_percpu(%px): not allocated", object);
}

/* What the page allocator has not told: there is no room, and no lack of pages. */
static void report_failure(size_t size, size_t align, gfp_t gfp, bool full)
{
	static struct report_limit limit;
	unsigned int missed;
	unsigned long flags;
	bool allowed;

	if (gfp & __GFP_NOWARN)
		return;
	spin_lock_irqsave(&percpu_lock, flags);
	allowed = report_limit_allows(&limit, jiffies, &missed);
	spin_unlock_irqrestore(&percpu_lock, flags);
	if (allowed)
		pr_warn("__alloc_percpu(size:%zu, align:%zu, gfp:%#x): %s\n", size, align, gfp,
			full ? "QUARRY_PERCPU_AREA is full" :
			       "no room in the pages there are, and it may not sleep");
}

/* The address for CPU 0 of an object, whose memory may not be there yet; 0. */
static unsigned long find_room(size_t size, size_t align, gfp_t gfp)
{
	struct want want = {
		.nr = (unsigned int)DIV_ROUND_UP(size, GRANULE),
		.align = (unsigned int)max_t(size_t, align, GRANULE) / GRANULE,
		.backed = !gfpflags_allow_blocking(gfp),
	};
	unsigned long address;
	unsigned int seen;

	do {
		address = take(&want, &seen);
	} while (!address && grow(seen, gfp));
	if (!address && (want.backed || seen == NR_CHUNKS))
		report_failure(size, align, gfp, !want.backed);
	return address;
}

void *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp)
{
	gfp_t page_gfp = gfp & (GFP_KERNEL | __GFP_NORETRY | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	unsigned long address;
	unsigned int cpu;

	might_alloc(gfp);
	if (!size || size > CHUNK_SIZE || align > PAGE_SIZE || (align & (align - 1))) {
		report_misuse(QUARRY_BAD_ARGUMENT, NULL,
			      "__alloc_percpu(size:%zu, align:%zu): size 1 to %u, align a power "
			      "of 2 up to %lu", size, align, CHUNK_SIZE, PAGE_SIZE);
		return NULL;
	}
	if (fault_hits(FAULT_PERCPU, gfp))
		return NULL;
	size = ALIGN(size, GRANULE);
	address = find_room(size, align, page_gfp);
	if (!address)
		return NULL;
	if (gfpflags_allow_blocking(gfp) && !back(address - port_percpu_base, size, page_gfp)) {
		free_percpu((void *)address);
		return NULL;
	}
	for_each_possible_cpu(cpu)
		memset((void *)(address + per_cpu_offset[cpu]), 0, size);
	return (void *)address;
}

void *__alloc_percpu(size_t size, size_t align)
{
	return __alloc_percpu_gfp(size, align, GFP_KERNEL);
}

/* ---- Validator ---- */

static unsigned int chunk_violations(const struct chunk *chunk, unsigned int nr)
{
	unsigned int used = 0, bad = 0;

	for (unsigned int i = 0; i < CHUNK_GRANULES / BITS_PER_LONG; i++) {
		used += hweight64(chunk->used[i]);
		bad += (chunk->starts[i] & ~chunk->used[i]) != 0;
	}
	if (used + chunk->free == CHUNK_GRANULES && !bad && chunk->room <= CHUNK_GRANULES)
		return 0;
	report_misuse(QUARRY_CORRUPTION, chunk, "percpu: chunk %u: %u used, %u free of %u", nr,
		      used, chunk->free, (unsigned int)CHUNK_GRANULES);
	return 1;
}

unsigned int percpu_validate(void)
{
	unsigned int bad = 0;
	unsigned long flags;

	for (unsigned int i = 0; i < READ_ONCE(nr_chunks); i++) {
		spin_lock_irqsave(&percpu_lock, flags);
		bad += chunk_violations(chunks[i], i);
		spin_unlock_irqrestore(&percpu_lock, flags);
	}
	return bad;
}
