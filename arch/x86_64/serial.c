/* SPDX-License-Identifier: MIT */
/*
 * The 8250 family of serial ports, sending only, polled, 8N1. Its registers are reached
 * through the two functions of struct uart: I/O ports, memory with registers 1, 2, 4 or 8
 * bytes apart, or a test's model of a port.
 *
 * A port is believed to exist when it keeps two patterns in its scratch register and
 * returns two characters through its own loop. Nothing in here waits without a bound: an
 * absent or stuck port is a fact of life. After MAX_TIMEOUTS waits in vain, one after
 * another, a port is dead and skipped from then on.
 *
 * When the transmitter is empty a FIFO of sixteen takes sixteen characters without another
 * look at the status.
 */
#include <linux/kernel.h>

#include "arch/x86_64/console_hw.h"

/* Registers, and their bits as far as they are used. */
enum {
	THR = 0, RBR = 0, DLL = 0,	/* send, receive; divisor while LCR_DLAB is set */
	IER = 1, DLM = 1,
	FCR = 2, IIR = 2,
	LCR = 3, MCR = 4, LSR = 5, SCR = 7,

	FCR_ENABLE_CLEAR = 0x07,
	IIR_FIFO = 0xc0,
	LCR_8N1 = 0x03, LCR_DLAB = 0x80,
	MCR_DTR_RTS = 0x03, MCR_LOOP = 0x10,
	LSR_DATA = 0x01, LSR_THR_EMPTY = 0x20, LSR_ALL_EMPTY = 0x40,
	LSR_ABSENT = 0xff,
};

/*
 * Looks at a register before giving up. One look takes about a microsecond on real
 * machines and a full FIFO 17 ms at 9600 baud, so this is several times what is needed; a
 * slower port gets as many times more, down to 300 baud.
 */
#define POLLS	     100000
#define POLLS_BAUD   9600
#define LOWEST_BAUD  300
#define MAX_TIMEOUTS 4
#define FIFO_DEPTH   16

u8 uart_mmio_in(const struct uart *uart, unsigned int reg)
{
	volatile u8 *at = uart->regs + reg * uart->place.stride;

	switch (uart->place.access) {
	case 4:
		return *(volatile u32 *)at;
	case 2:
		return *(volatile u16 *)at;
	default:
		return *at;
	}
}

void uart_mmio_out(const struct uart *uart, unsigned int reg, u8 value)
{
	volatile u8 *at = uart->regs + reg * uart->place.stride;

	switch (uart->place.access) {
	case 4:
		*(volatile u32 *)at = value;
		break;
	case 2:
		*(volatile u16 *)at = value;
		break;
	default:
		*at = value;
	}
}

/* A rate that the firmware chose is not known: a usual one, then. */
static unsigned int polls(const struct uart *uart)
{
	u32 baud = uart->place.baud ? uart->place.baud : POLLS_BAUD;

	return POLLS * (POLLS_BAUD / clamp_t(u32, baud, LOWEST_BAUD, POLLS_BAUD));
}

/* Waits until any of `bits` is set in the line status. */
static bool uart_wait(const struct uart *uart, u8 bits)
{
	for (unsigned int i = polls(uart); i > 0; i--) {
		u8 status = uart->in(uart, LSR);

		if (status == LSR_ABSENT)
			return false;
		if (status & bits)
			return true;
	}
	return false;
}

static bool scratch_keeps(const struct uart *uart, u8 pattern)
{
	uart->out(uart, SCR, pattern);
	uart->in(uart, IIR);	/* something else on the bus, lest it echo the pattern */
	return uart->in(uart, SCR) == pattern;
}

static bool loop_returns(const struct uart *uart, u8 pattern)
{
	uart->out(uart, THR, pattern);
	return uart_wait(uart, LSR_DATA) && uart->in(uart, RBR) == pattern;
}

static bool loop_works(const struct uart *uart)
{
	bool works;

	uart->out(uart, MCR, MCR_LOOP | MCR_DTR_RTS);
	for (unsigned int i = 0; i < 2 * FIFO_DEPTH && uart->in(uart, LSR) & LSR_DATA; i++)
		uart->in(uart, RBR);
	works = loop_returns(uart, 0xae) && loop_returns(uart, 0x51);
	uart->out(uart, MCR, MCR_DTR_RTS);
	return works;
}

static void set_baud(const struct uart *uart)
{
	u32 divisor;

	if (!uart->place.baud)
		return;
	/* Firmware may name any rate. */
	divisor = uart->place.clock / (16ULL * uart->place.baud);
	if (!divisor || divisor > 0xffff)
		return;
	uart->out(uart, LCR, LCR_8N1 | LCR_DLAB);
	uart->out(uart, DLL, divisor & 0xff);
	uart->out(uart, DLM, divisor >> 8);
	uart->out(uart, LCR, LCR_8N1);
}

bool uart_open(struct uart *uart)
{
	uart->room = uart->timeouts = 0;
	uart->dead = false;
	if (uart->in(uart, LSR) == LSR_ABSENT)
		return false;
	if (!scratch_keeps(uart, 0x5a) || !scratch_keeps(uart, 0xa5))
		return false;
	/* What the loader was still sending would be lost, or come back through the loop. */
	if (!uart_wait(uart, LSR_ALL_EMPTY))
		return false;
	uart->out(uart, IER, 0);
	uart->out(uart, LCR, LCR_8N1);
	uart->out(uart, FCR, FCR_ENABLE_CLEAR);
	set_baud(uart);
	if (!loop_works(uart))
		return false;
	uart->depth = (uart->in(uart, IIR) & IIR_FIFO) == IIR_FIFO ? FIFO_DEPTH : 1;
	return true;
}

/* Is there room? If not in time, a character is lost. */
static bool uart_ready(struct uart *uart)
{
	if (uart->room)
		return true;
	if (!uart_wait(uart, LSR_THR_EMPTY)) {
		uart->dead = ++uart->timeouts >= MAX_TIMEOUTS;
		return false;
	}
	uart->timeouts = 0;
	uart->room = uart->depth;
	return true;
}

static void send(struct uart *uart, const char *text, size_t len)
{
	while (len && !uart->dead) {
		size_t piece = 1;

		if (uart_ready(uart)) {
			piece = min_t(size_t, len, uart->room);
			/* First: a panic that comes in between must not count on it. */
			uart->room -= piece;
			if (uart->send)
				uart->send(uart, text, piece);
			else
				for (size_t i = 0; i < piece; i++)
					uart->out(uart, THR, text[i]);
		}
		text += piece;
		len -= piece;
	}
}

void uart_write(struct uart *uart, const char *text, size_t len)
{
	for (const char *end = text + len; text < end; text++) {
		const char *from = text;

		while (text < end && *text != '\n')
			text++;
		send(uart, from, (size_t)(text - from));
		if (text < end)
			send(uart, "\r\n", 2);
	}
}
