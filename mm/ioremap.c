// SPDX-License-Identifier: MIT
/*
 * Mappings of what is not the allocator's memory: registers, framebuffers, firmware's tables;
 * and the rights of mappings that there are.
 *
 * A physical page may have several mappings, but they must agree on its memory type: a processor
 * that finds the same page cached here and uncached there may lose writes. So RAM, which the
 * direct map has cached, is refused to all but memremap(MEMREMAP_WB), and of the device mappings
 * that are live the overlapping ones must have one type.
 *
 * RAM is what memblock calls memory, and what was added since. Memory that firmware uses for itself
 * is none of it.
 *
 * Locks: remap_mutex, from the search for conflicts, which holds vmap_lock, to the mapping that it
 * was for: of two that conflict, made at the same moment, one is refused.
 * Costs: a look at every area, for each mapping.
 */
#include <linux/io.h>
#include <linux/mutex.h>
#include <linux/set_memory.h>
#include "section.h"
#include "vmap.h"

static DEFINE_MUTEX(remap_mutex);

/* ---- Conflicts ---- */

enum kind { NO_RAM, ALL_RAM, PART_RAM };

/* How much of [start, end) is RAM. */
static enum kind ram_in(phys_addr_t start, phys_addr_t end)
{
	phys_addr_t covered = 0;

	for (unsigned int i = 0; i < memblock_memory.nr; i++) {
		const struct memblock_region *r = &memblock_memory.regions[i];
		phys_addr_t from = max(start, r->base), to = min(end, r->end);

		covered += from < to ? to - from : 0;
	}
	for (phys_addr_t at = start; at < end; at = ALIGN_DOWN(at, SECTION_SIZE) + SECTION_SIZE)
		if (pfn_is_hot(PFN_DOWN(at)))
			covered += min(end, ALIGN_DOWN(at, SECTION_SIZE) + SECTION_SIZE) - at;
	if (!covered)
		return NO_RAM;
	return covered == end - start ? ALL_RAM : PART_RAM;
}

struct search {
	phys_addr_t start, end;
	enum port_prot type;
	const struct vmap_area *conflict;
};

/* Is that area a device mapping of some of the same pages with another type? */
static bool find_conflict(struct vmap_area *area, void *arg)
{
	phys_addr_t start = area->vm.phys_addr & PAGE_MASK;
	struct search *search = arg;
	struct port_mapping mapping;

	if (READ_ONCE(area->state) != VMAP_LIVE || !(area->vm.flags & VM_IOREMAP) ||
	    start >= search->end ||
	    start + ((u64)area->vm.nr_pages << PAGE_SHIFT) <= search->start)
		return true;
	if (port_query(area->start, &mapping) && (mapping.prot & PORT_TYPES) != search->type)
		search->conflict = area;
	return !search->conflict;
}

static const char *why_refused(phys_addr_t phys, size_t size, enum port_prot type, bool ram)
{
	struct search search = { phys & PAGE_MASK, PAGE_ALIGN(phys + size), type, NULL };

	if (!size || phys + size < phys || search.end <= search.start || search.end >> 52)
		return "no such addresses";
	if (PFN_DOWN(search.end - search.start) > U32_MAX)
		return "too large";
	if (!ram && ram_in(search.start, search.end) != NO_RAM)
		return "that is RAM";
	vmap_for_each(&vmap_small, find_conflict, &search);
	vmap_for_each(&vmap_large, find_conflict, &search);
	return search.conflict ? "mapped with another memory type" : NULL;
}

/* ---- Mapping ---- */

/* Large pieces lie as their memory does, so that large entries map them. */
static unsigned long best_align(phys_addr_t start, size_t size)
{
	if (size >= SZ_1G && IS_ALIGNED(start, SZ_1G))
		return SZ_1G;
	return size >= SZ_2M && IS_ALIGNED(start, SZ_2M) ? SZ_2M : PAGE_SIZE;
}

