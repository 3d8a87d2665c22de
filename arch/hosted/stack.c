/* SPDX-License-Identifier: MIT */
/*
 * Stacks for threads of the hosted port.
 *
 * One reservation holds them all, each above a guard page that is never made accessible.
 * Stack number n is the n-th slot, so that the number follows from any address on it; 0 is
 * the stack the process was started on, which lies elsewhere. Freed numbers are kept and
 * used again: what a thread needed of its stack stays in use by the process.
 *
 * `lock` guards the numbers; it nests inside everything. Costs: 256 KiB of address space for
 * each, and one system call when a slot is used for the first time.
 */
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <kernel/cpu.h>

#include "host.h"
#include "hosted.h"
#include "sanitizer.h"

#define GUARD	  4096UL
#define SLOT_SIZE (GUARD + HOSTED_STACK_SIZE)

static DEFINE_SPINLOCK(lock);
static unsigned long arena;			/* slot 0 is not used */
static unsigned int nr_used = 1;		/* slots that were ever used */
static u16 free_numbers[HOSTED_MAX_STACKS];
static unsigned int nr_free;

void hosted_stacks_init(void)
{
	arena = host_reserve(0, SLOT_SIZE * HOSTED_MAX_STACKS);
	if (!arena)
		panic("Linux does not give the address space for stacks");
}

void hosted_stack_range(unsigned int nr, unsigned long *start, unsigned long *size)
{
	if (!nr) {
		host_main_stack(start, size);
		return;
	}
	*start = arena + nr * SLOT_SIZE + GUARD;
	*size = HOSTED_STACK_SIZE;
}

int hosted_stack_of(unsigned long addr, bool guard)
{
	unsigned long start, size, offset = addr - arena;

	host_main_stack(&start, &size);
	if (addr - start < size)
		return 0;
	if (!arena || offset >= SLOT_SIZE * HOSTED_MAX_STACKS)
		return -1;
	return guard || offset % SLOT_SIZE >= GUARD ? (int)(offset / SLOT_SIZE) : -1;
}

/* The number of a stack that nobody has; 0 when there is none. */
static unsigned int take_number(bool *fresh)
{
	unsigned int nr = 0;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	*fresh = !nr_free;
	if (nr_free)
		nr = free_numbers[--nr_free];
	else if (nr_used < HOSTED_MAX_STACKS)
		nr = nr_used++;
	spin_unlock_irqrestore(&lock, flags);
	return nr;
}

void *arch_stack_alloc(void)
{
	unsigned long start, size;
	bool fresh;
	unsigned int nr = take_number(&fresh);

	if (!nr)
		return NULL;
	hosted_stack_range(nr, &start, &size);
	if (fresh && host_commit(start, size))
		return NULL;	/* the number is lost: the process has no memory left */
	sanitizer_stack_clean((void *)start, size);
	return (void *)start;
}

void arch_stack_free(void *stack)
{
	unsigned long flags;
	int nr = hosted_stack_of((unsigned long)stack, false);

	if (WARN_ON(nr <= 0))
		return;
	spin_lock_irqsave(&lock, flags);
	free_numbers[nr_free++] = (u16)nr;
	spin_unlock_irqrestore(&lock, flags);
}

unsigned long arch_stack_end(unsigned long address)
{
	int nr = hosted_stack_of(address, false);
	unsigned long start, size;

	if (nr < 0)
		return 0;
	hosted_stack_range((unsigned int)nr, &start, &size);
	return start + size;
}

/* As the linker of the process calls its ends; the section of CPU 0's may lie before. */
extern char __data_start[], _end[], __start_percpu[];

void arch_each_data(void (*fn)(const void *start, const void *end, void *arg), void *arg)
{
	const char *data = __data_start, *percpu = __start_percpu;

	fn(min(data, percpu), _end, arg);
}

/* They are not made of the page allocator's pages. */
unsigned long arch_stack_pool_pages(void)
{
	return 0;
}
