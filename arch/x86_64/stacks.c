/* SPDX-License-Identifier: MIT */
/*
 * Every stack there is, each with an unmapped page below it.
 *
 * CPU 0's lie in the image (layout.h). All others, of threads and of further CPUs, lie in the
 * stacks window: slot n is a guard page and above it THREAD_STACK_SIZE bytes. Slots are used
 * from the first; a stack given back keeps its slot and its memory, and is the first to be
 * handed out again. So a mapping never changes once it is made, no CPU ever has to be told to
 * forget one, and arch_stack_free() works anywhere, also with interrupts off. The price: the
 * memory of as many stacks as were ever in use at once. arch_stack_pool_pages() says how much
 * of that is idle now, for whoever counts pages.
 *
 * A free stack's lowest word links to the next. pool_lock guards that list, nr_slots and
 * the making of a slot; it is a leaf but for what alloc_pages() takes, and that is called
 * without it. Which trap a stack serves stands in the CPUs' task states (cpu_tables.c).
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/kmemleak.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <kernel/cpu.h>
#include <quarry/port.h>

#include "arch.h"
#include "pgtable.h"

#define STACK_PAGES (STACK_SIZE / PAGE_BYTES)
#define MAX_SLOTS   (STACKS_WINDOW_SIZE / STACK_STRIDE)

_Static_assert(THREAD_STACK_SIZE == STACK_SIZE, "layout.h and kernel/cpu.h must agree");

extern char stacks[];

struct idle_stack {
	struct idle_stack *next;
};

static DEFINE_SPINLOCK(pool_lock);
static struct idle_stack *idle_stacks;
static unsigned long nr_idle, nr_slots;

static const char *const stack_names[NR_STACKS] = {
	[STACK_BOOT] = "boot", [STACK_NMI] = "NMI", [STACK_DOUBLE] = "double-fault",
	[STACK_MACHINE] = "machine-check",
};

unsigned long stack_guard(unsigned int i)
{
	return (unsigned long)stacks + (unsigned long)i * STACK_STRIDE;
}

unsigned long stack_top(unsigned int i)
{
	return stack_guard(i) + STACK_STRIDE;
}

static unsigned long slot_guard(unsigned long slot)
{
	return STACKS_BASE + slot * STACK_STRIDE;
}

/* ---- Whose stack is it? ---- */

/* Of the stack that ends at `top`, as far as this CPU knows it. */
static const char *name_of(unsigned long top)
{
	unsigned int i;

	for (i = 1; i < NR_STACKS; i++)
		if (cpu_stack_top(smp_processor_id(), i) == top)
			return stack_names[i];
	return top == stack_top(STACK_BOOT) ? stack_names[STACK_BOOT] : "thread";
}

/* The guard page of the stack, or at the guard page, that address lies in; 0 for none. */
static unsigned long find_guard(unsigned long address)
{
	unsigned long base = STACKS_BASE, nr = READ_ONCE(nr_slots);

	if (address - (unsigned long)stacks < NR_STACKS * STACK_STRIDE) {
		base = (unsigned long)stacks;
		nr = NR_STACKS;
	}
	if (address - base >= nr * STACK_STRIDE)
		return 0;
	return base + (address - base) / STACK_STRIDE * STACK_STRIDE;
}

const char *stack_find(unsigned long address, unsigned long *low, unsigned long *high)
{
	unsigned long guard = find_guard(address);

	if (!guard || address < guard + PAGE_BYTES)
		return NULL;
	*low = guard + PAGE_BYTES;
	*high = guard + STACK_STRIDE;
	return name_of(*high);
}

unsigned long arch_stack_end(unsigned long address)
{
	unsigned long low, high;

	return stack_find(address, &low, &high) ? high : 0;
}

void arch_each_data(void (*fn)(const void *start, const void *end, void *arg), void *arg)
{
	fn(rodata_end, stacks, arg);
	fn(stacks + NR_STACKS * STACK_STRIDE + PAGE_BYTES, image_end, arg);
}

const char *stack_overflowed(unsigned long address)
{
	unsigned long guard = find_guard(address);

	return guard && address < guard + PAGE_BYTES ? name_of(guard + STACK_STRIDE) : NULL;
}

/* ---- The window ---- */

static void *pool_take(void)
{
	struct idle_stack *stack;
	unsigned long flags;

	spin_lock_irqsave(&pool_lock, flags);
	stack = idle_stacks;
	if (stack) {
		idle_stacks = stack->next;
		nr_idle--;
	}
	spin_unlock_irqrestore(&pool_lock, flags);
	return stack;
}

/* The tables of a slot that may become the next one. Two may do it at once. */
static bool tables_prepare(unsigned long slot)
{
	unsigned long first = slot_guard(slot) + PAGE_BYTES, last = slot_guard(slot + 1) - 1;

	return slot < MAX_SLOTS && pgtable_walk(kernel_root, first, SHIFT_4K, true) &&
	       pgtable_walk(kernel_root, last, SHIFT_4K, true);
}

/* Maps memory into the next slot, if that is still `slot`. */
static void *slot_make(unsigned long slot, phys_addr_t pa)
{
	unsigned long flags, low = slot_guard(slot) + PAGE_BYTES;
	bool mine;

	spin_lock_irqsave(&pool_lock, flags);
	mine = slot == nr_slots && !port_map(low, pa, STACK_SIZE, PORT_RW);
	if (mine)
		WRITE_ONCE(nr_slots, slot + 1);
	spin_unlock_irqrestore(&pool_lock, flags);
	return mine ? (void *)low : NULL;
}

void *arch_stack_alloc(void)
{
	void *stack = pool_take();
	struct page *pages;
	unsigned long slot;

	if (stack) {
		kasan_stack_map(stack);
		return stack;
	}
	pages = alloc_pages(GFP_KERNEL, ilog2(STACK_PAGES));
	if (!pages)
		return NULL;
	do {
		slot = READ_ONCE(nr_slots);
		if (!tables_prepare(slot)) {
			__free_pages(pages, ilog2(STACK_PAGES));
			return NULL;
		}
		stack = slot_make(slot, page_to_phys(pages));
	} while (!stack);
	kmemleak_not_leak(phys_to_virt(page_to_phys(pages)));
	kmemleak_no_scan(phys_to_virt(page_to_phys(pages)));	/* see roots.c */
	if (!kasan_stack_map(stack))
		return stack;
	arch_stack_free(stack);
	return NULL;
}

void arch_stack_free(void *stack)
{
	struct idle_stack *idle = stack;
	unsigned long flags;

	if (!stack)
		return;
	spin_lock_irqsave(&pool_lock, flags);
	idle->next = idle_stacks;
	idle_stacks = idle;
	nr_idle++;
	spin_unlock_irqrestore(&pool_lock, flags);
}

unsigned long arch_stack_pool_pages(void)
{
	return READ_ONCE(nr_idle) * STACK_PAGES + port_table_pages();
}
