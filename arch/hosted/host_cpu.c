/* SPDX-License-Identifier: MIT */
/*
 * Threads that serve as CPUs, signals that serve as interrupts, and timers.
 *
 * Each CPU is one thread for good. Its GS base, which nothing else in a Linux process uses,
 * is the distance to its per-CPU copy. Three signals are sent to a CPU's thread: one says
 * "look at your pending word", one comes from the CPU's timer, one stops it for good. The
 * handlers run on whatever stack the CPU is on, and not on that of faults: what an interrupt
 * does is ordinary kernel code.
 *
 * The system is called directly where libc or a sanitizer would put something in between:
 * ThreadSanitizer holds signals back, and hands them to the thread's next fiber.
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "host.h"

#define THREAD_STACK	0x40000UL	/* left as soon as the CPU's first thread runs */
#define RETRY_NS	50000
#define STOP_TURNS	2000		/* of half a millisecond */
#define STOP_TURN_NS	500000

struct cpu {
	atomic_int tid;			/* 0: not started */
	int timer, retry;		/* the system's numbers */
	unsigned long gs_base;
	void (*entry)(unsigned int cpu);
};

static struct cpu cpus[HOST_MAX_CPUS];
static atomic_uint nr_stopped;
static void (*interrupt_fn)(unsigned long *pc, int timer);

static void on_interrupt(int number, siginfo_t *info, void *arg)
{
	ucontext_t *context = arg;

	interrupt_fn((unsigned long *)&context->uc_mcontext.gregs[REG_RIP],
		     number == HOST_SIGNAL_TIMER);
}

static void on_stop(int number, siginfo_t *info, void *arg)
{
	atomic_fetch_add(&nr_stopped, 1);
	host_sleep();
}

int host_catch_interrupts(void (*fn)(unsigned long *pc, int timer))
{
	unsigned long both = HOST_SIGNAL_BIT(HOST_SIGNAL_KICK) | HOST_SIGNAL_BIT(HOST_SIGNAL_TIMER);

	interrupt_fn = fn;
	if (host_signal(HOST_SIGNAL_KICK, on_interrupt, SA_RESTART, both) ||
	    host_signal(HOST_SIGNAL_TIMER, on_interrupt, SA_RESTART, both))
		return -1;
	return host_signal(HOST_SIGNAL_STOP, on_stop, 0, ~0UL);
}

static int create_timer(int tid, int number, int *timer)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = number };

	event._sigev_un._tid = tid;
	return (int)syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, timer);
}

/* The calling thread is CPU `cpu` from here on: interrupts can come. */
static int become_cpu(unsigned int cpu, unsigned long gs_base)
{
	int tid = (int)syscall(SYS_gettid);

	if (syscall(SYS_arch_prctl, ARCH_SET_GS, gs_base) || host_fault_stack_set())
		return -1;
	if (create_timer(tid, HOST_SIGNAL_TIMER, &cpus[cpu].timer) ||
	    create_timer(tid, HOST_SIGNAL_KICK, &cpus[cpu].retry))
		return -1;
	atomic_store(&cpus[cpu].tid, tid);
	return 0;
}

int host_cpu_adopt(unsigned int cpu)
{
	return become_cpu(cpu, 0);
}

static void *cpu_thread(void *arg)
{
	struct cpu *self = arg;
	unsigned int cpu = (unsigned int)(self - cpus);

	if (!become_cpu(cpu, self->gs_base))
		self->entry(cpu);
	return NULL;
}

int host_cpu_start(unsigned int cpu, unsigned long gs_base, void (*entry)(unsigned int cpu))
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	cpus[cpu].gs_base = gs_base;
	cpus[cpu].entry = entry;
	if (pthread_attr_init(&attr))
		return -1;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, THREAD_STACK);
	error = pthread_create(&thread, &attr, cpu_thread, &cpus[cpu]);
	pthread_attr_destroy(&attr);
	return error ? -1 : 0;
}

static void send(unsigned int cpu, int number)
{
	int tid = atomic_load(&cpus[cpu].tid);

	if (tid)
		syscall(SYS_tgkill, getpid(), tid, number);
}

void host_cpu_kick(unsigned int cpu)
{
	send(cpu, HOST_SIGNAL_KICK);
}

void host_cpus_stop(unsigned int self)
{
	const struct timespec turn = { .tv_nsec = STOP_TURN_NS };
	unsigned int cpu, turns, sent = 0;

	for (cpu = 0; cpu < HOST_MAX_CPUS; cpu++) {
		if (cpu == self || !atomic_load(&cpus[cpu].tid))
			continue;
		send(cpu, HOST_SIGNAL_STOP);
		sent++;
	}
	for (turns = 0; atomic_load(&nr_stopped) < sent && turns < STOP_TURNS; turns++)
		syscall(SYS_nanosleep, &turn, NULL);
}

void host_cpu_wait(const unsigned int *word)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

void host_sleep(void)
{
	for (;;)
		syscall(SYS_pause);
}

void host_yield(void)
{
	syscall(SYS_sched_yield);
}

static void arm(int timer, unsigned long ns)
{
	struct itimerspec when = {
		.it_value.tv_sec = (time_t)(ns / 1000000000),
		.it_value.tv_nsec = (long)(ns % 1000000000),
	};

	syscall(SYS_timer_settime, timer, 0, &when, NULL);
}

void host_timer_set(unsigned int cpu, unsigned long ns)
{
	arm(cpus[cpu].timer, ns);
}

void host_cpu_retry(unsigned int cpu)
{
	arm(cpus[cpu].retry, RETRY_NS);
}

unsigned long host_time_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long)now.tv_sec * 1000000000UL + (unsigned long)now.tv_nsec;
}
