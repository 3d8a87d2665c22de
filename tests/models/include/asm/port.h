/* SPDX-License-Identifier: MIT */
/* The inline part of quarry/port.h for the models: a CPU is a thread of the explorer. */
#ifndef _ASM_PORT_H
#define _ASM_PORT_H

#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/types.h>

#define PORT_IRQS_ON 0UL

DECLARE_PER_CPU(unsigned long, port_irqs_off);

void model_relax(void);

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
}

static inline unsigned int port_cpu(void)
{
	return this_cpu_read(cpu_number);
}

static inline void port_relax(void)
{
	model_relax();
}

#endif
