/* SPDX-License-Identifier: MIT */
/*
 * The watchdog: names a CPU that stopped, while the others go on.
 *
 * Each CPU has a count of beats, which the scheduler raises whenever the CPU turns to another
 * thread or has nothing to do, and a timer. The timer's function, in an interrupt on that CPU,
 *
 *	notes the time: this CPU takes interrupts;
 *	looks whether the count went up since the last time: if not for twice the threshold,
 *	one thread has had the CPU all the time - a soft lockup, reported with a backtrace,
 *	which goes through the interrupt into the code that runs there;
 *	looks at the time that the next CPU has noted: if that is twice the threshold ago, that
 *	CPU takes no interrupts - a hard lockup. It cannot be asked for a backtrace; what is
 *	known is the thread it runs. Then it looks at the CPU behind that one too, and so on
 *	to the first that is well: so each stopped CPU has somebody who looks.
 *
 * A thread that calls cond_resched() in a long loop is well behaved, but has nobody to give
 * way to; so the timer asks for a new decision, and the call brings the beat.
 *
 * When somebody stops all CPUs for long (roots.c), all that is moved on: watchdog_touch_all().
 *
 * Nothing happens on one CPU with interrupts off that others could not see: with a single CPU
 * there is no hard lockup to be found.
 *
 * Option: watchdog_thresh=SECONDS, 10 by default, 0 to 3600, 0 for no watching. Reports come
 * after twice that time, and again after as long. They do not end the run: a slow emulator
 * is no fault of the kernel's.
 *
 * Locks: none, but for a try at a run queue's, for the name of its thread. A CPU's noted time
 * is read by others, all else is its own.
 * Costs: an increment at each switch, and an interrupt in two fifths of the threshold.
 */
#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>
#include <kernel/sched.h>
#include <kernel/watchdog.h>

#define DEFAULT_THRESH 10	/* seconds */
#define MAX_THRESH     3600

struct watchdog {
	struct hrtimer timer;
	unsigned long beats;	/* the count when it was last seen to change, … */
	u64 changed;		/* and when that was */
	u64 soft_told;		/* for how long, by the last report of it; 0: none */
	u64 hard_told;		/* the same, of the next CPU */
	u64 noted;		/* the last time the timer's function ran here */
	atomic_long_t counts[WATCHDOG_NR_REPORTS];
};

DEFINE_PER_CPU(unsigned long, watchdog_beats);
static DEFINE_PER_CPU(struct watchdog, watchdog);
static u64 thresh;		/* ns; 0: no watching */

static u64 limit(void)
{
	return 2 * READ_ONCE(thresh);
}

static u64 period(void)
{
	return READ_ONCE(thresh) / 5 * 2;
}

unsigned long watchdog_count(unsigned int cpu, enum watchdog_report kind)
{
	return (unsigned long)atomic_long_read(&per_cpu(watchdog, cpu).counts[kind]);
}

u64 watchdog_noted(unsigned int cpu)
{
	return READ_ONCE(per_cpu(watchdog, cpu).noted);
}

void watchdog_touch_all(void)
{
	u64 now = arch_ktime_ns();
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		WRITE_ONCE(per_cpu(watchdog, cpu).noted, now);
		per_cpu(watchdog_beats, cpu)++;
	}
}

static void report(unsigned int cpu, enum watchdog_report kind, u64 since)
{
	static const char *const words[WATCHDOG_NR_REPORTS][2] = {
		{ "soft", "stuck" }, { "hard", "takes no interrupts" },
	};
	char comm[TASK_COMM_LEN] = "?";
	int pid = 0;

	sched_who_runs(cpu, comm, &pid);
	atomic_long_inc(&per_cpu(watchdog, cpu).counts[kind]);
	pr_emerg("watchdog: BUG: %s lockup - CPU#%u %s for %llus! [%s:%d]\n", words[kind][0], cpu,
		 words[kind][1], since / NSEC_PER_SEC, comm, pid);
}

/* Is it time to report what has lasted so long? Then *told becomes that. */
static bool is_due(u64 lasted, u64 *told)
{
	if (lasted < *told)
		*told = 0;	/* it ended meanwhile, and began anew */
	if (lasted - *told < limit())
		return false;
	*told = lasted;
	return true;
}

static void check_self(struct watchdog *own, u64 now)
{
	unsigned long beats = this_cpu_read(watchdog_beats);

	if (beats != own->beats) {
		own->beats = beats;
		own->changed = now;
		own->soft_told = 0;
	} else if (is_due(now - own->changed, &own->soft_told)) {
		report(smp_processor_id(), WATCHDOG_SOFT, now - own->changed);
		lockdep_print_culprit();
		dump_stack();
	}
}

/* How long that CPU has not taken interrupts, as far as is known. */
static u64 silence(unsigned int cpu, u64 now)
{
	u64 noted = watchdog_noted(cpu);

	return noted && now > noted ? now - noted : 0;
}

static unsigned int next_online(unsigned int cpu)
{
	cpu = cpumask_next((int)cpu, cpu_online_mask);
	return cpu < NR_CPUS ? cpu : cpumask_first(cpu_online_mask);
}

static void check_others(struct watchdog *own, u64 now)
{
	unsigned int self = smp_processor_id(), cpu = next_online(self);
	u64 lasted = silence(cpu, now);

	if (cpu == self || !is_due(lasted, &own->hard_told))
		return;
	for (; cpu != self && lasted >= limit(); lasted = silence(cpu, now)) {
		report(cpu, WATCHDOG_HARD, lasted);
		cpu = next_online(cpu);
	}
}

static enum hrtimer_restart look(struct hrtimer *timer)
{
	struct watchdog *own = container_of(timer, struct watchdog, timer);
	u64 now = arch_ktime_ns();

	WRITE_ONCE(own->noted, now);
	if (!limit())
		return HRTIMER_NORESTART;
	check_self(own, now);
	check_others(own, now);
	this_cpu_write(need_resched_var, true);
	hrtimer_forward_now(timer, (ktime_t)period());
	return HRTIMER_RESTART;
}

/* On each CPU. */
static void start_here(void *unused)
{
	struct watchdog *own = this_cpu_ptr(&watchdog);

	own->changed = arch_ktime_ns();
	own->beats = this_cpu_read(watchdog_beats);
	own->soft_told = own->hard_told = 0;
	WRITE_ONCE(own->noted, own->changed);
	if (limit())
		hrtimer_start(&own->timer, (ktime_t)period(), HRTIMER_MODE_REL);
}

u64 watchdog_set_thresh(u64 ns)
{
	u64 before = thresh;
	unsigned int cpu;

	WRITE_ONCE(thresh, 0);
	for_each_online_cpu(cpu)
		hrtimer_cancel(&per_cpu(watchdog, cpu).timer);
	WRITE_ONCE(thresh, ns);
	on_each_cpu(start_here, NULL, true);
	return before;
}

u64 watchdog_thresh_wanted(void)
{
	unsigned long long seconds;
	char word[24];

	if (!cmdline_value("watchdog_thresh", word, sizeof(word)))
		return DEFAULT_THRESH;
	if (!kstrtoull(word, 0, &seconds) && seconds <= MAX_THRESH)
		return seconds;
	pr_err("watchdog: watchdog_thresh=%s is not a number from 0 to %u, ignored\n", word,
	       MAX_THRESH);
	return DEFAULT_THRESH;
}

void watchdog_init(void)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		struct watchdog *dog = &per_cpu(watchdog, cpu);

		hrtimer_init(&dog->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
		dog->timer.function = look;
	}
	watchdog_set_thresh(watchdog_thresh_wanted() * NSEC_PER_SEC);
}
