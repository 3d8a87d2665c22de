/* SPDX-License-Identifier: MIT */
/*
 * Work: a function to be called soon, or some jiffies later, by a thread. Any context but NMIs
 * may queue and cancel it; the function itself may sleep. See kernel/workqueue.c.
 *
 * A work item that is pending is not queued again; while its function runs it may be, by the
 * function too, and then runs once more afterwards: never twice at the same time. When the
 * function is called the item is no longer looked at, so the function may free it.
 */
#ifndef _LINUX_WORKQUEUE_H
#define _LINUX_WORKQUEUE_H

#include <linux/compiler.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/timer.h>
#include <linux/types.h>

struct work_struct;
struct workqueue_struct;
typedef void (*work_func_t)(struct work_struct *work);

/* All but func is kernel/workqueue.c's, under its lock. */
struct work_struct {
	unsigned int state;		/* WORK_* */
	unsigned int disabled;		/* who keeps it from being queued */
	int cpu;			/* where it shall run; WORK_CPU_UNBOUND: anywhere */
	u64 number;			/* of its last queueing: all of them are counted */
	struct workqueue_struct *wq;	/* where it was queued last, or will be */
	struct list_head entry;		/* in its queue */
	work_func_t func;
};

enum { WORK_IDLE, WORK_DELAYED, WORK_AWAITS_RCU, WORK_QUEUED };
enum { WORK_CPU_UNBOUND = -1 };
enum { WORK_BUSY_PENDING = 1, WORK_BUSY_RUNNING = 2 };

struct delayed_work {
	struct work_struct work;
	struct timer_list timer;
};

struct rcu_work {
	struct work_struct work;
	struct rcu_head rcu;
};

void delayed_work_timer_fn(struct timer_list *timer);

#define __WORK_INITIALIZER(name, fn) { \
	.cpu = WORK_CPU_UNBOUND, .entry = LIST_HEAD_INIT((name).entry), .func = (fn) }
#define __DELAYED_WORK_INITIALIZER(name, fn) { \
	.work = __WORK_INITIALIZER((name).work, fn), \
	.timer = __TIMER_LIST(delayed_work_timer_fn, 0, 0, 0) }
#define DECLARE_WORK(name, fn)	       struct work_struct name = __WORK_INITIALIZER(name, fn)
#define DECLARE_DELAYED_WORK(name, fn) \
	struct delayed_work name = __DELAYED_WORK_INITIALIZER(name, fn)
#define DECLARE_DEFERRABLE_WORK(name, fn) DECLARE_DELAYED_WORK(name, fn)

static inline void INIT_WORK(struct work_struct *work, work_func_t func)
{
	*work = (struct work_struct){ .cpu = WORK_CPU_UNBOUND, .func = func };
	INIT_LIST_HEAD(&work->entry);
}

static inline void INIT_DELAYED_WORK(struct delayed_work *dwork, work_func_t func)
{
	INIT_WORK(&dwork->work, func);
	timer_setup(&dwork->timer, delayed_work_timer_fn, 0);
}

static inline void INIT_RCU_WORK(struct rcu_work *rwork, work_func_t func)
{
	INIT_WORK(&rwork->work, func);
}

#define PREPARE_WORK(work, fn)		    ((work)->func = (fn))
#define INIT_WORK_ONSTACK(work, fn)	    INIT_WORK(work, fn)
#define INIT_DELAYED_WORK_ONSTACK(work, fn) INIT_DELAYED_WORK(work, fn)
#define INIT_DEFERRABLE_WORK(work, fn)	    INIT_DELAYED_WORK(work, fn)
#define destroy_work_on_stack(work)	    ((void)(work))
#define destroy_delayed_work_on_stack(work) ((void)(work))

static inline struct delayed_work *to_delayed_work(struct work_struct *work)
{
	return container_of(work, struct delayed_work, work);
}

static inline struct rcu_work *to_rcu_work(struct work_struct *work)
{
	return container_of(work, struct rcu_work, work);
}

#define work_pending(work)	    (READ_ONCE((work)->state) != WORK_IDLE)
#define delayed_work_pending(dwork) work_pending(&(dwork)->work)
/* WORK_BUSY_* bits; old news when it returns. */
unsigned int work_busy(struct work_struct *work);

/* 1. Queues */

