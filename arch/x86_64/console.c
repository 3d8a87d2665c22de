/* SPDX-License-Identifier: MIT */
/*
 * Which consoles the log goes to.
 *
 * `console=` may stand on the command line any number of times (console_option.c has the
 * words); then those named are used and no others. Without it, or when none of those named
 * exists: the first serial port, COM1 if one answers there and otherwise what the ACPI
 * table SPCR names, and always the screen as well, the loader's framebuffer or VGA text.
 *
 * There is one screen and up to MAX_UARTS serial ports, all in static memory. What cannot
 * be used is reported in a sentence, which reaches those consoles that can: each is given
 * the whole log so far when it is registered. No locks: the choice is made once, on one
 * CPU, and the log's writer serialises afterwards.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "arch/x86_64/acpi.h"
#include "arch/x86_64/arch.h"
#include "arch/x86_64/console_hw.h"
#include "arch/x86_64/io.h"
#include "kernel/boot.h"
#include "kernel/console.h"

#define MAX_UARTS 4

static struct serial_console {
	struct console con;
	struct uart uart;
	char name[16];
} serials[MAX_UARTS];
static unsigned int nr_serials;

static struct screen_cell screen_text[SCREEN_MAX_CELLS], screen_shown[SCREEN_MAX_CELLS];
static struct screen screen;
static struct fb_surface surface;

static void write_serial(struct console *con, const char *text, size_t len)
{
	uart_write(&container_of(con, struct serial_console, con)->uart, text, len);
}

static void write_screen(struct console *con, const char *text, size_t len)
{
	screen_write(&screen, text, len);
}

static struct console screen_console = { .write = write_screen };

static void draw_fb(struct screen *s, unsigned int col, unsigned int row,
		    const struct screen_cell *cells, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		fb_draw(s->device, col + i, row, cells[i]);
}

static void draw_vga(struct screen *s, unsigned int col, unsigned int row,
		     const struct screen_cell *cells, unsigned int nr)
{
	vga_draw(s->device, col, row, cells, nr);
}

static void start_screen(const char *name)
{
	screen.text = screen_text;
	screen.shown = screen_shown;
	screen_init(&screen);
	screen_console.name = name;
	console_register(&screen_console);
	pr_info("console: %s, %u x %u characters\n", name, screen.cols, screen.rows);
}

static bool open_fb(void)
{
	const struct boot_framebuffer *info = &boot_info.fb;
	const char *refusal;
	void *base;

	if (!info->addr || info->text)
		return false;
	refusal = fb_refusal(info);
	if (refusal) {
		pr_warn("console: framebuffer of %u x %u pixels, %u bits each, refused: %s\n",
			info->width, info->height, info->bpp, refusal);
		return false;
	}
	base = arch_map_device(info->addr, (size_t)info->pitch * info->height, ARCH_MAP_WC);
	if (!base)
		return false;
	fb_setup(&surface, info, base);
	screen.cols = fb_cols(&surface);
	screen.rows = fb_rows(&surface);
	/* Scrolling redraws: several rows at a time, and the lowest eighth may be empty. */
	screen.scroll_step = max(screen.rows / 8, 1U);
	screen.draw = draw_fb;
	screen.device = &surface;
	start_screen("fb");
	return true;
}

/* Is there reason to believe in a VGA in text mode? A PVH loader says nothing of screens. */
static bool vga_expected(void)
{
	if (boot_info.fb.addr)
		return boot_info.fb.text && boot_info.fb.addr == VGA_PHYS &&
		       boot_info.fb.width == VGA_COLS && boot_info.fb.height >= VGA_ROWS;
	return !strcmp(boot_info.protocol, "pvh");
}

static bool open_vga(void)
{
	void *base;

	if (!vga_expected())
		return false;
	base = arch_map_device(VGA_PHYS, VGA_SIZE, ARCH_MAP_UC);
	if (!base || !vga_setup(base))
		return false;
	screen.cols = VGA_COLS;
	screen.rows = VGA_ROWS;
	screen.scroll_step = 1;
	screen.draw = draw_vga;
	screen.device = base;
	start_screen("vga");
	return true;
}

