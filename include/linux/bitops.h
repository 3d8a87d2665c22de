/* SPDX-License-Identifier: MIT */
/*
 * Bits: finding them in a word, and setting them in an array of words. Positions count from
 * 0 at the least significant bit; bit n of an array is bit n % 64 of word n / 64.
 */
#ifndef _LINUX_BITOPS_H
#define _LINUX_BITOPS_H

#include <linux/compiler.h>
#include <linux/types.h>

#define BITS_PER_BYTE 8
#define BITS_PER_LONG 64
#define BIT(n)	   (1UL << (n))
#define BIT_ULL(n) (1ULL << (n))
#define BIT_WORD(n) ((n) / BITS_PER_LONG)
#define BIT_MASK(n) (1UL << ((n) % BITS_PER_LONG))
#define BITS_TO_LONGS(n) (((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]
#define GENMASK(h, l) ((~0UL << (l)) & (~0UL >> (BITS_PER_LONG - 1 - (h))))

/* Undefined when x is 0; ffz: when it is all ones. */
static inline unsigned int __ffs(unsigned long x) { return __builtin_ctzl(x); }
static inline unsigned int __fls(unsigned long x) { return 63 - __builtin_clzl(x); }
static inline unsigned int ffz(unsigned long x) { return __ffs(~x); }
/* One more than the position, and 0 for 0. */
static inline int ffs(int x) { return x ? 1 + __builtin_ctz((unsigned int)x) : 0; }
static inline int fls(unsigned int x) { return x ? 32 - __builtin_clz(x) : 0; }
static inline int fls64(u64 x) { return x ? 64 - __builtin_clzll(x) : 0; }
static inline unsigned int hweight32(u32 x)
{
	x -= (x >> 1) & 0x55555555;
	x = (x & 0x33333333) + ((x >> 2) & 0x33333333);
	return (((x + (x >> 4)) & 0x0f0f0f0f) * 0x01010101) >> 24;
}
static inline unsigned int hweight64(u64 x)
{
	return hweight32((u32)x) + hweight32((u32)(x >> 32));
}
#define hweight_long(x) hweight64(x)

/*
 * Atomic. Those that return nothing order nothing; test_and_ forms return the bit as it was
 * and are full barriers, or _lock acquires and _unlock releases.
 */
#define __bit_fetch(op, nr, addr, bits, order) \
	__atomic_fetch_##op((unsigned long *)(addr) + BIT_WORD(nr), bits, order)

static inline void set_bit(unsigned long nr, volatile unsigned long *addr)
{
	__bit_fetch(or, nr, addr, BIT_MASK(nr), __ATOMIC_RELAXED);
}

static inline void clear_bit(unsigned long nr, volatile unsigned long *addr)
{
	__bit_fetch(and, nr, addr, ~BIT_MASK(nr), __ATOMIC_RELAXED);
}

static inline void change_bit(unsigned long nr, volatile unsigned long *addr)
{
	__bit_fetch(xor, nr, addr, BIT_MASK(nr), __ATOMIC_RELAXED);
}

static inline bool test_and_set_bit(unsigned long nr, volatile unsigned long *addr)
{
	return __bit_fetch(or, nr, addr, BIT_MASK(nr), __ATOMIC_SEQ_CST) & BIT_MASK(nr);
}

static inline bool test_and_clear_bit(unsigned long nr, volatile unsigned long *addr)
{
	return __bit_fetch(and, nr, addr, ~BIT_MASK(nr), __ATOMIC_SEQ_CST) & BIT_MASK(nr);
}

static inline bool test_and_change_bit(unsigned long nr, volatile unsigned long *addr)
{
	return __bit_fetch(xor, nr, addr, BIT_MASK(nr), __ATOMIC_SEQ_CST) & BIT_MASK(nr);
}

static inline bool test_and_set_bit_lock(unsigned long nr, volatile unsigned long *addr)
{
	return __bit_fetch(or, nr, addr, BIT_MASK(nr), __ATOMIC_ACQUIRE) & BIT_MASK(nr);
}

static inline void clear_bit_unlock(unsigned long nr, volatile unsigned long *addr)
{
	__bit_fetch(and, nr, addr, ~BIT_MASK(nr), __ATOMIC_RELEASE);
}

static inline bool test_bit(unsigned long nr, const volatile unsigned long *addr)
{
	return __atomic_load_n(addr + BIT_WORD(nr), __ATOMIC_RELAXED) & BIT_MASK(nr);
}

static inline bool test_bit_acquire(unsigned long nr, const volatile unsigned long *addr)
{
	return __atomic_load_n(addr + BIT_WORD(nr), __ATOMIC_ACQUIRE) & BIT_MASK(nr);
}

#undef __bit_fetch

/* Not atomic: nobody else changes the word. */
static inline void __set_bit(unsigned long nr, unsigned long *addr)
{
	addr[BIT_WORD(nr)] |= BIT_MASK(nr);
}

static inline void __clear_bit(unsigned long nr, unsigned long *addr)
{
	addr[BIT_WORD(nr)] &= ~BIT_MASK(nr);
}

static inline void __change_bit(unsigned long nr, unsigned long *addr)
{
	addr[BIT_WORD(nr)] ^= BIT_MASK(nr);
}

static inline bool __test_and_set_bit(unsigned long nr, unsigned long *addr)
{
	bool was = test_bit(nr, addr);

	__set_bit(nr, addr);
	return was;
}

static inline bool __test_and_clear_bit(unsigned long nr, unsigned long *addr)
{
	bool was = test_bit(nr, addr);

	__clear_bit(nr, addr);
	return was;
}

/* The first bit in [offset, size) that is set, or (`flip` all ones) clear; size if none. */
static inline unsigned long __find_bit(const unsigned long *addr, unsigned long size,
				       unsigned long offset, unsigned long flip)
{
	unsigned long mask = ~0UL << (offset % BITS_PER_LONG), i, bits;

	if (offset >= size)
		return size;
	for (i = BIT_WORD(offset); i < BITS_TO_LONGS(size); i++, mask = ~0UL) {
		bits = (READ_ONCE(addr[i]) ^ flip) & mask;
		if (bits) {
			i = i * BITS_PER_LONG + __ffs(bits);
			return i < size ? i : size;
		}
	}
	return size;
}

#define find_next_bit(addr, size, offset)      __find_bit(addr, size, offset, 0)
#define find_next_zero_bit(addr, size, offset) __find_bit(addr, size, offset, ~0UL)
#define find_first_bit(addr, size)	       __find_bit(addr, size, 0, 0)
#define find_first_zero_bit(addr, size)	       __find_bit(addr, size, 0, ~0UL)
#define for_each_set_bit(bit, addr, size) \
	for ((bit) = find_first_bit(addr, size); (bit) < (size); \
	     (bit) = find_next_bit(addr, size, (bit) + 1))

#endif
