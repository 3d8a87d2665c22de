/* SPDX-License-Identifier: MIT */
/*
 * The 80 x 25 text screen of a VGA: two bytes a cell, character and attribute, at physical
 * 0xb8000. Used where the loader says that the screen is in text mode, or where only a BIOS
 * can have brought us; on other machines these addresses are not ours to write.
 */
#include "arch/x86_64/console_hw.h"
#include "arch/x86_64/io.h"

/* Attributes: blue 1, green 2, red 4, bright 8, on black. */
static const u8 attributes[NR_INKS] = {
	[INK_PLAIN] = 0x0f,
	[INK_GOOD]  = 0x0a,
	[INK_BAD]   = 0x0c,
	[INK_DIM]   = 0x07,
};

#define BOX_437 0xfe		/* a filled square in the character set of the PC */

#define CRTC_INDEX   0x3d4
#define CRTC_DATA    0x3d5
#define CURSOR_START 0x0a	/* bit 5 puts the cursor out */

bool vga_setup(volatile u16 *base)
{
	volatile u64 *four = (volatile u64 *)base;

	base[0] = 0xa55a;
	base[1] = 0x5aa5;
	if (base[0] != 0xa55a || base[1] != 0x5aa5)
		return false;
	for (unsigned int i = 0; i < VGA_SIZE / sizeof(*four); i++)
		four[i] = 0x0001000100010001 * (attributes[INK_PLAIN] << 8 | ' ');
	outb(CURSOR_START, CRTC_INDEX);
	outb(0x20, CRTC_DATA);
	return true;
}

void vga_draw(volatile u16 *base, unsigned int col, unsigned int row,
	      const struct screen_cell *cells, unsigned int nr)
{
	for (base += row * VGA_COLS + col; nr > 0; nr--, cells++) {
		u8 ch = cells->ch == SCREEN_BOX ? BOX_437 : cells->ch;

		*base++ = (u16)attributes[cells->ink] << 8 | ch;
	}
}
