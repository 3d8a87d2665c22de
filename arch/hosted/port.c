/* SPDX-License-Identifier: MIT */
/*
 * quarry/port.h in a Linux process: address space is reserved, and mapping a page is
 * mmap() of the piece of the memfd that stands for RAM.
 *
 * Per-CPU memory: behind the program, at distances that are not negative, because Linux takes
 * no GS base below 0, and near it, because ThreadSanitizer knows no other addresses for memory:
 *
 *	S	  the section percpu, CPU 0's copy
 *	S + 2 GiB	+ n * 32 MiB: CPU n's copy
 *	S + 2 GiB + 16 MiB: alloc_percpu()'s for CPU 0; + 2 GiB + n * 32 MiB: for CPU n
 *
 * Four areas (descriptors, page blocks, kmap, vmalloc) have a table with a word for each page,
 * which remembers what port_map_prepare() allowed and what is mapped where, and how; the direct
 * map is a list of ranges. All of the vmalloc area counts as prepared. What the process cannot
 * touch faults, as on the bare machine:
 * HIGHMEM through the direct map, a kmap slot after kunmap, a write to a PORT_RO page.
 *
 * This port is stricter than a bare one needs to be: pieces that are not multiples of the
 * step named to port_map_prepare() are refused, although mmap() could serve them.
 *
 * Locks: none. Callers own the pages they map, and each page has its own word.
 * Costs: a system call for each call, 8 bytes for each page of an area that is in use.
 */
#include <linux/align.h>
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/sizes.h>
#include <quarry/config.h>
#include <kernel/cpu.h>
#include <quarry/port.h>

#include "host.h"
#include "hosted.h"

/*
 * Wished for, so that addresses are readable and the same in each run; not relied on. Above
 * the program: Linux takes no GS base below 0, and per-CPU copies lie in the direct map.
 */
#define DIRECT_HINT    0x600000000000UL
#define VMEMMAP_HINT   0x700000000000UL
#define PAGEBLOCK_HINT 0x740000000000UL
#define KMAP_HINT      0x780000000000UL

#define VMALLOC_HINT   0x500000000000UL
#define PERCPU_GAP     0x80000000UL
#define PERCPU_STRIDE  0x2000000UL
#define PERCPU_END     (2 * PERCPU_GAP + (QUARRY_NR_CPUS + 1) * PERCPU_STRIDE)

#define ENTRY_PRESENT  0x1UL
#define ENTRY_PREPARED 0x2UL
#define ENTRY_LARGE    0x4UL	/* prepared in steps of 2 MiB */
#define ENTRY_PROT(prot) ((unsigned long)(prot) << 3)
#define PROT_OF(entry) ((enum port_prot)((entry) >> 3 & (PORT_RIGHTS | PORT_TYPES)))
#define ENTRY_FLAGS    (SZ_4K - 1)

#define KMAP_PAGES (QUARRY_KMAP_SLOTS + QUARRY_NR_CPUS * QUARRY_KMAP_LOCAL_DEPTH)
#define MIN_VMALLOC (16 * SZ_1G)
#define MAX_VMALLOC (8ULL << 40)
#define MAX_DIRECT_RANGES (2 * QUARRY_MEMBLOCK_REGIONS)

struct area {
	unsigned long base, size;	/* bytes */
	unsigned long *entries;		/* for each page: physical address | ENTRY_* */
};

struct direct_range {
	phys_addr_t start, end;
};

unsigned long port_direct_base, port_vmemmap_base, port_pageblock_base, port_kmap_base;
unsigned long port_percpu_base;
unsigned long port_vmalloc_base, port_vmalloc_size;

enum { VMEMMAP, PAGEBLOCK, KMAP, VMALLOC, NR_AREAS };

static struct area areas[NR_AREAS];
static struct direct_range direct_ranges[MAX_DIRECT_RANGES];

