/* SPDX-License-Identifier: MIT */
/*
 * kernel/printk.c, logring.c and the reports of panic.c, seen through a console that these
 * cases add. All they print is on the real log too: so it must be harmless as TAP.
 */
#include <tests/selftest.h>
#include <kernel/console.h>
#include <kernel/kernel.h>
#include <kernel/logring.h>

static char seen[8192];
static size_t nr_seen;
static void (*while_writing)(void);	/* called once, from within the console */

static void capture(struct console *con, const char *text, size_t length)
{
	void (*hook)(void) = while_writing;
	size_t room = sizeof(seen) - 1 - nr_seen;

	length = min(length, room);
	memcpy(seen + nr_seen, text, length);
	nr_seen += length;
	seen[nr_seen] = '\0';
	while_writing = NULL;
	if (hook)
		hook();
}

static struct console capturing = { .name = "test", .write = capture };
static unsigned int indent_before;

static void begin(void)
{
	indent_before = printk_set_indent(0);
	printk("\n");		/* ends a line that may be open */
	console_register(&capturing);
	nr_seen = 0;		/* the replay of the log */
	seen[0] = '\0';
}

static const char *end(void)
{
	console_unregister(&capturing);
	printk_set_indent(indent_before);
	return seen;
}

SELFTEST(printk, lines)
{
	begin();
	printk("one\n");
	printk("two\nthree\n");
	printk("\n");
	printk("four %d\n\nfive\n", 4);
	printk("%s", "");
	CHECK_STR(end(), "# one\n# two\n# three\n#\n# four 4\n#\n# five\n");
}

SELFTEST(printk, levels_are_not_printed)
{
	begin();
	pr_emerg("a\n");
	pr_err("b\n");
	pr_warn("c\n");
	pr_info("d\n");
	pr_debug("e\n");
	CHECK_STR(end(), "# a\n# b\n# c\n# d\n# e\n");
}

SELFTEST(printk, what_comes_while_consoles_are_held_is_written_afterwards)
{
	unsigned long flags;
	size_t before;

	begin();
	printk("a\n");
	console_hold(&flags);
	before = nr_seen;
	printk("b\n");
	CHECK_EQ(nr_seen, before);
	console_release(flags);
	CHECK_STR(end(), "# a\n# b\n");
}

SELFTEST(printk, continued_line)
{
	begin();
	printk("a");
	pr_cont("b");
	pr_cont("c\n");
	pr_cont("d\n");
	printk("e");
	pr_cont("\n");
	CHECK_STR(end(), "# abc\n# d\n# e\n");
}

SELFTEST(printk, open_line_is_ended)
{
	begin();
	printk("a");
	printk("b\nc");
	printk("d\n");
	CHECK_STR(end(), "# a\n# b\n# c\n# d\n");
}

SELFTEST(printk, tap_text_is_raw)
{
	begin();
	printk("a");
	tap_printf("# raw %d", 1);
	tap_printf(" and\n#  on\n");
	printk("b\n");
	tap_printf("# open");
	printk("c\n");
	tap_printf("# open");
	pr_cont("d\n");
	CHECK_STR(end(), "# a\n# raw 1 and\n#  on\n# b\n# open\n# c\n# open\n# d\n");
}

SELFTEST(printk, indent)
{
	begin();
	printk_set_indent(2);
	printk("a\n\nb\n");
	CHECK_EQ(printk_set_indent(0), 2);
	CHECK_STR(end(), "  # a\n  #\n  # b\n");
}

/* Text from firmware cannot steer the terminal or forge a line. */
SELFTEST(printk, control_characters)
{
	begin();
	printk("a\033[1mb\tc\r\nnot\x7f ok\n");
	CHECK_STR(end(), "# a?[1mb\tc?\n# not? ok\n");
}

SELFTEST(printk, returns_length)
{
	CHECK_EQ(printk("%s", ""), 0);
	CHECK_EQ(printk("abc\n"), 4);
}

/* Cut, but still a line of its own that shows the cut. */
SELFTEST(printk, too_long)
{
	begin();
	printk("%9999s", "never seen\n");
	end();
	CHECK(nr_seen > 2048);
	CHECK_STR(seen + nr_seen - 5, " ...\n");
	CHECK(!strncmp(seen, "#  ", 3));
}

static void print_nested(void)
{
	printk("nested\n");
	tap_printf("nested too");
}

/* Text from a context that interrupted the printing comes after it, and nothing hangs. */
SELFTEST(printk, nested)
{
	begin();
	while_writing = print_nested;
	printk("outer\n");
	printk("next\n");
	CHECK_STR(end(), "# outer\n# nested\n# nested too\n# next\n");
}

static void print_much_nested(void)
{
	printk("1%900s\n", "");
	printk("2%900s\n", "");
	printk("3%900s\n", "");
	printk("4\n");
}

SELFTEST(printk, nested_overflow)
{
	begin();
	while_writing = print_much_nested;
	printk("outer\n");
	printk("next\n");
	end();
	CHECK(!strncmp(seen, "# outer\n# 1 ", 12));
	CHECK(strstr(seen, "\n# 2 "));
	CHECK(!strstr(seen, "\n# 3 "));
	CHECK(strstr(seen, "\n# 4\n# printk: 1 nested texts lost\n# next\n"));
}

static void print_again(void)
{
	while_writing = print_again;
	printk("again%700s\n", "");
}

