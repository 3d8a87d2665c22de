/* SPDX-License-Identifier: MIT */
/*
 * Memory modules that are plugged in, and asked back, while the machine runs: QEMU's
 * (docs/specs/acpi_mem_hotplug of QEMU).
 *
 * How memory comes to a PC is told by methods in ACPI's DSDT, for which one needs an interpreter.
 * What QEMU's methods do is documented, and is a few registers:
 *
 *	0xa00	 read		   write
 *	 +0	 address, 8 bytes  +0 the slot that all else is about
 *	 +8	 size, 8 bytes	   +4 an event, and +8 what became of it: for who asked
 *	 +16	 proximity domain
 *	 +20	 status		   +20 what has been seen; or let the module go
 *
 * A real machine may have anything there. So these ports are touched only where the firmware's
 * tables are QEMU's (the FADT says BOCHS), and the SRAT has ranges for memory to come.
 *
 * Slots are looked at when ACPI's general-purpose event 3 has happened. No interrupt is asked for:
 * that would be the one that all of ACPI shares, with what firmware expects of its handler. The
 * thread "memhotplug" looks at the event's status bit once a second.
 *
 * A module whose address or size is not made of whole sections is used as far as it is. What is to
 * go is taken offline and let go; if it is in use it stays, and QEMU is told.
 *
 * Locks: none, the thread alone does it. Costs: one port read a second, where there are slots.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/memory_hotplug.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <kernel/boot.h>
#include <quarry/config.h>

#include "acpi.h"
#include "arch.h"
#include "fadt.h"
#include "io.h"
#include "nodes.h"

enum {
	DIMM_BASE = 0xa00, DIMM_SLOT = 0xa00, DIMM_SIZE = 0xa08, DIMM_DOMAIN = 0xa10,
	DIMM_STATUS = 0xa14, DIMM_OST_EVENT = 0xa04, DIMM_OST_STATUS = 0xa08,
};
/* Of the status. Written, the events are forgotten, and the last lets the module go. */
enum { ENABLED = 1, INSERTED = 2, WANTED_BACK = 4, EJECT = 8 };
/* ACPI 6.5, 6.3.5: of _OST */
enum { OST_EJECT = 3, OST_SUCCESS = 0, OST_FAILURE = 1, OST_BUSY = 0x81 };

#define MAX_SLOTS 256		/* QEMU has no more */
#define EVENT	  (1 << 3)	/* general-purpose event 3 */
#define SECTION	  (1ULL << SECTION_SHIFT)

static u16 event_port;
static struct dimm {
	u64 start, size;	/* as added; 0 bytes: nothing is */
} dimms[MAX_SLOTS];

/* Are the firmware's tables QEMU's? */
static bool is_qemu(const u8 *fadt, u32 length)
{
	enum { OEM_ID = 10, OEM_TABLE_ID = 16 };

	return length >= OEM_TABLE_ID + 8 && !memcmp(fadt + OEM_ID, "BOCHS ", 6) &&
	       !memcmp(fadt + OEM_TABLE_ID, "BXPC    ", 8);
}

u64 dimm_hotplug_end(void)
{
	u32 length;
	const u8 *fadt = acpi_find("FACP", &length);
	u64 end = min(nodes_hotplug_end(), memory_limit());
	const char *why;

	if (!end || !fadt || !is_qemu(fadt, length))
		return 0;
	why = fadt_gpe_status(fadt, length, &event_port);
	if (why)
		pr_warn("dimm: the FADT: %s: no memory can be plugged in\n", why);
	return why ? 0 : end;
}

static u64 read_long(u16 port)
{
	u64 low = inl(port);

	return low | (u64)inl(port + 4) << 32;
}

/* The slot is selected. What of the module cannot be used is said once. */
static void plug(unsigned int slot)
{
	u64 base = read_long(DIMM_BASE), size = read_long(DIMM_SIZE);
	u64 start = ALIGN(base, SECTION), end = ALIGN_DOWN(base + size, SECTION);
	int nid = nodes_of_domain(inl(DIMM_DOMAIN)), err = -EINVAL;

	if (end > start)
		err = add_memory(nid, start, end - start, MHP_NONE);
	if (err)
		pr_warn("dimm: slot %u, %llu KiB at %#llx: not used, error %d\n", slot, size >> 10,
			base, err);
	else
		pr_info("dimm: slot %u, %llu KiB at %#llx, node %d: %llu KiB used\n", slot,
			size >> 10, base, nid, (end - start) >> 10);
	dimms[slot] = (struct dimm){ start, err ? 0 : end - start };
	outb(INSERTED, DIMM_STATUS);
}

/* The slot is selected. */
static void unplug(unsigned int slot)
{
	struct dimm *dimm = &dimms[slot];
	int err = dimm->size ? offline_and_remove_memory(dimm->start, dimm->size) : 0;

	outb(WANTED_BACK, DIMM_STATUS);
	outl(OST_EJECT, DIMM_OST_EVENT);
	if (err) {
		outl(err == -EBUSY ? OST_BUSY : OST_FAILURE, DIMM_OST_STATUS);
		pr_warn("dimm: slot %u is wanted back: it stays, error %d\n", slot, err);
		return;
	}
	outl(OST_SUCCESS, DIMM_OST_STATUS);
	outb(EJECT, DIMM_STATUS);
	dimm->size = 0;
	pr_info("dimm: slot %u: gone\n", slot);
}

/* `all`: also what was plugged in before anybody looked. */
static void look_at_slots(bool all)
{
	for (unsigned int slot = 0; slot < MAX_SLOTS; slot++) {
		u8 status;

		outl(slot, DIMM_SLOT);
		status = inb(DIMM_STATUS);
		if (!(status & ENABLED))
			continue;
		if (!dimms[slot].size && (all || (status & INSERTED)))
			plug(slot);
		if (status & WANTED_BACK)
			unplug(slot);
	}
}

static int watch(void *unused)
{
	outb(EVENT, event_port);	/* first: what comes from now on is seen, or comes again */
	look_at_slots(true);
	while (!kthread_should_stop()) {
		schedule_timeout_interruptible(HZ);
		if (!(inb(event_port) & EVENT))
			continue;
		outb(EVENT, event_port);
		look_at_slots(false);
	}
	return 0;
}

void dimm_init(void)
{
	memhp_read_option();
	if (event_port && IS_ERR(kthread_run(watch, NULL, "memhotplug")))
		pr_warn("dimm: no memory for a thread: nothing can be plugged in\n");
}
