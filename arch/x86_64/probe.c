/* SPDX-License-Identifier: MIT */
/*
 * Accesses that may fault, for tests (tests/probe.h). The instruction and the place to go
 * on at are listed in .ex_table, which traps.c searches. Any context.
 */
#include <linux/kernel.h>
#include <tests/probe.h>

/* "1:" may fault; "2:" is where both ways meet, `ok` still 0 after a fault. */
#define EX_TABLE ".pushsection .ex_table, \"a\"\n\t.quad 1b, 2b\n\t.popsection"

bool probe_read(const void *va, u8 *value)
{
	const volatile u8 *byte = va;
	u32 ok = 0;
	u8 read = 0;

	__asm__ __volatile__("1: movb %2, %1\n\t"
			     "movl $1, %0\n"
			     "2:\n\t" EX_TABLE
			     : "+&r"(ok), "+&q"(read) : "m"(*byte));
	if (ok)
		*value = read;
	return ok;
}

bool probe_write(void *va, u8 value)
{
	volatile u8 *byte = va;
	u32 ok = 0;

	__asm__ __volatile__("1: movb %2, %1\n\t"
			     "movl $1, %0\n"
			     "2:\n\t" EX_TABLE
			     : "+&r"(ok), "=m"(*byte) : "q"(value) : "memory");
	return ok;
}
