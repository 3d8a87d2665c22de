/* SPDX-License-Identifier: MIT */
/*
 * Threads, as far as the machine is concerned: a stack, and where on it to go on.
 *
 * A thread that does not run has on its stack, lowest first: %r15, %r14, %r13, %r12, %rbx,
 * %rbp, and the address where it goes on. All other registers are the compiler's to lose in a
 * call, and interrupts are off on both sides. A new thread's stack looks just so; above lies
 * a 0 for a return address, where backtraces end.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <kernel/cpu.h>
#include <quarry/rseq.h>

#define SAVED_REGISTERS 6

/* switch.S: leaves the stack pointer in *save, and goes on where `load` was left. */
void switch_stacks(unsigned long *save, unsigned long load);

void arch_thread_init(struct task_struct *task, void (*entry)(void))
{
	unsigned long *sp = (unsigned long *)((char *)task->stack + THREAD_STACK_SIZE);

	*--sp = 0;
	*--sp = (unsigned long)entry;
	sp -= SAVED_REGISTERS;
	memset(sp, 0, SAVED_REGISTERS * sizeof(*sp));
	task->sp = (unsigned long)sp;
}

void arch_switch(struct task_struct *prev, struct task_struct *next)
{
	switch_stacks(&prev->sp, next->sp);
}

/* Nothing is kept of a thread but its stack. */
void arch_thread_exit(struct task_struct *task)
{
}

/*
 * STI takes effect after the next instruction, so no interrupt comes before the HLT. But an
 * NMI may, and its return ends that delay: the interrupt which comes then may have brought a
 * thread to run, and to halt would be wrong. So who is interrupted before the HLT leaves it out.
 */
__rseq void arch_cpu_idle(void)
{
	__asm__ __volatile__("sti\n"
			     RSEQ_BEGIN
			     ".globl cpu_idle_halt\n"
			     "cpu_idle_halt: hlt\n"
			     RSEQ_END_OR_SKIP
			     ::: "memory");
}
