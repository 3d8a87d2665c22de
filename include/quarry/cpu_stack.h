/* SPDX-License-Identifier: MIT */
/*
 * A stack of pointers that belongs to one CPU: what is freed last is handed out first, while
 * its memory is still in that CPU's cache. The page allocator's and the slab caches' fast paths
 * are a pop and a push of these.
 *
 * Only the CPU that a stack belongs to touches it. Interrupts of that CPU may push and pop in
 * the middle of a push or pop: these are restartable sequences (quarry/rseq.h), so nothing is
 * switched off and no instruction is locked. A push writes its slot before it commits the new
 * count; until then the slot is above the top, where nobody looks, and an interrupt that pushes
 * may overwrite it: the push then begins anew and writes it again.
 *
 * Whoever moves several at once, looks below the top, or has a stack of another CPU emptied,
 * does so on the CPU it belongs to with interrupts off: a sequence interrupted by that starts
 * anew, too.
 *
 * Not for NMIs. A host without rseq_rewind() leaves PORT_RSEQ undefined in asm/port.h and gets
 * the same with interrupts off.
 *
 * Functions that call these are marked __rseq: the sequences lie in them.
 */
#ifndef _QUARRY_CPU_STACK_H
#define _QUARRY_CPU_STACK_H

#include <linux/kernel.h>
#include <linux/types.h>
#include <quarry/port.h>
#include <quarry/rseq.h>

struct cpu_stack {
	u32 nr, max;		/* pointers in it, and at most; max is constant while in use */
	void *slot[];		/* [0] is the coldest */
};

#ifdef PORT_RSEQ

/*
 * Takes the top; NULL when it is empty. (The carry of the subtraction says so: the moves behind
 * it leave it alone. An asm goto would be shorter by one jump, but GCC before 13 loses track of
 * an output that is only set on one of the ways out.)
 */
static __always_inline void *cpu_stack_pop(struct cpu_stack *stack)
{
	unsigned long nr;
	void *top;
	bool empty;

	__asm__ __volatile__(RSEQ_BEGIN
			     "mov (%[stack]), %k[nr]\n"
			     "sub $1, %k[nr]\n"
			     "jc 773f\n"
			     "mov %c[slot](%[stack],%[nr],8), %[top]\n"
			     "mov %k[nr], (%[stack])\n"
			     RSEQ_END
			     "773:\n"
			     : [nr] "=&r"(nr), [top] "=&r"(top), "=@ccc"(empty)
			     : [stack] "r"(stack), [slot] "i"(offsetof(struct cpu_stack, slot))
			     : "memory");
	if (unlikely(empty))
		return NULL;
	if (!top)
		__builtin_unreachable();
	return top;
}

/* Puts one on top, not NULL; false when the stack is full. */
static __always_inline bool cpu_stack_push(struct cpu_stack *stack, void *pointer)
{
	__asm__ __volatile__ goto(RSEQ_BEGIN
				  "mov (%[stack]), %%eax\n"
				  "cmp %c[max](%[stack]), %%eax\n"
				  "jae %l[full]\n"
				  "mov %[pointer], %c[slot](%[stack],%%rax,8)\n"
				  "inc %%eax\n"
				  "mov %%eax, (%[stack])\n"
				  RSEQ_END
				  :: [stack] "r"(stack), [pointer] "r"(pointer),
				     [max] "i"(offsetof(struct cpu_stack, max)),
				     [slot] "i"(offsetof(struct cpu_stack, slot))
				  : "rax", "cc", "memory" : full);
	return true;
full:
	return false;
}

/*
 * Puts `to` there if it holds `from`; false if not. For a word that only this CPU changes now,
 * in threads and interrupts: not one instruction is locked.
 */
static __always_inline bool cpu_word_change(u64 *word, u64 from, u64 to)
{
	__asm__ __volatile__ goto(RSEQ_BEGIN
				  "cmp %[from], (%[word])\n"
				  "jne %l[differs]\n"
				  "mov %[to], (%[word])\n"
				  RSEQ_END
				  :: [word] "r"(word), [from] "r"(from), [to] "r"(to)
				  : "cc", "memory" : differs);
	return true;
differs:
	return false;
}

#else

static __always_inline void *cpu_stack_pop(struct cpu_stack *stack)
{
	unsigned long flags = port_irq_save();
	void *top = stack->nr ? stack->slot[--stack->nr] : NULL;

	port_irq_restore(flags);
	return top;
}

static __always_inline bool cpu_stack_push(struct cpu_stack *stack, void *pointer)
{
	unsigned long flags = port_irq_save();
	bool fits = stack->nr < stack->max;

	if (fits)
		stack->slot[stack->nr++] = pointer;
	port_irq_restore(flags);
	return fits;
}

static __always_inline bool cpu_word_change(u64 *word, u64 from, u64 to)
{
	unsigned long flags = port_irq_save();
	bool same = READ_ONCE(*word) == from;

	if (same)
		WRITE_ONCE(*word, to);
	port_irq_restore(flags);
	return same;
}

#endif
#endif
