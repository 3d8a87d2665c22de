// SPDX-License-Identifier: MIT
/*
 * Descriptors on first use: how a machine of a terabyte boots without touching the memory
 * that would describe it.
 *
 * Physical memory is cut into sections of 256 MiB. The descriptors of one section fill
 * 2 MiB of the virtual array of all descriptors (port_vmemmap_base), its part of the
 * page-block table 8 KiB. Neither is backed by memory before it is needed.
 *
 * A regular section is RAM throughout, of one kind, with nothing reserved in it. It stores
 * its own descriptors, at its bottom:
 *
 *	| 2 MiB descriptors | 8 KiB table | ......... free, page block 1 to 127 ......... |
 *
 * and is mapped, with one large page-table entry, when the first page of it is wanted. All
 * other sections with RAM (a handful: holes, the kernel, ends of memory and of nodes) are
 * irregular. They are mapped at boot, with descriptors only for page blocks in which there is
 * RAM, stored in free memory of the same node: of this section, or else of another irregular
 * one. So descriptors lie on the node that they describe, as long as it has room for them.
 *
 * Mapped is not yet made: descriptors must be zero to be valid, and they are cleared one page
 * block (16 KiB for 2 MiB) at a time, when its first page is handed out. Until then the page
 * block is not `live`, and nobody has a pointer to its descriptors.
 *
 * Pristine memory is what memblock still calls free. Each zone eats its share from the
 * bottom up, one piece of at most 4 MiB at a time; zone->pristine_pfn is how far it came.
 * What regular sections need for themselves is left out of nr_pristine from the start, so
 * the number of free pages does not change when a section comes to life.
 *
 * Broken pages that are pristine cannot be marked in a descriptor. They are kept in a small
 * table, and pristine memory ends and begins anew around them: they are never brought to life,
 * and nr_pristine does not have them. Where their page block is live they look like a hole.
 *
 * Sections that get their memory while the machine runs are section_hot.c's.
 *
 * Invariants: REGULAR changes only during section_init(). MAPPED is set once, after the tables
 * and the page-block entries are in place. A live page block is in a mapped section.
 *
 * Locks: section_lock guards mapping, and nests inside zone->lock (the zones of one section
 * have different locks). A page block belongs to one zone, whose lock guards its being made,
 * and which of its pages are in the table of broken ones. Places of the table are given to
 * another zone with a mutex held (memory_failure.c); who looks for pages of its own zone sees
 * those of others come and go, which are none of its own.
 * Cost: 4 MiB of memory brought to life is 32 KiB cleared.
 */
#include "section.h"

/* Pages at the bottom of a regular section that describe it. */
#define SECTION_OVERHEAD ((SECTION_DESCRIPTORS + SECTION_TABLE) >> PAGE_SHIFT)

_Static_assert(SECTION_DESCRIPTORS == SZ_2M, "one large page-table entry maps a section");
_Static_assert(SECTION_TABLE % PAGE_SIZE == 0, "sections share no page of the table");

static DEFINE_SPINLOCK(section_lock);
static unsigned long nr_sections;

/* Broken pages that were pristine when that was found, in any order. */
#define NO_PFN ~0UL		/* the place is free */
static unsigned long bad_pfns[QUARRY_BAD_PRISTINE];
static unsigned int nr_bad_places;	/* places that were ever used */

/* ---- Bringing memory to life ---- */

static void map_regular(unsigned long section)
{
	phys_addr_t base = section * SECTION_SIZE;

	port_map(descriptors_va(section), base, SECTION_DESCRIPTORS, PORT_RW);
	port_map(table_va(section), base + SECTION_DESCRIPTORS, SECTION_TABLE, PORT_RW);
	memset((void *)table_va(section), 0, SECTION_TABLE);
	smp_store_release(&section_state[section], section_state[section] | SECTION_MAPPED);
}

static void ensure_mapped(unsigned long pfn)
{
	unsigned long section = pfn / PAGES_PER_SECTION;

	spin_lock(&section_lock);
	if (!(section_state[section] & SECTION_MAPPED))
		map_regular(section);
	spin_unlock(&section_lock);
}

