// SPDX-License-Identifier: MIT
/* Other CPUs: who is there, and calls to them. */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/smp.h>
#include <quarry/port.h>
#include "kernel/cpu.h"
#include "tests/threads.h"

SELFTEST(smp, cpus_that_are_there)
{
	unsigned int cpu, n = 0;

	CHECK(cpu_online(0));
	CHECK(!cpu_online(NR_CPUS));
	CHECK(!cpu_possible(nr_cpu_ids));
	for_each_online_cpu(cpu) {
		CHECK(cpu < nr_cpu_ids);
		CHECK(cpu_possible(cpu));
		n++;
	}
	CHECK_EQ(n, num_online_cpus());
	CHECK(n <= nr_cpu_ids);
	CHECK_EQ(nr_cpu_ids, arch_nr_cpus());
}

SELFTEST(smp, cpu_masks)
{
	static const unsigned int members[] = { 0, 1, 63, 64, 100, NR_CPUS - 1 };
	struct cpumask mask = { { 0 } }, other;
	unsigned int cpu, i = 0;

	CHECK(cpumask_empty(&mask));
	CHECK_EQ(cpumask_first(&mask), NR_CPUS);
	for (i = 0; i < ARRAY_SIZE(members); i++)
		cpumask_set_cpu(members[i], &mask);
	CHECK_EQ(cpumask_weight(&mask), ARRAY_SIZE(members));
	i = 0;
	for_each_cpu(cpu, &mask)
		CHECK_EQ(cpu, members[i++]);
	CHECK_EQ(i, ARRAY_SIZE(members));
	CHECK(!cpumask_test_cpu(2, &mask));
	CHECK(cpumask_test_and_clear_cpu(63, &mask));
	CHECK(!cpumask_test_and_clear_cpu(63, &mask));
	cpumask_setall(&other);
	CHECK_EQ(cpumask_weight(&other), CPUMASK_LONGS * BITS_PER_LONG);
	cpumask_copy(&other, &mask);
	cpumask_clear_cpu(0, &mask);
	CHECK_EQ(cpumask_any_and(&mask, &other), 1);
	cpumask_clear(&other);
	CHECK_EQ(cpumask_any_and(&mask, &other), NR_CPUS);
}

struct visit {
	atomic_t calls[NR_CPUS];
	atomic_t wrong;
};

static void visited(void *arg)
{
	struct visit *visit = arg;

	if (!irqs_disabled())
		atomic_inc(&visit->wrong);
	atomic_inc(&visit->calls[smp_processor_id()]);
}

SELFTEST(smp, one_cpu_is_called)
{
	static struct visit visit;
	unsigned int cpu, other;

	for_each_online_cpu(cpu) {
		memset(&visit, 0, sizeof(visit));
		CHECK_EQ(smp_call_function_single((int)cpu, visited, &visit, true), 0);
		for_each_online_cpu(other)
			CHECK_EQ(atomic_read(&visit.calls[other]), other == cpu);
		CHECK_EQ(atomic_read(&visit.wrong), 0);
	}
	CHECK_EQ(smp_call_function_single(NR_CPUS, visited, &visit, true), -ENXIO);
	CHECK_EQ(smp_call_function_single(-1, visited, &visit, true), -ENXIO);
	CHECK_EQ(preempt_count(), 0);
}

SELFTEST(smp, all_are_called_or_all_others)
{
	static struct visit visit;
	unsigned int cpu, self = smp_processor_id();

	memset(&visit, 0, sizeof(visit));
	on_each_cpu(visited, &visit, true);
	for_each_online_cpu(cpu)
		CHECK_EQ(atomic_read(&visit.calls[cpu]), 1);
	smp_call_function(visited, &visit, true);
	for_each_online_cpu(cpu)
		CHECK_EQ(atomic_read(&visit.calls[cpu]), cpu == self ? 1 : 2);
	preempt_disable();
	smp_call_function_many(cpu_possible_mask, visited, &visit, true);
	preempt_enable();
	for_each_online_cpu(cpu)
		CHECK_EQ(atomic_read(&visit.calls[cpu]), cpu == self ? 1 : 3);
	on_each_cpu_mask(cpu_online_mask, visited, &visit, true);
	for_each_online_cpu(cpu)
		CHECK_EQ(atomic_read(&visit.calls[cpu]), cpu == self ? 2 : 4);
	CHECK_EQ(atomic_read(&visit.wrong), 0);
}

