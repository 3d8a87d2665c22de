/* SPDX-License-Identifier: MIT */
/* kernel/vsprintf.c: what each conversion prints, and how much. */
#include <linux/err.h>
#include <linux/ioport.h>
#include <tests/selftest.h>

static char out[256];

/* Not marked as printf-like: the compiler would refuse the formats worth testing. */
static const char *text(const char *fmt, ...)
{
	__builtin_va_list args;
	int length;

	__builtin_va_start(args, fmt);
	length = vsnprintf(out, sizeof(out), fmt, args);
	__builtin_va_end(args);
	CHECK_EQ(length, strlen(out));
	return out;
}

SELFTEST(vsprintf, decimal)
{
	CHECK_STR(text("%d %i %u", 0, -5, 5u), "0 -5 5");
	CHECK_STR(text("%d", 0x7fffffff), "2147483647");
	CHECK_STR(text("%d", -0x7fffffff - 1), "-2147483648");
	CHECK_STR(text("%u", ~0u), "4294967295");
	CHECK_STR(text("%ld", (long)(1UL << 63)), "-9223372036854775808");
	CHECK_STR(text("%lu", ~0UL), "18446744073709551615");
	CHECK_STR(text("%lld %llu", -1LL, ~0ULL), "-1 18446744073709551615");
	CHECK_STR(text("%zu %zd %td %jd", (size_t)7, (ssize_t)-7, (ptrdiff_t)-8, 9L), "7 -7 -8 9");
}

SELFTEST(vsprintf, short_lengths)
{
	CHECK_STR(text("%hhd %hhu %hhx", 0x180, 0x1ff, 0xabc), "-128 255 bc");
	CHECK_STR(text("%hd %hu %hx", 0x18000, 0x1ffff, 0xabcde), "-32768 65535 bcde");
}

SELFTEST(vsprintf, hex_and_octal)
{
	CHECK_STR(text("%x %X %o", 0xbeef, 0xbeef, 8), "beef BEEF 10");
	CHECK_STR(text("%#x %#X %#o", 0xbeef, 0xbeef, 8), "0xbeef 0XBEEF 010");
	CHECK_STR(text("%#x %#o", 0, 0), "0x0 0");
	CHECK_STR(text("%lx", ~0UL), "ffffffffffffffff");
	CHECK_STR(text("%llo", ~0ULL), "1777777777777777777777");
	CHECK_STR(text("%x", -1), "ffffffff");
	CHECK_STR(text("%#.5o %#.3o %#.2o", 8, 8, 8), "00010 010 010");
}

SELFTEST(vsprintf, width_and_flags)
{
	CHECK_STR(text("[%5d|%-5d|%05d]", 42, 42, 42), "[   42|42   |00042]");
	CHECK_STR(text("[%5d|%-5d|%05d]", -42, -42, -42), "[  -42|-42  |-0042]");
	CHECK_STR(text("[%+d|%+d|% d|% d]", 1, -1, 1, -1), "[+1|-1| 1|-1]");
	CHECK_STR(text("[%+05d|% 5d|%+-5d]", 7, 7, 7), "[+0007|    7|+7   ]");
	CHECK_STR(text("[%-05d]", 7), "[7    ]");
	CHECK_STR(text("[%#8x|%#08x|%-#8x]", 255, 255, 255), "[    0xff|0x0000ff|0xff    ]");
	CHECK_STR(text("[%2d]", 12345), "[12345]");
	CHECK_STR(text("[%+u|% x]", 1, 1), "[1|1]");
	CHECK_STR(text("[%*d|%-*d|%*d]", 4, 1, 4, 2, -4, 3), "[   1|2   |3   ]");
}

SELFTEST(vsprintf, precision)
{
	CHECK_STR(text("[%.3d|%.3d|%.1d]", 5, -5, 123), "[005|-005|123]");
	CHECK_STR(text("[%6.3d|%-6.3d|%06.3d]", 5, 5, 5), "[   005|005   |   005]");
	CHECK_STR(text("[%.0d|%.0x|%.d]", 0, 0, 0), "[||]");
	CHECK_STR(text("[%.0d]", 7), "[7]");
	CHECK_STR(text("[%.*d|%.*d]", 3, 7, -3, 7), "[007|7]");
	CHECK_STR(text("[%#.4x]", 0xab), "[0x00ab]");
}

