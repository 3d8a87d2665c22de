/* SPDX-License-Identifier: MIT */
/*
 * The lock checker finds what it should: each report is provoked, and counted. Classes of
 * locks stay known for the rest of the run, so each case has locks of its own.
 */
#include <linux/gfp.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <kernel/lockcheck.h>
#include <tests/interruption.h>
#include <tests/lock_reports.h>
#include <tests/threads.h>

#if QUARRY_DEBUG_LOCKS

static void run_thread(int cpu, void (*fn)(void *), void *arg)
{
	struct test_thread thread;

	test_thread_start(&thread, cpu, fn, arg);
	test_thread_join(&thread);
}

/* 1. One lock */

SELFTEST(lockcheck, spinlock_recursion)
{
	static DEFINE_SPINLOCK(lock);
	unsigned int before = preempt_count();

	spin_lock(&lock);
	CHECK_REPORTS(LOCKCHECK_RECURSION, 1, spin_lock(&lock));
	CHECK(!spin_is_contended(&lock));
	spin_unlock(&lock);
	CHECK(spin_is_locked(&lock));
	spin_unlock(&lock);
	CHECK(!spin_is_locked(&lock));
	CHECK_EQ(preempt_count(), before);
}

static void take_and_let_go(void *lock)
{
	spin_lock((spinlock_t *)lock);
	spin_unlock((spinlock_t *)lock);
}

/* Taken with interrupts on, the interrupt comes, and wants it: that would never end. */
SELFTEST(lockcheck, spinlock_recursion_in_an_interrupt)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	CHECK_REPORTS(LOCKCHECK_RECURSION, 1, in_an_interrupt(take_and_let_go, &lock));
	spin_unlock(&lock);
	CHECK(!spin_is_locked(&lock));
}

SELFTEST(lockcheck, unlock_of_unlocked)
{
	static DEFINE_SPINLOCK(lock);
	static DEFINE_RWLOCK(rwlock);
	unsigned int before = preempt_count();

	CHECK_REPORTS(LOCKCHECK_UNLOCKED, 1, spin_unlock(&lock));
	CHECK_REPORTS(LOCKCHECK_UNLOCKED, 1, read_unlock(&rwlock));
	CHECK_REPORTS(LOCKCHECK_UNLOCKED, 1, write_unlock(&rwlock));
	CHECK_EQ(preempt_count(), before);
	CHECK_EQ(rwlock.count, 0);
	spin_lock(&lock);
	spin_unlock(&lock);
}

static void unlock(void *lock)
{
	spin_unlock((spinlock_t *)lock);
}

SELFTEST(lockcheck, unlock_on_another_cpu)
{
	static DEFINE_SPINLOCK(lock);

	if (num_online_cpus() == 1)
		SKIP("there is no other CPU");
	spin_lock(&lock);
	CHECK_EQ(lock.dep_map.owner_cpu, (int)smp_processor_id());
	CHECK(lock.dep_map.owner == current);
	CHECK_REPORTS(LOCKCHECK_WRONG_CPU, 1,
		      smp_call_function_single(test_cpu(1), unlock, &lock, 1));
	CHECK(spin_is_locked(&lock));
	spin_unlock(&lock);
	CHECK_EQ(lock.dep_map.owner_cpu, -1);
}

SELFTEST(lockcheck, never_initialised)
{
	static spinlock_t lock;

	CHECK_REPORTS(LOCKCHECK_MAGIC, 1, spin_lock(&lock));
	spin_unlock(&lock);
	spin_lock(&lock);
	spin_unlock(&lock);
}