static void make_live(struct zone *zone, struct pageblock *pb)
{
	if (pb->live)
		return;
	memset(pfn_to_page(block_to_pfn(pb)), 0, BLOCK_DESCRIPTORS);
	buddy_init_block(zone, pb);
}

/* Its place in the table of broken pages, or NULL. */
static unsigned long *bad_place(unsigned long pfn)
{
	unsigned int nr = READ_ONCE(nr_bad_places);

	for (unsigned int i = 0; i < nr; i++)
		if (READ_ONCE(bad_pfns[i]) == pfn)
			return &bad_pfns[i];
	return NULL;
}

/* Shortens [*start, end) to what stands before the first broken page; returns its end. */
static unsigned long skip_bad(unsigned long *start, unsigned long end)
{
	unsigned int nr = READ_ONCE(nr_bad_places);

	if (likely(!nr))
		return end;
	while (*start < end && bad_place(*start))
		(*start)++;
	for (unsigned int i = 0; i < nr; i++) {
		unsigned long bad = READ_ONCE(bad_pfns[i]);

		if (bad > *start && bad < end)
			end = bad;
	}
	return end;
}

/*
 * The first pristine piece of the zone at or above `from`, within one section, its
 * descriptors' own storage left out. False when there is none.
 */
static bool next_pristine(const struct zone *zone, unsigned long from,
			  unsigned long *start, unsigned long *end)
{
	phys_addr_t lo, hi;
	int nid;

	while (memblock_next_free(PFN_PHYS(from), &lo, &hi, &nid)) {
		unsigned long section, pfn = PFN_UP(lo);

		if (pfn >= zone->pristine_end)
			return false;
		section = pfn / PAGES_PER_SECTION;
		if (section_state[section] & SECTION_REGULAR)
			pfn = max(pfn, section * PAGES_PER_SECTION + SECTION_OVERHEAD);
		*start = pfn;
		*end = min3(PFN_DOWN(hi), zone->pristine_end, (section + 1) * PAGES_PER_SECTION);
		*end = skip_bad(start, *end);
		if (*start < *end && memblock_nid(nid) == zone->nid)
			return true;
		/* Too small for a page, or another node's: on to what lies above. */
		from = max3(PFN_UP(min(hi, (section + 1) * SECTION_SIZE)), pfn, from + 1);
	}
	return false;
}

bool section_grow(struct zone *zone)
{
	unsigned long start, end;

	if (!zone->nr_pristine || !next_pristine(zone, zone->pristine_pfn, &start, &end))
		return false;
	end = min(end, ALIGN(start + 1, 1UL << (MAX_ORDER - 1)));
	ensure_mapped(start);
	for (unsigned long pfn = start; pfn < end; pfn = ALIGN(pfn + 1, PAGEBLOCK_PAGES))
		make_live(zone, pfn_to_block(pfn));
	buddy_add(zone, start, end);
	zone->pristine_pfn = end;
	/* Pairs with zone_listed_pages(): without the lock it sees too much, never too little. */
	smp_wmb();
	WRITE_ONCE(zone->nr_pristine, zone->nr_pristine - (end - start));
	return true;
}

/* ---- Broken pages ---- */

static void count_bad(struct zone *zone, long nr)
{
	WRITE_ONCE(zone->nr_bad, zone->nr_bad + nr);
	WRITE_ONCE(zone->managed, zone->managed - nr);
}

int section_poison(struct zone *zone, unsigned long pfn)
{
	unsigned long start = 0, end = 0, *place;

	if (bad_place(pfn))
		return -EEXIST;
	if (pfn < zone->pristine_pfn || !next_pristine(zone, pfn, &start, &end) || start != pfn)
		return -ENOENT;
	place = bad_place(NO_PFN);
	if (!place && nr_bad_places == ARRAY_SIZE(bad_pfns))
		return -ENOSPC;
	if (!place) {
		place = &bad_pfns[nr_bad_places];
		WRITE_ONCE(nr_bad_places, nr_bad_places + 1);
	}
	WRITE_ONCE(*place, pfn);
	WRITE_ONCE(zone->nr_pristine, zone->nr_pristine - 1);
	count_bad(zone, 1);
	return 0;
}

