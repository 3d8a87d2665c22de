// SPDX-License-Identifier: MIT
/*
 * Early physical memory: two lists of ranges, the RAM that exists and the part of it that
 * is taken. Memory is allocated by reserving a piece of the difference.
 *
 * A list (struct memblock_type) is an array of [base, end) ranges, sorted, disjoint, none
 * empty; neighbours that touch and carry the same attributes are one range. Firmware maps
 * are nothing of the kind: unsorted, overlapping, repeated, sometimes wrapping. Each change
 * therefore goes through one function, memblock_apply(), that reads the old list in order and
 * writes the new one: O(n) a change, and the invariant holds by construction. It writes to
 * a spare list and copies back at the end, so that a change that does not fit changes nothing.
 * Only what grows one range downwards, and touches no other, is done in place: so are nearly all
 * allocations, since each takes the highest place there is, just below the one before.
 *
 * What a range carries: its node, and whether it is outside the direct map (HIGHMEM).
 *
 * After the boot the lists stay: what was never allocated here is the pristine memory that
 * section.c counts and then hands out little by little. So memblock_close() ends all changes:
 * whoever comes later is told so.
 *
 * Locks: none. All changes happen on one CPU before memblock_close(); later the lists are only
 * read.
 */
#include "internal.h"

struct memblock_type memblock_memory, memblock_reserved;
static struct memblock_type spare;
static phys_addr_t current_limit = MEMBLOCK_ALLOC_ANYWHERE;
static bool closed;

/* Appends a range to the spare list, or grows its last one; empty ranges vanish. */
static bool emit(phys_addr_t base, phys_addr_t end, struct memblock_region like)
{
	struct memblock_region *last = spare.nr ? &spare.regions[spare.nr - 1] : NULL;

	if (base >= end)
		return true;
	if (last && last->end == base && last->nid == like.nid && last->nomap == like.nomap) {
		last->end = end;
		return true;
	}
	if (spare.nr == ARRAY_SIZE(spare.regions))
		return false;
	like.base = base;
	like.end = end;
	spare.regions[spare.nr++] = like;
	return true;
}

/* The part of an old range that the change covers. */
static bool emit_changed(phys_addr_t base, phys_addr_t end, struct memblock_region like,
			 enum memblock_op op, int nid)
{
	if (op == MEMBLOCK_REMOVE)
		return true;
	if (op == MEMBLOCK_SET_NID)
		like.nid = nid;
	if (op == MEMBLOCK_SET_NOMAP)
		like.nomap = true;
	return emit(base, end, like);
}

/*
 * Applies op to [base, base + size): adds what is missing there (with NUMA_NO_NODE; what
 * is there keeps its attributes), removes, or sets an attribute of what is there. -ENOSPC,
 * with nothing changed, when the result has too many ranges.
 */
int memblock_apply(struct memblock_type *type, phys_addr_t base, phys_addr_t size,
		   enum memblock_op op, int nid)
{
	const struct memblock_region fresh = { .nid = NUMA_NO_NODE };
	phys_addr_t end = base + size < base ? ~(phys_addr_t)0 : base + size;
	phys_addr_t pos = base;		/* everything below is written */
	bool fits = true;

	spare.nr = 0;
	for (unsigned int i = 0; i < type->nr; i++) {
		struct memblock_region r = type->regions[i];
		phys_addr_t lo = clamp(r.base, base, end), hi = clamp(r.end, base, end);

		fits &= emit(r.base, min(r.end, base), r);
		if (op == MEMBLOCK_ADD)
			fits &= emit(pos, lo, fresh);
		fits &= emit_changed(lo, hi, r, op, nid);
		pos = max(pos, hi);
		fits &= emit(max(r.base, end), r.end, r);
	}
	if (op == MEMBLOCK_ADD)
		fits &= emit(pos, end, fresh);
	if (!fits)
		return -ENOSPC;
	type->nr = spare.nr;
	memcpy(type->regions, spare.regions, spare.nr * sizeof(spare.regions[0]));
	return 0;
}

