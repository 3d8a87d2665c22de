// SPDX-License-Identifier: MIT
/*
 * What is allocated, by who did it: blocks of pages, objects of caches, areas of vmalloc.
 *
 * A site is a backtrace and what was allocated there: page_owner.c knows it of pages, caches with
 * SLAB_STORE_USER of their objects, each area has its caller. Objects of other caches are counted
 * by cache. Pages that hold objects are left out, since their owner is who happened to need the
 * first of these, and so are those that are kept for good.
 *
 * The table is filled by walks over all there is, under the locks of that, so it is got before,
 * and from depot_pages(), which asks for no owner. Two tables compared say what is there now and
 * was not before: a leak, when what was done in between is undone (kernel/leaks.c).
 *
 * Locks: those of the walks, one after the other; none on a table. Costs: a look at each object,
 * with interrupts off for as long as a cache is large.
 */
#include <linux/stacktrace.h>
#include "kfence.h"
#include "owners.h"
#include "page_owner.h"
#include "vmap.h"

#define LARGEST  6		/* order of a table, with page_owner=on: 256 KiB */
#define COMMON	 3		/* and without, where few sites are known */
#define SMALLEST 2
#define SHOWN	 25		/* sites in a report */

static void count_block(struct page *page, const struct page_owner *owner, void *arg)
{
	const unsigned long *frames;
	unsigned int nr = stack_depot_fetch(owner->allocated_by, &frames);

	if (READ_ONCE(page->state) != PAGE_SLAB && !(owner->flags & OWNER_KEPT))
		owners_add(arg, "pages", frames, nr, PAGE_SIZE << owner->order);
}

static void count_object(const struct slab *slab, unsigned int index, void *arg)
{
	const struct track *track = slab_track_of(slab, index);

	owners_add(arg, slab->cache->name, track ? track->addresses : NULL, track ? track->nr : 0,
		   slab->cache->object_size);
}

/* As an object of its cache, which is none that remembers. */
static void count_guarded(const struct kfence_object *object, void *arg)
{
	owners_add(arg, object->cache ? object->cache->name : "kfence", NULL, 0, object->size);
}

static bool count_area(struct vmap_area *area, void *arg)
{
	unsigned long caller = (unsigned long)area->vm.caller;

	if (smp_load_acquire(&area->state) == VMAP_LIVE)
		owners_add(arg, "vmalloc", &caller, 1, area->vm.size);
	return true;
}

/* ---- The table ---- */

