/* SPDX-License-Identifier: MIT */
/*
 * Drawing cells into a framebuffer: the right pixels in every depth, nothing beside them,
 * and framebuffers that make no sense refused. The framebuffer is an array with a margin
 * round it that must stay as it was.
 */
#include "arch/x86_64/console_hw.h"
#include "kernel/boot.h"
#include "tests/selftest.h"

#define WIDTH	163		/* no whole number of characters, as the height */
#define HEIGHT	70
#define PADDING 13		/* after each line */
#define MARGIN	64
#define CANARY	0xc7

static u8 memory[MARGIN + (WIDTH * 4 + PADDING) * HEIGHT + MARGIN];

static struct boot_framebuffer info_of(u8 bpp)
{
	struct boot_framebuffer info = {
		.addr = 1, .width = WIDTH, .height = HEIGHT, .bpp = bpp,
		.pitch = WIDTH * ((bpp + 7) / 8) + PADDING,
		.red_pos = 16, .red_size = 8, .green_pos = 8, .green_size = 8,
		.blue_pos = 0, .blue_size = 8,
	};

	if (bpp == 16) {
		info.red_pos = 11, info.red_size = 5;
		info.green_pos = 5, info.green_size = 6;
		info.blue_size = 5;
	} else if (bpp == 15) {
		info.red_pos = 10, info.red_size = 5;
		info.green_pos = 5, info.green_size = 5;
		info.blue_size = 5;
	}
	return info;
}

static struct fb_surface start(const struct boot_framebuffer *info)
{
	struct fb_surface fb;

	memset(memory, CANARY, sizeof(memory));
	fb_setup(&fb, info, memory + MARGIN);
	return fb;
}

static u32 pixel_at(const struct fb_surface *fb, unsigned int x, unsigned int y)
{
	u32 pixel = 0;

	memcpy(&pixel, fb->base + y * fb->pitch + x * fb->bytes, fb->bytes);
	return pixel;
}

/* Nothing but pixels was written: margins and the padding of lines are as they were. */
static bool canaries_live(const struct fb_surface *fb)
{
	u8 *end = fb->base + fb->pitch * fb->height;

	for (u8 *p = memory; p < memory + sizeof(memory); p++) {
		bool outside = p < fb->base || p >= end;

		if (!outside)
			outside = (p - fb->base) % fb->pitch >= fb->width * fb->bytes;
		if (outside && *p != CANARY)
			return false;
	}
	return true;
}

/* Pixels of a cell that are not what the font says, and pixels anywhere else that are not 0. */
static unsigned int wrong_pixels(const struct fb_surface *fb, unsigned int col, unsigned int row,
				 u8 ch, u32 ink)
{
	unsigned int wrong = 0, scale = fb->scale;

	for (unsigned int y = 0; y < fb->height; y++) {
		for (unsigned int x = 0; x < fb->width; x++) {
			unsigned int gx = x / scale, gy = y / scale;
			u32 want = 0;

			if (gx / FONT_WIDTH == col && gy / FONT_HEIGHT == row &&
			    font_row(ch, gy % FONT_HEIGHT)[gx % FONT_WIDTH] == '#')
				want = ink;
			wrong += pixel_at(fb, x, y) != want;
		}
	}
	return wrong;
}

static void check_depth(u8 bpp, u32 plain, u32 good)
{
	struct boot_framebuffer info = info_of(bpp);
	struct fb_surface fb;

	CHECK(!fb_refusal(&info));
	fb = start(&info);
	CHECK_EQ(fb_cols(&fb), WIDTH / FONT_WIDTH);
	CHECK_EQ(fb_rows(&fb), HEIGHT / FONT_HEIGHT);
	CHECK_EQ(wrong_pixels(&fb, 0, 0, ' ', 0), 0);
	fb_draw(&fb, 7, 2, (struct screen_cell){ 'R', INK_PLAIN });
	CHECK_EQ(wrong_pixels(&fb, 7, 2, 'R', plain), 0);
	fb_draw(&fb, 7, 2, (struct screen_cell){ 'g', INK_GOOD });
	CHECK_EQ(wrong_pixels(&fb, 7, 2, 'g', good), 0);
	CHECK(canaries_live(&fb));
}

SELFTEST(fbcon, pixels_in_every_depth)
{
	check_depth(32, 0xe8e8e8, 0x5fd75f);
	check_depth(24, 0xe8e8e8, 0x5fd75f);
	check_depth(16, 0x1d << 11 | 0x3a << 5 | 0x1d, 0x0b << 11 | 0x35 << 5 | 0x0b);
	check_depth(15, 0x1d << 10 | 0x1d << 5 | 0x1d, 0x0b << 10 | 0x1a << 5 | 0x0b);
}

SELFTEST(fbcon, colour_fields_are_obeyed)
{
	struct boot_framebuffer info = info_of(32);
	struct fb_surface fb;

	info.red_pos = 0, info.blue_pos = 24, info.green_pos = 10, info.green_size = 10;
	CHECK(!fb_refusal(&info));
	fb = start(&info);
	CHECK_EQ(fb.ink[INK_BAD], 0xffU | (0x5fU << 2) << 10 | 0x5fU << 24);
	memset(&info.red_pos, 0, 6);	/* a loader that does not say */
	CHECK(!fb_refusal(&info));
	fb = start(&info);
	CHECK_EQ(fb.ink[INK_BAD], 0xff5f5f);
}

