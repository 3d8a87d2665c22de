/* SPDX-License-Identifier: MIT */
/*
 * Programming a local APIC, whichever way its registers are reached (Intel SDM volume 3,
 * chapter 10; AMD APM volume 2, chapter 16).
 *
 * xAPIC: 32-bit registers in memory, 16 bytes apart. x2APIC: the same registers as MSRs, with
 * these differences, all of them here:
 *
 *	id		all 32 bits, not the upper 8
 *	command		one 64-bit write, the destination in the upper half, and no pending bit:
 *			in memory the destination is written first, the lower half sends
 *	end of interrupt  only 0 may be written
 *	APIC_DFR, APIC_COMMAND_HIGH  do not exist: a write is a general protection fault
 *	ordering	such a WRMSR does not wait for earlier stores, but an interrupt sent
 *			must not overtake what the receiver is to read: msr_write() has the
 *			fence, which the deadline needs too, written after the timer's mode
 *
 * Every CPU sees its own registers at the same place, so no locks; but a command is two
 * writes in memory, so interrupts are off there. Waits are bounded by a count.
 */
#include <linux/kernel.h>
#include <quarry/port.h>

#include "arch/x86_64/apic.h"

#define MAX_PENDING_TURNS 100000	/* delivery takes microseconds at most */
#define ISR_WORDS	  8

static u32 msr_of(enum apic_register reg)
{
	return MSR_X2APIC + reg / 16;
}

u32 apic_read(const struct apic *apic, enum apic_register reg)
{
	return apic->x2apic ? (u32)apic->msr_read(msr_of(reg)) : apic->mem_read(reg);
}

void apic_write(const struct apic *apic, enum apic_register reg, u32 value)
{
	if (apic->x2apic)
		apic->msr_write(msr_of(reg), value);
	else
		apic->mem_write(reg, value);
}

void apic_enable(struct apic *apic)
{
	u64 base = apic->msr_read(MSR_APIC_BASE), want = base | APIC_BASE_ENABLED;

	/* From off to x2APIC leads only through xAPIC. */
	if (!(base & APIC_BASE_ENABLED))
		apic->msr_write(MSR_APIC_BASE, want);
	if (apic->x2apic && !(base & APIC_BASE_X2APIC))
		apic->msr_write(MSR_APIC_BASE, want | APIC_BASE_X2APIC);
	apic->x2apic |= !!(base & APIC_BASE_X2APIC);
}

u32 apic_id(const struct apic *apic)
{
	u32 id = apic_read(apic, APIC_ID);

	return apic->x2apic ? id : id >> 24;
}

/* An interrupt that firmware, or whoever ran before us, never ended would block its class. */
static void end_all(const struct apic *apic)
{
	unsigned int turns, word;
	u32 in_service = 1;

	for (turns = 0; turns < 32 * ISR_WORDS && in_service; turns++) {
		in_service = 0;
		for (word = 0; word < ISR_WORDS; word++)
			in_service |= apic_read(apic, APIC_ISR + 0x10 * word);
		if (in_service)
			apic_eoi(apic);
	}
}

void apic_setup(const struct apic *apic, unsigned int nmi_lints)
{
	unsigned int last_lvt = (apic_read(apic, APIC_VERSION) >> 16) & 0xff;

	apic_write(apic, APIC_TPR, 0);
	apic_write(apic, APIC_SPURIOUS, APIC_ENABLED | VECTOR_SPURIOUS);
	apic_write(apic, APIC_LVT_TIMER, APIC_MASKED | VECTOR_TIMER);
	apic_write(apic, APIC_LVT_LINT0, nmi_lints & 1 ? APIC_NMI : APIC_MASKED);
	apic_write(apic, APIC_LVT_LINT1, nmi_lints & 2 ? APIC_NMI : APIC_MASKED);
	if (last_lvt >= 4)
		apic_write(apic, APIC_LVT_COUNTER, APIC_MASKED);
	end_all(apic);
	apic_errors(apic);
	apic_write(apic, APIC_LVT_ERROR, VECTOR_ERROR);
}

static bool command_is_free(const struct apic *apic)
{
	unsigned int turns;

	for (turns = 0; turns < MAX_PENDING_TURNS; turns++) {
		if (!(apic_read(apic, APIC_COMMAND) & APIC_PENDING))
			return true;
		port_relax();
	}
	return false;
}

bool apic_send(const struct apic *apic, u32 apic_id, u32 kind, u8 vector)
{
	u32 command = kind | APIC_ASSERT | vector;

	if (apic->x2apic) {
		apic->msr_write(msr_of(APIC_COMMAND), (u64)apic_id << 32 | command);
		return true;
	}
	if (!command_is_free(apic))
		return false;
	apic_write(apic, APIC_COMMAND_HIGH, apic_id << 24);
	apic_write(apic, APIC_COMMAND, command);
	return true;
}

void apic_send_self(const struct apic *apic, u8 vector)
{
	u32 command = APIC_SELF | APIC_FIXED | APIC_ASSERT | vector;

	if (apic->x2apic)
		apic->msr_write(msr_of(APIC_COMMAND), command);
	else if (command_is_free(apic))
		apic_write(apic, APIC_COMMAND, command);
}

void apic_eoi(const struct apic *apic)
{
	apic_write(apic, APIC_EOI, 0);
}

bool apic_in_service(const struct apic *apic, u8 vector)
{
	return apic_read(apic, APIC_ISR + 0x10 * (vector / 32)) >> (vector % 32) & 1;
}

u32 apic_errors(const struct apic *apic)
{
	apic_write(apic, APIC_ERROR, 0);	/* latches what there is, and starts anew */
	return apic_read(apic, APIC_ERROR);
}

void apic_timer_setup(const struct apic *apic, bool deadline)
{
	apic_write(apic, APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	apic_write(apic, APIC_LVT_TIMER, VECTOR_TIMER | (deadline ? APIC_TIMER_DEADLINE : 0));
}

void apic_timer_count(const struct apic *apic, u32 count)
{
	apic_write(apic, APIC_TIMER_START, count);
}

void apic_timer_deadline(const struct apic *apic, u64 deadline)
{
	apic->msr_write(MSR_TSC_DEADLINE, deadline);
}
