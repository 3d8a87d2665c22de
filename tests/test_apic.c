/* SPDX-License-Identifier: MIT */
/*
 * Programming a local APIC, against a model of its registers, in both ways that they are
 * reached. The model knows what a real one refuses: registers that x2APIC does not have,
 * an end of interrupt that is not 0, the way from x2APIC back, a command while one is
 * pending. The emulator has no x2APIC, so this is all that this path has been through.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <arch/x86_64/apic.h>
#include <arch/x86_64/clock.h>
#include <tests/selftest.h>

static struct {
	u64 base;
	u32 regs[64];			/* by offset / 16 */
	u32 id;
	u32 in_service[8];
	u64 deadline;
	unsigned int refused;		/* accesses that a real one answers with a fault */
	unsigned int mem_accesses, msr_accesses;
	unsigned int pending_turns;	/* how long a command is pending */
	bool stuck;
	unsigned int nr_sent, nr_eoi, nr_latched;
	u32 sent_to, sent;
	u32 errors;
} model;

static bool x2(void)
{
	return model.base & APIC_BASE_X2APIC;
}

static u32 model_read(u32 offset)
{
	if (offset == APIC_ID)
		return x2() ? model.id : model.id << 24;
	if (offset == APIC_VERSION)
		return 5 << 16 | 0x15;
	if (offset >= APIC_ISR && offset < APIC_ISR + 0x80)
		return model.in_service[(offset - APIC_ISR) / 16];
	if (offset == APIC_COMMAND && !x2() && (model.stuck || model.pending_turns)) {
		model.pending_turns -= !!model.pending_turns;
		return model.regs[offset / 16] | APIC_PENDING;
	}
	return model.regs[offset / 16];
}

/* Ends the highest that is in service. */
static void model_eoi(u32 value)
{
	int i;

	model.refused += x2() && value;
	model.nr_eoi++;
	for (i = 7; i >= 0; i--) {
		if (model.in_service[i]) {
			model.in_service[i] &= ~(1U << (31 - __builtin_clz(model.in_service[i])));
			return;
		}
	}
}

static void model_write(u32 offset, u32 value)
{
	switch (offset) {
	case APIC_EOI:
		model_eoi(value);
		return;
	case APIC_ID:
	case APIC_LDR:
	case APIC_DFR:
		model.refused += x2();
		break;
	case APIC_VERSION:
	case APIC_TIMER_NOW:
		model.refused++;
		return;
	case APIC_ERROR:
		model.refused += x2() && value;
		model.regs[offset / 16] = model.errors;
		model.errors = 0;
		model.nr_latched++;
		return;
	case APIC_COMMAND:
		model.nr_sent++;
		model.sent_to = model.regs[APIC_COMMAND_HIGH / 16] >> 24;
		model.sent = value;
		model.refused += model.pending_turns || model.stuck;
		break;
	case APIC_LVT_COUNTER:
	case APIC_LVT_ERROR:
	case APIC_LVT_LINT0:
	case APIC_LVT_LINT1:
	case APIC_LVT_TIMER:
		/* While the APIC is off by software, a mask cannot be taken away. */
		if (!(model.regs[APIC_SPURIOUS / 16] & APIC_ENABLED))
			value |= APIC_MASKED;
		break;
	}
	model.regs[offset / 16] = value;
}

static u32 mem_read(u32 offset)
{
	model.mem_accesses++;
	model.refused += x2() || offset % 16 || offset >= 0x400;
	return model_read(offset);
}

static void mem_write(u32 offset, u32 value)
{
	model.mem_accesses++;
	model.refused += x2() || offset % 16 || offset >= 0x400;
	model_write(offset, value);
}

static u64 msr_read(u32 msr)
{
	if (msr == MSR_APIC_BASE)
		return model.base;
	model.msr_accesses++;
	model.refused += !x2() || msr < MSR_X2APIC || msr >= MSR_X2APIC + 0x40 ||
			 msr == MSR_X2APIC + APIC_DFR / 16 ||
			 msr == MSR_X2APIC + APIC_COMMAND_HIGH / 16 ||
			 msr == MSR_X2APIC + APIC_EOI / 16;
	return model_read((msr - MSR_X2APIC) * 16);
}

