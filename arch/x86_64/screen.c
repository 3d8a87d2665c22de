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
#include <linux/kernel.h>
#include <linux/string.h>

#include "arch/x86_64/console_hw.h"

#define TAB 8

/*
 * The last beginning that fits decides; a 0 fits any digit. The verdict of the whole
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

/* How many characters of the word the head begins with. */
static unsigned int common(const char *head, unsigned int len, const char *word)
{
	unsigned int i;

	for (i = 0; word[i] && i < len; i++) {
		bool digit = word[i] == '0' && head[i] >= '0' && head[i] <= '9';

		if (head[i] != word[i] && !digit)
			break;
	}
	return i;
}

/* By the line's head. *open: another character more might change it. */
static enum ink ink_of(const char *head, unsigned int len, bool *open)
{
	enum ink ink = INK_PLAIN;

	*open = false;
	for (unsigned int i = 0; i < ARRAY_SIZE(line_inks); i++) {
		unsigned int same = common(head, len, line_inks[i].word);

		if (!line_inks[i].word[same])
			ink = line_inks[i].ink;
		else if (same == len)
			*open = true;
	}
	return ink;
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
	for (unsigned int i = from * s->cols; i < to * s->cols; i++)
		s->text[i] = (struct screen_cell){ ' ', INK_PLAIN };
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
}

/* The beginning of a line grew: what it is may be clear now, also for what stands there. */
static void classify(struct screen *s, char ch)
{
	enum ink before = s->ink;
	bool open;

	if (s->head_len == SCREEN_HEAD || (ch == ' ' && !s->head_len))
		return;
	s->head[s->head_len++] = ch;
	s->ink = ink_of(s->head, s->head_len, &open);
	if (!open)
		s->head_len = SCREEN_HEAD;
	if (s->ink == before)
		return;
	for (unsigned int col = 0; col < s->x; col++)
		cell_at(s, col, s->y)->ink = s->ink;
	mark_dirty(s, s->y * s->cols, s->y * s->cols + s->x);
}

/* Plain characters behind the head of a line, as far as its row goes: most of all text. */
static size_t put_run(struct screen *s, const char *text, size_t len)
{
	unsigned int from = s->y * s->cols + s->x, at = from;
	size_t n = 0;

	if (s->y == s->rows || s->head_len < SCREEN_HEAD)
		return 0;
	len = min_t(size_t, len, s->cols - s->x);
	for (; n < len && text[n] >= ' ' && text[n] < SCREEN_BOX; n++)
		s->text[at++] = (struct screen_cell){ text[n], s->ink };
	if (n)
		mark_dirty(s, from, at);
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

static void draw_changes(struct screen *s)
{
	unsigned int row = s->dirty_from / s->cols, col = s->dirty_from % s->cols;

	for (unsigned int at = s->dirty_from; at < s->dirty_to; at++, col++) {
		struct screen_cell want = s->text[at], *shown = &s->shown[at];

		if (col == s->cols) {
			col = 0;
			row++;
		}
		if (want.ch == shown->ch && want.ink == shown->ink)
			continue;
		*shown = want;
		s->draw(s, col, row, want);
	}
	s->dirty_from = s->rows * s->cols;
	s->dirty_to = 0;
}

void screen_init(struct screen *s)
{
	s->x = s->y = 0;
	s->ink = INK_PLAIN;
	s->head_len = 0;
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
