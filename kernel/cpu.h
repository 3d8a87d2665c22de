/* SPDX-License-Identifier: MIT */
/*
 * What kernel/ asks of the machine about CPUs, time, interrupts and stacks: the contract
 * between kernel/ and arch/. Both ports, bare x86_64 and hosted, implement all of it.
 *
 * Life of a CPU: arch finds it (MADT; hosted: option cpus=N), smp_start() asks for it with
 * arch_cpu_start(), it comes up on its own stack, sets its GS base, loads its tables and
 * calls cpu_main(cpu), which never returns: it becomes that CPU's idle thread.
 */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include <linux/percpu.h>
#include <linux/types.h>

struct task_struct;

/* ---- CPUs: arch provides ---- */

/* How many CPUs the machine has, this one included; 1 to NR_CPUS. They are numbered 0 to n-1. */
unsigned int arch_nr_cpus(void);
/*
 * Starts CPU `cpu` on its idle thread's stack; its per-CPU copy is made, per_cpu_offset[cpu]
 * is set. 0: it has come, and calls cpu_main(); -EINPROGRESS: not yet, arch_cpu_wait() goes on.
 */
int arch_cpu_start(unsigned int cpu, struct task_struct *idle);
/*
 * Waits up to `ns` for a CPU that was started: 0 and -EINPROGRESS as above, -ETIMEDOUT when it
 * has not answered for so long that it was given up: then it stays out, should it come up late.
 */
int arch_cpu_wait(unsigned int cpu, u64 ns);
/* With interrupts off and nothing to do: atomically lets interrupts in and waits for one. */
void arch_cpu_idle(void);
/* The node that CPU belongs to (SRAT; hosted: option nodecpus=); 0 when nobody says. */
int arch_cpu_to_node(unsigned int cpu);

/* Interrupts one CPU; it calls ipi_handler(kind) with interrupts off. Never waits for it. */
enum ipi { IPI_RESCHEDULE, IPI_CALL, IPI_STOP, NR_IPIS };
void arch_send_ipi(unsigned int cpu, enum ipi kind);
/* To this CPU, also from an NMI that interrupted the sending of another one. */
void arch_send_self_ipi(enum ipi kind);
/* All other CPUs stop for good: panic() and the end of the run. Any context. */
void arch_stop_others(void);

/* ---- Time: arch provides ---- */

/* Nanoseconds since the boot, monotonic on every CPU. Any context. */
u64 arch_ktime_ns(void);
/*
 * This CPU's timer interrupts once, `ns` from now (at least 1): timer_handler() is called
 * with interrupts off. A later call replaces an earlier one; 0 turns it off.
 */
void arch_timer_set(u64 ns);

/* ---- Threads: arch provides ---- */

#define THREAD_STACK_SIZE (16384 << QUARRY_KASAN)
/* A stack with an unmapped guard page below it: the lowest address, or NULL. May sleep. */
void *arch_stack_alloc(void);
/* Any context but NMIs. */
void arch_stack_free(void *stack);
/*
 * Pages of the page allocator that arch keeps of stacks given back, to hand them out again:
 * whoever compares numbers of free pages adds this one. Any context.
 */
unsigned long arch_stack_pool_pages(void);
/* One past the last byte of the stack that the address lies on; 0: on none. Any context. */
unsigned long arch_stack_end(unsigned long address);
/* Calls fn for the image's data, all of it that is written to but its stacks. Any context. */
void arch_each_data(void (*fn)(const void *start, const void *end, void *arg), void *arg);
/*
 * Prepares task->sp so that the first switch to it runs entry() on its stack, interrupts
 * off; entry() never returns.
 */
void arch_thread_init(struct task_struct *task, void (*entry)(void));
/*
 * Saves where this thread is, goes on where `next` was saved. Interrupts off. Returns when
 * somebody switches back; hosted tells the sanitizers.
 */
void arch_switch(struct task_struct *prev, struct task_struct *next);
/*
 * The task ended for good and was switched away from; its stack is freed next. Called by
 * whoever runs then, interrupts off: hosted frees what the sanitizers keep of it.
 */
void arch_thread_exit(struct task_struct *task);

/* ---- Interrupt lines: arch provides ---- */

/* Lets line `irq` (a GSI, 0 to arch_nr_irqs() - 1) through to CPU `cpu`, or not. */
unsigned int arch_nr_irqs(void);
int arch_irq_unmask(unsigned int irq, unsigned int cpu, unsigned long flags); /* IRQF_* */
void arch_irq_mask(unsigned int irq);

/* ---- Per-CPU data: arch provides ---- */

/* Room of so many bytes, for the section percpu as it was at start-up. Once, at once. */
void *arch_percpu_pristine(size_t size);
/*
 * How far CPU cpu's copy is from CPU 0's, a multiple of the page size, cpu at least 1. The
 * addresses there are for port_percpu_map(), and so are those of alloc_percpu() (quarry/port.h).
 */
unsigned long arch_percpu_distance(unsigned int cpu);

/* ---- kernel/ provides, arch calls, in this order ---- */

/* The very first call of a boot: the other CPUs' copies can be made from now on. */
void percpu_init(void);
/*
 * Makes a CPU's copy and sets per_cpu_offset[cpu]: 0, or -ENOMEM. smp_start() calls it before
 * arch_cpu_start(). May sleep.
 */
int percpu_make(unsigned int cpu);
/*
 * The caller becomes the thread "boot", tied to CPU 0, which gets an idle thread. Needs the
 * page allocator, stacks and the clock; interrupts off or on.
 */
void sched_init(void);
/*
 * Starts the other CPUs, as many as maxcpus= and nosmp allow, and says how many run and
 * which did not answer. In the boot thread, interrupts on.
 */
void smp_start(void);
/* How many CPUs the command line allows: maxcpus=, nosmp. */
unsigned int smp_max_cpus(void);

/* ---- kernel/ provides, arch calls ---- */

/* The rest of a new CPU's life; interrupts off, on its idle thread's stack. */
void cpu_main(unsigned int cpu) __attribute__((__noreturn__));
/*
 * Around each interrupt on this CPU, and in it. irq_enter() before, irq_exit() after; both
 * with interrupts off. The NMI pair alike.
 */
void irq_enter(void);
void irq_exit(void);
void nmi_enter(void);
void nmi_exit(void);
void ipi_handler(enum ipi kind);	/* between irq_enter() and irq_exit() */
void timer_handler(void);		/* the same */
void irq_handler(unsigned int irq);	/* the same */

/*
 * Restartable sequences: if `pc` lies inside one, where it begins anew; otherwise pc itself.
 * arch calls it with the interrupted pc before it returns from any interrupt, IPI or NMI.
 */
unsigned long rseq_rewind(unsigned long pc);

#endif
