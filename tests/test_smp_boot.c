/* SPDX-License-Identifier: MIT */
/*
 * The other CPUs of the bare machine: that each is set up as the first, on stacks and tables
 * of its own, with one time; that interrupts of every kind reach it; and that one which
 * nobody asked for stays out.
 *
 * Most cases ask each CPU in turn, in an interrupt there, and compare what it says. With one
 * CPU they still look at that one.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>
#include <arch/x86_64/apic.h>
#include <arch/x86_64/arch.h>
#include <arch/x86_64/io.h>
#include <arch/x86_64/msr.h>
#include <arch/x86_64/pgtable.h>
#include <arch/x86_64/traps.h>
#include <kernel/cpu.h>
#include <quarry/port.h>
#include <quarry/rseq.h>
#include <tests/probe.h>
#include <tests/selftest.h>

#define MAX_WAIT_MS 2000

struct pointer {
	u16 limit;
	u64 base;
} __packed;

/* What a CPU says of itself. */
struct words {
	unsigned int number;
	unsigned long gs_base, cr0, cr3, cr4;
	u64 efer, pat;
	struct pointer gdt, idt;
	u16 task;
	const char *stack_name;
	unsigned long stack_low, stack_high;
	bool stack_readable, guard_writable, stack_known_as_overflowed;
	u32 apic_id;
};

static bool writable(unsigned long va)
{
	return probe_write((void *)va, 0);
}

static bool readable(unsigned long va)
{
	u8 byte;

	return probe_read((const void *)va, &byte);
}

static void say(void *info)
{
	struct words *w = info;

	w->number = smp_processor_id();
	w->gs_base = rdmsr(MSR_GS_BASE);
	w->cr0 = read_cr0();
	w->cr3 = read_cr3();
	w->cr4 = read_cr4();
	w->efer = rdmsr(MSR_EFER);
	w->pat = cpu.pat ? rdmsr(MSR_PAT) : 0;
	__asm__ __volatile__("sgdt %0" : "=m"(w->gdt));
	__asm__ __volatile__("sidt %0" : "=m"(w->idt));
	__asm__ __volatile__("str %0" : "=m"(w->task));
	w->stack_name = stack_find((unsigned long)__builtin_frame_address(0), &w->stack_low,
				   &w->stack_high);
	w->stack_readable = readable(w->stack_low);
	w->guard_writable = writable(w->stack_low - 1) || writable(w->stack_low - PAGE_BYTES);
	w->stack_known_as_overflowed = stack_overflowed(w->stack_low - 8);
	w->apic_id = apic_id(&apic);
}

static bool ask(unsigned int cpu, struct words *words)
{
	return CHECK(!smp_call_function_single(cpu, say, words, 1)) &&
	       CHECK_EQ(words->number, cpu);
}

SELFTEST(smp_boot, each_cpu_is_itself)
{
	struct words words;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		REQUIRE(ask(cpu, &words));
		CHECK_EQ(words.gs_base, per_cpu_offset[cpu]);
		CHECK_EQ(words.apic_id, cpu_apic_ids[cpu]);
		CHECK(cpu_is_running(cpu));
	}
}

SELFTEST(smp_boot, protections_are_the_same)
{
	struct words first, other;
	unsigned int cpu;

	REQUIRE(ask(0, &first));
	for_each_online_cpu(cpu) {
		REQUIRE(ask(cpu, &other));
		CHECK_EQ(other.cr0, first.cr0);
		CHECK_EQ(other.cr3, first.cr3);
		CHECK_EQ(other.cr4, first.cr4);
		CHECK_EQ(other.efer, first.efer);
		CHECK_EQ(other.pat, first.pat);
	}
	CHECK_EQ(first.cr3, paging_root());
	CHECK_EQ(!!(first.cr4 & CR4_LA57), la57_is_on());
	CHECK_EQ(port_vmalloc_base < HALF_BASE, la57_is_on());
	CHECK_EQ(paging_check_wx(), 0);
}

