/* SPDX-License-Identifier: MIT */
/* Interrupt lines of devices. See kernel/irq.c. */
#ifndef _LINUX_INTERRUPT_H
#define _LINUX_INTERRUPT_H

#include <linux/hardirq.h>
#include <linux/irqflags.h>
#include <linux/types.h>

typedef enum irqreturn { IRQ_NONE, IRQ_HANDLED } irqreturn_t;
#define IRQ_RETVAL(handled) ((handled) ? IRQ_HANDLED : IRQ_NONE)

/*
 * Runs in an interrupt, interrupts off, and leaves them so: IRQ_NONE when its device was not the
 * cause.
 */
typedef irqreturn_t (*irq_handler_t)(int irq, void *dev_id);

#define IRQF_TRIGGER_NONE    0x00
#define IRQF_TRIGGER_RISING  0x01
#define IRQF_TRIGGER_FALLING 0x02
#define IRQF_TRIGGER_HIGH    0x04	/* level triggered, as IRQF_SHARED lines are too */
#define IRQF_TRIGGER_LOW     0x08
#define IRQF_TRIGGER_MASK    0x0f
#define IRQF_SHARED	     0x80	/* others on the line must say so as well */

/*
 * Calls `handler` for each interrupt of the line, and lets them through. `dev_id` tells
 * handlers of a shared line apart. -EINVAL: no such line, or shared without dev_id; -EBUSY:
 * taken by somebody who does not share; -ENOMEM: too many handlers. Thread context.
 */
int request_irq(unsigned int irq, irq_handler_t handler, unsigned long flags, const char *name,
		void *dev_id);
/* Afterwards the handler is not running and will not run. NULL if there was none. May sleep. */
const void *free_irq(unsigned int irq, void *dev_id);
/*
 * Keeps the line's interrupts away until enable_irq() was called as often. disable_irq()
 * also waits until no handler is running.
 */
void disable_irq(unsigned int irq);
void disable_irq_nosync(unsigned int irq);
void enable_irq(unsigned int irq);

#endif
