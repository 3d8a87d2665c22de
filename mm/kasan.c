/* SPDX-License-Identifier: MIT */
/*
 * KASAN: the compiler asks before each touch of memory whether it may, in `make KASAN=1`.
 *
 *	address		| 8 bytes | 8 bytes | 8 bytes | ...	the kernel's half
 *	shadow		| 1 byte  | 1 byte  | 1 byte  | ...	at address / 8 + QUARRY_KASAN_OFFSET
 *
 * A byte of shadow is 0 where all eight bytes may be touched, 1 to 7 where only the first of them
 * may, and one of the values of linux/kasan.h where none may, which says why. The compiler calls a
 * function here before each load and store; around arrays on the stack it writes shadow itself, and
 * of each global variable with a red zone behind it there is a list, read once.
 *
 *	free pages		from their free to the next allocation
 *	guards of pages		behind small blocks (guard.c): out of bounds
 *	slabs			but for objects in use, those to the byte: kmalloc(30) is 30 bytes
 *	freed objects		longer: they wait in a quarantine (kasan_quarantine.c)
 *	freed pages		the same, in the caches of CPUs (kasan_pages_wait())
 *	areas of vmalloc	from vfree() on, and what is beyond their size in the last page
 *
 * The port maps memory for the shadow of the direct map, the image, stacks, and areas of vmalloc
 * as they come (port_shadow_map()); all other shadow is one page of zeroes: may be touched, always.
 *
 * Caches are as under slab_debug=ZU, pages as under page_owner=on: red zones, no magazines, and who
 * allocated and freed each; so all hooks are in slow paths, and here is no other structure. What
 * was found is reported once for each touch (kasan_report.c), and the touch happens: the kernel
 * goes on.
 *
 * This file, its neighbours, debug.c, the port and the start of the kernel are not instrumented:
 * they work below it. Locks: none; shadow belongs to who owns the memory. Costs: an eighth of RAM,
 * and some twenty instructions for each touch.
 */
#include <linux/percpu.h>
#include <quarry/port.h>
#include "kasan.h"

#define GRANULE 8UL

/* The beginning of what has a shadow. */
#define FIRST 0xffff800000000000UL

bool kasan_on;				/* the shadow is there */
static DEFINE_PER_CPU(int, paused);

const u8 *kasan_shadow(unsigned long address)
{
	return (const u8 *)(address / GRANULE + QUARRY_KASAN_OFFSET);
}

void kasan_pause(void)
{
	this_cpu_inc(paused);
}

void kasan_resume(void)
{
	this_cpu_dec(paused);
}

/* ---- Telling ---- */

/* Memory that a page of shadow stands for. */
#define PER_PAGE (PAGE_SIZE * GRANULE)

/* Where there is shadow to write to. memset() looks; this does not. */
static void fill(unsigned long from, unsigned long to, u8 value)
{
	unsigned long next;

	for (; from < to; from = next) {
		u8 *shadow = (u8 *)kasan_shadow(from);
		size_t nr;

		next = min(to, ALIGN_DOWN(from, PER_PAGE) + PER_PAGE);
		nr = (next - from) / GRANULE;
		if (port_shadow_is_mapped(from))
			__asm__ __volatile__("rep stosb" : "+D"(shadow), "+c"(nr) : "a"(value)
					     : "memory");
	}
}

void kasan_poison(const void *start, size_t size, u8 value)
{
	unsigned long from = (unsigned long)start;

	if (kasan_on && from >= FIRST)
		fill(from, ALIGN(from + size, GRANULE), value);
}

void kasan_unpoison(const void *start, size_t size)
{
	unsigned long from = (unsigned long)start, end = from + size;

	if (!kasan_on || from < FIRST)
		return;
	fill(from, ALIGN_DOWN(end, GRANULE), 0);
	if (end % GRANULE && port_shadow_is_mapped(end))
		*(u8 *)kasan_shadow(end) = end % GRANULE;
}

