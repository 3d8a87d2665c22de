// SPDX-License-Identifier: MIT
/*
 * The stack depot: backtraces that are kept, each once. Whoever remembers who did something
 * (page_owner.c) keeps a number of four bytes, however often the same place does it.
 *
 *	table	NR_HEADS numbers, by hash		0 ends a chain
 *	chunks	pages | record | record | ...		a record's number is its place in eighths
 *
 * Records are never changed once a chain leads to them, and never go away: what a kernel can call
 * from is finite. The first chunks are made at the boot, so that a new place takes no page from
 * who counts them. When all chunks are full, or there is no memory, a new place has no number.
 *
 * depot_pages() is also where page_owner.c gets its memory. It asks the zones directly, so that a
 * page for the books needs no entry in the books; and it takes nothing below the low watermark, so
 * that nobody fails because of them.
 *
 * Locks: depot_lock, with interrupts off, for the table and the place of the next record; pages
 * are got without it. Costs: a walk of a chain for each backtrace that is saved.
 */
#include <linux/stacktrace.h>
#include "kasan.h"
#include "reclaim.h"
#include "stack_depot.h"

#define NR_HEADS    4096
#define CHUNK_ORDER 2
#define CHUNK_SIZE  (PAGE_SIZE << CHUNK_ORDER)
#define MAX_CHUNKS  256			/* 4 MiB of backtraces */
#define BOOT_CHUNKS 64
#define BOOT_SHARE  512			/* of RAM at most for those that are made at the boot */
#define UNIT	    sizeof(u64)

struct stack_record {
	depot_stack_handle_t next;
	u32 hash;
	u64 nr;
	unsigned long entries[];
};

static DEFINE_SPINLOCK(depot_lock);
static depot_stack_handle_t *heads;	/* NULL: there is no depot */
/* One more for each CPU: all may find the last one full at once. */
static char *chunks[MAX_CHUNKS + QUARRY_NR_CPUS];
static unsigned int nr_chunks, nr_begun;
static size_t used = CHUNK_SIZE;	/* bytes of the last one that is begun */
static atomic_long_t nr_pages;

/* ---- Memory ---- */

void *depot_pages(unsigned int order)
{
	struct alloc_request req = { .gfp = GFP_NOWAIT | __GFP_NOWARN, .order = order,
				     .nid = numa_node_id() };
	struct page *page = get_page_from_zones(&req, ALLOC_WMARK_LOW);

	if (!page)
		return NULL;
	page->private = 0;
	kasan_alloc_pages(page, order);
	WRITE_ONCE(page->word, PAGE_WORD(PAGE_USED, order,
					 READ_ONCE(page->flags) & PG_BROKEN, 1));
	atomic_long_add(1L << order, &nr_pages);
	return memset(phys_to_virt(page_to_phys(page)), 0, PAGE_SIZE << order);
}

void depot_pages_unused(void *pages, unsigned int order)
{
	struct page *page = virt_to_page(pages);
	u64 word = READ_ONCE(page->word), unheld;
	unsigned long flags;

	atomic_long_sub(1L << order, &nr_pages);
	kasan_free_pages(page, order);
	local_irq_save(flags);
	do	/* a page of it may be found broken meanwhile */
		unheld = word_flags(word) & PG_HAS_HWPOISONED ? word - PAGE_WORD(0, 0, 0, 1)
							      : pcp_word(order);
	while (!try_cmpxchg(&page->word, &word, unheld));
	if (word_flags(word) & PG_HAS_HWPOISONED)
		zone_give(page);
	else
		pcp_free(page, order);
	local_irq_restore(flags);
}

unsigned long depot_nr_pages(void)
{
	return (unsigned long)atomic_long_read(&nr_pages);
}

int stack_depot_init(void)
{
	u64 nr = min_t(u64, memblock_phys_mem_size() / BOOT_SHARE / CHUNK_SIZE, BOOT_CHUNKS);

	heads = memblock_alloc(NR_HEADS * sizeof(heads[0]), 64);
	for (; heads && nr_chunks < nr; nr_chunks++) {
		chunks[nr_chunks] = memblock_alloc(CHUNK_SIZE, PAGE_SIZE);
		if (!chunks[nr_chunks])
			break;
	}
	return heads ? 0 : -ENOMEM;
}

