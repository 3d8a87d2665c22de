/* SPDX-License-Identifier: MIT */
/* Interrupts of this CPU, off and on again. */
#ifndef _LINUX_IRQFLAGS_H
#define _LINUX_IRQFLAGS_H

#include <quarry/port.h>

#define local_irq_save(flags)	 do { (flags) = port_irq_save(); } while (0)
#define local_irq_restore(flags) port_irq_restore(flags)
#define local_irq_disable()	 ((void)port_irq_save())
#define local_irq_enable()	 port_irq_restore(PORT_IRQS_ON)
#define irqs_disabled()		 port_irqs_disabled()

#endif
