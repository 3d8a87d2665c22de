/* SPDX-License-Identifier: MIT */
/*
 * The order of locks: can the ways in which locks were taken so far ever deadlock? Part of
 * the lock checker, see lockcheck.c.
 *
 * Locks fall into classes (linux/lockdep.h). For each pair of classes (A, B) such that a B
 * was waited for while an A was held there is an arrow from A to B, kept with who did it
 * first. As long as the arrows form no circle, locks can always be taken in an order that all
 * agree on. An arrow that would close a circle is reported, with the chain of those that are
 * there already, and is not added; so there never is a circle, and each is reported once. It
 * takes no deadlock to find one: it is enough that each arrow was seen once, ever, anywhere.
 *
 * No arrows come from a trylock, which does not wait; and none lead out of the locks of what
 * an interrupt interrupted, because the interrupt does not choose what that holds. For those,
 * each class remembers how it was used:
 *	in an interrupt (IRQ), or with interrupts on (ON); as a reader, or alone.
 *	in the function of a timer_list timer (SOFT), or where such a one may come (SOFT_ON).
 * A class that is used in interrupts and also with interrupts on can deadlock by itself: the
 * interrupt comes while its CPU holds the lock. Readers alone cannot, as a reader in an
 * interrupt does not wait for other readers. And if arrows lead from a class of interrupts
 * to one that is taken with interrupts on, the same happens in two steps: CPU 0, holding the
 * second, is interrupted and waits for the first, whose holder waits for the second. The same
 * holds for timer_list functions by themselves: they come where SOFT_ON was said, and nowhere
 * else, since local_bh_disable() keeps them away.
 *
 * Classes and arrows are only ever added. When a table is full, that is said once, and what
 * finds no room is not checked.
 *
 * Locks: graph_lock guards the tables, interrupts off; only the bitmap `known` and the class
 * numbers in the locks are read without it. A report copies what it needs and is made after
 * it was let go; arrows and names do not change.
 * Costs: for each lock held, a bit tested; a search, when a pair is seen for the first time.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <kernel/kernel.h>
#include <kernel/lockcheck.h>

#if QUARRY_DEBUG_LOCKS

#define CLASSES	   QUARRY_LOCK_CLASSES
#define HASH_SIZE  (2 * CLASSES)
#define TRACE	   6	/* return addresses kept of each arrow */
#define LONGEST	   12	/* arrows of a chain that are printed */

enum {
	USED_IRQ, USED_IRQ_READ, USED_ON, USED_ON_READ,
	USED_SOFT, USED_SOFT_READ, USED_SOFT_ON, USED_SOFT_ON_READ, NR_USES
};
#define IS_IRQ	   (BIT(USED_IRQ) | BIT(USED_IRQ_READ))
#define IS_ON	   (BIT(USED_ON) | BIT(USED_ON_READ))
#define IS_SOFT	   (BIT(USED_SOFT) | BIT(USED_SOFT_READ))
#define IS_SOFT_ON (BIT(USED_SOFT_ON) | BIT(USED_SOFT_ON_READ))

static const char *const use_names[NR_USES] = {
	"IN-HARDIRQ-W", "IN-HARDIRQ-R", "HARDIRQ-ON-W", "HARDIRQ-ON-R",
	"IN-SOFTIRQ-W", "IN-SOFTIRQ-R", "SOFTIRQ-ON-W", "SOFTIRQ-ON-R",
};

struct lock_class {
	const void *key;
	const char *name;
	u8 subclass;
	u8 uses;			/* bits USED_*; read without the lock */
	bool told;			/* two of it held at once were reported, … */
	bool told_irq;			/* and an arrow to where interrupts are on */
	u16 first;			/* arrow from here; they hang together by `next` */
	unsigned long use_ip[NR_USES];	/* who first used it so */
};

struct arrow {
	u16 from, to, next;
	unsigned long from_ip;		/* who held `from`, … */
	unsigned long trace[TRACE];	/* when this code took `to` */
};