#define WQ_UNBOUND	   0x02	/* all queues are: a thread takes the CPU that is free */
#define WQ_FREEZABLE	   0x04
#define WQ_MEM_RECLAIM	   0x08	/* goes on without memory, with two threads at least */
#define WQ_HIGHPRI	   0x10
#define WQ_CPU_INTENSIVE   0x20
#define WQ_SYSFS	   0x40
#define WQ_POWER_EFFICIENT 0x80
#define __WQ_ORDERED	   0x20000 /* one after the other */
#define WQ_MAX_ACTIVE	   512
#define WQ_DFL_ACTIVE	   256

/*
 * A queue of which at most max_active functions run at once (0: WQ_DFL_ACTIVE); its name by
 * printf's rules. NULL when there is no memory. May sleep, as does destroying it, which waits
 * for all that is queued.
 */
struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags, int max_active, ...)
	__printf(1, 4);
#define alloc_ordered_workqueue(fmt, flags, ...) \
	alloc_workqueue(fmt, (flags) | WQ_UNBOUND | __WQ_ORDERED, 1, ##__VA_ARGS__)
#define create_workqueue(name)		    alloc_workqueue("%s", WQ_MEM_RECLAIM, 1, name)
#define create_freezable_workqueue(name)    create_singlethread_workqueue(name)
#define create_singlethread_workqueue(name) alloc_ordered_workqueue("%s", WQ_MEM_RECLAIM, name)
void destroy_workqueue(struct workqueue_struct *wq);

/* One queue by several names: none of them keeps a slow function from delaying another. */
extern struct workqueue_struct *system_wq;
#define system_percpu_wq	  system_wq
#define system_highpri_wq	  system_wq
#define system_long_wq		  system_wq
#define system_unbound_wq	  system_wq
#define system_dfl_wq		  system_wq
#define system_freezable_wq	  system_wq
#define system_power_efficient_wq system_wq

/* 2. Queueing: false if it was pending already, or is disabled. */

bool queue_work_on(int cpu, struct workqueue_struct *wq, struct work_struct *work);
bool queue_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *dwork,
			   unsigned long delay);
/* Whether it was pending or not, it runs `delay` jiffies from now; true if it was. */
bool mod_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *dwork,
			 unsigned long delay);
/* After a grace period. */
bool queue_rcu_work(struct workqueue_struct *wq, struct rcu_work *rwork);

#define queue_work(wq, work)	      queue_work_on(WORK_CPU_UNBOUND, wq, work)
#define queue_delayed_work(wq, dwork, delay) \
	queue_delayed_work_on(WORK_CPU_UNBOUND, wq, dwork, delay)
#define mod_delayed_work(wq, dwork, delay) \
	mod_delayed_work_on(WORK_CPU_UNBOUND, wq, dwork, delay)
#define schedule_work(work)	      queue_work(system_wq, work)
#define schedule_work_on(cpu, work)   queue_work_on(cpu, system_wq, work)
#define schedule_delayed_work(dwork, delay) queue_delayed_work(system_wq, dwork, delay)
#define schedule_delayed_work_on(cpu, dwork, delay) \
	queue_delayed_work_on(cpu, system_wq, dwork, delay)
/* Calls it on every online CPU and waits for them. 0. May sleep. */
int schedule_on_each_cpu(work_func_t func);

/*
 * 3. Waiting and cancelling. flush: until what was queued by now has run; true if there was
 * something to wait for. cancel: not pending any more; true if it was. _sync: and its function
 * does not run any more, nor has it queued itself. Those that wait may sleep, and are not for
 * the function itself. What awaits RCU is cancelled by the _sync forms alone.
 */

bool flush_work(struct work_struct *work);
bool flush_delayed_work(struct delayed_work *dwork);	/* does not wait for the time */
bool flush_rcu_work(struct rcu_work *rwork);
void flush_workqueue(struct workqueue_struct *wq);
void drain_workqueue(struct workqueue_struct *wq);	/* and what that queues meanwhile */
#define flush_scheduled_work() flush_workqueue(system_wq)
bool cancel_work(struct work_struct *work);
bool cancel_work_sync(struct work_struct *work);
bool cancel_delayed_work(struct delayed_work *dwork);
bool cancel_delayed_work_sync(struct delayed_work *dwork);
/* As cancel_work_sync(), and it cannot be queued before as many calls of enable_work(). */
bool disable_work_sync(struct work_struct *work);
bool enable_work(struct work_struct *work);
/* The work item whose function calls this, or NULL. */
struct work_struct *current_work(void);

#endif
