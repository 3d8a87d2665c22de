// SPDX-License-Identifier: MIT
/*
 * Closing the caches of all CPUs: while somebody waits for a free (page_wait.c), every free has
 * to reach its zone.
 *
 * A closed stack is empty and holds nothing: `max` is 0, so each push finds it full and each
 * refill leaves it alone, without a look at anything else on the fast paths. How many it held is
 * kept in the CPU's `closed` meanwhile.
 *
 * Each CPU closes its own, with interrupts off. A push that was interrupted by that begins anew
 * and finds no room; one that was done before was drained.
 *
 * Lock: close_mutex guards the count of those who want them closed. May sleep.
 */
#include <linux/mutex.h>
#include <linux/smp.h>
#include "pcp.h"

static DEFINE_MUTEX(close_mutex);
static unsigned int closers;

/* What each stack may hold when it is open; 0 while it is. */
struct closed {
	u32 by_kind[KINDS_OF_NODE][PCP_ORDERS], remote;
};

static DEFINE_PER_CPU(struct closed, closed);

static void close_stack(struct cpu_stack *stack, u32 *kept)
{
	if (!stack->max)
		return;		/* the one that holds nothing; or closed, by another name of it */
	*kept = stack->max;
	WRITE_ONCE(stack->max, 0);
}

static void open_stack(struct cpu_stack *stack, u32 *kept)
{
	if (*kept)
		WRITE_ONCE(stack->max, *kept);
	*kept = 0;
}

static void each_stack(void (*fn)(struct cpu_stack *stack, u32 *kept))
{
	struct pcp *mine = this_cpu_ptr(&pcp);
	struct closed *kept = this_cpu_ptr(&closed);

	for (unsigned int row = 0; row < KINDS_OF_NODE; row++)
		for (unsigned int order = 0; order < PCP_ORDERS; order++)
			fn(mine->by_kind[row][order], &kept->by_kind[row][order]);
	fn(mine->remote, &kept->remote);
}

static void close_here(void *unused)
{
	unsigned long flags;

	local_irq_save(flags);
	drain_local_pages(NULL);
	each_stack(close_stack);
	local_irq_restore(flags);
}

static void open_here(void *unused)
{
	unsigned long flags;

	local_irq_save(flags);
	each_stack(open_stack);
	local_irq_restore(flags);
}

void pcp_open_to_change(void)
{
	each_stack(open_stack);
}

/*
 * Whoever changes `closers` at the same moment calls us afterwards, and finds these stacks as any
 * others. If it has not yet, those that did not change may hold something.
 */
void pcp_close_changed(void)
{
	if (!READ_ONCE(closers))
		return;
	drain_local_pages(NULL);
	each_stack(close_stack);
}

void pcp_close(void)
{
	mutex_lock(&close_mutex);
	WRITE_ONCE(closers, closers + 1);
	if (closers == 1)
		on_each_cpu(close_here, NULL, true);
	mutex_unlock(&close_mutex);
}

void pcp_open(void)
{
	mutex_lock(&close_mutex);
	WRITE_ONCE(closers, closers - 1);
	if (!closers)
		on_each_cpu(open_here, NULL, true);
	mutex_unlock(&close_mutex);
}
