/* SPDX-License-Identifier: MIT */
/*
 * Self-tests. A suite is a file tests/test_<suite>.c; a case is
 *
 *	SELFTEST(buddy, split_and_merge)
 *	{
 *		CHECK_EQ(order, 3);
 *	}
 *
 * and is reported as `buddy.split_and_merge`. A failed CHECK prints what and where, as a
 * TAP diagnostic before the result, marks the case failed and goes on; a failed REQUIRE
 * leaves the function. The same sources run in the kernel and in the hosted port.
 */
#ifndef TESTS_SELFTEST_H
#define TESTS_SELFTEST_H

#include <linux/kernel.h>
#include <linux/string.h>
#include <quarry/config.h>

struct selftest {
	const char *suite, *name;
	void (*run)(void);
	unsigned int line;	/* the order within a file: compilers emit any order */
	bool unsampled;
};

/*
 * A file whose cases look at where objects lie, or count what caches hold, defines it 1 first:
 * KFENCE takes nothing then.
 */
#ifndef SELFTEST_UNSAMPLED
#define SELFTEST_UNSAMPLED 0
#endif

#define SELFTEST(suite_, name_) \
	static void selftest_##suite_##_##name_(void); \
	static const struct selftest selftest_entry_##suite_##_##name_ __used __aligned(8) \
		__section("selftests") = { #suite_, #name_, selftest_##suite_##_##name_, \
			__LINE__, SELFTEST_UNSAMPLED }; \
	static void selftest_##suite_##_##name_(void)

#define CHECK(cond) selftest_check(!!(cond), __FILE__, __LINE__, #cond)
#define REQUIRE(cond) do { if (!CHECK(cond)) return; } while (0)
#define CHECK_EQ(a, b) ({ \
	unsigned long long _l = (unsigned long long)(a), _r = (unsigned long long)(b); \
	selftest_check_eq(_l, _r, __FILE__, __LINE__, #a, #b); })
#define CHECK_STR(a, b) selftest_check_str(a, b, __FILE__, __LINE__, #a)
/* This machine cannot pose the question: say why, and leave. */
#define SKIP(...) do { selftest_skip(__VA_ARGS__); return; } while (0)

/* The case does on purpose what KASAN reports, or counts what KASAN adds to. */
#define SKIP_WITH_KASAN() do { \
	if (QUARRY_KASAN) \
		SKIP("not with KASAN=1, which sees or needs more"); \
} while (0)

bool selftest_check(bool ok, const char *file, int line, const char *what);
bool selftest_check_eq(unsigned long long a, unsigned long long b, const char *file, int line,
		       const char *what_a, const char *what_b);
bool selftest_check_str(const char *a, const char *b, const char *file, int line, const char *what);
void selftest_skip(const char *fmt, ...) __printf(1, 2);

/* Misuse reports that the running case provokes on purpose; any other fails it. */
void selftest_expect_reports(unsigned int nr);
/* The same for WARNs. Further calls in one case add up, with both. */
void selftest_expect_warnings(unsigned int nr);

/* For stress and randomised cases: `scale=N` multiplies n; `seed=` starts the generator. */
unsigned long selftest_scaled(unsigned long n);
u64 selftest_seconds(void);		/* soak=, 0 without it */
u64 selftest_random(void);		/* from the printed seed, anew for each case */
unsigned long selftest_random_below(unsigned long n);

/* Runs what `test=` chooses; returns the number of failed cases. Prints plan and totals. */
unsigned int selftest_run(void);

#include "tests/again.h"	/* behind all: it gives names a second meaning */

#endif