/* All start at 1: number 0 is none. */
static struct lock_class classes[CLASSES];
static struct arrow arrows[QUARRY_LOCK_PAIRS];
static unsigned int nr_classes = 1, nr_arrows = 1;
static u16 hash[HASH_SIZE];
static DECLARE_BITMAP(known, CLASSES * CLASSES);
static arch_spinlock_t graph_lock;

/* For searches: which arrow led to each class, and those yet to be followed. */
static u16 led_to[CLASSES], queue[CLASSES];

/* A path of arrows, copied for a report. */
struct chain {
	unsigned int nr;
	u16 arrows[LONGEST];
};

static void table_full(const char *what)
{
	static unsigned long said;

	if (test_and_set_bit(0, &said))
		return;
	lockcheck_report_begin(LOCKCHECK_FULL);
	printk(KERN_ERR "lockcheck: the table of %s is full; what is new is not checked\n", what);
	lockcheck_report_end();
}

/* 1. Classes */

/* The linker's: where the image begins and ends. */
extern const char __executable_start[], _end[];

static bool is_static(const void *key)
{
	return (const char *)key >= __executable_start && (const char *)key < _end;
}

/* Its number in the table, added if need be; 0 if there is no room. graph_lock is held. */
static unsigned int find_class(const void *key, const char *name, unsigned int subclass)
{
	unsigned long mixed = ((unsigned long)key + subclass) * 0x9e3779b97f4a7c15UL;
	unsigned int i = (unsigned int)(mixed >> 40) % HASH_SIZE;

	for (; hash[i]; i = (i + 1) % HASH_SIZE)
		if (classes[hash[i]].key == key && classes[hash[i]].subclass == subclass)
			return hash[i];
	if (nr_classes == CLASSES)
		return 0;
	classes[nr_classes] = (struct lock_class){
		.key = key, .name = name, .subclass = (u8)subclass,
	};
	hash[i] = (u16)nr_classes;
	return nr_classes++;
}

const char *lockorder_name(unsigned int class)
{
	return class ? classes[class].name : "of a class that found no room";
}

unsigned int lockorder_class(struct lockdep_map *map, unsigned int subclass)
{
	unsigned int class;

	subclass = min(subclass, LOCKDEP_SUBCLASSES - 1U);
	class = __atomic_load_n(&map->class[subclass], __ATOMIC_ACQUIRE);
	if (likely(class))
		return class;
	arch_spin_lock(&graph_lock);
	/* A lock on a stack, from a static initialiser: its name stands for the place. */
	class = find_class(is_static(map->key) ? map->key : map->name, map->name, subclass);
	arch_spin_unlock(&graph_lock);
	if (class)
		__atomic_store_n(&map->class[subclass], (u16)class, __ATOMIC_RELEASE);
	else
		table_full("lock classes");
	return class;
}

/* 2. The graph. graph_lock is held. */

/*
 * Looks for a path; afterwards led_to[] holds it, backwards. To class 0 there is none: then
 * led_to[] tells all that can be reached.
 */
static bool find_path(unsigned int from, unsigned int to)
{
	unsigned int head = 0, tail = 0, i;

	memset(led_to, 0, sizeof(led_to));
	queue[tail++] = (u16)from;
	while (head < tail) {
		for (i = classes[queue[head++]].first; i; i = arrows[i].next) {
			unsigned int next = arrows[i].to;

			if (led_to[next])
				continue;
			led_to[next] = (u16)i;
			if (next == to)
				return true;
			queue[tail++] = (u16)next;
		}
	}
	return false;
}

/* The path that find_path() found, in order; the end of one that is too long. */
static void copy_path(unsigned int from, unsigned int to, struct chain *chain)
{
	unsigned int n = 0, i;

	while (to != from && n < LONGEST) {
		chain->arrows[LONGEST - ++n] = led_to[to];
		to = arrows[led_to[to]].from;
	}
	for (i = 0; i < n; i++)
		chain->arrows[i] = chain->arrows[LONGEST - n + i];
	chain->nr = n;
}