static void base_write(u64 value)
{
	bool was_x2 = x2(), was_on = model.base & APIC_BASE_ENABLED;
	bool will_x2 = value & APIC_BASE_X2APIC, will_on = value & APIC_BASE_ENABLED;

	/* The ways between off, xAPIC and x2APIC that there are. */
	model.refused += (was_x2 && !will_x2) || (will_x2 && (!was_on || !will_on));
	model.base = value;
}

static void msr_write(u32 msr, u64 value)
{
	u32 offset = (msr - MSR_X2APIC) * 16;

	if (msr == MSR_APIC_BASE) {
		base_write(value);
		return;
	}
	if (msr == MSR_TSC_DEADLINE) {
		model.deadline = value;
		return;
	}
	model.msr_accesses++;
	model.refused += !x2() || msr < MSR_X2APIC || msr >= MSR_X2APIC + 0x40;
	if (offset == APIC_DFR || offset == APIC_COMMAND_HIGH)
		model.refused++;
	if (offset == APIC_COMMAND) {
		model.nr_sent++;
		model.sent_to = value >> 32;
		model.sent = value;
		return;
	}
	model.refused += value >> 32 != 0;
	model_write(offset, value);
}

static struct apic begin(u64 base, u32 id, bool want_x2apic)
{
	memset(&model, 0, sizeof(model));
	model.base = base;
	model.id = id;
	return (struct apic){ want_x2apic, mem_read, mem_write, msr_read, msr_write };
}

#define XAPIC  (0xfee00000 | APIC_BASE_BSP | APIC_BASE_ENABLED)
#define X2APIC (XAPIC | APIC_BASE_X2APIC)
#define OFF    (0xfee00000 | APIC_BASE_BSP)

static void check_enable(u64 base, bool want, u64 end)
{
	struct apic apic = begin(base, 7, want);

	apic_enable(&apic);
	CHECK_EQ(model.base, end);
	CHECK_EQ(apic.x2apic, !!(end & APIC_BASE_X2APIC));
	CHECK_EQ(apic_id(&apic), 7);
	CHECK_EQ(model.refused, 0);
}

SELFTEST(apic, enable)
{
	check_enable(XAPIC, false, XAPIC);
	check_enable(OFF, false, XAPIC);
	check_enable(XAPIC, true, X2APIC);
	check_enable(OFF, true, X2APIC);
	check_enable(X2APIC, true, X2APIC);
	/* Firmware left it on: nobody asked, and it stays. */
	check_enable(X2APIC, false, X2APIC);
}

SELFTEST(apic, wide_ids)
{
	struct apic apic = begin(XAPIC, 0x12345, true);

	apic_enable(&apic);
	CHECK_EQ(apic_id(&apic), 0x12345);
}

static u32 reg(enum apic_register offset)
{
	return model.regs[offset / 16];
}

static void check_setup(u64 base, bool want)
{
	struct apic apic = begin(base, 1, want);

	apic_enable(&apic);
	model.in_service[1] = 0x80000001;	/* left over from whoever was here before */
	model.in_service[7] = 4;
	model.errors = 0x40;
	model.regs[APIC_TPR / 16] = 0xf0;
	apic_setup(&apic, 2);
	CHECK_EQ(model.refused, 0);
	CHECK_EQ(reg(APIC_TPR), 0);
	CHECK_EQ(reg(APIC_SPURIOUS), APIC_ENABLED | VECTOR_SPURIOUS);
	CHECK_EQ(reg(APIC_LVT_LINT0), APIC_MASKED);
	CHECK_EQ(reg(APIC_LVT_LINT1), APIC_NMI);
	CHECK_EQ(reg(APIC_LVT_COUNTER), APIC_MASKED);
	CHECK_EQ(reg(APIC_LVT_ERROR), VECTOR_ERROR);
	CHECK(reg(APIC_LVT_TIMER) & APIC_MASKED);
	CHECK(!memchr_inv(model.in_service, 0, sizeof(model.in_service)));
	CHECK_EQ(model.nr_eoi, 3);
	CHECK_EQ(apic_errors(&apic), 0);
	CHECK_EQ(want ? model.mem_accesses : model.msr_accesses, 0);
}

