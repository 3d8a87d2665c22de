/* SPDX-License-Identifier: MIT */
/*
 * The boot of the hosted port, in the order that quarry/port.h asks for. The arguments up to
 * `--`, joined, are the command line, so what the kernel understands works here too; `ram=`,
 * `clean`, `hotplug=`, `timeout=`, `trace=`, `cpus=` and `deaf=` are for this port alone. The
 * others are for what runs then, hosted_work().
 *
 * Exit codes: 0, all tests passed; 1, some failed; 2, the run broke off.
 */
#include <linux/align.h>
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <quarry/port.h>
#include <quarry/quarry.h>

#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/topology.h>

#include "host.h"
#include "hosted.h"
#include "kernel/boot.h"
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/memmap.h"
#include "kernel/watchdog.h"

#define TIME_LIMIT 300		/* seconds, for each unit of scale= */

/* Junk is memory that the host must really have. */
#define JUNK_LIMIT (2ULL << 30)

#define HOTPLUG_DEFAULT (512 * SZ_1M)

/* Taken, as a kernel's image and the firmware's data would be. */
#define LOW_END	    SZ_64K
#define IMAGE_START SZ_16M
#define IMAGE_END   (18 * SZ_1M)

int main(int argc, char **argv);

struct boot_info boot_info = { .protocol = "hosted" };

/*
 * The made-up machine: all four zones, a first range that ends within a page, a hole that
 * is not aligned to pages in the midst of DMA32, and a last range that ends in the midst of
 * a page block.
 */
static const struct boot_range default_map[] = {
	{ 0, 0x9fc00, BOOT_RAM },
	{ 0x9fc00, 0x60400, BOOT_RESERVED },
	{ SZ_1M, 639 * SZ_1M, BOOT_RAM },
	{ 0x14000800, 0x5000, BOOT_ACPI },
	{ SZ_4G, 512 * SZ_1M + 3 * SZ_4K, BOOT_RAM },
};

static const char usage[] =
	"Usage: quarry [OPTION]...  Runs the self-tests of Quarry's mm, prints TAP.\n"
	"  test=GLOB[,GLOB...]  the tests to run, as suite.case\n"
	"  seed=N scale=N       of the random numbers; of the length of long tests\n"
	"  rounds=N jitter      all of it N times; interrupts at times that the seed decides\n"
	"  bench=GLOB           cycles per operation instead of tests (* for all)\n"
	"  tap=ktap             nested KTAP instead of flat TAP\n"
	"  ram=SIZE@START[,...] the RAM of the made-up machine\n"
	"  node=NID:SIZE@START[,...]  gives RAM to nodes; nodecpus=NID:FIRST-LAST[,...]  CPUs\n"
	"  distance=A:B:D[,...] of node B from node A\n"
	"  add=SIZE@START[,...] more RAM, straight to memblock, whatever its alignment\n"
	"  hotplug=SIZE         how much may be added behind the last RAM (default 512M)\n"
	"  clean                RAM starts cleared, not full of junk (above 2 GiB it always does)\n"
	"  highmem=SIZE mem=SIZE memmap=... numa=off  as for the kernel\n"
	"  cpus=N               of the made-up machine, each a thread (default 4)\n"
	"  deaf=N               that CPU answers too late\n"
	"  maxcpus=N nosmp report=NAME[,...]  as for the kernel\n"
	"  memtest=N slab_debug=... fault=... swiotlb=SIZE kfence.sample_interval=N\n"
	"  min_free_kbytes=N dma_debug  as for the kernel, see README.md\n"
	"  trace=FILE           a boot's allocations, to be done again: build/linux-boot.trace\n"
	"  timeout=SECONDS      give up after this long (default 300, 0: never)\n";

/* What this port understands beside the kernel's options; the last ones are the fuzzers'. */
static const char *const own_options[] = {
	"add=", "clean", "cpus=", "deaf=", "distance=", "hotplug=", "node=", "nodecpus=", "ram=",
	"timeout=", "trace=", "fuzz=", "every=", "save=", "verbose", NULL
};

/* Returns how many there are before `--`. */
static int join_arguments(int argc, char **argv)
{
	size_t used = 0;
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		const char *quote = strchr(argv[i], ' ') && !strchr(argv[i], '"') ? "\"" : "";

		used += scnprintf(boot_info.cmdline + used, BOOT_CMDLINE - used, "%s%s%s ",
				  quote, argv[i], quote);
	}
	if (used == BOOT_CMDLINE - 1)
		panic("the command line is too long");
	return i;
}

static void print_usage(void)
{
	host_write(usage, sizeof(usage) - 1);
	host_exit(0);
}

static void add_range(u64 start, u64 size, u32 type)
{
	if (boot_info.nr_ranges == BOOT_MAX_RANGES)
		panic("ram=: too many ranges");
	boot_info.ranges[boot_info.nr_ranges++] = (struct boot_range){ start, size, type };
}

static void parse_ram(const char *text)
{
	do {
		char *end;
		u64 size = memparse(text, &end), start;

		if (end == text || *end != '@')
			panic("ram=%s: SIZE@START is wanted", text);
		text = end + 1;
		start = memparse(text, &end);
		if (end == text || (*end && *end != ','))
			panic("ram=: SIZE@START[,SIZE@START...] is wanted, not %s", text);
		add_range(start, size, BOOT_RAM);
		text = end;
	} while (*text++);
}

/* In place of a module that a boot loader brings. */
const void *hosted_trace(unsigned long *size)
{
	static char path[BOOT_CMDLINE];
	const void *trace;

	if (!cmdline_value("trace", path, sizeof(path)))
		return NULL;
	trace = host_map_file(path, size);
	if (!trace)
		panic("trace=%s cannot be read", path);
	return trace;
}

