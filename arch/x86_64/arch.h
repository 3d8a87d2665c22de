/* SPDX-License-Identifier: MIT */
/* What the files of arch/x86_64 offer each other, kernel/main.c, and tests/test_boot.c. */
#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

#include <linux/types.h>
#include <linux/compiler.h>

#include "layout.h"

/* 1. The image: linker.ld and boot.S. */

extern char image_start[], text_end[], rodata_end[], image_end[];
/* How far from its link address the loader put it. */
extern unsigned long image_delta;

/* The physical address of something in the image. */
/* kasan.c; nothing without KASAN=1. */
#if QUARRY_KASAN
void kasan_map_early(void);		/* the first of all: instrumented code may run */
void kasan_map_shadow(void);		/* into the final page tables */
void kasan_init(void);			/* which are in use: checks begin */
void kasan_pages_work(void);		/* from here on memory comes from the page allocator */
unsigned long kasan_shadow_pages(void);	/* that it has given */
int kasan_stack_map(void *stack);	/* before a stack is used; 0 or -ENOMEM */
bool kasan_is_shared(u64 entry);	/* of the shadow, and refers to what all share */
#else
static inline void kasan_map_early(void) { }
static inline void kasan_map_shadow(void) { }
static inline void kasan_init(void) { }
static inline void kasan_pages_work(void) { }
static inline unsigned long kasan_shadow_pages(void) { return 0; }
static inline int kasan_stack_map(void *stack) { return 0; }
static inline bool kasan_is_shared(u64 entry) { return false; }
#endif

static inline phys_addr_t image_phys(const void *address)
{
	return (unsigned long)address - KERNEL_BASE + image_delta;
}

/* The direct map. Before paging_init() it covers 4 GiB, afterwards RAM without HIGHMEM. */
extern unsigned long port_direct_base;

static inline void *direct_map(phys_addr_t pa)
{
	return (void *)(port_direct_base + pa);
}

/* 2. cpu.c */

struct cpu_features {
	bool nx, gbpages, pat, pge, mce, mca, la57, smep, smap, umip, hypervisor;
	u8 phys_bits;		/* width of a physical address */
	u8 family, model;
	char vendor[13];
	char brand[49];		/* empty where the CPU does not say */
};

extern struct cpu_features cpu;

/* Finds the features and turns on the protections among them; prints a line. Once, early. */
void cpu_init(void);
/* The same protections on a further CPU, which already runs on the final page tables. */
void cpu_init_other(void);

/* entropy.c: a number that cannot be foreseen, if the machine has any. While booting. */
u64 arch_entropy(void);

/* 3. traps.c, cpu_tables.c, interrupts.c, stop.c */

/* Descriptor tables, task state, all 256 vectors, legacy interrupt controllers masked. */
void traps_init(void);
/* The interrupt descriptors, for a further CPU. */
void idt_load(void);
/* How many NMIs a CPU has reported and returned from. */
unsigned long nmi_count(unsigned int cpu);

/* Segments and task state of CPU 0, and of this CPU. */
void cpu_tables_init(void);
void cpu_tables_load(void);
/* Where a CPU's stack STACK_NMI, STACK_DOUBLE or STACK_MACHINE ends; 0: it has none yet. */
unsigned long cpu_stack_top(unsigned int cpu, unsigned int i);
void cpu_stack_set(unsigned int cpu, unsigned int i, unsigned long top);

struct trap_frame;
/* What becomes of a vector from 32 up. */
void interrupt_handler(const struct trap_frame *frame);
/* This CPU's interrupts so far that its timer raised, or that nobody asked for. */
unsigned long timer_count(unsigned int cpu);

/* This CPU halts for good. */
void cpu_stop(void) __noreturn;
/* Has another CPU called arch_stop_others()? An NMI then means: stop. */
bool cpu_must_stop(void);

/* 4. stacks.c */

/* CPU 0's: one past the highest byte of stack i (STACK_BOOT, ...), its guard page's address. */
unsigned long stack_top(unsigned int i);
unsigned long stack_guard(unsigned int i);
/* The stack that address lies on; its name, or NULL when it lies on none. */
const char *stack_find(unsigned long address, unsigned long *low, unsigned long *high);
/* The same for guard pages: the name of the stack that a fault there overflowed. */
const char *stack_overflowed(unsigned long address);

/* 5. paging.c, pgtable.c, pgcheck.c */

