/* SPDX-License-Identifier: MIT */
/*
 * The stack protector. The compiler puts a copy of the guard between a function's arrays and its
 * return address, and compares before it returns: what ran over an array's end is found before
 * the address it may have changed is used.
 *
 * The guard is reached through GS, as all per-CPU variables are, but is the same number on every
 * CPU, because a thread may go on on another one. (Clang before 16 reads CPU 0's copy, without
 * GS.) Its lowest byte is 0, so that a string that runs over cannot write it.
 */
#include <linux/bug.h>
#include <linux/percpu.h>
#include <kernel/kernel.h>

DEFINE_PER_CPU(unsigned long, __stack_chk_guard) = 0x6a09e667f3bcc900;

void __stack_chk_fail(void) __noreturn;

void stack_protector_init(u64 random)
{
	__stack_chk_guard = random & ~0xffUL;
}

void __stack_chk_fail(void)
{
	panic("stack-protector: the stack is corrupted in %pS", __builtin_return_address(0));
}
