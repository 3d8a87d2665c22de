/* SPDX-License-Identifier: MIT */
/*
 * The benchmark inside Quarry: `bench=GLOB` on the command line runs the rows whose names
 * match instead of the self-tests, in a thread on CPU 0. Each row is a line of the log:
 *
 *	bench: kmalloc-32 alloc=21 free=25 pair=38
 *
 * One row comes from the boot itself: how many cycles lay between the kernel's entry and the
 * page allocator's start, what a page of RAM cost of them, and how many bytes of descriptors
 * the boot has brought to life.
 */
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <quarry/quarry.h>
#include <kernel/boot.h>
#include <kernel/kernel.h>
#ifdef QUARRY_HOSTED
#include "arch/hosted/hosted.h"
#else
#include <arch/x86_64/arch.h>
#endif
#include "mm/internal.h"
#include "bench.h"
#include "run.h"

static u64 boot_cycles;
static char pattern[64];
static bool matched;
static DECLARE_COMPLETION(finished);

void bench_note_boot(u64 cycles)
{
	boot_cycles = cycles;
}

bool bench_asked(void)
{
	return cmdline_has("bench");
}

static unsigned long descriptor_bytes(void)
{
	const struct pageblock *pb;
	unsigned long nr = 0;
	struct zone *zone;

	for_each_zone(zone)
		for_each_block(zone, pb)
			nr += PAGEBLOCK_PAGES;
	return nr * sizeof(struct page);
}

static void report_boot(void)
{
	u64 hundredths = bench_each(boot_cycles * 100, totalram_pages());

	printk("bench: boot insns=%llu insns_per_page_x100=%llu descriptor_bytes=%lu\n",
	       boot_cycles, hundredths, descriptor_bytes());
}

/* `bench=time-NAME scale=N`: real time, for the hosted port. */
static bool run_realtime(void)
{
	u64 repeat;

	if (strncmp(pattern, "time-", 5))
		return false;
	bench_realtime(pattern + 5, cmdline_number("scale", &repeat) ? repeat : 1);
	return true;
}

static void run_counted(void)
{
	bool boot = selftest_chosen(pattern, "boot", "");

	if (boot)
		report_boot();
	matched = bench_run(pattern) || boot;
}

static int bench_thread(void *unused)
{
	matched = run_realtime();
	if (!matched)
		run_counted();
	complete(&finished);
	return 0;
}

bool bench_rows_run(void)
{
	struct task_struct *thread;

	if (!cmdline_value("bench", pattern, sizeof(pattern))) {
		pr_err("bench: the pattern is too long\n");
		return false;
	}
	thread = kthread_run_on_cpu(bench_thread, NULL, 0, "bench");
	if (IS_ERR(thread)) {
		pr_err("bench: no thread: %ld\n", PTR_ERR(thread));
		return false;
	}
	wait_for_completion(&finished);
	if (!matched)
		pr_err("bench=%s: no row has such a name\n", pattern);
	printk("bench: the end\n");
	return matched;
}

struct device *bench_device(void)
{
	static struct device device;
	static u64 mask = DMA_BIT_MASK(64);

	device_initialize(&device);
	device.dma_mask = &mask;
	device.coherent_dma_mask = mask;
	return &device;
}

u64 bench_slab_bytes(void)
{
	return (u64)quarry_slab_pages() * PAGE_SIZE;
}

/* The first module that the boot loader brought, or the hosted port's trace=; it stays mapped. */
const char *bench_trace_text(size_t *size)
{
#ifdef QUARRY_HOSTED
	return hosted_trace(size);
#else
	if (!boot_info.nr_modules)
		return NULL;
	*size = boot_info.modules->size;
	return arch_map_device(boot_info.modules->start, *size, ARCH_MAP_RO);
#endif
}
