/* SPDX-License-Identifier: MIT */
/*
 * What KASAN found, in words, as Linux has them: which kind, where in the code, how many bytes;
 * whose memory that is; and what the shadow says around it. Of memory these are known:
 *
 *	object		its cache, who allocated it and, if it is free, who freed it	slab_track.c
 *	stack		the function, and its variables in that frame	       the compiler's text
 *	area		its borders, who asked for it					vmap_index.c
 *	page		who allocated its block last, who freed it last			page_owner.c
 *
 * Locks: none. Any context in which printk() works; nothing is checked on this CPU meanwhile.
 */
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <linux/vmalloc.h>
#include "guard.h"
#include "kasan.h"
#include "page_owner.h"
#include "vmap.h"

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
	case KASAN_PAGE_GUARD:
		return "out-of-bounds";
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

/* ---- Whose memory that is ---- */

static void print_track(const struct track *track, const char *what)
{
	if (!track->nr)
		return;
	pr_err("%s by task %u on cpu %u at jiffy %llu:\n", what, track->pid, track->cpu,
	       track->when);
	stack_trace_print(track->addresses, track->nr, 1);
}

/* Bytes of an object that its user may touch: kmalloc() was asked for fewer than there are. */
static unsigned int allocated_size(unsigned long start, unsigned int object_size)
{
	unsigned int size = 0;

	while (size < object_size && !*kasan_shadow(start + size))
		size += 8;
	if (size < object_size && *kasan_shadow(start + size) < 8)
		size += *kasan_shadow(start + size);
	return min(size, object_size);
}

static void print_region(const struct slab *slab, unsigned long start, unsigned long bad)
{
	unsigned int object_size = slab->cache->object_size;
	unsigned int size = allocated_size(start, object_size);
	const char *state = size ? "allocated" : "freed";
	unsigned long end = start + (size ? size : object_size);

	pr_err("The buggy address belongs to the object at %016lx\n"
	       " which belongs to the cache %s of size %u\n", start, slab->cache->name,
	       object_size);
	pr_err("The buggy address is located %lu bytes %s\n"
	       " %s %lu-byte region [%016lx, %016lx)\n",
	       bad < start ? start - bad : bad < end ? bad - start : bad - end,
	       bad < start ? "to the left of" : bad < end ? "inside of" : "to the right of",
	       state, end - start, start, end);
}

static void print_object(unsigned long bad)
{
	const struct slab *slab = slab_of((void *)bad);
	const struct track *tracks;
	unsigned long start;
	u32 index;

	if (!slab || bad < (unsigned long)slab_start(slab) - slab->cache->left)
		return;
	/* The red zone before an object is that object's. */
	index = (u32)((bad - (unsigned long)slab_start(slab) + slab->cache->left) /
		      slab->cache->size);
	index = min(index, slab->nr - 1);
	start = (unsigned long)slab_object(slab, index);
	tracks = slab_track_of(slab, index);
	if (tracks)
		print_track(&tracks[SLAB_ALLOCATED], "Allocated");
	if (tracks && *kasan_shadow(start) == KASAN_SLAB_FREE)
		print_track(&tracks[SLAB_FREED], "Freed");
	print_region(slab, start, bad);
}

/*
 * A frame with arrays begins with a red zone in which the compiler put a mark, the address of a
 * text about its variables, and that of its function. The text: how many variables, and for each
 * `offset size length-of-name name`; the name may go on with `:line`.
 */
#define FRAME_MARK  0x41b58ab3UL
#define FRAME_LIMIT (32 * 1024UL)	/* how far below it may begin */

static const unsigned long *find_frame(unsigned long bad)
{
	unsigned long at = ALIGN_DOWN(bad, 8), end = at - FRAME_LIMIT;

	while (at > end && *kasan_shadow(at) != KASAN_STACK_LEFT)
		at -= 8;
	while (at > end && *kasan_shadow(at - 8) == KASAN_STACK_LEFT)
		at -= 8;
	return at > end && *(unsigned long *)at == FRAME_MARK ? (unsigned long *)at : NULL;
}