SELFTEST(lockcheck, held_lock_freed)
{
	struct { char before[100]; spinlock_t lock; } object;
	unsigned int before = preempt_count();

	spin_lock_init(&object.lock);
	spin_lock(&object.lock);
	debug_check_no_locks_freed(&object, sizeof(object.before));
	debug_check_no_locks_freed(&object.lock + 1, 100);
	CHECK(lock_is_held(&object.lock.dep_map));
	CHECK_REPORTS(LOCKCHECK_FREED, 1, debug_check_no_locks_freed(&object, sizeof(object)));
	CHECK(!lock_is_held(&object.lock.dep_map));
	CHECK_EQ(preempt_count(), before);
	debug_check_no_locks_freed(&object, sizeof(object));
	CHECK_REPORTS(LOCKCHECK_WRONG_CPU, 1, spin_unlock(&object.lock));
}

SELFTEST(lockcheck, held_lock_overwritten)
{
	unsigned int before = preempt_count();
	static DEFINE_SPINLOCK(other);
	spinlock_t lock;

	spin_lock_init(&lock);
	spin_lock(&lock);
	memset(&lock, 0xa5, sizeof(lock));
	CHECK_REPORTS(LOCKCHECK_FREED, 1, spin_lock(&other));
	spin_unlock(&other);
	CHECK_EQ(preempt_count(), before);
}

SELFTEST(lockcheck, held_lock_in_pages_that_go_back)
{
	unsigned long pages = __get_free_pages(GFP_KERNEL, 1);
	spinlock_t *lock = (spinlock_t *)(pages + PAGE_SIZE + 64);
	unsigned long flags;

	REQUIRE(pages);
	spin_lock_init(lock);
	spin_lock_irqsave(lock, flags);
	CHECK_REPORTS(LOCKCHECK_FREED, 1, free_pages(pages, 1));
	local_irq_restore(flags);	/* the lock is gone: that page may be somebody's already */
}

SELFTEST(lockcheck, held_lock_in_an_object_that_goes_back)
{
	struct mutex *mutex = kmalloc(sizeof(*mutex), GFP_KERNEL);
	char *beside = kmalloc(sizeof(*mutex), GFP_KERNEL);

	REQUIRE(mutex && beside);
	mutex_init(mutex);
	mutex_lock(mutex);
	kfree(beside);
	CHECK_REPORTS(LOCKCHECK_FREED, 1, kfree(mutex));
}

SELFTEST(lockcheck, who_holds_what)
{
	static DEFINE_SPINLOCK(lock);
	static DEFINE_RWLOCK(rwlock);
	static DEFINE_MUTEX(mutex);

	mutex_lock(&mutex);
	spin_lock(&lock);
	read_lock(&rwlock);
	lockdep_assert_held(&mutex);
	lockdep_assert_held(&lock);
	lockdep_assert_held(&rwlock);
	read_unlock(&rwlock);
	lockdep_assert_not_held(&rwlock);
	spin_unlock(&lock);
	CHECK(!lock_is_held(&lock.dep_map));
	selftest_expect_warnings(2);
	lockdep_assert_held(&lock);
	lockdep_assert_not_held(&mutex);
	mutex_unlock(&mutex);
}

/* 2. Locks that sleep */

SELFTEST(lockcheck, mutex_recursion)
{
	static DEFINE_MUTEX(mutex);
	static DECLARE_RWSEM(sem);

	mutex_lock(&mutex);
	CHECK_REPORTS(LOCKCHECK_RECURSION, 1, mutex_lock(&mutex));
	mutex_unlock(&mutex);
	CHECK(mutex_is_locked(&mutex));
	mutex_unlock(&mutex);
	CHECK(!mutex_is_locked(&mutex));
	down_read(&sem);
	CHECK_REPORTS(LOCKCHECK_RECURSION, 1, down_write(&sem));
	up_write(&sem);
	up_read(&sem);
	CHECK(!rwsem_is_locked(&sem));
}

static void unlock_mutex(void *mutex)
{
	mutex_unlock((struct mutex *)mutex);
}