static int area_create(struct area *area, unsigned long hint, unsigned long size)
{
	area->size = ALIGN(size, SZ_2M);
	area->base = host_reserve(hint, area->size);
	area->entries = host_alloc(area->size / SZ_4K * sizeof(area->entries[0]));
	return area->base && area->entries ? 0 : -ENOMEM;
}

/* ---- Per-CPU memory ---- */

/* A word as an area's for each page of the reservation. */
static unsigned long percpu_start;
static unsigned long *percpu_entries;

static int percpu_reserve(void)
{
	extern char __start_percpu[];
	unsigned long start = ALIGN((unsigned long)__start_percpu, SZ_2M);

	percpu_start = start + PERCPU_GAP;
	if (host_reserve(percpu_start, PERCPU_END - PERCPU_GAP) != percpu_start)
		return -ENOMEM;
	percpu_entries = host_alloc((PERCPU_END - PERCPU_GAP) / SZ_4K * sizeof(unsigned long));
	port_percpu_base = percpu_start + SZ_16M;
	return percpu_entries ? 0 : -ENOMEM;
}

unsigned long arch_percpu_distance(unsigned int cpu)
{
	return PERCPU_GAP + cpu * PERCPU_STRIDE;
}

/* The table's word for va, or NULL. */
static unsigned long *percpu_entry(unsigned long va)
{
	if (va < percpu_start || va - percpu_start >= PERCPU_END - PERCPU_GAP)
		return NULL;
	return &percpu_entries[(va - percpu_start) / SZ_4K];
}

int port_percpu_map(unsigned long va, phys_addr_t pa)
{
	unsigned long *entry = percpu_entry(va);

	if (!entry || host_ram_map(va, pa, SZ_4K, true, false))
		return -ENOMEM;
	WRITE_ONCE(*entry, pa | ENTRY_PRESENT);
	return 0;
}

static unsigned long vmalloc_wanted(void)
{
	u64 wanted = ALIGN(4 * memblock_phys_mem_size(), SZ_1G);

	return clamp_t(u64, wanted, MIN_VMALLOC, MAX_VMALLOC);
}

int hosted_create_memory(phys_addr_t end)
{
	end = ALIGN(end, 1ULL << SECTION_SHIFT);
	port_direct_base = host_reserve(DIRECT_HINT, end);
	if (!port_direct_base || host_ram_create(end))
		return -ENOMEM;
	if (area_create(&areas[VMEMMAP], VMEMMAP_HINT, end / SZ_4K * 32) ||
	    area_create(&areas[PAGEBLOCK], PAGEBLOCK_HINT, end / SZ_2M * 64) ||
	    area_create(&areas[KMAP], KMAP_HINT, KMAP_PAGES * SZ_4K) ||
	    area_create(&areas[VMALLOC], VMALLOC_HINT, vmalloc_wanted() + SZ_1G) ||
	    percpu_reserve())
		return -ENOMEM;
	port_vmemmap_base = areas[VMEMMAP].base;
	port_pageblock_base = areas[PAGEBLOCK].base;
	port_kmap_base = areas[KMAP].base;
	port_vmalloc_base = ALIGN(areas[VMALLOC].base, SZ_1G);
	port_vmalloc_size = vmalloc_wanted();
	return 0;
}

int hosted_map_direct(phys_addr_t start, phys_addr_t end)
{
	unsigned int i = 0;

	while (i < MAX_DIRECT_RANGES && direct_ranges[i].end)
		i++;
	if (i == MAX_DIRECT_RANGES)
		return -ENOSPC;
	if (host_ram_map(port_direct_base + start, start, end - start, true, false))
		return -ENOMEM;
	/* The end last: a range that has none yet is not looked at. */
	WRITE_ONCE(direct_ranges[i].start, start);
	smp_store_release(&direct_ranges[i].end, end);
	return 0;
}

