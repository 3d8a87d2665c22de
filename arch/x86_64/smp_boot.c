/* SPDX-License-Identifier: MIT */
/*
 * Starting further CPUs, each by its own name, one after the other; one that does not come at
 * once is waited for while the next ones are started. Firmware names CPUs that are not there.
 *
 * A CPU that gets INIT and then STARTUP with a page number begins in real mode at that page.
 * What lies there is trampoline.S's first half; it needs a page of RAM below 1 MiB, taken
 * before memory is handed out. Second half and ap_main() are part of the image.
 *
 * The new CPU's state, in its own per-CPU data, is what both sides agree by:
 *
 *	AP_ABSENT -> AP_ASKED -> AP_ARRIVED -> AP_RUNNING
 *	    ^___________|____________|		  given up: it took too long
 *
 * Who asks writes AP_ASKED, and AP_ABSENT when it gives up; the CPU itself takes the two other
 * steps. All but the first are compare-and-exchange, so a CPU that answers late finds that
 * nobody waits, and halts: it has touched nothing but ap_refusals. Its stacks are used again
 * when it is asked again, and INIT has then ended whatever it was doing.
 *
 * Every wait is bounded by time, which works before the first CPU is started. One starter at
 * a time: kernel/smp.c sees to that.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>
#include <quarry/port.h>

#include "apic.h"
#include "arch.h"
#include "clock.h"
#include "msr.h"
#include "pgtable.h"

#define LOWEST		 SZ_4K		/* page 0 is the BIOS's */
#define HIGHEST		 (640 * SZ_1K)
#define MSEC		 1000000ULL	/* in nanoseconds */
#define INIT_WAIT	 (10 * MSEC)	/* what the MP specification asks for */
#define STARTUP_WAIT	 (MSEC / 5)
#define ARRIVAL_SOON	 (20 * MSEC)	/* a CPU that is there needs less than one of these ... */
#define ARRIVAL_WAIT	 (5000 * MSEC)	/* ... but emulators on a busy host are slow */
#define EFER_LONG_MODE	 (1U << 8)

extern u8 trampoline_start[], trampoline_end[], trampoline_fields[];
/* The end of trampoline.S's first half. */
struct trampoline_fields {
	u32 protected_offset, protected_cs;
	u32 long_offset, long_cs;
	u16 gdt_limit;
	u32 gdt_base;
	u16 reserved;
	u32 boot_root, efer, cr4;
} __packed;

/* For trampoline.S, by name. */
u64 ap_root;
u32 ap_refusals;
DEFINE_PER_CPU(u32, ap_state);
DEFINE_PER_CPU(unsigned long, ap_stack);
static DEFINE_PER_CPU(u64, ap_asked_at);
void ap_main(unsigned int cpu) __noreturn;

static phys_addr_t trampoline;		/* 0: there is no place for it */

/* ---- The page ---- */

/* Does the firmware call all of it RAM, and nothing of it anything else? */
static bool firmware_ram(phys_addr_t start, phys_addr_t end)
{
	bool ram = false;
	u64 range_end;
	u32 i;

	for (i = 0; i < boot_info.nr_ranges; i++) {
		const struct boot_range *range = &boot_info.ranges[i];

		range_end = range->start + min(range->size, ~range->start);
		if (range_end <= start || range->start >= end)
			continue;
		if (range->type != BOOT_RAM)
			return false;
		ram |= range->start <= start && range_end >= end;
	}
	return ram;
}

/*
 * A page below 1 MiB that is RAM and nobody's. The first 64 KiB are not handed out, so a page
 * there costs nothing: they come first, from the end that firmware uses least.
 */
static phys_addr_t find_page(void)
{
	phys_addr_t page;

	for (page = SZ_64K - SZ_4K; page >= LOWEST; page -= SZ_4K)
		if (firmware_ram(page, page + SZ_4K) && !memblock_is_reserved(page))
			return page;
	for (page = SZ_64K; page < HIGHEST; page += SZ_4K)
		if (firmware_ram(page, page + SZ_4K) && !memblock_is_reserved(page))
			return page;
	return 0;
}

void trampoline_init(void)
{
	size_t size = trampoline_end - trampoline_start;
	struct trampoline_fields *fields;
	phys_addr_t page = find_page();
	u8 *copy;

	if (!page || memblock_reserve(page, SZ_4K)) {
		pr_warn("smp: no page below 1 MiB to start other CPUs from\n");
		return;
	}
	trampoline = page;
	copy = direct_map(page);
	memcpy(copy, trampoline_start, size);
	fields = (struct trampoline_fields *)(copy + (trampoline_fields - trampoline_start));
	fields->protected_offset += page;
	fields->long_offset += page;
	fields->gdt_base += page;
	fields->boot_root = la57_boot_root();
	fields->cr4 = CR4_PAE | (la57_is_on() ? CR4_LA57 : 0);
	fields->efer = EFER_LONG_MODE | (rdmsr(MSR_EFER) & EFER_NXE);
	ap_root = paging_root();
	per_cpu(ap_state, 0) = AP_RUNNING;
}