SELFTEST(fbcon, corners_stay_inside)
{
	for (unsigned int i = 0; i < 4; i++) {
		struct boot_framebuffer info = info_of((u8[]){ 32, 24, 16, 15 }[i]);
		struct fb_surface fb = start(&info);
		unsigned int col = fb_cols(&fb) - 1, row = fb_rows(&fb) - 1;

		fb_draw(&fb, col, row, (struct screen_cell){ SCREEN_BOX, INK_PLAIN });
		CHECK_EQ(wrong_pixels(&fb, col, row, SCREEN_BOX, fb.ink[INK_PLAIN]), 0);
		fb_draw(&fb, col, row, (struct screen_cell){ ' ', INK_PLAIN });
		fb_draw(&fb, col + 1, row, (struct screen_cell){ '#', INK_PLAIN });
		fb_draw(&fb, col, row + 1, (struct screen_cell){ '#', INK_PLAIN });
		fb_draw(&fb, ~0U, ~0U, (struct screen_cell){ '#', INK_PLAIN });
		fb_draw(&fb, 0, 0, (struct screen_cell){ '#', NR_INKS });
		CHECK_EQ(wrong_pixels(&fb, 0, 0, ' ', 0), 0);
		CHECK(canaries_live(&fb));
	}
}

SELFTEST(fbcon, scaled_glyphs)
{
	struct boot_framebuffer info = info_of(24);
	struct fb_surface fb = start(&info);

	for (fb.scale = 2; fb.scale <= FB_MAX_SCALE; fb.scale++) {
		memset(memory, CANARY, sizeof(memory));
		for (unsigned int y = 0; y < HEIGHT; y++)
			memset(fb.base + y * fb.pitch, 0, WIDTH * 3);
		fb_draw(&fb, 1, 0, (struct screen_cell){ 'Q', INK_DIM });
		CHECK_EQ(wrong_pixels(&fb, 1, 0, 'Q', fb.ink[INK_DIM]), 0);
		CHECK(canaries_live(&fb));
	}
}

/* Only sizes are computed: no line of such a framebuffer is written. */
static void check_size(u32 width, u32 height, unsigned int cols, unsigned int rows)
{
	struct boot_framebuffer info = info_of(32);
	struct fb_surface fb;

	info.width = width;
	info.height = 0;	/* nothing to clear */
	info.pitch = width * 4;
	fb = start(&info);
	fb.height = height;
	CHECK_EQ(fb_cols(&fb), cols);
	CHECK_EQ(fb_rows(&fb), rows);
	CHECK(fb_cols(&fb) * fb_rows(&fb) <= SCREEN_MAX_CELLS);
}

SELFTEST(fbcon, scale_follows_the_width)
{
	check_size(640, 480, 80, 30);
	check_size(1024, 768, 128, 48);
	check_size(1680, 1050, 210, 65);
	check_size(1920, 1080, 120, 33);
	check_size(3840, 2160, 240, 67);
	check_size(7680, 4320, 240, 67);
	check_size(1080, 1920, 135, 120);
	check_size(1080, 30000, 135, 135);
}

SELFTEST(fbcon, nonsense_is_refused)
{
	struct boot_framebuffer bad;

	for (unsigned int bpp = 0; bpp < 256; bpp++) {
		bad = info_of(32);
		bad.bpp = bpp;
		bad.pitch = 0x8000;
		memset(&bad.red_pos, 0, 6);
		CHECK_EQ(!fb_refusal(&bad), bpp == 15 || bpp == 16 || bpp == 24 || bpp == 32);
	}
	bad = info_of(32), bad.pitch = WIDTH * 4 - 1;
	CHECK(fb_refusal(&bad));
	bad = info_of(32), bad.pitch = 0xfffffff0;
	CHECK(fb_refusal(&bad));
	bad = info_of(32), bad.width = 0x40000001;
	CHECK(fb_refusal(&bad));
	bad = info_of(32), bad.height = 0xffffffff;
	CHECK(fb_refusal(&bad));
	bad = info_of(32), bad.width = 100;
	CHECK(fb_refusal(&bad));
	bad = info_of(32), bad.height = 0;
	CHECK(fb_refusal(&bad));
	bad = info_of(32), bad.red_pos = 25;
	CHECK(fb_refusal(&bad));
	bad = info_of(32), bad.green_size = 0;
	CHECK(fb_refusal(&bad));
	bad = info_of(32), bad.blue_size = 17;
	CHECK(fb_refusal(&bad));
	bad = info_of(16), bad.blue_pos = 250, bad.blue_size = 10;
	CHECK(fb_refusal(&bad));
}

SELFTEST(fbcon, font_tells_all_characters_apart)
{
	for (unsigned int ch = ' '; ch <= SCREEN_BOX; ch++) {
		for (unsigned int row = 0; row < FONT_HEIGHT; row++) {
			const char *pixels = font_row(ch, row);

			for (unsigned int x = 0; x < FONT_WIDTH; x++)
				CHECK(pixels[x] == '#' || pixels[x] == '.');
		}
		for (unsigned int other = ' '; other < ch; other++) {
			unsigned int row = 0;

			while (row < FONT_HEIGHT && !memcmp(font_row(ch, row), font_row(other, row),
							     FONT_WIDTH))
				row++;
			CHECK(row < FONT_HEIGHT);
		}
	}
	CHECK(font_row(0, 3) == font_row(SCREEN_BOX, 3));
	CHECK(font_row(0xff, 3) == font_row(SCREEN_BOX, 3));
}
