// SPDX-License-Identifier: MIT
/*
 * What users say of their memory to those who look for leaks: linux/kmemleak.h.
 *
 * Most of it is a bit in the byte of the object or of the block of pages (LEAK_*). It is gone when
 * that is allocated anew, so nothing has to be done when it is freed.
 *
 * Parts of objects, kmemleak_scan_area(), are in a list; LEAK_PARTS says that the object has any
 * there. What the list has of an object without that bit is of one that had the place before, and
 * is freed with the next part of the new one, or by the next scan. A record of the list is itself
 * an object that is ignored: what it names is not reached by it.
 *
 * Locks: parts_lock, interrupts off, for the list; none for the bytes, which belong to the user of
 * the object, and to the scan while nobody else runs. Costs: a look-up; for parts a walk of the
 * list, and in a scan one for each object that has any.
 */
#include <linux/list.h>
#include <linux/slab.h>
#include "kmemleak.h"
#include "page_owner.h"
#include "slab.h"
#include "vmap.h"

struct part {
	struct list_head list;
	const void *object;		/* where that begins */
	const void *start, *end;
};

static DEFINE_SPINLOCK(parts_lock);
static LIST_HEAD(parts);

/* ---- Bits ---- */

/* The record of the block of pages that begins there; NULL: none does. */
static struct page_owner *block_owner(const void *ptr)
{
	struct page_owner *owner;

	if (!page_owner_on || !PAGE_ALIGNED(ptr) || !virt_addr_valid(ptr))
		return NULL;
	owner = page_owner_of(virt_to_page(ptr));
	return owner && (owner->flags & OWNER_LIVE) ? owner : NULL;
}

/* leak: of an object or a block; kept: the block stays. */
static void mark(const void *ptr, u8 leak, bool kept)
{
	struct page_owner *owner;
	struct leak_object object;

	if (!page_owner_on)
		return;
	if (leak_find((unsigned long)ptr, &object)) {
		set_leak(&object, leak_of(&object) | leak);
		return;
	}
	owner = block_owner(ptr);
	if (!owner)
		return;
	owner->leak |= leak;
	if (kept)
		WRITE_ONCE(owner->flags, owner->flags | OWNER_KEPT);
}

void kmemleak_not_leak(const void *ptr)
{
	mark(ptr, LEAK_NOT, true);
}

void kmemleak_ignore(const void *ptr)
{
	mark(ptr, LEAK_IGNORE, true);
}

void kmemleak_no_scan(const void *ptr)
{
	mark(ptr, LEAK_NO_SCAN, false);
}

void kmemleak_transient_leak(const void *ptr)
{
	struct leak_object object;

	if (kmemleak_on && leak_find((unsigned long)ptr, &object))
		set_leak(&object, leak_of(&object) & (u8)~(LEAK_SUSPECT | LEAK_FOUND));
}

noinline void kmemleak_update_trace(const void *ptr)
{
	struct leak_object object;
	u8 leak;

	if (!kmemleak_on || !leak_find((unsigned long)ptr, &object))
		return;
	leak = leak_of(&object);
	if (object.track)
		track_take(object.track, 0);
	else if (object.owner)
		object.owner->allocated_by = stack_depot_save_here(0);
	else
		object.area->vm.caller = __builtin_return_address(0);
	set_leak(&object, leak);
}

/* ---- Blocks of pages as objects ---- */

void kmemleak_alloc(const void *ptr, size_t size, int min_count, gfp_t gfp)
{
	struct page_owner *owner = kmemleak_on ? block_owner(ptr) : NULL;
	struct page *page;

	if (!owner)
		return;
	page = virt_to_page(ptr);
	if (page->state != PAGE_USED || (page->flags & PG_KMALLOC))
		return;
	owner->leak = min_count < 0 ? LEAK_IGNORE : min_count ? 0 : LEAK_NOT;
	WRITE_ONCE(owner->flags, owner->flags | OWNER_OBJECT);
}

void kmemleak_free(const void *ptr)
{
	struct page_owner *owner = kmemleak_on ? block_owner(ptr) : NULL;

	if (!owner || !(owner->flags & OWNER_OBJECT))
		return;
	WRITE_ONCE(owner->flags, owner->flags & (u8)~OWNER_OBJECT);
	owner->leak = 0;
}

/* ---- Parts ---- */

static bool is_stale(const struct part *part)
{
	struct leak_object object;

	return !leak_find((unsigned long)part->object, &object) ||
	       object.start != part->object || !(leak_of(&object) & LEAK_PARTS);
}

void leak_parts_reap(void)
{
	struct part *part, *next;
	unsigned long flags;
	LIST_HEAD(stale);

	spin_lock_irqsave(&parts_lock, flags);
	list_for_each_entry_safe(part, next, &parts, list)
		if (is_stale(part))
			list_move(&part->list, &stale);
	spin_unlock_irqrestore(&parts_lock, flags);
	list_for_each_entry_safe(part, next, &stale, list)
		kfree(part);
}

void leak_each_part(const void *object, void (*fn)(const void *start, const void *end, void *arg),
		    void *arg)
{
	const struct part *part;

	list_for_each_entry(part, &parts, list)
		if (part->object == object)
			fn(part->start, part->end, arg);
}

static void add_part(const struct leak_object *object, struct part *part)
{
	unsigned long flags;

	kmemleak_ignore(part);
	spin_lock_irqsave(&parts_lock, flags);
	list_add(&part->list, &parts);
	set_leak(object, leak_of(object) | LEAK_PARTS);
	spin_unlock_irqrestore(&parts_lock, flags);
}

void kmemleak_scan_area(const void *ptr, size_t size, gfp_t gfp)
{
	struct leak_object object;
	struct part *part;
	size_t room;

	if (!kmemleak_on || !leak_find((unsigned long)ptr, &object) ||
	    (leak_of(&object) & LEAK_NO_SCAN))
		return;
	room = object.size - (size_t)((const char *)ptr - (const char *)object.start);
	if (size != SIZE_MAX && size > room)
		pr_warn("kmemleak_scan_area(%px, %zu): the object has %zu bytes there\n", ptr, size,
			room);
	if (!(leak_of(&object) & LEAK_PARTS))
		leak_parts_reap();
	part = kmalloc(sizeof(*part), gfp);
	if (!part) {
		set_leak(&object, leak_of(&object) | LEAK_WHOLE);
		return;
	}
	*part = (struct part){ .object = object.start, .start = ptr,
			       .end = (const char *)ptr + min(size, room) };
	add_part(&object, part);
}