/* The screen of that kind, opened unless it is open already. */
static bool open_screen(enum console_kind kind)
{
	if (screen_console.name)
		return kind == CONSOLE_SCREEN ||
		       !strcmp(screen_console.name, kind == CONSOLE_FB ? "fb" : "vga");
	return (kind != CONSOLE_VGA && open_fb()) || (kind != CONSOLE_FB && open_vga());
}

static bool uart_is_open(const struct uart_place *place)
{
	for (unsigned int i = 0; i < nr_serials; i++)
		if (serials[i].uart.place.mmio == place->mmio &&
		    serials[i].uart.place.addr == place->addr)
			return true;
	return false;
}

static u8 port_in(const struct uart *uart, unsigned int reg)
{
	return inb(uart->place.addr + reg);
}

static void port_out(const struct uart *uart, unsigned int reg, u8 value)
{
	outb(value, uart->place.addr + reg);
}

/* In one instruction, which is one exit to a hypervisor that makes the port up. */
static void port_send(const struct uart *uart, const char *text, size_t len)
{
	outsb(uart->place.addr, text, len);
}

/* Reaches the registers and looks whether a port answers. */
static bool start_uart(struct uart *uart)
{
	size_t size = UART_REGS * uart->place.stride;

	if (!uart->place.mmio) {
		uart->in = port_in;
		uart->out = port_out;
		uart->send = port_send;
		return uart_open(uart);
	}
	uart->in = uart_mmio_in;
	uart->out = uart_mmio_out;
	uart->send = NULL;
	uart->regs = arch_map_device(uart->place.addr, size, ARCH_MAP_UC);
	if (!uart->regs)
		return false;
	if (uart_open(uart))
		return true;
	arch_unmap_device((const void *)uart->regs, size);
	return false;
}

static bool open_uart(const struct uart_place *place, const char *name)
{
	struct serial_console *serial = &serials[nr_serials];

	if (uart_is_open(place))
		return true;
	if (nr_serials == MAX_UARTS)
		return false;
	serial->uart.place = *place;
	if (!start_uart(&serial->uart))
		return false;
	strscpy(serial->name, name, sizeof(serial->name));
	serial->con = (struct console){ .name = serial->name, .write = write_serial };
	nr_serials++;
	console_register(&serial->con);
	pr_info("console: %s, 8250 at %s 0x%llx\n", name, place->mmio ? "address" : "port",
		place->addr);
	return true;
}

static bool open_named(const struct console_option *option)
{
	char name[16];

	switch (option->kind) {
	case CONSOLE_TTYS:
		snprintf(name, sizeof(name), "ttyS%u", option->port);
		return open_uart(&option->place, name);
	case CONSOLE_UART:
		return open_uart(&option->place, "uart");
	default:
		return open_screen(option->kind);
	}
}

/* One `console=`. *arg becomes true when "none" was among them. */
static void try_named(const char *value, void *arg)
{
	struct console_option option;
	const char *refusal = console_option_parse(value, &option);
	bool *none = arg;

	if (refusal)
		pr_warn("console: console=%s ignored: %s\n", value, refusal);
	else if (option.kind == CONSOLE_NONE)
		*none = true;
	else if (!open_named(&option))
		pr_warn("console: console=%s ignored: nothing answers there\n", value);
}

static void open_spcr(void)
{
	struct uart_place place;
	const void *table;
	u32 length;

	acpi_init();
	table = acpi_find("SPCR", &length);
	if (!table)
		return;
	if (!acpi_parse_spcr(table, length, &place))
		pr_info("console: the port that ACPI SPCR names is not an 8250\n");
	else if (!open_uart(&place, "spcr"))
		pr_info("console: nothing answers at the port that ACPI SPCR names\n");
}

static void open_default(void)
{
	struct console_option com1;

	console_option_parse("ttyS0", &com1);
	if (!open_named(&com1))
		open_spcr();
	open_screen(CONSOLE_SCREEN);
}

void console_init(void)
{
	bool none = false;

	cmdline_each("console", try_named, &none);
	if (!none && !console_count())
		open_default();
}
