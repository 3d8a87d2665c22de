/* SPDX-License-Identifier: MIT */
/*
 * The runner of the self-tests: chooses, runs, watches, and reports in TAP.
 *
 * The linker gathers the entries that SELFTEST() makes into one array, in any order within
 * a file. Suites run in the order in which they first appear there, and the cases of each
 * in the order of their source.
 *
 * The last test of each run is that nothing is left of all of it (leaks.c).
 *
 * A case fails through a CHECK, and also when it leaves anything behind: a misuse report or
 * a WARN that it did not announce, a structure of mm/ that is no longer sound, pages that
 * are missing (or too many), interrupts switched off.
 *
 * Command line:
 *	test=GLOB[,GLOB...]	only cases whose suite.name or suite matches (`*`, `?`)
 *	tap=ktap		nested KTAP instead of flat TAP 13
 *	scale=N			stress and randomised cases run N times as long
 *	seed=N			where random numbers start
 *	rounds=N		all of it N times, with the seeds seed, seed + 1, …
 *	soak=SECONDS		how long the suite `soak` runs
 *	jitter			interrupts at times that the seed decides (jitter.c)
 * A value that makes no sense ends the run with `Bail out!`: to run something else than
 * what was asked for would look like an answer.
 *
 * One case runs at a time; its threads may call the check functions, which only count up.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <quarry/quarry.h>
#include <tests/selftest.h>
#include <kernel/boot.h>
#include <kernel/console.h>
#include <kernel/kernel.h>
#include <kernel/leaks.h>
#include <kernel/watchdog.h>

#define DEFAULT_SEED  20240101
#define SEED_MIX      0x9e3779b97f4a7c15ULL /* so that small seeds have ones everywhere */
#define MAX_SHOWN     10	/* failed checks of one case that are printed */
#define KTAP_INDENT   2
#define MAX_ROUNDS    100000

/* Nothing, in a program without self-tests: tests/fuzz. */
extern const struct selftest __start_selftests[] __weak, __stop_selftests[] __weak;

static struct options {
	char choice[SELFTEST_CHOICE_SIZE]; /* globs */
	u64 scale, seed, rounds, soak;
	bool ktap, jitter;
	char error[160];	/* what is wrong with them; empty when nothing is */
} options;

/* The case that is running. */
static struct {
	atomic_t failures;
	bool skipped, quiet;	/* quiet: only its first failed check is printed */
	char reason[128];
	unsigned long reports, warnings; /* announced */
	u64 random;
} running;

struct totals {
	unsigned int passed, failed, skipped;
};

static unsigned int nr_planned;
static u64 seed;			/* of this round */

/* 1. For the cases */

/* Counts a failure; true while it is one of those to print. */
static bool count_failure(void)
{
	return atomic_inc_return(&running.failures) <= (running.quiet ? 1 : MAX_SHOWN);
}

bool selftest_check(bool ok, const char *file, int line, const char *what)
{
	if (!ok && count_failure())
		printk("%s:%d: not true: %s\n", file, line, what);
	return ok;
}

bool selftest_check_eq(unsigned long long a, unsigned long long b, const char *file, int line,
		       const char *what_a, const char *what_b)
{
	if (a != b && count_failure())
		printk("%s:%d: %s is %llu (0x%llx), not %s = %llu (0x%llx)\n", file, line, what_a,
		       a, a, what_b, b, b);
	return a == b;
}

bool selftest_check_str(const char *a, const char *b, const char *file, int line, const char *what)
{
	bool ok = a && b && !strcmp(a, b);

	if (!ok && count_failure())
		printk("%s:%d: %s is \"%s\", not \"%s\"\n", file, line, what, a, b);
	return ok;
}

void selftest_skip(const char *fmt, ...)
{
	__builtin_va_list args;

	__builtin_va_start(args, fmt);
	vsnprintf(running.reason, sizeof(running.reason), fmt, args);
	__builtin_va_end(args);
	running.skipped = true;
}

