// SPDX-License-Identifier: MIT
/*
 * Temporary mappings of pages that have no standing one.
 *
 * The window at port_kmap_base is cut in two:
 *
 *	| QUARRY_KMAP_SLOTS shared slots | for each CPU QUARRY_KMAP_LOCAL_DEPTH own slots |
 *
 * Shared slots (kmap): a page that is mapped is in one slot, with a count of its users, and is
 * found by its pfn in a small hash table. The last kunmap() unmaps it, so that a stale pointer
 * faults. But other CPUs may still have the mapping cached: the slot is stale, and shows no
 * other page before all CPUs were told to forget. That is done for all stale slots at once,
 * when no free one is left.
 *
 *	free --kmap--> used --last kunmap--> stale --kmap finds no free one--> flushed, free
 *
 * Where all are in use, kmap() sleeps until a last kunmap() or the end of a flush, and all who
 * sleep look again. None of them is missed: a sleeper is in the queue before it looks at the
 * lists under kmap_lock, and who changes the lists looks at the queue under that lock.
 *
 * Own slots (kmap_local_page) are a stack: a CPU's depth says how many are in use. An
 * interrupt pushes and pops its own on top, and leaves the depth as it was; so between the
 * load and the store of the depth an interrupt changes nothing, and no lock is needed. A thread
 * that has one in use has preemption off: another on its CPU would unmap what is not its own,
 * and on another CPU the address shows something else.
 *
 * Invariants: a slot is in its page's hash chain exactly when its count is above 0; else it is
 * on the free list, on the stale list, or one of nr_flushing that a CPU carries meanwhile. Slot
 * numbers below count from 0, SLOT_NONE ends lists.
 *
 * Locks: kmap_lock guards the shared slots; it is a leaf, and is not held while CPUs are waited
 * for: one of them may want it with interrupts off. kmap() may sleep, kunmap() does not.
 */
#include <linux/highmem.h>
#include <linux/wait.h>
#include "internal.h"

#define NR_HASH (QUARRY_KMAP_SLOTS / 4)
#define SLOT_NONE 0xffff

struct kmap_slot {
	unsigned long pfn;
	u32 users;
	u16 next;		/* in the hash chain, or in the list it is on */
};

static DEFINE_SPINLOCK(kmap_lock);
static struct kmap_slot slots[QUARRY_KMAP_SLOTS];
static u16 hash_heads[NR_HASH];
static u16 free_head, stale_head = SLOT_NONE;
static unsigned int nr_flushing;
static DECLARE_WAIT_QUEUE_HEAD(slot_wait);	/* who sleeps until a slot comes free */
static u8 local_depth[QUARRY_NR_CPUS];

/* ---- Shared slots ---- */

static void *slot_address(unsigned int slot)
{
	return (void *)(port_kmap_base + slot * PAGE_SIZE);
}

/* The link that leads to the page's slot, or to the end of its chain. */
static u16 *find_slot(unsigned long pfn)
{
	u16 *link = &hash_heads[pfn % NR_HASH];

	while (*link != SLOT_NONE && slots[*link].pfn != pfn)
		link = &slots[*link].next;
	return link;
}

/* Takes a free slot for the page; SLOT_NONE when all are in use. */
static unsigned int open_slot(unsigned long pfn, u16 *link)
{
	unsigned int slot = free_head;

	if (slot == SLOT_NONE)
		return SLOT_NONE;
	free_head = slots[slot].next;
	slots[slot] = (struct kmap_slot){ .pfn = pfn, .next = SLOT_NONE };
	*link = slot;
	port_map((unsigned long)slot_address(slot), PFN_PHYS(pfn), PAGE_SIZE, PORT_RW);
	return slot;
}

static void close_slot(u16 *link)
{
	unsigned int slot = *link;

	*link = slots[slot].next;
	port_unmap((unsigned long)slot_address(slot), PAGE_SIZE);
	slots[slot].next = stale_head;
	stale_head = slot;
}

/* Counts a list of slots; *last is its last one. Ends even when the list does not. */
static unsigned int list_length(u16 head, u16 *last)
{
	unsigned int length = 0;

	for (; head != SLOT_NONE && length <= QUARRY_KMAP_SLOTS; head = slots[head].next) {
		*last = head;
		length++;
	}
	return length;
}

