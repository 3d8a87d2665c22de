/* SPDX-License-Identifier: MIT */
/*
 * What a model is made of. A model is a few threads, each a CPU of its own, that run sources of
 * Quarry; explore.c tries every order of their accesses to memory, within bounds.
 *
 *	const struct model model = {
 *		.preemptions = 3, .delays = 1, .threads = { writer, reader }, .end = look,
 *	};
 *
 * Each execution begins with all variables as they were linked; `begin` runs first, on CPU 0,
 * then the threads together, then `end`. MODEL_CHECK() that is not true, a thread that waits for
 * ever, or one that spins for ever, ends it all: the path that led there is printed.
 */
#ifndef TESTS_MODELS_MODEL_H
#define TESTS_MODELS_MODEL_H

#define MODEL_THREADS 4

struct model {
	unsigned int preemptions;	/* how often a thread is made to stop for another */
	unsigned int delays;		/* how often what it stores stays in its store buffer */
	void (*begin)(void);
	void (*threads[MODEL_THREADS])(void);
	void (*end)(void);
};

extern const struct model model;

#define MODEL_CHECK(cond) \
	do { if (!(cond)) model_fail(__FILE__, __LINE__, #cond); } while (0)
void model_fail(const char *file, int line, const char *what) __attribute__((__noreturn__));

/* A model of one CPU and its interrupts, for step.c: its head comment says `stepped`. */
struct stepped {
	unsigned int interrupts;	/* at most so many */
	void (*begin)(void), (*run)(void), (*interrupt)(void), (*end)(void);
};

extern const struct stepped stepped;

/* In a loop that waits for another thread: the others go on first. */
void model_relax(void);
/* Sleeps until ready(arg), which only looks, and is not instrumented. */
void model_await(int (*ready)(void *arg), void *arg);
/*
 * An interrupt on that CPU, at any moment when interrupts are on there; *pending, if there is
 * one, counts down afterwards. A CPU whose thread sleeps or has ended takes it at once.
 */
void model_interrupt(unsigned int cpu, void (*fn)(void *arg), void *arg, int *pending);

/* stand_in.c, for explore.c: this CPU's variables; an interrupt begins and ends. */
void model_cpu_init(unsigned int cpu, unsigned long offset);
int model_irqs_off(void);
void model_irq_enter(void);
void model_irq_exit(void);

#endif
