// SPDX-License-Identifier: MIT
/*
 * Small blocks of coherent memory.
 *
 * A pool cuts chunks of coherent memory, a page each (or one block, where that is larger), into
 * blocks. What is known of a block is not in it, where a device writes, but in the chunk's
 * record: a byte for each place where a block may begin.
 *
 *	pool --> chunk --> chunk		record: pool, addresses, a stack of free blocks,
 *	  |	   |				a state byte for each 2^shift bytes
 *	  |	   `--> page: |block|block|block|...	page->lru.next: the pool
 *	  `--> for each CPU a stack of free blocks	page->private: the record
 *
 *	state:	NONE	no block begins here
 *		FREE	in its chunk's stack, or in a CPU's
 *		USED	somebody's
 *
 * A free finds the record by the page, which says whose it is; so a pointer into another pool, or
 * to anything else, is found before the record is looked at. Then the state byte says whether a
 * block begins there and is in use. Two frees of one block at the same moment on two CPUs may
 * both see USED: not to miss that would take a locked instruction each time.
 *
 * Fast paths: a pop or a push of this CPU's stack (quarry/cpu_stack.h) and a state byte; no lock,
 * no locked instruction. With none there, BATCH blocks come from chunks, or go back; chunks stay.
 *
 * An interrupt after the pop, or before the push of a free: the block is in no stack.
 *
 * Locks: pool->lock, interrupts off: the chunks, their stacks. Coherent memory is allocated
 * outside of it. Costs: about 20 instructions to allocate, 30 to free.
 */
#include <linux/dmapool.h>
#include <linux/log2.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <quarry/cpu_stack.h>
#include "dma.h"
#include "dmapool.h"
#include "init_memory.h"

#define STACK_SLOTS 30
#define BATCH	    (STACK_SLOTS / 2)
#define LEAST_ALIGN 8

enum block_state { BLOCK_NOWHERE, BLOCK_FREE, BLOCK_USED };

struct pool_stack {
	struct cpu_stack stack;
	void *slots[STACK_SLOTS];	/* the stack's */
};

struct dma_chunk {
	struct list_head node;		/* in pool->chunks; those with free blocks first */
	struct dma_pool *pool;
	char *virt;
	dma_addr_t handle;
	unsigned int nr_free, nr_blocks;	/* in the stack below; of all */
	u16 *free;			/* places of free blocks, in units of 2^shift bytes */
	u8 state[];			/* by place */
};

struct dma_pool {
	/* Constant: */
	size_t size;			/* of a block, a multiple of 2^shift */
	size_t chunk_size, boundary;
	unsigned int shift;
	unsigned int mask;		/* 2^shift - 1 */
	struct device *dev;
	struct pool_stack __percpu *stacks;
	char name[32];
	spinlock_t lock;		/* guards what follows */
	struct list_head chunks;
	unsigned long nr_chunks;
	/* From the lowest chunk to the highest, as long as all between has descriptors. */
	dma_addr_t low, high;
};

/* ---- Blocks and their chunks ---- */

static struct dma_chunk *chunk_of(const void *virt)
{
	return (struct dma_chunk *)page_private(virt_to_page(virt));
}

/* Only for blocks of this pool. */
static u8 *state_of(const struct dma_pool *pool, const void *virt)
{
	return &chunk_of(virt)->state[offset_in_page(virt) >> pool->shift];
}

/* Where blocks begin, in order: the place after `at`, or chunk_size at the end. */
static size_t next_place(const struct dma_pool *pool, size_t at)
{
	size_t border = ALIGN(at + 1, pool->boundary);

	if (at + pool->size > border)
		at = border;
	return at + pool->size <= pool->chunk_size ? at : pool->chunk_size;
}

static struct dma_chunk *chunk_alloc(struct dma_pool *pool, gfp_t gfp)
{
	size_t places = min(pool->chunk_size, PAGE_SIZE) >> pool->shift, at;
	struct dma_chunk *chunk;

	gfp &= ~__GFP_ZERO;
	chunk = kzalloc(sizeof(*chunk) + ALIGN(places, 2) + places * sizeof(u16), gfp);
	if (!chunk)
		return NULL;
	chunk->virt = dma_alloc_coherent(pool->dev, pool->chunk_size, &chunk->handle, gfp);
	if (!chunk->virt) {
		kfree(chunk);
		return NULL;
	}
	chunk->pool = pool;
	chunk->free = (u16 *)(chunk->state + ALIGN(places, 2));
	for (at = next_place(pool, 0); at < pool->chunk_size;
	     at = next_place(pool, at + pool->size)) {
		chunk->state[at >> pool->shift] = BLOCK_FREE;
		chunk->free[chunk->nr_blocks++] = at >> pool->shift;
	}
	chunk->nr_free = chunk->nr_blocks;
	virt_to_page(chunk->virt)->lru.next = (struct list_head *)pool;
	set_page_private(virt_to_page(chunk->virt), (unsigned long)chunk);
	return chunk;
}