void selftest_expect_reports(unsigned int nr)
{
	running.reports += nr;
}

void selftest_expect_warnings(unsigned int nr)
{
	running.warnings += nr;
}

unsigned long selftest_scaled(unsigned long n)
{
	unsigned long scaled;

	return __builtin_mul_overflow(n, options.scale, &scaled) ? ~0UL : scaled;
}

u64 selftest_seconds(void)
{
	return options.soak;
}

u64 selftest_random_step(u64 *state)
{
	u64 x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dULL;	/* the low bits of x alone are weak */
}

u64 selftest_random(void)
{
	return selftest_random_step(&running.random);
}

unsigned long selftest_random_below(unsigned long n)
{
	return (unsigned long)(((unsigned __int128)selftest_random() * n) >> 64);
}

/* 2. Choosing: selftest_choice.c */

static bool chosen(const struct selftest *test)
{
	return selftest_chosen(options.choice, test->suite, test->name);
}

static bool comes_before(const struct selftest *a, const struct selftest *b)
{
	return a->line != b->line ? a->line < b->line : a < b;
}

/* The chosen case of first's suite that comes after `last` (NULL: the first), or NULL. */
static const struct selftest *next_case(const struct selftest *first, const struct selftest *last)
{
	const struct selftest *test, *best = NULL;

	for (test = first; test < __stop_selftests; test++) {
		if (strcmp(test->suite, first->suite) || !chosen(test))
			continue;
		if (last && !comes_before(last, test))
			continue;
		if (!best || comes_before(test, best))
			best = test;
	}
	return best;
}

/* The first entry of the next suite that has chosen cases, from `test` on; NULL at the end. */
static const struct selftest *next_suite(const struct selftest *test)
{
	const struct selftest *earlier;

	for (; test < __stop_selftests; test++) {
		for (earlier = __start_selftests; earlier < test; earlier++)
			if (!strcmp(earlier->suite, test->suite))
				break;
		if (earlier == test && next_case(test, NULL))
			return test;
	}
	return NULL;
}

#define for_each_suite(first) \
	for (first = next_suite(__start_selftests); first; first = next_suite(first + 1))
#define for_each_case(test, first) \
	for (test = next_case(first, NULL); test; test = next_case(first, test))

static unsigned int count_cases(const struct selftest *first)
{
	const struct selftest *test;
	unsigned int n = 0;

	for_each_case(test, first)
		n++;
	return n;
}

/* 3. Options */

#define refuse(o, fmt, args...) scnprintf((o)->error, sizeof((o)->error), fmt, ##args)

/* The option's value in buf; false when it has none, or one too long, which is refused. */
static bool option(struct options *o, const char *name, char *buf, size_t size)
{
	if (cmdline_value(name, buf, size))
		return true;
	if (cmdline_has(name))
		refuse(o, "%s= is too long", name);
	return false;
}

static void read_number(struct options *o, const char *name, u64 *value, u64 fallback)
{
	char word[32];

	*value = fallback;
	if (option(o, name, word, sizeof(word)) && kstrtoull(word, 0, value))
		refuse(o, "%s=%s is not a number", name, word);
}

/* Each glob must choose something: a name mistyped among others would go unseen. */
static void check_choice(struct options *o)
{
	const char *rest = o->choice;
	const struct selftest *test;
	char glob[SELFTEST_CHOICE_SIZE];

	if (!*rest)
		refuse(o, "test= names no test");
	while (selftest_next_glob(&rest, glob, sizeof(glob))) {
		for (test = __start_selftests; test < __stop_selftests; test++)
			if (selftest_chosen(glob, test->suite, test->name))
				break;
		if (test == __stop_selftests)
			refuse(o, "no test matches %s", glob);
	}
}

