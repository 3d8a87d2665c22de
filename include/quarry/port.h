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
 * The vmalloc area: aligned to 1 GiB, as its size. Several times as large as RAM, since what is
 * free of it lies in pieces. 0 bytes: none, and vmalloc() gives NULL.
 */
extern unsigned long port_vmalloc_base, port_vmalloc_size;

/*
 * 3. Page tables, for the areas above. va, pa and size are multiples of 4 KiB.
 */

/*
 * Rights, with a memory type or'ed to them. Readable always; PORT_RW | PORT_RX does not exist,
 * and a host refuses it. A host without a type takes the next stricter one.
 */
enum port_prot {
	PORT_RO = 0, PORT_RW = 1, PORT_RX = 2, PORT_RIGHTS = 3,
	PORT_WB = 0,		/* memory: cached */
	PORT_WC = 4,		/* writes gathered into bursts, reads not cached: framebuffers */
	PORT_UC = 8,		/* each access as it stands, in order: registers */
	PORT_WT = 12,		/* cached for reading; writes reach memory at once */
	PORT_TYPES = 12,
};

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
 * Writable and executable at once: -EINVAL, nothing mapped.
 *
 * The vmalloc area is not prepared: there it makes the tables that it needs, in a thread that
 * may sleep, replaces nothing (what is mapped there must have been unmapped), and can fail with
 * -ENOMEM, some of the range mapped. The largest entries that fit are used. Tables are kept.
 */
int port_map(unsigned long va, phys_addr_t pa, size_t size, enum port_prot prot);

/* Removes such a mapping, and this CPU's cached copy. Any context. */
void port_unmap(unsigned long va, size_t size);

/*
 * The same, but any CPU, this one too, may go on using its cached copy until the next
 * port_flush() over it. What is mapped by one large entry goes as a whole.
 */
void port_unmap_lazy(unsigned long va, size_t size);

/*
 * A shorter way to map a range of the vmalloc area again and again: a window is what the host
 * found out about [va, va + size) once, at most 2 MiB; it makes the tables (may sleep). NULL: there
 * is none for this range, or no memory; then port_map() and port_unmap() serve. Through a window
 * nr pages from its first on are mapped, readable and writable memory, and unmapped, as by
 * port_map() and port_unmap_lazy(), but that cannot fail. Any context.
 */
void *port_window(unsigned long va, size_t size);
void port_window_map(void *window, phys_addr_t pa, unsigned long nr);
void port_window_unmap(void *window, unsigned long nr);

/*
 * Changes the rights of what is mapped in [va, va + size), part of the vmalloc area; its memory
 * type stays. A large entry that lies in it in part is cut into small ones: may sleep, and
 * -ENOMEM (some of the range changed) when there is no memory for that. -EINVAL, nothing
 * changed: writable and executable. -EFAULT: a page of it is not mapped, nothing changed. CPUs
 * keep their cached copies until port_flush().
 */
int port_protect(unsigned long va, size_t size, enum port_prot rights);

/*
 * Every CPU forgets what it cached of [va, va + size), where port_unmap() was before. Waits
 * for all of them, so: interrupts on, no spin lock held. A host with one CPU does nothing.
 */
void port_flush(unsigned long va, size_t size);

/* Is va mapped, and to what? Any context. */
bool port_translate(unsigned long va, phys_addr_t *pa);

/* The same with how it is mapped. For validators, reports and tests. */
struct port_mapping {
	phys_addr_t pa;		/* what va itself stands for */
	size_t size;		/* of the entry: 4 KiB, 2 MiB, 1 GiB */
	enum port_prot prot;
};
bool port_query(unsigned long va, struct port_mapping *mapping);

/*
 * Pages of the direct map that come and go (mm/kfence.c). port_direct_cut() makes [va, va + size)
 * of it consist of single pages: once, in a thread that may sleep; 0, or a negative number when
 * this host cannot, and then mm/ does without. Afterwards port_direct_show() makes a touch of one
 * such page, readable and writable, work or fault: any context. This CPU sees it at once; others
 * may go on using a mapping that they have cached.
 */
int port_direct_cut(unsigned long va, size_t size);
void port_direct_show(unsigned long va, bool shown);

/*
 * Memory that comes while the machine runs (mm/memory_hotplug.c): the direct map of
 * [va, va + size), whole sections where nothing was mapped, readable and writable. In a thread that
 * may sleep; 0, or a negative number, nothing mapped: no memory for tables, or a host that does not
 * do that. And its end, after which port_flush() is called.
 */
int port_direct_map(unsigned long va, size_t size);
void port_direct_unmap(unsigned long va, size_t size);

/*
 * With QUARRY_KASAN: memory for the shadow of [start, start + size), clear, where there is none
 * yet; it stays. In a thread that may sleep, or -ENOMEM. Has an address got that? Any context.
 */
int port_shadow_map(unsigned long start, size_t size);
bool port_shadow_is_mapped(unsigned long address);

/* Pages of the page allocator that hold tables, which are kept once they are made. */
unsigned long port_table_pages(void);

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
 * of them: what needs them starts in quarry_start(), once the host has threads. A thread's
 * current->flags has room for PF_MEMALLOC and its like (linux/sched/mm.h), which mm/ sets for
 * the thread that runs, and reads.
 */

/*
 * 7. For mm/kmemleak.c, with the option only. port_stop_others() calls fn(arg) with interrupts off
 * while no other CPU runs, nor stands within a lock that is taken with interrupts off, and returns
 * its result; may sleep. Within that, port_each_root() calls fn for each range where pointers may
 * lie that mm/ did not give out: data, and of stacks, registers too, what is in use.
 */
int port_stop_others(int (*fn)(void *arg), void *arg);
void port_each_root(void (*fn)(const void *start, const void *end, void *arg), void *arg);

extern unsigned long port_percpu_base;	/* a multiple of the page size */

/*
 * Maps one page of those areas, read and write, which stays. 0, or -ENOMEM when a table could
 * not be made. May sleep. port_translate() knows these pages, too.
 */
int port_percpu_map(unsigned long va, phys_addr_t pa);

#endif
