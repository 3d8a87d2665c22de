/* SPDX-License-Identifier: MIT */
/* Divisions of 64-bit numbers: machine instructions here, by the names that 32-bit ones need. */
#ifndef _LINUX_MATH64_H
#define _LINUX_MATH64_H

#include <linux/types.h>

static inline u64 div_u64(u64 n, u32 d) { return n / d; }
static inline s64 div_s64(s64 n, s32 d) { return n / d; }
static inline u64 div64_u64(u64 n, u64 d) { return n / d; }
static inline s64 div64_s64(s64 n, s64 d) { return n / d; }
#define div64_ul(n, d) div64_u64(n, d)

static inline u64 div_u64_rem(u64 n, u32 d, u32 *rest)
{
	*rest = (u32)(n % d);
	return n / d;
}

static inline u64 mul_u64_u32_div(u64 a, u32 mul, u32 d)
{
	return (u64)((unsigned __int128)a * mul / d);
}

/* Divides the variable n, and gives the rest. */
#define do_div(n, d) ({ \
	u32 _divisor = (d), _rest = (u32)((u64)(n) % _divisor); \
	(n) = (u64)(n) / _divisor; \
	_rest; })

#endif
