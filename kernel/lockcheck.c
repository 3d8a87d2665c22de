/* SPDX-License-Identifier: MIT */
/*
 * The lock checker: who holds which lock, and is that right? Built with QUARRY_DEBUG_LOCKS;
 * lockorder.c judges the order of locks, this file each lock by itself.
 *
 * Each CPU has a list of the spin locks held on it, with those of interrupts behind those of
 * what they interrupted, and each thread one of the locks it holds that sleep. A run queue's
 * lock, taken by one thread and let go by the next, is the CPU's all the time. A lock enters
 * its list before its taker begins to wait, so a deadlock is reported before it happens.
 *
 * What is reported:
 *	a lock taken by who has it	it stays taken once: the second taking and its release
 *					are counted, and do nothing
 *	a lock let go by who has not	it stays as it is
 *	a lock never initialised	it is taken as an unnamed one
 *	a held lock's memory freed	it counts as let go: nobody reads that memory for it again
 *	a held lock overwritten		the same, as soon as the next lock is taken
 *	a thread that ends with locks	only reported
 * so that the kernel goes on as well as it can. Every report is a WARN, and counted by kind.
 *
 * Not checked: what NMIs do (they must not take locks), and what a report itself does.
 *
 * Locks: lists are touched by their own CPU or thread only, interrupts off. Reports of
 * several CPUs take turns by report_lock, inside every other lock.
 * Costs: some 50 ns an operation, see quarry/config.h.
 */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <kernel/kernel.h>
#include <kernel/lockcheck.h>

#if QUARRY_DEBUG_LOCKS

static DEFINE_PER_CPU(struct held_locks, cpu_held);
static DEFINE_PER_CPU(unsigned long, preempt_off_ip);
static DEFINE_PER_CPU(bool, reporting);
static DEFINE_PER_CPU(unsigned long, nr_taken);

static arch_spinlock_t report_lock;
static atomic_long_t counts[LOCKCHECK_NR_REPORTS];
static bool overflown;		/* some list was too short: nothing is checked any more */

static bool unchecked(void)
{
	return __atomic_load_n(&overflown, __ATOMIC_RELAXED) || in_nmi() ||
	       this_cpu_read(reporting);
}

/* The list that such a lock belongs in; NULL before there are threads. */
static struct held_locks *list_of(unsigned int how)
{
	if (!(how & LOCKDEP_SLEEPS))
		return this_cpu_ptr(&cpu_held);
	return current ? &current->held_locks : NULL;
}

/* The last entry of that lock, or NULL. */
static struct held_lock *find_in(struct held_locks *held, const struct lockdep_map *map)
{
	unsigned int i;

	for (i = held ? held->nr : 0; i-- > 0;)
		if (held->locks[i].map == map)
			return &held->locks[i];
	return NULL;
}

/* In the CPU's list or the thread's; *list is which. */
static struct held_lock *find(const struct lockdep_map *map, struct held_locks **list)
{
	struct held_lock *lock = find_in(*list = list_of(0), map);

	return lock ? lock : find_in(*list = list_of(LOCKDEP_SLEEPS), map);
}

/* 1. Reports */

unsigned long lockcheck_count(enum lockcheck_report kind)
{
	return (unsigned long)atomic_long_read(&counts[kind]);
}

const char *lockcheck_who(char *buf, size_t size)
{
	struct task_struct *task = current;

	snprintf(buf, size, "%s/%d", task ? task->comm : "boot", task ? task->pid : 0);
	return buf;
}

void lockcheck_report_begin(enum lockcheck_report kind)
{
	atomic_long_inc(&counts[kind]);
	warn_counted();
	arch_spin_lock(&report_lock);
	this_cpu_write(reporting, true);
}

static void print_list(const char *whose, const struct held_locks *held)
{
	unsigned int i;

	for (i = 0; i < held->nr; i++)
		printk(KERN_WARNING " #%u: (%s) %px, taken by %pS%s\n", i,
		       lockorder_name(held->locks[i].class), held->locks[i].map,
		       (void *)held->locks[i].ip, whose);
}

static void print_held(void)
{
	struct held_locks *mine = list_of(LOCKDEP_SLEEPS);
	unsigned int n = list_of(0)->nr + (mine ? mine->nr : 0);
	char who[LOCKCHECK_WHO];

	printk(KERN_WARNING "%u lock%s held by %s on CPU#%u%s\n", n, n == 1 ? "" : "s",
	       lockcheck_who(who, sizeof(who)), smp_processor_id(), n ? ":" : "");
	if (mine)
		print_list(" (sleeping lock)", mine);
	print_list("", list_of(0));
}

