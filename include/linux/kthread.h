/* SPDX-License-Identifier: MIT */
/* Threads of the kernel. See kernel/kthread.c. */
#ifndef _LINUX_KTHREAD_H
#define _LINUX_KTHREAD_H

#include <linux/err.h>
#include <linux/sched.h>

/*
 * Makes a thread that will run fn(data), on any CPU, once wake_up_process() was called.
 * ERR_PTR(-ENOMEM) on failure. May sleep.
 */
struct task_struct *kthread_create(int (*fn)(void *data), void *data, const char *fmt, ...)
	__printf(3, 4);
/* The same for one CPU; %u in fmt is its number. -EINVAL when it is not online. */
struct task_struct *kthread_create_on_cpu(int (*fn)(void *data), void *data, unsigned int cpu,
					  const char *fmt);
/* Ties a thread that was not woken yet to a CPU, which must be online. */
void kthread_bind(struct task_struct *task, unsigned int cpu);

#define kthread_run(fn, data, fmt, ...) ({ \
	struct task_struct *_k = kthread_create(fn, data, fmt, ##__VA_ARGS__); \
	if (!IS_ERR(_k)) \
		wake_up_process(_k); \
	_k; })
#define kthread_run_on_cpu(fn, data, cpu, fmt) ({ \
	struct task_struct *_k = kthread_create_on_cpu(fn, data, cpu, fmt); \
	if (!IS_ERR(_k)) \
		wake_up_process(_k); \
	_k; })

/*
 * Asks the thread to return, wakes it and waits until it has. Returns what fn returned, or
 * -EINTR if it never ran. A thread that may return by itself must be held with
 * get_task_struct() before it is woken. Once only, and not by itself. May sleep.
 */
int kthread_stop(struct task_struct *task);
/* Has somebody called kthread_stop() on this thread? */
bool kthread_should_stop(void);
/* As if fn had returned `result`. */
void kthread_exit(long result) __noreturn;
/* The `data` it was made with. */
void *kthread_data(struct task_struct *task);

#endif
