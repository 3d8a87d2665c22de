/* SPDX-License-Identifier: MIT */
/*
 * Fatal signals, the time limit and the probes of the hosted port.
 *
 * A probe is one instruction with a known address. When a fault happens at that address the
 * handler lets the program go on at the landing place beside it, which returns "faulted";
 * a fault anywhere else is fatal. Fatal ones run on an alternative stack, so that a stack
 * overflow is reported like the rest.
 *
 * The sanitizers' own handlers are off. When a sanitizer has reported an error it aborts,
 * which is a fatal signal like the others, so that the TAP stream ends as it should.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "host.h"

#define FAULT_STACK 0x40000UL	/* reports format text under ASan, which needs room */

/*
 * host_probe_load(va): the byte, or -1. host_probe_store(va, value): 0, or -1.
 * Written in assembly because the handler must know the address of the very access.
 */
int host_probe_load(const void *va);
int host_probe_store(void *va, unsigned char value);
extern const char host_probe_load_access[], host_probe_store_access[], host_probe_landing[];
__asm__(".text\n"
	".type host_probe_load, @function\n"
	"host_probe_load:\n"
	"host_probe_load_access: movzbl (%rdi), %eax\n"
	"	ret\n"
	".size host_probe_load, . - host_probe_load\n"
	".type host_probe_store, @function\n"
	"host_probe_store:\n"
	"host_probe_store_access: movb %sil, (%rdi)\n"
	"	xorl %eax, %eax\n"
	"	ret\n"
	"host_probe_landing: movl $-1, %eax\n"
	"	ret\n"
	".size host_probe_store, . - host_probe_store\n");

const char *const host_reg_names[HOST_NR_REGS] = {
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12",
	"r13", "r14", "r15", "flags",
};

static const unsigned char reg_index[HOST_NR_REGS] = {
	REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8, REG_R9,
	REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_EFL,
};

static void (*fault_fn)(const struct host_fault *);
static unsigned long stack_start, stack_end, fault_stack;

int host_probe_read(const void *va, unsigned char *value)
{
	int byte = host_probe_load(va);

	if (byte < 0)
		return 0;
	*value = (unsigned char)byte;
	return 1;
}

int host_probe_write(void *va, unsigned char value)
{
	return host_probe_store(va, value) == 0;
}

static int skip_probe(ucontext_t *context)
{
	greg_t *pc = &context->uc_mcontext.gregs[REG_RIP];

	if (*pc != (greg_t)host_probe_load_access && *pc != (greg_t)host_probe_store_access)
		return 0;
	*pc = (greg_t)host_probe_landing;
	return 1;
}

static const char *signal_text(int signal, int code)
{
	switch (signal) {
	case SIGSEGV:
		return code == SI_KERNEL ? "general protection fault" : "page fault";
	case SIGBUS:
		return "access beyond the end of RAM";
	case SIGILL:
		return "invalid instruction";
	case SIGFPE:
		return "division error";
	case SIGTRAP:
		return "trap";
	case SIGALRM:
		return "time limit reached";
	default:
		return "aborted, for the reason above";
	}
}

static void on_signal(int signal, siginfo_t *info, void *arg)
{
	ucontext_t *context = arg;
	greg_t *regs = context->uc_mcontext.gregs;
	struct host_fault fault = {
		.what = signal_text(signal, info->si_code),
		.is_access = signal == SIGBUS || (signal == SIGSEGV && info->si_code != SI_KERNEL),
		.pc = (unsigned long)regs[REG_RIP],
	};
	int i;

	if ((signal == SIGSEGV || signal == SIGBUS) && skip_probe(context))
		return;
	if (fault.is_access) {
		fault.address = (unsigned long)info->si_addr;
		fault.is_write = !!(regs[REG_ERR] & 2);
	}
	for (i = 0; i < HOST_NR_REGS; i++)
		fault.regs[i] = (unsigned long)regs[reg_index[i]];
	fault_fn(&fault);
	host_exit(2);
}

static int find_stacks(void)
{
	pthread_attr_t attr;
	void *start;
	size_t size;

	if (pthread_getattr_np(pthread_self(), &attr))
		return -1;
	pthread_attr_getstack(&attr, &start, &size);
	pthread_attr_destroy(&attr);
	stack_start = (unsigned long)start;
	stack_end = stack_start + size;
	fault_stack = (unsigned long)host_alloc(FAULT_STACK);
	return fault_stack ? 0 : -1;
}

int host_catch_faults(void (*fn)(const struct host_fault *), unsigned int seconds)
{
	static const int signals[] = {
		SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGALRM,
	};
	struct sigaction action = {
		.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK,
	};
	stack_t stack = { .ss_size = FAULT_STACK };
	unsigned int i;

	if (find_stacks())
		return -1;
	stack.ss_sp = (void *)fault_stack;
	if (sigaltstack(&stack, NULL))
		return -1;
	fault_fn = fn;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], &action, NULL))
			return -1;
	alarm(seconds);
	return 0;
}

int host_on_stack(unsigned long addr, unsigned long size)
{
	if (addr >= stack_start && addr <= stack_end - size)
		return 1;
	if (addr >= fault_stack && addr <= fault_stack + FAULT_STACK - size)
		return 2;
	return 0;
}

/* Read by the sanitizers' run-time libraries, where they are linked. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__tsan_default_options(void);

#define COMMON_OPTIONS "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:" \
		       "handle_abort=0:abort_on_error=1:use_sigaltstack=0"

const char *__asan_default_options(void)
{
	return COMMON_OPTIONS ":detect_leaks=0:detect_stack_use_after_return=0";
}

const char *__ubsan_default_options(void)
{
	return COMMON_OPTIONS ":print_stacktrace=1";
}

const char *__tsan_default_options(void)
{
	return COMMON_OPTIONS ":halt_on_error=1";
}
