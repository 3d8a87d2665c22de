/* SPDX-License-Identifier: MIT */
/*
 * `make COVERAGE=1`: which parts of the code ran on a machine. The compiler calls
 * __sanitizer_cov_trace_pc() in each basic block of mm/, kernel/ and arch/; the address it is
 * called from sets a bit here. Such a call is five bytes long, so one bit for each four bytes of
 * code tells them apart. Only that build has this file, and the file itself is not looked at.
 *
 * At the end of the run the bits are printed, each as its distance from the one before:
 *
 *	coverage: 40a 3 17 2 ...
 *
 * tests/coverage finds the lines of the sources that they stand for. Any context, no locks: a bit
 * is set by one instruction, and only when it is clear, so code that runs again and again reads
 * alone. Costs half a MiB, and a call for each block.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <kernel/kernel.h>

#define PLACE_SHIFT 2
#define NR_PLACES   (1UL << 22)		/* 16 MiB of code */
#define COLUMNS	    90

extern const char image_start[];

void __sanitizer_cov_trace_pc(void);

static unsigned long seen[NR_PLACES / BITS_PER_LONG];

void __sanitizer_cov_trace_pc(void)
{
	unsigned long pc = (unsigned long)__builtin_return_address(0);
	unsigned long place = (pc - (unsigned long)image_start) >> PLACE_SHIFT;

	if (place < NR_PLACES && !test_bit(place, seen))
		set_bit(place, seen);
}

void kcov_print(void)
{
	unsigned long place, last = 0;
	char line[COLUMNS + 16];
	size_t used = 0;

	for (place = 0; place < NR_PLACES; place++) {
		if (!test_bit(place, seen))
			continue;
		used += scnprintf(line + used, sizeof(line) - used, " %lx", place - last);
		last = place;
		if (used >= COLUMNS) {
			printk("coverage:%s\n", line);
			used = 0;
		}
	}
	if (used)
		printk("coverage:%s\n", line);
}
