/* SPDX-License-Identifier: MIT */
/*
 * Hooks through which each lock tells the lock checker (kernel/lockcheck.c) what is done
 * with it. With QUARRY_DEBUG_LOCKS 0 they are empty, and a lockdep_map takes no room.
 *
 * A lock embeds a `struct lockdep_map dep_map`. Locks are judged by class: all that one
 * spin_lock_init() (mutex_init(), ...) in the source has made are one class, and each lock
 * defined statically is one of its own. Where two locks of a class are held at once on
 * purpose, the inner one is taken by a _nested() form with SINGLE_DEPTH_NESTING: it counts
 * as another class.
 */
#ifndef _LINUX_LOCKDEP_H
#define _LINUX_LOCKDEP_H

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include <quarry/config.h>

#define SINGLE_DEPTH_NESTING 1
#define LOCKDEP_SUBCLASSES   2

/* How a lock is taken: or'ed together, and with the subclass. */
#define LOCKDEP_SUBCLASS 0x0f
#define LOCKDEP_TRY	 0x10	/* without waiting; told after it succeeded */
#define LOCKDEP_READ	 0x20	/* shared with others */
#define LOCKDEP_SLEEPS	 0x40	/* belongs to the thread, which may sleep; else to the CPU */

struct task_struct;

#if QUARRY_DEBUG_LOCKS

#define LOCKDEP_MAGIC 0x10c4ab1eU

struct lock_class_key { char unused; };	/* its address is what matters */

struct lockdep_map {
	u32 magic;		/* LOCKDEP_MAGIC once the lock was initialised */
	u16 class[LOCKDEP_SUBCLASSES]; /* numbers, 0: not looked up yet */
	const void *key;	/* names the class */
	const char *name;
	int owner_cpu;		/* who holds it alone; -1: nobody */
	struct task_struct *owner;
};

/* One lock that a thread or a CPU holds, or waits for. */
struct held_lock {
	struct lockdep_map *map;
	unsigned long ip;	/* who took it */
	u32 context;		/* bits of preempt_count(): which interrupt took it, if one did */
	u16 class;		/* its number: what the map says may be overwritten meanwhile */
	u8 how;			/* LOCKDEP_* */
	u8 nested;		/* how often it was taken again, in error */
};

/* In the order in which they were taken. */
struct held_locks {
	unsigned int nr;
	struct held_lock locks[QUARRY_LOCKS_HELD];
};

#define LOCKDEP_MAP_INIT(lock) \
	{ .magic = LOCKDEP_MAGIC, .key = &(lock), .name = #lock, .owner_cpu = -1 }

void lockdep_init_map(struct lockdep_map *map, const char *name, const void *key);
bool lock_acquire(struct lockdep_map *map, unsigned int how, unsigned long ip);
void lock_acquired(struct lockdep_map *map);
bool lock_release(struct lockdep_map *map, unsigned long ip);
void lock_downgrade(struct lockdep_map *map);
bool lock_is_held(const struct lockdep_map *map);
void lockdep_preempt_off(void);
void lockdep_print_culprit(void);
void debug_check_no_locks_freed(const void *from, unsigned long size);
void debug_check_no_locks_held(void);

#define lockdep_assert_held(lock)     WARN_ON(!lock_is_held(&(lock)->dep_map))
#define lockdep_assert_not_held(lock) WARN_ON(lock_is_held(&(lock)->dep_map))

#else

struct lock_class_key { };
struct lockdep_map { };
struct held_locks { };

#define LOCKDEP_MAP_INIT(lock) { }

/* Makes a map ready; `key`: an address in the kernel's image that names the class. */
#define lockdep_init_map(map, name, key) do { (void)(name); (void)(key); } while (0)
/*
 * Before waiting for the lock (LOCKDEP_TRY: after taking it). `ip` is the code that takes
 * it; 0: the code that this call stands in. False: this CPU or thread has it already, which
 * was reported; the caller shall return as if it had taken it, but change nothing.
 */
#define lock_acquire(map, how, ip) ((void)(how), (void)(ip), true)
/* Has it now, alone. */
#define lock_acquired(map) do { } while (0)
/*
 * Before letting go. False: the caller must leave the lock as it is, because lock_acquire()
 * was false for it, or because it was not this CPU's (this thread's) to release, which was
 * reported.
 */
#define lock_release(map, ip) ((void)(ip), true)
/* From now on shared with other readers. */
#define lock_downgrade(map) do { } while (0)
/* preempt_disable() tells who called it; the report of a sleep with preemption off names him. */
#define lockdep_preempt_off() do { } while (0)
/* Prints the locks held here, and who disabled preemption: why sleeping is not allowed. */
#define lockdep_print_culprit() do { } while (0)
/* [from, from + size) goes back to an allocator: reports a lock in it that is held here. */
#define debug_check_no_locks_freed(from, size) do { (void)(from); (void)(size); } while (0)
/* This thread ends: reports what it still holds. */
#define debug_check_no_locks_held() do { } while (0)

/* Does this CPU (of a lock that sleeps: this thread) hold it? A WARN if not. */
#define lockdep_assert_held(lock)     ((void)(lock))
#define lockdep_assert_not_held(lock) ((void)(lock))

#endif
#endif