bool section_unpoison(struct zone *zone, unsigned long pfn)
{
	unsigned long *place = bad_place(pfn);

	if (!place)
		return false;
	WRITE_ONCE(*place, NO_PFN);
	count_bad(zone, -1);
	if (pfn >= zone->pristine_pfn) {
		WRITE_ONCE(zone->nr_pristine, zone->nr_pristine + 1);
		return true;
	}
	ensure_mapped(pfn);
	make_live(zone, pfn_to_block(pfn));
	buddy_add(zone, pfn, pfn + 1);
	return true;
}

unsigned long section_count_bad(const struct zone *zone)
{
	unsigned long nr = 0;

	for (unsigned int i = 0; i < READ_ONCE(nr_bad_places); i++)
		nr += bad_pfns[i] != NO_PFN && section_zone(bad_pfns[i]) == zone;
	return nr;
}

struct zone *section_zone(unsigned long pfn)
{
	unsigned int m = memblock_search(&memblock_memory, PFN_PHYS(pfn));
	const struct memblock_region *r = &memblock_memory.regions[m];
	int nid;

	if (pfn_is_hot(pfn))
		return pfn_is_live(pfn) ? block_zone(pfn_to_block(pfn)) : NULL;
	if (m == memblock_memory.nr || PFN_PHYS(pfn) < r->base || PFN_PHYS(pfn + 1) > r->end)
		return NULL;
	nid = memblock_nid(r->nid);
	return &nodes[nid]->zones[zone_of_pfn(nid, pfn)];
}

/* ---- Boot ---- */

static bool is_regular(unsigned long section)
{
	phys_addr_t base = section * SECTION_SIZE, end = base + SECTION_SIZE;
	unsigned int m = memblock_search(&memblock_memory, base);
	unsigned int r = memblock_search(&memblock_reserved, base);

	return m < memblock_memory.nr && memblock_memory.regions[m].base <= base &&
	       memblock_memory.regions[m].end >= end &&
	       (r == memblock_reserved.nr || memblock_reserved.regions[r].base >= end);
}

/*
 * The node of a page block; NUMA_NO_NODE when there is no page of RAM in it. Of the blocks above,
 * those that end at *end or below are of the same node.
 */
static int block_nid(unsigned long pfn, unsigned long *end)
{
	unsigned int m = memblock_search(&memblock_memory, PFN_PHYS(pfn) + PAGE_SIZE - 1);

	*end = 0;
	for (; m < memblock_memory.nr; m++) {
		const struct memblock_region *r = &memblock_memory.regions[m];
		unsigned long start = max(PFN_UP(r->base), pfn);

		if (start >= pfn + PAGEBLOCK_PAGES)
			return NUMA_NO_NODE;
		*end = PFN_DOWN(r->end);
		if (start < min(*end, pfn + PAGEBLOCK_PAGES))
			return memblock_nid(r->nid);
	}
	return NUMA_NO_NODE;
}

static void find_nids(unsigned long pfn, int nids[BLOCKS_PER_SECTION])
{
	unsigned long end = 0;

	for (unsigned int i = 0; i < BLOCKS_PER_SECTION; i++, pfn += PAGEBLOCK_PAGES)
		nids[i] = pfn + PAGEBLOCK_PAGES <= end ? nids[i - 1] : block_nid(pfn, &end);
}

static int prepare(unsigned long section)
{
	return port_map_prepare(descriptors_va(section), SECTION_DESCRIPTORS, SZ_2M) ?
	       -ENOMEM : port_map_prepare(table_va(section), SECTION_TABLE, PAGE_SIZE);
}

