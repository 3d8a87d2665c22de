/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of the hosted port.
 *
 * Every CPU has a pending word, a bit for each kind of interrupt. Whoever interrupts a CPU
 * sets the bit and, if it was not set, sends the signal. The signal's handler, and whoever
 * switches interrupts on, or waits, with a bit set, run what is pending. So nothing is lost:
 * a bit is set before the signal is sent, and port_irq_restore() looks at the word after it
 * has switched interrupts on.
 *
 * A signal may come while the CPU is inside libc or the run-time library of a sanitizer,
 * neither of which may be entered again by what an interrupt does. Then the bit stays set,
 * and a timer sends the signal once more, some microseconds later. Between two instructions
 * of Quarry's own code, an interrupt comes at once.
 *
 * Lines stand for what an interrupt controller gets from devices; tests raise them. While a
 * line is masked an edge is lost, and a level waits, as in real controllers. `lines_raised`
 * and the fields of a line are atomic words; a CPU that is told of a line which meanwhile was
 * masked or moved to another finds nothing to do: whoever unmasks a line posts it anew.
 */
#include <linux/atomic.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <quarry/port.h>
#include <kernel/cpu.h>

#include "host.h"
#include "hosted.h"

#define NR_LINES    16
#define MASKED	    (-1)
#define YIELD_TURNS 64

DEFINE_PER_CPU(unsigned long, port_irqs_off) = 1;
DEFINE_PER_CPU(unsigned int, hosted_pending);
static DEFINE_PER_CPU(unsigned int, relax_turns);

static struct {
	atomic_t target;	/* a CPU, or MASKED */
	atomic_t level;		/* 1: interrupts for as long as it is up */
} lines[NR_LINES] = { [0 ... NR_LINES - 1] = { ATOMIC_INIT(MASKED), ATOMIC_INIT(0) } };

/* A bit for each line: it is to interrupt; it is up, and of the kind for which that counts. */
static unsigned int lines_raised, lines_up;

static void set_bit_of(unsigned int *word, unsigned int irq)
{
	__atomic_fetch_or(word, 1U << irq, __ATOMIC_SEQ_CST);
}

static bool clear_bit_of(unsigned int *word, unsigned int irq)
{
	return __atomic_fetch_and(word, ~(1U << irq), __ATOMIC_SEQ_CST) & 1U << irq;
}

void hosted_post(unsigned int cpu, unsigned int bits)
{
	unsigned int *pending = per_cpu_ptr(&hosted_pending, cpu);

	if ((__atomic_fetch_or(pending, bits, __ATOMIC_SEQ_CST) & bits) != bits)
		host_cpu_kick(cpu);
}

/* ---- Lines ---- */

unsigned int arch_nr_irqs(void)
{
	return NR_LINES;
}

static void post_line(unsigned int irq)
{
	int cpu = atomic_read(&lines[irq].target);

	if (cpu != MASKED)
		hosted_post((unsigned int)cpu, HOSTED_IRQ_LINES);
}

int arch_irq_unmask(unsigned int irq, unsigned int cpu, unsigned long flags)
{
	if (irq >= NR_LINES)
		return -EINVAL;
	atomic_set(&lines[irq].level,
		   !!(flags & (IRQF_SHARED | IRQF_TRIGGER_HIGH | IRQF_TRIGGER_LOW)));
	atomic_set(&lines[irq].target, (int)cpu);
	smp_mb();	/* pairs with hosted_irq_raise(): one of the two sees the other */
	if (__atomic_load_n(&lines_raised, __ATOMIC_RELAXED) & 1U << irq)
		post_line(irq);
	return 0;
}

void arch_irq_mask(unsigned int irq)
{
	atomic_set(&lines[irq].target, MASKED);
}

void hosted_irq_raise(unsigned int irq)
{
	if (atomic_read(&lines[irq].level))
		set_bit_of(&lines_up, irq);
	else if (atomic_read(&lines[irq].target) == MASKED)
		return;
	set_bit_of(&lines_raised, irq);
	post_line(irq);
}

void hosted_irq_lower(unsigned int irq)
{
	if (clear_bit_of(&lines_up, irq))
		clear_bit_of(&lines_raised, irq);
}

static void run_lines(unsigned int cpu)
{
	unsigned int irq;

	for (irq = 0; irq < NR_LINES; irq++) {
		if (atomic_read(&lines[irq].target) != (int)cpu)
			continue;
		if (!clear_bit_of(&lines_raised, irq))
			continue;
		irq_handler(irq);
		if (__atomic_load_n(&lines_up, __ATOMIC_SEQ_CST) & 1U << irq)
			hosted_irq_raise(irq);	/* nobody made the device lower it */
	}
}

/* ---- Running what is pending ---- */

static void run_pending(unsigned int pending)
{
	enum ipi kind;

	irq_enter();
	if (pending & HOSTED_IRQ_TIMER)
		timer_handler();
	for (kind = 0; kind < NR_IPIS; kind++)
		if (pending & HOSTED_IRQ_IPI(kind))
			ipi_handler(kind);
	if (pending & HOSTED_IRQ_LINES)
		run_lines(smp_processor_id());
	irq_exit();
}

void hosted_interrupt(void)
{
	unsigned int *word = this_cpu_ptr(&hosted_pending), pending;

	do {
		this_cpu_write(port_irqs_off, 1UL);
		barrier();
		while ((pending = __atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST)))
			run_pending(pending);
		barrier();
		this_cpu_write(port_irqs_off, 0UL);
		barrier();	/* what came before this line found interrupts off, and left */
	} while (this_cpu_read(hosted_pending));
}

void hosted_relax(void)
{
	__asm__ __volatile__("pause" ::: "memory");
	if (this_cpu_read(hosted_pending) && !port_irqs_disabled())
		hosted_interrupt();
	if (this_cpu_inc_return(relax_turns) % YIELD_TURNS == 0)
		host_yield();
}
