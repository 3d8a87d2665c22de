// SPDX-License-Identifier: MIT
/*
 * kmemleak=on: objects that nothing points to any more.
 *
 * Objects are what users of memory have: objects of caches, large blocks of kmalloc(), areas of
 * vmalloc(); kmemleak_object.c finds them. What a scan has to remember of each is one byte, in the
 * record of who allocated it: so the option gives all caches SLAB_STORE_USER and pages owners.
 * What their users say of them is kmemleak_mark.c's.
 *
 * A scan begins at the roots and goes from object to object:
 *
 *	the host's data, stacks in use and registers (port_each_root())
 *	blocks of pages that no object is made of, and page->private of each
 *	objects that are kmemleak_not_leak()
 *	     each aligned word there that is an address within an object -> reached; looked at next
 *
 * What is not reached by two scans, one after the other, is a leak. Any number that looks like an
 * address counts as a pointer, so a leak may be missed, until that number is gone; a pointer that
 * is kept in another form, or by a device alone, is not seen, and its user has to say so. No
 * area begins where vmalloc's spaces do (vmap.c): variables of its own have those addresses.
 * Blocks of pages are no objects, as in Linux, unless kmemleak_alloc() makes them some: pages are
 * known by numbers, descriptors and page tables, too. Those that leak are found by mm/owners.c.
 * Not looked at are, since the scan would find every object described there: descriptions of
 * ranges; stale stacks; free pages.
 *
 * The scan has the machine for itself, no other CPU runs (port_stop_others()). So no pointer is on
 * its way from one place to another, none is in a register that is not looked at, and no lock that
 * is taken with interrupts off is held by anybody. vmap_lock may be: then all go on, and are
 * stopped again. What a CPU was doing with interrupts on may be half done, so the look-up here
 * believes nothing: see find_in_slab(). Objects in the hands of who allocates or frees them are not
 * OBJECT_USED, or on a stack.
 *
 * What is printed of leaks is noted meanwhile, in the pages that the ranges yet to be looked at
 * were in: these have no owner, so they are no root, and do not keep what they name.
 *
 * Locks: scan_mutex, so that one scans at a time; the walks' locks. Costs: a few dozen instructions
 * for each word that is looked at, with all CPUs still: some 100 ms for 30 MiB in use.
 */
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include "kasan.h"
#include "kmemleak.h"
#include "page_owner.h"
#include "slab.h"
#include "vmap.h"

#define WORK_ORDER 4			/* pages for what is yet to be looked at, or fewer */
#define MAX_STOPS  100			/* attempts */
#define SHOWN	   16U			/* leaks that are printed */
#define DUMPED	   32			/* bytes of each */

#define BY_SCAN (LEAK_REACHED | LEAK_SCANNED)
#define BY_USER (LEAK_NOT | LEAK_IGNORE)

struct range {
	const void *start, *end;
};

/* What is printed of one. */
struct leak {
	const void *start;
	size_t size;
	u64 when;			/* jiffies; 0: not known */
	unsigned int pid, cpu, nr_bytes, nr_frames;
	u8 bytes[DUMPED];
	unsigned long frames[STACK_DEPOT_DEPTH];
};

_Static_assert(SHOWN * sizeof(struct leak) <= PAGE_SIZE, "they fit into the fewest");
_Static_assert(TRACK_DEPTH <= STACK_DEPOT_DEPTH, "so do their backtraces");

static DEFINE_MUTEX(scan_mutex);

static struct {
	union {				/* in pages that are no root */
		struct range *work;
		struct leak *shown;	/* at the end: the first that were found */
	};
	unsigned int nr, max;
	bool overflow;			/* something is reached and in no range of `work` */
	unsigned int found;
} scan;

/* ---- A scan, with the machine for itself ---- */

static void push(const void *start, const void *end, void *all)
{
	if (scan.nr < scan.max)
		scan.work[scan.nr++] = (struct range){ start, end };
	else
		*(bool *)all = false;
}

static bool push_whole(const struct leak_object *object)
{
	bool all = true;

	push(object->start, (char *)object->start + object->size, &all);
	return all;
}

/* If it has more parts than there is room for, all of it. */
static bool push_parts(const struct leak_object *object)
{
	unsigned int begun = scan.nr;
	bool all = true;

	leak_each_part(object->start, push, &all);
	if (all || begun)
		return all;
	scan.nr = 0;
	return push_whole(object);
}