/* More calls at once than a CPU's ring has room for; none is lost, none is made twice. */
SELFTEST(smp, calls_that_nobody_waits_for)
{
	static struct visit visit;
	unsigned int cpu;

	memset(&visit, 0, sizeof(visit));
	for (int i = 0; i < 100; i++)
		on_each_cpu(visited, &visit, false);
	for_each_online_cpu(cpu) {
		WAIT_UNTIL(atomic_read(&visit.calls[cpu]) == 100);
		CHECK_EQ(atomic_read(&visit.calls[cpu]), 100);
	}
}

/* So that the work does not grow with the square of the number of CPUs. */
static unsigned long rounds(void)
{
	return selftest_scaled(max(320 / (num_online_cpus() * num_online_cpus()), 2U));
}

static void call_everybody(void *visit)
{
	for (unsigned long i = 0; i < rounds(); i++) {
		on_each_cpu(visited, visit, i % 2);
		if (i % 8 == 0)
			cond_resched();
	}
}

SELFTEST(smp, everybody_calls_everybody)
{
	static struct visit visit;
	static struct test_thread threads[NR_CPUS];
	unsigned int cpu, nr = num_online_cpus();

	memset(&visit, 0, sizeof(visit));
	for_each_online_cpu(cpu)
		test_thread_start(&threads[cpu], (int)cpu, call_everybody, &visit);
	for_each_online_cpu(cpu)
		test_thread_join(&threads[cpu]);
	for_each_online_cpu(cpu)
		WAIT_UNTIL(atomic_read(&visit.calls[cpu]) == (int)(nr * rounds()));
}

static void where_am_i(void *arg)
{
	atomic_add(in_hardirq(), arg);
}

SELFTEST(smp, others_are_called_in_an_interrupt)
{
	atomic_t in_interrupts = ATOMIC_INIT(0);

	smp_call_function(where_am_i, &in_interrupts, true);
	CHECK_EQ(atomic_read(&in_interrupts), num_online_cpus() - 1);
}

static unsigned long message;

static void write_message(void *arg)
{
	WRITE_ONCE(message, (unsigned long)arg);	/* all of them write the same */
}

/* What a called function wrote is seen by who waited for it. */
SELFTEST(smp, the_caller_sees_what_was_done)
{
	unsigned int cpu, last = 0;

	for_each_online_cpu(cpu)
		last = cpu;
	for (unsigned long i = 1; i < 200; i++) {
		smp_call_function_single((int)last, write_message, (void *)i, true);
		CHECK_EQ(message, i);
	}
}

SELFTEST(smp, calls_with_interrupts_off_are_reported)
{
	unsigned long flags;

	if (num_online_cpus() < 2)
		SKIP("one CPU");
	selftest_expect_warnings(2);
	local_irq_save(flags);
	smp_call_function(write_message, NULL, true);
	smp_call_function(write_message, NULL, true);
	local_irq_restore(flags);
}

static void take_time(void *arg)
{
	u64 start = arch_ktime_ns();

	/* A call that takes its time: the caller waits for all of it. */
	while (arch_ktime_ns() - start < 200000)
		port_relax();
	atomic_inc(arg);
}

SELFTEST(smp, slow_calls_are_waited_for)
{
	atomic_t done = ATOMIC_INIT(0);

	for (int i = 1; i <= 3; i++) {
		on_each_cpu(take_time, &done, true);
		CHECK_EQ(atomic_read(&done), i * (int)num_online_cpus());
	}
}
