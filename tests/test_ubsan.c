// SPDX-License-Identifier: MIT
/* Undefined behaviour, done on purpose: the build with its checks names each. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <quarry/config.h>
#include "tests/listen.h"
#include "tests/selftest.h"

/* The compiler may not know these. */
static volatile int big = 0x7fffffff, minus_one = -1, shift = 40, index = 5;

static void expect(const char *log, const char *what)
{
	CHECK(strstr(log, "UBSAN: ") != NULL);
	CHECK(strstr(log, what) != NULL);
	CHECK(strstr(log, "tests/test_ubsan.c:") != NULL);
}

#define NEED_UBSAN() do { \
	if (!QUARRY_UBSAN) \
		SKIP("not built with UBSAN=1"); \
	selftest_expect_warnings(1); \
	listen_start(); \
} while (0)

SELFTEST(ubsan, a_signed_overflow_is_named)
{
	volatile int sum;

	NEED_UBSAN();
	sum = big + 1;
	expect(listen_stop(), "2147483647 + 1 cannot be represented in type 'int'");
	CHECK(sum < 0);
}

SELFTEST(ubsan, a_shift_too_far_is_named)
{
	volatile int result;

	NEED_UBSAN();
	result = 1 << shift;
	expect(listen_stop(), "shift of 1 (type 'int') by 40");
	(void)result;
}

SELFTEST(ubsan, a_negative_shift_is_named)
{
	volatile unsigned int result;

	NEED_UBSAN();
	result = 1U << minus_one;
	expect(listen_stop(), "by -1");
	(void)result;
}

SELFTEST(ubsan, an_index_past_the_end_is_named)
{
	struct { int values[5]; int behind; } s = { .behind = 7 };
	volatile int got;

	NEED_UBSAN();
	got = s.values[index];
	expect(listen_stop(), "index 5 is out of range for type 'int [5]'");
	(void)got;
}

SELFTEST(ubsan, a_misaligned_access_is_named)
{
	static char bytes[16] __aligned(8);
	volatile u32 got;
	u32 *pointer = (u32 *)(bytes + (index & 1));

	NEED_UBSAN();
	got = *pointer;
	expect(listen_stop(), "misaligned-access");
	CHECK_EQ(got, 0);
}

SELFTEST(ubsan, a_bool_of_two_is_named)
{
	static volatile u8 byte = 2;
	volatile bool got;

	NEED_UBSAN();
	got = *(volatile bool *)&byte;
	expect(listen_stop(), "2 is not a valid value for type");
	(void)got;
}
