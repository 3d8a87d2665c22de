// SPDX-License-Identifier: MIT
/*
 * What can be said of areas: what lies at an address, one line for each, and which of them an
 * address missed.
 *
 * A list of areas is read under the lock of their ranges; areas come and go without it, so a
 * line may tell of one that is just being freed. So the blocks of an area are not to be followed
 * here: they may be somebody else's by now. Where its pages lie the page tables tell; they stay.
 *
 * An address is explained without any lock, since that is done in a fault, where any lock may be
 * held: with interrupts off, which makes a reader of RCU, and descriptions of ranges outlive
 * those.
 */
#include "vmap.h"

/* ---- Questions ---- */

bool is_vmalloc_addr(const void *addr)
{
	return (unsigned long)addr - port_vmalloc_base < port_vmalloc_size;
}

unsigned long vmalloc_to_pfn(const void *addr)
{
	phys_addr_t pa;

	return is_vmalloc_addr(addr) && port_translate((unsigned long)addr, &pa) ? PFN_DOWN(pa) : 0;
}

struct page *vmalloc_to_page(const void *addr)
{
	unsigned long pfn = vmalloc_to_pfn(addr);

	return pfn && pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;
}

struct vm_struct *find_vm_area(const void *addr)
{
	struct vmap_area *area = vmap_find((unsigned long)addr);

	if (!area || READ_ONCE(area->state) != VMAP_LIVE ||
	    (unsigned long)addr - area->start >= (unsigned long)area->vm.nr_pages << PAGE_SHIFT)
		return NULL;
	return &area->vm;
}

/* ---- vmallocinfo ---- */

static void print_nodes(unsigned long va, unsigned long nr_pages)
{
	unsigned int pages[QUARRY_MAX_NODES] = { 0 };
	unsigned long end = va + nr_pages * PAGE_SIZE, next;
	struct port_mapping mapping;

	for (; va < end; va = next) {
		next = va + PAGE_SIZE;
		if (!port_query(va, &mapping))
			continue;	/* unmapped meanwhile */
		next = min(ALIGN(va + 1, mapping.size), end);
		pages[page_to_nid(phys_to_page(mapping.pa))] += (next - va) / PAGE_SIZE;
	}
	for (unsigned int nid = 0; nid < QUARRY_MAX_NODES; nid++)
		if (pages[nid])
			pr_cont(" N%u=%u", nid, pages[nid]);
}

static bool print_area(struct vmap_area *area, void *unused)
{
	const struct vm_struct *vm = &area->vm;

	if (smp_load_acquire(&area->state) != VMAP_LIVE)
		return true;
	printk("0x%px-0x%px %7lu %pS", vm->addr, (char *)vm->addr + vm->size, vm->size,
	       vm->caller);
	if (vm->flags & VM_IOREMAP)
		pr_cont(" phys=%pa ioremap", &vm->phys_addr);
	else
		pr_cont(" pages=%u", vm->nr_pages);
	if (vm->flags & VM_ALLOC)
		pr_cont(" vmalloc");
	if (vm->flags & VM_MAP)
		pr_cont(" vmap");
	if (vm->flags & VM_RAM)
		pr_cont(" vm_map_ram");
	if (vm->flags & VM_USERMAP)
		pr_cont(" user");
	if (vm->flags & VM_ALLOC)
		print_nodes(area->start, vm->nr_pages);
	pr_cont("\n");
	return true;
}

void show_vmallocinfo(void)
{
	vmap_for_each(&vmap_small, print_area, NULL);
	vmap_for_each(&vmap_large, print_area, NULL);
}

/* ---- What an address missed ---- */

/* Of two distances to the area before and the area after, the smaller tells. */
static int say_distance(char *buf, size_t size, unsigned long addr, const struct vmap_area *area)
{
	const struct vm_struct *vm = &area->vm;
	unsigned long end = area->start + vm->requested_size;
	const char *state = READ_ONCE(area->state) == VMAP_LIVE ? "allocated" :
								  "already freed, allocated";

	if (addr < area->start)
		return scnprintf(buf, size, "vmalloc-out-of-bounds: %lu bytes before area of %lu "
				 "bytes %s by %pS", area->start - addr, vm->requested_size, state,
				 vm->caller);
	if (addr < end)
		return scnprintf(buf, size, "vmalloc %s: %lu bytes inside area of %lu bytes %s by "
				 "%pS", READ_ONCE(area->state) == VMAP_LIVE ? "access" :
				 "use-after-free", addr - area->start, vm->requested_size, state,
				 vm->caller);
	return scnprintf(buf, size, "vmalloc-out-of-bounds: %lu bytes after area of %lu bytes %s "
			 "by %pS", addr - end, vm->requested_size, state, vm->caller);
}

/* The range before addr tells more than the one after, unless it was never used. */
static bool tells(const struct vmap_area *area)
{
	return area && area->vm.caller && area->vm.requested_size;
}

bool quarry_explain_address(unsigned long addr, char *buf, size_t size)
{
	struct vmap_area *area, *next;

	if (!is_vmalloc_addr((void *)addr))
		return false;
	area = vmap_find(addr);
	next = area ? READ_ONCE(area->next) : NULL;
	/* Just below an area: its neighbour's guard page, or nobody's addresses. */
	if (tells(next) && next->start > addr && next->start - addr <= PAGE_SIZE / 2 &&
	    (!tells(area) || addr - area->start >= area->vm.requested_size + PAGE_SIZE / 2))
		area = next;
	if (tells(area))
		say_distance(buf, size, addr, area);
	else
		scnprintf(buf, size, "vmalloc-out-of-bounds: no area is near");
	return true;
}
