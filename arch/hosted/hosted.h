/* SPDX-License-Identifier: MIT */
/* What the files of the hosted port that see Quarry's headers offer each other. */
#ifndef HOSTED_HOSTED_H
#define HOSTED_HOSTED_H

#include <linux/compiler.h>
#include <linux/types.h>

struct task_struct;

/* Physical addresses end here; a multiple of 4 KiB. */
#define HOSTED_PHYS_LIMIT (1ULL << 44)

/*
 * Sets the port_*_base variables to address space that is large enough for RAM that ends
 * at `end`, and makes that RAM. 0, or -ENOMEM.
 */
int hosted_create_memory(phys_addr_t end);

/*
 * Maps RAM [start, end), multiples of 4 KiB, into the direct map: 0, -ENOSPC after too many
 * ranges, or -ENOMEM.
 */
int hosted_map_direct(phys_addr_t start, phys_addr_t end);

/* Registers standard output as a console; fatal signals and the time limit report there. */
void hosted_catch_faults(unsigned int seconds);
void hosted_open_console(void);
void hosted_close_console(void);

/*
 * What the process is for, once it has booted: argv[1] and on are its own. Returns how much of
 * it failed. work.c runs the self-tests; tests/fuzz/driver.c stands there in a fuzzer.
 */
unsigned int hosted_work(int argc, char **argv);

/* Bits of hosted_pending, which is asm/port.h's. */
#define HOSTED_IRQ_IPI(kind) (1U << (kind))
#define HOSTED_IRQ_TIMER     (1U << 8)
#define HOSTED_IRQ_LINES     (1U << 9)

/* Adds bits to a CPU's pending word and interrupts it. Any context. */
void hosted_post(unsigned int cpu, unsigned int bits);

/* Called for each interrupt signal; *pc is where the CPU was. Not seen by TSan. */
void hosted_irq_entry(unsigned long *pc, int timer);

/* A device's line goes up: once (edge), or until hosted_irq_lower() (level). Any context. */
void hosted_irq_raise(unsigned int irq);
void hosted_irq_lower(unsigned int irq);

/* The boot thread's CPU, number 0: interrupts can come once they are on. */
void hosted_cpus_init(void);

/*
 * Stacks of threads. Each has a number, 1 to HOSTED_MAX_STACKS - 1; 0 is main()'s. A report
 * under AddressSanitizer, on top of an interrupt, needs the room.
 */
#define HOSTED_STACK_SIZE 0x40000UL
#define HOSTED_MAX_STACKS 4096U

void hosted_stacks_init(void);
/* The number of the stack that addr lies on, or -1; its guard page counts if `guard`. */
int hosted_stack_of(unsigned long addr, bool guard);
/* Where stack `nr` lies. */
void hosted_stack_range(unsigned int nr, unsigned long *start, unsigned long *size);

/* This CPU's first thread: leaves the stack that libc gave it. */
void hosted_enter_thread(struct task_struct *task) __noreturn;
/* The file that trace= names, to be read only; NULL: none. Panics when it cannot be read. */
const void *hosted_trace(unsigned long *size);
/* topology.c: options add=, node= and distance= into memblock; panics on nonsense. */
void hosted_add_topology(void);

#endif
