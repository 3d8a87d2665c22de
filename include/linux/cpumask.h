/* SPDX-License-Identifier: MIT */
/*
 * Sets of CPUs. Setting and clearing one bit is atomic; whole-set operations are not.
 * Iteration follows the numbers.
 */
#ifndef _LINUX_CPUMASK_H
#define _LINUX_CPUMASK_H

#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/types.h>

#define CPUMASK_LONGS ((NR_CPUS + BITS_PER_LONG - 1) / BITS_PER_LONG)

typedef struct cpumask { unsigned long bits[CPUMASK_LONGS]; } cpumask_t;

/* CPUs that run threads; and all that were ever started: they have per-CPU data. */
extern struct cpumask __cpu_online_mask, __cpu_possible_mask;
#define cpu_online_mask	  ((const struct cpumask *)&__cpu_online_mask)
#define cpu_possible_mask ((const struct cpumask *)&__cpu_possible_mask)
/* How many CPUs the machine has; numbers are below it. */
extern unsigned int nr_cpu_ids;

#define __cpu_bit(cpu) BIT((cpu) % BITS_PER_LONG)

static inline void cpumask_set_cpu(unsigned int cpu, struct cpumask *mask)
{
	__atomic_fetch_or(&mask->bits[cpu / BITS_PER_LONG], __cpu_bit(cpu), __ATOMIC_SEQ_CST);
}

static inline void cpumask_clear_cpu(unsigned int cpu, struct cpumask *mask)
{
	__atomic_fetch_and(&mask->bits[cpu / BITS_PER_LONG], ~__cpu_bit(cpu), __ATOMIC_SEQ_CST);
}

static inline bool cpumask_test_and_clear_cpu(unsigned int cpu, struct cpumask *mask)
{
	return __atomic_fetch_and(&mask->bits[cpu / BITS_PER_LONG], ~__cpu_bit(cpu),
				  __ATOMIC_SEQ_CST) & __cpu_bit(cpu);
}

/* The bits of numbers [64 * i, 64 * i + 64). */
static inline unsigned long cpumask_word(const struct cpumask *mask, unsigned int i)
{
	return __atomic_load_n(&mask->bits[i], __ATOMIC_RELAXED);
}

/* False for numbers out of range. */
static inline bool cpumask_test_cpu(unsigned int cpu, const struct cpumask *mask)
{
	return cpu < NR_CPUS && (cpumask_word(mask, cpu / BITS_PER_LONG) & __cpu_bit(cpu));
}

static inline void cpumask_clear(struct cpumask *mask)
{
	*mask = (struct cpumask){ { 0 } };
}

static inline void cpumask_setall(struct cpumask *mask)
{
	for (unsigned int i = 0; i < CPUMASK_LONGS; i++)
		mask->bits[i] = ~0UL;
}

static inline void cpumask_copy(struct cpumask *to, const struct cpumask *from)
{
	for (unsigned int i = 0; i < CPUMASK_LONGS; i++)
		to->bits[i] = cpumask_word(from, i);
}

/* The first CPU above n (-1: of all) that is in the mask; NR_CPUS when there is none. */
static inline unsigned int cpumask_next(int n, const struct cpumask *mask)
{
	unsigned int start = (unsigned int)(n + 1);

	for (unsigned int i = start / BITS_PER_LONG; i < CPUMASK_LONGS; i++) {
		unsigned long word = cpumask_word(mask, i);

		if (i == start / BITS_PER_LONG)
			word &= ~0UL << (start % BITS_PER_LONG);
		if (word)
			return i * BITS_PER_LONG + __ffs(word);
	}
	return NR_CPUS;
}

/* The first that is in both. */
static inline unsigned int cpumask_any_and(const struct cpumask *a, const struct cpumask *b)
{
	for (unsigned int i = 0; i < CPUMASK_LONGS; i++) {
		unsigned long word = cpumask_word(a, i) & cpumask_word(b, i);

		if (word)
			return i * BITS_PER_LONG + __ffs(word);
	}
	return NR_CPUS;
}

static inline unsigned int cpumask_weight(const struct cpumask *mask)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < CPUMASK_LONGS; i++) {
		unsigned long word = cpumask_word(mask, i);

		n += hweight32((u32)word) + hweight32((u32)(word >> 32));
	}
	return n;
}

#define cpumask_first(mask) cpumask_next(-1, mask)
#define cpumask_empty(mask) (cpumask_first(mask) == NR_CPUS)

#define for_each_cpu(cpu, mask) \
	for ((cpu) = cpumask_first(mask); (cpu) < NR_CPUS; \
	     (cpu) = cpumask_next((int)(cpu), mask))
#define for_each_online_cpu(cpu)   for_each_cpu(cpu, cpu_online_mask)
#define for_each_possible_cpu(cpu) for_each_cpu(cpu, cpu_possible_mask)

#define cpu_online(cpu)	    cpumask_test_cpu(cpu, cpu_online_mask)
#define cpu_possible(cpu)   cpumask_test_cpu(cpu, cpu_possible_mask)
#define num_online_cpus()   cpumask_weight(cpu_online_mask)
#define num_possible_cpus() cpumask_weight(cpu_possible_mask)

#endif
