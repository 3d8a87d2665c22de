/* SPDX-License-Identifier: MIT */
/*
 * Measuring a counter by another, on clocks that are made up: they advance with each look at
 * them, and can be dead, wrap, jump, or be held up.
 */
#include <linux/kernel.h>
#include <arch/x86_64/clock.h>
#include <tests/selftest.h>

static u64 now;			/* nanoseconds in the made-up world */
static u64 step;		/* what each look costs */
static u64 counter_hz, reference_hz;
static unsigned int looks, hold_up_every, hold_up_at;
static bool counter_dead, reference_dead;

static u64 ticks(u64 hz)
{
	return now / 1000 * (hz / 1000) / 1000 + now % 1000 * (hz / 1000) / 1000000;
}

static void look(void)
{
	now += step;
	looks++;
	if (hold_up_every && looks % hold_up_every == 0)
		now += 300000;
	if (looks == hold_up_at)
		now += 60000000;
}

static u64 counter_read(void)
{
	look();
	return counter_dead ? 5 : ticks(counter_hz);
}

static u64 reference_read(void)
{
	look();
	return reference_dead ? ~0ULL : ticks(reference_hz) + 0xfff0;
}

static struct reference begin(u64 counter, u64 reference, u64 mask)
{
	now = 1000000;
	step = 700;
	counter_hz = counter;
	reference_hz = reference;
	hold_up_every = hold_up_at = looks = 0;
	counter_dead = reference_dead = false;
	return (struct reference){ "made-up", reference, mask, reference_read };
}

static void check_rate(u64 counter, u64 reference, u64 mask)
{
	struct reference r = begin(counter, reference, mask);
	u64 hz = calibrate(&r, counter_read);

	if (!CHECK(rates_agree(hz, counter)))
		printk("%llu instead of %llu Hz\n", hz, counter);
}

SELFTEST(calibrate, rates)
{
	check_rate(3000000000, 14318000, 0xffffffff);
	check_rate(1000000000, 100000000, 0xffffffff);
	check_rate(24000000, 3579545, 0xffffff);
	check_rate(2100000000, 1193182, 0xffff);	/* it wraps during the measurement */
	check_rate(5000000, 3579545, 0xffffff);
}

SELFTEST(calibrate, hold_ups_are_seen_through)
{
	struct reference r = begin(2000000000, 3579545, 0xffffff);
	u64 hz;

	hold_up_every = 5;
	hz = calibrate(&r, counter_read);
	if (!CHECK(rates_agree(hz, 2000000000)))
		printk("%llu Hz\n", hz);
}

/* The machine stands still for longer than it takes a small reference to wrap. */
SELFTEST(calibrate, a_wrap_that_nobody_saw)
{
	unsigned int at, wrong = 0, end = 1000;
	u64 hz = 0;

	for (at = 1; at < end; at++) {
		struct reference r = begin(2000000000, 1193182, 0xffff);

		step = 70000;
		hold_up_at = at;
		hz = calibrate(&r, counter_read);
		wrong += !rates_agree(hz, 2000000000);
		end = looks;
	}
	if (!CHECK_EQ(wrong, 0))
		printk("of %u\n", end);
}

SELFTEST(calibrate, dead_clocks)
{
	struct reference r = begin(2000000000, 3579545, 0xffffff);

	reference_dead = true;
	CHECK_EQ(calibrate(&r, counter_read), 0);
	reference_dead = false;
	counter_dead = true;
	CHECK_EQ(calibrate(&r, counter_read), 0);
}

SELFTEST(calibrate, senseless_reference)
{
	struct reference r = begin(2000000000, 3579545, 0xffffff);

	r.hz = 1ULL << 40;
	CHECK_EQ(calibrate(&r, counter_read), 0);
}

/* The whole machine stood still for a while: both clocks went on. */
SELFTEST(calibrate, long_gaps)
{
	struct reference r = begin(4000000000, 2500000000, ~0ULL);

	step = 300000000;
	CHECK(rates_agree(calibrate(&r, counter_read), 4000000000));
}

SELFTEST(calibrate, agreement)
{
	CHECK(rates_agree(1000, 1000) && rates_agree(1000, 1010) && rates_agree(1010, 1000));
	CHECK(!rates_agree(1000, 1020) && !rates_agree(0, 1));
}

SELFTEST(calibrate, ticks_become_nanoseconds)
{
	u64 year = 365ULL * 86400 * 1000000000;

	CHECK_EQ(ticks_to_ns(12345, mult_of(1000000000)), 12345);
	CHECK_EQ(ticks_to_ns(year, mult_of(1000000000)), year);
	CHECK_EQ(ticks_to_ns(2500000000, mult_of(2500000000)) / 10, 99999999);
	CHECK_EQ(ticks_to_ns(3000000000 * 100, mult_of(3000000000)) / 1000, 99999999);
	CHECK_EQ(ticks_to_ns(0, mult_of(5000000000)), 0);
}
