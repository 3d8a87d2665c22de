/* SPDX-License-Identifier: MIT */
/*
 * Read-write semaphores: how many readers are inside or that a writer is, and a list of who
 * waits, first come, first served; all under one spin lock.
 *
 * Who leaves lets in whoever waits foremost: one writer, or all readers up to the next
 * writer. They are counted before they run, so nobody can slip in between. Who comes while
 * somebody waits, waits behind; so a stream of readers cannot keep a writer out, nor the
 * other way round. The price: a reader that comes in twice waits for ever if a writer came
 * in between, as with Linux's.
 *
 * Invariant: while somebody waits, somebody is inside. A waiter lives on its thread's stack,
 * and looks whether it was let in under wait_lock; so it cannot leave while the thread that
 * wakes it under that lock still uses it.
 *
 * Locks: wait_lock; a run queue's lock nests inside.
 */
#include <linux/kernel.h>
#include <linux/rwsem.h>
#include <linux/sched.h>

#define WRITER (-1)	/* in count */

struct rwsem_waiter {
	struct list_head list;
	struct task_struct *task;
	bool write, inside;
};

void __init_rwsem(struct rw_semaphore *sem, const char *name, const void *key)
{
	sem->count = 0;
	sem->owner = NULL;
	spin_lock_init(&sem->wait_lock);
	INIT_LIST_HEAD(&sem->wait_list);
	lockdep_init_map(&sem->dep_map, name, key);
}

/* 1. Under wait_lock */

/* Counts a thread in if it fits to those inside. */
static bool enter(struct rw_semaphore *sem, struct task_struct *task, bool write)
{
	if (write ? sem->count != 0 : sem->count < 0)
		return false;
	sem->count = write ? WRITER : sem->count + 1;
	sem->owner = write ? task : NULL;
	return true;
}

/* The same for one that comes now: not past those who wait. */
static bool enter_in_turn(struct rw_semaphore *sem, bool write)
{
	return list_empty(&sem->wait_list) && enter(sem, current, write);
}

/* Lets in as many as fit, from the front. */
static void admit(struct rw_semaphore *sem)
{
	struct rwsem_waiter *waiter, *next;

	list_for_each_entry_safe(waiter, next, &sem->wait_list, list) {
		if (!enter(sem, waiter->task, waiter->write))
			break;
		list_del(&waiter->list);
		waiter->inside = true;
		wake_up_process(waiter->task);
	}
}

/* Lets go of wait_lock meanwhile. */
static void wait_for_turn(struct rw_semaphore *sem, bool write)
{
	struct rwsem_waiter waiter = { .task = current, .write = write };

	list_add_tail(&waiter.list, &sem->wait_list);
	do {
		__set_current_state(TASK_UNINTERRUPTIBLE);	/* the lock orders it */
		spin_unlock(&sem->wait_lock);
		schedule();
		spin_lock(&sem->wait_lock);
	} while (!waiter.inside);
}

/* 2. Both kinds alike. `ip`: the caller, for the lock checker. */

static unsigned int how(bool write)
{
	return LOCKDEP_SLEEPS | (write ? 0 : LOCKDEP_READ);
}

static void down(struct rw_semaphore *sem, bool write, unsigned long ip)
{
	might_sleep();
	if (!lock_acquire(&sem->dep_map, how(write), ip))
		return;
	spin_lock(&sem->wait_lock);
	if (!enter_in_turn(sem, write))
		wait_for_turn(sem, write);
	spin_unlock(&sem->wait_lock);
	if (write)
		lock_acquired(&sem->dep_map);
}

static bool trylock(struct rw_semaphore *sem, bool write, unsigned long ip)
{
	bool taken;

	spin_lock(&sem->wait_lock);
	taken = enter_in_turn(sem, write);
	spin_unlock(&sem->wait_lock);
	if (taken)
		(void)lock_acquire(&sem->dep_map, how(write) | LOCKDEP_TRY, ip);
	if (taken && write)
		lock_acquired(&sem->dep_map);
	return taken;
}

/* One leaves. */
static void up(struct rw_semaphore *sem, bool write, unsigned long ip)
{
	if (!lock_release(&sem->dep_map, ip))
		return;
	spin_lock(&sem->wait_lock);
	if (!WARN_ON(write ? sem->count != WRITER : sem->count <= 0)) {
		sem->count = write ? 0 : sem->count - 1;
		sem->owner = NULL;
		admit(sem);
	}
	spin_unlock(&sem->wait_lock);
}

/* 3. The public functions */

void down_read(struct rw_semaphore *sem) { down(sem, false, _RET_IP_); }
void down_write(struct rw_semaphore *sem) { down(sem, true, _RET_IP_); }
int down_read_trylock(struct rw_semaphore *sem) { return trylock(sem, false, _RET_IP_); }
int down_write_trylock(struct rw_semaphore *sem) { return trylock(sem, true, _RET_IP_); }
void up_read(struct rw_semaphore *sem) { up(sem, false, _RET_IP_); }
void up_write(struct rw_semaphore *sem) { up(sem, true, _RET_IP_); }

void downgrade_write(struct rw_semaphore *sem)
{
	lock_downgrade(&sem->dep_map);
	spin_lock(&sem->wait_lock);
	if (!WARN_ON(sem->count != WRITER)) {
		sem->count = 1;
		sem->owner = NULL;
		admit(sem);
	}
	spin_unlock(&sem->wait_lock);
}

int rwsem_is_locked(struct rw_semaphore *sem)
{
	return READ_ONCE(sem->count) != 0;
}

int rwsem_is_contended(struct rw_semaphore *sem)
{
	return READ_ONCE(sem->wait_list.next) != &sem->wait_list;
}
