/* SPDX-License-Identifier: MIT */
/*
 * The arrangement of text on a screen: wrapping, scrolling, colours by line, and that only
 * cells that changed are drawn. A drawing function records instead of drawing; what it has
 * recorded is compared with what must be seen.
 */
#include "arch/x86_64/console_hw.h"
#include "tests/selftest.h"

#define COLS 20
#define ROWS 4

static struct screen_cell text[COLS * ROWS], shown[COLS * ROWS];
static char seen[ROWS][COLS + 1];	/* what the device shows, as strings */
static u8 inks[ROWS][COLS];
static unsigned int nr_drawn, nr_outside;
static struct screen screen;

static void record(struct screen *s, unsigned int col, unsigned int row,
		   const struct screen_cell *cells, unsigned int nr)
{
	nr_drawn += nr;
	if (!nr || col >= COLS || nr > COLS - col || row >= ROWS) {
		nr_outside++;
		return;
	}
	for (unsigned int i = 0; i < nr; i++) {
		seen[row][col + i] = cells[i].ch;
		inks[row][col + i] = cells[i].ink;
	}
}

static void start(unsigned int scroll_step)
{
	screen = (struct screen){
		.cols = COLS, .rows = ROWS, .scroll_step = scroll_step,
		.text = text, .shown = shown, .draw = record,
	};
	memset(seen, ' ', sizeof(seen));
	for (unsigned int row = 0; row < ROWS; row++)
		seen[row][COLS] = 0;
	memset(inks, INK_PLAIN, sizeof(inks));
	nr_drawn = nr_outside = 0;
	screen_init(&screen);
}

static void write(const char *string)
{
	screen_write(&screen, string, strlen(string));
}

static void check_row(unsigned int row, const char *start)
{
	char want[COLS + 1];

	memset(want, ' ', COLS);
	want[COLS] = 0;
	memcpy(want, start, strlen(start));
	CHECK_STR(seen[row], want);
}

SELFTEST(screen, lines_stand_where_they_belong)
{
	start(1);
	write("one\ntwo\n\nfour");
	check_row(0, "one");
	check_row(1, "two");
	check_row(2, "");
	check_row(3, "four");
	CHECK_EQ(nr_drawn, 10);
	CHECK_EQ(nr_outside, 0);
}

SELFTEST(screen, last_row_is_used_before_scrolling)
{
	start(1);
	write("1\n2\n3\n4\n");
	check_row(0, "1");
	check_row(3, "4");
	write("5");
	check_row(0, "2");
	check_row(2, "4");
	check_row(3, "5");
}

SELFTEST(screen, long_line_wraps)
{
	start(1);
	write("abcdefghijklmnopqrst");
	check_row(0, "abcdefghijklmnopqrst");
	check_row(1, "");
	write("uv\nw");
	check_row(1, "uv");
	check_row(2, "w");
	CHECK_EQ(nr_outside, 0);
}

SELFTEST(screen, line_of_full_width_leaves_no_empty_row)
{
	start(1);
	write("abcdefghijklmnopqrst\nnext");
	check_row(1, "next");
}

SELFTEST(screen, end_of_a_long_log_is_seen)
{
	char line[16];

	for (unsigned int step = 1; step <= ROWS; step++) {
		start(step);
		for (unsigned int i = 0; i <= 1000; i++) {
			snprintf(line, sizeof(line), "line %u\n", i);
			write(line);
		}
		snprintf(line, sizeof(line), "line %u", 1000);
		check_row(screen.y - 1, line);
		CHECK_EQ(nr_outside, 0);
		CHECK(!memcmp(text, shown, sizeof(text)));
	}
}

SELFTEST(screen, scroll_by_several_rows)
{
	start(3);
	write("1\n2\n3\n4\n5");
	check_row(0, "4");
	check_row(1, "5");
	check_row(2, "");
	check_row(3, "");
}

SELFTEST(screen, only_changed_cells_are_drawn)
{
	start(1);
	write("same a\nsame b\nsame c\nsame d");
	nr_drawn = 0;
	write("\nsame e");
	CHECK_EQ(nr_drawn, 4);
	check_row(0, "same b");
	check_row(3, "same e");
}

SELFTEST(screen, much_text_at_once_is_drawn_once)
{
	start(1);
	write("a\nb\nc\nd\ne\nf\ng\nh\ni\nj");
	CHECK_EQ(nr_drawn, ROWS);
	check_row(0, "g");
	check_row(3, "j");
}

static void check_ink(const char *line, enum ink want)
{
	start(1);
	write(line);
	for (unsigned int col = 0; col < strlen(line); col++)
		CHECK_EQ(inks[0][col], want);
	write("\nx");
	CHECK_EQ(inks[1][0], INK_PLAIN);
}

SELFTEST(screen, beginning_of_a_line_colours_it)
{
	check_ink("ok 1 - a.b", INK_GOOD);
	check_ink("  ok 1 - nested", INK_GOOD);
	check_ink("not ok 2 - a.c", INK_BAD);
	check_ink("Bail out! fault", INK_BAD);
	check_ink("# diagnostic", INK_DIM);
	check_ink("# Quarry: all 9 fine", INK_GOOD);
	check_ink("# Quarry: 2 of 9 bad", INK_BAD);
	check_ink("# Quarry: ready", INK_DIM);
	check_ink("# BUG: double free", INK_PLAIN);
	check_ink("# WARNING: at x.c:1", INK_PLAIN);
	check_ink("1..20", INK_PLAIN);
	check_ink("okay ok not ok #", INK_PLAIN);
	check_ink("nothing", INK_PLAIN);
	check_ink("o", INK_PLAIN);
	check_ink("Bail", INK_PLAIN);
}

SELFTEST(screen, colour_does_not_depend_on_portions)
{
	const char *line = "not ok 12 - suite.case";

	start(1);
	for (unsigned int i = 0; line[i]; i++)
		screen_write(&screen, line + i, 1);
	for (unsigned int i = 0; line[i]; i++)
		CHECK_EQ(inks[i / COLS][i % COLS], INK_BAD);
}

SELFTEST(screen, control_characters)
{
	start(1);
	write("a\tb\rc\n\x1b|\xc3\xa9|");
	check_row(0, "c       b");
	check_row(1, "\x7f|\x7f|");
	write("\n12345678901234567\tx");
	check_row(2, "12345678901234567");
	check_row(3, "        x");
	CHECK_EQ(nr_outside, 0);
}
