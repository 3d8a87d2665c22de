/* SPDX-License-Identifier: MIT */
/*
 * Whole texts as numbers of every size, on top of kstrtoull() (string_ext.c): -EINVAL when the
 * text is no number, -ERANGE when the number does not fit; then *result stays as it is.
 */
#include <linux/kernel.h>
#include <linux/string.h>

int kstrtoll(const char *text, unsigned int base, long long *result)
{
	bool negative = *text == '-';
	unsigned long long value;
	int error;

	if (negative && text[1] == '+')
		return -EINVAL;
	error = kstrtoull(negative ? text + 1 : text, base, &value);
	if (error)
		return error;
	if (value > (~0ULL >> 1) + negative)
		return -ERANGE;
	*result = (long long)(negative ? -value : value);
	return 0;
}

#define KSTRTO(name, type, wide_name, wide) \
int name(const char *text, unsigned int base, type *result) \
{ \
	wide value; \
	int error = wide_name(text, base, &value); \
	if (error) \
		return error; \
	if (value != (wide)(type)value) \
		return -ERANGE; \
	*result = (type)value; \
	return 0; \
}
KSTRTO(kstrtoul, unsigned long, kstrtoull, unsigned long long)
KSTRTO(kstrtouint, unsigned int, kstrtoull, unsigned long long)
KSTRTO(kstrtou16, u16, kstrtoull, unsigned long long)
KSTRTO(kstrtou8, u8, kstrtoull, unsigned long long)
KSTRTO(kstrtol, long, kstrtoll, long long)
KSTRTO(kstrtoint, int, kstrtoll, long long)
KSTRTO(kstrtos16, s16, kstrtoll, long long)
KSTRTO(kstrtos8, s8, kstrtoll, long long)

int kstrtobool(const char *text, bool *result)
{
	if (!text)
		return -EINVAL;
	if (strchr("yYtT1", *text) && *text)
		*result = true;
	else if (strchr("nNfF0", *text) && *text)
		*result = false;
	else if ((*text == 'o' || *text == 'O') && (text[1] == 'n' || text[1] == 'N'))
		*result = true;
	else if ((*text == 'o' || *text == 'O') && (text[1] == 'f' || text[1] == 'F'))
		*result = false;
	else
		return -EINVAL;
	return 0;
}

unsigned long simple_strtoul(const char *text, char **end, unsigned int base)
{
	char digits[72];
	unsigned long value = 0;
	size_t n = 0;

	/* The longest beginning that is a number; none gives 0. */
	strscpy(digits, text, sizeof(digits));
	for (n = strlen(digits); n; n--) {
		digits[n] = '\0';
		if (digits[n - 1] != '\n' && !kstrtoul(digits, base, &value))
			break;
	}
	if (end)
		*end = (char *)text + n;
	return value;
}

long simple_strtol(const char *text, char **end, unsigned int base)
{
	if (*text != '-')
		return (long)simple_strtoul(text, end, base);
	return -(long)simple_strtoul(text + 1, end, base);
}
