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
 * Invariants: a granule where an object begins is in use; a chunk's `free` is the number of
 * granules not in use; a page with its bit in `mapped` is mapped for every possible CPU, and all
 * pages under objects that somebody has are.
 *
 * Locks: percpu_lock, with interrupts off, guards the bitmaps and counters; grow_mutex, which
 * sleeps, the making of chunks and `mapped`. percpu_lock is a leaf. Costs: an allocation looks at
 * each chunk that may have room; clearing touches every CPU's copy.
 */
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include "fault.h"
#include "internal.h"
#include "page_owner.h"

#define GRANULE		8
#define CHUNK_SIZE	0x8000U
#define CHUNK_GRANULES	(CHUNK_SIZE / GRANULE)
#define CHUNK_PAGES	(CHUNK_SIZE / PAGE_SIZE)
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

/* Maps a cleared page there, if there is none yet; -ENOMEM. */
static int map_page(unsigned long va, int nid)
{
	phys_addr_t pa;
	struct page *page;
	int error;

	if (port_translate(va, &pa))
		return 0;
	page = alloc_pages_node(nid, GFP_KERNEL | __GFP_ZERO, 0);
	if (!page)
		return -ENOMEM;
	error = port_percpu_map(va, page_to_phys(page));
	if (error)
		__free_page(page);
	else
		nr_pages++;
	page_owner_keep(error ? NULL : page);
	return error;
}

static bool make_chunk(unsigned int nr)
{
	struct chunk *chunk = (struct chunk *)get_zeroed_page(GFP_KERNEL);
	unsigned long flags;

	if (!chunk)
		return false;
	page_owner_keep(virt_to_page(chunk));
	chunk->free = chunk->room = CHUNK_GRANULES;
	spin_lock_irqsave(&percpu_lock, flags);
	nr_pages++;
	chunks[nr] = chunk;
	nr_chunks = nr + 1;
	spin_unlock_irqrestore(&percpu_lock, flags);
	return true;
}

/* Backs one page of a chunk. What was mapped before one failed is found the next time. */
static bool back_page(unsigned int chunk, unsigned int page)
{
	unsigned int cpu;

	if (chunks[chunk]->mapped & BIT(page))
		return true;
	for_each_possible_cpu(cpu)
		if (map_page(chunk_address(chunk, cpu) + page * PAGE_SIZE, cpu_to_node((int)cpu)))
			return false;
	chunks[chunk]->mapped |= (u8)BIT(page);
	return true;
}

/* Backs [offset, offset + size) of the area, which is in one chunk. */
static bool back(unsigned long offset, size_t size)
{
	unsigned int chunk = (unsigned int)(offset / CHUNK_SIZE);
	unsigned int page = (unsigned int)(offset % CHUNK_SIZE / PAGE_SIZE);
	unsigned int last = (unsigned int)((offset + size - 1) % CHUNK_SIZE / PAGE_SIZE);
	bool backed = true;

	mutex_lock(&grow_mutex);
	for (; page <= last && backed; page++)
		backed = back_page(chunk, page);
	mutex_unlock(&grow_mutex);
	return backed;
}

/* One chunk more than `seen`, unless somebody else has made it; false when there is no memory. */
static bool grow(unsigned int seen)
{
	bool grown = true;

	mutex_lock(&grow_mutex);
	if (nr_chunks == seen)
		grown = seen < NR_CHUNKS && make_chunk(seen);
	mutex_unlock(&grow_mutex);
	return grown;
}

int percpu_add_cpu(unsigned int cpu)
{
	unsigned long offset;
	int error = 0;

	mutex_lock(&grow_mutex);
	for (offset = 0; offset < nr_chunks * CHUNK_SIZE && !error; offset += PAGE_SIZE)
		if (chunks[offset / CHUNK_SIZE]->mapped & BIT(offset / PAGE_SIZE % CHUNK_PAGES))
			error = map_page(chunk_address(0, cpu) + offset, cpu_to_node((int)cpu));
	mutex_unlock(&grow_mutex);
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

static void mark(struct chunk *chunk, unsigned int start, unsigned int nr, bool used)
{
	for (unsigned int i = start; i < start + nr; i++)
		__change_bit(i, chunk->used);
	__change_bit(start, chunk->starts);
	chunk->free = (u16)(used ? chunk->free - nr : chunk->free + nr);
}

/* The first of `nr` free granules in a row, aligned; below 0: there are none. */
static int find_run(struct chunk *chunk, unsigned int nr, unsigned int align)
{
	unsigned int start = 0, end, longest = 0;

	for (;;) {
		start = (unsigned int)find_next_zero_bit(chunk->used, CHUNK_GRANULES, start);
		if (start >= CHUNK_GRANULES)
			break;
		end = (unsigned int)find_next_bit(chunk->used, CHUNK_GRANULES, start);
		if (ALIGN(start, align) + nr <= end)
			return (int)ALIGN(start, align);
		longest = max(longest, end - start);
		start = end;
	}
	chunk->room = (u16)longest;
	return -1;
}

/* The address, for CPU 0, of nr granules; 0 when no chunk has them. */
static unsigned long take(unsigned int nr, unsigned int align, unsigned int *seen)
{
	unsigned long flags, address = 0;
	int start;

	spin_lock_irqsave(&percpu_lock, flags);
	*seen = nr_chunks;
	for (unsigned int i = 0; i < nr_chunks && !address; i++) {
		if (chunks[i]->free < nr || chunks[i]->room < nr)
			continue;
		start = find_run(chunks[i], nr, align);
		if (start < 0)
			continue;
		mark(chunks[i], (unsigned int)start, nr, true);
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

void *__alloc_percpu(size_t size, size_t align)
{
	unsigned int nr, seen, cpu;
	unsigned long address;

	if (!size || size > CHUNK_SIZE || align > PAGE_SIZE || (align & (align - 1))) {
		report_misuse(QUARRY_BAD_ARGUMENT, NULL,
			      "__alloc_percpu(size:%zu, align:%zu): size 1 to %u, align a power "
			      "of 2 up to %lu", size, align, CHUNK_SIZE, PAGE_SIZE);
		return NULL;
	}
	if (fault_hits(FAULT_PERCPU, GFP_KERNEL))
		return NULL;
	nr = (unsigned int)DIV_ROUND_UP(size, GRANULE);
	align = max_t(size_t, align, GRANULE);
	do {
		address = take(nr, (unsigned int)align / GRANULE, &seen);
	} while (!address && grow(seen));
	if (!address)
		return NULL;
	if (!back(address - port_percpu_base, (size_t)nr * GRANULE)) {
		free_percpu((void *)address);
		return NULL;
	}
	for_each_possible_cpu(cpu)
		memset((void *)(address + per_cpu_offset[cpu]), 0, (size_t)nr * GRANULE);
	return (void *)address;
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
