/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a spin lock. What a lock's word means, and why the waiting ends, is told at the
 * top of linux/spinlock.h.
 *
 * Interleavings that were considered, at the moment when the head finds the lock free:
 *	somebody who passes took it first	the exchange fails; that was one look more
 *	somebody draws a number			the exchange fails, the next one succeeds
 *	the holder let go, and nobody came	the exchange succeeds, and raises `owner`: the
 *						next waiter is the head from then on
 * and when it sets `urgent`: the holder may have let go since it looked. Nobody can take the
 * lock then but the head itself, at its next look. Only the head sets the bit, and only taking
 * the lock clears it, so no bit is left over for the one behind.
 */
#include <linux/spinlock.h>

/* The word once the head has taken the lock. */
static u32 taken_by_head(u32 word)
{
	u32 owner = (word + SPIN_OWNER_ONE) & SPIN_OWNER_MASK;

	return (word & ~(SPIN_OWNER_MASK | SPIN_URGENT)) | owner | SPIN_LOCKED;
}

static bool is_head(u32 word, u32 number)
{
	return (word & SPIN_OWNER_MASK) / SPIN_OWNER_ONE == number;
}

void arch_spin_lock_slow(arch_spinlock_t *lock)
{
	u32 number = __atomic_fetch_add(&lock->word, SPIN_NEXT_ONE, __ATOMIC_RELAXED) /
		     SPIN_NEXT_ONE;
	unsigned int looks = 0;

	for (;; port_relax()) {
		u32 word = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);

		if (!is_head(word, number))
			continue;
		if (!(word & SPIN_LOCKED) &&
		    __atomic_compare_exchange_n(&lock->word, &word, taken_by_head(word), false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return;
		if (++looks == SPIN_PATIENCE)
			__atomic_fetch_or(&lock->word, SPIN_URGENT, __ATOMIC_RELAXED);
	}
}
