/* SPDX-License-Identifier: MIT */
/*
 * Where one thread of control becomes another: switching between the stacks of kernel
 * threads, and the entry of an interrupt. This file is not instrumented by ThreadSanitizer
 * (hosted.mk): its run-time library may be in the middle of something when a signal comes,
 * and it has two notions of "this thread" around a switch.
 *
 * A thread that is not running has its registers on its stack, task->sp points at them:
 *
 *	sp ->	r15 r14 r13 r12 rbx rbp  return address
 *
 * Both sanitizers are told of each switch. Both keep their notes per stack, so these are
 * found by the number of the stack (stack.c). ThreadSanitizer takes a switch for an order
 * between what the two threads do, as it is: they run on one CPU, one after the other.
 */
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <quarry/port.h>
#include <kernel/cpu.h>

#include "host.h"
#include "hosted.h"
#include "sanitizer.h"

#define NR_SAVED 6

void hosted_switch_stack(unsigned long *save, unsigned long sp);
void hosted_thread_start(void);
void hosted_thread_first(void (*entry)(void)) __noreturn;

__asm__(".text\n"
	".type hosted_switch_stack, @function\n"
	"hosted_switch_stack:\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".size hosted_switch_stack, . - hosted_switch_stack\n"
	/* The first switch to a thread returns to here, with its entry in rbx. */
	".type hosted_thread_start, @function\n"
	"hosted_thread_start:\n"
	"	movq %rbx, %rdi\n"
	"	call hosted_thread_first\n"
	"	ud2\n"
	".size hosted_thread_start, . - hosted_thread_start\n");

static void *tsan_fibers[HOSTED_MAX_STACKS];	/* by the number of the stack */

/* The boot thread has no stack of its own. */
static unsigned int stack_number(const struct task_struct *task)
{
	return task->stack ? (unsigned int)hosted_stack_of((unsigned long)task->stack, false) : 0;
}

static void tell_start(const struct task_struct *next, void **fake_stack)
{
	unsigned int nr = stack_number(next);
	unsigned long start, size;

	hosted_stack_range(nr, &start, &size);
	__sanitizer_start_switch_fiber(fake_stack, (void *)start, size);
	__tsan_switch_to_fiber(tsan_fibers[nr], 0);
}

void hosted_thread_first(void (*entry)(void))
{
	__sanitizer_finish_switch_fiber(NULL, NULL, NULL);
	entry();
	panic("a thread's entry returned");
}

void arch_thread_init(struct task_struct *task, void (*entry)(void))
{
	unsigned long *sp = (unsigned long *)((unsigned long)task->stack + HOSTED_STACK_SIZE);
	unsigned int nr = stack_number(task);

	*--sp = 0;			/* the end of a backtrace */
	*--sp = 0;			/* and 16-byte alignment for the call */
	*--sp = (unsigned long)hosted_thread_start;
	*--sp = 0;			/* rbp */
	*--sp = (unsigned long)entry;	/* rbx */
	sp -= NR_SAVED - 2;
	task->sp = (unsigned long)sp;
	if (!tsan_fibers[nr])
		tsan_fibers[nr] = __tsan_create_fiber(0);
}

void arch_switch(struct task_struct *prev, struct task_struct *next)
{
	unsigned int nr = stack_number(prev);
	void *fake_stack = NULL;

	if (!nr)
		tsan_fibers[nr] = __tsan_get_current_fiber();
	tell_start(next, &fake_stack);
	hosted_switch_stack(&prev->sp, next->sp);
	__sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
}

void arch_thread_exit(struct task_struct *task)
{
	unsigned int nr = stack_number(task);

	if (tsan_fibers[nr])
		__tsan_destroy_fiber(tsan_fibers[nr]);
	tsan_fibers[nr] = NULL;
}

void hosted_enter_thread(struct task_struct *task)
{
	unsigned long left;

	tell_start(task, NULL);
	hosted_switch_stack(&left, task->sp);
	unreachable();
}

extern const char hosted_text_start[], hosted_text_end[];
extern const char __start_rseq_text[], __stop_rseq_text[];

static bool lies_between(unsigned long pc, const char *start, const char *end)
{
	return pc >= (unsigned long)start && pc < (unsigned long)end;
}

void hosted_irq_entry(unsigned long *pc, int timer)
{
	if (timer)
		__atomic_fetch_or(this_cpu_ptr(&hosted_pending), HOSTED_IRQ_TIMER,
				  __ATOMIC_SEQ_CST);
	if (port_irqs_disabled())
		return;			/* whoever switches them on looks at the word */
	if (!lies_between(*pc, hosted_text_start, hosted_text_end) &&
	    !lies_between(*pc, __start_rseq_text, __stop_rseq_text)) {
		host_cpu_retry(smp_processor_id());
		return;
	}
	hosted_interrupt();
	*pc = rseq_rewind(*pc);
}