static unsigned long read_number(const char **text)
{
	unsigned long number = 0;

	for (; **text >= '0' && **text <= '9'; ++*text)
		number = number * 10 + (unsigned long)(**text - '0');
	if (**text == ' ')
		++*text;
	return number;
}

static void print_variables(const char *text)
{
	unsigned long nr = read_number(&text);

	pr_err("This frame has %lu object%s:\n", nr, nr == 1 ? "" : "s");
	for (; nr-- > 0 && *text; text += *text == ' ') {
		unsigned long start = read_number(&text), size = read_number(&text);
		unsigned long length = read_number(&text), name = 0;

		while (name < length && text[name] != ':')
			name++;
		pr_err(" [%lu, %lu) '%.*s'\n", start, start + size, (int)name, text);
		text += length;
	}
}

static void print_stack(unsigned long bad)
{
	u8 why = reason(bad);
	const unsigned long *frame = why >= KASAN_STACK_LEFT && why <= KASAN_STACK_LEFT + 3 ?
				     find_frame(bad) : NULL;

	if (!frame)
		return;
	pr_err("The buggy address belongs to stack of task %s/%d\n"
	       " and is located at offset %lu in frame:\n %pS\n",
	       current ? current->comm : "none", current ? current->pid : 0,
	       bad - (unsigned long)frame, (void *)frame[2]);
	print_variables((const char *)frame[1]);
}

/* The area of vmalloc that ends before it, or lies around it. */
static void print_area(unsigned long bad)
{
	const struct vmap_area *area;

	rcu_read_lock();	/* so that the description stays */
	area = is_vmalloc_addr((void *)bad) ? vmap_find(bad) : NULL;
	if (area && area->vm.caller)
		pr_err("The buggy address belongs to the virtual mapping at\n"
		       " [%016lx, %016lx) created by:\n %pS\n", area->start, area->end,
		       area->vm.caller);
	rcu_read_unlock();
}

/* What runs into a guard (guard.c) comes from the block that is nearer: before, or behind it. */
static const struct page *nearest(const struct page *guard, unsigned long bad)
{
	unsigned long start = (unsigned long)phys_to_virt(page_to_phys(guard));
	unsigned long size = PAGE_SIZE << READ_ONCE(guard->order);
	bool before = bad - start < size / 2;

	pr_err("The buggy address is located %lu bytes %s the block of pages at %016lx\n",
	       before ? bad - start : start + size - bad,
	       before ? "to the right of" : "to the left of", before ? start - size : start + size);
	return before ? guard - size / PAGE_SIZE : guard + size / PAGE_SIZE;
}

static void print_page(unsigned long bad)
{
	const struct page *page = virt_addr_valid((void *)bad) ? virt_to_page((void *)bad) :
							       vmalloc_to_page((void *)bad);
	const struct page *head = page ? page_block_head(page) : NULL;

	if (!head)
		return;		/* the kernel's own, as it was loaded */
	if (is_guard(READ_ONCE(head->word)))
		page = nearest(head, bad);
	head = pfn_valid(page_to_pfn(page)) ? page_block_head(page) : NULL;
	if (!head)
		return;
	pr_err("The buggy address belongs to the physical page:\n");
	pr_err("page:%px refcount:%d pfn:%#lx head:%px order:%u\n", page, page_count(page),
	       page_to_pfn(page), head, READ_ONCE(head->order));
	pr_err("page dumped because: kasan: bad access detected\n");
	dump_page_owner(page);
}

/* ---- All of it ---- */

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
	print_stack(bad);
	print_area(bad);
	print_page(bad);
	if (reason(bad) == KASAN_GLOBAL_REDZONE)
		pr_err("The buggy address belongs to the variable:\n %pS\n", (void *)address);
	print_shadow(bad);
	kasan_resume();
}
