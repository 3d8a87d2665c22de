// SPDX-License-Identifier: MIT
/* Where ACPI says that clocks and events are: sound tables, and what firmware may bring. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <arch/x86_64/fadt.h>
#include <tests/selftest.h>

#define SIZE 276

static u8 buffer[SIZE];

static void put32(u32 at, u32 value) { memcpy(buffer + at, &value, 4); }
static void put64(u32 at, u64 value) { memcpy(buffer + at, &value, 8); }

/* At the end of the buffer: a read past the table's end is a report of the address sanitizer. */
static const void *cut(u32 length)
{
	static u8 end[SIZE];

	return memcpy(end + SIZE - length, buffer, length);
}

static void begin_fadt(void)
{
	memset(buffer, 0, sizeof(buffer));
	put32(76, 0x608);		/* PM timer */
	put32(80, 0x620);		/* events */
	buffer[91] = 4;
	buffer[92] = 16;
}

static u64 timer(u32 length, u64 *mask)
{
	u16 port = 0;

	return fadt_pm_timer(cut(length), length, &port, mask) ? 0 : port;
}

static u64 events(u32 length)
{
	u16 port = 0;

	return fadt_gpe_status(cut(length), length, &port) ? 0 : port;
}

SELFTEST(fadt, timer_and_events_of_an_old_table)
{
	u64 mask = 0;

	begin_fadt();
	CHECK_EQ(timer(116, &mask), 0x608);
	CHECK_EQ(mask, 0xffffff);
	CHECK_EQ(events(116), 0x620);
	put32(112, 1 << 8);
	CHECK_EQ(timer(116, &mask), 0x608);
	CHECK_EQ(mask, 0xffffffff);
	put64(212, 0x1008);		/* beyond its end */
	buffer[208] = 1;
	CHECK_EQ(timer(116, &mask), 0x608);
}

SELFTEST(fadt, the_wide_address_counts_when_it_is_a_port)
{
	u64 mask;

	begin_fadt();
	put64(212, 0x1008);
	put64(224, 0x1020);
	CHECK_EQ(timer(244, &mask), 0x608);	/* in memory */
	CHECK_EQ(events(244), 0x620);
	buffer[208] = buffer[220] = 1;
	CHECK_EQ(timer(244, &mask), 0x1008);
	CHECK_EQ(events(244), 0x1020);
	buffer[91] = 0;
	CHECK_EQ(timer(244, &mask), 0x1008);
	put64(212, 0);
	put64(224, 0);
	CHECK_EQ(timer(244, &mask), 0);
	CHECK_EQ(events(244), 0x620);
}

SELFTEST(fadt, what_cannot_be_is_refused)
{
	u64 mask;

	begin_fadt();
	for (u32 length = 36; length < 116; length++) {
		CHECK_EQ(timer(length, &mask), 0);
		CHECK_EQ(events(length), 0);
	}
	put32(76, 0xfffd);
	put32(80, 0xfff1);
	CHECK_EQ(timer(116, &mask), 0);
	CHECK_EQ(events(116), 0);
	put32(76, 0xfffc);
	put32(80, 0xfff0);
	CHECK_EQ(timer(116, &mask), 0xfffc);
	CHECK_EQ(events(116), 0xfff0);
	buffer[91] = buffer[92] = 0;
	CHECK_EQ(timer(116, &mask), 0);
	CHECK_EQ(events(116), 0);
}

static u64 hpet(u32 length)
{
	u64 address = 0;

	return hpet_place(cut(length), length, &address) ? 0 : address;
}

SELFTEST(fadt, the_hpets_address)
{
	memset(buffer, 0, sizeof(buffer));
	put64(44, 0xfed00000);
	CHECK_EQ(hpet(56), 0xfed00000);
	for (u32 length = 36; length < 56; length++)
		CHECK_EQ(hpet(length), 0);
	buffer[40] = 1;				/* a port */
	CHECK_EQ(hpet(56), 0);
	buffer[40] = 0;
	put64(44, 0);
	CHECK_EQ(hpet(56), 0);
	put64(44, 0xfed00004);
	CHECK_EQ(hpet(56), 0);
	put64(44, ~0ULL - 7);
	CHECK_EQ(hpet(56), 0);
}
