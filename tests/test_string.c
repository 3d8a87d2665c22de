/* SPDX-License-Identifier: MIT */
/*
 * kernel/string.c and kernel/string_ext.c, against plain loops over bytes. In the hosted
 * port the former goes by other names, and this file is compiled to use those.
 */
#include <tests/selftest.h>

#define AREA 512
#define GUARD 16	/* bytes around what a function may write */

static u8 from[AREA], to[AREA], expected[AREA];

static void fill_random(u8 *p, size_t n)
{
	while (n--)
		*p++ = (u8)selftest_random();
}

/* Both areas start equal, so that a byte written beside the target shows. */
static void fresh_areas(void)
{
	size_t i;

	fill_random(from, AREA);
	fill_random(to, AREA);
	for (i = 0; i < AREA; i++)
		expected[i] = to[i];
}

static bool areas_equal(void)
{
	size_t i;

	for (i = 0; i < AREA; i++)
		if (to[i] != expected[i])
			return false;
	return true;
}

SELFTEST(string, memset)
{
	size_t offset, n, i;

	for (n = 0; n < 200; n++) {
		for (offset = 0; offset < 9; offset++) {
			fresh_areas();
			for (i = 0; i < n; i++)
				expected[GUARD + offset + i] = 0xa5;
			CHECK(memset(to + GUARD + offset, 0x5a5, n) == to + GUARD + offset);
			REQUIRE(areas_equal());
		}
	}
}

SELFTEST(string, memcpy)
{
	size_t a, b, n, i;

	for (n = 0; n < 200; n++) {
		a = GUARD + selftest_random_below(9);
		b = selftest_random_below(9);
		fresh_areas();
		for (i = 0; i < n; i++)
			expected[a + i] = from[b + i];
		CHECK(memcpy(to + a, from + b, n) == to + a);
		REQUIRE(areas_equal());
	}
}

static void move_check(size_t dst, size_t src, size_t n)
{
	size_t i;

	fresh_areas();
	for (i = 0; i < n; i++)
		expected[dst + i] = to[src + i];
	CHECK(memmove(to + dst, to + src, n) == to + dst);
	if (!CHECK(areas_equal()))
		printk("memmove by %ld, %lu bytes\n", (long)(dst - src), n);
}

/* Every distance around a word and around the sizes where the method changes. */
SELFTEST(string, memmove_overlap)
{
	size_t n, distance;

	for (n = 0; n < 150; n++) {
		for (distance = 0; distance < 20; distance++) {
			move_check(GUARD + distance, GUARD, n);
			move_check(GUARD, GUARD + distance, n);
		}
		move_check(GUARD + n, GUARD, n);
		move_check(GUARD, GUARD + n, n);
	}
}

SELFTEST(string, memcmp)
{
	size_t n, i;

	fill_random(from, AREA);
	memcpy(to, from, AREA);
	for (n = 1; n < 100; n++) {
		CHECK_EQ(memcmp(from + 1, to + 1, n), 0);
		i = 1 + selftest_random_below(n);
		from[i] = 0x7f;
		to[i] = 0x80;
		/* Unsigned, and the first difference decides. */
		from[i + 1] = 0xff;
		to[i + 1] = 0;
		CHECK(memcmp(from + 1, to + 1, n) < 0);
		CHECK(memcmp(to + 1, from + 1, n) > 0);
		CHECK_EQ(memcmp(from + 1, to + 1, i - 1), 0);
		to[i] = from[i];
		to[i + 1] = from[i + 1];
	}
	CHECK_EQ(memcmp("a", "b", 0), 0);
}

SELFTEST(string, find_bytes)
{
	size_t n, at;

	memset(to, 0x11, AREA);
	for (n = 0; n < 100; n++) {
		CHECK(!memchr(to + 3, 0x22, n));
		CHECK(!memchr_inv(to + 3, 0x11, n));
		for (at = 0; at < n; at++) {
			to[3 + at] = 0xee;
			CHECK(memchr(to + 3, 0xee, n) == to + 3 + at);
			CHECK(memchr_inv(to + 3, 0x11, n) == to + 3 + at);
			to[3 + at] = 0x11;
		}
		to[3 + n] = 0xee;	/* just behind the end */
		CHECK(!memchr(to + 3, 0xee, n));
		CHECK(!memchr_inv(to + 3, 0x11, n));
		to[3 + n] = 0x11;
	}
	to[5] = to[7] = 0xee;
	CHECK(memchr(to, 0xee, AREA) == to + 5);
	CHECK(memchr(to, 0x1ee, AREA) == to + 5);
	CHECK(memchr_inv(to, 0x11, AREA) == to + 5);
}

SELFTEST(string, lengths)
{
	CHECK_EQ(strlen(""), 0);
	CHECK_EQ(strlen("abc"), 3);
	CHECK_EQ(strnlen("abc", 0), 0);
	CHECK_EQ(strnlen("abc", 2), 2);
	CHECK_EQ(strnlen("abc", 3), 3);
	CHECK_EQ(strnlen("abc", ~0UL), 3);
}

