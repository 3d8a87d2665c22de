/* SPDX-License-Identifier: MIT */
/* Random numbers: spread evenly, within bounds, and no two streams alike. */
#include <linux/random.h>
#include <linux/smp.h>
#include <tests/selftest.h>

SELFTEST(random, every_bit_is_set_half_the_time)
{
	unsigned int set[64] = { 0 }, i, bit, n = 4096;

	for (i = 0; i < n; i++) {
		u64 word = get_random_u64();

		for (bit = 0; bit < 64; bit++)
			set[bit] += word >> bit & 1;
	}
	/* Ten standard deviations of 32. */
	for (bit = 0; bit < 64; bit++)
		CHECK(set[bit] > n / 2 - 320 && set[bit] < n / 2 + 320);
}

SELFTEST(random, bounds_are_kept_and_reached)
{
	unsigned int seen[7] = { 0 }, i;
	bool low = false, high = false;

	for (i = 0; i < 7000; i++) {
		u32 n = get_random_u32_below(7), m = get_random_u32_inclusive(10, 12);

		REQUIRE(n < 7 && m >= 10 && m <= 12);
		seen[n]++;
		low |= m == 10;
		high |= m == 12;
	}
	for (i = 0; i < 7; i++)
		CHECK(seen[i] > 700 && seen[i] < 1300);
	CHECK(low && high);
	CHECK_EQ(get_random_u32_below(1), 0);
	CHECK_EQ(get_random_u32_below(0), 0);
	CHECK_EQ(get_random_u32_inclusive(5, 5), 5);
}

static void draw(void *info)
{
	u64 *words = info;

	for (int i = 0; i < 4; i++)
		words[i] = get_random_u64();
}

SELFTEST(random, no_two_cpus_draw_the_same)
{
	u64 words[4], other[4];
	unsigned int cpu;

	draw(words);
	for_each_online_cpu(cpu) {
		smp_call_function_single((int)cpu, draw, other, 1);
		for (int i = 0; i < 16; i++)
			CHECK(words[i / 4] != other[i % 4]);
	}
}

SELFTEST(random, bytes_fill_the_buffer_and_no_more)
{
	u8 buf[20], zeroes = 0;
	unsigned int round, i;

	for (round = 0; round < 64; round++) {
		memset(buf, 0, sizeof(buf));
		get_random_bytes(buf, 13);
		zeroes += !buf[12];
		for (i = 13; i < sizeof(buf); i++)
			CHECK_EQ(buf[i], 0);
	}
	CHECK(zeroes < 16);
}
