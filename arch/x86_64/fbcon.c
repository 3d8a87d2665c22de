/* SPDX-License-Identifier: MIT */
/*
 * Draws character cells into a linear framebuffer of 15, 16, 24 or 32 bits a pixel, with
 * the colour fields wherever the loader says. No palettes.
 *
 * The framebuffer is written only, whole glyph rows at a time, eight bytes a store: a
 * glyph row is eight pixels, so it is a multiple of eight bytes whatever the depth. Cells
 * are counted in whole characters, so nothing is ever drawn past a line's last pixel, into
 * the padding up to `pitch`, or past the last line.
 *
 * Small letters on a wide screen are hard to read from a photograph: from 1900 pixels on
 * each font pixel is 2 by 2. A screen with more characters a line than the shadow holds
 * is scaled further.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "arch/x86_64/console_hw.h"
#include "kernel/boot.h"

#define WIDE_SCREEN  1900
#define MAX_COLS     240
#define MAX_DIMENSION 32768	/* beyond it a size is nonsense, and products stay small */

static const struct { u8 red, green, blue; } ink_colours[NR_INKS] = {
	[INK_PLAIN] = { 0xe8, 0xe8, 0xe8 },
	[INK_GOOD]  = { 0x5f, 0xd7, 0x5f },
	[INK_BAD]   = { 0xff, 0x5f, 0x5f },
	[INK_DIM]   = { 0xa0, 0xa0, 0xa8 },
};

struct fields {
	u8 red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
};

/* Where colours lie; a loader that does not say means what the depth usually has. */
static struct fields fields_of(const struct boot_framebuffer *info)
{
	if (info->red_size || info->green_size || info->blue_size)
		return (struct fields){ info->red_pos, info->red_size, info->green_pos,
					info->green_size, info->blue_pos, info->blue_size };
	if (info->bpp == 15)
		return (struct fields){ 10, 5, 5, 5, 0, 5 };
	if (info->bpp == 16)
		return (struct fields){ 11, 5, 5, 6, 0, 5 };
	return (struct fields){ 16, 8, 8, 8, 0, 8 };
}

static bool field_fits(u8 pos, u8 size, u8 bpp)
{
	return size && size <= 16 && pos + size <= bpp;
}

/* An 8-bit intensity at its place in a pixel. */
static u32 field(u32 value, u8 pos, u8 size)
{
	return (size >= 8 ? value << (size - 8) : value >> (8 - size)) << pos;
}

static unsigned int bytes_of(const struct boot_framebuffer *info)
{
	return DIV_ROUND_UP(info->bpp, 8);
}

const char *fb_refusal(const struct boot_framebuffer *info)
{
	struct fields f = fields_of(info);

	if (info->bpp != 15 && info->bpp != 16 && info->bpp != 24 && info->bpp != 32)
		return "its depth is not 15, 16, 24 or 32 bits a pixel";
	if (info->width > MAX_DIMENSION || info->height > MAX_DIMENSION)
		return "its size makes no sense";
	if (info->width < 20 * FONT_WIDTH || info->height < 4 * FONT_HEIGHT)
		return "it is too small for text";
	if (info->pitch < info->width * bytes_of(info) || info->pitch > 16 * MAX_DIMENSION)
		return "its lines are shorter than its width, or far longer";
	if (!field_fits(f.red_pos, f.red_size, info->bpp) ||
	    !field_fits(f.green_pos, f.green_size, info->bpp) ||
	    !field_fits(f.blue_pos, f.blue_size, info->bpp))
		return "its colour fields lie outside a pixel";
	return NULL;
}

static unsigned int choose_scale(u32 width)
{
	unsigned int scale = width >= WIDE_SCREEN ? 2 : 1;

	while (scale < FB_MAX_SCALE && width / (FONT_WIDTH * scale) > MAX_COLS)
		scale++;
	return scale;
}

static void fb_clear(const struct fb_surface *fb)
{
	for (u32 y = 0; y < fb->height; y++)
		memset(fb->base + (size_t)y * fb->pitch, 0, fb->width * fb->bytes);
}

void fb_setup(struct fb_surface *fb, const struct boot_framebuffer *info, void *base)
{
	struct fields f = fields_of(info);

	fb->base = base;
	fb->pitch = info->pitch;
	fb->width = info->width;
	fb->height = info->height;
	fb->bytes = bytes_of(info);
	fb->scale = choose_scale(info->width);
	for (unsigned int i = 0; i < NR_INKS; i++)
		fb->ink[i] = field(ink_colours[i].red, f.red_pos, f.red_size) |
			     field(ink_colours[i].green, f.green_pos, f.green_size) |
			     field(ink_colours[i].blue, f.blue_pos, f.blue_size);
	fb_clear(fb);
}

unsigned int fb_cols(const struct fb_surface *fb)
{
	return min_t(unsigned int, fb->width / (FONT_WIDTH * fb->scale), MAX_COLS);
}

unsigned int fb_rows(const struct fb_surface *fb)
{
	return min_t(unsigned int, fb->height / (FONT_HEIGHT * fb->scale),
		     SCREEN_MAX_CELLS / MAX_COLS);
}

/* The pixels of one glyph row, each as wide as the scale says. */
static void fill_line(const struct fb_surface *fb, const char *row, u32 ink, u8 *line)
{
	for (unsigned int x = 0; x < FONT_WIDTH; x++) {
		u32 pixel = row[x] == '#' ? ink : 0;

		for (unsigned int k = 0; k < fb->scale; k++, line += fb->bytes)
			__builtin_memcpy(line, &pixel, sizeof(pixel));
	}
}

static void copy_line(u8 *to, const u8 *from, unsigned int size)
{
	for (unsigned int i = 0; i < size; i += 8)
		__builtin_memcpy(to + i, from + i, 8);
}

void fb_draw(const struct fb_surface *fb, unsigned int col, unsigned int row,
	     struct screen_cell cell)
{
	/* A pixel is stored as four bytes: the last of a shallower one needs some to spare. */
	u8 line[FONT_WIDTH * FB_MAX_SCALE * sizeof(u32) + sizeof(u32)];
	unsigned int size = FONT_WIDTH * fb->scale * fb->bytes;
	u8 *to;

	if (col >= fb_cols(fb) || row >= fb_rows(fb) || cell.ink >= NR_INKS)
		return;
	to = fb->base + (size_t)row * FONT_HEIGHT * fb->scale * fb->pitch + (size_t)col * size;
	for (unsigned int y = 0; y < FONT_HEIGHT; y++) {
		fill_line(fb, font_row(cell.ch, y), fb->ink[cell.ink], line);
		for (unsigned int k = 0; k < fb->scale; k++, to += fb->pitch)
			copy_line(to, line, size);
	}
}
