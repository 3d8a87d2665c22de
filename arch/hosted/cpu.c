/* SPDX-License-Identifier: MIT */
/*
 * CPUs and time of the hosted port. A CPU is a thread of the process, started once and never
 * ended; `cpus=N` says how many there are. `deaf=N` makes one of them take so long to come up
 * that it is given up, which is what a broken CPU of a real machine looks like.
 *
 * A CPU that comes up and the one that waits for it agree through `state`: each changes it
 * away from ASKED, only one of them succeeds, and a CPU that comes too late sleeps for ever.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <quarry/port.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>

#include "host.h"
#include "hosted.h"

/*
 * The shortest time to a timer's interrupt. What it interrupts gets that long: under a
 * sanitizer, handling one may take longer than the time between two that were asked for.
 */
#define MIN_TIMER_NS   10000UL

#define DEFAULT_CPUS   4
#define START_TIMEOUT  5000000000UL	/* ns: the host may be busy with other things */
#define START_SOON     20000000UL
#define DEAF_TIMEOUT   10000000UL

enum { ASKED, GIVEN_UP, RUNNING };

static struct {
	atomic_t state;
	struct task_struct *idle;
	u64 asked_at;
} cpus[NR_CPUS];

_Static_assert(NR_CPUS <= HOST_MAX_CPUS, "host_cpu.c has fewer CPUs");

static u64 boot_time;

/* ---- Time ---- */

u64 arch_ktime_ns(void)
{
	return host_time_ns() - boot_time;
}

void arch_timer_set(u64 ns)
{
	host_timer_set(smp_processor_id(), ns ? max_t(u64, ns, MIN_TIMER_NS) : 0);
}

/* ---- CPUs ---- */

unsigned int arch_nr_cpus(void)
{
	u64 nr;

	if (!cmdline_number("cpus", &nr))
		nr = DEFAULT_CPUS;
	return (unsigned int)clamp_t(u64, nr, 1, NR_CPUS);
}

void *arch_percpu_pristine(size_t size)
{
	void *room = host_alloc(size);

	if (!room)
		panic("Linux does not give the memory for per-CPU data");
	return room;
}

void hosted_cpus_init(void)
{
	boot_time = host_time_ns();
	hosted_stacks_init();
	if (host_catch_interrupts(hosted_irq_entry) || host_cpu_adopt(0))
		panic("cannot make the boot thread CPU 0");
}

/* On the idle thread's stack. */
static void cpu_begin(void)
{
	cpu_main(smp_processor_id());
}

/* On the stack that libc gave the thread. */
static void cpu_enter(unsigned int cpu)
{
	if (atomic_cmpxchg(&cpus[cpu].state, ASKED, RUNNING) == ASKED)
		hosted_enter_thread(cpus[cpu].idle);
	host_sleep();
}

static bool is_deaf(unsigned int cpu)
{
	u64 deaf;

	return cmdline_number("deaf", &deaf) && deaf == cpu;
}

int arch_cpu_start(unsigned int cpu, struct task_struct *idle)
{
	cpus[cpu].idle = idle;
	cpus[cpu].asked_at = arch_ktime_ns();
	arch_thread_init(idle, cpu_begin);
	if (is_deaf(cpu))
		return -EINPROGRESS;
	if (host_cpu_start(cpu, per_cpu_offset[cpu], cpu_enter))
		return -ENOMEM;
	return arch_cpu_wait(cpu, START_SOON);
}

int arch_cpu_wait(unsigned int cpu, u64 ns)
{
	u64 patience = is_deaf(cpu) ? DEAF_TIMEOUT : START_TIMEOUT, start = arch_ktime_ns();

	while (atomic_read(&cpus[cpu].state) == ASKED && arch_ktime_ns() - start < ns)
		port_relax();
	if (atomic_read(&cpus[cpu].state) == ASKED &&
	    arch_ktime_ns() - cpus[cpu].asked_at < patience)
		return -EINPROGRESS;
	if (atomic_cmpxchg(&cpus[cpu].state, ASKED, GIVEN_UP) == RUNNING)
		return 0;
	if (is_deaf(cpu))
		host_cpu_start(cpu, per_cpu_offset[cpu], cpu_enter);
	return -ETIMEDOUT;
}

void arch_cpu_idle(void)
{
	const unsigned int *pending = this_cpu_ptr(&hosted_pending);

	while (!__atomic_load_n(pending, __ATOMIC_RELAXED))
		host_cpu_wait(pending);
	port_irq_restore(0);
}

/* ---- IPIs ---- */

void arch_send_ipi(unsigned int cpu, enum ipi kind)
{
	hosted_post(cpu, HOSTED_IRQ_IPI(kind));
}

void arch_send_self_ipi(enum ipi kind)
{
	hosted_post(smp_processor_id(), HOSTED_IRQ_IPI(kind));
}

void arch_stop_others(void)
{
	host_cpus_stop(smp_processor_id());
}
