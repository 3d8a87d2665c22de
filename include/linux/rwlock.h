/* SPDX-License-Identifier: MIT */
/*
 * Many readers or one writer; waiters spin. Included by linux/spinlock.h.
 *
 * `count` holds the readers inside in steps of RWLOCK_READER, RWLOCK_WRITER while a writer
 * is inside, RWLOCK_WAITING while one waits. Whoever cannot enter at once waits for `queue`,
 * a spin lock, so it is fair: the writer that has it lets no new reader pass.
 * With one exception: a reader in an interrupt enters if no writer is *inside*. It may have
 * interrupted a reader of its own CPU, and to wait behind a writer that waits for that
 * reader would never end. So read_lock() of threads may leave interrupts on where only
 * readers come in interrupts; writers then need the _irqsave form.
 */
#ifndef _LINUX_RWLOCK_H
#define _LINUX_RWLOCK_H

#include <linux/spinlock.h>

#define RWLOCK_WRITER  0x1
#define RWLOCK_WAITING 0x2
#define RWLOCK_READER  0x4

typedef struct {
	u32 count;
	arch_spinlock_t queue;
	struct lockdep_map dep_map;
} rwlock_t;

#define __RW_LOCK_UNLOCKED(name) \
	{ 0, { 0 }, LOCKDEP_MAP_INIT(name) }
#define DEFINE_RWLOCK(name) rwlock_t name = __RW_LOCK_UNLOCKED(name)

#define rwlock_init(lock) do { \
	static struct lock_class_key _key; \
	__rwlock_init(lock, #lock, &_key); \
} while (0)

static inline void __rwlock_init(rwlock_t *lock, const char *name, const void *key)
{
	lock->count = 0;
	lock->queue.word = 0;
	lockdep_init_map(&lock->dep_map, name, key);
}

/* For a reader that is counted: until the writer that it met has left. */
static inline void __rwlock_await_writer(rwlock_t *lock)
{
	while (__atomic_load_n(&lock->count, __ATOMIC_ACQUIRE) & RWLOCK_WRITER)
		port_relax();
}

/* Those who met a writer, inside or waiting, and may wait behind it. */
static inline void __rwlock_queue_reader(rwlock_t *lock)
{
	__atomic_fetch_sub(&lock->count, RWLOCK_READER, __ATOMIC_RELAXED);
	arch_spin_lock(&lock->queue);
	__atomic_fetch_add(&lock->count, RWLOCK_READER, __ATOMIC_ACQUIRE);
	__rwlock_await_writer(lock);
	arch_spin_unlock(&lock->queue);
}

static __always_inline void read_lock(rwlock_t *lock)
{
	u32 before;

	if (!lock_acquire(&lock->dep_map, LOCKDEP_READ, 0))
		return;
	preempt_count_add(LOCK_ONE);
	before = __atomic_fetch_add(&lock->count, RWLOCK_READER, __ATOMIC_ACQUIRE);
	if (likely(!(before & (RWLOCK_WRITER | RWLOCK_WAITING))))
		return;
	if (!in_task())
		__rwlock_await_writer(lock);
	else
		__rwlock_queue_reader(lock);
}

/* 1: taken, 0: not. Any context. */
static __always_inline int read_trylock(rwlock_t *lock)
{
	u32 before;

	preempt_count_add(LOCK_ONE);
	before = __atomic_fetch_add(&lock->count, RWLOCK_READER, __ATOMIC_ACQUIRE);
	if (before & (RWLOCK_WRITER | RWLOCK_WAITING)) {
		__atomic_fetch_sub(&lock->count, RWLOCK_READER, __ATOMIC_RELAXED);
		preempt_count_sub(LOCK_ONE);
		return 0;
	}
	(void)lock_acquire(&lock->dep_map, LOCKDEP_READ | LOCKDEP_TRY, 0);
	return 1;
}

static __always_inline void read_unlock(rwlock_t *lock)
{
	if (!lock_release(&lock->dep_map, 0))
		return;
	__atomic_fetch_sub(&lock->count, RWLOCK_READER, __ATOMIC_RELEASE);
	preempt_count_sub(LOCK_ONE);
}

/* Takes it if count is `expected`. */
static inline bool __rwlock_enter(rwlock_t *lock, u32 expected)
{
	return __atomic_compare_exchange_n(&lock->count, &expected, RWLOCK_WRITER, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void __rwlock_queue_writer(rwlock_t *lock)
{
	arch_spin_lock(&lock->queue);
	__atomic_fetch_or(&lock->count, RWLOCK_WAITING, __ATOMIC_RELAXED);
	while (!__rwlock_enter(lock, RWLOCK_WAITING))
		port_relax();
	arch_spin_unlock(&lock->queue);
}

static __always_inline void write_lock(rwlock_t *lock)
{
	if (!lock_acquire(&lock->dep_map, 0, 0))
		return;
	preempt_count_add(LOCK_ONE);
	if (unlikely(!__rwlock_enter(lock, 0)))
		__rwlock_queue_writer(lock);
	lock_acquired(&lock->dep_map);
}

/* 1: taken, 0: not. Any context. */
static __always_inline int write_trylock(rwlock_t *lock)
{
	preempt_count_add(LOCK_ONE);
	if (!__rwlock_enter(lock, 0)) {
		preempt_count_sub(LOCK_ONE);
		return 0;
	}
	(void)lock_acquire(&lock->dep_map, LOCKDEP_TRY, 0);
	lock_acquired(&lock->dep_map);
	return 1;
}

static __always_inline void write_unlock(rwlock_t *lock)
{
	if (!lock_release(&lock->dep_map, 0))
		return;
	/* Not a store of 0: others may have counted themselves in, or said that they wait. */
	__atomic_fetch_sub(&lock->count, RWLOCK_WRITER, __ATOMIC_RELEASE);
	preempt_count_sub(LOCK_ONE);
}

#define read_lock_irqsave(lock, flags)	 do { local_irq_save(flags); read_lock(lock); } while (0)
#define write_lock_irqsave(lock, flags)	 do { local_irq_save(flags); write_lock(lock); } while (0)
#define read_unlock_irqrestore(lock, flags) \
	do { read_unlock(lock); local_irq_restore(flags); } while (0)
#define write_unlock_irqrestore(lock, flags) \
	do { write_unlock(lock); local_irq_restore(flags); } while (0)
#define write_trylock_irqsave(lock, flags) ({ \
	local_irq_save(flags); \
	write_trylock(lock) ? 1 : ({ local_irq_restore(flags); 0; }); })
#define read_lock_irq(lock)    do { local_irq_disable(); read_lock(lock); } while (0)
#define write_lock_irq(lock)   do { local_irq_disable(); write_lock(lock); } while (0)
#define read_unlock_irq(lock)  do { read_unlock(lock); local_irq_enable(); } while (0)
#define write_unlock_irq(lock) do { write_unlock(lock); local_irq_enable(); } while (0)
#define read_lock_bh(lock)     do { local_bh_disable(); read_lock(lock); } while (0)
#define read_unlock_bh(lock)   do { read_unlock(lock); local_bh_enable(); } while (0)
#define write_lock_bh(lock)    do { local_bh_disable(); write_lock(lock); } while (0)
#define write_unlock_bh(lock)  do { write_unlock(lock); local_bh_enable(); } while (0)

#endif