SELFTEST(string, compare)
{
	CHECK_EQ(strcmp("abc", "abc"), 0);
	CHECK_EQ(strcmp("", ""), 0);
	CHECK(strcmp("abc", "abd") < 0);
	CHECK(strcmp("abd", "abc") > 0);
	CHECK(strcmp("ab", "abc") < 0);
	CHECK(strcmp("abc", "") > 0);
	CHECK(strcmp("a\x7f", "a\x80") < 0);
	CHECK_EQ(strncmp("abX", "abY", 2), 0);
	CHECK(strncmp("abX", "abY", 3) < 0);
	CHECK(strncmp("a\x7f", "a\x80", 2) < 0);
	CHECK_EQ(strncmp("ab\0X", "ab\0Y", 4), 0);
	CHECK_EQ(strncmp("X", "Y", 0), 0);
}

SELFTEST(string, search)
{
	static const char s[] = "abcabc";

	CHECK(strchr(s, 'a') == s);
	CHECK(strchr(s, 'c') == s + 2);
	CHECK(!strchr(s, 'x'));
	CHECK(strchr(s, 0) == s + 6);
	CHECK(strrchr(s, 'a') == s + 3);
	CHECK(strrchr(s, 'c') == s + 5);
	CHECK(!strrchr(s, 'x'));
	CHECK(strrchr(s, 0) == s + 6);
	CHECK(strstr(s, "cab") == s + 2);
	CHECK(strstr(s, "abc") == s);
	CHECK(strstr(s, "") == s);
	CHECK(!strstr(s, "abcabcd"));
	CHECK(!strstr("", "a"));
	CHECK(strstr(s + 6, "") == s + 6);
}

SELFTEST(string, strscpy)
{
	char buf[8] = "#######";

	CHECK_EQ(strscpy(buf, "abc", 4), 3);
	CHECK_STR(buf, "abc");
	CHECK(buf[4] == '#');
	CHECK_EQ(strscpy(buf, "abcdef", 4), -E2BIG);
	CHECK_STR(buf, "abc");
	CHECK(buf[4] == '#');
	CHECK_EQ(strscpy(buf, "", 1), 0);
	CHECK_EQ(strscpy(buf, "x", 1), -E2BIG);
	CHECK_STR(buf, "");
	buf[0] = '#';
	CHECK_EQ(strscpy(buf, "x", 0), -E2BIG);
	CHECK(buf[0] == '#');
}

static void parse_check(const char *text, unsigned long long value, const char *rest)
{
	char *end = NULL;

	if (!CHECK_EQ(memparse(text, &end), value) || !CHECK_STR(end, rest))
		printk("in memparse(\"%s\")\n", text);
}

SELFTEST(string, memparse)
{
	parse_check("0", 0, "");
	parse_check("512", 512, "");
	parse_check("1k", 1024, "");
	parse_check("64M", 64UL << 20, "");
	parse_check("3g", 3UL << 30, "");
	parse_check("2T", 2UL << 40, "");
	parse_check("1P", 1UL << 50, "");
	parse_check("15E", 15UL << 60, "");
	parse_check("16E", ~0ULL, "");
	parse_check("0x10K", 16384, "");
	parse_check("010", 8, "");
	parse_check("0xfffffffffffffffff", ~0ULL, "");
	parse_check("18446744073709551615", ~0ULL, "");
	parse_check("18446744073709551616", ~0ULL, "");
	parse_check("1M@16M", 1 << 20, "@16M");
	parse_check("5KK", 5 << 10, "K");
	parse_check("", 0, "");
	parse_check("M", 0, "M");
	parse_check("-1", 0, "-1");
	parse_check("0xg", 0, "xg");
	CHECK_EQ(memparse("1M", NULL), 1 << 20);
}

SELFTEST(string, kstrtoull)
{
	unsigned long long n = 77;

	CHECK_EQ(kstrtoull("", 0, &n), -EINVAL);
	CHECK_EQ(kstrtoull("12x", 0, &n), -EINVAL);
	CHECK_EQ(kstrtoull("-1", 0, &n), -EINVAL);
	CHECK_EQ(kstrtoull("0x", 0, &n), -EINVAL);
	CHECK_EQ(kstrtoull("8", 8, &n), -EINVAL);
	CHECK_EQ(kstrtoull("1\n\n", 0, &n), -EINVAL);
	CHECK_EQ(kstrtoull("18446744073709551616", 10, &n), -ERANGE);
	CHECK_EQ(n, 77);	/* untouched by all of these */
	CHECK(!kstrtoull("18446744073709551615\n", 10, &n) && n == ~0ULL);
	CHECK(!kstrtoull("+42", 0, &n) && n == 42);
	CHECK(!kstrtoull("0x2A", 0, &n) && n == 42);
	CHECK(!kstrtoull("0x2a", 16, &n) && n == 42);
	CHECK(!kstrtoull("2a", 16, &n) && n == 42);
	CHECK(!kstrtoull("052", 0, &n) && n == 42);
	CHECK(!kstrtoull("101010", 2, &n) && n == 42);
	CHECK(!kstrtoull("0", 0, &n) && n == 0);
}
