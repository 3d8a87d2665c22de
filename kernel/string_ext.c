/* SPDX-License-Identifier: MIT */
/*
 * Strings and numbers beyond what a C library has: linked in every port.
 *
 * All numbers are read by scan_digits(), the one place that knows of overflow. No locks, no
 * state; any context.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#define WORD sizeof(u64)

/* A word at any address, over any type. */
typedef u64 word __attribute__((__may_alias__, __aligned__(1)));

void *memchr_inv(const void *s, int c, size_t n)
{
	u64 pattern = 0x0101010101010101UL * (u8)c;
	const u8 *p = s;

	while (n >= WORD && *(const word *)p == pattern) {
		p += WORD;
		n -= WORD;
	}
	for (; n; n--, p++)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}

ssize_t strscpy(char *dst, const char *src, size_t size)
{
	size_t i;

	if (!size)
		return -E2BIG;
	for (i = 0; i < size - 1; i++) {
		dst[i] = src[i];
		if (!src[i])
			return (ssize_t)i;
	}
	dst[i] = '\0';
	return src[i] ? -E2BIG : (ssize_t)i;
}

/* 36 and above for what is no digit in any base. */
static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	c |= 0x20;
	if (c >= 'a' && c <= 'z')
		return (unsigned int)(c - 'a') + 10;
	return 36;
}

/* Steps over a prefix 0x that a hexadecimal digit follows; says which base 0 stands for. */
static const char *scan_base(const char *text, unsigned int *base)
{
	bool hex = text[0] == '0' && (text[1] | 0x20) == 'x' && digit_value(text[2]) < 16;

	if (*base == 0)
		*base = hex ? 16 : text[0] == '0' ? 8 : 10;
	return hex && *base == 16 ? text + 2 : text;
}

/*
 * Reads digits as far as they go and returns where they end. A value that does not fit
 * becomes ULLONG_MAX, with *fits false.
 */
static const char *scan_digits(const char *text, unsigned int base, u64 *value, bool *fits)
{
	unsigned int digit;

	*value = 0;
	*fits = true;
	for (; (digit = digit_value(*text)) < base; text++) {
		if (__builtin_mul_overflow(*value, (u64)base, value) ||
		    __builtin_add_overflow(*value, (u64)digit, value))
			*fits = false;
	}
	if (!*fits)
		*value = ~0ULL;
	return text;
}

/* The power of 1024 that a size suffix stands for, as a shift; 0 for any other character. */
static unsigned int suffix_shift(char c)
{
	switch (c | 0x20) {
	case 'k': return 10;
	case 'm': return 20;
	case 'g': return 30;
	case 't': return 40;
	case 'p': return 50;
	case 'e': return 60;
	}
	return 0;
}

unsigned long long memparse(const char *text, char **end)
{
	unsigned int base = 0, shift;
	const char *digits = scan_base(text, &base), *stop;
	bool fits;
	u64 value;

	stop = scan_digits(digits, base, &value, &fits);
	shift = stop == digits ? 0 : suffix_shift(*stop);
	if (shift) {
		stop++;
		value = value > ~0ULL >> shift ? ~0ULL : value << shift;
	}
	if (end)
		*end = (char *)stop;
	return value;
}

int kstrtoull(const char *text, unsigned int base, unsigned long long *result)
{
	const char *digits, *stop;
	bool fits;
	u64 value;

	if (*text == '+')
		text++;
	digits = scan_base(text, &base);
	stop = scan_digits(digits, base, &value, &fits);
	if (stop == digits)
		return -EINVAL;
	if (*stop == '\n')
		stop++;
	if (*stop)
		return -EINVAL;
	if (!fits)
		return -ERANGE;
	*result = value;
	return 0;
}
