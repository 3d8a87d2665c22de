/* SPDX-License-Identifier: MIT */
/* Where the kernel log goes. See kernel/printk.c. */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <linux/types.h>

struct console {
	const char *name;		/* "ttyS0", "fb", "vga" */
	void (*write)(struct console *con, const char *text, size_t len); /* "\n" ends lines */
	struct console *next;
};

/* Adds a console and writes to it the whole log so far. */
void console_register(struct console *con);
/* Takes it out again; nothing happens when it is not in. */
void console_unregister(struct console *con);
/*
 * Nothing is written to any console until it is released: what other CPUs have to say waits, what
 * this one has comes then. Interrupts are off in between. For moments in which a console's own
 * device does not answer; what is done there must be short, and must not wait for who may print.
 */
void console_hold(unsigned long *flags);
void console_release(unsigned long flags);
/* How many are registered. */
unsigned int console_count(void);

/*
 * Test output: text as it is, to every console and the log. Everything that goes through
 * printk() gets "# " before each line, so that the whole log reads as TAP.
 */
void tap_printf(const char *fmt, ...) __attribute__((__format__(printf, 1, 2)));

#endif
