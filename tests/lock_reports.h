/* SPDX-License-Identifier: MIT */
/* For self-tests that do with locks what the checker reports. */
#ifndef TESTS_LOCK_REPORTS_H
#define TESTS_LOCK_REPORTS_H

#include "tests/selftest.h"

/* Does `code` make so many reports of that kind? They are announced to the runner. */
#define CHECK_REPORTS(kind, nr, code) do { \
	unsigned long _before = lockcheck_count(kind); \
	selftest_expect_warnings(nr); \
	code; \
	CHECK_EQ(lockcheck_count(kind) - _before, nr); \
} while (0)

#endif
