/* SPDX-License-Identifier: MIT */
/*
 * Where everything lies. Read by C and by assembly.
 *
 *	0000000000000000  identity map of 4 GiB, while booting only
 *	ffa0000000000000  vmalloc area with five levels, 1 PiB at most	(quarry)
 *	ffff888000000000  direct map: RAM but for HIGHMEM, 64 TiB at most
 *	ffffc90000000000  vmalloc area with four, 32 TiB at most  (quarry)
 *	ffffea0000000000  page descriptors			   (quarry)
 *	ffffeb0000000000  page-block table			   (quarry)
 *	ffffec0000000000  kmap window				   (quarry)
 *	ffffed0000000000  device window: ACPI, registers, screen   (device_map.c)
 *	ffffee0000000000  with KASAN=1: the shadow, 16 TiB	   (kasan.c)
 *	ffffff0000000000  stacks of threads and of further CPUs	   (stacks.c)
 *	ffffffbf81000000  copies of per-CPU data, below each other (pgtable.c)
 *	ffffffff60000000  alloc_percpu()'s for CPU 0, 512 MiB
 *	ffffffff80000000  the image; linked 16 MiB above		   (linker.ld)
 *
 * The image is linked for physical address 16 MiB, but a loader may put it at any multiple
 * of 2 MiB below 4 GiB: a virtual address V of the image is at V - KERNEL_BASE + image_delta.
 *
 * CPU 0's stacks lie in one block of .bss, each above a guard page that the final page tables
 * leave unmapped, with one more guard page at the end.
 */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

#define KERNEL_BASE	0xffffffff80000000
#define DIRECT_BASE	0xffff888000000000
#define DIRECT_SIZE	0x0000400000000000
#define VMALLOC_BASE	0xffffc90000000000
#define VMALLOC_SIZE	0x0000200000000000
/* The same with five levels of page tables. */
#define VMALLOC_BASE_5	0xffa0000000000000
#define VMALLOC_SIZE_5	0x0004000000000000
/* What four levels map of the higher half. */
#define HALF_BASE	0xffff800000000000
#define VMEMMAP_BASE	0xffffea0000000000
#define PAGEBLOCK_BASE	0xffffeb0000000000
#define KMAP_BASE	0xffffec0000000000
#define DEVICE_BASE	0xffffed0000000000
#define STACKS_BASE	0xffffff0000000000
#define STACKS_WINDOW_SIZE 0x0000001000000000
/* CPU n's per-CPU data is n times that below CPU 0's. */
#define PERCPU_STRIDE	0x40000000
#define PERCPU_BASE	0xffffffff60000000

/* What the boot tables map, at 0 and at DIRECT_BASE. */
#define BOOT_MAP_SIZE	0x100000000

#define PAGE_BYTES	4096

#ifndef QUARRY_KASAN
#define QUARRY_KASAN	0
#endif
/* Twice as large where the compiler puts red zones round what lies on them. */
#define STACK_SIZE	(16384 << QUARRY_KASAN)
#define STACK_STRIDE	(PAGE_BYTES + STACK_SIZE)
#define STACK_BOOT	0
#define STACK_NMI	1
#define STACK_DOUBLE	2
#define STACK_MACHINE	3
#define NR_STACKS	4

/* Segment selectors: entries of `gdt` in boot.S, and of each CPU's own (cpu_tables.c). */
#define KERNEL_CS	0x08
#define KERNEL_DS	0x10
#define KERNEL_TSS	0x18

/* How far a CPU's start has come (smp_boot.c). */
#define AP_ABSENT  0
#define AP_ASKED   1
#define AP_ARRIVED 2
#define AP_RUNNING 3

/* Which loader called: the first argument of kernel_main(). */
#define BOOT_BY_MULTIBOOT2 0
#define BOOT_BY_PVH	   1
#define BOOT_BY_NOBODY	   2	/* not known: only for refuse.S */

#endif
