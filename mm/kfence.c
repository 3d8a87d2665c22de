/* SPDX-License-Identifier: MIT */
/*
 * KFENCE: one object in many gets a page of its own between two pages that fault.
 *
 *	page	0	1	2	3	4	5	6	...
 *		guard	guard	object	guard	object	guard	object
 *					 0		 1		 2
 *
 *	| canary ...			| object |	at the end of its page,
 *	| object | canary ...			|	or at the beginning, by chance
 *
 * A byte read or written past the near end faults at once; past the far end a write changes the
 * canary, which is looked at when the object is freed. What is free is hidden as the guards are,
 * and handed out again last of all, so that a use after free faults for long. Each is reported
 * once (kfence_report.c), with who allocated and freed the object; the page is shown, and the
 * program goes on. So a rare mistake is found on a machine that is in use: each boot, each machine
 * looks at other objects.
 *
 * The pool is a block of the direct map, cut into single pages, so that such an object has a
 * physical address as all others have. Its pages never go back. What it costs: two pages and some
 * 300 bytes for each object; nothing on a fast path. What is counted is refills: allocations that
 * find the CPU's magazine empty (slab_cpu.c), of which each stands for up to 47. And a free finds
 * that the address lies in no slab, where it asks here before it reports. What is allocated and
 * freed again and again out of one magazine is not seen; what lives for long is.
 *
 * Not sampled: objects above a page, of particular zones or nodes, of caches with destructors or
 * slab_debug=, and while faults are injected. With a quarter of the pool left, one object for each
 * place that allocates, so that what stays for good does not take it all.
 *
 * SLAB_TYPESAFE_BY_RCU: the object is hidden after the readers. A constructor is called for each
 * allocation, since nothing is known of the page before.
 *
 * Other CPUs may have a page's entry cached when it is hidden, and miss a fault: to interrupt them
 * would take a context that can wait. They never fault where they should not, as what they cached
 * was shown before; and a fault on a page that is shown by now is only repeated.
 *
 * Locks: kfence_lock, a leaf, interrupts off, guards the objects. Reports are printed without it.
 */
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <quarry/port.h>
#include "fault.h"
#include "init_memory.h"
#include "kfence.h"
#include "page_owner.h"

#define CANARY	  0xaa			/* xor'ed with the address's last three bits */
#define POOL_RAM  128			/* the pool is this part of RAM at most */
#define FEW	  (QUARRY_KFENCE_OBJECTS / 4)
#define RETRY	  15			/* refills after one that could not be sampled */
#define SITE	  4			/* addresses of a trace that tell places apart */

unsigned long kfence_base, kfence_size;

/* Refills for each one that is sampled; 0: off. */
static unsigned long kfence_interval = QUARRY_KFENCE_INTERVAL;

static DEFINE_SPINLOCK(kfence_lock);
static LIST_HEAD(free_objects);		/* the longest free first */
static unsigned int nr_free;
static u32 dice;
DEFINE_PER_CPU(int, kfence_left);

/* ---- Pages ---- */

static unsigned long page_of(const struct kfence_object *object)
{
	return kfence_base + 2 * (unsigned long)(object - kfence_objects + 1) * PAGE_SIZE;
}

/* The object whose page an address lies in; NULL: it is a guard. */
static struct kfence_object *object_at(unsigned long address)
{
	unsigned long page = (address - kfence_base) / PAGE_SIZE;

	return page % 2 || !page ? NULL : &kfence_objects[page / 2 - 1];
}

/* Every byte of the page that is not the object's: written, or the first that is wrong. */
static u8 *canary(const struct kfence_object *object, bool write)
{
	u8 *page = (u8 *)page_of(object), *at;

	for (at = page; at < page + PAGE_SIZE; at++) {
		u8 value = CANARY ^ ((unsigned long)at & 7);

		if ((unsigned long)at == object->start)
			at += object->size - 1;
		else if (write)
			*at = value;
		else if (*at != value)
			return at;
	}
	return NULL;
}

/* ---- Whose turn it is ---- */

