/* SPDX-License-Identifier: MIT */
/* The order of a boot on the bare machine, and its end. */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/timex.h>
#include <linux/topology.h>
#include <quarry/port.h>
#include <quarry/quarry.h>
#include <arch/x86_64/acpi.h>
#include <arch/x86_64/apic.h>
#include <arch/x86_64/arch.h>
#include <arch/x86_64/clock.h>
#include <arch/x86_64/console_hw.h>
#include <arch/x86_64/mce.h>
#include <arch/x86_64/nodes.h>
#include <arch/x86_64/pci.h>
#include <arch/x86_64/pgtable.h>
#include <kernel/boot.h>
#include <kernel/console.h>
#include <kernel/cpu.h>
#include <kernel/kernel.h>
#include <kernel/memmap.h>
#include <kernel/watchdog.h>
#include <tests/bench/run.h>
#include <tests/selftest.h>

static void start_memory(void)
{
	struct quarry_options options = {
		.highmem = highmem_wanted(),
		.min_free_kbytes = min_free_wanted(),
		.random = cmdline_flag("nokaslr") ? 0 : arch_entropy(),
		.swiotlb = swiotlb_wanted(), .dma_debug = cmdline_flag("dma_debug"),
		.init_on_alloc = init_on_alloc_asked(), .init_on_free = init_on_free_asked(),
		.guard_orders = guard_orders_wanted(),
		.page_owner = page_owner_asked(), .kmemleak = kmemleak_asked(),
		.slab_debug = slab_debug_wanted(),
		.highmem_floor = image_phys(image_end), .hotplug_end = dimm_hotplug_end(),
	};

	kfence_read_options();
	memtest_read_options();			/* memory is tested on the way, if asked for */
	quarry_plan(&options);			/* nodes and zones from what memblock knows */
	paging_init();				/* the final page tables: W^X, guard pages */
	if (quarry_init())			/* from here on alloc_pages() works */
		panic("not enough memory for the page allocator's own tables");
	pgtable_pages_work();
}

/* What a person looks for at the end. A program looks for the line behind it as well. */
static void print_verdict(unsigned int failed, unsigned int modules, unsigned int modules_failed)
{
	unsigned int planned = selftest_planned();

	if (!planned)
		pr_err("Quarry: no test was run\n");
	else if (failed)
		pr_err("Quarry: %u of %u tests failed\n", failed, planned);
	else if (!modules_failed)
		pr_info("Quarry: all %u tests passed\n", planned);
	if (modules_failed)
		pr_err("Quarry: %u of %u modules failed\n", modules_failed, modules);
}

/* The proof; with `bench=` the figures instead. */
static bool run(void)
{
	unsigned int failed, modules = 0, modules_failed = 0;

	if (bench_asked())
		return bench_rows_run();
	failed = selftest_run();
	if (selftest_planned())
		modules_failed = modules_run(&modules);
	faults_end();
	reports_print(AT_THE_END);
	print_verdict(failed, modules, modules_failed);
	return !failed && !modules_failed;
}

/* boot.S calls this on the boot stack, the first 4 GiB mapped, interrupts off. */
void kernel_main(u32 loader, u32 info)
{
	u64 entered = get_cycles();
	bool good;

	kasan_map_early();			/* KASAN=1: instrumented code may run */
	stack_protector_init(arch_entropy());	/* before the first copy of per-CPU data */
	percpu_init();				/* CPU 0's data kept as the others' pattern */
	traps_init();				/* from here on a fault is a report */
	cpu_init();				/* features found, protections on */
	device_map_init();			/* arch_map_device() works */
	boot_parse(loader, info);		/* the loader's words, copied */
	la57_init();				/* five levels of page tables, where there are */
	kaslr_init();				/* where the data areas lie is decided */
	console_init();				/* serial and screen: the log comes out */
	acpi_init();				/* firmware tables found and checked */
	memory_init();				/* memblock knows RAM and what is taken */
	nodes_init();				/* and which of it is on which node */
	start_memory();				/* the page allocator works */
	bench_note_boot(get_cycles() - entered);
	show_zones();				/* the zones, one line each */
	apic_init();				/* CPUs counted, interrupts can be routed */
	set_cpu_numa_node(0, arch_cpu_to_node(0)); /* this CPU's memory comes from its node */
	time_init();				/* the clock runs */
	jitter_init();				/* jitter: runs that repeat exactly */
	sched_init();				/* this is a thread from here on */
	port_irq_restore(PORT_IRQS_ON);		/* interrupts on, as a running kernel has them */
	smp_start();				/* the other CPUs join */
	if (rcu_init())				/* what readers may look at can be freed later */
		panic("not enough memory for the thread of RCU");
	workqueue_init();			/* functions can be put off to a thread */
	if (quarry_start())			/* memory management has threads of its own */
		panic("not enough memory to start with");
	mce_init();				/* broken memory can be taken out of use */
	watchdog_init();			/* one that stops is named */
	pci_init();				/* devices found, drivers can come */
	dimm_init();				/* memory can be plugged in */
	crash_if_asked();			/* crash=: a fault on purpose */
	reports_print("after the boot");	/* report=: what memory management has to say */
	faults_begin();				/* fault=: allocations that fail on purpose */
	good = run();				/* the proof, or the figures */
	kcov_print();				/* COVERAGE=1: which code ran */
	tap_printf("reboot: System halted\n");
	arch_stop_others();
	arch_exit(good);			/* QEMU ends; a real machine halts */
}