static void *map(phys_addr_t phys, size_t size, enum port_prot prot, const void *caller)
{
	phys_addr_t start = phys & PAGE_MASK;
	size_t whole = PAGE_ALIGN(phys + size) - start;
	struct vmap_area *area = vmap_alloc(whole, best_align(start, whole));

	if (!area)
		return NULL;
	area->vm.nr_pages = (unsigned int)(whole >> PAGE_SHIFT);
	if (port_map(area->start, start, whole, prot)) {
		vmap_retire(area, true);
		return NULL;
	}
	area->vm.size = whole + PAGE_SIZE;
	area->vm.requested_size = whole;
	area->vm.phys_addr = phys;
	area->vm.flags = VM_IOREMAP;
	area->vm.caller = caller;
	smp_store_release(&area->state, VMAP_LIVE);
	return (char *)area->vm.addr + (phys - start);
}

static void __iomem *remap(phys_addr_t phys, size_t size, enum port_prot type, bool ram,
			   const void *caller, const char *call)
{
	const char *wrong;
	void *addr = NULL;

	mutex_lock(&remap_mutex);
	wrong = why_refused(phys, size, type, ram);
	if (!wrong)
		addr = map(phys, size, PORT_RW | type, caller);
	mutex_unlock(&remap_mutex);
	if (wrong) {
		report_misuse(QUARRY_BAD_ARGUMENT, caller, "%s(phys:%pa, size:%zu): %s; called by "
			      "%pS", call, &phys, size, wrong, caller);
		return NULL;
	}
	if (!addr)
		pr_warn("%s(phys:%pa, size:%zu): no addresses, or no tables; called by %pS\n",
			call, &phys, size, caller);
	return addr;
}

void __iomem *ioremap(phys_addr_t phys, size_t size)
{
	return remap(phys, size, PORT_UC, false, __builtin_return_address(0), "ioremap");
}

void __iomem *ioremap_wc(phys_addr_t phys, size_t size)
{
	return remap(phys, size, PORT_WC, false, __builtin_return_address(0), "ioremap_wc");
}

void __iomem *ioremap_cache(phys_addr_t phys, size_t size)
{
	return remap(phys, size, PORT_WB, false, __builtin_return_address(0), "ioremap_cache");
}

void __iomem *ioremap_wt(phys_addr_t phys, size_t size)
{
	return remap(phys, size, PORT_WT, false, __builtin_return_address(0), "ioremap_wt");
}

static void unmap(const volatile void *addr, const char *call)
{
	struct vmap_area *area;
	const char *wrong;

	might_sleep();
	area = vmap_claim((unsigned long)addr & PAGE_MASK, VM_IOREMAP, &wrong);
	if (area)
		vmap_retire(area, true);
	else
		report_misuse(QUARRY_BAD_UNMAP, (const void *)addr, "%s(%px): %s", call,
			      (const void *)addr, wrong);
}

void iounmap(const volatile void __iomem *addr)
{
	if (addr)
		unmap(addr, "iounmap");
}

/*
 * Does the direct map have all of it, which is RAM? It may begin on one node and end on the next,
 * with HIGHMEM between. A page block is of one zone.
 */
static bool in_direct_map(phys_addr_t phys, size_t size)
{
	unsigned long pfn = PFN_DOWN(phys), end = PFN_UP(phys + size);

	for (; pfn < end; pfn = ALIGN(pfn + 1, PAGEBLOCK_PAGES))
		if (!virt_addr_valid(phys_to_virt(PFN_PHYS(pfn))))
			return false;
	return true;
}

void *memremap(phys_addr_t phys, size_t size, unsigned long flags)
{
	enum kind kind = size && phys + size > phys ? ram_in(phys, phys + size) : NO_RAM;
	enum port_prot type = flags & MEMREMAP_WB ? PORT_WB :
			      flags & MEMREMAP_WT ? PORT_WT : PORT_WC;
	bool ram = kind == ALL_RAM && type == PORT_WB;

	if (!(flags & (MEMREMAP_WB | MEMREMAP_WT | MEMREMAP_WC)))
		return NULL;
	if (ram && in_direct_map(phys, size))
		return phys_to_virt(phys);
	return remap(phys, size, type, ram, __builtin_return_address(0), "memremap");
}