/* Memory that comes later finds its page tables: so they are none of what it can fail for. */
static int prepare_absent(void)
{
	int err = 0;

	for (unsigned long s = 0; s < nr_sections && memory_may_grow && !err; s++)
		err = section_state[s] ? 0 : prepare(s);
	return err;
}

static int mark_present(void)
{
	for (unsigned int m = 0; m < memblock_memory.nr; m++) {
		const struct memblock_region *r = &memblock_memory.regions[m];
		unsigned long last = (r->end - 1) / SECTION_SIZE;

		for (unsigned long s = r->base / SECTION_SIZE; s <= last; s++) {
			if (s >= nr_sections || section_state[s])
				continue;
			section_state[s] = SECTION_PRESENT | SECTION_REGULAR;
			if (prepare(s))
				return -ENOMEM;
		}
	}
	return prepare_absent();
}

/*
 * Finds the irregular sections. Preparing their page tables reserves memory, which can make
 * another section irregular: so again until nothing changes, at most a few rounds since
 * reservations are made side by side.
 */
static int sort_sections(void)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (unsigned long s = 0; s < nr_sections; s++) {
			if (!(section_state[s] & SECTION_REGULAR) || is_regular(s))
				continue;
			section_state[s] &= ~SECTION_REGULAR;
			changed = true;
			if (port_map_prepare(descriptors_va(s), SECTION_DESCRIPTORS, PAGE_SIZE))
				return -ENOMEM;
		}
	}
	return 0;
}

/* Free memory in a section; nid NUMA_NO_NODE: of any node. */
static phys_addr_t take_from(unsigned long section, phys_addr_t size, int nid)
{
	phys_addr_t base = section * SECTION_SIZE;

	return memblock_alloc_range_nid(size, PAGE_SIZE, base, base + SECTION_SIZE, nid, true);
}

/* Storage for an irregular section: its own memory, or else that of another irregular one. */
static phys_addr_t find_storage(unsigned long section, phys_addr_t size, int nid)
{
	phys_addr_t found = take_from(section, size, nid);

	for (unsigned long s = 0; s < nr_sections && !found; s++)
		if (!(section_state[s] & SECTION_REGULAR))
			found = take_from(s, size, nid);
	return found || nid == NUMA_NO_NODE ? found : find_storage(section, size, NUMA_NO_NODE);
}

static void give_up(unsigned long pfn, unsigned long nr_pages)
{
	pr_warn("mm: no room to describe the RAM at %#llx: not used\n", (u64)PFN_PHYS(pfn));
	memblock_remove(PFN_PHYS(pfn), PFN_PHYS(nr_pages));
}

/* A run of page blocks of one node; `storage` 0: there is none. */
static void map_run(unsigned long pfn, unsigned long nr_blocks, phys_addr_t storage)
{
	if (storage)
		port_map((unsigned long)pfn_to_page(pfn), storage, nr_blocks * BLOCK_DESCRIPTORS,
			 PORT_RW);
	else
		give_up(pfn, nr_blocks * PAGEBLOCK_PAGES);
}

/* The descriptors of those page blocks that the node has in a section, from the i-th on. */
static void map_blocks(unsigned long section, unsigned int i, const int nids[BLOCKS_PER_SECTION])
{
	unsigned long first = section * PAGES_PER_SECTION;
	phys_addr_t storage, size = 0;
	unsigned int end;
	int nid = nids[i];

	for (end = i; end < BLOCKS_PER_SECTION; end++)
		size += nids[end] == nid ? BLOCK_DESCRIPTORS : 0;
	storage = find_storage(section, size, nid);
	for (; i < BLOCKS_PER_SECTION; i = end + 1) {
		for (end = i; end < BLOCKS_PER_SECTION && nids[end] == nid; end++)
			;
		if (end == i)
			continue;
		map_run(first + i * PAGEBLOCK_PAGES, end - i, storage);
		storage += storage ? (end - i) * BLOCK_DESCRIPTORS : 0;
	}
}