SELFTEST(apic, setup)
{
	check_setup(XAPIC, false);
	check_setup(OFF, false);
	check_setup(XAPIC, true);
	check_setup(X2APIC, true);
}

/* What can never be ended does not hold up the boot. */
SELFTEST(apic, setup_is_bounded)
{
	struct apic apic = begin(XAPIC, 1, false);

	memset(model.in_service, 0xff, sizeof(model.in_service));
	apic_setup(&apic, 0);
	CHECK_EQ(model.nr_eoi, 256);
	CHECK_EQ(reg(APIC_LVT_LINT1), APIC_MASKED);
}

SELFTEST(apic, send_by_memory)
{
	struct apic apic = begin(XAPIC, 1, false);

	model.pending_turns = 20;
	CHECK(apic_send(&apic, 0xfe, APIC_FIXED, VECTOR_CALL));
	CHECK_EQ(model.nr_sent, 1);
	CHECK_EQ(model.sent_to, 0xfe);
	CHECK_EQ(model.sent, APIC_ASSERT | VECTOR_CALL);
	CHECK(apic_send(&apic, 3, APIC_STARTUP, 0x8f));
	CHECK_EQ(model.sent_to, 3);
	CHECK_EQ(model.sent, APIC_ASSERT | APIC_STARTUP | 0x8f);
	CHECK_EQ(model.refused, 0);
	/* One that never gets away: the next is not sent, and the wait ends. */
	model.stuck = true;
	CHECK(!apic_send(&apic, 4, APIC_FIXED, VECTOR_CALL));
	CHECK_EQ(model.nr_sent, 2);
	CHECK_EQ(model.refused, 0);
}

SELFTEST(apic, send_by_msr)
{
	struct apic apic = begin(X2APIC, 1, true);

	model.stuck = true;			/* there is no such bit to look at */
	CHECK(apic_send(&apic, 0x12345, APIC_NMI, 0));
	CHECK_EQ(model.nr_sent, 1);
	CHECK_EQ(model.sent_to, 0x12345);
	CHECK_EQ(model.sent, APIC_ASSERT | APIC_NMI);
	CHECK_EQ(model.msr_accesses, 1);	/* one write, both halves */
	CHECK_EQ(model.refused, 0);
}

static void check_service(bool want)
{
	struct apic apic = begin(want ? X2APIC : XAPIC, 1, want);

	model.in_service[VECTOR_TIMER / 32] = 1U << VECTOR_TIMER % 32;
	CHECK(apic_in_service(&apic, VECTOR_TIMER));
	CHECK(!apic_in_service(&apic, VECTOR_TIMER + 1));
	CHECK(!apic_in_service(&apic, VECTOR_TIMER - 32));
	apic_eoi(&apic);
	CHECK(!apic_in_service(&apic, VECTOR_TIMER));
	model.errors = 0x80;
	CHECK_EQ(apic_errors(&apic), 0x80);
	CHECK_EQ(apic_errors(&apic), 0);
	CHECK_EQ(model.nr_latched, 2);
	CHECK_EQ(model.refused, 0);
}

SELFTEST(apic, service_and_errors)
{
	check_service(false);
	check_service(true);
}

static void check_timer(bool want)
{
	struct apic apic = begin(want ? X2APIC : XAPIC, 1, want);

	apic_setup(&apic, 2);
	apic_timer_setup(&apic, false);
	CHECK_EQ(reg(APIC_LVT_TIMER), VECTOR_TIMER);
	CHECK_EQ(reg(APIC_TIMER_DIVIDE), APIC_DIVIDE_BY_1);
	apic_timer_count(&apic, 12345);
	CHECK_EQ(reg(APIC_TIMER_START), 12345);
	apic_timer_setup(&apic, true);
	CHECK_EQ(reg(APIC_LVT_TIMER), VECTOR_TIMER | APIC_TIMER_DEADLINE);
	apic_timer_deadline(&apic, 1ULL << 40);
	CHECK_EQ(model.deadline, 1ULL << 40);
	CHECK_EQ(model.refused, 0);
}

SELFTEST(apic, timer)
{
	check_timer(false);
	check_timer(true);
}
