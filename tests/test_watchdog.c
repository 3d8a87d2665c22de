/* SPDX-License-Identifier: MIT */
/*
 * The watchdog names a CPU that stopped, and lets the others be. The threshold is low here; a
 * loaded machine may stop a CPU for that long by itself, so the cases look only at reports
 * about the CPU and of the kind in question.
 */
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>
#include <kernel/watchdog.h>
#include <tests/threads.h>

#define THRESH (50 * NSEC_PER_MSEC)	/* reports come after twice that, and two fifths */
#define LONG_ENOUGH (5 * THRESH)
#define AT_MOST (100 * THRESH)

/* A thread that hangs until that CPU was reported, or long enough for it not to have been. */
struct hang {
	unsigned int cpu;
	enum watchdog_report kind;
	bool irqs_off, yields;
	unsigned long before;
};

static bool goes_on(const struct hang *hang, u64 start)
{
	u64 lasted = arch_ktime_ns() - start;

	if (hang->yields)
		return lasted < LONG_ENOUGH;
	return lasted < AT_MOST && watchdog_count(hang->cpu, hang->kind) == hang->before;
}

static void do_hang(void *arg)
{
	struct hang *hang = arg;
	unsigned long flags = 0;
	u64 start = arch_ktime_ns();

	if (hang->irqs_off)
		local_irq_save(flags);
	while (goes_on(hang, start)) {
		port_relax();
		if (hang->yields)
			cond_resched();
	}
	if (hang->irqs_off)
		local_irq_restore(flags);
}

/* Is a CPU that hangs so reported? */
static bool is_reported(int cpu, struct hang *hang)
{
	u64 before = watchdog_set_thresh(THRESH);
	struct test_thread thread;

	hang->cpu = (unsigned int)cpu;
	hang->before = watchdog_count(hang->cpu, hang->kind);
	test_thread_start(&thread, cpu, do_hang, hang);
	test_thread_join(&thread);
	watchdog_set_thresh(before);
	return watchdog_count(hang->cpu, hang->kind) != hang->before;
}

SELFTEST(watchdog, names_a_thread_that_keeps_its_cpu)
{
	struct hang hang = { .kind = WATCHDOG_SOFT };

	CHECK(is_reported(0, &hang));
	CHECK_EQ(hang.cpu, 0);
	if (num_online_cpus() == 1)
		return;
	CHECK(is_reported(test_cpu(1), &hang));
	CHECK_EQ(hang.cpu, test_cpu(1));
}

SELFTEST(watchdog, lets_be_who_gives_way)
{
	struct hang hang = { .kind = WATCHDOG_SOFT, .yields = true };

	CHECK(!is_reported(0, &hang));
}

SELFTEST(watchdog, names_a_cpu_that_takes_no_interrupts)
{
	struct hang hang = { .kind = WATCHDOG_HARD, .irqs_off = true };

	if (num_online_cpus() == 1)
		SKIP("nobody else is there to see it");
	CHECK(is_reported(test_cpu(1), &hang));
	CHECK(is_reported(0, &hang));
}

/*
 * The second CPU is watched by the first, which has stopped too, until the second is reported:
 * so it is another that tells.
 */
SELFTEST(watchdog, names_two_neighbours_that_take_none)
{
	struct hang hang = { .kind = WATCHDOG_HARD, .irqs_off = true };
	struct test_thread threads[2];
	unsigned int i;
	u64 before;

	if (num_online_cpus() < 3)
		SKIP("nobody else is there to see it");
	hang.cpu = (unsigned int)test_cpu(1);
	hang.before = watchdog_count(hang.cpu, WATCHDOG_HARD);
	before = watchdog_set_thresh(THRESH);
	for (i = 2; i-- > 0;)
		test_thread_start(&threads[i], test_cpu(i), do_hang, &hang);
	for (i = 0; i < 2; i++)
		test_thread_join(&threads[i]);
	watchdog_set_thresh(before);
	CHECK(watchdog_count(hang.cpu, WATCHDOG_HARD) > hang.before);
}

SELFTEST(watchdog, can_be_off)
{
	u64 before = watchdog_set_thresh(0), start = arch_ktime_ns();
	unsigned int cpu = smp_processor_id();
	unsigned long count = watchdog_count(cpu, WATCHDOG_SOFT);

	while (arch_ktime_ns() - start < LONG_ENOUGH)
		port_relax();
	CHECK_EQ(watchdog_count(cpu, WATCHDOG_SOFT), count);
	watchdog_set_thresh(before);
}

SELFTEST(watchdog, the_threshold_is_the_boot_option)
{
	u64 thresh = watchdog_set_thresh(0);
	unsigned long long seconds = 10;
	char word[24];

	watchdog_set_thresh(thresh);
	if (cmdline_value("watchdog_thresh", word, sizeof(word)))
		CHECK_EQ(kstrtoull(word, 0, &seconds), 0);
	CHECK_EQ(thresh, seconds * NSEC_PER_SEC);
}

struct stand {
	unsigned int cpu;
	u64 end;
	unsigned long beats;
};

static int note_end(void *arg)
{
	struct stand *stand = arg;

	stand->beats = per_cpu(watchdog_beats, stand->cpu);
	stand->end = arch_ktime_ns();
	return 0;
}

SELFTEST(watchdog, those_that_stood_still_on_purpose_begin_anew)
{
	struct stand stand = { .cpu = num_online_cpus() > 1 ? (unsigned int)test_cpu(1) : 0 };

	CHECK_EQ(port_stop_others(note_end, &stand), 0);
	CHECK(watchdog_noted(stand.cpu) >= stand.end);
	CHECK(per_cpu(watchdog_beats, stand.cpu) != stand.beats);
}