/* Is all of it that may point to others in `work`? An empty one has room for any object. */
static bool push_object(const struct leak_object *object, u8 leak)
{
	bool all = (leak & LEAK_WHOLE) == LEAK_PARTS ? push_parts(object) : push_whole(object);

	scan.overflow |= !all;
	return all;
}

static void reach(const struct leak_object *object)
{
	u8 leak = leak_of(object);

	if (leak & (LEAK_REACHED | LEAK_IGNORE))
		return;
	if ((leak & LEAK_WHOLE) == LEAK_NO_SCAN || push_object(object, leak))
		leak |= LEAK_SCANNED;
	set_leak(object, leak | LEAK_REACHED);
}

static void reach_word(unsigned long word)
{
	struct leak_object object;

	if (leak_find(word, &object))
		reach(&object);
}

/* Sanitizers know of bytes here that are nobody's; the threads that wrote them stand still. */
__attribute__((__no_sanitize__("address"), __no_sanitize__("thread")))
static void look_at(const void *start, const void *end, void *unused)
{
	const unsigned long *word = (const unsigned long *)ALIGN((unsigned long)start,
								 sizeof(*word));

	for (; word + 1 <= (const unsigned long *)end; word++) {
		unsigned long value = *(const volatile unsigned long *)word;

		if (value - port_direct_base < max_pfn << PAGE_SHIFT ||
		    value - port_vmalloc_base < port_vmalloc_size)
			reach_word(value);
	}
}

static void forget(const struct leak_object *object)
{
	set_leak(object, leak_of(object) & (u8)~BY_SCAN);
}

static void reach_known(const struct leak_object *object)
{
	if (leak_of(object) & LEAK_NOT)
		reach(object);
}

static void reach_again(const struct leak_object *object)
{
	u8 leak = leak_of(object);

	if (!(leak & LEAK_REACHED) || (leak & LEAK_SCANNED))
		return;
	set_leak(object, leak & (u8)~LEAK_REACHED);
	reach(object);
}

/* What there is to say of it: once all go on, it may be freed, if it was none. */
__attribute__((__no_sanitize__("address"), __no_sanitize__("thread")))
static void note_leak(const struct leak_object *object, struct leak *leak)
{
	unsigned long caller = object->area ? (unsigned long)object->area->vm.caller : 0;
	const unsigned long *frames = &caller;

	*leak = (struct leak){ .start = object->start, .size = object->size, .nr_frames = 1 };
	leak->nr_bytes = (unsigned int)min_t(size_t, object->size, DUMPED);
	for (unsigned int i = 0; i < leak->nr_bytes; i++)
		leak->bytes[i] = ((const volatile u8 *)object->start)[i];
	if (object->track) {
		leak->when = object->track->when;
		leak->pid = object->track->pid;
		leak->cpu = object->track->cpu;
		frames = object->track->addresses;
		leak->nr_frames = object->track->nr;
	} else if (object->owner) {
		leak->when = jiffies - (u32)((u32)jiffies - object->owner->when);
		leak->pid = object->owner->pid;
		leak->cpu = object->owner->cpu;
		leak->nr_frames = stack_depot_fetch(object->owner->allocated_by, &frames);
	}
	memcpy(leak->frames, frames, leak->nr_frames * sizeof(frames[0]));
}

static void judge(const struct leak_object *object)
{
	u8 leak = leak_of(object), was = leak & (LEAK_SUSPECT | LEAK_FOUND);

	leak &= (u8)~(LEAK_SUSPECT | LEAK_FOUND);
	if (!(leak & (LEAK_REACHED | BY_USER)))
		leak |= was ? LEAK_SUSPECT | LEAK_FOUND : LEAK_SUSPECT;
	set_leak(object, leak);
	if (!(leak & LEAK_FOUND))
		return;
	if (scan.found < SHOWN)
		note_leak(object, &scan.shown[scan.found]);
	scan.found++;
}

static void forget_block(struct page *page, const struct page_owner *owner, void *unused)
{
	page_owner_of(page)->leak &= (u8)~BY_SCAN;
}

