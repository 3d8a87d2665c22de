/* SPDX-License-Identifier: MIT */
/* min, max and clamp that evaluate each argument once and refuse mixed types. */
#ifndef _LINUX_MINMAX_H
#define _LINUX_MINMAX_H

#define __same_type_ptr(a, b) ((void)(&(a) == &(b)))
#define __pick(op, x, y) ({ \
	__typeof__(x) __pick_x = (x); \
	__typeof__(y) __pick_y = (y); \
	__same_type_ptr(__pick_x, __pick_y); \
	__pick_x op __pick_y ? __pick_x : __pick_y; })
#define __pick_t(op, type, x, y) ({ \
	type __pick_x = (x); \
	type __pick_y = (y); \
	__pick_x op __pick_y ? __pick_x : __pick_y; })

#define min(x, y) __pick(<, x, y)
#define max(x, y) __pick(>, x, y)
#define min3(x, y, z) min(min(x, y), z)
#define max3(x, y, z) max(max(x, y), z)
#define min_t(type, x, y) __pick_t(<, type, x, y)
#define max_t(type, x, y) __pick_t(>, type, x, y)
#define clamp(v, lo, hi) min(max(v, lo), hi)
#define clamp_t(type, v, lo, hi) min_t(type, max_t(type, v, lo), hi)
#define clamp_val(v, lo, hi) clamp_t(__typeof__(v), v, lo, hi)
/* The smaller, but not 0 where the other is not. */
#define min_not_zero(x, y) ({ \
	__typeof__(x) __nz_x = (x); \
	__typeof__(y) __nz_y = (y); \
	!__nz_x ? __nz_y : !__nz_y ? __nz_x : min(__nz_x, __nz_y); })
#define swap(a, b) do { __typeof__(a) __swap = (a); (a) = (b); (b) = __swap; } while (0)

#endif