static bool add_arrow(unsigned int from, unsigned int to, unsigned long from_ip, unsigned long fp)
{
	struct arrow *arrow = &arrows[nr_arrows];

	if (nr_arrows == QUARRY_LOCK_PAIRS)
		return false;
	*arrow = (struct arrow){
		.from = (u16)from, .to = (u16)to, .next = classes[from].first, .from_ip = from_ip,
	};
	arch_backtrace(fp, arrow->trace, TRACE);
	classes[from].first = (u16)nr_arrows++;
	return true;
}

/* Is the first taken in interrupts of a kind that may come where the second is held? */
static bool may_come(const struct lock_class *irq, const struct lock_class *on)
{
	return (irq->uses & BIT(USED_IRQ) && on->uses & IS_ON) ||
	       (irq->uses & BIT(USED_SOFT) && on->uses & IS_SOFT_ON);
}

/*
 * Is there a path from a class of interrupts to one that is used with interrupts on, by way
 * of `through`? Then they are *irq and *on, and led_to[] holds it. Each class of interrupts is
 * told of once.
 */
static bool find_irq_path(unsigned int through, unsigned int *irq, unsigned int *on)
{
	for (*irq = 1; *irq < nr_classes; ++*irq) {
		struct lock_class *class = &classes[*irq];

		if (!(class->uses & (BIT(USED_IRQ) | BIT(USED_SOFT))) || class->told_irq)
			continue;
		find_path(*irq, 0);
		if (*irq != through && !led_to[through])
			continue;
		for (*on = 1; *on < nr_classes; ++*on) {
			if (!led_to[*on] || !may_come(class, &classes[*on]))
				continue;
			class->told_irq = true;
			return true;
		}
	}
	return false;
}

/* 3. Reports. graph_lock is not held. */

static void print_title(const char *title)
{
	printk(KERN_WARNING "======================================================\n");
	printk(KERN_WARNING "WARNING: %s\n", title);
	printk(KERN_WARNING "------------------------------------------------------\n");
}

static void print_taken(const struct held_lock *lock)
{
	printk(KERN_WARNING " (%s) %px, at: %pS\n", classes[lock->class].name, lock->map,
	       (void *)lock->ip);
}

static void print_chain(const struct chain *chain)
{
	unsigned int i, j;

	for (i = chain->nr; i-- > 0;) {
		const struct arrow *arrow = &arrows[chain->arrows[i]];

		printk(KERN_WARNING "-> #%u (%s), taken while (%s) was held by %pS:\n", i + 1,
		       classes[arrow->to].name, classes[arrow->from].name,
		       (void *)arrow->from_ip);
		for (j = 0; j < TRACE && arrow->trace[j]; j++)
			printk(KERN_WARNING "       %pB\n", (void *)arrow->trace[j]);
	}
}

/* `taken` is waited for while `held` is held; `chain` leads from taken's class to held's. */
static void report_circle(const struct held_lock *taken, const struct held_lock *held,
			  const struct chain *chain)
{
	const char *inner = classes[taken->class].name, *outer = classes[held->class].name;
	char who[LOCKCHECK_WHO];

	lockcheck_report_begin(LOCKCHECK_ORDER);
	print_title("possible circular locking dependency detected");
	printk(KERN_WARNING "%s is trying to acquire lock:\n", lockcheck_who(who, sizeof(who)));
	print_taken(taken);
	printk(KERN_WARNING "but task is already holding lock:\n");
	print_taken(held);
	printk(KERN_WARNING "which elsewhere comes after it.\n");
	printk(KERN_WARNING "the existing dependency chain (in reverse order) is:\n");
	print_chain(chain);
	printk(KERN_WARNING "-> #0 (%s), here, while (%s) is held\n", inner, outer);
	printk(KERN_WARNING " Possible unsafe locking scenario:\n");
	printk(KERN_WARNING "       CPU0                    CPU1\n");
	printk(KERN_WARNING "  lock(%s);\n", outer);
	printk(KERN_WARNING "                               lock(%s);\n", inner);
	if (chain->nr > 1)
		printk(KERN_WARNING "                               (and the chain's others)\n");
	printk(KERN_WARNING "                               lock(%s);\n", outer);
	printk(KERN_WARNING "  lock(%s);\n *** DEADLOCK ***\n", inner);
	lockcheck_report_end();
}

