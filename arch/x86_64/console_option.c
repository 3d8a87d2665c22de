/* SPDX-License-Identifier: MIT */
/*
 * The words after `console=`. Text in, a description out: touches no hardware, so that a
 * mistyped command line can be tested anywhere. console_hw.h has the grammar.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "arch/x86_64/console_hw.h"

#define COM_BAUD     115200
#define LOWEST_BAUD  300
#define PHYS_LIMIT   (1ULL << 52)	/* no address on x86 is wider */

static const u16 com_ports[NR_TTYS] = { 0x3f8, 0x2f8, 0x3e8, 0x2e8 };

static const struct { const char *name; enum console_kind kind; } simple[] = {
	{ "none", CONSOLE_NONE },
	{ "tty0", CONSOLE_SCREEN },
	{ "fb",   CONSOLE_FB },
	{ "vga",  CONSOLE_VGA },
};

static const struct { const char *name; bool mmio; u8 width; } ways[] = {
	{ "io,",     false, 1 },
	{ "mmio,",   true,  1 },
	{ "mmio32,", true,  4 },
};

/* Steps over `word` when the text begins with it. */
static bool skip(const char **text, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*text, word, len))
		return false;
	*text += len;
	return true;
}

/* A number; a word that is none reads as 0, which is good for nothing here. */
static u64 number(const char **text)
{
	char *end;
	u64 value = memparse(*text, &end);

	*text = end;
	return value;
}

/* The same for what is a plain decimal number: 115200e7 is a rate and a mistake, not a size. */
static u32 digits(const char **text)
{
	u32 value = 0;

	for (; **text >= '0' && **text <= '9'; (*text)++)
		value = min_t(u32, value, COM_BAUD) * 10 + (**text - '0');
	return value;
}

/* What follows the place: nothing, or a comma and `115200`, `115200n` or `115200n8`. */
static const char *parse_options(const char *text, struct uart_place *place)
{
	u32 baud;

	if (!*text)
		return NULL;
	if (!skip(&text, ","))
		return "a comma and a baud rate should follow the port";
	baud = digits(&text);
	if (baud < LOWEST_BAUD || baud > COM_BAUD || COM_BAUD % baud)
		return "the baud rate does not divide 115200";
	place->baud = baud;
	if (skip(&text, "n"))
		skip(&text, "8");
	return *text ? "only n8, no parity and eight bits, may follow the baud rate" : NULL;
}

static const char *parse_ttys(const char *text, struct console_option *option)
{
	if (*text < '0' || *text >= '0' + NR_TTYS)
		return "the serial ports are ttyS0 to ttyS3";
	option->kind = CONSOLE_TTYS;
	option->port = *text - '0';
	option->place = (struct uart_place){
		.stride = 1, .access = 1, .addr = com_ports[option->port],
		.baud = COM_BAUD, .clock = UART_CLOCK,
	};
	return parse_options(text + 1, &option->place);
}

static const char *parse_place(const char *text, bool mmio, u8 width,
			       struct console_option *option)
{
	u64 addr = number(&text);

	if (!mmio && (!addr || addr > 0x10000 - UART_REGS))
		return "the port number is out of range";
	if (mmio && (!addr || addr % width || addr > PHYS_LIMIT - UART_REGS * width))
		return "the address is out of range or not aligned";
	option->kind = CONSOLE_UART;
	option->place = (struct uart_place){
		.mmio = mmio, .stride = width, .access = width, .addr = addr,
		.baud = mmio ? 0 : COM_BAUD, .clock = UART_CLOCK,
	};
	return parse_options(text, &option->place);
}

static const char *parse_uart(const char *text, struct console_option *option)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++)
		if (skip(&text, ways[i].name))
			return parse_place(text, ways[i].mmio, ways[i].width, option);
	return "io, mmio or mmio32 should follow uart,";
}

const char *console_option_parse(const char *value, struct console_option *option)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(simple); i++) {
		if (strcmp(value, simple[i].name))
			continue;
		option->kind = simple[i].kind;
		return NULL;
	}
	if (skip(&value, "ttyS"))
		return parse_ttys(value, option);
	if (skip(&value, "uart,") || skip(&value, "uart8250,"))
		return parse_uart(value, option);
	return "there is no console of that name";
}
