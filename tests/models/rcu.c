/* SPDX-License-Identifier: MIT */
/*
 * What a writer takes out is freed only when no reader looks at it: two readers, one of which
 * reads twice, and the interrupts of a grace period at any moment.
 *
 * plant: kernel/rcu.c: if (in_hardirq() && !(preempt_count() & ~HARDIRQ_MASK)) -> if (1)
 * plant: kernel/rcu.c: if (cpumask_empty(&mask)) break; -> break;
 */
#include <kernel/spinlock.c>
#include <kernel/rcu.c>
#include "model.h"

static struct { int alive; } first = { 1 }, second = { 1 }, *shared = (void *)&first;

static void read_once(void)
{
	__typeof__(shared) p;

	rcu_read_lock();
	p = rcu_dereference(shared);
	MODEL_CHECK(READ_ONCE(p->alive));
	MODEL_CHECK(READ_ONCE(p->alive));
	rcu_read_unlock();
}

static void reader(void)
{
	read_once();
}

static void reader_of_two(void)
{
	read_once();
	read_once();
}

static void writer(void)
{
	rcu_assign_pointer(shared, (void *)&second);
	synchronize_rcu();
	WRITE_ONCE(first.alive, 0);
}

const struct model model = {
	.preemptions = 2, .delays = 1, .threads = { writer, reader, reader_of_two },
};