/* Makes stale slots free ones, unless there are none or somebody else is at it. */
static void flush_stale(void)
{
	unsigned long flags;
	u16 head = SLOT_NONE, last = SLOT_NONE;

	spin_lock_irqsave(&kmap_lock, flags);
	if (!nr_flushing) {
		head = stale_head;
		nr_flushing = list_length(head, &last);
		stale_head = SLOT_NONE;
	}
	spin_unlock_irqrestore(&kmap_lock, flags);
	if (head == SLOT_NONE)
		return;
	port_flush(port_kmap_base, QUARRY_KMAP_SLOTS * PAGE_SIZE);
	spin_lock_irqsave(&kmap_lock, flags);
	slots[last].next = free_head;
	free_head = head;
	nr_flushing = 0;
	spin_unlock_irqrestore(&kmap_lock, flags);
	wake_up_all(&slot_wait);
}

/* Is there something for kmap() to do but to wait? */
static bool slot_may_be_had(unsigned long pfn)
{
	unsigned long flags;
	bool may;

	spin_lock_irqsave(&kmap_lock, flags);
	may = free_head != SLOT_NONE || *find_slot(pfn) != SLOT_NONE ||
	      (stale_head != SLOT_NONE && !nr_flushing);
	spin_unlock_irqrestore(&kmap_lock, flags);
	return may;
}

/* The slot of a page, found or opened, with one more user; or SLOT_NONE. */
static unsigned int use_slot(unsigned long pfn)
{
	unsigned long flags;
	unsigned int slot;
	u16 *link;

	spin_lock_irqsave(&kmap_lock, flags);
	link = find_slot(pfn);
	slot = *link != SLOT_NONE ? *link : open_slot(pfn, link);
	if (slot != SLOT_NONE)
		slots[slot].users++;
	spin_unlock_irqrestore(&kmap_lock, flags);
	return slot;
}

void *kmap(struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	unsigned int slot;

	might_sleep();
	if (!PageHighMem(page))
		return page_address(page);
	while ((slot = use_slot(pfn)) == SLOT_NONE) {
		if (in_atomic() || irqs_disabled()) {
			report_misuse(QUARRY_NO_SLOT, page,
				      "kmap(page:%px pfn:%#lx): all %d slots in use",
				      page, pfn, QUARRY_KMAP_SLOTS);
			return NULL;
		}
		flush_stale();
		wait_event(slot_wait, slot_may_be_had(pfn));
	}
	return slot_address(slot);
}

void kunmap(struct page *page)
{
	unsigned long flags, pfn = page_to_pfn(page);
	bool mapped, wake = false;
	u16 *link;

	if (!PageHighMem(page))
		return;
	spin_lock_irqsave(&kmap_lock, flags);
	link = find_slot(pfn);
	mapped = *link != SLOT_NONE;
	if (mapped && --slots[*link].users == 0) {
		close_slot(link);
		wake = waitqueue_active(&slot_wait);
	}
	spin_unlock_irqrestore(&kmap_lock, flags);
	if (wake)
		wake_up_all(&slot_wait);
	if (!mapped)
		report_misuse(QUARRY_BAD_UNMAP, page, "kunmap(page:%px pfn:%#lx): not mapped",
			      page, pfn);
}

void *page_address(const struct page *page)
{
	unsigned long flags;
	unsigned int slot;

	if (!PageHighMem(page))
		return phys_to_virt(page_to_phys(page));
	spin_lock_irqsave(&kmap_lock, flags);
	slot = *find_slot(page_to_pfn(page));
	spin_unlock_irqrestore(&kmap_lock, flags);
	return slot == SLOT_NONE ? NULL : slot_address(slot);
}

/* ---- Own slots ---- */

static unsigned long local_base(unsigned int cpu)
{
	return port_kmap_base +
	       (QUARRY_KMAP_SLOTS + cpu * (unsigned long)QUARRY_KMAP_LOCAL_DEPTH) * PAGE_SIZE;
}

/* The next slot of this CPU, if fewer than `limit` are in use; NULL otherwise. */
static void *map_local(struct page *page, unsigned int limit)
{
	unsigned int cpu, depth;
	unsigned long va;

	if (!PageHighMem(page))
		return page_address(page);
	preempt_disable();
	cpu = port_cpu();
	depth = local_depth[cpu];
	va = local_base(cpu) + depth * PAGE_SIZE;
	if (depth >= limit) {
		preempt_enable();
		return NULL;
	}
	WRITE_ONCE(local_depth[cpu], depth + 1);
	barrier();	/* an interrupt from here on uses the slot above ours */
	port_map(va, page_to_phys(page), PAGE_SIZE, PORT_RW);
	return (void *)va;
}

