/* SPDX-License-Identifier: MIT */
/* Something happens once (or n times), and threads wait for it. See kernel/completion.c. */
#ifndef _LINUX_COMPLETION_H
#define _LINUX_COMPLETION_H

#include <linux/wait.h>

struct completion {
	unsigned int done;	/* how many may pass; all of them when it is the largest number */
	struct wait_queue_head wait; /* its lock guards done */
};

#define COMPLETION_INITIALIZER(name) { 0, __WAIT_QUEUE_HEAD_INITIALIZER((name).wait) }
#define DECLARE_COMPLETION(name) struct completion name = COMPLETION_INITIALIZER(name)
#define DECLARE_COMPLETION_ONSTACK(name) DECLARE_COMPLETION(name)

/* A macro for the reason that init_waitqueue_head() is one. */
#define init_completion(x) do { \
	static struct lock_class_key _key; \
	__init_completion(x, #x, &_key); \
} while (0)

static inline void __init_completion(struct completion *x, const char *name, const void *key)
{
	x->done = 0;
	__init_waitqueue_head(&x->wait, name, key);
}

/* Nobody may be waiting. */
static inline void reinit_completion(struct completion *x)
{
	x->done = 0;
}

/* Lets one waiter pass, now or later; or all, from now on. Any context but NMIs. */
void complete(struct completion *x);
void complete_all(struct completion *x);

/*
 * May sleep. `timeout` is in jiffies; 0 when it was up, else what was left, at least 1.
 * When the call returns the structure may go away, unless complete() may come again.
 */
void wait_for_completion(struct completion *x);
unsigned long wait_for_completion_timeout(struct completion *x, unsigned long timeout);
int wait_for_completion_interruptible(struct completion *x);
long wait_for_completion_interruptible_timeout(struct completion *x, unsigned long timeout);
#define wait_for_completion_killable(x) wait_for_completion_interruptible(x)
#define wait_for_completion_killable_timeout(x, timeout) \
	wait_for_completion_interruptible_timeout(x, timeout)
#define wait_for_completion_io(x) wait_for_completion(x)
#define wait_for_completion_io_timeout(x, timeout) wait_for_completion_timeout(x, timeout)
/* Passes if that needs no waiting. Any context but NMIs. */
bool try_wait_for_completion(struct completion *x);
/* Would it? */
bool completion_done(struct completion *x);

#endif
