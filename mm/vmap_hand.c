// SPDX-License-Identifier: MIT
/*
 * Who has ranges in hand: taken out of a pool, or off the list of the thread `vfree`, and not
 * yet put anywhere. Nobody can see those, and the flush that they wait for may not be over. So
 * vm_unmap_aliases(), which promises both for all that was given up before, waits for whoever
 * has some.
 *
 * A thread says so before it takes any out, in one of two counts, and again when all are put
 * somewhere. Who waits has newcomers count in the other one until the first is zero: that ends
 * however many come and go. Then the same the other way round, because one who chose its count
 * before the change may have added to it after the look. (Such a one took nothing out before
 * the look, so missing it once is no loss; but it must not be missed by the next who waits.)
 *
 * One who takes and puts between two waits is seen by neither, and may have carried ranges from a
 * place that was not emptied yet to one that was. So the upper half of each count is of all who
 * ever took, and a wait returns both of those added up, as they were before it looked at anything:
 * who was not in there by then may be missed by this wait, but makes the next one return another
 * number. Whoever empties the places between two waits that return the same has met everything.
 * (They would also be the same after 2^32 takes in between.)
 *
 * Barriers: hand_take() adds with a full barrier, then takes out. Who waits has looked into that
 * place before, with a full barrier or an interrupt on its CPU: if something was gone by then,
 * the addition is seen here. hand_put() subtracts with one, too: what was put back is seen by
 * whoever looks after the wait.
 *
 * Locks: one waits at a time, under purge_mutex of vmap_pool.c. In threads; who has some in hand
 * allocates nothing, and so needs nobody who waits.
 * Costs: two locked instructions for each batch of ranges.
 */
#include <linux/atomic.h>
#include <linux/sched.h>
#include "vmap.h"

#define TAKE ((1L << 32) + 1)	/* one more who ever took; one more who has some */

static atomic_long_t in_hand[2];
static unsigned int newcomers;		/* which of them counts those */

unsigned int vmap_hand_take(void)
{
	unsigned int mine = READ_ONCE(newcomers);

	atomic_long_add_return(TAKE, &in_hand[mine]);
	return mine;
}

void vmap_hand_put(unsigned int mine)
{
	atomic_long_dec_return(&in_hand[mine]);
}

static unsigned long takes(void)
{
	return ((unsigned long)atomic_long_read(&in_hand[0]) >> 32) +
	       ((unsigned long)atomic_long_read(&in_hand[1]) >> 32);
}

static bool anybody(unsigned int which)
{
	return (u32)atomic_long_read(&in_hand[which]);
}

unsigned long vmap_hand_wait(void)
{
	unsigned long seen;

	smp_mb();
	seen = takes();
	for (unsigned int turn = 0; turn < 2; turn++) {
		unsigned int old = newcomers;

		WRITE_ONCE(newcomers, !old);
		smp_mb();
		while (anybody(old))
			schedule_timeout_uninterruptible(1);
	}
	smp_mb();
	return seen;
}
