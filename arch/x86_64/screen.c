/* SPDX-License-Identifier: MIT */
/*
 * Text on a screen of character cells, whatever draws them.
 *
 * Two arrays of cells: `text` is what is to be seen, `shown` what was drawn last. Writing
 * and scrolling change `text` only; at the end of a write every cell that differs, between the
 * first and the last that were touched, is drawn and copied to `shown`. So the screen's memory,
 * which a real machine reads very slowly, is never read; a log replayed at once is drawn once;
 * and scrolling costs the cells that look different afterwards, not the whole screen.
 *
 * The end of the log is always to be seen. A line feed moves to the next row without
 * scrolling: the last row is used before the first is given up. Lines are coloured by how
 * they begin, as TAP has it; a line too long goes on in the next row in the same colour.
 *
 * Invariants: x <= cols; y <= rows; y == rows means that the next character scrolls;
 * outside of the cells [dirty_from, dirty_to), row by row, `text` equals `shown`.
 * No locks: the log's writer serialises. Costs 2 * 2 bytes a cell.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "arch/x86_64/console_hw.h"

#define TAB 8

/*
 * The longest beginning that fits decides; a 0 fits any digit. The verdict of the whole
 * run stands out, because on some machines this screen is all that a person has.
 */
static const struct { const char *word; enum ink ink; } line_inks[] = {
	{ "ok ",		INK_GOOD },
	{ "not ok",		INK_BAD },
	{ "Bail out!",		INK_BAD },
	{ "#",			INK_DIM },
	{ "# BUG:",		INK_PLAIN },
	{ "# WARNING:",		INK_PLAIN },
	{ "# Quarry: all ",	INK_GOOD },
	{ "# Quarry: 0",	INK_BAD },
};

#define ALL_INKS (BIT(ARRAY_SIZE(line_inks)) - 1)

static bool fits(char want, char ch)
{
	return ch == want || (want == '0' && ch >= '0' && ch <= '9');
}

/* The line's next character: of the words that fitted so far, those stay that go on with it. */
static void narrow(struct screen *s, char ch)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(line_inks); i++) {
		const char *word = line_inks[i].word;

		if (!(s->words & BIT(i)) || (fits(word[s->head_len], ch) && word[s->head_len + 1]))
			continue;
		s->words &= ~BIT(i);
		if (fits(word[s->head_len], ch))
			s->ink = line_inks[i].ink;	/* whole */
	}
	s->head_len++;
}

static struct screen_cell *cell_at(struct screen *s, unsigned int col, unsigned int row)
{
	return &s->text[row * s->cols + col];
}

static void mark_dirty(struct screen *s, unsigned int from, unsigned int to)
{
	if (from < s->dirty_from)
		s->dirty_from = from;
	if (to > s->dirty_to)
		s->dirty_to = to;
}

static void blank_rows(struct screen *s, unsigned int from, unsigned int to)
{
	struct screen_cell *first = cell_at(s, 0, from);

	for (unsigned int col = 0; col < s->cols; col++)
		first[col] = (struct screen_cell){ ' ', INK_PLAIN };
	for (unsigned int row = from + 1; row < to; row++)
		memcpy(cell_at(s, 0, row), first, s->cols * sizeof(*first));
}

static void scroll(struct screen *s)
{
	unsigned int kept = s->rows - s->scroll_step;

	memmove(s->text, cell_at(s, 0, s->scroll_step), kept * s->cols * sizeof(*s->text));
	blank_rows(s, kept, s->rows);
	s->y -= s->scroll_step;
	mark_dirty(s, 0, s->rows * s->cols);
}

static void next_row(struct screen *s)
{
	if (s->y == s->rows)
		scroll(s);
	s->y++;
	s->x = 0;
}

static void put(struct screen *s, char ch)
{
	unsigned int at;

	if (s->x == s->cols)
		next_row(s);
	if (s->y == s->rows)
		scroll(s);
	at = s->y * s->cols + s->x++;
	s->text[at] = (struct screen_cell){ ch, s->ink };
	mark_dirty(s, at, at + 1);
}

