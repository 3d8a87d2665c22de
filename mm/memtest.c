// SPDX-License-Identifier: MIT
/*
 * memtest=N: free memory is tested before anybody has it, and pages that keep something else
 * than was written are reserved, so that no allocator ever sees them.
 *
 * It runs within quarry_init(), over what memblock calls free. Each of N passes writes a pattern
 * to a whole range and then reads it back. A word holds the pattern with its own physical
 * address added bit by bit: so cells that are stuck are found by a pattern and its opposite,
 * which follow each other, and address lines that are stuck by two places that hold the same.
 * The list begins anew after its last pattern.
 *
 * HIGHMEM has no address, and the descriptors that kmap() works with do not exist yet: it is
 * mapped through the window of kmap, which nobody uses so early, as many pages at once as it has
 * slots.
 *
 * A fault can be planted, for tests: after each write to its page one bit of it is flipped.
 *
 * Locks: none, the boot runs on one CPU. Costs: nothing without the option; with it, memory is
 * written and read N times, before the machine does anything else.
 */
#include "badmem.h"

#define CHUNK	   ((phys_addr_t)QUARRY_KMAP_SLOTS << PAGE_SHIFT) /* bytes mapped at once */
#define MAX_BROKEN 4		/* planted faults */

static const u64 patterns[] = {
	0x0000000000000000, 0xffffffffffffffff, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa,
	0x3333333333333333, 0xcccccccccccccccc, 0x0f0f0f0f0f0f0f0f, 0xf0f0f0f0f0f0f0f0,
	0x00ff00ff00ff00ff, 0xff00ff00ff00ff00, 0x0000ffff0000ffff, 0xffff0000ffff0000,
	0x00000000ffffffff, 0xffffffff00000000, 0x6db6db6db6db6db6, 0x9249249249249249,
};

static unsigned int nr_passes;
static phys_addr_t broken[MAX_BROKEN];
static unsigned int nr_broken;
static unsigned long nr_bad_pages;

/* ---- One piece of memory that is mapped ---- */

void memtest_fill(void *virt, phys_addr_t phys, size_t size, u64 pattern)
{
	u64 *word = virt;

	for (size_t i = 0; i < size / sizeof(*word); i++)
		word[i] = pattern ^ (phys + i * sizeof(*word));
	for (unsigned int i = 0; i < nr_broken; i++)
		if (broken[i] >= phys && broken[i] - phys < size)
			*((u8 *)virt + (broken[i] - phys)) ^= 0x10;
	barrier();
}

size_t memtest_find_wrong(const void *virt, phys_addr_t phys, size_t size, u64 pattern)
{
	const u64 *word = virt;
	size_t i = 0;

	while (i < size / sizeof(*word) && word[i] == (pattern ^ (phys + i * sizeof(*word))))
		i++;
	return i * sizeof(*word);
}

/* ---- Ranges ---- */

static bool has_address(phys_addr_t phys)
{
	unsigned int m = memblock_search(&memblock_memory, phys);

	return m < memblock_memory.nr && !memblock_memory.regions[m].nomap;
}

static void *map(phys_addr_t phys, phys_addr_t size)
{
	if (has_address(phys))
		return phys_to_virt(phys);
	if (port_map(port_kmap_base, phys, size, PORT_RW))
		return NULL;
	return (void *)port_kmap_base;
}

static void unmap(phys_addr_t phys, phys_addr_t size)
{
	if (!has_address(phys))
		port_unmap(port_kmap_base, size);
}

static void take_out(phys_addr_t phys, u64 pattern)
{
	if (memblock_reserve(ALIGN_DOWN(phys, PAGE_SIZE), PAGE_SIZE)) {
		pr_err("memtest: %pa does not keep %016llx; no room to note it\n", &phys, pattern);
		return;
	}
	nr_bad_pages++;
	pr_err("memtest: %pa does not keep %016llx; its page is not used\n", &phys, pattern);
}

/* Reads a piece back. A page with one wrong word is taken out, and the next one looked at. */
static void check(const void *virt, phys_addr_t phys, phys_addr_t size, u64 pattern)
{
	phys_addr_t done = 0;

	while (done < size) {
		done += memtest_find_wrong(virt + done, phys + done, size - done, pattern);
		if (done < size) {
			take_out(phys + done, pattern);
			done = ALIGN(done + 1, PAGE_SIZE);
		}
	}
}

static void walk(phys_addr_t start, phys_addr_t end, u64 pattern, bool write)
{
	for (phys_addr_t size; start < end; start += size) {
		void *virt;

		size = min(end - start, CHUNK);
		virt = map(start, size);
		if (!virt)
			continue;
		if (write)
			memtest_fill(virt, start, size, pattern);
		else
			check(virt, start, size, pattern);
		unmap(start, size);
	}
}

/* Free ranges as they are now; what is taken out in between makes new ones. */
static phys_addr_t test_all(u64 pattern)
{
	phys_addr_t pos, start, end, tested = 0;

	for_each_free_mem_range(pos, &start, &end) {
		phys_addr_t first = ALIGN(start, PAGE_SIZE), last = ALIGN_DOWN(end, PAGE_SIZE);

		if (first >= last)
			continue;
		walk(first, last, pattern, true);
		walk(first, last, pattern, false);
		tested += last - first;
	}
	return tested;
}

/* ---- Public ---- */

void quarry_memtest(unsigned int passes)
{
	nr_passes = passes;
}

bool quarry_memtest_plant(phys_addr_t phys)
{
	if (nr_broken == MAX_BROKEN)
		return false;
	broken[nr_broken++] = phys;
	return true;
}

void memtest_plant_no_more(void)
{
	nr_broken = 0;
}

void memtest_run(void)
{
	phys_addr_t tested = 0;

	for (unsigned int i = 0; i < nr_passes; i++)
		tested = test_all(patterns[i % ARRAY_SIZE(patterns)]);
	if (nr_passes)
		pr_info("memtest: %llu KiB tested, %u passes: %lu bad pages\n", tested / 1024,
			nr_passes, nr_bad_pages);
	nr_broken = 0;
}

bool memtest_was_run(unsigned long *bad_pages)
{
	*bad_pages = nr_bad_pages;
	return nr_passes > 0;
}
