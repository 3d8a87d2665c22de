/* SPDX-License-Identifier: MIT */
/*
 * Barriers, and atomic operations on counters and on any variable of 1 to 8 bytes.
 *
 * The order that an operation keeps is told by its name, as in Linux:
 *	no value returned, or _relaxed	none
 *	_acquire			what comes after it stays after it
 *	_release			what comes before it stays before it
 *	a value returned		both, and all of it in one order that all CPUs agree on
 * A compare-and-exchange that fails orders nothing.
 */
#ifndef _LINUX_ATOMIC_H
#define _LINUX_ATOMIC_H

#include <linux/compiler.h>
#include <linux/types.h>

/* Between CPUs. */
#define smp_mb()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
/* Stores, then a full barrier. */
#define smp_store_mb(var, value) \
	do { __atomic_store_n(&(var), value, __ATOMIC_RELAXED); smp_mb(); } while (0)
/* Make an operation that orders nothing a full barrier on that side. */
#define smp_mb__before_atomic() smp_mb()
#define smp_mb__after_atomic()	smp_mb()

/* Towards devices too, and on memory that is not cached. */
#define mb()	  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define rmb()	  mb()
#define wmb()	  mb()
/* On memory that a device shares coherently. */
#define dma_rmb() smp_rmb()
#define dma_wmb() smp_wmb()

/* On any variable, by pointer. xchg: returns what was there before. */
#define xchg(p, v)	   __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define xchg_relaxed(p, v) __atomic_exchange_n(p, v, __ATOMIC_RELAXED)
#define xchg_acquire(p, v) __atomic_exchange_n(p, v, __ATOMIC_ACQUIRE)
#define xchg_release(p, v) __atomic_exchange_n(p, v, __ATOMIC_RELEASE)

/* Puts `new` there if it holds `old`; returns what it held. */
#define __cmpxchg(p, old, new, order) ({ \
	__typeof__(*(p)) _was = (old); \
	__atomic_compare_exchange_n(p, &_was, new, false, order, __ATOMIC_RELAXED); \
	_was; })
#define cmpxchg(p, old, new)	     __cmpxchg(p, old, new, __ATOMIC_SEQ_CST)
#define cmpxchg_relaxed(p, old, new) __cmpxchg(p, old, new, __ATOMIC_RELAXED)
#define cmpxchg_acquire(p, old, new) __cmpxchg(p, old, new, __ATOMIC_ACQUIRE)
#define cmpxchg_release(p, old, new) __cmpxchg(p, old, new, __ATOMIC_RELEASE)

/* The same; true if it was done. If not, *pold becomes what was there. */
#define __try_cmpxchg(p, pold, new, order) \
	__atomic_compare_exchange_n(p, pold, new, false, order, __ATOMIC_RELAXED)
#define try_cmpxchg(p, pold, new)	  __try_cmpxchg(p, pold, new, __ATOMIC_SEQ_CST)
#define try_cmpxchg_relaxed(p, pold, new) __try_cmpxchg(p, pold, new, __ATOMIC_RELAXED)
#define try_cmpxchg_acquire(p, pold, new) __try_cmpxchg(p, pold, new, __ATOMIC_ACQUIRE)
#define try_cmpxchg_release(p, pold, new) __try_cmpxchg(p, pold, new, __ATOMIC_RELEASE)

#define ATOMIC_INIT(i)	    { (i) }
#define ATOMIC64_INIT(i)    { (i) }
#define ATOMIC_LONG_INIT(i) { (i) }

/* One family of functions for each of the three types; `suffix` and `order` belong together. */

