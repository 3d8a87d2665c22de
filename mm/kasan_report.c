/* SPDX-License-Identifier: MIT */
/*
 * What KASAN found, in words: which kind, where in the code, how many bytes; whose memory that is,
 * who allocated and freed it; and what the shadow says around it.
 *
 * Locks: none. Any context in which printk() works; nothing is checked on this CPU meanwhile.
 */
#include <linux/percpu.h>
#include <linux/sched.h>
#include "kasan.h"

#define ROW   128UL			/* bytes of memory that a line of shadow stands for */
#define ROWS  2				/* before and after that of the touch */

/* The touch that was reported last: one of several bytes may come in pieces. */
static DEFINE_PER_CPU(unsigned long, last_bad);

static const char *kind_of(u8 value)
{
	switch (value) {
	case KASAN_PAGE_FREE:
		return "use-after-free";
	case KASAN_SLAB_FREE:
		return "slab-use-after-free";
	case KASAN_SLAB_REDZONE:
	case KASAN_PAGE_REDZONE:
		return "slab-out-of-bounds";
	case KASAN_VMALLOC_INVALID:
		return "vmalloc-out-of-bounds";
	case KASAN_GLOBAL_REDZONE:
		return "global-out-of-bounds";
	case KASAN_ALLOCA_LEFT:
	case KASAN_ALLOCA_RIGHT:
		return "alloca-out-of-bounds";
	default:
		return value >= KASAN_STACK_LEFT && value < KASAN_GLOBAL_REDZONE ?
		       "stack-out-of-bounds" : "invalid-access";
	}
}

/* Behind the end of something the granule says how much of it is left; the next one, why. */
static u8 reason(unsigned long bad)
{
	const u8 *shadow = kasan_shadow(bad);

	return *shadow < 8 ? shadow[1] : *shadow;
}

static void print_object(unsigned long bad)
{
	const struct slab *slab = slab_of((void *)bad);
	unsigned long start, offset, end;
	u32 index;

	if (!slab || bad < (unsigned long)slab_start(slab) - slab->cache->left)
		return;
	/* The red zone before an object is that object's. */
	offset = bad - (unsigned long)slab_start(slab) + slab->cache->left;
	index = min((u32)(offset / slab->cache->size), slab->nr - 1);
	start = (unsigned long)slab_object(slab, index);
	end = start + slab->cache->object_size;
	pr_err("The buggy address belongs to the object at %016lx\n"
	       " which belongs to the cache %s of size %u\n", start, slab->cache->name,
	       slab->cache->object_size);
	pr_err("The buggy address is located %lu bytes %s %u-byte region [%016lx, %016lx)\n",
	       bad < start ? start - bad : bad < end ? bad - start : bad - end,
	       bad < start ? "to the left of" : bad < end ? "inside of" : "to the right of",
	       slab->cache->object_size, start, end);
	slab_track_print(slab, index);
}

static void print_shadow(unsigned long bad)
{
	unsigned long row = ALIGN_DOWN(bad, ROW) - ROWS * ROW;
	char text[3 * ROW / 8 + 1];

	pr_err("Memory state around the buggy address:\n");
	for (unsigned int i = 0; i <= 2 * ROWS; i++, row += ROW) {
		int len = 0;

		for (unsigned long at = row; at < row + ROW; at += 8)
			len += scnprintf(text + len, sizeof(text) - (size_t)len, " %02x",
					 *kasan_shadow(at));
		pr_err("%c%016lx:%s\n", i == ROWS ? '>' : ' ', row, text);
	}
}

void kasan_report(unsigned long address, size_t size, unsigned long bad, bool write,
		  unsigned long ip)
{
	if (this_cpu_read(last_bad) == bad)
		return;
	kasan_pause();
	this_cpu_write(last_bad, bad);
	report_misuse(QUARRY_CORRUPTION, (void *)bad, "KASAN: %s in %pS", kind_of(reason(bad)),
		      (void *)ip);
	pr_err("%s of size %zu at addr %016lx by task %s/%d\n", write ? "Write" : "Read", size,
	       address, current ? current->comm : "none", current ? current->pid : 0);
	print_object(bad);
	if (reason(bad) == KASAN_GLOBAL_REDZONE)
		pr_err("The buggy address belongs to the variable: %pS\n", (void *)address);
	print_shadow(bad);
	kasan_resume();
}
