/* SPDX-License-Identifier: MIT */
/* Where ACPI says that PCI configuration space is: sound tables, and what firmware may bring. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <arch/x86_64/pci.h>
#include <tests/selftest.h>

#define HEAD 44
#define SIZE 256

static u8 buffer[SIZE];
static u32 used;

static void begin(void)
{
	memset(buffer, 0, sizeof(buffer));
	memcpy(buffer, "MCFG", 4);
	used = HEAD;
}

static void add(u64 address, u16 segment, u8 first, u8 last)
{
	memcpy(buffer + used, &address, 8);
	memcpy(buffer + used + 8, &segment, 2);
	buffer[used + 10] = first;
	buffer[used + 11] = last;
	used += 16;
}

/* At the end of the buffer: a read past the table's end is a report of the address sanitizer. */
static bool find(struct mcfg_window *window)
{
	return mcfg_find(memmove(buffer + SIZE - used, buffer, used), used, window);
}

SELFTEST(mcfg, the_window_of_the_first_segment)
{
	struct mcfg_window window;

	begin();
	add(0xc0000000, 1, 0, 255);
	add(0xb0000000, 0, 0, 63);
	REQUIRE(find(&window));
	CHECK_EQ(window.address, 0xb0000000);
	CHECK_EQ(window.last, 63);
	begin();
	add(0x200000000000, 0, 0, 255);
	REQUIRE(find(&window));
	CHECK_EQ(window.address, 0x200000000000);
	CHECK_EQ(window.last, 255);
}

SELFTEST(mcfg, what_makes_no_sense_is_passed_over)
{
	struct mcfg_window window;

	begin();
	CHECK(!find(&window));
	begin();
	add(0, 0, 0, 255);			/* nowhere */
	add(0xb0001000, 0, 0, 255);		/* within a bus */
	add(~0ULL << 20, 0, 0, 255);		/* beyond all addresses */
	add(0xb0000000, 0, 16, 255);		/* without the first bus */
	CHECK(!find(&window));
	begin();
	add(0xb0000000, 0, 0, 255);
	used--;					/* cut */
	CHECK(!find(&window));
}

SELFTEST(mcfg, every_truncation)
{
	struct mcfg_window window;
	u32 length;

	for (length = 0; length <= HEAD + 32; length++) {
		begin();
		add(0, 0, 0, 0);
		add(0xb0000000, 0, 0, 255);
		used = length;
		CHECK_EQ(find(&window), length == HEAD + 32);
	}
}