static void report_same_class(const struct held_lock *taken, const struct held_lock *held)
{
	char who[LOCKCHECK_WHO];

	lockcheck_report_begin(LOCKCHECK_ORDER);
	print_title("possible recursive locking detected");
	printk(KERN_WARNING "%s is trying to acquire lock:\n", lockcheck_who(who, sizeof(who)));
	print_taken(taken);
	printk(KERN_WARNING "but task is already holding lock:\n");
	print_taken(held);
	printk(KERN_WARNING "of the same class: with another thread the other way round,\n"
	       " *** DEADLOCK ***\n");
	lockcheck_report_end();
}

static void report_irq_state(const struct held_lock *lock, unsigned int before, unsigned int now)
{
	const struct lock_class *class = &classes[lock->class];
	char who[LOCKCHECK_WHO];

	lockcheck_report_begin(LOCKCHECK_IRQ);
	print_title("inconsistent lock state");
	printk(KERN_WARNING "inconsistent {%s} -> {%s} usage.\n", use_names[before],
	       use_names[now]);
	printk(KERN_WARNING "%s takes:\n", lockcheck_who(who, sizeof(who)));
	print_taken(lock);
	printk(KERN_WARNING "{%s} state was registered at: %pS\n", use_names[before],
	       (void *)class->use_ip[before]);
	printk(KERN_WARNING "       CPU0\n  lock(%s);\n  <Interrupt>\n    lock(%s);\n"
	       " *** DEADLOCK ***\n", class->name, class->name);
	lockcheck_report_end();
}

static void report_irq_path(unsigned int irq, unsigned int on, const struct chain *chain)
{
	const struct lock_class *first = &classes[irq], *last = &classes[on];
	bool hard = first->uses & BIT(USED_IRQ) && last->uses & IS_ON;
	unsigned int alone = hard ? USED_ON : USED_SOFT_ON;

	lockcheck_report_begin(LOCKCHECK_IRQ_ORDER);
	print_title("possible irq lock inversion dependency detected");
	printk(KERN_WARNING " (%s) is taken in %s, at: %pS\n", first->name,
	       hard ? "interrupts" : "timers' functions",
	       (void *)first->use_ip[hard ? USED_IRQ : USED_SOFT]);
	printk(KERN_WARNING " (%s) is taken with interrupts on, at: %pS\n", last->name,
	       (void *)last->use_ip[last->uses & BIT(alone) ? alone : alone + 1]);
	printk(KERN_WARNING "and the second one under the first:\n");
	print_chain(chain);
	printk(KERN_WARNING "       CPU0                    CPU1\n");
	printk(KERN_WARNING "  lock(%s);\n", last->name);
	printk(KERN_WARNING "                               lock(%s);\n", first->name);
	printk(KERN_WARNING "                               lock(%s);\n", last->name);
	printk(KERN_WARNING "  <Interrupt>\n    lock(%s);\n *** DEADLOCK ***\n", first->name);
	lockcheck_report_end();
}

/* 4. What is new */

/* A class has a new use or a new arrow: looks for what that makes wrong of interrupts. */
static void check_irq_paths(unsigned int through)
{
	struct chain chain;
	unsigned int irq, on;
	bool found;

	arch_spin_lock(&graph_lock);
	found = find_irq_path(through, &irq, &on);
	if (found)
		copy_path(irq, on, &chain);
	arch_spin_unlock(&graph_lock);
	if (found)
		report_irq_path(irq, on, &chain);
}