/* May every descriptor in [low, high) be looked at? Two sections at most: chunks keep them here. */
static bool has_descriptors(dma_addr_t low, dma_addr_t high)
{
	unsigned long pfn = ALIGN_DOWN(PFN_DOWN(low), PAGEBLOCK_PAGES);

	if (((high - 1) >> SECTION_SHIFT) - (low >> SECTION_SHIFT) > 1)
		return false;
	while (pfn < PFN_UP(high) && pfn_is_live(pfn))
		pfn += PAGEBLOCK_PAGES;
	return pfn >= PFN_UP(high);
}

/* Under pool->lock. Where it cannot be, low and high stay: frees outside take the long way. */
static void chunk_add(struct dma_pool *pool, struct dma_chunk *chunk)
{
	dma_addr_t low = min(pool->low, chunk->handle);
	dma_addr_t high = max(pool->high, chunk->handle + pool->chunk_size);

	list_add(&chunk->node, &pool->chunks);
	pool->nr_chunks++;
	if (!has_descriptors(low, high))
		return;
	WRITE_ONCE(pool->low, low);
	WRITE_ONCE(pool->high, high);
}

static void chunk_free(struct dma_pool *pool, struct dma_chunk *chunk)
{
	virt_to_page(chunk->virt)->lru.next = NULL;
	set_page_private(virt_to_page(chunk->virt), 0);
	dma_free_coherent(pool->dev, pool->chunk_size, chunk->virt, chunk->handle);
	kfree(chunk);
}

/* ---- Between chunks and a CPU's stack: under pool->lock, interrupts off ---- */

/* A free block of any chunk; NULL when there is none. */
static void *chunks_take(struct dma_pool *pool)
{
	struct dma_chunk *chunk = list_first_entry(&pool->chunks, struct dma_chunk, node);
	void *virt;

	if (list_empty(&pool->chunks) || !chunk->nr_free)
		return NULL;
	virt = chunk->virt + ((size_t)chunk->free[--chunk->nr_free] << pool->shift);
	if (!chunk->nr_free) {		/* behind all that have some */
		list_del(&chunk->node);
		list_add_tail(&chunk->node, &pool->chunks);
	}
	return virt;
}

static void chunks_give(struct dma_pool *pool, void *virt)
{
	struct dma_chunk *chunk = chunk_of(virt);

	if (!chunk->nr_free) {
		list_del(&chunk->node);
		list_add(&chunk->node, &pool->chunks);
	}
	chunk->free[chunk->nr_free++] = offset_in_page(virt) >> pool->shift;
}

static void refill(struct dma_pool *pool, struct cpu_stack *stack)
{
	void *virt;

	while (stack->nr < stack->max / 2 && (virt = chunks_take(pool)))
		stack->slot[stack->nr++] = virt;
}

/* The coldest blocks go back, until `keep` are left. */
static void empty(struct dma_pool *pool, struct cpu_stack *stack, u32 keep)
{
	u32 nr = stack->nr > keep ? stack->nr - keep : 0;

	for (u32 i = 0; i < nr; i++)
		chunks_give(pool, stack->slot[i]);
	stack->nr -= nr;
	memmove(stack->slot, stack->slot + nr, stack->nr * sizeof(void *));
}

static struct cpu_stack *own_stack(const struct dma_pool *pool)
{
	return &this_cpu_ptr(pool->stacks)->stack;
}

/* ---- Reports ---- */

static noinline __cold void report_block(const struct dma_pool *pool, const char *call,
					 const void *virt, dma_addr_t handle, const char *wrong)
{
	report_misuse(QUARRY_BAD_DMA, virt, "%s(%s %s, %px, %#llx): %s", call,
		      dev_name(pool->dev), pool->name, virt, handle, wrong);
}

/* ---- Allocating ---- */

/* One block, and a batch into the CPU's stack, from chunks or a new one. */
static noinline void *alloc_slow(struct dma_pool *pool, gfp_t gfp)
{
	struct dma_chunk *chunk = NULL;
	unsigned long flags;
	void *virt;

	for (;;) {
		spin_lock_irqsave(&pool->lock, flags);
		if (chunk)
			chunk_add(pool, chunk);
		virt = chunks_take(pool);
		if (virt)
			refill(pool, own_stack(pool));
		spin_unlock_irqrestore(&pool->lock, flags);
		if (virt)
			return virt;
		chunk = chunk_alloc(pool, gfp);
		if (!chunk)
			return NULL;
	}
}