SELFTEST(lockcheck, mutex_unlocked_by_another_thread)
{
	static DEFINE_MUTEX(mutex);

	CHECK_REPORTS(LOCKCHECK_UNLOCKED, 1, mutex_unlock(&mutex));
	mutex_lock(&mutex);
	CHECK_REPORTS(LOCKCHECK_WRONG_CPU, 1, run_thread(ANY_CPU, unlock_mutex, &mutex));
	CHECK(mutex_is_locked(&mutex));
	mutex_unlock(&mutex);
}

static void lock_mutex(void *mutex)
{
	mutex_lock((struct mutex *)mutex);
}

SELFTEST(lockcheck, thread_ends_with_a_mutex)
{
	static struct mutex mutex;

	mutex_init(&mutex);		/* of an earlier run it is still held */
	CHECK_REPORTS(LOCKCHECK_LEFT, 1, run_thread(ANY_CPU, lock_mutex, &mutex));
}

SELFTEST(lockcheck, downgraded_semaphore)
{
	static DECLARE_RWSEM(sem);

	down_write(&sem);
	CHECK_EQ(sem.dep_map.owner_cpu >= 0, 1);
	downgrade_write(&sem);
	CHECK_EQ(sem.dep_map.owner_cpu, -1);
	CHECK(down_read_trylock(&sem));
	up_read(&sem);
	up_read(&sem);
	CHECK(!lock_is_held(&sem.dep_map));
}

/* 3. Order */

static void take_two(spinlock_t *outer, spinlock_t *inner)
{
	spin_lock(outer);
	spin_lock(inner);
	spin_unlock(inner);
	spin_unlock(outer);
}

SELFTEST(lockcheck, two_locks_both_ways)
{
	static DEFINE_SPINLOCK(first);
	static DEFINE_SPINLOCK(second);

	take_two(&first, &second);
	take_two(&first, &second);
	CHECK_REPORTS(LOCKCHECK_ORDER, 1, take_two(&second, &first));
	/* Once is enough. */
	take_two(&second, &first);
	take_two(&first, &second);
}

/* Each pair is seen in another thread, and no two threads at once. */
static spinlock_t ring[4];

static void take_neighbours(void *arg)
{
	unsigned long i = (unsigned long)arg;

	take_two(&ring[i], &ring[(i + 1) % 4]);
}

SELFTEST(lockcheck, circle_of_four)
{
	unsigned long i;

	/* Four lines, four classes. */
	spin_lock_init(&ring[0]);
	spin_lock_init(&ring[1]);
	spin_lock_init(&ring[2]);
	spin_lock_init(&ring[3]);
	for (i = 0; i < 3; i++)
		run_thread(ANY_CPU, take_neighbours, (void *)i);
	CHECK_REPORTS(LOCKCHECK_ORDER, 1, run_thread(ANY_CPU, take_neighbours, (void *)i));
}

SELFTEST(lockcheck, mutexes_and_semaphores_take_part)
{
	static DEFINE_MUTEX(mutex);
	static DECLARE_RWSEM(sem);
	static DEFINE_SPINLOCK(lock);

	mutex_lock(&mutex);
	down_read(&sem);
	spin_lock(&lock);
	spin_unlock(&lock);
	up_read(&sem);
	mutex_unlock(&mutex);
	down_write(&sem);
	CHECK_REPORTS(LOCKCHECK_ORDER, 1, mutex_lock(&mutex));
	mutex_unlock(&mutex);
	up_write(&sem);
}

SELFTEST(lockcheck, trylocks_are_free)
{
	static DEFINE_SPINLOCK(first);
	static DEFINE_SPINLOCK(second);

	take_two(&first, &second);
	spin_lock(&second);
	CHECK(spin_trylock(&first));
	spin_unlock(&first);
	spin_unlock(&second);
}

struct pair { spinlock_t a, b; };

static void init_lock(spinlock_t *lock)
{
	spin_lock_init(lock);
}