void memunmap(void *addr)
{
	if (addr && is_vmalloc_addr(addr))
		unmap(addr, "memunmap");
}

/* ---- Copying ---- */

void memcpy_fromio(void *to, const volatile void __iomem *from, size_t count)
{
	u8 *out = to;

	for (; count && !IS_ALIGNED((unsigned long)from, 8); count--)
		*out++ = readb(from++);
	for (; count >= 8; count -= 8, from += 8, out += 8)
		memcpy(out, &(u64){ readq(from) }, 8);
	while (count--)
		*out++ = readb(from++);
}

void memcpy_toio(volatile void __iomem *to, const void *from, size_t count)
{
	const u8 *in = from;
	u64 word;

	for (; count && !IS_ALIGNED((unsigned long)to, 8); count--)
		writeb(*in++, to++);
	for (; count >= 8; count -= 8, to += 8, in += 8) {
		memcpy(&word, in, 8);
		writeq(word, to);
	}
	while (count--)
		writeb(*in++, to++);
}

void memset_io(volatile void __iomem *to, int value, size_t count)
{
	u64 word = (u8)value * 0x0101010101010101ULL;

	for (; count && !IS_ALIGNED((unsigned long)to, 8); count--)
		writeb((u8)value, to++);
	for (; count >= 8; count -= 8, to += 8)
		writeq(word, to);
	while (count--)
		writeb((u8)value, to++);
}

/* ---- Rights ---- */

/*
 * Takes away and adds rights of every page; what comes out may not be writable and executable.
 * All pages are looked at before the first is changed.
 */
static int change(unsigned long addr, int numpages, unsigned int remove, unsigned int add,
		  const char *call)
{
	unsigned long end = addr + ((unsigned long)max(numpages, 0) << PAGE_SHIFT), va;
	const struct vm_struct *vm = find_vm_area((void *)addr);
	struct port_mapping mapping;
	bool wrong = !vm || numpages <= 0 || !PAGE_ALIGNED(addr) ||
		     end > (unsigned long)vm->addr + vm->size - PAGE_SIZE;
	int error = 0;

	might_sleep();
	for (va = addr; va < end && !wrong; va += PAGE_SIZE)
		wrong = !port_query(va, &mapping) ||
			((mapping.prot & ~remove) | add) % (PORT_RIGHTS + 1) == PORT_RIGHTS;
	if (wrong) {
		report_misuse(QUARRY_BAD_ARGUMENT, (void *)addr, "%s(%lx, %d): not all of one "
			      "area, or writable and executable", call, addr, numpages);
		return -EINVAL;
	}
	for (va = addr; va < end && !error; va += PAGE_SIZE) {
		port_query(va, &mapping);
		mapping.prot = (mapping.prot & ~remove) | add;
		error = port_protect(va, PAGE_SIZE, mapping.prot & PORT_RIGHTS);
	}
	port_flush(addr, end - addr);
	return error;
}

int set_memory_ro(unsigned long addr, int numpages)
{
	return change(addr, numpages, PORT_RW, 0, "set_memory_ro");
}

int set_memory_rw(unsigned long addr, int numpages)
{
	return change(addr, numpages, 0, PORT_RW, "set_memory_rw");
}

int set_memory_nx(unsigned long addr, int numpages)
{
	return change(addr, numpages, PORT_RX, 0, "set_memory_nx");
}

int set_memory_x(unsigned long addr, int numpages)
{
	return change(addr, numpages, 0, PORT_RX, "set_memory_x");
}

int set_memory_rox(unsigned long addr, int numpages)
{
	return change(addr, numpages, PORT_RW, PORT_RX, "set_memory_rox");
}
