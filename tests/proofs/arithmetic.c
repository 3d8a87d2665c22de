/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic that every allocator rests on, proved for all values by frama-c's WP.
 *
 * A line `//% FILE: NAME` stands for that function, as the source has it, and `//% FILE: #NAME` for
 * that macro; the contract stands in front of it. So what is proved is what is compiled, and no
 * header of the kernel need be understood by the prover.
 *
 * The compiler's own functions (counting leading zeroes, arithmetic that notices overflow) have
 * contracts without a body. So have ALIGN and its like, which work bit by bit: what their contracts
 * and the axioms say is proved by the script for each of the 64 powers of two, on 64 bits.
 */
typedef unsigned long size_t, phys_addr_t;
typedef unsigned long u64;
typedef _Bool bool;
#define SIZE_MAX 0xffffffffffffffffUL

/*@
 axiomatic powers {
   logic integer power(integer n);
   axiom power_0: power(0) == 1;
   axiom power_next: \forall integer n; 0 <= n ==> power(n + 1) == 2 * power(n);
   axiom power_grows: \forall integer m, n; 0 <= m <= n ==> 1 <= power(m) <= power(n);
   axiom power_64: power(63) == 0x8000000000000000 && power(30) == 0x40000000 &&
     power(21) == 0x200000 && power(12) == 4096;
   axiom shift: \forall integer n; 0 <= n <= 63 ==> (1 << n) == power(n);
 }
 predicate is_power(integer a) = \exists integer n; 0 <= n <= 63 && a == power(n);
 axiomatic masks {
   logic integer down(integer x, integer a);	// the highest multiple of a, not above x
   predicate multiple(integer x, integer a);
   axiom below: \forall integer x, a; is_power(a) && 0 <= x <= SIZE_MAX ==>
     0 <= down(x, a) <= x && x - down(x, a) < a;
   axiom is_one: \forall integer x, a; is_power(a) && 0 <= x <= SIZE_MAX ==>
     multiple(down(x, a), a);
   axiom highest: \forall integer x, y, a; is_power(a) && 0 <= x <= SIZE_MAX &&
     down(x, a) < y <= x ==> !multiple(y, a);
   axiom zero: \forall integer a; is_power(a) ==> multiple(0, a);
 }
*/

/*@ requires \valid(result);
    assigns *result;
    ensures *result == (a * b) % (SIZE_MAX + 1);
    ensures \result <==> a * b > SIZE_MAX; */
bool mul_overflow(size_t a, size_t b, size_t *result);
#define __builtin_mul_overflow mul_overflow
/*@ requires \valid(result);
    assigns *result;
    ensures *result == (a + b) % (SIZE_MAX + 1);
    ensures \result <==> a + b > SIZE_MAX; */
bool add_overflow(size_t a, size_t b, size_t *result);
#define __builtin_add_overflow add_overflow
/*@ requires x != 0;
    assigns \nothing;
    ensures 0 <= \result <= 63;
    ensures power(63 - \result) <= x;
    ensures \result > 0 ==> x < power(64 - \result); */
int leading_zeroes(u64 x);
#define __builtin_clzll leading_zeroes

/*@ assigns \nothing;
    ensures a * b <= SIZE_MAX ==> \result == a * b;
    ensures a * b > SIZE_MAX ==> \result == SIZE_MAX; */
//% include/linux/overflow.h: size_mul

/*@ assigns \nothing;
    ensures a + b <= SIZE_MAX ==> \result == a + b;
    ensures a + b > SIZE_MAX ==> \result == SIZE_MAX; */
//% include/linux/overflow.h: size_add

/*@ assigns \nothing;
    ensures a == SIZE_MAX || b == SIZE_MAX || a < b ==> \result == SIZE_MAX;
    ensures b <= a < SIZE_MAX ==> \result == a - b; */
//% include/linux/overflow.h: size_sub

