/* SPDX-License-Identifier: MIT */
/* Where interrupts begin and end; in_interrupt() and its family are in linux/preempt.h. */
#ifndef _LINUX_HARDIRQ_H
#define _LINUX_HARDIRQ_H

#include <linux/preempt.h>

void irq_enter(void);
void irq_exit(void);
void nmi_enter(void);
void nmi_exit(void);
/* Waits until no handler of that line is running. Not from one: reported. */
void synchronize_irq(unsigned int irq);

#endif
