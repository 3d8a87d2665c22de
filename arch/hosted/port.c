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
 * Three areas (descriptors, page blocks, kmap) have a table with a word for each page,
 * which remembers what port_map_prepare() allowed and what is mapped where; the direct map
 * is a list of ranges. What the process cannot touch faults, as on the bare machine:
 * HIGHMEM through the direct map, a kmap slot after kunmap, a write to a PORT_RO page.
 *
 * This port is stricter than a bare one needs to be: pieces that are not multiples of the
 * step named to port_map_prepare() are refused, although mmap() could serve them.
 *
 * Locks: none. Callers own the pages they map, and each page has its own word.
 * Costs: a system call for each call, 8 bytes for each page of an area that is in use.
 */
#include <linux/align.h>
#include <linux/kernel.h>
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

#define PERCPU_GAP     0x80000000UL
#define PERCPU_STRIDE  0x2000000UL
#define PERCPU_END     (2 * PERCPU_GAP + (QUARRY_NR_CPUS + 1) * PERCPU_STRIDE)

#define ENTRY_PRESENT  0x1UL
#define ENTRY_PREPARED 0x2UL
#define ENTRY_LARGE    0x4UL	/* prepared in steps of 2 MiB */
#define ENTRY_FLAGS    (SZ_4K - 1)

#define KMAP_PAGES (QUARRY_KMAP_SLOTS + QUARRY_NR_CPUS * QUARRY_KMAP_LOCAL_DEPTH)
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

static struct area areas[3];
static struct direct_range direct_ranges[MAX_DIRECT_RANGES];
static unsigned int nr_direct_ranges;

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

	if (!entry || host_ram_map(va, pa, SZ_4K, true))
		return -ENOMEM;
	WRITE_ONCE(*entry, pa | ENTRY_PRESENT);
	return 0;
}

int hosted_create_memory(phys_addr_t end)
{
	end = ALIGN(end, 1ULL << SECTION_SHIFT);
	port_direct_base = host_reserve(DIRECT_HINT, end);
	if (!port_direct_base || host_ram_create(end))
		return -ENOMEM;
	if (area_create(&areas[0], VMEMMAP_HINT, end / SZ_4K * 32) ||
	    area_create(&areas[1], PAGEBLOCK_HINT, end / SZ_2M * 64) ||
	    area_create(&areas[2], KMAP_HINT, KMAP_PAGES * SZ_4K) || percpu_reserve())
		return -ENOMEM;
	port_vmemmap_base = areas[0].base;
	port_pageblock_base = areas[1].base;
	port_kmap_base = areas[2].base;
	return 0;
}

int hosted_map_direct(phys_addr_t start, phys_addr_t end)
{
	if (nr_direct_ranges == MAX_DIRECT_RANGES)
		return -ENOSPC;
	if (host_ram_map(port_direct_base + start, start, end - start, true))
		return -ENOMEM;
	direct_ranges[nr_direct_ranges++] = (struct direct_range){ start, end };
	return 0;
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

/* Was [va, va + size) prepared, for steps that these numbers are multiples of? */
static bool is_prepared(const unsigned long *entries, unsigned long va, phys_addr_t pa,
			size_t size)
{
	size_t i;

	if (!size || !IS_ALIGNED(va | pa | size, SZ_4K))
		return false;
	for (i = 0; i < size / SZ_4K; i++) {
		if (!(entries[i] & ENTRY_PREPARED))
			return false;
		if ((entries[i] & ENTRY_LARGE) && !IS_ALIGNED(va | pa | size, SZ_2M))
			return false;
	}
	return true;
}

int port_map(unsigned long va, phys_addr_t pa, size_t size, enum port_prot prot)
{
	unsigned long *entries = entries_of(va, size);
	size_t i;

	if (!entries || !is_prepared(entries, va, pa, size))
		return -EFAULT;
	if (host_ram_map(va, pa, size, prot == PORT_RW))
		panic("port_map(0x%lx, 0x%llx, 0x%zx): Linux refuses", va, pa, size);
	for (i = 0; i < size / SZ_4K; i++) {
		entries[i] &= ENTRY_PREPARED | ENTRY_LARGE;
		entries[i] |= (pa + i * SZ_4K) | ENTRY_PRESENT;
	}
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
		entries[i] &= ENTRY_PREPARED | ENTRY_LARGE;
}

static bool translate_direct(unsigned long va, phys_addr_t *pa)
{
	phys_addr_t address = va - port_direct_base;
	unsigned int i;

	for (i = 0; i < nr_direct_ranges; i++) {
		if (address < direct_ranges[i].start || address >= direct_ranges[i].end)
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

bool port_translate(unsigned long va, phys_addr_t *pa)
{
	unsigned long *entry = entries_of(va, 1);

	if (!entry)
		entry = percpu_entry(va);
	if (!entry)
		return translate_direct(va, pa);
	if (!(*entry & ENTRY_PRESENT))
		return false;
	*pa = (*entry & ~ENTRY_FLAGS) | (va & (SZ_4K - 1));
	return true;
}
