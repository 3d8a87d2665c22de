/* SPDX-License-Identifier: MIT */
/*
 * Each access that the compiler marks for ThreadSanitizer (-fsanitize=thread) calls one of these
 * functions instead of that library's; GCC's names.
 *
 * Plain accesses are announced and then done by the compiled code; atomic ones are done here.
 * The order of memory is that of x86: a store may be delayed until the next locked instruction,
 * and nothing else. So a seq_cst store is an exchange, and a weaker fence is nothing.
 */
#include <stdint.h>
#include "explore.h"

#define HERE __builtin_return_address(0)

#define PLAIN(size) \
	void __tsan_read##size(void *p) { explore_plain(p, size, false, HERE); } \
	void __tsan_write##size(void *p) { explore_plain(p, size, true, HERE); } \
	void __tsan_unaligned_read##size(void *p) { explore_plain(p, size, false, HERE); } \
	void __tsan_unaligned_write##size(void *p) { explore_plain(p, size, true, HERE); } \
	void __tsan_volatile_read##size(void *p) { explore_plain(p, size, false, HERE); } \
	void __tsan_volatile_write##size(void *p) { explore_plain(p, size, true, HERE); }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(void *p, size_t size) { explore_plain(p, size, false, HERE); }
void __tsan_write_range(void *p, size_t size) { explore_plain(p, size, true, HERE); }
void __tsan_init(void) { }
void __tsan_func_entry(void *pc) { }
void __tsan_func_exit(void) { }

/* A locked instruction: all that was stored before is in memory, and so is its result. */
#define LOCKED(bits, name, op) \
	uint##bits##_t __tsan_atomic##bits##_##name(uint##bits##_t *p, uint##bits##_t v, int mo) \
	{ \
		uint##bits##_t old; \
		explore_atomic(p, sizeof(*p), #name, HERE); \
		explore_fence(); \
		old = *p; \
		*p = op; \
		return old; \
	}

#define EXCHANGE(bits, name) \
	int __tsan_atomic##bits##_compare_exchange_##name(uint##bits##_t *p, \
		uint##bits##_t *expected, uint##bits##_t v, int mo, int fail_mo) \
	{ \
		uint##bits##_t old; \
		explore_atomic(p, sizeof(*p), "compare_exchange", HERE); \
		explore_fence(); \
		old = *p; \
		if (old == *expected) { \
			*p = v; \
			return 1; \
		} \
		*expected = old; \
		return 0; \
	}

#define ATOMIC(bits) \
	uint##bits##_t __tsan_atomic##bits##_load(uint##bits##_t *p, int mo) \
	{ \
		uint##bits##_t v; \
		explore_atomic(p, sizeof(*p), "load", HERE); \
		explore_load(p, &v, sizeof(v)); \
		return v; \
	} \
	void __tsan_atomic##bits##_store(uint##bits##_t *p, uint##bits##_t v, int mo) \
	{ \
		explore_atomic(p, sizeof(*p), "store", HERE); \
		if (mo == __ATOMIC_SEQ_CST) { \
			explore_fence(); \
			*p = v; \
		} else { \
			explore_store(p, &v, sizeof(v)); \
		} \
	} \
	LOCKED(bits, exchange, v) \
	LOCKED(bits, fetch_add, old + v) \
	LOCKED(bits, fetch_sub, old - v) \
	LOCKED(bits, fetch_and, old & v) \
	LOCKED(bits, fetch_or, old | v) \
	LOCKED(bits, fetch_xor, old ^ v) \
	EXCHANGE(bits, strong) \
	EXCHANGE(bits, weak)

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

void __tsan_atomic_thread_fence(int mo)
{
	if (mo == __ATOMIC_SEQ_CST)
		explore_fence();
}

void __tsan_atomic_signal_fence(int mo) { }
