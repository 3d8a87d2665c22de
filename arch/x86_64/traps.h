/* SPDX-License-Identifier: MIT */
/* What the CPU and trap_entry.S leave on the stack of a trap; the lowest address first. */
#ifndef ARCH_TRAPS_H
#define ARCH_TRAPS_H

#include <linux/types.h>

#define TRAP_NMI	2
#define TRAP_DOUBLE	8
#define TRAP_SEGMENT	11
#define TRAP_STACK	12
#define TRAP_GENERAL	13
#define TRAP_PAGE	14
#define TRAP_MACHINE	18
/* Bits of a page fault's error code. */
#define ERROR_PRESENT	(1 << 0)
#define ERROR_WRITE	(1 << 1)
#define ERROR_USER	(1 << 2)
#define ERROR_RESERVED	(1 << 3)
#define ERROR_FETCH	(1 << 4)

#define NR_TRAPS	32	/* vectors above are interrupts */
#define NR_VECTORS	256

struct trap_frame {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
	u64 vector, error;
	u64 rip, cs, rflags, rsp, ss;
};

/* A place where a page fault is expected, and where to go on: section .ex_table. */
struct ex_entry {
	u64 rip, fixup;
};

/* trap_entry.S calls this for every vector. Returning resumes what was interrupted. */
void trap_handler(struct trap_frame *frame);
/* trap_report.c: prints what happened and panics. */
void trap_report(const struct trap_frame *frame) __attribute__((__noreturn__));

#endif