/* The first time that a lock of class `to` is waited for while one of `from` is held. */
static void new_pair(unsigned int from, unsigned int to, const struct held_lock *taken,
		     const struct held_lock *held, unsigned long fp)
{
	struct chain chain;
	bool circle, added = true;

	arch_spin_lock(&graph_lock);
	if (test_and_set_bit(from * CLASSES + to, known)) {
		arch_spin_unlock(&graph_lock);
		return;
	}
	circle = find_path(to, from);
	if (circle)
		copy_path(to, from, &chain);
	else
		added = add_arrow(from, to, held->ip, fp);
	arch_spin_unlock(&graph_lock);
	if (circle)
		report_circle(taken, held, &chain);
	else if (added)
		check_irq_paths(from);
	else
		table_full("pairs of locks");
}

void lockorder_taking(const struct held_lock *taken, const struct held_locks *held,
		      unsigned long fp)
{
	unsigned int to = taken->class, from, i;

	for (i = 0; to && i < held->nr; i++) {
		const struct held_lock *other = &held->locks[i];

		if (!lockcheck_same_context(taken, other))
			continue;
		from = other->class;
		if (from == to) {
			if (!__atomic_exchange_n(&classes[to].told, true, __ATOMIC_RELAXED))
				report_same_class(taken, other);
		} else if (from && !test_bit(from * CLASSES + to, known)) {
			new_pair(from, to, taken, other, fp);
		}
	}
}

/* Which earlier use does not go with this one? NR_USES when all is well. */
static unsigned int conflict(u8 uses, unsigned int use)
{
	static const u8 against[NR_USES] = {
		[USED_IRQ] = IS_ON, [USED_IRQ_READ] = BIT(USED_ON),
		[USED_ON] = IS_IRQ, [USED_ON_READ] = BIT(USED_IRQ),
		[USED_SOFT] = IS_SOFT_ON, [USED_SOFT_READ] = BIT(USED_SOFT_ON),
		[USED_SOFT_ON] = IS_SOFT, [USED_SOFT_ON_READ] = BIT(USED_SOFT),
	};
	unsigned int found = uses & against[use];

	return found ? __ffs(found) : NR_USES;
}

static void add_use(const struct held_lock *lock, unsigned int number, unsigned int use)
{
	struct lock_class *class = &classes[number];
	unsigned int before = NR_USES;
	bool is_new;

	if (__atomic_load_n(&class->uses, __ATOMIC_RELAXED) & BIT(use))
		return;
	arch_spin_lock(&graph_lock);
	is_new = !(class->uses & BIT(use));
	if (is_new) {
		class->use_ip[use] = lock->ip;
		before = conflict(class->uses, use);
		__atomic_store_n(&class->uses, class->uses | BIT(use), __ATOMIC_RELAXED);
	}
	arch_spin_unlock(&graph_lock);
	if (before != NR_USES)
		report_irq_state(lock, before, use);
	if (is_new)
		check_irq_paths(number);
}

/* Taken by a timer_list function, not by an interrupt that it let in. */
static bool is_soft(const struct held_lock *lock)
{
	return lock->context == (HARDIRQ_ONE | SOFTIRQ_ONE);
}

void lockorder_used(const struct held_lock *lock, bool irqs_on)
{
	bool read = lock->how & LOCKDEP_READ;
	unsigned int class = lock->class;

	if (!class || lock->how & LOCKDEP_SLEEPS)
		return;
	if (is_soft(lock))
		add_use(lock, class, read ? USED_SOFT_READ : USED_SOFT);
	else if (lock->context)
		add_use(lock, class, read ? USED_IRQ_READ : USED_IRQ);
	if (irqs_on && (is_soft(lock) || !lock->context))
		add_use(lock, class, read ? USED_ON_READ : USED_ON);
	if (irqs_on && !lock->context && !in_softirq())
		add_use(lock, class, read ? USED_SOFT_ON_READ : USED_SOFT_ON);
}

#endif
