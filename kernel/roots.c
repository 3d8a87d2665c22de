// SPDX-License-Identifier: MIT
/*
 * For who looks for leaks (mm/kmemleak.c): all other CPUs stand still, and where pointers lie that
 * no allocator gave out is told.
 *
 * Stopping. Each other CPU gets a call, in an interrupt: it notes how far down its stack is in use,
 * says that it has come, and waits with interrupts off. So no CPU stands within a lock that is
 * taken with interrupts off, and each one's registers are on its stack. Whoever stops them waits
 * with interrupts on, and can be called itself meanwhile. The watchdog is told, for a scan of much
 * memory takes long.
 *
 * Roots: the image's data, CPU 0's per-CPU data with it (other CPUs' copies are pages), and of
 * every stack the part that is in use: of a thread that does not run from where it was switched
 * away on, of one that runs from where its CPU stands, of this one from here on, its registers
 * spilled. The list of threads is kthread.c's, the boot thread comes on top.
 *
 * Locks: stop_mutex, held for all of it. Costs: nothing but when it is used.
 */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <kernel/cpu.h>
#include <kernel/sched.h>
#include <kernel/watchdog.h>
#include <quarry/port.h>

#define SPILLED 64	/* bytes below a frame where its registers were put */

struct stop {
	atomic_t arrived, left;
	bool go_on;
};

static DEFINE_MUTEX(stop_mutex);
static DEFINE_PER_CPU(unsigned long, stands_at);	/* an address on its stack; 0: it runs */

static noinline void stand_here(void *arg)
{
	struct stop *stop = arg;

	this_cpu_write(stands_at, (unsigned long)__builtin_frame_address(0));
	atomic_inc_return(&stop->arrived);	/* pairs with atomic_read_acquire() below */
	while (!smp_load_acquire(&stop->go_on))
		port_relax();
	this_cpu_write(stands_at, 0);
	atomic_inc_return(&stop->left);
}

int port_stop_others(int (*fn)(void *arg), void *arg)
{
	struct stop stop = { ATOMIC_INIT(0), ATOMIC_INIT(0), false };
	struct cpumask others = *cpu_online_mask;
	unsigned long flags;
	int result, nr;

	mutex_lock(&stop_mutex);
	cpumask_clear_cpu(get_cpu(), &others);
	nr = (int)cpumask_weight(&others);
	smp_call_function_many(&others, stand_here, &stop, false);
	while (atomic_read_acquire(&stop.arrived) < nr)
		port_relax();
	local_irq_save(flags);
	result = fn(arg);
	watchdog_touch_all();
	local_irq_restore(flags);
	smp_store_release(&stop.go_on, true);
	while (atomic_read_acquire(&stop.left) < nr)
		port_relax();
	put_cpu();
	mutex_unlock(&stop_mutex);
	return result;
}

struct visit {
	void (*fn)(const void *start, const void *end, void *arg);
	void *arg;
};

static void visit_stack(const struct visit *visit, unsigned long from)
{
	unsigned long end = arch_stack_end(from);

	if (end)
		visit->fn((void *)ALIGN_DOWN(from, sizeof(long)), (void *)end, visit->arg);
}

static bool runs(const struct task_struct *task)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (per_cpu(current_task, cpu) == task)
			return true;
	return false;
}

static void visit_thread(struct task_struct *task, void *arg)
{
	if (!runs(task))
		visit_stack(arg, task->sp);
}

void port_each_root(void (*fn)(const void *start, const void *end, void *arg), void *arg)
{
	struct visit visit = { fn, arg };
	unsigned int cpu;

	__builtin_unwind_init();	/* the callers' registers are on this stack, too */
	arch_each_data(fn, arg);
	visit_stack(&visit, (unsigned long)__builtin_frame_address(0) - SPILLED);
	for_each_online_cpu(cpu)
		if (per_cpu(stands_at, cpu))
			visit_stack(&visit, per_cpu(stands_at, cpu));
	thread_each(visit_thread, &visit);
	visit_thread(&boot_task, &visit);
}
