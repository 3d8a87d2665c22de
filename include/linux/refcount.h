/* SPDX-License-Identifier: MIT */
/*
 * Reference counts that cannot wrap. A count that would pass the largest int, that is raised
 * from 0 or lowered below 0, is a bug: it becomes REFCOUNT_SATURATED and stays about there.
 * The object then is never freed, which loses memory, but nothing is freed while in use. Each
 * such step is a WARN, see kernel/refcount.c. REFCOUNT_SATURATED lies in the middle of the
 * negative numbers, so that racing changes, however many, do not lead out of them.
 *
 * Taking a reference orders nothing (who has one may take another). Dropping one orders what
 * came before it before the drop, and the last drop also what comes after: the owner frees
 * what everybody has finished with.
 */
#ifndef _LINUX_REFCOUNT_H
#define _LINUX_REFCOUNT_H

#include <linux/atomic.h>
#include <linux/spinlock.h>

typedef struct { atomic_t refs; } refcount_t;

#define REFCOUNT_INIT(n)   { ATOMIC_INIT(n) }
#define REFCOUNT_MAX	   0x7fffffff
#define REFCOUNT_SATURATED (-0x40000000)

enum refcount_saturation_type {
	REFCOUNT_ADD_OVF, REFCOUNT_ADD_UAF, REFCOUNT_SUB_UAF, REFCOUNT_DEC_LEAK,
	REFCOUNT_ADD_NOT_ZERO_OVF,
};

/* Makes it REFCOUNT_SATURATED, and says why. Any context. */
void refcount_warn_saturate(refcount_t *r, enum refcount_saturation_type type);

static inline void refcount_set(refcount_t *r, int n) { atomic_set(&r->refs, n); }
static inline unsigned int refcount_read(const refcount_t *r)
{
	return (unsigned int)atomic_read(&r->refs);
}

static inline void refcount_add(int i, refcount_t *r)
{
	int old = atomic_fetch_add_relaxed(i, &r->refs);

	if (unlikely(!old))
		refcount_warn_saturate(r, REFCOUNT_ADD_UAF);
	else if (unlikely(old < 0 || old > REFCOUNT_MAX - i))
		refcount_warn_saturate(r, REFCOUNT_ADD_OVF);
}

static inline void refcount_inc(refcount_t *r) { refcount_add(1, r); }

/* Unless it is 0: false then. */
static inline bool __must_check refcount_add_not_zero(int i, refcount_t *r)
{
	int old = refcount_read(r);

	do {
		if (!old)
			return false;
	} while (!atomic_try_cmpxchg_relaxed(&r->refs, &old, (int)((unsigned int)old + i)));
	if (unlikely(old < 0 || old > REFCOUNT_MAX - i))
		refcount_warn_saturate(r, REFCOUNT_ADD_NOT_ZERO_OVF);
	return true;
}

static inline bool __must_check refcount_inc_not_zero(refcount_t *r)
{
	return refcount_add_not_zero(1, r);
}

/* True when it has become 0. */
static inline bool __must_check refcount_sub_and_test(int i, refcount_t *r)
{
	int old = atomic_fetch_sub_release(i, &r->refs);

	if (old == i) {
		atomic_read_acquire(&r->refs); /* pairs with the release of the other drops */
		return true;
	}
	if (unlikely(old < 0 || old < i))
		refcount_warn_saturate(r, REFCOUNT_SUB_UAF);
	return false;
}

static inline bool __must_check refcount_dec_and_test(refcount_t *r)
{
	return refcount_sub_and_test(1, r);
}

/* It must not be the last one. */
static inline void refcount_dec(refcount_t *r)
{
	if (unlikely(atomic_fetch_sub_release(1, &r->refs) <= 1))
		refcount_warn_saturate(r, REFCOUNT_DEC_LEAK);
}

/* From 1 to 0: true. Otherwise nothing happens. */
static inline bool __must_check refcount_dec_if_one(refcount_t *r)
{
	int one = 1;

	return atomic_try_cmpxchg(&r->refs, &one, 0);
}

/* Unless it is 1: false then. */
bool __must_check refcount_dec_not_one(refcount_t *r);
/* True, with the lock held, when it has become 0; false and not held otherwise. */
bool __must_check refcount_dec_and_lock(refcount_t *r, spinlock_t *lock);

#endif
