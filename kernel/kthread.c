/* SPDX-License-Identifier: MIT */
/*
 * Kernel threads: making, stopping and ending them.
 *
 * A thread is a page with struct kthread, and a stack. Two may hold it: itself, until it has
 * ended and was switched away from, and whoever called get_task_struct() or kthread_stop().
 * The last one to let go frees the page; the stack goes as soon as nothing runs on it.
 *
 * Ending against stopping. kthread_stop() holds the thread, then sets should_stop, then wakes
 * it and waits for `exited`. The thread looks at should_stop after it has set its state, so
 * it sees the flag or is woken (1. in sched.c). `exited` is completed by thread_reap(), when
 * the thread is off its stack for good, and in the same critical section of `reap_lock` that
 * lets go of the thread's own hold: so kthread_stop() lets go after the thread has, everything
 * is freed when it returns, and `exited` is not touched once somebody else may have freed it.
 * If the thread ended before, on its own, `exited` has been completed already, for everybody.
 *
 * Locks: reap_lock, interrupts off, which also guards the list of all threads that have a stack;
 * `exited` and a queue's lock nest inside.
 */
#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <kernel/cpu.h>
#include <kernel/sched.h>

struct kthread {
	struct task_struct task;
	struct list_head all;		/* in `threads`, while it has a stack */
	int (*fn)(void *data);
	void *data;
	int result;
	bool should_stop;
	struct completion exited;
};

_Static_assert(sizeof(struct kthread) <= PAGE_SIZE, "a thread must fit into a page");

static DEFINE_SPINLOCK(reap_lock);
static LIST_HEAD(threads);			/* by reap_lock */
static atomic_t last_pid = ATOMIC_INIT(1);	/* the boot thread's */

static struct kthread *to_kthread(struct task_struct *task)
{
	return container_of(task, struct kthread, task);
}

/* 1. Making */

static struct kthread *make(void (*entry)(void), const char *fmt, __builtin_va_list args)
{
	struct kthread *k = (struct kthread *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, 0);
	struct task_struct *task;
	unsigned long flags;

	if (!k)
		return NULL;
	task = &k->task;
	task->stack = arch_stack_alloc();
	if (!task->stack) {
		free_page((unsigned long)k);
		return NULL;
	}
	vsnprintf(task->comm, sizeof(task->comm), fmt, args);
	task->__state = TASK_UNINTERRUPTIBLE;
	task->cpu = smp_processor_id();
	cpumask_setall(&task->cpus_mask);
	task->nr_cpus_allowed = NR_CPUS;
	task->pid = atomic_inc_return(&last_pid);
	atomic_set(&task->usage, 1);
	init_completion(&k->exited);
	arch_thread_init(task, entry);
	spin_lock_irqsave(&reap_lock, flags);
	list_add_tail(&k->all, &threads);
	spin_unlock_irqrestore(&reap_lock, flags);
	return k;
}

void thread_each(void (*fn)(struct task_struct *task, void *arg), void *arg)
{
	struct kthread *k;

	list_for_each_entry(k, &threads, all)
		fn(&k->task, arg);
}

struct task_struct *thread_make(void (*entry)(void), const char *fmt, ...)
{
	__builtin_va_list args;
	struct kthread *k;

	__builtin_va_start(args, fmt);
	k = make(entry, fmt, args);
	__builtin_va_end(args);
	return k ? &k->task : NULL;
}

static void kthread_entry(void)
{
	struct kthread *self = to_kthread(current);

	sched_first_switch();
	local_irq_enable();
	kthread_exit(READ_ONCE(self->should_stop) ? -EINTR : self->fn(self->data));
}

struct task_struct *kthread_create(int (*fn)(void *data), void *data, const char *fmt, ...)
{
	__builtin_va_list args;
	struct kthread *k;

	might_sleep();
	__builtin_va_start(args, fmt);
	k = make(kthread_entry, fmt, args);
	__builtin_va_end(args);
	if (!k)
		return ERR_PTR(-ENOMEM);
	k->fn = fn;
	k->data = data;
	k->task.flags = PF_KTHREAD;
	return &k->task;
}

void kthread_bind(struct task_struct *task, unsigned int cpu)
{
	struct cpumask mask = { { 0 } };

	if (WARN_ON(!cpu_online(cpu)))
		return;
	cpumask_set_cpu(cpu, &mask);
	WARN_ON(set_cpus_allowed_ptr(task, &mask));
}

struct task_struct *kthread_create_on_cpu(int (*fn)(void *data), void *data, unsigned int cpu,
					  const char *fmt)
{
	struct task_struct *task;
	char name[TASK_COMM_LEN];

	if (!cpu_online(cpu))
		return ERR_PTR(-EINVAL);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(name, sizeof(name), fmt, cpu);
#pragma GCC diagnostic pop
	task = kthread_create(fn, data, "%s", name);
	if (!IS_ERR(task))
		kthread_bind(task, cpu);
	return task;
}

void *kthread_data(struct task_struct *task)
{
	return to_kthread(task)->data;
}

/* 2. Ending */

bool kthread_should_stop(void)
{
	return current->flags & PF_KTHREAD && READ_ONCE(to_kthread(current)->should_stop);
}

void kthread_exit(long result)
{
	struct kthread *self = to_kthread(current);

	self->result = (int)result;
	self->task.flags |= PF_EXITING;
	sched_exit();
}

int kthread_stop(struct task_struct *task)
{
	struct kthread *k = to_kthread(task);
	int result;

	might_sleep();
	if (WARN_ON(task == current || !task->stack))	/* itself, or the boot thread */
		return -EINVAL;
	get_task_struct(task);
	WRITE_ONCE(k->should_stop, true);
	wake_up_process(task);
	wait_for_completion(&k->exited);
	result = k->result;
	put_task_struct(task);
	return result;
}

static void free_thread(struct task_struct *task)
{
	debug_check_no_locks_freed(to_kthread(task), PAGE_SIZE);
	free_page((unsigned long)to_kthread(task));
}

void put_task_struct(struct task_struct *task)
{
	unsigned long flags;
	bool last;

	spin_lock_irqsave(&reap_lock, flags);
	last = atomic_dec_and_test(&task->usage);
	spin_unlock_irqrestore(&reap_lock, flags);
	if (last)
		free_thread(task);
}

void thread_reap(struct task_struct *task)
{
	unsigned long flags;
	bool last;

	spin_lock_irqsave(&reap_lock, flags);
	list_del(&to_kthread(task)->all);
	spin_unlock_irqrestore(&reap_lock, flags);
	arch_thread_exit(task);
	arch_stack_free(task->stack);
	spin_lock_irqsave(&reap_lock, flags);
	last = atomic_dec_and_test(&task->usage);
	if (!last)
		complete_all(&to_kthread(task)->exited);
	spin_unlock_irqrestore(&reap_lock, flags);
	if (last)
		free_thread(task);
}
