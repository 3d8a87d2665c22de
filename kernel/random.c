/* SPDX-License-Identifier: MIT */
/*
 * Random numbers: on each CPU a counter that goes up in steps of an odd constant, and a mixing
 * function that makes every bit of the result depend on every bit of the counter. Two counters
 * never meet: a CPU's number and the clock are mixed into where each begins, at its first use.
 *
 * The counter goes up by one instruction that an interrupt cannot split, so each caller on a
 * CPU, an interrupt too, gets a number of its own. With an emulated clock that counts
 * instructions, two equal runs give equal numbers.
 *
 * Locks: none. Costs: some ten instructions.
 */
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/string.h>
#include <linux/timex.h>

#define STEP 0x9e3779b97f4a7c15ULL	/* 2^64 / the golden ratio, odd */

static DEFINE_PER_CPU(u64, random_counter);

static u64 mix(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* An interrupt may do the same in between: then the counter begins at the sum, as random. */
static void begin(void)
{
	this_cpu_add(random_counter, mix(get_cycles() ^ mix(smp_processor_id() + 1ULL)));
}

u64 get_random_u64(void)
{
	if (unlikely(!this_cpu_read(random_counter)))
		begin();
	return mix(this_cpu_add_return(random_counter, STEP));
}

u32 get_random_u32_below(u32 below)
{
	u64 product = (u64)get_random_u32() * below;
	u32 unfair = below ? -below % below : 0;	/* so many low halves come once too often */

	while ((u32)product < unfair)
		product = (u64)get_random_u32() * below;
	return (u32)(product >> 32);
}

void get_random_bytes(void *buffer, size_t size)
{
	char *to = buffer;
	u64 word;

	while (size) {
		size_t part = min(size, sizeof(word));

		word = get_random_u64();
		memcpy(to, &word, part);
		to += part;
		size -= part;
	}
}
