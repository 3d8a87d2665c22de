/* SPDX-License-Identifier: MIT */
/*
 * vm_unmap_aliases() against a thread that has a range in hand: once the wait is over, what was
 * given up before is in a place where it can be found. One waits twice, two others take one each.
 *
 * plant: mm/vmap_hand.c: atomic_long_add_return(TAKE, &in_hand[mine]); ->
 *	WRITE_ONCE(in_hand[mine].counter, in_hand[mine].counter + TAKE);
 * plant: mm/vmap_hand.c: turn < 2 -> turn < 1
 * plant: mm/vmap_hand.c: while (anybody(old)) -> if (anybody(old))
 */
#include <mm/vmap_hand.c>
#include "model.h"

static int pool[2] = { 1, 1 }, parked[2];

/* Takes a range out of a pool, and puts it where it will be found again. */
static void move(unsigned int range)
{
	unsigned int mine = vmap_hand_take();

	WRITE_ONCE(pool[range], 0);
	WRITE_ONCE(parked[range], 1);
	vmap_hand_put(mine);
}

static void first(void)
{
	move(0);
}

static void second(void)
{
	move(1);
}

static void look(unsigned int range)
{
	if (!READ_ONCE(pool[range])) {
		vmap_hand_wait();
		MODEL_CHECK(READ_ONCE(parked[range]));
	}
}

static void waiter(void)
{
	look(0);
	look(1);
}

const struct model model = { .preemptions = 3, .delays = 1, .threads = { waiter, first, second } };