static void read_options(struct options *o)
{
	char form[16];

	memset(o, 0, sizeof(*o));
	if (!option(o, "test", o->choice, sizeof(o->choice)))
		strscpy(o->choice, "*", sizeof(o->choice));
	check_choice(o);
	if (option(o, "tap", form, sizeof(form))) {
		o->ktap = !strcmp(form, "ktap");
		if (!o->ktap && strcmp(form, "13"))
			refuse(o, "tap=%s is neither 13 nor ktap", form);
	}
	read_number(o, "scale", &o->scale, 1);
	read_number(o, "seed", &o->seed, DEFAULT_SEED);
	read_number(o, "rounds", &o->rounds, 1);
	read_number(o, "soak", &o->soak, 0);
	if (!o->rounds || o->rounds > MAX_ROUNDS)
		refuse(o, "rounds=%llu: 1 to %u are possible", o->rounds, MAX_ROUNDS);
	o->jitter = cmdline_flag("jitter");
	if (!o->scale)
		refuse(o, "scale=0 would test nothing");
}

bool selftest_refuses(char *why, size_t size)
{
	struct options o;

	read_options(&o);
	strscpy(why, o.error, size);
	return *o.error;
}

/* 4. Running */

/* Fails the case for everything that it left behind. */
static void check_surroundings(struct selftest_state *expected)
{
	struct selftest_state found = selftest_look_when_settled(expected);

	expected->reports += running.reports;
	expected->warnings += running.warnings;
	/* The validators' own reports come after the count. */
	atomic_add((int)selftest_compare(expected, &found, quarry_validate()), &running.failures);
	selftest_mend(expected, &found);
}

static void print_result(const struct selftest *test, unsigned int number, bool failed)
{
	const char *verdict = failed ? "not ok" : "ok";

	if (options.ktap)
		tap_printf("%*s%s %u %s", KTAP_INDENT, "", verdict, number, test->name);
	else
		tap_printf("%s %u - %s.%s", verdict, number, test->suite, test->name);
	if (running.skipped && !failed)
		tap_printf(" # SKIP %s", running.reason);
	tap_printf("\n");
}

/* Calls the case itself, with everything about it as at its start. */
static void call_case(const struct selftest *test, bool quiet)
{
	unsigned long sampling = test->unsampled ? quarry_kfence(0) : 0;

	memset(&running, 0, sizeof(running));
	running.quiet = quiet;
	running.random = seed ^ SEED_MIX;
	if (!running.random)
		running.random = SEED_MIX;	/* a state of 0 would stay 0 */
	watchdog_touch();
	test->run();
	if (test->unsampled)
		quarry_kfence(sampling);
}

/* Once, as usual. */
static void run_once(const struct selftest *test, unsigned int number)
{
	struct selftest_state state = number == 1 ? selftest_look_at_first() : selftest_look();
	int checks;

	call_case(test, false);
	checks = atomic_read(&running.failures);
	if (checks > MAX_SHOWN)
		printk("%d more failed checks\n", checks - MAX_SHOWN);
	check_surroundings(&state);
}

/*
 * fault=each: a run for each allocation, which fails in it. The case may find that it lacks
 * something; but what it leaves behind then fails it as ever.
 */
static void run_with_faults(const struct selftest *test)
{
	struct faulty_runs runs = { };

	quarry_fault_restart();
	while (faulty_run_begin(&runs)) {
		call_case(test, true);
		faulty_run_end(&runs, atomic_read(&running.failures), running.reports,
			       running.warnings);
	}
	running.skipped &= !runs.points;
	atomic_set(&running.failures, (int)runs.unclean + !faulty_runs_complete());
}

static void run_case(const struct selftest *test, unsigned int number, struct totals *totals)
{
	int failures;

	if (quarry_fault_each() && test != &leaks_test)
		run_with_faults(test);
	else
		run_once(test, number);
	failures = atomic_read(&running.failures);
	print_result(test, number, failures);
	if (failures)
		totals->failed++;
	else if (running.skipped)
		totals->skipped++;
	else
		totals->passed++;
}

