/* SPDX-License-Identifier: MIT */
/*
 * Numbers that nobody can foresee, as far as this machine has any: the CPU's generator where
 * there is one, and the time-stamp counter, whose low bits depend on how long the firmware took.
 * An emulator that counts instructions gives the same counter in each run, and its generator
 * starts from what its user says.
 *
 * For a few numbers while booting: a generator that has none at the moment is asked again a few
 * times, and then done without. From the first instruction of the kernel on.
 */
#include "arch.h"
#include "msr.h"

#define RDRAND_BIT (1U << 30)
#define TRIES	   16

static u64 mix(u64 x)
{
	x = (x ^ x >> 31) * 0x9e3779b97f4a7c15ULL;
	x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9ULL;
	return x ^ x >> 32;
}

static u64 from_generator(void)
{
	unsigned long value = 0;
	unsigned int i;
	bool ok = false;

	if (!(cpuid(1, 0).c & RDRAND_BIT))
		return 0;
	for (i = 0; i < TRIES && !ok; i++)
		__asm__ __volatile__("rdrand %0" : "=r"(value), "=@ccc"(ok));
	return ok ? value : 0;
}

u64 arch_entropy(void)
{
	static u64 state;
	u32 low, high;

	__asm__ __volatile__("rdtsc" : "=a"(low), "=d"(high));
	state = mix(state + from_generator() + ((u64)high << 32 | low));
	return state;
}
