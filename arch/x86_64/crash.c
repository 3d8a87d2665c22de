/* SPDX-License-Identifier: MIT */
/*
 * Option crash=kind: a fault on purpose, after the page allocator has started, so that
 * anyone can see what the report looks like and a test can check it. Each kind ends the
 * run with `Bail out!`.
 *
 *	read	  of an address where nothing is mapped
 *	null	  a write through a null pointer
 *	text	  a write to the kernel's own code
 *	exec	  a jump into data
 *	stack	  a recursion without end
 *	invalid	  an instruction that is none
 *	divide	  by zero
 *	panic	  a call of panic()
 *	thread	  a recursion without end in a thread, on the last CPU
 *	smash	  a write over the end of an array on the stack
 *	vmalloc	  a write behind what vmalloc() gave
 *	guard	  a write below the stack of a thread
 *	stuck	  a panic while all other CPUs keep their interrupts off
 *	slab	  a cache with SLAB_PANIC that cannot be had
 *	unwritten a pointer read from an object that nobody wrote (slab_debug=P tells so)
 *	freed	  the same from an object that was freed
 */
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>
#include <quarry/port.h>

#include "arch.h"

static u8 data_code[] = { 0xc3 };	/* ret */

static void crash_read(void)
{
	READ_ONCE(*(const u8 *)(DEVICE_BASE - PAGE_BYTES));
}

static void crash_null(void)
{
	u8 *null = NULL;

	__asm__("" : "+r"(null));	/* the compiler need not know */
	WRITE_ONCE(*null, 1);
}

static void crash_text(void)
{
	WRITE_ONCE(*image_start, 1);
}

static void crash_exec(void)
{
	__asm__ __volatile__("call *%0" :: "r"(data_code) : "memory");
}

static void noinline crash_stack(void)
{
	volatile char frame[256] = { 1 };	/* read again afterwards: not a tail call */

	if (frame[0])
		crash_stack();
	frame[1] = frame[0];
}

static void crash_invalid(void)
{
	__asm__ __volatile__("ud2");
}

static void crash_divide(void)
{
	__asm__ __volatile__("divl %%ecx" :: "a"(1), "d"(0), "c"(0));
}

static void crash_panic(void)
{
	panic("asked for by crash=panic");
}

static int crash_stack_thread(void *data)
{
	crash_stack();
	return 0;
}

static void crash_thread(void)
{
	unsigned int cpu, last = 0;

	for_each_online_cpu(cpu)
		last = cpu;
	if (!IS_ERR(kthread_run_on_cpu(crash_stack_thread, NULL, last, "crash/%u")))
		msleep(10000);
}

static void noinline crash_vmalloc(void)
{
	u8 *area = vmalloc(PAGE_SIZE);

	if (area)
		WRITE_ONCE(area[PAGE_SIZE + 8], 1);
}

static void crash_guard(void)
{
	u8 *stack = arch_stack_alloc();

	if (stack)
		WRITE_ONCE(stack[-16], 1);
}

static void noinline crash_smash(void)
{
	volatile char buffer[16];
	volatile char *byte = buffer;

	__asm__("" : "+r"(byte));	/* the compiler need not know where it ends */
	for (unsigned int i = 0; i < 40; i++)
		byte[i] = 'A';
}

static void keep_interrupts_off(void *info)
{
	for (;;)
		port_relax();
}

static void crash_stuck(void)
{
	smp_call_function(keep_interrupts_off, NULL, 0);
	mdelay(10);
	panic("asked for by crash=stuck");
}

/* The first cache is made: the flag does nothing where there is no need. */
static void crash_slab(void)
{
	struct kmem_cache *cache = kmem_cache_create("possible", 64, 0, SLAB_PANIC, NULL);

	pr_info("crash=slab: cache of %u bytes\n", kmem_cache_size(cache));
	kmem_cache_create("impossible", SIZE_MAX, 0, SLAB_PANIC, NULL);
	pr_err("crash=slab: nobody stopped\n");
}

struct pointed {
	struct pointed *next;
	unsigned long number[3];
};

/* Reads a number by way of a pointer that was never set. */
static noinline void follow(struct pointed *pointed)
{
	pr_err("crash=: %lu at what a pointer without a value points to\n",
	       READ_ONCE(READ_ONCE(pointed->next)->number[1]));
}

static void crash_unwritten(void)
{
	struct pointed *pointed = kmalloc(sizeof(*pointed), GFP_KERNEL);

	if (pointed)
		follow(pointed);
}

static void crash_freed(void)
{
	struct pointed *pointed = kzalloc(sizeof(*pointed), GFP_KERNEL), *stale = pointed;

	__asm__("" : "+r"(stale));	/* the compiler need not know */
	kfree(pointed);
	if (stale)
		follow(stale);
}

static const struct {
	const char *name;
	void (*run)(void);
} kinds[] = {
	{ "read", crash_read }, { "null", crash_null }, { "text", crash_text },
	{ "exec", crash_exec }, { "stack", crash_stack }, { "invalid", crash_invalid },
	{ "divide", crash_divide }, { "panic", crash_panic }, { "thread", crash_thread },
	{ "smash", crash_smash }, { "vmalloc", crash_vmalloc }, { "guard", crash_guard },
	{ "stuck", crash_stuck }, { "slab", crash_slab }, { "unwritten", crash_unwritten },
	{ "freed", crash_freed },
};

void crash_if_asked(void)
{
	unsigned int i;
	char kind[16];

	if (!cmdline_has("crash"))
		return;
	if (!cmdline_value("crash", kind, sizeof(kind)))
		panic("crash= has a value too long to be a kind of crash");
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kind, kinds[i].name))
			kinds[i].run();
	panic("crash=%s: there is no such kind of crash", kind);
}