static void fill_boot_info(void)
{
	static char text[BOOT_CMDLINE];
	unsigned int i;

	if (cmdline_value("ram", text, sizeof(text))) {
		parse_ram(text);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(default_map); i++)
		add_range(default_map[i].start, default_map[i].size, default_map[i].type);
}

static void add_memory(void)
{
	static struct memmap_options options;
	const struct memmap_sink sink = { memblock_add, memblock_remove };

	printk("Command line: %s\n", boot_info.cmdline);
	cmdline_check(own_options);
	printk("Made-up memory map:\n");
	memmap_print(boot_info.ranges, boot_info.nr_ranges);
	memmap_read_options(&options);
	memmap_apply(boot_info.ranges, boot_info.nr_ranges, &options, HOSTED_PHYS_LIMIT, &sink);
	hosted_add_topology();
	memblock_reserve(0, LOW_END);
	memblock_reserve(IMAGE_START, IMAGE_END - IMAGE_START);
	if (!memblock_phys_mem_size())
		panic("there is no RAM");
}

static unsigned int time_limit(void)
{
	u64 seconds, scale;

	if (cmdline_number("timeout", &seconds))
		return min_t(u64, seconds, 1000000);
	if (!cmdline_number("scale", &scale) || !scale)
		scale = 1;
	return TIME_LIMIT * min_t(u64, scale, 1000);
}

/* Real RAM is not born cleared, though an emulator's is: what relies on that fails here. */
static void soil_ram(void)
{
	phys_addr_t start, end;
	unsigned int i;

	if (cmdline_flag("clean") || memblock_phys_mem_size() > JUNK_LIMIT) {
		printk("RAM starts cleared\n");
		return;
	}
	for_each_mem_range(i, &start, &end) {
		start = ALIGN(start, SZ_4K);
		end = ALIGN_DOWN(end, SZ_4K);
		if (start < end && host_ram_soil(start, end - start))
			panic("cannot fill RAM");
	}
}

static void map_direct(void)
{
	phys_addr_t start, end;
	unsigned int i;

	for_each_direct_range(i, &start, &end) {
		int error = hosted_map_direct(start, end);

		if (error)
			panic("cannot map RAM [0x%llx, 0x%llx): %d", start, end, error);
	}
}

/* Memory may be added up to here. */
static phys_addr_t hotplug_end(void)
{
	phys_addr_t end = ALIGN(memblock_end_of_DRAM(), 1ULL << SECTION_SHIFT);
	u64 size = HOTPLUG_DEFAULT;

	cmdline_size("hotplug", &size);
	return end + ALIGN(min_t(u64, size, HOSTED_PHYS_LIMIT - end), 1ULL << SECTION_SHIFT);
}

/* For the order of objects: equal runs are equal, other seeds are other boots. */
static u64 random_number(void)
{
	char text[24];
	u64 seed = 0;

	if (cmdline_flag("nokaslr"))
		return 0;
	if (cmdline_value("seed", text, sizeof(text)) && kstrtou64(text, 0, &seed))
		seed = 0;
	return seed + 1;
}

static void start_mm(void)
{
	struct quarry_options options = {
		.highmem = QUARRY_HIGHMEM_DEFAULT, .highmem_floor = IMAGE_END,
		.min_free_kbytes = min_free_wanted(), .random = random_number(),
		.swiotlb = swiotlb_wanted(), .dma_debug = cmdline_flag("dma_debug"),
		.init_on_alloc = init_on_alloc_asked(), .init_on_free = init_on_free_asked(),
		.guard_orders = guard_orders_wanted(),
		.page_owner = page_owner_asked(), .kmemleak = kmemleak_asked(),
		.slab_debug = slab_debug_wanted(), .hotplug_end = hotplug_end(),
	};

	cmdline_size("highmem", &options.highmem);
	kfence_read_options();
	memtest_read_options();
	quarry_plan(&options);
	map_direct();
	if (quarry_init())
		panic("not enough memory");
	set_cpu_numa_node(0, arch_cpu_to_node(0));
	show_zones();
}

int main(int argc, char **argv)
{
	unsigned int failed;
	int words;

	percpu_init();				/* the other CPUs' copies can be made from ours */
	hosted_open_console();			/* printk() reaches standard output */
	host_symbols_open();			/* backtraces have names */
	words = join_arguments(argc, argv);	/* the command line */
	if (cmdline_flag("--help"))
		print_usage();
	hosted_catch_faults(time_limit());	/* from here on nothing ends in silence */
	fill_boot_info();			/* what a boot loader would tell */
	add_memory();				/* memblock knows RAM and what is taken */
	if (hosted_create_memory(hotplug_end()))
		panic("Linux does not give the address space for this machine's RAM");
	soil_ram();				/* as real RAM is found */
	hosted_cpus_init();			/* this is CPU 0; time, timers and interrupts */
	start_mm();				/* the page allocator works */
	sched_init();				/* this is a thread, CPU 0 has an idle one */
	port_irq_restore(0);			/* interrupts on, as a running kernel has them */
	smp_start();				/* the other CPUs run */
	if (rcu_init())				/* what readers may look at can be freed later */
		panic("not enough memory for the thread of RCU");
	workqueue_init();			/* functions can be put off to a thread */
	if (quarry_start())			/* memory management has threads of its own */
		panic("not enough memory to start with");
	watchdog_init();			/* one that stops is named */
	reports_print("after the boot");
	faults_begin();
	failed = hosted_work(argc - words, argv + words);
	faults_end();
	reports_print(AT_THE_END);
	arch_stop_others();			/* nothing runs while the process ends */
	host_exit(failed ? 1 : 0);
}
