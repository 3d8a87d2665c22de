/* SPDX-License-Identifier: MIT */
/* What may stand after `console=`, and what may not. */
#include "arch/x86_64/console_hw.h"
#include "tests/selftest.h"

static void check_kind(const char *value, enum console_kind kind)
{
	struct console_option option;

	REQUIRE(!console_option_parse(value, &option));
	CHECK_EQ(option.kind, kind);
}

SELFTEST(console_option, simple_names)
{
	check_kind("none", CONSOLE_NONE);
	check_kind("tty0", CONSOLE_SCREEN);
	check_kind("fb", CONSOLE_FB);
	check_kind("vga", CONSOLE_VGA);
}

static void check_ttys(const char *value, unsigned int port, u64 addr, u32 baud)
{
	struct console_option option;

	REQUIRE(!console_option_parse(value, &option));
	CHECK_EQ(option.kind, CONSOLE_TTYS);
	CHECK_EQ(option.port, port);
	CHECK(!option.place.mmio);
	CHECK_EQ(option.place.addr, addr);
	CHECK_EQ(option.place.stride, 1);
	CHECK_EQ(option.place.baud, baud);
	CHECK_EQ(option.place.clock, UART_CLOCK);
}

SELFTEST(console_option, serial_ports)
{
	check_ttys("ttyS0", 0, 0x3f8, 115200);
	check_ttys("ttyS1,9600", 1, 0x2f8, 9600);
	check_ttys("ttyS2,115200n8", 2, 0x3e8, 115200);
	check_ttys("ttyS3,38400n", 3, 0x2e8, 38400);
}

static void check_uart(const char *value, bool mmio, u64 addr, unsigned int width, u32 baud)
{
	struct console_option option;

	REQUIRE(!console_option_parse(value, &option));
	CHECK_EQ(option.kind, CONSOLE_UART);
	CHECK_EQ(option.place.mmio, mmio);
	CHECK_EQ(option.place.addr, addr);
	CHECK_EQ(option.place.stride, width);
	CHECK_EQ(option.place.access, width);
	CHECK_EQ(option.place.baud, baud);
}

SELFTEST(console_option, uarts_anywhere)
{
	check_uart("uart,io,0x2f8", false, 0x2f8, 1, 115200);
	check_uart("uart8250,io,0x3f8,57600n8", false, 0x3f8, 1, 57600);
	check_uart("uart,io,1016,115200", false, 0x3f8, 1, 115200);
	check_uart("uart,mmio,0xfe000003", true, 0xfe000003, 1, 0);
	check_uart("uart,mmio32,0xfe034000,115200", true, 0xfe034000, 4, 115200);
	check_uart("uart,mmio,0xfedcba9876543", true, 0xfedcba9876543, 1, 0);
}

SELFTEST(console_option, mistakes_are_refused)
{
	static const char *const bad[] = {
		"", "tty", "tty1", "none ", "FB", "fbx", "ttyS", "ttyS4", "ttySx", "ttyS-1",
		"ttyS00", "ttyS0,", "ttyS0,fast", "ttyS0,0", "ttyS0,110", "ttyS0,150",
		"ttyS0,56000", "ttyS0,n8", "ttyS0,,9600", "ttyS0,115201",
		"ttyS0,230400", "ttyS0,115200e8", "ttyS0,115200n7", "ttyS0,115200n88",
		"ttyS0,115200e7", "ttyS0,0x2580", "ttyS0,022600", "uart,io,0x3f8,0x2580",
		"ttyS0,99999999999999999999999", "ttyS0 115200", "uart", "uart,", "uart,io",
		"uart,io,", "uart,io,x", "uart,io,0", "uart,io,0xfff9", "uart,io,-8",
		"uart,io,0x3f8,", "uart,io,0x3f8z", "uart,pci,0x3f8", "uart,mmio,0",
		"uart,mmio32,0xfe000002", "uart,mmio,0x10000000000000",
		"uart,mmio32,0xfffffffffffffffc", "uart,mmio,0xffffffffffffffffffff",
	};
	struct console_option option;

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		if (!CHECK(console_option_parse(bad[i], &option)))
			pr_info("accepted: %s\n", bad[i]);
}

/* E is a unit of sizes; behind a rate it is the wrong parity. */
SELFTEST(console_option, rates_have_no_units)
{
	struct console_option option;

	CHECK_STR(console_option_parse("ttyS0,115200e7", &option),
		  "only n8, no parity and eight bits, may follow the baud rate");
	CHECK_STR(console_option_parse("ttyS0,0x2580", &option),
		  "the baud rate does not divide 115200");
}