/* Its part of the page-block table, on the node of its first page block. */
static bool map_table(unsigned long section, int nid)
{
	phys_addr_t storage = find_storage(section, SECTION_TABLE, nid);

	if (!storage)
		return false;
	port_map(table_va(section), storage, SECTION_TABLE, PORT_RW);
	memset((void *)table_va(section), 0, SECTION_TABLE);
	section_state[section] |= SECTION_MAPPED;
	return true;
}

static void map_irregular(unsigned long section)
{
	unsigned long first = section * PAGES_PER_SECTION;
	nodemask_t done = NODE_MASK_NONE;
	int nids[BLOCKS_PER_SECTION];

	find_nids(first, nids);
	for (unsigned int i = 0; i < BLOCKS_PER_SECTION; i++) {
		if (nids[i] == NUMA_NO_NODE || node_test_and_set(nids[i], done))
			continue;
		if (!(section_state[section] & SECTION_MAPPED) && !map_table(section, nids[i]))
			return give_up(first, PAGES_PER_SECTION);
		map_blocks(section, i, nids);
	}
}

/* Reserved RAM never passes through a zone's lists, but it has descriptors. */
static void make_reserved_live(void)
{
	for (unsigned int i = 0; i < memblock_reserved.nr; i++) {
		const struct memblock_region *r = &memblock_reserved.regions[i];
		unsigned long pfn = ALIGN_DOWN(PFN_DOWN(r->base), PAGEBLOCK_PAGES), end;

		for (; pfn < PFN_UP(r->end) && pfn < max_pfn; pfn += PAGEBLOCK_PAGES) {
			int nid = block_nid(pfn, &end);

			if (nid != NUMA_NO_NODE)
				make_live(&nodes[nid]->zones[zone_of_pfn(nid, pfn)],
					  pfn_to_block(pfn));
		}
	}
}

unsigned long section_count_pristine(const struct zone *zone)
{
	unsigned long start, end = zone->pristine_pfn, pages = 0;

	while (next_pristine(zone, end, &start, &end))
		pages += end - start;
	return pages;
}

/* As buddy_add() will cut it; the largest blocks all at once. */
static void count_piece(unsigned long start, unsigned long end, unsigned long nr[MAX_ORDER])
{
	while (start < end) {
		unsigned int order = buddy_order_at(start, end);
		unsigned long same = order == MAX_ORDER - 1 ? (end - start) >> order : 1;

		nr[order] += same;
		start += same << order;
	}
}

bool section_count_blocks(const struct zone *zone, unsigned long *from, unsigned int max,
			  unsigned long nr[MAX_ORDER])
{
	unsigned long start, end = max(*from, zone->pristine_pfn);

	for (; max && next_pristine(zone, end, &start, &end); max--)
		count_piece(start, end, nr);
	*from = end;
	return !max;
}

int section_init(void)
{
	struct zone *zone;
	int nid;

	nr_sections = DIV_ROUND_UP(max_possible_pfn, PAGES_PER_SECTION);
	section_state = memblock_alloc(nr_sections, 64);
	block_kinds = memblock_alloc(DIV_ROUND_UP(max_possible_pfn, PAGEBLOCK_PAGES) *
				     sizeof(*block_kinds), 64);
	vmemmap_size = max_possible_pfn * sizeof(struct page);
	if (!section_state || !block_kinds || mark_present() || sort_sections())
		return -ENOMEM;
	for (unsigned long s = 0; s < nr_sections; s++)
		if ((section_state[s] & SECTION_PRESENT) && !(section_state[s] & SECTION_REGULAR))
			map_irregular(s);
	mmzone_recount();	/* some of it may have been left out */
	make_reserved_live();
	memblock_close();
	for_each_node_state(nid, N_MEMORY)
		for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
			buddy_init(&nodes[nid]->zones[type]);
	for_each_zone(zone) {
		zone->pristine_pfn = zone->start_pfn;
		zone->pristine_end = zone->end_pfn;
		zone->managed = zone->nr_pristine = section_count_pristine(zone);
	}
	return 0;
}
