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
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "host.h"

#define FAULT_STACK 0x40000UL	/* reports format text under ASan, which needs room */
#ifdef QUARRY_TSAN
#define UNDER_TSAN  1
#else
#define UNDER_TSAN  0
#endif
#define INTERRUPTS  (HOST_SIGNAL_BIT(HOST_SIGNAL_KICK) | HOST_SIGNAL_BIT(HOST_SIGNAL_TIMER))
#define ERROR_FETCH 16	/* of a page fault's error code: an instruction was wanted */
#define REPORT_TIME 20		/* seconds that the report of a fault may take */

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
static int (*recover_fn)(const struct host_fault *);
static unsigned long main_stack, main_stack_size;
static unsigned long fault_stacks[HOST_MAX_CPUS];
static atomic_uint nr_fault_stacks;
static atomic_flag reporting = ATOMIC_FLAG_INIT;

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

/* A report may hang, on what the fault left locked: the time limit starts anew for it. */
static void bound_report(int signal)
{
	static const char words[] = "\nBail out! the report of a fault did not end\n";

	if (!atomic_flag_test_and_set(&reporting)) {
		alarm(REPORT_TIME);
	} else if (signal == SIGALRM) {
		host_write(words, sizeof(words) - 1);
		host_exit(2);
	}
}

/* ThreadSanitizer aborts with its locks held: nothing that it watches can run any more. */
static void end_after_tsan(void)
{
	static const char words[] = "\nBail out! ThreadSanitizer found what is reported above\n";

	host_write(words, sizeof(words) - 1);
	host_exit(2);
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
	if (UNDER_TSAN && signal == SIGABRT)
		end_after_tsan();
	if (fault.is_access) {
		fault.address = (unsigned long)info->si_addr;
		fault.is_write = !!(regs[REG_ERR] & 2);
		if (signal == SIGSEGV && !(regs[REG_ERR] & ERROR_FETCH) && recover_fn(&fault))
			return;
	}
	bound_report(signal);
	for (i = 0; i < HOST_NR_REGS; i++)
		fault.regs[i] = (unsigned long)regs[reg_index[i]];
	fault_fn(&fault);
	host_exit(2);
}

void host_main_stack(unsigned long *start, unsigned long *size)
{
	*start = main_stack;
	*size = main_stack_size;
}

static int find_main_stack(void)
{
	pthread_attr_t attr;
	void *start;
	size_t size;

	if (pthread_getattr_np(pthread_self(), &attr))
		return -1;
	pthread_attr_getstack(&attr, &start, &size);
	pthread_attr_destroy(&attr);
	main_stack = (unsigned long)start;
	main_stack_size = size;
	return 0;
}

int host_fault_stack_set(void)
{
	stack_t stack = { .ss_size = FAULT_STACK, .ss_sp = host_alloc(FAULT_STACK) };
	unsigned int nr = atomic_fetch_add(&nr_fault_stacks, 1);

	if (!stack.ss_sp || nr >= HOST_MAX_CPUS)
		return -1;
	fault_stacks[nr] = (unsigned long)stack.ss_sp;
	return sigaltstack(&stack, NULL);
}

unsigned int host_on_fault_stack(unsigned long addr)
{
	unsigned int i, nr = atomic_load(&nr_fault_stacks);

	for (i = 0; i < nr && i < HOST_MAX_CPUS; i++)
		if (fault_stacks[i] && addr - fault_stacks[i] < FAULT_STACK)
			return i + 1;
	return 0;
}

/* What the system takes; libc's sigaction() is not used, as sanitizers replace it. */
struct system_sigaction {
	void *handler;
	unsigned long flags;
	const void *restorer;
	unsigned long mask;
};

#define SYSTEM_SA_RESTORER 0x04000000UL

/* Debuggers know a signal's frame by these two instructions; a backtrace looks before them. */
extern const char host_signal_restorer[];
__asm__(".text\n"
	".type host_signal_return, @function\n"
	"host_signal_return:\n"
	"	nop\n"
	"host_signal_restorer:\n"
	"	movq $15, %rax\n"	/* rt_sigreturn */
	"	syscall\n"
	".size host_signal_return, . - host_signal_return\n");

int host_signal(int number, void *fn, int flags, unsigned long mask)
{
	struct system_sigaction action = {
		.handler = fn,
		.flags = (unsigned long)(unsigned int)flags | SA_SIGINFO | SYSTEM_SA_RESTORER,
		.restorer = host_signal_restorer,
		.mask = mask,
	};

	return (int)syscall(SYS_rt_sigaction, number, &action, NULL, sizeof(action.mask));
}

int host_catch_faults(void (*fn)(const struct host_fault *),
		      int (*recover)(const struct host_fault *), unsigned int seconds)
{
	static const int signals[] = {
		SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGALRM,
	};
	unsigned int i;

	if (find_main_stack())
		return -1;
	fault_fn = fn;
	recover_fn = recover;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (host_signal(signals[i], on_signal, SA_ONSTACK, INTERRUPTS))
			return -1;
	alarm(seconds);
	return 0;
}

void host_time_limit(unsigned int seconds)
{
	alarm(seconds);
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
