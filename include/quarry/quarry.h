/* SPDX-License-Identifier: MIT */
/*
 * How a host starts mm/, and what it may ask of it beyond Linux's API. quarry/port.h has
 * the order of calls.
 */
#ifndef _QUARRY_QUARRY_H
#define _QUARRY_QUARRY_H

#include <linux/types.h>

#define QUARRY_HIGHMEM_DEFAULT (~0ULL)
#define QUARRY_SWIOTLB_DEFAULT (~0ULL)	/* by the size of memory, at most 1 MiB */

struct quarry_options {
	u64 highmem;		/* bytes without a standing mapping, over all nodes; 0: none */
	const char *slab_debug;	/* which caches are debugged: mm/slab_options.c; NULL: none */
	unsigned long min_free_kbytes; /* kept for who cannot wait, at most a quarter; 0: by size */
	u64 swiotlb;		/* bytes set aside for devices that reach no further; 0: none */
	u64 random;		/* nobody can foresee it: for the order of objects; 0: by address */
	bool dma_debug;		/* check how drivers use the DMA API: see mm/dma_debug.c */
	bool kmemleak;		/* objects that nothing points to are found: mm/kmemleak.c */
	unsigned int guard_orders; /* blocks of orders below have a guard behind them: mm/guard.c */
	bool page_owner;	/* remember who allocated each block of pages: mm/page_owner.c */
	bool init_on_alloc;	/* what is allocated is zeroes: mm/init_memory.c */
	bool init_on_free;	/* what is freed is cleared */
	phys_addr_t highmem_floor; /* HIGHMEM stays above: where the kernel's image ends */
	phys_addr_t hotplug_end; /* RAM may come below it later, linux/memory_hotplug.h; 0: none */
};

/*
 * Decides nodes and zones from what memblock knows. Afterwards memblock_alloc() keeps out
 * of HIGHMEM. A request too large is cut to half of each node's RAM.
 */
void quarry_plan(const struct quarry_options *options);

/*
 * From here on some requests for memory fail, as the text says (mm/fault_run.c): for whoever wants
 * to see how the rest of a kernel bears it. False: it makes no sense. In a thread, after
 * quarry_start().
 */
bool quarry_fault(const char *text);
/* "sites": how many call sites have failed by now. */
unsigned int quarry_fault_sites(void);
/* How many requests have failed by what the text says, for whoever asks again then. Any context. */
unsigned long quarry_fault_failures(void);

/*
 * "each": every single allocation of a piece of work fails once. Nothing fails until
 *
 *	quarry_fault_restart();
 *	while (quarry_fault_begin()) {
 *		work();
 *		nr = quarry_fault_end();
 *	}
 *
 * where nr requests failed in that run: none in the first, one in most others, two where an error
 * path allocates. All in a thread, one at a time.
 */
bool quarry_fault_each(void);		/* was that the text? */
void quarry_fault_restart(void);
bool quarry_fault_begin(void);
unsigned int quarry_fault_end(void);
void quarry_fault_show(void);		/* prints the backtraces of what failed last */
/*
 * Requests whose call sites were too many to be remembered, since quarry_fault_restart(): these
 * did not fail.
 */
unsigned int quarry_fault_lost(void);

/*
 * One allocation in so many that find a CPU's magazine of objects empty gets guard pages
 * (mm/kfence.c); 0: none.
 * Returns what was before, at first QUARRY_KFENCE_INTERVAL. With 0 when quarry_start() comes there
 * is no memory for it, and that stays. Any time.
 */
unsigned long quarry_kfence(unsigned long interval);
/*
 * For a host's page faults that nothing else explains: true when the address is one of those pages.
 * It was reported, can be touched now, and the instruction at ip is to be tried again.
 */
bool kfence_handle_page_fault(unsigned long address, bool write, unsigned long ip);

/*
 * For hosts built with QUARRY_KASAN: the shadow is mapped, checks begin; the functions are those
 * that the compiler wants called at the start. Before quarry_init().
 */
void kasan_start(void (*const *constructors)(void), void (*const *end)(void));

/*
 * Has quarry_init() test free memory with so many patterns, and keep out of the pages that are
 * bad. 0: none, as without the call.
 */
void quarry_memtest(unsigned int passes);
/* Plants a fault for that test to find, at an address; false: there are too many. */
bool quarry_memtest_plant(phys_addr_t phys);

/*
 * Builds the page allocator; the direct map is in place. 0, or -ENOMEM when there is not
 * enough memory for its own tables.
 */
int quarry_init(void);

/*
 * Starts what runs in the background; other CPUs that run already take part from now on. Once,
 * in a thread, when threads, interrupts and the other CPUs work. 0 or -ENOMEM.
 */
int quarry_start(void);

