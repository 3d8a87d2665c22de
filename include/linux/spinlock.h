/* SPDX-License-Identifier: MIT */
/*
 * Ticket locks: first come, first served. A taker draws `next` and waits until `owner`
 * shows its number. Who holds one cannot sleep: it counts in preempt_count().
 *
 * Data guarded by a lock that an interrupt handler also takes is locked with the _irqsave
 * form everywhere (_irq where interrupts are known to be on). There are no soft interrupts,
 * so the _bh forms are the plain ones; raw_spinlock_t is the same lock by another name.
 */
#ifndef _LINUX_SPINLOCK_H
#define _LINUX_SPINLOCK_H

#include <linux/atomic.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/preempt.h>

/* The bare lock: what spinlock_t and rwlock_t are made of. Not for others. */
struct ticket_lock {
	union {
		u32 word;		/* both at once */
		struct { u16 next, owner; };
	};
};

static inline void __ticket_lock(struct ticket_lock *lock)
{
	u16 ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket)
		port_relax();
}

static inline bool __ticket_trylock(struct ticket_lock *lock)
{
	u32 old = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);
	u32 new = (old & 0xffff0000) | (u16)(old + 1);

	if ((u16)old != old >> 16 ||
	    !__atomic_compare_exchange_n(&lock->word, &old, new, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return false;
	/* __ticket_unlock() released this half, so this half is what acquires. */
	__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE);
	return true;
}

static inline void __ticket_unlock(struct ticket_lock *lock)
{
	u16 owner = __atomic_load_n(&lock->owner, __ATOMIC_RELAXED);

	/* Only the holder writes owner, so no locked addition is needed. */
	__atomic_store_n(&lock->owner, (u16)(owner + 1), __ATOMIC_RELEASE);
}

/* How many hold it or wait for it. */
static inline u16 __ticket_users(const struct ticket_lock *lock)
{
	u32 word = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);

	return (u16)(word - (word >> 16));
}

typedef struct {
	struct ticket_lock ticket;
	struct lockdep_map dep_map;	/* see linux/lockdep.h: empty unless locks are checked */
} spinlock_t;

#define __SPIN_LOCK_UNLOCKED(name) { { { 0 } }, LOCKDEP_MAP_INIT(name) }
#define DEFINE_SPINLOCK(name) spinlock_t name = __SPIN_LOCK_UNLOCKED(name)

/* A macro, so that each place that makes locks names a class of its own. */
#define spin_lock_init(lock) do { \
	static struct lock_class_key _key; \
	__spin_lock_init(lock, #lock, &_key); \
} while (0)

static inline void __spin_lock_init(spinlock_t *lock, const char *name, const void *key)
{
	lock->ticket.word = 0;
	lockdep_init_map(&lock->dep_map, name, key);
}

/* Always inline, so that the checker's return address tells who takes the lock. */
static __always_inline void spin_lock_nested(spinlock_t *lock, unsigned int subclass)
{
	if (!lock_acquire(&lock->dep_map, subclass, 0))
		return;
	preempt_count_add(LOCK_ONE);
	__ticket_lock(&lock->ticket);
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
	if (!__ticket_trylock(&lock->ticket)) {
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
	__ticket_unlock(&lock->ticket);
	preempt_count_sub(LOCK_ONE);
}

static inline bool spin_is_locked(const spinlock_t *lock)
{
	return __ticket_users(&lock->ticket) != 0;
}

/* Is somebody waiting for it? */
static inline bool spin_is_contended(const spinlock_t *lock)
{
	return __ticket_users(&lock->ticket) > 1;
}

#define assert_spin_locked(lock) BUG_ON(!spin_is_locked(lock))

#define spin_lock_irqsave(lock, flags) \
	do { local_irq_save(flags); spin_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags) \
	do { spin_unlock(lock); local_irq_restore(flags); } while (0)
#define spin_lock_irq(lock)   do { local_irq_disable(); spin_lock(lock); } while (0)
#define spin_unlock_irq(lock) do { spin_unlock(lock); local_irq_enable(); } while (0)
#define spin_lock_bh(lock)    spin_lock(lock)
#define spin_unlock_bh(lock)  spin_unlock(lock)
#define spin_trylock_bh(lock) spin_trylock(lock)
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