void kasan_give(const void *object, size_t size, size_t has, u8 value)
{
	unsigned long used = ALIGN((unsigned long)object + size, GRANULE);

	kasan_unpoison(object, size);
	if (used < (unsigned long)object + has)
		kasan_poison((void *)used, (unsigned long)object + has - used, value);
}

/* ---- Asking ---- */

/* The first byte of [address, end) that may not be touched, or 0. */
static unsigned long find_bad(unsigned long address, unsigned long end)
{
	while (address < end) {
		s8 value = (s8)*kasan_shadow(address);
		unsigned long next = ALIGN_DOWN(address, GRANULE) + GRANULE;

		if (unlikely(value)) {
			unsigned long last = min(end, next) - 1;

			if (value < 0)
				return address;
			if ((s8)(last % GRANULE) >= value)
				return max(address, next - GRANULE + (unsigned long)value);
		}
		address = next;
	}
	return 0;
}

static __always_inline void check(unsigned long address, size_t size, bool write,
				  unsigned long ip)
{
	unsigned long bad;

	if (unlikely(!kasan_on || address < FIRST || address + size < address))
		return;
	bad = find_bad(address, address + size);
	if (unlikely(bad) && !this_cpu_read(paused))
		kasan_report(address, size, bad, write, ip);
}

#define CALLER ((unsigned long)__builtin_return_address(0))

void kasan_check_range(const void *start, size_t size, bool write)
{
	check((unsigned long)start, size, write, CALLER);
}

/* ---- What the compiler calls ---- */

#define CALLED(type, name, ...) \
	type name(__VA_ARGS__); \
	type name(__VA_ARGS__)
#define LOAD_AND_STORE(size) \
	CALLED(void, __asan_load##size##_noabort, unsigned long address) \
	{ \
		check(address, size, false, CALLER); \
	} \
	CALLED(void, __asan_store##size##_noabort, unsigned long address) \
	{ \
		check(address, size, true, CALLER); \
	}

LOAD_AND_STORE(1)
LOAD_AND_STORE(2)
LOAD_AND_STORE(4)
LOAD_AND_STORE(8)
LOAD_AND_STORE(16)

CALLED(void, __asan_loadN_noabort, unsigned long address, size_t size)
{
	check(address, size, false, CALLER);
}

CALLED(void, __asan_storeN_noabort, unsigned long address, size_t size)
{
	check(address, size, true, CALLER);
}

/* Threads end on stacks that are unpoisoned when they are used anew. */
CALLED(void, __asan_handle_no_return, void)
{
}

/* An array of variable length: 32 bytes on either side of it, and what fills them up to that. */
#define ALLOCA_ZONE 32UL

CALLED(void, __asan_alloca_poison, unsigned long address, size_t size)
{
	unsigned long end = address + size, padded = ALIGN(end, ALLOCA_ZONE);

	kasan_unpoison((void *)address, size);
	kasan_poison((void *)(address - ALLOCA_ZONE), ALLOCA_ZONE, KASAN_ALLOCA_LEFT);
	kasan_poison((void *)ALIGN(end, GRANULE), padded - ALIGN(end, GRANULE) + ALLOCA_ZONE,
		     KASAN_ALLOCA_RIGHT);
}

CALLED(void, __asan_allocas_unpoison, unsigned long top, unsigned long bottom)
{
	if (top && top < bottom)
		kasan_unpoison((void *)top, bottom - top);
}

/* ---- Global variables ---- */

struct global {				/* the compiler's */
	unsigned long start, size, with_zone;
	const void *name, *module;
	unsigned long has_init;
	const void *place, *indicator;
};

CALLED(void, __asan_register_globals, const struct global *globals, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		kasan_give((void *)globals[i].start, globals[i].size, globals[i].with_zone,
			   KASAN_GLOBAL_REDZONE);
}

CALLED(void, __asan_unregister_globals, const struct global *globals, size_t nr)
{
}

/* The host calls it once the shadow of its image and of the direct map is there. */
void kasan_start(void (*const *constructors)(void), void (*const *end)(void))
{
	kasan_on = true;
	for (; constructors < end; constructors++)
		(*constructors)();
}
