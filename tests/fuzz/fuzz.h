/* SPDX-License-Identifier: MIT */
/*
 * Fuzzers: libFuzzer makes up bytes, a target does with them what a loader, a firmware or a
 * caller could, and nothing may break. In a hosted port of their own, build/fuzz/quarry:
 *
 *	build/fuzz/quarry fuzz=NAME [save=FILE] [every=N] [verbose] -- [-OPTION...] [CORPUS...]
 *
 * with libFuzzer's options.
 *
 * A target is a function that reads its input through the functions below; an input that has
 * ended reads as zeroes, so each sequence of bytes means something. What must hold is said with
 * FUZZ_CHECK. Nothing may be left behind, see driver.c.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <linux/kernel.h>
#include <linux/string.h>

struct fuzz_input {
	const u8 *data;		/* the rest of it */
	size_t size;
};

struct fuzz_target {
	const char *name;
	bool allocates;		/* look for pages that are missing, and at mm's structures */
	void (*run)(struct fuzz_input *in);
};

#define FUZZ_TARGET(name_, allocates_) \
	static void fuzz_##name_(struct fuzz_input *in); \
	static const struct fuzz_target fuzz_target_##name_ __used __aligned(8) \
		__section("fuzz_targets") = { #name_, allocates_, fuzz_##name_ }; \
	static void fuzz_##name_(struct fuzz_input *in)

#define FUZZ_CHECK(cond) do { \
	if (unlikely(!(cond))) \
		panic("%s:%d: not true: %s", __FILE__, __LINE__, #cond); } while (0)

/* The next number of so many bytes, the lowest first. */
static inline u64 fuzz_bytes(struct fuzz_input *in, unsigned int nr)
{
	u64 value = 0;

	for (unsigned int i = 0; i < nr && in->size; i++, in->size--)
		value |= (u64)*in->data++ << 8 * i;
	return value;
}

static inline u8 fuzz_byte(struct fuzz_input *in)
{
	return (u8)fuzz_bytes(in, 1);
}

/* A number below n, at most 64 Ki. */
static inline u32 fuzz_below(struct fuzz_input *in, u32 n)
{
	return (u32)fuzz_bytes(in, n > 256 ? 2 : 1) % n;
}

/* The rest, as a text: it ends at a zero, or where the room does. */
static inline const char *fuzz_text(struct fuzz_input *in, char *buf, size_t size)
{
	size_t len = strnlen((const char *)in->data, min(in->size, size - 1));

	memcpy(buf, in->data, len);
	buf[len] = '\0';
	in->data += len;
	in->size -= len;
	return buf;
}

/* This input is meant to provoke so many reports of misuse, beside those said before. */
void fuzz_expect_reports(unsigned int nr);

#endif