SELFTEST(smp_boot, tables)
{
	struct words first, other;
	unsigned int cpu;

	REQUIRE(ask(0, &first));
	for_each_online_cpu(cpu) {
		REQUIRE(ask(cpu, &other));
		CHECK_EQ(other.gdt.base, first.gdt.base + per_cpu_offset[cpu]);
		CHECK_EQ(other.idt.base, first.idt.base);
		CHECK_EQ(other.idt.limit, NR_VECTORS * 16 - 1);
		CHECK_EQ(other.task, KERNEL_TSS);
	}
}

SELFTEST(smp_boot, each_cpu_runs_on_a_stack_with_a_guard_page)
{
	struct words words;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		REQUIRE(ask(cpu, &words));
		CHECK(words.stack_name);
		CHECK_EQ(words.stack_high - words.stack_low, STACK_SIZE);
		CHECK(words.stack_readable);
		CHECK(!words.guard_writable);
		CHECK(words.stack_known_as_overflowed);
	}
}

/* Of NMI, double fault and machine check: no two CPUs share one, each has its guard page. */
SELFTEST(smp_boot, stacks_of_traps)
{
	unsigned int cpu, other, i, k;

	for_each_online_cpu(cpu) {
		for (i = 1; i < NR_STACKS; i++) {
			unsigned long top = cpu_stack_top(cpu, i), low = top - STACK_SIZE;

			REQUIRE(top);
			CHECK(readable(top - 1) && readable(low));
			CHECK(!readable(low - 1) && !readable(low - PAGE_BYTES));
			CHECK(stack_overflowed(low - 8));
			for_each_online_cpu(other)
				for (k = 1; k < NR_STACKS; k++)
					CHECK_EQ(cpu_stack_top(other, k) == top,
						 other == cpu && k == i);
		}
	}
}

static void check_time(void *last)
{
	u64 now = arch_ktime_ns();

	CHECK(now >= *(u64 *)last);
	*(u64 *)last = now;
}

/* From CPU to CPU, round and round: never backwards. */
SELFTEST(smp_boot, time_is_one)
{
	unsigned int cpu, round;
	u64 last = 0;

	for (round = 0; round < 20; round++)
		for_each_online_cpu(cpu)
			CHECK(!smp_call_function_single(cpu, check_time, &last, 1));
	check_time(&last);
}

