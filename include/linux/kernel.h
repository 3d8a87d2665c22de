/* SPDX-License-Identifier: MIT */
/* Small things that every source uses. */
#ifndef _LINUX_KERNEL_H
#define _LINUX_KERNEL_H

#include <linux/align.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/types.h>

#define ARRAY_SIZE(a)	   (sizeof(a) / sizeof((a)[0]))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define round_up(x, y)	   ALIGN(x, y)
#define round_down(x, y)   ALIGN_DOWN(x, y)
/* To a multiple of any y; round_up() and round_down() want a power of two. */
#define roundup(x, y)	   (((x) + (y) - 1) / (y) * (y))
#define rounddown(x, y)	   ((x) - (x) % (y))
#define DIV_ROUND_UP_ULL(n, d) DIV_ROUND_UP((unsigned long long)(n), d)
/* The nearest; d is positive. */
#define DIV_ROUND_CLOSEST(n, d) \
	((n) > 0 || (__typeof__(n))-1 > 0 ? ((n) + (d) / 2) / (d) : ((n) - (d) / 2) / (d))
#define upper_32_bits(n)   ((u32)((u64)(n) >> 32))
#define lower_32_bits(n)   ((u32)(n))
#define abs(x) ({ __typeof__(x) _abs = (x); _abs < 0 ? -_abs : _abs; })
#define sizeof_field(type, member) sizeof(((type *)0)->member)
#define typeof_member(type, member) __typeof__(((type *)0)->member)
/* No option of Linux's configuration is set here. */
#define IS_ENABLED(option) 0
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define __stringify_1(x...) #x
#define __stringify(x...)   __stringify_1(x)

/* Says so, with a backtrace, if the caller may not sleep here. See kernel/context.c. */
#define might_sleep() __might_sleep(__FILE__, __LINE__)
#define might_sleep_if(cond) do { if (cond) might_sleep(); } while (0)
void __might_sleep(const char *file, int line);

/*
 * Prints into buf, never past size bytes, always terminated when size > 0.
 * Returns the length the whole text has (snprintf) or what was stored (scnprintf).
 * Format extensions: %pS %ps %px %pK (see docs/architecture.md).
 */
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int vsnprintf(char *buf, size_t size, const char *fmt, __builtin_va_list args) __printf(3, 0);
/* Without a bound: for sources that have one of their own. */
int sprintf(char *buf, const char *fmt, ...) __printf(2, 3);
#define vsprintf(buf, fmt, args) vsnprintf(buf, INT_MAX, fmt, args)
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/* The same in memory of its own, which kfree() takes; NULL without memory. */
char *kasprintf(gfp_t gfp, const char *fmt, ...) __printf(2, 3);
char *kvasprintf(gfp_t gfp, const char *fmt, __builtin_va_list args) __printf(2, 0);

/*
 * A number with an optional suffix K, M, G, T, P or E (powers of 1024), base by prefix
 * as in C. *end is where reading stopped. A value that does not fit gives ULLONG_MAX.
 */
unsigned long long memparse(const char *text, char **end);

/* The whole of `text` (a final newline is fine) as a number: 0, -EINVAL or -ERANGE. */
int kstrtoull(const char *text, unsigned int base, unsigned long long *result);
int kstrtoll(const char *text, unsigned int base, long long *result);
int kstrtoul(const char *text, unsigned int base, unsigned long *result);
int kstrtol(const char *text, unsigned int base, long *result);
int kstrtouint(const char *text, unsigned int base, unsigned int *result);
int kstrtoint(const char *text, unsigned int base, int *result);
int kstrtou16(const char *text, unsigned int base, u16 *result);
int kstrtos16(const char *text, unsigned int base, s16 *result);
int kstrtou8(const char *text, unsigned int base, u8 *result);
int kstrtos8(const char *text, unsigned int base, s8 *result);
#define kstrtou64(text, base, result) kstrtoull(text, base, result)
#define kstrtos64(text, base, result) kstrtoll(text, base, result)
#define kstrtou32(text, base, result) kstrtouint(text, base, result)
#define kstrtos32(text, base, result) kstrtoint(text, base, result)
/* y, t, 1, on for true, n, f, 0, off for false; -EINVAL. */
int kstrtobool(const char *text, bool *result);
/* The number that a text begins with; *end is behind it. */
unsigned long simple_strtoul(const char *text, char **end, unsigned int base);
long simple_strtol(const char *text, char **end, unsigned int base);

#endif
