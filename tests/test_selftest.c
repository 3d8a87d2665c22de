/* SPDX-License-Identifier: MIT */
/* The runner's own parts. A case that fails on purpose is not among them. */
#include <tests/selftest.h>
#include <kernel/boot.h>
#include <kernel/kernel.h>

SELFTEST(selftest, glob)
{
	CHECK(selftest_glob("", ""));
	CHECK(!selftest_glob("", "a"));
	CHECK(!selftest_glob("a", ""));
	CHECK(selftest_glob("abc", "abc"));
	CHECK(!selftest_glob("abc", "abcd"));
	CHECK(!selftest_glob("abcd", "abc"));
	CHECK(selftest_glob("a?c", "abc"));
	CHECK(!selftest_glob("a?", "a"));
	CHECK(selftest_glob("*", ""));
	CHECK(selftest_glob("*", "abc"));
	CHECK(selftest_glob("a*", "a"));
	CHECK(selftest_glob("a*c", "abbbc"));
	CHECK(!selftest_glob("a*c", "abbb"));
	CHECK(selftest_glob("*b*", "abc"));
	CHECK(selftest_glob("a**c", "ac"));
	CHECK(selftest_glob("*aab", "aaaaab"));
	CHECK(selftest_glob("*ab*ab", "abxabxab"));
	CHECK(!selftest_glob("*ab*ab", "abx"));
	CHECK(selftest_glob("*?", "a"));
	CHECK(!selftest_glob("*?", ""));
	CHECK(selftest_glob("*****a", "bbbba"));
}

SELFTEST(selftest, choice)
{
	CHECK(selftest_chosen("*", "buddy", "split"));
	CHECK(selftest_chosen("buddy.split", "buddy", "split"));
	CHECK(selftest_chosen("buddy.*", "buddy", "split"));
	CHECK(selftest_chosen("buddy", "buddy", "split"));
	CHECK(selftest_chosen("b?ddy", "buddy", "split"));
	CHECK(selftest_chosen("*.split", "buddy", "split"));
	CHECK(selftest_chosen("*split", "buddy", "split"));
	CHECK(!selftest_chosen("split", "buddy", "split"));
	CHECK(!selftest_chosen("bud", "buddy", "split"));
	CHECK(!selftest_chosen("", "buddy", "split"));
	CHECK(selftest_chosen("other.*,buddy.*", "buddy", "split"));
	CHECK(selftest_chosen("buddy.*,other.*", "buddy", "split"));
	CHECK(!selftest_chosen("other.*,third", "buddy", "split"));
	CHECK(!selftest_chosen(",,", "buddy", "split"));
	CHECK(selftest_chosen(",buddy,", "buddy", "split"));
}

/* Each kind of thing that a case may leave behind counts, and each by itself. */
SELFTEST(selftest, leftovers_are_found)
{
	const struct selftest_state before = {
		.free_pages = 1000, .reports = 5, .warnings = 7, .percpu = 20, .objects = 30,
	};
	struct selftest_state after = before;

	CHECK_EQ(selftest_compare(&before, &after, 0), 0);
	CHECK_EQ(selftest_compare(&before, &after, 3), 1);
	after.free_pages = 999;
	CHECK_EQ(selftest_compare(&before, &after, 0), 1);
	after.free_pages = 1001;
	CHECK_EQ(selftest_compare(&before, &after, 0), 1);
	after = before;
	after.reports = 4;
	CHECK_EQ(selftest_compare(&before, &after, 0), 1);
	after = before;
	after.warnings = 8;
	CHECK_EQ(selftest_compare(&before, &after, 0), 1);
	after = before;
	after.percpu = 21;
	CHECK_EQ(selftest_compare(&before, &after, 0), 1);
	after = before;
	after.objects = 29;		/* somebody's were freed late */
	CHECK_EQ(selftest_compare(&before, &after, 0), 0);
	after.objects = 31;
	CHECK_EQ(selftest_compare(&before, &after, 0), 1);
	after = before;
	after.irqs_off = true;
	CHECK_EQ(selftest_compare(&before, &after, 0), 1);
	after.free_pages = after.reports = after.warnings = 0;
	CHECK_EQ(selftest_compare(&before, &after, 1), 5);
}

