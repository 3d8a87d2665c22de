/* SPDX-License-Identifier: MIT */
/* What the files of kernel/ that make threads, time and CPUs offer each other. */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include <linux/sched.h>

/* 1. sched.c */

/* Before a CPU is started: its queue, and `idle` as what runs there. */
void sched_cpu_init(unsigned int cpu, struct task_struct *idle);
/* Where threads begin: interrupts off, as arch_switch() left them. */
void sched_first_switch(void);
/* The calling thread ends. */
void sched_exit(void) __noreturn;
/* What a CPU does when it has nothing to do. */
void sched_idle(void) __noreturn;
/* The tick, on this CPU. */
void sched_tick(void);
/*
 * The name (a buffer of TASK_COMM_LEN) and the number of the thread that a CPU runs; false if
 * it is just being changed. Any context but NMIs.
 */
bool sched_who_runs(unsigned int cpu, char *comm, int *pid);
/* Threads that wait for that CPU. */
unsigned int sched_nr_queued(unsigned int cpu);

/* The one that has no stack of its own. */
extern struct task_struct boot_task;

/* 2. kthread.c */

/* Calls fn for each other that has a stack. Interrupts off; no other CPU runs. */
void thread_each(void (*fn)(struct task_struct *task, void *arg), void *arg);

/* A thread that runs entry() once it is switched to; NULL when there is no memory. May sleep. */
struct task_struct *thread_make(void (*entry)(void), const char *fmt, ...) __printf(2, 3);
/* A thread has ended and was switched away from. Interrupts off. */
void thread_reap(struct task_struct *task);

/* 3. timer.c */

/* This CPU leaves its idle thread: it needs ticks again. Interrupts off. */
void tick_resume(void);
/* Does this CPU's idle thread run? For the tick; interrupts off. */
bool sched_is_idle(void);

/* 4. context.c */

/*
 * A function that was called with interrupts off and this preempt_count() has returned: it must
 * leave both as they were. Otherwise it is reported, and they are put right.
 */
void interrupt_check(unsigned int count, const void *function);
/* schedule() was called where it must not; in an interrupt the run ends here. */
void report_schedule_in_atomic(void);

/* 5. smp.c */

void smp_set_online(unsigned int cpu);

#endif
