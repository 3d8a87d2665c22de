/* SPDX-License-Identifier: MIT */
/* The inline part of quarry/port.h for bare x86_64. */
#ifndef _ASM_PORT_H
#define _ASM_PORT_H

#include <linux/percpu.h>
#include <linux/types.h>

#define X86_RFLAGS_IF 0x200UL
#define PORT_IRQS_ON  X86_RFLAGS_IF	/* for port_irq_restore() */
#define PORT_RSEQ			/* interrupts return by way of rseq_rewind() */

static inline bool port_irqs_disabled(void)
{
	unsigned long flags;

	__asm__ __volatile__("pushfq; popq %0" : "=r"(flags));
	return !(flags & X86_RFLAGS_IF);
}

static inline unsigned long port_irq_save(void)
{
	unsigned long flags;

	__asm__ __volatile__("pushfq; popq %0; cli" : "=r"(flags) :: "memory");
	return flags;
}

static inline void port_irq_restore(unsigned long flags)
{
	if (flags & X86_RFLAGS_IF)
		__asm__ __volatile__("sti" ::: "memory");
}

static inline unsigned int port_cpu(void)
{
	return this_cpu_read(cpu_number);
}

static inline void port_relax(void)
{
	__asm__ __volatile__("pause" ::: "memory");
}

#endif