/* One at a time, as mm/memory_hotplug.c does it. */
int port_direct_map(unsigned long va, size_t size)
{
	phys_addr_t start = va - port_direct_base;

	return hosted_map_direct(start, start + size);
}

void port_direct_unmap(unsigned long va, size_t size)
{
	phys_addr_t start = va - port_direct_base;
	unsigned int i;

	for (i = 0; i < MAX_DIRECT_RANGES; i++)
		if (direct_ranges[i].start == start && direct_ranges[i].end == start + size)
			WRITE_ONCE(direct_ranges[i].end, 0);
	if (host_ram_unmap(va, size))
		panic("port_direct_unmap(0x%lx, 0x%zx): Linux refuses", va, size);
}

/* The table's word for va; NULL unless the whole of [va, va + size) is in one area. */
static unsigned long *entries_of(unsigned long va, size_t size)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(areas); i++) {
		struct area *area = &areas[i];

		if (va < area->base || va - area->base > area->size)
			continue;
		if (size <= area->size - (va - area->base))
			return &area->entries[(va - area->base) / SZ_4K];
	}
	return NULL;
}

int port_map_prepare(unsigned long va, size_t size, size_t step)
{
	unsigned long *entries = entries_of(va, size);
	unsigned long flags = ENTRY_PREPARED | (step >= SZ_2M ? ENTRY_LARGE : 0);
	size_t i;

	if (!entries || !IS_ALIGNED(va | size, step))
		panic("port_map_prepare(0x%lx, 0x%zx, 0x%zx): not in an area, or not aligned",
		      va, size, step);
	for (i = 0; i < size / SZ_4K; i++)
		if (!(entries[i] & ENTRY_PRESENT))
			entries[i] = flags;	/* the last step named for a page counts */
	return 0;
}

static bool in_vmalloc(unsigned long va)
{
	return va - port_vmalloc_base < port_vmalloc_size;
}

/* Was [va, va + size) prepared, for steps that these numbers are multiples of? */
static bool is_prepared(const unsigned long *entries, unsigned long va, phys_addr_t pa,
			size_t size)
{
	size_t i;

	if (!size || !IS_ALIGNED(va | pa | size, SZ_4K))
		return false;
	if (in_vmalloc(va))
		return true;
	for (i = 0; i < size / SZ_4K; i++) {
		if (!(entries[i] & ENTRY_PREPARED))
			return false;
		if ((entries[i] & ENTRY_LARGE) && !IS_ALIGNED(va | pa | size, SZ_2M))
			return false;
	}
	return true;
}

static bool is_wx(enum port_prot prot)
{
	return (prot & PORT_RIGHTS) == (PORT_RW | PORT_RX);
}

static void note(unsigned long *entries, phys_addr_t pa, size_t size, enum port_prot prot)
{
	size_t i;

	for (i = 0; i < size / SZ_4K; i++)
		WRITE_ONCE(entries[i], (entries[i] & (ENTRY_PREPARED | ENTRY_LARGE)) |
				       (pa + i * SZ_4K) | ENTRY_PROT(prot) | ENTRY_PRESENT);
}

int port_map(unsigned long va, phys_addr_t pa, size_t size, enum port_prot prot)
{
	unsigned long *entries = entries_of(va, size);

	if (is_wx(prot))
		return -EINVAL;
	if (!entries || !is_prepared(entries, va, pa, size))
		return -EFAULT;
	if (host_ram_map(va, pa, size, prot & PORT_RW, prot & PORT_RX)) {
		if (in_vmalloc(va))
			return -ENOMEM;	/* a process may have so many mappings and no more */
		panic("port_map(0x%lx, 0x%llx, 0x%zx): Linux refuses", va, pa, size);
	}
	note(entries, pa, size, prot);
	return 0;
}

