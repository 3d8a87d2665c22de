/* SPDX-License-Identifier: MIT */
/*
 * Spin locks: who finds one free takes it, and nobody waits for ever.
 *
 * A lock is one word:
 *
 *	| next: 11 bits | owner: 11 | - | urgent: 1 | locked: 8 |
 *
 * Whoever finds it neither locked nor urgent sets `locked`, past all that wait. Who finds it
 * taken draws the number `next` and waits until `owner` shows it: then he is the head, the
 * one waiter that tries, while the others look at their number only. Is it free, the head
 * takes it and raises `owner`, in one step. Has the head looked SPIN_PATIENCE times in vain,
 * he sets `urgent`: from now on nobody but the head can take the lock, and taking it clears
 * the bit.
 *
 * Why not strictly by numbers? A virtual CPU may not be running: its host has given the core
 * to another. Handing a lock to a waiter who stands still makes all others wait for a time
 * slice of the host, at each hand-over. So it goes to someone who certainly runs, because he
 * tries. Only the head's own steps make a lock urgent, so that is somebody who runs, too.
 *
 * Why the unfairness is bounded. A waiter is passed by those that enter while he is not the
 * head, and by those that enter before he, as the head, has looked SPIN_PATIENCE times: then
 * by nobody any more. Numbers are served in order, so with n before him he enters after at
 * most n + 1 such terms of patience, each ended by one release. A term is a count of looks of
 * a running CPU, some ten microseconds, not of the time its host gives to others.
 *
 * 256 CPUs fit: each waits in one place at most, and 2048 numbers tell them apart. `locked`
 * is a byte of its own, so that letting go is a plain store.
 *
 * Who holds a lock cannot sleep: it counts in preempt_count(). Data guarded by a lock that an
 * interrupt handler also takes is locked with the _irqsave form everywhere (_irq where
 * interrupts are known to be on). Where it is the function of a timer_list timer that takes it,
 * and no other interrupt, the _bh form is enough (linux/bottom_half.h). raw_spinlock_t is the
 * same lock by another name.
 */
#ifndef _LINUX_SPINLOCK_H
#define _LINUX_SPINLOCK_H

#include <linux/atomic.h>
#include <linux/bottom_half.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/preempt.h>

#define SPIN_LOCKED	 0x00000001u
#define SPIN_URGENT	 0x00000100u
#define SPIN_OWNER_ONE	 0x00000400u	/* `owner` counts in these ... */
#define SPIN_OWNER_MASK	 0x001ffc00u
#define SPIN_NEXT_ONE	 0x00200000u	/* ... and `next` in these: its overflow drops out */
#define SPIN_PATIENCE	 64

/* The bare lock: what spinlock_t and rwlock_t are made of. Not for others. */
typedef union arch_spinlock {
	u32 word;		/* everything at once */
	u8 locked;		/* its lowest byte */
} arch_spinlock_t;

/* For who found the lock taken: waits, and takes it. kernel/spinlock.c. */
void arch_spin_lock_slow(arch_spinlock_t *lock);

static inline bool arch_spin_trylock(arch_spinlock_t *lock)
{
	u32 word = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);

	while (likely(!(word & (SPIN_LOCKED | SPIN_URGENT))))
		if (likely(__atomic_compare_exchange_n(&lock->word, &word, word | SPIN_LOCKED,
						       false, __ATOMIC_ACQUIRE,
						       __ATOMIC_RELAXED)))
			return true;
	return false;
}

static inline void arch_spin_lock(arch_spinlock_t *lock)
{
	if (unlikely(!arch_spin_trylock(lock)))
		arch_spin_lock_slow(lock);
}

static inline void arch_spin_unlock(arch_spinlock_t *lock)
{
	/* Others change the rest of the word meanwhile, but only the holder this byte. */
	__atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
}

/* How many wait for it, the head included. */
static inline unsigned int arch_spin_waiters(const arch_spinlock_t *lock)
{
	u32 word = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);

	return (word / SPIN_NEXT_ONE - word / SPIN_OWNER_ONE) & (SPIN_OWNER_MASK / SPIN_OWNER_ONE);
}

static inline bool arch_spin_is_locked(const arch_spinlock_t *lock)
{
	return __atomic_load_n(&lock->locked, __ATOMIC_RELAXED) != 0;
}

typedef struct {
	arch_spinlock_t raw;
	struct lockdep_map dep_map;	/* see linux/lockdep.h: empty unless locks are checked */
} spinlock_t;

