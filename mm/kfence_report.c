/* SPDX-License-Identifier: MIT */
/*
 * What KFENCE found, in words: the kind and the place of the access first, then how far it went,
 * the object, and who allocated and freed it. kfence.c goes on afterwards.
 *
 * Locks: none; an object is read as it is, so of one that another CPU uses anew meanwhile the
 * report may tell that. Any context in which printk() works.
 */
#include <linux/sched.h>
#include "kfence.h"

#define SHOWN 16			/* bytes beside an object that are printed */

struct kfence_object kfence_objects[QUARRY_KFENCE_OBJECTS];

static unsigned int number_of(const struct kfence_object *object)
{
	return (unsigned int)(object - kfence_objects);
}

static const char *name_of(const struct kfence_object *object)
{
	const struct kmem_cache *cache = READ_ONCE(object->cache);

	return cache ? cache->name : "destroyed";
}

static void print_object(const struct kfence_object *object)
{
	if (!object || object->state == KFENCE_FREE)
		return;
	pr_err("kfence-#%u: 0x%lx-0x%lx, size=%u, cache=%s\n", number_of(object), object->start,
	       object->start + object->size - 1, object->size, name_of(object));
	track_print(&object->allocated, "allocated");
	track_print(&object->freed, "freed");
}

/* "1B right of kfence-#3", "inside kfence-#3". */
static void place(char *text, size_t size, const struct kfence_object *object,
		  unsigned long address)
{
	unsigned long end;

	if (!object) {
		snprintf(text, size, "in no object");
		return;
	}
	end = object->start + object->size;
	if (address < object->start)
		snprintf(text, size, "%luB left of kfence-#%u", object->start - address,
			 number_of(object));
	else if (address >= end)
		snprintf(text, size, "%luB right of kfence-#%u", address - end + 1,
			 number_of(object));
	else
		snprintf(text, size, "in kfence-#%u", number_of(object));
}

void kfence_report_access(enum kfence_error error, const struct kfence_object *object,
			  unsigned long address, bool write, unsigned long ip)
{
	static const char *const names[] = {
		[KFENCE_OUT_OF_BOUNDS] = "out-of-bounds",
		[KFENCE_USE_AFTER_FREE] = "use-after-free", [KFENCE_INVALID] = "invalid",
	};
	const char *access = write ? "write" : "read";
	char where[48];

	report_misuse(QUARRY_CORRUPTION, (void *)address, "KFENCE: %s %s in %pS", names[error],
		      access, (void *)ip);
	place(where, sizeof(where), object, address);
	pr_err("%s %s at 0x%016lx (%s):\n", names[error], access, address, where);
	print_object(object);
}

void kfence_report_canary(const char *call, const struct kfence_object *object, const u8 *at)
{
	unsigned int room = (unsigned int)(PAGE_SIZE - ((unsigned long)at & (PAGE_SIZE - 1)));
	char text[3 * SHOWN + 1], where[48];
	int len = 0;

	if ((unsigned long)at < object->start)
		room = (unsigned int)(object->start - (unsigned long)at);
	for (unsigned int i = 0; i < min(room, (unsigned int)SHOWN); i++)
		len += scnprintf(text + len, sizeof(text) - (size_t)len, " %02x", at[i]);
	report_misuse(QUARRY_CORRUPTION, at, "KFENCE: memory corruption in %s", call);
	place(where, sizeof(where), object, (unsigned long)at);
	pr_err("Corrupted memory at 0x%016lx [%s ] (%s):\n", (unsigned long)at, text, where);
	print_object(object);
}

void kfence_report_free(const char *call, const struct kfence_object *object,
			unsigned long address, const struct kmem_cache *cache)
{
	char where[48];

	report_misuse(QUARRY_BAD_FREE, (void *)address, "KFENCE: invalid free in %s", call);
	if (object && object->state == KFENCE_FREE)
		object = NULL;
	place(where, sizeof(where), object, address);
	pr_err("Invalid free of 0x%016lx (%s)%s%s:\n", address, where,
	       cache ? " to cache " : "", cache ? cache->name : "");
	print_object(object);
}