unsigned int memblock_search(const struct memblock_type *type, phys_addr_t addr)
{
	unsigned int lo = 0, hi = type->nr;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (type->regions[mid].end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Grows the range that begins just behind, if nothing else changes by that. */
static bool grow_down(struct memblock_type *type, phys_addr_t base, phys_addr_t size)
{
	unsigned int i = memblock_search(type, base);
	struct memblock_region *r = &type->regions[i];

	if (!size || i == type->nr || r->base != base + size || r->nid != NUMA_NO_NODE ||
	    r->nomap || (i && type->regions[i - 1].end == base))
		return false;
	r->base = base;
	return true;
}

/* ---- The public changes ---- */

void memblock_close(void)
{
	closed = true;
}

static int change(struct memblock_type *type, phys_addr_t base, phys_addr_t size,
		  enum memblock_op op, int nid)
{
	if (!closed)
		return memblock_apply(type, base, size, op, nid);
	report_misuse(QUARRY_BAD_ARGUMENT, NULL,
		      "memblock: change of %#llx+%#llx after quarry_init()", base, size);
	return -EBUSY;
}

int memblock_add(phys_addr_t base, phys_addr_t size)
{
	return change(&memblock_memory, base, size, MEMBLOCK_ADD, 0);
}

int memblock_remove(phys_addr_t base, phys_addr_t size)
{
	return change(&memblock_memory, base, size, MEMBLOCK_REMOVE, 0);
}

int memblock_reserve(phys_addr_t base, phys_addr_t size)
{
	if (!closed && grow_down(&memblock_reserved, base, size))
		return 0;
	return change(&memblock_reserved, base, size, MEMBLOCK_ADD, 0);
}

int memblock_phys_free(phys_addr_t base, phys_addr_t size)
{
	return change(&memblock_reserved, base, size, MEMBLOCK_REMOVE, 0);
}

int memblock_set_node(phys_addr_t base, phys_addr_t size, int nid)
{
	if (nid < 0 || nid >= MAX_NUMNODES)
		return -EINVAL;
	return change(&memblock_memory, base, size, MEMBLOCK_SET_NID, nid);
}

void memblock_set_current_limit(phys_addr_t limit)
{
	current_limit = limit;
}

/* ---- Questions ---- */

static phys_addr_t total_size(const struct memblock_type *type)
{
	phys_addr_t sum = 0;

	for (unsigned int i = 0; i < type->nr; i++)
		sum += type->regions[i].end - type->regions[i].base;
	return sum;
}

static bool contains(const struct memblock_type *type, phys_addr_t addr)
{
	unsigned int i = memblock_search(type, addr);

	return i < type->nr && type->regions[i].base <= addr;
}

phys_addr_t memblock_phys_mem_size(void) { return total_size(&memblock_memory); }
phys_addr_t memblock_reserved_size(void) { return total_size(&memblock_reserved); }
bool memblock_is_memory(phys_addr_t addr) { return contains(&memblock_memory, addr); }
bool memblock_is_reserved(phys_addr_t addr) { return contains(&memblock_reserved, addr); }

phys_addr_t memblock_start_of_DRAM(void)
{
	return memblock_memory.nr ? memblock_memory.regions[0].base : 0;
}

phys_addr_t memblock_end_of_DRAM(void)
{
	return memblock_memory.nr ? memblock_memory.regions[memblock_memory.nr - 1].end : 0;
}

bool memblock_memory_range(unsigned int i, phys_addr_t *start, phys_addr_t *end, int *nid)
{
	if (i >= memblock_memory.nr)
		return false;
	*start = memblock_memory.regions[i].base;
	*end = memblock_memory.regions[i].end;
	if (nid)
		*nid = memblock_memory.regions[i].nid;
	return true;
}

bool memblock_next_free_in(const struct memblock_type *memory, const struct memblock_type *reserved,
			   phys_addr_t from, phys_addr_t *start, phys_addr_t *end, int *nid)
{
	unsigned int m, r;

	while ((m = memblock_search(memory, from)) < memory->nr) {
		const struct memblock_region *ram = &memory->regions[m];

		from = max(from, ram->base);
		r = memblock_search(reserved, from);
		if (r < reserved->nr && reserved->regions[r].base <= from) {
			from = reserved->regions[r].end;
			continue;
		}
		*start = from;
		*end = r < reserved->nr ? min(ram->end, reserved->regions[r].base) : ram->end;
		if (nid)
			*nid = ram->nid;
		return true;
	}
	return false;
}

bool memblock_next_free(phys_addr_t from, phys_addr_t *start, phys_addr_t *end, int *nid)
{
	return memblock_next_free_in(&memblock_memory, &memblock_reserved, from, start, end, nid);
}

/* ---- Allocation ---- */

/* The highest aligned place of that size in [lo, hi), or 0. */
static phys_addr_t fit(phys_addr_t lo, phys_addr_t hi, phys_addr_t size, phys_addr_t align)
{
	phys_addr_t base;

	if (hi < size || hi <= lo)
		return 0;
	base = ALIGN_DOWN(hi - size, align);
	return base >= lo ? base : 0;
}

/* The highest free place in [lo, hi), which is RAM; from the top down, gap by gap. */
static phys_addr_t highest_in(phys_addr_t lo, phys_addr_t hi, phys_addr_t size, phys_addr_t align)
{
	const struct memblock_region *taken = memblock_reserved.regions;
	unsigned int i = memblock_search(&memblock_reserved, hi - 1);
	phys_addr_t base;

	if (i < memblock_reserved.nr && taken[i].base < hi)
		hi = taken[i].base;
	for (; hi > lo; hi = taken[--i].base) {
		base = fit(i ? max(lo, taken[i - 1].end) : lo, hi, size, align);
		if (base || !i)
			return base;
	}
	return 0;
}

/*
 * The highest free place in [start, end) on the node (NUMA_NO_NODE: on any), in whole pages of
 * RAM: the direct map leaves out the rest. Address 0 stands for failure, so page 0 is never
 * allocated here. Ranges outside the direct map serve only callers that name an address range.
 */
static phys_addr_t reserve_highest(phys_addr_t size, phys_addr_t align, phys_addr_t start,
				   phys_addr_t end, int nid, bool nomap)
{
	phys_addr_t lo, hi, base = 0;

	for (unsigned int i = memblock_memory.nr; size && !base && i-- > 0;) {
		const struct memblock_region *ram = &memblock_memory.regions[i];

		if ((!nomap && ram->nomap) ||
		    (nid != NUMA_NO_NODE && memblock_nid(ram->nid) != nid))
			continue;
		lo = max(start, PFN_PHYS(PFN_UP(ram->base)));
		hi = min(end, PFN_PHYS(PFN_DOWN(ram->end)));
		if (lo < hi)
			base = highest_in(lo, hi, size, align ? align : 64);
	}
	return base && !memblock_reserve(base, size) ? base : 0;
}

phys_addr_t memblock_phys_alloc_range(phys_addr_t size, phys_addr_t align,
				      phys_addr_t start, phys_addr_t end)
{
	return reserve_highest(size, align, start, end, NUMA_NO_NODE, true);
}

phys_addr_t memblock_alloc_range_nid(phys_addr_t size, phys_addr_t align, phys_addr_t start,
				     phys_addr_t end, int nid, bool exact_nid)
{
	phys_addr_t base = reserve_highest(size, align, start, end, nid, true);

	return base || exact_nid ? base : memblock_phys_alloc_range(size, align, start, end);
}

void *memblock_alloc_node(phys_addr_t size, phys_addr_t align, int nid)
{
	phys_addr_t base = reserve_highest(size, align, 0, current_limit, nid, false);

	if (!base && nid != NUMA_NO_NODE)
		base = reserve_highest(size, align, 0, current_limit, NUMA_NO_NODE, false);
	return base ? memset(phys_to_virt(base), 0, size) : NULL;
}

void *memblock_alloc(phys_addr_t size, phys_addr_t align)
{
	return memblock_alloc_node(size, align, NUMA_NO_NODE);
}