void port_unmap(unsigned long va, size_t size)
{
	unsigned long *entries = entries_of(va, size);
	size_t i;

	if (WARN_ON(!entries || !is_prepared(entries, va, 0, size)))
		return;
	if (host_ram_unmap(va, size))
		panic("port_unmap(0x%lx, 0x%zx): Linux refuses", va, size);
	for (i = 0; i < size / SZ_4K; i++)
		WRITE_ONCE(entries[i], entries[i] & (ENTRY_PREPARED | ENTRY_LARGE));
}

/* Linux does not put it off. */
void port_unmap_lazy(unsigned long va, size_t size)
{
	port_unmap(va, size);
}

/* There is no shorter way than a system call. */
void *port_window(unsigned long va, size_t size)
{
	return NULL;
}

void port_window_map(void *window, phys_addr_t pa, unsigned long nr)
{
}

void port_window_unmap(void *window, unsigned long nr)
{
}

int port_protect(unsigned long va, size_t size, enum port_prot rights)
{
	unsigned long *entries = entries_of(va, size);
	size_t i;

	if (is_wx(rights))
		return -EINVAL;
	for (i = 0; i < size / SZ_4K; i++)
		if (!entries || !in_vmalloc(va) || !(entries[i] & ENTRY_PRESENT))
			return -EFAULT;
	if (host_protect(va, size, rights & PORT_RW, rights & PORT_RX))
		return -ENOMEM;
	for (i = 0; i < size / SZ_4K; i++)
		WRITE_ONCE(entries[i], (entries[i] & ~ENTRY_PROT(PORT_RIGHTS)) |
				       ENTRY_PROT(rights & PORT_RIGHTS));
	return 0;
}

unsigned long port_table_pages(void)
{
	return 0;
}

/* ---- Single pages of the direct map ---- */

static unsigned long cut_start, cut_size;
static bool *cut_hidden;		/* of each page there */

int port_direct_cut(unsigned long va, size_t size)
{
	if (cut_size)
		return -EBUSY;
	cut_hidden = host_alloc(size / SZ_4K * sizeof(*cut_hidden));
	if (!cut_hidden)
		return -ENOMEM;
	cut_start = va;
	cut_size = size;
	return 0;
}

void port_direct_show(unsigned long va, bool shown)
{
	if (shown ? host_ram_map(va, va - port_direct_base, SZ_4K, true, false) :
		    host_ram_unmap(va, SZ_4K))
		panic("port_direct_show(0x%lx, %d): Linux refuses", va, shown);
	WRITE_ONCE(cut_hidden[(va - cut_start) / SZ_4K], !shown);
}

static bool translate_direct(unsigned long va, phys_addr_t *pa)
{
	phys_addr_t address = va - port_direct_base;
	unsigned int i;

	if (va - cut_start < cut_size && READ_ONCE(cut_hidden[(va - cut_start) / SZ_4K]))
		return false;
	for (i = 0; i < MAX_DIRECT_RANGES; i++) {
		phys_addr_t end = smp_load_acquire(&direct_ranges[i].end);

		if (address >= end || address < READ_ONCE(direct_ranges[i].start))
			continue;
		*pa = address;
		return true;
	}
	return false;
}

/* Linux sees to that with each munmap(), on all threads. */
void port_flush(unsigned long va, size_t size)
{
}

bool port_query(unsigned long va, struct port_mapping *mapping)
{
	unsigned long *entry = entries_of(va, 1), word;

	mapping->size = SZ_4K;
	mapping->prot = PORT_RW;
	if (!entry)
		entry = percpu_entry(va);
	if (!entry)
		return translate_direct(va, &mapping->pa);
	word = READ_ONCE(*entry);
	mapping->prot = PROT_OF(word);
	mapping->pa = (word & ~ENTRY_FLAGS) | (va & (SZ_4K - 1));
	return word & ENTRY_PRESENT;
}

bool port_translate(unsigned long va, phys_addr_t *pa)
{
	struct port_mapping mapping;

	if (!port_query(va, &mapping))
		return false;
	*pa = mapping.pa;
	return true;
}
