/* SPDX-License-Identifier: MIT */
/*
 * Copies in memory of their own: kmemdup(), kstrdup(), kasprintf() and their like. Each gives
 * what kfree() takes, or NULL.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

void *kmemdup(const void *source, size_t size, gfp_t gfp)
{
	void *copy = kmalloc(size, gfp);

	return copy && size ? memcpy(copy, source, size) : copy;
}

void *kmemdup_array(const void *source, size_t count, size_t size, gfp_t gfp)
{
	return kmemdup(source, size_mul(count, size), gfp);
}

char *kmemdup_nul(const char *source, size_t length, gfp_t gfp)
{
	char *copy = source ? kmalloc(size_add(length, 1), gfp) : NULL;

	if (!copy)
		return NULL;
	memcpy(copy, source, length);
	copy[length] = 0;
	return copy;
}

char *kstrndup(const char *text, size_t max, gfp_t gfp)
{
	return text ? kmemdup_nul(text, strnlen(text, max), gfp) : NULL;
}

char *kstrdup(const char *text, gfp_t gfp)
{
	return text ? kmemdup_nul(text, strlen(text), gfp) : NULL;
}

char *kvasprintf(gfp_t gfp, const char *fmt, __builtin_va_list args)
{
	__builtin_va_list again;
	int length;
	char *text;

	__builtin_va_copy(again, args);
	length = vsnprintf(NULL, 0, fmt, again);
	__builtin_va_end(again);
	text = kmalloc((size_t)length + 1, gfp);
	if (text)
		vsnprintf(text, (size_t)length + 1, fmt, args);
	return text;
}

char *kasprintf(gfp_t gfp, const char *fmt, ...)
{
	__builtin_va_list args;
	char *text;

	__builtin_va_start(args, fmt);
	text = kvasprintf(gfp, fmt, args);
	__builtin_va_end(args);
	return text;
}
