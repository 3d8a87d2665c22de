/* SPDX-License-Identifier: MIT */
/* min, max and clamp that evaluate each argument once and refuse mixed types. */
#ifndef _LINUX_MINMAX_H
#define _LINUX_MINMAX_H

#define __same_type_ptr(a, b) ((void)(&(a) == &(b)))
#define min(x, y) ({ __typeof__(x) __min_a = (x); __typeof__(y) __min_b = (y); \
	__same_type_ptr(__min_a, __min_b); __min_a < __min_b ? __min_a : __min_b; })
#define max(x, y) ({ __typeof__(x) __min_a = (x); __typeof__(y) __min_b = (y); \
	__same_type_ptr(__min_a, __min_b); __min_a > __min_b ? __min_a : __min_b; })
#define min_t(type, x, y) ({ type __min_a = (x); type __min_b = (y); __min_a < __min_b ? __min_a : __min_b; })
#define max_t(type, x, y) ({ type __min_a = (x); type __min_b = (y); __min_a > __min_b ? __min_a : __min_b; })
#define max3(x, y, z) max(max(x, y), z)
#define min3(x, y, z) min(min(x, y), z)
#define clamp(v, lo, hi) min(max(v, lo), hi)
#define clamp_t(type, v, lo, hi) min_t(type, max_t(type, v, lo), hi)
#define swap(a, b) do { __typeof__(a) _t = (a); (a) = (b); (b) = _t; } while (0)

#endif