static bool is_sampled(const struct kmem_cache *cache, gfp_t gfp)
{
	const gfp_t zones = __GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM | __GFP_MOVABLE;

	return cache->size <= PAGE_SIZE && cache->align <= PAGE_SIZE && !cache->dtor3 &&
	       !slab_is_debugged(cache) && !((gfp | cache->gfp) & zones) && fault_is_off() &&
	       (nr_node_ids == 1 || (!(gfp & __GFP_THISNODE) &&
		page_to_nid(virt_to_page((void *)kfence_base)) == numa_mem_id()));
}

/* ---- Allocation ---- */

static bool place_is_known(const struct track *where)
{
	size_t bytes = min_t(size_t, where->nr, SITE) * sizeof(where->addresses[0]);
	unsigned int i;

	for (i = 0; i < QUARRY_KFENCE_OBJECTS; i++) {
		const struct kfence_object *object = &kfence_objects[i];

		if (object->state == KFENCE_USED && object->allocated.nr == where->nr &&
		    !memcmp(object->allocated.addresses, where->addresses, bytes))
			return true;
	}
	return false;
}

static bool roll(void)
{
	dice = dice * 1664525 + 1013904223;
	return dice >> 31;
}

/* The guards beside it that an access made work fault again. Caller holds kfence_lock. */
static void hide_guards(struct kfence_object *object)
{
	struct kfence_object *end = kfence_objects + QUARRY_KFENCE_OBJECTS;
	unsigned long page = page_of(object);

	if (object->guard_shown[0]) {
		port_direct_show(page - PAGE_SIZE, false);
		if (object > kfence_objects)
			object[-1].guard_shown[1] = false;
		else
			port_direct_show(kfence_base, false);	/* two before the first */
	}
	if (object->guard_shown[1]) {
		port_direct_show(page + PAGE_SIZE, false);
		if (object + 1 < end)
			object[1].guard_shown[0] = false;
	}
	object->guard_shown[0] = object->guard_shown[1] = false;
}

/* Fills it in, its page shown; caller holds kfence_lock. */
static void prepare(struct kfence_object *object, struct kmem_cache *cache,
		    const struct track *where)
{
	unsigned long page = page_of(object);

	object->cache = cache;
	object->size = cache->object_size;
	object->start = page;
	if (roll())
		object->start += ALIGN_DOWN(PAGE_SIZE - object->size, cache->align);
	object->allocated = *where;
	object->freed.nr = 0;
	hide_guards(object);
	port_direct_show(page, true);
	canary(object, true);
	WRITE_ONCE(object->state, KFENCE_USED);
}

static void *take(struct kmem_cache *cache)
{
	struct kfence_object *object = NULL;
	struct track where;
	unsigned long flags;

	track_take(&where, 1);
	spin_lock_irqsave(&kfence_lock, flags);
	if (nr_free && (nr_free > FEW || !place_is_known(&where))) {
		object = list_first_entry(&free_objects, struct kfence_object, list);
		list_del(&object->list);
		nr_free--;
		prepare(object, cache, &where);
	}
	spin_unlock_irqrestore(&kfence_lock, flags);
	return object ? (void *)object->start : NULL;
}

void *kfence_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	unsigned long interval = READ_ONCE(kfence_interval);
	void *object;

	this_cpu_write(kfence_left, RETRY);
	if (!interval || !READ_ONCE(kfence_size) || !is_sampled(cache, gfp))
		return NULL;
	this_cpu_write(kfence_left, (int)interval - 1);
	object = take(cache);
	if (!object)
		return NULL;
	if (gfp & __GFP_ZERO)
		memset(object, 0, cache->object_size);
	else
		init_object_alloc(cache, object);
	if (cache->ctor)
		cache->ctor(object);
	if (cache->ctor3)
		cache->ctor3(object, cache, SLAB_CTOR_CONSTRUCTOR);
	return object;
}

/* ---- Freeing ---- */

/* Hides the page, and the guards beside it that an access made it show. */
static void retire(struct kfence_object *object)
{
	unsigned long flags;

	spin_lock_irqsave(&kfence_lock, flags);
	port_direct_show(page_of(object), false);
	hide_guards(object);
	WRITE_ONCE(object->state, KFENCE_FREED);
	list_add_tail(&object->list, &free_objects);
	nr_free++;
	spin_unlock_irqrestore(&kfence_lock, flags);
}

static void retire_later(struct rcu_head *rcu)
{
	retire(container_of(rcu, struct kfence_object, rcu));
}