/*@ assigns \nothing;
    ensures x == 0 <==> \result == 0;
    ensures 0 <= \result <= 64;
    ensures x > 0 ==> power(\result - 1) <= x;
    ensures 0 < x && \result < 64 ==> x < power(\result); */
//% include/linux/bitops.h: fls64

//% include/linux/log2.h: #ilog2

/*@ requires n <= 0x8000000000000000;
    assigns \nothing;
    ensures is_power(\result) && n <= \result;
    ensures n > 1 ==> \result < 2 * n; */
//% include/linux/log2.h: roundup_pow_of_two

/*@ requires n > 0;
    assigns \nothing;
    ensures is_power(\result) && \result <= n < 2 * \result; */
//% include/linux/log2.h: rounddown_pow_of_two

#define PAGE_SIZE 4096UL
#define PAGE_SHIFT 12
/*@ assigns \nothing;
    ensures 0 <= \result <= 52;
    ensures size <= PAGE_SIZE * power(\result);
    ensures \result > 0 ==> size > PAGE_SIZE * power(\result - 1); */
//% include/linux/mm.h: get_order

/*@ requires is_power(a);
    assigns \nothing;
    ensures \result == down(x, a); */
u64 align_down(u64 x, u64 a);
#define ALIGN_DOWN align_down
/*@ requires is_power(a) && x + a - 1 <= SIZE_MAX;
    assigns \nothing;
    ensures \result == down(x + a - 1, a); */
u64 align_up(u64 x, u64 a);
#define ALIGN align_up
/*@ requires is_power(a);
    assigns \nothing;
    ensures \result <==> multiple(x, a); */
bool is_aligned(u64 x, u64 a);
#define IS_ALIGNED is_aligned

/*@ requires is_power(align);
    assigns \nothing;
    ensures \result != 0 ==> lo <= \result && \result + size <= hi;
    ensures multiple(\result, align);
    ensures \result != 0 ==>
      (\forall integer x; \result < x <= hi - size ==> !multiple(x, align));
    ensures \result == 0 && lo > 0 ==>
      (\forall integer x; lo <= x <= hi - size && lo < hi ==> !multiple(x, align)); */
//% mm/memblock.c: fit

#define ALLOC_NON_BLOCK	    0x10
#define ALLOC_MIN_RESERVE   0x20
/*@ assigns \nothing;
    ensures \result <= min;
    ensures 8 * \result >= 3 * min - 8; */
//% mm/watermark.c: reserve_floor

#define SZ_1G 0x40000000UL
#define SZ_2M 0x200000UL
/*@ requires multiple(start, PAGE_SIZE);
    assigns \nothing;
    ensures \result == SZ_1G || \result == SZ_2M || \result == PAGE_SIZE;
    ensures size >= PAGE_SIZE ==> \result <= size; */
//% mm/ioremap.c: best_align

struct dma_pool {
	size_t size, boundary, chunk_size;
};
/*@ requires \valid_read(pool) && is_power(pool->boundary);
    requires 0 < pool->size <= pool->boundary && pool->boundary <= 0x100000000;
    requires at <= 0x100000000 && pool->chunk_size <= 0x100000000;
    assigns \nothing;
    ensures \result == pool->chunk_size || \result + pool->size <= pool->chunk_size;
    ensures \result == pool->chunk_size || \result == at ||
      multiple(\result, pool->boundary);
    ensures \result >= at || \result == pool->chunk_size; */
//% mm/dmapool.c: next_place

#define RING_SIZE 16
/*@ assigns \nothing;
    ensures \result == place / RING_SIZE * 2; */
//% kernel/smp.c: turn_of

//% include/linux/dma-mapping.h: #DMA_BIT_MASK
/*@ requires n >= 0;
    assigns \nothing;
    ensures n < 64 ==> \result == power(n) - 1;
    ensures n >= 64 ==> \result == SIZE_MAX; */
static u64 dma_bit_mask(int n)
{
	return DMA_BIT_MASK(n);
}