/* The blocks that an area is made of are looked at as that, if it is reached. */
static bool leave_out_area(struct vmap_area *area, void *unused)
{
	struct page_owner *owner;
	struct leak_object object;

	if (!leak_object_of_area(area, &object))
		return true;
	for (struct page *page = area->blocks; page; page = (struct page *)page->private) {
		owner = page_owner_of(page);
		if (owner)
			owner->leak |= LEAK_SCANNED;
	}
	return true;
}

static void look_at_block(struct page *page, const struct page_owner *owner, void *unused)
{
	const char *start = slab_address(page);
	struct leak_object object;

	if (leak_object_of_block(page, &object)) {
		reach_known(&object);
		return;
	}
	if (page->state != PAGE_USED || (page->flags & (PG_KMALLOC | PG_HAS_HWPOISONED)) ||
	    (owner->leak & (LEAK_SCANNED | LEAK_NO_SCAN | LEAK_IGNORE)) || PageHighMem(page))
		return;
	reach_word(page->private);
	look_at(start, start + (PAGE_SIZE << page->order), NULL);
}

static void look_at_work(void)
{
	while (scan.nr) {
		struct range range = scan.work[--scan.nr];

		look_at(range.start, range.end, NULL);
	}
}

static int scan_all(void *unused)
{
	if (!vmap_trylock())
		return -EAGAIN;
	scan.nr = scan.found = 0;
	scan.overflow = false;
	leak_for_each_but_blocks(forget);
	page_owner_for_each(forget_block, NULL);
	vmap_walk(&vmap_small, leave_out_area, NULL);
	vmap_walk(&vmap_large, leave_out_area, NULL);
	port_each_root(look_at, NULL);
	page_owner_for_each(look_at_block, NULL);
	leak_for_each_but_blocks(reach_known);
	look_at_work();
	while (scan.overflow) {
		scan.overflow = false;
		leak_for_each(reach_again);
		look_at_work();
	}
	leak_for_each(judge);
	vmap_unlock();
	return 0;
}

/* ---- Reports ---- */

static void print_leak(const struct leak *leak)
{
	u64 age = leak->when ? jiffies - leak->when : 0;

	pr_info("unreferenced object 0x%px (size %zu):\n", leak->start, leak->size);
	if (leak->when)
		pr_info("  pid %u, cpu %u, jiffies %llu (age %llu.%03llus)\n", leak->pid, leak->cpu,
			leak->when, age / HZ, age % HZ * 1000 / HZ);
	pr_info("  hex dump (first %u bytes):\n", leak->nr_bytes);
	print_hex_dump(KERN_INFO, "    ", 0, 16, 1, leak->bytes, leak->nr_bytes, true);
	pr_info("  backtrace:\n");
	stack_trace_print(leak->frames, leak->nr_frames, 4);
}

static void print_leaks(void)
{
	unsigned int nr = min(scan.found, SHOWN);

	for (unsigned int i = 0; i < nr; i++)
		print_leak(&scan.shown[i]);
	if (scan.found > nr)
		pr_info("kmemleak: %u leaks more\n", scan.found - nr);
}

/* False: somebody has had vmap_lock each time. */
static bool scan_now(void)
{
	int error = -EAGAIN;

	for (unsigned int i = 0; error && i < MAX_STOPS; i++) {
		kasan_pause();
		error = port_stop_others(scan_all, NULL);
		kasan_resume();
		if (error)
			schedule_timeout_uninterruptible(1);
	}
	return !error;
}

unsigned int quarry_kmemleak_scan(bool print)
{
	unsigned int order = WORK_ORDER + 1, found = 0;

	if (!kmemleak_on)
		return 0;
	mutex_lock(&scan_mutex);
	scan.work = NULL;
	while (!scan.work && order--)
		scan.work = depot_pages(order);
	if (scan.work) {
		scan.max = (unsigned int)((PAGE_SIZE << order) / sizeof(scan.work[0]));
		if (scan_now())
			found = scan.found;
		else
			pr_warn("kmemleak: not scanned: vmap_lock is never free\n");
		if (print && found)
			print_leaks();
		depot_pages_unused(scan.work, order);
	} else {
		pr_warn("kmemleak: not scanned: there is no memory\n");
	}
	mutex_unlock(&scan_mutex);
	leak_parts_reap();
	return found;
}
