/* SPDX-License-Identifier: MIT */
/*
 * What the log can be written to on a PC: font.c is the letters, fbcon.c and vga.c draw
 * them, screen.c arranges text on either, serial.c is the 8250, and console.c chooses, by
 * the words that console_option.c understands.
 *
 * All but vga.c and console.c touch only what they are given, and run in any process.
 */
#ifndef ARCH_X86_64_CONSOLE_HW_H
#define ARCH_X86_64_CONSOLE_HW_H

#include <linux/compiler.h>
#include <linux/types.h>

struct boot_framebuffer;

/*
 * console.c. Opens what `console=` names or, without it, what the machine has. Needs
 * boot_info, the IDT and arch_map_device(); calls acpi_init() when the serial port may be
 * known through ACPI only. Once, on one CPU.
 */
void console_init(void);

/* font.c */
#define FONT_WIDTH  8
#define FONT_HEIGHT 16
/* The 8 pixels of one row (0 to 15) of a glyph, left to right: '#' is ink. */
const char *font_row(u8 ch, unsigned int row);

/* screen.c */
enum ink { INK_PLAIN, INK_GOOD, INK_BAD, INK_DIM, NR_INKS };

struct screen_cell {
	u8 ch;			/* 0x20 to 0x7e, or SCREEN_BOX */
	u8 ink;
};

#define SCREEN_BOX	 0x7f	/* stands for every character outside ASCII */
#define SCREEN_MAX_CELLS (240 * 135)

struct screen {
	/* Set by the owner before screen_init(). */
	unsigned int cols, rows;	/* at least 1 each */
	unsigned int scroll_step;	/* rows to scroll by, 1 to rows */
	struct screen_cell *text;	/* cols * rows cells: what is to be seen */
	struct screen_cell *shown;	/* as many: what was drawn last */
	/* `nr` cells of a row, the first of them at `col`. */
	void (*draw)(struct screen *screen, unsigned int col, unsigned int row,
		     const struct screen_cell *cells, unsigned int nr);
	void *device;			/* for draw() */
	/* screen.c's own. */
	unsigned int x, y;		/* where the next character goes; y may be rows */
	unsigned int dirty_from, dirty_to; /* cells to draw, counted row by row */
	enum ink ink;			/* of the line being written */
	unsigned int head_len;		/* characters of it, without leading blanks, looked at */
	unsigned long words;		/* bit n: it may begin with the nth of those that colour */
};

/* Starts with every cell blank; the device shows blanks already. */
void screen_init(struct screen *screen);
/* Adds text at the end and draws what changed. Any context; the caller serialises. */
void screen_write(struct screen *screen, const char *text, size_t len);

/* fbcon.c */
#define FB_MAX_SCALE 4

struct fb_surface {
	u8 *base;
	u32 pitch, width, height;	/* bytes a line; pixels */
	unsigned int bytes;		/* a pixel: 2, 3 or 4 */
	unsigned int scale;		/* pixels each font pixel is wide and high */
	u32 ink[NR_INKS];		/* as pixels; paper is 0, black */
};

/* NULL when text can be drawn on such a framebuffer, else why not. */
const char *fb_refusal(const struct boot_framebuffer *info);
/* `info` passed fb_refusal(); base is info->pitch * info->height writable bytes. Clears it. */
void fb_setup(struct fb_surface *fb, const struct boot_framebuffer *info, void *base);
unsigned int fb_cols(const struct fb_surface *fb);
unsigned int fb_rows(const struct fb_surface *fb);
/* Draws one cell; one that lies outside, even in part, is ignored. Never reads the memory. */
void fb_draw(const struct fb_surface *fb, unsigned int col, unsigned int row,
	     struct screen_cell cell);

/* vga.c */
#define VGA_PHYS 0xb8000
#define VGA_COLS 80
#define VGA_ROWS 25
#define VGA_SIZE (VGA_COLS * VGA_ROWS * 2)
/* Is there text memory at base? Clears it and puts the cursor out. */
bool vga_setup(volatile u16 *base);
void vga_draw(volatile u16 *base, unsigned int col, unsigned int row,
	      const struct screen_cell *cells, unsigned int nr);

/* Where an 8250 is and how it is set. */
struct uart_place {
	bool mmio;
	u8 stride, access;		/* bytes from register to register; bytes an access */
	u64 addr;			/* physical, or a port number */
	u32 baud;			/* 0: as the firmware left it */
	u32 clock;			/* Hz that go into the divider, 16 times the highest rate */
};

#define UART_CLOCK 1843200

/* serial.c */
#define UART_REGS 8

struct uart {
	/* Set by the owner before uart_open(). */
	struct uart_place place;
	u8 (*in)(const struct uart *uart, unsigned int reg);	/* registers 0 to 7 */
	void (*out)(const struct uart *uart, unsigned int reg, u8 value);
	/* So many characters to register 0, one after another; NULL: by out(). */
	void (*send)(const struct uart *uart, const char *text, size_t len);
	volatile u8 *regs;		/* where register 0 is mapped, for the two below */
	/* serial.c's own. */
	unsigned int room;		/* characters it takes before the next look */
	unsigned int depth;		/* of its FIFO, 1 without one */
	unsigned int timeouts;		/* one after another */
	bool dead;
};

/* For registers in memory, as uart->place describes them. */
u8 uart_mmio_in(const struct uart *uart, unsigned int reg);
void uart_mmio_out(const struct uart *uart, unsigned int reg, u8 value);

/*
 * Looks for an 8250 at uart->place and sets it to 8N1. False, having waited a bounded time,
 * when nothing that works answers. A place that reads as 0xff costs one read.
 */
bool uart_open(struct uart *uart);
/* Sends text, "\n" as "\r\n". Waits, but boundedly; a port that stays busy is given up. */
void uart_write(struct uart *uart, const char *text, size_t len);

/* console_option.c */
enum console_kind {
	CONSOLE_NONE, CONSOLE_SCREEN, CONSOLE_FB, CONSOLE_VGA, CONSOLE_TTYS, CONSOLE_UART,
};

struct console_option {
	enum console_kind kind;
	unsigned int port;		/* of CONSOLE_TTYS: 0 to 3 */
	struct uart_place place;	/* of CONSOLE_TTYS and CONSOLE_UART */
};

#define NR_TTYS 4

/*
 * Reads the value of one `console=`: NULL and *option, or why it is refused.
 *
 *	ttyS0 to ttyS3 [,OPTIONS]		  COM1 to COM4
 *	uart,io,PORT [,OPTIONS]			  uart8250 is the same
 *	uart,mmio,ADDRESS [,OPTIONS]		  one byte from register to register
 *	uart,mmio32,ADDRESS [,OPTIONS]		  four
 *	tty0					  whatever screen there is
 *	fb, vga					  that screen
 *	none
 *
 * OPTIONS is a baud rate that divides 115200, then n8 or nothing. Without it an I/O port
 * is set to 115200 and a mapped one stays at what the firmware chose.
 */
const char *console_option_parse(const char *value, struct console_option *option);

#endif
