/* SPDX-License-Identifier: MIT */
/*
 * Atomic counters. As in Linux: operations that return nothing order nothing;
 * those that return a value are fully ordered unless named _relaxed, _acquire or _release.
 */
#ifndef _LINUX_ATOMIC_H
#define _LINUX_ATOMIC_H

#include <linux/compiler.h>
#include <linux/types.h>

#define ATOMIC_INIT(i) { (i) }
#define smp_mb()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

#define ATOMIC_FAMILY(name, type, num) \
static inline num name##_read(const type *v) \
{ return __atomic_load_n(&v->counter, __ATOMIC_RELAXED); } \
static inline void name##_set(type *v, num i) \
{ __atomic_store_n(&v->counter, i, __ATOMIC_RELAXED); } \
static inline void name##_add(num i, type *v) \
{ __atomic_fetch_add(&v->counter, i, __ATOMIC_RELAXED); } \
static inline void name##_sub(num i, type *v) \
{ __atomic_fetch_sub(&v->counter, i, __ATOMIC_RELAXED); } \
static inline num name##_add_return(num i, type *v) \
{ return __atomic_add_fetch(&v->counter, i, __ATOMIC_SEQ_CST); } \
static inline num name##_sub_return(num i, type *v) \
{ return __atomic_sub_fetch(&v->counter, i, __ATOMIC_SEQ_CST); } \
static inline num name##_xchg(type *v, num i) \
{ return __atomic_exchange_n(&v->counter, i, __ATOMIC_SEQ_CST); } \
static inline num name##_cmpxchg(type *v, num old, num new) \
{ \
	__atomic_compare_exchange_n(&v->counter, &old, new, false, \
				    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED); \
	return old; \
} \
static inline void name##_inc(type *v) { name##_add(1, v); } \
static inline void name##_dec(type *v) { name##_sub(1, v); } \
static inline num name##_inc_return(type *v) { return name##_add_return(1, v); } \
static inline num name##_dec_return(type *v) { return name##_sub_return(1, v); } \
static inline bool name##_dec_and_test(type *v) { return name##_dec_return(v) == 0; } \
static inline bool name##_sub_and_test(num i, type *v) { return name##_sub_return(i, v) == 0; }

ATOMIC_FAMILY(atomic, atomic_t, int)
ATOMIC_FAMILY(atomic_long, atomic_long_t, long)
#undef ATOMIC_FAMILY

#endif
