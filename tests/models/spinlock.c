/* SPDX-License-Identifier: MIT */
/*
 * Three CPUs take a spin lock. Nobody is inside with another, all of them get in, and the lock
 * ends as it began but for its numbers.
 *
 * with: include/linux/spinlock.h: SPIN_PATIENCE	 64 -> SPIN_PATIENCE	 1
 * plant: include/linux/spinlock.h: SPIN_LOCKED | SPIN_URGENT)))) -> SPIN_URGENT))))
 * plant: kernel/spinlock.c: !(word & SPIN_LOCKED) && -> 1 &&
 * plant: kernel/spinlock.c: SPIN_OWNER_MASK | SPIN_URGENT) -> SPIN_OWNER_MASK)
 * plant: kernel/spinlock.c: (word + SPIN_OWNER_ONE) -> (word)
 */
#include <kernel/spinlock.c>
#include "model.h"

static DEFINE_SPINLOCK(lock);
static int inside, entered;

static void enter(void)
{
	spin_lock(&lock);
	MODEL_CHECK(!inside);
	inside = 1;
	entered++;
	inside = 0;
	spin_unlock(&lock);
}

static void all_were_in(void)
{
	MODEL_CHECK(entered == 3);
	MODEL_CHECK(!spin_is_locked(&lock) && !spin_is_contended(&lock));
	MODEL_CHECK(!(lock.raw.word & SPIN_URGENT));
}

const struct model model = {
	.preemptions = 3, .threads = { enter, enter, enter }, .end = all_were_in,
};