SELFTEST(lockcheck, two_of_one_class)
{
	struct pair pair, other;

	init_lock(&pair.a);
	init_lock(&pair.b);
	CHECK_EQ(lockorder_class(&pair.a.dep_map, 0), lockorder_class(&pair.b.dep_map, 0));
	CHECK_REPORTS(LOCKCHECK_ORDER, 1, take_two(&pair.a, &pair.b));
	spin_lock_init(&other.a);
	spin_lock_init(&other.b);
	CHECK(lockorder_class(&other.a.dep_map, 0) != lockorder_class(&other.b.dep_map, 0));
}

SELFTEST(lockcheck, nesting_on_purpose)
{
	struct pair pair;
	unsigned int i;

	for (i = 0; i < 2; i++)
		spin_lock_init(i ? &pair.a : &pair.b);
	spin_lock(&pair.a);
	spin_lock_nested(&pair.b, SINGLE_DEPTH_NESTING);
	spin_unlock(&pair.b);
	spin_unlock(&pair.a);
	spin_lock(&pair.b);
	spin_lock_nested(&pair.a, SINGLE_DEPTH_NESTING);
	/* Not in the order in which they were taken: that is allowed. */
	spin_unlock(&pair.b);
	spin_unlock(&pair.a);
}

/* 4. Interrupts */

SELFTEST(lockcheck, lock_of_interrupts_taken_with_them_on)
{
	static DEFINE_SPINLOCK(first);
	static DEFINE_SPINLOCK(second);
	unsigned long flags;

	/* Nothing wrong with this. */
	in_an_interrupt(take_and_let_go, &first);
	spin_lock_irqsave(&first, flags);
	spin_unlock_irqrestore(&first, flags);
	/* But with this. */
	CHECK_REPORTS(LOCKCHECK_IRQ, 1, take_and_let_go(&first));
	/* The other way round, and by letting interrupts in too early. */
	spin_lock_irq(&second);
	local_irq_enable();
	spin_unlock(&second);
	CHECK_REPORTS(LOCKCHECK_IRQ, 1, in_an_interrupt(take_and_let_go, &second));
}

static void read_and_let_go(void *lock)
{
	read_lock((rwlock_t *)lock);
	read_unlock((rwlock_t *)lock);
}

SELFTEST(lockcheck, readers_in_interrupts)
{
	static DEFINE_RWLOCK(lock);

	read_lock(&lock);
	in_an_interrupt(read_and_let_go, &lock);
	read_unlock(&lock);
	write_lock_irq(&lock);
	write_unlock_irq(&lock);
	CHECK_REPORTS(LOCKCHECK_IRQ, 1, write_lock(&lock));
	write_unlock(&lock);
}

/* `low` is taken with interrupts on, and under `high`, which an interrupt takes. */
SELFTEST(lockcheck, inversion_by_way_of_another_lock)
{
	static DEFINE_SPINLOCK(high);
	static DEFINE_SPINLOCK(middle);
	static DEFINE_SPINLOCK(low);

	take_and_let_go(&low);
	in_an_interrupt(take_and_let_go, &high);
	local_irq_disable();
	take_two(&high, &middle);
	CHECK_REPORTS(LOCKCHECK_IRQ_ORDER, 1, take_two(&middle, &low));
	local_irq_enable();
}

/*
 * What an interrupt takes does not come after what it interrupted holds: taken the other way
 * round, the two are no circle. But they are an inversion.
 */
SELFTEST(lockcheck, interrupts_have_an_order_of_their_own)
{
	static DEFINE_SPINLOCK(outer);
	static DEFINE_SPINLOCK(inner);

	spin_lock(&outer);
	in_an_interrupt(take_and_let_go, &inner);
	spin_unlock(&outer);
	local_irq_disable();
	CHECK_REPORTS(LOCKCHECK_IRQ_ORDER, 1, take_two(&inner, &outer));
	local_irq_enable();
}

/* 5. The culprit of a sleep in the wrong place */

SELFTEST(lockcheck, culprit_is_printed)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	preempt_disable();
	lockdep_print_culprit();
	preempt_enable();
	spin_unlock(&lock);
}

#endif