void lockcheck_report_end(void)
{
	print_held();
	dump_stack();
	this_cpu_write(reporting, false);
	arch_spin_unlock(&report_lock);
}

/* A report about one lock and nothing else. */
static void report(enum lockcheck_report kind, const char *title, const struct lockdep_map *map,
		   unsigned long ip)
{
	char who[LOCKCHECK_WHO];

	lockcheck_report_begin(kind);
	printk(KERN_ERR "%s on CPU#%u, %s, at %pS\n", title, smp_processor_id(),
	       lockcheck_who(who, sizeof(who)), (void *)ip);
	printk(KERN_ERR " lock: %px (%s), .magic: %08x, .owner_cpu: %d\n", map,
	       map->name ? map->name : "no name", map->magic,
	       __atomic_load_n(&map->owner_cpu, __ATOMIC_RELAXED));
	lockcheck_report_end();
}

static void stop_checking(void)
{
	if (__atomic_exchange_n(&overflown, true, __ATOMIC_RELAXED))
		return;
	lockcheck_report_begin(LOCKCHECK_FULL);
	printk(KERN_ERR "lockcheck: more than %u locks held at once; no lock is checked any more\n",
	       QUARRY_LOCKS_HELD);
	lockcheck_report_end();
}

/* 2. Taking and letting go */

void lockdep_init_map(struct lockdep_map *map, const char *name, const void *key)
{
	*map = (struct lockdep_map){
		.magic = LOCKDEP_MAGIC, .key = key, .name = name, .owner_cpu = -1,
	};
}

static void check_magic(struct lockdep_map *map, unsigned long ip)
{
	if (likely(map->magic == LOCKDEP_MAGIC))
		return;
	report(LOCKCHECK_MAGIC, "BUG: lock bad magic", map, ip);
	lockdep_init_map(map, "no name", map);
}

/*
 * May who has `old` take it again as `new`? A reader in an interrupt does not wait for what
 * it interrupted, and a trylock has succeeded already.
 */
static bool may_repeat(const struct held_lock *old, const struct held_lock *new)
{
	return new->how & LOCKDEP_TRY || (old->how & new->how & LOCKDEP_READ &&
					  !lockcheck_same_context(old, new));
}

static void push(struct held_locks *held, const struct held_lock *new)
{
	if (held->nr == QUARRY_LOCKS_HELD)
		stop_checking();
	else
		held->locks[held->nr++] = *new;
}

static void remove(struct held_locks *held, struct held_lock *lock)
{
	for (; lock + 1 < held->locks + held->nr; lock++)
		*lock = lock[1];
	held->nr--;
}

/* Its memory is not a lock any more. Who lets it go later is told that it has not got it. */
static void forget(struct held_locks *held, struct held_lock *lock, const char *title)
{
	struct held_lock lost = *lock;
	char who[LOCKCHECK_WHO];

	lockcheck_report_begin(LOCKCHECK_FREED);
	printk(KERN_ERR "%s on CPU#%u, %s, at %pS\n", title, smp_processor_id(),
	       lockcheck_who(who, sizeof(who)), (void *)_RET_IP_);
	printk(KERN_ERR " lock: %px (%s), taken by %pS\n", lost.map, lockorder_name(lost.class),
	       (void *)lost.ip);
	lockcheck_report_end();
	remove(held, lock);
	if (!(lost.how & LOCKDEP_SLEEPS))
		preempt_count_sub(LOCK_ONE);
}

static void check_overwritten(struct held_locks *held)
{
	unsigned int i;

	for (i = held ? held->nr : 0; i-- > 0;)
		if (unlikely(held->locks[i].map->magic != LOCKDEP_MAGIC))
			forget(held, &held->locks[i], "BUG: held lock overwritten");
}

static bool take(struct held_lock *new, bool irqs_on, unsigned long fp)
{
	struct held_locks *held = list_of(new->how), *other = list_of(new->how ^ LOCKDEP_SLEEPS);
	struct held_lock *old;

	if (!held)
		return true;
	check_magic(new->map, new->ip);
	check_overwritten(held);
	check_overwritten(other);
	old = find_in(held, new->map);
	new->class = (u16)lockorder_class(new->map, new->how & LOCKDEP_SUBCLASS);
	if (old && !may_repeat(old, new)) {
		report(LOCKCHECK_RECURSION, new->how & LOCKDEP_SLEEPS ?
		       "BUG: lock recursion" : "BUG: spinlock recursion", new->map, new->ip);
		old->nested++;
		return false;
	}
	if (!(new->how & LOCKDEP_TRY)) {
		lockorder_taking(new, held, fp);
		if (other)
			lockorder_taking(new, other, fp);
		lockorder_used(new, irqs_on);
	}
	push(held, new);
	return true;
}