/* A console that prints whenever it writes gets its bounded share, then the holder goes on. */
SELFTEST(printk, console_that_prints)
{
	begin();
	while_writing = print_again;
	printk("outer\n");
	while_writing = NULL;
	end();
	CHECK(!strncmp(seen, "# outer\n# again ", 16));
	CHECK(strstr(seen, "nested texts lost"));
}

static void break_lock(void)
{
	printk("put aside\n");
	printk_break_lock();
	/* One byte: here, unlike after a panic, the text that was broken goes on being printed. */
	printk("!");
}

/* What panic() does when it interrupts a console: its text must come out, and at once. */
SELFTEST(printk, broken_lock)
{
	begin();
	while_writing = break_lock;
	printk("open");
	CHECK_STR(end(), "# open\n# put aside\n# !");
	/* The same in a whole line, whose end may not have reached the wire. */
	begin();
	while_writing = break_lock;
	printk("one\ntwo\n");
	CHECK_STR(end(), "# one\n\n# put aside\n# !two\n");
}

static void unregister_nested(void)
{
	console_unregister(&capturing);
}

SELFTEST(printk, consoles)
{
	unsigned int before = console_count();

	begin();
	CHECK_EQ(console_count(), before + 1);
	console_register(&capturing);
	CHECK_EQ(console_count(), before + 1);
	CHECK_EQ(nr_seen, 0);
	while_writing = unregister_nested;
	printk("once\n");
	CHECK_EQ(console_count(), before + 1);
	end();
	CHECK_STR(seen, "# once\n# console test: unregistered from within a console, refused\n");
	CHECK_EQ(console_count(), before);
	console_unregister(&capturing);
	CHECK_EQ(console_count(), before);
	nr_seen = 0;
	printk("unseen\n");
	CHECK_EQ(nr_seen, 0);
}

static char last[64];

/* Keeps the last bytes only: the log may be long. */
static void capture_last(struct console *con, const char *text, size_t length)
{
	for (; length; length--, text++) {
		memmove(last, last + 1, sizeof(last) - 2);
		last[sizeof(last) - 2] = *text;
	}
}

SELFTEST(printk, replay)
{
	static struct console late = { .name = "late", .write = capture_last };
	unsigned int indent = printk_set_indent(0);
	const char *wanted = "\n# printed before\n";

	memset(last, ' ', sizeof(last) - 1);
	printk("printed before\n");
	console_register(&late);
	console_unregister(&late);
	printk_set_indent(indent);
	CHECK_STR(last + sizeof(last) - 1 - strlen(wanted), wanted);
}

static void collect(const char *text, size_t length, void *arg)
{
	char *all = arg;
	size_t at = strlen(all);

	memcpy(all + at, text, length);
	all[at + length] = '\0';
}

static const char *ring_text(const struct logring *ring)
{
	static char all[64];

	all[0] = '\0';
	logring_replay(ring, collect, all);
	return all;
}

SELFTEST(printk, ring_drops_the_oldest)
{
	char buf[16];
	struct logring ring = LOGRING_INIT(buf);

	CHECK_STR(ring_text(&ring), "");
	logring_append(&ring, "first\n", 6);
	CHECK_STR(ring_text(&ring), "first\n");
	logring_append(&ring, "second...\n", 10);
	CHECK_STR(ring_text(&ring), "first\nsecond...\n");	/* full to the last byte */
	logring_append(&ring, "3\n", 2);
	CHECK_STR(ring_text(&ring), "second...\n3\n");
	logring_append(&ring, "4444\n5555\n", 10);
	CHECK_STR(ring_text(&ring), "3\n4444\n5555\n");
	logring_append(&ring, "a text longer than the ring\nend\n", 32);
	CHECK_STR(ring_text(&ring), "end\n");
	logring_append(&ring, "no line end in all of this", 26);
	CHECK_STR(ring_text(&ring), "");
}

SELFTEST(printk, ring_random)
{
	char buf[37], all[64];
	struct logring ring = LOGRING_INIT(buf);
	unsigned long i, n, length, nr = selftest_scaled(1000);
	char line[8];

	for (i = 0; i < nr; i++) {
		length = 1 + selftest_random_below(6);
		for (n = 0; n < length - 1; n++)
			line[n] = (char)('a' + selftest_random_below(26));
		line[n] = '\n';
		line[length] = '\0';
		logring_append(&ring, line, length);
		strscpy(all, ring_text(&ring), sizeof(all));
		n = strlen(all);
		REQUIRE(n >= length && n <= sizeof(buf));
		/* The newest line, whole, behind another whole one or nothing. */
		REQUIRE(!strcmp(all + n - length, line));
		REQUIRE(n == length || all[n - length - 1] == '\n');
	}
}

SELFTEST(printk, warnings)
{
	unsigned long before = warn_count();
	int i;

	selftest_expect_warnings(3);
	begin();
	CHECK(!WARN_ON(false));
	CHECK(WARN_ON(true));
	CHECK(WARN_ON(2));
	for (i = 0; i < 3; i++)
		CHECK(WARN_ON_ONCE(true));
	end();
	CHECK_EQ(warn_count() - before, 3);
	CHECK(!strncmp(seen, "# WARNING: at tests/test_printk.c:", 34));
	CHECK(strstr(seen, "selftest_printk_warnings\n# Call Trace:\n#  [<"));
}

SELFTEST(printk, backtrace_has_names)
{
	begin();
	dump_stack();
	end();
	CHECK(!strncmp(seen, "# Call Trace:\n#  [<", 19));
	CHECK(strstr(seen, ">] selftest_run+0x"));
	CHECK(!strstr(seen, ">] dump_stack+0x"));
}
