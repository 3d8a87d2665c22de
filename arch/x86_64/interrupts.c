/* SPDX-License-Identifier: MIT */
/*
 * Interrupts, by vector: the timer's, other CPUs', devices', the local APIC's own words, and
 * those that nobody asked for.
 *
 * Interrupts are off from entry to return, so they do not nest. The APIC is told of the end
 * after the handler: a level-triggered line would otherwise come again before its device is
 * quiet. A vector that is not ours may have been raised by an INT instruction, which the APIC
 * knows nothing of, so the end is told only if the APIC has it in service; and the spurious
 * vector never is.
 *
 * Counters are per CPU, written there alone.
 */
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <kernel/cpu.h>

#include "apic.h"
#include "arch.h"
#include "clock.h"
#include "traps.h"

#define MAX_LINES_PRINTED 8

static DEFINE_PER_CPU(unsigned long, timers);
static DEFINE_PER_CPU(unsigned long, odd);	/* unasked, spurious and error interrupts */

unsigned long timer_count(unsigned int cpu)
{
	return per_cpu(timers, cpu);
}

/* False once there were enough of these lines from this CPU. */
static bool worth_a_line(void)
{
	return this_cpu_inc_return(odd) <= MAX_LINES_PRINTED;
}

static void unasked(const struct trap_frame *frame)
{
	if (worth_a_line())
		pr_warn("Interrupt %llu at %pS, which nobody asked for; going on\n",
			frame->vector, (void *)frame->rip);
	if (apic_is_on() && apic_in_service(&apic, frame->vector))
		apic_eoi(&apic);
}

/* True if the vector is one of ours, and then it was handled. */
static bool dispatch(unsigned int vector)
{
	switch (vector) {
	case VECTOR_TIMER:
		this_cpu_inc(timers);
		timer_interrupt();
		return true;
	case VECTOR_RESCHEDULE:
		ipi_handler(IPI_RESCHEDULE);
		return true;
	case VECTOR_CALL:
		ipi_handler(IPI_CALL);
		return true;
	case VECTOR_STOP:
		cpu_stop();
	case VECTOR_ERROR:
		if (worth_a_line())
			pr_warn("apic: errors %#x on CPU %u\n", apic_errors(&apic),
				smp_processor_id());
		return true;
	}
	if (vector < VECTOR_LINE || vector - VECTOR_LINE >= arch_nr_irqs())
		return false;
	irq_handler(vector - VECTOR_LINE);
	return true;
}

void interrupt_handler(const struct trap_frame *frame)
{
	if (frame->vector == VECTOR_SPURIOUS) {
		this_cpu_inc(odd);
		return;
	}
	irq_enter();
	if (dispatch(frame->vector))
		apic_eoi(&apic);
	else
		unasked(frame);
	irq_exit();
}