/* ---- On the new CPU ---- */

static void __noreturn halt_refused(void)
{
	__atomic_fetch_add(&ap_refusals, 1, __ATOMIC_RELAXED);
	for (;;)
		__asm__ __volatile__("cli; hlt" ::: "memory");
}

static bool state_step(unsigned int cpu, u32 from, u32 to)
{
	return __atomic_compare_exchange_n(&per_cpu(ap_state, cpu), &from, to, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* trampoline.S comes here, interrupts off, on this CPU's idle thread's stack. */
void ap_main(unsigned int cpu)
{
	cpu_tables_load();
	idt_load();
	cpu_init_other();
	if (!apic_init_other(cpu))
		halt_refused();
	time_init_other();
	if (!tsc_sync_other() || !state_step(cpu, AP_ARRIVED, AP_RUNNING))
		halt_refused();
	cpu_main(cpu);
}

/* ---- On the CPU that starts it ---- */

bool cpu_is_running(unsigned int cpu)
{
	return (!cpu || per_cpu_offset[cpu]) && READ_ONCE(per_cpu(ap_state, cpu)) == AP_RUNNING;
}

unsigned int cpus_refused(void)
{
	return READ_ONCE(ap_refusals);
}

/* Until the CPU's state is at least `state`, or time is up. */
static bool wait_for_state(unsigned int cpu, u32 state, u64 ns)
{
	u64 start = arch_ktime_ns();

	while (smp_load_acquire(&per_cpu(ap_state, cpu)) < state) {
		if (arch_ktime_ns() - start > ns)
			return false;
		port_relax();
	}
	return true;
}

static void wait(u64 ns)
{
	u64 start = arch_ktime_ns();

	while (arch_ktime_ns() - start < ns)
		port_relax();
}

bool cpu_wake(unsigned int cpu)
{
	if (!trampoline || !apic_send_to(cpu, APIC_INIT, 0))
		return false;
	wait(INIT_WAIT);
	if (!apic_send_to(cpu, APIC_STARTUP, trampoline / SZ_4K))
		return false;
	wait(STARTUP_WAIT);
	/* The first one may be missed; if it was not, the second does nothing. */
	return apic_send_to(cpu, APIC_STARTUP, trampoline / SZ_4K);
}

static bool make_stacks(unsigned int cpu)
{
	unsigned int i;
	char *stack;

	for (i = 1; i < NR_STACKS; i++) {
		if (cpu_stack_top(cpu, i))
			continue;
		stack = arch_stack_alloc();
		if (!stack)
			return false;
		cpu_stack_set(cpu, i, (unsigned long)stack + STACK_SIZE);
	}
	return true;
}

/* It did not come, or stopped on its way. True if it is running after all. */
static bool give_up(unsigned int cpu)
{
	return !state_step(cpu, AP_ASKED, AP_ABSENT) && !state_step(cpu, AP_ARRIVED, AP_ABSENT);
}

int arch_cpu_start(unsigned int cpu, struct task_struct *idle)
{
	if (!trampoline)
		return -ENODEV;
	if (!make_stacks(cpu))
		return -ENOMEM;
	per_cpu(ap_stack, cpu) = (unsigned long)idle->stack + STACK_SIZE;
	tsc_sync_prepare(cpu);
	per_cpu(ap_asked_at, cpu) = arch_ktime_ns();
	smp_store_release(&per_cpu(ap_state, cpu), AP_ASKED);
	if (cpu_wake(cpu))
		return arch_cpu_wait(cpu, ARRIVAL_SOON);
	return give_up(cpu) ? 0 : -ETIMEDOUT;
}

int arch_cpu_wait(unsigned int cpu, u64 ns)
{
	if (!wait_for_state(cpu, AP_ARRIVED, ns)) {
		if (arch_ktime_ns() - per_cpu(ap_asked_at, cpu) < ARRIVAL_WAIT)
			return -EINPROGRESS;
	} else if (tsc_sync_with(cpu) && wait_for_state(cpu, AP_RUNNING, ARRIVAL_WAIT)) {
		return 0;
	}
	return give_up(cpu) ? 0 : -ETIMEDOUT;
}

void *arch_percpu_pristine(size_t size)
{
	extern char percpu_pristine[];	/* linker.ld: as large as the section */

	return percpu_pristine;
}
