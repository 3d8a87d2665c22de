/* SPDX-License-Identifier: MIT */
/*
 * The clocks of a PC that run at a known rate, best first:
 *
 *	HPET	  ACPI's table of that name; its period is in its first register
 *	PM timer  3.579545 MHz, 24 or 32 bits, an I/O port that the FADT names
 *	PIT	  1.193182 MHz, 16 bits, counter 2: nobody else's, and its gate is ours
 *
 * What the tables say is checked as far as it can be; that a clock really runs shows when it
 * is used (calibrate.c). Once, at start-up.
 */
#include <linux/kernel.h>

#include "acpi.h"
#include "arch.h"
#include "clock.h"
#include "fadt.h"
#include "io.h"

/* IA-PC HPET 1.0a: registers */
enum { HPET_PERIOD = 0x04, HPET_CONFIG = 0x10, HPET_COUNTER = 0xf0, HPET_BYTES = 1024 };

#define HPET_RUN	 1
#define HPET_MAX_PERIOD	 100000000ULL	/* femtoseconds */
#define FEMTO		 1000000000000000ULL
#define PM_HZ		 3579545
#define PIT_HZ		 1193182
#define PIT_COUNTER_2	 0x42
#define PIT_COMMAND	 0x43
#define PIT_GATE	 0x61		/* bit 0: counter 2 runs; bit 1: speaker */

static volatile u32 *hpet;
static u16 pm_port;

static u64 hpet_read(void)
{
	return hpet[HPET_COUNTER / 4];
}

static bool hpet_find(struct reference *reference)
{
	u32 length, period;
	const void *table = acpi_find("HPET", &length);
	u64 address;
	const char *why;

	if (!table)
		return false;
	why = hpet_place(table, length, &address);
	if (why) {
		pr_warn("the HPET's table refused: %s\n", why);
		return false;
	}
	hpet = arch_map_device(address, HPET_BYTES, ARCH_MAP_UC);
	if (!hpet)
		return false;
	period = hpet[HPET_PERIOD / 4];
	if (!period || period > HPET_MAX_PERIOD) {
		pr_warn("HPET: a period of %u fs makes no sense\n", period);
		arch_unmap_device((const void *)hpet, HPET_BYTES);
		return false;
	}
	hpet[HPET_CONFIG / 4] |= HPET_RUN;
	*reference = (struct reference){ "HPET", FEMTO / period, 0xffffffff, hpet_read };
	return true;
}

static u64 pm_read(void)
{
	return inl(pm_port);
}

static bool pm_find(struct reference *reference)
{
	u32 length;
	const void *table = acpi_find("FACP", &length);
	const char *why;
	u64 mask;

	if (!table)
		return false;
	why = fadt_pm_timer(table, length, &pm_port, &mask);
	if (why) {
		pr_info("PM timer: the FADT: %s\n", why);
		return false;
	}
	*reference = (struct reference){ "PM timer", PM_HZ, mask, pm_read };
	return true;
}

/* It counts down. */
static u64 pit_read(void)
{
	u8 low;

	outb(0x80, PIT_COMMAND);	/* latch counter 2 */
	low = inb(PIT_COUNTER_2);
	return 0xffff - (low | inb(PIT_COUNTER_2) << 8);
}

/* Mode 0 from 0xffff: runs on through 0. Both halves, binary. */
static bool pit_find(struct reference *reference)
{
	outb((inb(PIT_GATE) & ~3) | 1, PIT_GATE);
	outb(0xb0, PIT_COMMAND);
	outb(0xff, PIT_COUNTER_2);
	outb(0xff, PIT_COUNTER_2);
	*reference = (struct reference){ "PIT", PIT_HZ, 0xffff, pit_read };
	return true;
}

unsigned int clocks_find(struct reference references[NR_REFERENCES])
{
	unsigned int nr = 0;

	nr += hpet_find(&references[nr]);
	nr += pm_find(&references[nr]);
	nr += pit_find(&references[nr]);
	return nr;
}