/* Builds the final page tables from memblock's ranges and switches to them. */
void paging_init(void);
/* The physical address of their root. */
u64 paging_root(void);

/*
 * Walks the live tables: returns the number of leaf entries that are writable and
 * executable, or open to user mode, printing each. Without NX every entry is executable,
 * and only user entries count.
 */
unsigned int paging_check_wx(void);

/* la57.c: to five levels, where that can be; once, after boot_parse(). */
void la57_init(void);
bool la57_is_on(void);
/* The physical address of the root that maps the first 4 GiB one to one. */
u64 la57_boot_root(void);

/* kaslr.c: moves the data areas; once, after boot_parse(), before anyone keeps an address. */
void kaslr_init(void);
/* A multiple of 1 GiB below `choices` GiB; 0 under nokaslr. */
u64 kaslr_offset(u64 choices);

/* 6. device_map.c */

enum arch_map {
	ARCH_MAP_RO,		/* memory to read: cached */
	ARCH_MAP_UC,		/* registers: read and written in program order, uncached */
	ARCH_MAP_WC,		/* a framebuffer: written in bursts; as UC without PAT */
};

/* Makes the window usable: from boot on, before any of the two below. */
void device_map_init(void);
/*
 * Maps physical [pa, pa + size) and returns the address of its first byte. pa and size need
 * no alignment; the rest of the first and last page is mapped with it. NULL, and a line on
 * the log, when the window is full or the range is empty or not an address of this CPU. Any
 * time after traps_init(), not in interrupts.
 */
void *arch_map_device(phys_addr_t pa, size_t size, enum arch_map mode);
/*
 * Takes the same address and size back. NULL does nothing. Once several CPUs run, with
 * interrupts on: it waits until none of them remembers the mapping.
 */
void arch_unmap_device(const void *address, size_t size);

/* 7. setup.c, modules.c */

/* Copies what the loader left at physical address `info` into boot_info; panics on nonsense. */
void boot_parse(u32 loader, u32 info);
/* Where a BIOS keeps its extended data area; 0: nowhere. Before paging_init(). */
u64 bios_ebda(void);
/* Firmware map and options into memblock; reserves what is taken; prints the result. */
void memory_init(void);
/* No RAM above is used: the CPU does not reach it, or the direct map. */
u64 memory_limit(void);

/* dimm.c: memory modules that come while the machine runs: up to where; they are looked for. */
u64 dimm_hotplug_end(void);
void dimm_init(void);
/* The bytes of HIGHMEM that the command line asks for. */
u64 highmem_wanted(void);
/* Adds `size` bytes to a checksum (FNV-1a) that began with BOOT_CHECKSUM_START. */
u32 boot_checksum(u32 sum, const void *data, size_t size);
#define BOOT_CHECKSUM_START 0x811c9dc5
/* Drops modules that make no sense, fills in the checksums of the others, prints both. */
void modules_sum(void);

struct boot_module;
/* The checksum of a module's content as it is in memory now. */
u32 module_checksum(const struct boot_module *module);

/* 8. smp_boot.c, tsc_sync.c, tlb.c */

/* Puts the code that other CPUs start with where they can: while all of 4 GiB is mapped. */
void trampoline_init(void);
/* Before a CPU is asked to start: nothing has been said. */
void tsc_sync_prepare(unsigned int cpu);
/* What CPU 0 measures of a CPU that is starting; false when that does not answer in time. */
bool tsc_sync_with(unsigned int cpu);
/* The answering half, on the new CPU; false when CPU 0 does not ask in time. */
bool tsc_sync_other(void);
/* INIT and STARTUP for a CPU, with nothing prepared; false when they cannot be sent. */
bool cpu_wake(unsigned int cpu);
/* Has the CPU come up? Any context. */
bool cpu_is_running(unsigned int cpu);
/* How many CPUs came up that nobody waited for, and were halted. */
unsigned int cpus_refused(void);
/* No CPU keeps a cached mapping of [start, end). Interrupts on when several CPUs run. */
void tlb_forget_everywhere(unsigned long start, unsigned long end);

/* 9. kernel/main.c: boot.S calls it with the loader (layout.h) and its structure's address. */
void kernel_main(u32 loader, u32 info) __noreturn;

/* 10. crash.c */

/* Option crash=kind: provokes that fault, so that its report can be seen. */
void crash_if_asked(void);

#endif
