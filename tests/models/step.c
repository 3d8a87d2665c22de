/* SPDX-License-Identifier: MIT */
/*
 * Explores a model of one CPU and its interrupts: stepped through instruction by instruction, it
 * is interrupted before each of those in the section rseq_text, at most model.interrupts times in
 * a run, and interrupts are interrupted, too. Elsewhere an interrupt is one that comes before or
 * after. As in the kernel, an interrupt returns to where rseq_rewind() says.
 *
 * The processor's trap flag steps; the trap is a signal, and the interrupt is a call in its
 * handler. Usage and output are those of explore.c.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <ucontext.h>
#include "choice.h"
#include "model.h"

#define TRAP_FLAG 0x100

extern const char __start_rseq_text[], __stop_rseq_text[];
unsigned long rseq_rewind(unsigned long pc);

static unsigned int interrupts;
static unsigned long paths;
static bool tracing;

void model_fail(const char *file, int line, const char *what)
{
	printf("FAILED on path %lu: %s:%d: %s\npath: ", paths, file, line, what);
	choices_print();
	fflush(stdout);
	_exit(1);
}

static void set_stepping(bool on)
{
	unsigned long flags = __builtin_ia32_readeflags_u64();

	__builtin_ia32_writeeflags_u64(on ? flags | TRAP_FLAG : flags & ~(unsigned long)TRAP_FLAG);
}

static void trap(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	unsigned long pc = (unsigned long)registers[REG_RIP];

	if (pc < (unsigned long)__start_rseq_text || pc >= (unsigned long)__stop_rseq_text)
		return;
	if (tracing)
		printf("%u: instruction, pc %#lx\n", interrupts, pc);
	if (interrupts == stepped.interrupts || !choose(2))
		return;
	interrupts++;
	if (tracing)
		printf("%u: interrupt\n", interrupts);
	set_stepping(true);
	stepped.interrupt();
	set_stepping(false);
	registers[REG_RIP] = (greg_t)rseq_rewind(pc);
}

static void run_path(void)
{
	interrupts = 0;
	choices_begin();
	stepped.begin();
	set_stepping(true);
	stepped.run();
	set_stepping(false);
	stepped.end();
	paths++;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = trap, .sa_flags = SA_SIGINFO | SA_NODEFER };

	choices_init();
	sigaction(SIGTRAP, &action, NULL);
	if (argc > 1) {
		setbuf(stdout, NULL);
		choices_read(argv[1]);
		tracing = true;
		run_path();
		printf("passed\n");
		return 0;
	}
	do
		run_path();
	while (choices_next());
	printf("%lu paths, at most %u choices in one\n", paths, choices_deepest());
	return 0;
}
