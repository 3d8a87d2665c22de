/* SPDX-License-Identifier: MIT */
/* Measuring one counter by another, and what this machine has to measure by. */
#ifndef ARCH_X86_64_CLOCK_H
#define ARCH_X86_64_CLOCK_H

#include <linux/types.h>

/* 1. calibrate.c: runs in any process. */

/* A counter that runs at a known rate, upwards, and wraps at the end of its mask. */
struct reference {
	const char *name;
	u64 hz;
	u64 mask;
	u64 (*read)(void);
};

/*
 * The rate of `counter` (64 bits, never wraps), measured by the reference for two hundredths of a
 * second, longer when the machine is held up meanwhile; 0 when the reference or the counter does
 * not move, or the reference is said to run faster than 8 GHz. Bounded by a number of reads.
 * Interrupts off.
 */
u64 calibrate(const struct reference *reference, u64 (*counter)(void));
/* Do two rates agree, to one part in a hundred? */
bool rates_agree(u64 a, u64 b);

/* Nanoseconds from ticks: ticks * mult / 2^32. */
u64 mult_of(u64 hz);
static inline u64 ticks_to_ns(u64 ticks, u64 mult)
{
	return (u64)((unsigned __int128)ticks * mult >> 32);
}

/* 2. clocks.c: the references of this machine, best first. */

#define NR_REFERENCES 3
/* Those that are there, in references[]; returns how many. Once: it maps and starts them. */
unsigned int clocks_find(struct reference references[NR_REFERENCES]);

/* 3. time.c */

/* Finds the rate of the TSC and of the local APIC's timer; time runs from here. CPU 0. */
void time_init(void);
/* The timer of another CPU, by itself. */
void time_init_other(void);
u64 tsc_read(void);
/* What arch_ktime_ns() adds to this CPU's TSC: 0 unless its TSC disagrees with CPU 0's. */
void tsc_set_offset(u64 offset);
u64 tsc_hz(void);
/* The interrupt of this CPU's timer. */
void timer_interrupt(void);

#endif