static void end_line(struct screen *s)
{
	next_row(s);
	s->ink = INK_PLAIN;
	s->head_len = 0;
	s->words = ALL_INKS;
}

/* The beginning of a line grew: what it is may be clear now, also for what stands there. */
static void classify(struct screen *s, char ch)
{
	enum ink before = s->ink;

	if (!s->words || (ch == ' ' && !s->head_len))
		return;
	narrow(s, ch);
	if (s->ink == before)
		return;
	for (unsigned int col = 0; col < s->x; col++)
		cell_at(s, col, s->y)->ink = s->ink;
	mark_dirty(s, s->y * s->cols, s->y * s->cols + s->x);
}

/* Plain characters behind the head of a line, as far as its row goes: most of all text. */
static size_t put_run(struct screen *s, const char *text, size_t len)
{
	unsigned int from = s->y * s->cols + s->x;
	struct screen_cell *to;
	u8 ink = s->ink;
	size_t n = 0;

	if (s->y == s->rows || s->words)
		return 0;
	to = &s->text[from];
	len = min_t(size_t, len, s->cols - s->x);
	for (; n < len && text[n] >= ' ' && text[n] < SCREEN_BOX; n++)
		to[n] = (struct screen_cell){ text[n], ink };
	if (n)
		mark_dirty(s, from, from + n);
	s->x += n;
	return n;
}

static void put_char(struct screen *s, unsigned char ch)
{
	if (ch == '\n') {
		end_line(s);
	} else if (ch == '\r') {
		s->x = 0;
	} else if (ch == '\t') {
		do
			put(s, ' ');
		while (s->x % TAB);
	} else if (ch < 0x80 || ch >= 0xc0) {	/* one box for the bytes of one UTF-8 character */
		put(s, ch >= ' ' && ch < SCREEN_BOX ? ch : SCREEN_BOX);
		classify(s, ch);
	}
}

static bool same(struct screen_cell a, struct screen_cell b)
{
	return a.ch == b.ch && a.ink == b.ink;
}

/* The cells of a row, from one on, that differ: so many, until one is as it was. */
static unsigned int find_run(const struct screen *s, unsigned int at, unsigned int end)
{
	const struct screen_cell *text = s->text, *shown = s->shown;
	unsigned int from = at;

	while (at < end && !same(text[at], shown[at]))
		at++;
	return at - from;
}

static void draw_row(struct screen *s, unsigned int row, unsigned int from, unsigned int end)
{
	for (unsigned int at = from, run; at < end; at += run + 1) {
		run = find_run(s, at, end);
		if (!run)
			continue;
		/* Drawn first: a panic that comes in between draws once more. */
		s->draw(s, at - row * s->cols, row, &s->text[at], run);
		memcpy(&s->shown[at], &s->text[at], run * sizeof(*s->text));
	}
}

static void draw_changes(struct screen *s)
{
	unsigned int row = s->dirty_from / s->cols, from = s->dirty_from;

	for (; from < s->dirty_to; from = ++row * s->cols)
		draw_row(s, row, from, min((row + 1) * s->cols, s->dirty_to));
	s->dirty_from = s->rows * s->cols;
	s->dirty_to = 0;
}

void screen_init(struct screen *s)
{
	s->x = s->y = 0;
	s->ink = INK_PLAIN;
	s->head_len = 0;
	s->words = ALL_INKS;
	s->dirty_from = s->rows * s->cols;
	s->dirty_to = 0;
	blank_rows(s, 0, s->rows);
	memcpy(s->shown, s->text, s->rows * s->cols * sizeof(*s->text));
}

void screen_write(struct screen *s, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t run = put_run(s, text + i, len - i);

		if (!run)
			put_char(s, text[i++]);
		i += run;
	}
	draw_changes(s);
}