/* Calls fn for each round, with the round's seed set and its jitter on. */
static void for_each_round(void (*fn)(unsigned int *number, struct totals *totals),
			   struct totals *totals)
{
	unsigned int number = 0;
	unsigned long count;
	u64 digest;

	printk("seed %llu, scale %llu\n", options.seed, options.scale);
	for (seed = options.seed; seed - options.seed < options.rounds; seed++) {
		if (options.rounds > 1)
			printk("round %llu, seed %llu\n", seed - options.seed + 1, seed);
		if (options.jitter)
			jitter_begin(seed);
		fn(&number, totals);
		if (options.jitter) {
			jitter_end(&digest, &count);
			printk("jitter: seed %llu, %lu interrupts, digest %016llx\n", seed, count,
			       digest);
		}
	}
}

static void run_flat_round(unsigned int *number, struct totals *totals)
{
	const struct selftest *first, *test;

	for_each_suite(first)
		for_each_case(test, first)
			run_case(test, ++*number, totals);
}

static void run_flat(struct totals *totals)
{
	tap_printf("1..%u\n", nr_planned);
	for_each_round(run_flat_round, totals);
	run_case(&leaks_test, nr_planned, totals);
	printk("totals: pass:%u fail:%u skip:%u\n", totals->passed, totals->failed,
	       totals->skipped);
}

/* One suite: a test of the outer document, with a whole document inside. */
static void nest_begin(const char *suite, unsigned int cases)
{
	tap_printf("%*sKTAP version 1\n", KTAP_INDENT, "");
	printk_set_indent(KTAP_INDENT);
	printk("Subtest: %s\n", suite);
	tap_printf("%*s1..%u\n", KTAP_INDENT, "", cases);
}

static void nest_end(const char *suite, unsigned int number, bool failed)
{
	printk_set_indent(0);
	tap_printf("%s %u %s\n", failed ? "not ok" : "ok", number, suite);
}

static void run_nested(const struct selftest *first, unsigned int number, struct totals *totals)
{
	unsigned int failed_before = totals->failed, inner = 0;
	const struct selftest *test;

	nest_begin(first->suite, count_cases(first));
	for_each_case(test, first)
		run_case(test, ++inner, totals);
	nest_end(first->suite, number, totals->failed != failed_before);
}

static void run_ktap_round(unsigned int *number, struct totals *totals)
{
	const struct selftest *first;

	for_each_suite(first)
		run_nested(first, ++*number, totals);
}

static void run_ktap(struct totals *totals)
{
	const struct selftest *first;
	unsigned int suites = 1, failed_before;

	for_each_suite(first)
		suites += (unsigned int)options.rounds;
	tap_printf("1..%u\n", suites);
	for_each_round(run_ktap_round, totals);
	failed_before = totals->failed;
	nest_begin(leaks_test.suite, 1);
	run_case(&leaks_test, 1, totals);
	nest_end(leaks_test.suite, suites, totals->failed != failed_before);
	printk("Totals: pass:%u fail:%u skip:%u\n", totals->passed, totals->failed,
	       totals->skipped);
}

unsigned int selftest_run(void)
{
	const struct selftest *first;
	struct totals totals = { 0 };

	read_options(&options);
	/* Whatever firmware and loader left on the line, the header stands alone. */
	tap_printf("\r\n%s\n", options.ktap ? "KTAP version 1" : "TAP version 13");
	if (*options.error) {
		tap_printf("Bail out! %s\n", options.error);
		return 1;
	}
	nr_planned = 1;
	for_each_suite(first)
		nr_planned += count_cases(first) * (unsigned int)options.rounds;
	leaks_begin();
	if (options.ktap)
		run_ktap(&totals);
	else
		run_flat(&totals);
	faulty_runs_print();
	return totals.failed;
}

unsigned int selftest_planned(void)
{
	return nr_planned;
}
