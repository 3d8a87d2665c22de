/* SPDX-License-Identifier: MIT */
/*
 * vm_unmap_aliases() against threads that carry a range from pool to pool: the pools are emptied
 * one after the other, again and again until nobody took any meanwhile; then the range is out of
 * them, wherever it was.
 *
 * plant: mm/vmap_hand.c: (1L << 32) + 1 -> 1L
 * plant: mm/vmap_hand.c: smp_mb(); return seen; -> smp_mb(); return takes();
 */
#include <mm/vmap_hand.c>
#include "model.h"

enum where { HERE, THERE, IN_HAND, OUT };

static int range = THERE;

/* Out of one pool, as an interrupt of its CPU would do it, and into another. */
static void carry(enum where from, enum where to)
{
	unsigned int mine = vmap_hand_take();

	if (cmpxchg(&range, from, IN_HAND) == from)
		WRITE_ONCE(range, to);
	vmap_hand_put(mine);
}

static void here(void)
{
	carry(THERE, HERE);
}

static void there(void)
{
	carry(HERE, THERE);
}

static void waiter(void)
{
	unsigned long before, seen = vmap_hand_wait();

	do {
		before = seen;
		cmpxchg(&range, HERE, OUT);
		cmpxchg(&range, THERE, OUT);
		seen = vmap_hand_wait();
	} while (seen != before);
	MODEL_CHECK(READ_ONCE(range) == OUT);
}

const struct model model = { .preemptions = 3, .delays = 1, .threads = { waiter, here, there } };
