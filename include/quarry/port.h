/* SPDX-License-Identifier: MIT */
/*
 * What mm/ needs from the kernel it lives in: the porting manual.
 *
 * A host supplies <asm/port.h> (the inline part, below) and defines the functions and
 * variables declared here. Two ports come with Quarry, arch/x86_64 and arch/hosted;
 * read the hosted one first, it is the shorter.
 *
 * The order of a boot, as a host writes it:
 *
 *	memblock_add(base, size);		   every range of RAM the firmware names
 *	memblock_reserve(base, size);		   what is taken: kernel, modules, tables
 *	quarry_plan(&(struct quarry_options){ .highmem = QUARRY_HIGHMEM_DEFAULT });
 *	for_each_direct_range(i, start, end)	   map [start, end) at port_direct_base + start
 *		...
 *	quarry_init();				   from here on alloc_pages() works
 *
 * Page tables that the host builds between quarry_plan() and quarry_init() come from
 * memblock_alloc(). All of this runs on one CPU with interrupts off.
 *
 * The minimal tier. A host without HIGHMEM passes .highmem = 0 and may let port_map()
 * serve the descriptor areas only. A host with one CPU returns 0 from port_cpu(). A host
 * whose allocations never happen in interrupts may make the interrupt functions empty.
 * A host that maps its descriptor areas beforehand, whole, may return 0 from
 * port_map_prepare() and port_map() without doing anything, provided the memory reads as
 * zeroes.
 */
#ifndef _QUARRY_PORT_H
#define _QUARRY_PORT_H

#include <linux/types.h>

/*
 * 1. Inline part: <asm/port.h> defines
 *
 *	unsigned long port_irq_save(void);	 interrupts off; returns what was before
 *	void port_irq_restore(unsigned long);	 back to that
 *	PORT_IRQS_ON				 what it takes to switch them on
 *	bool port_irqs_disabled(void);
 *	unsigned int port_cpu(void);		 this CPU, 0 to QUARRY_NR_CPUS - 1
 *	void port_relax(void);			 in the body of a loop that waits for another CPU
 *	PORT_RSEQ				 if interrupts return by way of rseq_rewind(),
 *						 see quarry/rseq.h; x86_64 with GS per CPU
 */
#include <asm/port.h>

/*
 * 2. Virtual areas, set before quarry_plan(). Each is aligned to 2 MiB. Nothing else may
 * live there. "All of RAM" is from address 0 to its end, rounded up to 256 MiB.
 */
extern unsigned long port_direct_base;	  /* where physical address 0 is, or would be, mapped */
extern unsigned long port_vmemmap_base;	  /* 32 bytes for each page of all of RAM */
extern unsigned long port_pageblock_base; /* 64 bytes for each 2 MiB of all of RAM */
/* QUARRY_KMAP_SLOTS + QUARRY_NR_CPUS * QUARRY_KMAP_LOCAL_DEPTH pages. */
extern unsigned long port_kmap_base;

/*
 * 3. Page tables, for the areas above. va, pa and size are multiples of 4 KiB.
 */

enum port_prot { PORT_RO, PORT_RW };	/* never executable */

/*
 * Makes every table that later port_map() calls on [va, va + size) need. `step` is the
 * smallest size those calls will use: 4 KiB, or 2 MiB (then va, pa and size of those calls
 * are multiples of 2 MiB and one large entry may serve each). Called during quarry_init()
 * only, may call memblock_alloc(). -ENOMEM when there is no memory.
 */
int port_map_prepare(unsigned long va, size_t size, size_t step);

/*
 * Maps [va, va + size) to [pa, pa + size) in an area prepared before; what was mapped
 * there is replaced. Any context; may not allocate, so it cannot fail in a prepared area;
 * -EFAULT, with nothing mapped, outside one. Once it returns this CPU sees the new mapping.
 */
int port_map(unsigned long va, phys_addr_t pa, size_t size, enum port_prot prot);

/* Removes such a mapping, and this CPU's cached copy. Any context. */
void port_unmap(unsigned long va, size_t size);

/*
 * Every CPU forgets what it cached of [va, va + size), where port_unmap() was before. Waits
 * for all of them, so: interrupts on, no spin lock held. A host with one CPU does nothing.
 */
void port_flush(unsigned long va, size_t size);

/* Is va mapped, and to what? For validators and tests. */
bool port_translate(unsigned long va, phys_addr_t *pa);

/*
 * 4. Text. printk(), panic(), dump_stack(), vsnprintf() and the string functions are the
 * host's, under their Linux names, as declared in linux/printk.h, linux/bug.h,
 * linux/kernel.h and linux/string.h.
 *
 * 5. Spin locks and per-CPU variables. linux/spinlock.h wants arch_spin_lock_slow(), which is
 * kernel/spinlock.c and needs nothing else. Locks count in preempt_count_var (linux/preempt.h),
 * and mm/ has variables of its own that each CPU has one of (linux/percpu.h). A host defines
 * preempt_count_var, cpu_number, this_cpu_offset and per_cpu_offset[] as these headers say,
 * or brings its own linux/percpu.h and linux/preempt.h, which do the same with what it has.
 *
 * alloc_percpu() needs addresses at the same distances: [port_percpu_base, port_percpu_base +
 * QUARRY_PERCPU_AREA) for CPU 0, and per_cpu_offset[cpu] further for each other CPU; nothing
 * else may live there. Before a further CPU can be one of cpu_possible_mask, the host calls
 * quarry_cpu_add(cpu), which maps what was allocated by then. A port that makes its copies of
 * the static part at distances of its choice gets that by leaving room between them.
 *
 * Nodes. mm/ defines numa_node and numa_mem, per CPU (linux/topology.h). A host with several
 * nodes tells of RAM and distances before quarry_plan() (memblock_set_node(),
 * numa_set_distance()), and of each CPU, once its copy exists and before it runs, with
 * set_cpu_numa_node(); CPU 0 after quarry_init(). Whoever tells nothing is on node 0.
 *
 * 6. Threads, waiting, other CPUs. What sleeps, wakes or runs in the background uses the host's
 * kthread_run(), kthread_stop(), schedule(), schedule_timeout(), cond_resched(), wait queues,
 * mutexes, rw_semaphores, completions, timers, work, on_each_cpu(), smp_call_function_*(),
 * jiffies and ktime_get(), under these Linux names, as declared in linux/kthread.h,
 * linux/sched.h, linux/wait.h, linux/mutex.h, linux/smp.h and so on. quarry_init() uses none
 * of them: what needs them starts in quarry_start(), once the host has threads.
 */

extern unsigned long port_percpu_base;	/* a multiple of the page size */

/*
 * Maps one page of those areas, read and write, which stays. 0, or -ENOMEM when a table could
 * not be made. May sleep. port_translate() knows these pages, too.
 */
int port_percpu_map(unsigned long va, phys_addr_t pa);

#endif