static u32 hash_of(const char *what, const unsigned long *frames, unsigned int nr)
{
	u64 hash = nr;

	for (; *what; what++)
		hash = hash * 31 + (unsigned char)*what;
	for (unsigned int i = 0; i < nr; i++) {
		hash = (hash ^ frames[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return (u32)(hash ^ hash >> 32);
}

static bool is_site(const struct owner_site *site, u32 hash, const char *what,
		    const unsigned long *frames, unsigned int nr)
{
	return site->hash == hash && site->nr == nr &&
	       !strncmp(site->what, what, sizeof(site->what) - 1) &&
	       (!nr || !memcmp(site->frames, frames, nr * sizeof(frames[0])));
}

/* The site's place, perhaps an empty one; NULL: it is not there, and there is no room. */
static struct owner_site *find(const struct owners *owners, u32 hash, const char *what,
			       const unsigned long *frames, unsigned int nr)
{
	for (unsigned int i = 0; i < owners->max; i++) {
		const struct owner_site *site = &owners->sites[(hash + i) % owners->max];

		if (!site->count || is_site(site, hash, what, frames, nr))
			return (struct owner_site *)site;
	}
	return NULL;
}

void owners_add(struct owners *owners, const char *what, const unsigned long *frames,
		unsigned int nr, size_t bytes)
{
	u32 hash = hash_of(what, frames, nr);
	struct owner_site *site = find(owners, hash, what, frames, nr);

	if (!site) {
		owners->missed++;
		return;
	}
	if (!site->count) {
		strscpy(site->what, what, sizeof(site->what));
		for (unsigned int i = 0; i < nr; i++)
			site->frames[i] = frames[i];
		site->nr = nr;
		site->hash = hash;
		owners->nr++;
	}
	site->count++;
	site->bytes += bytes;
}

struct owners *owners_take(unsigned int sources)
{
	struct owners *owners = NULL;
	unsigned int order = (page_owner_on ? LARGEST : COMMON) + 1;

	while (!owners && order-- > SMALLEST)
		owners = depot_pages(order);
	if (!owners)
		return NULL;
	owners->order = order;
	owners->max = (unsigned int)(((PAGE_SIZE << order) - sizeof(*owners)) /
				     sizeof(owners->sites[0]));
	if (sources & OWNERS_PAGES)
		page_owner_for_each(count_block, owners);
	if (sources & OWNERS_OBJECTS)
		slab_for_each_object(count_object, owners);
	if (sources & OWNERS_OBJECTS)
		kfence_for_each(count_guarded, owners);
	if (sources & OWNERS_AREAS) {
		vmap_for_each(&vmap_small, count_area, owners);
		vmap_for_each(&vmap_large, count_area, owners);
	}
	return owners;
}

void quarry_owners_free(struct owners *owners)
{
	if (owners)
		depot_pages_unused(owners, owners->order);
}

/* ---- Reports ---- */

static void print_site(const struct owner_site *site, unsigned long count, unsigned long bytes,
		       const char *more)
{
	pr_info("%7lu %sof %s, %lu bytes%s\n", count, more, site->what, bytes,
		site->nr ? ", by" : "");
	stack_trace_print(site->frames, site->nr, 8);
}

/* Of those below `last`, by bytes and then by place, the largest; NULL. */
static const struct owner_site *next_largest(const struct owners *owners,
					     const struct owner_site *last)
{
	const struct owner_site *site, *best = NULL;

	for (site = owners->sites; site < owners->sites + owners->max; site++) {
		if (!site->count || (last && (site->bytes > last->bytes ||
					      (site->bytes == last->bytes && site <= last))))
			continue;
		if (!best || site->bytes > best->bytes)
			best = site;
	}
	return best;
}

void owners_print(const struct owners *owners, unsigned int max)
{
	const struct owner_site *site = next_largest(owners, NULL);

	for (; site && max; site = next_largest(owners, site), max--)
		print_site(site, site->count, site->bytes, "");
	pr_info("%u sites%s\n", owners->nr, site ? ", the largest above" : "");
	if (owners->missed)
		pr_info("%lu allocations more: no room in the table\n", owners->missed);
}

unsigned int quarry_owners_compare(const struct owners *before, const struct owners *now,
				   bool print)
{
	const struct owner_site *site, *old;
	unsigned int leaks = 0;

	for (site = now->sites; site < now->sites + now->max; site++) {
		if (!site->count)
			continue;
		old = find(before, site->hash, site->what, site->frames, site->nr);
		if (!old || site->count <= old->count || (!old->count && before->missed))
			continue;
		leaks++;
		if (print)
			print_site(site, site->count - old->count, site->bytes - old->bytes,
				   "more ");
	}
	return leaks;
}

static void show(const char *name, unsigned int sources)
{
	struct owners *owners = owners_take(sources);

	if (!owners) {
		pr_warn("%s: no memory to count in\n", name);
		return;
	}
	owners_print(owners, SHOWN);
	quarry_owners_free(owners);
}

void show_page_owner(void)
{
	if (page_owner_on)
		show("page_owner", OWNERS_PAGES);
	else
		pr_info("page_owner is off: the option page_owner=on\n");
}

void show_alloc_traces(void)
{
	show("alloc_traces", OWNERS_OBJECTS | OWNERS_AREAS);
}

struct owners *quarry_owners_take(void)
{
	return owners_take(OWNERS_ALL);
}