/*
 * A CPU more: gives it its part of what there is for each CPU. Its per_cpu_offset[] and node are
 * set; it does not run yet. May sleep; nobody may call alloc_percpu() or make a cache until the
 * CPU is in cpu_possible_mask. 0 or -ENOMEM.
 */
int quarry_cpu_add(unsigned int cpu);
/*
 * Free objects that slab caches keep go back to their slabs, and empty slabs to the page
 * allocator; caches with SLAB_NO_REAP are left alone unless `all`. Returns the number of pages.
 * May sleep.
 */
unsigned long quarry_reap(bool all);
/* Pages that hold objects of caches, in use or free, and large objects of kmalloc(). */
unsigned long quarry_slab_pages(void);
/* Those of them that belong to caches with SLAB_RECLAIM_ACCOUNT. */
unsigned long quarry_slab_reclaimable_pages(void);
/* Pages that describe slabs and caches; those of caches once used stay. For whoever counts. */
unsigned long quarry_slab_meta_pages(void);
/* Objects in use, and what describes caches. Looks at each object: for whoever looks for leaks. */
unsigned long quarry_slab_objects(void);
/* Pages that per-CPU memory takes, in use or not, and live objects: for whoever counts. */
unsigned long quarry_percpu_pages(void);
unsigned long quarry_percpu_objects(void);

/* The i-th range of RAM that the direct map must cover: [*start, *end), bytes. */
bool quarry_direct_range(unsigned int i, phys_addr_t *start, phys_addr_t *end);
#define for_each_direct_range(i, p_start, p_end) \
	for (i = 0; quarry_direct_range(i, p_start, p_end); i++)

/* A caller's mistakes, each reported on the log, counted, and told to a hook. */
enum quarry_report {
	QUARRY_BAD_FREE,	/* free of what is not allocated, or at another order */
	QUARRY_BAD_ARGUMENT,	/* flags or addresses that make no sense together */
	QUARRY_BAD_UNMAP,	/* kunmap of what is not mapped, or out of order */
	QUARRY_NO_SLOT,		/* more kmaps than there are slots */
	QUARRY_BAD_DMA,		/* of a device's memory: not as it was mapped or allocated */
	QUARRY_CORRUPTION,	/* a validator found a broken structure */
	QUARRY_NR_REPORTS,
};

typedef void (*quarry_report_fn)(enum quarry_report kind, const void *address);

/* Sets the hook (NULL: none), called in the reporter's context; returns the one before. */
quarry_report_fn quarry_set_report_hook(quarry_report_fn hook);
/* How many so far. */
unsigned long quarry_report_count(enum quarry_report kind);
unsigned long quarry_report_total(void);

/*
 * For the report of a fault: says in buf which area of the vmalloc area addr lies in, or missed
 * and by how much. False, with nothing written, for other addresses. Any context.
 */
bool quarry_explain_address(unsigned long addr, char *buf, size_t size);
/* Where a value in a register comes from, if it is poison (SLAB_POISON) or near; or NULL. */
const char *quarry_explain_value(unsigned long value);

/*
 * For whoever compares numbers of free pages: lets go of all that is free but kept or put off
 * (quarry_reap(true), vm_unmap_aliases(); may sleep); the pages that mm/ keeps for tables and
 * descriptions of its own even so, to be added to nr_free_pages().
 */
void quarry_settle(void);
unsigned long quarry_kept_pages(void);

/*
 * Checks every structure of mm/ against its invariants: returns the number of
 * violations, each reported as QUARRY_CORRUPTION. Any context; takes each lock in turn and
 * holds it for as long as its structure is large.
 */
unsigned int quarry_validate(void);

/* Broken pages that were taken out: neither free nor allocated, nor managed. */
unsigned long quarry_bad_pages(void);

/*
 * What is allocated now, by call site (mm/owners.c): as far as it is remembered, which takes the
 * options page_owner and slab_debug; else objects by cache. NULL without memory to count in.
 * Compared with what was before: how many sites have more; each is printed if wanted. Threads.
 */
struct owners;
struct owners *quarry_owners_take(void);
unsigned int quarry_owners_compare(const struct owners *before, const struct owners *now,
				   bool print);
void quarry_owners_free(struct owners *owners);

/*
 * With the option kmemleak: looks for objects that nothing points to (mm/kmemleak.c). Returns how
 * many there are that the look before found as well, so it takes two; prints them if wanted. May
 * sleep; all other CPUs stand still meanwhile.
 */
unsigned int quarry_kmemleak_scan(bool print);

/*
 * Prints a report on the log: "meminfo", "buddyinfo", "zoneinfo", "vmstat", "pagetypeinfo",
 * "slabinfo", "vmallocinfo", in Linux's columns; and by call site, the largest ones, "page_owner"
 * (blocks of pages) and "alloc_traces" (objects of caches, areas of vmalloc). False: there is none
 * of that name. Any context but NMIs.
 */
bool quarry_show(const char *name);

#endif
