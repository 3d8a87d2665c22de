/* SPDX-License-Identifier: MIT */
/*
 * The inline part of quarry/port.h for the hosted port. A CPU is a thread of the process, an
 * interrupt is a signal sent to it, and the interrupt flag is a variable of the CPU, so that
 * switching it costs no system call. A signal that comes while it says "off" leaves a bit in
 * the CPU's pending word; whoever switches interrupts on again looks there (irq.c).
 *
 * port_relax() looks there too, and lets other threads of the host run now and then: there
 * may be more CPUs than the host has.
 */
#ifndef _ASM_PORT_H
#define _ASM_PORT_H

#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/types.h>

#define PORT_IRQS_ON 0UL	/* what port_irq_restore() takes to switch them on */
#define PORT_RSEQ			/* interrupts return by way of rseq_rewind() */

DECLARE_PER_CPU(unsigned long, port_irqs_off);	/* 0 or 1; a CPU starts with 1 */
DECLARE_PER_CPU(unsigned int, hosted_pending);	/* interrupts to come, HOSTED_IRQ_* bits */

void hosted_interrupt(void);	/* runs what is pending; interrupts are on */
void hosted_relax(void);

static inline bool port_irqs_disabled(void)
{
	return this_cpu_read(port_irqs_off);
}

static inline unsigned long port_irq_save(void)
{
	unsigned long flags = this_cpu_read(port_irqs_off);

	this_cpu_write(port_irqs_off, 1UL);
	barrier();
	return flags;
}

static inline void port_irq_restore(unsigned long flags)
{
	barrier();
	this_cpu_write(port_irqs_off, flags);
	barrier();	/* what becomes pending from here on interrupts by itself */
	if (!flags && unlikely(this_cpu_read(hosted_pending)))
		hosted_interrupt();
}

static inline unsigned int port_cpu(void)
{
	return this_cpu_read(cpu_number);
}

static inline void port_relax(void)
{
	hosted_relax();
}

#endif