/* Or the cases behind it would fail, too. */
SELFTEST(selftest, interrupts_that_a_case_left_off_are_on_again)
{
	struct selftest_state before = { .irqs_off = irqs_disabled() }, after = before;
	bool off;

	local_irq_disable();
	after.irqs_off = irqs_disabled();
	selftest_mend(&before, &after);
	off = irqs_disabled();
	local_irq_enable();
	CHECK(after.irqs_off);
	CHECK_EQ(off, before.irqs_off);
}

SELFTEST(selftest, random_repeats)
{
	u64 a = 1, b = 1, other = 2;
	int i, differ = 0;

	for (i = 0; i < 100; i++) {
		u64 number = selftest_random_step(&a);

		CHECK_EQ(number, selftest_random_step(&b));
		differ += number != selftest_random_step(&other);
		REQUIRE(a);
	}
	CHECK(differ > 90);
}

/* Each case starts the generator anew, so that it runs alone as it runs among others. */
static u64 first_numbers[2];

SELFTEST(selftest, random_restarts_1)
{
	first_numbers[0] = selftest_random();
	if (first_numbers[1])
		CHECK_EQ(first_numbers[0], first_numbers[1]);
}

SELFTEST(selftest, random_restarts_2)
{
	first_numbers[1] = selftest_random();
	if (first_numbers[0])
		CHECK_EQ(first_numbers[0], first_numbers[1]);
}

SELFTEST(selftest, random_below)
{
	unsigned int seen[7] = { 0 }, i;
	unsigned long n;

	for (i = 0; i < 7000; i++) {
		n = selftest_random_below(7);
		REQUIRE(n < 7);
		seen[n]++;
	}
	/* 1000 each on average; the standard deviation is 29. */
	for (i = 0; i < 7; i++)
		CHECK(seen[i] > 800 && seen[i] < 1200);
	CHECK_EQ(selftest_random_below(1), 0);
	CHECK_EQ(selftest_random_below(0), 0);
}

SELFTEST(selftest, scaled)
{
	unsigned long one = selftest_scaled(1);

	CHECK(one >= 1);
	CHECK_EQ(selftest_scaled(0), 0);
	CHECK_EQ(selftest_scaled(10), 10 * one);
	if (one > 1)
		CHECK_EQ(selftest_scaled(~0UL), ~0UL);
}

/* Cases run in the order of their source, whatever order the compiler emits them in. */
static bool order_1_ran, order_2_ran;

SELFTEST(selftest, order_1)
{
	CHECK(!order_2_ran);
	order_1_ran = true;
}

SELFTEST(selftest, order_2)
{
	order_2_ran = true;
	if (!order_1_ran)
		SKIP("order_1 has not run");
}

/* What a run says to a command line that begins with `start` and goes on with 600 times fill. */
static void check_refusal(const char *start, char fill, const char *want)
{
	static char line[1024];
	const char *before;
	char why[160];

	memset(line, 0, sizeof(line));
	strscpy(line, start, sizeof(line));
	if (fill)
		memset(line + strlen(line), fill, 600);
	before = cmdline_set(line);
	CHECK_EQ(selftest_refuses(why, sizeof(why)), *want != 0);
	cmdline_set(before);
	CHECK_STR(why, want);
}

SELFTEST(selftest, senseless_options_are_refused)
{
	check_refusal("", 0, "");
	check_refusal("test=selftest tap=ktap scale=2 seed=0x5", 0, "");
	check_refusal("test=", 0, "test= names no test");
	check_refusal("test=selftest,none.such", 0, "no test matches none.such");
	check_refusal("tap=12", 0, "tap=12 is neither 13 nor ktap");
	check_refusal("rounds=0", 0, "rounds=0: 1 to 100000 are possible");
	check_refusal("scale=x", 0, "scale=x is not a number");
	check_refusal("scale=0", 0, "scale=0 would test nothing");
	check_refusal("seed=", 0, "seed= is not a number");
}

/* As if it were not there, the run would be another one than was asked for. */
SELFTEST(selftest, too_long_options_are_refused)
{
	check_refusal("test=selftest", '*', "test= is too long");
	check_refusal("tap=13", ' ', "");
	check_refusal("tap=13", '0', "tap= is too long");
	check_refusal("seed=1", '0', "seed= is too long");
	check_refusal("scale=1", '0', "scale= is too long");
}