/* Of two frees at once the second finds it gone. */
static bool claim(struct kfence_object *object, unsigned long start,
		  const struct kmem_cache *cache, const struct track *where)
{
	unsigned long flags;
	bool good;

	spin_lock_irqsave(&kfence_lock, flags);
	good = object->state == KFENCE_USED && object->start == start &&
	       (!cache || object->cache == cache);
	if (good) {
		object->freed = *where;
		WRITE_ONCE(object->state, KFENCE_DYING);
	}
	spin_unlock_irqrestore(&kfence_lock, flags);
	return good;
}

bool kfence_free(const char *call, const struct kmem_cache *cache, const void *address)
{
	unsigned long start = (unsigned long)address;
	struct kfence_object *object;
	struct track where;
	const u8 *wrong;

	if (!is_kfence_address(address))
		return false;
	object = object_at(start);
	track_take(&where, 1);
	if (!object || !claim(object, start, cache, &where)) {
		kfence_report_free(call, object, start, cache);
		return true;
	}
	debug_check_no_locks_freed(address, object->size);
	wrong = canary(object, false);
	if (wrong)
		kfence_report_canary(call, object, wrong);
	init_object_free(object->cache, (void *)start);
	if (object->cache->flags & SLAB_TYPESAFE_BY_RCU)
		call_rcu(&object->rcu, retire_later);
	else
		retire(object);
	return true;
}

/* ---- Questions ---- */

size_t kfence_ksize(const void *address)
{
	const struct kfence_object *object = object_at((unsigned long)address);

	return object && READ_ONCE(object->state) == KFENCE_USED &&
	       object->start == (unsigned long)address ? object->size : 0;
}

void *kfence_object_start(const void *address)
{
	const struct kfence_object *object = object_at((unsigned long)address);

	return object ? (void *)object->start : (void *)address;
}

unsigned int kfence_find_used(const struct kmem_cache *cache, void **list, unsigned int nr,
			      unsigned int max)
{
	unsigned long flags;

	spin_lock_irqsave(&kfence_lock, flags);
	for (unsigned int i = 0; i < QUARRY_KFENCE_OBJECTS; i++) {
		const struct kfence_object *object = &kfence_objects[i];

		if (object->cache != cache ||
		    (object->state != KFENCE_USED && object->state != KFENCE_DYING))
			continue;
		if (nr < max)
			list[nr] = (void *)object->start;
		nr++;
	}
	spin_unlock_irqrestore(&kfence_lock, flags);
	return nr;
}

void kfence_for_each(void (*fn)(const struct kfence_object *object, void *arg), void *arg)
{
	unsigned long flags;

	spin_lock_irqsave(&kfence_lock, flags);
	for (unsigned int i = 0; i < QUARRY_KFENCE_OBJECTS; i++)
		if (kfence_objects[i].state == KFENCE_USED)
			fn(&kfence_objects[i], arg);
	spin_unlock_irqrestore(&kfence_lock, flags);
}

void kfence_forget(const struct kmem_cache *cache)
{
	unsigned long flags;

	spin_lock_irqsave(&kfence_lock, flags);
	for (unsigned int i = 0; i < QUARRY_KFENCE_OBJECTS; i++)
		if (kfence_objects[i].cache == cache)
			kfence_objects[i].cache = NULL;
	spin_unlock_irqrestore(&kfence_lock, flags);
}

/* ---- Faults ---- */

/* A guard was touched: which of the objects on its two sides, in use, is nearer? */
static struct kfence_object *nearer(unsigned long address)
{
	unsigned long page = ALIGN_DOWN(address, PAGE_SIZE), below = ~0UL, above = ~0UL;
	struct kfence_object *left_one = NULL, *right_one = NULL;

	if (page > kfence_base + PAGE_SIZE)
		left_one = object_at(page - PAGE_SIZE);
	if (page + PAGE_SIZE < kfence_base + kfence_size)
		right_one = object_at(page + PAGE_SIZE);
	if (left_one && READ_ONCE(left_one->state) == KFENCE_USED)
		below = address - (left_one->start + left_one->size);
	if (right_one && READ_ONCE(right_one->state) == KFENCE_USED)
		above = right_one->start - address;
	if (below == ~0UL && above == ~0UL)
		return NULL;
	return below < above ? left_one : right_one;
}

