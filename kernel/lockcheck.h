/* SPDX-License-Identifier: MIT */
/* What lockcheck.c, lockorder.c and the tests of both offer each other. */
#ifndef KERNEL_LOCKCHECK_H
#define KERNEL_LOCKCHECK_H

#include <linux/lockdep.h>
#include <linux/types.h>

#if QUARRY_DEBUG_LOCKS

/* The kinds of reports. Each also counts as a WARN. */
enum lockcheck_report {
	LOCKCHECK_MAGIC,	/* taken without ever having been initialised */
	LOCKCHECK_RECURSION,	/* taken by who has it */
	LOCKCHECK_WRONG_CPU,	/* let go by another CPU (if it sleeps: thread) than its holder */
	LOCKCHECK_UNLOCKED,	/* let go, but nobody has it (or only readers do, elsewhere) */
	LOCKCHECK_FREED,	/* its memory was freed, or overwritten, while it was held */
	LOCKCHECK_LEFT,		/* a thread ended with it */
	LOCKCHECK_ORDER,	/* taken in an order that can deadlock */
	LOCKCHECK_IRQ,		/* used in interrupts, and elsewhere with interrupts on */
	LOCKCHECK_IRQ_ORDER,	/* the same by way of other locks */
	LOCKCHECK_FULL,		/* a table is full: less is checked from now on */
	LOCKCHECK_NR_REPORTS,
};

unsigned long lockcheck_count(enum lockcheck_report kind);
/* How often this CPU took a lock, of any kind, so far. For tests. */
unsigned long lockcheck_taken(void);

/*
 * Around the lines of a report, interrupts off: one CPU reports at a time, and its own locks
 * go unchecked meanwhile. report_end() prints a backtrace and what is held.
 */
void lockcheck_report_begin(enum lockcheck_report kind);
void lockcheck_report_end(void);
/* "comm/pid" of whoever runs here. */
const char *lockcheck_who(char *buf, size_t size);
#define LOCKCHECK_WHO 32
/* Were both taken by the same thread, or the same interrupt? */
static inline bool lockcheck_same_context(const struct held_lock *a, const struct held_lock *b)
{
	return a->context == b->context;
}

/*
 * lockorder.c. A lock is about to be taken while the `held` ones are; `fp` is the frame of
 * the hook, where backtraces begin. Interrupts off.
 */
void lockorder_taking(const struct held_lock *taken, const struct held_locks *held,
		      unsigned long fp);
/* It is taken, or let go, with interrupts on (irqs_on) or in an interrupt. */
void lockorder_used(const struct held_lock *lock, bool irqs_on);
/* The class of a lock: 1 and up, 0 when the table is full. For tests. */
unsigned int lockorder_class(struct lockdep_map *map, unsigned int subclass);
const char *lockorder_name(unsigned int class);

#endif
#endif
