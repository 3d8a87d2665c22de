/* SPDX-License-Identifier: MIT */
/*
 * The 8250 driver against a model of the chip that can be broken in every way the driver
 * must survive. The model counts what is read and written, so that a wait without a bound
 * or a character sent into a full FIFO is seen.
 */
#include "arch/x86_64/console_hw.h"
#include "tests/selftest.h"

#define SENT	  4096
#define ENOUGH	  2000000	/* register reads no sane driver needs for one test */
#define READY	  3		/* looks at the status until the FIFO has drained, usually */

enum { THR, IER, FCR, LCR, MCR, LSR, MSR, SCR };

static struct model {
	bool absent, no_scratch, no_loop, stuck;
	unsigned int depth;		/* 1 or 16 */
	u8 lcr, mcr, scr, ier, dll, dlm;
	u8 received[16];
	unsigned int nr_received;
	unsigned int filled, overruns, looks, ready;
	unsigned int reads, writes;
	char sent[SENT];
	unsigned int nr_sent;
} chip;

static u8 model_status(void)
{
	u8 status = chip.nr_received ? 0x01 : 0;

	if (chip.stuck)
		return status;
	if (chip.filled && ++chip.looks >= chip.ready)
		chip.filled = chip.looks = 0;
	return status | (chip.filled ? 0 : 0x60);
}

static u8 model_receive(void)
{
	u8 first = chip.received[0];

	if (!chip.nr_received)
		return 0;
	memmove(chip.received, chip.received + 1, --chip.nr_received);
	return first;
}

static u8 model_in(const struct uart *uart, unsigned int reg)
{
	chip.reads++;
	if (chip.absent || chip.reads > ENOUGH)
		return 0xff;
	switch (reg) {
	case THR:
		return model_receive();
	case FCR:
		return chip.depth == 16 ? 0xc1 : 0x01;
	case LSR:
		return model_status();
	case SCR:
		return chip.no_scratch ? 0 : chip.scr;
	default:
		return 0;
	}
}

static void model_send(u8 value)
{
	if (chip.mcr & 0x10) {
		if (!chip.no_loop && chip.nr_received < sizeof(chip.received))
			chip.received[chip.nr_received++] = value;
		return;
	}
	if (chip.filled == chip.depth)
		chip.overruns++;
	chip.filled++;
	if (chip.nr_sent < SENT)
		chip.sent[chip.nr_sent++] = value;
}

static void model_out(const struct uart *uart, unsigned int reg, u8 value)
{
	bool dlab = chip.lcr & 0x80;

	chip.writes++;
	if (reg == THR && dlab)
		chip.dll = value;
	else if (reg == IER && dlab)
		chip.dlm = value;
	else if (reg == THR)
		model_send(value);
	else if (reg == IER)
		chip.ier = value;
	else if (reg == LCR)
		chip.lcr = value;
	else if (reg == MCR)
		chip.mcr = value;
	else if (reg == SCR)
		chip.scr = value;
}

/* A sound chip with what a loader may have left in it. */
static struct uart make_uart(unsigned int depth)
{
	chip = (struct model){ .depth = depth, .ier = 0x0f, .dll = 7, .filled = 1, .ready = READY,
			       .received = "noise", .nr_received = 5 };
	return (struct uart){
		.in = model_in, .out = model_out,
		.place = { .stride = 1, .access = 1, .addr = 0x3f8, .baud = 115200,
			   .clock = UART_CLOCK },
	};
}

SELFTEST(serial, sound_port_is_set_up)
{
	struct uart uart = make_uart(16);

	REQUIRE(uart_open(&uart));
	CHECK_EQ(uart.depth, 16);
	CHECK_EQ(chip.lcr, 0x03);
	CHECK_EQ(chip.ier, 0);
	CHECK_EQ(chip.mcr & 0x10, 0);
	CHECK_EQ(chip.mcr & 0x03, 0x03);
	CHECK_EQ(chip.dll | chip.dlm << 8, 1);
	CHECK_EQ(chip.nr_sent, 0);
}

static void check_divisor(u32 baud, u32 clock, unsigned int want)
{
	struct uart uart = make_uart(16);

	uart.place.baud = baud;
	uart.place.clock = clock;
	REQUIRE(uart_open(&uart));
	CHECK_EQ(chip.dll | chip.dlm << 8, want);
	CHECK_EQ(chip.lcr, 0x03);
}

SELFTEST(serial, divisors)
{
	check_divisor(9600, UART_CLOCK, 12);
	check_divisor(300, UART_CLOCK, 384);
	check_divisor(3000000, 96000000, 2);
	check_divisor(0, UART_CLOCK, 7);		/* as the firmware left it */
	check_divisor(0x10000000, UART_CLOCK, 7);	/* what cannot be is not tried */
	check_divisor(1, UART_CLOCK, 7);
}

static unsigned int nr_runs;

static void model_run(const struct uart *uart, const char *text, size_t len)
{
	nr_runs++;
	for (size_t i = 0; i < len; i++)
		model_out(uart, THR, text[i]);
}