SELFTEST(vsprintf, strings)
{
	static const char open_end[3] = { 'a', 'b', 'c' };

	CHECK_STR(text("%s%s", "ab", ""), "ab");
	CHECK_STR(text("[%5s|%-5s|%2s]", "abc", "abc", "abc"), "[  abc|abc  |abc]");
	CHECK_STR(text("[%.2s|%5.1s|%.0s]", "abc", "abc", "abc"), "[ab|    a|]");
	CHECK_STR(text("[%.3s]", open_end), "[abc]");
	CHECK_STR(text("[%s|%8s]", NULL, NULL), "[(null)|  (null)]");
	CHECK_STR(text("[%s|%s]", (char *)16, ERR_PTR(-ENOMEM)), "[(efault)|(efault)]");
	CHECK_STR(text("[%c|%3c|%-3c]", 'x', 'y', 'z'), "[x|  y|z  ]");
	CHECK_STR(text("100%%"), "100%");
}

SELFTEST(vsprintf, pointers)
{
	phys_addr_t addr = 0x123456000;
	void *p = (void *)0xffff888000001000UL;

	CHECK_STR(text("%p %px %pK", p, p, p),
		  "ffff888000001000 ffff888000001000 ffff888000001000");
	CHECK_STR(text("%p", NULL), "0000000000000000");
	CHECK_STR(text("[%18p|%-18p]", p, p), "[  ffff888000001000|ffff888000001000  ]");
	CHECK_STR(text("%pa %pap %pad.", &addr, &addr, &addr),
		  "0x0000000123456000 0x0000000123456000 0x0000000123456000.");
	CHECK_STR(text("%pa", NULL), "(null)");
	/* A letter that means nothing is text. */
	CHECK_STR(text("%pz", p), "ffff888000001000z");
}

SELFTEST(vsprintf, error_pointers)
{
	CHECK_STR(text("%pe %pe", ERR_PTR(-ENOMEM), ERR_PTR(-ETIMEDOUT)), "-ENOMEM -ETIMEDOUT");
	CHECK_STR(text("[%9pe|%-9pe]", ERR_PTR(-EINVAL), ERR_PTR(-EINVAL)),
		  "[  -EINVAL|-EINVAL  ]");
	CHECK_STR(text("%pe", ERR_PTR(-4000)), "-4000");
	CHECK_STR(text("%pe", (void *)0x1000UL), "0000000000001000");
}

SELFTEST(vsprintf, symbols)
{
	unsigned long addr = (unsigned long)panic;

	CHECK(!strncmp(text("%pS", (void *)addr), "panic+0x0/0x", 12));
	CHECK(!strncmp(text("%pS", (void *)(addr + 3)), "panic+0x3/0x", 12));
	CHECK(!strncmp(text("%pB", (void *)(addr + 3)), "panic+0x3/0x", 12));
	CHECK_STR(text("[%ps|%8ps]", (void *)addr, (void *)addr), "[panic|   panic]");
	/* The address behind the last byte of a function is still a return address of it. */
	CHECK(strncmp(text("%pB", (void *)addr), "panic+", 6));
	CHECK_STR(text("%pS %ps", (void *)16UL, (void *)17UL), "0x10 0x11");
}

SELFTEST(vsprintf, unknown_conversion)
{
	CHECK_STR(text("%d %y %d", 1, 2), "1 %y %d");
	CHECK_STR(text("%"), "%");
	CHECK_STR(text("a%-5"), "a%-5");
	CHECK_STR(text("%n", NULL), "%n");
}

SELFTEST(vsprintf, size_limits)
{
	char buf[8] = "#######";

	CHECK_EQ(snprintf(buf, 4, "%s", "abcdef"), 6);
	CHECK_STR(buf, "abc");
	CHECK(buf[4] == '#');
	CHECK_EQ(snprintf(buf, 4, "abc"), 3);
	CHECK_STR(buf, "abc");
	CHECK_EQ(snprintf(NULL, 0, "%d", 12345), 5);
	CHECK_EQ(scnprintf(buf, 4, "%s", "abcdef"), 3);
	CHECK_EQ(scnprintf(buf, 8, "%s", "abcd"), 4);
	buf[0] = '#';
	CHECK_EQ(scnprintf(buf, 0, "abc"), 0);
	CHECK(buf[0] == '#');
	CHECK_EQ(scnprintf(buf, 1, "abc"), 0);
	CHECK_STR(buf, "");
}