/* ---- Records ---- */

static struct stack_record *record_of(depot_stack_handle_t handle)
{
	size_t place = (size_t)(handle - 1) * UNIT;

	return (struct stack_record *)(READ_ONCE(chunks[place / CHUNK_SIZE]) + place % CHUNK_SIZE);
}

static u32 hash_of(const unsigned long *entries, unsigned int nr)
{
	u64 hash = nr;

	for (unsigned int i = 0; i < nr; i++) {
		hash = (hash ^ entries[i]) * 0xff51afd7ed558ccdULL;
		hash ^= hash >> 32;
	}
	return (u32)hash;
}

/* Caller holds depot_lock. */
static depot_stack_handle_t find(u32 hash, const unsigned long *entries, unsigned int nr)
{
	depot_stack_handle_t handle = heads[hash % NR_HEADS];

	while (handle) {
		const struct stack_record *record = record_of(handle);

		if (record->hash == hash && record->nr == nr &&
		    !memcmp(record->entries, entries, nr * sizeof(entries[0])))
			break;
		handle = record->next;
	}
	return handle;
}

/* The same; there is room. */
static depot_stack_handle_t add(u32 hash, const unsigned long *entries, unsigned int nr)
{
	size_t place = (nr_begun - 1) * CHUNK_SIZE + used;
	depot_stack_handle_t handle = (depot_stack_handle_t)(place / UNIT) + 1;
	struct stack_record *record = record_of(handle);

	record->hash = hash;
	record->nr = nr;
	memcpy(record->entries, entries, nr * sizeof(entries[0]));
	record->next = heads[hash % NR_HEADS];
	heads[hash % NR_HEADS] = handle;
	used += sizeof(*record) + nr * sizeof(entries[0]);
	return handle;
}

/* The same: is there room for a record more? */
static bool has_room(void)
{
	if (used + sizeof(struct stack_record) +
	    STACK_DEPOT_DEPTH * sizeof(unsigned long) <= CHUNK_SIZE)
		return true;
	if (nr_begun == nr_chunks)
		return false;
	nr_begun++;
	used = 0;
	return true;
}

/* For who found none: a chunk more, if there may be. */
static char *new_chunk(void)
{
	return READ_ONCE(nr_chunks) < MAX_CHUNKS ? depot_pages(CHUNK_ORDER) : NULL;
}

depot_stack_handle_t stack_depot_save(const unsigned long *entries, unsigned int nr)
{
	depot_stack_handle_t handle = 0;
	unsigned long flags;
	bool full = false;
	u32 hash;

	nr = min_t(unsigned int, nr, STACK_DEPOT_DEPTH);
	hash = hash_of(entries, nr);
	for (unsigned int turn = 0; heads && nr && !handle && turn < 2; turn++) {
		char *fresh = full ? new_chunk() : NULL;

		spin_lock_irqsave(&depot_lock, flags);
		if (fresh && nr_chunks < ARRAY_SIZE(chunks)) {
			WRITE_ONCE(chunks[nr_chunks++], fresh);
			fresh = NULL;
		}
		handle = find(hash, entries, nr);
		if (!handle && has_room())
			handle = add(hash, entries, nr);
		full = !handle;
		spin_unlock_irqrestore(&depot_lock, flags);
		if (fresh)	/* interrupts have brought more than there is room for */
			depot_pages_unused(fresh, CHUNK_ORDER);
	}
	return handle;
}

noinline depot_stack_handle_t stack_depot_save_here(unsigned int skip)
{
	unsigned long entries[STACK_DEPOT_DEPTH];

	return stack_depot_save(entries, stack_trace_save(entries, STACK_DEPOT_DEPTH, skip + 2));
}

unsigned int stack_depot_fetch(depot_stack_handle_t handle, const unsigned long **entries)
{
	const struct stack_record *record;

	*entries = NULL;
	if (!handle)
		return 0;
	record = record_of(handle);
	*entries = record->entries;
	return (unsigned int)record->nr;
}

void stack_depot_print(depot_stack_handle_t handle)
{
	const unsigned long *entries;
	unsigned int nr = stack_depot_fetch(handle, &entries);

	stack_trace_print(entries, nr, 1);
}