bool lock_acquire(struct lockdep_map *map, unsigned int how, unsigned long ip)
{
	struct held_lock new = {
		.map = map, .ip = ip ? ip : _RET_IP_, .how = (u8)how,
		.context = preempt_count() & (HARDIRQ_MASK | SOFTIRQ_ONE),
	};
	bool irqs_on = !irqs_disabled(), may;
	unsigned long flags;

	this_cpu_inc(nr_taken);
	if (unchecked())
		return true;
	local_irq_save(flags);
	may = take(&new, irqs_on, (unsigned long)__builtin_frame_address(0));
	local_irq_restore(flags);
	return may;
}

unsigned long lockcheck_taken(void)
{
	return this_cpu_read(nr_taken);
}

void lock_acquired(struct lockdep_map *map)
{
	__atomic_store_n(&map->owner, current, __ATOMIC_RELAXED);
	__atomic_store_n(&map->owner_cpu, (int)smp_processor_id(), __ATOMIC_RELAXED);
}

static void disown(struct lockdep_map *map)
{
	__atomic_store_n(&map->owner_cpu, -1, __ATOMIC_RELAXED);
	__atomic_store_n(&map->owner, NULL, __ATOMIC_RELAXED);
}

/* Nobody here has the lock that is let go. */
static void report_not_held(struct lockdep_map *map, unsigned long ip)
{
	if (__atomic_load_n(&map->owner_cpu, __ATOMIC_RELAXED) < 0)
		report(LOCKCHECK_UNLOCKED, "BUG: lock already unlocked", map, ip);
	else
		report(LOCKCHECK_WRONG_CPU, "BUG: lock unlocked by who does not have it", map, ip);
}

static bool let_go(struct lockdep_map *map, unsigned long ip, bool irqs_on)
{
	struct held_locks *held;
	struct held_lock *lock = find(map, &held);

	if (!lock) {
		report_not_held(map, ip);
		return false;
	}
	if (lock->nested) {
		lock->nested--;
		return false;
	}
	if (irqs_on)
		lockorder_used(lock, true);
	if (!(lock->how & LOCKDEP_READ))
		disown(map);
	remove(held, lock);
	return true;
}

bool lock_release(struct lockdep_map *map, unsigned long ip)
{
	bool irqs_on = !irqs_disabled(), may;
	unsigned long flags;

	if (unchecked()) {
		disown(map);
		return true;
	}
	local_irq_save(flags);
	may = let_go(map, ip ? ip : _RET_IP_, irqs_on);
	local_irq_restore(flags);
	return may;
}

void lock_downgrade(struct lockdep_map *map)
{
	disown(map);
}

/* 3. Questions */

bool lock_is_held(const struct lockdep_map *map)
{
	struct held_locks *held;
	unsigned long flags;
	bool is_held;

	if (unchecked())
		return true;
	local_irq_save(flags);
	is_held = find(map, &held);
	local_irq_restore(flags);
	return is_held;
}

void lockdep_preempt_off(void)
{
	if (!preempt_count())
		this_cpu_write(preempt_off_ip, _RET_IP_);
}

void lockdep_print_culprit(void)
{
	unsigned long flags;

	local_irq_save(flags);
	print_held();
	if (preempt_count() & PREEMPT_MASK)
		printk(KERN_ERR "Preemption disabled at %pS\n",
		       (void *)this_cpu_read(preempt_off_ip));
	local_irq_restore(flags);
}

static void check_freed(struct held_locks *held, unsigned long from, unsigned long size)
{
	unsigned int i;

	for (i = held ? held->nr : 0; i-- > 0;)
		if ((unsigned long)held->locks[i].map - from < size)
			forget(held, &held->locks[i], "BUG: held lock freed");
}

void debug_check_no_locks_freed(const void *from, unsigned long size)
{
	unsigned long flags;

	if (unchecked())
		return;
	local_irq_save(flags);
	check_freed(list_of(0), (unsigned long)from, size);
	check_freed(list_of(LOCKDEP_SLEEPS), (unsigned long)from, size);
	local_irq_restore(flags);
}

void debug_check_no_locks_held(void)
{
	struct held_locks *held = list_of(LOCKDEP_SLEEPS);
	unsigned long flags;

	if (unchecked() || !held || !held->nr)
		return;
	local_irq_save(flags);
	report(LOCKCHECK_LEFT, "BUG: a thread ends and still holds locks", held->locks[0].map,
	       _RET_IP_);
	local_irq_restore(flags);
}

#endif
