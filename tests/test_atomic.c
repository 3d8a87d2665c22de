/* SPDX-License-Identifier: MIT */
/*
 * Atomic operations, bits and reference counts: each gives what its name says, and none is
 * lost when all CPUs do it at once.
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/refcount.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <tests/threads.h>

#define MAX_THREADS 8

/* 1. Values */

/* All three types have the same functions. */
#define CHECK_FAMILY(name, type, num, init) do { \
	type v = init(5); \
	num old; \
	CHECK_EQ(name##_read(&v), 5); \
	name##_set(&v, -3); \
	CHECK(name##_read_acquire(&v) == -3); \
	name##_add(10, &v); \
	name##_sub(2, &v); \
	name##_inc(&v); \
	name##_dec(&v); \
	CHECK_EQ(name##_read(&v), 5); \
	CHECK_EQ(name##_add_return(3, &v), 8); \
	CHECK_EQ(name##_fetch_add(2, &v), 8); \
	CHECK_EQ(name##_sub_return_release(4, &v), 6); \
	CHECK_EQ(name##_fetch_sub_acquire(1, &v), 6); \
	CHECK_EQ(name##_inc_return_relaxed(&v), 6); \
	CHECK_EQ(name##_dec_return(&v), 5); \
	CHECK_EQ(name##_fetch_inc(&v), 5); \
	CHECK_EQ(name##_fetch_dec_relaxed(&v), 6); \
	CHECK_EQ(name##_xchg(&v, 0xf0), 5); \
	name##_or(0x0f, &v); \
	name##_and(0x3c, &v); \
	name##_xor(0x05, &v); \
	CHECK_EQ(name##_read(&v), 0x39); \
	name##_andnot(0x30, &v); \
	CHECK_EQ(name##_fetch_or(0x70, &v), 0x09); \
	CHECK_EQ(name##_fetch_and_relaxed(0x1f, &v), 0x79); \
	CHECK_EQ(name##_fetch_andnot(0x10, &v), 0x19); \
	CHECK_EQ(name##_fetch_xor_release(0x08, &v), 0x09); \
	CHECK_EQ(name##_cmpxchg(&v, 2, 7), 1); \
	CHECK_EQ(name##_cmpxchg_acquire(&v, 1, 7), 1); \
	old = 3; \
	CHECK(!name##_try_cmpxchg(&v, &old, 9)); \
	CHECK_EQ(old, 7); \
	CHECK(name##_try_cmpxchg(&v, &old, 1)); \
	CHECK(!name##_add_unless(&v, 5, 1)); \
	CHECK(name##_add_unless(&v, 5, 2)); \
	CHECK_EQ(name##_fetch_add_unless(&v, -6, 0), 6); \
	CHECK(!name##_inc_not_zero(&v)); \
	CHECK(name##_dec_if_positive(&v) == -1); \
	CHECK_EQ(name##_read(&v), 0); \
	CHECK(name##_add_negative(-1, &v)); \
	CHECK(name##_inc_and_test(&v)); \
	name##_set_release(&v, 2); \
	CHECK(name##_inc_not_zero(&v)); \
	CHECK(!name##_dec_and_test(&v)); \
	CHECK(name##_sub_and_test(2, &v)); \
} while (0)

SELFTEST(atomic, int_values)
{
	CHECK_FAMILY(atomic, atomic_t, int, ATOMIC_INIT);
}

SELFTEST(atomic, s64_values)
{
	atomic64_t big = ATOMIC64_INIT(0xffffffff);

	CHECK_FAMILY(atomic64, atomic64_t, s64, ATOMIC64_INIT);
	CHECK_EQ(atomic64_inc_return(&big), 0x100000000);
}

SELFTEST(atomic, long_values)
{
	CHECK_FAMILY(atomic_long, atomic_long_t, long, ATOMIC_LONG_INIT);
}

SELFTEST(atomic, exchanges_of_every_size)
{
	u8 byte = 200;
	u16 word = 40000, expected = 1;
	u64 quad = 1ULL << 60;
	void *pointer = &byte;

	CHECK_EQ(xchg(&byte, 100), 200);
	CHECK_EQ(xchg_release(&byte, 7), 100);
	CHECK_EQ(cmpxchg(&word, 1, 2), 40000);
	CHECK_EQ(cmpxchg_relaxed(&word, 40000, 2), 40000);
	CHECK(!try_cmpxchg(&word, &expected, 3));
	CHECK_EQ(expected, 2);
	CHECK(try_cmpxchg_acquire(&word, &expected, 3));
	CHECK_EQ(word, 3);
	CHECK_EQ(xchg_acquire(&quad, 5), 1ULL << 60);
	CHECK(cmpxchg_release(&pointer, (void *)&byte, NULL) == &byte);
	CHECK(!xchg_relaxed(&pointer, (void *)&word));
	CHECK(pointer == &word);
}

/* 2. Bits */

SELFTEST(bitops, words)
{
	CHECK_EQ(__ffs(0x50), 4);
	CHECK_EQ(__fls(0x50), 6);
	CHECK_EQ(ffz(~0x100UL), 8);
	CHECK_EQ(ffs(0), 0);
	CHECK_EQ(ffs(0x50), 5);
	CHECK_EQ(fls(0), 0);
	CHECK_EQ(fls(0x80000000), 32);
	CHECK_EQ(fls64(1ULL << 63), 64);
	CHECK_EQ(hweight32(0xffffffff), 32);
	CHECK_EQ(hweight64(0x8000000000000001ULL), 2);
	CHECK_EQ(GENMASK(7, 4), 0xf0);
	CHECK_EQ(GENMASK(63, 0), ~0UL);
}

SELFTEST(bitops, arrays)
{
	DECLARE_BITMAP(map, 130) = { 0 };

	CHECK_EQ(ARRAY_SIZE(map), 3);
	set_bit(64, map);
	__set_bit(129, map);
	CHECK_EQ(map[1], 1);
	CHECK_EQ(map[2], 2);
	CHECK(test_bit(129, map));
	CHECK(test_bit_acquire(64, map));
	CHECK(!test_bit(63, map));
	CHECK(test_and_set_bit(64, map));
	CHECK(!test_and_set_bit_lock(3, map));
	CHECK(test_and_clear_bit(3, map));
	CHECK(!test_and_clear_bit(3, map));
	CHECK(!test_and_change_bit(127, map));
	change_bit(126, map);
	CHECK_EQ(map[1] >> 62, 3);
	clear_bit_unlock(127, map);
	clear_bit(126, map);
	__change_bit(0, map);
	__change_bit(0, map);
	CHECK(!__test_and_set_bit(1, map));
	CHECK(__test_and_clear_bit(1, map));
	__clear_bit(129, map);
	CHECK_EQ(map[0] | map[2], 0);
	CHECK_EQ(map[1], 1);
}

SELFTEST(bitops, finding)
{
	DECLARE_BITMAP(map, 130) = { 0 };
	unsigned long bit, sum = 0;

	CHECK_EQ(find_first_bit(map, 130), 130);
	CHECK_EQ(find_first_zero_bit(map, 130), 0);
	__set_bit(0, map);
	__set_bit(63, map);
	__set_bit(64, map);
	__set_bit(129, map);
	for_each_set_bit(bit, map, 130)
		sum += bit;
	CHECK_EQ(sum, 0 + 63 + 64 + 129);
	CHECK_EQ(find_next_bit(map, 130, 65), 129);
	CHECK_EQ(find_next_bit(map, 129, 65), 129);	/* none below the end */
	CHECK_EQ(find_next_bit(map, 130, 130), 130);
	CHECK_EQ(find_next_zero_bit(map, 130, 63), 65);
	__set_bit(70, map);
	CHECK_EQ(find_next_bit(map, 68, 65), 68);	/* nor one behind it in the same word */
	map[0] = map[1] = map[2] = ~0UL;
	CHECK_EQ(find_first_zero_bit(map, 130), 130);
}

/* 3. All CPUs at once */

static struct {
	atomic_t count;
	atomic64_t sum;
	u32 word;
	DECLARE_BITMAP(bits, 64 * MAX_THREADS);
	refcount_t refs;
	atomic_t last;
} shared;

static void use_shared(void *arg)
{
	unsigned long n = *(unsigned long *)arg, i;
	unsigned int cpu = smp_processor_id();

	for (i = 0; i < n; i++) {
		u32 old = READ_ONCE(shared.word);

		atomic_inc(&shared.count);
		atomic64_add(1LL << 32, &shared.sum);
		while (!try_cmpxchg(&shared.word, &old, old + 3))
			;
		/* Neighbours in one word, each on and off again. */
		CHECK(!test_and_set_bit(cpu, shared.bits));
		CHECK(test_and_clear_bit(cpu, shared.bits));
		refcount_inc(&shared.refs);
		if (refcount_dec_and_test(&shared.refs))
			atomic_inc(&shared.last);
	}
	set_bit(cpu, shared.bits);
}

SELFTEST(atomic, nothing_is_lost)
{
	unsigned int i, n = min_t(unsigned int, num_online_cpus(), MAX_THREADS);
	struct test_thread threads[MAX_THREADS];
	unsigned long turns = selftest_scaled(2000), all = 0;

	memset(&shared, 0, sizeof(shared));
	refcount_set(&shared.refs, 1);
	for (i = 0; i < n; i++)
		test_thread_start(&threads[i], test_cpu(i), use_shared, &turns);
	for (i = 0; i < n; i++) {
		test_thread_join(&threads[i]);
		all |= 1UL << test_cpu(i);
	}
	CHECK_EQ(atomic_read(&shared.count), n * turns);
	CHECK_EQ(atomic64_read(&shared.sum), (u64)n * turns << 32);
	CHECK_EQ(shared.word, 3 * n * turns);
	CHECK_EQ(shared.bits[0], all);
	CHECK_EQ(refcount_read(&shared.refs), 1);
	CHECK_EQ(atomic_read(&shared.last), 0);
	CHECK(refcount_dec_and_test(&shared.refs));
}

/* 4. Reference counts */

SELFTEST(refcount, counts)
{
	static DEFINE_SPINLOCK(lock);
	refcount_t refs = REFCOUNT_INIT(1);

	refcount_inc(&refs);
	refcount_add(3, &refs);
	CHECK_EQ(refcount_read(&refs), 5);
	CHECK(!refcount_sub_and_test(3, &refs));
	CHECK(refcount_inc_not_zero(&refs));
	refcount_dec(&refs);
	CHECK(!refcount_dec_if_one(&refs));
	CHECK(refcount_dec_not_one(&refs));
	CHECK(!refcount_dec_not_one(&refs));
	refcount_inc(&refs);
	CHECK(!refcount_dec_and_lock(&refs, &lock));
	CHECK(!spin_is_locked(&lock));
	CHECK(refcount_dec_and_lock(&refs, &lock));
	CHECK(spin_is_locked(&lock));
	spin_unlock(&lock);
	CHECK_EQ(refcount_read(&refs), 0);
	CHECK(!refcount_inc_not_zero(&refs));
	refcount_set(&refs, 1);
	CHECK(refcount_dec_if_one(&refs));
}

/* The count has saturated; nothing that is done to it changes that, or is reported again. */
static void check_saturated(refcount_t *refs)
{
	CHECK_EQ((int)refcount_read(refs), REFCOUNT_SATURATED);
	refcount_inc(refs);
	refcount_dec(refs);
	CHECK(!refcount_dec_and_test(refs));
	CHECK(refcount_inc_not_zero(refs));
	CHECK(refcount_dec_not_one(refs));
	CHECK(!refcount_dec_if_one(refs));
	CHECK_EQ((int)refcount_read(refs), REFCOUNT_SATURATED);
}

SELFTEST(refcount, saturates)
{
	refcount_t refs = REFCOUNT_INIT(REFCOUNT_MAX);

	selftest_expect_warnings(6);
	refcount_inc(&refs);			/* too many */
	check_saturated(&refs);
	refcount_set(&refs, REFCOUNT_MAX - 1);
	CHECK(refcount_add_not_zero(2, &refs));	/* the same */
	check_saturated(&refs);
	refcount_set(&refs, 0);
	refcount_inc(&refs);			/* an object that is being freed */
	check_saturated(&refs);
	refcount_set(&refs, 0);
	CHECK(!refcount_dec_and_test(&refs));	/* freed already */
	check_saturated(&refs);
	refcount_set(&refs, 1);
	refcount_dec(&refs);			/* the last, and nobody frees */
	check_saturated(&refs);
	refcount_set(&refs, 0);
	CHECK(refcount_dec_not_one(&refs));
	check_saturated(&refs);
}