/* Arithmetic and logic: name_fetch_op returns the value before, name_op_return that after. */
#define ATOMIC_FETCH(name, type, num, op, builtin, suffix, order) \
static inline num name##_fetch_##op##suffix(num i, type *v) \
{ return __atomic_fetch_##builtin(&v->counter, i, order); }

#define ATOMIC_RETURN(name, type, num, op, suffix, order) \
static inline num name##_##op##_return##suffix(num i, type *v) \
{ return __atomic_##op##_fetch(&v->counter, i, order); }

#define ATOMIC_LOGIC(name, type, num, op) \
static inline void name##_##op(num i, type *v) \
{ __atomic_fetch_##op(&v->counter, i, __ATOMIC_RELAXED); } \
ATOMIC_FETCH(name, type, num, op, op,, __ATOMIC_SEQ_CST) \
ATOMIC_FETCH(name, type, num, op, op, _relaxed, __ATOMIC_RELAXED) \
ATOMIC_FETCH(name, type, num, op, op, _acquire, __ATOMIC_ACQUIRE) \
ATOMIC_FETCH(name, type, num, op, op, _release, __ATOMIC_RELEASE)

#define ATOMIC_SUM(name, type, num, op) \
ATOMIC_LOGIC(name, type, num, op) \
ATOMIC_RETURN(name, type, num, op,, __ATOMIC_SEQ_CST) \
ATOMIC_RETURN(name, type, num, op, _relaxed, __ATOMIC_RELAXED) \
ATOMIC_RETURN(name, type, num, op, _acquire, __ATOMIC_ACQUIRE) \
ATOMIC_RETURN(name, type, num, op, _release, __ATOMIC_RELEASE)

#define ATOMIC_EXCHANGE(name, type, num, suffix, order) \
static inline num name##_xchg##suffix(type *v, num i) \
{ return __atomic_exchange_n(&v->counter, i, order); } \
static inline num name##_cmpxchg##suffix(type *v, num old, num new) \
{ return __cmpxchg(&v->counter, old, new, order); } \
static inline bool name##_try_cmpxchg##suffix(type *v, num *old, num new) \
{ return __try_cmpxchg(&v->counter, old, new, order); } \
static inline num name##_inc_return##suffix(type *v) \
{ return __atomic_add_fetch(&v->counter, 1, order); } \
static inline num name##_dec_return##suffix(type *v) \
{ return __atomic_sub_fetch(&v->counter, 1, order); } \
static inline num name##_fetch_inc##suffix(type *v) \
{ return __atomic_fetch_add(&v->counter, 1, order); } \
static inline num name##_fetch_dec##suffix(type *v) \
{ return __atomic_fetch_sub(&v->counter, 1, order); }

/* Reading, and operations on a condition: true, or the value before, says whether it held. */
#define ATOMIC_FAMILY(name, type, num) \
static inline num name##_read(const type *v) \
{ return __atomic_load_n(&v->counter, __ATOMIC_RELAXED); } \
static inline num name##_read_acquire(const type *v) \
{ return __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE); } \
static inline void name##_set(type *v, num i) \
{ __atomic_store_n(&v->counter, i, __ATOMIC_RELAXED); } \
static inline void name##_set_release(type *v, num i) \
{ __atomic_store_n(&v->counter, i, __ATOMIC_RELEASE); } \
ATOMIC_SUM(name, type, num, add) \
ATOMIC_SUM(name, type, num, sub) \
ATOMIC_LOGIC(name, type, num, and) \
ATOMIC_LOGIC(name, type, num, or) \
ATOMIC_LOGIC(name, type, num, xor) \
ATOMIC_EXCHANGE(name, type, num,, __ATOMIC_SEQ_CST) \
ATOMIC_EXCHANGE(name, type, num, _relaxed, __ATOMIC_RELAXED) \
ATOMIC_EXCHANGE(name, type, num, _acquire, __ATOMIC_ACQUIRE) \
ATOMIC_EXCHANGE(name, type, num, _release, __ATOMIC_RELEASE) \
static inline void name##_andnot(num i, type *v) { name##_and(~i, v); } \
static inline num name##_fetch_andnot(num i, type *v) { return name##_fetch_and(~i, v); } \
static inline void name##_inc(type *v) { name##_add(1, v); } \
static inline void name##_dec(type *v) { name##_sub(1, v); } \
static inline bool name##_inc_and_test(type *v) { return name##_inc_return(v) == 0; } \
static inline bool name##_dec_and_test(type *v) { return name##_dec_return(v) == 0; } \
static inline bool name##_sub_and_test(num i, type *v) { return name##_sub_return(i, v) == 0; } \
static inline bool name##_add_negative(num i, type *v) { return name##_add_return(i, v) < 0; } \
static inline num name##_fetch_add_unless(type *v, num i, num unless) \
{ \
	num old = name##_read(v); \
	while (old != unless && !name##_try_cmpxchg(v, &old, old + i)) \
		; \
	return old; \
} \
static inline bool name##_add_unless(type *v, num i, num unless) \
{ return name##_fetch_add_unless(v, i, unless) != unless; } \
static inline bool name##_inc_not_zero(type *v) { return name##_add_unless(v, 1, 0); } \
static inline num name##_dec_if_positive(type *v) \
{ \
	num old = name##_read(v); \
	while (old > 0 && !name##_try_cmpxchg(v, &old, old - 1)) \
		; \
	return old - 1; \
}

ATOMIC_FAMILY(atomic, atomic_t, int)
ATOMIC_FAMILY(atomic64, atomic64_t, s64)
ATOMIC_FAMILY(atomic_long, atomic_long_t, long)

#undef ATOMIC_FETCH
#undef ATOMIC_RETURN
#undef ATOMIC_LOGIC
#undef ATOMIC_SUM
#undef ATOMIC_EXCHANGE
#undef ATOMIC_FAMILY

#endif
