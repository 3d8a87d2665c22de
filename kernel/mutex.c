/* SPDX-License-Identifier: MIT */
/*
 * Mutexes. A word that says who owns it, and a list of who waits, first come, first served;
 * both under one spin lock.
 *
 * mutex_unlock() hands the mutex to the thread that waits longest: it is the owner from that
 * moment, even before it runs. So nobody can slip in between, and nobody starves; the price
 * is that the mutex stands still while the new owner wakes up.
 *
 * Invariant: while somebody waits, the mutex has an owner. A waiter lives on its thread's
 * stack. It looks whether it is the owner under wait_lock, so it cannot leave while
 * mutex_unlock(), which wakes it under that lock, still uses it.
 *
 * Locks: wait_lock; a run queue's lock nests inside. Costs: two atomic operations to lock and
 * one to unlock when nobody waits.
 */
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/sched.h>

struct mutex_waiter {
	struct list_head list;
	struct task_struct *task;
};

void __mutex_init(struct mutex *lock, const char *name, const void *key)
{
	lock->owner = NULL;
	spin_lock_init(&lock->wait_lock);
	INIT_LIST_HEAD(&lock->wait_list);
	lockdep_init_map(&lock->dep_map, name, key);
}

/* Under wait_lock, which it lets go meanwhile. */
static void wait_for_turn(struct mutex *lock)
{
	struct mutex_waiter waiter = { .task = current };

	list_add_tail(&waiter.list, &lock->wait_list);
	do {
		__set_current_state(TASK_UNINTERRUPTIBLE);	/* the lock orders it */
		spin_unlock(&lock->wait_lock);
		schedule();
		spin_lock(&lock->wait_lock);
	} while (lock->owner != waiter.task);
}

void mutex_lock_nested(struct mutex *lock, unsigned int subclass)
{
	might_sleep();
	if (!lock_acquire(&lock->dep_map, LOCKDEP_SLEEPS | subclass, _RET_IP_))
		return;
	spin_lock(&lock->wait_lock);
	if (!lock->owner)
		lock->owner = current;
	else
		wait_for_turn(lock);
	spin_unlock(&lock->wait_lock);
	lock_acquired(&lock->dep_map);
}

int mutex_trylock(struct mutex *lock)
{
	bool taken;

	spin_lock(&lock->wait_lock);
	taken = !lock->owner;
	if (taken)
		lock->owner = current;
	spin_unlock(&lock->wait_lock);
	if (taken) {
		(void)lock_acquire(&lock->dep_map, LOCKDEP_SLEEPS | LOCKDEP_TRY, _RET_IP_);
		lock_acquired(&lock->dep_map);
	}
	return taken;
}

void mutex_unlock(struct mutex *lock)
{
	struct mutex_waiter *first;

	if (!lock_release(&lock->dep_map, _RET_IP_))
		return;
	spin_lock(&lock->wait_lock);
	first = list_first_entry_or_null(&lock->wait_list, struct mutex_waiter, list);
	lock->owner = first ? first->task : NULL;
	if (first) {
		list_del(&first->list);
		wake_up_process(first->task);
	}
	spin_unlock(&lock->wait_lock);
}

bool mutex_is_locked(struct mutex *lock)
{
	return READ_ONCE(lock->owner) != NULL;
}
