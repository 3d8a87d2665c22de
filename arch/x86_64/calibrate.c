/* SPDX-License-Identifier: MIT */
/*
 * How fast does a counter run? Both counters are read at two times, and the ratio of the
 * differences is the answer.
 *
 * What spoils it is time that passes between reading one and reading the other: an interrupt
 * of the firmware, another machine on the same host. So each time is taken from the best of
 * a few attempts: counter, reference, counter, where the two readings of the counter are
 * closest. A reference may be dead or missing behind a port that reads all ones, so the
 * waiting ends after a number of reads, sooner when the reference stands still.
 *
 * A machine that is held up for long enough lets a small reference (the PIT's has 16 bits: 55 ms)
 * wrap unseen, and the counter then seems to run many times faster. So a result counts once the
 * next one agrees.
 */
#include <linux/kernel.h>

#include "arch/x86_64/clock.h"

#define ATTEMPTS	8
#define MAX_RESULTS	8		/* that may disagree, each with the one before */
#define MAX_READS	4000000		/* some seconds, where each costs a microsecond */
#define MAX_STILL	100000		/* reads of a reference that is not dead */
#define FRACTION	100		/* of a second: how long to measure */
#define MAX_HZ		(1ULL << 33)	/* of the reference: the product below must not wrap */
#define MAX_TICKS	(1ULL << 31)

struct instant {
	u64 counter, reference;
};

static struct instant instant_now(const struct reference *reference, u64 (*counter)(void))
{
	struct instant best = { 0, 0 };
	u64 before, between, after, shortest = ~0ULL;
	unsigned int i;

	for (i = 0; i < ATTEMPTS; i++) {
		before = counter();
		between = reference->read();
		after = counter();
		if (after - before < shortest) {
			shortest = after - before;
			best = (struct instant){ before + shortest / 2, between & reference->mask };
		}
	}
	return best;
}

/* Until `ticks` of the reference have passed since `start`. */
static bool wait_for(const struct reference *reference, u64 start, u64 ticks)
{
	u64 last = start, now;
	unsigned int reads, still = 0;

	for (reads = 0; reads < MAX_READS; reads++) {
		now = reference->read() & reference->mask;
		if (((now - start) & reference->mask) >= ticks)
			return true;
		still = now == last ? still + 1 : 0;
		if (still > MAX_STILL)
			return false;
		last = now;
	}
	return false;
}

static u64 measure(const struct reference *reference, u64 (*counter)(void))
{
	struct instant start, end;
	u64 ticks, passed;

	start = instant_now(reference, counter);
	if (!wait_for(reference, start.reference, reference->hz / FRACTION))
		return 0;
	end = instant_now(reference, counter);
	ticks = end.counter - start.counter;
	passed = (end.reference - start.reference) & reference->mask;
	for (; ticks > MAX_TICKS; ticks /= 2)
		passed /= 2;
	return passed ? ticks * reference->hz / passed : 0;
}

u64 calibrate(const struct reference *reference, u64 (*counter)(void))
{
	u64 last = 0, hz = 0;
	unsigned int i;

	if (reference->hz > MAX_HZ)
		return 0;
	for (i = 0; i < MAX_RESULTS; i++) {
		hz = measure(reference, counter);
		if (!hz || rates_agree(hz, last))
			break;
		last = hz;
	}
	return hz;
}

bool rates_agree(u64 a, u64 b)
{
	return max(a, b) - min(a, b) <= max(a, b) / 100;
}

u64 mult_of(u64 hz)
{
	return (1000000000ULL << 32) / hz;
}