/* The block becomes the caller's, whatever has to be said or done about it. */
static noinline void *hand_out(struct dma_pool *pool, void *virt, gfp_t gfp, dma_addr_t *handle)
{
	u8 *state = state_of(pool, virt);

	if (unlikely(*state != BLOCK_FREE))
		report_block(pool, "dma_pool_alloc", virt, virt_to_phys(virt), "corrupted record");
	*state = BLOCK_USED;
	*handle = virt_to_phys(virt);
	if ((gfp & __GFP_ZERO) || init_on_alloc)
		memset(virt, 0, pool->size);
	return virt;
}

static noinline void *alloc_refill(struct dma_pool *pool, gfp_t gfp, dma_addr_t *handle)
{
	void *virt = alloc_slow(pool, gfp);

	return virt ? hand_out(pool, virt, gfp, handle) : NULL;
}

/* What is not common is a tail call, so that this needs few registers. */
__rseq void *dma_pool_alloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *handle)
{
	void *virt = cpu_stack_pop(own_stack(pool));
	u8 *state;

	if (unlikely(!virt))
		return alloc_refill(pool, gfp, handle);
	state = state_of(pool, virt);
	if (unlikely(*state != BLOCK_FREE || (gfp & __GFP_ZERO)))
		return hand_out(pool, virt, gfp, handle);
	*state = BLOCK_USED;
	*handle = virt_to_phys(virt);
	return virt;
}

/* ---- Giving back ---- */

static noinline void free_slow(struct dma_pool *pool, void *virt)
{
	unsigned long flags;

	if (init_on_free)
		memset(virt, 0, pool->size);
	spin_lock_irqsave(&pool->lock, flags);
	empty(pool, own_stack(pool), BATCH);
	chunks_give(pool, virt);
	spin_unlock_irqrestore(&pool->lock, flags);
}

/* Is there a descriptor, and is it of a page of this pool? */
static bool is_pools(const struct dma_pool *pool, const void *virt)
{
	return pfn_is_live(virt_to_pfn(virt)) &&
	       virt_to_page(virt)->lru.next == (const struct list_head *)pool;
}

/* What is wrong with freeing it, or NULL. */
static const char *why_not_free(const struct dma_pool *pool, const void *virt, dma_addr_t handle)
{
	u8 state;

	if (!is_pools(pool, virt))
		return "not a block of this pool";
	state = offset_in_page(virt) & pool->mask ? BLOCK_NOWHERE : *state_of(pool, virt);
	if (state == BLOCK_NOWHERE)
		return "no block begins here";
	if (state == BLOCK_FREE)
		return "already free";
	return virt_to_phys(virt) == handle ? NULL : "another device address";
}

/* With every check there is, and a report for each. */
static noinline __rseq void free_checked(struct dma_pool *pool, void *virt, dma_addr_t handle)
{
	const char *wrong = why_not_free(pool, virt, handle);

	if (wrong) {
		report_block(pool, "dma_pool_free", virt, handle, wrong);
		return;
	}
	*state_of(pool, virt) = BLOCK_FREE;
	if (!cpu_stack_push(own_stack(pool), virt))
		free_slow(pool, virt);
}

__rseq void dma_pool_free(struct dma_pool *pool, void *virt, dma_addr_t handle)
{
	const struct page *page = phys_to_page(handle);
	u8 *state;

	/* Within [low, high) there is a descriptor, and it says whose the page is. */
	if (unlikely(virt_to_phys(virt) != handle || handle < READ_ONCE(pool->low) ||
		     handle >= READ_ONCE(pool->high) || (handle & pool->mask) ||
		     page->lru.next != (const struct list_head *)pool))
		goto odd;
	state = &((struct dma_chunk *)page_private(page))->state[offset_in_page(handle) >>
								 pool->shift];
	if (unlikely(*state != BLOCK_USED))
		goto odd;
	*state = BLOCK_FREE;
	if (unlikely(!cpu_stack_push(own_stack(pool), virt)))
		free_slow(pool, virt);
	return;
odd:
	free_checked(pool, virt, handle);
}

/* ---- Making and ending ---- */

/* What is wrong with a pool of blocks of `size` bytes (aligned; 0: too many), or NULL. */
static const char *why_not_pool(const struct device *dev, size_t size, size_t align,
				size_t boundary)
{
	if (align & (align - 1))
		return "the alignment is no power of two";
	if (!dev || !size || size > PAGE_SIZE << (MAX_ORDER - 1))
		return dev ? "no such size" : "no device";
	if (boundary && (boundary < size || (boundary & (boundary - 1))))
		return "the boundary is below the size, or no power of two";
	return NULL;
}

