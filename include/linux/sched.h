/* SPDX-License-Identifier: MIT */
/*
 * Threads, and giving up the CPU. Preemption is voluntary: a thread runs until it sleeps,
 * yields or calls cond_resched(). See kernel/sched.c.
 */
#ifndef _LINUX_SCHED_H
#define _LINUX_SCHED_H

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/types.h>
#include <quarry/port.h>

#define TASK_RUNNING	     0x0
#define TASK_INTERRUPTIBLE   0x1
#define TASK_UNINTERRUPTIBLE 0x2
#define TASK_DEAD	     0x80
#define TASK_KILLABLE	     TASK_UNINTERRUPTIBLE	/* nothing kills a sleeper here */
#define TASK_IDLE	     TASK_UNINTERRUPTIBLE	/* and there is no load to count */
#define TASK_NORMAL	     (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)

#define TASK_COMM_LEN 16

#define PF_IDLE	    0x00000002	/* runs when its CPU has nothing else */
#define PF_EXITING  0x00000004	/* its function has returned */
#define PF_MEMALLOC 0x00000800	/* frees memory, may dip into the reserves meanwhile */
#define PF_KSWAPD   0x00020000	/* a kswapd */
#define PF_MEMALLOC_NOFS 0x00040000	/* all its allocations are GFP_NOFS; see linux/sched/mm.h */
#define PF_MEMALLOC_NOIO 0x00080000	/* ... are GFP_NOIO */
#define PF_KTHREAD  0x00200000	/* made by kthread_create() */
#define PF_MEMALLOC_NORECLAIM 0x00800000	/* ... reclaim nothing and wait for nobody */

struct task_struct {
	unsigned long sp;		/* arch: where arch_switch() left it */
	void *stack;			/* lowest address; NULL for the boot thread */
	void *arch[4];			/* arch: whatever else it must keep */

	unsigned int __state;		/* TASK_*; written by itself, or under its queue's lock */
	bool on_rq;			/* running, queued, or between two queues */
	bool placed;			/* was woken before: it has a CPU it ran on last */
	unsigned int cpu;		/* whose queue's lock guards it */
	struct list_head run_node;	/* in that queue, while waiting for the CPU */
	unsigned int preempt_count;	/* of the CPU, when it was switched away */

	struct cpumask cpus_mask;	/* where it may run */
	unsigned int nr_cpus_allowed;

	unsigned int flags;		/* PF_*; written by itself only */
	atomic_t usage;
	int pid;
	char comm[TASK_COMM_LEN];
	struct held_locks held_locks;	/* that sleep; for kernel/lockcheck.c */
};

DECLARE_PER_CPU(struct task_struct *, current_task);
DECLARE_PER_CPU(bool, need_resched_var);

/* The thread that runs here; in an interrupt, the one that it interrupted. */
#define current this_cpu_read(current_task)

/*
 * About to sleep: the barrier stands between this and the test of what is waited for, and
 * pairs with the one in wake_up_process() between making that true and looking here.
 */
#define set_current_state(state) \
	__atomic_exchange_n(&current->__state, (state), __ATOMIC_SEQ_CST)
/* Without the barrier: when a lock orders it, or to go on running. */
#define __set_current_state(state) \
	__atomic_store_n(&current->__state, (state), __ATOMIC_RELAXED)
#define get_current_state() READ_ONCE(current->__state)
#define task_is_running(task) (READ_ONCE((task)->__state) == TASK_RUNNING)

/*
 * Lets another thread run. If current's state is not TASK_RUNNING, returns when somebody
 * has woken it. May sleep.
 */
void schedule(void);
/* After all others that wait for this CPU. May sleep. */
void yield(void);
#define need_resched() this_cpu_read(need_resched_var)
int __cond_resched(void);
/* In long loops: lets another thread run if one has waited; 1 if so. May sleep. */
#define cond_resched() ({ might_sleep(); unlikely(need_resched()) ? __cond_resched() : 0; })

/* In the body of a loop that waits for another CPU. */
#define cpu_relax() port_relax()

#define MAX_SCHEDULE_TIMEOUT ((long)(~0UL >> 1))

/*
 * Sleeps at most `timeout` jiffies, in the state that was set before; returns how many
 * were left when it was woken, 0 when time was up or less than one is left: so a loop that
 * sleeps on with what is left ends in time, give or take a jiffy, however often it is woken.
 * The other two set the state themselves.
 */
long schedule_timeout(long timeout);
long schedule_timeout_interruptible(long timeout);
long schedule_timeout_uninterruptible(long timeout);

/* Makes a sleeping thread run: 1; 0 if it was not asleep. Any context but NMIs. */
int wake_up_process(struct task_struct *task);
/* The same, only if its state is one of those in `states`. */
int wake_up_state(struct task_struct *task, unsigned int states);

/*
 * Where a thread may run: current (moves at once if it must), or one that was made and
 * never woken. -EINVAL when no CPU of the mask is online. May sleep.
 */
int set_cpus_allowed_ptr(struct task_struct *task, const struct cpumask *mask);

/* The CPU that it runs on, or ran on last. */
static inline unsigned int task_cpu(const struct task_struct *task)
{
	return READ_ONCE(task->cpu);
}

#define task_pid_nr(task) ((task)->pid)
#define is_idle_task(task) (((task)->flags & PF_IDLE) != 0)

/* Keeps the structure from going away when the thread ends. Any context. */
static inline void get_task_struct(struct task_struct *task)
{
	atomic_inc(&task->usage);
}
void put_task_struct(struct task_struct *task);

#endif
