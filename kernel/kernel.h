/* SPDX-License-Identifier: MIT */
/* What the files of kernel/ and the ports offer each other beside the Linux API. */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include <linux/compiler.h>
#include <linux/types.h>

/* 1. Supplied by each port (arch/<port>). */

/*
 * Ends the run with a verdict for whoever started it, and never returns. Prints nothing.
 * Any context, also the worst.
 */
void arch_exit(bool passed) __noreturn;

/*
 * Walks frame pointers from fp, a frame's base: stores up to max return addresses, the
 * innermost first, and returns how many. Bounded, and never faults on a broken chain.
 */
unsigned int arch_backtrace(unsigned long fp, unsigned long *pcs, unsigned int max);

/* 2. printk.c */

/* How far every printk() line stands in from the left (at most 6); returns how far before. */
unsigned int printk_set_indent(unsigned int spaces);

/*
 * For panic(): makes sure that the next printk() comes out, whoever holds the log. Waits a
 * bounded time for another CPU to finish its text.
 */
void printk_break_lock(void);

/* 3. panic.c */

/* dump_stack() from another frame: trap handlers pass the frame pointer they found. */
void dump_stack_from(unsigned long fp);

/* kcov.c, `make COVERAGE=1`: prints which code ran. */
#ifdef QUARRY_COVERAGE
void kcov_print(void);
#else
static inline void kcov_print(void) { }
#endif

/* How many WARNs so far, and reports that count as one. */
unsigned long warn_count(void);
/* For such a report: one more. Any context. */
void warn_counted(void);

/* 4. reports.c */

/* Has allocations fail on purpose, if `fault=` says so. */
void faults_begin(void);
/* How many call sites have, under fault=sites. */
void faults_end(void);
/* Prints the reports that `report=` names; `when` stands behind the name of each. */
#define AT_THE_END "at the end"
void reports_print(const char *when);

/* 5. workqueue.c */

/* Once there are threads: work that was queued before begins. */
void workqueue_init(void);
/*
 * All that is queued has run, and workers that are not needed any more are gone: for whoever
 * compares numbers of free pages. May sleep; where it must not, does nothing.
 */
void workqueue_trim(void);

/* 6. module.c, module_param.c */

/*
 * Runs what `make EXTRA=` has added, of which there are *planned; returns how many failed. In
 * the boot thread.
 */
unsigned int modules_run(unsigned int *planned);
/* Sets the variables of module_param() from the command line. */
void module_params_set(void);
/* linger= in milliseconds, or the default. */
unsigned int modules_linger(void);
/* Calls fn with the name of each, `module.name`, until it returns true; then true. */
bool module_param_each(bool (*fn)(const char *name, void *arg), void *arg);

/* stackprotector.c: the very first call, before any other CPU's data is copied from ours. */
void stack_protector_init(u64 random);

/* 7. selftest.c */

/* How many cases selftest_run() has chosen: 0 when the command line kept it from running. */
unsigned int selftest_planned(void);

/* Parts of the runner that have tests of their own. */

/* Does text match the pattern? `*` is any run of characters, `?` any one. */
bool selftest_glob(const char *pattern, const char *text);

#define SELFTEST_CHOICE_SIZE 512

/* Copies the glob that *choice begins with and moves behind its comma; false at the end. */
bool selftest_next_glob(const char **choice, char *glob, size_t size);

/*
 * Does a choice (globs separated by commas) take in suite.name? A glob that matches the
 * name of a suite chooses all of it.
 */
bool selftest_chosen(const char *choice, const char *suite, const char *name);

/* Would a run refuse the command line as it is now? Then `why` says so; else it is empty. */
bool selftest_refuses(char *why, size_t size);

/* What a case must leave as it found it; the two counters, as far as it announced. */
struct selftest_state {
	unsigned long free_pages, reports, warnings, percpu;
	unsigned long objects;		/* of slabs; 0 without fault=each */
	bool irqs_off;
};

/* Prints each difference, and the violations if there are any; returns how many of these. */
/* Free pages, and what is as good as free. Frees what is kept, so: in a thread. */
unsigned long count_free_pages(void);
struct selftest_state selftest_look(void);
struct selftest_state selftest_look_at_first(void);
/* Looks again while there are differences that may go away. */
struct selftest_state selftest_look_when_settled(const struct selftest_state *expected);
unsigned int selftest_compare(const struct selftest_state *expected,
			      const struct selftest_state *found, unsigned int violations);
/* Interrupts are again as expected: one case's fault is not that of all behind it. */
void selftest_mend(const struct selftest_state *expected, const struct selftest_state *found);

/* selftest_faults.c: the runs of one case under fault=each. */
struct faulty_runs {
	struct selftest_state before;
	unsigned int points, unclean;	/* runs in which something failed; that left something */
};

/* False when there are none left. In a thread, as the other. */
bool faulty_run_begin(struct faulty_runs *runs);
/* The failed checks of the run, and what it has announced. */
void faulty_run_end(struct faulty_runs *runs, int failures, unsigned long reports,
		    unsigned long warnings);
/* Have all of the case's allocations failed? Says what has not. */
bool faulty_runs_complete(void);
void faulty_runs_print(void);		/* of all cases; nothing without fault=each */

/* The generator: turns the state (not 0) into the next one, and returns a number from it. */
u64 selftest_random_step(u64 *state);

/* 8. jitter.c */

/* `jitter`: from here on the emulator's clock alone decides what happens next. */
void jitter_init(void);
/* Halts this CPU until an interrupt; called with interrupts off, returns with them on. */
void jitter_idle(void);
/* On every CPU interrupts at times that the seed decides, until jitter_end(). In a thread. */
void jitter_begin(u64 seed);
unsigned long jitter_count(void);	/* interrupts so far, about */
/* How many there were, and a number that is the same when they came at the same times. */
void jitter_end(u64 *digest, unsigned long *count);

#endif
