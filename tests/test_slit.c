/* SPDX-License-Identifier: MIT */
/* Reading the table of distances: sound ones, and what firmware may come up with. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <arch/x86_64/srat.h>
#include <tests/selftest.h>

#define HEAD 44
#define SIZE 512

static u8 buffer[SIZE];
static u32 used;

/* A matrix of that many domains: 10 on the diagonal, 20 elsewhere. */
static void begin(u64 count)
{
	memset(buffer, 0, sizeof(buffer));
	memcpy(buffer, "SLIT", 4);
	memcpy(buffer + 36, &count, 8);
	used = HEAD;
	for (u64 i = 0; i < count * count; i++)
		buffer[used++] = i % (count + 1) ? 20 : 10;
}

static u8 *cell(unsigned int count, unsigned int from, unsigned int to)
{
	return buffer + HEAD + from * count + to;
}

/* At the end of the buffer: a read past the table's end is a report of the address sanitizer. */
static const u8 *table(void)
{
	return memmove(buffer + SIZE - used, buffer, used);
}

static const char *refusal(void)
{
	const char *why = slit_refusal(table(), used);

	return why ? why : "sound";
}

SELFTEST(slit, asymmetric_distances_are_kept)
{
	const u8 *slit;

	begin(3);
	*cell(3, 0, 1) = 12;
	*cell(3, 1, 0) = 21;
	*cell(3, 2, 0) = 255;			/* no way */
	*cell(3, 0, 2) = 10;			/* as near as itself */
	CHECK_STR(refusal(), "sound");
	slit = buffer + SIZE - used;
	CHECK_EQ(slit_distance(slit, 0, 1), 12);
	CHECK_EQ(slit_distance(slit, 1, 0), 21);
	CHECK_EQ(slit_distance(slit, 2, 0), 255);
	CHECK_EQ(slit_distance(slit, 0, 2), 10);
	CHECK_EQ(slit_distance(slit, 2, 2), 10);
	CHECK_EQ(slit_distance(slit, 3, 0), 0);	/* it does not know this one */
	CHECK_EQ(slit_distance(slit, 0, 0xffffffff), 0);
}

SELFTEST(slit, wrong_numbers_cost_the_matrix)
{
	begin(2);
	*cell(2, 1, 1) = 11;
	CHECK_STR(refusal(), "a domain's distance from itself is not 10");
	begin(2);
	*cell(2, 0, 0) = 0;
	CHECK_STR(refusal(), "a domain's distance from itself is not 10");
	begin(2);
	*cell(2, 1, 0) = 9;
	CHECK_STR(refusal(), "a distance is below 10");
	begin(2);
	*cell(2, 0, 1) = 0;
	CHECK_STR(refusal(), "a distance is below 10");
}

SELFTEST(slit, sizes_are_bounded)
{
	static const u64 counts[] = { 4, 5, 18, 1ULL << 32, (1ULL << 32) + 3, 1ULL << 63, ~0ULL };
	unsigned int i;

	begin(1);
	CHECK_STR(refusal(), "sound");
	begin(0);
	CHECK_STR(refusal(), "it has no domains");
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		begin(3);
		memcpy(buffer + 36, &counts[i], 8);
		CHECK_STR(refusal(), "its matrix is larger than the table");
	}
	begin(3);
	used += 7;				/* what lies behind the matrix is nobody's */
	CHECK_STR(refusal(), "sound");
}

SELFTEST(slit, every_truncation)
{
	u32 full;

	begin(4);
	full = used;
	for (used = 0; used < full; used++) {
		const char *why;
		u32 length = used;

		begin(4);
		used = length;
		why = refusal();
		CHECK_STR(why, length < HEAD ? "too short to be one" :
					       "its matrix is larger than the table");
	}
}

SELFTEST(slit, random_bytes_do_no_harm)
{
	unsigned long n = selftest_scaled(300);
	u32 i, a, b;

	while (n--) {
		u64 count = selftest_random_below(12);

		begin(count);
		for (i = HEAD; i < used; i++)
			if (!selftest_random_below(40))
				buffer[i] = selftest_random();
		if (!selftest_random_below(4))
			used -= selftest_random_below(used + 1);
		if (slit_refusal(table(), used))
			continue;
		for (a = 0; a < count; a++)
			for (b = 0; b < count; b++)
				CHECK(slit_distance(buffer + SIZE - used, a, b) >= 10);
	}
}
