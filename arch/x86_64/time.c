/* SPDX-License-Identifier: MIT */
/*
 * Time: the TSC tells it, the local APIC's timer interrupts at it.
 *
 * The TSC's rate comes from CPUID where that says it, else from the best reference that runs
 * (clocks.c); a second one, if there is any, must agree. Nanoseconds are a multiplication
 * away: ticks * mult / 2^32. A CPU whose TSC disagrees with CPU 0's has an offset of its own
 * (tsc_sync.c), so that time is one.
 *
 * The timer is used once at a time, never periodically. Where the CPU has deadlines of the
 * TSC, no second rate is needed; otherwise the timer's own clock is measured by the TSC. Its
 * counter has 32 bits: a far deadline is come to in several interrupts, of which kernel/ sees
 * the last.
 *
 * Constant once time_init() has returned, but for each CPU's deadline, which only that CPU
 * touches with interrupts off. No locks.
 */
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <kernel/cpu.h>
#include <quarry/port.h>

#include "apic.h"
#include "arch.h"
#include "clock.h"
#include "msr.h"

#define ASSUMED_HZ	1000000000ULL
#define MAX_COUNT	0xffffffffULL
#define SLACK_NS	1000		/* an interrupt this early is not early */

static u64 tsc_rate, tsc_mult, tsc_start;
static u64 timer_rate;			/* ticks a second; 0: deadlines of the TSC */

static DEFINE_PER_CPU(u64, tsc_offset);
static DEFINE_PER_CPU(u64, timer_due);	/* on arch_ktime_ns(); 0: off */

u64 tsc_read(void)
{
	u32 low, high;

	__asm__ __volatile__("lfence; rdtsc" : "=a"(low), "=d"(high) :: "memory");
	return (u64)high << 32 | low;
}

u64 tsc_hz(void)
{
	return tsc_rate;
}

void tsc_set_offset(u64 offset)
{
	this_cpu_write(tsc_offset, offset);
}

u64 arch_ktime_ns(void)
{
	return ticks_to_ns(tsc_read() + this_cpu_read(tsc_offset) - tsc_start, tsc_mult);
}

/* Leaf 0x15: the crystal's rate, and the TSC's as a ratio of it. */
static u64 tsc_hz_by_cpuid(void)
{
	struct cpuid_regs r;

	if (cpuid(0, 0).a < 0x15)
		return 0;
	r = cpuid(0x15, 0);
	return r.a ? (u64)r.c * r.b / r.a : 0;
}

static void tsc_calibrate(void)
{
	struct reference references[NR_REFERENCES];
	unsigned int i, nr = clocks_find(references);
	const char *by = NULL;
	u64 hz;

	tsc_rate = tsc_hz_by_cpuid();
	if (tsc_rate)
		by = "CPUID";
	for (i = 0; i < nr; i++) {
		hz = calibrate(&references[i], tsc_read);
		if (!hz) {
			pr_warn("time: the %s does not run\n", references[i].name);
		} else if (by) {
			pr_info("time: TSC %llu kHz by %s, %llu kHz by %s%s\n", tsc_rate / 1000,
				by, hz / 1000, references[i].name,
				rates_agree(hz, tsc_rate) ? "" : ": THEY DISAGREE");
			return;
		} else {
			tsc_rate = hz;
			by = references[i].name;
		}
	}
	if (!by) {
		tsc_rate = ASSUMED_HZ;
		pr_err("time: nothing to measure the TSC by; assuming 1 GHz\n");
		return;
	}
	pr_info("time: TSC %llu kHz by %s alone\n", tsc_rate / 1000, by);
}

static u64 timer_counted(void)
{
	return MAX_COUNT - apic_read(&apic, APIC_TIMER_NOW);
}

/* The timer must not fire meanwhile: it is masked until apic_timer_setup(). */
static void timer_calibrate(void)
{
	struct reference tsc = { "TSC", tsc_rate, ~0ULL, tsc_read };

	apic_write(&apic, APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	apic_timer_count(&apic, MAX_COUNT);
	timer_rate = calibrate(&tsc, timer_counted);
	apic_timer_count(&apic, 0);
	if (!timer_rate)
		panic("the local APIC's timer does not run");
	pr_info("time: APIC timer %llu kHz\n", timer_rate / 1000);
}

void time_init(void)
{
	bool deadline = cpuid(1, 0).c >> 24 & 1;

	tsc_calibrate();
	tsc_mult = mult_of(tsc_rate);
	tsc_start = tsc_read();
	if (deadline)
		pr_info("time: timers are deadlines of the TSC\n");
	else
		timer_calibrate();
	apic_timer_setup(&apic, deadline);
}

void time_init_other(void)
{
	apic_timer_setup(&apic, !timer_rate);
}

/* What `ns` is in ticks of a clock, at least 1. Seconds apart, so that nothing wraps. */
static u64 ns_to_ticks(u64 ns, u64 hz)
{
	u64 seconds = ns / 1000000000, rest = ns % 1000000000;

	if (seconds > MAX_COUNT)
		return ~0ULL >> 1;
	return seconds * hz + rest * (hz / 1000) / 1000000 + 1;
}

static void timer_start(u64 ns)
{
	if (timer_rate)
		apic_timer_count(&apic, min(ns_to_ticks(ns, timer_rate), MAX_COUNT));
	else
		apic_timer_deadline(&apic, tsc_read() + ns_to_ticks(ns, tsc_rate));
}

static void timer_stop(void)
{
	if (timer_rate)
		apic_timer_count(&apic, 0);
	else
		apic_timer_deadline(&apic, 0);
}

void arch_timer_set(u64 ns)
{
	unsigned long flags = port_irq_save();

	if (ns) {
		this_cpu_write(timer_due, arch_ktime_ns() + ns);
		timer_start(ns);
	} else {
		this_cpu_write(timer_due, 0);
		timer_stop();
	}
	port_irq_restore(flags);
}

/* Due, early because the counter could not hold more, or late news of a timer turned off. */
void timer_interrupt(void)
{
	u64 due = this_cpu_read(timer_due), now = arch_ktime_ns();

	if (!due)
		return;
	if (now + SLACK_NS < due) {
		timer_start(due - now);
		return;
	}
	this_cpu_write(timer_due, 0);
	timer_handler();
}