static void check_text(unsigned int depth, bool runs)
{
	struct uart uart = make_uart(depth);
	char text[200];

	if (runs)
		uart.send = model_run;
	nr_runs = 0;

	REQUIRE(uart_open(&uart));
	for (unsigned int i = 0; i < sizeof(text); i++)
		text[i] = i % 10 == 9 ? '\n' : 'a' + i % 10;
	uart_write(&uart, text, 100);
	uart_write(&uart, text + 100, 100);
	CHECK_EQ(chip.nr_sent, 220);
	for (unsigned int i = 0; i < 220; i++)
		CHECK_EQ(chip.sent[i], i % 11 == 9 ? '\r' : i % 11 == 10 ? '\n' : 'a' + i % 11);
	CHECK_EQ(chip.overruns, 0);
	CHECK(!uart.dead);
}

SELFTEST(serial, text_arrives_whole)
{
	check_text(16, false);
	check_text(1, false);
	check_text(16, true);
	CHECK(nr_runs && nr_runs <= 20 * 3);	/* a line, its end, and one more at a full FIFO */
	check_text(1, true);
	CHECK_EQ(nr_runs, 220);
}

SELFTEST(serial, fifo_is_filled_between_looks)
{
	struct uart uart = make_uart(16);

	REQUIRE(uart_open(&uart));
	chip.reads = 0;
	uart_write(&uart, "0123456789abcdef0123456789abcdef", 32);
	CHECK_EQ(chip.nr_sent, 32);
	CHECK(chip.reads <= 1 + READY);
}

/* At 300 baud a full FIFO takes half a second, which is many looks. */
SELFTEST(serial, slow_port_is_waited_for)
{
	struct uart uart = make_uart(16);

	uart.place.baud = 300;
	REQUIRE(uart_open(&uart));
	chip.ready = 16 * 10 * 1000000 / 300;
	uart_write(&uart, "0123456789abcdef0123456789abcdef", 32);
	CHECK_EQ(chip.nr_sent, 32);
	CHECK_EQ(uart.timeouts, 0);
}

SELFTEST(serial, absent_port_costs_one_read)
{
	struct uart uart = make_uart(16);

	chip.absent = true;
	CHECK(!uart_open(&uart));
	CHECK_EQ(chip.reads, 1);
	CHECK_EQ(chip.writes, 0);
}

SELFTEST(serial, broken_ports_are_refused)
{
	struct uart uart = make_uart(16);

	chip.no_scratch = true;
	CHECK(!uart_open(&uart));
	uart = make_uart(16);
	chip.no_loop = true;
	CHECK(!uart_open(&uart));
	CHECK_EQ(chip.mcr & 0x10, 0);	/* not left in its loop */
	uart = make_uart(16);
	chip.stuck = true;
	CHECK(!uart_open(&uart));
	CHECK(chip.reads < ENOUGH);
}

SELFTEST(serial, stuck_port_is_given_up)
{
	struct uart uart = make_uart(16);
	static const char text[100] = "does not matter";

	REQUIRE(uart_open(&uart));
	chip.stuck = true;
	uart_write(&uart, text, sizeof(text));
	CHECK(uart.dead);
	CHECK(chip.reads < ENOUGH);
	chip.reads = chip.writes = 0;
	uart_write(&uart, text, sizeof(text));
	CHECK_EQ(chip.reads + chip.writes, 0);
}

SELFTEST(serial, one_timeout_is_forgiven)
{
	struct uart uart = make_uart(1);

	REQUIRE(uart_open(&uart));
	for (unsigned int i = 0; i < 10; i++) {
		chip.stuck = true;
		uart_write(&uart, "x", 1);
		chip.stuck = false;
		uart_write(&uart, "y", 1);
	}
	CHECK(!uart.dead);
	CHECK_EQ(chip.nr_sent, 10);
	CHECK_EQ(chip.overruns, 0);
}

SELFTEST(serial, port_that_vanishes)
{
	struct uart uart = make_uart(1);

	REQUIRE(uart_open(&uart));
	chip.absent = true;
	chip.reads = 0;
	uart_write(&uart, "0123456789", 10);
	CHECK(uart.dead);
	CHECK(chip.reads <= 10);
}

static void check_mmio(u8 stride, u8 access)
{
	static u8 regs[UART_REGS * 8] __aligned(8);
	struct uart uart = { .place = { .stride = stride, .access = access }, .regs = regs };

	for (unsigned int reg = 0; reg < UART_REGS; reg++) {
		memset(regs, 0xee, sizeof(regs));
		uart_mmio_out(&uart, reg, 0x5a);
		for (unsigned int i = 0; i < sizeof(regs); i++) {
			unsigned int at = i - reg * stride;	/* huge below the register */

			CHECK_EQ(regs[i], at == 0 ? 0x5a : at < access ? 0 : 0xee);
		}
		CHECK_EQ(uart_mmio_in(&uart, reg), 0x5a);
	}
}

SELFTEST(serial, registers_in_memory)
{
	check_mmio(1, 1);
	check_mmio(2, 1);
	check_mmio(2, 2);
	check_mmio(4, 1);
	check_mmio(4, 4);
	check_mmio(8, 4);
}