/* A guard that none of its neighbours is to blame for: whichever is used next hides it. */
static void note_shown(unsigned long address)
{
	unsigned long page = max(ALIGN_DOWN(address, PAGE_SIZE), kfence_base + PAGE_SIZE);

	if (page > kfence_base + PAGE_SIZE)
		object_at(page - PAGE_SIZE)->guard_shown[1] = true;
	if (page + PAGE_SIZE < kfence_base + kfence_size)
		object_at(page + PAGE_SIZE)->guard_shown[0] = true;
}

/* What a touch of that address was, and in *object of what; false: by now nothing is wrong. */
static bool judge(unsigned long address, struct kfence_object **object, enum kfence_error *error)
{
	struct kfence_object *found = object_at(address);

	if (found && (found->state == KFENCE_USED || found->state == KFENCE_DYING))
		return false;	/* the page was shown meanwhile */
	*error = found && found->state == KFENCE_FREED ? KFENCE_USE_AFTER_FREE : KFENCE_INVALID;
	if (!found) {
		found = nearer(address);
		*error = found ? KFENCE_OUT_OF_BOUNDS : KFENCE_INVALID;
	}
	if (*error == KFENCE_OUT_OF_BOUNDS)
		found->guard_shown[address >= found->start] = true;
	else if (!found)
		note_shown(address);
	*object = found;
	return true;
}

bool kfence_handle_page_fault(unsigned long address, bool write, unsigned long ip)
{
	enum kfence_error error = KFENCE_INVALID;
	struct kfence_object *object = NULL;
	unsigned long flags;
	bool wrong;

	if (!is_kfence_address((void *)address))
		return false;
	spin_lock_irqsave(&kfence_lock, flags);
	wrong = judge(address, &object, &error);
	port_direct_show(ALIGN_DOWN(address, PAGE_SIZE), true);
	spin_unlock_irqrestore(&kfence_lock, flags);
	if (wrong)
		kfence_report_access(error, object, address, write, ip);
	return true;
}

/* ---- The pool ---- */

unsigned long quarry_kfence(unsigned long interval)
{
	unsigned long before = READ_ONCE(kfence_interval);
	unsigned int cpu;

	interval = min_t(unsigned long, interval, INT_MAX);
	WRITE_ONCE(kfence_interval, interval);
	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu(kfence_left, cpu), interval ? (int)interval - 1 : INT_MAX);
	return before;
}

static void hide_all(void)
{
	for (unsigned long i = 0; i < KFENCE_PAGES; i++)
		port_direct_show(kfence_base + i * PAGE_SIZE, false);
	for (unsigned int i = 0; i < QUARRY_KFENCE_OBJECTS; i++)
		list_add_tail(&kfence_objects[i].list, &free_objects);
	nr_free = QUARRY_KFENCE_OBJECTS;
	quarry_kfence(kfence_interval);
	/* Whoever sees the size sees the rest. */
	smp_store_release(&kfence_size, KFENCE_PAGES * PAGE_SIZE);
}

/* NULL, or why there is none. */
static const char *make_pool(void)
{
	unsigned int order = (unsigned int)get_order(KFENCE_PAGES * PAGE_SIZE);
	struct page *page;

	if (!kfence_interval)
		return "kfence.sample_interval=0";
	if (totalram_pages() / POOL_RAM < 1UL << order)
		return "so little RAM";
	page = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, order);
	if (!page)
		return "no block of pages for the pool";
	if (port_direct_cut((unsigned long)slab_address(page), PAGE_SIZE << order)) {
		__free_pages(page, order);
		return "no memory for page tables";
	}
	page_owner_keep(page, false);	/* most of it cannot be read */
	kfence_base = (unsigned long)slab_address(page);
	dice = (u32)(kfence_base >> PAGE_SHIFT) ^ (u32)kfence_interval;
	hide_all();
	return NULL;
}

void kfence_start(void)
{
	const char *why = make_pool();

	if (why)
		pr_info("kfence: no objects between guard pages: %s\n", why);
	else
		pr_info("kfence: %u objects at %px, one refill in %lu\n", QUARRY_KFENCE_OBJECTS,
			(void *)kfence_base, kfence_interval);
}