static int sleep_here(void *info)
{
	unsigned long *slept_ns = info;
	u64 start = arch_ktime_ns();

	msleep(5);
	*slept_ns = arch_ktime_ns() - start;
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

SELFTEST(smp_boot, timers_interrupt_every_cpu)
{
	unsigned long before, slept_ns = 0;
	struct task_struct *task;
	unsigned int cpu, ms;

	for_each_online_cpu(cpu) {
		before = timer_count(cpu);
		slept_ns = 0;
		task = kthread_run_on_cpu(sleep_here, &slept_ns, cpu, "sleep/%u");
		REQUIRE(!IS_ERR(task));
		for (ms = 0; ms < MAX_WAIT_MS && !READ_ONCE(slept_ns); ms++)
			msleep(1);
		kthread_stop(task);
		CHECK(slept_ns >= 5000000);
		CHECK(timer_count(cpu) > before);
	}
}

SELFTEST(smp_boot, nmis_reach_every_cpu)
{
	unsigned long before;
	unsigned int cpu, ms;

	for_each_online_cpu(cpu) {
		before = nmi_count(cpu);
		CHECK(apic_send_to(cpu, APIC_NMI, 0));
		for (ms = 0; ms < MAX_WAIT_MS && nmi_count(cpu) == before; ms++)
			mdelay(1);
		CHECK(nmi_count(cpu) > before);
	}
}

/* An NMI between STI and HLT lets an interrupt in; a CPU that halted then would miss its news. */
SELFTEST(smp_boot, who_is_interrupted_before_it_halts_does_not_halt)
{
	extern const u8 cpu_idle_halt[];
	unsigned long halt = (unsigned long)cpu_idle_halt;

	CHECK_EQ(cpu_idle_halt[0], 0xf4);
	CHECK_EQ(rseq_rewind(halt), halt + 1);
	CHECK_EQ(rseq_rewind(halt + 1), halt + 1);
}

#define PIT_COUNTER_0 0x40
#define PIT_COMMAND   0x43
#define PIT_PERIOD    11932		/* a hundredth of a second */
#define PIT_WANTED    3

static atomic_t pit_interrupts;
static unsigned int pit_in_interrupt;

static irqreturn_t pit_handler(int irq, void *dev_id)
{
	pit_in_interrupt += in_interrupt() && irqs_disabled() && dev_id == &pit_interrupts;
	atomic_inc(&pit_interrupts);
	return IRQ_HANDLED;
}

/* Counter 0: mode 2, again and again; or mode 0 without a count, which never ends. */
static void pit_start(void)
{
	outb(0x34, PIT_COMMAND);
	outb(PIT_PERIOD & 0xff, PIT_COUNTER_0);
	outb(PIT_PERIOD >> 8, PIT_COUNTER_0);
}

static void pit_stop(void)
{
	outb(0x30, PIT_COMMAND);
}

static unsigned int pit_count(void)
{
	unsigned int low;

	outb(0x00, PIT_COMMAND);		/* latch counter 0 */
	low = inb(PIT_COUNTER_0);
	return low | inb(PIT_COUNTER_0) << 8;
}

/* Machines come without one, or with one that is dead. */
static bool pit_runs(void)
{
	unsigned int before;

	pit_start();
	before = pit_count();
	mdelay(1);
	pit_stop();
	return pit_count() != before;
}

SELFTEST(smp_boot, a_device_interrupts_through_the_ioapic)
{
	unsigned int line = isa_line(0), ms;
	int got;

	if (line >= arch_nr_irqs())
		SKIP("there is no I/O APIC with the timer's line");
	if (!pit_runs())
		SKIP("this machine has no PIT, or a dead one");
	atomic_set(&pit_interrupts, 0);
	pit_in_interrupt = 0;
	REQUIRE(!request_irq(line, pit_handler, 0, "pit", &pit_interrupts));
	pit_start();
	for (ms = 0; ms < MAX_WAIT_MS && atomic_read(&pit_interrupts) < PIT_WANTED; ms++)
		msleep(1);
	disable_irq(line);
	got = atomic_read(&pit_interrupts);
	msleep(30);
	CHECK_EQ(atomic_read(&pit_interrupts), got);	/* masked: none comes */
	enable_irq(line);
	for (ms = 0; ms < MAX_WAIT_MS && atomic_read(&pit_interrupts) == got; ms++)
		msleep(1);
	pit_stop();
	CHECK(free_irq(line, &pit_interrupts));
	if (!got && !line)
		SKIP("the firmware does not say which line the PIT is wired to");
	CHECK(got >= PIT_WANTED);
	CHECK(atomic_read(&pit_interrupts) > got);
	CHECK_EQ(pit_in_interrupt, atomic_read(&pit_interrupts));
}

SELFTEST(smp_boot, lines_that_are_not_there)
{
	CHECK(arch_irq_unmask(arch_nr_irqs(), 0, false) == -ENODEV);
	CHECK(arch_irq_unmask(~0U, 0, true) == -ENODEV);
	arch_irq_mask(arch_nr_irqs());
}

/* A CPU that comes up too late, or uninvited, halts before it touches anything. */
SELFTEST(smp_boot, an_uninvited_cpu_stays_out)
{
	unsigned int before = cpus_refused(), cpu, ms;

	for (cpu = 1; cpu < arch_nr_cpus(); cpu++)
		if (!per_cpu_offset[cpu])
			break;
	if (cpu >= arch_nr_cpus())
		SKIP("every CPU that is said to be here was invited");
	REQUIRE(cpu_wake(cpu));
	for (ms = 0; ms < MAX_WAIT_MS && cpus_refused() == before; ms++)
		msleep(1);
	CHECK_EQ(cpus_refused(), before + 1);
	CHECK(!cpu_is_running(cpu) && !cpu_online(cpu));
}

struct look {
	unsigned long va;
	bool seen;
	u8 value;
};

static void look(void *info)
{
	struct look *l = info;

	l->seen = probe_read((const void *)l->va, &l->value);
}

/* Each CPU reads a page; it is taken away; none of them may remember it. */
SELFTEST(smp_boot, every_cpu_forgets_a_mapping)
{
	static const u8 page[PAGE_BYTES] __aligned(PAGE_BYTES) = { 77 };
	const void *va = arch_map_device(image_phys(page), PAGE_BYTES, ARCH_MAP_RO);
	struct look l = { .va = (unsigned long)va };
	unsigned int cpu;

	REQUIRE(va);
	for_each_online_cpu(cpu) {
		CHECK(!smp_call_function_single(cpu, look, &l, 1));
		CHECK(l.seen && l.value == 77);
	}
	arch_unmap_device(va, PAGE_BYTES);
	for_each_online_cpu(cpu) {
		CHECK(!smp_call_function_single(cpu, look, &l, 1));
		CHECK(!l.seen);
	}
}

SELFTEST(smp_boot, stacks_are_used_again)
{
	SKIP_WITH_KASAN();
	void *stacks[8], *again;
	unsigned long idle, i;

	for (i = 0; i < ARRAY_SIZE(stacks); i++) {
		stacks[i] = arch_stack_alloc();
		REQUIRE(stacks[i]);
		CHECK(writable((unsigned long)stacks[i]));
		CHECK(writable((unsigned long)stacks[i] + THREAD_STACK_SIZE - 1));
		CHECK(!readable((unsigned long)stacks[i] - 1));
		CHECK(stack_overflowed((unsigned long)stacks[i] - 8));
	}
	idle = arch_stack_pool_pages();
	for (i = 0; i < ARRAY_SIZE(stacks); i++)
		arch_stack_free(stacks[i]);
	arch_stack_free(NULL);
	CHECK_EQ(arch_stack_pool_pages(), idle + ARRAY_SIZE(stacks) * 4);
	again = arch_stack_alloc();
	CHECK(again == stacks[ARRAY_SIZE(stacks) - 1]);
	arch_stack_free(again);
}

SELFTEST(ioapic, a_line_tells_of_interrupts_as_the_driver_says)
{
	static const struct {
		unsigned long flags;
		u16 override;
		bool pci;
		u32 mode;
	} lines[] = {
		{ 0, 0, false, 0 },
		{ 0, 0, true, ENTRY_LEVEL | ENTRY_LOW },
		{ IRQF_SHARED, 0, false, ENTRY_LEVEL | ENTRY_LOW },
		{ IRQF_TRIGGER_HIGH, 0, false, ENTRY_LEVEL },
		{ IRQF_TRIGGER_LOW, 0, false, ENTRY_LEVEL | ENTRY_LOW },
		{ IRQF_TRIGGER_RISING, 0, true, 0 },
		{ IRQF_TRIGGER_FALLING, 0, false, ENTRY_LOW },
		{ IRQF_TRIGGER_HIGH | IRQF_SHARED, 0, true, ENTRY_LEVEL },
		{ IRQF_SHARED, 0xd, true, ENTRY_LEVEL },		/* level, active high */
		{ 0, 0xf, false, ENTRY_LEVEL | ENTRY_LOW },
		{ 0, 0x5, true, 0 },					/* edge, active high */
		{ IRQF_TRIGGER_LOW, 0x5, false, ENTRY_LEVEL | ENTRY_LOW },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++)
		CHECK_EQ(line_mode(lines[i].flags, lines[i].override, lines[i].pci), lines[i].mode);
}