#define __SPIN_LOCK_UNLOCKED(name) { { 0 }, LOCKDEP_MAP_INIT(name) }
#define DEFINE_SPINLOCK(name) spinlock_t name = __SPIN_LOCK_UNLOCKED(name)

/* A macro, so that each place that makes locks names a class of its own. */
#define spin_lock_init(lock) do { \
	static struct lock_class_key _key; \
	__spin_lock_init(lock, #lock, &_key); \
} while (0)

static inline void __spin_lock_init(spinlock_t *lock, const char *name, const void *key)
{
	lock->raw.word = 0;
	lockdep_init_map(&lock->dep_map, name, key);
}

/* Always inline, so that the checker's return address tells who takes the lock. */
static __always_inline void spin_lock_nested(spinlock_t *lock, unsigned int subclass)
{
	if (!lock_acquire(&lock->dep_map, subclass, 0))
		return;
	preempt_count_add(LOCK_ONE);
	arch_spin_lock(&lock->raw);
	lock_acquired(&lock->dep_map);
}

static __always_inline void spin_lock(spinlock_t *lock)
{
	spin_lock_nested(lock, 0);
}

/* 1: taken; 0: somebody has it. Any context, also where waiting could not end. */
static __always_inline int spin_trylock(spinlock_t *lock)
{
	preempt_count_add(LOCK_ONE);
	if (!arch_spin_trylock(&lock->raw)) {
		preempt_count_sub(LOCK_ONE);
		return 0;
	}
	(void)lock_acquire(&lock->dep_map, LOCKDEP_TRY, 0);
	lock_acquired(&lock->dep_map);
	return 1;
}

static __always_inline void spin_unlock(spinlock_t *lock)
{
	if (!lock_release(&lock->dep_map, 0))
		return;
	arch_spin_unlock(&lock->raw);
	preempt_count_sub(LOCK_ONE);
}

static inline bool spin_is_locked(const spinlock_t *lock)
{
	return arch_spin_is_locked(&lock->raw);
}

/* Is somebody waiting for it? */
static inline bool spin_is_contended(const spinlock_t *lock)
{
	return arch_spin_waiters(&lock->raw) != 0;
}

#define assert_spin_locked(lock) BUG_ON(!spin_is_locked(lock))

#define spin_lock_irqsave(lock, flags) \
	do { local_irq_save(flags); spin_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags) \
	do { spin_unlock(lock); local_irq_restore(flags); } while (0)
#define spin_lock_irq(lock)   do { local_irq_disable(); spin_lock(lock); } while (0)
#define spin_unlock_irq(lock) do { spin_unlock(lock); local_irq_enable(); } while (0)
#define spin_lock_bh(lock)    do { local_bh_disable(); spin_lock(lock); } while (0)
#define spin_unlock_bh(lock)  do { spin_unlock(lock); local_bh_enable(); } while (0)
#define spin_trylock_bh(lock) ({ \
	local_bh_disable(); \
	spin_trylock(lock) ? 1 : ({ local_bh_enable(); 0; }); })
#define spin_trylock_irqsave(lock, flags) ({ \
	local_irq_save(flags); \
	spin_trylock(lock) ? 1 : ({ local_irq_restore(flags); 0; }); })
#define spin_trylock_irq(lock) ({ \
	local_irq_disable(); \
	spin_trylock(lock) ? 1 : ({ local_irq_enable(); 0; }); })
#define spin_lock_irqsave_nested(lock, flags, subclass) \
	do { local_irq_save(flags); spin_lock_nested(lock, subclass); } while (0)

typedef spinlock_t raw_spinlock_t;

#define __RAW_SPIN_LOCK_UNLOCKED(name)	__SPIN_LOCK_UNLOCKED(name)
#define DEFINE_RAW_SPINLOCK(name)	DEFINE_SPINLOCK(name)
#define raw_spin_lock_init(lock)	spin_lock_init(lock)
#define raw_spin_lock(lock)		spin_lock(lock)
#define raw_spin_unlock(lock)		spin_unlock(lock)
#define raw_spin_trylock(lock)		spin_trylock(lock)
#define raw_spin_lock_irq(lock)		spin_lock_irq(lock)
#define raw_spin_unlock_irq(lock)	spin_unlock_irq(lock)
#define raw_spin_is_locked(lock)	spin_is_locked(lock)
#define raw_spin_lock_irqsave(lock, flags)	spin_lock_irqsave(lock, flags)
#define raw_spin_unlock_irqrestore(lock, flags) spin_unlock_irqrestore(lock, flags)

#include <linux/rwlock.h>

#endif