void *kmap_local_page(struct page *page)
{
	void *va = map_local(page, QUARRY_KMAP_LOCAL_NEST);

	if (!va)
		report_misuse(QUARRY_NO_SLOT, page, "kmap_local_page(page:%px): nested %d deep",
			      page, QUARRY_KMAP_LOCAL_NEST);
	return va;
}

void kunmap_local(const void *addr)
{
	unsigned int cpu = port_cpu(), depth = local_depth[cpu];
	unsigned long va = (unsigned long)addr & PAGE_MASK;

	if (va < local_base(0) || va >= local_base(QUARRY_NR_CPUS))
		return;
	if (!depth || va != local_base(cpu) + (depth - 1) * PAGE_SIZE) {
		report_misuse(QUARRY_BAD_UNMAP, addr, "kunmap_local(%px): not the last mapped here",
			      addr);
		return;
	}
	port_unmap(va, PAGE_SIZE);
	barrier();	/* unmapped before an interrupt may reuse the slot */
	WRITE_ONCE(local_depth[cpu], depth - 1);
	preempt_enable();
}

/* ---- Whole pages ---- */

/* These may use the slots above QUARRY_KMAP_LOCAL_NEST, so they find one always. */
static void *map_for_us(struct page *page)
{
	return map_local(page, QUARRY_KMAP_LOCAL_DEPTH);
}

void clear_highpage(struct page *page)
{
	kunmap_local(memset(map_for_us(page), 0, PAGE_SIZE));
}

void copy_highpage(struct page *to, struct page *from)
{
	void *src = map_for_us(from), *dst = map_for_us(to);

	memcpy(dst, src, PAGE_SIZE);
	kunmap_local(dst);
	kunmap_local(src);
}

static bool in_page(size_t offset, size_t len)
{
	return !WARN_ON(offset > PAGE_SIZE || len > PAGE_SIZE - offset);
}

void memcpy_from_page(char *to, struct page *page, size_t offset, size_t len)
{
	char *va;

	if (!in_page(offset, len))
		return;
	va = map_for_us(page);
	memcpy(to, va + offset, len);
	kunmap_local(va);
}

void memcpy_to_page(struct page *page, size_t offset, const char *from, size_t len)
{
	char *va;

	if (!in_page(offset, len))
		return;
	va = map_for_us(page);
	memcpy(va + offset, from, len);
	kunmap_local(va);
}

/* ---- Boot and validation ---- */

int highmem_init(void)
{
	for (unsigned int i = 0; i < QUARRY_KMAP_SLOTS; i++)
		slots[i].next = i + 1 < QUARRY_KMAP_SLOTS ? i + 1 : SLOT_NONE;
	for (unsigned int i = 0; i < NR_HASH; i++)
		hash_heads[i] = SLOT_NONE;
	free_head = 0;
	return port_map_prepare(port_kmap_base, local_base(QUARRY_NR_CPUS) - port_kmap_base,
				PAGE_SIZE);
}

/* Free, stale and used slots add up, and each used one maps its page. Returns violations. */
unsigned int highmem_validate(void)
{
	unsigned int nr_unused, nr_used = 0, wrong = 0;
	unsigned long flags;
	u16 last;

	spin_lock_irqsave(&kmap_lock, flags);
	nr_unused = list_length(free_head, &last) + list_length(stale_head, &last) + nr_flushing;
	for (unsigned int h = 0; h < NR_HASH; h++) {
		for (u16 i = hash_heads[h]; i != SLOT_NONE && nr_used <= QUARRY_KMAP_SLOTS;
		     i = slots[i].next) {
			phys_addr_t pa = 0;

			nr_used++;
			wrong += !slots[i].users || slots[i].pfn % NR_HASH != h;
			wrong += !port_translate((unsigned long)slot_address(i), &pa) ||
				 pa != PFN_PHYS(slots[i].pfn);
		}
	}
	wrong += nr_unused + nr_used != QUARRY_KMAP_SLOTS;
	spin_unlock_irqrestore(&kmap_lock, flags);
	if (wrong)
		report_misuse(QUARRY_CORRUPTION, slots, "kmap: %u unused, %u used, %u wrong",
			      nr_unused, nr_used, wrong);
	return wrong;
}