static void text_of(char *buf, size_t size, const char *fmt, ...)
{
	struct va_format format = { .fmt = fmt };
	__builtin_va_list args;

	__builtin_va_start(args, fmt);
	format.va = &args;
	snprintf(buf, size, "<%pV> %d", &format, 7);
	__builtin_va_end(args);
}

SELFTEST(vsprintf, objects_behind_pointers)
{
	static const u8 bytes[] = { 0, 0x1a, 0xff, 3, 4, 5, 6 };
	struct resource mem = { 0xfebf0000, 0xfebf0fff, "bar", IORESOURCE_MEM };
	struct resource io = { 0xc040, 0xc05f, "bar", IORESOURCE_IO };
	char buf[64];

	CHECK_STR(text("%*ph", 3, bytes), "00 1a ff");
	CHECK_STR(text("%3phC|%2phD|%4phN", bytes, bytes, bytes), "00:1a:ff|00-1a|001aff03");
	CHECK_STR(text("%ph", bytes), "00");
	CHECK_STR(text("[%*ph] [%*phN]", 0, bytes, 0, bytes), "[] []");
	CHECK_STR(text("%pM %pm", bytes, bytes), "00:1a:ff:03:04:05 001aff030405");
	CHECK_STR(text("%pR", &mem), "[mem 0xfebf0000-0xfebf0fff]");
	CHECK_STR(text("%pR", &io), "[io  0xc040-0xc05f]");
	CHECK_STR(text("%pr", &io), "[io  0xc040-0xc05f flags 0x100]");
	mem.flags |= IORESOURCE_MEM_64 | IORESOURCE_PREFETCH;
	CHECK_STR(text("%30pR", &mem), "[mem 0xfebf0000-0xfebf0fff 64bit pref]");
	CHECK_STR(text("%pR %pM %4ph", NULL, ERR_PTR(-5), (void *)8), "(null) (efault) (efault)");
	text_of(buf, sizeof(buf), "%s and %d", "one", 2);
	CHECK_STR(buf, "<one and 2> 7");
}

/* A size that was a negative number before is a bug of the caller's. */
SELFTEST(vsprintf, absurd_size)
{
	char buf[8] = "#######";

	selftest_expect_warnings(1);
	CHECK_EQ(snprintf(buf, (size_t)-1, "abc"), 0);
	CHECK_EQ(snprintf(buf, (size_t)1 << 31, "abc"), 0);
	CHECK(buf[0] == '#');
}

static int full_length(const char *fmt, ...)
{
	__builtin_va_list args;
	int length;

	__builtin_va_start(args, fmt);
	length = vsnprintf(NULL, 0, fmt, args);
	__builtin_va_end(args);
	return length;
}

SELFTEST(vsprintf, absurd_width)
{
	CHECK_EQ(full_length("%99999999999d", 1), 65535);
	CHECK_EQ(full_length("%.99999999999d", 1), 65535);
	CHECK_EQ(full_length("%*d", 0x7fffffff, 1), 65535);
	CHECK_EQ(full_length("%*d", -0x7fffffff - 1, 1), 65535);
	CHECK_EQ(full_length("%.*d", -0x7fffffff - 1, 1), 1);
}

/* What is printed in any base reads back as the same number. */
SELFTEST(vsprintf, numbers_read_back)
{
	static const char *const formats[] = { "%llu", "%#llx", "0%llo", "%llX", "%020llu" };
	static const unsigned int bases[] = { 10, 16, 8, 16, 10 };
	unsigned long i, nr = selftest_scaled(2000);
	unsigned long long number, read;
	unsigned int k;

	for (i = 0; i < nr; i++) {
		number = selftest_random() >> selftest_random_below(64);
		k = (unsigned int)selftest_random_below(ARRAY_SIZE(formats));
		read = ~number;
		REQUIRE(!kstrtoull(text(formats[k], number), bases[k], &read));
		CHECK_EQ(read, number);
	}
}