static void set_sizes(struct dma_pool *pool, size_t size, size_t boundary)
{
	pool->size = size;
	pool->chunk_size = max(pool->size, PAGE_SIZE);
	pool->boundary = boundary ? boundary : roundup_pow_of_two(pool->chunk_size);
	/* Blocks begin behind each other, or at a border. */
	pool->shift = min_t(unsigned int, __ffs(pool->size | pool->boundary), PAGE_SHIFT);
	pool->mask = (1U << pool->shift) - 1;
}

struct dma_pool *dma_pool_create(const char *name, struct device *dev, size_t size, size_t align,
				 size_t boundary)
{
	size_t block = ALIGN(size, max_t(size_t, align, LEAST_ALIGN));
	const char *wrong = why_not_pool(dev, block, align, boundary);
	struct dma_pool *pool;
	int cpu;

	if (wrong) {
		pr_err("dma_pool_create(%s, size:%zu, align:%zu, boundary:%zu): %s\n", name, size,
		       align, boundary, wrong);
		return NULL;
	}
	pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	if (pool)
		pool->stacks = alloc_percpu(struct pool_stack);
	if (!pool || !pool->stacks) {
		kfree(pool);
		return NULL;
	}
	for_each_possible_cpu(cpu)
		per_cpu_ptr(pool->stacks, cpu)->stack.max = init_memory_on() ? 0 : STACK_SLOTS;
	pool->dev = dev;
	strscpy(pool->name, name, sizeof(pool->name));
	set_sizes(pool, block, boundary);
	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->chunks);
	pool->low = ~0ULL;
	return pool;
}

/* What CPUs keep goes back to the chunks: nobody uses the pool. */
static void empty_all(struct dma_pool *pool)
{
	unsigned long flags;
	int cpu;

	spin_lock_irqsave(&pool->lock, flags);
	for_each_possible_cpu(cpu)
		empty(pool, &per_cpu_ptr(pool->stacks, cpu)->stack, 0);
	spin_unlock_irqrestore(&pool->lock, flags);
}

unsigned long dma_pool_nr_used(struct dma_pool *pool)
{
	struct dma_chunk *chunk;
	unsigned long used = 0;

	empty_all(pool);
	list_for_each_entry(chunk, &pool->chunks, node)
		used += chunk->nr_blocks - chunk->nr_free;
	return used;
}

unsigned long dma_pool_nr_chunks(struct dma_pool *pool)
{
	return pool->nr_chunks;
}

void dma_pool_destroy(struct dma_pool *pool)
{
	struct dma_chunk *chunk, *next;
	unsigned long used;

	if (!pool)
		return;
	used = dma_pool_nr_used(pool);
	if (used) {
		report_misuse(QUARRY_BAD_DMA, pool,
			      "dma_pool_destroy(%s %s): %lu blocks are in use",
			      dev_name(pool->dev), pool->name, used);
		return;
	}
	list_for_each_entry_safe(chunk, next, &pool->chunks, node)
		chunk_free(pool, chunk);
	free_percpu(pool->stacks);
	kfree(pool);
}

struct device *dma_pool_device(const struct dma_pool *pool)
{
	return pool->dev;
}

/* ---- Validation ---- */

static unsigned int check_chunk(const struct dma_pool *pool, const struct dma_chunk *chunk)
{
	size_t places = min(pool->chunk_size, PAGE_SIZE) >> pool->shift;
	unsigned int wrong = 0, nr_free = 0, nr_used = 0;

	for (size_t i = 0; i < places; i++) {
		nr_free += chunk->state[i] == BLOCK_FREE;
		nr_used += chunk->state[i] == BLOCK_USED;
		wrong += chunk->state[i] > BLOCK_USED;
	}
	for (unsigned int i = 0; i < chunk->nr_free; i++)
		wrong += chunk->state[chunk->free[i]] != BLOCK_FREE;
	wrong += nr_free != chunk->nr_free || nr_free + nr_used != chunk->nr_blocks;
	return wrong + (chunk_of(chunk->virt) != chunk || !is_pools(pool, chunk->virt));
}

unsigned int dma_pool_validate(struct dma_pool *pool)
{
	struct dma_chunk *chunk;
	unsigned int wrong = 0;
	unsigned long nr = 0;

	empty_all(pool);
	list_for_each_entry(chunk, &pool->chunks, node) {
		wrong += check_chunk(pool, chunk);
		nr++;
	}
	wrong += nr != pool->nr_chunks;
	if (wrong)
		report_misuse(QUARRY_CORRUPTION, pool, "dma_pool %s: %lu chunks, %u wrong",
			      pool->name, nr, wrong);
	return wrong;
}
