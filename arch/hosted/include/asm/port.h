/* SPDX-License-Identifier: MIT */
/*
 * The inline part of quarry/port.h for the hosted port. A CPU is a thread, so its interrupt
 * flag is a variable of the thread. Nothing interrupts it yet: the flag is there so that
 * code which must run with interrupts off can be caught running with them on.
 */
#ifndef _ASM_PORT_H
#define _ASM_PORT_H

#include <linux/types.h>

extern __thread unsigned long port_irqs_off;	/* 0 or 1; a CPU starts with 1 */

static inline bool port_irqs_disabled(void)
{
	return port_irqs_off;
}

static inline unsigned long port_irq_save(void)
{
	unsigned long flags = port_irqs_off;

	port_irqs_off = 1;
	__asm__ __volatile__("" ::: "memory");
	return flags;
}

static inline void port_irq_restore(unsigned long flags)
{
	__asm__ __volatile__("" ::: "memory");
	port_irqs_off = flags;
}

static inline unsigned int port_cpu(void)
{
	return 0;
}

static inline void port_relax(void)
{
	__asm__ __volatile__("pause" ::: "memory");
}

#endif
